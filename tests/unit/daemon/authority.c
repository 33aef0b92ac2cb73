/* SPDX-License-Identifier: EUPL-1.2 */
#include "authority.h"

#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "crypto/basics.h"

static void set_extension(X509 *certificate, X509 *issuer, int nid, const char *value)
{
    X509V3_CTX context;
    X509V3_set_ctx(&context, issuer, certificate, NULL, NULL, 0);
    X509_EXTENSION *extension = X509V3_EXT_conf_nid(NULL, &context, nid, value);
    assert_non_null(extension);
    assert_int_equal(X509_add_ext(certificate, extension, -1), 1);
    X509_EXTENSION_free(extension);
}

static X509 *begin_certificate(EVP_PKEY *key, long serial, long begins, long ends)
{
    X509 *certificate = X509_new();
    assert_non_null(certificate);
    assert_int_equal(X509_set_version(certificate, X509_VERSION_3), 1);
    assert_int_equal(ASN1_INTEGER_set(X509_get_serialNumber(certificate), serial), 1);
    assert_non_null(X509_gmtime_adj(X509_getm_notBefore(certificate), begins));
    assert_non_null(X509_gmtime_adj(X509_getm_notAfter(certificate), ends));
    assert_int_equal(X509_set_pubkey(certificate, key), 1);
    return certificate;
}

static void add_name(X509_NAME *name, int nid, int type, const char *text, int size)
{
    assert_int_equal(
        X509_NAME_add_entry_by_NID(name, nid, type, (const unsigned char *)text, size, -1, 0), 1);
}

void authority_make(struct authority *authority, const char *name)
{
    authority->serial = 1;
    authority->key = EVP_EC_gen("P-256");
    assert_non_null(authority->key);
    X509 *certificate = begin_certificate(authority->key, 1, -3600, 24 * 3600);
    add_name(X509_get_subject_name(certificate), NID_commonName, MBSTRING_UTF8, name, -1);
    assert_int_equal(X509_set_issuer_name(certificate, X509_get_subject_name(certificate)), 1);
    set_extension(certificate, certificate, NID_basic_constraints, "critical,CA:TRUE");
    set_extension(certificate, certificate, NID_key_usage, "critical,keyCertSign,cRLSign");
    set_extension(certificate, certificate, NID_subject_key_identifier, "hash");
    assert_true(X509_sign(certificate, authority->key, EVP_sha256()) > 0);
    authority->certificate = certificate;
}

void authority_finish(struct authority *authority)
{
    EVP_PKEY_free(TAKE_PTR(authority->key));
    X509_free(TAKE_PTR(authority->certificate));
}

void identity_make(struct credential *identity, struct authority *authority,
                   const struct request *request)
{
    long begins = request->begins != 0 ? request->begins : -3600;
    long ends = request->ends != 0 ? request->ends : 24 * 3600;
    identity->key =
        request->rsa_bits != 0 ? EVP_RSA_gen((unsigned)request->rsa_bits) : EVP_EC_gen("P-256");
    assert_non_null(identity->key);
    X509 *certificate = begin_certificate(identity->key, ++authority->serial, begins, ends);
    X509_NAME *subject = X509_get_subject_name(certificate);
    add_name(subject, NID_commonName, MBSTRING_UTF8, "somebody", -1);
    if (request->serial_number != NULL) {
        int type =
            request->serial_number_type != 0 ? request->serial_number_type : V_ASN1_PRINTABLESTRING;
        add_name(subject, NID_serialNumber, type, request->serial_number,
                 request->serial_number_size != 0 ? request->serial_number_size : -1);
    }
    if (request->second_serial_number != NULL) {
        add_name(subject, NID_serialNumber, V_ASN1_PRINTABLESTRING, request->second_serial_number,
                 -1);
    }
    const X509 *issuer = authority->certificate;
    assert_int_equal(X509_set_issuer_name(certificate, X509_get_subject_name(issuer)), 1);
    set_extension(certificate, authority->certificate, NID_authority_key_identifier, "keyid");
    set_extension(certificate, authority->certificate, NID_ext_key_usage,
                  request->host != NULL ? "serverAuth" : "clientAuth");
    assert_true(X509_sign(certificate, authority->key, EVP_sha256()) > 0);
    identity->certificate = certificate;
}

void identity_finish(struct credential *identity)
{
    EVP_PKEY_free(TAKE_PTR(identity->key));
    X509_free(TAKE_PTR(identity->certificate));
}

static FILE *open_for_writing(const char *path)
{
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    return file;
}

void authority_write_crl(struct authority *authority, const X509 *revoked, long ends,
                         const char *path)
{
    X509_CRL *crl = X509_CRL_new();
    ASN1_TIME *time = ASN1_TIME_new();
    assert_non_null(crl);
    assert_int_equal(X509_CRL_set_version(crl, X509_CRL_VERSION_2), 1);
    const X509 *issuer = authority->certificate;
    assert_int_equal(X509_CRL_set_issuer_name(crl, X509_get_subject_name(issuer)), 1);
    assert_non_null(X509_gmtime_adj(time, -7200));
    assert_int_equal(X509_CRL_set1_lastUpdate(crl, time), 1);
    assert_non_null(X509_gmtime_adj(time, ends));
    assert_int_equal(X509_CRL_set1_nextUpdate(crl, time), 1);
    if (revoked != NULL) {
        X509_REVOKED *entry = X509_REVOKED_new();
        X509_REVOKED_set_serialNumber(entry, (ASN1_INTEGER *)X509_get0_serialNumber(revoked));
        assert_non_null(X509_gmtime_adj(time, -60));
        X509_REVOKED_set_revocationDate(entry, time);
        assert_int_equal(X509_CRL_add0_revoked(crl, entry), 1);
    }
    assert_true(X509_CRL_sign(crl, authority->key, EVP_sha256()) > 0);
    FILE *file = open_for_writing(path);
    assert_int_equal(PEM_write_X509_CRL(file, crl), 1);
    assert_int_equal(fclose(file), 0);
    ASN1_TIME_free(time);
    X509_CRL_free(crl);
}

void write_certificate(X509 *certificate, const char *path)
{
    FILE *file = open_for_writing(path);
    assert_int_equal(PEM_write_X509(file, certificate), 1);
    assert_int_equal(fclose(file), 0);
}

void write_key(EVP_PKEY *key, const char *path)
{
    FILE *file = open_for_writing(path);
    assert_int_equal(PEM_write_PrivateKey(file, key, NULL, NULL, 0, NULL, NULL), 1);
    assert_int_equal(fclose(file), 0);
}

void write_text(const char *text, const char *path)
{
    FILE *file = open_for_writing(path);
    assert_true(fputs(text, file) >= 0);
    assert_int_equal(fclose(file), 0);
}
