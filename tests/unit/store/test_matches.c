/* SPDX-License-Identifier: EUPL-1.2 */
/* Who is told of whom: forming, joining, ending and retracting a match. */
#include "tests/unit/store/office_fixture.h"

#include <stdlib.h>

#include "store/base/ids.h"

static void assert_notice(const struct notice *notice, uint64_t sequence, enum notice_type type,
                          const struct uuid *own)
{
    assert_int_equal(notice->sequence, sequence);
    assert_int_equal(notice->type, type);
    assert_int_equal(notice->has_own, own != NULL);
    if (own != NULL) {
        assert_true(same_uuid(&notice->own.id, own));
    }
}

static void test_one_signal_is_no_match(void **state)
{
    (void)state;
    struct store_signal_post op;
    uint32_t school = office_reporter(&office);
    office_hire(&office, school, "ann");
    assert_int_equal(office_try_post(&office, &op, school, "ann", 1), 0);
    assert_true(op.created);
    assert_false(op.matched);
    assert_int_equal(office_inbox(&office, school, 0).count, 0);
    assert_int_equal(office_matches(&office, school, 0).count, 0);
    assert_int_equal(office_status(&office).matches, 0);
    assert_int_equal(office_status(&office).signals, 1);
}

static void test_two_parties_match(void **state)
{
    (void)state;
    struct store_signal_post op;
    uint32_t school = office_reporter(&office);
    uint32_t care = office_reporter(&office);
    office_hire(&office, school, "ann");
    office_hire(&office, care, "bob");
    struct uuid first = office_post(&office, school, "ann", 1);
    assert_int_equal(office_try_post(&office, &op, care, "bob", 1), 0);
    assert_true(op.created && op.matched);

    struct notice_page page = office_inbox(&office, school, 0);
    assert_int_equal(page.count, 1);
    assert_notice(&page.notices[0], 1, NOTICE_MATCH_FORMED, &first);
    assert_string_equal(page.notices[0].own.reference, "ann/1");
    assert_string_equal(page.notices[0].own.professional, "ann");
    assert_true(same_uuid(&page.notices[0].match.id, &op.match));
    assert_involved(page.notices[0].match.involved, page.notices[0].match.involved_count,
                    (const char *[]){"bob of 2"}, 1);
    const struct involved *bob = &page.notices[0].match.involved[0];
    assert_string_equal(bob->oin.text, office_oin(care).text);
    assert_string_equal(bob->organisation, "Party 2");
    assert_string_equal(bob->contact.function, "worker");
    assert_string_equal(bob->contact.email, "bob@2.example");
    assert_string_equal(bob->contact.phone, "020-2");

    page = office_inbox(&office, care, 0);
    assert_int_equal(page.count, 1);
    assert_notice(&page.notices[0], 1, NOTICE_MATCH_FORMED, &op.signal.id);
    assert_involved(page.notices[0].match.involved, page.notices[0].match.involved_count,
                    (const char *[]){"ann of 1"}, 1);
    assert_int_equal(office_status(&office).matches, 1);
}

static void test_two_professionals_of_one_party_match(void **state)
{
    (void)state;
    uint32_t school = office_reporter(&office);
    office_hire(&office, school, "ann");
    office_hire(&office, school, "eve");
    struct uuid first = office_post(&office, school, "ann", 1);
    struct uuid second = office_post(&office, school, "eve", 1);

    struct notice_page page = office_inbox(&office, school, 0);
    assert_int_equal(page.count, 2); /* one for each own signal concerned */
    assert_notice(&page.notices[0], 1, NOTICE_MATCH_FORMED, &first);
    assert_notice(&page.notices[1], 2, NOTICE_MATCH_FORMED, &second);
    assert_involved(page.notices[0].match.involved, page.notices[0].match.involved_count,
                    (const char *[]){"eve of 1"}, 1);
    assert_involved(page.notices[1].match.involved, page.notices[1].match.involved_count,
                    (const char *[]){"ann of 1"}, 1);

    struct match_page matches = office_matches(&office, school, 0);
    assert_int_equal(matches.count, 1); /* listed once, though there are two own signals in it */
    assert_int_equal(matches.matches[0].own_count, 2);
    assert_involved(matches.matches[0].involved, matches.matches[0].involved_count,
                    (const char *[]){"ann of 1", "eve of 1"}, 2);
}

