/* SPDX-License-Identifier: EUPL-1.2 */
/* A signal is counted as ended once: when it stops being live, by what ended it. */
#include "tests/unit/store/office_fixture.h"

#include "store/base/clock.h"
#include "tests/unit/store/registrar.h"

#define YEARS 26 /* a test may live through all the years of a youth */
#define ENDS 4

static uint32_t school;
static uint32_t town;
static int first_year;

static int setup(void **state)
{
    setup_office(state);
    first_year = calendar_date_from_day(office_today()).year;
    town = office_municipality(&office, OFFICE_TOWN);
    school = office_reporter(&office);
    office_hire(&office, school, "ann");
    office_hire(&office, school, "eve");
    return 0;
}

/* Withdrawn, retracted, expired, erased: in all those years. */
static void assert_ended(uint64_t withdrawn, uint64_t retracted, uint64_t expired, uint64_t erased)
{
    static const enum statistic ends[ENDS] = {STATISTIC_WITHDRAWN, STATISTIC_RETRACTED,
                                              STATISTIC_EXPIRED, STATISTIC_ERASED};
    const uint64_t expected[ENDS] = {withdrawn, retracted, expired, erased};
    uint64_t seen[ENDS] = {0};
    for (int year = first_year; year < first_year + YEARS; year++) {
        struct statistics statistics;
        assert_int_equal(store_get_statistics(office_look(&office), OFFICE_TOWN, year, &statistics),
                         0);
        for (size_t i = 0; i < ENDS; i++) {
            seen[i] += statistics.counts[ends[i]];
        }
    }
    for (size_t i = 0; i < ENDS; i++) {
        assert_int_equal(seen[i], expected[i]);
    }
}

static void erase(unsigned child)
{
    struct store_erasure op;
    store_erasure_init(&op);
    op.child = office_child(&office, child).key;
    op.ground = "upheld";
    op.case_reference = "case";
    assert_int_equal(office_run(&office, &op.op, town), 0);
    assert_int_equal(op.erased, 2);
}

/* One that has ended, and one that is live, of each child. */
static void post_both(unsigned child)
{
    struct uuid id = office_post(&office, school, "ann", child);
    assert_int_equal(office_withdraw(&office, school, &id, WITHDRAW_ENDED), 0);
    office_post(&office, school, "eve", child);
}

static void test_what_a_party_ends(void **state)
{
    (void)state;
    struct uuid id = office_post(&office, school, "ann", 1);
    assert_int_equal(office_withdraw(&office, school, &id, WITHDRAW_WRONGFUL), 0);
    assert_int_equal(office_withdraw(&office, school, &id, WITHDRAW_WRONGFUL), 0);
    assert_ended(0, 1, 0, 0);
    id = office_post(&office, school, "ann", 2);
    assert_int_equal(office_withdraw(&office, school, &id, WITHDRAW_ENDED), 0);
    assert_ended(1, 1, 0, 0);
    /* Out of the archive: it had ended already. */
    assert_int_equal(office_withdraw(&office, school, &id, WITHDRAW_WRONGFUL), 0);
    assert_ended(1, 1, 0, 0);
}

static void test_what_ends_by_its_date(void **state)
{
    (void)state;
    struct store_signal_post grown;
    post_both(1);
    office_fill_post(&office, &grown, school, "ann", 2);
    grown.reference = "";
    grown.birth_day = calendar_add_years(office_today(), -22);
    assert_int_equal(office_run(&office, &grown.op, school), 0);
    assert_ended(1, 0, 0, 0);
    office_go_to(&office, calendar_add_years(office_today(), 1)); /* of age while it is live */
    assert_ended(1, 0, 0, 1);
    office_go_to(&office, calendar_add_years(office_today(), 1) + 2);
    assert_ended(1, 0, 1, 1);
    office_go_to(&office, calendar_add_years(office_today(), 6));
    assert_int_equal(office_status(&office).signals, 0);
    /* The record of the one who came of age is gone by now: it was made six years ago. */
    assert_int_equal(office_count_events(&office, LOG_SIGNAL_ERASED), 2);
    assert_ended(1, 0, 1, 1);
}

static void test_what_is_erased_at_once(void **state)
{
    (void)state;
    post_both(1);
    post_both(2);
    assert_ended(2, 0, 0, 0);
    erase(1);
    assert_ended(2, 0, 0, 1);
    assert_int_equal(registrar_died(&office, 2), 0);
    assert_int_equal(office_status(&office).signals, 0);
    assert_int_equal(office_count_events(&office, LOG_SIGNAL_ERASED), 4);
    assert_ended(2, 0, 0, 2);
}

static void test_what_ends_with_its_agreement(void **state)
{
    (void)state;
    struct store_party_change change;
    post_both(1);
    office_change(&change, school, PARTY_AGREEMENT_END);
    change.agreement.municipality = OFFICE_TOWN;
    change.agreement.until_day = office_today() - 1;
    assert_int_equal(office_run(&office, &change.op, 0), 0);
    office_settle(&office);
    assert_int_equal(office_count_events(&office, LOG_SIGNAL_ARCHIVED), 1);
    assert_ended(1, 0, 1, 0);
    office_go_to(&office, calendar_add_years(office_today(), 8));
    assert_int_equal(office_status(&office).signals, 0);
    assert_ended(1, 0, 1, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_what_a_party_ends, setup, teardown),
        cmocka_unit_test_setup_teardown(test_what_ends_by_its_date, setup, teardown),
        cmocka_unit_test_setup_teardown(test_what_is_erased_at_once, setup, teardown),
        cmocka_unit_test_setup_teardown(test_what_ends_with_its_agreement, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
