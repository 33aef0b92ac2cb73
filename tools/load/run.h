/* SPDX-License-Identifier: EUPL-1.2 */
/*
 * One load from the first handshake to the last answer: its loops, their threads, and what they
 * found. A ramp makes one for each of its steps.
 */
#ifndef TOOLS_LOAD_RUN_H
#define TOOLS_LOAD_RUN_H

#include "tools/load/loop.h"
#include "tools/load/report.h"

struct bench_run {
    struct bench_field field;
    struct bench_live live[BENCH_THREADS_MAXIMUM];
    struct bench_loop *loops[BENCH_THREADS_MAXIMUM];
    pthread_t threads[BENCH_THREADS_MAXIMUM];
    size_t made;
    size_t started;
    bool loaded; /* there was a load, and so there is something to tell */
    struct bench_tally tally;
    struct bench_acknowledged acknowledged;
    struct bench_report report; /* but for what is verified */
};

/* What `field` points to must outlive the run; its lock is the run's own. NULL: no memory. */
struct bench_run *bench_run_new(const struct bench_field *field) MUST_CHECK;
void bench_run_freep(struct bench_run **run); /* for CLEANUP */

/* Makes the loops, opens the connections, and runs the load. An enum vix_exit; `loaded` says
 * whether it came to a load, also when that ended badly. */
int bench_run_go(struct bench_run *run) MUST_CHECK;

#endif
