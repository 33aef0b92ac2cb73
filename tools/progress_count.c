/* SPDX-License-Identifier: EUPL-1.2 */
#include "tools/progress_count.h"

#include <inttypes.h>
#include <stdio.h>
#include <unistd.h>

#define TERMINAL_MILLISECONDS 200
#define LOG_MILLISECONDS 10000
#define RATE_AFTER_MILLISECONDS 500 /* before that a rate says nothing */
#define WIDTH 72                    /* so that a shorter line covers what was there */

void progress_count_begin(struct progress_count *progress, const char *what, uint64_t first,
                          uint64_t total)
{
    *progress = (struct progress_count){.what = what,
                                        .first = first,
                                        .done = first,
                                        .total = total,
                                        .told_at = -1,
                                        .is_terminal = isatty(STDERR_FILENO) == 1};
    clock_gettime(CLOCK_MONOTONIC, &progress->since);
}

static void add_remaining(struct text *out, uint64_t seconds)
{
    if (seconds >= 3600) {
        text_add_format(out, ", %" PRIu64 ":%02u:%02u left", seconds / 3600,
                        (unsigned)(seconds / 60 % 60), (unsigned)(seconds % 60));
    } else {
        text_add_format(out, ", %u:%02u left", (unsigned)(seconds / 60), (unsigned)(seconds % 60));
    }
}

void progress_count_describe(const struct progress_count *progress, int64_t elapsed,
                             struct text *out)
{
    text_add_format(out, "%s: %" PRIu64 " of %" PRIu64, progress->what, progress->done,
                    progress->total);
    uint64_t made = progress->done - progress->first;
    if (made == 0 || elapsed < RATE_AFTER_MILLISECONDS) {
        return;
    }
    double rate = (double)made * 1000.0 / (double)elapsed;
    text_add_format(out, ", %.0f/s", rate);
    if (progress->done < progress->total) {
        add_remaining(out, (uint64_t)((double)(progress->total - progress->done) / rate + 0.5));
    }
}

static int64_t elapsed_of(const struct progress_count *progress)
{
    struct timespec now;
    if (clock_gettime(CLOCK_MONOTONIC, &now) != 0) {
        return 0;
    }
    return (int64_t)(now.tv_sec - progress->since.tv_sec) * 1000 +
           (now.tv_nsec - progress->since.tv_nsec) / 1000000;
}

static void tell(struct progress_count *progress, int64_t elapsed)
{
    CLEANUP(text_finish) struct text line = {0};
    progress_count_describe(progress, elapsed, &line);
    progress->told_at = elapsed;
    if (line.fault != 0) {
        return;
    }
    if (progress->is_terminal) {
        fprintf(stderr, "\r%-*s", WIDTH, line.bytes);
        progress->is_shown = true;
    } else {
        fprintf(stderr, "%s\n", line.bytes);
    }
}

void progress_count_update(struct progress_count *progress, uint64_t done)
{
    progress->done = done;
    int64_t elapsed = elapsed_of(progress);
    int64_t told_at = progress->told_at;
    if (progress->is_terminal) {
        if (told_at < 0 || elapsed - told_at >= TERMINAL_MILLISECONDS) {
            tell(progress, elapsed);
        }
    } else if (elapsed - (told_at < 0 ? 0 : told_at) >= LOG_MILLISECONDS) {
        tell(progress, elapsed);
    }
}

void progress_count_end(struct progress_count *progress)
{
    if (progress->is_shown) {
        tell(progress, elapsed_of(progress));
        fputc('\n', stderr);
        progress->is_shown = false;
    }
}
