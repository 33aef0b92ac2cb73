/* SPDX-License-Identifier: EUPL-1.2 */
#include "daemon/farewell.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "crypto/secret.h"
#include "daemon/worker.h"

#define FAREWELL_MAXIMUM ((size_t)1 << 20) /* bytes that are dropped */

struct farewell {
    struct farewell *next;
    struct farewell **previous;
    struct worker *worker;
    struct event *input;
    struct event *deadline; /* a timer: the input event's own would start anew with every byte */
    int fd;
    size_t dropped;
};

static void release(struct farewell *farewell)
{
    if (farewell->input != NULL) {
        event_free(farewell->input);
    }
    if (farewell->deadline != NULL) {
        event_free(farewell->deadline);
    }
    close(farewell->fd);
    free(farewell);
}

void farewell_free(struct farewell *farewell)
{
    struct worker *worker = farewell->worker;
    *farewell->previous = farewell->next;
    if (farewell->next != NULL) {
        farewell->next->previous = farewell->previous;
    }
    release(farewell);
    worker_released(worker);
}

static void on_input(evutil_socket_t fd, short what, void *user)
{
    struct farewell *farewell = user;
    char dropped[4096];
    ssize_t size;
    (void)what;
    do {
        size = recv(fd, dropped, sizeof(dropped), MSG_DONTWAIT);
        farewell->dropped += size > 0 ? (size_t)size : 0;
    } while (size > 0 && farewell->dropped < FAREWELL_MAXIMUM);
    int error = errno;
    secret_wipe(dropped, sizeof(dropped));
    if (size >= 0 || (error != EAGAIN && error != EINTR)) {
        farewell_free(farewell);
    }
}

static void on_deadline(evutil_socket_t fd, short what, void *user)
{
    (void)fd;
    (void)what;
    farewell_free(user);
}

void farewell_start(struct worker *worker, int fd)
{
    unsigned time = worker->shared->deadlines->linger;
    const struct timeval deadline = {.tv_sec = time / 1000, .tv_usec = (time % 1000) * 1000};
    struct farewell *farewell = calloc(1, sizeof(*farewell));
    if (farewell == NULL) {
        close(fd);
        worker_released(worker);
        return;
    }
    farewell->worker = worker;
    farewell->fd = fd;
    farewell->input = event_new(worker->base, fd, EV_READ | EV_PERSIST, on_input, farewell);
    farewell->deadline = evtimer_new(worker->base, on_deadline, farewell);
    if (farewell->input == NULL || farewell->deadline == NULL ||
        event_add(farewell->input, NULL) != 0 || evtimer_add(farewell->deadline, &deadline) != 0 ||
        shutdown(fd, SHUT_WR) != 0) {
        release(farewell);
        worker_released(worker);
        return;
    }
    farewell->previous = &worker->farewells;
    farewell->next = worker->farewells;
    if (farewell->next != NULL) {
        farewell->next->previous = &farewell->next;
    }
    worker->farewells = farewell;
}
