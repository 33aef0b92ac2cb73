/* SPDX-License-Identifier: EUPL-1.2 */
/* What a youth may ask of a municipality: access and erasure; and the dry run of a loading. */
#include "tests/unit/store/office_fixture.h"

#include <stdio.h>

#include "store/base/clock.h"
#include "store/base/layout.h"
#include "tests/unit/store/registrar.h"

#define VILLAGE 400

static uint32_t town;
static uint32_t village;
static uint32_t auditor;
static uint32_t school;
static uint32_t care; /* under both municipalities */

static int setup(void **state)
{
    struct store_party_change change;
    setup_office(state);
    town = office_municipality(&office, OFFICE_TOWN);
    village = office_municipality(&office, VILLAGE);
    auditor = office_admit(&office, PARTY_AUDITOR, 0);
    school = office_reporter(&office);
    care = office_reporter(&office);
    office_change(&change, care, PARTY_AGREEMENT_ADD);
    change.agreement = (struct agreement){VILLAGE, office_today() + 3650};
    assert_int_equal(office_run(&office, &change.op, 0), 0);
    office_hire(&office, school, "ann");
    office_hire(&office, care, "bob");
    office_hire(&office, care, "joe");
    return 0;
}

/* The same index under another policy. */
static void reopen_with(const struct store_policy *policy)
{
    char why[STORE_WHY_SIZE];
    office_close(&office);
    struct store_options options = office_options(&office);
    options.policy = *policy;
    assert_int_equal(store_open(&options, &office.store, why), 0);
}

static struct uuid post_under(uint32_t party, const char *professional, unsigned child,
                              uint16_t municipality)
{
    struct store_signal_post op;
    office_fill_post(&office, &op, party, professional, child);
    op.municipality = municipality;
    op.reference = "secret";
    assert_int_equal(office_run(&office, &op.op, party), 0);
    assert_true(op.created);
    return op.signal.id;
}

static struct uuid post_ended(uint32_t party, const char *professional, unsigned child,
                              uint16_t municipality)
{
    struct uuid id = post_under(party, professional, child, municipality);
    assert_int_equal(office_withdraw(&office, party, &id, WITHDRAW_ENDED), 0);
    return id;
}

static struct log_entry entry_at(uint64_t index)
{
    struct log_entry entry;
    assert_int_equal(store_get_log_entry(office_look(&office), index, &entry), 0);
    return entry;
}

static uint64_t counted(uint16_t municipality, enum statistic what)
{
    struct statistics statistics;
    int year = calendar_date_from_day(office_today()).year;
    assert_int_equal(store_get_statistics(office_look(&office), municipality, year, &statistics),
                     0);
    return statistics.counts[what];
}

/* ---- access ---- */

static int ask(struct store_access_request *op, uint32_t municipality, unsigned child)
{
    store_access_request_init(op);
    op->child = office_child(&office, child).key;
    op->case_reference = "zaak-7";
    return office_run(&office, &op->op, municipality);
}

static struct access_pack read_pack(uint32_t municipality, unsigned child)
{
    struct access_pack pack;
    struct child_key key = office_child(&office, child).key;
    assert_int_equal(store_read_pack(office_look(&office), municipality, &key, &pack), 0);
    return pack;
}

static void assert_asked(const struct store_access_request *op, uint32_t held)
{
    char count[64];
    assert_int_equal(op->held, held);
    assert_true(op->op.logged);
    struct log_entry entry = entry_at(op->op.log_index);
    assert_int_equal(entry.event, LOG_ACCESS_REQUESTED);
    assert_true(entry.has_subject);
    assert_non_null(strstr(entry.public_part, "\"verwijsindex.case_reference\":\"zaak-7\""));
    snprintf(count, sizeof(count), "\"verwijsindex.count\":%u,", held);
    assert_true((strstr(entry.public_part, "verwijsindex.count") != NULL) == (held > 0));
    assert_true(held == 0 || strstr(entry.public_part, count) != NULL);
    const struct notice *notice = office_last_notice(&office, auditor);
    assert_int_equal(notice->type, NOTICE_ACCESS_REQUESTED);
    assert_true(notice->log_index == op->op.log_index);
    assert_string_equal(notice->actor.text, office_oin(op->op.party).text);
}

