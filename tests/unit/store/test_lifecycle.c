/* SPDX-License-Identifier: EUPL-1.2 */
/* Between a report and its end: renewal, contact, and who was here before. */
#include "tests/unit/store/pair_fixture.h"

#include <stdio.h>

#include "store/base/clock.h"
#include "store/base/layout.h"
#include "store/notice/row.h"
#include "tests/unit/store/registrar.h"

/* In this year and the last: a test may see the new year in. */
static uint64_t counted(enum statistic what)
{
    int year = calendar_date_from_day(office_today()).year;
    uint64_t count = 0;
    for (int i = year - 1; i <= year; i++) {
        struct statistics statistics;
        assert_int_equal(store_get_statistics(office_look(&office), OFFICE_TOWN, i, &statistics),
                         0);
        count += statistics.counts[what];
    }
    return count;
}

/* ---- renewal ---- */

static int renew(struct store_signal_renew *op, uint32_t party, const struct uuid *id)
{
    store_signal_renew_init(op);
    op->id = *id;
    op->birth_day = calendar_add_years(office_today(), -10);
    return office_run(&office, &op->op, party);
}

static void test_a_renewal_is_a_fresh_report(void **state)
{
    (void)state;
    struct store_signal_renew op;
    struct signal before;
    struct signal after;
    struct uuid id = office_post(&office, school, "ann", 1);
    assert_int_equal(office_see_signal(&office, school, &id, &before), 0);
    int32_t removal = before.removal_day;
    office_go_to(&office, removal - office.policy.renewal_prompt_days);
    struct notice prompt = *office_last_notice(&office, school);
    assert_int_equal(prompt.type, NOTICE_RENEWAL_DUE);
    assert_int_equal(prompt.removal_day, removal);

    int64_t now = clock_now();
    assert_int_equal(renew(&op, school, &id), 0);
    assert_true(same_uuid(&op.signal.id, &id));
    assert_string_equal(op.signal.professional, "ann");
    assert_string_equal(op.signal.reference, "ann/1");
    assert_int_equal(office_see_signal(&office, school, &id, &after), 0);
    assert_int_equal(after.status, SIGNAL_ACTIVE);
    assert_true(after.reported_at >= now && after.reported_at == op.signal.reported_at);
    assert_int_equal(after.removal_day, calendar_add_years(office_today(), 2));
    assert_int_equal(after.erasure_day, calendar_add_years(office_today(), 7));
    assert_int_equal(op.signal.removal_day, after.removal_day);
    assert_int_equal(op.signal.erasure_day, after.erasure_day);
    assert_string_equal(after.reference, "ann/1");
    assert_int_equal(counted(STATISTIC_RENEWED), 1);

    int32_t renewed = after.removal_day;
    struct log_entry entry;
    assert_int_equal(store_get_log_entry(office_look(&office), op.op.log_index, &entry), 0);
    assert_int_equal(entry.event, LOG_SIGNAL_RENEWED);
    assert_true(entry.has_subject);
    assert_non_null(strstr(entry.public_part, "\"verwijsindex.professional\":\"ann\""));
    assert_int_equal(registrar_count_log(&office, 1, LOG_SIGNAL_RENEWED), 1);

    /* Its old date passes; it is prompted for the new one, and archived on that. */
    office_go_to(&office, removal + 1);
    assert_int_equal(office_see_signal(&office, school, &id, &after), 0);
    assert_int_equal(after.status, SIGNAL_ACTIVE);
    assert_int_equal(office_count_notices(&office, school, NOTICE_RENEWAL_DUE),
                     0); /* the prompt was answered */
    office_go_to(&office, renewed - office.policy.renewal_prompt_days);
    assert_int_equal(office_count_notices(&office, school, NOTICE_RENEWAL_DUE), 1);
    assert_int_equal(office_last_notice(&office, school)->removal_day, renewed);
    office_go_to(&office, renewed);
    assert_int_equal(office_see_signal(&office, school, &id, &after), 0);
    assert_int_equal(after.status, SIGNAL_ARCHIVED);
    assert_int_equal(office_last_notice(&office, school)->type, NOTICE_SIGNAL_REMOVED);
    assert_int_equal(registrar_count_due(&office, DUE_SIGNAL_REMOVAL), 0);
    assert_int_equal(registrar_count_due(&office, DUE_RENEWAL_PROMPT), 0);
}

