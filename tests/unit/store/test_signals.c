/* SPDX-License-Identifier: EUPL-1.2 */
/* Reporting, listing and withdrawing signals. */
#include "tests/unit/store/office_fixture.h"

#include <stdio.h>
#include <stdlib.h>

#include "store/base/clock.h"
#include "store/base/layout.h"

static uint32_t school;

static int setup(void **state)
{
    setup_office(state);
    school = office_reporter(&office);
    office_hire(&office, school, "ann");
    return 0;
}

static void test_a_signal_is_kept(void **state)
{
    (void)state;
    struct store_signal_post op;
    struct signal signal;
    int64_t before = clock_now();
    office_fill_post(&office, &op, school, "ann", 1);
    op.reference = "dossier-17";
    assert_int_equal(office_run(&office, &op.op, school), 0);
    assert_true(op.created);
    assert_true(op.op.logged);
    assert_string_equal(op.signal.professional, "ann");
    assert_string_equal(op.signal.reference, "dossier-17");
    assert_int_equal(op.signal.status, SIGNAL_ACTIVE);

    assert_int_equal(office_see_signal(&office, school, &op.signal.id, &signal), 0);
    assert_int_equal(signal.status, SIGNAL_ACTIVE);
    assert_true(signal.reported_at >= before && signal.reported_at <= clock_now());
    assert_true(signal.reported_at == op.signal.reported_at);
    assert_int_equal(signal.removal_day, calendar_add_years(office_today(), 2));
    assert_int_equal(signal.erasure_day, calendar_add_years(office_today(), 7));
    assert_true(signal.ended_at == 0);
    assert_int_equal(signal.municipality, OFFICE_TOWN);
    assert_string_equal(signal.professional, "ann");
    assert_string_equal(signal.reference, "dossier-17");
    assert_int_equal(signal.id.bytes[6] >> 4, 7); /* UUIDv7 */
    assert_true(uuid_instant(&signal.id) >= signal.reported_at);
}

/* The dates are the earlier of the term and the 23rd birthday; 29 February counts as 1 March. */
static void test_terms(void **state)
{
    (void)state;
    struct store_signal_post op;
    int32_t today = office_today();
    static const struct {
        int years; /* of age today, and days older */
        int days;
        int removal; /* years from today; 0: the birthday */
        int erasure;
    } cases[] = {
        {1, 0, 2, 7}, {16, 0, 2, 0}, {16, -1, 2, 7}, {20, 0, 2, 0}, {21, 1, 0, 0}, {22, 364, 0, 0},
    };
    for (unsigned i = 0; i < ARRAY_LENGTH(cases); i++) {
        office_fill_post(&office, &op, school, "ann", i);
        op.birth_day = calendar_add_years(today, -cases[i].years) - cases[i].days;
        int32_t grown_up = calendar_add_years(op.birth_day, 23);
        assert_int_equal(office_run(&office, &op.op, school), 0);
        assert_int_equal(op.signal.removal_day, cases[i].removal == 0
                                                    ? grown_up
                                                    : calendar_add_years(today, cases[i].removal));
        assert_int_equal(op.signal.erasure_day, cases[i].erasure == 0
                                                    ? grown_up
                                                    : calendar_add_years(today, cases[i].erasure));
    }
    /* A leap day child becomes 23 on 1 March. */
    struct calendar_date now = calendar_date_from_day(today);
    int leap = (now.year + 1 - 23) / 4 * 4;
    office_fill_post(&office, &op, school, "ann", 100);
    op.birth_day = calendar_day_from_date((struct calendar_date){leap, 2, 29});
    assert_int_equal(office_run(&office, &op.op, school), 0);
    int32_t march = calendar_day_from_date((struct calendar_date){leap + 23, 3, 1});
    int32_t term = calendar_add_years(today, 2);
    assert_int_equal(op.signal.removal_day, march < term ? march : term);
}

