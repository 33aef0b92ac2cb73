/* SPDX-License-Identifier: EUPL-1.2 */
#include "tools/witness/tls.h"

#include <openssl/err.h>
#include <stdio.h>

/* NCSC, ICT-beveiligingsrichtlijnen voor TLS. */
#define CIPHERS_13 "TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256:TLS_AES_128_GCM_SHA256"
#define CIPHERS_12                                                                                 \
    "ECDHE-ECDSA-AES256-GCM-SHA384:ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-ECDSA-AES128-GCM-SHA256:"   \
    "ECDHE-RSA-AES256-GCM-SHA384:ECDHE-RSA-CHACHA20-POLY1305:ECDHE-RSA-AES128-GCM-SHA256"
#define GROUPS "X25519:P-256:P-384:P-521"

/* Never ask on a terminal. */
static int no_passphrase(char *buffer, int size, int writing, void *user)
{
    (void)buffer;
    (void)size;
    (void)writing;
    (void)user;
    return 0;
}

static bool set_protocol(SSL_CTX *context)
{
    SSL_CTX_set_options(context, SSL_OP_NO_TICKET | SSL_OP_NO_COMPRESSION |
                                     SSL_OP_NO_RENEGOTIATION | SSL_OP_CIPHER_SERVER_PREFERENCE);
    SSL_CTX_set_mode(context, SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
    SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
    SSL_CTX_set_default_passwd_cb(context, no_passphrase);
    return SSL_CTX_set_num_tickets(context, 0) == 1 &&
           SSL_CTX_set_max_early_data(context, 0) == 1 &&
           SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION) == 1 &&
           SSL_CTX_set_ciphersuites(context, CIPHERS_13) == 1 &&
           SSL_CTX_set_cipher_list(context, CIPHERS_12) == 1 &&
           SSL_CTX_set1_groups_list(context, GROUPS) == 1;
}

static SSL_CTX *refuse(SSL_CTX *context, const char *path, const char *what, char *why, size_t size)
{
    const char *reason = ERR_reason_error_string(ERR_get_error());
    snprintf(why, size, "%s: %s%s%s", path, what, reason != NULL ? ": " : "",
             reason != NULL ? reason : "");
    ERR_clear_error();
    SSL_CTX_free(context);
    return NULL;
}

SSL_CTX *witness_tls_new(const char *certificate, const char *private_key, char *why, size_t size)
{
    ERR_clear_error();
    SSL_CTX *context = SSL_CTX_new(TLS_server_method());
    if (context == NULL || !set_protocol(context)) {
        return refuse(context, "TLS", "the library does not start", why, size);
    }
    if (SSL_CTX_use_certificate_chain_file(context, certificate) != 1) {
        return refuse(context, certificate, "not a usable certificate", why, size);
    }
    if (SSL_CTX_use_PrivateKey_file(context, private_key, SSL_FILETYPE_PEM) != 1 ||
        SSL_CTX_check_private_key(context) != 1) {
        return refuse(context, private_key, "not the private key of the certificate", why, size);
    }
    return context;
}
