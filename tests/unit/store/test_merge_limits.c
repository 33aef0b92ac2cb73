/* SPDX-License-Identifier: EUPL-1.2 */
/* Numbers that are replaced, at their limits: many signals, terms, epochs, copies, faults. */
#include "tests/unit/store/merge_fixture.h"

#include <errno.h>
#include <stdio.h>

#include "store/base/clock.h"
#include "store/child/file.h"

/* ---- many ---- */

/* A merge is never refused for the number of live signals. */
static void test_a_crowd_meets_a_crowd(void **state)
{
    (void)state;
    unsigned count = OFFICE_SCALE(REGISTRAR_STAFF_MAXIMUM, 40);
    registrar_hire_staff(&office, school, count);
    registrar_hire_staff(&office, care, count);
    registrar_staff_signals(&office, school, count, OLD, true);
    registrar_staff_signals(&office, care, count, NEW, true);
    assert_int_equal(office_status(&office).matches, 2);
    uint64_t head = registrar_head(&office, care);
    assert_int_equal(registrar_replaced(&office, OLD, NEW), 0);
    assert_int_equal(office_status(&office).matches, 1);
    assert_int_equal(office_status(&office).signals, 2 * count);
    assert_int_equal(registrar_head(&office, care), head + count);
    struct store_signal_post op;
    int result = office_try_post(&office, &op, care, "bob", OLD);
    assert_int_equal(result, 2 * count >= MODEL_LIVE_SIGNALS_MAXIMUM ? STORE_TOO_MANY : 0);
    /* The same professionals, under a third number: they merge. */
    registrar_staff_signals(&office, school, count, 3, true);
    assert_int_equal(registrar_replaced(&office, NEW, 3), 0);
    assert_int_equal(office_count_events(&office, LOG_SIGNAL_MERGED), count);
    assert_int_equal(office_status(&office).matches, 1);
    assert_int_equal(office_count_rows(&office, school, PARTY_SIGNAL), count);
}

/* The first or last id among a party's rows. */
static struct uuid edge_of(uint32_t party, enum party_row kind, enum kv_direction direction)
{
    struct row_key from = layout_party(party, kind);
    struct row_key to = layout_after_prefix(&from);
    struct kv_txn *txn = NULL;
    struct kv_range *range = NULL;
    struct kv_bytes key;
    struct kv_bytes value;
    struct uuid id;
    assert_int_equal(kv_begin(office.kv, KV_READ, &txn), 0);
    assert_int_equal(
        kv_range_open(txn, KV_PARTY, row_key_bytes(&from), row_key_bytes(&to), direction, &range),
        0);
    assert_int_equal(kv_range_next(range, &key, &value), 0);
    memcpy(id.bytes, (const uint8_t *)key.data + 5, UUID_BYTES);
    kv_range_close(range);
    kv_abort(txn);
    return id;
}

/* Above what a file has room for, the most dispensable archived ones go. */
static void test_no_room_for_all(void **state)
{
    (void)state;
    enum { ROUNDS = 3, STAFF = REGISTRAR_STAFF_MAXIMUM, KEPT = CHILDFILE_MEMBERS_MAXIMUM };
    registrar_hire_staff(&office, school, STAFF);
    for (unsigned round = 0; round < ROUNDS; round++) {
        registrar_staff_signals(&office, school, STAFF, OLD, false);
        registrar_staff_signals(&office, school, STAFF, NEW, false);
    }
    struct uuid of_bob = office_post(&office, care, "bob", OLD);
    struct uuid of_ben = office_post(&office, care, "ben", NEW);
    assert_int_equal(office_withdraw(&office, care, &of_bob, WITHDRAW_ENDED), 0);
    assert_int_equal(office_status(&office).signals, 2 * ROUNDS * STAFF + 2);
    assert_int_equal(registrar_replaced(&office, OLD, NEW), 0);
    assert_int_equal(office_status(&office).signals, KEPT);
    assert_int_equal(office_count_events(&office, LOG_SIGNAL_ERASED),
                     2 * ROUNDS * STAFF + 2 - KEPT);
    assert_int_equal(office_count_rows(&office, care, PARTY_SIGNAL), 2);
    assert_int_equal(office_count_rows(&office, school, PARTY_SIGNAL), KEPT - 2);
    /* The oldest, of whichever number. */
    struct uuid erased = edge_of(school, PARTY_TOMBSTONE, KV_DOWN);
    struct uuid kept = edge_of(school, PARTY_SIGNAL, KV_UP);
    assert_true(memcmp(&erased, &kept, sizeof(kept)) < 0);
    /* And with one more the same happens. */
    office_post(&office, care, "bob", NEW);
    assert_int_equal(office_status(&office).signals, KEPT);
    assert_int_equal(office_withdraw(&office, care, &of_ben, WITHDRAW_WRONGFUL), 0);
    assert_int_equal(registrar_died(&office, OLD), 0);
    assert_int_equal(office_status(&office).signals, 0);
}

/* ---- what is left ---- */

/* Erased by its days, one after the other, whichever number it came under. */
static void test_the_terms_go_on(void **state)
{
    (void)state;
    struct store_signal_post ops[2];
    assert_int_equal(office_try_post(&office, &ops[0], school, "ann", OLD), 0);
    assert_int_equal(office_try_post(&office, &ops[1], care, "bob", NEW), 0);
    assert_int_equal(registrar_replaced(&office, OLD, NEW), 0);
    for (uint32_t party = school; party <= care; party++) {
        struct store_party_change change;
        office_change(&change, party, PARTY_AGREEMENT_ADD);
        change.agreement = (struct agreement){OFFICE_TOWN, office_today() + 366 * 100};
        assert_int_equal(office_run(&office, &change.op, 0), 0);
    }
    office_advance(calendar_dutch_midnight(ops[0].signal.removal_day) - clock_now());
    office_settle(&office);
    assert_int_equal(office_signals(&office, school, 1u << SIGNAL_ARCHIVED).count, 1);
    assert_int_equal(office_last_notice(&office, school)->type, NOTICE_SIGNAL_REMOVED);
    assert_int_equal(office_status(&office).matches, 0);
    office_advance(calendar_dutch_midnight(ops[0].signal.erasure_day) - clock_now());
    office_settle(&office);
    assert_int_equal(office_status(&office).signals, 0);
    assert_int_equal(registrar_count_children(&office, CHILD_FILE), 0);
    assert_int_equal(registrar_count_rows(&office, KV_MATCH), 0);
}