/* Renewed before the prompt: one term, and no prompt for the old one. */
static void test_an_early_renewal(void **state)
{
    (void)state;
    struct store_signal_renew op;
    struct signal before;
    struct uuid id = office_post(&office, school, "ann", 1);
    assert_int_equal(office_see_signal(&office, school, &id, &before), 0);
    int32_t removal = before.removal_day;
    office_advance_days(100);
    for (int i = 0; i < 3; i++) { /* again and again, the same day */
        assert_int_equal(renew(&op, school, &id), 0);
    }
    assert_int_equal(registrar_count_due(&office, DUE_RENEWAL_PROMPT), 1);
    office_go_to(&office, removal);
    assert_int_equal(office_inbox_state(&office, school).head, 0);
}

/* The 23rd birthday that the renewal tells goes before the two years. */
static void test_a_renewal_knows_the_birthday(void **state)
{
    (void)state;
    struct store_signal_renew op;
    struct signal signal;
    struct uuid id = office_post(&office, school, "ann", 1);
    store_signal_renew_init(&op);
    op.id = id;
    op.birth_day = calendar_add_years(office_today() + 40, -23);
    int32_t grown_up = calendar_add_years(op.birth_day, 23);
    assert_int_equal(office_run(&office, &op.op, school), 0);
    assert_int_equal(op.signal.removal_day, grown_up);
    assert_int_equal(op.signal.erasure_day, grown_up);
    office_go_to(&office, grown_up - 1);
    assert_int_equal(office_see_signal(&office, school, &id, &signal), 0);
    office_go_to(&office, grown_up);
    assert_int_equal(office_see_signal(&office, school, &id, &signal), STORE_NOT_FOUND);
    assert_int_equal(office_status(&office).signals, 0);
    assert_int_equal(office_inbox_state(&office, school).head, 0);
}

static void test_what_cannot_be_renewed(void **state)
{
    (void)state;
    struct store_signal_renew op;
    struct store_party_change change;
    struct signal signal;
    struct uuid id = office_post(&office, school, "ann", 1);
    struct uuid ended = office_post(&office, school, "ann", 2);
    struct uuid unknown = id;
    unknown.bytes[15] ^= 1;
    assert_int_equal(office_withdraw(&office, school, &ended, WITHDRAW_ENDED), 0);
    office_advance_days(1);
    assert_int_equal(renew(&op, school, &unknown), STORE_NOT_FOUND);
    assert_int_equal(renew(&op, care, &id), STORE_NOT_FOUND);
    assert_int_equal(renew(&op, school, &ended), STORE_ENDED);
    store_signal_renew_init(&op);
    op.id = id;
    op.birth_day = calendar_add_years(office_today(), -23);
    assert_int_equal(office_run(&office, &op.op, school), STORE_TOO_OLD);
    assert_int_equal(office_see_signal(&office, school, &id, &signal), 0);
    assert_true(signal.reported_at < clock_now() - CLOCK_DAY / 2);
    assert_int_equal(counted(STATISTIC_RENEWED), 0);
    assert_int_equal(office_count_events(&office, LOG_REQUEST_REFUSED), 4);
    op.birth_day++; /* tomorrow */
    assert_int_equal(office_run(&office, &op.op, school), 0);

    office_change(&change, school, PARTY_AGREEMENT_ADD); /* shortened: it ended yesterday */
    change.agreement = (struct agreement){OFFICE_TOWN, office_today() - 1};
    assert_int_equal(office_run(&office, &change.op, 0), 0);
    assert_true(renew(&op, school, &id) == STORE_NO_AGREEMENT || op.op.result == STORE_ENDED);
    office_settle(&office); /* what was made under it has been archived by now */
    assert_int_equal(renew(&op, school, &id), STORE_ENDED);
}

/* A page that shows the old dates is read again. */
static void test_a_renewal_makes_what_was_read_stale(void **state)
{
    (void)state;
    struct store_signal_renew op;
    struct signal signal;
    struct store_note_op note;
    struct log_note shown = {.event = LOG_SIGNAL_READ};
    struct uuid id = office_post(&office, school, "ann", 1);
    struct store_snapshot *snapshot = office_look(&office);
    assert_int_equal(store_get_signal(snapshot, school, &id, &signal), 0);
    assert_int_equal(renew(&op, school, &id), 0);
    store_note_init(&note);
    note.count = 1;
    note.notes = &shown;
    store_op_rely(&note.op, snapshot);
    assert_int_equal(office_run(&office, &note.op, school), STORE_STALE);
}

