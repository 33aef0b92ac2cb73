/* SPDX-License-Identifier: EUPL-1.2 */
/*
 * Valid BSNs in rising order, each once, for all threads together. The first eight digits leave at
 * most one ninth that satisfies the elfproef, so eight digits are counted up.
 */
#ifndef TOOLS_LOAD_BSN_H
#define TOOLS_LOAD_BSN_H

#include <stdatomic.h>

#include "crypto/bsn.h"

struct bench_bsns {
    atomic_uint_fast32_t eight; /* digits, of the next candidate */
};

#define BENCH_BSNS_EXHAUSTED 1

/* The first number that is at least `from`. */
void bench_bsns_start(struct bench_bsns *bsns, uint32_t from);
/* Any thread. 0 or BENCH_BSNS_EXHAUSTED. */
int bench_bsns_take(struct bench_bsns *bsns, uint32_t *ret_bsn) MUST_CHECK;
/* A number from which nothing has been taken yet. */
uint32_t bench_bsns_rest(const struct bench_bsns *bsns);

/* Nine digits, without a NUL. */
void bench_bsn_write(uint32_t bsn, char out[static BSN_DIGITS]);

#endif