static void test_the_same_professional_twice(void **state)
{
    (void)state;
    struct store_signal_post first;
    struct store_signal_post again;
    office_fill_post(&office, &first, school, "ann", 1);
    first.reference = "first";
    assert_int_equal(office_run(&office, &first.op, school), 0);
    office_fill_post(&office, &again, school, "ann", 1);
    again.reference = "second";
    again.birth_day -= 5000;
    assert_int_equal(office_run(&office, &again.op, school), 0);
    assert_false(again.created);
    assert_true(same_uuid(&first.signal.id, &again.signal.id));
    assert_string_equal(again.signal.reference, "first"); /* the signal that is there */
    assert_string_equal(again.signal.professional, "ann");
    assert_true(again.signal.reported_at == first.signal.reported_at);
    assert_int_equal(again.signal.removal_day, first.signal.removal_day);
    assert_false(again.matched);
    assert_int_equal(office_signals(&office, school, 0).count, 1);
    assert_int_equal(office_status(&office).signals, 1);
    assert_int_equal(office_count_events(&office, LOG_SIGNAL_REPEATED), 1);
    assert_int_equal(office_inbox_state(&office, school).head, 0);

    /* It tells of the match that there is by now. */
    office_hire(&office, school, "eve");
    office_post(&office, school, "eve", 1);
    assert_int_equal(office_try_post(&office, &again, school, "ann", 1), 0);
    assert_false(again.created);
    assert_true(again.matched);
    assert_int_equal(office_inbox_state(&office, school).head, 2);
}

static void test_refusals_write_their_entry_only(void **state)
{
    (void)state;
    struct store_signal_post op;
    uint32_t other = office_admit(&office, PARTY_REPORTER, 400);
    static const struct {
        const char *professional;
        uint16_t municipality;
        int result;
        const char *slug;
    } cases[] = {
        {"nobody", OFFICE_TOWN, STORE_UNKNOWN_PROFESSIONAL, "invalid-request"},
        {"ann", 400, STORE_NO_AGREEMENT, "agreement-ended"},
    };
    for (unsigned i = 0; i < ARRAY_LENGTH(cases); i++) {
        struct store_status before = office_status(&office);
        office_fill_post(&office, &op, school, cases[i].professional, 1);
        op.municipality = cases[i].municipality;
        assert_int_equal(office_run(&office, &op.op, school), cases[i].result);
        assert_true(op.op.logged);
        struct store_status after = office_status(&office);
        assert_int_equal(after.log_size, before.log_size + 1);
        assert_int_equal(after.signals, before.signals);
        struct log_entry entry;
        assert_int_equal(store_get_log_entry(office_look(&office), op.op.log_index, &entry), 0);
        assert_int_equal(entry.event, LOG_REQUEST_REFUSED);
        assert_non_null(strstr(entry.public_part, cases[i].slug));
        assert_non_null(strstr(entry.public_part, "testOperation"));
    }
    /* Somebody else's professional is nobody. */
    assert_int_equal(office_try_post(&office, &op, other, "ann", 1), STORE_NO_AGREEMENT);
    office_fill_post(&office, &op, other, "ann", 1);
    op.municipality = 400;
    assert_int_equal(office_run(&office, &op.op, other), STORE_UNKNOWN_PROFESSIONAL);
    assert_int_equal(office_try_post(&office, &op, 99, "ann", 1), STORE_UNKNOWN_PARTY);
    assert_int_equal(office_count_rows(&office, school, PARTY_SIGNAL), 0);
}

static void test_live_signals_on_one_child_are_limited(void **state)
{
    (void)state;
    struct store_signal_post op;
    struct uuid last = {{0}};
    char id[16];
    for (int i = 0; i < MODEL_LIVE_SIGNALS_MAXIMUM; i++) {
        snprintf(id, sizeof(id), "p%d", i);
        office_hire(&office, school, id);
        last = office_post(&office, school, id, 1);
    }
    assert_int_equal(office_try_post(&office, &op, school, "ann", 1), STORE_TOO_MANY);
    /* The existing signal of somebody who is among them is no new one. */
    assert_int_equal(office_try_post(&office, &op, school, "p3", 1), 0);
    assert_false(op.created);
    struct match_page page = office_matches(&office, school, 0);
    assert_int_equal(page.count, 1);
    assert_int_equal(page.matches[0].involved_count, MODEL_LIVE_SIGNALS_MAXIMUM);
    assert_int_equal(office_withdraw(&office, school, &last, WITHDRAW_ENDED), 0);
    office_post(&office, school, "ann", 1);
}