static void test_nothing_is_held(void **state)
{
    (void)state;
    struct store_access_request op;
    assert_int_equal(ask(&op, town, 1), 0);
    assert_asked(&op, 0);
    struct access_pack pack = read_pack(town, 1);
    assert_int_equal(pack.signal_count + pack.match_count + pack.parents + pack.former_numbers, 0);
    assert_int_equal(pack.residence, 0);
    assert_false(pack.registry_data || pack.has_address || pack.is_institution);
    /* The log knows the child from now on, and says so when asked by it. */
    assert_int_equal(registrar_count_log(&office, 1, LOG_ACCESS_REQUESTED), 1);
    assert_int_equal(registrar_count_children(&office, CHILD_FILE), 0);
}

static void test_a_pack_holds_what_is_the_municipalitys(void **state)
{
    (void)state;
    struct store_access_request op;
    struct uuid past = post_ended(care, "joe", 1, OFFICE_TOWN);
    struct uuid live = post_under(school, "ann", 1, OFFICE_TOWN);
    post_under(care, "bob", 1, VILLAGE);
    assert_int_equal(ask(&op, town, 1), 0);
    assert_asked(&op, 2);
    struct access_pack pack = read_pack(town, 1);
    assert_int_equal(pack.signal_count, 2);
    assert_true(same_uuid(&pack.signals[0].signal.id, &past));
    assert_int_equal(pack.signals[0].signal.status, SIGNAL_ARCHIVED);
    assert_true(pack.signals[0].signal.ended_at > 0);
    assert_string_equal(pack.signals[0].by.contact.name, "joe of 5");
    assert_true(same_uuid(&pack.signals[1].signal.id, &live));
    assert_int_equal(pack.signals[1].signal.status, SIGNAL_ACTIVE);
    assert_int_equal(pack.signals[1].signal.municipality, OFFICE_TOWN);
    assert_int_equal(pack.signals[1].signal.removal_day, calendar_add_years(office_today(), 2));
    assert_string_equal(pack.signals[1].signal.reference, ""); /* the party's own */
    assert_string_equal(pack.signals[1].by.organisation, "Party 4");
    assert_string_equal(pack.signals[1].by.oin.text, office_oin(school).text);
    assert_int_equal(pack.match_count, 1);
    assert_int_equal(pack.matches[0].kind, MATCH_CHILD);
    assert_int_equal(pack.matches[0].status, MATCH_OPEN);
    assert_false(pack.registry_data);

    assert_int_equal(ask(&op, village, 1), 0);
    assert_asked(&op, 1);
    pack = read_pack(village, 1);
    assert_int_equal(pack.signal_count, 1);
    assert_int_equal(pack.match_count, 1);
    /* Whoever is no municipality has none of it. */
    assert_int_equal(read_pack(school, 1).signal_count, 0);
}

/* A match is in the pack when one of its signals was in it: not one that had ended before. */
static void test_only_matches_of_those_signals(void **state)
{
    (void)state;
    post_ended(care, "joe", 1, OFFICE_TOWN);
    struct uuid bob = post_under(care, "bob", 1, VILLAGE);
    struct uuid joe = post_under(care, "joe", 1, VILLAGE);
    assert_int_equal(read_pack(town, 1).match_count, 0);
    assert_int_equal(read_pack(village, 1).match_count, 1);
    assert_int_equal(office_withdraw(&office, care, &joe, WITHDRAW_ENDED), 0);
    assert_int_equal(office_withdraw(&office, care, &bob, WITHDRAW_ENDED), 0);
    struct uuid late = post_under(school, "ann", 1, OFFICE_TOWN);
    assert_int_equal(read_pack(town, 1).match_count, 0);
    struct access_pack pack = read_pack(village, 1);
    assert_int_equal(pack.signal_count, 2);
    assert_int_equal(pack.match_count, 1);
    assert_int_equal(pack.matches[0].status, MATCH_ENDED);
    assert_true(pack.matches[0].ended_at >= pack.matches[0].formed_at);
    (void)late;
}

static const struct registrar_relations all_relations = {
    .parent_count = 2, .parents = {1000, 1001}, .address = 2000, .institution = true};

