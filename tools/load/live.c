/* SPDX-License-Identifier: EUPL-1.2 */
#include "tools/load/live.h"

#include <stdio.h>
#include <unistd.h>

void bench_live_add(struct bench_live *live, bool successful, int64_t latency)
{
    atomic_fetch_add_explicit(successful ? &live->successful : &live->failed, 1,
                              memory_order_relaxed);
    if (latency > atomic_load_explicit(&live->slowest, memory_order_relaxed)) {
        atomic_store_explicit(&live->slowest, latency, memory_order_relaxed);
    }
}

void bench_teller_begin(struct bench_teller *teller, struct bench_live *live, size_t loops,
                        int64_t length)
{
    *teller = (struct bench_teller){
        .live = live,
        .loops = loops,
        .begun = bench_now(),
        .length = length,
        .is_terminal = isatty(STDERR_FILENO) == 1,
    };
    teller->told_at = teller->begun;
}

void bench_teller_describe(struct bench_teller *teller, int64_t now, struct text *out)
{
    uint64_t successful = 0;
    uint64_t failed = 0;
    int64_t slowest = 0;
    for (size_t i = 0; i < teller->loops; i++) {
        struct bench_live *live = &teller->live[i];
        int64_t slow = atomic_exchange_explicit(&live->slowest, 0, memory_order_relaxed);
        successful += atomic_load_explicit(&live->successful, memory_order_relaxed);
        failed += atomic_load_explicit(&live->failed, memory_order_relaxed);
        slowest = slow > slowest ? slow : slowest;
    }
    double interval = (double)(now - teller->told_at) / (double)BENCH_SECOND;
    double rate = interval > 0 ? (double)(successful - teller->told) / interval : 0;
    text_add_format(out, "%lld", (long long)((now - teller->begun) / BENCH_SECOND));
    if (teller->length > 0) {
        text_add_format(out, " of %lld", (long long)(teller->length / BENCH_SECOND));
    }
    text_add_format(out, " s: %.0f/s, %llu in all, %llu failed, slowest %.1f ms", rate,
                    (unsigned long long)successful, (unsigned long long)failed,
                    (double)slowest / 1e6);
    teller->told = successful;
    teller->told_at = now;
}

void bench_teller_tell(struct bench_teller *teller)
{
    CLEANUP(text_finish) struct text line = {0};
    if (!teller->is_terminal) {
        return;
    }
    bench_teller_describe(teller, bench_now(), &line);
    if (line.fault == 0) {
        fprintf(stderr, "\r\033[K%s", line.bytes);
        teller->is_shown = true;
    }
}

void bench_teller_end(struct bench_teller *teller)
{
    if (teller->is_shown) {
        fputs("\r\033[K", stderr);
        teller->is_shown = false;
    }
}
