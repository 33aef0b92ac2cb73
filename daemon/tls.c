/* SPDX-License-Identifier: EUPL-1.2 */
#include "daemon/tls.h"

#include <errno.h>
#include <openssl/err.h>
#include <openssl/x509_vfy.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/tls_context.h"

struct tls {
    struct tls_options options;
    pthread_mutex_t lock; /* of `context` and `state` */
    SSL_CTX *context;
    struct tls_state state;
    atomic_ullong generation;
};

static int replace_context(struct tls *tls, char *why)
{
    SSL_CTX *context = NULL;
    struct tls_state state;
    int result = tls_context_new(&tls->options, &context, &state, why);
    if (result != 0) {
        return result;
    }
    pthread_mutex_lock(&tls->lock);
    SSL_CTX *old = tls->context;
    tls->context = context;
    tls->state = state;
    atomic_fetch_add(&tls->generation, 1);
    pthread_mutex_unlock(&tls->lock);
    SSL_CTX_free(old);
    return 0;
}

int tls_new(const struct tls_options *options, struct tls **ret_tls, char why[static TLS_WHY_SIZE])
{
    struct tls *tls = calloc(1, sizeof(*tls));
    if (tls == NULL) {
        return -ENOMEM;
    }
    tls->options = *options;
    pthread_mutex_init(&tls->lock, NULL);
    int result = replace_context(tls, why);
    if (result != 0) {
        tls_free(tls);
        return result;
    }
    *ret_tls = tls;
    return 0;
}

void tls_free(struct tls *tls)
{
    if (tls != NULL) {
        SSL_CTX_free(tls->context);
        pthread_mutex_destroy(&tls->lock);
        free(tls);
    }
}

int tls_reload(struct tls *tls, char why[static TLS_WHY_SIZE])
{
    return replace_context(tls, why);
}

void tls_get_state(struct tls *tls, struct tls_state *ret_state)
{
    pthread_mutex_lock(&tls->lock);
    *ret_state = tls->state;
    pthread_mutex_unlock(&tls->lock);
}

uint64_t tls_generation(const struct tls *tls)
{
    return atomic_load(&tls->generation);
}

SSL *tls_new_connection(struct tls *tls)
{
    pthread_mutex_lock(&tls->lock);
    SSL *ssl = SSL_new(tls->context);
    pthread_mutex_unlock(&tls->lock);
    return ssl;
}

/* The current context, kept alive, with what goes with it. */
static SSL_CTX *hold_context(struct tls *tls, uint64_t *ret_generation, struct tls_state *ret_state)
{
    pthread_mutex_lock(&tls->lock);
    SSL_CTX *context = tls->context;
    SSL_CTX_up_ref(context);
    *ret_generation = atomic_load(&tls->generation);
    *ret_state = tls->state;
    pthread_mutex_unlock(&tls->lock);
    return context;
}

/* What the handshake does, once more: chain, times, purpose, revocation, strength. */
static int verify_again(SSL_CTX *context, SSL *ssl)
{
    X509_STORE_CTX *check = X509_STORE_CTX_new();
    int result = -ENOMEM;
    if (check != NULL &&
        X509_STORE_CTX_init(check, SSL_CTX_get_cert_store(context), SSL_get0_peer_certificate(ssl),
                            SSL_get_peer_cert_chain(ssl)) == 1) {
        X509_STORE_CTX_set_default(check, "ssl_client");
        X509_VERIFY_PARAM *parameters = X509_STORE_CTX_get0_param(check);
        X509_VERIFY_PARAM_set_auth_level(parameters, SSL_CTX_get_security_level(context));
        X509_VERIFY_PARAM_set_depth(parameters, SSL_CTX_get_verify_depth(context));
        X509_STORE_CTX_set_verify_cb(check, SSL_CTX_get_verify_callback(context));
        result = X509_verify_cert(check) == 1 ? 0 : TLS_REFUSED;
    }
    X509_STORE_CTX_free(check);
    ERR_clear_error();
    return result;
}

/* `done`: under which generation the certificate was verified already; 0: not. */
static int verify_peer(struct tls *tls, SSL *ssl, uint64_t done, struct tls_peer *peer)
{
    const X509 *certificate = SSL_get0_peer_certificate(ssl);
    uint64_t generation;
    struct tls_state state;
    SSL_CTX *context = hold_context(tls, &generation, &state);
    int result = generation == done ? 0 : verify_again(context, ssl);
    SSL_CTX_free(context);
    if (result != 0) {
        return result;
    }
    peer->generation = generation;
    peer->valid_until = tls_context_time(X509_get0_notAfter(certificate));
    if (state.crl_loaded && state.crl_ends < peer->valid_until) {
        peer->valid_until = state.crl_ends;
    }
    return 0;
}

