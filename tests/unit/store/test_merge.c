/* SPDX-License-Identifier: EUPL-1.2 */
/* A number that takes the place of another: both are one child from then on (domain rules 12, 13).
 */
#include "tests/unit/store/merge_fixture.h"

#include <errno.h>
#include <stdio.h>

#include "store/base/clock.h"
#include "store/child/file.h"

/* ---- matches ---- */

static void test_a_replacement_joins_two_professionals(void **state)
{
    (void)state;
    static const char *const ann[] = {"ann of 1"};
    static const char *const bob[] = {"bob of 2"};
    static const char *const both[] = {"ann of 1", "bob of 2"};
    struct uuid of_ann = office_post(&office, school, "ann", OLD);
    struct uuid of_bob = office_post(&office, care, "bob", NEW);
    assert_int_equal(office_status(&office).matches, 0);
    assert_int_equal(registrar_replaced(&office, OLD, NEW), 0);

    assert_int_equal(office_status(&office).matches, 1);
    assert_int_equal(registrar_head(&office, school), 1);
    const struct notice *notice = office_last_notice(&office, school);
    assert_int_equal(notice->type, NOTICE_MATCH_FORMED);
    assert_true(same_uuid(&notice->own.id, &of_ann));
    struct uuid match = notice->match.id;
    assert_matched(school, &match, bob, 1);
    assert_matched(care, &match, ann, 1);
    assert_matched(town, &match, both, 2);
    notice = office_last_notice(&office, care);
    assert_int_equal(notice->type, NOTICE_MATCH_FORMED);
    assert_true(same_uuid(&notice->own.id, &of_bob));
    assert_int_equal(office_last_notice(&office, town)->type, NOTICE_MATCH_FORMED);
    assert_int_equal(registrar_count_log(&office, OLD, LOG_BSN_REPLACED), 1);
    assert_int_equal(registrar_count_log(&office, NEW, LOG_BSN_REPLACED), 1);
    /* A retraction reaches the other. */
    assert_int_equal(office_withdraw(&office, school, &of_ann, WITHDRAW_WRONGFUL), 0);
    assert_int_equal(office_last_notice(&office, care)->type, NOTICE_MATCH_RETRACTED);
    assert_int_equal(office_status(&office).matches, 0);
}

static void test_the_old_number_keeps_working(void **state)
{
    (void)state;
    struct store_signal_post op;
    struct uuid of_ann = office_post(&office, school, "ann", OLD);
    struct uuid of_bob = office_post(&office, care, "bob", OLD);
    struct uuid match = office_last_notice(&office, school)->match.id;
    assert_int_equal(registrar_replaced(&office, OLD, NEW), 0);
    office_reopen(&office);
    /* What was written before is readable: nobody new, so nobody is told. */
    assert_int_equal(office_inbox(&office, school, 0).count, 1);
    assert_int_equal(office_inbox(&office, town, 0).count, 1);
    assert_int_equal(office_last_notice(&office, town)->match.involved_count, 2);
    assert_string_equal(office_last_notice(&office, school)->own.reference, "ann/1");
    /* Under either number it is the same child. */
    assert_int_equal(office_try_post(&office, &op, school, "ann", NEW), 0);
    assert_false(op.created);
    assert_true(same_uuid(&op.signal.id, &of_ann));
    assert_true(op.matched && same_uuid(&op.match, &match));
    office_post(&office, school, "amy", OLD);
    assert_matched(school, &match, (const char *const[]){"amy of 1", "ann of 1", "bob of 2"}, 3);
    assert_int_equal(office_last_notice(&office, care)->type, NOTICE_MATCH_JOINED);
    assert_int_equal(office_withdraw(&office, school, &of_ann, WITHDRAW_ENDED), 0);
    assert_int_equal(office_signals(&office, school, 1u << SIGNAL_ARCHIVED).count, 1);
    assert_int_equal(office_withdraw(&office, care, &of_bob, WITHDRAW_WRONGFUL), 0);
    assert_int_equal(office_status(&office).matches, 0);
    assert_int_equal(office_acknowledge(&office, care, registrar_head(&office, care)), 0);
}

