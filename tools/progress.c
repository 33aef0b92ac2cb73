/* SPDX-License-Identifier: EUPL-1.2 */
#include "tools/progress.h"

#include <stdio.h>
#include <unistd.h>

void progress_begin(struct progress *progress, const char *what)
{
    *progress = (struct progress){.what = what, .is_shown = isatty(STDERR_FILENO) == 1, .told = -1};
    clock_gettime(CLOCK_MONOTONIC, &progress->since);
    progress_tick(progress);
}

void progress_tick(void *context)
{
    struct progress *progress = context;
    struct timespec now;
    if (!progress->is_shown || clock_gettime(CLOCK_MONOTONIC, &now) != 0) {
        return;
    }
    long long seconds = (long long)(now.tv_sec - progress->since.tv_sec);
    if (seconds != progress->told) {
        fprintf(stderr, "\r%s: %lld s", progress->what, seconds);
        progress->told = seconds;
    }
}

void progress_end(struct progress *progress)
{
    if (progress->is_shown) {
        fputc('\n', stderr);
        progress->is_shown = false;
    }
}
