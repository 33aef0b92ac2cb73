/* SPDX-License-Identifier: EUPL-1.2 */
#include "tools/witness/server.h"

#include <arpa/inet.h>
#include <errno.h>
#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/bufferevent_ssl.h>
#include <event2/event.h>
#include <event2/listener.h>
#include <inttypes.h>
#include <netdb.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "tools/witness/http.h"
#include "tools/witness/request.h"
#include "tools/witness/tls.h"

#define INPUT_MAXIMUM (HTTP1_HEAD_MAXIMUM + WITNESS_BODY_MAXIMUM)
#define IGNORED_MAXIMUM ((size_t)1 << 20)
#define ADDRESS_SIZE (INET6_ADDRSTRLEN + 16)

struct conn;

struct server {
    const struct witness_server_options *options;
    struct event_base *base;
    SSL_CTX *tls; /* NULL: none */
    struct evconnlistener *listener;
    struct event *resume_timer;
    struct event *signals[2];
    struct conn *conns; /* the oldest last */
    size_t conn_count;
    int fault; /* something could not be kept */
};

struct conn {
    struct server *server;
    struct bufferevent *bev;
    struct event *deadline;
    struct witness_turn turn;
    bool idle;      /* between two requests */
    bool answering; /* an answer is on its way out */
    bool closing;   /* after it */
    size_t ignored; /* bytes since it was closed on this side */
    char peer[ADDRESS_SIZE];
    struct conn *next;
    struct conn **previous;
};

static const struct timeval request_time = {WITNESS_REQUEST_SECONDS, 0};
static const struct timeval farewell_time = {2, 0};
static const struct timeval idle_time = {WITNESS_IDLE_SECONDS, 0};
static const struct timeval resume_time = {1, 0};

static void describe(const struct sockaddr *address, socklen_t size, char out[static ADDRESS_SIZE])
{
    char host[INET6_ADDRSTRLEN];
    char port[8];
    if (getnameinfo(address, size, host, sizeof(host), port, sizeof(port),
                    NI_NUMERICHOST | NI_NUMERICSERV) != 0) {
        snprintf(out, ADDRESS_SIZE, "unknown");
    } else if (address->sa_family == AF_INET6) {
        snprintf(out, ADDRESS_SIZE, "[%s]:%s", host, port);
    } else {
        snprintf(out, ADDRESS_SIZE, "%s:%s", host, port);
    }
}

/* ---- a connection ---- */

static void say_goodbye(struct conn *conn)
{
    SSL *ssl = conn->server->tls != NULL ? bufferevent_openssl_get_ssl(conn->bev) : NULL;
    if (ssl != NULL && SSL_is_init_finished(ssl)) {
        SSL_shutdown(ssl);
    }
    ERR_clear_error();
}

static void conn_free(struct conn *conn)
{
    if (conn->bev != NULL) {
        if (!conn->closing || conn->answering) {
            say_goodbye(conn);
        }
        bufferevent_free(conn->bev);
    }
    if (conn->deadline != NULL) {
        event_free(conn->deadline);
    }
    *conn->previous = conn->next;
    if (conn->next != NULL) {
        conn->next->previous = conn->previous;
    }
    conn->server->conn_count--;
    free(conn);
}

/* One line for every decision. What stands in it was checked to be visible ASCII. */
static void say(const struct conn *conn, const struct witness_answer *answer)
{
    char root[CHECKPOINT_HASH_SIZE] = "-";
    if (answer->asked.origin[0] == '\0') {
        fprintf(stderr, "<4>refused status=%d peer=%s reason=\"%s\"\n", answer->status, conn->peer,
                answer->reason);
        return;
    }
    checkpoint_hash_format(&answer->asked.root, root);
    if (answer->status == 200) {
        fprintf(stderr, "<6>cosigned log=%s size=%" PRIu64 " root=%s peer=%s\n",
                answer->asked.origin, answer->asked.size, root, conn->peer);
    } else {
        fprintf(stderr,
                "<%d>refused status=%d log=%s size=%" PRIu64 " root=%s peer=%s reason=\"%s\"%s%s\n",
                answer->is_fork ? 3 : 4, answer->status, answer->asked.origin, answer->asked.size,
                root, conn->peer, answer->reason, answer->kept_as[0] != '\0' ? " kept=" : "",
                answer->kept_as);
    }
}

