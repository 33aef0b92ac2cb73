/* SPDX-License-Identifier: EUPL-1.2 */
/* The search for the knee, when a step of it holds, and what is told meanwhile. */
#include <stdlib.h>
#include <string.h>

#include "tests/unit/tools/bench_support.h"
#include "tools/load/live.h"
#include "tools/load/ramp.h"

#define MS (BENCH_SECOND / 1000)

/* An index that keeps every rate up to `knee`; the number of steps that were needed. */
static unsigned climb(struct bench_search *search, int64_t knee)
{
    unsigned steps = 0;
    int64_t rate;
    while ((rate = bench_search_next(search)) > 0) {
        assert_true(rate <= BENCH_RATE_MAXIMUM);
        assert_true(++steps < BENCH_STEPS_MAXIMUM);
        bench_search_note(search, rate, rate <= knee);
    }
    return steps;
}

static void test_the_knee_is_found(void **state)
{
    (void)state;
    static const int64_t knees[] = {1, 7, 99, 100, 101, 150, 4321, 60000};
    for (size_t i = 0; i < ARRAY_LENGTH(knees); i++) {
        struct bench_search search = {.first = 100, .growth = 50, .halving = 20};
        climb(&search, knees[i]);
        assert_true(search.held <= knees[i] && search.failed > knees[i]);
        assert_true(search.failed - search.held <= 1 + search.held / 50);
    }
}

static void test_halving_is_bounded(void **state)
{
    (void)state;
    struct bench_search search = {.first = 100, .growth = 100, .halving = 2};
    /* 100, 200, 400, 800 fails, 600 fails, 500 */
    assert_int_equal(climb(&search, 550), 6);
    assert_int_equal(search.held, 500);
    assert_int_equal(search.failed, 600);
}

static void test_searches_end(void **state)
{
    (void)state;
    struct bench_search nothing = {.first = 100, .growth = 50, .halving = 3};
    climb(&nothing, 0);
    assert_int_equal(nothing.held, 0);
    struct bench_search everything = {.first = 100, .growth = 1, .halving = 3};
    unsigned steps = 0;
    int64_t rate;
    int64_t last = 0;
    while ((rate = bench_search_next(&everything)) > 0) {
        assert_true(rate > last);
        last = rate;
        bench_search_note(&everything, rate, true);
        steps++;
    }
    assert_true(steps > 10 && everything.failed == 0);
    assert_true(everything.held <= BENCH_RATE_MAXIMUM);
}

static struct bench_tally *new_tally(void)
{
    struct bench_tally *tally = calloc(1, sizeof(*tally));
    assert_non_null(tally);
    return tally;
}

static void test_a_step_holds(void **state)
{
    (void)state;
    struct bench_tally *tally = new_tally();
    assert_false(bench_step_holds(tally, 10 * MS)); /* nothing was asked */
    for (int i = 0; i < 1000; i++) {
        bench_histogram_add(&tally->latency, MS);
    }
    tally->answered = 1000;
    tally->successful = 1000;
    assert_true(bench_step_holds(tally, 10 * MS));
    assert_false(bench_step_holds(tally, MS / 2));
    tally->successful = 989; /* refused ones are quick: the latency does not tell */
    assert_false(bench_step_holds(tally, 10 * MS));
    tally->successful = 990;
    assert_true(bench_step_holds(tally, 10 * MS));
    tally->unsent = 5;
    assert_false(bench_step_holds(tally, 10 * MS));
    tally->unsent = 0;
    tally->failures[BENCH_TIMED_OUT] = 5;
    assert_false(bench_step_holds(tally, 10 * MS));
    free(tally);
}

/* ---- what is told meanwhile ---- */

static void test_what_is_told(void **state)
{
    (void)state;
    struct bench_live live[2] = {0};
    struct bench_teller teller;
    CLEANUP(text_finish) struct text text = {0};
    bench_teller_begin(&teller, live, 2, 30 * BENCH_SECOND);
    for (int i = 1; i <= 300; i++) {
        bench_live_add(&live[i % 2], true, i * MS / 10);
    }
    bench_live_add(&live[1], false, 45 * MS);
    bench_teller_describe(&teller, teller.begun + 2 * BENCH_SECOND, &text);
    assert_int_equal(text.fault, 0);
    assert_string_equal(text.bytes, "2 of 30 s: 150/s, 300 in all, 1 failed, slowest 45.0 ms");

    /* The rate, and the slowest, are those since the last time. */
    text_clear(&text);
    teller.length = 0;
    bench_live_add(&live[0], true, 2 * MS);
    bench_teller_describe(&teller, teller.begun + 3 * BENCH_SECOND, &text);
    assert_string_equal(text.bytes, "3 s: 1/s, 301 in all, 1 failed, slowest 2.0 ms");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_knee_is_found), cmocka_unit_test(test_halving_is_bounded),
        cmocka_unit_test(test_searches_end),      cmocka_unit_test(test_a_step_holds),
        cmocka_unit_test(test_what_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
