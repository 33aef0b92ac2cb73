/* SPDX-License-Identifier: EUPL-1.2 */
/* Matches of a family: who is told of whom when signals come and go (Jeugdwet 7.1.2.3(1)d-e). */
#include "tests/unit/store/household.h"

#include "store/base/clock.h"
#include "store/child/file.h"

static struct office office;
static uint32_t town;
static uint32_t school;
static uint32_t care;
static uint32_t doctor;

static void open_with(unsigned policy)
{
    office = (struct office){0};
    household_open(&office, policy);
    town = office_municipality(&office, OFFICE_TOWN);
    school = office_reporter(&office);
    care = office_reporter(&office);
    doctor = office_reporter(&office);
    office_hire(&office, school, "ann");
    office_hire(&office, school, "eve");
    office_hire(&office, care, "bob");
    office_hire(&office, doctor, "cleo");
}

static int setup(void **state)
{
    (void)state;
    open_with(HOUSEHOLD_PARENT);
    return 0;
}

static int setup_telling(void **state)
{
    (void)state;
    open_with(HOUSEHOLD_PARENT | HOUSEHOLD_DEPARTURE);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    office_finish(&office);
    return 0;
}

static uint64_t head_of(uint32_t party)
{
    return office_inbox_state(&office, party).head;
}

/* The last notice is of this kind, about the family, about this own signal (NULL: none). */
static const struct notice *assert_told(uint32_t party, enum notice_type type,
                                        const struct uuid *own)
{
    const struct notice *notice = office_last_notice(&office, party);
    assert_int_equal(notice->type, type);
    assert_true(notice->has_match);
    assert_int_equal(notice->match.kind, MATCH_FAMILY);
    assert_int_equal(notice->has_own, own != NULL);
    if (own != NULL) {
        assert_true(same_uuid(&notice->own.id, own));
    }
    return notice;
}

/* Children 1 and 2 have a parent in common; ann signals the first, bob the second. */
static struct uuid ann_on_1;
static struct uuid bob_on_2;
static struct uuid siblings(void)
{
    struct uuid match;
    household_relate(&office, 1, "p1");
    household_relate(&office, 2, "p1");
    ann_on_1 = office_post(&office, school, "ann", 1);
    bob_on_2 = office_post(&office, care, "bob", 2);
    assert_true(household_matched(&office, 1, 2, &match));
    return match;
}

static uint64_t family_matches_counted(void)
{
    struct statistics statistics;
    int year = calendar_date_from_day(office_today()).year;
    assert_int_equal(store_get_statistics(office_look(&office), OFFICE_TOWN, year, &statistics), 0);
    return statistics.counts[STATISTIC_FAMILY_MATCHES];
}

static void test_children_of_one_parent_match(void **state)
{
    (void)state;
    struct uuid match = siblings();
    const struct notice *notice = assert_told(school, NOTICE_MATCH_FORMED, &ann_on_1);
    assert_true(same_uuid(&notice->match.id, &match));
    assert_string_equal(notice->own.reference, "ann/1");
    assert_involved(notice->match.involved, notice->match.involved_count,
                    (const char *[]){"bob of 3"}, 1);
    notice = assert_told(care, NOTICE_MATCH_FORMED, &bob_on_2);
    assert_involved(notice->match.involved, notice->match.involved_count,
                    (const char *[]){"ann of 2"}, 1);
    assert_int_equal(head_of(school), 1);
    assert_int_equal(head_of(care), 1);

    struct match_view view;
    assert_int_equal(office_see_match(&office, school, &match, &view), 0);
    assert_int_equal(view.kind, MATCH_FAMILY);
    assert_int_equal(view.status, MATCH_OPEN);
    assert_int_equal(view.follow_up_due_day, office_today() + 14);
    assert_int_equal(view.own_count, 1);
    assert_involved(view.involved, view.involved_count, (const char *[]){"bob of 3"}, 1);
    assert_int_equal(office_see_match(&office, doctor, &match, &view), STORE_NOT_FOUND);
    assert_int_equal(office_status(&office).matches, 1);
    assert_int_equal(family_matches_counted(), 1);
    household_check(&office, 4);

    office_reopen(&office);
    assert_int_equal(office_see_match(&office, care, &match, &view), 0);
    assert_int_equal(view.status, MATCH_OPEN);
}

