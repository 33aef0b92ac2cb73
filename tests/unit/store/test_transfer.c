/* SPDX-License-Identifier: EUPL-1.2 */
/* A leaver's live signals go to a colleague (Jeugdwet 7.1.3.3), whatever comes in between. */
#include "tests/unit/store/moves.h"

#include <errno.h>
#include <stdio.h>

#include "store/base/clock.h"
#include "store/base/layout.h"
#include "tests/unit/store/office_fixture.h"

static uint32_t school;
static uint32_t care;

static void open_office(void)
{
    office = (struct office){.faulty = true};
    office_open(&office);
    school = office_reporter(&office);
    care = office_reporter(&office);
    office_hire(&office, school, "ann");
    office_hire(&office, school, "bea");
    office_hire(&office, care, "cor");
}

static int setup(void **state)
{
    (void)state;
    open_office();
    return 0;
}

static void fill(struct store_transfer *op, const char *from, const char *to)
{
    store_transfer_init(op);
    op->from = from;
    op->to = to;
    op->op.party = school;
    op->op.by = office_attribution(school);
}

static int transfer(const char *from, const char *to, uint32_t *ret_moved, uint32_t *ret_merged)
{
    struct store_transfer op;
    fill(&op, from, to);
    int result = office_run(&office, &op.op, school);
    *ret_moved = op.moved;
    *ret_merged = op.merged;
    return result;
}

static size_t count_of(const char *professional, unsigned status)
{
    struct signal_page page = office_signals(&office, school, status);
    size_t count = 0;
    for (size_t i = 0; i < page.count; i++) {
        count += strcmp(page.signals[i].professional, professional) == 0 ? 1 : 0;
    }
    return count;
}

#define LIVE (1u << SIGNAL_ACTIVE)
#define ARCHIVED (1u << SIGNAL_ARCHIVED)

static void test_live_signals_go_to_a_colleague(void **state)
{
    (void)state;
    uint32_t moved;
    uint32_t merged;
    struct signal signal;
    struct match_view match;
    struct uuid first = office_post(&office, school, "ann", 1);
    office_post(&office, school, "ann", 2);
    struct uuid old = office_post(&office, school, "ann", 3);
    assert_int_equal(office_withdraw(&office, school, &old, WITHDRAW_ENDED), 0);
    office_post(&office, care, "cor", 1);
    struct uuid id = office_inbox(&office, care, 0).notices[0].match.id;
    assert_int_equal(transfer("ann", "bea", &moved, &merged), 0);
    assert_int_equal(moved, 2);
    assert_int_equal(merged, 0);
    assert_int_equal(count_of("bea", LIVE), 2);
    assert_int_equal(count_of("ann", ARCHIVED), 1); /* the archive stays with the leaver */
    assert_int_equal(office_see_signal(&office, school, &first, &signal), 0);
    assert_string_equal(signal.professional, "bea");
    assert_string_equal(signal.reference, "ann/1");
    assert_int_equal(office_see_match(&office, care, &id, &match), 0);
    assert_involved(match.involved, match.involved_count, (const char *const[]){"bea of 1"}, 1);
    /* Notices that were there already show the new contact too. */
    struct notice_page inbox = office_inbox(&office, care, 0);
    assert_involved(inbox.notices[0].match.involved, inbox.notices[0].match.involved_count,
                    (const char *const[]){"bea of 1"}, 1);
    assert_string_equal(office_inbox(&office, school, 0).notices[0].own.professional, "bea");

    struct log_query query = office_any_entry();
    query.event = LOG_SIGNALS_TRANSFERRED;
    struct log_page page = office_log(&office, &query);
    assert_int_equal(page.count, 1);
    assert_non_null(strstr(page.entries[0].public_part, "\"verwijsindex.count\":2"));
    assert_int_equal(office_count_events(&office, LOG_SIGNAL_TRANSFERRED), 2);
    assert_int_equal(transfer("ann", "bea", &moved, &merged), 0); /* nothing is left to move */
    assert_int_equal(moved, 0);
    office_settle(&office);
    assert_int_equal(office_count_rows(&office, school, PARTY_TRANSFER), 0);
}

