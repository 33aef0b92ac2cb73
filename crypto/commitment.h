/* SPDX-License-Identifier: EUPL-1.2 */
/*
 * What stands in the log's tree for an entry: 32 bytes that give nothing away, and to which the
 * record can be held later.
 *
 *   subject hash = SHA-256(subject salt || subject)
 *   commitment   = SHA-256(salt || SHA-256(public part) || subject hash)
 *   leaf hash    = SHA-256(00 || commitment)                              (RFC 6962)
 *
 * The salts are 32 random-looking bytes each; destroying them and the record leaves the tree
 * valid. A receipt carries salt, public part and subject hash: it proves the entry without
 * telling on whom it is.
 */
#ifndef CRYPTO_COMMITMENT_H
#define CRYPTO_COMMITMENT_H

#include "crypto/merkle.h"

#define COMMITMENT_BYTES 32
#define COMMITMENT_SALT_BYTES 32

struct commitment_salts {
    uint8_t entry[COMMITMENT_SALT_BYTES];
    uint8_t subject[COMMITMENT_SALT_BYTES];
};

/*
 * The salts of entry `index`: BLAKE2b-512 of 01 || index (8, big-endian), keyed with the month's
 * log key, so that destroying that one key destroys every salt of the month. Its first half is the
 * entry's, its second the subject's: as with any keyed hash the one tells nothing of the other.
 */
void commitment_derive_salts(const uint8_t month_key[static 32], uint64_t index,
                             struct commitment_salts *ret_salts);

void commitment_subject_hash(const uint8_t salt[static COMMITMENT_SALT_BYTES], const void *subject,
                             size_t size, struct merkle_hash *ret_hash);
void commitment_make(const uint8_t salt[static COMMITMENT_SALT_BYTES], const void *public_part,
                     size_t size, const struct merkle_hash *subject_hash,
                     uint8_t ret_commitment[static COMMITMENT_BYTES]);

#endif
