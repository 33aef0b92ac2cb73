/* SPDX-License-Identifier: EUPL-1.2 */
/*
 * One connection as a client: TLS 1.3 as one identity, HTTP/1.1 kept alive, one request in flight.
 * It belongs to one loop's thread, and its owner keeps the structure, whose address must not change
 * while it is open.
 */
#ifndef TOOLS_LOAD_CONN_H
#define TOOLS_LOAD_CONN_H

#include <event2/buffer.h>
#include <event2/event.h>

#include "tools/load/head.h"
#include "tools/load/identity.h"
#include "tools/load/tally.h"
#include "tools/load/target.h"

enum bench_conn_state {
    BENCH_CONN_CLOSED,
    BENCH_CONN_OPENING,
    BENCH_CONN_IDLE,
    BENCH_CONN_BUSY,
};

/* Lives until the callback returns. */
struct bench_answer {
    const struct bench_head *head;
    const char *bytes; /* head and body */
    const char *body;
    size_t body_length;
    int64_t at; /* when it was complete */
};

struct bench_conn;
struct bench_conn_events {
    void (*opened)(struct bench_conn *conn);
    /* The connection is idle, or closed when the server wished so. */
    void (*answered)(struct bench_conn *conn, const struct bench_answer *answer);
    /* It is closed, and was in state `was`: nothing comes of the request that was in flight. */
    void (*failed)(struct bench_conn *conn, enum bench_conn_state was, enum bench_failure failure);
};

struct bench_conn_settings {
    struct event_base *base;
    struct evbuffer *answer; /* empty but during a callback; the same for all of one loop */
    SSL_CTX *context;
    const struct bench_target *target;
    const struct bench_conn_events *events;
};

struct bench_conn {
    const struct bench_conn_settings *settings;
    const struct bench_identity *identity;
    struct bufferevent *bev;
    enum bench_conn_state state;
    int64_t since;     /* when it began opening, or the request was sent */
    int64_t opened_in; /* ns, from the first packet to the end of the handshake */
    const char *why;   /* it failed last; static text */
    bool in_head;      /* of the answer under way, the head is still to come */
    size_t head_length;
    struct bench_head head;
};

void bench_conn_init(struct bench_conn *conn, const struct bench_conn_settings *settings,
                     const struct bench_identity *identity);
/* From closed to opening. A fault of the machine; that of the network is told by `failed`. */
int bench_conn_open(struct bench_conn *conn) MUST_CHECK;
/* From idle to busy. Copies the request. */
int bench_conn_send(struct bench_conn *conn, const char *request, size_t length) MUST_CHECK;
/* From whatever to closed, with a close_notify, without a callback. */
void bench_conn_close(struct bench_conn *conn);
/* The same, and tells `failed`. */
void bench_conn_fail(struct bench_conn *conn, enum bench_failure failure);

#endif
