/* SPDX-License-Identifier: EUPL-1.2 */
#include "tools/load/issue.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tools/load/identity.h"

#define TEST_PREFIX "00000099"
#define LIFE_DAYS 397
#define SKEW_SECONDS (-300) /* certificates begin a little earlier than now */
#define SERIAL_BYTES 16
#define PATH_SIZE 4096

struct bench_issuer {
    X509 *certificate;
    EVP_PKEY *key;
};

static void free_certificate(X509 **certificate)
{
    X509_free(*certificate);
}

static void free_key(EVP_PKEY **key)
{
    EVP_PKEY_free(*key);
}

void bench_issuer_freep(struct bench_issuer **issuer)
{
    if (*issuer != NULL) {
        X509_free((*issuer)->certificate);
        EVP_PKEY_free((*issuer)->key);
        free(*issuer);
        *issuer = NULL;
    }
}

static int make_path(char path[static PATH_SIZE], const char *directory, const char *name,
                     const char *ending)
{
    int length = snprintf(path, PATH_SIZE, "%s/%s%s", directory, name, ending);
    return length > 0 && length < PATH_SIZE ? VIX_DONE : bench_report_fault(-ENAMETOOLONG);
}

static int complain_of(const char *path)
{
    return bench_complain(VIX_REFUSED, "%s: %s", path,
                          errno != 0 ? strerror(errno) : bench_tls_reason());
}

int bench_issuer_open(const char *pki, struct bench_issuer **ret_issuer)
{
    CLEANUP(bench_issuer_freep) struct bench_issuer *issuer = calloc(1, sizeof(*issuer));
    char path[PATH_SIZE];
    if (issuer == NULL) {
        return bench_report_fault(-ENOMEM);
    }
    int result = make_path(path, pki, "ca", ".pem");
    FILE *file = result == VIX_DONE ? fopen(path, "re") : NULL;
    if (file != NULL) {
        errno = 0;
        issuer->certificate = PEM_read_X509(file, NULL, NULL, NULL);
        fclose(file);
    }
    if (result != VIX_DONE || issuer->certificate == NULL) {
        return result != VIX_DONE ? result : complain_of(path);
    }
    result = make_path(path, pki, "ca", ".key");
    file = result == VIX_DONE ? fopen(path, "re") : NULL;
    if (file != NULL) {
        errno = 0;
        issuer->key = PEM_read_PrivateKey(file, NULL, NULL, NULL);
        fclose(file);
    }
    if (result != VIX_DONE || issuer->key == NULL) {
        return result != VIX_DONE ? result : complain_of(path);
    }
    *ret_issuer = TAKE_PTR(issuer);
    return VIX_DONE;
}

void bench_oin(size_t number, char out[static BENCH_OIN_SIZE])
{
    snprintf(out, BENCH_OIN_SIZE, TEST_PREFIX "%08u0000", (unsigned)(number % 100000000));
}

static bool set_subject(X509 *certificate, const char *name, const char *oin,
                        const char *organisation)
{
    const struct {
        const char *field;
        const char *value;
    } parts[] = {{"C", "NL"}, {"O", organisation}, {"serialNumber", oin}, {"CN", name}};
    X509_NAME *subject = X509_get_subject_name(certificate);
    for (size_t i = 0; i < ARRAY_LENGTH(parts); i++) {
        if (X509_NAME_add_entry_by_txt(subject, parts[i].field, MBSTRING_UTF8,
                                       (const unsigned char *)parts[i].value, -1, -1, 0) != 1) {
            return false;
        }
    }
    return true;
}