/* The one that was told first stays; whoever comes to it is told that it was formed, the others
 * that it was joined. */
static void test_the_older_of_two_matches_stays(void **state)
{
    (void)state;
    struct match_view view;
    for (unsigned way = 0; way < 2; way++) {
        unsigned from = 10 * way + 11;
        unsigned into = 10 * way + 12;
        unsigned first = way == 0 ? from : into; /* the older one on either side */
        unsigned second = way == 0 ? into : from;
        office_post(&office, school, "ann", first);
        office_post(&office, care, "bob", first);
        struct uuid older = office_last_notice(&office, care)->match.id;
        office_advance(CLOCK_MINUTE);
        office_post(&office, school, "amy", second);
        struct uuid of_ben = office_post(&office, care, "ben", second);
        struct uuid younger = office_last_notice(&office, care)->match.id;
        uint64_t care_head = registrar_head(&office, care);
        uint64_t town_head = registrar_head(&office, town);
        size_t told = office_count_rows(&office, town, PARTY_MATCH_TOLD);
        assert_int_equal(registrar_replaced(&office, from, into), 0);

        struct notice_page page = office_inbox(&office, care, care_head);
        assert_int_equal(page.count, 2);
        for (size_t i = 0; i < page.count; i++) {
            bool is_new = same_uuid(&page.notices[i].own.id, &of_ben);
            assert_true(same_uuid(&page.notices[i].match.id, &older));
            assert_int_equal(page.notices[i].type,
                             is_new ? NOTICE_MATCH_FORMED : NOTICE_MATCH_JOINED);
            assert_int_equal(page.notices[i].match.involved_count, 3);
        }
        assert_int_equal(registrar_head(&office, town), town_head);
        assert_int_equal(office_see_match(&office, care, &younger, &view), STORE_NOT_FOUND);
        assert_int_equal(office_see_match(&office, town, &younger, &view), STORE_NOT_FOUND);
        assert_int_equal(office_see_match(&office, town, &older, &view), 0);
        assert_int_equal(view.involved_count, 4);
        assert_int_equal(office_status(&office).matches, way + 1);
        assert_int_equal(office_count_rows(&office, town, PARTY_MATCH_TOLD), told - 1);
        assert_int_equal(registrar_count_due(&office, DUE_FOLLOW_UP), way + 1);
    }
}

static struct uuid matched_and_ended(unsigned child, const char *one, const char *other)
{
    office_post(&office, school, one, child);
    struct uuid second = office_post(&office, care, other, child);
    struct uuid match = office_last_notice(&office, care)->match.id;
    assert_int_equal(office_withdraw(&office, care, &second, WITHDRAW_ENDED), 0);
    return match;
}

/* Both sides have had matches: who was in them can no longer be told. */
static void test_ended_matches_go(void **state)
{
    (void)state;
    struct match_view view;
    struct uuid of_old = matched_and_ended(OLD, "ann", "bob");
    struct uuid of_new = matched_and_ended(NEW, "amy", "ben");
    assert_int_equal(office_see_match(&office, school, &of_old, &view), 0);
    assert_int_equal(registrar_replaced(&office, OLD, NEW), 0);
    assert_int_equal(office_see_match(&office, school, &of_old, &view), STORE_NOT_FOUND);
    assert_int_equal(office_see_match(&office, school, &of_new, &view), STORE_NOT_FOUND);
    assert_int_equal(registrar_count_rows(&office, KV_MATCH), 1);
    assert_int_equal(office_count_rows(&office, town, PARTY_MATCH_TOLD), 1);
    assert_int_equal(live_matches(school), 1);
}

/* With one side only, nothing is mixed up: all stays as it was. */
static void test_ended_matches_stay_with_a_mere_number(void **state)
{
    (void)state;
    struct match_view view;
    struct uuid match = matched_and_ended(OLD, "ann", "bob");
    uint64_t head = registrar_head(&office, school);
    assert_int_equal(registrar_moved(&office, NEW, OTHER_TOWN), 0);
    assert_int_equal(registrar_replaced(&office, OLD, NEW), 0);
    assert_int_equal(office_see_match(&office, school, &match, &view), 0);
    assert_int_equal(view.status, MATCH_ENDED);
    assert_int_equal(office_see_match(&office, town, &match, &view), 0);
    assert_int_equal(registrar_head(&office, school), head);
    assert_int_equal(registrar_replaced(&office, 3, NEW), 0);
    assert_int_equal(office_see_match(&office, school, &match, &view), 0);
}

