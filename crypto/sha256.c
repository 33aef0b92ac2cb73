/* SPDX-License-Identifier: EUPL-1.2 */
#include "crypto/sha256.h"

#include <openssl/evp.h>
#include <pthread.h>
#include <sodium.h>
#include <stdbool.h>

_Static_assert(SHA256_BYTES == crypto_hash_sha256_BYTES, "hash size");

/* Looking up the algorithm and making a context cost more than a hash: the former is done once, the
 * latter once a thread. */
static pthread_once_t once = PTHREAD_ONCE_INIT;
static EVP_MD *algorithm;
static pthread_key_t contexts;
static bool has_contexts;

static void free_context(void *context)
{
    EVP_MD_CTX_free(context);
}

static void begin(void)
{
    algorithm = EVP_MD_fetch(NULL, "SHA256", NULL);
    has_contexts = algorithm != NULL && pthread_key_create(&contexts, free_context) == 0;
}

/* This thread's, ready for a hash; NULL when there is none. */
static EVP_MD_CTX *take_context(void)
{
    pthread_once(&once, begin);
    if (!has_contexts) {
        return NULL;
    }
    EVP_MD_CTX *context = pthread_getspecific(contexts);
    if (context != NULL) {
        return EVP_DigestInit_ex2(context, NULL, NULL) == 1 ? context : NULL;
    }
    context = EVP_MD_CTX_new();
    if (context == NULL || EVP_DigestInit_ex2(context, algorithm, NULL) != 1 ||
        pthread_setspecific(contexts, context) != 0) {
        EVP_MD_CTX_free(context);
        return NULL;
    }
    return context;
}

void sha256_portable(const struct sha256_piece *pieces, size_t count,
                     uint8_t ret_hash[static SHA256_BYTES])
{
    crypto_hash_sha256_state state;
    crypto_hash_sha256_init(&state);
    for (size_t i = 0; i < count; i++) {
        crypto_hash_sha256_update(&state, pieces[i].data, pieces[i].size);
    }
    crypto_hash_sha256_final(&state, ret_hash); /* wipes the state */
}

void sha256_of(const struct sha256_piece *pieces, size_t count,
               uint8_t ret_hash[static SHA256_BYTES])
{
    EVP_MD_CTX *context = take_context();
    bool good = context != NULL;
    for (size_t i = 0; good && i < count; i++) {
        good = EVP_DigestUpdate(context, pieces[i].data, pieces[i].size) == 1;
    }
    if (!good || EVP_DigestFinal_ex(context, ret_hash, NULL) != 1) {
        sha256_portable(pieces, count, ret_hash);
    }
}
