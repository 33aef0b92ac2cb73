/* SPDX-License-Identifier: EUPL-1.2 */
/*
 * What is asked of the index: a row of a table for each kind of request. The stock is what all
 * loops draw from, made before the clock starts; a `struct bench_work` is one loop's own.
 */
#ifndef TOOLS_LOAD_WORK_H
#define TOOLS_LOAD_WORK_H

#include "crypto/oprf.h"
#include "tools/load/acknowledged.h"
#include "tools/load/bsn.h"
#include "tools/load/children.h"
#include "tools/load/conn.h"
#include "tools/load/options.h"

struct bench_operation;

struct bench_stock {
    const struct bench_options *options;
    const struct bench_target *target;
    const struct bench_identities *identities;
    const struct bench_operation *operation;
    struct bench_bsns bsns;

    /* `element`: made of BSNs beforehand. */
    struct oprf_element *elements;
    size_t element_count;
    uint32_t key_id;
    atomic_size_t next_element;
    int64_t making; /* ns that it took */

    /* `poll`: after which sequence, for each identity; NULL: after what it has acknowledged. */
    int64_t *heads;

    /* A request with a hole for what differs from one to the next. */
    char pattern[BENCH_REQUEST_BYTES];
    size_t pattern_length;
    size_t hole;
};

/* An enum vix_exit, after saying what is wrong. */
int bench_stock_make(const struct bench_options *options, const struct bench_target *target,
                     const struct bench_identities *identities,
                     struct bench_stock **ret_stock) MUST_CHECK;
void bench_stock_freep(struct bench_stock **stock); /* for CLEANUP */

/* Which of the identities a connection is: `slot` counts those of its loop. */
struct bench_self {
    size_t identity;
    size_t slot;
};

struct bench_work {
    struct bench_stock *stock;
    struct bench_acknowledged acknowledged;
    struct bench_children children;
    double owed; /* posts to a child that another has signalled, by --overlap */
    int fault;   /* the first -errno met; the loop ends on it */
};

/* What the answer will be about. */
struct bench_ticket {
    uint32_t who;
    uint32_t place; /* among the children, when it was `repeated` */
    bool repeated;
};

struct bench_request {
    char bytes[BENCH_REQUEST_BYTES];
    size_t length;
};

int bench_work_init(struct bench_work *work, struct bench_stock *stock, size_t slots) MUST_CHECK;
void bench_work_finish(struct bench_work *work);

#define BENCH_WORK_EXHAUSTED 1
/* The next request. 0, BENCH_WORK_EXHAUSTED, or a fault. */
int bench_work_ask(struct bench_work *work, const struct bench_self *self,
                   struct bench_ticket *ret_ticket, struct bench_request *ret_request) MUST_CHECK;
/* Its answer, or NULL when there will be none. Counts in `tally`, unless that is NULL, what only
 * the kind of work knows. */
void bench_work_hear(struct bench_work *work, const struct bench_self *self,
                     const struct bench_ticket *ticket, const struct bench_answer *answer,
                     struct bench_tally *tally);

#endif