static void test_strangers_do_not_match(void **state)
{
    (void)state;
    struct uuid match;
    household_relate(&office, 1, "p1 a1");
    household_relate(&office, 2, "p2 a1"); /* addresses are off */
    office_post(&office, school, "ann", 1);
    office_post(&office, care, "bob", 2);
    office_post(&office, doctor, "cleo", 3);
    assert_false(household_matched(&office, 1, 2, &match));
    assert_int_equal(office_status(&office).matches, 0);
    assert_int_equal(head_of(school) + head_of(care) + head_of(doctor) + head_of(town), 0);
}

/* The child's own match and that of its family are two, and are told apart. */
static void test_a_match_of_each_kind(void **state)
{
    (void)state;
    struct uuid family = siblings();
    struct store_signal_post op;
    assert_int_equal(office_try_post(&office, &op, doctor, "cleo", 1), 0);
    assert_true(op.matched);
    assert_false(same_uuid(&op.match, &family));
    struct notice_page page = office_inbox(&office, school, 1);
    assert_int_equal(page.count, 2);
    assert_int_equal(page.notices[0].match.kind, MATCH_CHILD);
    assert_int_equal(page.notices[0].type, NOTICE_MATCH_FORMED);
    assert_involved(page.notices[0].match.involved, page.notices[0].match.involved_count,
                    (const char *[]){"cleo of 4"}, 1);
    assert_int_equal(page.notices[1].match.kind, MATCH_FAMILY);
    assert_int_equal(page.notices[1].type, NOTICE_MATCH_JOINED);
    assert_involved(page.notices[1].match.involved, page.notices[1].match.involved_count,
                    (const char *[]){"bob of 3", "cleo of 4"}, 2);
    assert_int_equal(office_status(&office).matches, 2);
    assert_int_equal(office_matches(&office, school, 0).count, 2);
    assert_int_equal(office_matches(&office, care, 0).count, 1);
    /* The municipality is told of each match once, and not again of who joins. */
    page = office_inbox(&office, town, 0);
    assert_int_equal(page.count, 2);
    assert_int_equal(page.notices[0].match.kind, MATCH_FAMILY);
    assert_int_equal(page.notices[1].match.kind, MATCH_CHILD);
    assert_involved(page.notices[0].match.involved, page.notices[0].match.involved_count,
                    (const char *[]){"ann of 2", "bob of 3", "cleo of 4"}, 3);
    assert_int_equal(office_matches(&office, town, 0).count, 2);
    household_check(&office, 4);
}

static void test_a_third_joins(void **state)
{
    (void)state;
    struct uuid match = siblings();
    struct uuid cleo_on_2 = office_post(&office, doctor, "cleo", 2);
    assert_told(doctor, NOTICE_MATCH_FORMED, &cleo_on_2);
    const struct notice *notice = assert_told(school, NOTICE_MATCH_JOINED, &ann_on_1);
    assert_true(same_uuid(&notice->match.id, &match));
    assert_involved(notice->match.involved, notice->match.involved_count,
                    (const char *[]){"bob of 3", "cleo of 4"}, 2);
    notice = assert_told(care, NOTICE_MATCH_JOINED, &bob_on_2);
    /* Who is on which child cannot be told from this. */
    assert_involved(notice->match.involved, notice->match.involved_count,
                    (const char *[]){"ann of 2", "cleo of 4"}, 2);
    assert_int_equal(head_of(town), 2);
    assert_int_equal(family_matches_counted(), 1);
}

