/* SPDX-License-Identifier: EUPL-1.2 */
/* A connection as its two halves see it: conn.c, its life and libevent's callbacks, and
 * conn_request.c, which makes requests of its input. */
#ifndef DAEMON_CONN_PRIVATE_H
#define DAEMON_CONN_PRIVATE_H

#include <event2/bufferevent.h>

#include "daemon/conn.h"
#include "daemon/worker.h"

enum conn_phase {
    CONN_HANDSHAKE,
    CONN_IDLE, /* between requests */
    CONN_HEAD,
    CONN_BODY,
    CONN_ANSWERING, /* the service has it */
    CONN_WRITING,
};

struct conn {
    struct conn *next;
    struct conn **previous;
    struct worker *worker;
    const struct service *service;
    struct bufferevent *bev;
    SSL *ssl; /* of the bufferevent; NULL when plain */
    struct event *deadline;
    enum conn_phase phase;
    bool close_after; /* the answer is the last */
    bool counted;     /* as a handshake under way, from when it was accepted */
    struct tls_peer peer;
    struct caller caller;
    /* The present request: */
    struct http1_scan scan;
    struct http1_framing framing;
    void *turn;
    uint8_t *body;
    size_t body_size; /* so far */
    uint64_t begun;   /* microseconds, monotonic */
};

/* ---- conn.c ---- */

/* Begins a phase, and its deadline. */
void conn_enter(struct conn *conn, enum conn_phase phase);
/* Another deadline for the present phase. */
void conn_arm(struct conn *conn, int64_t milliseconds);
/* Says goodbye (RFC 8446 section 6.1), and leaves time for what was sent to be read. The connection
 * is gone after it. */
void conn_conclude(struct conn *conn);
/* Whether its certificate is still valid, or it has none. */
bool conn_is_welcome(struct conn *conn) MUST_CHECK;

/* ---- conn_request.c ---- */

/* Goes on with what has come in. The connection may be gone after it. */
void conn_advance(struct conn *conn);
/* Refuses what is being read; nothing more is read of a connection after it, as where the next
 * request would begin is not certain. The connection may be gone after it. */
void conn_refuse(struct conn *conn, const struct http1_refusal *refusal);

#endif
