/* SPDX-License-Identifier: EUPL-1.2 */
#include "daemon/sighandler.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <sys/signalfd.h>
#include <unistd.h>

static void fill(sigset_t *set)
{
    sigemptyset(set);
    sigaddset(set, SIGHUP);
    sigaddset(set, SIGTERM);
    sigaddset(set, SIGINT);
}

int sighandler_block(void)
{
    const struct sigaction ignore = {.sa_handler = SIG_IGN};
    sigset_t set;
    fill(&set);
    if (sigaction(SIGPIPE, &ignore, NULL) != 0 || sigaction(SIGXFSZ, &ignore, NULL) != 0) {
        return -errno;
    }
    return -pthread_sigmask(SIG_BLOCK, &set, NULL);
}

static void on_signal(evutil_socket_t fd, short what, void *user)
{
    struct sighandler *handler = user;
    struct signalfd_siginfo info;
    (void)what;
    while (read(fd, &info, sizeof(info)) == (ssize_t)sizeof(info)) {
        if (info.ssi_signo == SIGHUP) {
            handler->reload(handler->context);
        } else {
            handler->stop(handler->context);
        }
    }
}

int sighandler_start(struct sighandler *handler, struct event_base *base)
{
    sigset_t set;
    fill(&set);
    handler->fd = signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
    if (handler->fd < 0) {
        return -errno;
    }
    handler->event = event_new(base, handler->fd, EV_READ | EV_PERSIST, on_signal, handler);
    return handler->event != NULL && event_add(handler->event, NULL) == 0 ? 0 : -ENOMEM;
}

void sighandler_finish(struct sighandler *handler)
{
    if (handler->event != NULL) {
        event_free(TAKE_PTR(handler->event));
    }
    if (handler->fd >= 0) {
        close(handler->fd);
        handler->fd = -1;
    }
}