/* Each professional stands in it once, and nobody meets himself. */
static void test_a_professional_with_both_children(void **state)
{
    (void)state;
    struct match_view view;
    struct uuid match = siblings();
    struct uuid ann_on_2 = office_post(&office, school, "ann", 2);
    struct notice_page page = office_inbox(&office, school, 1);
    assert_int_equal(page.count, 3); /* of child 2's own match; of the family's, for each signal */
    assert_int_equal(page.notices[0].match.kind, MATCH_CHILD);
    assert_true(same_uuid(&page.notices[1].own.id, &ann_on_1));
    assert_int_equal(page.notices[1].type, NOTICE_MATCH_JOINED);
    assert_true(same_uuid(&page.notices[2].own.id, &ann_on_2));
    assert_int_equal(page.notices[2].type, NOTICE_MATCH_FORMED);
    for (int i = 1; i < 3; i++) {
        assert_involved(page.notices[i].match.involved, page.notices[i].match.involved_count,
                        (const char *[]){"bob of 3"}, 1);
    }
    const struct notice *notice = assert_told(care, NOTICE_MATCH_JOINED, &bob_on_2);
    assert_involved(notice->match.involved, notice->match.involved_count,
                    (const char *[]){"ann of 2"}, 1);
    assert_int_equal(office_see_match(&office, school, &match, &view), 0);
    assert_int_equal(view.own_count, 2);
    assert_involved(view.involved, view.involved_count, (const char *[]){"bob of 3"}, 1);
    struct match_page matches = office_matches(&office, school, 0);
    assert_int_equal(matches.count, 2); /* each once, though she has a signal on both children */
    assert_false(same_uuid(&matches.matches[0].id, &matches.matches[1].id));
    assert_int_equal(office_matches(&office, town, 0).count, 2);
}

static void test_one_professional_is_no_match(void **state)
{
    (void)state;
    struct uuid match;
    household_relate(&office, 1, "p1");
    household_relate(&office, 2, "p1");
    office_post(&office, school, "ann", 1);
    struct uuid second = office_post(&office, school, "ann", 2);
    assert_int_equal(head_of(school), 0);
    assert_int_equal(office_status(&office).matches, 0);
    /* A colleague makes it one: everyone is told that it was formed. */
    struct uuid third = office_post(&office, school, "eve", 1);
    assert_true(household_matched(&office, 1, 2, &match));
    struct notice_page page = office_inbox(&office, school, 2); /* after child 1's own match */
    assert_int_equal(page.count, 3);
    for (int i = 0; i < 3; i++) {
        assert_int_equal(page.notices[i].type, NOTICE_MATCH_FORMED);
        assert_int_equal(page.notices[i].match.kind, MATCH_FAMILY);
    }
    /* And when she leaves, it is none again. */
    assert_int_equal(office_withdraw(&office, school, &third, WITHDRAW_ENDED), 0);
    assert_false(household_matched(&office, 1, 2, &match));
    assert_int_equal(office_status(&office).matches, 0);
    /* Of two professionals, one on each child, both remain. */
    office_post(&office, school, "eve", 1);
    assert_true(household_matched(&office, 1, 2, &match));
    assert_int_equal(office_withdraw(&office, school, &second, WITHDRAW_ENDED), 0);
    assert_false(household_matched(&office, 1, 2, &match)); /* nobody on the second child */
    household_check(&office, 4);
}

static void test_never_transitive(void **state)
{
    (void)state;
    struct uuid match;
    struct match_view view;
    household_relate(&office, 1, "p1");
    household_relate(&office, 2, "p1 p2");
    household_relate(&office, 3, "p2");
    struct uuid ann = office_post(&office, school, "ann", 1);
    struct uuid bob = office_post(&office, care, "bob", 2);
    struct uuid cleo = office_post(&office, doctor, "cleo", 3);
    assert_false(household_matched(&office, 1, 3, &match));
    assert_true(household_matched(&office, 1, 2, &match));
    assert_int_equal(office_see_match(&office, doctor, &match, &view), STORE_NOT_FOUND);
    const struct notice *notice = assert_told(school, NOTICE_MATCH_FORMED, &ann);
    assert_involved(notice->match.involved, notice->match.involved_count,
                    (const char *[]){"bob of 3"}, 1);
    notice = assert_told(doctor, NOTICE_MATCH_FORMED, &cleo);
    assert_involved(notice->match.involved, notice->match.involved_count,
                    (const char *[]){"bob of 3"}, 1);
    assert_int_equal(head_of(care), 2);
    assert_int_equal(office_matches(&office, care, 0).count, 2);
    assert_int_equal(office_status(&office).matches, 2);
    assert_int_equal(head_of(town), 2);
    assert_int_equal(family_matches_counted(), 2);
    /* Both end with the one in the middle. */
    assert_int_equal(office_withdraw(&office, care, &bob, WITHDRAW_ENDED), 0);
    assert_int_equal(office_status(&office).matches, 0);
    household_check(&office, 4);
}

