/* SPDX-License-Identifier: EUPL-1.2 */
/*
 * What the daemon tells its operator: one line an event on stderr, with the priority in front as
 * journald reads it (sd-daemon(3)), then the event's name and `key=value` pairs. Any thread; a line
 * is one write. Nothing about children or professionals is ever logged here, and nothing per
 * request: that is the access log's.
 */
#ifndef DAEMON_LOG_H
#define DAEMON_LOG_H

#include "crypto/basics.h"

enum log_level {
    LOG_LEVEL_ERROR = 3,
    LOG_LEVEL_WARNING = 4,
    LOG_LEVEL_NOTICE = 5,
    LOG_LEVEL_INFO = 6,
};

#define LOG_LINE_MAXIMUM 1024 /* bytes; longer lines are cut */

/* Control characters in what is formatted are replaced, so that a line stays a line. */
void log_event(enum log_level level, const char *event, const char *format, ...) PRINTF_LIKE(3, 4);

#endif
