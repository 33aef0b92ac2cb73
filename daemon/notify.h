/* SPDX-License-Identifier: EUPL-1.2 */
/*
 * Tells the service manager how things are (sd_notify(3), the protocol by hand: one datagram to
 * $NOTIFY_SOCKET). Without a service manager every call does nothing. Main thread, but
 * notify_send() may be called by any.
 */
#ifndef DAEMON_NOTIFY_H
#define DAEMON_NOTIFY_H

#include "crypto/basics.h"

/* `state` is one or more assignments, a line each: "READY=1\nSTATUS=...". */
void notify_send(const char *state);

/* RELOADING=1 with the monotonic time that systemd asks for beside it. */
void notify_reloading(void);

/* How often WATCHDOG=1 is expected, in milliseconds, 0: not at all. */
int64_t notify_watchdog_interval(void);

#endif