static void test_quiet(void **state)
{
    (void)state;
    struct uuid match;
    struct store_signal_post op;
    household_relate(&office, 1, "p1");
    household_relate(&office, 2, "p1");
    office_post(&office, school, "ann", 1);
    office_fill_post(&office, &op, care, "bob", 2);
    op.quiet = true;
    assert_int_equal(office_run(&office, &op.op, care), 0);
    assert_true(household_matched(&office, 1, 2, &match));
    assert_int_equal(head_of(school) + head_of(care) + head_of(town), 0);
    assert_int_equal(office_matches(&office, school, 0).count, 1);
    assert_int_equal(office_matches(&office, town, 0).count, 1);
}

static void test_ends_and_forms_again(void **state)
{
    (void)state;
    struct uuid again;
    struct match_view view;
    struct uuid match = siblings();
    assert_int_equal(office_withdraw(&office, care, &bob_on_2, WITHDRAW_ENDED), 0);
    assert_int_equal(office_see_match(&office, school, &match, &view), 0);
    assert_int_equal(view.status, MATCH_ENDED);
    assert_int_equal(view.involved_count, 0);
    assert_int_equal(office_see_match(&office, care, &match, &view), STORE_NOT_FOUND);
    assert_int_equal(head_of(school), 1); /* departures are not told */
    assert_int_equal(office_status(&office).matches, 0);
    assert_int_equal(office_last_notice(&office, school)->match.involved_count, 0);

    office_advance(1000);
    bob_on_2 = office_post(&office, care, "bob", 2);
    assert_true(household_matched(&office, 1, 2, &again));
    assert_false(same_uuid(&match, &again));
    assert_memory_not_equal(match.bytes, again.bytes, MATCH_KEY_BYTES);
    assert_told(school, NOTICE_MATCH_FORMED, &ann_on_1);
    assert_told(care, NOTICE_MATCH_FORMED, &bob_on_2);
    assert_int_equal(head_of(town), 2);
    assert_int_equal(office_matches(&office, school, 0).count, 2);
    assert_int_equal(office_matches(&office, care, 0).count, 1); /* never in the first */
    assert_int_equal(office_matches(&office, school, 1u << MATCH_OPEN).count, 1);
    household_check(&office, 4);
}

static void test_departures_are_told(void **state)
{
    (void)state;
    struct uuid match = siblings();
    struct uuid eve = office_post(&office, school, "eve", 1);
    uint64_t before = head_of(care);
    assert_int_equal(office_withdraw(&office, school, &eve, WITHDRAW_ENDED), 0);
    assert_int_equal(head_of(care), before); /* it goes on, with ann */
    assert_int_equal(office_withdraw(&office, school, &ann_on_1, WITHDRAW_ENDED), 0);
    const struct notice *notice = assert_told(care, NOTICE_MATCH_ENDED, &bob_on_2);
    assert_true(same_uuid(&notice->match.id, &match));
    assert_int_equal(notice->match.involved_count, 0);
    assert_told(town, NOTICE_MATCH_ENDED, NULL);
    household_check(&office, 4);
}

/* Never beside a retraction. */
static void test_a_wrongful_signal_is_no_departure(void **state)
{
    (void)state;
    siblings();
    assert_int_equal(office_withdraw(&office, school, &ann_on_1, WITHDRAW_WRONGFUL), 0);
    assert_told(care, NOTICE_MATCH_RETRACTED, &bob_on_2);
    assert_int_equal(head_of(care), 2);
    assert_told(town, NOTICE_MATCH_RETRACTED, NULL);
    assert_int_equal(head_of(town), 2);
}

static void test_a_newcomer_opens_it_again(void **state)
{
    (void)state;
    struct match_view view;
    struct uuid match = siblings();
    household_confirm(&office, &match);
    assert_int_equal(office_see_match(&office, school, &match, &view), 0);
    assert_int_equal(view.status, MATCH_CONTACTED);
    office_post(&office, doctor, "cleo", 1);
    assert_int_equal(office_see_match(&office, school, &match, &view), 0);
    assert_int_equal(view.status, MATCH_OPEN);
}

