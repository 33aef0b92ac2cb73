/* SPDX-License-Identifier: EUPL-1.2 */
/* What others do while parties merge, and what they see of it. */
#include "tests/unit/store/merger_fixture.h"

#include "store/base/layout.h"

static void test_what_is_refused(void **state)
{
    (void)state;
    struct store_party_change what = {.agreement = {0, office_today() + 9}};
    assert_int_equal(merger_run(&office, schools.small, schools.small), STORE_EXISTS);
    assert_int_equal(merger_run(&office, schools.small, 99), STORE_UNKNOWN_PARTY);
    assert_int_equal(merger_run(&office, 99, schools.big), STORE_UNKNOWN_PARTY);
    for (uint16_t code = 1000; code < 1000 + MODEL_AGREEMENTS_MAXIMUM - 1; code++) {
        what.agreement.municipality = code;
        assert_int_equal(merger_change(&office, schools.big, PARTY_AGREEMENT_ADD, &what), 0);
    }
    what.agreement.municipality = 2000;
    assert_int_equal(merger_change(&office, schools.small, PARTY_AGREEMENT_ADD, &what), 0);
    assert_int_equal(merger_run(&office, schools.small, schools.big), STORE_TOO_MANY);
    assert_false(merger_see(&office, schools.small).suspended);
    assert_int_equal(office_count_events(&office, LOG_PARTY_MERGED), 0);
    assert_int_equal(merger_run(&office, schools.small, schools.care), 0);
}

static void test_meanwhile_nobody_changes_it(void **state)
{
    (void)state;
    struct store_party_merge merges[3];
    struct store_party_change changes[3];
    struct store_transfer transfer;
    struct crowd crowd;
    uint32_t supplier = office_admit(&office, PARTY_SUPPLIER, 0);
    moves_post(&office, schools.small, "bea", 0, 100);
    merger_fill(&merges[0], schools.small, schools.big);
    merger_fill(&merges[1], schools.small, schools.big); /* asked again */
    merger_fill(&merges[2], schools.big, schools.care);
    static const enum party_action actions[] = {PARTY_RESUME, PARTY_AGREEMENT_END, PARTY_MANDATE};
    crowd_init(&crowd);
    moves_hold(&office);
    assert_int_equal(crowd_submit(&crowd, office.store, &merges[0].op), 0);
    for (int i = 0; i < 3; i++) {
        office_change(&changes[i], i < 2 ? schools.small : supplier, actions[i]);
        changes[i].other = office_oin(schools.small);
        changes[i].agreement = (struct agreement){OFFICE_TOWN, office_today()};
        changes[i].op.by = office_attribution(0);
        assert_int_equal(crowd_submit(&crowd, office.store, &changes[i].op), 0);
    }
    store_transfer_init(&transfer);
    transfer.from = "bea";
    transfer.to = "ann";
    transfer.op.party = schools.small;
    transfer.op.by = office_attribution(schools.small);
    assert_int_equal(crowd_submit(&crowd, office.store, &transfer.op), 0);
    assert_int_equal(crowd_submit(&crowd, office.store, &merges[1].op), 0);
    assert_int_equal(crowd_submit(&crowd, office.store, &merges[2].op), 0);
    moves_release(&office);
    crowd_finish(&crowd);
    assert_int_equal(merges[0].op.result, 0);
    assert_int_equal(merges[1].op.result, 0);
    assert_int_equal(merges[1].number, schools.big);
    assert_int_equal(merges[2].op.result, STORE_IN_USE);
    for (int i = 0; i < 3; i++) {
        assert_int_equal(changes[i].op.result, STORE_IN_USE);
    }
    assert_int_equal(transfer.op.result, STORE_IN_USE);
    merger_check_gone(&office, schools.small);
    assert_int_equal(merger_count(&office, schools.big, "bea", MERGER_LIVE), 100);
    assert_int_equal(merger_run(&office, schools.big, schools.care), 0);
    assert_int_equal(merger_count(&office, schools.care, "bea", MERGER_LIVE), 100);
}

/* Does something again and again, in one batch after another, until the merge has ended. */
static void during_merge(void (*act)(void))
{
    struct store_party_merge op;
    struct crowd crowd;
    merger_fill(&op, schools.small, schools.big);
    crowd_init(&crowd);
    assert_int_equal(crowd_submit(&crowd, office.store, &op.op), 0);
    while (crowd.pending > 0) {
        act();
        crowd_collect(&crowd);
    }
    crowd_finish(&crowd);
    assert_int_equal(op.op.result, 0);
}

static void try_delete(void)
{
    int result = office_dismiss(&office, schools.big, "bea");
    assert_true(result == STORE_NOT_FOUND || result == STORE_IN_USE);
}

/* Nobody goes to whom signals are still on their way: hers are the last to come. */
static void test_deleting_one_who_has_come(void **state)
{
    (void)state;
    moves_post(&office, schools.small, "ann", 0, 200);
    moves_post(&office, schools.small, "bea", 200, 100);
    during_merge(try_delete);
    assert_int_equal(merger_count(&office, schools.big, "bea", MERGER_LIVE), 100);
    assert_int_equal(merger_count(&office, schools.big, "ann.2", MERGER_LIVE), 200);
}

static unsigned posted;

static void try_post(void)
{
    struct store_signal_post op;
    int result = office_try_post(&office, &op, schools.small, "bea", 1000 + posted);
    assert_true(result == 0 || result == STORE_UNKNOWN_PARTY);
    posted += result == 0 ? 1 : 0;
}

/* What the party that goes did in its last moment goes along too. */
static void test_signals_that_come_late(void **state)
{
    (void)state;
    posted = 0;
    during_merge(try_post);
    assert_true(posted > 2);
    merger_check_gone(&office, schools.small);
    assert_int_equal(merger_count(&office, schools.big, "bea", MERGER_LIVE), posted);
    assert_int_equal(office_status(&office).signals, posted);
}

