/* SPDX-License-Identifier: EUPL-1.2 */
/*
 * Valid BSNs for all threads together: in rising order, each once; or drawn at random, any number
 * of times, from a range of children that the index may know already. The first eight digits leave
 * at most one ninth that satisfies the elfproef, so eight digits are counted up.
 */
#ifndef TOOLS_LOAD_BSN_H
#define TOOLS_LOAD_BSN_H

#include <stdatomic.h>

#include "crypto/bsn.h"

struct bench_bsns {
    atomic_uint_fast32_t eight; /* digits, of the next candidate */
    uint32_t first;             /* of the range to draw from */
    uint32_t span;              /* of it; 0: none is drawn, each is given once */
    atomic_uint_fast64_t drawn;
    uint64_t seed;
};

#define BENCH_BSNS_EXHAUSTED 1

/* The first number that is at least `from`. */
void bench_bsns_start(struct bench_bsns *bsns, uint32_t from);
/* Drawn at random from the first `count` numbers that are at least `from`. 0, or
 * BENCH_BSNS_EXHAUSTED when there are not so many. */
int bench_bsns_start_drawing(struct bench_bsns *bsns, uint32_t from, uint32_t count,
                             uint64_t seed) MUST_CHECK;
/* The first number behind that range. */
uint32_t bench_bsns_behind(const struct bench_bsns *bsns);
/* Any thread. 0 or BENCH_BSNS_EXHAUSTED. */
int bench_bsns_take(struct bench_bsns *bsns, uint32_t *ret_bsn) MUST_CHECK;
/* A number from which nothing has been taken yet. */
uint32_t bench_bsns_rest(const struct bench_bsns *bsns);

/* Nine digits, without a NUL. */
void bench_bsn_write(uint32_t bsn, char out[static BSN_DIGITS]);

#endif
