/* SPDX-License-Identifier: EUPL-1.2 */
/*
 * Who a child is to the index: an element that only the holder of the evaluation key can compute,
 * and a child key, its keyed hash, under which everything is stored.
 *
 *   element   = k * HashToGroup("NL:BSN:" || nine digits)           (RFC 9497, mode 01)
 *   child key = BLAKE2b-256(key = index key, element)
 *
 * RFC 9497's Finalize is left out on purpose: an element can be moved to another key without the
 * number it came from (new = (k'/k) * old), a finalized hash cannot. Other kinds of identity get
 * other prefixes (crypto/identity.h), and so can never collide with a BSN.
 */
#ifndef CRYPTO_PSEUDONYM_H
#define CRYPTO_PSEUDONYM_H

#include "crypto/bsn.h"
#include "crypto/oprf.h"

#define PSEUDONYM_PREFIX_BSN "NL:BSN:"
#define PSEUDONYM_PREFIX_PARENT "NL:PARENT:"
#define PSEUDONYM_PREFIX_ADDRESS "NL:ADDRESS:"
#define PSEUDONYM_PREFIX_PERSON "NL:PERSON:"
#define PSEUDONYM_KEY_BYTES 32

struct child_key {
    uint8_t bytes[PSEUDONYM_KEY_BYTES];
};

/* The input to the function for a BSN: prefix and nine digits. Personal data; wipe it. */
#define PSEUDONYM_BSN_INPUT_BYTES (sizeof(PSEUDONYM_PREFIX_BSN) - 1 + BSN_DIGITS)
void pseudonym_bsn_input(const struct bsn *bsn, uint8_t out[static PSEUDONYM_BSN_INPUT_BYTES]);

/*
 * Direct mode: about 130 us. The input is a prefix and what identifies; it stays the caller's to
 * wipe. OPRF_BAD_SCALAR when the key is unusable, OPRF_BAD_INPUT when the input is too long.
 */
int pseudonym_from_input(const struct oprf_scalar *evaluation_key, const uint8_t *input,
                         size_t size, struct oprf_element *ret_element) MUST_CHECK;
int pseudonym_from_bsn(const struct oprf_scalar *evaluation_key, const struct bsn *bsn,
                       struct oprf_element *ret_element) MUST_CHECK;

/* An element from outside must have passed oprf_check_element(), which leaves it one spelling. */
void pseudonym_child_key(const uint8_t index_key[static PSEUDONYM_KEY_BYTES],
                         const struct oprf_element *element, struct child_key *ret_key);

/*
 * A keyed hash of a name under which something is found, for names that are personal themselves:
 * BLAKE2b-128 keyed with the index key, over domain || 00 || name.
 */
#define PSEUDONYM_NAME_HASH_BYTES 16
void pseudonym_name_hash(const uint8_t index_key[static PSEUDONYM_KEY_BYTES], const char *domain,
                         const char *name, size_t length,
                         uint8_t ret_hash[static PSEUDONYM_NAME_HASH_BYTES]);

#endif
