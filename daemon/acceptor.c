/* SPDX-License-Identifier: EUPL-1.2 */
#include "daemon/acceptor.h"

#include <arpa/inet.h>
#include <errno.h>
#include <limits.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "daemon/control.h"
#include "daemon/log.h"

#define BACKLOG 512
/* Seconds in which the kernel keeps a connection on which nothing has been sent: such a one takes
 * no descriptor, and no place of a handshake. */
#define DEFER_SECONDS 5
#define ACCEPT_SLICE 64 /* connections accepted before other events get their turn */

/* When no descriptor is left, accepting would fail again at once, for ever. */
static const struct timeval retry_after = {0, 200000};

static void describe(struct acceptor *acceptor)
{
    union {
        struct sockaddr any;
        struct sockaddr_in four;
        struct sockaddr_in6 six;
    } bound;
    socklen_t size = sizeof(bound);
    char host[INET6_ADDRSTRLEN] = "?";
    if (getsockname(acceptor->fd, &bound.any, &size) != 0) {
        return;
    }
    if (bound.any.sa_family == AF_INET) {
        inet_ntop(AF_INET, &bound.four.sin_addr, host, sizeof(host));
        snprintf(acceptor->address, sizeof(acceptor->address), "%s:%u", host,
                 ntohs(bound.four.sin_port));
    } else if (bound.any.sa_family == AF_INET6) {
        inet_ntop(AF_INET6, &bound.six.sin6_addr, host, sizeof(host));
        snprintf(acceptor->address, sizeof(acceptor->address), "[%s]:%u", host,
                 ntohs(bound.six.sin6_port));
    }
}