/* ---- contact ---- */

static int confirm(uint32_t party, const struct uuid *match, const char *professional)
{
    struct store_confirm_contact op;
    store_confirm_contact_init(&op);
    op.match = *match;
    op.professional = professional;
    return office_run(&office, &op.op, party);
}

/* Ann and Bob, on a child. */
static struct uuid make_match(unsigned child)
{
    office_post(&office, school, "ann", child);
    office_post(&office, care, "bob", child);
    return office_last_notice(&office, care)->match.id;
}

static enum match_status status_of(uint32_t party, const struct uuid *match)
{
    struct match_view view;
    assert_int_equal(office_see_match(&office, party, match, &view), 0);
    return view.status;
}

static void test_contact_ends_the_follow_up(void **state)
{
    (void)state;
    uint32_t town = office_municipality(&office, OFFICE_TOWN);
    struct uuid match = make_match(1);
    assert_int_equal(registrar_count_due(&office, DUE_FOLLOW_UP), 1);
    assert_int_equal(confirm(school, &match, "ann"), 0);
    assert_int_equal(status_of(care, &match), MATCH_CONTACTED);
    assert_int_equal(status_of(town, &match), MATCH_CONTACTED);
    assert_int_equal(registrar_count_due(&office, DUE_FOLLOW_UP), 0);
    assert_int_equal(counted(STATISTIC_CONTACTED), 1);
    assert_int_equal(registrar_count_log(&office, 1, LOG_CONTACT_CONFIRMED), 1);

    /* Again, by either side: an entry, and nothing besides. */
    assert_int_equal(confirm(school, &match, "ann"), 0);
    assert_int_equal(confirm(care, &match, "bob"), 0);
    assert_int_equal(counted(STATISTIC_CONTACTED), 1);
    assert_int_equal(registrar_count_log(&office, 1, LOG_CONTACT_CONFIRMED), 3);
    office_advance_days(office.policy.follow_up_days + 1);
    office_settle(&office);
    assert_int_equal(status_of(school, &match), MATCH_CONTACTED);
    assert_int_equal(office_count_notices(&office, town, NOTICE_FOLLOW_UP_STALLED), 0);
}

static void test_a_newcomer_opens_it_again(void **state)
{
    (void)state;
    uint32_t town = office_municipality(&office, OFFICE_TOWN);
    struct uuid match = make_match(1);
    assert_int_equal(confirm(school, &match, "ann"), 0);
    office_advance_days(office.policy.follow_up_days - 1);
    office_post(&office, school, "eve", 1);
    assert_int_equal(status_of(school, &match), MATCH_OPEN);
    office_advance_days(2); /* the first term is over, not the new one */
    office_settle(&office);
    assert_int_equal(status_of(school, &match), MATCH_OPEN);
    office_advance_days(office.policy.follow_up_days - 2);
    office_settle(&office);
    assert_int_equal(status_of(school, &match), MATCH_STALLED);
    assert_int_equal(office_count_notices(&office, town, NOTICE_FOLLOW_UP_STALLED), 1);

    /* Late is better than never. */
    assert_int_equal(confirm(school, &match, "eve"), 0);
    assert_int_equal(status_of(town, &match), MATCH_CONTACTED);
    assert_int_equal(counted(STATISTIC_CONTACTED), 2);
    assert_int_equal(counted(STATISTIC_STALLED), 1);
}