/* A file full of archived signals refuses nobody: the oldest of who has most of them goes. */
static void test_archived_signals_make_room(void **state)
{
    (void)state;
    enum { ARCHIVED = 1000, AT_ONCE = 100 };
    struct store_signal_post *posts = test_calloc(AT_ONCE, sizeof(*posts));
    struct store_signal_withdraw *ends = test_calloc(AT_ONCE, sizeof(*ends));
    char(*names)[16] = test_calloc(AT_ONCE, sizeof(*names));
    uint32_t other = office_reporter(&office);
    struct uuid first = {{0}};
    struct signal signal;
    office_hire(&office, other, "bob");
    struct uuid theirs = office_post(&office, other, "bob", 1);
    assert_int_equal(office_withdraw(&office, other, &theirs, WITHDRAW_ENDED), 0);
    for (unsigned i = 0; i < AT_ONCE; i++) {
        snprintf(names[i], sizeof(names[i]), "p%u", i);
        office_hire(&office, school, names[i]);
    }
    for (unsigned done = 0; done < ARCHIVED; done += AT_ONCE) {
        struct crowd crowd;
        crowd_init(&crowd);
        for (unsigned i = 0; i < AT_ONCE; i++) {
            office_fill_post(&office, &posts[i], school, names[i], 1);
            assert_int_equal(crowd_submit(&crowd, office.store, &posts[i].op), 0);
        }
        crowd_wait(&crowd);
        first = done == 0 ? posts[0].signal.id : first;
        for (unsigned i = 0; i < AT_ONCE; i++) {
            assert_int_equal(posts[i].op.result, 0);
            assert_true(posts[i].created);
            store_signal_withdraw_init(&ends[i]);
            ends[i].id = posts[i].signal.id;
            ends[i].reason = WITHDRAW_ENDED;
            ends[i].op.party = school;
            ends[i].op.by = office_attribution(school);
            assert_int_equal(crowd_submit(&crowd, office.store, &ends[i].op), 0);
        }
        crowd_finish(&crowd);
    }
    /* The thousand and first made the first go, and not the other party's one. */
    assert_int_equal(office_see_signal(&office, school, &first, &signal), STORE_NOT_FOUND);
    assert_int_equal(office_see_signal(&office, other, &theirs, &signal), 0);
    assert_int_equal(office_status(&office).signals, ARCHIVED);
    assert_int_equal(office_count_events(&office, LOG_SIGNAL_ERASED), 1);
    office_post(&office, other, "bob", 1);
    assert_int_equal(office_see_signal(&office, other, &theirs, &signal), 0);
    assert_int_equal(office_status(&office).signals, ARCHIVED);
    test_free(names);
    test_free(ends);
    test_free(posts);
}

static void test_a_signal_of_another_party_is_none(void **state)
{
    (void)state;
    struct signal signal;
    uint32_t other = office_reporter(&office);
    struct uuid none = {{1}};
    struct uuid id = office_post(&office, school, "ann", 1);
    assert_int_equal(office_see_signal(&office, other, &id, &signal), STORE_NOT_FOUND);
    assert_int_equal(office_see_signal(&office, other, &none, &signal), STORE_NOT_FOUND);
    assert_int_equal(office_withdraw(&office, other, &id, WITHDRAW_ENDED), STORE_NOT_FOUND);
    assert_int_equal(office_withdraw(&office, other, &none, WITHDRAW_ENDED), STORE_NOT_FOUND);
    assert_int_equal(office_see_signal(&office, school, &id, &signal), 0);
    assert_int_equal(signal.status, SIGNAL_ACTIVE);
}