static bool set_extensions(X509 *certificate, X509 *authority)
{
    static const struct {
        int kind;
        const char *value;
    } extensions[] = {
        {NID_basic_constraints, "critical,CA:FALSE"},
        {NID_key_usage, "critical,digitalSignature"},
        {NID_ext_key_usage, "clientAuth"},
        {NID_authority_key_identifier, "keyid"},
    };
    X509V3_CTX context;
    X509V3_set_ctx(&context, authority, certificate, NULL, NULL, 0);
    for (size_t i = 0; i < ARRAY_LENGTH(extensions); i++) {
        X509_EXTENSION *extension =
            X509V3_EXT_conf_nid(NULL, &context, extensions[i].kind, extensions[i].value);
        bool added = extension != NULL && X509_add_ext(certificate, extension, -1) == 1;
        X509_EXTENSION_free(extension);
        if (!added) {
            return false;
        }
    }
    return true;
}

static bool set_serial(X509 *certificate)
{
    unsigned char bytes[SERIAL_BYTES];
    if (RAND_bytes(bytes, sizeof(bytes)) != 1) {
        return false;
    }
    bytes[0] = (bytes[0] & 0x3f) | 0x40; /* positive, and never shorter */
    BIGNUM *number = BN_bin2bn(bytes, sizeof(bytes), NULL);
    bool set =
        number != NULL && BN_to_ASN1_INTEGER(number, X509_get_serialNumber(certificate)) != NULL;
    BN_free(number);
    return set;
}

/* NULL when OpenSSL could not. */
static X509 *make_certificate(const struct bench_issuer *issuer, EVP_PKEY *key, const char *name,
                              const char *oin, const char *organisation)
{
    CLEANUP(free_certificate) X509 *certificate = X509_new();
    if (certificate == NULL || X509_set_version(certificate, X509_VERSION_3) != 1 ||
        !set_serial(certificate) || !set_subject(certificate, name, oin, organisation) ||
        X509_set_issuer_name(certificate, X509_get_subject_name(issuer->certificate)) != 1 ||
        X509_gmtime_adj(X509_getm_notBefore(certificate), SKEW_SECONDS) == NULL ||
        X509_time_adj_ex(X509_getm_notAfter(certificate), LIFE_DAYS, 0, NULL) == NULL ||
        X509_set_pubkey(certificate, key) != 1 ||
        !set_extensions(certificate, issuer->certificate) ||
        X509_sign(certificate, issuer->key, EVP_sha256()) == 0) {
        return NULL;
    }
    return TAKE_PTR(certificate);
}

/* Either PEM; the file is open to its owner only. */
static int write_pem(const char *path, const X509 *certificate, const EVP_PKEY *key)
{
    errno = 0;
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, S_IRUSR | S_IWUSR);
    FILE *file = fd >= 0 ? fdopen(fd, "w") : NULL;
    if (file == NULL) {
        return complain_of(path);
    }
    int written = key != NULL ? PEM_write_PrivateKey(file, key, NULL, NULL, 0, NULL, NULL)
                              : PEM_write_X509(file, certificate);
    if (fclose(file) != 0 || written != 1) {
        return complain_of(path);
    }
    return VIX_DONE;
}

int bench_issue(const struct bench_issuer *issuer, const char *directory, const char *name,
                const char *oin, const char *organisation)
{
    char certificate_path[PATH_SIZE];
    char key_path[PATH_SIZE];
    int result = make_path(certificate_path, directory, name, ".pem");
    result = result == VIX_DONE ? make_path(key_path, directory, name, ".key") : result;
    if (result != VIX_DONE) {
        return result;
    }
    if (access(certificate_path, F_OK) == 0 && access(key_path, F_OK) == 0) {
        return VIX_DONE;
    }
    CLEANUP(free_key) EVP_PKEY *key = EVP_EC_gen("P-256");
    CLEANUP(free_certificate)
    X509 *certificate = key != NULL ? make_certificate(issuer, key, name, oin, organisation) : NULL;
    if (certificate == NULL) {
        return bench_complain(VIX_REFUSED, "no certificate: %s", bench_tls_reason());
    }
    result = write_pem(key_path, NULL, key);
    return result == VIX_DONE ? write_pem(certificate_path, certificate, NULL) : result;
}