static void test_a_third_joins(void **state)
{
    (void)state;
    uint32_t party[3];
    struct uuid signal[3];
    static const char *const names[] = {"ann", "bob", "cleo"};
    for (int i = 0; i < 3; i++) {
        party[i] = office_reporter(&office);
        office_hire(&office, party[i], names[i]);
        signal[i] = office_post(&office, party[i], names[i], 7);
    }
    struct notice_page page = office_inbox(&office, party[0], 0);
    assert_int_equal(page.count, 2);
    struct uuid match = page.notices[0].match.id;
    assert_notice(&page.notices[0], 1, NOTICE_MATCH_FORMED, &signal[0]);
    assert_notice(&page.notices[1], 2, NOTICE_MATCH_JOINED, &signal[0]);
    assert_true(same_uuid(&page.notices[1].match.id, &match));
    assert_involved(page.notices[1].match.involved, page.notices[1].match.involved_count,
                    (const char *[]){"bob of 2", "cleo of 3"}, 2);

    page = office_inbox(&office, party[1], 0);
    assert_int_equal(page.count, 2);
    assert_notice(&page.notices[1], 2, NOTICE_MATCH_JOINED, &signal[1]);

    page = office_inbox(&office, party[2], 0);
    assert_int_equal(page.count, 1);
    assert_notice(&page.notices[0], 1, NOTICE_MATCH_FORMED, &signal[2]);
    assert_true(same_uuid(&page.notices[0].match.id, &match));
    assert_involved(page.notices[0].match.involved, page.notices[0].match.involved_count,
                    (const char *[]){"ann of 1", "bob of 2"}, 2);
    assert_int_equal(office_status(&office).matches, 1);
}

/* Nobody else's reference, signal id or professional id ever leaves. */
static void test_a_match_shows_own_signals_only(void **state)
{
    (void)state;
    struct match_view match;
    uint32_t school = office_reporter(&office);
    uint32_t care = office_reporter(&office);
    uint32_t stranger = office_reporter(&office);
    office_hire(&office, school, "ann");
    office_hire(&office, care, "bob");
    struct uuid first = office_post(&office, school, "ann", 1);
    office_post(&office, care, "bob", 1);
    struct uuid id = office_inbox(&office, school, 0).notices[0].match.id;

    assert_int_equal(office_see_match(&office, school, &id, &match), 0);
    assert_int_equal(match.status, MATCH_OPEN);
    assert_int_equal(match.kind, MATCH_CHILD);
    assert_int_equal(match.follow_up_due_day, office_today() + 14);
    assert_int_equal(match.own_count, 1);
    assert_true(same_uuid(&match.own[0].id, &first));
    assert_string_equal(match.own[0].reference, "ann/1");
    assert_involved(match.involved, match.involved_count, (const char *[]){"bob of 2"}, 1);
    char key[MATCH_KEY_TEXT_SIZE];
    match_key_format(id.bytes, key);
    assert_string_equal(match.key, key);

    assert_int_equal(office_see_match(&office, stranger, &id, &match), STORE_NOT_FOUND);
    struct uuid none = {{1, 2, 3}};
    assert_int_equal(office_see_match(&office, school, &none, &match), STORE_NOT_FOUND);
}