static void test_ended_archives(void **state)
{
    (void)state;
    struct signal signal;
    struct uuid id = office_post(&office, school, "ann", 1);
    assert_int_equal(office_withdraw(&office, school, &id, WITHDRAW_ENDED), 0);
    assert_int_equal(office_see_signal(&office, school, &id, &signal), 0);
    assert_int_equal(signal.status, SIGNAL_ARCHIVED);
    assert_true(signal.ended_at >= signal.reported_at);
    /* Five years from its end, not from the end of its term. */
    assert_int_equal(signal.erasure_day, calendar_add_years(office_today(), 5));
    assert_string_equal(signal.reference, "ann/1");
    assert_int_equal(office_signals(&office, school, 1u << SIGNAL_ACTIVE).count, 0);
    assert_int_equal(office_signals(&office, school, 1u << SIGNAL_ARCHIVED).count, 1);
    assert_int_equal(office_withdraw(&office, school, &id, WITHDRAW_ENDED), 0); /* repeated */
    assert_int_equal(office_status(&office).signals, 1);
    /* The same professional may signal anew. */
    struct uuid again = office_post(&office, school, "ann", 1);
    assert_false(same_uuid(&id, &again));
    assert_int_equal(office_signals(&office, school, 0).count, 2);
    assert_int_equal(office_inbox_state(&office, school).head, 0); /* it matches nobody */
}

static void test_wrongful_erases(void **state)
{
    (void)state;
    struct signal signal;
    struct uuid id = office_post(&office, school, "ann", 1);
    assert_int_equal(office_withdraw(&office, school, &id, WITHDRAW_WRONGFUL), 0);
    assert_int_equal(office_see_signal(&office, school, &id, &signal), STORE_NOT_FOUND);
    assert_int_equal(office_signals(&office, school, 0).count, 0);
    assert_int_equal(office_status(&office).signals, 0);
    assert_int_equal(office_count_rows(&office, school, PARTY_SIGNAL), 0);
    assert_int_equal(office_withdraw(&office, school, &id, WITHDRAW_WRONGFUL), 0);
    assert_int_equal(office_withdraw(&office, school, &id, WITHDRAW_ENDED), 0);
    assert_int_equal(office_count_events(&office, LOG_SIGNAL_RETRACTED), 2);

    /* An archived one can still turn out to have been wrongful. */
    id = office_post(&office, school, "ann", 1);
    assert_int_equal(office_withdraw(&office, school, &id, WITHDRAW_ENDED), 0);
    assert_int_equal(office_withdraw(&office, school, &id, WITHDRAW_WRONGFUL), 0);
    assert_int_equal(office_see_signal(&office, school, &id, &signal), STORE_NOT_FOUND);
}

static void test_a_tombstone_lasts_thirty_days(void **state)
{
    (void)state;
    struct uuid id = office_post(&office, school, "ann", 1);
    assert_int_equal(office_withdraw(&office, school, &id, WITHDRAW_WRONGFUL), 0);
    assert_int_equal(office_count_rows(&office, school, PARTY_TOMBSTONE), 1);
    office_advance_days(29);
    office_settle(&office);
    assert_int_equal(office_withdraw(&office, school, &id, WITHDRAW_WRONGFUL), 0);
    office_advance_days(2);
    office_settle(&office);
    assert_int_equal(office_count_rows(&office, school, PARTY_TOMBSTONE), 0);
    assert_int_equal(office_withdraw(&office, school, &id, WITHDRAW_WRONGFUL), STORE_NOT_FOUND);
}

static void test_listing(void **state)
{
    (void)state;
    enum { SIGNALS = 30 };
    struct uuid ids[SIGNALS];
    for (unsigned i = 0; i < SIGNALS; i++) {
        ids[i] = office_post(&office, school, "ann", i);
        if (i % 3 == 0) {
            assert_int_equal(office_withdraw(&office, school, &ids[i], WITHDRAW_ENDED), 0);
        }
    }
    struct signal_query query = {.limit = 4};
    struct signal_page page;
    size_t seen = 0;
    memset(&query.up_to, 0xff, sizeof(query.up_to));
    do {
        assert_int_equal(store_list_signals(office_look(&office), school, &query, &page), 0);
        for (size_t i = 0; i < page.count; i++) {
            assert_true(seen < SIGNALS);
            assert_true(same_uuid(&page.signals[i].id, &ids[seen++])); /* oldest first */
        }
        if (query.after.bytes[0] == 0) {
            query.up_to = page.last;
            office_advance(10);
            office_post(&office, school, "ann", SIGNALS); /* not in this listing */
        }
        query.after = page.next;
    } while (page.more);
    assert_int_equal(seen, SIGNALS);

    struct signal_page archived = office_signals(&office, school, 1u << SIGNAL_ARCHIVED);
    assert_int_equal(archived.count, SIGNALS / 3);
    for (size_t i = 0; i < archived.count; i++) {
        assert_true(same_uuid(&archived.signals[i].id, &ids[3 * i]));
    }
    struct signal_query by_reference = {.reference = "ann/7", .limit = 100};
    memset(&by_reference.up_to, 0xff, sizeof(by_reference.up_to));
    assert_int_equal(store_list_signals(office_look(&office), school, &by_reference, &page), 0);
    assert_int_equal(page.count, 1);
    assert_true(same_uuid(&page.signals[0].id, &ids[7]));
}

