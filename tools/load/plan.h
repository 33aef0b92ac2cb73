/* SPDX-License-Identifier: EUPL-1.2 */
/*
 * When requests are to be sent. Closed loop: whenever a connection is free, until the time or the
 * number is up. Open loop: the i-th request at start + i / rate, whether or not anything is free
 * then; its latency counts from that moment, so that a server that stalls cannot hide the requests
 * that were never made meanwhile ("coordinated omission").
 *
 * Pure: the caller brings the time. A plan belongs to one loop; several loops share a load by each
 * taking every `loops`-th request.
 */
#ifndef TOOLS_LOAD_PLAN_H
#define TOOLS_LOAD_PLAN_H

#include <stdbool.h>

#include "crypto/basics.h"

#define BENCH_PHASES_MAXIMUM 4

/* A stretch of the open loop at one rate. */
struct bench_phase {
    uint64_t rate;    /* a second */
    uint64_t seconds; /* after the warm-up, in the first */
};

struct bench_plan_settings {
    int64_t start;     /* ns */
    int64_t warm_up;   /* ns from the start; what begins in it is not measured */
    int64_t length;    /* ns after the warm-up, when the plan is over in any case */
    uint64_t requests; /* measured ones, of all loops together; 0: as many as fit */
    uint64_t rate;     /* a second, of all loops together; 0: closed loop */
    /* One after another, in place of `rate`; 0: none. The warm-up is at the first one's rate. */
    struct bench_phase phases[BENCH_PHASES_MAXIMUM];
    size_t phase_count;
    size_t loop; /* which of */
    size_t loops;
};

struct bench_plan {
    struct bench_plan_settings settings;
    uint64_t taken;    /* requests given out, in the open loop */
    uint64_t measured; /* of them after the warm-up */
    uint64_t quota;    /* of measured ones, for this loop */
    bool stopped;
};

enum bench_plan_answer {
    BENCH_PLAN_SEND = 0,
    BENCH_PLAN_WAIT = 1, /* until *ret_when */
    BENCH_PLAN_OVER,
};

void bench_plan_start(struct bench_plan *plan, const struct bench_plan_settings *settings);

/* SEND takes the request out of the plan: it is to be sent at once, and was meant for *ret_when. */
enum bench_plan_answer bench_plan_next(struct bench_plan *plan, int64_t now,
                                       int64_t *ret_when) MUST_CHECK;
bool bench_plan_is_open(const struct bench_plan *plan);
bool bench_plan_is_measured(const struct bench_plan *plan, int64_t when);
/* Which phase a request is of that was meant for then; 0 when there are none. */
size_t bench_plan_phase(const struct bench_plan *plan, int64_t when);
bool bench_plan_is_over(const struct bench_plan *plan, int64_t now);
/* Nothing more is to be sent, as there is nothing left to ask. */
void bench_plan_stop(struct bench_plan *plan);

/*
 * After the end, in the open loop: what was due before `now` and never sent, one after another.
 * False when that was all.
 */
bool bench_plan_take_unsent(struct bench_plan *plan, int64_t now, int64_t *ret_when);

#endif
