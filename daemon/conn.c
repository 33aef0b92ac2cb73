/* SPDX-License-Identifier: EUPL-1.2 */
#include <errno.h>
#include <event2/buffer.h>
#include <openssl/err.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "crypto/secret.h"
#include "daemon/conn_private.h"
#include "daemon/farewell.h"

#define SECOND UINT64_C(1000000) /* in microseconds */
#define MILLISECOND UINT64_C(1000)

uint64_t conn_now(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * SECOND + (uint64_t)now.tv_nsec / 1000;
}

static void set_timer(struct conn *conn, uint64_t now)
{
    uint64_t left = conn->deadline > now ? conn->deadline - now : 0;
    const struct timeval time = {.tv_sec = (time_t)(left / SECOND),
                                 .tv_usec = (suseconds_t)(left % SECOND)};
    if (evtimer_add(&conn->timer, &time) == 0) {
        conn->timer_at = conn->deadline;
    }
}

/* A deadline moves with every request, mostly to later, and is seldom reached: the timer stays
 * where it is, and is set anew when it has gone off too early. */
static void set_deadline(struct conn *conn, uint64_t now, uint64_t milliseconds)
{
    conn->deadline = now + milliseconds * MILLISECOND;
    if (conn->timer_at == 0 || conn->timer_at > conn->deadline) {
        set_timer(conn, now);
    }
}

void conn_arm(struct conn *conn, int64_t milliseconds)
{
    set_deadline(conn, conn_now(), milliseconds > 0 ? (uint64_t)milliseconds : 0);
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
        conn->deadline = 0;
    } else {
        set_deadline(conn, conn_now(), times[phase]);
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
    evtimer_del(&conn->timer);
    evtimer_del(&conn->resume);
    warm_leave(&worker->warm, &conn->warm);
    stream_close(&conn->stream);
    secret_free(conn->kept);
    free(conn);
    return worker;
}

void conn_free(struct conn *conn)
{
    worker_released(dismantle(conn));
}

void conn_conclude(struct conn *conn)
{
    warm_leave(&conn->worker->warm, &conn->warm);
    int fd = stream_part(&conn->stream);
    farewell_start(dismantle(conn), fd);
}

/* The peer does not take what it asked for: without a reset the kernel would go on offering it. */
static void reset(struct conn *conn)
{
    const struct linger at_once = {.l_onoff = 1, .l_linger = 0};
    setsockopt(conn->stream.fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once));
    conn_free(conn);
}

/* A revoked certificate is noticed before the next request, at the latest. */
bool conn_is_welcome(struct conn *conn)
{
    struct worker_shared *shared = conn->worker->shared;
    SSL *ssl = conn->stream.ssl;
    if (ssl == NULL || tls_is_current(shared->tls, ssl, &conn->peer)) {
        return true;
    }
    metrics_count(shared->metrics, METRIC_TLS_INVALIDATED);
    return false;
}

/* ---- events ---- */

void conn_resume_later(struct conn *conn)
{
    static const struct timeval at_once = {0, 0};
    conn->resuming = true;
    evtimer_add(&conn->resume, &at_once);
    stream_pause(&conn->stream, true);
}

/* The answer is out. */
static enum conn_step conclude_request(struct conn *conn)
{
    if (conn->close_after || atomic_load(&conn->worker->shared->stopping)) {
        conn_conclude(conn);
        return CONN_GONE;
    }
    conn->scan = (struct http1_scan){0};
    conn->body_size = 0;
    conn_enter(conn, CONN_IDLE);
    if (conn->input_size > 0 || stream_has_more(&conn->stream)) {
        conn_resume_later(conn);
    }
    return CONN_STAYS;
}

enum conn_step conn_send(struct conn *conn)
{
    enum stream_result result = stream_flush(&conn->stream);
    if (result == STREAM_OVER) {
        conn_free(conn);
        return CONN_GONE;
    }
    return result == STREAM_OK && conn->phase == CONN_WRITING && !conn->failed
               ? conclude_request(conn)
               : CONN_STAYS;
}

