/* SPDX-License-Identifier: EUPL-1.2 */
/* Municipalities merge too: agreements, matches and follow-up are with what they have become. */
#include "tests/unit/store/merger_fixture.h"

#include "store/base/clock.h"

static void test_two_municipalities(void **state)
{
    (void)state;
    struct match_view match;
    struct store_signal_post op;
    struct store_confirm_contact confirm;
    uint32_t city = office_municipality(&office, MERGER_OTHER_TOWN);
    uint32_t town = office_municipality(&office, OFFICE_TOWN);
    int32_t today = office_today();
    merger_agree(&office, schools.care, MERGER_OTHER_TOWN,
                 today + 50); /* shorter than that with the town */
    merger_agree(&office, schools.big, MERGER_OTHER_TOWN, today + 5000);
    office_post(&office, schools.small, "bea", 1);
    office_post(&office, schools.care, "cor", 1);
    office_post(&office, schools.small, "bea", 2);
    office_fill_post(&office, &op, schools.care, "cor", 2); /* both are told of this one */
    op.municipality = MERGER_OTHER_TOWN;
    assert_int_equal(office_run(&office, &op.op, schools.care), 0);
    assert_int_equal(office_inbox(&office, town, 0).count, 2);
    assert_int_equal(office_inbox(&office, city, 0).count, 1);
    struct uuid first = office_inbox(&office, town, 0).notices[0].match.id;
    struct uuid second = office_inbox(&office, town, 0).notices[1].match.id;

    assert_int_equal(merger_run(&office, town, city), 0);
    merger_check_gone(&office, town);
    struct notice_page inbox = office_inbox(&office, city, 0);
    assert_int_equal(inbox.count, 3);
    assert_true(same_uuid(&inbox.notices[1].match.id, &first));
    assert_int_equal(inbox.notices[1].match.involved_count, 2);
    assert_int_equal(office_matches(&office, city, 1u << MATCH_OPEN).count, 2);
    assert_int_equal(office_see_match(&office, city, &first, &match), 0);
    assert_involved(match.involved, match.involved_count,
                    (const char *const[]){"bea of 2", "cor of 3"}, 2);
    struct party party = merger_see(&office, city);
    assert_int_equal(party.municipality, MERGER_OTHER_TOWN);
    /* Agreements are with what the town has become, until the later of two dates. */
    party = merger_see(&office, schools.care);
    assert_int_equal(party.agreement_count, 1);
    assert_int_equal(merger_agreed_until(&party, MERGER_OTHER_TOWN), today + 3650);
    party = merger_see(&office, schools.big);
    assert_int_equal(party.agreement_count, 1);
    assert_int_equal(merger_agreed_until(&party, MERGER_OTHER_TOWN), today + 5000);

    /* It follows up: it is told once that the first has stalled, and hears that it was retracted.
     */
    office_advance_days(15);
    office_settle(&office);
    inbox = office_inbox(&office, city, 3);
    assert_int_equal(inbox.count, 2);
    assert_int_equal(inbox.notices[0].type, NOTICE_FOLLOW_UP_STALLED);
    store_confirm_contact_init(&confirm);
    confirm.match = second;
    confirm.professional = "cor";
    assert_int_equal(office_run(&office, &confirm.op, schools.care), 0);
    assert_int_equal(office_matches(&office, city, 1u << MATCH_CONTACTED).count, 1);
    assert_int_equal(office_matches(&office, city, 1u << MATCH_STALLED).count, 1);
    assert_int_equal(office_withdraw(&office, schools.care, &op.signal.id, WITHDRAW_WRONGFUL), 0);
    inbox = office_inbox(&office, city, 5);
    assert_int_equal(inbox.count, 1);
    assert_int_equal(inbox.notices[0].type, NOTICE_MATCH_RETRACTED);
}

/* Signals made under the agreement with a municipality that is gone end with that of its successor,
 * and not before; and so on when that goes too. */
