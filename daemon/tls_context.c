/* SPDX-License-Identifier: EUPL-1.2 */
#include "daemon/tls_context.h"

#include <errno.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509_vfy.h>
#include <stdio.h>
#include <string.h>

/* NCSC, ICT-beveiligingsrichtlijnen voor TLS: what it calls good, and its phase-out classes not. */
#define CIPHERS_13 "TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256:TLS_AES_128_GCM_SHA256"
#define CIPHERS_12                                                                                 \
    "ECDHE-ECDSA-AES256-GCM-SHA384:ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-ECDSA-AES128-GCM-SHA256:"   \
    "ECDHE-RSA-AES256-GCM-SHA384:ECDHE-RSA-CHACHA20-POLY1305:ECDHE-RSA-AES128-GCM-SHA256"
#define GROUPS "X25519:P-256:P-384:P-521"
#define SECURITY_LEVEL 2
#define VERIFY_DEPTH 5
#define CERTIFICATES_MAXIMUM (32L << 10) /* bytes of a client's chain */
#define RSA_LEAST_BITS 2048

static int refuse(char *why, const char *what, const char *path)
{
    unsigned long error = ERR_get_error();
    const char *reason = error == 0 ? NULL : ERR_reason_error_string(error);
    snprintf(why, TLS_WHY_SIZE, "%s: %s%s%s", path, what, reason != NULL ? ": " : "",
             reason != NULL ? reason : "");
    ERR_clear_error();
    return TLS_REFUSED;
}

/* Never ask on a terminal. */
static int no_passphrase(char *buffer, int size, int writing, void *user)
{
    (void)buffer;
    (void)size;
    (void)writing;
    (void)user;
    return 0;
}

/*
 * Beyond what OpenSSL checks: the strength of the client's own key. And a little less: intermediate
 * CAs are checked against a CRL where the file has one of their issuer, but need not be; the
 * client's own certificate must be.
 */
static int verify(int good, X509_STORE_CTX *check)
{
    int depth = X509_STORE_CTX_get_error_depth(check);
    if (!good) {
        if (depth > 0 && X509_STORE_CTX_get_error(check) == X509_V_ERR_UNABLE_TO_GET_CRL) {
            X509_STORE_CTX_set_error(check, X509_V_OK);
            return 1;
        }
        return 0;
    }
    if (depth == 0) {
        const EVP_PKEY *key = X509_get0_pubkey(X509_STORE_CTX_get_current_cert(check));
        int kind = key == NULL ? EVP_PKEY_NONE : EVP_PKEY_get_base_id(key);
        bool long_keyed = kind == EVP_PKEY_RSA || kind == EVP_PKEY_RSA_PSS || kind == EVP_PKEY_DSA;
        if (key == NULL || (long_keyed && EVP_PKEY_get_bits(key) < RSA_LEAST_BITS)) {
            X509_STORE_CTX_set_error(check, X509_V_ERR_EE_KEY_TOO_SMALL);
            return 0;
        }
    }
    return 1;
}

/* A client that offers protocols but not ours speaks to the wrong server (RFC 7301 section 3.2). */
static int select_protocol(SSL *ssl, const unsigned char **out, unsigned char *out_size,
                           const unsigned char *in, unsigned in_size, void *user)
{
    (void)ssl;
    (void)user;
    static const unsigned char ours[] = "\x08http/1.1";
    unsigned char *selected;
    if (SSL_select_next_proto(&selected, out_size, ours, sizeof(ours) - 1, in, in_size) !=
        OPENSSL_NPN_NEGOTIATED) {
        return SSL_TLSEXT_ERR_ALERT_FATAL;
    }
    *out = selected;
    return SSL_TLSEXT_ERR_OK;
}

static int set_protocol(SSL_CTX *context)
{
    static const unsigned char session_context[] = "verwijsindex";
    SSL_CTX_set_options(context, SSL_OP_NO_TICKET | SSL_OP_NO_COMPRESSION |
                                     SSL_OP_NO_RENEGOTIATION | SSL_OP_CIPHER_SERVER_PREFERENCE |
                                     SSL_OP_CLEANSE_PLAINTEXT);
    SSL_CTX_set_mode(context, SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
    SSL_CTX_set_read_ahead(context, 1); /* a record is one read, not two */
    SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
    SSL_CTX_set_security_level(context, SECURITY_LEVEL);
    SSL_CTX_set_max_cert_list(context, CERTIFICATES_MAXIMUM);
    SSL_CTX_set_default_passwd_cb(context, no_passphrase);
    SSL_CTX_set_alpn_select_cb(context, select_protocol, NULL);
    bool done =
        SSL_CTX_set_num_tickets(context, 0) == 1 && SSL_CTX_set_max_early_data(context, 0) == 1 &&
        SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION) == 1 &&
        SSL_CTX_set_max_proto_version(context, TLS1_3_VERSION) == 1 &&
        SSL_CTX_set_ciphersuites(context, CIPHERS_13) == 1 &&
        SSL_CTX_set_cipher_list(context, CIPHERS_12) == 1 &&
        SSL_CTX_set1_groups_list(context, GROUPS) == 1 &&
        SSL_CTX_set_session_id_context(context, session_context, sizeof(session_context) - 1) == 1;
    return done ? 0 : -ENOTSUP;
}

