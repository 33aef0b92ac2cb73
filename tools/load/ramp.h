/* SPDX-License-Identifier: EUPL-1.2 */
/*
 * The search for the knee: the highest rate of an open loop that the index keeps. From step to step
 * the rate grows until a step does not hold, nor a second time; then it is looked for in between,
 * by halving. What a step asks is new, and the connections of each are its own.
 */
#ifndef TOOLS_LOAD_RAMP_H
#define TOOLS_LOAD_RAMP_H

#include "tools/load/run.h"

#define BENCH_STEPS_MAXIMUM 64

struct bench_search {
    int64_t first;
    int64_t growth; /* percent */
    int64_t halving;
    int64_t held;   /* the highest rate that was kept; 0: none yet */
    int64_t failed; /* the lowest that was not; 0: none yet */
};

/* The rate to try next; 0: the search is over. Pure. */
int64_t bench_search_next(struct bench_search *search);
void bench_search_note(struct bench_search *search, int64_t rate, bool held);

struct bench_step {
    int64_t rate;
    bool held;
    double throughput;
    double server_each; /* CPU microseconds; 0: unknown */
    double others;      /* share of the machine */
    uint64_t refused;   /* answered, but not with 2xx */
    uint64_t failed;    /* no answer, or never sent */
    int64_t p50;
    int64_t p99;
    int64_t p999;
    int64_t most;
};

/* Whether a step held: at least 99 % of what was due was successful, and p99 is within `bound`, ns,
 * which includes what was never sent. */
bool bench_step_holds(const struct bench_tally *tally, int64_t bound);

/* An enum vix_exit. `field` is that of a load, without its loops. */
int bench_ramp(const struct bench_field *field) MUST_CHECK;

#endif
