/* SPDX-License-Identifier: EUPL-1.2 */
#include "tools/load/identity.h"

#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void identity_finish(struct bench_identity *identity)
{
    free(identity->certificate_path);
    free(identity->key_path);
    X509_free(identity->certificate);
    EVP_PKEY_free(identity->key);
    *identity = (struct bench_identity){0};
}

void bench_identities_finish(struct bench_identities *identities)
{
    for (size_t i = 0; i < identities->count; i++) {
        identity_finish(&identities->items[i]);
    }
    free(identities->items);
    *identities = (struct bench_identities){0};
}

const char *bench_tls_reason(void)
{
    unsigned long error = ERR_peek_last_error();
    const char *reason = error != 0 ? ERR_reason_error_string(error) : NULL;
    ERR_clear_error();
    return reason != NULL ? reason : "no reason is given";
}

/* Never asks on a terminal. */
static int no_passphrase(char *buffer, int size, int writing, void *user)
{
    (void)buffer;
    (void)size;
    (void)writing;
    (void)user;
    return 0;
}

static void close_file(FILE **file)
{
    if (*file != NULL) {
        fclose(*file);
    }
}

static int read_certificate(struct bench_identity *identity)
{
    CLEANUP(close_file) FILE *file = fopen(identity->certificate_path, "re");
    if (file == NULL) {
        return bench_complain(VIX_REFUSED, "%s: %s", identity->certificate_path, strerror(errno));
    }
    identity->certificate = PEM_read_X509(file, NULL, no_passphrase, NULL);
    if (identity->certificate == NULL) {
        return bench_complain(VIX_REFUSED, "%s: no certificate: %s", identity->certificate_path,
                              bench_tls_reason());
    }
    if (X509_check_purpose(identity->certificate, X509_PURPOSE_SSL_CLIENT, 0) != 1 ||
        X509_check_ca(identity->certificate) != 0) {
        return bench_complain(VIX_REFUSED,
                              "%s is not a client's certificate; identities need a directory of "
                              "their own (see vix-bench prepare)",
                              identity->certificate_path);
    }
    return VIX_DONE;
}

static int read_key(struct bench_identity *identity)
{
    CLEANUP(close_file) FILE *file = fopen(identity->key_path, "re");
    if (file == NULL) {
        return bench_complain(VIX_REFUSED, "%s: %s", identity->key_path, strerror(errno));
    }
    identity->key = PEM_read_PrivateKey(file, NULL, no_passphrase, NULL);
    if (identity->key == NULL ||
        X509_check_private_key(identity->certificate, identity->key) != 1) {
        return bench_complain(VIX_REFUSED, "%s: not the key of its certificate: %s",
                              identity->key_path, bench_tls_reason());
    }
    return VIX_DONE;
}

/* `name` ends in ".key". The certificate beside it is .crt or .pem. */
static int load_one(const char *directory, const char *name, struct bench_identity *ret_identity)
{
    struct bench_identity identity = {0};
    int stem = (int)strlen(name) - (int)strlen(".key");
    if (asprintf(&identity.key_path, "%s/%s", directory, name) < 0) {
        return bench_report_fault(-ENOMEM);
    }
    int result = VIX_DONE;
    if (asprintf(&identity.certificate_path, "%s/%.*s.crt", directory, stem, name) < 0) {
        result = bench_report_fault(-ENOMEM);
    } else if (access(identity.certificate_path, F_OK) != 0) {
        memcpy(strrchr(identity.certificate_path, '.'), ".pem", strlen(".pem"));
    }
    result = result == VIX_DONE ? read_certificate(&identity) : result;
    result = result == VIX_DONE ? read_key(&identity) : result;
    if (result != VIX_DONE) {
        identity_finish(&identity);
        return result;
    }
    *ret_identity = identity;
    return VIX_DONE;
}

static int is_key(const struct dirent *entry)
{
    size_t length = strlen(entry->d_name);
    return entry->d_name[0] != '.' && length > 4 && strcmp(entry->d_name + length - 4, ".key") == 0;
}

static int load_all(const char *directory, struct dirent **entries, size_t count,
                    struct bench_identities *identities)
{
    identities->items = calloc(count, sizeof(*identities->items));
    if (identities->items == NULL) {
        return bench_report_fault(-ENOMEM);
    }
    int result = VIX_DONE;
    for (size_t i = 0; i < count && result == VIX_DONE; i++) {
        result = load_one(directory, entries[i]->d_name, &identities->items[i]);
        identities->count += result == VIX_DONE ? 1 : 0;
    }
    return result;
}

int bench_identities_load(const char *directory, struct bench_identities *ret_identities)
{
    struct dirent **entries = NULL;
    struct bench_identities identities = {0};
    int count = scandir(directory, &entries, is_key, alphasort);
    if (count < 0) {
        return bench_complain(VIX_REFUSED, "%s: %s", directory, strerror(errno));
    }
    int result;
    if (count == 0) {
        result =
            bench_complain(VIX_REFUSED, "%s: there is no pair NAME.crt and NAME.key", directory);
    } else if (count > BENCH_IDENTITIES_MAXIMUM) {
        result = bench_complain(VIX_REFUSED, "%s: more than %d identities", directory,
                                BENCH_IDENTITIES_MAXIMUM);
    } else {
        result = load_all(directory, entries, (size_t)count, &identities);
    }
    for (int i = 0; i < count; i++) {
        free(entries[i]);
    }
    free(entries);
    if (result != VIX_DONE) {
        bench_identities_finish(&identities);
        return result;
    }
    *ret_identities = identities;
    return VIX_DONE;
}

void bench_tls_freep(SSL_CTX **context)
{
    SSL_CTX_free(*context);
    *context = NULL;
}

int bench_tls_new(const char *ca, SSL_CTX **ret_context)
{
    CLEANUP(bench_tls_freep) SSL_CTX *context = SSL_CTX_new(TLS_client_method());
    if (context == NULL || SSL_CTX_set_min_proto_version(context, TLS1_3_VERSION) != 1) {
        return bench_report_fault(-ENOMEM);
    }
    if (ca != NULL ? SSL_CTX_load_verify_file(context, ca) != 1
                   : SSL_CTX_set_default_verify_paths(context) != 1) {
        return bench_complain(VIX_REFUSED, "%s: no certificates of an authority: %s",
                              ca != NULL ? ca : "the system's authorities", bench_tls_reason());
    }
    SSL_CTX_set_verify(context, SSL_VERIFY_PEER, NULL);
    /* Every handshake is to be a whole one. */
    SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
    *ret_context = TAKE_PTR(context);
    return VIX_DONE;
}

static bool set_host(SSL *ssl, const char *host)
{
    uint8_t address[sizeof(struct in6_addr)];
    if (inet_pton(AF_INET, host, address) == 1 || inet_pton(AF_INET6, host, address) == 1) {
        return X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(ssl), host) == 1;
    }
    return SSL_set_tlsext_host_name(ssl, host) == 1 && SSL_set1_host(ssl, host) == 1;
}

SSL *bench_tls_connection(SSL_CTX *context, const struct bench_identity *identity, const char *host)
{
    SSL *ssl = SSL_new(context);
    if (ssl == NULL || !set_host(ssl, host) ||
        SSL_use_certificate(ssl, identity->certificate) != 1 ||
        SSL_use_PrivateKey(ssl, identity->key) != 1) {
        SSL_free(ssl);
        return NULL;
    }
    return ssl;
}