static void test_told_when_joined(void **state)
{
    (void)state;
    struct match_view match;
    struct signal signal;
    uint32_t school = office_reporter(&office);
    uint32_t care = office_reporter(&office);
    office_hire(&office, school, "ann");
    office_hire(&office, care, "bob");
    office_post(&office, school, "ann", 1);
    office_advance(5000);
    struct uuid second = office_post(&office, care, "bob", 1);
    struct uuid id = office_inbox(&office, care, 0).notices[0].match.id;
    assert_int_equal(office_see_signal(&office, care, &second, &signal), 0);
    int64_t formed = signal.reported_at;
    assert_int_equal(office_see_match(&office, care, &id, &match), 0);
    assert_true(match.notified_at == formed);
    /* Not the date of its own report: that of when it was told. */
    assert_int_equal(office_see_match(&office, school, &id, &match), 0);
    assert_true(match.notified_at == formed);
}

static void test_municipalities_are_told_once_each(void **state)
{
    (void)state;
    struct match_view match;
    uint32_t town = office_municipality(&office, OFFICE_TOWN);
    uint32_t village = office_municipality(&office, 400);
    uint32_t city = office_municipality(&office, 500); /* not of these signals */
    uint32_t school = office_reporter(&office);
    uint32_t care = office_reporter(&office);
    uint32_t doctor = office_admit(&office, PARTY_REPORTER, 400);
    office_hire(&office, school, "ann");
    office_hire(&office, care, "bob");
    office_hire(&office, doctor, "cleo");
    office_post(&office, school, "ann", 1);
    assert_int_equal(office_inbox(&office, town, 0).count, 0);
    office_post(&office, care, "bob", 1);
    assert_int_equal(office_inbox(&office, town, 0).count, 1);

    struct store_signal_post op;
    office_fill_post(&office, &op, doctor, "cleo", 1);
    op.municipality = 400;
    assert_int_equal(office_run(&office, &op.op, doctor), 0);
    struct notice_page page = office_inbox(&office, town, 0);
    assert_int_equal(page.count, 1);
    assert_notice(&page.notices[0], 1, NOTICE_MATCH_FORMED, NULL);
    assert_involved(page.notices[0].match.involved, page.notices[0].match.involved_count,
                    (const char *[]){"ann of 4", "bob of 5", "cleo of 6"}, 3);
    page = office_inbox(&office, village, 0);
    assert_int_equal(page.count, 1);
    assert_notice(&page.notices[0], 1, NOTICE_MATCH_FORMED, NULL);
    struct uuid id = page.notices[0].match.id;
    assert_int_equal(office_inbox(&office, city, 0).count, 0);

    assert_int_equal(office_see_match(&office, town, &id, &match), 0);
    assert_int_equal(match.own_count, 0);
    assert_int_equal(match.involved_count, 3);
    assert_int_equal(office_see_match(&office, city, &id, &match), STORE_NOT_FOUND);
    struct match_page matches = office_matches(&office, town, 0);
    assert_int_equal(matches.count, 1);
    assert_true(same_uuid(&matches.matches[0].id, &id));
}

/* It follows up matches of its own signals only: when the last of those leaves, so does its access.
 */
static void test_a_municipality_sees_its_own_only(void **state)
{
    (void)state;
    struct match_view match;
    uint32_t town = office_municipality(&office, OFFICE_TOWN);
    uint32_t village = office_municipality(&office, 400);
    uint32_t school = office_reporter(&office);
    uint32_t doctors[2];
    office_hire(&office, school, "ann");
    struct uuid first = office_post(&office, school, "ann", 1);
    for (int i = 0; i < 2; i++) {
        struct store_signal_post op;
        doctors[i] = office_admit(&office, PARTY_REPORTER, 400);
        office_hire(&office, doctors[i], "doc");
        office_fill_post(&office, &op, doctors[i], "doc", 1);
        op.municipality = 400;
        assert_int_equal(office_run(&office, &op.op, doctors[i]), 0);
    }
    struct uuid id = office_inbox(&office, town, 0).notices[0].match.id;
    assert_int_equal(office_see_match(&office, town, &id, &match), 0);
    assert_int_equal(office_withdraw(&office, school, &first, WITHDRAW_ENDED), 0);
    assert_int_equal(office_see_match(&office, village, &id, &match), 0);
    assert_int_equal(match.involved_count, 2);
    assert_int_equal(office_see_match(&office, town, &id, &match), STORE_NOT_FOUND);
    assert_int_equal(office_matches(&office, town, 0).count, 0);
    struct notice_page page = office_inbox(&office, town, 0);
    assert_int_equal(page.count, 1);
    assert_int_equal(page.notices[0].match.involved_count, 0);
    office_post(&office, school, "ann", 1); /* back again */
    assert_int_equal(office_see_match(&office, town, &id, &match), 0);
    assert_int_equal(match.involved_count, 3);
}

