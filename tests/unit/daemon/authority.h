/* SPDX-License-Identifier: EUPL-1.2 */
/* Certificates and revocation lists made in a test, in a directory that goes with it. */
#ifndef TESTS_DAEMON_AUTHORITY_H
#define TESTS_DAEMON_AUTHORITY_H

#include <openssl/x509.h>

struct authority {
    EVP_PKEY *key;
    X509 *certificate;
    long serial; /* of the last certificate issued */
};
void authority_make(struct authority *authority, const char *name);
void authority_finish(struct authority *authority);

/* How a certificate is to be; zeroed: a client's, on P-256, valid for a day. */
struct request {
    const char *serial_number; /* of the subject; NULL: none */
    int serial_number_size;    /* -1: the length of the text */
    int serial_number_type;    /* 0: PrintableString */
    const char *second_serial_number;
    int rsa_bits;     /* 0: P-256 */
    long begins;      /* seconds from now; 0: an hour ago */
    long ends;        /* 0: in a day */
    const char *host; /* a server's certificate for this name */
};
struct credential {
    EVP_PKEY *key;
    X509 *certificate;
};
void identity_make(struct credential *identity, struct authority *authority,
                   const struct request *request);
void identity_finish(struct credential *identity);

/* A list that revokes `revoked`, or nothing when NULL; ends so many seconds from now. */
void authority_write_crl(struct authority *authority, const X509 *revoked, long ends,
                         const char *path);
void write_certificate(X509 *certificate, const char *path);
void write_key(EVP_PKEY *key, const char *path);
void write_text(const char *text, const char *path);

#endif
