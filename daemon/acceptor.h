/* SPDX-License-Identifier: EUPL-1.2 */
/*
 * A listening socket and what is done with those who knock. Main thread.
 *
 * A descriptor goes to the worker with the fewest connections: several listeners on one port
 * (SO_REUSEPORT) would let any process of the same user take some, and spread few connections
 * badly.
 */
#ifndef DAEMON_ACCEPTOR_H
#define DAEMON_ACCEPTOR_H

#include <event2/event.h>
#include <sys/socket.h>

#include "daemon/service.h"
#include "daemon/worker.h"

#define ACCEPTOR_TEXT_SIZE 128 /* room for an address or a path, and for a NUL */

struct acceptor {
    int fd; /* -1: not listening */
    const struct service *service;
    struct worker *workers;
    size_t worker_count;
    unsigned connections; /* most at a time on these workers; 0: not limited */
    struct metrics *metrics;
    struct event *event;
    struct event *retry;
    bool paused;
    char address[ACCEPTOR_TEXT_SIZE]; /* as bound: with the port that was free */
    const char *path;                 /* of a Unix socket: removed at the end */
};

/* Binds and listens; accepts nothing yet. 0 or a fault; the acceptor is to be closed in any case.
 */
int acceptor_listen(struct acceptor *acceptor, const struct sockaddr *address,
                    socklen_t size) MUST_CHECK;
/* On a Unix socket of mode 0600; one left behind is replaced, one in use is -EADDRINUSE. */
int acceptor_listen_unix(struct acceptor *acceptor, const char *path) MUST_CHECK;

/* Begins to accept, on the base of the main thread. */
int acceptor_start(struct acceptor *acceptor, struct event_base *base) MUST_CHECK;
/* There is room again for handshakes. */
void acceptor_resume(struct acceptor *acceptor);
void acceptor_close(struct acceptor *acceptor);

#endif
