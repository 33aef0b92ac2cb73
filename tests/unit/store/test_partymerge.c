/* SPDX-License-Identifier: EUPL-1.2 */
/* Schools merge every January: all that one has goes into the other. */
#include "tests/unit/store/merger_fixture.h"

#include <errno.h>
#include <sched.h>
#include <stdio.h>

#include "store/base/clock.h"

static void test_professionals_and_signals_go_along(void **state)
{
    (void)state;
    struct signal signal;
    struct match_view match;
    struct professional professional;
    struct uuid id = office_post(&office, schools.small, "ann", 1);
    struct uuid old = office_post(&office, schools.small, "bea", 2);
    struct uuid wrong = office_post(&office, schools.small, "bea", 3);
    office_post(&office, schools.big, "ann",
                1); /* the other ann: two professionals, before and after */
    office_post(&office, schools.care, "cor", 1);
    assert_int_equal(office_withdraw(&office, schools.small, &old, WITHDRAW_ENDED), 0);
    assert_int_equal(office_withdraw(&office, schools.small, &wrong, WITHDRAW_WRONGFUL), 0);
    struct uuid met = office_inbox(&office, schools.care, 0).notices[0].match.id;
    uint64_t signals = office_status(&office).signals;

    assert_int_equal(merger_run(&office, schools.small, schools.big), 0);
    merger_check_gone(&office, schools.small);
    assert_int_equal(office_status(&office).signals, signals);
    assert_int_equal(office_status(&office).matches, 1);
    assert_int_equal(office_see_signal(&office, schools.big, &id, &signal), 0);
    assert_string_equal(signal.professional, "ann.2");
    assert_string_equal(signal.reference, "ann/1");
    assert_int_equal(office_see_signal(&office, schools.big, &old, &signal), 0);
    assert_int_equal(signal.status, SIGNAL_ARCHIVED);
    assert_string_equal(signal.professional, "bea");
    assert_int_equal(
        store_get_professional(office_look(&office), schools.big, "ann.2", &professional), 0);
    assert_string_equal(professional.contact.name, "ann of 2");
    assert_int_equal(
        store_get_professional(office_look(&office), schools.big, "ann", &professional), 0);
    assert_string_equal(professional.contact.name, "ann of 1");
    assert_int_equal(office_see_match(&office, schools.care, &met, &match), 0);
    assert_involved(match.involved, match.involved_count,
                    (const char *const[]){"ann of 1", "ann of 2"}, 2);
    assert_string_equal(match.involved[0].oin.text, office_oin(schools.big).text);
    assert_string_equal(match.involved[1].oin.text, office_oin(schools.big).text);
    assert_int_equal(office_see_match(&office, schools.big, &met, &match), 0);
    assert_int_equal(match.own_count, 2);
    /* What was erased is answered for as before; what is there is the other's to withdraw. */
    assert_int_equal(office_withdraw(&office, schools.big, &wrong, WITHDRAW_WRONGFUL), 0);
    assert_int_equal(office_withdraw(&office, schools.big, &id, WITHDRAW_WRONGFUL), 0);
    assert_int_equal(office_see_match(&office, schools.care, &met, &match), 0);
    assert_involved(match.involved, match.involved_count, (const char *const[]){"ann of 1"}, 1);
    office_advance_days(31);
    office_settle(&office);
    assert_int_equal(office_withdraw(&office, schools.big, &wrong, WITHDRAW_WRONGFUL),
                     STORE_NOT_FOUND);
    /* An OIN that is gone can be admitted anew, and is somebody else. */
    struct store_party_change add;
    office_change(&add, schools.small, PARTY_ADD);
    add.name = "New";
    add.roles = PARTY_REPORTER;
    assert_int_equal(office_run(&office, &add.op, 0), 0);
    assert_int_equal(add.number, schools.care + 1);
}

static void test_how_it_is_logged(void **state)
{
    (void)state;
    struct checkpoint_vkey vkey = verify_key(office.keys, OFFICE_ORIGIN);
    struct log_query query = office_any_entry();
    char text[80];
    office_post(&office, schools.small, "bea", 1);
    assert_int_equal(merger_run(&office, schools.small, schools.big), 0);
    query.event = LOG_PARTY_MERGED;
    query.party = office_oin(schools.small);
    struct log_page page = office_log(&office, &query);
    assert_int_equal(page.count, 2); /* its beginning and its end */
    snprintf(text, sizeof(text), "\"verwijsindex.object\":\"party:%u\"", schools.big);
    for (size_t i = 0; i < page.count; i++) {
        assert_non_null(strstr(page.entries[i].public_part, text));
        assert_non_null(strstr(page.entries[i].public_part, office_oin(schools.small).text));
    }
    assert_non_null(strstr(page.entries[1].public_part, "\"verwijsindex.count\":1"));
    query = office_any_entry();
    query.event = LOG_PROFESSIONAL_CHANGED;
    page = office_log(&office, &query); /* four were hired, one is called otherwise now */
    assert_int_equal(page.count, 5);
    assert_non_null(strstr(page.entries[4].public_part, "\"ann.2\""));
    verify_log(office.store, &vkey);
}

