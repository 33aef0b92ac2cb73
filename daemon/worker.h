/* SPDX-License-Identifier: EUPL-1.2 */
/*
 * An event loop with its connections and its mailbox: one per thread, and one, "home", of the main
 * thread, which also listens and serves the operator. Workers share nothing but what struct
 * worker_shared names.
 */
#ifndef DAEMON_WORKER_H
#define DAEMON_WORKER_H

#include <event2/event.h>
#include <pthread.h>
#include <stdatomic.h>

#include "daemon/deadlines.h"
#include "daemon/metrics.h"
#include "daemon/service.h"
#include "daemon/tls.h"
#include "daemon/warm.h"
#include "store/base/mailbox.h"

/* TLS handshakes under way above which no more are accepted: at some 2.5 ms each they would make
 * those wait who are connected already. */
#define WORKER_HANDSHAKES_MAXIMUM 256

/* Safe to use from any thread, and alive as long as any worker. */
struct worker_shared {
    struct api *api;
    struct tls *tls;
    struct metrics *metrics;
    struct store *store;
    struct witnesses *witnesses; /* NULL: none */
    const struct deadlines *deadlines;
    size_t warm_maximum;  /* connections of each worker that keep their TLS buffers */
    atomic_bool ready;    /* between READY and STOPPING */
    atomic_bool stopping; /* every answer is the last of its connection */
    /* Called by any worker when handshakes fall below their maximum. */
    void (*handshakes_eased)(void *context);
    void *context;
};

struct worker {
    struct worker_shared *shared;
    struct event_base *base;
    struct mailbox mailbox;
    int wake_fd;
    struct event *wake_event;
    struct event *sweep_timer;
    uint8_t *input;    /* CONN_INPUT_MAXIMUM bytes: what the connection at work has read */
    size_t input_used; /* of it, to be wiped */
    struct warm_list warm;
    struct conn *conns;
    struct farewell *farewells;
    atomic_uint load; /* connections handed over and not closed: read by the acceptor */
    bool draining;
    bool drained; /* told already */
    pthread_t thread;
    bool has_thread;
    struct mail drain_mail;
    struct mail sweep_mail;
    atomic_bool sweep_posted;
    struct mail evict_mail;
    atomic_bool evict_posted;
    struct mail stop_mail;
    struct mail drained_mail; /* goes to `reports` */
    struct mailbox *reports;
};

int worker_init(struct worker *worker, struct worker_shared *shared) MUST_CHECK;
void worker_finish(struct worker *worker); /* no loop may be running; closes what is left */

/* Runs the loop in a thread of its own, or here until worker_quit(). */
int worker_start(struct worker *worker) MUST_CHECK;
int worker_run(struct worker *worker) MUST_CHECK;
void worker_join(struct worker *worker);

/* ---- from any thread ---- */

/* Hands a descriptor over; it is closed when memory is used up. */
void worker_adopt(struct worker *worker, const struct service *service, int fd, uint32_t uid);
/* Looks again at the certificates of all connections, a slice at a time. */
void worker_revalidate(struct worker *worker);
/* Closes a few of the oldest connections of which no whole ClientHello has come: they keep others
 * from their handshakes. */
void worker_evict(struct worker *worker);
/* Lets connections finish what is under way and close; `drained_mail` is posted to `reports` when
 * there are none any more. Set its `deliver` before. */
void worker_drain(struct worker *worker, struct mailbox *reports);
/* Ends the loop. */
void worker_stop(struct worker *worker);

/* ---- from its own thread ---- */

void worker_quit(struct worker *worker);
/* A connection that was handed over is closed, its descriptor too. */
void worker_released(struct worker *worker);
/* A TLS handshake is over, however it ended. */
void worker_handshake_over(struct worker *worker);
/* Its `input` holds so many bytes. */
void worker_used_input(struct worker *worker, size_t size);
void worker_wipe_input(struct worker *worker);
bool worker_is_empty(const struct worker *worker);

#endif
