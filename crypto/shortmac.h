/* SPDX-License-Identifier: EUPL-1.2 */
/*
 * A short keyed hash, SipHash-2-4: where something is found again by whoever has the key, and tells
 * nothing to whoever has not. Eight bytes can meet by chance, so what it finds must be looked at.
 * A tenth of the cost of BLAKE2b.
 */
#ifndef CRYPTO_SHORTMAC_H
#define CRYPTO_SHORTMAC_H

#include "crypto/basics.h"

#define SHORTMAC_KEY_BYTES 16
#define SHORTMAC_BYTES 8

void shortmac_make(const uint8_t key[static SHORTMAC_KEY_BYTES], const void *data, size_t size,
                   uint8_t ret_mac[static SHORTMAC_BYTES]);

#endif