static void test_whose_contact_counts(void **state)
{
    (void)state;
    uint32_t other = office_reporter(&office);
    uint32_t town = office_municipality(&office, OFFICE_TOWN);
    office_hire(&office, other, "joe");
    struct uuid match = make_match(1);
    struct uuid unknown = match;
    unknown.bytes[15] ^= 1;
    assert_int_equal(confirm(school, &unknown, "ann"), STORE_NOT_FOUND);
    assert_int_equal(confirm(other, &match, "joe"), STORE_NOT_FOUND);
    assert_int_equal(confirm(school, &match, "bob"), STORE_UNKNOWN_PROFESSIONAL);
    assert_int_equal(confirm(school, &match, "eve"), STORE_UNKNOWN_PROFESSIONAL);
    assert_int_equal(confirm(town, &match, "ann"), STORE_UNKNOWN_PROFESSIONAL);
    assert_int_equal(status_of(school, &match), MATCH_OPEN);
    assert_int_equal(office_count_events(&office, LOG_CONTACT_CONFIRMED), 0);

    struct uuid third = office_post(&office, school, "eve", 1);
    assert_int_equal(office_withdraw(&office, school, &third, WITHDRAW_ENDED), 0);
    assert_int_equal(confirm(school, &match, "eve"), STORE_UNKNOWN_PROFESSIONAL);
    struct signal_page page = office_signals(&office, care, 0);
    struct uuid own = page.signals[0].id;
    assert_int_equal(office_withdraw(&office, care, &own, WITHDRAW_ENDED), 0);
    assert_int_equal(confirm(school, &match, "ann"), STORE_ENDED);
    assert_int_equal(confirm(school, &match, "nobody"), STORE_ENDED);
    assert_int_equal(confirm(care, &match, "bob"), STORE_NOT_FOUND); /* it left the match */
}

/* Two children of one parent, ann with the one, bob with the other. */
static struct uuid make_family(void)
{
    struct registrar_relations relations = {.parent_count = 1, .parents = {1000}};
    office_post(&office, school, "ann", 1);
    office_post(&office, care, "bob", 2);
    assert_int_equal(registrar_related(&office, 1, &relations), 0);
    assert_int_equal(registrar_related(&office, 2, &relations), 0);
    struct match_page page = office_matches(&office, school, 0);
    assert_int_equal(page.count, 1);
    assert_int_equal(page.matches[0].kind, MATCH_FAMILY);
    return page.matches[0].id;
}

static void test_contact_in_a_family(void **state)
{
    (void)state;
    struct uuid match = make_family();
    assert_int_equal(confirm(care, &match, "bob"), 0);
    assert_int_equal(status_of(school, &match), MATCH_CONTACTED);
    assert_int_equal(registrar_count_log(&office, 1, LOG_CONTACT_CONFIRMED), 1);
    assert_int_equal(registrar_count_log(&office, 2, LOG_CONTACT_CONFIRMED), 1);
    assert_int_equal(counted(STATISTIC_CONTACTED), 1); /* one match, in one municipality */
    assert_int_equal(registrar_count_due(&office, DUE_FOLLOW_UP), 0);
}

/* A note about a family's match is an entry for each child: the most that an operation can make. */
static void test_the_largest_number_of_notes(void **state)
{
    (void)state;
    struct uuid match = make_family();
    struct log_note *notes = test_calloc(STORE_NOTES_MAXIMUM, sizeof(*notes));
    struct store_note_op ops[3];
    struct crowd crowd;
    uint64_t before = office_status(&office).log_size;
    for (size_t i = 0; i < STORE_NOTES_MAXIMUM; i++) {
        notes[i].event = LOG_MATCH_READ;
        notes[i].object_kind = LOG_OBJECT_MATCH;
        memcpy(notes[i].object, match.bytes, UUID_BYTES);
    }
    crowd_init(&crowd);
    for (size_t i = 0; i < ARRAY_LENGTH(ops); i++) {
        store_note_init(&ops[i]);
        ops[i].count = STORE_NOTES_MAXIMUM;
        ops[i].notes = notes;
        ops[i].op.party = school;
        ops[i].op.by = office_attribution(school);
        assert_int_equal(crowd_submit(&crowd, office.store, &ops[i].op), STORE_OK);
    }
    crowd_finish(&crowd);
    for (size_t i = 0; i < ARRAY_LENGTH(ops); i++) {
        assert_int_equal(ops[i].op.result, 0);
    }
    assert_int_equal(office_status(&office).log_size,
                     before + ARRAY_LENGTH(ops) * 2 * STORE_NOTES_MAXIMUM);
    assert_int_equal(office_status(&office).aborted_batches, 0);
    test_free(notes);
}

/* ---- who was here before ---- */

static struct uuid post_ended(uint32_t party, const char *professional, unsigned child)
{
    struct uuid id = office_post(&office, party, professional, child);
    assert_int_equal(office_withdraw(&office, party, &id, WITHDRAW_ENDED), 0);
    return id;
}

