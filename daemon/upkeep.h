/* SPDX-License-Identifier: EUPL-1.2 */
/*
 * What the operator is told of the store's own work, looked at every few seconds: how far it is
 * behind with the terms of the law, and how the turn of the epoch key goes. One thread.
 */
#ifndef DAEMON_UPKEEP_H
#define DAEMON_UPKEEP_H

#include "daemon/log.h"
#include "store/store.h"

#define UPKEEP_SECONDS 10
#define UPKEEP_LINES_MAXIMUM 3
#define UPKEEP_LINE_SIZE 128

/* As it was at the last look; zero at first. */
struct upkeep {
    bool behind;
    bool turning;
    bool overdue;
    int64_t turned_at;
};
struct upkeep_line {
    enum log_level level;
    const char *event;
    char text[UPKEEP_LINE_SIZE];
};

/* What there is to say at this look; returns how many lines. */
size_t upkeep_look(struct upkeep *seen, const struct store_status *status,
                   struct upkeep_line ret_lines[static UPKEEP_LINES_MAXIMUM]);

#endif
