/* SPDX-License-Identifier: EUPL-1.2 */
#include "daemon/worker.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "crypto/secret.h"
#include "daemon/conn.h"
#include "daemon/farewell.h"

#define EVICT_SLICE 8  /* handshakes given up at a time */
#define SWEEP_SLICE 64 /* certificates verified before other events get their turn */

static void wake(void *context)
{
    struct worker *worker = context;
    const uint64_t one = 1;
    /* It can only fail when the counter is full, and then the owner is awake. */
    ssize_t written = write(worker->wake_fd, &one, sizeof(one));
    (void)written;
}

static void on_wake(evutil_socket_t fd, short what, void *user)
{
    struct worker *worker = user;
    uint64_t count;
    (void)what;
    ssize_t size = read(fd, &count, sizeof(count));
    (void)size;
    mailbox_deliver(&worker->mailbox);
}

/* ---- certificates after a reload ---- */

static void on_sweep(evutil_socket_t fd, short what, void *user)
{
    static const struct timeval at_once = {0, 0};
    struct worker *worker = user;
    int looked_at = 0;
    (void)fd;
    (void)what;
    for (struct conn *conn = worker->conns, *next; conn != NULL && looked_at < SWEEP_SLICE;
         conn = next) {
        next = conn_next(conn);
        if (conn_is_outdated(conn)) {
            conn_revalidate(conn);
            looked_at++;
        }
    }
    if (looked_at == SWEEP_SLICE) {
        evtimer_add(worker->sweep_timer, &at_once);
    }
}

static void deliver_sweep(struct mail *mail)
{
    struct worker *worker = CONTAINER_OF(mail, struct worker, sweep_mail);
    atomic_store(&worker->sweep_posted, false); /* first: what is asked for from here on is new */
    on_sweep(-1, 0, worker);
}

void worker_revalidate(struct worker *worker)
{
    if (!atomic_exchange(&worker->sweep_posted, true)) {
        worker->sweep_mail.deliver = deliver_sweep;
        mailbox_post(&worker->mailbox, &worker->sweep_mail);
    }
}

/* ---- making room for handshakes ---- */

static void deliver_evict(struct mail *mail)
{
    struct worker *worker = CONTAINER_OF(mail, struct worker, evict_mail);
    struct conn *oldest[EVICT_SLICE] = {NULL};
    size_t found = 0;
    atomic_store(&worker->evict_posted, false);
    /* The newest stand first: of those that are found, the last are the oldest. */
    for (struct conn *conn = worker->conns; conn != NULL; conn = conn_next(conn)) {
        if (conn_is_silent(conn)) {
            oldest[found++ % EVICT_SLICE] = conn;
        }
    }
    for (size_t i = 0; i < EVICT_SLICE && i < found; i++) {
        conn_evict(oldest[i]);
    }
}

void worker_evict(struct worker *worker)
{
    if (!atomic_exchange(&worker->evict_posted, true)) {
        worker->evict_mail.deliver = deliver_evict;
        mailbox_post(&worker->mailbox, &worker->evict_mail);
    }
}

/* ---- stopping ---- */

bool worker_is_empty(const struct worker *worker)
{
    return worker->conns == NULL && worker->farewells == NULL;
}

static void report_if_drained(struct worker *worker)
{
    if (worker->draining && !worker->drained && worker_is_empty(worker)) {
        worker->drained = true;
        mailbox_post(worker->reports, &worker->drained_mail);
    }
}

void worker_released(struct worker *worker)
{
    atomic_fetch_sub(&worker->load, 1);
    atomic_fetch_sub(&worker->shared->metrics->connections, 1);
    report_if_drained(worker);
}

static void deliver_drain(struct mail *mail)
{
    struct worker *worker = CONTAINER_OF(mail, struct worker, drain_mail);
    worker->draining = true;
    for (struct conn *conn = worker->conns, *next; conn != NULL; conn = next) {
        next = conn_next(conn);
        conn_drain(conn);
    }
    report_if_drained(worker);
}

void worker_drain(struct worker *worker, struct mailbox *reports)
{
    worker->reports = reports;
    worker->drain_mail.deliver = deliver_drain;
    mailbox_post(&worker->mailbox, &worker->drain_mail);
}

void worker_quit(struct worker *worker)
{
    event_base_loopbreak(worker->base);
}

static void deliver_stop(struct mail *mail)
{
    worker_quit(CONTAINER_OF(mail, struct worker, stop_mail));
}

void worker_stop(struct worker *worker)
{
    worker->stop_mail.deliver = deliver_stop;
    mailbox_post(&worker->mailbox, &worker->stop_mail);
}