/* Whoever had left one of the two before has never met those of the other. */
static void test_who_left_before_retracts_with_nobody_new(void **state)
{
    (void)state;
    for (unsigned child = 10; child <= 30; child += 10) {
        /* A match begins with the merge, or goes on from one of the two. */
        unsigned old = child + OLD;
        unsigned new = child + NEW;
        office_post(&office, care, "bob", new);
        struct uuid of_ann = office_post(&office, school, "ann", old);
        office_post(&office, care, "ben", child == 10 ? old : new);
        if (child == 30) {
            office_post(&office, school, "amy", old);
        }
        assert_int_equal(office_withdraw(&office, school, &of_ann, WITHDRAW_ENDED), 0);
        assert_int_equal(registrar_replaced(&office, old, new), 0);
        assert_int_equal(live_matches(care), child / 10);
        uint64_t heads[] = {registrar_head(&office, school), registrar_head(&office, care)};
        assert_int_equal(office_withdraw(&office, school, &of_ann, WITHDRAW_WRONGFUL), 0);
        assert_int_equal(registrar_head(&office, school), heads[0]);
        assert_int_equal(registrar_head(&office, care), heads[1]);
        assert_int_equal(live_matches(care), child / 10);
    }
}

/* Archived signals of both sides are kept, and nobody is told of them. */
static void test_archived_signals_are_kept(void **state)
{
    (void)state;
    struct uuid ended = office_post(&office, school, "ann", OLD);
    assert_int_equal(office_withdraw(&office, school, &ended, WITHDRAW_ENDED), 0);
    struct uuid again = office_post(&office, school, "ann", NEW);
    assert_int_equal(office_withdraw(&office, school, &again, WITHDRAW_ENDED), 0);
    office_post(&office, care, "bob", NEW);
    uint64_t head = registrar_head(&office, care);
    assert_int_equal(registrar_replaced(&office, OLD, NEW), 0);
    assert_int_equal(office_signals(&office, school, 1u << SIGNAL_ARCHIVED).count, 2);
    assert_int_equal(office_status(&office).signals, 3);
    assert_int_equal(office_status(&office).matches, 0);
    assert_int_equal(registrar_head(&office, care), head);
    assert_int_equal(registrar_head(&office, school), 0);
}

/* ---- two signals of one professional ---- */

struct pair {
    struct uuid of_old;
    struct uuid of_new;
};

/* One professional has signalled under both numbers; `old_stays`: that of the old one ends later.
 */
static struct pair signal_twice(bool old_stays, const char *old_reference,
                                const char *new_reference)
{
    struct store_signal_post ops[2];
    for (unsigned i = 0; i < 2; i++) {
        office_fill_post(&office, &ops[i], school, "ann", i == 0 ? OLD : NEW);
        ops[i].reference = i == 0 ? old_reference : new_reference;
        if ((i == 0) != old_stays) {
            ops[i].birth_day = calendar_add_years(office_today(), -22); /* 23 within a year */
        }
        assert_int_equal(office_run(&office, &ops[i].op, school), 0);
    }
    return (struct pair){ops[0].signal.id, ops[1].signal.id};
}

