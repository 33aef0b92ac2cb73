/* SPDX-License-Identifier: EUPL-1.2 */
/* Inside bench_store_count: the clock of what is counted. */
#ifndef TESTS_BENCH_STORE_TICKS_H
#define TESTS_BENCH_STORE_TICKS_H

#include "tests/bench/store/count.h"

extern bool bs_counting;

/* The counter of the processor costs some 20 ns; where there is none, the clock of the system. */
static inline uint64_t bs_ticks(void)
{
#if defined(__x86_64__)
    return __builtin_ia32_rdtsc();
#else
    return (uint64_t)bs_now();
#endif
}

static inline uint64_t bs_ticks_begin(void)
{
    return bs_counting ? bs_ticks() : 0;
}

static inline void bs_ticks_end(struct bs_count *count, uint64_t began, size_t bytes)
{
    if (bs_counting) {
        count->calls++;
        count->ticks += bs_ticks() - began;
        count->bytes += bytes;
    }
}

void bs_counts_clear(void);

#endif
