/* SPDX-License-Identifier: EUPL-1.2 */
/* What happens by itself when its day has come (Jeugdwet 7.1.4.5, 7.1.4.6). */
#include "tests/unit/store/pair_fixture.h"

#include <errno.h>
#include <sched.h>
#include <stdio.h>

#include "store/base/clock.h"
#include "store/base/layout.h"

static int setup(void **state)
{
    (void)state;
    open_pair(true); /* some tests make its engine fail */
    /* Agreements that outlive the signals of these tests. */
    for (uint32_t party = school; party <= care; party++) {
        struct store_party_change change;
        office_change(&change, party, PARTY_AGREEMENT_ADD);
        change.agreement = (struct agreement){OFFICE_TOWN, office_today() + 366 * 100};
        assert_int_equal(office_run(&office, &change.op, 0), 0);
    }
    return 0;
}

/* Moves the clock to some milliseconds after a Dutch date begins. */
static void go_to(int32_t day, int64_t milliseconds)
{
    office_advance(calendar_dutch_midnight(day) + milliseconds - clock_now());
    office_settle(&office);
}

static size_t count_live(uint32_t party)
{
    return office_signals(&office, party, 1u << SIGNAL_ACTIVE).count;
}

static size_t count_archived(uint32_t party)
{
    return office_signals(&office, party, 1u << SIGNAL_ARCHIVED).count;
}

static size_t count_children(void)
{
    struct kv_txn *txn = NULL;
    struct kv_range *range = NULL;
    struct kv_bytes key;
    struct kv_bytes value;
    size_t files = 0;
    assert_int_equal(kv_begin(office.kv, KV_READ, &txn), 0);
    assert_int_equal(
        kv_range_open(txn, KV_CHILD, (struct kv_bytes){"", 1}, (struct kv_bytes){0}, KV_UP, &range),
        0);
    while (kv_range_next(range, &key, &value) == 0) {
        files += ((const uint8_t *)key.data)[key.size - 1] == CHILD_FILE ? 1 : 0;
    }
    kv_range_close(range);
    kv_abort(txn);
    return files;
}

static void test_two_years_archive_and_seven_erase(void **state)
{
    (void)state;
    struct store_signal_post op;
    struct signal signal;
    assert_int_equal(office_try_post(&office, &op, school, "ann", 1), 0);
    office_post(&office, care, "bob", 1);
    struct uuid match = office_inbox(&office, school, 0).notices[0].match.id;
    go_to(op.signal.removal_day, -CLOCK_MINUTE);
    assert_int_equal(count_live(school), 1);
    go_to(op.signal.removal_day, 0);
    assert_int_equal(count_live(school), 0);
    assert_int_equal(count_archived(school), 1);
    assert_int_equal(count_archived(care), 1);
    assert_int_equal(office_status(&office).matches, 0);
    struct match_view view;
    assert_int_equal(office_see_match(&office, school, &match, &view), STORE_NOT_FOUND);
    assert_int_equal(office_see_signal(&office, school, &op.signal.id, &signal), 0);
    assert_int_equal(calendar_dutch_day(signal.ended_at), op.signal.removal_day);
    assert_int_equal(signal.erasure_day, op.signal.erasure_day);
    assert_int_equal(office_count_events(&office, LOG_SIGNAL_ARCHIVED), 2);

    go_to(op.signal.erasure_day, -CLOCK_MINUTE);
    assert_int_equal(count_archived(school), 1);
    go_to(op.signal.erasure_day, 0);
    assert_int_equal(office_see_signal(&office, school, &op.signal.id, &signal), STORE_NOT_FOUND);
    assert_int_equal(office_status(&office).signals, 0);
    assert_int_equal(office_count_events(&office, LOG_SIGNAL_ERASED), 2);
    assert_int_equal(count_children(), 0);
    assert_int_equal(office_inbox(&office, school, 0).count, 0);
    /* The tombstone lets its owner withdraw it for thirty days more. */
    assert_int_equal(office_withdraw(&office, school, &op.signal.id, WITHDRAW_ENDED), 0);
    go_to(op.signal.erasure_day + 31, 0);
    assert_int_equal(office_withdraw(&office, school, &op.signal.id, WITHDRAW_ENDED),
                     STORE_NOT_FOUND);
}