static void test_two_signals_of_one_professional(void **state)
{
    (void)state;
    for (int old_stays = 0; old_stays < 2; old_stays++) {
        struct signal kept;
        struct signal gone;
        struct pair pair =
            signal_twice(old_stays, old_stays ? "" : "mine", old_stays ? "mine" : "");
        struct uuid *stays = old_stays ? &pair.of_old : &pair.of_new;
        struct uuid *goes = old_stays ? &pair.of_new : &pair.of_old;
        size_t merged = office_count_events(&office, LOG_SIGNAL_MERGED);
        assert_int_equal(registrar_replaced(&office, OLD, NEW), 0);
        assert_int_equal(office_status(&office).signals, 1);
        assert_int_equal(office_see_signal(&office, school, goes, &gone), STORE_NOT_FOUND);
        assert_int_equal(office_see_signal(&office, school, stays, &kept), 0);
        assert_int_equal(kept.status, SIGNAL_ACTIVE);
        assert_string_equal(kept.reference, "mine");
        assert_int_equal(office_count_events(&office, LOG_SIGNAL_MERGED), merged + 1);
        assert_int_equal(registrar_count_log(&office, OLD, LOG_SIGNAL_MERGED), merged + 1);
        /* Alone it is no match, and nobody is told. */
        assert_int_equal(registrar_head(&office, school), 0);
        assert_int_equal(office_status(&office).matches, 0);
        assert_int_equal(registrar_count_due(&office, DUE_RENEWAL_PROMPT), 1);
        /* For thirty days the one that has gone can be withdrawn. */
        assert_int_equal(office_withdraw(&office, school, goes, WITHDRAW_ENDED), 0);
        assert_int_equal(office_withdraw(&office, school, stays, WITHDRAW_WRONGFUL), 0);
        assert_int_equal(registrar_count_children(&office, CHILD_FILE), 0);
    }
}

/* The signal that stays has its own reference. */
static void test_a_reference_is_not_overwritten(void **state)
{
    (void)state;
    struct signal kept;
    struct pair pair = signal_twice(true, "first", "second");
    assert_int_equal(registrar_replaced(&office, OLD, NEW), 0);
    assert_int_equal(office_see_signal(&office, school, &pair.of_old, &kept), 0);
    assert_string_equal(kept.reference, "first");
}

/* In a match already: the one whose signal has gone is told again, for the notice went with it;
 * nobody has come to the others. */
static void test_a_professional_who_is_in_the_match(void **state)
{
    (void)state;
    static const char *const bob[] = {"bob of 2"};
    for (int old_stays = 0; old_stays < 2; old_stays++) {
        struct pair pair = signal_twice(old_stays, "", "");
        struct uuid of_bob = office_post(&office, care, "bob", OLD);
        struct uuid match = office_last_notice(&office, care)->match.id;
        uint64_t heads[] = {registrar_head(&office, school), registrar_head(&office, care)};
        assert_int_equal(registrar_replaced(&office, OLD, NEW), 0);
        assert_int_equal(registrar_head(&office, care), heads[1]);
        assert_int_equal(registrar_head(&office, school), heads[0] + (old_stays ? 0 : 1));
        const struct notice *notice = office_last_notice(&office, school);
        assert_int_equal(notice->type, NOTICE_MATCH_FORMED);
        assert_true(same_uuid(&notice->own.id, old_stays ? &pair.of_old : &pair.of_new));
        assert_true(same_uuid(&notice->match.id, &match));
        assert_matched(school, &match, bob, 1);
        assert_int_equal(office_status(&office).matches, 1);
        assert_int_equal(office_withdraw(&office, care, &of_bob, WITHDRAW_WRONGFUL), 0);
        assert_int_equal(registrar_died(&office, NEW), 0);
    }
}

/* Contact had been made: with somebody new it has to be made again, with a mere second signal of
 * one of them not. */
static void test_contact_with_whoever_is_new(void **state)
{
    (void)state;
    struct store_confirm_contact op;
    struct match_view view;
    office_post(&office, school, "ann", OLD);
    office_post(&office, care, "bob", OLD);
    struct uuid match = office_last_notice(&office, care)->match.id;
    store_confirm_contact_init(&op);
    op.match = match;
    op.professional = "ann";
    assert_int_equal(office_run(&office, &op.op, school), 0);
    office_post(&office, school, "ann", NEW);
    assert_int_equal(registrar_replaced(&office, OLD, NEW), 0);
    assert_int_equal(office_see_match(&office, care, &match, &view), 0);
    assert_int_equal(view.status, MATCH_CONTACTED);
    office_advance_days(1);
    office_post(&office, school, "amy", 3);
    assert_int_equal(registrar_replaced(&office, 3, NEW), 0);
    assert_int_equal(office_see_match(&office, care, &match, &view), 0);
    assert_int_equal(view.status, MATCH_OPEN);
    assert_int_equal(registrar_count_due(&office, DUE_FOLLOW_UP), 1);
}