static void test_follow_up(void **state)
{
    (void)state;
    struct match_view view;
    struct uuid match = siblings();
    office_advance_days(15);
    office_settle(&office);
    assert_int_equal(office_see_match(&office, school, &match, &view), 0);
    assert_int_equal(view.status, MATCH_STALLED);
    const struct notice *notice = assert_told(town, NOTICE_FOLLOW_UP_STALLED, NULL);
    assert_involved(notice->match.involved, notice->match.involved_count,
                    (const char *[]){"ann of 2", "bob of 3"}, 2);
    assert_int_equal(office_count_events(&office, LOG_MATCH_STALLED), 2); /* on each child */
    /* Nothing is left of it to fall due once it has ended. */
    assert_int_equal(office_withdraw(&office, care, &bob_on_2, WITHDRAW_ENDED), 0);
    office_advance_days(30);
    office_settle(&office);
    assert_int_equal(office_status(&office).set_aside, 0);
}

/* ---- retraction ---- */

static void test_retraction(void **state)
{
    (void)state;
    struct match_view view;
    struct uuid match = siblings();
    struct uuid cleo_on_2 = office_post(&office, doctor, "cleo", 2);
    uint64_t told = head_of(town);
    assert_int_equal(office_withdraw(&office, care, &bob_on_2, WITHDRAW_WRONGFUL), 0);
    const struct notice *notice = assert_told(school, NOTICE_MATCH_RETRACTED, &ann_on_1);
    assert_true(same_uuid(&notice->match.id, &match));
    assert_int_equal(notice->match.involved_count, 0);
    /* Of the child's own match as well. */
    struct notice_page page = office_inbox(&office, doctor, 2);
    assert_int_equal(page.count, 2);
    assert_int_equal(page.notices[0].match.kind, MATCH_CHILD);
    assert_int_equal(page.notices[0].type, NOTICE_MATCH_RETRACTED);
    assert_told(doctor, NOTICE_MATCH_RETRACTED, &cleo_on_2);
    assert_int_equal(head_of(town), told + 2);
    assert_told(town, NOTICE_MATCH_RETRACTED, NULL);
    assert_int_equal(office_see_match(&office, school, &match, &view), 0);
    assert_int_equal(view.status, MATCH_OPEN);
    assert_involved(view.involved, view.involved_count, (const char *[]){"cleo of 4"}, 1);
}

/* With its only signal the child's file goes, and the match: what was told of it can be read. */
static void test_retraction_of_the_only_signal(void **state)
{
    (void)state;
    struct match_view view;
    size_t ended;
    struct uuid match = siblings();
    assert_int_equal(office_withdraw(&office, care, &bob_on_2, WITHDRAW_WRONGFUL), 0);
    assert_told(school, NOTICE_MATCH_RETRACTED, &ann_on_1);
    assert_told(town, NOTICE_MATCH_RETRACTED, NULL);
    assert_int_equal(office_see_match(&office, school, &match, &view), STORE_NOT_FOUND);
    assert_int_equal(office_matches(&office, school, 0).count, 0);
    assert_int_equal(office_matches(&office, town, 0).count, 0);
    assert_int_equal(household_entries(&office, 1, &ended), 0);
    assert_int_equal(household_tied(&office, "p1"), 1);
    assert_int_equal(office_count_rows(&office, town, PARTY_MATCH_TOLD), 0);
    assert_int_equal(office_status(&office).matches, 0);
    household_check(&office, 4);
    /* Its relations went with it: it begins as if never known. */
    office_post(&office, care, "bob", 2);
    assert_false(household_matched(&office, 1, 2, &match));
}

