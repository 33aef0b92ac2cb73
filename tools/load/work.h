/* SPDX-License-Identifier: EUPL-1.2 */
/*
 * What is asked of the index. The stock is what all loops draw from, made before the clock starts;
 * a `struct bench_work` is one loop's own.
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

#define BENCH_MATCHES_KEPT 64 /* of each identity */
struct bench_match_ids {
    size_t count; /* that were ever put here; the last BENCH_MATCHES_KEPT are */
    struct bench_id ids[BENCH_MATCHES_KEPT];
};

struct bench_stock {
    const struct bench_options *options;
    const struct bench_target *target;
    const struct bench_identities *identities;
    const struct bench_operation *operation;
    struct bench_bsns bsns;  /* of children that are new */
    struct bench_bsns known; /* of those that --children says the index knows */
    atomic_size_t drawn;     /* of both together */

    /* `element`: made of BSNs beforehand. */
    struct oprf_element *elements;
    size_t element_count;
    uint32_t key_id;
    atomic_size_t next_element;
    int64_t making; /* ns that it took */

    /* `poll`: after which sequence, for each identity; NULL: after what it has acknowledged. */
    int64_t *heads;
    /* `match` and `mixed`: matches that each identity has; NULL: nobody looked. */
    struct bench_match_ids *matches;

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
/* The next child by its BSN: with --children a known one as often as --overlap says, else a new
 * one. Any thread. 0 or BENCH_BSNS_EXHAUSTED. */
int bench_stock_draw(struct bench_stock *stock, uint32_t *ret_bsn, bool *ret_known) MUST_CHECK;
/* Whether the load makes signals, so that there is something to verify. */
bool bench_stock_signals(const struct bench_stock *stock);
/* The names of what the load tells apart; NULL, with count 0: nothing. */
const char *const *bench_stock_parts(const struct bench_stock *stock, size_t *ret_count);

/* Which of the identities a connection is: `slot` counts those of its loop. */
struct bench_self {
    size_t identity;
    size_t slot;
};

#define BENCH_OWN_KEPT 64
/* `mixed`: what an identity knows by now, on this loop. */
struct bench_slot {
    struct bench_match_ids matches;
    uint32_t own[BENCH_OWN_KEPT]; /* places in `acknowledged` of signals to withdraw some day */
    size_t own_count;
    int64_t unacknowledged; /* notices up to here were read; 0: nothing to acknowledge */
};

struct bench_work {
    struct bench_stock *stock;
    struct bench_acknowledged acknowledged;
    struct bench_children children;
    double owed; /* posts to a child that another has signalled, by --overlap */
    int fault;   /* the first -errno met; the loop ends on it */
    struct bench_slot *slots;
    size_t slot_count;
    uint64_t random; /* state */
    uint64_t turns;
};

/* What the answer will be about. */
struct bench_ticket {
    uint32_t who;
    uint32_t place; /* among the children, when it was `repeated`; of a withdrawal: acknowledged */
    bool repeated;
    bool known;   /* drawn from --children */
    uint8_t part; /* below BENCH_PARTS_MAXIMUM */
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
/* Whether a request with this status has succeeded. */
bool bench_work_accepts(const struct bench_work *work, const struct bench_ticket *ticket,
                        int status);
/* Its answer, or NULL when there will be none. Counts in `tally`, unless that is NULL, what only
 * the kind of work knows. */
void bench_work_hear(struct bench_work *work, const struct bench_self *self,
                     const struct bench_ticket *ticket, const struct bench_answer *answer,
                     struct bench_tally *tally);
/* Below `below`, which is not 0. */
uint32_t bench_work_random(struct bench_work *work, uint32_t below);

#endif