/* ---- numbers ---- */

static size_t log_size(void)
{
    return (size_t)office_status(&office).log_size;
}

static void test_told_before(void **state)
{
    (void)state;
    office_post(&office, school, "ann", OLD);
    office_post(&office, care, "bob", NEW);
    assert_int_equal(registrar_replaced(&office, OLD, OLD), 0);
    assert_int_equal(registrar_count_log(&office, OLD, LOG_BSN_REPLACED), 1);
    assert_int_equal(registrar_replaced(&office, 7, 7), 0); /* nobody knows it */
    assert_int_equal(registrar_count_children(&office, CHILD_FILE), 2);
    assert_int_equal(registrar_replaced(&office, OLD, NEW), 0);
    uint64_t head = registrar_head(&office, school);
    size_t before = log_size();
    assert_int_equal(registrar_replaced(&office, OLD, NEW), 0);
    assert_int_equal(registrar_assigned(&office, NEW, OLD), 0);
    assert_int_equal(log_size(), before + 2);
    assert_int_equal(registrar_head(&office, school), head);
    assert_int_equal(registrar_count_children(&office, CHILD_FILE), 2);
    assert_int_equal(registrar_count_log(&office, NEW, LOG_BSN_ASSIGNED), 1);
}

/* Known or not, in whichever order it arrives. */
static void test_unknown_numbers(void **state)
{
    (void)state;
    /* Both: a file waits, and both numbers lead to it. */
    assert_int_equal(registrar_replaced(&office, OLD, NEW), 0);
    assert_int_equal(registrar_count_children(&office, CHILD_FILE), 2);
    office_post(&office, school, "ann", OLD);
    office_post(&office, care, "bob", NEW);
    assert_int_equal(live_matches(school), 1);
    /* The old one: whoever signals under it later joins. */
    assert_int_equal(registrar_replaced(&office, 3, NEW), 0);
    office_post(&office, school, "amy", 3);
    assert_int_equal(live_matches(school), 1);
    assert_int_equal(office_status(&office).matches, 1);
    /* The new one: the child goes on under it. */
    assert_int_equal(registrar_replaced(&office, NEW, 4), 0);
    office_post(&office, care, "ben", 4);
    assert_int_equal(office_status(&office).matches, 1);
    struct match_page page = office_matches(&office, care, 0);
    assert_int_equal(page.count, 1);
    assert_int_equal(page.matches[0].own_count, 2);
    assert_int_equal(registrar_count_children(&office, CHILD_FILE), 4);
}

static void test_a_name_that_gets_a_number(void **state)
{
    (void)state;
    office_post(&office, school, "ann", OLD); /* by name, birth date and sex */
    office_post(&office, care, "bob", NEW);
    assert_int_equal(registrar_assigned(&office, OLD, NEW), 0);
    assert_int_equal(live_matches(school), 1);
    assert_int_equal(registrar_count_log(&office, OLD, LOG_BSN_ASSIGNED), 1);
    assert_int_equal(registrar_count_log(&office, OLD, LOG_BSN_REPLACED), 0);
}

/* Each older number leads to the last one; there is an end to how many. */
static void test_a_chain_of_numbers(void **state)
{
    (void)state;
    enum { NUMBERS = CHILDFILE_ALIASES_MAXIMUM + 1 };
    struct uuid first = office_post(&office, school, "ann", 1);
    for (unsigned number = 1; number < NUMBERS; number++) {
        assert_int_equal(registrar_replaced(&office, number, number + 1), 0);
    }
    assert_int_equal(registrar_count_children(&office, CHILD_FILE), NUMBERS);
    size_t before = log_size();
    assert_int_equal(registrar_replaced(&office, NUMBERS, NUMBERS + 1), STORE_TOO_MANY);
    assert_int_equal(registrar_replaced(&office, NUMBERS + 1, 1), STORE_TOO_MANY);
    assert_int_equal(log_size(), before + 2); /* refused */
    assert_int_equal(registrar_count_children(&office, CHILD_FILE), NUMBERS);
    for (unsigned number = 1; number <= NUMBERS; number++) {
        struct store_signal_post op;
        assert_int_equal(office_try_post(&office, &op, school, "ann", number), 0);
        assert_false(op.created);
        assert_true(same_uuid(&op.signal.id, &first));
    }
    /* Whatever was logged under one of them is found under all. */
    size_t entries = registrar_count_log(&office, 1, 0);
    assert_int_equal(entries, 1 + (NUMBERS - 1) + NUMBERS);
    for (unsigned number = 2; number <= NUMBERS; number++) {
        assert_int_equal(registrar_count_log(&office, number, 0), entries);
    }
    assert_int_equal(office_withdraw(&office, school, &first, WITHDRAW_WRONGFUL), 0);
    assert_int_equal(registrar_count_children(&office, CHILD_FILE), 0);
}

