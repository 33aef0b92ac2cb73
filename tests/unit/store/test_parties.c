/* SPDX-License-Identifier: EUPL-1.2 */
/* What the operator does: admits, changes, suspends, agrees, allows, mandates. */
#include "tests/unit/store/office_fixture.h"

#include <stdio.h>

#include "store/base/clock.h"
#include "store/base/layout.h"

static int change(uint32_t party, enum party_action action, struct store_party_change *given)
{
    struct store_party_change op;
    office_change(&op, party, action);
    if (given != NULL) {
        op.name = given->name;
        op.roles = given->roles;
        op.permissions = given->permissions;
        op.agreement = given->agreement;
        op.own_municipality = given->own_municipality;
        op.contact_name = given->contact_name;
        op.contact_email = given->contact_email;
        op.contact_phone = given->contact_phone;
        op.other = given->other;
    }
    return office_run(&office, &op.op, 0);
}

static struct party see(uint32_t number)
{
    struct party party;
    assert_int_equal(store_get_party(office_look(&office), number, &party), 0);
    return party;
}

static void test_admitting(void **state)
{
    (void)state;
    struct party party;
    struct store_party_change add = {
        .name = "Basisschool De Boom",
        .roles = PARTY_REPORTER,
        .agreement = {363, office_today() + 100},
        .contact_email = "info@deboom.example",
        .contact_phone = "020 1",
    };
    assert_int_equal(change(1, PARTY_ADD, &add), 0);
    party = see(1);
    struct oin oin = office_oin(1);
    assert_string_equal(party.oin.text, oin.text);
    assert_string_equal(party.name, "Basisschool De Boom");
    assert_int_equal(party.roles, PARTY_REPORTER);
    assert_int_equal(party.permissions, 0);
    assert_false(party.suspended);
    assert_string_equal(party.contact.name, "Basisschool De Boom");
    assert_string_equal(party.contact.email, "info@deboom.example");
    assert_string_equal(party.contact.phone, "020 1");
    assert_int_equal(party.agreement_count, 1);
    assert_int_equal(party.agreements[0].municipality, 363);
    assert_int_equal(party.agreements[0].until_day, office_today() + 100);
    assert_int_equal(store_find_party(office_look(&office), &oin, &party), 0);
    assert_int_equal(party.number, 1);
    oin = office_oin(2);
    assert_int_equal(store_find_party(office_look(&office), &oin, &party), STORE_NOT_FOUND);
    assert_int_equal(store_get_party(office_look(&office), 2, &party), STORE_NOT_FOUND);

    assert_int_equal(change(1, PARTY_ADD, &add), STORE_EXISTS);
    add.own_municipality = 363;
    add.roles = PARTY_MUNICIPALITY;
    assert_int_equal(change(2, PARTY_ADD, &add), 0);
    assert_int_equal(see(2).municipality, 363);
    assert_int_equal(change(3, PARTY_ADD, &add), STORE_EXISTS); /* one party is a municipality */
    assert_int_equal(store_get_party(office_look(&office), 3, &party), STORE_NOT_FOUND);
    assert_int_equal(office_count_events(&office, LOG_PARTY_ADDED), 2);
    assert_int_equal(office_count_events(&office, LOG_REQUEST_REFUSED), 2);
}

static void test_changing(void **state)
{
    (void)state;
    struct store_party_change what = {.contact_name = "Coordinator", .contact_phone = ""};
    uint32_t school = office_reporter(&office);
    assert_int_equal(change(school, PARTY_CHANGE, &what), 0);
    struct party party = see(school);
    assert_string_equal(party.name, "Party 1");
    assert_int_equal(party.roles, PARTY_REPORTER);
    assert_string_equal(party.contact.name, "Coordinator");
    assert_string_equal(party.contact.phone, "");
    what = (struct store_party_change){.name = "School", .roles = PARTY_REPORTER | PARTY_AUDITOR};
    assert_int_equal(change(school, PARTY_CHANGE, &what), 0);
    party = see(school);
    assert_string_equal(party.name, "School");
    assert_int_equal(party.roles, PARTY_REPORTER | PARTY_AUDITOR);
    assert_string_equal(party.contact.name, "Coordinator");
    assert_int_equal(change(9, PARTY_CHANGE, &what), STORE_UNKNOWN_PARTY);
    assert_int_equal(change(9, PARTY_SUSPEND, NULL), STORE_UNKNOWN_PARTY);
    assert_int_equal(office_count_events(&office, LOG_PARTY_CHANGED), 2);
}