static void on_resume(evutil_socket_t fd, short what, void *user)
{
    struct conn *conn = user;
    (void)fd;
    (void)what;
    conn->resuming = false;
    conn_advance(conn, false);
}

static void finish_handshake(struct conn *conn)
{
    struct worker_shared *shared = conn->worker->shared;
    leave_handshake(conn);
    int result = tls_identify(shared->tls, conn->stream.ssl, &conn->peer);
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
    if (stream_has_more(&conn->stream)) {
        conn_advance(conn, true); /* the first request came with the end of the handshake */
    }
}

static void shake_hands(struct conn *conn)
{
    enum stream_result result = stream_shake_hands(&conn->stream);
    if (result == STREAM_WAIT) {
        return;
    }
    if (result == STREAM_OK) {
        finish_handshake(conn);
        return;
    }
    unsigned long error = ERR_peek_last_error();
    bool closed = error == 0 || ERR_GET_REASON(error) == SSL_R_UNEXPECTED_EOF_WHILE_READING;
    metrics_count(conn->worker->shared->metrics, tls_failure(conn->stream.ssl, closed));
    ERR_clear_error();
    conn_conclude(conn); /* with time for the alert to be read */
}

static void on_ready(evutil_socket_t fd, short what, void *user)
{
    struct conn *conn = user;
    (void)fd;
    if (conn->phase == CONN_HANDSHAKE) {
        shake_hands(conn);
        return;
    }
    bool readable = (what & EV_READ) != 0 || conn->stream.read_wants_write;
    bool sends = (what & EV_WRITE) != 0 || conn->stream.write_wants_read;
    enum conn_step step = sends ? conn_send(conn) : CONN_STAYS;
    if (step == CONN_STAYS && readable && !conn->resuming) {
        conn_advance(conn, true);
    }
}

static void refuse_slow(struct conn *conn)
{
    enum conn_step step = conn_refuse(conn, &HTTP1_TOO_SLOW);
    (void)step; /* nothing touches it after this */
}

static void on_deadline(evutil_socket_t fd, short what, void *user)
{
    struct conn *conn = user;
    struct metrics *metrics = conn->worker->shared->metrics;
    (void)fd;
    (void)what;
    conn->timer_at = 0;
    uint64_t now = conn_now();
    if (conn->deadline > now) {
        set_timer(conn, now);
        return;
    }
    if (conn->deadline == 0) {
        return;
    }
    conn->deadline = 0;
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
            refuse_slow(conn);
        }
        break;
    case CONN_BODY:
        metrics_count(metrics, METRIC_DEADLINE_BODY);
        refuse_slow(conn);
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

static int open_stream(struct conn *conn, int fd)
{
    SSL *ssl = NULL;
    if (conn->service->secured) {
        ssl = tls_new_connection(conn->worker->shared->tls);
        if (ssl == NULL) {
            return -ENOMEM;
        }
    }
    int result = stream_open(&conn->stream, conn->worker->base, fd, ssl, on_ready, conn);
    if (result != 0) {
        SSL_free(ssl);
    }
    return result;
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
    evtimer_assign(&conn->timer, worker->base, on_deadline, conn);
    evtimer_assign(&conn->resume, worker->base, on_resume, conn);
    if (open_stream(conn, fd) != 0) {
        close(fd);
        conn_free(conn);
        return -ENOMEM;
    }
    link_into(conn, worker);
    conn_enter(conn, service->secured ? CONN_HANDSHAKE : CONN_HEAD);
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
    } else if (waiting && conn->input_size == 0 && !conn->resuming) {
        /* Part of a record may have come, which is no request yet. */
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
    OSSL_HANDSHAKE_STATE state = SSL_get_state(conn->stream.ssl);
    return (state == TLS_ST_BEFORE || state == TLS_ST_SR_CLNT_HELLO) &&
           ioctl(conn->stream.fd, FIONREAD, &unread) == 0 && unread == 0;
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
