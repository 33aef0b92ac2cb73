/* SPDX-License-Identifier: EUPL-1.2 */
/* When requests are meant to be sent. */
#include <string.h>

#include "tests/unit/tools/bench_support.h"
#include "tools/load/plan.h"
#include "tools/load/vix_bench.h"

#define MS (BENCH_SECOND / 1000)
#define START (1000 * BENCH_SECOND)

static void test_closed_by_number(void **state)
{
    (void)state;
    struct bench_plan plan;
    int64_t when = 0;
    bench_plan_start(&plan, &(struct bench_plan_settings){
                                .start = START, .length = BENCH_SECOND, .requests = 3, .loops = 1});
    assert_int_equal(bench_plan_next(&plan, START - MS, &when), BENCH_PLAN_WAIT);
    assert_true(when == START);
    for (int i = 0; i < 3; i++) {
        assert_false(bench_plan_is_over(&plan, START + i));
        assert_int_equal(bench_plan_next(&plan, START + i, &when), BENCH_PLAN_SEND);
        assert_true(when == START + i);
    }
    assert_true(bench_plan_is_over(&plan, START + 4));
    assert_int_equal(bench_plan_next(&plan, START + 4, &when), BENCH_PLAN_OVER);
    assert_false(bench_plan_take_unsent(&plan, START + BENCH_SECOND, &when));
}

static void test_closed_by_time(void **state)
{
    (void)state;
    struct bench_plan plan;
    int64_t when = 0;
    bench_plan_start(&plan, &(struct bench_plan_settings){
                                .start = START, .warm_up = 10 * MS, .length = 20 * MS, .loops = 1});
    assert_int_equal(bench_plan_next(&plan, START, &when), BENCH_PLAN_SEND);
    assert_false(bench_plan_is_measured(&plan, when));
    assert_int_equal(bench_plan_next(&plan, START + 10 * MS, &when), BENCH_PLAN_SEND);
    assert_true(bench_plan_is_measured(&plan, when));
    assert_int_equal(bench_plan_next(&plan, START + 30 * MS - 1, &when), BENCH_PLAN_SEND);
    assert_int_equal(bench_plan_next(&plan, START + 30 * MS, &when), BENCH_PLAN_OVER);
}

static void test_the_warm_up_is_not_in_the_number(void **state)
{
    (void)state;
    struct bench_plan plan;
    int64_t when = 0;
    bench_plan_start(
        &plan,
        &(struct bench_plan_settings){
            .start = START, .warm_up = 10 * MS, .length = BENCH_SECOND, .requests = 1, .loops = 1});
    for (int i = 0; i < 10; i++) {
        assert_int_equal(bench_plan_next(&plan, START + i * MS, &when), BENCH_PLAN_SEND);
    }
    assert_int_equal(bench_plan_next(&plan, START + 10 * MS, &when), BENCH_PLAN_SEND);
    assert_int_equal(bench_plan_next(&plan, START + 11 * MS, &when), BENCH_PLAN_OVER);
}

static void test_open_keeps_its_times(void **state)
{
    (void)state;
    struct bench_plan plan;
    int64_t when = 0;
    /* A rate that does not divide a second: no error adds up. */
    bench_plan_start(&plan,
                     &(struct bench_plan_settings){
                         .start = START, .length = 10 * BENCH_SECOND, .rate = 3, .loops = 1});
    for (int i = 0; i < 30; i++) {
        int64_t due = START + i * BENCH_SECOND / 3;
        assert_int_equal(bench_plan_next(&plan, due - 1, &when), BENCH_PLAN_WAIT);
        assert_true(when == due);
        assert_int_equal(bench_plan_next(&plan, due + MS, &when), BENCH_PLAN_SEND);
        assert_true(when == due);
    }
    assert_int_equal(bench_plan_next(&plan, START + 10 * BENCH_SECOND - 1, &when), BENCH_PLAN_OVER);
}

