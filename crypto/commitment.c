/* SPDX-License-Identifier: EUPL-1.2 */
#include "crypto/commitment.h"

#include <sodium.h>

#include "crypto/sha256.h"

static void derive_salt(const uint8_t month_key[static 32], uint8_t which, uint64_t index,
                        uint8_t ret_salt[static COMMITMENT_SALT_BYTES])
{
    uint8_t input[1 + 8] = {which};
    put_be64(input + 1, index);
    crypto_generichash_blake2b(ret_salt, COMMITMENT_SALT_BYTES, input, sizeof(input), month_key,
                               32);
}

void commitment_derive_salts(const uint8_t month_key[static 32], uint64_t index,
                             struct commitment_salts *ret_salts)
{
    derive_salt(month_key, 1, index, ret_salts->entry);
    derive_salt(month_key, 2, index, ret_salts->subject);
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