static void test_five_years_from_the_end(void **state)
{
    (void)state;
    struct signal signal;
    struct uuid id = office_post(&office, school, "ann", 1);
    office_advance_days(100);
    assert_int_equal(office_withdraw(&office, school, &id, WITHDRAW_ENDED), 0);
    assert_int_equal(office_see_signal(&office, school, &id, &signal), 0);
    assert_int_equal(signal.erasure_day, calendar_add_years(office_today(), 5));
    go_to(signal.erasure_day, -CLOCK_MINUTE);
    assert_int_equal(count_archived(school), 1);
    go_to(signal.erasure_day, 0);
    assert_int_equal(count_archived(school), 0);
    assert_int_equal(office_count_events(&office, LOG_SIGNAL_ARCHIVED), 0); /* withdrawn */
    assert_int_equal(office_count_events(&office, LOG_SIGNAL_ERASED), 1);
}

/* The 23rd birthday erases at once, out of a match and out of the archive. */
static void test_grown_up(void **state)
{
    (void)state;
    struct store_signal_post ops[2];
    struct signal signal;
    int32_t birth = calendar_add_years(office_today(), -22) + 10;
    for (unsigned i = 0; i < 2; i++) {
        office_fill_post(&office, &ops[i], school, "ann", i);
        ops[i].birth_day = birth;
        assert_int_equal(office_run(&office, &ops[i].op, school), 0);
    }
    office_post(&office, care, "bob", 0); /* believed to be younger */
    assert_int_equal(office_withdraw(&office, school, &ops[1].signal.id, WITHDRAW_ENDED), 0);
    int32_t day = calendar_add_years(birth, 23);
    go_to(day, -CLOCK_MINUTE);
    assert_int_equal(count_live(school), 1);
    assert_int_equal(count_archived(school), 1);
    assert_int_equal(office_status(&office).matches, 1);
    go_to(day, 0);
    assert_int_equal(office_see_signal(&office, school, &ops[0].signal.id, &signal),
                     STORE_NOT_FOUND);
    assert_int_equal(office_signals(&office, school, 0).count, 0);
    assert_int_equal(count_live(care), 1);
    assert_int_equal(office_status(&office).matches, 0);
    assert_int_equal(office_inbox_state(&office, care).head, 1); /* nobody is told of it */
    assert_int_equal(count_children(), 1);
    assert_int_equal(office_count_events(&office, LOG_SIGNAL_ARCHIVED), 0);
}

/* Live up to and including the Dutch date `until`. */
static void test_an_agreement_ends_by_its_date(void **state)
{
    (void)state;
    struct store_party_change change;
    struct store_signal_post op;
    int32_t until = office_today() + 20;
    office_change(&change, school, PARTY_AGREEMENT_ADD);
    change.agreement = (struct agreement){OFFICE_TOWN, until};
    assert_int_equal(office_run(&office, &change.op, 0), 0);
    office_post(&office, school, "ann", 1);
    go_to(until + 1, -CLOCK_MINUTE);
    office_post(&office, school, "ann", 2);
    assert_int_equal(count_live(school), 2);
    go_to(until + 1, 0);
    assert_int_equal(count_live(school), 0);
    assert_int_equal(count_archived(school), 2);
    assert_int_equal(office_try_post(&office, &op, school, "ann", 3), STORE_NO_AGREEMENT);
}

