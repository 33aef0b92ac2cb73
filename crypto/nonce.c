/* SPDX-License-Identifier: EUPL-1.2 */
#include "crypto/nonce.h"

#include <pthread.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#define STOCK_BYTES (32 * NONCE_MAXIMUM) /* libsodium makes it 512 bytes at a time */

struct stock {
    uint8_t bytes[STOCK_BYTES];
    size_t left;
    unsigned process; /* that it was filled in: a child has a copy, and would hand out the same */
};

static pthread_once_t once = PTHREAD_ONCE_INIT;
static unsigned process = 1; /* written in a child that has one thread yet */
static _Thread_local struct stock stock;

static void in_child(void)
{
    process++;
}

static void begin(void)
{
    if (pthread_atfork(NULL, NULL, in_child) != 0) {
        abort(); /* nothing runs yet; without it two processes could seal under one nonce */
    }
}

static void fill(void)
{
    uint8_t seed[randombytes_SEEDBYTES];
    pthread_once(&once, begin);
    randombytes_buf(seed, sizeof(seed));
    randombytes_buf_deterministic(stock.bytes, sizeof(stock.bytes), seed);
    sodium_memzero(seed, sizeof(seed));
    stock.left = sizeof(stock.bytes);
    stock.process = process;
}

void nonce_make(void *memory, size_t size)
{
    if (size > NONCE_MAXIMUM) {
        abort(); /* sizes are our own constants */
    }
    if (stock.process != process || stock.left < size) {
        fill();
    }
    stock.left -= size;
    memcpy(memory, stock.bytes + stock.left, size);
    sodium_memzero(stock.bytes + stock.left, size);
}
