/* SPDX-License-Identifier: EUPL-1.2 */
/* A store that is closed in the middle of long work: nobody waits for the end of that, and it comes
 * to its end by itself when the store is opened again. */
#include "tests/unit/store/merger_fixture.h"

#include <sched.h>

#include "store/base/layout.h"
#include "store/party/merge.h"
#include "store/party/parties.h"
#include "store/party/transfer.h"

enum { SIGNALS = OFFICE_SCALE(1000, 400) };

/* ---- closing ---- */

/* As a daemon does: it drains first. */
static void drain(struct crowd *crowd)
{
    store_wake_all(office.store);
    moves_release(&office);
    crowd_finish(crowd);
    office_close(&office);
}

static void *close_apart(void *store)
{
    store_close(store);
    return NULL;
}

/* Without: others come until the store takes nothing more, and are all answered. */
static void just_close(struct crowd *crowd)
{
    enum { MOST = 4096 };
    struct store_note_op *notes = test_calloc(MOST, sizeof(*notes));
    pthread_t thread;
    unsigned taken = 0;
    office_forget(&office);
    assert_int_equal(pthread_create(&thread, NULL, close_apart, office.store), 0);
    for (int result = 0; result != STORE_STOPPED;) {
        store_note_init(&notes[taken]);
        result = crowd_submit(crowd, office.store, &notes[taken].op);
        taken += result == STORE_OK ? 1 : 0;
        if (result == STORE_OVERLOADED) {
            sched_yield();
        }
    }
    moves_release(&office);
    pthread_join(thread, NULL);
    crowd_finish(crowd);
    office.store = NULL;
    office.kv = NULL;
    for (unsigned i = 0; i < taken; i++) {
        assert_int_equal(notes[i].op.result, 0);
    }
    test_free(notes);
}

static void (*const closings[])(struct crowd *crowd) = {drain, just_close};
#define CLOSINGS ARRAY_LENGTH(closings)

/* The operation waits in the queue when the store begins to close. */
static void close_with(size_t closing, struct store_op *op)
{
    struct crowd crowd;
    crowd_init(&crowd);
    moves_hold(&office);
    assert_int_equal(crowd_submit(&crowd, office.store, op), 0);
    closings[closing](&crowd);
}

/* What stands in the store that is closed. */
static void look_at_rows(void (*look)(struct store_view *view))
{
    struct arena arena;
    struct store_view view = {.keys = office.keys, .arena = &arena};
    arena_init(&arena);
    scratch_open(&office.scratch, OFFICE_MAP_BYTES);
    assert_int_equal(kv_begin(office.scratch.kv, KV_READ, &view.kv), 0);
    look(&view);
    kv_abort(view.kv);
    scratch_close(&office.scratch);
    arena_finish(&arena);
}

static void open_and_settle(void)
{
    struct checkpoint_vkey vkey = verify_key(office.keys, OFFICE_ORIGIN);
    office_reopen(&office);
    office_settle(&office);
    verify_log(office.store, &vkey);
}

/* ---- a transfer ---- */

static void look_at_transfer(struct store_view *view)
{
    struct transfer transfer;
    uint32_t from;
    assert_int_equal(professional_find(view, schools.small, "ann", &from), 0);
    assert_int_equal(transfer_load(view, schools.small, from, &transfer), 0);
    assert_int_equal(transfer.state, TRANSFER_RUNNING);
    /* A slice or two, and what the due table does until the store is closed. */
    assert_in_range(transfer.moved, 1, SIGNALS - 1);
}

static void transfer_through(size_t closing)
{
    struct store_transfer op;
    moves_post(&office, schools.small, "ann", 0, SIGNALS);
    store_transfer_init(&op);
    op.from = "ann";
    op.to = "bea";
    op.op.party = schools.small;
    op.op.by = office_attribution(schools.small);
    close_with(closing, &op.op);
    assert_int_equal(op.op.result, STORE_STOPPED);
    assert_true(op.op.logged); /* it has begun */
    look_at_rows(look_at_transfer);
    open_and_settle();
    assert_int_equal(merger_count(&office, schools.small, "ann", MERGER_LIVE), 0);
    assert_int_equal(office_status(&office).signals, SIGNALS);
    assert_int_equal(office_count_events(&office, LOG_SIGNAL_TRANSFERRED), SIGNALS);
    assert_int_equal(office_count_events(&office, LOG_SIGNALS_TRANSFERRED), 2);
}