static void send_output(struct conn *conn, const struct witness_output *output, bool answered)
{
    if (answered) {
        conn->answering = true;
        conn->closing = output->close;
        evtimer_add(conn->deadline, &request_time);
    }
    bufferevent_write(conn->bev, output->bytes, output->size);
}

static void advance(struct conn *conn)
{
    struct evbuffer *input = bufferevent_get_input(conn->bev);
    struct server *server = conn->server;
    while (!conn->answering) {
        struct witness_output output = {.size = 0};
        size_t size = evbuffer_get_length(input);
        size_t used = 0;
        if (size == 0) {
            return;
        }
        if (conn->idle) {
            conn->idle = false;
            evtimer_add(conn->deadline, &request_time);
        }
        const uint8_t *bytes = evbuffer_pullup(input, -1);
        int result = bytes == NULL ? -ENOMEM
                                   : witness_http_step(server->options->witness, &conn->turn, bytes,
                                                       size, (uint64_t)time(NULL), &output, &used);
        if (result >= 0 ? output.answer.status != 0 : output.answer.is_fork) {
            say(conn, &output.answer); /* a fork that cannot be kept is told all the same */
        }
        if (result < 0) {
            server->fault = result;
            event_base_loopbreak(server->base);
            return;
        }
        evbuffer_drain(input, used);
        if (result == WITNESS_MORE) {
            return;
        }
        send_output(conn, &output, result == WITNESS_ANSWERED);
        if (result == WITNESS_CONTINUE) {
            return;
        }
    }
}

/* Closed at once while there is input, an answer would be lost with it: what still comes is read
 * for a moment, and not looked at. */
static void leave(struct conn *conn)
{
    struct evbuffer *input = bufferevent_get_input(conn->bev);
    conn->answering = false;
    evbuffer_drain(input, evbuffer_get_length(input));
    say_goodbye(conn);
    shutdown(bufferevent_getfd(conn->bev), SHUT_WR);
    evtimer_add(conn->deadline, &farewell_time);
}

static void on_readable(struct bufferevent *bev, void *user)
{
    struct conn *conn = user;
    struct evbuffer *input = bufferevent_get_input(bev);
    if (!conn->closing) {
        advance(conn);
        return;
    }
    conn->ignored += evbuffer_get_length(input);
    evbuffer_drain(input, evbuffer_get_length(input));
    if (conn->ignored > IGNORED_MAXIMUM) {
        conn_free(conn);
    }
}

/* All of the output is with the kernel. */
static void on_written(struct bufferevent *bev, void *user)
{
    struct conn *conn = user;
    /* It is also called when there was nothing to write. */
    if (!conn->answering || evbuffer_get_length(bufferevent_get_output(bev)) > 0) {
        return;
    }
    if (conn->closing) {
        leave(conn);
        return;
    }
    conn->answering = false;
    conn->idle = true;
    evtimer_add(conn->deadline, &idle_time);
    advance(conn);
}

static void on_event(struct bufferevent *bev, short what, void *user)
{
    (void)bev;
    if ((what & BEV_EVENT_CONNECTED) == 0) {
        conn_free(user);
    }
}

static void on_deadline(evutil_socket_t fd, short what, void *user)
{
    (void)fd;
    (void)what;
    conn_free(user);
}

/* ---- accepting ---- */

/* The oldest makes room: of those that wait for a next request, else of those that have not sent
 * theirs. What is answered, is answered to its end. */
static bool make_room(struct server *server)
{
    struct conn *idle = NULL;
    struct conn *unfinished = NULL;
    if (server->conn_count < WITNESS_CONNECTIONS_MAXIMUM) {
        return true;
    }
    for (struct conn *conn = server->conns; conn != NULL; conn = conn->next) {
        idle = conn->idle ? conn : idle;
        unfinished = !conn->idle && !conn->answering ? conn : unfinished;
    }
    if (idle == NULL && unfinished == NULL) {
        return false;
    }
    conn_free(idle != NULL ? idle : unfinished);
    return true;
}

