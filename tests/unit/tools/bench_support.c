/* SPDX-License-Identifier: EUPL-1.2 */
#include "tests/unit/tools/bench_support.h"

#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "crypto/basics.h"
#include "crypto/secret.h"

static X509 *certify(EVP_PKEY *key, const char *name, X509 *issuer, EVP_PKEY *issuer_key,
                     const char *const extensions[][2])
{
    X509 *certificate = X509_new();
    assert_non_null(certificate);
    assert_int_equal(X509_set_version(certificate, X509_VERSION_3), 1);
    assert_int_equal(ASN1_INTEGER_set(X509_get_serialNumber(certificate), 1), 1);
    X509_NAME *subject = X509_get_subject_name(certificate);
    assert_int_equal(X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_UTF8,
                                                (const unsigned char *)name, -1, -1, 0),
                     1);
    assert_int_equal(
        X509_set_issuer_name(certificate, issuer != NULL ? X509_get_subject_name(issuer) : subject),
        1);
    assert_non_null(X509_gmtime_adj(X509_getm_notBefore(certificate), -60));
    assert_non_null(X509_gmtime_adj(X509_getm_notAfter(certificate), 3600));
    assert_int_equal(X509_set_pubkey(certificate, key), 1);
    X509V3_CTX context;
    X509V3_set_ctx(&context, issuer != NULL ? issuer : certificate, certificate, NULL, NULL, 0);
    for (size_t i = 0; extensions[i][0] != NULL; i++) {
        X509_EXTENSION *extension =
            X509V3_EXT_conf(NULL, &context, extensions[i][0], extensions[i][1]);
        assert_non_null(extension);
        assert_int_equal(X509_add_ext(certificate, extension, -1), 1);
        X509_EXTENSION_free(extension);
    }
    assert_int_not_equal(X509_sign(certificate, issuer_key, EVP_sha256()), 0);
    return certificate;
}

static void write_authority(const struct bench_place *place)
{
    char path[96];
    FILE *file = fopen(place->authority_path, "w");
    assert_non_null(file);
    assert_int_equal(PEM_write_X509(file, place->authority), 1);
    assert_int_equal(fclose(file), 0);
    snprintf(path, sizeof(path), "%s/ca.key", place->directory);
    file = fopen(path, "w");
    assert_non_null(file);
    assert_int_equal(PEM_write_PrivateKey(file, place->authority_key, NULL, NULL, 0, NULL, NULL),
                     1);
    assert_int_equal(fclose(file), 0);
}

int bench_place_make(void **state)
{
    static const char *const extensions[][2] = {
        {"basicConstraints", "critical,CA:TRUE"},
        {"keyUsage", "critical,keyCertSign,cRLSign"},
        {"subjectKeyIdentifier", "hash"},
        {NULL, NULL},
    };
    struct bench_place *place = calloc(1, sizeof(*place));
    if (place == NULL || secret_init() != 0) {
        free(place);
        return -1;
    }
    strcpy(place->directory, "/tmp/vix-bench-test-XXXXXX");
    if (mkdtemp(place->directory) == NULL) {
        free(place);
        return -1;
    }
    place->authority_key = EVP_EC_gen("P-256");
    assert_non_null(place->authority_key);
    place->authority =
        certify(place->authority_key, "Test CA", NULL, place->authority_key, extensions);
    snprintf(place->authority_path, sizeof(place->authority_path), "%s/ca.pem", place->directory);
    write_authority(place);
    *state = place;
    return 0;
}

int bench_place_remove(void **state)
{
    struct bench_place *place = *state;
    char command[128];
    X509_free(place->authority);
    EVP_PKEY_free(place->authority_key);
    snprintf(command, sizeof(command), "rm -rf -- '%s'", place->directory);
    int result = system(command);
    free(place);
    return result;
}

void bench_place_certify_server(const struct bench_place *place, X509 **ret_certificate,
                                EVP_PKEY **ret_key)
{
    static const char *const extensions[][2] = {
        {"basicConstraints", "critical,CA:FALSE"},
        {"extendedKeyUsage", "serverAuth"},
        {"subjectAltName", "DNS:localhost"},
        {NULL, NULL},
    };
    *ret_key = EVP_EC_gen("P-256");
    assert_non_null(*ret_key);
    *ret_certificate =
        certify(*ret_key, "localhost", place->authority, place->authority_key, extensions);
}
