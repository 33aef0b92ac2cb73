/* SPDX-License-Identifier: EUPL-1.2 */
/*
 * The children whose signal was acknowledged, so that other identities can signal them too. A child
 * waits in the queue of the identity after the last one that signalled it: so it is always another
 * identity that comes next, and none comes twice. Belongs to one loop.
 */
#ifndef TOOLS_LOAD_CHILDREN_H
#define TOOLS_LOAD_CHILDREN_H

#include "tools/load/vix_bench.h"

#define BENCH_SIGNALS_PER_CHILD 200 /* the index refuses more */

struct bench_child; /* who it is to the workload, and how many signals it has */
struct bench_child_queue {
    uint32_t first; /* 0: none; else its place + 1 */
    uint32_t last;
};

struct bench_children {
    struct bench_child *children;
    size_t count;
    size_t capacity;
    struct bench_child_queue *queues; /* one for each identity of this loop */
    size_t identities;
};

int bench_children_init(struct bench_children *children, size_t identities) MUST_CHECK;
void bench_children_finish(struct bench_children *children);

#define BENCH_CHILDREN_FULL 1
/* A child that `identity` was the first to signal. 0, BENCH_CHILDREN_FULL, -ENOMEM. */
int bench_children_add(struct bench_children *children, uint32_t who, size_t identity) MUST_CHECK;

#define BENCH_CHILDREN_NONE 1
/*
 * The child that has waited longest for `identity`. It is out of the queues until its place is
 * given to bench_children_signalled() or bench_children_put_back(). 0 or BENCH_CHILDREN_NONE.
 */
int bench_children_take(struct bench_children *children, size_t identity, uint32_t *ret_place,
                        uint32_t *ret_who) MUST_CHECK;
void bench_children_signalled(struct bench_children *children, uint32_t place, size_t identity);
void bench_children_put_back(struct bench_children *children, uint32_t place, size_t identity);

#endif
