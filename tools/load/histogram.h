/* SPDX-License-Identifier: EUPL-1.2 */
/*
 * Durations, counted in buckets that are linear within each power of two (as HdrHistogram's):
 * every value is known to within 1/128, whatever its size, in a fixed 32 KiB. Belongs to one
 * thread.
 */
#ifndef TOOLS_LOAD_HISTOGRAM_H
#define TOOLS_LOAD_HISTOGRAM_H

#include "crypto/basics.h"

#define BENCH_HISTOGRAM_PRECISION 7 /* bits */
#define BENCH_HISTOGRAM_BITS 37     /* of the largest value */
#define BENCH_HISTOGRAM_MAXIMUM ((INT64_C(1) << BENCH_HISTOGRAM_BITS) - 1) /* 137 s in ns */
#define BENCH_HISTOGRAM_BUCKETS                                                                    \
    ((size_t)(BENCH_HISTOGRAM_BITS - BENCH_HISTOGRAM_PRECISION + 1) << BENCH_HISTOGRAM_PRECISION)

/* All zero is empty. */
struct bench_histogram {
    uint64_t count;
    int64_t least; /* exact, as is `most`; both 0 when empty */
    int64_t most;
    uint64_t sum;
    uint64_t buckets[BENCH_HISTOGRAM_BUCKETS];
};

/* What is below zero counts as 0, what is above the maximum as the maximum. */
void bench_histogram_add(struct bench_histogram *histogram, int64_t value);
void bench_histogram_merge(struct bench_histogram *into, const struct bench_histogram *from);

/*
 * The smallest value, as far as it is known, that `share` in 100,000 of the values do not exceed:
 * 50,000 is the median, 99,900 the 99.9th percentile. 0 when empty. Never more than `most`.
 */
int64_t bench_histogram_at(const struct bench_histogram *histogram, unsigned share);
int64_t bench_histogram_mean(const struct bench_histogram *histogram);

#endif