int tls_identify(struct tls *tls, SSL *ssl, struct tls_peer *ret_peer)
{
    struct tls_peer peer = {.kind = CALLER_NOBODY};
    const X509 *certificate = SSL_get0_peer_certificate(ssl);
    if (certificate != NULL) {
        unsigned size = 0;
        peer.kind = CALLER_CERTIFICATE;
        if (!tls_read_oin(certificate, &peer.oin)) {
            peer.oin.text[0] = '\0';
        }
        if (X509_digest(certificate, EVP_sha256(), peer.fingerprint, &size) != 1) {
            return -ENOMEM;
        }
        /* The handshake verified it, but perhaps under a context that was replaced meanwhile. */
        pthread_mutex_lock(&tls->lock);
        bool current = SSL_get_SSL_CTX(ssl) == tls->context;
        uint64_t done = current ? atomic_load(&tls->generation) : 0;
        pthread_mutex_unlock(&tls->lock);
        int result = verify_peer(tls, ssl, done, &peer);
        if (result != 0) {
            return result;
        }
    }
    *ret_peer = peer;
    return 0;
}

bool tls_is_current(struct tls *tls, SSL *ssl, struct tls_peer *peer)
{
    if (peer->kind != CALLER_CERTIFICATE) {
        return true;
    }
    if (peer->generation == tls_generation(tls) && time(NULL) < peer->valid_until) {
        return true;
    }
    return verify_peer(tls, ssl, 0, peer) == 0;
}

enum metric tls_failure(const SSL *ssl, bool closed)
{
    static const struct {
        long error;
        enum metric metric;
    } table[] = {
        {X509_V_ERR_CERT_HAS_EXPIRED, METRIC_TLS_FAILED_EXPIRED},
        {X509_V_ERR_CERT_NOT_YET_VALID, METRIC_TLS_FAILED_EXPIRED},
        {X509_V_ERR_CERT_REVOKED, METRIC_TLS_FAILED_REVOKED},
        {X509_V_ERR_UNABLE_TO_GET_CRL, METRIC_TLS_FAILED_CRL},
        {X509_V_ERR_CRL_HAS_EXPIRED, METRIC_TLS_FAILED_CRL},
        {X509_V_ERR_CRL_NOT_YET_VALID, METRIC_TLS_FAILED_CRL},
        {X509_V_ERR_CRL_SIGNATURE_FAILURE, METRIC_TLS_FAILED_CRL},
        {X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT, METRIC_TLS_FAILED_UNKNOWN_CA},
        {X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY, METRIC_TLS_FAILED_UNKNOWN_CA},
        {X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE, METRIC_TLS_FAILED_UNKNOWN_CA},
        {X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT, METRIC_TLS_FAILED_UNKNOWN_CA},
        {X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN, METRIC_TLS_FAILED_UNKNOWN_CA},
        {X509_V_ERR_CERT_SIGNATURE_FAILURE, METRIC_TLS_FAILED_UNKNOWN_CA},
        {X509_V_ERR_EE_KEY_TOO_SMALL, METRIC_TLS_FAILED_WEAK_KEY},
        {X509_V_ERR_CA_MD_TOO_WEAK, METRIC_TLS_FAILED_WEAK_KEY},
    };
    long error = SSL_get_verify_result(ssl);
    if (error == X509_V_OK) {
        return closed ? METRIC_TLS_FAILED_CLOSED : METRIC_TLS_FAILED_PROTOCOL;
    }
    for (size_t i = 0; i < ARRAY_LENGTH(table); i++) {
        if (table[i].error == error) {
            return table[i].metric;
        }
    }
    return METRIC_TLS_FAILED_CERTIFICATE;
}

bool tls_read_oin(const X509 *certificate, struct oin *ret_oin)
{
    const X509_NAME *subject = X509_get_subject_name(certificate);
    int at = X509_NAME_get_index_by_NID(subject, NID_serialNumber, -1);
    if (at < 0 || X509_NAME_get_index_by_NID(subject, NID_serialNumber, at) >= 0) {
        return false;
    }
    const ASN1_STRING *text = X509_NAME_ENTRY_get_data(X509_NAME_get_entry(subject, at));
    int type = ASN1_STRING_type(text);
    if ((type != V_ASN1_PRINTABLESTRING && type != V_ASN1_UTF8STRING) ||
        ASN1_STRING_length(text) < 0) {
        return false;
    }
    return oin_parse((const char *)ASN1_STRING_get0_data(text), (size_t)ASN1_STRING_length(text),
                     ret_oin) == 0;
}