/* An id of the longest length is cut to make room for its number. */
static void test_names_that_clash(void **state)
{
    (void)state;
    struct professional professional;
    char longest[PROFESSIONAL_ID_MAXIMUM + 1];
    char cut[PROFESSIONAL_ID_MAXIMUM + 1];
    memset(longest, 'x', PROFESSIONAL_ID_MAXIMUM);
    longest[PROFESSIONAL_ID_MAXIMUM] = '\0';
    office_hire(&office, schools.big, longest);
    office_hire(&office, schools.small, longest);
    office_hire(&office, schools.big, "ann.2");
    office_hire(&office, schools.small, "ann.3"); /* taken by the other's ann, which comes first */
    assert_int_equal(merger_run(&office, schools.small, schools.big), 0);
    static const char *const names[][2] = {
        {"ann", "ann of 1"}, {"ann.2", "ann.2 of 1"},   {"ann.3", "ann of 2"},
        {"bea", "bea of 2"}, {"ann.3.2", "ann.3 of 2"},
    };
    for (size_t i = 0; i < ARRAY_LENGTH(names); i++) {
        assert_int_equal(
            store_get_professional(office_look(&office), schools.big, names[i][0], &professional),
            0);
        assert_string_equal(professional.contact.name, names[i][1]);
    }
    snprintf(cut, sizeof(cut), "%.62s.2", longest);
    assert_int_equal(store_get_professional(office_look(&office), schools.big, cut, &professional),
                     0);
    assert_int_equal(strlen(professional.id), PROFESSIONAL_ID_MAXIMUM);
}

static void test_the_terms_stay(void **state)
{
    (void)state;
    struct store_signal_post ops[3];
    struct signal signal;
    int32_t birth = calendar_add_years(office_today(), -22) - 40; /* erased within a year */
    merger_agree(&office, schools.big, OFFICE_TOWN, office_today() + 366 * 100);
    for (unsigned i = 0; i < 3; i++) {
        office_fill_post(&office, &ops[i], schools.small, "bea", i);
        ops[i].birth_day = i == 1 ? birth : ops[i].birth_day;
        assert_int_equal(office_run(&office, &ops[i].op, schools.small), 0);
    }
    int32_t removal = ops[0].signal.removal_day;
    assert_int_equal(merger_run(&office, schools.small, schools.big), 0);
    int32_t grown_up = calendar_add_years(birth, 23);
    office_advance(calendar_dutch_midnight(grown_up) - CLOCK_MINUTE - clock_now());
    office_settle(&office);
    assert_int_equal(office_see_signal(&office, schools.big, &ops[1].signal.id, &signal), 0);
    office_advance(CLOCK_MINUTE);
    office_settle(&office);
    assert_int_equal(office_see_signal(&office, schools.big, &ops[1].signal.id, &signal),
                     STORE_NOT_FOUND);
    office_advance(calendar_dutch_midnight(removal - 30) - clock_now());
    office_settle(&office);
    struct notice_page inbox = office_inbox(&office, schools.big, 0);
    assert_int_equal(inbox.count, 2);
    assert_int_equal(inbox.notices[0].type, NOTICE_RENEWAL_DUE);
    /* Prompted already, they go on to yet another party, and are not prompted again. */
    merger_agree(&office, schools.care, OFFICE_TOWN, office_today() + 366 * 100);
    assert_int_equal(merger_run(&office, schools.big, schools.care), 0);
    inbox = office_inbox(&office, schools.care, 0);
    assert_int_equal(inbox.count, 2);
    assert_int_equal(inbox.notices[0].removal_day, removal);
    office_advance(calendar_dutch_midnight(removal) - clock_now());
    office_settle(&office);
    inbox = office_inbox(&office, schools.care, 0);
    assert_int_equal(inbox.count, 4);
    assert_int_equal(inbox.notices[2].type, NOTICE_SIGNAL_REMOVED);
    assert_int_equal(office_signals(&office, schools.care, MERGER_ARCHIVED).count, 2);
    office_advance(calendar_dutch_midnight(ops[0].signal.erasure_day) - clock_now());
    office_settle(&office);
    assert_int_equal(office_status(&office).signals, 0);
    assert_int_equal(office_status(&office).set_aside, 0);
}

