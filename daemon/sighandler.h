/* SPDX-License-Identifier: EUPL-1.2 */
/* Signals of the operating system, as events of the main thread's loop. */
#ifndef DAEMON_SIGHANDLER_H
#define DAEMON_SIGHANDLER_H

#include <event2/event.h>

#include "crypto/basics.h"

struct sighandler {
    void (*reload)(void *context); /* SIGHUP */
    void (*stop)(void *context);   /* SIGTERM, SIGINT */
    void *context;
    struct event *events[3];
};

/* What a peer or a limit causes is to be an error of the call, not the end of the process: SIGPIPE
 * and SIGXFSZ. Before the store is opened. 0 or a fault. */
int sighandler_ignore(void) MUST_CHECK;

/* Begins to watch. 0 or -ENOMEM; to be finished in any case. */
int sighandler_start(struct sighandler *handler, struct event_base *base) MUST_CHECK;
void sighandler_finish(struct sighandler *handler);

#endif