static void test_what_the_register_told_is_held(void **state)
{
    (void)state;
    struct store_access_request op;
    /* Of a child without a signal, while it is kept, where it lives. */
    assert_int_equal(registrar_moved(&office, 1, VILLAGE), 0);
    assert_int_equal(registrar_related(&office, 1, &all_relations), 0);
    assert_int_equal(ask(&op, village, 1), 0);
    assert_asked(&op, 1);
    struct access_pack pack = read_pack(village, 1);
    assert_int_equal(pack.signal_count, 0);
    assert_true(pack.registry_data);
    assert_int_equal(pack.residence, VILLAGE);
    assert_int_equal(pack.parents, 2);
    assert_true(pack.has_address && pack.is_institution);
    assert_int_equal(pack.former_numbers, 0);

    /* And by the number that was replaced as by the new one. */
    post_under(school, "ann", 2, OFFICE_TOWN);
    assert_int_equal(registrar_replaced(&office, 2, 3), 0);
    for (unsigned child = 2; child <= 3; child++) {
        assert_int_equal(ask(&op, town, child), 0);
        assert_asked(&op, 2);
        pack = read_pack(town, child);
        assert_int_equal(pack.signal_count, 1);
        assert_int_equal(pack.former_numbers, 1);
        assert_true(pack.registry_data);
        assert_false(pack.has_address || pack.is_institution);
        assert_int_equal(registrar_count_log(&office, child, LOG_SIGNAL_POSTED), 1);
    }
}

static void assert_nothing_to_show(uint32_t municipality, unsigned child)
{
    struct store_access_request op;
    assert_int_equal(ask(&op, municipality, child), 0);
    assert_asked(&op, 0);
    struct access_pack pack = read_pack(municipality, child);
    assert_false(pack.registry_data || pack.has_address || pack.is_institution);
    assert_int_equal(pack.residence, 0);
    assert_int_equal(pack.signal_count + pack.match_count + pack.parents + pack.former_numbers, 0);
}

static void assert_all_is_shown(uint32_t municipality, unsigned child, uint32_t signals)
{
    struct store_access_request op;
    assert_int_equal(ask(&op, municipality, child), 0);
    assert_asked(&op, signals + 1);
    struct access_pack pack = read_pack(municipality, child);
    assert_true(pack.registry_data && pack.has_address && pack.is_institution);
    assert_int_equal(pack.signal_count, signals);
    assert_int_equal(pack.parents, 2);
    assert_int_equal(pack.former_numbers, 1);
}

/* Only where the youth lives, or has a signal: any other municipality could ask of any BSN. */
static void test_the_register_is_shown_where_it_concerns(void **state)
{
    (void)state;
    struct store_erasure op;
    struct uuid id;
    /* Where nobody lives, as far as is known, and nobody has signalled. */
    assert_int_equal(registrar_related(&office, 1, &all_relations), 0);
    assert_int_equal(registrar_replaced(&office, 2, 1), 0);
    for (unsigned child = 1; child <= 2; child++) {
        assert_nothing_to_show(town, child);
        assert_nothing_to_show(village, child);
    }
    assert_int_equal(registrar_moved(&office, 1, VILLAGE), 0);
    assert_nothing_to_show(town, 2);
    assert_all_is_shown(village, 2, 0);
    assert_int_equal(read_pack(village, 2).residence, VILLAGE);
    /* With a signal, live or in the archive, it is the other's business too. */
    id = post_under(school, "ann", 1, OFFICE_TOWN);
    assert_all_is_shown(town, 1, 1);
    assert_int_equal(read_pack(town, 1).residence, VILLAGE);
    assert_int_equal(office_withdraw(&office, school, &id, WITHDRAW_ENDED), 0);
    assert_all_is_shown(town, 1, 1);
    assert_all_is_shown(village, 1, 0);
    /* No more when the signals of that municipality are gone. */
    post_under(care, "bob", 1, VILLAGE);
    store_erasure_init(&op);
    op.child = office_child(&office, 1).key;
    op.ground = op.case_reference = "g";
    assert_int_equal(office_run(&office, &op.op, town), 0);
    assert_int_equal(op.erased, 1);
    assert_nothing_to_show(town, 1);
    assert_all_is_shown(village, 1, 1);
    /* Nor where it lived. */
    assert_int_equal(registrar_moved(&office, 1, VILLAGE + 1), 0);
    assert_all_is_shown(village, 1, 1);
    op.op.party = 0;
    assert_int_equal(office_run(&office, &op.op, village), 0);
    assert_nothing_to_show(village, 1);
}

