/* SPDX-License-Identifier: EUPL-1.2 */
#include "tools/load/bsn.h"

#define EIGHT_END 100000000u
#define NO_NINTH 10u

/* The ninth digit: 9A+8B+7C+6D+5E+4F+3G+2H modulo 11, where that is a digit. */
static uint32_t ninth_digit(uint32_t eight)
{
    uint32_t sum = 0;
    for (uint32_t weight = 2; weight <= 9; weight++, eight /= 10) {
        sum += weight * (eight % 10);
    }
    return sum % 11;
}

void bench_bsns_start(struct bench_bsns *bsns, uint32_t from)
{
    uint32_t eight = from / 10;
    if (eight < EIGHT_END && ninth_digit(eight) < from % 10) {
        eight++;
    }
    /* 00000000 has only the number that is nobody's. */
    atomic_init(&bsns->eight, eight > 0 ? eight : 1);
    atomic_init(&bsns->drawn, 0);
    bsns->span = 0;
}

int bench_bsns_start_drawing(struct bench_bsns *bsns, uint32_t from, uint32_t count, uint64_t seed)
{
    bench_bsns_start(bsns, from);
    uint32_t first = (uint32_t)atomic_load(&bsns->eight);
    uint32_t eight = first;
    for (uint32_t there = 0; there < count; eight++) {
        if (eight >= EIGHT_END) {
            return BENCH_BSNS_EXHAUSTED;
        }
        there += ninth_digit(eight) < NO_NINTH ? 1 : 0;
    }
    bsns->first = first;
    bsns->span = eight - first;
    bsns->seed = seed;
    return 0;
}

uint32_t bench_bsns_behind(const struct bench_bsns *bsns)
{
    return (bsns->first + bsns->span) * 10;
}

/* One of the range, by the finalizer of SplitMix64 on a counter: no lock, no thread of its own. */
static uint32_t draw(struct bench_bsns *bsns)
{
    uint32_t eight;
    do {
        uint64_t x = bsns->seed + atomic_fetch_add(&bsns->drawn, 1) * UINT64_C(0x9e3779b97f4a7c15);
        x = (x ^ (x >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
        x = (x ^ (x >> 27)) * UINT64_C(0x94d049bb133111eb);
        eight = bsns->first + (uint32_t)(((x ^ (x >> 31)) >> 32) * bsns->span >> 32);
    } while (ninth_digit(eight) >= NO_NINTH);
    return eight * 10 + ninth_digit(eight);
}

int bench_bsns_take(struct bench_bsns *bsns, uint32_t *ret_bsn)
{
    if (bsns->span > 0) {
        *ret_bsn = draw(bsns);
        return 0;
    }
    for (;;) {
        uint32_t eight = (uint32_t)atomic_fetch_add(&bsns->eight, 1);
        if (eight >= EIGHT_END) {
            atomic_store(&bsns->eight, EIGHT_END);
            return BENCH_BSNS_EXHAUSTED;
        }
        uint32_t ninth = ninth_digit(eight);
        if (ninth < NO_NINTH) {
            *ret_bsn = eight * 10 + ninth;
            return 0;
        }
    }
}

uint32_t bench_bsns_rest(const struct bench_bsns *bsns)
{
    uint32_t eight = (uint32_t)atomic_load(&bsns->eight);
    return (eight < EIGHT_END ? eight : EIGHT_END) * 10;
}

void bench_bsn_write(uint32_t bsn, char out[static BSN_DIGITS])
{
    for (size_t i = BSN_DIGITS; i > 0; i--, bsn /= 10) {
        out[i - 1] = (char)('0' + bsn % 10);
    }
}
