/* SPDX-License-Identifier: EUPL-1.2 */
/*
 * Tells the service manager that all loops still turn: a ping is mailed to every worker, and only
 * when the last round has come back is WATCHDOG=1 sent. Does nothing without WatchdogSec=. Main
 * thread.
 */
#ifndef DAEMON_WATCHDOG_H
#define DAEMON_WATCHDOG_H

#include "daemon/worker.h"

struct watchdog;

/* `home` is the main thread's; pings go to `workers`. 0, also when there is no watchdog (then
 * *ret_watchdog is NULL), or a fault. */
int watchdog_start(struct worker *home, struct worker *workers, size_t count,
                   struct watchdog **ret_watchdog) MUST_CHECK;
/* No worker may run any more. NULL is allowed. */
void watchdog_free(struct watchdog *watchdog);

#endif