static void test_family_matches_are_in_the_pack(void **state)
{
    (void)state;
    struct registrar_relations relations = {.parent_count = 1, .parents = {1000}};
    post_ended(care, "joe", 1, VILLAGE);
    post_under(school, "ann", 1, OFFICE_TOWN);
    struct uuid id = post_under(care, "bob", 2, VILLAGE);
    assert_int_equal(registrar_related(&office, 1, &relations), 0);
    assert_int_equal(registrar_related(&office, 2, &relations), 0);
    struct access_pack pack = read_pack(town, 1);
    assert_int_equal(pack.match_count, 1);
    assert_int_equal(pack.matches[0].kind, MATCH_FAMILY);
    assert_int_equal(pack.matches[0].status, MATCH_OPEN);
    assert_int_equal(read_pack(village, 1).match_count, 0); /* of the past */
    assert_int_equal(read_pack(village, 2).match_count, 1);
    assert_int_equal(office_withdraw(&office, care, &id, WITHDRAW_ENDED), 0);
    pack = read_pack(town, 1);
    assert_int_equal(pack.match_count, 1);
    assert_int_equal(pack.matches[0].status, MATCH_ENDED);
}

static void test_access_requests_have_a_daily_limit(void **state)
{
    (void)state;
    struct store_policy policy;
    struct store_access_request op;
    store_policy_default(&policy);
    policy.access_requests_per_day = 3;
    reopen_with(&policy);
    office_advance(calendar_dutch_midnight(office_today() + 1) + CLOCK_MINUTE - clock_now());
    for (unsigned i = 0; i < 3; i++) {
        assert_int_equal(ask(&op, town, i), 0);
    }
    assert_int_equal(ask(&op, town, 1), STORE_TOO_OFTEN);
    struct log_entry entry = entry_at(op.op.log_index);
    assert_int_equal(entry.event, LOG_REQUEST_REFUSED);
    assert_non_null(strstr(entry.public_part, "rate-limited"));
    assert_int_equal(office_inbox_state(&office, auditor).head, 3);
    assert_int_equal(ask(&op, village, 1), 0); /* each has its own */
    reopen_with(&policy);
    /* The same day, just before its end. */
    office_advance(calendar_dutch_midnight(office_today() + 1) - 2 * CLOCK_MINUTE - clock_now());
    assert_int_equal(ask(&op, town, 1), STORE_TOO_OFTEN);
    office_advance(3 * CLOCK_MINUTE);
    assert_int_equal(ask(&op, town, 1), 0);
    assert_int_equal(ask(&op, 99, 1), STORE_UNKNOWN_PARTY);
}

/* Who was told of a child, and when, is in the log by its subject. */
static void test_what_was_told_is_in_the_log(void **state)
{
    (void)state;
    post_under(school, "ann", 1, OFFICE_TOWN);
    post_under(care, "bob", 1, VILLAGE);
    struct log_note offered = {.event = LOG_NOTICE_OFFERED, .object_kind = LOG_OBJECT_NOTICE};
    put_be64(offered.object, 1);
    office_note(&office, school, &offered);
    office_note(&office, care, &offered);
    assert_int_equal(office_acknowledge(&office, care, 1), 0);
    struct log_query query = office_any_entry();
    query.has_subject = true;
    query.subject = office_child(&office, 1).key;
    struct log_page page = office_log(&office, &query);
    static const enum log_event events[] = {LOG_SIGNAL_POSTED, LOG_SIGNAL_POSTED,
                                            LOG_NOTICE_OFFERED, LOG_NOTICE_OFFERED,
                                            LOG_NOTICE_ACKNOWLEDGED};
    assert_int_equal(page.count, ARRAY_LENGTH(events));
    for (size_t i = 0; i < page.count; i++) {
        assert_int_equal(page.entries[i].event, events[i]);
    }
    query.event = LOG_NOTICE_ACKNOWLEDGED;
    query.other_event = LOG_NOTICE_OFFERED;
    assert_int_equal(office_log(&office, &query).count, 3);
}

/* ---- erasure ---- */

static int erase(struct store_erasure *op, uint32_t municipality, unsigned child, bool archive_only)
{
    store_erasure_init(op);
    op->child = office_child(&office, child).key;
    op->archive_only = archive_only;
    op->ground = "bezwaar gegrond, \"Jw 7.1.5\"";
    op->case_reference = "zaak-8";
    return office_run(&office, &op->op, municipality);
}

