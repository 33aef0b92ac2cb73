/* SPDX-License-Identifier: EUPL-1.2 */
#include "tools/load/work.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "crypto/secret.h"
#include "tools/load/operation.h"

static const struct bench_operation *const operations[BENCH_COMMANDS] = {
    [BENCH_POST] = &bench_posts,        [BENCH_ELEMENT] = &bench_element_posts,
    [BENCH_POLL] = &bench_polls,        [BENCH_GET] = &bench_gets,
    [BENCH_MATCH] = &bench_match_reads, [BENCH_MIXED] = &bench_days,
    [BENCH_BURST] = &bench_posts,
};

/* ---- the stock ---- */

void bench_stock_freep(struct bench_stock **stock)
{
    if (*stock != NULL) {
        free((*stock)->elements);
        free((*stock)->heads);
        free((*stock)->matches);
        free(*stock);
        *stock = NULL;
    }
}

static int start_bsns(struct bench_stock *stock)
{
    const struct bench_options *options = stock->options;
    uint64_t seed;
    if (options->children == 0) {
        bench_bsns_start(&stock->bsns, (uint32_t)options->bsn_from);
        return VIX_DONE;
    }
    secret_random(&seed, sizeof(seed));
    if (bench_bsns_start_drawing(&stock->known, (uint32_t)options->bsn_from,
                                 (uint32_t)options->children, seed) != 0) {
        return bench_complain(VIX_USAGE, "there are not so many --children from --bsn-from on");
    }
    uint32_t behind = bench_bsns_behind(&stock->known);
    uint32_t from = (uint32_t)options->new_from;
    bench_bsns_start(&stock->bsns, from > behind ? from : behind);
    return VIX_DONE;
}

int bench_stock_draw(struct bench_stock *stock, uint32_t *ret_bsn, bool *ret_known)
{
    double share = stock->options->overlap;
    bool known = false;
    if (stock->options->children > 0) {
        size_t number = atomic_fetch_add(&stock->drawn, 1);
        known = (size_t)((double)(number + 1) * share) > (size_t)((double)number * share);
    }
    int result = bench_bsns_take(known ? &stock->known : &stock->bsns, ret_bsn);
    if (result == 0) {
        *ret_known = known;
    }
    return result;
}

int bench_stock_make(const struct bench_options *options, const struct bench_target *target,
                     const struct bench_identities *identities, struct bench_stock **ret_stock)
{
    CLEANUP(bench_stock_freep) struct bench_stock *stock = calloc(1, sizeof(*stock));
    if (stock == NULL) {
        return bench_report_fault(-ENOMEM);
    }
    stock->options = options;
    stock->target = target;
    stock->identities = identities;
    stock->operation = operations[options->scenario];
    int result = start_bsns(stock);
    result = result == VIX_DONE ? stock->operation->make(stock) : result;
    if (result == VIX_DONE) {
        *ret_stock = TAKE_PTR(stock);
    }
    return result;
}

bool bench_stock_signals(const struct bench_stock *stock)
{
    return stock->operation->signals;
}

const char *const *bench_stock_parts(const struct bench_stock *stock, size_t *ret_count)
{
    *ret_count = stock->operation->part_count;
    return stock->operation->parts;
}

/* ---- one loop's ---- */

int bench_work_init(struct bench_work *work, struct bench_stock *stock, size_t slots)
{
    *work = (struct bench_work){.stock = stock, .slot_count = slots};
    work->slots = calloc(slots, sizeof(*work->slots));
    if (work->slots == NULL) {
        return -ENOMEM;
    }
    secret_random(&work->random, sizeof(work->random));
    work->random |= 1;
    return bench_children_init(&work->children, slots);
}

void bench_work_finish(struct bench_work *work)
{
    bench_acknowledged_finish(&work->acknowledged);
    bench_children_finish(&work->children);
    free(work->slots);
    work->slots = NULL;
}

int bench_work_ask(struct bench_work *work, const struct bench_self *self,
                   struct bench_ticket *ret_ticket, struct bench_request *ret_request)
{
    struct bench_ticket ticket = {0};
    if (work->fault != 0) {
        return work->fault;
    }
    int result = work->stock->operation->ask(work, self, &ticket, ret_request);
    if (result == 0) {
        *ret_ticket = ticket;
    }
    return result;
}

bool bench_work_accepts(const struct bench_work *work, const struct bench_ticket *ticket,
                        int status)
{
    const struct bench_operation *operation = work->stock->operation;
    return (status >= 200 && status <= 299) ||
           (operation->accepts != NULL && operation->accepts(ticket, status));
}

void bench_work_hear(struct bench_work *work, const struct bench_self *self,
                     const struct bench_ticket *ticket, const struct bench_answer *answer,
                     struct bench_tally *tally)
{
    work->stock->operation->hear(work, self, ticket, answer, tally);
}

uint32_t bench_work_random(struct bench_work *work, uint32_t below)
{
    work->random ^= work->random << 13;
    work->random ^= work->random >> 7;
    work->random ^= work->random << 17;
    return (uint32_t)((work->random >> 32) * below >> 32);
}
