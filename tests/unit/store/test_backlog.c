/* SPDX-License-Identifier: EUPL-1.2 */
/* A daemon that was down for years: everything is caught up with in bounded batches, progress can
 * be seen, and nobody waits for it. */
#include "store/base/clock.h"
#include "tests/unit/store/turning.h"
#include "tests/unit/store/verify.h"

enum {
    CHILDREN = OFFICE_SCALE(10000, 500),
    ROWS_OF_A_BATCH = 256,
    WAVE = 1000, /* signals posted at once */
};

static struct turning turning;
static struct office *const office = &turning.office;

static void prolong(uint32_t party)
{
    struct store_party_change change;
    office_change(&change, party, PARTY_AGREEMENT_ADD);
    change.agreement = (struct agreement){OFFICE_TOWN, office_today() + 366 * 100};
    assert_int_equal(office_run(office, &change.op, 0), 0);
}

static int setup(void **state)
{
    (void)state;
    turning_open(&turning, true);
    prolong(turning.school);
    prolong(turning.care);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    turning_finish(&turning);
    return 0;
}

static void post_wave(unsigned from)
{
    struct store_signal_post *ops = test_calloc(WAVE, sizeof(*ops));
    struct crowd crowd;
    crowd_init(&crowd);
    for (unsigned i = 0; i < WAVE; i++) {
        office_fill_post(office, &ops[i], i % 2 == 0 ? turning.school : turning.care,
                         i % 2 == 0 ? "ann" : "bob", from + i / 2);
        assert_int_equal(crowd_submit(&crowd, office->store, &ops[i].op), 0);
    }
    crowd_finish(&crowd);
    for (unsigned i = 0; i < WAVE; i++) {
        assert_int_equal(ops[i].op.result, 0);
    }
    test_free(ops);
}

static void test_down_for_eight_years(void **state)
{
    (void)state;
    struct checkpoint_vkey vkey = verify_key(office->keys, OFFICE_ORIGIN);
    for (unsigned from = 0; from < CHILDREN; from += WAVE / 2) {
        post_wave(from);
    }
    assert_int_equal(office_status(office).signals, 2 * CHILDREN);
    assert_int_equal(office_status(office).due_lag, 0);
    uint64_t entries = office_status(office).log_size;
    office_close(office);
    office_advance_days(8 * 366);
    turning_reopen(&turning);

    struct store_status first = office_status(office);
    struct store_status last = first;
    unsigned posted = 0;
    unsigned steps = 0;
    assert_true(first.due_lag > 5 * 365 * CLOCK_DAY);
    while (last.due_lag > 0 || last.epoch_turning) {
        struct store_status now;
        /* Whoever comes meanwhile is answered as ever. */
        office_post(office, turning.school, "ann", 100000 + posted++);
        now = office_status(office);
        uint64_t commits = office_status(office).revision - last.revision + 1;
        steps += now.due_rows > last.due_rows ? 1 : 0;
        assert_true(now.due_rows >= last.due_rows);
        assert_true(now.due_rows - last.due_rows <= commits * ROWS_OF_A_BATCH);
        last = now;
    }
    assert_true(steps > 1);
    /* Each was prompted for, archived and erased; and there is more that had its time. */
    assert_true(last.due_rows >= 3 * 2 * CHILDREN);
    assert_int_equal(last.set_aside, 0);
    assert_int_equal(last.aborted_batches, 0);
    assert_int_equal(office_status(office).signals, posted);
    assert_int_equal(turning_count_children(&turning, CHILD_FILE), posted);
    assert_true(office_status(office).log_size >= entries + 2 * 2 * CHILDREN);
    turning_settle(&turning);
    assert_int_equal(office_status(office).epoch, 2);
    turning_check_rows(&turning, 2);
    assert_true(verify_head(office_look(office), &vkey).size > entries);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_down_for_eight_years, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
