/* SPDX-License-Identifier: EUPL-1.2 */
#include "crypto/pseudonym.h"

#include <sodium.h>
#include <string.h>

void pseudonym_bsn_input(const struct bsn *bsn, uint8_t out[static PSEUDONYM_BSN_INPUT_BYTES])
{
    const size_t prefix = sizeof(PSEUDONYM_PREFIX_BSN) - 1;
    memcpy(out, PSEUDONYM_PREFIX_BSN, prefix);
    memcpy(out + prefix, bsn->digits, BSN_DIGITS);
}

int pseudonym_from_input(const struct oprf_scalar *evaluation_key, const uint8_t *input,
                         size_t size, struct oprf_element *ret_element)
{
    struct oprf_element hashed;

    int r = oprf_hash_to_group(OPRF_VERIFIABLE, input, size, &hashed);
    if (r == 0) {
        r = oprf_evaluate(evaluation_key, &hashed, ret_element);
    }
    /* Anybody can compute the hash of a number: it is as telling as the number itself. */
    sodium_memzero(&hashed, sizeof(hashed));
    return r;
}

int pseudonym_from_bsn(const struct oprf_scalar *evaluation_key, const struct bsn *bsn,
                       struct oprf_element *ret_element)
{
    uint8_t input[PSEUDONYM_BSN_INPUT_BYTES];

    pseudonym_bsn_input(bsn, input);
    int r = pseudonym_from_input(evaluation_key, input, sizeof(input), ret_element);
    sodium_memzero(input, sizeof(input));
    return r;
}

void pseudonym_child_key(const uint8_t index_key[static PSEUDONYM_KEY_BYTES],
                         const struct oprf_element *element, struct child_key *ret_key)
{
    crypto_generichash_blake2b(ret_key->bytes, sizeof(ret_key->bytes), element->bytes,
                               sizeof(element->bytes), index_key, PSEUDONYM_KEY_BYTES);
}

void pseudonym_name_hash(const uint8_t index_key[static PSEUDONYM_KEY_BYTES], const char *domain,
                         const char *name, size_t length,
                         uint8_t ret_hash[static PSEUDONYM_NAME_HASH_BYTES])
{
    crypto_generichash_state state;
    crypto_generichash_init(&state, index_key, PSEUDONYM_KEY_BYTES, PSEUDONYM_NAME_HASH_BYTES);
    crypto_generichash_update(&state, (const uint8_t *)domain, strlen(domain) + 1);
    crypto_generichash_update(&state, (const uint8_t *)name, length);
    crypto_generichash_final(&state, ret_hash, PSEUDONYM_NAME_HASH_BYTES);
}