static void test_the_newcomer_is_told_who_was_involved(void **state)
{
    (void)state;
    static const char *const involved[] = {"ann of 1", "eve of 1"};
    uint32_t town = office_municipality(&office, OFFICE_TOWN);
    post_ended(school, "ann", 1);
    post_ended(school, "eve", 1);
    uint64_t head = office_inbox_state(&office, school).head;
    struct uuid id = office_post(&office, care, "bob", 1);
    struct notice_page page = office_inbox(&office, care, 0);
    assert_int_equal(page.count, 2);
    for (size_t i = 0; i < page.count; i++) {
        assert_int_equal(page.notices[i].type, NOTICE_ARCHIVED_INVOLVEMENT);
        assert_true(same_uuid(&page.notices[i].own.id, &id));
        assert_false(page.notices[i].has_match);
        assert_involved(page.notices[i].match.involved, page.notices[i].match.involved_count,
                        &involved[i], 1);
    }
    /* Nobody else is, it is no match, and it is told once. */
    assert_int_equal(office_inbox_state(&office, school).head, head);
    assert_int_equal(office_inbox_state(&office, town).head, 0);
    assert_int_equal(office_matches(&office, care, 0).count, 0);
    struct store_signal_post again;
    assert_int_equal(office_try_post(&office, &again, care, "bob", 1), 0);
    struct store_signal_renew op;
    assert_int_equal(renew(&op, care, &id), 0);
    assert_int_equal(office_inbox_state(&office, care).head, 2);
}

static void test_ones_own_past_is_no_news(void **state)
{
    (void)state;
    post_ended(school, "ann", 1);
    post_ended(school, "ann", 1);
    office_post(&office, school, "ann", 1);
    assert_int_equal(office_inbox_state(&office, school).head, 0);
    office_post(&office, school, "eve", 1); /* a colleague's is; and there is a match */
    assert_int_equal(office_count_notices(&office, school, NOTICE_ARCHIVED_INVOLVEMENT), 2);
    assert_int_equal(office_count_notices(&office, school, NOTICE_MATCH_FORMED), 2);
}

static void test_quiet_loading_tells_nobody(void **state)
{
    (void)state;
    struct store_signal_post op;
    uint32_t town = office_municipality(&office, OFFICE_TOWN);
    post_ended(school, "eve", 1);
    office_post(&office, school, "ann", 1);
    uint64_t head = office_inbox_state(&office, school).head;
    office_fill_post(&office, &op, care, "bob", 1);
    op.quiet = true;
    assert_int_equal(office_run(&office, &op.op, care), 0);
    assert_true(op.matched);
    assert_int_equal(office_inbox_state(&office, care).head, 0);
    assert_int_equal(office_inbox_state(&office, school).head, head);
    assert_int_equal(office_inbox_state(&office, town).head, 0);
    assert_int_equal(office_matches(&office, care, 0).count, 1);
}

/* Archived signals that are erased take what was told of them along. */
static void test_an_erased_past_is_told_no_more(void **state)
{
    (void)state;
    struct uuid past = post_ended(school, "ann", 1);
    office_post(&office, care, "bob", 1);
    assert_int_equal(office_inbox(&office, care, 0).count, 1);
    assert_int_equal(office_withdraw(&office, school, &past, WITHDRAW_WRONGFUL), 0);
    assert_int_equal(office_count_notices(&office, care, NOTICE_ARCHIVED_INVOLVEMENT), 0);
}

/* ---- a retraction, and the end of the child ---- */

/* Whether a notice still knows whose it is. */
static bool knows_child(uint32_t party, uint64_t sequence)
{
    struct row_key key = layout_notice(party, sequence);
    struct arena arena;
    struct store_view view = {.keys = office.keys, .arena = &arena};
    struct notice_row row;
    struct kv_bytes value;
    arena_init(&arena);
    assert_int_equal(kv_begin(office.kv, KV_READ, &view.kv), 0);
    assert_int_equal(kv_get(view.kv, KV_PARTY, row_key_bytes(&key), &value), 0);
    assert_int_equal(notice_row_read(&view, &key, value, &row), 0);
    kv_abort(view.kv);
    arena_finish(&arena);
    return row.has_child;
}