static void test_an_archived_signal_is_retracted(void **state)
{
    (void)state;
    siblings();
    struct uuid eve_on_2 = office_post(&office, school, "eve", 2);
    assert_int_equal(office_withdraw(&office, care, &bob_on_2, WITHDRAW_ENDED), 0);
    office_advance(1000);
    struct uuid cleo_on_1 = office_post(&office, doctor, "cleo", 1);
    uint64_t doctors = head_of(doctor);
    assert_int_equal(office_withdraw(&office, care, &bob_on_2, WITHDRAW_WRONGFUL), 0);
    assert_int_equal(head_of(doctor), doctors); /* came after it had ended */
    struct notice_page page = office_inbox(&office, school, 0);
    assert_true(page.count >= 2);
    size_t found = 0;
    for (size_t i = 0; i < page.count; i++) {
        const struct notice *notice = &page.notices[i];
        if (notice->type == NOTICE_MATCH_RETRACTED && notice->match.kind == MATCH_FAMILY) {
            assert_true(same_uuid(&notice->own.id, &ann_on_1) ||
                        same_uuid(&notice->own.id, &eve_on_2));
            found++;
        }
    }
    assert_int_equal(found, 2);
    assert_false(same_uuid(&cleo_on_1, &ann_on_1));
}

/* A match that an archived signal never was in is left alone, also when the register made it. */
static void test_no_retraction_of_a_later_match(void **state)
{
    (void)state;
    struct uuid match;
    struct uuid bob_on_1 = office_post(&office, care, "bob", 1);
    office_post(&office, school, "ann", 1);
    office_post(&office, doctor, "cleo", 2);
    household_relate(&office, 1, "p1");
    assert_int_equal(office_withdraw(&office, care, &bob_on_1, WITHDRAW_ENDED), 0);
    household_relate(&office, 2, "p1");
    assert_true(household_matched(&office, 1, 2, &match));
    uint64_t doctors = head_of(doctor);
    assert_int_equal(doctors, 1);
    assert_int_equal(office_withdraw(&office, care, &bob_on_1, WITHDRAW_WRONGFUL), 0);
    assert_int_equal(head_of(doctor), doctors);
    assert_int_equal(office_last_notice(&office, school)->match.kind,
                     MATCH_CHILD); /* of that it was a part */
    assert_int_equal(office_last_notice(&office, school)->type, NOTICE_MATCH_RETRACTED);
}

/* ---- what is read is held to what stands ---- */

struct reading {
    struct arena arena;
    struct store_snapshot *snapshot;
    struct store_note_op op;
    struct log_note note;
};

static void begin_reading(struct reading *reading, const struct uuid *match)
{
    struct match_view view;
    *reading = (struct reading){.note = {.event = LOG_MATCH_READ}};
    reading->note.object_kind = LOG_OBJECT_MATCH;
    memcpy(reading->note.object, match->bytes, UUID_BYTES);
    arena_init(&reading->arena);
    assert_int_equal(store_snapshot_open(office.store, &reading->arena, &reading->snapshot), 0);
    assert_int_equal(store_get_match(reading->snapshot, school, match, &view), 0);
}

static int finish_reading(struct reading *reading)
{
    store_note_init(&reading->op);
    reading->op.count = 1;
    reading->op.notes = &reading->note;
    store_op_rely(&reading->op.op, reading->snapshot);
    store_snapshot_close(reading->snapshot);
    int result = office_run(&office, &reading->op.op, school);
    arena_finish(&reading->arena);
    return result;
}

static void test_a_reading_relies_on_both_children(void **state)
{
    (void)state;
    struct reading reading;
    struct uuid match = siblings();
    begin_reading(&reading, &match);
    assert_int_equal(finish_reading(&reading), 0);
    assert_int_equal(office_count_events(&office, LOG_MATCH_READ), 2); /* on each of the two */

    begin_reading(&reading, &match);
    struct uuid cleo = office_post(&office, doctor, "cleo", 2);
    assert_int_equal(finish_reading(&reading), STORE_STALE);

    begin_reading(&reading, &match);
    assert_int_equal(office_withdraw(&office, doctor, &cleo, WITHDRAW_ENDED), 0);
    assert_int_equal(finish_reading(&reading), STORE_STALE);

    begin_reading(&reading, &match);
    household_relate(&office, 2, "");
    assert_int_equal(finish_reading(&reading), STORE_STALE);
    assert_int_equal(office_count_events(&office, LOG_MATCH_READ), 2);
}

/* ---- no more than is kept ---- */