static void test_a_transfer_goes_on(void **state)
{
    for (size_t i = 0; i < CLOSINGS; i++) {
        transfer_through(i);
        teardown(state);
        setup_schools(state);
    }
}

/* ---- a merge of parties ---- */

static void look_at_merge(struct store_view *view)
{
    struct party_merge merge;
    assert_int_equal(party_merge_load(view, &merge), 0);
    assert_int_equal(merge.from, schools.small);
    assert_true(merge.signals < SIGNALS);
}

static void merge_through(size_t closing)
{
    struct store_party_merge op;
    moves_post(&office, schools.small, "bea", 0, SIGNALS);
    merger_fill(&op, schools.small, schools.big);
    close_with(closing, &op.op);
    assert_int_equal(op.op.result, STORE_STOPPED);
    assert_true(op.op.logged);
    look_at_rows(look_at_merge);
    /* And in the middle of the signals, which the due table moves: as often as it takes. */
    office_reopen(&office);
    for (int i = 0; i < 8; i++) {
        struct store_note_op note;
        store_note_init(&note);
        assert_int_equal(office_run(&office, &note.op, 0), 0);
        office_reopen(&office);
    }
    open_and_settle();
    merger_check_gone(&office, schools.small);
    assert_int_equal(merger_count(&office, schools.big, "bea", MERGER_LIVE), SIGNALS);
    assert_int_equal(office_status(&office).signals, SIGNALS);
    assert_int_equal(office_count_events(&office, LOG_PARTY_MERGED), 2);
    assert_int_equal(office_status(&office).set_aside, 0);
}

static void test_a_merge_goes_on(void **state)
{
    for (size_t i = 0; i < CLOSINGS; i++) {
        merge_through(i);
        teardown(state);
        setup_schools(state);
    }
}

/* ---- what has no row of its own ---- */

/* An acknowledgement that was cut short can be made again: what it has done stands. */
static void test_an_acknowledgement_is_made_again(void **state)
{
    (void)state;
    enum { NOTICES = 600 };
    struct store_acknowledge op;
    moves_post(&office, schools.care, "cor", 0, NOTICES);
    moves_post(&office, schools.big, "ann", 0, NOTICES);
    store_acknowledge_init(&op);
    op.up_to = NOTICES;
    op.op.party = schools.big;
    op.op.by = office_attribution(schools.big);
    close_with(0, &op.op);
    assert_int_equal(op.op.result, STORE_STOPPED);
    office_reopen(&office);
    assert_in_range(office_inbox_state(&office, schools.big).acknowledged, 1, NOTICES - 1);
    assert_int_equal(office_acknowledge(&office, schools.big, NOTICES), 0);
    assert_int_equal(office_inbox_state(&office, schools.big).acknowledged, NOTICES);
    assert_int_equal(office_count_events(&office, LOG_NOTICE_ACKNOWLEDGED), NOTICES);
}

/* What comes after the beginning of the end is taken, for it may be short; a slice is all it gets.
 */
static void test_what_comes_while_it_drains(void **state)
{
    (void)state;
    struct store_transfer op;
    struct store_note_op note;
    moves_post(&office, schools.small, "ann", 0, 100);
    store_wake_all(office.store);
    store_transfer_init(&op);
    op.from = "ann";
    op.to = "bea";
    assert_int_equal(office_run(&office, &op.op, schools.small), STORE_STOPPED);
    store_note_init(&note);
    assert_int_equal(office_run(&office, &note.op, 0), 0);
    office_close(&office);
    open_and_settle();
    assert_int_equal(merger_count(&office, schools.small, "bea", MERGER_LIVE), 100);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_a_transfer_goes_on, setup_schools, teardown),
        cmocka_unit_test_setup_teardown(test_a_merge_goes_on, setup_schools, teardown),
        cmocka_unit_test_setup_teardown(test_an_acknowledgement_is_made_again, setup_schools,
                                        teardown),
        cmocka_unit_test_setup_teardown(test_what_comes_while_it_drains, setup_schools, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
