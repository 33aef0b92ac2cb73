/* SPDX-License-Identifier: EUPL-1.2 */
#include <event2/buffer.h>
#include <string.h>

#include "crypto/secret.h"
#include "daemon/answer.h"
#include "daemon/conn_private.h"
#include "daemon/log.h"
#include "store/base/clock.h"

/* After so many records others have their turn. */
#define READS_MAXIMUM 64

static bool is_stranger(const struct conn *conn)
{
    return conn->service->secured && conn->caller.kind == CALLER_NOBODY;
}

/* The problem document says that the operator has been told. */
static void account_for(struct conn *conn, int status)
{
    struct metrics *metrics = conn->worker->shared->metrics;
    const char *route = conn->service->route(conn->turn);
    metrics_count_request(metrics, route, status, conn_now() - conn->begun);
    if (status == 500) {
        metrics_count(metrics, METRIC_INTERNAL_ERRORS);
        log_event(LOG_LEVEL_ERROR, "answer", "service=%s status=%d route=%s", conn->service->name,
                  status, route);
    }
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
    struct stream *stream = &conn->stream;
    int result = answer_write(response, request->method == HTTP_HEAD, conn->close_after,
                              stream_idle_tls(stream), stream->out);
    conn->service->close(TAKE_PTR(conn->turn));
    conn->body = NULL;
    conn->phase = CONN_WRITING;
    conn->failed = result != 0;
    if (conn->failed) {
        log_event(LOG_LEVEL_ERROR, "answer", "service=%s error=%s", conn->service->name,
                  strerror(-result));
        conn_arm(conn, 0);
        return;
    }
    if (evbuffer_get_length(stream->out) > 0) {
        conn_enter(conn, CONN_WRITING);
    }
    if (!conn->inside) {
        enum conn_step step = conn_send(conn);
        (void)step; /* nothing touches it after this, whether it is there or not */
    }
}

static enum conn_step open_turn(struct conn *conn)
{
    if (conn->service->open(conn, &conn->turn) != 0) {
        log_event(LOG_LEVEL_ERROR, "request", "service=%s error=no-memory", conn->service->name);
        conn_free(conn);
        return CONN_GONE;
    }
    struct http_request *request = conn->service->request(conn->turn);
    request->method = HTTP_OTHER;
    request->target = "";
    return CONN_AGAIN;
}

/* The service may answer from within, but the connection must outlive it. */
static enum conn_step hand_over(struct conn *conn, const struct http1_refusal *refusal)
{
    conn_enter(conn, CONN_ANSWERING);
    conn->inside = true;
    if (refusal != NULL) {
        conn->service->refuse(conn->turn, refusal);
    } else {
        conn->service->begin(conn->turn);
    }
    conn->inside = false;
    if (conn->phase == CONN_WRITING && !conn->failed) {
        return conn_send(conn);
    }
    return CONN_STAYS;
}

enum conn_step conn_refuse(struct conn *conn, const struct http1_refusal *refusal)
{
    conn->close_after = true;
    if (conn->turn == NULL && open_turn(conn) == CONN_GONE) {
        return CONN_GONE;
    }
    return hand_over(conn, refusal);
}

static enum conn_step begin(struct conn *conn)
{
    struct http_request *request = conn->service->request(conn->turn);
    request->body = conn->body;
    request->body_size = conn->body_size;
    enum conn_step step = hand_over(conn, NULL);
    if (step == CONN_STAYS && conn->phase == CONN_ANSWERING) {
        int64_t deadline = conn->service->wait_deadline(conn->turn);
        if (deadline != 0) {
            conn_arm(conn, deadline - clock_now());
        }
    }
    return step;
}

static enum conn_step begin_body(struct conn *conn)
{
    static const char go_on[] = "HTTP/1.1 100 Continue\r\n\r\n";
    size_t size = (size_t)conn->framing.body_size;
    if (is_stranger(conn)) {
        conn->close_after = true; /* strangers are not listened to: answered without the body */
        return begin(conn);
    }
    if (conn->framing.body_size > conn->service->body_maximum(conn->turn)) {
        return conn_refuse(conn, &HTTP1_BODY_TOO_LARGE);
    }
    conn->body = arena_new(conn->service->arena(conn->turn), size);
    bool sound = conn->body != NULL;
    if (sound && conn->framing.expects_continue && conn->input_size < size) {
        sound = evbuffer_add(conn->stream.out, go_on, sizeof(go_on) - 1) == 0 &&
                stream_flush(&conn->stream) != STREAM_OVER;
    }
    if (!sound) {
        conn_free(conn);
        return CONN_GONE;
    }
    conn->phase = CONN_BODY;
    if (conn->input_size < size) {
        conn_enter(conn, CONN_BODY);
    }
    return CONN_AGAIN;
}

static void take(struct conn *conn, void *to, size_t size)
{
    memcpy(to, conn->input, size);
    conn->input += size;
    conn->input_size -= size;
}

static enum conn_step read_body(struct conn *conn)
{
    size_t left = (size_t)conn->framing.body_size - conn->body_size;
    size_t size = conn->input_size < left ? conn->input_size : left;
    take(conn, conn->body + conn->body_size, size);
    conn->body_size += size;
    return conn->body_size == conn->framing.body_size ? begin(conn) : CONN_STAYS;
}

