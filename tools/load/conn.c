/* SPDX-License-Identifier: EUPL-1.2 */
#include "tools/load/conn.h"

#include <errno.h>
#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/bufferevent_ssl.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <string.h>
#include <unistd.h>

void bench_conn_init(struct bench_conn *conn, const struct bench_conn_settings *settings,
                     const struct bench_identity *identity)
{
    *conn = (struct bench_conn){.settings = settings, .identity = identity};
}

void bench_conn_close(struct bench_conn *conn)
{
    if (conn->bev != NULL) {
        SSL *ssl = bufferevent_openssl_get_ssl(conn->bev);
        /* In the middle of a handshake there is nobody to say goodbye to. */
        if (SSL_is_init_finished(ssl)) {
            SSL_shutdown(ssl);
            ERR_clear_error();
        }
        bufferevent_free(conn->bev);
        conn->bev = NULL;
    }
    conn->state = BENCH_CONN_CLOSED;
}

void bench_conn_fail(struct bench_conn *conn, enum bench_failure failure)
{
    enum bench_conn_state was = conn->state;
    bench_conn_close(conn);
    if (failure != BENCH_LOST) {
        conn->why = bench_failure_name(failure);
    }
    conn->settings->events->failed(conn, was, failure);
}

/* True when the head is there and was understood; it may also have failed. */
static bool read_head(struct bench_conn *conn, struct evbuffer *input)
{
    struct evbuffer_ptr end = evbuffer_search(input, "\r\n\r\n", 4, NULL);
    if (end.pos < 0) {
        if (evbuffer_get_length(input) > BENCH_HEAD_MAXIMUM) {
            bench_conn_fail(conn, BENCH_MALFORMED);
        }
        return false;
    }
    size_t length = (size_t)end.pos + 4;
    const char *bytes = (const char *)evbuffer_pullup(input, (ev_ssize_t)length);
    if (bytes == NULL || length > BENCH_HEAD_MAXIMUM ||
        bench_head_parse(bytes, length, &conn->head) != 0) {
        bench_conn_fail(conn, BENCH_MALFORMED);
        return false;
    }
    conn->in_head = false;
    conn->head_length = length;
    return true;
}

static void take_answer(struct bench_conn *conn, struct evbuffer *input)
{
    size_t whole = conn->head_length + conn->head.body_length;
    size_t there = evbuffer_get_length(input);
    if (there < whole) {
        return;
    }
    /* Out of the connection, which may send again, or be closed, within the callback. */
    struct evbuffer *taken = conn->settings->answer;
    bool good = there == whole && evbuffer_add_buffer(taken, input) == 0;
    const char *bytes = good ? (const char *)evbuffer_pullup(taken, -1) : NULL;
    if (bytes != NULL) {
        struct bench_answer answer = {
            .head = &conn->head,
            .bytes = bytes,
            .body = bytes + conn->head_length,
            .body_length = conn->head.body_length,
            .at = bench_now(),
        };
        conn->state = BENCH_CONN_IDLE;
        if (conn->head.closes) {
            bench_conn_close(conn);
        }
        conn->settings->events->answered(conn, &answer);
    } else {
        bench_conn_fail(conn, BENCH_MALFORMED);
    }
    evbuffer_drain(taken, evbuffer_get_length(taken));
}

static void on_read(struct bufferevent *bev, void *user)
{
    struct bench_conn *conn = user;
    struct evbuffer *input = bufferevent_get_input(bev);
    if (conn->state != BENCH_CONN_BUSY) {
        if (evbuffer_get_length(input) > 0) {
            bench_conn_fail(conn, BENCH_MALFORMED);
        }
        return;
    }
    if (!conn->in_head || read_head(conn, input)) {
        take_answer(conn, input);
    }
}

static void on_event(struct bufferevent *bev, short what, void *user)
{
    struct bench_conn *conn = user;
    if ((what & BEV_EVENT_CONNECTED) != 0) {
        conn->state = BENCH_CONN_IDLE;
        conn->opened_in = bench_now() - conn->since;
        conn->settings->events->opened(conn);
    } else if ((what & (BEV_EVENT_EOF | BEV_EVENT_ERROR)) != 0) {
        unsigned long error = bufferevent_get_openssl_error(bev);
        const char *reason = error != 0 ? ERR_reason_error_string(error) : NULL;
        conn->why = reason != NULL ? reason : "the server closed the connection";
        bench_conn_fail(conn, BENCH_LOST);
    }
}

/* A socket that has begun to connect; -errno. */
static int begin_connecting(const struct bench_target *target)
{
    int fd = socket(target->address.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0) {
        return -errno;
    }
    int on = 1;
    if (setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on)) != 0 ||
        (connect(fd, (const struct sockaddr *)&target->address, target->address_length) != 0 &&
         errno != EINPROGRESS)) {
        int error = errno;
        close(fd);
        return -error;
    }
    return fd;
}

int bench_conn_open(struct bench_conn *conn)
{
    const struct bench_conn_settings *settings = conn->settings;
    conn->since = bench_now();
    conn->state = BENCH_CONN_OPENING;
    int fd = begin_connecting(settings->target);
    if (fd == -ECONNREFUSED || fd == -EADDRNOTAVAIL) {
        conn->why = fd == -ECONNREFUSED ? "nothing listens" : "no port is left here";
        bench_conn_fail(conn, BENCH_LOST);
        return 0;
    }
    if (fd < 0) {
        conn->state = BENCH_CONN_CLOSED;
        return fd;
    }
    SSL *ssl = bench_tls_connection(settings->context, conn->identity, settings->target->host);
    conn->bev =
        ssl == NULL
            ? NULL
            : bufferevent_openssl_socket_new(settings->base, fd, ssl, BUFFEREVENT_SSL_CONNECTING,
                                             BEV_OPT_CLOSE_ON_FREE | BEV_OPT_DEFER_CALLBACKS);
    if (conn->bev == NULL) {
        /* libevent has freed the half that it could not use. */
        close(fd);
        conn->state = BENCH_CONN_CLOSED;
        return -ENOMEM;
    }
    bufferevent_setcb(conn->bev, on_read, NULL, on_event, conn);
    if (bufferevent_enable(conn->bev, EV_READ | EV_WRITE) != 0) {
        bench_conn_close(conn);
        return -ENOMEM;
    }
    return 0;
}

int bench_conn_send(struct bench_conn *conn, const char *request, size_t length)
{
    conn->state = BENCH_CONN_BUSY;
    conn->in_head = true;
    conn->since = bench_now();
    return bufferevent_write(conn->bev, request, length) == 0 ? 0 : -ENOMEM;
}
