/* SPDX-License-Identifier: EUPL-1.2 */
/* A turn of the epoch key that is interrupted anywhere: nothing is lost, and it goes on. */
#include <errno.h>
#include <stdio.h>

#include "tests/unit/store/turning.h"
#include "tests/unit/store/verify.h"

enum { CHILDREN = 150 };

static struct turning turning;
static struct office *const office = &turning.office;

static int setup(void **state)
{
    (void)state;
    turning_open(&turning, true);
    turning_fill(&turning, CHILDREN);
    office_index(office);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    turning_finish(&turning);
    return 0;
}

static void go_on(uint32_t epoch)
{
    turning_reopen(&turning);
    turning_check_content(&turning, CHILDREN); /* readable in between, too */
    turning_settle(&turning);
    struct store_status status = office_status(office);
    assert_int_equal(status.epoch, epoch);
    assert_false(status.epoch_turning);
    assert_int_equal(keyring_epoch_others(office->keys), 0);
    turning_check_rows(&turning, epoch);
    turning_check_content(&turning, CHILDREN);
}

/* The n-th commit of a turn fails; what was committed before it is all there is after it. */
static void crash_everywhere(bool commit_happens)
{
    unsigned crashes = 0;
    for (uint64_t at = 1;; at++) {
        struct kv_faulty_plan plan = {
            .fail_commit_at = at, .commit_result = -EIO, .commit_happens = commit_happens};
        uint32_t before = office_status(office).epoch;
        office_forget(office);
        kv_faulty_set(office->kv, &plan);
        int result = turning_turn(&turning, NULL);
        plan = (struct kv_faulty_plan){0};
        kv_faulty_set(office->kv, &plan);
        if (result == 0) {
            break; /* it needs no more commits than that */
        }
        assert_int_equal(result, STORE_STOPPED);
        crashes++;
        turning_reopen(&turning);
        uint32_t begun = office_status(office).epoch;
        assert_in_range(begun, before, before + 1);
        if (begun == before) { /* not even begun: the request was lost */
            assert_int_equal(turning_turn(&turning, NULL), 0);
        }
        go_on(before + 1);
    }
    assert_in_range(crashes, 6, 100);
}

static void test_commits_that_never_happened(void **state)
{
    (void)state;
    crash_everywhere(false);
}

static void test_commits_that_happened(void **state)
{
    (void)state;
    crash_everywhere(true);
}

/* Stopped in an orderly way, again and again, while it walks. */
static void test_stops_in_between(void **state)
{
    (void)state;
    char why[KEYRING_WHY_SIZE];
    uint32_t id;
    office_close(office);
    assert_int_equal(keyring_epoch_begin(office->keys, &id, why), 0);
    assert_int_equal(id, 2);
    office_reopen(office);
    for (int i = 0; i < 10; i++) {
        struct store_note_op op;
        store_note_init(&op);
        assert_int_equal(office_run(office, &op.op, 0), 0);
        turning_reopen(&turning);
    }
    go_on(2);
}

/* The machine stops between the last commit and the destruction of the old key. */
static void test_an_old_key_that_is_left(void **state)
{
    (void)state;
    char old[600];
    char copy[600];
    struct store_epoch_turn op;
    snprintf(old, sizeof(old), "%s/epoch-1.key", turning.keys);
    snprintf(copy, sizeof(copy), "%s/copy", turning.place.directory);
    turning_copy_files(turning.keys, copy);
    assert_int_equal(turning_turn(&turning, &op), 0);
    uint64_t size = office_status(office).log_size;
    office_close(office);
    snprintf(copy, sizeof(copy), "%s/copy/epoch-1.key", turning.place.directory);
    assert_int_equal(rename(copy, old), 0);
    turning_reopen(&turning);
    turning_settle(&turning);
    assert_int_equal(office_status(office).log_size, size); /* there was nothing to turn */
    assert_int_equal(keyring_epoch_others(office->keys), 0);
    assert_int_equal(rename(old, copy), -1);
    turning_check_content(&turning, CHILDREN);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_commits_that_never_happened, setup, teardown),
        cmocka_unit_test_setup_teardown(test_commits_that_happened, setup, teardown),
        cmocka_unit_test_setup_teardown(test_stops_in_between, setup, teardown),
        cmocka_unit_test_setup_teardown(test_an_old_key_that_is_left, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
