/* SPDX-License-Identifier: EUPL-1.2 */
#include <errno.h>
#include <event2/buffer.h>
#include <event2/bufferevent_ssl.h>
#include <fcntl.h>
#include <openssl/err.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "daemon/conn_private.h"
#include "daemon/farewell.h"

/* Bytes: with what libevent puts before them they fill 4 KiB, which is enough for most requests. It
 * takes memory for as much as it may read, and all of that is wiped afterwards. */
#define READ_AT_ONCE 4032

void conn_arm(struct conn *conn, int64_t milliseconds)
{
    if (milliseconds < 0) {
        milliseconds = 0;
    }
    const struct timeval time = {.tv_sec = (time_t)(milliseconds / 1000),
                                 .tv_usec = (suseconds_t)(milliseconds % 1000) * 1000};
    evtimer_add(conn->deadline, &time);
}

void conn_enter(struct conn *conn, enum conn_phase phase)
{
    const struct deadlines *deadlines = conn->worker->shared->deadlines;
    const unsigned times[] = {
        [CONN_HANDSHAKE] = deadlines->handshake,
        [CONN_IDLE] = deadlines->idle,
        [CONN_HEAD] = deadlines->head,
        [CONN_BODY] = deadlines->body,
        [CONN_ANSWERING] = 0,
        [CONN_WRITING] = deadlines->write,
    };
    conn->phase = phase;
    if (times[phase] == 0) {
        evtimer_del(conn->deadline);
    } else {
        conn_arm(conn, times[phase]);
    }
}

/* ---- the end ---- */

static void leave_handshake(struct conn *conn)
{
    if (conn->counted) {
        conn->counted = false;
        worker_handshake_over(conn->worker);
    }
}

/* Everything but the account of it, which passes to a lingering descriptor or is released. */
static struct worker *dismantle(struct conn *conn)
{
    struct worker *worker = conn->worker;
    leave_handshake(conn);
    if (conn->turn != NULL) {
        conn->service->abandon(TAKE_PTR(conn->turn));
    }
    if (conn->previous != NULL) {
        *conn->previous = conn->next;
    }
    if (conn->next != NULL) {
        conn->next->previous = conn->previous;
    }
    if (conn->deadline != NULL) {
        event_free(conn->deadline);
    }
    if (conn->bev != NULL) {
        bufferevent_free(conn->bev);
    }
    free(conn);
    return worker;
}

void conn_free(struct conn *conn)
{
    worker_released(dismantle(conn));
}

void conn_conclude(struct conn *conn)
{
    int fd = fcntl(bufferevent_getfd(conn->bev), F_DUPFD_CLOEXEC, 0);
    if (conn->ssl != NULL && SSL_is_init_finished(conn->ssl)) {
        SSL_shutdown(conn->ssl);
        ERR_clear_error();
    }
    struct worker *worker = dismantle(conn);
    if (fd >= 0) {
        farewell_start(worker, fd);
    } else {
        worker_released(worker);
    }
}

/* The peer does not take what it asked for: without a reset the kernel would go on offering it. */
static void reset(struct conn *conn)
{
    const struct linger at_once = {.l_onoff = 1, .l_linger = 0};
    setsockopt(bufferevent_getfd(conn->bev), SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once));
    conn_free(conn);
}

/* A revoked certificate is noticed before the next request, at the latest. */
bool conn_is_welcome(struct conn *conn)
{
    struct worker_shared *shared = conn->worker->shared;
    if (conn->ssl == NULL || tls_is_current(shared->tls, conn->ssl, &conn->peer)) {
        return true;
    }
    metrics_count(shared->metrics, METRIC_TLS_INVALIDATED);
    return false;
}

/* ---- libevent's callbacks ---- */

static void on_input(struct bufferevent *bev, void *user)
{
    (void)bev;
    conn_advance(user);
}

/* The output is empty. */
static void on_written(struct bufferevent *bev, void *user)
{
    struct conn *conn = user;
    if (conn->phase != CONN_WRITING || evbuffer_get_length(bufferevent_get_output(bev)) > 0) {
        return;
    }
    if (conn->close_after || atomic_load(&conn->worker->shared->stopping)) {
        conn_conclude(conn);
        return;
    }
    conn->scan = (struct http1_scan){0};
    conn->body_size = 0;
    conn_enter(conn, CONN_IDLE);
    conn_advance(conn);
}

static void finish_handshake(struct conn *conn)
{
    struct worker_shared *shared = conn->worker->shared;
    leave_handshake(conn);
    int result = tls_identify(shared->tls, conn->ssl, &conn->peer);
    if (result != 0) {
        metrics_count(shared->metrics,
                      result > 0 ? METRIC_TLS_INVALIDATED : METRIC_TLS_FAILED_CERTIFICATE);
        conn_free(conn);
        return;
    }
    metrics_count(shared->metrics, METRIC_TLS_HANDSHAKES);
    conn->caller.kind = conn->peer.kind;
    conn->caller.oin = conn->peer.oin;
    memcpy(conn->caller.fingerprint, conn->peer.fingerprint, sizeof(conn->caller.fingerprint));
    conn_enter(conn, CONN_HEAD);
}

static void on_event(struct bufferevent *bev, short what, void *user)
{
    struct conn *conn = user;
    (void)bev;
    if ((what & BEV_EVENT_CONNECTED) != 0) {
        finish_handshake(conn);
        return;
    }
    if (conn->phase != CONN_HANDSHAKE) {
        conn_free(conn); /* the peer is gone, or TLS broke off */
        return;
    }
    unsigned long error = bufferevent_get_openssl_error(conn->bev);
    bool closed = (what & BEV_EVENT_EOF) != 0 || error == 0 ||
                  ERR_GET_REASON(error) == SSL_R_UNEXPECTED_EOF_WHILE_READING;
    metrics_count(conn->worker->shared->metrics, tls_failure(conn->ssl, closed));
    ERR_clear_error();
    conn_conclude(conn); /* with time for the alert to be read */
}