/* A municipality that reports too: its own matches, and those it was told of, each once. */
static void test_a_municipality_that_reports(void **state)
{
    (void)state;
    struct store_party_change change;
    uint32_t town = office_municipality(&office, OFFICE_TOWN);
    uint32_t school = office_reporter(&office);
    uint32_t care = office_reporter(&office);
    office_change(&change, town, PARTY_CHANGE);
    change.roles = PARTY_MUNICIPALITY | PARTY_REPORTER;
    assert_int_equal(office_run(&office, &change.op, 0), 0);
    office_change(&change, town, PARTY_AGREEMENT_ADD);
    change.agreement = (struct agreement){OFFICE_TOWN, office_today() + 10};
    assert_int_equal(office_run(&office, &change.op, 0), 0);
    office_hire(&office, town, "team");
    office_hire(&office, school, "ann");
    office_hire(&office, care, "bob");
    office_post(&office, school, "ann", 1);
    office_post(&office, care, "bob", 1);
    office_post(&office, school, "ann", 2);
    office_post(&office, town, "team", 2);
    struct match_page page = office_matches(&office, town, 0);
    assert_int_equal(page.count, 2);
    assert_int_equal(page.matches[0].own_count, 1);
    assert_int_equal(page.matches[1].own_count, 0);
    /* One at a time, by the position of the page before. */
    struct uuid both[2] = {page.matches[0].id, page.matches[1].id};
    struct match_query query = {.limit = 1};
    memset(&query.up_to, 0xff, sizeof(query.up_to));
    for (int i = 0; i < 2; i++) {
        assert_int_equal(store_list_matches(office_look(&office), town, &query, &page), 0);
        assert_int_equal(page.count, 1);
        assert_true(same_uuid(&page.matches[0].id, &both[i]));
        query.after = page.next;
    }
    assert_int_equal(store_list_matches(office_look(&office), town, &query, &page), 0);
    assert_int_equal(page.count, 0);
    assert_false(page.more);
}

static void test_a_wrongful_signal_retracts(void **state)
{
    (void)state;
    uint32_t town = office_municipality(&office, OFFICE_TOWN);
    uint32_t school = office_reporter(&office);
    uint32_t care = office_reporter(&office);
    struct match_view match;
    office_hire(&office, school, "ann");
    office_hire(&office, care, "bob");
    struct uuid first = office_post(&office, school, "ann", 1);
    struct uuid second = office_post(&office, care, "bob", 1);
    struct uuid id = office_inbox(&office, school, 0).notices[0].match.id;
    assert_int_equal(office_withdraw(&office, care, &second, WITHDRAW_WRONGFUL), 0);

    struct notice_page page = office_inbox(&office, school, 0);
    assert_int_equal(page.count, 2);
    assert_notice(&page.notices[0], 1, NOTICE_MATCH_FORMED, &first);
    assert_int_equal(page.notices[0].match.involved_count, 0); /* as it is now */
    assert_notice(&page.notices[1], 2, NOTICE_MATCH_RETRACTED, &first);
    assert_true(same_uuid(&page.notices[1].match.id, &id));
    assert_int_equal(page.notices[1].match.involved_count, 0);
    page = office_inbox(&office, town, 0);
    assert_int_equal(page.count, 2);
    assert_notice(&page.notices[1], 2, NOTICE_MATCH_RETRACTED, NULL);
    assert_int_equal(page.notices[0].match.involved_count, 0);
    assert_int_equal(page.notices[1].match.involved_count, 0);
    assert_int_equal(office_inbox(&office, care, 0).count, 0); /* a gap where its own was */
    assert_int_equal(office_inbox_state(&office, care).head, 1);

    assert_int_equal(office_see_match(&office, school, &id, &match), 0);
    assert_int_equal(match.status, MATCH_ENDED);
    assert_int_equal(match.involved_count, 0);
    assert_int_equal(office_see_match(&office, care, &id, &match), STORE_NOT_FOUND);
    assert_int_equal(office_status(&office).matches, 0);
}

