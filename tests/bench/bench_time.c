/* SPDX-License-Identifier: EUPL-1.2 */
#include <stdlib.h>
#include <time.h>

#include "tests/bench/bench.h"

uint32_t bench_pick(uint32_t below)
{
    static uint64_t state = UINT64_C(0x9e3779b97f4a7c15);
    state ^= state >> 12;
    state ^= state << 25;
    state ^= state >> 27;
    return (uint32_t)((state * UINT64_C(2685821657736338717)) >> 33) % below;
}

double bench_now(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec * 1e6 + (double)now.tv_nsec / 1e3;
}

static int compare(const void *left, const void *right)
{
    const double *a = left;
    const double *b = right;
    return (*a > *b) - (*a < *b);
}

double bench_percentile(double *values, size_t count, unsigned percent)
{
    qsort(values, count, sizeof(*values), compare);
    return values[(count - 1) * percent / 100];
}

double bench_median(double *values, size_t count)
{
    return bench_percentile(values, count, 50);
}
