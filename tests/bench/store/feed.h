/* SPDX-License-Identifier: EUPL-1.2 */
/*
 * Who signals whom, and keeping so many of these operations outstanding at the committer. Used by
 * one thread, which waits for the completions.
 */
#ifndef TESTS_BENCH_STORE_FEED_H
#define TESTS_BENCH_STORE_FEED_H

#include "tests/bench/store/index.h"
#include "tools/load/bsn.h"

#define BS_SIGNALS_PER_CHILD 200 /* the index refuses more */

struct bs_child {
    struct child_key key;
    struct oprf_element element;
    uint32_t reporter; /* of its first signal; the next ones are of those after it */
    uint32_t signals;
    uint32_t left; /* that are still to come */
};

/*
 * The children: real elements, made from what is nobody's number, or from generated BSNs. A child
 * that is to be signalled again waits behind at least `depth` others, so that its second signal
 * finds other pages in use than its first; which of both comes next is left to chance.
 */
struct bs_plan {
    const struct bs_index *index;
    uint64_t random;
    uint64_t next; /* number of the next child */
    bool by_bsn;
    struct bench_bsns bsns;
    double overlap;   /* below 0: as in the country */
    uint64_t fan_out; /* 0: none */
    size_t made_count;
    size_t made_used;
    struct bs_child *made;    /* beforehand */
    struct bs_child *waiting; /* a ring */
    size_t capacity;
    size_t depth;
    size_t first;
    size_t count;
};

/* `depth` is of what waits. */
void bs_plan_open(struct bs_plan *plan, const struct bs_index *index,
                  const struct bs_options *options, size_t depth);
void bs_plan_close(struct bs_plan *plan);
/* Makes children beforehand, so that it costs nothing while the clock runs. */
void bs_plan_make(struct bs_plan *plan, size_t count);
/* The next child to signal. False: all that were made beforehand are used. */
bool bs_plan_next(struct bs_plan *plan, struct bs_child *ret_child);

struct bs_ack {
    uint32_t party;
    struct uuid id;
};

struct bs_slot {
    struct store_signal_post post;
    struct bs_feed *feed;
    struct bs_slot *next; /* free ones */
    int64_t began;
};

struct bs_feed {
    struct bs_index *index;
    struct bs_plan *plan;
    uint16_t municipality;
    bool quiet;
    struct mailbox box;
    pthread_mutex_t lock;
    pthread_cond_t arrived;
    bool woken;
    size_t slot_count;
    struct bs_slot *slots;
    struct bs_slot *free;
    size_t in_flight;
    /* What came of it: */
    uint64_t posted;
    uint64_t matched;
    uint64_t submitted;
    size_t ack_capacity; /* 0: they are counted only */
    struct bs_ack *acks;
    double *latencies; /* us, of the same */
};

/* Remembers at most so many acknowledged ids. */
void bs_feed_open(struct bs_feed *feed, struct bs_index *index, struct bs_plan *plan,
                  const struct bs_options *options, size_t acks);
void bs_feed_close(struct bs_feed *feed);
/* Submits until `count` have been, or it is `until` (ns), or the plan ends; then waits for all. */
void bs_feed_run(struct bs_feed *feed, uint64_t count, int64_t until);
/* Forgets what came of it so far. */
void bs_feed_reset(struct bs_feed *feed);
/* How many of the remembered ids are not in the store as they were acknowledged. */
uint64_t bs_feed_missing(const struct bs_feed *feed);

#endif