static int bind_and_listen(struct acceptor *acceptor, const struct sockaddr *address,
                           socklen_t size)
{
    static const int on = 1;
    static const int defer = DEFER_SECONDS;
    acceptor->fd = socket(address->sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (acceptor->fd < 0) {
        return -errno;
    }
    if (address->sa_family != AF_UNIX) {
        setsockopt(acceptor->fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
    }
    if (address->sa_family == AF_INET6) {
        setsockopt(acceptor->fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof(on));
    }
    if (acceptor->service->secured) {
        setsockopt(acceptor->fd, IPPROTO_TCP, TCP_DEFER_ACCEPT, &defer, sizeof(defer));
    }
    if (bind(acceptor->fd, address, size) != 0 || listen(acceptor->fd, BACKLOG) != 0) {
        return -errno;
    }
    return 0;
}

int acceptor_listen(struct acceptor *acceptor, const struct sockaddr *address, socklen_t size)
{
    int result = bind_and_listen(acceptor, address, size);
    if (result == 0) {
        describe(acceptor);
    }
    return result;
}

/* Whether somebody listens there. */
static bool is_in_use(const struct sockaddr_un *address)
{
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    bool used = fd >= 0 &&
                connect(fd, (const struct sockaddr *)(const void *)address, sizeof(*address)) == 0;
    if (fd >= 0) {
        close(fd);
    }
    return used;
}

int acceptor_listen_unix(struct acceptor *acceptor, const char *path)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    struct stat present;
    if (strlen(path) >= sizeof(address.sun_path)) {
        return -ENAMETOOLONG;
    }
    strcpy(address.sun_path, path);
    if (lstat(path, &present) == 0) {
        if (!S_ISSOCK(present.st_mode) || is_in_use(&address)) {
            return -EADDRINUSE;
        }
        if (unlink(path) != 0) {
            return -errno;
        }
    }
    mode_t mask = umask(0177); /* so that it is never open to others, not even for a moment */
    int result =
        bind_and_listen(acceptor, (const struct sockaddr *)(const void *)&address, sizeof(address));
    umask(mask);
    if (result == 0) {
        acceptor->path = path;
        snprintf(acceptor->address, sizeof(acceptor->address), "%s", path);
    }
    return result;
}

/* ---- accepting ---- */

static void pause_for(struct acceptor *acceptor, const struct timeval *time)
{
    acceptor->paused = true;
    event_del(acceptor->event);
    if (time != NULL) {
        evtimer_add(acceptor->retry, time);
    }
}

void acceptor_resume(struct acceptor *acceptor)
{
    if (acceptor->paused && acceptor->event != NULL) {
        acceptor->paused = false;
        evtimer_del(acceptor->retry);
        event_add(acceptor->event, NULL);
    }
}

static void on_retry(evutil_socket_t fd, short what, void *user)
{
    (void)fd;
    (void)what;
    acceptor_resume(user);
}

/* NULL when all of them together have as many connections as are allowed. */
static struct worker *find_worker(const struct acceptor *acceptor)
{
    struct worker *best = NULL;
    unsigned least = UINT_MAX;
    unsigned long total = 0;
    for (size_t i = 0; i < acceptor->worker_count; i++) {
        unsigned load = atomic_load(&acceptor->workers[i].load);
        total += load;
        if (load < least) {
            least = load;
            best = &acceptor->workers[i];
        }
    }
    return acceptor->connections != 0 && total >= acceptor->connections ? NULL : best;
}

static void admit(struct acceptor *acceptor, int fd)
{
    static const int on = 1;
    uint32_t uid = 0;
    struct metrics *metrics = acceptor->metrics;
    struct worker *worker = find_worker(acceptor);
    if (worker == NULL || (acceptor->path != NULL && !control_admits(fd, &uid))) {
        metrics_count(metrics, METRIC_CONNECTIONS_REFUSED);
        close(fd);
        return;
    }
    if (acceptor->path == NULL) {
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
    }
    metrics_count(metrics, METRIC_CONNECTIONS_ACCEPTED);
    worker_adopt(worker, acceptor->service, fd, uid);
}

static bool too_many_handshakes(const struct acceptor *acceptor)
{
    return acceptor->service->secured &&
           atomic_load(&acceptor->metrics->handshakes) >= WORKER_HANDSHAKES_MAXIMUM;
}

/* Those that say nothing make room: accepting goes on as soon as one has been closed. */
static void evict(struct acceptor *acceptor)
{
    for (size_t i = 0; i < acceptor->worker_count; i++) {
        worker_evict(&acceptor->workers[i]);
    }
}

static void on_connection(evutil_socket_t listener, short what, void *user)
{
    struct acceptor *acceptor = user;
    (void)what;
    for (int i = 0; i < ACCEPT_SLICE; i++) {
        if (too_many_handshakes(acceptor)) {
            metrics_count(acceptor->metrics, METRIC_ACCEPT_PAUSED_HANDSHAKES);
            evict(acceptor);
            /* The timer, for the case that they ended between the question and the pause. */
            pause_for(acceptor, &retry_after);
            return;
        }
        int fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (fd >= 0) {
            admit(acceptor, fd);
        } else if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM) {
            metrics_count(acceptor->metrics, METRIC_ACCEPT_PAUSED_DESCRIPTORS);
            pause_for(acceptor, &retry_after);
            return;
        } else if (errno == EAGAIN) {
            return;
        } /* else this one is gone already: on to the next */
    }
}

int acceptor_start(struct acceptor *acceptor, struct event_base *base)
{
    acceptor->event = event_new(base, acceptor->fd, EV_READ | EV_PERSIST, on_connection, acceptor);
    acceptor->retry = evtimer_new(base, on_retry, acceptor);
    if (acceptor->event == NULL || acceptor->retry == NULL ||
        event_add(acceptor->event, NULL) != 0) {
        return -ENOMEM;
    }
    return 0;
}

void acceptor_close(struct acceptor *acceptor)
{
    if (acceptor->event != NULL) {
        event_free(TAKE_PTR(acceptor->event));
    }
    if (acceptor->retry != NULL) {
        event_free(TAKE_PTR(acceptor->retry));
    }
    if (acceptor->fd >= 0) {
        close(acceptor->fd);
        acceptor->fd = -1;
    }
    if (acceptor->path != NULL) {
        unlink(TAKE_PTR(acceptor->path));
    }
}
