/* SPDX-License-Identifier: EUPL-1.2 */
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "proto/limits.h"
#include "store/base/clock.h"

static const unsigned quotas[LIMIT_KINDS] = {[LIMIT_REQUESTS] = 3, [LIMIT_EVALUATIONS] = 10};
static const int64_t start = 1000 * CLOCK_MINUTE;

static void test_window(void **state)
{
    (void)state;
    struct limits *limits;
    struct limit_state now;
    assert_int_equal(limits_new(quotas, &limits), 0);
    for (unsigned i = 0; i < 3; i++) {
        assert_int_equal(limits_take(limits, 1, LIMIT_REQUESTS, 1, start + i, &now), 0);
        assert_int_equal(now.quota, 3);
        assert_int_equal(now.remaining, 2 - i);
        assert_int_equal(now.reset_seconds, 60);
    }
    assert_int_equal(limits_take(limits, 1, LIMIT_REQUESTS, 1, start + CLOCK_MINUTE - 1, &now),
                     LIMITS_EXCEEDED);
    assert_int_equal(now.reset_seconds, 1);
    /* Another party, another kind, another minute: each its own. */
    assert_int_equal(limits_take(limits, 2, LIMIT_REQUESTS, 1, start, &now), 0);
    assert_int_equal(limits_take(limits, 1, LIMIT_EVALUATIONS, 10, start, &now), 0);
    assert_int_equal(now.remaining, 0);
    assert_int_equal(limits_take(limits, 1, LIMIT_REQUESTS, 1, start + CLOCK_MINUTE, &now), 0);
    assert_int_equal(now.remaining, 2);
    limits_free(limits);
}

static void test_all_or_nothing(void **state)
{
    (void)state;
    struct limits *limits;
    struct limit_state now;
    assert_int_equal(limits_new(quotas, &limits), 0);
    assert_int_equal(limits_take(limits, 1, LIMIT_EVALUATIONS, 8, start, &now), 0);
    assert_int_equal(limits_take(limits, 1, LIMIT_EVALUATIONS, 3, start, &now), LIMITS_EXCEEDED);
    assert_int_equal(now.remaining, 2);
    assert_int_equal(limits_take(limits, 1, LIMIT_EVALUATIONS, 2, start, &now), 0);
    assert_int_equal(limits_take(limits, 1, LIMIT_EVALUATIONS, UINT32_MAX, start, &now),
                     LIMITS_EXCEEDED);
    limits_free(limits);
}

static void test_many_parties(void **state)
{
    (void)state;
    struct limits *limits;
    struct limit_state now;
    assert_int_equal(limits_new(quotas, &limits), 0);
    for (uint32_t party = 1; party < 5000; party += 7) {
        assert_int_equal(limits_take(limits, party, LIMIT_REQUESTS, 3, start, &now), 0);
    }
    for (uint32_t party = 1; party < 5000; party++) {
        int expected = party % 7 == 1 ? LIMITS_EXCEEDED : 0;
        assert_int_equal(limits_take(limits, party, LIMIT_REQUESTS, 1, start, &now), expected);
    }
    /* Numbers beyond what is kept apart share one window. */
    assert_int_equal(limits_take(limits, UINT32_MAX, LIMIT_REQUESTS, 3, start, &now), 0);
    assert_int_equal(limits_take(limits, UINT32_MAX - 1, LIMIT_REQUESTS, 1, start, &now),
                     LIMITS_EXCEEDED);
    limits_free(limits);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_window),
        cmocka_unit_test(test_all_or_nothing),
        cmocka_unit_test(test_many_parties),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
