/* SPDX-License-Identifier: EUPL-1.2 */
#include "support.h"

#include <openssl/evp.h>
#include <pthread.h>
#include <stdbool.h>
#include <string.h>

#include "crypto/secret.h"
#include "crypto/sha256.h"

#define SIZES 300 /* over several blocks of 64 bytes, and every way to end one */

static _Thread_local bool fails;

int __real_EVP_DigestFinal_ex(EVP_MD_CTX *context, unsigned char *out, unsigned int *size);
int __wrap_EVP_DigestFinal_ex(EVP_MD_CTX *context, unsigned char *out, unsigned int *size);
int __wrap_EVP_DigestFinal_ex(EVP_MD_CTX *context, unsigned char *out, unsigned int *size)
{
    return fails ? 0 : __real_EVP_DigestFinal_ex(context, out, size);
}

static void *hash_all(void *argument)
{
    uint8_t message[SIZES];
    uint8_t one[SHA256_BYTES];
    uint8_t other[SHA256_BYTES];
    size_t *equal = argument;
    for (size_t i = 0; i < SIZES; i++) {
        message[i] = (uint8_t)(i * 7);
    }
    for (size_t size = 0; size <= SIZES; size++) {
        const struct sha256_piece whole = {message, size};
        const struct sha256_piece pieces[] = {
            {message, size / 3}, {NULL, 0}, {message + size / 3, size - size / 3}};
        sha256_of(pieces, ARRAY_LENGTH(pieces), one);
        sha256_portable(&whole, 1, other);
        *equal += memcmp(one, other, sizeof(one)) == 0;
    }
    return NULL;
}

static void test_both_are_the_same(void **state)
{
    (void)state;
    size_t equal = 0;
    hash_all(&equal);
    assert_int_equal(equal, SIZES + 1);
}

static void test_threads(void **state)
{
    (void)state;
    pthread_t threads[4];
    size_t equal[4] = {0};
    for (size_t i = 0; i < ARRAY_LENGTH(threads); i++) {
        assert_int_equal(pthread_create(&threads[i], NULL, hash_all, &equal[i]), 0);
    }
    for (size_t i = 0; i < ARRAY_LENGTH(threads); i++) {
        assert_int_equal(pthread_join(threads[i], NULL), 0);
        assert_int_equal(equal[i], SIZES + 1);
    }
}

/* What OpenSSL cannot do, and after that what it can again. */
static void test_when_openssl_fails(void **state)
{
    (void)state;
    size_t equal = 0;
    fails = true;
    hash_all(&equal);
    fails = false;
    hash_all(&equal);
    assert_int_equal(equal, 2 * (SIZES + 1));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_both_are_the_same),
        cmocka_unit_test(test_threads),
        cmocka_unit_test(test_when_openssl_fails),
    };
    return secret_init() != 0 ? 1 : cmocka_run_group_tests(tests, NULL, NULL);
}
