/* SPDX-License-Identifier: EUPL-1.2 */
#include <event2/buffer.h>
#include <string.h>
#include <time.h>

#include "daemon/answer.h"
#include "daemon/conn_private.h"
#include "daemon/log.h"
#include "store/base/clock.h"

enum step {
    STEP_WAIT,
    STEP_AGAIN,
    STEP_GONE, /* the connection is */
};

static uint64_t microseconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
}

static bool is_stranger(const struct conn *conn)
{
    return conn->service->secured && conn->caller.kind == CALLER_NOBODY;
}

/* The problem document says that the operator has been told. */
static void account_for(struct conn *conn, int status)
{
    struct metrics *metrics = conn->worker->shared->metrics;
    const char *route = conn->service->route(conn->turn);
    metrics_count_request(metrics, route, status, microseconds() - conn->begun);
    if (status == 500) {
        metrics_count(metrics, METRIC_INTERNAL_ERRORS);
        log_event(LOG_LEVEL_ERROR, "answer", "service=%s status=%d route=%s", conn->service->name,
                  status, route);
    }
}

/* NULL when an answer cannot go past libevent: others are before it, or there is no TLS. */
static SSL *idle_tls(const struct conn *conn)
{
    bool idle = conn->ssl != NULL && !SSL_want_write(conn->ssl) &&
                evbuffer_get_length(bufferevent_get_output(conn->bev)) == 0;
    return idle ? conn->ssl : NULL;
}

/* Sends what the service refused or answered. */
void conn_answer(struct conn *conn)
{
    struct worker *worker = conn->worker;
    const struct http_response *response = conn->service->response(conn->turn);
    const struct http_request *request = conn->service->request(conn->turn);
    /* Strangers keep no connection from those who have a certificate. */
    conn->close_after = conn->close_after || response->close || is_stranger(conn) ||
                        atomic_load(&worker->shared->stopping);
    account_for(conn, response->status);
    int result = answer_write(response, request->method == HTTP_HEAD, conn->close_after,
                              idle_tls(conn), bufferevent_get_output(conn->bev));
    conn->service->close(TAKE_PTR(conn->turn));
    conn->body = NULL;
    /* Until libevent says, in a callback of its own, that it is out. */
    conn_enter(conn, CONN_WRITING);
    if (result != 0) {
        log_event(LOG_LEVEL_ERROR, "answer", "service=%s error=%s", conn->service->name,
                  strerror(-result));
        conn_arm(conn, 0);
    } else if (evbuffer_get_length(bufferevent_get_output(conn->bev)) == 0) {
        bufferevent_trigger(conn->bev, EV_WRITE, BEV_TRIG_DEFER_CALLBACKS);
    }
}

static enum step open_turn(struct conn *conn)
{
    if (conn->service->open(conn, &conn->turn) != 0) {
        log_event(LOG_LEVEL_ERROR, "request", "service=%s error=no-memory", conn->service->name);
        conn_free(conn);
        return STEP_GONE;
    }
    struct http_request *request = conn->service->request(conn->turn);
    request->method = HTTP_OTHER;
    request->target = "";
    return STEP_AGAIN;
}

static enum step refuse(struct conn *conn, const struct http1_refusal *refusal)
{
    conn->close_after = true;
    if (conn->turn == NULL && open_turn(conn) == STEP_GONE) {
        return STEP_GONE;
    }
    conn_enter(conn, CONN_ANSWERING);
    conn->service->refuse(conn->turn, refusal);
    return STEP_WAIT;
}

void conn_refuse(struct conn *conn, const struct http1_refusal *refusal)
{
    refuse(conn, refusal);
}

static enum step begin(struct conn *conn)
{
    struct http_request *request = conn->service->request(conn->turn);
    request->body = conn->body;
    request->body_size = conn->body_size;
    conn_enter(conn, CONN_ANSWERING);
    conn->service->begin(conn->turn);
    if (conn->phase == CONN_ANSWERING) {
        int64_t deadline = conn->service->wait_deadline(conn->turn);
        if (deadline != 0) {
            conn_arm(conn, deadline - clock_now());
        }
    }
    return STEP_WAIT;
}