/* With three, the match goes on between the other two, who both get the retraction. */
static void test_a_wrongful_third_retracts(void **state)
{
    (void)state;
    uint32_t party[3];
    struct uuid signal[3];
    struct match_view match;
    static const char *const names[] = {"ann", "bob", "cleo"};
    for (int i = 0; i < 3; i++) {
        party[i] = office_reporter(&office);
        office_hire(&office, party[i], names[i]);
        signal[i] = office_post(&office, party[i], names[i], 7);
    }
    struct uuid id = office_inbox(&office, party[0], 0).notices[0].match.id;
    assert_int_equal(office_withdraw(&office, party[2], &signal[2], WITHDRAW_WRONGFUL), 0);
    for (int i = 0; i < 2; i++) {
        struct notice_page page = office_inbox(&office, party[i], 2);
        assert_int_equal(page.count, 1);
        assert_notice(&page.notices[0], 3, NOTICE_MATCH_RETRACTED, &signal[i]);
        assert_int_equal(page.notices[0].match.involved_count, 0);
        assert_int_equal(office_see_match(&office, party[i], &id, &match), 0);
        assert_int_equal(match.status, MATCH_OPEN);
        assert_int_equal(match.involved_count, 1);
    }
}

/* Ended first, found to be wrongful later: who was told of it then, is told now. */
static void test_an_archived_signal_is_retracted_too(void **state)
{
    (void)state;
    uint32_t school = office_reporter(&office);
    uint32_t care = office_reporter(&office);
    office_hire(&office, school, "ann");
    office_hire(&office, care, "bob");
    struct uuid first = office_post(&office, school, "ann", 1);
    struct uuid second = office_post(&office, care, "bob", 1);
    assert_int_equal(office_withdraw(&office, care, &second, WITHDRAW_ENDED), 0);
    assert_int_equal(office_inbox(&office, school, 0).count, 1); /* departure is not told */
    assert_int_equal(office_withdraw(&office, care, &second, WITHDRAW_WRONGFUL), 0);
    struct notice_page page = office_inbox(&office, school, 0);
    assert_int_equal(page.count, 2);
    assert_notice(&page.notices[1], 2, NOTICE_MATCH_RETRACTED, &first);
}

/* Whoever came after it had ended was never told of it. */
static void test_no_retraction_to_who_came_later(void **state)
{
    (void)state;
    uint32_t party[4];
    struct uuid signal[4];
    uint64_t heads[4];
    static const char *const names[] = {"ann", "bob", "cleo", "dirk"};
    for (int i = 0; i < 4; i++) {
        party[i] = office_reporter(&office);
        office_hire(&office, party[i], names[i]);
        if (i == 3) {
            assert_int_equal(office_withdraw(&office, party[0], &signal[0], WITHDRAW_ENDED), 0);
            office_advance(1000);
        }
        signal[i] = office_post(&office, party[i], names[i], 7);
    }
    for (int i = 0; i < 4; i++) {
        heads[i] = office_inbox_state(&office, party[i]).head;
    }
    assert_int_equal(office_withdraw(&office, party[0], &signal[0], WITHDRAW_WRONGFUL), 0);
    for (int i = 0; i < 4; i++) {
        bool met = i == 1 || i == 2;
        assert_int_equal(office_inbox_state(&office, party[i]).head, heads[i] + (met ? 1 : 0));
    }
}

