/* SPDX-License-Identifier: EUPL-1.2 */
#include "tools/load/histogram.h"

#define SUB_BUCKETS (1u << BENCH_HISTOGRAM_PRECISION)
#define WHOLE 100000u

/*
 * Up to 2 * SUB_BUCKETS every value has its own bucket. Above, the value's leading bit says which
 * group of SUB_BUCKETS, and the bits after it which of them.
 */
static size_t find_bucket(uint64_t value)
{
    if (value < 2 * SUB_BUCKETS) {
        return (size_t)value;
    }
    unsigned leading = 63u - (unsigned)__builtin_clzll(value);
    unsigned shift = leading - BENCH_HISTOGRAM_PRECISION;
    return ((size_t)shift << BENCH_HISTOGRAM_PRECISION) + (size_t)(value >> shift);
}

/* The largest value that falls into the bucket. */
static int64_t bucket_end(size_t bucket)
{
    if (bucket < 2 * SUB_BUCKETS) {
        return (int64_t)bucket;
    }
    unsigned shift = (unsigned)(bucket >> BENCH_HISTOGRAM_PRECISION) - 1;
    uint64_t leading = SUB_BUCKETS + (bucket & (SUB_BUCKETS - 1));
    return (int64_t)(((leading + 1) << shift) - 1);
}

void bench_histogram_add(struct bench_histogram *histogram, int64_t value)
{
    value = value < 0 ? 0 : value;
    value = value > BENCH_HISTOGRAM_MAXIMUM ? BENCH_HISTOGRAM_MAXIMUM : value;
    if (histogram->count == 0 || value < histogram->least) {
        histogram->least = value;
    }
    if (value > histogram->most) {
        histogram->most = value;
    }
    histogram->count++;
    histogram->sum += (uint64_t)value;
    histogram->buckets[find_bucket((uint64_t)value)]++;
}

void bench_histogram_merge(struct bench_histogram *into, const struct bench_histogram *from)
{
    if (from->count == 0) {
        return;
    }
    if (into->count == 0 || from->least < into->least) {
        into->least = from->least;
    }
    if (from->most > into->most) {
        into->most = from->most;
    }
    into->count += from->count;
    into->sum += from->sum;
    for (size_t i = 0; i < BENCH_HISTOGRAM_BUCKETS; i++) {
        into->buckets[i] += from->buckets[i];
    }
}

int64_t bench_histogram_at(const struct bench_histogram *histogram, unsigned share)
{
    uint64_t wanted = (histogram->count * share + WHOLE - 1) / WHOLE;
    uint64_t seen = 0;
    if (wanted <= 1) {
        return histogram->least;
    }
    for (size_t i = 0; i < BENCH_HISTOGRAM_BUCKETS; i++) {
        seen += histogram->buckets[i];
        if (seen >= wanted) {
            int64_t end = bucket_end(i);
            return end < histogram->most ? end : histogram->most;
        }
    }
    return histogram->most;
}

int64_t bench_histogram_mean(const struct bench_histogram *histogram)
{
    return histogram->count > 0 ? (int64_t)(histogram->sum / histogram->count) : 0;
}
