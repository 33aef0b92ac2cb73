/* SPDX-License-Identifier: EUPL-1.2 */
#include "crypto/commitment.h"

#include <sodium.h>
#include <string.h>

#include "crypto/sha256.h"

void commitment_derive_salts(const uint8_t month_key[static 32], uint64_t index,
                             struct commitment_salts *ret_salts)
{
    uint8_t input[1 + 8] = {1};
    uint8_t both[2 * COMMITMENT_SALT_BYTES];
    put_be64(input + 1, index);
    crypto_generichash_blake2b(both, sizeof(both), input, sizeof(input), month_key, 32);
    memcpy(ret_salts->entry, both, COMMITMENT_SALT_BYTES);
    memcpy(ret_salts->subject, both + COMMITMENT_SALT_BYTES, COMMITMENT_SALT_BYTES);
    sodium_memzero(both, sizeof(both));
}

void commitment_subject_hash(const uint8_t salt[static COMMITMENT_SALT_BYTES], const void *subject,
                             size_t size, struct merkle_hash *ret_hash)
{
    const struct sha256_piece pieces[] = {{salt, COMMITMENT_SALT_BYTES}, {subject, size}};
    sha256_of(pieces, ARRAY_LENGTH(pieces), ret_hash->bytes);
}

void commitment_make(const uint8_t salt[static COMMITMENT_SALT_BYTES], const void *public_part,
                     size_t size, const struct merkle_hash *subject_hash,
                     uint8_t ret_commitment[static COMMITMENT_BYTES])
{
    uint8_t public_hash[SHA256_BYTES];
    sha256_of(&(struct sha256_piece){public_part, size}, 1, public_hash);
    const struct sha256_piece pieces[] = {{salt, COMMITMENT_SALT_BYTES},
                                          {public_hash, sizeof(public_hash)},
                                          {subject_hash->bytes, sizeof(subject_hash->bytes)}};
    sha256_of(pieces, ARRAY_LENGTH(pieces), ret_commitment);
}