/* A match that it never was in is left alone. */
static void test_no_retraction_of_a_later_match(void **state)
{
    (void)state;
    uint32_t party[3];
    static const char *const names[] = {"ann", "bob", "cleo"};
    for (int i = 0; i < 3; i++) {
        party[i] = office_reporter(&office);
        office_hire(&office, party[i], names[i]);
    }
    struct uuid lone = office_post(&office, party[0], "ann", 7);
    assert_int_equal(office_withdraw(&office, party[0], &lone, WITHDRAW_ENDED), 0);
    office_advance(1000);
    office_post(&office, party[1], "bob", 7);
    office_post(&office, party[2], "cleo", 7);
    assert_int_equal(office_inbox(&office, party[1], 0).count, 2); /* of the lone one, too */
    assert_int_equal(office_withdraw(&office, party[0], &lone, WITHDRAW_WRONGFUL), 0);
    assert_int_equal(office_inbox(&office, party[1], 0).count, 1);
    assert_int_equal(office_inbox_state(&office, party[1]).head, 2);
    assert_int_equal(office_inbox(&office, party[2], 0).count, 1);
    assert_int_equal(office_status(&office).matches, 1);
}

static void test_a_match_ends_and_another_forms(void **state)
{
    (void)state;
    struct match_view match;
    uint32_t town = office_municipality(&office, OFFICE_TOWN);
    uint32_t school = office_reporter(&office);
    uint32_t care = office_reporter(&office);
    office_hire(&office, school, "ann");
    office_hire(&office, care, "bob");
    office_post(&office, school, "ann", 1);
    struct uuid second = office_post(&office, care, "bob", 1);
    struct uuid old = office_inbox(&office, school, 0).notices[0].match.id;
    assert_int_equal(office_withdraw(&office, care, &second, WITHDRAW_ENDED), 0);
    assert_int_equal(office_status(&office).matches, 0);
    assert_int_equal(office_see_match(&office, school, &old, &match), 0);
    assert_int_equal(match.status, MATCH_ENDED);
    assert_int_equal(match.follow_up_due_day, 0);
    assert_int_equal(office_see_match(&office, care, &old, &match), STORE_NOT_FOUND);
    assert_int_equal(office_matches(&office, school, 1u << MATCH_OPEN).count, 0);
    assert_int_equal(office_matches(&office, school, 1u << MATCH_ENDED).count, 1);
    /* What the municipality reads again shows nobody any more. */
    assert_int_equal(office_inbox(&office, town, 0).notices[0].match.involved_count, 0);

    uint32_t doctor = office_reporter(&office);
    office_hire(&office, doctor, "cleo");
    office_post(&office, doctor, "cleo", 1);
    struct notice_page page = office_inbox(&office, school, 1);
    assert_int_equal(page.count, 1);
    assert_int_equal(page.notices[0].type, NOTICE_MATCH_FORMED);
    struct uuid new = page.notices[0].match.id;
    assert_false(same_uuid(&old, &new));
    assert_memory_not_equal(old.bytes, new.bytes, MATCH_KEY_BYTES);
    assert_int_equal(office_inbox(&office, town, 0).count, 2); /* once for each match */
    assert_int_equal(office_matches(&office, school, 1u << MATCH_OPEN).count, 1);
    assert_int_equal(office_matches(&office, school, 0).count, 2);
    /* The newcomer never was in the old one. */
    assert_int_equal(office_see_match(&office, doctor, &old, &match), STORE_NOT_FOUND);
    assert_int_equal(office_matches(&office, doctor, 0).count, 1);
    /* Nor does the old notice of the municipality show who is in the new one. */
    page = office_inbox(&office, town, 0);
    assert_int_equal(page.notices[0].match.involved_count, 0);
    assert_int_equal(page.notices[1].match.involved_count, 2);
}

