/* SPDX-License-Identifier: EUPL-1.2 */
/*
 * TLS as NCSC's guideline has it (1.2 and 1.3, forward secrecy, AEAD only), client certificates,
 * and who stands in them. No tickets, no session cache: a session that is resumed is not checked
 * against the CRL.
 *
 * One `struct tls` is shared by all threads. It holds the current context; a reload makes a new one
 * and swaps it, and raises the generation. A context in use is never changed.
 */
#ifndef DAEMON_TLS_H
#define DAEMON_TLS_H

#include <openssl/ssl.h>
#include <stdbool.h>
#include <time.h>

#include "daemon/metrics.h"
#include "proto/api.h"

/* Files, PEM. They must outlive the struct tls. */
struct tls_options {
    const char *certificate; /* with its chain */
    const char *private_key;
    const char *client_ca;
    const char *client_crl; /* NULL: no revocation check */
};

#define TLS_WHY_SIZE STORE_WHY_SIZE
#define TLS_REFUSED 1 /* files that cannot be used; `why` says which */

struct tls;
/*
 * A CRL that is configured but missing is no refusal: the context is made and refuses every client
 * certificate, as it does once the CRL has expired.
 */
int tls_new(const struct tls_options *options, struct tls **ret_tls,
            char why[static TLS_WHY_SIZE]) MUST_CHECK;
void tls_free(struct tls *tls);

/* Reads all files again. TLS_REFUSED leaves everything as it was. */
int tls_reload(struct tls *tls, char why[static TLS_WHY_SIZE]) MUST_CHECK;

/* What an operator should know of the files in use. */
struct tls_state {
    bool crl_configured;
    bool crl_loaded;
    time_t crl_begins;
    time_t crl_ends; /* the earliest nextUpdate */
    time_t certificate_ends;
    bool certificate_begun;
};
void tls_get_state(struct tls *tls, struct tls_state *ret_state);

/* A connection's half, server side, of the current context; NULL when memory is used up. */
SSL *tls_new_connection(struct tls *tls) MUST_CHECK;

/* Who a connection is, as read once after its handshake. */
struct tls_peer {
    enum caller_kind kind; /* CALLER_NOBODY: no certificate */
    struct oin oin;        /* empty: none, or not exactly one, or not an OIN */
    uint8_t fingerprint[32];
    uint64_t generation;
    time_t valid_until; /* of certificate and CRL; checked again after */
};
/* 0; TLS_REFUSED: the certificate is not valid (any more) under the current context; a fault. */
int tls_identify(struct tls *tls, SSL *ssl, struct tls_peer *ret_peer) MUST_CHECK;

/*
 * Whether the peer may still be served: true at once while nothing has changed since it was
 * identified, else after verifying its certificate anew, about half a millisecond.
 */
bool tls_is_current(struct tls *tls, SSL *ssl, struct tls_peer *peer) MUST_CHECK;
uint64_t tls_generation(const struct tls *tls);

/* Why a handshake failed, as a counter; `closed`: the peer went away. */
enum metric tls_failure(const SSL *ssl, bool closed);

/* The OIN in a subject's serialNumber (OID 2.5.4.5); false when there is not exactly one. */
bool tls_read_oin(const X509 *certificate, struct oin *ret_oin) MUST_CHECK;

#endif