/* A transfer that is on its way in the party that goes comes to its end first. */
static void test_a_transfer_on_its_way(void **state)
{
    (void)state;
    struct store_party_merge merging;
    struct store_transfer transfer;
    struct crowd crowd;
    moves_post(&office, schools.small, "bea", 0, 300);
    store_transfer_init(&transfer);
    transfer.from = "bea";
    transfer.to = "ann";
    transfer.op.party = schools.small;
    transfer.op.by = office_attribution(schools.small);
    merger_fill(&merging, schools.small, schools.big);
    crowd_init(&crowd);
    moves_hold(&office);
    assert_int_equal(crowd_submit(&crowd, office.store, &transfer.op), 0);
    assert_int_equal(crowd_submit(&crowd, office.store, &merging.op), 0);
    moves_release(&office);
    crowd_finish(&crowd);
    assert_int_equal(transfer.op.result, 0);
    assert_int_equal(merging.op.result, 0);
    office_settle(&office);
    assert_int_equal(merger_count(&office, schools.big, "ann.2", MERGER_LIVE), 300);
    merger_check_gone(&office, schools.small);
}

static void note_waiter(struct mail *mail)
{
    (void)mail; /* that it has come is what is waited for */
}

/* Whoever waits for either inbox is sent to look again. */
static void test_waiters_are_woken(void **state)
{
    (void)state;
    struct store_waiter waiters[2];
    struct crowd crowd;
    crowd_init(&crowd);
    for (int i = 0; i < 2; i++) {
        waiters[i] = (struct store_waiter){.party = i == 0 ? schools.small : schools.big,
                                           .mailbox = &crowd.box};
        waiters[i].mail.deliver = note_waiter;
        assert_int_equal(store_wait(office.store, &waiters[i]), 0);
        crowd.pending++;
    }
    assert_int_equal(merger_run(&office, schools.small, schools.big), 0);
    crowd_finish(&crowd);
}

enum { THOUSAND = OFFICE_SCALE(1000, 200), MATCHED = 50, OTHERS = 100 };
static size_t looks;

/* At every moment a match shows each professional, under the one party or the other. */
static void look_around(void)
{
    struct match_page page = office_matches(&office, schools.care, 1u << MATCH_OPEN);
    assert_int_equal(page.count, MATCHED);
    for (size_t i = 0; i < page.count; i++) {
        assert_involved(page.matches[i].involved, page.matches[i].involved_count,
                        (const char *const[]){"bea of 2"}, 1);
    }
    struct notice_page inbox = office_inbox(&office, schools.care, 0);
    assert_int_equal(inbox.count, MATCHED);
    assert_int_equal(inbox.notices[0].match.involved_count, 1);
    size_t theirs = merger_is_gone(&office, schools.small)
                        ? 0
                        : office_signals(&office, schools.small, MERGER_LIVE).count;
    size_t ours = merger_count(&office, schools.big, "bea", MERGER_LIVE);
    assert_int_equal(theirs + ours, THOUSAND);
    inbox = office_inbox(&office, schools.big, 0);
    for (size_t i = 0; i < inbox.count; i++) {
        assert_true(inbox.notices[i].has_own);
    }
    (void)office_matches(&office, schools.big, 0);
    looks++;
}

static void test_a_thousand_while_others_signal_and_look(void **state)
{
    (void)state;
    struct store_signal_post *ops = test_calloc(OTHERS, sizeof(*ops));
    struct store_party_merge op;
    struct crowd crowd;
    looks = 0;
    moves_post(&office, schools.small, "bea", 0, THOUSAND);
    moves_post(&office, schools.care, "cor", 0, MATCHED);
    uint64_t signals = office_status(&office).signals;
    crowd_init(&crowd);
    merger_fill(&op, schools.small, schools.big);
    for (unsigned i = 0; i < OTHERS; i++) { /* on children that move, and others */
        office_fill_post(&office, &ops[i], schools.big, "ann", MATCHED + i * (THOUSAND / OTHERS));
        assert_int_equal(crowd_submit(&crowd, office.store, &ops[i].op), 0);
    }
    assert_int_equal(moves_run_watched(&office, &op.op, look_around), 0);
    crowd_finish(&crowd);
    look_around();
    assert_true(looks > THOUSAND / 60 + 11); /* every slice of signals, and every phase */
    for (unsigned i = 0; i < OTHERS; i++) {
        assert_int_equal(ops[i].op.result, 0);
    }
    merger_check_gone(&office, schools.small);
    assert_int_equal(merger_count(&office, schools.big, "bea", MERGER_LIVE), THOUSAND);
    assert_int_equal(merger_count(&office, schools.big, "ann", MERGER_LIVE), OTHERS);
    assert_int_equal(office_status(&office).signals, signals + OTHERS);
    assert_int_equal(office_status(&office).set_aside, 0);
    test_free(ops);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_what_is_refused, setup_schools, teardown),
        cmocka_unit_test_setup_teardown(test_meanwhile_nobody_changes_it, setup_schools, teardown),
        cmocka_unit_test_setup_teardown(test_deleting_one_who_has_come, setup_schools, teardown),
        cmocka_unit_test_setup_teardown(test_signals_that_come_late, setup_schools, teardown),
        cmocka_unit_test_setup_teardown(test_a_transfer_on_its_way, setup_schools, teardown),
        cmocka_unit_test_setup_teardown(test_waiters_are_woken, setup_schools, teardown),
        cmocka_unit_test_setup_teardown(test_a_thousand_while_others_signal_and_look, setup_schools,
                                        teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