/* A prolonged agreement does not end on its old day. */
static void test_a_prolonged_agreement(void **state)
{
    (void)state;
    struct store_party_change change;
    int32_t today = office_today();
    office_post(&office, school, "ann", 1);
    office_change(&change, school, PARTY_AGREEMENT_ADD);
    change.agreement = (struct agreement){OFFICE_TOWN, today + 10};
    assert_int_equal(office_run(&office, &change.op, 0), 0);
    change.agreement.until_day = today + 20;
    assert_int_equal(office_run(&office, &change.op, 0), 0);
    go_to(today + 12, 0);
    assert_int_equal(count_live(school), 1);
    go_to(today + 21, 0);
    assert_int_equal(count_live(school), 0);
    /* Shortened to the past it ends at once. */
    office_post(&office, care, "bob", 1);
    office_change(&change, care, PARTY_AGREEMENT_ADD);
    change.agreement = (struct agreement){OFFICE_TOWN, today};
    assert_int_equal(office_run(&office, &change.op, 0), 0);
    office_settle(&office);
    assert_int_equal(count_live(care), 0);
}

static void post_many(unsigned count)
{
    struct store_signal_post *ops = test_calloc(count, sizeof(*ops));
    struct crowd crowd;
    crowd_init(&crowd);
    for (unsigned i = 0; i < count; i++) {
        office_fill_post(&office, &ops[i], i % 2 == 0 ? school : care, i % 2 == 0 ? "ann" : "bob",
                         i / 2);
        assert_int_equal(crowd_submit(&crowd, office.store, &ops[i].op), 0);
    }
    crowd_finish(&crowd);
    test_free(ops);
}

/* Down for years: everything is caught up with in slices, and work goes on in between. */
static void test_catching_up(void **state)
{
    (void)state;
    enum { SIGNALS = 600 };
    struct checkpoint_vkey vkey = verify_key(office.keys, OFFICE_ORIGIN);
    post_many(SIGNALS);
    assert_int_equal(office_status(&office).matches, SIGNALS / 2);
    office_close(&office);
    office_advance_days(8 * 366);
    office_reopen(&office);
    office_post(&office, school, "ann", SIGNALS);
    office_settle(&office);
    assert_int_equal(office_status(&office).signals, 1);
    assert_int_equal(office_status(&office).matches, 0);
    assert_int_equal(count_children(), 1);
    /* Archived first, erased after, each told of once. */
    assert_int_equal(office_count_events(&office, LOG_SIGNAL_ERASED), SIGNALS);
    assert_int_equal(office_count_events(&office, LOG_SIGNAL_ARCHIVED), SIGNALS);
    verify_log(office.store, &vkey);
}

/* A row that cannot be worked off is put off for a day, and does not hold up what is behind it. */
static void test_a_damaged_row_is_set_aside(void **state)
{
    (void)state;
    enum { SIGNALS = 5 };
    struct store_signal_post ops[SIGNALS];
    struct kv_txn *txn = NULL;
    struct kv_bytes value;
    uint8_t copy[512];
    for (unsigned i = 0; i < SIGNALS; i++) {
        assert_int_equal(office_try_post(&office, &ops[i], school, "ann", i), 0);
    }
    struct row_key key = layout_party_uuid(school, PARTY_SIGNAL, &ops[1].signal.id);
    assert_int_equal(kv_begin(office.kv, KV_WRITE, &txn), 0);
    assert_int_equal(kv_get(txn, KV_PARTY, row_key_bytes(&key), &value), 0);
    assert_true(value.size <= sizeof(copy));
    size_t size = value.size;
    memcpy(copy, value.data, size);
    copy[size - 1] ^= 1;
    kv_put(txn, KV_PARTY, row_key_bytes(&key), (struct kv_bytes){copy, size});
    assert_int_equal(kv_commit(txn), 0);
    go_to(ops[0].signal.removal_day, CLOCK_MINUTE);
    assert_int_equal(office_count_events(&office, LOG_SIGNAL_ARCHIVED), SIGNALS - 1);
    assert_int_equal(office_status(&office).set_aside, 1);
    /* Mended, it is worked off the day after. */
    copy[size - 1] ^= 1;
    assert_int_equal(kv_begin(office.kv, KV_WRITE, &txn), 0);
    kv_put(txn, KV_PARTY, row_key_bytes(&key), (struct kv_bytes){copy, size});
    assert_int_equal(kv_commit(txn), 0);
    go_to(ops[0].signal.removal_day + 2, 0);
    assert_int_equal(count_archived(school), SIGNALS);
}