static void test_only_so_many_ended_matches(void **state)
{
    (void)state;
    enum { ROUNDS = 40 };
    struct uuid ids[ROUNDS];
    struct match_view view;
    size_t ended;
    household_relate(&office, 1, "p1");
    household_relate(&office, 2, "p1 p2");
    household_relate(&office, 3, "p2");
    office_post(&office, doctor, "cleo", 3);
    office_post(&office, school, "ann", 1);
    for (int i = 0; i < ROUNDS; i++) {
        office_advance(1000);
        struct uuid signal = office_post(&office, care, "bob", 2);
        assert_true(household_matched(&office, 2, i % 2 == 0 ? 1 : 3, &ids[i]));
        assert_int_equal(office_withdraw(&office, care, &signal, WITHDRAW_ENDED), 0);
    }
    /* Two at a time, one with each sibling: the oldest went from both lists. */
    assert_int_equal(household_entries(&office, 2, &ended), CHILDFILE_FAMILIES_MAXIMUM);
    assert_int_equal(ended, CHILDFILE_FAMILIES_MAXIMUM);
    assert_int_equal(household_entries(&office, 1, &ended), CHILDFILE_FAMILIES_MAXIMUM / 2);
    assert_int_equal(household_entries(&office, 3, &ended), CHILDFILE_FAMILIES_MAXIMUM / 2);
    assert_int_equal(office_see_match(&office, school, &ids[22], &view), STORE_NOT_FOUND);
    assert_int_equal(office_see_match(&office, school, &ids[24], &view), 0);
    assert_int_equal(office_matches(&office, school, 0).count, CHILDFILE_FAMILIES_MAXIMUM / 2);
    assert_int_equal(office_count_rows(&office, town, PARTY_MATCH_TOLD),
                     CHILDFILE_FAMILIES_MAXIMUM);
    household_check(&office, 4);
}

/* Everything goes with the child, and leaves nothing with its sibling. */
static void test_erasure_of_one_child(void **state)
{
    (void)state;
    struct uuid match;
    struct match_view view;
    size_t ended;
    household_relate(&office, 3, "p1 a1");
    office_post(&office, doctor, "cleo", 3);
    struct uuid first = siblings();
    assert_true(household_matched(&office, 1, 3, &match));
    assert_int_equal(household_tied(&office, "p1"), 3);
    /* Archived today, it is erased in five years; the others, archived in two, in seven. */
    assert_int_equal(office_withdraw(&office, care, &bob_on_2, WITHDRAW_ENDED), 0);
    assert_int_equal(office_see_match(&office, school, &first, &view), 0);
    office_advance_days(365 * 5 + 3);
    office_settle(&office);
    assert_int_equal(office_see_match(&office, school, &first, &view), STORE_NOT_FOUND);
    assert_int_equal(household_tied(&office, "p1"), 2);
    assert_int_equal(household_entries(&office, 1, &ended), 1);
    assert_int_equal(ended, 1); /* that with child 3 */
    household_check(&office, 4);
    office_advance_days(365 * 3);
    office_settle(&office);
    assert_int_equal(household_tied(&office, "p1"), 0);
    assert_int_equal(household_tied(&office, "a1"), 0);
    assert_int_equal(office_status(&office).signals, 0);
    assert_int_equal(office_status(&office).set_aside, 0);
    household_check(&office, 4);
}

int main(void)
{
#define RULE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        RULE(test_children_of_one_parent_match),
        RULE(test_strangers_do_not_match),
        RULE(test_a_match_of_each_kind),
        RULE(test_a_third_joins),
        RULE(test_a_professional_with_both_children),
        RULE(test_one_professional_is_no_match),
        RULE(test_never_transitive),
        RULE(test_quiet),
        RULE(test_ends_and_forms_again),
        cmocka_unit_test_setup_teardown(test_departures_are_told, setup_telling, teardown),
        cmocka_unit_test_setup_teardown(test_a_wrongful_signal_is_no_departure, setup_telling,
                                        teardown),
        RULE(test_a_newcomer_opens_it_again),
        RULE(test_follow_up),
        RULE(test_retraction),
        RULE(test_retraction_of_the_only_signal),
        RULE(test_an_archived_signal_is_retracted),
        RULE(test_no_retraction_of_a_later_match),
        RULE(test_a_reading_relies_on_both_children),
        RULE(test_only_so_many_ended_matches),
        RULE(test_erasure_of_one_child),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
