/* SPDX-License-Identifier: EUPL-1.2 */
#include "crypto/commitment.h"

#include <sodium.h>

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
    crypto_hash_sha256_state state;
    crypto_hash_sha256_init(&state);
    crypto_hash_sha256_update(&state, salt, COMMITMENT_SALT_BYTES);
    crypto_hash_sha256_update(&state, subject, size);
    crypto_hash_sha256_final(&state, ret_hash->bytes); /* wipes the state */
}

void commitment_make(const uint8_t salt[static COMMITMENT_SALT_BYTES], const void *public_part,
                     size_t size, const struct merkle_hash *subject_hash,
                     uint8_t ret_commitment[static COMMITMENT_BYTES])
{
    uint8_t public_hash[crypto_hash_sha256_BYTES];
    crypto_hash_sha256(public_hash, public_part, size);

    crypto_hash_sha256_state state;
    crypto_hash_sha256_init(&state);
    crypto_hash_sha256_update(&state, salt, COMMITMENT_SALT_BYTES);
    crypto_hash_sha256_update(&state, public_hash, sizeof(public_hash));
    crypto_hash_sha256_update(&state, subject_hash->bytes, sizeof(subject_hash->bytes));
    crypto_hash_sha256_final(&state, ret_commitment);
}
