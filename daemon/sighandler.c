/* SPDX-License-Identifier: EUPL-1.2 */
#include "daemon/sighandler.h"

#include <errno.h>
#include <signal.h>

static void on_signal(evutil_socket_t number, short what, void *user)
{
    struct sighandler *handler = user;
    (void)what;
    if (number == SIGHUP) {
        handler->reload(handler->context);
    } else {
        handler->stop(handler->context);
    }
}

int sighandler_ignore(void)
{
    const struct sigaction ignore = {.sa_handler = SIG_IGN};
    return sigaction(SIGPIPE, &ignore, NULL) == 0 && sigaction(SIGXFSZ, &ignore, NULL) == 0
               ? 0
               : -errno;
}

int sighandler_start(struct sighandler *handler, struct event_base *base)
{
    static const int numbers[ARRAY_LENGTH(handler->events)] = {SIGHUP, SIGTERM, SIGINT};
    for (size_t i = 0; i < ARRAY_LENGTH(numbers); i++) {
        handler->events[i] = evsignal_new(base, numbers[i], on_signal, handler);
        if (handler->events[i] == NULL || evsignal_add(handler->events[i], NULL) != 0) {
            return -ENOMEM;
        }
    }
    return 0;
}

void sighandler_finish(struct sighandler *handler)
{
    for (size_t i = 0; i < ARRAY_LENGTH(handler->events); i++) {
        if (handler->events[i] != NULL) {
            event_free(TAKE_PTR(handler->events[i]));
        }
    }
}