/* The history of both, whichever number is asked for, and years later too. */
static void test_the_log_knows_both(void **state)
{
    (void)state;
    office_post(&office, school, "ann", OLD);
    office_post(&office, care, "bob", NEW);
    assert_int_equal(registrar_replaced(&office, OLD, NEW), 0);
    assert_int_equal(registrar_count_log(&office, OLD, 0), 3);
    assert_int_equal(registrar_count_log(&office, NEW, 0), 3);
    office_index(&office);
    assert_int_equal(registrar_count_log(&office, OLD, LOG_SIGNAL_POSTED), 2);
    assert_int_equal(registrar_count_log(&office, NEW, LOG_SIGNAL_POSTED), 2);
}

static void note_on(unsigned child)
{
    struct log_note note = {.event = LOG_SIGNAL_READ, .has_subject = true};
    note.subject = office_child(&office, child).key;
    office_note(&office, care, &note);
}

/* Names in the log go when the last entry is old; but not of a number that leads to a file. */
static void test_the_log_knows_both_after_silence(void **state)
{
    (void)state;
    assert_int_equal(registrar_replaced(&office, OLD, NEW), 0);
    office_advance_days(366 * 6);
    office_settle(&office);
    registrar_turn(&office);
    note_on(NEW);
    note_on(OLD);
    assert_int_equal(registrar_count_log(&office, OLD, LOG_SIGNAL_READ), 2);
    assert_int_equal(registrar_count_log(&office, NEW, LOG_SIGNAL_READ), 2);
}

/* And when there is no file any more, those of all numbers go at once. */
static void test_the_log_knows_both_to_the_end(void **state)
{
    (void)state;
    assert_int_equal(registrar_replaced(&office, OLD, NEW), 0);
    office_advance_days(366 * 4);
    office_settle(&office);
    note_on(NEW);
    assert_int_equal(registrar_died(&office, NEW), 0);
    office_advance_days(366 * 2);
    office_settle(&office);
    registrar_turn(&office);
    assert_int_equal(registrar_count_log(&office, OLD, LOG_PERSON_DIED), 1);
    assert_int_equal(registrar_count_log(&office, NEW, LOG_SIGNAL_READ), 1);
    office_advance_days(366 * 4);
    office_settle(&office);
    registrar_turn(&office);
    assert_int_equal(registrar_count_children(&office, CHILD_SUBJECT), 0);
}

/* ---- what goes along ---- */

/* A residence and a parent that were told under one number are the child's. */
static void test_residence_and_relations_go_along(void **state)
{
    (void)state;
    struct registrar_relations parent = {1, {501}, 0, false};
    uint32_t other = office_municipality(&office, OTHER_TOWN);
    assert_int_equal(registrar_related(&office, OLD, &parent), 0);
    assert_int_equal(registrar_related(&office, 5, &parent), 0);
    office_post(&office, care, "bob", 5);
    office_post(&office, school, "ann", OLD);
    assert_int_equal(office_status(&office).matches, 1); /* of the family */
    assert_int_equal(registrar_head(&office, other), 0);
    assert_int_equal(registrar_moved(&office, NEW, OTHER_TOWN), 0);
    uint64_t heads[] = {registrar_head(&office, school), registrar_head(&office, care)};
    assert_int_equal(registrar_replaced(&office, OLD, NEW), 0);
    assert_int_equal(office_status(&office).matches, 1);
    assert_int_equal(registrar_head(&office, school), heads[0]);
    assert_int_equal(registrar_head(&office, care), heads[1]);
    /* Whose follow-up it is now has been told. */
    const struct notice *notice = office_last_notice(&office, other);
    assert_int_equal(notice->type, NOTICE_MATCH_FORMED);
    assert_int_equal(notice->match.kind, MATCH_FAMILY);
    office_post(&office, school, "amy", NEW);
    assert_int_equal(registrar_head(&office, other), 2);
    assert_int_equal(office_last_notice(&office, other)->match.kind, MATCH_CHILD);
    /* Taken away under the new number, it is taken away. */
    assert_int_equal(registrar_related(&office, NEW, &(struct registrar_relations){0}), 0);
    assert_int_equal(office_status(&office).matches, 1);
    assert_int_equal(registrar_count_children(&office, CHILD_TIE), 1);
}