/* Only so many ended matches are kept on a child; the oldest goes. */
static void test_many_matches_on_one_child(void **state)
{
    (void)state;
    struct match_view match;
    uint32_t school = office_reporter(&office);
    uint32_t care = office_reporter(&office);
    uint32_t town = office_municipality(&office, OFFICE_TOWN);
    struct uuid ids[12];
    office_hire(&office, school, "ann");
    office_hire(&office, care, "bob");
    office_post(&office, school, "ann", 1);
    for (unsigned i = 0; i < 12; i++) {
        struct uuid signal = office_post(&office, care, "bob", 1);
        struct notice_page page = office_inbox(&office, school, i);
        assert_int_equal(page.count, 1);
        ids[i] = page.notices[0].match.id;
        assert_int_equal(office_withdraw(&office, care, &signal, WITHDRAW_ENDED), 0);
    }
    assert_int_equal(office_matches(&office, school, 0).count, 8);
    assert_int_equal(office_see_match(&office, school, &ids[3], &match), STORE_NOT_FOUND);
    assert_int_equal(office_see_match(&office, school, &ids[4], &match), 0);
    assert_int_equal(office_see_match(&office, town, &ids[3], &match), STORE_NOT_FOUND);
    assert_int_equal(office_matches(&office, town, 0).count, 8);
    assert_int_equal(office_status(&office).matches, 0);
}

static void test_contact_data_is_as_it_is_now(void **state)
{
    (void)state;
    struct match_view match;
    uint32_t school = office_reporter(&office);
    uint32_t care = office_reporter(&office);
    uint32_t town = office_municipality(&office, OFFICE_TOWN);
    office_hire(&office, school, "ann");
    office_hire(&office, care, "bob");
    office_post(&office, school, "ann", 1);
    office_post(&office, care, "bob", 1);
    struct uuid id = office_inbox(&office, school, 0).notices[0].match.id;

    struct store_professional_put put;
    store_professional_put_init(&put);
    put.id = "bob";
    put.contact = (struct contact){"Bob B.", "chief", "b@2.example", "+31 6 1"};
    assert_int_equal(office_run(&office, &put.op, care), 0);
    assert_false(put.created);
    struct store_party_change change;
    office_change(&change, care, PARTY_CHANGE);
    change.name = "Care & Co";
    assert_int_equal(office_run(&office, &change.op, 0), 0);

    assert_int_equal(office_see_match(&office, school, &id, &match), 0);
    assert_string_equal(match.involved[0].contact.name, "Bob B.");
    assert_string_equal(match.involved[0].contact.phone, "+31 6 1");
    assert_string_equal(match.involved[0].organisation, "Care & Co");
    struct notice_page page = office_inbox(&office, school, 0);
    assert_string_equal(page.notices[0].match.involved[0].contact.email, "b@2.example");
    page = office_inbox(&office, town, 0);
    assert_non_null(involved_named(page.notices[0].match.involved,
                                   page.notices[0].match.involved_count, "Bob B."));
}

/* By OIN and name: who came first cannot be read from the order. */
static void test_the_order_tells_nothing(void **state)
{
    (void)state;
    static const char *const names[] = {"zoe", "max", "ann", "kim"};
    uint32_t town = office_municipality(&office, OFFICE_TOWN);
    uint32_t school = office_reporter(&office);
    uint32_t care = office_reporter(&office);
    for (int i = 0; i < 4; i++) {
        uint32_t party = i % 2 == 0 ? care : school;
        office_hire(&office, party, names[i]);
        office_post(&office, party, names[i], 1);
    }
    struct match_page page = office_matches(&office, town, 0);
    assert_int_equal(page.count, 1);
    static const char *const order[] = {"kim of 2", "max of 2", "ann of 3", "zoe of 3"};
    assert_int_equal(page.matches[0].involved_count, 4);
    for (int i = 0; i < 4; i++) {
        assert_string_equal(page.matches[0].involved[i].contact.name, order[i]);
    }
}