static void assert_erasure_logged(const struct store_erasure *op)
{
    char count[64];
    struct log_entry entry = entry_at(op->op.log_index);
    assert_int_equal(entry.event, LOG_ERASURE_MADE);
    assert_true(entry.has_subject);
    assert_non_null(strstr(entry.public_part, "\"verwijsindex.case_reference\":\"zaak-8\""));
    assert_non_null(strstr(entry.public_part,
                           "\"verwijsindex.ground\":\"bezwaar gegrond, \\\"Jw 7.1.5\\\"\","
                           "\"verwijsindex.index\""));
    snprintf(count, sizeof(count), "\"verwijsindex.count\":%u,", op->erased);
    assert_true(op->erased == 0 || strstr(entry.public_part, count) != NULL);
}

static bool is_there(uint32_t party, const struct uuid *id)
{
    struct signal signal;
    int result = office_see_signal(&office, party, id, &signal);
    assert_true(result == 0 || result == STORE_NOT_FOUND);
    return result == 0;
}

static void test_all_of_a_municipality_is_erased(void **state)
{
    (void)state;
    struct store_erasure op;
    struct store_policy policy;
    store_policy_default(&policy);
    policy.notify_departure = true; /* who has left is told then, but not of an erasure */
    reopen_with(&policy);
    struct uuid past = post_ended(care, "joe", 1, OFFICE_TOWN);
    struct uuid live = post_under(school, "ann", 1, OFFICE_TOWN);
    struct uuid other = post_under(care, "bob", 1, VILLAGE);
    uint64_t heads[] = {
        office_inbox_state(&office, school).head, office_inbox_state(&office, care).head,
        office_inbox_state(&office, town).head, office_inbox_state(&office, auditor).head};
    assert_int_equal(erase(&op, town, 1, false), 0);
    assert_int_equal(op.erased, 2);
    assert_erasure_logged(&op);
    assert_false(is_there(care, &past));
    assert_false(is_there(school, &live));
    assert_true(is_there(care, &other));
    assert_int_equal(registrar_count_log(&office, 1, LOG_SIGNAL_ERASED), 2);
    assert_int_equal(counted(OFFICE_TOWN, STATISTIC_WITHDRAWN), 1); /* the one of the past */
    assert_int_equal(counted(OFFICE_TOWN, STATISTIC_ERASED), 1);
    assert_int_equal(counted(VILLAGE, STATISTIC_ERASED), 0);
    assert_int_equal(office_status(&office).signals, 1);
    assert_int_equal(office_status(&office).matches, 0);
    assert_int_equal(office_matches(&office, care, 0).matches[0].status, MATCH_ENDED);
    /* Nobody is told, and what they were told is unreadable; a withdrawal is still answered. */
    const uint32_t parties[] = {school, care, town, auditor};
    for (size_t i = 0; i < ARRAY_LENGTH(parties); i++) {
        assert_int_equal(office_inbox_state(&office, parties[i]).head, heads[i]);
    }
    assert_int_equal(office_inbox(&office, school, 0).count, 0);
    assert_int_equal(office_count_rows(&office, school, PARTY_TOMBSTONE), 1);
    assert_int_equal(office_withdraw(&office, school, &live, WITHDRAW_ENDED), 0);

    /* Again: nothing is left to erase, and the other municipality's go with the file. */
    assert_int_equal(erase(&op, town, 1, false), 0);
    assert_int_equal(op.erased, 0);
    assert_erasure_logged(&op);
    assert_int_equal(erase(&op, village, 1, false), 0);
    assert_int_equal(op.erased, 1);
    assert_int_equal(office_status(&office).signals, 0);
    assert_int_equal(registrar_count_children(&office, CHILD_FILE), 0);
    assert_int_equal(registrar_count_rows(&office, KV_MATCH), 0);
    assert_int_equal(registrar_count_due(&office, DUE_SIGNAL_ERASURE), 0);
    assert_int_equal(registrar_count_due(&office, DUE_RENEWAL_PROMPT), 0);
    assert_int_equal(registrar_count_due(&office, DUE_FOLLOW_UP), 0);
    assert_int_equal(registrar_count_due(&office, DUE_TOMBSTONE_END), 3);
    assert_int_equal(office_count_events(&office, LOG_ERASURE_MADE), 3);
    assert_int_equal(erase(&op, 99, 1, false), STORE_UNKNOWN_PARTY);
}

