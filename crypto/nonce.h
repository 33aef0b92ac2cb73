/* SPDX-License-Identifier: EUPL-1.2 */
/*
 * Random bytes in small pieces, for every row: nonces, ids, the secret of one signal. Keys that
 * live longer come from secret_random(). The system's generator gives a seed of 32 bytes, of which
 * ChaCha20 makes a stock of some dozens of pieces, because asking it for each costs more than
 * sealing a row. The seed is wiped at once, what was handed out when it is; each thread, and each
 * process after a fork, has its own stock.
 */
#ifndef CRYPTO_NONCE_H
#define CRYPTO_NONCE_H

#include "crypto/basics.h"

#define NONCE_MAXIMUM 32 /* bytes at once */

/* Any thread; secret_init() comes first. */
void nonce_make(void *memory, size_t size);

#endif