static void test_paging_through_matches(void **state)
{
    (void)state;
    enum { CHILDREN = 25 };
    uint32_t school = office_reporter(&office);
    uint32_t care = office_reporter(&office);
    office_hire(&office, school, "ann");
    office_hire(&office, care, "bob");
    for (unsigned i = 0; i < CHILDREN; i++) {
        office_post(&office, school, "ann", i);
        office_post(&office, care, "bob", i);
    }
    struct match_query query = {.limit = 7};
    struct match_page page;
    size_t seen = 0;
    struct uuid ids[CHILDREN + 1];
    memset(&query.up_to, 0xff, sizeof(query.up_to));
    do {
        assert_int_equal(store_list_matches(office_look(&office), school, &query, &page), 0);
        for (size_t i = 0; i < page.count; i++) {
            for (size_t j = 0; j < seen; j++) {
                assert_false(same_uuid(&ids[j], &page.matches[i].id));
            }
            assert_true(seen < CHILDREN);
            ids[seen++] = page.matches[i].id;
        }
        query.after = page.next;
        if (seen == 7) { /* the bound of the first page keeps out what came later */
            query.up_to = page.last;
            office_advance(10);
            office_post(&office, school, "ann", CHILDREN);
            office_post(&office, care, "bob", CHILDREN);
        }
    } while (page.more);
    assert_int_equal(seen, CHILDREN);
    assert_int_equal(office_matches(&office, school, 0).count, CHILDREN + 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_one_signal_is_no_match, setup_office, teardown),
        cmocka_unit_test_setup_teardown(test_two_parties_match, setup_office, teardown),
        cmocka_unit_test_setup_teardown(test_two_professionals_of_one_party_match, setup_office,
                                        teardown),
        cmocka_unit_test_setup_teardown(test_a_third_joins, setup_office, teardown),
        cmocka_unit_test_setup_teardown(test_a_match_shows_own_signals_only, setup_office,
                                        teardown),
        cmocka_unit_test_setup_teardown(test_told_when_joined, setup_office, teardown),
        cmocka_unit_test_setup_teardown(test_municipalities_are_told_once_each, setup_office,
                                        teardown),
        cmocka_unit_test_setup_teardown(test_a_municipality_sees_its_own_only, setup_office,
                                        teardown),
        cmocka_unit_test_setup_teardown(test_a_municipality_that_reports, setup_office, teardown),
        cmocka_unit_test_setup_teardown(test_a_wrongful_signal_retracts, setup_office, teardown),
        cmocka_unit_test_setup_teardown(test_a_wrongful_third_retracts, setup_office, teardown),
        cmocka_unit_test_setup_teardown(test_an_archived_signal_is_retracted_too, setup_office,
                                        teardown),
        cmocka_unit_test_setup_teardown(test_no_retraction_to_who_came_later, setup_office,
                                        teardown),
        cmocka_unit_test_setup_teardown(test_no_retraction_of_a_later_match, setup_office,
                                        teardown),
        cmocka_unit_test_setup_teardown(test_a_match_ends_and_another_forms, setup_office,
                                        teardown),
        cmocka_unit_test_setup_teardown(test_many_matches_on_one_child, setup_office, teardown),
        cmocka_unit_test_setup_teardown(test_contact_data_is_as_it_is_now, setup_office, teardown),
        cmocka_unit_test_setup_teardown(test_the_order_tells_nothing, setup_office, teardown),
        cmocka_unit_test_setup_teardown(test_paging_through_matches, setup_office, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