static void test_what_is_refused(void **state)
{
    (void)state;
    uint32_t moved;
    uint32_t merged;
    office_post(&office, school, "ann", 1);
    assert_int_equal(transfer("nobody", "bea", &moved, &merged), STORE_NOT_FOUND);
    assert_int_equal(transfer("ann", "nobody", &moved, &merged), STORE_UNKNOWN_PROFESSIONAL);
    assert_int_equal(transfer("ann", "ann", &moved, &merged), STORE_UNKNOWN_PROFESSIONAL);
    assert_int_equal(transfer("ann", "cor", &moved, &merged), STORE_UNKNOWN_PROFESSIONAL);
    assert_int_equal(count_of("ann", LIVE), 1);
    assert_int_equal(office_count_events(&office, LOG_REQUEST_REFUSED), 4);
    assert_int_equal(office_count_events(&office, LOG_SIGNALS_TRANSFERRED), 0);
}

/* Both had signalled a child: the signal that lasts longer stays, and takes over the reference. */
static void test_two_of_one_child_merge(void **state)
{
    (void)state;
    uint32_t moved;
    uint32_t merged;
    struct store_signal_post op;
    struct signal signal;
    struct match_view match;
    office_fill_post(&office, &op, school, "bea", 1); /* older, without a reference */
    assert_int_equal(office_run(&office, &op.op, school), 0);
    struct uuid short_lived = op.signal.id;
    struct uuid on_other = office_post(&office, school, "ann", 2);
    office_advance_days(10);
    struct uuid longer = office_post(&office, school, "ann", 1);
    office_fill_post(&office, &op, school, "bea", 2); /* younger, without a reference */
    assert_int_equal(office_run(&office, &op.op, school), 0);
    struct uuid longer_on_other = op.signal.id;
    office_post(&office, care, "cor", 1);
    uint64_t signals = office_status(&office).signals;
    assert_int_equal(office_status(&office).matches, 2);
    struct uuid id = office_inbox(&office, care, 0).notices[0].match.id;

    assert_int_equal(transfer("ann", "bea", &moved, &merged), 0);
    assert_int_equal(moved, 2);
    assert_int_equal(merged, 2);
    assert_int_equal(office_status(&office).signals, signals - 2);
    assert_int_equal(office_see_signal(&office, school, &longer, &signal), 0);
    assert_string_equal(signal.professional, "bea");
    assert_string_equal(signal.reference, "ann/1");
    assert_int_equal(office_see_signal(&office, school, &longer_on_other, &signal), 0);
    assert_string_equal(signal.reference, "ann/2"); /* taken over */
    assert_int_equal(office_see_signal(&office, school, &short_lived, &signal), STORE_NOT_FOUND);
    assert_int_equal(office_see_signal(&office, school, &on_other, &signal), STORE_NOT_FOUND);
    assert_int_equal(office_withdraw(&office, school, &on_other, WITHDRAW_ENDED), 0);
    /* With cor there is a match still; bea alone is none. */
    assert_int_equal(office_status(&office).matches, 1);
    assert_int_equal(office_see_match(&office, care, &id, &match), 0);
    assert_int_equal(match.status, MATCH_OPEN);
    assert_involved(match.involved, match.involved_count, (const char *const[]){"bea of 1"}, 1);
    assert_int_equal(office_count_events(&office, LOG_SIGNAL_MERGED), 2);
    assert_int_equal(office_count_events(&office, LOG_SIGNAL_TRANSFERRED), 2);
}

/* Others go on meanwhile, the leaver too: what she signals before the end goes along. */
static void test_a_thousand_while_others_signal(void **state)
{
    (void)state;
    enum { SIGNALS = OFFICE_SCALE(1000, 300), OTHERS = 100 };
    struct store_signal_post *ops = test_calloc(OTHERS, sizeof(*ops));
    struct store_transfer op;
    struct crowd crowd;
    moves_post(&office, school, "ann", 0, SIGNALS);
    crowd_init(&crowd);
    fill(&op, "ann", "bea");
    assert_int_equal(crowd_submit(&crowd, office.store, &op.op), 0);
    for (unsigned i = 0; i < OTHERS; i++) {
        /* On children that are being moved, and that bea may have by now; and new ones of ann. */
        const char *who = i % 2 == 0 ? "bea" : "ann";
        office_fill_post(&office, &ops[i], school, who, i % 2 == 0 ? i * 3 : SIGNALS + i);
        assert_int_equal(crowd_submit(&crowd, office.store, &ops[i].op), 0);
    }
    crowd_finish(&crowd);
    assert_int_equal(op.op.result, 0);
    assert_true(op.op.logged);
    for (unsigned i = 0; i < OTHERS; i++) {
        assert_int_equal(ops[i].op.result, 0);
    }
    office_settle(&office);
    size_t left = count_of("ann", LIVE); /* signalled after the end */
    assert_true(left <= OTHERS / 2);
    assert_int_equal(op.moved, SIGNALS + OTHERS / 2 - left);
    assert_int_equal(count_of("bea", LIVE), SIGNALS + OTHERS / 2 - left);
    assert_int_equal(office_status(&office).signals, SIGNALS + OTHERS / 2);
    assert_int_equal(office_count_rows(&office, school, PARTY_TRANSFER), 0);
    test_free(ops);
}