/* ---- what connections read ---- */

void worker_used_input(struct worker *worker, size_t size)
{
    worker->input_used = size > worker->input_used ? size : worker->input_used;
}

void worker_wipe_input(struct worker *worker)
{
    secret_wipe(worker->input, worker->input_used);
    worker->input_used = 0;
}

/* ---- descriptors ---- */

void worker_handshake_over(struct worker *worker)
{
    struct worker_shared *shared = worker->shared;
    if (atomic_fetch_sub(&shared->metrics->handshakes, 1) == WORKER_HANDSHAKES_MAXIMUM) {
        shared->handshakes_eased(shared->context);
    }
}

struct arrival {
    struct mail mail;
    struct worker *worker;
    const struct service *service;
    int fd;
    uint32_t uid;
};

static void deliver_arrival(struct mail *mail)
{
    struct arrival arrival = *CONTAINER_OF(mail, struct arrival, mail);
    free(CONTAINER_OF(mail, struct arrival, mail));
    if (arrival.worker->draining) {
        close(arrival.fd);
        if (arrival.service->secured) {
            worker_handshake_over(arrival.worker);
        }
        worker_released(arrival.worker);
        return;
    }
    int result = conn_open(arrival.worker, arrival.service, arrival.fd, arrival.uid);
    (void)result; /* out of memory: the peer sees a closed connection */
}

void worker_adopt(struct worker *worker, const struct service *service, int fd, uint32_t uid)
{
    struct arrival *arrival = calloc(1, sizeof(*arrival));
    if (arrival == NULL) {
        close(fd);
        return;
    }
    arrival->mail.deliver = deliver_arrival;
    arrival->worker = worker;
    arrival->service = service;
    arrival->fd = fd;
    arrival->uid = uid;
    if (service->secured) {
        atomic_fetch_add(&worker->shared->metrics->handshakes, 1);
    }
    atomic_fetch_add(&worker->load, 1);
    atomic_fetch_add(&worker->shared->metrics->connections, 1);
    mailbox_post(&worker->mailbox, &arrival->mail);
}

/* ---- life ---- */

int worker_init(struct worker *worker, struct worker_shared *shared)
{
    memset(worker, 0, sizeof(*worker));
    worker->shared = shared;
    worker->warm.maximum = shared->warm_maximum;
    mailbox_init(&worker->mailbox, wake, worker);
    worker->wake_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    if (worker->wake_fd < 0) {
        return -errno;
    }
    worker->base = event_base_new();
    worker->input = secret_malloc(CONN_INPUT_MAXIMUM);
    if (worker->base == NULL || worker->input == NULL) {
        return -ENOMEM;
    }
    worker->wake_event =
        event_new(worker->base, worker->wake_fd, EV_READ | EV_PERSIST, on_wake, worker);
    worker->sweep_timer = evtimer_new(worker->base, on_sweep, worker);
    if (worker->wake_event == NULL || worker->sweep_timer == NULL ||
        event_add(worker->wake_event, NULL) != 0) {
        return -ENOMEM;
    }
    return 0;
}

static void close_everything(struct worker *worker)
{
    while (worker->conns != NULL) {
        conn_free(worker->conns);
    }
    while (worker->farewells != NULL) {
        farewell_free(worker->farewells);
    }
}

int worker_run(struct worker *worker)
{
    int result = event_base_dispatch(worker->base) == 0 ? 0 : -EIO;
    worker->draining = true; /* what arrives now is closed */
    close_everything(worker);
    return result;
}

static void *run_thread(void *user)
{
    int result = worker_run(user);
    return (void *)(intptr_t)result;
}

int worker_start(struct worker *worker)
{
    int result = pthread_create(&worker->thread, NULL, run_thread, worker);
    worker->has_thread = result == 0;
    return -result;
}

void worker_join(struct worker *worker)
{
    if (worker->has_thread) {
        pthread_join(worker->thread, NULL);
        worker->has_thread = false;
    }
}

void worker_finish(struct worker *worker)
{
    if (worker->shared == NULL) {
        return; /* it was never begun */
    }
    worker->draining = true;
    while (mailbox_deliver(&worker->mailbox) > 0) {
    }
    if (worker->wake_event != NULL) {
        event_free(worker->wake_event);
    }
    if (worker->sweep_timer != NULL) {
        event_free(worker->sweep_timer);
    }
    if (worker->base != NULL) {
        event_base_free(worker->base);
    }
    if (worker->wake_fd >= 0) {
        close(worker->wake_fd);
    }
    secret_free(worker->input);
    mailbox_destroy(&worker->mailbox);
    worker->shared = NULL;
}