static void assert_retractions(uint32_t town, const struct uuid *match, size_t count)
{
    struct notice_page page = office_inbox(&office, town, 0);
    assert_int_equal(page.count, count);
    for (size_t i = 0; i < count; i++) {
        const struct notice *notice = &page.notices[i];
        assert_int_equal(notice->type, NOTICE_MATCH_RETRACTED);
        assert_int_equal(notice->match.kind, MATCH_CHILD);
        assert_true(same_uuid(&notice->match.id, match));
        assert_true(!notice->has_own && notice->match.involved_count == 0);
        assert_true(notice->logged_at > 0);
    }
}

static void read_inbox(uint32_t town, uint64_t head)
{
    struct store_note_op op;
    struct log_note notes[2];
    store_note_init(&op);
    for (size_t i = 0; i < 2; i++) {
        notes[i] = (struct log_note){.event = LOG_NOTICE_OFFERED};
        notes[i].object_kind = LOG_OBJECT_NOTICE;
        put_be64(notes[i].object, head - 1 + i);
    }
    op.notes = notes;
    op.count = 2;
    assert_int_equal(office_run(&office, &op.op, town), 0);
}

/* With its last signal the child goes; that its match was retracted is told all the same, and of
 * the child no more than that. */
static void test_a_retraction_outlives_the_child(void **state)
{
    (void)state;
    uint32_t town = office_municipality(&office, OFFICE_TOWN);
    struct uuid of_ann = office_post(&office, school, "ann", 1);
    struct uuid of_bob = office_post(&office, care, "bob", 1);
    struct uuid match = office_last_notice(&office, town)->match.id;
    assert_int_equal(office_withdraw(&office, care, &of_bob, WITHDRAW_WRONGFUL), 0);
    uint64_t head = office_inbox_state(&office, town).head;
    assert_true(knows_child(town, head)); /* ann's signal is there still */
    assert_int_equal(office_withdraw(&office, school, &of_ann, WITHDRAW_WRONGFUL), 0);
    assert_int_equal(registrar_count_children(&office, CHILD_FILE), 0);
    assert_int_equal(office_inbox_state(&office, town).head, head + 1);
    assert_false(knows_child(town, head + 1));
    assert_retractions(town, &match, 2);
    registrar_turn(&office);
    assert_false(knows_child(town, head));
    assert_retractions(town, &match, 2);
    read_inbox(town, head + 1);
    assert_int_equal(office_acknowledge(&office, town, head + 1), 0);
    assert_int_equal(office_count_events(&office, LOG_NOTICE_ACKNOWLEDGED), 2);
    assert_retractions(town, &match, 2);
    office_advance_days(92);
    office_settle(&office);
    assert_int_equal(office_count_rows(&office, town, PARTY_NOTICE), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_a_renewal_is_a_fresh_report, setup_trio, teardown),
        cmocka_unit_test_setup_teardown(test_an_early_renewal, setup_trio, teardown),
        cmocka_unit_test_setup_teardown(test_a_renewal_knows_the_birthday, setup_trio, teardown),
        cmocka_unit_test_setup_teardown(test_what_cannot_be_renewed, setup_trio, teardown),
        cmocka_unit_test_setup_teardown(test_a_renewal_makes_what_was_read_stale, setup_trio,
                                        teardown),
        cmocka_unit_test_setup_teardown(test_contact_ends_the_follow_up, setup_trio, teardown),
        cmocka_unit_test_setup_teardown(test_a_newcomer_opens_it_again, setup_trio, teardown),
        cmocka_unit_test_setup_teardown(test_whose_contact_counts, setup_trio, teardown),
        cmocka_unit_test_setup_teardown(test_contact_in_a_family, setup_trio, teardown),
        cmocka_unit_test_setup_teardown(test_the_largest_number_of_notes, setup_trio, teardown),
        cmocka_unit_test_setup_teardown(test_the_newcomer_is_told_who_was_involved, setup_trio,
                                        teardown),
        cmocka_unit_test_setup_teardown(test_ones_own_past_is_no_news, setup_trio, teardown),
        cmocka_unit_test_setup_teardown(test_quiet_loading_tells_nobody, setup_trio, teardown),
        cmocka_unit_test_setup_teardown(test_an_erased_past_is_told_no_more, setup_trio, teardown),
        cmocka_unit_test_setup_teardown(test_a_retraction_outlives_the_child, setup_trio, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