/* ---- crashes ---- */

enum { CRASH_SIGNALS = 100 };

static void check_all_moved(bool must_have_begun)
{
    struct checkpoint_vkey vkey = verify_key(office.keys, OFFICE_ORIGIN);
    office_settle(&office);
    size_t moved = count_of("bea", LIVE);
    assert_int_equal(count_of("ann", LIVE) + moved, CRASH_SIGNALS);
    if (must_have_begun || moved > 0) {
        assert_int_equal(moved, CRASH_SIGNALS);
        assert_true(office_count_events(&office, LOG_SIGNALS_TRANSFERRED) >= 1);
    }
    assert_int_equal(office_count_events(&office, LOG_SIGNAL_TRANSFERRED), moved);
    struct match_page page = office_matches(&office, care, 1u << MATCH_OPEN);
    assert_int_equal(page.count, CRASH_SIGNALS);
    for (size_t i = 0; i < page.count; i++) {
        const char *const name[] = {moved > 0 ? "bea of 1" : "ann of 1"};
        assert_involved(page.matches[i].involved, page.matches[i].involved_count, name, 1);
    }
    verify_log(office.store, &vkey);
    /* What nobody came for is forgotten in a day. */
    office_advance_days(2);
    office_settle(&office);
    assert_int_equal(office_count_rows(&office, school, PARTY_TRANSFER), 0);
}

static void prepare_crash(void)
{
    open_office();
    moves_post(&office, school, "ann", 0, CRASH_SIGNALS);
    moves_post(&office, care, "cor", 0, CRASH_SIGNALS);
    office_rest(&office);
}

/* Returns whether the operation came to its end. */
static bool run_with_crash(uint64_t commit, bool happens)
{
    struct store_transfer op;
    prepare_crash();
    fill(&op, "ann", "bea");
    bool ended = moves_run_crashing(&office, &op.op, school, commit, happens);
    check_all_moved(ended || commit > 1 || happens);
    office_finish(&office);
    return ended;
}

static void test_a_crash_at_every_commit(void **state)
{
    (void)state;
    assert_true(moves_crash_everywhere(run_with_crash) > 2); /* it takes several slices */
}

static bool ann_has_none(void)
{
    return count_of("ann", LIVE) == 0;
}

/* Another crash at each commit that the due table makes. */
static void test_crash_after_crash(void **state)
{
    (void)state;
    struct store_transfer op;
    prepare_crash();
    fill(&op, "ann", "bea");
    moves_crash_until(&office, &op.op, school, ann_has_none);
    check_all_moved(true);
    office_finish(&office);
}

/* A put that fails costs a batch, and what was in it is done again. */
static void test_batches_that_are_aborted(void **state)
{
    (void)state;
    struct store_transfer op;
    uint64_t puts = 1;
    uint64_t commits;
    for (uint64_t at = 1; at <= puts; at += 1 + puts / 40) {
        struct kv_faulty_plan none = {0};
        prepare_crash();
        struct kv_faulty_plan plan = {.fail_put_at = at, .put_result = -EIO};
        fill(&op, "ann", "bea");
        kv_faulty_set(office.kv, &plan);
        int result = office_run(&office, &op.op, school);
        kv_faulty_counts(office.kv, &puts, &commits);
        kv_faulty_set(office.kv, &none);
        assert_true(result == 0 || result == -EIO);
        if (result == 0) {
            assert_int_equal(op.moved, CRASH_SIGNALS);
        }
        office_reopen(&office); /* own work that failed rests for a minute */
        office_settle(&office);
        size_t moved = count_of("bea", LIVE);
        assert_true(moved == CRASH_SIGNALS || (moved == 0 && result != 0));
        assert_int_equal(office_count_events(&office, LOG_SIGNAL_TRANSFERRED), moved);
        office_finish(&office);
    }
}

/* ---- at once ---- */