static void test_after_a_turn(void **state)
{
    (void)state;
    office_post(&office, school, "ann", OLD);
    office_post(&office, care, "bob", OLD);
    assert_int_equal(registrar_replaced(&office, OLD, NEW), 0);
    registrar_turn(&office);
    office_reopen(&office);
    assert_int_equal(office_inbox(&office, school, 0).count, 1);
    assert_int_equal(office_inbox(&office, town, 0).count, 1);
    office_post(&office, school, "amy", OLD);
    assert_int_equal(live_matches(school), 1);
    assert_int_equal(registrar_count_log(&office, OLD, 0), registrar_count_log(&office, NEW, 0));
}

static void test_a_copy_has_both_numbers(void **state)
{
    (void)state;
    char why[STORE_WHY_SIZE];
    struct office copy = {0};
    office_post(&office, school, "ann", OLD);
    office_post(&office, care, "bob", NEW);
    assert_int_equal(registrar_replaced(&office, OLD, NEW), 0);
    snprintf(copy.scratch.directory, sizeof(copy.scratch.directory), "%s",
             scratch_path(&office.scratch, "copy"));
    assert_int_equal(store_backup(office.store, copy.scratch.directory, why), 0);
    assert_int_equal(registrar_died(&office, NEW), 0);
    copy.keys = office.keys;
    copy.map_bytes = OFFICE_MAP_BYTES;
    arena_init(&copy.arena);
    struct store_options options = office_options(&copy);
    assert_int_equal(store_open(&options, &copy.store, why), 0);
    assert_int_equal(office_matches(&copy, school, 0).count, 1);
    struct store_signal_post op;
    assert_int_equal(office_try_post(&copy, &op, school, "ann", NEW), 0);
    assert_false(op.created);
    assert_true(op.matched);
    office_close(&copy);
}

/* ---- faults ---- */

static void test_a_merge_is_all_or_nothing(void **state)
{
    (void)state;
    office_post(&office, school, "ann", OLD);
    office_post(&office, care, "bob", NEW);
    office_index(&office);
    office_forget(&office);
    uint64_t before = registrar_digest(&office);
    struct kv_faulty_plan plan = {.fail_commit_at = 1, .commit_result = -EIO};
    kv_faulty_set(office.kv, &plan);
    assert_int_equal(registrar_replaced(&office, OLD, NEW), STORE_STOPPED);
    office_reopen(&office);
    assert_true(registrar_digest(&office) == before);
    assert_int_equal(office_status(&office).matches, 0);
    assert_int_equal(registrar_head(&office, school), 0);
    assert_int_equal(registrar_replaced(&office, OLD, NEW), 0);
    assert_int_equal(live_matches(school), 1);
}

static void count_puts(void *context)
{
    uint64_t commits;
    uint64_t *puts = context;
    if (*puts == 0) {
        kv_faulty_counts(office.kv, puts, &commits);
    }
}

/* Any write of it that fails undoes all the others; then it is run again, alone. */
static void test_a_fault_at_each_write(void **state)
{
    (void)state;
    uint64_t puts = 0;
    for (uint64_t at = 0; at <= puts; at++) {
        office_post(&office, school, "ann", OLD);
        office_post(&office, school, "amy", OLD);
        clock_advance(1); /* which of ann's two signals is the later one decides what is written */
        office_post(&office, school, "ann", NEW);
        office_post(&office, care, "bob", NEW);
        office_index(&office);
        struct store_status before = office_status(&office);
        uint64_t heads[] = {registrar_head(&office, school), registrar_head(&office, care)};
        struct kv_faulty_plan plan = {.fail_put_at = at, .put_result = -EIO};
        plan.before_commit = at == 0 ? count_puts : NULL;
        plan.context = &puts;
        kv_faulty_set(office.kv, &plan);
        assert_int_equal(registrar_replaced(&office, OLD, NEW), 0);
        plan = (struct kv_faulty_plan){0};
        kv_faulty_set(office.kv, &plan);
        struct store_status after = office_status(&office);
        assert_int_equal(after.log_size, before.log_size + 2);
        assert_int_equal(after.signals, 3);
        assert_int_equal(after.matches, 1);
        assert_int_equal(after.aborted_batches, before.aborted_batches + (at == 0 ? 0 : 1));
        assert_int_equal(registrar_head(&office, school), heads[0] + 2);
        assert_int_equal(registrar_head(&office, care), heads[1] + 1);
        assert_int_equal(registrar_died(&office, OLD), 0);
        assert_int_equal(registrar_count_children(&office, CHILD_FILE), 0);
    }
    assert_true(puts > 20);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
        TEST(test_a_crowd_meets_a_crowd),
        TEST(test_no_room_for_all),
        TEST(test_the_terms_go_on),
        TEST(test_after_a_turn),
        TEST(test_a_copy_has_both_numbers),
        cmocka_unit_test_setup_teardown(test_a_merge_is_all_or_nothing, setup_faulty, teardown),
        cmocka_unit_test_setup_teardown(test_a_fault_at_each_write, setup_faulty, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