/* A write that the machine refuses, anywhere in what is due, says nothing about the row: it is not
 * put off, and is worked off once the machine does its part. */
static void test_a_fault_puts_nothing_off(void **state)
{
    (void)state;
    static const int faults[] = {-EIO, -ENOMEM, KV_FULL};
    unsigned aborted = 0;
    unsigned tried = 0;
    for (unsigned at = 1; at <= 36; at += OFFICE_SCALE(1, 5), tried++) {
        struct store_signal_post op;
        struct store_note_op note;
        struct kv_faulty_plan plan = {.fail_put_at = at, .put_result = faults[at % 3]};
        assert_int_equal(office_try_post(&office, &op, school, "ann", at), 0);
        office_post(&office, care, "bob", at);
        go_to(op.signal.removal_day, -CLOCK_MINUTE);
        office_forget(&office);
        size_t archived = count_archived(school);
        kv_faulty_set(office.kv, &plan);
        office_advance(2 * CLOCK_MINUTE);
        store_note_init(&note);
        assert_int_equal(office_run(&office, &note.op, 0), 0);
        struct store_status status;
        do { /* what is due may be run by itself, after the note */
            status = office_status(&office);
        } while (status.aborted_batches == 0 && status.due_lag > 0 && sched_yield() == 0);
        assert_int_equal(status.set_aside, 0);
        aborted += status.aborted_batches > 0 ? 1 : 0;
        plan = (struct kv_faulty_plan){0};
        kv_faulty_set(office.kv, &plan);
        office_reopen(&office); /* and need not wait for the next try */
        office_settle(&office);
        assert_int_equal(count_archived(school), archived + 1);
        assert_int_equal(office_status(&office).set_aside, 0);
    }
    assert_true(aborted > tried / 3); /* the others are behind the last put of their batch */
}

/* A clock that was set wrong, and then right: what it ended stays ended, and nothing is stuck. */
static void test_a_clock_that_goes_back(void **state)
{
    (void)state;
    struct uuid id = office_post(&office, school, "ann", 1);
    struct signal signal;
    office_advance_days(3 * 366);
    office_settle(&office);
    office_advance_days(-3 * 366);
    assert_int_equal(office_see_signal(&office, school, &id, &signal), 0);
    assert_int_equal(signal.status, SIGNAL_ARCHIVED);
    struct uuid again = office_post(&office, school, "ann", 1);
    assert_true(memcmp(&again, &id, sizeof(id)) > 0);
    assert_int_equal(office_withdraw(&office, school, &again, WITHDRAW_WRONGFUL), 0);
    assert_int_equal(office_withdraw(&office, school, &again, WITHDRAW_WRONGFUL), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_two_years_archive_and_seven_erase, setup, teardown),
        cmocka_unit_test_setup_teardown(test_five_years_from_the_end, setup, teardown),
        cmocka_unit_test_setup_teardown(test_grown_up, setup, teardown),
        cmocka_unit_test_setup_teardown(test_an_agreement_ends_by_its_date, setup, teardown),
        cmocka_unit_test_setup_teardown(test_a_prolonged_agreement, setup, teardown),
        cmocka_unit_test_setup_teardown(test_catching_up, setup, teardown),
        cmocka_unit_test_setup_teardown(test_a_damaged_row_is_set_aside, setup, teardown),
        cmocka_unit_test_setup_teardown(test_a_fault_puts_nothing_off, setup, teardown),
        cmocka_unit_test_setup_teardown(test_a_clock_that_goes_back, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