/* The server stalls for half a second: what was due then is still due, with the times it had. */
static void test_open_does_not_forget(void **state)
{
    (void)state;
    struct bench_plan plan;
    int64_t when = 0;
    bench_plan_start(&plan, &(struct bench_plan_settings){
                                .start = START, .length = BENCH_SECOND, .rate = 100, .loops = 1});
    assert_int_equal(bench_plan_next(&plan, START, &when), BENCH_PLAN_SEND);
    for (int i = 1; i <= 50; i++) {
        assert_int_equal(bench_plan_next(&plan, START + 500 * MS, &when), BENCH_PLAN_SEND);
        assert_true(when == START + i * 10 * MS);
    }
    assert_int_equal(bench_plan_next(&plan, START + 500 * MS, &when), BENCH_PLAN_WAIT);

    int unsent = 0;
    while (bench_plan_take_unsent(&plan, START + 2 * BENCH_SECOND, &when)) {
        unsent++;
        assert_true(when == START + (50 + unsent) * 10 * MS);
    }
    assert_int_equal(unsent, 49);
}

static void test_loops_share_one_load(void **state)
{
    (void)state;
    static const size_t loops = 3;
    int seen[100] = {0};
    uint64_t quotas = 0;
    for (size_t l = 0; l < loops; l++) {
        struct bench_plan plan;
        int64_t when = 0;
        bench_plan_start(&plan, &(struct bench_plan_settings){.start = START,
                                                              .length = BENCH_SECOND,
                                                              .requests = 100,
                                                              .rate = 100,
                                                              .loop = l,
                                                              .loops = loops});
        while (bench_plan_next(&plan, START + BENCH_SECOND - 1, &when) == BENCH_PLAN_SEND) {
            seen[(when - START) / (10 * MS)]++;
            quotas++;
        }
    }
    assert_int_equal(quotas, 100);
    for (size_t i = 0; i < ARRAY_LENGTH(seen); i++) {
        assert_int_equal(seen[i], 1);
    }
}

/* Quiet, a burst, quiet again; the warm-up is more of the first. */
static void test_phases(void **state)
{
    (void)state;
    static const size_t loops = 2;
    unsigned counts[3] = {0};
    unsigned warm_up = 0;
    for (size_t l = 0; l < loops; l++) {
        struct bench_plan plan;
        int64_t when = 0;
        int64_t last = 0;
        bench_plan_start(&plan, &(struct bench_plan_settings){.start = START,
                                                              .warm_up = BENCH_SECOND,
                                                              .length = 7 * BENCH_SECOND,
                                                              .phases = {{5, 2}, {300, 3}, {7, 2}},
                                                              .phase_count = 3,
                                                              .loop = l,
                                                              .loops = loops});
        assert_true(bench_plan_is_open(&plan));
        assert_int_equal(bench_plan_next(&plan, START - 1, &when), BENCH_PLAN_WAIT);
        while (bench_plan_next(&plan, START + 8 * BENCH_SECOND - 1, &when) == BENCH_PLAN_SEND) {
            size_t phase = bench_plan_phase(&plan, when);
            assert_true(when > last && phase < 3);
            last = when;
            warm_up += bench_plan_is_measured(&plan, when) ? 0 : 1;
            counts[phase]++;
        }
    }
    assert_int_equal(warm_up, 5);
    assert_int_equal(counts[0], 5 * 3);
    assert_int_equal(counts[1], 300 * 3);
    assert_int_equal(counts[2], 7 * 2);
}

static void test_stopped(void **state)
{
    (void)state;
    struct bench_plan plan;
    int64_t when = 0;
    bench_plan_start(&plan, &(struct bench_plan_settings){
                                .start = START, .length = BENCH_SECOND, .rate = 100, .loops = 1});
    bench_plan_stop(&plan);
    assert_int_equal(bench_plan_next(&plan, START, &when), BENCH_PLAN_OVER);
    assert_false(bench_plan_take_unsent(&plan, START + BENCH_SECOND, &when));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_closed_by_number),
        cmocka_unit_test(test_closed_by_time),
        cmocka_unit_test(test_the_warm_up_is_not_in_the_number),
        cmocka_unit_test(test_open_keeps_its_times),
        cmocka_unit_test(test_open_does_not_forget),
        cmocka_unit_test(test_loops_share_one_load),
        cmocka_unit_test(test_phases),
        cmocka_unit_test(test_stopped),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
