/* SPDX-License-Identifier: EUPL-1.2 */
/*
 * Tells who waits at a terminal what is being done, and for how long already; on stderr, so that
 * what a script reads stays as it is. Without a terminal nothing is told.
 */
#ifndef TOOLS_PROGRESS_H
#define TOOLS_PROGRESS_H

#include <stdbool.h>
#include <time.h>

struct progress {
    const char *what; /* "merging the parties" */
    struct timespec since;
    long long told; /* seconds that are on the terminal now */
    bool is_shown;
};

void progress_begin(struct progress *progress, const char *what);
void progress_tick(void *progress);           /* as client_request.waiting wants it */
void progress_end(struct progress *progress); /* for CLEANUP too; ends the line */

#endif