static void test_the_inbox_goes_along(void **state)
{
    (void)state;
    office_post(&office, schools.big, "ann", 50);
    office_post(&office, schools.care, "cor", 50);
    for (unsigned i = 0; i < 5; i++) {
        office_post(&office, schools.small, "bea", i);
        office_post(&office, schools.care, "cor", i);
    }
    assert_int_equal(office_inbox_state(&office, schools.small).head, 5);
    assert_int_equal(office_acknowledge(&office, schools.small, 2), 0);
    struct uuid matches[3];
    for (int i = 0; i < 3; i++) {
        matches[i] = office_inbox(&office, schools.small, 2).notices[i].match.id;
    }
    assert_int_equal(merger_run(&office, schools.small, schools.big), 0);
    struct notice_page inbox = office_inbox(&office, schools.big, 0);
    assert_int_equal(inbox.count, 4); /* its own, and what the other had not acknowledged */
    for (int i = 0; i < 3; i++) {
        const struct notice *notice = &inbox.notices[1 + i];
        assert_true(same_uuid(&notice->match.id, &matches[i]));
        assert_int_equal(notice->type, NOTICE_MATCH_FORMED);
        assert_string_equal(notice->own.professional, "bea");
        assert_involved(notice->match.involved, notice->match.involved_count,
                        (const char *const[]){"cor of 3"}, 1);
    }
    assert_int_equal(office_acknowledge(&office, schools.big, 4), 0);
    assert_int_equal(office_inbox_state(&office, schools.big).acknowledged, 4);
    office_advance_days(120); /* the other's own terms find nothing */
    office_settle(&office);
    assert_int_equal(office_status(&office).set_aside, 0);
}

/* Who has not read of a match is known by the notice in the inbox where it is now. */
static void test_who_has_not_read_it(void **state)
{
    (void)state;
    uint32_t municipality = office_municipality(&office, OFFICE_TOWN);
    office_post(&office, schools.small, "bea", 1);
    office_post(&office, schools.care, "cor", 1);
    office_post(&office, schools.small, "ann", 2); /* read before the merge */
    office_post(&office, schools.care, "cor", 2);
    assert_int_equal(office_acknowledge(&office, schools.care, 2), 0);
    office_post(&office, schools.big, "ann", 7);
    office_post(&office, schools.small, "bea", 7);
    assert_int_equal(office_acknowledge(&office, schools.small, 2), 0);
    struct uuid read = office_inbox(&office, schools.care, 0).notices[1].match.id;
    struct uuid third = office_inbox(&office, schools.big, 0).notices[0].match.id;
    assert_int_equal(merger_run(&office, schools.small, schools.big), 0);
    assert_int_equal(office_inbox_state(&office, schools.big).head, 2);
    office_advance_days(15);
    office_settle(&office);
    struct notice_page inbox = office_inbox(&office, municipality, 3);
    assert_int_equal(inbox.count, 3);
    for (size_t i = 0; i < inbox.count; i++) {
        const struct notice *notice = &inbox.notices[i];
        assert_int_equal(notice->type, NOTICE_FOLLOW_UP_STALLED);
        bool is_third = same_uuid(&notice->match.id, &third);
        assert_int_equal(notice->unread_count, is_third ? 2 : 0);
        for (size_t j = 0; j < notice->unread_count; j++) {
            assert_string_equal(notice->unread[j].who.oin.text, office_oin(schools.big).text);
        }
    }
    assert_int_equal(office_acknowledge(&office, schools.big, 1),
                     0); /* its own; not yet the moved one */
    inbox = office_inbox(&office, municipality, 3);
    for (size_t i = 0; i < inbox.count; i++) {
        bool is_third = same_uuid(&inbox.notices[i].match.id, &third);
        assert_int_equal(inbox.notices[i].unread_count, is_third ? 1 : 0);
    }
    struct match_view match;
    assert_int_equal(office_see_match(&office, schools.big, &read, &match), 0);
}

