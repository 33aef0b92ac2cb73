/* SPDX-License-Identifier: EUPL-1.2 */
/*
 * SHA-256 (FIPS 180-4) of some pieces, one behind the other. OpenSSL's, which uses the processor's
 * instructions for it where there are any (libsodium's is three to four times slower there, and
 * every entry of the log takes five hashes or more). Any thread; never fails: where OpenSSL has no
 * memory for a context it is libsodium's after all.
 */
#ifndef CRYPTO_SHA256_H
#define CRYPTO_SHA256_H

#include "crypto/basics.h"

#define SHA256_BYTES 32

struct sha256_piece {
    const void *data;
    size_t size;
};

void sha256_of(const struct sha256_piece *pieces, size_t count,
               uint8_t ret_hash[static SHA256_BYTES]);

/* Without OpenSSL, for the self-test. */
void sha256_portable(const struct sha256_piece *pieces, size_t count,
                     uint8_t ret_hash[static SHA256_BYTES]);

#endif
