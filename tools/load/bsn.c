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
}

int bench_bsns_take(struct bench_bsns *bsns, uint32_t *ret_bsn)
{
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
