/* SPDX-License-Identifier: EUPL-1.2 */
/*
 * Tells how far a long piece of work is that is done one by one: how many of how many, how fast and
 * how long it will still take. On stderr: on a terminal on one line that is written over, else a
 * line every ten seconds, for a log.
 */
#ifndef TOOLS_PROGRESS_COUNT_H
#define TOOLS_PROGRESS_COUNT_H

#include <stdbool.h>
#include <time.h>

#include "tools/text.h"

struct progress_count {
    const char *what; /* "exporting entries" */
    uint64_t first;   /* were done already when this began */
    uint64_t done;
    uint64_t total;
    int64_t told_at; /* milliseconds since it began; -1: nothing was told yet */
    struct timespec since;
    bool is_terminal;
    bool is_shown; /* there is a line on the terminal that is not ended */
};

void progress_count_begin(struct progress_count *progress, const char *what, uint64_t first,
                          uint64_t total);
void progress_count_update(struct progress_count *progress, uint64_t done);
/* For CLEANUP too; ends the line. One that was never begun, all zeros, may be ended. */
void progress_count_end(struct progress_count *progress);

/* "exporting entries: 1500 of 60000, 750/s, 1:18 left", after so many milliseconds. */
void progress_count_describe(const struct progress_count *progress, int64_t elapsed,
                             struct text *out);

#endif