static struct bufferevent *open_bufferevent(struct server *server, evutil_socket_t fd)
{
    const int options = BEV_OPT_CLOSE_ON_FREE | BEV_OPT_DEFER_CALLBACKS;
    if (server->tls == NULL) {
        return bufferevent_socket_new(server->base, fd, options);
    }
    SSL *ssl = SSL_new(server->tls);
    struct bufferevent *bev =
        ssl == NULL ? NULL
                    : bufferevent_openssl_socket_new(server->base, fd, ssl,
                                                     BUFFEREVENT_SSL_ACCEPTING, options);
    if (bev == NULL) {
        SSL_free(ssl);
    }
    return bev;
}

static void on_accept(struct evconnlistener *listener, evutil_socket_t fd, struct sockaddr *address,
                      int size, void *user)
{
    struct server *server = user;
    const int yes = 1;
    (void)listener;
    struct conn *conn = make_room(server) ? calloc(1, sizeof(*conn)) : NULL;
    if (conn == NULL) {
        close(fd);
        return;
    }
    conn->server = server;
    conn->next = server->conns;
    conn->previous = &server->conns;
    if (conn->next != NULL) {
        conn->next->previous = &conn->next;
    }
    server->conns = conn;
    server->conn_count++;
    describe(address, (socklen_t)size, conn->peer);
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof(yes));
    conn->bev = open_bufferevent(server, fd);
    conn->deadline = evtimer_new(server->base, on_deadline, conn);
    if (conn->bev == NULL || conn->deadline == NULL) {
        if (conn->bev == NULL) {
            close(fd);
        }
        conn_free(conn);
        return;
    }
    bufferevent_setcb(conn->bev, on_readable, on_written, on_event, conn);
    bufferevent_setwatermark(conn->bev, EV_READ, 0, INPUT_MAXIMUM);
    evtimer_add(conn->deadline, &request_time);
    bufferevent_enable(conn->bev, EV_READ | EV_WRITE);
}

/* Descriptors are used up: without a pause the loop would spin. */
static void on_accept_failed(struct evconnlistener *listener, void *user)
{
    struct server *server = user;
    evconnlistener_disable(listener);
    evtimer_add(server->resume_timer, &resume_time);
}

static void on_resume(evutil_socket_t fd, short what, void *user)
{
    struct server *server = user;
    (void)fd;
    (void)what;
    evconnlistener_enable(server->listener);
}

static void on_signal(evutil_socket_t number, short what, void *user)
{
    struct server *server = user;
    (void)number;
    (void)what;
    event_base_loopexit(server->base, NULL);
}

/* ---- starting ---- */

static void freeaddrinfop(struct addrinfo **list)
{
    if (*list != NULL) {
        freeaddrinfo(*list);
    }
}

/* getaddrinfo() would take the last 16 bits of anything. */
static bool is_port(const char *text)
{
    size_t digits = strspn(text, "0123456789");
    return digits > 0 && digits <= 5 && text[digits] == '\0' && atoi(text) <= UINT16_MAX;
}

/* "127.0.0.1:80" or "[::1]:80": numbers only. */
static int bind_to(struct server *server, char why[static WITNESS_SERVER_WHY_SIZE])
{
    const char *listen = server->options->listen;
    const struct addrinfo hints = {.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV | AI_PASSIVE,
                                   .ai_socktype = SOCK_STREAM};
    CLEANUP(freeaddrinfop) struct addrinfo *found = NULL;
    const char *colon = strrchr(listen, ':');
    char host[INET6_ADDRSTRLEN + 2] = "";
    size_t length = colon != NULL ? (size_t)(colon - listen) : 0;
    bool bracketed = length > 2 && listen[0] == '[' && listen[length - 1] == ']';
    if (length > 0 && length < sizeof(host) && (bracketed || memchr(listen, ':', length) == NULL)) {
        memcpy(host, listen + bracketed, length - 2 * (size_t)bracketed);
    }
    if (host[0] == '\0' || !is_port(colon + 1) ||
        getaddrinfo(host, colon + 1, &hints, &found) != 0) {
        snprintf(why, WITNESS_SERVER_WHY_SIZE,
                 "%s: not an address and a port, as 127.0.0.1:8080 or [::1]:8080", listen);
        return WITNESS_SERVER_REFUSED;
    }
    server->listener = evconnlistener_new_bind(
        server->base, on_accept, server,
        LEV_OPT_CLOSE_ON_FREE | LEV_OPT_CLOSE_ON_EXEC | LEV_OPT_REUSEABLE,
        WITNESS_CONNECTIONS_MAXIMUM, found->ai_addr, (int)found->ai_addrlen);
    if (server->listener == NULL) {
        snprintf(why, WITNESS_SERVER_WHY_SIZE, "%s: %s", listen, strerror(errno));
        return WITNESS_SERVER_REFUSED;
    }
    evconnlistener_set_error_cb(server->listener, on_accept_failed);
    return 0;
}