time_t tls_context_time(const ASN1_TIME *time)
{
    struct tm parts;
    return time != NULL && ASN1_TIME_to_tm(time, &parts) == 1 ? timegm(&parts) : INT64_MAX;
}

static int load_certificate(SSL_CTX *context, const struct tls_options *options,
                            struct tls_state *state, char *why)
{
    if (SSL_CTX_use_certificate_chain_file(context, options->certificate) != 1) {
        return refuse(why, "not a usable certificate", options->certificate);
    }
    if (SSL_CTX_use_PrivateKey_file(context, options->private_key, SSL_FILETYPE_PEM) != 1) {
        return refuse(why, "not a usable private key of the certificate", options->private_key);
    }
    if (SSL_CTX_check_private_key(context) != 1) {
        return refuse(why, "not the private key of the certificate", options->private_key);
    }
    const X509 *certificate = SSL_CTX_get0_certificate(context);
    state->certificate_ends = tls_context_time(X509_get0_notAfter(certificate));
    state->certificate_begun = X509_cmp_current_time(X509_get0_notBefore(certificate)) < 0;
    return 0;
}

static int load_client_ca(SSL_CTX *context, const struct tls_options *options, char *why)
{
    STACK_OF(X509_NAME) *names = SSL_load_client_CA_file(options->client_ca);
    if (names == NULL || SSL_CTX_load_verify_file(context, options->client_ca) != 1) {
        sk_X509_NAME_pop_free(names, X509_NAME_free);
        return refuse(why, "not certificates of CAs", options->client_ca);
    }
    SSL_CTX_set_client_CA_list(context, names);
    /* Every CA of the file is trusted as it is, also one whose own issuer is not in the file. */
    X509_STORE_set_flags(SSL_CTX_get_cert_store(context), X509_V_FLAG_PARTIAL_CHAIN);
    SSL_CTX_set_verify(context, SSL_VERIFY_PEER, verify);
    SSL_CTX_set_verify_depth(context, VERIFY_DEPTH);
    return 0;
}

static void note_crl(const X509_CRL *crl, struct tls_state *state)
{
    time_t ends = tls_context_time(X509_CRL_get0_nextUpdate(crl));
    if (!state->crl_loaded || ends < state->crl_ends) {
        state->crl_begins = tls_context_time(X509_CRL_get0_lastUpdate(crl));
        state->crl_ends = ends;
    }
    state->crl_loaded = true;
}

/* One file, one CRL or several. Without any, everyone will be refused. */
static int load_crl(SSL_CTX *context, const struct tls_options *options, struct tls_state *state,
                    char *why)
{
    X509_STORE *store = SSL_CTX_get_cert_store(context);
    X509_STORE_set_flags(store, X509_V_FLAG_CRL_CHECK | X509_V_FLAG_CRL_CHECK_ALL);
    state->crl_configured = true;
    FILE *file = fopen(options->client_crl, "re");
    if (file == NULL) {
        return errno == ENOENT ? 0 : refuse(why, strerror(errno), options->client_crl);
    }
    bool added = true;
    X509_CRL *crl;
    while (added && (crl = PEM_read_X509_CRL(file, NULL, no_passphrase, NULL)) != NULL) {
        added = X509_STORE_add_crl(store, crl) == 1;
        note_crl(crl, state);
        X509_CRL_free(crl);
    }
    fclose(file);
    bool ended = ERR_GET_REASON(ERR_peek_last_error()) == PEM_R_NO_START_LINE;
    if (!added || !ended || !state->crl_loaded) {
        return refuse(why, "not a certificate revocation list", options->client_crl);
    }
    ERR_clear_error();
    return 0;
}

int tls_context_new(const struct tls_options *options, SSL_CTX **ret_context,
                    struct tls_state *ret_state, char why[static TLS_WHY_SIZE])
{
    struct tls_state state = {0};
    SSL_CTX *context = SSL_CTX_new(TLS_server_method());
    if (context == NULL) {
        return -ENOMEM;
    }
    ERR_clear_error();
    int result = set_protocol(context);
    if (result == 0) {
        result = load_certificate(context, options, &state, why);
    }
    if (result == 0) {
        result = load_client_ca(context, options, why);
    }
    if (result == 0 && options->client_crl != NULL) {
        result = load_crl(context, options, &state, why);
    }
    if (result != 0) {
        SSL_CTX_free(context);
        return result;
    }
    *ret_context = context;
    *ret_state = state;
    return 0;
}
