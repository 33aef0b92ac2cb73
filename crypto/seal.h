/* SPDX-License-Identifier: EUPL-1.2 */
/*
 * Sealing of stored values: XChaCha20-Poly1305 (IETF) with a random 24-byte nonce.
 *
 *   sealed = key id (4, big-endian) || nonce (24) || ciphertext || tag (16)
 *
 * The associated data binds a value to its place: key id (4) || table (1) || the row's key. A value
 * moved to another row does not open.
 */
#ifndef CRYPTO_SEAL_H
#define CRYPTO_SEAL_H

#include "crypto/basics.h"

#define SEAL_KEY_BYTES 32
#define SEAL_OVERHEAD (4 + 24 + 16)
#define SEAL_PLACE_MAXIMUM 512 /* bytes of row key in the associated data */

struct seal_place {
    uint8_t table;
    const void *key;
    size_t key_size;
};

/*
 * Writes size + SEAL_OVERHEAD bytes to `out`, which may not overlap `plain`. Ids are from 1 up. A
 * row key above SEAL_PLACE_MAXIMUM is a fault of the caller's code, and aborts.
 */
void seal_close(uint32_t key_id, const uint8_t key[static SEAL_KEY_BYTES], struct seal_place place,
                const void *plain, size_t size, uint8_t *out);

#define SEAL_FORGED 1
/*
 * Writes sealed_size - SEAL_OVERHEAD bytes to `out`, which may not overlap `sealed`. SEAL_FORGED
 * when it is too short, was made with another key or for another place, or was changed; `out` then
 * holds zeroes, or what it held before.
 */
int seal_open(const uint8_t key[static SEAL_KEY_BYTES], struct seal_place place,
              const uint8_t *sealed, size_t sealed_size, void *out) MUST_CHECK;

#define SEAL_MASK_BYTES 32
/*
 * Bytes to hide a fixed-size pseudonym with, by exclusive or: BLAKE2b-256 keyed with `key`, over
 * "mask" || table || the row's key. A place must only ever hold one value under one key. It hides,
 * and does not authenticate: what it leads to must.
 */
void seal_mask(const uint8_t key[static SEAL_KEY_BYTES], struct seal_place place,
               uint8_t ret_mask[static SEAL_MASK_BYTES]);

/* A sealing key of a short random secret that is kept elsewhere: BLAKE2b-256 keyed with it. */
#define SEAL_SECRET_BYTES 16
void seal_derive_key(const uint8_t secret[static SEAL_SECRET_BYTES],
                     uint8_t ret_key[static SEAL_KEY_BYTES]);

/* Which key a sealed value needs; 0, which no key has, when it is too short to be one. */
uint32_t seal_key_id(const uint8_t *sealed, size_t sealed_size);

#endif