static void test_agreements_with_what_it_has_become(void **state)
{
    (void)state;
    uint32_t town = office_municipality(&office, OFFICE_TOWN);
    uint32_t city = office_municipality(&office, MERGER_OTHER_TOWN);
    uint32_t region = office_municipality(&office, 500);
    struct store_party_change what = {.agreement = {500, 0}};
    struct store_signal_post op;
    int32_t today = office_today();
    merger_agree(&office, schools.care, OFFICE_TOWN, today + 20);
    merger_agree(&office, schools.care, MERGER_OTHER_TOWN, today + 40);
    merger_agree(&office, schools.care, 600, today + 22); /* its end is nothing to the others */
    merger_agree(&office, schools.small, OFFICE_TOWN, today + 30);
    office_post(&office, schools.care, "cor", 1);
    office_post(&office, schools.small, "bea", 1);
    assert_int_equal(merger_run(&office, town, city), 0);
    assert_int_equal(merger_run(&office, city, region), 0);
    struct party party = merger_see(&office, schools.care);
    assert_int_equal(party.agreement_count, 2);
    assert_int_equal(merger_agreed_until(&party, 500), today + 40);
    party = merger_see(&office, schools.small);
    assert_int_equal(merger_agreed_until(&party, 500), today + 30);
    assert_int_equal(office_matches(&office, region, 1u << MATCH_OPEN).count, 1);
    /* Under the old code nothing new is signalled; what was can be renewed. */
    assert_int_equal(office_try_post(&office, &op, schools.care, "cor", 2), STORE_NO_AGREEMENT);
    struct store_signal_renew renew;
    store_signal_renew_init(&renew);
    renew.id = office_signals(&office, schools.care, MERGER_LIVE).signals[0].id;
    renew.birth_day = calendar_add_years(today, -10);
    assert_int_equal(office_run(&office, &renew.op, schools.care), 0);
    struct statistics counts;
    int year = calendar_date_from_day(today).year;
    assert_int_equal(store_get_statistics(office_look(&office), 500, year, &counts), 0);
    assert_int_equal(counts.counts[STATISTIC_MADE], 2);
    assert_int_equal(counts.counts[STATISTIC_RENEWED], 1);
    assert_int_equal(store_get_statistics(office_look(&office), 499, year, &counts), 0);
    assert_int_equal(counts.counts[STATISTIC_MADE], 0);
    office_advance_days(25);
    office_settle(&office);
    assert_int_equal(office_signals(&office, schools.care, MERGER_LIVE).count, 1);
    office_advance_days(7);
    office_settle(&office);
    assert_int_equal(office_signals(&office, schools.small, MERGER_LIVE).count, 0);
    assert_int_equal(office_signals(&office, schools.care, MERGER_LIVE).count, 1);
    assert_int_equal(merger_change(&office, schools.care, PARTY_AGREEMENT_END, &what), 0);
    office_settle(&office);
    assert_int_equal(office_signals(&office, schools.care, MERGER_LIVE).count, 0);
    assert_int_equal(office_signals(&office, schools.care, MERGER_ARCHIVED).count, 1);
}

/* A municipality that goes into a party that is none makes it one. */
static void test_a_municipality_into_another_party(void **state)
{
    (void)state;
    uint32_t town = office_municipality(&office, OFFICE_TOWN);
    uint32_t region = office_admit(&office, PARTY_REPORTER, MERGER_OTHER_TOWN);
    office_post(&office, schools.small, "bea", 1);
    office_post(&office, schools.care, "cor", 1);
    assert_int_equal(merger_run(&office, town, region), 0);
    struct party party = merger_see(&office, region);
    assert_int_equal(party.municipality, OFFICE_TOWN);
    assert_int_equal(party.roles, PARTY_REPORTER | PARTY_MUNICIPALITY);
    assert_int_equal(office_matches(&office, region, 1u << MATCH_OPEN).count, 1);
    assert_int_equal(office_inbox(&office, region, 0).count, 1);
    party = merger_see(&office, schools.care);
    assert_int_equal(merger_agreed_until(&party, OFFICE_TOWN), office_today() + 3650);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_two_municipalities, setup_schools, teardown),
        cmocka_unit_test_setup_teardown(test_agreements_with_what_it_has_become, setup_schools,
                                        teardown),
        cmocka_unit_test_setup_teardown(test_a_municipality_into_another_party, setup_schools,
                                        teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