static void test_what_a_party_may_do_goes_along(void **state)
{
    (void)state;
    struct mandate seen;
    const struct mandate *list;
    size_t count;
    struct store_party_change what = {.permissions = PARTY_QUIET};
    uint32_t supplier = office_admit(&office, PARTY_SUPPLIER, 0);
    uint32_t school = office_reporter(&office);
    int32_t today = office_today();
    assert_int_equal(merger_change(&office, schools.small, PARTY_ALLOW, &what), 0);
    what.permissions = PARTY_BLINDED;
    assert_int_equal(merger_change(&office, schools.big, PARTY_ALLOW, &what), 0);
    what.roles = PARTY_REPORTER | PARTY_SUPPLIER | PARTY_AUDITOR;
    assert_int_equal(merger_change(&office, schools.small, PARTY_CHANGE, &what), 0);
    merger_agree(&office, schools.small, OFFICE_TOWN, today + 5000);    /* longer */
    merger_agree(&office, schools.small, MERGER_OTHER_TOWN, today + 9); /* new */
    merger_agree(&office, schools.small, 500, today + 9);
    merger_agree(&office, schools.big, 500, today + 10); /* shorter */
    merger_mandate(&office, supplier, schools.small, 7);
    merger_mandate(&office, supplier, schools.big, 3);
    merger_mandate(&office, supplier, schools.care, 1);
    merger_mandate(&office, schools.small, school, 5);
    merger_mandate(&office, schools.small, schools.big, 5); /* not for itself */
    assert_int_equal(merger_run(&office, schools.small, schools.big), 0);
    struct party party = merger_see(&office, schools.big);
    assert_int_equal(party.roles, PARTY_REPORTER | PARTY_SUPPLIER | PARTY_AUDITOR);
    assert_int_equal(party.permissions, PARTY_BLINDED);
    assert_false(party.suspended);
    assert_int_equal(party.agreement_count, 3);
    assert_int_equal(merger_agreed_until(&party, OFFICE_TOWN), today + 5000);
    assert_int_equal(merger_agreed_until(&party, MERGER_OTHER_TOWN), today + 9);
    assert_int_equal(merger_agreed_until(&party, 500), today + 10);
    assert_int_equal(store_list_mandates(office_look(&office), supplier, &list, &count), 0);
    assert_int_equal(count, 2);
    assert_int_equal(store_get_mandate(office_look(&office), supplier, schools.big, &seen), 0);
    assert_int_equal(seen.until_day, today + 7);
    assert_int_equal(store_list_mandates(office_look(&office), schools.big, &list, &count), 0);
    assert_int_equal(count, 1);
    assert_int_equal(list[0].party, school);
    assert_int_equal(list[0].until_day, today + 5);
}

/* Whatever is due waits for a minute, because a put of the index's own work failed. */
static void pause_own_work(void)
{
    struct kv_faulty_plan plan = {.fail_put_at = 1, .put_result = -EIO};
    uint64_t aborted = office_status(&office).aborted_batches;
    kv_faulty_set(office.kv, &plan);
    office_advance_days(10);
    while (office_status(&office).aborted_batches == aborted) {
        sched_yield();
    }
}

/* Its signals were not archived yet when they moved: that comes after them. */
static void test_an_agreement_that_has_ended(void **state)
{
    (void)state;
    struct store_signal_post op;
    merger_agree(&office, schools.small, MERGER_OTHER_TOWN, office_today() + 9);
    for (unsigned i = 0; i < 70; i++) {
        office_fill_post(&office, &op, schools.small, "bea", i);
        op.municipality = MERGER_OTHER_TOWN;
        assert_int_equal(office_run(&office, &op.op, schools.small), 0);
    }
    office_post(&office, schools.small, "bea", 200);
    pause_own_work();
    assert_int_equal(merger_run(&office, schools.small, schools.big), 0);
    assert_int_equal(office_signals(&office, schools.big, MERGER_LIVE).count, 71);
    office_reopen(&office);
    office_settle(&office);
    assert_int_equal(office_signals(&office, schools.big, MERGER_LIVE).count, 1);
    assert_int_equal(office_signals(&office, schools.big, MERGER_ARCHIVED).count, 70);
    struct party party = merger_see(&office, schools.big);
    assert_int_equal(party.agreement_count, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_professionals_and_signals_go_along, setup_schools,
                                        teardown),
        cmocka_unit_test_setup_teardown(test_how_it_is_logged, setup_schools, teardown),
        cmocka_unit_test_setup_teardown(test_names_that_clash, setup_schools, teardown),
        cmocka_unit_test_setup_teardown(test_the_terms_stay, setup_schools, teardown),
        cmocka_unit_test_setup_teardown(test_the_inbox_goes_along, setup_schools, teardown),
        cmocka_unit_test_setup_teardown(test_who_has_not_read_it, setup_schools, teardown),
        cmocka_unit_test_setup_teardown(test_what_a_party_may_do_goes_along, setup_schools,
                                        teardown),
        cmocka_unit_test_setup_teardown(test_an_agreement_that_has_ended, setup_schools, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
