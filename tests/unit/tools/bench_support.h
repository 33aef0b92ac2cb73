/* SPDX-License-Identifier: EUPL-1.2 */
/* What the tests of vix-bench share: cmocka's includes, a place for files, a development CA. */
#ifndef TESTS_UNIT_TOOLS_BENCH_SUPPORT_H
#define TESTS_UNIT_TOOLS_BENCH_SUPPORT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <openssl/ssl.h>

/* As a group's setup and teardown: `*state` is a `struct bench_place *`. */
struct bench_place {
    char directory[64];
    X509 *authority;
    EVP_PKEY *authority_key;
    char authority_path[96]; /* ca.pem; ca.key lies beside it */
};
int bench_place_make(void **state);
int bench_place_remove(void **state);

/* A server's certificate for localhost; the caller frees both. */
void bench_place_certify_server(const struct bench_place *place, X509 **ret_certificate,
                                EVP_PKEY **ret_key);

#endif