static enum step begin_body(struct conn *conn)
{
    static const char go_on[] = "HTTP/1.1 100 Continue\r\n\r\n";
    struct evbuffer *input = bufferevent_get_input(conn->bev);
    size_t size = (size_t)conn->framing.body_size;
    if (is_stranger(conn)) {
        conn->close_after = true; /* strangers are not listened to: answered without the body */
        return begin(conn);
    }
    if (conn->framing.body_size > conn->service->body_maximum(conn->turn)) {
        return refuse(conn, &HTTP1_BODY_TOO_LARGE);
    }
    conn->body = arena_new(conn->service->arena(conn->turn), size);
    if (conn->body == NULL) {
        conn_free(conn);
        return STEP_GONE;
    }
    if (conn->framing.expects_continue && evbuffer_get_length(input) < size) {
        bufferevent_write(conn->bev, go_on, sizeof(go_on) - 1);
    }
    conn_enter(conn, CONN_BODY);
    return STEP_AGAIN;
}

static enum step read_body(struct conn *conn)
{
    size_t left = (size_t)conn->framing.body_size - conn->body_size;
    int size =
        evbuffer_remove(bufferevent_get_input(conn->bev), conn->body + conn->body_size, left);
    conn->body_size += size > 0 ? (size_t)size : 0;
    return conn->body_size == conn->framing.body_size ? begin(conn) : STEP_WAIT;
}

/* The head is complete in the input. */
static enum step take_head(struct conn *conn)
{
    const struct http1_refusal *refusal;
    if (open_turn(conn) == STEP_GONE) {
        return STEP_GONE;
    }
    char *head = arena_new(conn->service->arena(conn->turn), conn->scan.size);
    if (head == NULL) {
        conn_free(conn);
        return STEP_GONE;
    }
    evbuffer_remove(bufferevent_get_input(conn->bev), head, conn->scan.size);
    if (http1_parse(head, conn->scan.size, conn->service->request(conn->turn), &conn->framing,
                    &refusal) != HTTP1_DONE) {
        return refuse(conn, refusal);
    }
    conn->close_after = conn->framing.close;
    return conn->framing.body_size > 0 ? begin_body(conn) : begin(conn);
}

static enum step read_head(struct conn *conn)
{
    struct evbuffer *input = bufferevent_get_input(conn->bev);
    const struct http1_refusal *refusal;
    enum http1_result result = HTTP1_MORE;
    if (conn->scan.size == 0) {
        conn->begun = microseconds();
    }
    while (result == HTTP1_MORE && conn->scan.size < evbuffer_get_length(input)) {
        struct evbuffer_ptr position;
        struct evbuffer_iovec piece;
        if (evbuffer_ptr_set(input, &position, conn->scan.size, EVBUFFER_PTR_SET) != 0 ||
            evbuffer_peek(input, -1, &position, &piece, 1) < 1) {
            conn_free(conn);
            return STEP_GONE;
        }
        result = http1_scan(&conn->scan, piece.iov_base, piece.iov_len, &refusal);
    }
    if (result == HTTP1_REFUSED) {
        return refuse(conn, refusal);
    }
    if (result == HTTP1_MORE) {
        if (conn->phase == CONN_IDLE) {
            conn_enter(conn, CONN_HEAD);
        }
        return STEP_WAIT;
    }
    return take_head(conn);
}

static enum step advance_once(struct conn *conn)
{
    if (conn->phase == CONN_BODY) {
        return read_body(conn);
    }
    if ((conn->phase != CONN_IDLE && conn->phase != CONN_HEAD) ||
        evbuffer_get_length(bufferevent_get_input(conn->bev)) == 0) {
        return STEP_WAIT;
    }
    if (conn->scan.size == 0 && !conn_is_welcome(conn)) {
        conn_conclude(conn);
        return STEP_GONE;
    }
    return read_head(conn);
}

/* A service that answers at once does not make this go on: the next request waits until the answer
 * is out, so that who never reads is not served either. */
void conn_advance(struct conn *conn)
{
    while (advance_once(conn) == STEP_AGAIN) {
    }
}
