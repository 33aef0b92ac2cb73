/* SPDX-License-Identifier: EUPL-1.2 */
/*
 * The certificates to connect with: pairs NAME.crt (or NAME.pem) and NAME.key in a directory that
 * holds no others. Read once, then immutable, so that every loop may use them.
 */
#ifndef TOOLS_LOAD_IDENTITY_H
#define TOOLS_LOAD_IDENTITY_H

#include <openssl/ssl.h>

#include "tools/load/vix_bench.h"

struct bench_identity {
    char *certificate_path;
    char *key_path;
    X509 *certificate;
    EVP_PKEY *key;
};

struct bench_identities {
    struct bench_identity *items; /* by name */
    size_t count;
};

/* An enum vix_exit, after saying what is wrong: none at all, or a CA's or server's certificate. */
int bench_identities_load(const char *directory,
                          struct bench_identities *ret_identities) MUST_CHECK;
void bench_identities_finish(struct bench_identities *identities); /* for CLEANUP too */

/* TLS 1.3 only, and only servers that `ca` (NULL: the system's) vouches for. An enum vix_exit. */
int bench_tls_new(const char *ca, SSL_CTX **ret_context) MUST_CHECK;
void bench_tls_freep(SSL_CTX **context); /* for CLEANUP */
/* One connection's half, as that identity, to `host`, a name or an address. NULL: no memory. */
SSL *bench_tls_connection(SSL_CTX *context, const struct bench_identity *identity,
                          const char *host) MUST_CHECK;

/* The latest thing that OpenSSL complained of; empties its queue. */
const char *bench_tls_reason(void);

#endif