/* A page of a search looks at a bounded number of rows, and says that there is more. */
static void test_a_long_search(void **state)
{
    (void)state;
    enum { SIGNALS = 2100 };
    struct crowd crowd;
    struct store_signal_post *ops = test_calloc(SIGNALS, sizeof(*ops));
    crowd_init(&crowd);
    for (unsigned i = 0; i < SIGNALS; i++) {
        office_fill_post(&office, &ops[i], school, "ann", i);
        ops[i].reference = i == SIGNALS - 1 ? "needle" : "hay";
        assert_int_equal(crowd_submit(&crowd, office.store, &ops[i].op), 0);
    }
    crowd_finish(&crowd);
    struct signal_query query = {.reference = "needle", .limit = 100};
    struct signal_page page;
    memset(&query.up_to, 0xff, sizeof(query.up_to));
    assert_int_equal(store_list_signals(office_look(&office), school, &query, &page), 0);
    assert_int_equal(page.count, 0);
    assert_true(page.more);
    query.after = page.next;
    assert_int_equal(store_list_signals(office_look(&office), school, &query, &page), 0);
    assert_int_equal(page.count, 1);
    assert_false(page.more);
    assert_true(same_uuid(&page.signals[0].id, &ops[SIGNALS - 1].signal.id));
    test_free(ops);
}

/* A text that could not be read back is refused, not kept. */
static void test_a_reference_too_long(void **state)
{
    (void)state;
    struct store_signal_post op;
    char reference[MODEL_REFERENCE_BYTES + 2];
    memset(reference, 'x', sizeof(reference));
    reference[MODEL_REFERENCE_BYTES + 1] = '\0';
    office_fill_post(&office, &op, school, "ann", 1);
    op.reference = reference;
    assert_true(office_run(&office, &op.op, school) < 0);
    assert_int_equal(office_status(&office).signals, 0);
    reference[MODEL_REFERENCE_BYTES] = '\0';
    assert_int_equal(office_run(&office, &op.op, school), 0);
    struct signal signal;
    assert_int_equal(office_see_signal(&office, school, &op.signal.id, &signal), 0);
    assert_string_equal(signal.reference, reference);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_a_signal_is_kept, setup, teardown),
        cmocka_unit_test_setup_teardown(test_terms, setup, teardown),
        cmocka_unit_test_setup_teardown(test_the_same_professional_twice, setup, teardown),
        cmocka_unit_test_setup_teardown(test_refusals_write_their_entry_only, setup, teardown),
        cmocka_unit_test_setup_teardown(test_live_signals_on_one_child_are_limited, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(test_archived_signals_make_room, setup, teardown),
        cmocka_unit_test_setup_teardown(test_a_signal_of_another_party_is_none, setup, teardown),
        cmocka_unit_test_setup_teardown(test_ended_archives, setup, teardown),
        cmocka_unit_test_setup_teardown(test_wrongful_erases, setup, teardown),
        cmocka_unit_test_setup_teardown(test_a_tombstone_lasts_thirty_days, setup, teardown),
        cmocka_unit_test_setup_teardown(test_listing, setup, teardown),
        cmocka_unit_test_setup_teardown(test_a_long_search, setup, teardown),
        cmocka_unit_test_setup_teardown(test_a_reference_too_long, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
