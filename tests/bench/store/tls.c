/* SPDX-License-Identifier: EUPL-1.2 */
#include "tests/bench/store/tls.h"

#include <openssl/evp.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <stdlib.h>

#include "tests/bench/store/bench_store.h"

#define VALID_SECONDS 3600

struct bs_tls {
    SSL_CTX *contexts[2];
    SSL *server;
    SSL *client;
};

static void need(int good, const char *what)
{
    if (good != 1) {
        bs_die("OpenSSL: %s", what);
    }
}

/* A key, and a certificate by itself. */
static void certify(SSL_CTX *context)
{
    EVP_PKEY *key = EVP_PKEY_Q_keygen(NULL, NULL, "EC", "P-256");
    X509 *certificate = X509_new();
    if (key == NULL || certificate == NULL) {
        bs_die("OpenSSL: no key or no certificate");
    }
    need(ASN1_INTEGER_set(X509_get_serialNumber(certificate), 1), "serial");
    X509_gmtime_adj(X509_getm_notBefore(certificate), 0);
    X509_gmtime_adj(X509_getm_notAfter(certificate), VALID_SECONDS);
    need(X509_set_pubkey(certificate, key), "public key");
    need(X509_sign(certificate, key, EVP_sha256()) > 0, "signature");
    need(SSL_CTX_use_certificate(context, certificate), "certificate");
    need(SSL_CTX_use_PrivateKey(context, key), "private key");
    X509_free(certificate);
    EVP_PKEY_free(key);
}

static SSL *make_side(SSL_CTX *context)
{
    SSL *ssl = SSL_new(context);
    if (ssl == NULL) {
        bs_die("OpenSSL: no connection");
    }
    return ssl;
}

struct bs_tls *bs_tls_open(void)
{
    struct bs_tls *tls = bs_new(1, sizeof(*tls));
    BIO *one = NULL;
    BIO *other = NULL;
    tls->contexts[0] = SSL_CTX_new(TLS_server_method());
    tls->contexts[1] = SSL_CTX_new(TLS_client_method());
    for (int i = 0; i < 2; i++) {
        need(tls->contexts[i] != NULL, "context");
        need(SSL_CTX_set_min_proto_version(tls->contexts[i], TLS1_3_VERSION) == 1, "version");
        need(SSL_CTX_set_ciphersuites(tls->contexts[i], "TLS_AES_256_GCM_SHA384"), "cipher");
        SSL_CTX_set_num_tickets(tls->contexts[i], 0);
    }
    certify(tls->contexts[0]);
    tls->server = make_side(tls->contexts[0]);
    tls->client = make_side(tls->contexts[1]);
    need(BIO_new_bio_pair(&one, 1 << 16, &other, 1 << 16), "pair");
    SSL_set_bio(tls->server, one, one);
    SSL_set_bio(tls->client, other, other);
    SSL_set_accept_state(tls->server);
    SSL_set_connect_state(tls->client);
    for (int i = 0;
         i < 8 && (!SSL_is_init_finished(tls->server) || !SSL_is_init_finished(tls->client)); i++) {
        SSL_do_handshake(tls->client);
        SSL_do_handshake(tls->server);
    }
    need(SSL_is_init_finished(tls->server) && SSL_is_init_finished(tls->client), "handshake");
    return tls;
}

void bs_tls_close(struct bs_tls *tls)
{
    SSL_free(tls->server);
    SSL_free(tls->client);
    SSL_CTX_free(tls->contexts[0]);
    SSL_CTX_free(tls->contexts[1]);
    free(tls);
}

static void pass(SSL *from, SSL *to, int size)
{
    static char message[BS_TLS_REQUEST_BYTES + BS_TLS_ANSWER_BYTES];
    char received[sizeof(message)];
    need(SSL_write(from, message, size) == size, "write");
    need(SSL_read(to, received, sizeof(received)) == size, "read");
}

void bs_tls_round(struct bs_tls *tls)
{
    pass(tls->client, tls->server, BS_TLS_REQUEST_BYTES);
    pass(tls->server, tls->client, BS_TLS_ANSWER_BYTES);
}
