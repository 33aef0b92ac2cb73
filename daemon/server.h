/* SPDX-License-Identifier: EUPL-1.2 */
/*
 * The daemon as a whole: what is started in which order, run, and stopped in the exact reverse.
 * Main thread.
 */
#ifndef DAEMON_SERVER_H
#define DAEMON_SERVER_H

#include "daemon/config.h"

/* Exit statuses; the service manager must not start it again on the last three. */
enum server_exit {
    SERVER_EXIT_DONE = 0,
    SERVER_EXIT_FAULT = 1,
    SERVER_EXIT_CONFIGURATION = 2,
    /* The index had been wound down: this start has finished that. There is nothing to serve. */
    SERVER_EXIT_WOUND_DOWN = 3,
    /* A commit has an unknown outcome (EX_IOERR): what is on disk must be looked at first. */
    SERVER_EXIT_STORE = 74,
};

/* Runs until it is told to stop. */
enum server_exit server_run(const struct config *config) MUST_CHECK;

#endif
