/* SPDX-License-Identifier: EUPL-1.2 */
/*
 * One thread's share of the load: it opens its connections, waits until all loops have, and keeps
 * them busy as its plan says.
 */
#ifndef TOOLS_LOAD_LOOP_H
#define TOOLS_LOAD_LOOP_H

#include "tools/load/field.h"
#include "tools/load/work.h"

struct bench_loop;
#define BENCH_LOOP_ALONE 1 /* --overlap, and all its connections are of one identity */
/* 0, BENCH_LOOP_ALONE, or a fault. */
int bench_loop_new(struct bench_field *field, size_t number,
                   struct bench_loop **ret_loop) MUST_CHECK;
void bench_loop_free(struct bench_loop *loop);

/* A thread's function, with the loop as its argument. Arrives, whatever happens. */
void *bench_loop_run(void *loop);

/* After it has arrived, and before it begins: how long it took to open all connections. */
int64_t bench_loop_opening(const struct bench_loop *loop);

/* After the thread has ended. */
struct bench_tally *bench_loop_tally(struct bench_loop *loop);
struct bench_acknowledged *bench_loop_acknowledged(struct bench_loop *loop);
bool bench_loop_ran_dry(const struct bench_loop *loop); /* there was nothing left to ask */
/* What the last failed connection said; static text, or NULL when none failed. */
const char *bench_loop_why(const struct bench_loop *loop);
#define BENCH_LOOP_DEAD 1 /* it has no connections, and cannot get any */
/* 0, BENCH_LOOP_DEAD, or a fault. Also after it has arrived. */
int bench_loop_result(const struct bench_loop *loop) MUST_CHECK;

#endif
