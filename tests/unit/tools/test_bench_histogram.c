/* SPDX-License-Identifier: EUPL-1.2 */
/* Durations: how near a percentile is to the truth. */
#include <stdlib.h>
#include <string.h>

#include "tests/unit/tools/bench_support.h"
#include "tools/load/histogram.h"

static struct bench_histogram *new_histogram(void)
{
    struct bench_histogram *histogram = calloc(1, sizeof(*histogram));
    assert_non_null(histogram);
    return histogram;
}

static void test_empty(void **state)
{
    (void)state;
    struct bench_histogram *histogram = new_histogram();
    assert_int_equal(bench_histogram_at(histogram, 50000), 0);
    assert_int_equal(bench_histogram_at(histogram, 100000), 0);
    assert_int_equal(bench_histogram_mean(histogram), 0);
    free(histogram);
}

static void test_small_values_are_exact(void **state)
{
    (void)state;
    struct bench_histogram *histogram = new_histogram();
    for (int i = 1; i <= 200; i++) {
        bench_histogram_add(histogram, i);
    }
    assert_int_equal(histogram->count, 200);
    assert_int_equal(histogram->least, 1);
    assert_int_equal(bench_histogram_at(histogram, 0), 1);
    assert_int_equal(bench_histogram_at(histogram, 50000), 100);
    assert_int_equal(bench_histogram_at(histogram, 90000), 180);
    assert_int_equal(bench_histogram_at(histogram, 99000), 198);
    assert_int_equal(bench_histogram_at(histogram, 99900), 200);
    assert_int_equal(bench_histogram_at(histogram, 100000), 200);
    assert_int_equal(bench_histogram_mean(histogram), 100);
    free(histogram);
}

/* One value alone, with a larger one, so that its bucket's end is what is told. */
static void check_value(int64_t value)
{
    struct bench_histogram *histogram = new_histogram();
    bench_histogram_add(histogram, value);
    bench_histogram_add(histogram, value);
    bench_histogram_add(histogram, BENCH_HISTOGRAM_MAXIMUM);
    int64_t told = bench_histogram_at(histogram, 60000);
    assert_true(told >= value);
    assert_true((told - value) * 128 <= value);
    free(histogram);
}

static void test_every_size_is_near(void **state)
{
    (void)state;
    for (unsigned bit = 0; bit < BENCH_HISTOGRAM_BITS; bit++) {
        int64_t power = INT64_C(1) << bit;
        check_value(power);
        check_value(power - 1);
        check_value(power + power / 2);
        check_value(power + power / 3);
        check_value(2 * power - 1);
    }
}

static void test_order_is_kept(void **state)
{
    (void)state;
    /* A larger value never falls below a smaller one, wherever the buckets end. */
    int64_t before = -1;
    for (int64_t value = 0; value < 70000; value += 7) {
        struct bench_histogram *histogram = new_histogram();
        bench_histogram_add(histogram, value);
        bench_histogram_add(histogram, value);
        bench_histogram_add(histogram, BENCH_HISTOGRAM_MAXIMUM);
        int64_t told = bench_histogram_at(histogram, 50000);
        assert_true(told >= before);
        before = told;
        free(histogram);
    }
}

static void test_what_does_not_fit(void **state)
{
    (void)state;
    struct bench_histogram *histogram = new_histogram();
    bench_histogram_add(histogram, -5);
    bench_histogram_add(histogram, INT64_MAX);
    assert_int_equal(histogram->least, 0);
    assert_true(histogram->most == BENCH_HISTOGRAM_MAXIMUM);
    assert_true(bench_histogram_at(histogram, 100000) == BENCH_HISTOGRAM_MAXIMUM);
    assert_int_equal(bench_histogram_at(histogram, 50000), 0);
    free(histogram);
}

static void test_merged_is_as_added(void **state)
{
    (void)state;
    struct bench_histogram *all = new_histogram();
    struct bench_histogram *parts[2] = {new_histogram(), new_histogram()};
    struct bench_histogram *empty = new_histogram();
    uint32_t random = 1;
    for (int i = 0; i < 20000; i++) {
        random = random * 1664525u + 1013904223u;
        bench_histogram_add(all, random);
        bench_histogram_add(parts[i % 2], random);
    }
    bench_histogram_merge(parts[0], empty);
    bench_histogram_merge(empty, parts[1]);
    bench_histogram_merge(parts[0], empty);
    assert_memory_equal(parts[0], all, sizeof(*all));
    free(all);
    free(parts[0]);
    free(parts[1]);
    free(empty);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_empty),
        cmocka_unit_test(test_small_values_are_exact),
        cmocka_unit_test(test_every_size_is_near),
        cmocka_unit_test(test_order_is_kept),
        cmocka_unit_test(test_what_does_not_fit),
        cmocka_unit_test(test_merged_is_as_added),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
