/* SPDX-License-Identifier: EUPL-1.2 */
#include "daemon/upkeep.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "store/base/clock.h"

static struct upkeep seen;
static struct upkeep_line lines[UPKEEP_LINES_MAXIMUM];

static int setup(void **state)
{
    (void)state;
    seen = (struct upkeep){0};
    return 0;
}

static void assert_says(const struct store_status *status, enum log_level level, const char *event,
                        const char *text)
{
    assert_int_equal(upkeep_look(&seen, status, lines), 1);
    assert_int_equal(lines[0].level, level);
    assert_string_equal(lines[0].event, event);
    assert_string_equal(lines[0].text, text);
}

static void test_progress(void **state)
{
    (void)state;
    struct store_status status = {.due_lag = 59 * CLOCK_SECOND};
    assert_int_equal(upkeep_look(&seen, &status, lines), 0);
    status.due_lag = 3 * CLOCK_DAY;
    status.due_rows = 256;
    assert_says(&status, LOG_LEVEL_NOTICE, "due", "state=behind rows=256 lag_seconds=259200");
    status.due_rows = 90000;
    status.due_lag = CLOCK_DAY;
    assert_says(&status, LOG_LEVEL_NOTICE, "due", "state=behind rows=90000 lag_seconds=86400");
    status.due_lag = 0;
    assert_says(&status, LOG_LEVEL_NOTICE, "due", "state=caught-up rows=90000 lag_seconds=0");
    assert_int_equal(upkeep_look(&seen, &status, lines), 0);
}

static void test_turns(void **state)
{
    (void)state;
    struct store_status status = {.epoch = 2, .epoch_turning = true};
    assert_int_equal(upkeep_look(&seen, &status, lines), 0);
    assert_says(&status, LOG_LEVEL_NOTICE, "epoch-key", "turn=under-way epoch=2");
    status.epoch_turning = false;
    status.epoch_turned_at = 1000;
    assert_says(&status, LOG_LEVEL_NOTICE, "epoch-key", "turn=done epoch=2");
    assert_int_equal(upkeep_look(&seen, &status, lines), 0);
    /* Between two looks. */
    status.epoch = 3;
    status.epoch_turned_at = 2000;
    assert_says(&status, LOG_LEVEL_NOTICE, "epoch-key", "turn=done epoch=3");
}

static void test_a_turn_that_is_put_off(void **state)
{
    (void)state;
    struct store_status status = {.epoch = 2, .epoch_overdue = true};
    assert_says(&status, LOG_LEVEL_WARNING, "epoch-key",
                "turn=put-off erased data stays readable in old copies; tried again daily");
    assert_int_equal(upkeep_look(&seen, &status, lines), 0); /* said once */
    status.epoch_overdue = false;
    assert_int_equal(upkeep_look(&seen, &status, lines), 0);
    status.epoch_overdue = true;
    assert_int_equal(upkeep_look(&seen, &status, lines), 1);
}

static void test_all_at_once(void **state)
{
    (void)state;
    struct store_status status = {
        .epoch = 2, .epoch_turned_at = 1, .epoch_overdue = true, .due_lag = CLOCK_DAY};
    assert_int_equal(upkeep_look(&seen, &status, lines), 3);
    assert_string_equal(lines[0].event, "due");
    assert_int_equal(lines[2].level, LOG_LEVEL_WARNING);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_progress, setup),
        cmocka_unit_test_setup(test_turns, setup),
        cmocka_unit_test_setup(test_a_turn_that_is_put_off, setup),
        cmocka_unit_test_setup(test_all_at_once, setup),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
