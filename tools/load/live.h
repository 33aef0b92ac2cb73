/* SPDX-License-Identifier: EUPL-1.2 */
/*
 * What is seen of a load while it runs: each loop counts, and the thread that waits for the loops
 * tells on stderr, twice a second, on one line that is written over, when that is a terminal.
 */
#ifndef TOOLS_LOAD_LIVE_H
#define TOOLS_LOAD_LIVE_H

#include <stdatomic.h>
#include <stdbool.h>

#include "tools/load/vix_bench.h"
#include "tools/text.h"

/* Of one loop, which writes; the teller reads, and takes `slowest` away. */
struct bench_live {
    _Alignas(64) atomic_uint_fast64_t successful; /* warm-up too */
    atomic_uint_fast64_t failed;                  /* answered otherwise, or not at all */
    atomic_int_fast64_t slowest;                  /* ns, since it was last told */
};

void bench_live_add(struct bench_live *live, bool successful, int64_t latency);

struct bench_teller {
    struct bench_live *live;
    size_t loops;
    int64_t begun;
    int64_t length; /* ns of the whole load; 0: nobody knows */
    int64_t told_at;
    uint64_t told; /* successful ones */
    bool is_terminal;
    bool is_shown;
};

#define BENCH_LIVE_INTERVAL (BENCH_SECOND / 2)
void bench_teller_begin(struct bench_teller *teller, struct bench_live *live, size_t loops,
                        int64_t length);
void bench_teller_tell(struct bench_teller *teller);
void bench_teller_end(struct bench_teller *teller); /* takes the line away */

/* "12 of 30 s: 5123/s, 61000 in all, 3 failed, slowest 35.2 ms", at that moment. */
void bench_teller_describe(struct bench_teller *teller, int64_t now, struct text *out);

#endif
