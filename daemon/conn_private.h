/* SPDX-License-Identifier: EUPL-1.2 */
/* A connection as its two halves see it: conn.c, its life and its events, and
 * conn_request.c, which makes requests of its input. */
#ifndef DAEMON_CONN_PRIVATE_H
#define DAEMON_CONN_PRIVATE_H

#include "daemon/conn.h"
#include "daemon/stream.h"
#include "daemon/worker.h"

enum conn_phase {
    CONN_HANDSHAKE,
    CONN_IDLE, /* between requests */
    CONN_HEAD,
    CONN_BODY,
    CONN_ANSWERING, /* the service has it */
    CONN_WRITING,
};

/* Times are microseconds, monotonic. */
struct conn {
    struct conn *next;
    struct conn **previous;
    struct worker *worker;
    const struct service *service;
    struct stream stream;
    struct warm warm;
    struct event timer;  /* of the deadline */
    uint64_t timer_at;   /* when it goes off, which may be too early; 0: it is not set */
    uint64_t deadline;   /* of the present phase; 0: none */
    struct event resume; /* goes on with what is there, after others */
    bool resuming;       /* that is to come */
    enum conn_phase phase;
    bool inside;      /* a service is at work, and may answer from within */
    bool failed;      /* there was no memory for the answer */
    bool close_after; /* the answer is the last */
    bool counted;     /* as a handshake under way, from when it was accepted */
    struct tls_peer peer;
    struct caller caller;
    /* What has come and is not taken yet: while the connection is at work, in its worker's memory,
     * else in what it keeps. */
    uint8_t *input;
    size_t input_size;
    uint8_t *kept;
    /* The present request: */
    struct http1_scan scan;
    struct http1_framing framing;
    void *turn;
    uint8_t *body;
    size_t body_size; /* so far */
    uint64_t begun;
};

/* ---- conn.c ---- */

enum conn_step {
    CONN_STAYS,
    CONN_AGAIN,
    CONN_GONE, /* it has been freed */
};

uint64_t conn_now(void);

/* Begins a phase, and its deadline. */
void conn_enter(struct conn *conn, enum conn_phase phase);
/* Another deadline for the present phase. */
void conn_arm(struct conn *conn, int64_t milliseconds);
/* Says goodbye (RFC 8446 section 6.1), and leaves time for what was sent to be read. The connection
 * is gone after it. */
void conn_conclude(struct conn *conn);
/* Whether its certificate is still valid, or it has none. */
bool conn_is_welcome(struct conn *conn) MUST_CHECK;

/* Goes on with what has come already, after others had their turn; nothing is read until then. */
void conn_resume_later(struct conn *conn);
/* Sends what is left of an answer, and makes ready for the next request when there is nothing. */
enum conn_step conn_send(struct conn *conn) MUST_CHECK;

/* ---- conn_request.c ---- */

/* Goes on with what has come, after reading what there is if it is `readable`. The connection may
 * be gone after it. */
void conn_advance(struct conn *conn, bool readable);
/* Refuses what is being read; nothing more is read of a connection after it, as where the next
 * request would begin is not certain. */
enum conn_step conn_refuse(struct conn *conn, const struct http1_refusal *refusal);

#endif
