/* SPDX-License-Identifier: EUPL-1.2 */
/*
 * Random bytes for what must be unique and need not be guessed, but is no key: nonces, ids. They
 * come from the system's generator, twenty at a time, because asking it costs more than sealing a
 * row. What was handed out is wiped; each thread, and each process after a fork, has its own.
 */
#ifndef CRYPTO_NONCE_H
#define CRYPTO_NONCE_H

#include "crypto/basics.h"

#define NONCE_MAXIMUM 32 /* bytes at once */

/* Any thread; secret_init() comes first. */
void nonce_make(void *memory, size_t size);

#endif