static void on_deadline(evutil_socket_t fd, short what, void *user)
{
    struct conn *conn = user;
    struct metrics *metrics = conn->worker->shared->metrics;
    (void)fd;
    (void)what;
    switch (conn->phase) {
    case CONN_HANDSHAKE:
        metrics_count(metrics, METRIC_TLS_FAILED_TIMEOUT);
        conn_free(conn);
        break;
    case CONN_IDLE:
        metrics_count(metrics, METRIC_DEADLINE_IDLE);
        conn_conclude(conn);
        break;
    case CONN_HEAD:
        metrics_count(metrics, METRIC_DEADLINE_HEAD);
        if (conn->scan.size == 0) {
            conn_conclude(conn);
        } else {
            conn_refuse(conn, &HTTP1_TOO_SLOW);
        }
        break;
    case CONN_BODY:
        metrics_count(metrics, METRIC_DEADLINE_BODY);
        conn_refuse(conn, &HTTP1_TOO_SLOW);
        break;
    case CONN_ANSWERING:
        conn->service->wake(conn->turn);
        break;
    case CONN_WRITING:
        metrics_count(metrics, METRIC_DEADLINE_WRITE);
        reset(conn);
        break;
    }
}

/* ---- the beginning ---- */

static struct bufferevent *wrap(struct conn *conn, int fd)
{
    struct event_base *base = conn->worker->base;
    const int options = BEV_OPT_CLOSE_ON_FREE | BEV_OPT_DEFER_CALLBACKS;
    if (!conn->service->secured) {
        return bufferevent_socket_new(base, fd, options);
    }
    conn->ssl = tls_new_connection(conn->worker->shared->tls);
    if (conn->ssl == NULL) {
        return NULL;
    }
    struct bufferevent *bev =
        bufferevent_openssl_socket_new(base, fd, conn->ssl, BUFFEREVENT_SSL_ACCEPTING, options);
    if (bev == NULL) {
        SSL_free(conn->ssl);
    }
    return bev;
}

static void link_into(struct conn *conn, struct worker *worker)
{
    conn->previous = &worker->conns;
    conn->next = worker->conns;
    if (conn->next != NULL) {
        conn->next->previous = &conn->next;
    }
    worker->conns = conn;
}

int conn_open(struct worker *worker, const struct service *service, int fd, uint32_t uid)
{
    struct conn *conn = calloc(1, sizeof(*conn));
    if (conn == NULL) {
        close(fd);
        if (service->secured) {
            worker_handshake_over(worker);
        }
        worker_released(worker);
        return -ENOMEM;
    }
    conn->worker = worker;
    conn->service = service;
    conn->counted = service->secured;
    conn->caller.kind = service == &service_control ? CALLER_OPERATOR : CALLER_NOBODY;
    conn->caller.uid = uid;
    conn->deadline = evtimer_new(worker->base, on_deadline, conn);
    conn->bev = conn->deadline == NULL ? NULL : wrap(conn, fd);
    if (conn->bev == NULL) {
        close(fd);
        conn_free(conn);
        return -ENOMEM;
    }
    link_into(conn, worker);
    bufferevent_setcb(conn->bev, on_input, on_written, on_event, conn);
    bufferevent_setwatermark(conn->bev, EV_READ, 0, CONN_INPUT_MAXIMUM);
    bufferevent_set_max_single_read(conn->bev, READ_AT_ONCE);
    conn_enter(conn, service->secured ? CONN_HANDSHAKE : CONN_HEAD);
    bufferevent_enable(conn->bev, EV_READ | EV_WRITE);
    return 0;
}

/* ---- what its worker asks ---- */

struct worker *conn_worker(const struct conn *conn)
{
    return conn->worker;
}

const struct caller *conn_caller(const struct conn *conn)
{
    return &conn->caller;
}

struct conn *conn_next(const struct conn *conn)
{
    return conn->next;
}

void conn_drain(struct conn *conn)
{
    bool waiting = conn->phase == CONN_IDLE || conn->phase == CONN_HEAD;
    if (conn->phase == CONN_HANDSHAKE) {
        conn_free(conn);
    } else if (waiting && conn->scan.size == 0 &&
               evbuffer_get_length(bufferevent_get_input(conn->bev)) == 0) {
        conn_conclude(conn);
    }
}

/* Also of who is in the middle of it: one byte would be as cheap as none. */
bool conn_is_silent(const struct conn *conn)
{
    int unread = 0;
    if (conn->phase != CONN_HANDSHAKE) {
        return false;
    }
    OSSL_HANDSHAKE_STATE state = SSL_get_state(conn->ssl);
    return (state == TLS_ST_BEFORE || state == TLS_ST_SR_CLNT_HELLO) &&
           ioctl(bufferevent_getfd(conn->bev), FIONREAD, &unread) == 0 && unread == 0;
}

void conn_evict(struct conn *conn)
{
    metrics_count(conn->worker->shared->metrics, METRIC_TLS_FAILED_EVICTED);
    conn_free(conn);
}

bool conn_is_outdated(const struct conn *conn)
{
    return conn->phase != CONN_HANDSHAKE && conn->peer.kind == CALLER_CERTIFICATE &&
           conn->peer.generation != tls_generation(conn->worker->shared->tls);
}

void conn_revalidate(struct conn *conn)
{
    if (conn_is_welcome(conn)) {
        return;
    }
    if (conn->phase == CONN_WRITING) {
        conn_free(conn); /* in the middle of a record nothing else can be said */
    } else {
        conn_conclude(conn);
    }
}
