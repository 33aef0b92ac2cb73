/* SPDX-License-Identifier: EUPL-1.2 */
/*
 * A keyed permutation of 40 bits: numbers that are given out in turn become bits that look drawn by
 * chance and yet never meet, and whoever has the key finds the number again. So a thing can have a
 * public id that tells neither when nor as the how-manieth it was made, while its row lies behind
 * that of the one before.
 *
 * A balanced Feistel network: two halves of 20 bits, PERMUTE40_ROUNDS rounds, in each SipHash-2-4
 * (crypto/shortmac.h) of round and half. With random functions for rounds, seven of them cannot be
 * told from a random permutation by whoever holds far fewer than 2^20 pairs of number and bits
 * (Patarin, CRYPTO 2003). That is the bound of what is promised: who sees bits alone, or some
 * thousands of numbers with them, learns no other number, nor which of two is lower.
 *
 * What it does not promise: it is no encryption of anything but a running number (equal goes to
 * equal, and nothing notices a change), and no defence against whoever has the key.
 */
#ifndef CRYPTO_PERMUTE_H
#define CRYPTO_PERMUTE_H

#include "crypto/shortmac.h"

#define PERMUTE40_KEY_BYTES SHORTMAC_KEY_BYTES
#define PERMUTE40_BYTES 5 /* big-endian */
#define PERMUTE40_ROUNDS 8

/* In place; any thread. The second undoes the first. */
void permute40(const uint8_t key[static PERMUTE40_KEY_BYTES], uint8_t bits[static PERMUTE40_BYTES]);
void permute40_back(const uint8_t key[static PERMUTE40_KEY_BYTES],
                    uint8_t bits[static PERMUTE40_BYTES]);

#endif
