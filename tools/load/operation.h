/* SPDX-License-Identifier: EUPL-1.2 */
/*
 * A kind of load: what is made before the clock starts, what is asked, and what is heard. The table
 * of them is in work.c; nothing but the kinds themselves and the table sees this.
 */
#ifndef TOOLS_LOAD_OPERATION_H
#define TOOLS_LOAD_OPERATION_H

#include "tools/load/work.h"

struct bench_operation {
    /* An enum vix_exit, after saying what is wrong; NULL: nothing is to be made. */
    int (*make)(struct bench_stock *stock);
    /* 0, BENCH_WORK_EXHAUSTED or a fault. */
    int (*ask)(struct bench_work *work, const struct bench_self *self, struct bench_ticket *ticket,
               struct bench_request *request);
    /* `answer` is NULL when there will be none, `tally` when it is not measured. */
    void (*hear)(struct bench_work *work, const struct bench_self *self,
                 const struct bench_ticket *ticket, const struct bench_answer *answer,
                 struct bench_tally *tally);
    /* Whether a status that is not 2xx is as good; NULL: none is. */
    bool (*accepts)(const struct bench_ticket *ticket, int status);
    const char *const *parts; /* names of what is told apart, by ticket.part; NULL: nothing */
    size_t part_count;
    bool signals; /* it makes some, which are looked for in the end */
};

extern const struct bench_operation bench_posts;
extern const struct bench_operation bench_element_posts;
extern const struct bench_operation bench_polls;
extern const struct bench_operation bench_gets;
extern const struct bench_operation bench_match_reads;
extern const struct bench_operation bench_days;

/* "GET <target> HTTP/1.1" and the rest of the head; `target` is not user input of any length. */
void bench_request_get(struct bench_request *request, const struct bench_stock *stock,
                       const char *target);

/* Where the inbox of an identity ends: 0 when nothing ever came. An enum vix_exit. */
int bench_inbox_end(const struct bench_stock *stock, const struct bench_identity *identity,
                    int64_t *ret_end) MUST_CHECK;
/* The first page of each identity's matches, into the stock; with `needed`, none is VIX_REFUSED. */
int bench_matches_find(struct bench_stock *stock, bool needed) MUST_CHECK;

#endif