/* Of a municipality it must be known which one it is. */
static void test_becoming_a_municipality(void **state)
{
    (void)state;
    struct store_party_change what = {.roles = PARTY_MUNICIPALITY | PARTY_REPORTER};
    struct store_party_change op;
    uint32_t school = office_reporter(&office);
    uint32_t town = office_municipality(&office, OFFICE_TOWN);
    assert_int_equal(change(school, PARTY_CHANGE, &what), STORE_NO_MUNICIPALITY);
    assert_int_equal(see(school).roles, PARTY_REPORTER);
    assert_int_equal(change(town, PARTY_CHANGE, &what), 0);
    what.own_municipality = OFFICE_TOWN;
    assert_int_equal(change(school, PARTY_CHANGE, &what), STORE_EXISTS);
    assert_int_equal(see(school).roles, PARTY_REPORTER);
    what.own_municipality = 400;
    assert_int_equal(change(school, PARTY_CHANGE, &what), 0);
    assert_int_equal(see(school).roles, PARTY_REPORTER | PARTY_MUNICIPALITY);
    assert_int_equal(see(school).municipality, 400);
    assert_int_equal(change(town, PARTY_CHANGE, &what), STORE_EXISTS); /* it is another already */
    office_change(&op, 9, PARTY_ADD);
    op.name = "Second";
    op.roles = PARTY_MUNICIPALITY;
    op.own_municipality = 400;
    assert_int_equal(office_run(&office, &op.op, 0), STORE_EXISTS);
}

static void test_suspending_keeps_everything(void **state)
{
    (void)state;
    uint32_t school = office_reporter(&office);
    uint32_t care = office_reporter(&office);
    office_hire(&office, school, "ann");
    office_hire(&office, care, "bob");
    office_post(&office, school, "ann", 1);
    assert_int_equal(change(school, PARTY_SUSPEND, NULL), 0);
    assert_true(see(school).suspended);
    office_post(&office, care, "bob", 1); /* it matches */
    assert_int_equal(office_inbox_state(&office, school).head, 1);
    assert_int_equal(office_signals(&office, school, 1u << SIGNAL_ACTIVE).count, 1);
    assert_int_equal(change(school, PARTY_RESUME, NULL), 0);
    assert_false(see(school).suspended);
    assert_int_equal(office_inbox(&office, school, 0).count, 1);
    assert_int_equal(office_count_events(&office, LOG_PARTY_SUSPENDED), 1);
    assert_int_equal(office_count_events(&office, LOG_PARTY_RESUMED), 1);
}

static void test_permissions(void **state)
{
    (void)state;
    struct store_party_change what = {.permissions = PARTY_BLINDED | PARTY_QUIET};
    uint32_t school = office_reporter(&office);
    assert_int_equal(change(school, PARTY_ALLOW, &what), 0);
    assert_int_equal(see(school).permissions, PARTY_BLINDED | PARTY_QUIET);
    what.permissions = PARTY_QUIET;
    assert_int_equal(change(school, PARTY_DENY, &what), 0);
    assert_int_equal(see(school).permissions, PARTY_BLINDED);
    assert_int_equal(office_count_events(&office, LOG_PERMISSION_CHANGED), 2);
}

static void test_mandates(void **state)
{
    (void)state;
    struct mandate mandate;
    const struct mandate *list;
    size_t count;
    uint32_t supplier = office_admit(&office, PARTY_SUPPLIER, 0);
    uint32_t schools[3];
    for (int i = 0; i < 3; i++) {
        schools[i] = office_reporter(&office);
        struct store_party_change what = {.other = office_oin(schools[i]),
                                          .agreement = {0, office_today() + i}};
        assert_int_equal(change(supplier, PARTY_MANDATE, &what), 0);
    }
    assert_int_equal(store_get_mandate(office_look(&office), supplier, schools[1], &mandate), 0);
    assert_int_equal(mandate.party, schools[1]);
    assert_int_equal(mandate.until_day, office_today() + 1);
    assert_string_equal(mandate.oin.text, office_oin(schools[1]).text);
    assert_int_equal(store_get_mandate(office_look(&office), schools[1], supplier, &mandate),
                     STORE_NOT_FOUND);
    assert_int_equal(store_list_mandates(office_look(&office), supplier, &list, &count), 0);
    assert_int_equal(count, 3);
    assert_string_equal(list[2].name, "Party 4");
    struct store_party_change again = {.other = office_oin(schools[1]),
                                       .agreement = {0, office_today() + 50}};
    assert_int_equal(change(supplier, PARTY_MANDATE, &again), 0);
    assert_int_equal(store_get_mandate(office_look(&office), supplier, schools[1], &mandate), 0);
    assert_int_equal(mandate.until_day, office_today() + 50);
    again.other = office_oin(77);
    assert_int_equal(change(supplier, PARTY_MANDATE, &again), STORE_UNKNOWN_PARTY);
    again.other = office_oin(schools[1]);
    assert_int_equal(change(schools[0], PARTY_MANDATE, &again), STORE_NO_SUPPLIER);
    assert_int_equal(store_list_mandates(office_look(&office), schools[0], &list, &count), 0);
    assert_int_equal(count, 0);
}