static void test_the_archive_alone_is_erased(void **state)
{
    (void)state;
    struct store_erasure op;
    struct uuid past = post_ended(care, "joe", 1, OFFICE_TOWN);
    struct uuid elsewhere = post_ended(care, "bob", 1, VILLAGE);
    struct uuid live = post_under(school, "ann", 1, OFFICE_TOWN);
    assert_int_equal(erase(&op, town, 1, true), 0);
    assert_int_equal(op.erased, 1);
    assert_erasure_logged(&op);
    assert_false(is_there(care, &past));
    assert_true(is_there(care, &elsewhere));
    assert_true(is_there(school, &live));
    assert_int_equal(read_pack(town, 1).signal_count, 1);
}

/* A file as full as it can be goes in one transaction; each of its signals is an entry. */
static void test_a_full_file_is_erased(void **state)
{
    (void)state;
    enum { FULL = OFFICE_SCALE(1000, 300) };
    struct store_erasure op;
    struct crowd crowd;
    struct store_signal_post post;
    for (unsigned i = 0; i < FULL; i++) {
        bool elsewhere = i % 4 == 3;
        post_ended(elsewhere ? care : school, elsewhere ? "bob" : "ann", 1,
                   elsewhere ? VILLAGE : OFFICE_TOWN);
    }
    post_under(school, "ann", 2, OFFICE_TOWN); /* and others in the same batch */
    crowd_init(&crowd);
    office_fill_post(&office, &post, care, "bob", 2);
    store_erasure_init(&op);
    op.child = office_child(&office, 1).key;
    op.ground = "g";
    op.op.party = town;
    op.op.by = office_attribution(town);
    assert_int_equal(crowd_submit(&crowd, office.store, &post.op), STORE_OK);
    assert_int_equal(crowd_submit(&crowd, office.store, &op.op), STORE_OK);
    crowd_finish(&crowd);
    assert_int_equal(post.op.result, 0);
    assert_int_equal(op.op.result, 0);
    assert_int_equal(op.erased, FULL - FULL / 4);
    assert_int_equal(registrar_count_log(&office, 1, LOG_SIGNAL_ERASED), FULL - FULL / 4);
    assert_int_equal(office_status(&office).signals, FULL / 4 + 2);
    assert_int_equal(office_status(&office).aborted_batches, 0);
    struct checkpoint_vkey vkey = verify_key(office.keys, OFFICE_ORIGIN);
    verify_log(office.store, &vkey);
}

/* ---- the dry run ---- */

static struct child_key trial_children[STORE_TRIAL_MAXIMUM + 1];

static int try_loading(struct store_trial *op, uint32_t party, size_t count, uint16_t municipality)
{
    for (unsigned i = 0; i < count; i++) {
        trial_children[i] = office_child(&office, i + 1).key;
    }
    store_trial_init(op);
    op->count = count;
    op->children = trial_children;
    op->municipality = municipality;
    return office_run(&office, &op->op, party);
}

static uint64_t all_heads(void)
{
    const uint32_t parties[] = {school, care, town, village};
    uint64_t sum = 0;
    for (size_t i = 0; i < ARRAY_LENGTH(parties); i++) {
        sum += office_inbox_state(&office, parties[i]).head;
    }
    return sum;
}