/* Asked for twice, it is one; to somebody else meanwhile, it is refused. */
static void test_asked_for_again(void **state)
{
    (void)state;
    enum { SIGNALS = 300 };
    struct store_transfer ops[3];
    struct crowd crowd;
    office_hire(&office, school, "dee");
    moves_post(&office, school, "ann", 0, SIGNALS);
    crowd_init(&crowd);
    for (int i = 0; i < 3; i++) {
        fill(&ops[i], "ann", i < 2 ? "bea" : "dee");
    }
    moves_hold(&office);
    for (int i = 0; i < 3; i++) {
        assert_int_equal(crowd_submit(&crowd, office.store, &ops[i].op), 0);
    }
    moves_release(&office);
    crowd_finish(&crowd);
    assert_int_equal(ops[0].op.result, 0);
    assert_int_equal(ops[1].op.result, 0);
    assert_int_equal(ops[2].op.result, STORE_IN_USE);
    assert_true(ops[0].moved == SIGNALS || ops[1].moved == SIGNALS);
    assert_int_equal(count_of("bea", LIVE), SIGNALS);
    assert_int_equal(office_count_events(&office, LOG_SIGNAL_TRANSFERRED), SIGNALS);
}

/* Nobody is deleted to whom signals are going. */
static void test_deleting_the_colleague_meanwhile(void **state)
{
    (void)state;
    struct store_transfer op;
    struct store_professional_delete deletes[2];
    struct crowd crowd;
    moves_post(&office, school, "ann", 0, 100);
    crowd_init(&crowd);
    fill(&op, "ann", "bea");
    moves_hold(&office);
    assert_int_equal(crowd_submit(&crowd, office.store, &op.op), 0);
    for (int i = 0; i < 2; i++) {
        store_professional_delete_init(&deletes[i]);
        deletes[i].id = i == 0 ? "ann" : "bea";
        deletes[i].op.party = school;
        deletes[i].op.by = office_attribution(school);
        assert_int_equal(crowd_submit(&crowd, office.store, &deletes[i].op), 0);
    }
    moves_release(&office);
    crowd_finish(&crowd);
    assert_int_equal(op.op.result, 0);
    assert_int_equal(deletes[0].op.result, STORE_IN_USE);
    assert_int_equal(deletes[1].op.result, STORE_IN_USE);
    assert_int_equal(office_dismiss(&office, school, "ann"), 0);
    assert_int_equal(office_dismiss(&office, school, "bea"), STORE_IN_USE);
    assert_int_equal(count_of("bea", LIVE), 100);
}

/* A long scan for signals of the colleague has passed those that the transfer gives her. */
static void test_a_transfer_during_the_scan(void **state)
{
    (void)state;
    enum { BEFORE = 10, OTHERS = 4100 }; /* more than one slice of the scan */
    struct store_transfer op;
    struct store_professional_delete del;
    struct crowd crowd;
    office_hire(&office, school, "dee");
    moves_post(&office, school, "ann", 0, BEFORE);
    for (unsigned i = 0; i < OTHERS; i += 2050) {
        moves_post(&office, school, "dee", BEFORE + i, 2050);
    }
    crowd_init(&crowd);
    store_professional_delete_init(&del);
    del.id = "bea";
    del.op.party = school;
    del.op.by = office_attribution(school);
    fill(&op, "ann", "bea");
    moves_hold(&office);
    assert_int_equal(crowd_submit(&crowd, office.store, &del.op), 0);
    assert_int_equal(crowd_submit(&crowd, office.store, &op.op), 0);
    moves_release(&office);
    crowd_finish(&crowd);
    assert_int_equal(op.op.result, 0);
    assert_int_equal(op.moved, BEFORE);
    assert_int_equal(del.op.result, STORE_IN_USE);
    assert_int_equal(office_dismiss(&office, school, "bea"), STORE_IN_USE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_live_signals_go_to_a_colleague, setup, teardown),
        cmocka_unit_test_setup_teardown(test_what_is_refused, setup, teardown),
        cmocka_unit_test_setup_teardown(test_two_of_one_child_merge, setup, teardown),
        cmocka_unit_test_setup_teardown(test_a_thousand_while_others_signal, setup, teardown),
        cmocka_unit_test(test_a_crash_at_every_commit),
        cmocka_unit_test(test_crash_after_crash),
        cmocka_unit_test(test_batches_that_are_aborted),
        cmocka_unit_test_setup_teardown(test_asked_for_again, setup, teardown),
        cmocka_unit_test_setup_teardown(test_deleting_the_colleague_meanwhile, setup, teardown),
        cmocka_unit_test_setup_teardown(test_a_transfer_during_the_scan, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