static void test_listing(void **state)
{
    (void)state;
    const struct party *list;
    size_t count;
    for (int i = 0; i < 7; i++) {
        office_reporter(&office);
    }
    struct store_snapshot *snapshot = office_look(&office);
    assert_int_equal(store_list_parties(snapshot, 0, 5, &list, &count), 0);
    assert_int_equal(count, 5);
    assert_int_equal(list[0].number, 1);
    assert_int_equal(store_list_parties(snapshot, 5, 5, &list, &count), 0);
    assert_int_equal(count, 2);
    assert_int_equal(list[1].number, 7);
    assert_int_equal(store_list_parties(snapshot, 7, 5, &list, &count), 0);
    assert_int_equal(count, 0);
    assert_int_equal(store_list_parties(snapshot, UINT32_MAX, 5, &list, &count), 0);
    assert_int_equal(count, 0);
}

static void test_agreements_are_limited(void **state)
{
    (void)state;
    struct store_party_change what = {.agreement = {0, office_today() + 9}};
    uint32_t school = office_reporter(&office);
    for (uint16_t code = 1000; code < 1000 + MODEL_AGREEMENTS_MAXIMUM - 1; code++) {
        what.agreement.municipality = code;
        assert_int_equal(change(school, PARTY_AGREEMENT_ADD, &what), 0);
    }
    what.agreement.municipality = 9;
    assert_int_equal(change(school, PARTY_AGREEMENT_ADD, &what), STORE_TOO_MANY);
    what.agreement.municipality = 1001;
    what.agreement.until_day = office_today() + 90;
    assert_int_equal(change(school, PARTY_AGREEMENT_ADD, &what), 0); /* prolonged */
    struct party party = see(school);
    assert_int_equal(party.agreement_count, MODEL_AGREEMENTS_MAXIMUM);
    bool found = false;
    for (size_t i = 0; i < party.agreement_count; i++) {
        found = found || (party.agreements[i].municipality == 1001 &&
                          party.agreements[i].until_day == office_today() + 90);
    }
    assert_true(found);
}

/* The end of an agreement archives the signals that were made under it, and no others. */
static void test_the_end_of_an_agreement_archives(void **state)
{
    (void)state;
    struct store_party_change what = {.agreement = {400, office_today() + 9}};
    struct store_signal_post op;
    uint32_t school = office_reporter(&office);
    uint32_t care = office_reporter(&office);
    office_hire(&office, school, "ann");
    office_hire(&office, care, "bob");
    assert_int_equal(change(school, PARTY_AGREEMENT_ADD, &what), 0);
    office_post(&office, school, "ann", 1);
    office_post(&office, care, "bob", 1);
    office_fill_post(&office, &op, school, "ann", 2);
    op.municipality = 400;
    assert_int_equal(office_run(&office, &op.op, school), 0);
    what.agreement.municipality = OFFICE_TOWN;
    assert_int_equal(change(school, PARTY_AGREEMENT_END, &what), 0);
    office_settle(&office);
    assert_int_equal(office_signals(&office, school, 1u << SIGNAL_ACTIVE).count, 1);
    assert_int_equal(office_signals(&office, school, 1u << SIGNAL_ARCHIVED).count, 1);
    assert_int_equal(office_status(&office).matches, 0);
    assert_int_equal(office_try_post(&office, &op, school, "ann", 3), STORE_NO_AGREEMENT);
    assert_int_equal(change(school, PARTY_AGREEMENT_END, &what), STORE_NOT_FOUND); /* already */
    what.agreement.municipality = 400;
    assert_int_equal(change(school, PARTY_AGREEMENT_END, &what), 0);
    office_settle(&office);
    assert_int_equal(office_signals(&office, school, 1u << SIGNAL_ACTIVE).count, 0);
    assert_int_equal(office_signals(&office, school, 1u << SIGNAL_ARCHIVED).count, 2);
    assert_int_equal(office_count_events(&office, LOG_SIGNAL_ARCHIVED), 2);
    assert_int_equal(office_count_events(&office, LOG_AGREEMENT_ENDED), 2);
    assert_int_equal(office_signals(&office, care, 1u << SIGNAL_ACTIVE).count, 1);

    /* A new one lets it signal again. */
    what.agreement.until_day = office_today();
    assert_int_equal(change(school, PARTY_AGREEMENT_ADD, &what), 0);
    office_fill_post(&office, &op, school, "ann", 3);
    op.municipality = 400;
    assert_int_equal(office_run(&office, &op.op, school), 0); /* up to and including that day */
}

