/* SPDX-License-Identifier: EUPL-1.2 */
/*
 * What answers the requests of a listener, seen from a connection. A turn is one request and its
 * answer; a connection has at most one at a time. All calls are made on the connection's thread.
 */
#ifndef DAEMON_SERVICE_H
#define DAEMON_SERVICE_H

#include <stdbool.h>

#include "daemon/http1.h"
#include "store/base/arena.h"

struct conn;

struct service {
    const char *name;
    bool secured; /* TLS with client certificates */
    /* Begins a turn. `request` and `arena` stay valid until it ends. 0 or -ENOMEM. */
    int (*open)(struct conn *conn, void **ret_turn);
    struct http_request *(*request)(void *turn);
    struct arena *(*arena)(void *turn);
    size_t (*body_maximum)(void *turn); /* once method and target are set */
    /* One of these two, once; conn_answer() follows, perhaps from within. */
    void (*begin)(void *turn);
    void (*refuse)(void *turn, const struct http1_refusal *refusal);
    /* As exchange_wait_deadline() and exchange_wake(). */
    int64_t (*wait_deadline)(const void *turn);
    void (*wake)(void *turn);
    /* From conn_answer() on. */
    const struct http_response *(*response)(const void *turn);
    const char *(*route)(const void *turn);
    /* One of these two ends the turn: without an answer, or with. */
    void (*abandon)(void *turn);
    void (*close)(void *turn);
};

extern const struct service service_public;
extern const struct service service_control;
extern const struct service service_management;

#endif