static int watch_signals(struct server *server)
{
    static const int numbers[] = {SIGTERM, SIGINT};
    signal(SIGPIPE, SIG_IGN);
    server->resume_timer = evtimer_new(server->base, on_resume, server);
    for (size_t i = 0; i < ARRAY_LENGTH(numbers); i++) {
        server->signals[i] = evsignal_new(server->base, numbers[i], on_signal, server);
        if (server->signals[i] == NULL || event_add(server->signals[i], NULL) != 0) {
            return -ENOMEM;
        }
    }
    return server->resume_timer != NULL ? 0 : -ENOMEM;
}

static void say_ready(const struct server *server)
{
    struct sockaddr_storage address;
    socklen_t size = sizeof(address);
    char text[ADDRESS_SIZE] = "unknown";
    if (getsockname(evconnlistener_get_fd(server->listener), (struct sockaddr *)&address, &size) ==
        0) {
        describe((const struct sockaddr *)&address, size, text);
    }
    fprintf(stderr, "<5>ready version=%s listening=%s tls=%s logs=%zu\n", VIX_VERSION, text,
            server->tls != NULL ? "yes" : "no", server->options->witness->log_count);
}

static int serve(struct server *server, char why[static WITNESS_SERVER_WHY_SIZE])
{
    int result = watch_signals(server);
    if (result == 0) {
        result = bind_to(server, why);
    }
    if (result != 0) {
        return result;
    }
    say_ready(server);
    if (event_base_dispatch(server->base) < 0) {
        return -EIO;
    }
    if (server->fault != 0) {
        snprintf(why, WITNESS_SERVER_WHY_SIZE,
                 "what has to be kept could not be kept, so nothing is cosigned any more: %s",
                 strerror(-server->fault));
        return WITNESS_SERVER_REFUSED;
    }
    fprintf(stderr, "<5>stopped\n");
    return 0;
}

static void finish(struct server *server)
{
    while (server->conns != NULL) {
        conn_free(server->conns);
    }
    if (server->listener != NULL) {
        evconnlistener_free(server->listener);
    }
    for (size_t i = 0; i < ARRAY_LENGTH(server->signals); i++) {
        if (server->signals[i] != NULL) {
            event_free(server->signals[i]);
        }
    }
    if (server->resume_timer != NULL) {
        event_free(server->resume_timer);
    }
    if (server->base != NULL) {
        /* Deferred callbacks hold what they are for until the loop has seen them. */
        event_base_loop(server->base, EVLOOP_NONBLOCK);
        event_base_free(server->base);
    }
    SSL_CTX_free(server->tls);
}

int witness_server_run(const struct witness_server_options *options,
                       char why[static WITNESS_SERVER_WHY_SIZE])
{
    struct server server = {.options = options};
    if (options->certificate != NULL) {
        server.tls = witness_tls_new(options->certificate, options->private_key, why,
                                     WITNESS_SERVER_WHY_SIZE);
        if (server.tls == NULL) {
            return WITNESS_SERVER_REFUSED;
        }
    }
    server.base = event_base_new();
    int result = server.base == NULL ? -ENOMEM : serve(&server, why);
    if (result < 0) {
        snprintf(why, WITNESS_SERVER_WHY_SIZE, "%s", strerror(-result));
    }
    finish(&server);
    return result;
}