/* Ended and at once renewed: what the sweep has not reached yet stays. */
static void test_a_renewed_agreement_stops_the_sweep(void **state)
{
    (void)state;
    struct store_party_change what = {.agreement = {OFFICE_TOWN, office_today() + 9}};
    uint32_t school = office_reporter(&office);
    office_hire(&office, school, "ann");
    office_post(&office, school, "ann", 1);
    struct crowd crowd;
    struct store_party_change ops[2];
    crowd_init(&crowd);
    office_change(&ops[0], school, PARTY_AGREEMENT_END);
    office_change(&ops[1], school, PARTY_AGREEMENT_ADD);
    for (int i = 0; i < 2; i++) {
        ops[i].agreement = what.agreement;
        ops[i].op.by = office_attribution(0);
        assert_int_equal(crowd_submit(&crowd, office.store, &ops[i].op), 0);
    }
    crowd_finish(&crowd);
    office_settle(&office);
    /* Both may have come in one batch, or the sweep in between: then all of it was swept. */
    size_t live = office_signals(&office, school, 1u << SIGNAL_ACTIVE).count;
    size_t archived = office_signals(&office, school, 1u << SIGNAL_ARCHIVED).count;
    assert_int_equal(live + archived, 1);
    assert_int_equal(office_count_events(&office, LOG_SIGNAL_ARCHIVED), archived);
    office_post(&office, school, "ann", 2);
}

static void test_hundreds_of_signals_are_archived_in_slices(void **state)
{
    (void)state;
    enum { SIGNALS = 700 };
    struct store_party_change what = {.agreement = {OFFICE_TOWN, 0}};
    struct store_signal_post *ops = test_calloc(SIGNALS, sizeof(*ops));
    struct crowd crowd;
    uint32_t school = office_reporter(&office);
    office_hire(&office, school, "ann");
    crowd_init(&crowd);
    for (unsigned i = 0; i < SIGNALS; i++) {
        office_fill_post(&office, &ops[i], school, "ann", i);
        assert_int_equal(crowd_submit(&crowd, office.store, &ops[i].op), 0);
    }
    crowd_finish(&crowd);
    assert_int_equal(change(school, PARTY_AGREEMENT_END, &what), 0);
    office_settle(&office);
    assert_int_equal(office_signals(&office, school, 1u << SIGNAL_ACTIVE).count, 0);
    assert_int_equal(office_signals(&office, school, 1u << SIGNAL_ARCHIVED).count, SIGNALS);
    assert_int_equal(office_count_events(&office, LOG_SIGNAL_ARCHIVED), SIGNALS);
    test_free(ops);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_admitting, setup_office, teardown),
        cmocka_unit_test_setup_teardown(test_changing, setup_office, teardown),
        cmocka_unit_test_setup_teardown(test_becoming_a_municipality, setup_office, teardown),
        cmocka_unit_test_setup_teardown(test_suspending_keeps_everything, setup_office, teardown),
        cmocka_unit_test_setup_teardown(test_permissions, setup_office, teardown),
        cmocka_unit_test_setup_teardown(test_mandates, setup_office, teardown),
        cmocka_unit_test_setup_teardown(test_listing, setup_office, teardown),
        cmocka_unit_test_setup_teardown(test_agreements_are_limited, setup_office, teardown),
        cmocka_unit_test_setup_teardown(test_the_end_of_an_agreement_archives, setup_office,
                                        teardown),
        cmocka_unit_test_setup_teardown(test_a_renewed_agreement_stops_the_sweep, setup_office,
                                        teardown),
        cmocka_unit_test_setup_teardown(test_hundreds_of_signals_are_archived_in_slices,
                                        setup_office, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
