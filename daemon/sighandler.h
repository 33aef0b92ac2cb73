/* SPDX-License-Identifier: EUPL-1.2 */
/*
 * Signals of the operating system, as events of the main thread's loop. They are blocked from the
 * start to the end of the process and read from a descriptor, so that one that comes while the
 * daemon starts waits, and one that comes while it closes its store changes nothing.
 */
#ifndef DAEMON_SIGHANDLER_H
#define DAEMON_SIGHANDLER_H

#include <event2/event.h>

#include "crypto/basics.h"

struct sighandler {
    void (*reload)(void *context); /* SIGHUP */
    void (*stop)(void *context);   /* SIGTERM, SIGINT */
    void *context;
    int fd;
    struct event *event;
};

/* Before any other thread is started. What a peer or a limit causes is from here on an error of the
 * call, not the end of the process: SIGPIPE and SIGXFSZ are ignored. 0 or a fault. */
int sighandler_block(void) MUST_CHECK;

/* Begins to watch. 0 or a fault; to be finished in any case. */
int sighandler_start(struct sighandler *handler, struct event_base *base) MUST_CHECK;
void sighandler_finish(struct sighandler *handler);

#endif