/* The new number's residence, or, when that has not been told, the old one's. */
static void test_which_residence(void **state)
{
    (void)state;
    uint32_t other = office_municipality(&office, OTHER_TOWN);
    assert_int_equal(registrar_moved(&office, OLD, OTHER_TOWN), 0);
    assert_int_equal(registrar_replaced(&office, OLD, NEW), 0);
    office_post(&office, school, "ann", NEW);
    office_post(&office, care, "bob", NEW);
    assert_int_equal(registrar_head(&office, other), 1);
    assert_int_equal(registrar_head(&office, town), 0);
    assert_int_equal(registrar_moved(&office, 3, OFFICE_TOWN), 0);
    assert_int_equal(registrar_replaced(&office, NEW, 3), 0);
    assert_int_equal(registrar_head(&office, other), 1);
    assert_int_equal(office_last_notice(&office, town)->type, NOTICE_MATCH_FORMED);
    assert_int_equal(office_matches(&office, town, 0).count, 1);
    assert_int_equal(office_matches(&office, other, 0).count, 0);
}

/* Two children of a family who were one all along: a child is not its own family. */
static void test_siblings_who_are_one(void **state)
{
    (void)state;
    struct registrar_relations parent = {1, {501}, 0, false};
    assert_int_equal(registrar_related(&office, OLD, &parent), 0);
    assert_int_equal(registrar_related(&office, NEW, &parent), 0);
    office_post(&office, school, "ann", OLD);
    office_post(&office, care, "bob", NEW);
    assert_int_equal(office_last_notice(&office, care)->match.kind, MATCH_FAMILY);
    assert_int_equal(registrar_replaced(&office, OLD, NEW), 0);
    assert_int_equal(office_last_notice(&office, care)->match.kind, MATCH_CHILD);
    assert_int_equal(office_status(&office).matches, 1);
    assert_int_equal(registrar_count_rows(&office, KV_MATCH), 1);
    assert_int_equal(registrar_died(&office, OLD), 0);
    assert_int_equal(registrar_count_children(&office, CHILD_FILE), 0);
    assert_int_equal(registrar_count_children(&office, CHILD_TIE), 0);
    assert_int_equal(office_status(&office).matches, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
        TEST(test_a_replacement_joins_two_professionals),
        TEST(test_the_old_number_keeps_working),
        TEST(test_the_older_of_two_matches_stays),
        TEST(test_ended_matches_go),
        TEST(test_ended_matches_stay_with_a_mere_number),
        TEST(test_who_left_before_retracts_with_nobody_new),
        TEST(test_archived_signals_are_kept),
        TEST(test_two_signals_of_one_professional),
        TEST(test_a_reference_is_not_overwritten),
        TEST(test_a_professional_who_is_in_the_match),
        TEST(test_contact_with_whoever_is_new),
        TEST(test_told_before),
        TEST(test_unknown_numbers),
        TEST(test_a_name_that_gets_a_number),
        TEST(test_a_chain_of_numbers),
        TEST(test_the_log_knows_both),
        TEST(test_the_log_knows_both_after_silence),
        TEST(test_the_log_knows_both_to_the_end),
        TEST(test_residence_and_relations_go_along),
        TEST(test_which_residence),
        TEST(test_siblings_who_are_one),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