static void test_a_dry_run_tells_what_a_loading_would_send(void **state)
{
    (void)state;
    struct store_trial trial;
    uint32_t loader = office_reporter(&office);
    office_hire(&office, loader, "new");
    /* Nothing; a live one; a match; one of the past; all of it; one who has moved. */
    post_under(school, "ann", 2, OFFICE_TOWN);
    post_under(school, "ann", 3, OFFICE_TOWN);
    post_under(care, "bob", 3, VILLAGE);
    post_ended(care, "bob", 4, VILLAGE);
    post_ended(care, "joe", 5, VILLAGE);
    post_under(care, "bob", 5, VILLAGE);
    post_under(care, "bob", 6, VILLAGE);
    assert_int_equal(registrar_moved(&office, 6, OFFICE_TOWN), 0);
    uint64_t digest = all_heads();
    assert_int_equal(try_loading(&trial, loader, STORE_TRIAL_MINIMUM, OFFICE_TOWN), 0);
    /* 2: both and the town. 3: all three. 4: of the past. 5: both, of the past, two municipalities.
     * 6: both and the town. */
    assert_int_equal(trial.notices, 3 + 3 + 1 + 5 + 3);
    assert_int_equal(trial.known, 5);
    assert_true(all_heads() == digest); /* nobody is told */
    assert_int_equal(office_inbox_state(&office, loader).head, 0);
    assert_int_equal(office_count_events(&office, LOG_NOTICES_COUNTED), STORE_TRIAL_MINIMUM);
    assert_int_equal(registrar_count_log(&office, 2, LOG_NOTICES_COUNTED), 1);
    assert_int_equal(registrar_count_log(&office, STORE_TRIAL_MINIMUM, LOG_NOTICES_COUNTED), 1);
    const struct notice *notice = office_last_notice(&office, auditor);
    assert_int_equal(notice->type, NOTICE_NOTICES_COUNTED);
    assert_true(notice->log_index == trial.op.log_index);
    assert_string_equal(notice->actor.text, office_oin(loader).text);
    assert_int_equal(entry_at(trial.op.log_index).event, LOG_NOTICES_COUNTED);

    /* And that is what it does send. */
    for (unsigned i = 1; i <= 10; i++) {
        office_post(&office, loader, "new", i);
    }
    assert_true(all_heads() - digest + office_inbox_state(&office, loader).head == trial.notices);
}

static void test_a_dry_run_is_of_many_children(void **state)
{
    (void)state;
    struct store_trial trial;
    assert_true(try_loading(&trial, school, STORE_TRIAL_MINIMUM - 1, OFFICE_TOWN) < 0);
    assert_true(try_loading(&trial, school, STORE_TRIAL_MAXIMUM + 1, OFFICE_TOWN) < 0);
    assert_int_equal(try_loading(&trial, school, STORE_TRIAL_MAXIMUM, VILLAGE), STORE_NO_AGREEMENT);
    assert_int_equal(office_count_events(&office, LOG_NOTICES_COUNTED), 0);
    assert_int_equal(office_inbox_state(&office, auditor).head, 0);
    assert_int_equal(try_loading(&trial, school, STORE_TRIAL_MAXIMUM, OFFICE_TOWN), 0);
    assert_true(trial.notices == 0);
    assert_int_equal(trial.known, 0);
    assert_int_equal(office_count_events(&office, LOG_NOTICES_COUNTED), STORE_TRIAL_MAXIMUM);
    assert_int_equal(office_inbox_state(&office, auditor).head, 1);
}

/* Who asks cannot make children known by signals of its own. */
static void test_a_dry_run_counts_whom_others_know(void **state)
{
    (void)state;
    struct store_trial trial;
    post_under(school, "ann", 1, OFFICE_TOWN);
    post_ended(school, "ann", 2, OFFICE_TOWN);
    post_under(school, "ann", 3, OFFICE_TOWN);
    post_under(care, "bob", 3, VILLAGE);
    assert_int_equal(try_loading(&trial, school, STORE_TRIAL_MINIMUM, OFFICE_TOWN), 0);
    assert_int_equal(trial.known, 1);
    assert_int_equal(try_loading(&trial, care, STORE_TRIAL_MINIMUM, OFFICE_TOWN), 0);
    assert_int_equal(trial.known, 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_nothing_is_held, setup, teardown),
        cmocka_unit_test_setup_teardown(test_a_pack_holds_what_is_the_municipalitys, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(test_only_matches_of_those_signals, setup, teardown),
        cmocka_unit_test_setup_teardown(test_what_the_register_told_is_held, setup, teardown),
        cmocka_unit_test_setup_teardown(test_the_register_is_shown_where_it_concerns, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(test_family_matches_are_in_the_pack, setup, teardown),
        cmocka_unit_test_setup_teardown(test_access_requests_have_a_daily_limit, setup, teardown),
        cmocka_unit_test_setup_teardown(test_what_was_told_is_in_the_log, setup, teardown),
        cmocka_unit_test_setup_teardown(test_all_of_a_municipality_is_erased, setup, teardown),
        cmocka_unit_test_setup_teardown(test_the_archive_alone_is_erased, setup, teardown),
        cmocka_unit_test_setup_teardown(test_a_full_file_is_erased, setup, teardown),
        cmocka_unit_test_setup_teardown(test_a_dry_run_tells_what_a_loading_would_send, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(test_a_dry_run_is_of_many_children, setup, teardown),
        cmocka_unit_test_setup_teardown(test_a_dry_run_counts_whom_others_know, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