/* The head is complete in the input. */
static enum conn_step take_head(struct conn *conn)
{
    const struct http1_refusal *refusal;
    if (open_turn(conn) == CONN_GONE) {
        return CONN_GONE;
    }
    char *head = arena_new(conn->service->arena(conn->turn), conn->scan.size);
    if (head == NULL) {
        conn_free(conn);
        return CONN_GONE;
    }
    take(conn, head, conn->scan.size);
    if (http1_parse(head, conn->scan.size, conn->service->request(conn->turn), &conn->framing,
                    &refusal) != HTTP1_DONE) {
        return conn_refuse(conn, refusal);
    }
    conn->close_after = conn->framing.close;
    return conn->framing.body_size > 0 ? begin_body(conn) : begin(conn);
}

static enum conn_step read_head(struct conn *conn)
{
    const struct http1_refusal *refusal;
    if (conn->scan.size == 0) {
        conn->begun = conn_now();
        if (conn->service->secured) {
            warm_use(&conn->worker->warm, &conn->warm, conn->stream.ssl, conn->begun);
        }
    }
    enum http1_result result = http1_scan(&conn->scan, conn->input + conn->scan.size,
                                          conn->input_size - conn->scan.size, &refusal);
    if (result == HTTP1_REFUSED) {
        return conn_refuse(conn, refusal);
    }
    if (result == HTTP1_MORE) {
        if (conn->phase == CONN_IDLE) {
            conn_enter(conn, CONN_HEAD);
        }
        return CONN_STAYS;
    }
    return take_head(conn);
}

static enum conn_step use_once(struct conn *conn)
{
    if (conn->phase == CONN_BODY) {
        return read_body(conn);
    }
    if ((conn->phase != CONN_IDLE && conn->phase != CONN_HEAD) || conn->input_size == 0) {
        return CONN_STAYS;
    }
    if (conn->scan.size == 0 && !conn_is_welcome(conn)) {
        conn_conclude(conn);
        return CONN_GONE;
    }
    return read_head(conn);
}

/* A service that answers at once does not make this go on: the next request waits until the answer
 * is out, so that who never reads is not served either, and until others had their turn. */
static enum conn_step use(struct conn *conn)
{
    enum conn_step step;
    do {
        step = use_once(conn);
    } while (step == CONN_AGAIN);
    return step;
}

/* CONN_AGAIN: something has come. */
static enum conn_step fill(struct conn *conn)
{
    struct worker *worker = conn->worker;
    bool straight = conn->phase == CONN_BODY && conn->input_size == 0;
    if (!straight && conn->input != worker->input) {
        memmove(worker->input, conn->input, conn->input_size);
        conn->input = worker->input;
    }
    uint8_t *place = straight ? conn->body + conn->body_size : conn->input + conn->input_size;
    size_t room = straight ? (size_t)conn->framing.body_size - conn->body_size
                           : CONN_INPUT_MAXIMUM - conn->input_size;
    size_t size = 0;
    if (room == 0) {
        return CONN_STAYS;
    }
    enum stream_result result = stream_read(&conn->stream, place, room, &size);
    if (result == STREAM_OVER) {
        conn_free(conn);
        return CONN_GONE;
    }
    if (straight) {
        conn->body_size += size;
    } else {
        conn->input_size += size;
        worker_used_input(worker, conn->input_size);
    }
    return result == STREAM_OK ? CONN_AGAIN : CONN_STAYS;
}

/* What is unread goes to the worker's memory while the connection is at work, */
static void lay_out(struct conn *conn)
{
    struct worker *worker = conn->worker;
    if (conn->kept != NULL) {
        memcpy(worker->input, conn->kept, conn->input_size);
        worker_used_input(worker, conn->input_size);
        secret_free(TAKE_PTR(conn->kept));
    }
    conn->input = worker->input;
}

/* and what is left of it to memory of its own, which few need. */
static enum conn_step put_away(struct conn *conn)
{
    if (conn->input_size > 0) {
        conn->kept = secret_malloc(conn->input_size);
        if (conn->kept == NULL) {
            conn_free(conn);
            return CONN_GONE;
        }
        memcpy(conn->kept, conn->input, conn->input_size);
    }
    conn->input = conn->kept;
    return CONN_STAYS;
}

void conn_advance(struct conn *conn, bool readable)
{
    struct worker *worker = conn->worker;
    lay_out(conn);
    enum conn_step step = readable ? CONN_STAYS : use(conn);
    bool more = readable;
    for (int reads = 0; step == CONN_STAYS && !conn->resuming; reads++) {
        if (!more && !stream_has_more(&conn->stream)) {
            break;
        }
        if (reads == READS_MAXIMUM) {
            conn_resume_later(conn);
            break;
        }
        more = false;
        step = fill(conn);
        if (step != CONN_AGAIN) {
            break;
        }
        step = use(conn);
    }
    if (step == CONN_STAYS) {
        step = put_away(conn);
    }
    if (step == CONN_STAYS) {
        stream_pause(&conn->stream, conn->resuming || conn->input_size == CONN_INPUT_MAXIMUM);
    }
    worker_wipe_input(worker);
}
