/* SPDX-License-Identifier: EUPL-1.2 */
/* Deaths, moves and relations, as the population register tells them, and how long what it tells of
 * a child without signals waits (domain rules 9, 14; Jeugdwet 7.1.2.3(1)d-g). */
#include "tests/unit/store/pair_fixture.h"

#include <errno.h>

#include "store/base/clock.h"
#include "store/child/file.h"
#include "store/tx.h"
#include "tests/unit/store/registrar.h"

#define OTHER_TOWN 362
#define WAIT_DAYS 31

static uint32_t town;

static int setup(void **state)
{
    (void)state;
    open_pair(true); /* some tests make its engine fail */
    town = office_municipality(&office, OFFICE_TOWN);
    office_hire(&office, school, "amy");
    return 0;
}

static void go_to(int32_t day)
{
    office_advance(calendar_dutch_midnight(day) - clock_now());
    office_settle(&office);
}

/* ---- death ---- */

static void assert_nothing_left(void)
{
    assert_int_equal(office_status(&office).signals, 0);
    assert_int_equal(office_status(&office).matches, 0);
    assert_int_equal(registrar_count_children(&office, CHILD_FILE), 0);
    assert_int_equal(registrar_count_children(&office, CHILD_TIE), 0);
    assert_int_equal(registrar_count_rows(&office, KV_MATCH), 0);
    assert_int_equal(registrar_count_due(&office, DUE_SIGNAL_REMOVAL), 0);
    assert_int_equal(registrar_count_due(&office, DUE_SIGNAL_ERASURE), 0);
    assert_int_equal(registrar_count_due(&office, DUE_RENEWAL_PROMPT), 0);
    assert_int_equal(registrar_count_due(&office, DUE_FOLLOW_UP), 0);
    assert_int_equal(office_count_rows(&office, town, PARTY_MATCH_TOLD), 0);
}

static void test_a_death_erases_at_once(void **state)
{
    (void)state;
    struct checkpoint_vkey vkey = verify_key(office.keys, OFFICE_ORIGIN);
    struct registrar_relations relations = {1, {501}, 502, false};
    struct uuid archived = office_post(&office, school, "ann", 1);
    struct uuid live = office_post(&office, school, "amy", 1);
    office_post(&office, care, "bob", 1);
    assert_int_equal(office_withdraw(&office, school, &archived, WITHDRAW_ENDED), 0);
    assert_int_equal(registrar_related(&office, 1, &relations), 0);
    assert_int_equal(registrar_moved(&office, 1, OTHER_TOWN), 0);
    assert_int_equal(registrar_replaced(&office, 2, 1), 0);
    assert_int_equal(registrar_count_children(&office, CHILD_FILE), 2);
    assert_int_equal(registrar_count_children(&office, CHILD_TIE), 2);
    uint64_t heads[] = {registrar_head(&office, school), registrar_head(&office, care),
                        registrar_head(&office, town)};
    assert_true(heads[0] > 0 && heads[1] > 0 && heads[2] > 0);

    assert_int_equal(registrar_died(&office, 1), 0);
    assert_nothing_left();
    /* Nobody is told, and what they were told before is gone. */
    assert_int_equal(registrar_head(&office, school), heads[0]);
    assert_int_equal(registrar_head(&office, care), heads[1]);
    assert_int_equal(registrar_head(&office, town), heads[2]);
    assert_int_equal(office_inbox(&office, school, 0).count, 0);
    assert_int_equal(office_inbox(&office, town, 0).count, 0);
    assert_int_equal(office_signals(&office, school, 0).count, 0);
    assert_int_equal(registrar_count_log(&office, 1, LOG_SIGNAL_ERASED), 3);
    assert_int_equal(registrar_count_log(&office, 1, LOG_PERSON_DIED), 1);
    assert_int_equal(registrar_count_log(&office, 2, LOG_PERSON_DIED), 1);
    /* For thirty days it is known that they are gone. */
    assert_int_equal(office_withdraw(&office, school, &archived, WITHDRAW_ENDED), 0);
    assert_int_equal(office_withdraw(&office, school, &live, WITHDRAW_WRONGFUL), 0);
    verify_log(office.store, &vkey);
}

/* The register never learns whether a child is known; the log tells what it told. */
static void test_a_death_of_an_unknown_child(void **state)
{
    (void)state;
    struct store_person_event op;
    uint32_t register_party = office_admit(&office, PARTY_REGISTRY, 0);
    registrar_fill(&office, &op, PERSON_DIED, 1, 1);
    assert_int_equal(office_run(&office, &op.op, register_party), 0);
    assert_true(op.op.logged);
    assert_nothing_left();
    assert_int_equal(registrar_count_rows(&office, KV_DUE),
                     registrar_count_due(&office, DUE_AGREEMENT_END) +
                         registrar_count_due(&office, DUE_LOG_END));
    struct log_query query = office_any_entry();
    query.event = LOG_PERSON_DIED;
    query.party = office_oin(register_party);
    query.has_subject = true;
    query.subject = office_child(&office, 1).key;
    struct log_page page = office_log(&office, &query);
    assert_int_equal(page.count, 1);
    assert_int_equal(page.entries[0].index, op.op.log_index);
}

/* What waits for a child goes too. */
static void test_a_death_of_a_child_without_signals(void **state)
{
    (void)state;
    struct registrar_relations relations = {2, {501, 502}, 503, true};
    assert_int_equal(registrar_related(&office, 1, &relations), 0);
    assert_int_equal(registrar_count_children(&office, CHILD_FILE), 1);
    assert_int_equal(registrar_count_children(&office, CHILD_TIE), 3);
    assert_int_equal(registrar_died(&office, 1), 0);
    assert_nothing_left();
    go_to(office_today() + WAIT_DAYS);
    assert_int_equal(registrar_count_due(&office, DUE_REGISTRY_END), 0);
    assert_int_equal(office_count_events(&office, LOG_REGISTRY_DATA_ERASED), 0);
}

static void test_a_death_with_hundreds_of_signals(void **state)
{
    (void)state;
    unsigned count = OFFICE_SCALE(REGISTRAR_STAFF_MAXIMUM, 60);
    struct checkpoint_vkey vkey = verify_key(office.keys, OFFICE_ORIGIN);
    registrar_hire_staff(&office, school, count);
    registrar_staff_signals(&office, school, count, 1, false);
    registrar_staff_signals(&office, school, count, 1, false);
    registrar_staff_signals(&office, school, count, 1, true);
    office_post(&office, care, "bob", 2);
    assert_int_equal(office_status(&office).signals, 3 * count + 1);
    uint64_t before = office_status(&office).log_size;
    assert_int_equal(registrar_died(&office, 1), 0);
    assert_int_equal(office_status(&office).signals, 1);
    assert_int_equal(office_status(&office).matches, 0);
    assert_int_equal(office_status(&office).log_size, before + 3 * count + 1);
    assert_int_equal(office_count_rows(&office, school, PARTY_SIGNAL), 0);
    assert_int_equal(office_count_rows(&office, school, PARTY_TOMBSTONE), 3 * count);
    assert_int_equal(registrar_count_children(&office, CHILD_FILE), 1);
    assert_int_equal(registrar_count_due(&office, DUE_TOMBSTONE_END), 3 * count);
    assert_int_equal(verify_log(office.store, &vkey), before + 3 * count + 1);
}

/* ---- moves ---- */

static void assert_moved(const struct notice *notice, const struct uuid *own, uint16_t to)
{
    assert_int_equal(notice->type, NOTICE_YOUTH_MOVED);
    assert_int_equal(notice->municipality, to);
    assert_int_equal(notice->has_own, own != NULL);
    if (own != NULL) {
        assert_true(same_uuid(&notice->own.id, own));
        assert_false(notice->has_match);
    }
}

static void test_a_move_is_told_to_the_reporters(void **state)
{
    (void)state;
    struct uuid live = office_post(&office, school, "ann", 1);
    struct uuid archived = office_post(&office, care, "bob", 1);
    assert_int_equal(office_withdraw(&office, care, &archived, WITHDRAW_ENDED), 0);
    uint64_t heads[] = {registrar_head(&office, school), registrar_head(&office, care)};
    uint64_t town_head = registrar_head(&office, town);
    uint32_t other = office_municipality(&office, OTHER_TOWN);

    assert_int_equal(registrar_moved(&office, 1, OTHER_TOWN), 0);
    assert_int_equal(registrar_head(&office, school), heads[0] + 1);
    assert_moved(office_last_notice(&office, school), &live, OTHER_TOWN);
    assert_int_equal(registrar_head(&office, care), heads[1]);
    assert_int_equal(registrar_head(&office, other), 0); /* there is no match */
    assert_int_equal(registrar_head(&office, town), town_head);
    /* Told again, nothing has moved. */
    assert_int_equal(registrar_moved(&office, 1, OTHER_TOWN), 0);
    assert_int_equal(registrar_head(&office, school), heads[0] + 1);
    assert_int_equal(registrar_count_log(&office, 1, LOG_PERSON_MOVED), 2);
}

/* The new municipality is told of an open match, and follows it up from then on. */
static void test_a_move_takes_the_match_along(void **state)
{
    (void)state;
    static const char *const both[] = {"ann of 1", "bob of 2"};
    struct match_view view;
    uint32_t other = office_municipality(&office, OTHER_TOWN);
    office_post(&office, school, "ann", 1);
    office_post(&office, care, "bob", 1);
    struct uuid match = office_last_notice(&office, town)->match.id;
    assert_int_equal(office_see_match(&office, other, &match, &view), STORE_NOT_FOUND);

    assert_int_equal(registrar_moved(&office, 1, OTHER_TOWN), 0);
    const struct notice *notice = office_last_notice(&office, other);
    assert_moved(notice, NULL, OTHER_TOWN);
    assert_true(same_uuid(&notice->match.id, &match));
    assert_involved(notice->match.involved, notice->match.involved_count, both, 2);
    assert_int_equal(office_see_match(&office, other, &match, &view), 0);
    assert_int_equal(office_matches(&office, other, 0).count, 1);
    assert_int_equal(office_see_match(&office, town, &match, &view), STORE_NOT_FOUND);
    assert_int_equal(office_matches(&office, town, 0).count, 0);
    /* Who joins is told by the same rule: the new municipality has been told of this match. */
    office_post(&office, school, "amy", 1);
    assert_int_equal(registrar_head(&office, other), 1);
    /* And back: told of the move, and it sees the match again. */
    assert_int_equal(registrar_moved(&office, 1, OFFICE_TOWN), 0);
    assert_moved(office_last_notice(&office, town), NULL, OFFICE_TOWN);
    assert_int_equal(office_see_match(&office, town, &match, &view), 0);
    assert_int_equal(office_count_rows(&office, town, PARTY_MATCH_TOLD), 1);
    assert_int_equal(office_count_rows(&office, other, PARTY_MATCH_TOLD), 1);
}

/* It has not joined: the signals' municipality goes on. */
static void test_a_move_to_a_municipality_that_has_not_joined(void **state)
{
    (void)state;
    struct match_view view;
    office_post(&office, school, "ann", 1);
    office_post(&office, care, "bob", 1);
    struct uuid match = office_last_notice(&office, town)->match.id;
    assert_int_equal(registrar_moved(&office, 1, OTHER_TOWN), 0);
    assert_int_equal(office_last_notice(&office, school)->type, NOTICE_YOUTH_MOVED);
    assert_int_equal(office_see_match(&office, town, &match, &view), 0);
}

/* The family match is the new municipality's too. */
static void test_a_move_takes_a_family_match_along(void **state)
{
    (void)state;
    struct registrar_relations parent = {1, {501}, 0, false};
    struct match_view view;
    uint32_t other = office_municipality(&office, OTHER_TOWN);
    for (unsigned child = 1; child <= 2; child++) {
        assert_int_equal(registrar_related(&office, child, &parent), 0);
    }
    office_post(&office, school, "ann", 1);
    office_post(&office, care, "bob", 2);
    const struct notice *notice = office_last_notice(&office, town);
    assert_int_equal(notice->match.kind, MATCH_FAMILY);
    struct uuid match = notice->match.id;
    assert_int_equal(registrar_moved(&office, 1, OTHER_TOWN), 0);
    notice = office_last_notice(&office, other);
    assert_moved(notice, NULL, OTHER_TOWN);
    assert_int_equal(notice->match.kind, MATCH_FAMILY);
    assert_true(same_uuid(&notice->match.id, &match));
    assert_int_equal(office_see_match(&office, other, &match, &view), 0);
    assert_int_equal(view.involved_count, 2);
    /* The other child still lives in the old one. */
    assert_int_equal(office_see_match(&office, town, &match, &view), 0);
}

/* Told before the signals came. */
static void test_the_residence_decides_who_follows_up(void **state)
{
    (void)state;
    uint32_t other = office_municipality(&office, OTHER_TOWN);
    assert_int_equal(registrar_moved(&office, 1, OTHER_TOWN), 0);
    office_post(&office, school, "ann", 1);
    assert_int_equal(registrar_head(&office, school), 0);
    office_post(&office, care, "bob", 1);
    assert_int_equal(office_last_notice(&office, other)->type, NOTICE_MATCH_FORMED);
    assert_int_equal(registrar_head(&office, town), 0);
    /* A child with signals waits for nothing. */
    go_to(office_today() + WAIT_DAYS + 1);
    assert_int_equal(office_count_events(&office, LOG_REGISTRY_DATA_ERASED), 0);
    assert_int_equal(registrar_count_due(&office, DUE_REGISTRY_END), 0);
    assert_int_equal(office_matches(&office, other, 0).count, 1);
}

/* ---- waiting ---- */

static void test_what_waits_has_an_end(void **state)
{
    (void)state;
    struct registrar_relations relations = {1, {501}, 502, false};
    int32_t today = office_today();
    assert_int_equal(registrar_moved(&office, 1, OTHER_TOWN), 0);
    assert_int_equal(registrar_count_due(&office, DUE_REGISTRY_END), 1);
    assert_int_equal(registrar_moved(&office, 1, OFFICE_TOWN), 0);
    assert_int_equal(registrar_count_due(&office, DUE_REGISTRY_END), 1); /* the same day */
    go_to(today + 10);
    assert_int_equal(registrar_related(&office, 1, &relations), 0);
    assert_true(registrar_count_due(&office, DUE_REGISTRY_END) > 0);
    go_to(today + WAIT_DAYS);
    assert_int_equal(registrar_count_children(&office, CHILD_FILE), 1); /* prolonged */
    office_reopen(&office);
    office_advance(calendar_dutch_midnight(today + 10 + WAIT_DAYS) - CLOCK_MINUTE - clock_now());
    office_settle(&office);
    assert_int_equal(registrar_count_children(&office, CHILD_FILE), 1);
    go_to(today + 10 + WAIT_DAYS);
    assert_nothing_left();
    assert_int_equal(registrar_count_due(&office, DUE_REGISTRY_END), 0);
    assert_int_equal(registrar_count_log(&office, 1, LOG_REGISTRY_DATA_ERASED), 1);
    assert_int_equal(registrar_count_log(&office, 1, 0), 4);
}

/* A replaced number waits until nobody can be reported under it; a later event never shortens. */
static void test_numbers_wait_until_the_age_limit(void **state)
{
    (void)state;
    struct registrar_relations relations = {1, {501}, 502, false};
    int32_t end = calendar_add_years(office_today(), 23);
    assert_int_equal(registrar_replaced(&office, 1, 2), 0);
    assert_int_equal(registrar_moved(&office, 1, OTHER_TOWN), 0);
    assert_int_equal(registrar_related(&office, 2, &relations), 0);
    assert_int_equal(registrar_count_due(&office, DUE_REGISTRY_END), 2);
    go_to(end - 1);
    assert_int_equal(registrar_count_children(&office, CHILD_FILE), 2);
    go_to(end);
    assert_nothing_left();
    assert_int_equal(registrar_count_log(&office, 1, LOG_REGISTRY_DATA_ERASED), 2);
}

static struct child_file load_file(unsigned number)
{
    struct office_child child = office_child(&office, number);
    struct arena arena;
    struct store_view view = {.keys = office.keys, .arena = &arena};
    struct child_file file;
    arena_init(&arena);
    assert_int_equal(kv_begin(office.kv, KV_READ, &view.kv), 0);
    assert_int_equal(child_file_load(&view, &child.key, &file), 0);
    kv_abort(view.kv);
    arena_finish(&arena);
    return file;
}

/* Where a child lives, and with whom, goes after the term, though its numbers wait on. */
static void test_what_was_told_goes_before_the_numbers(void **state)
{
    (void)state;
    struct registrar_relations relations = {1, {501}, 502, false};
    int32_t today = office_today();
    assert_int_equal(registrar_moved(&office, 1, OTHER_TOWN), 0);
    assert_int_equal(registrar_related(&office, 2, &relations), 0);
    go_to(today + 10);
    assert_int_equal(registrar_replaced(&office, 1, 2), 0);
    assert_int_equal(registrar_count_children(&office, CHILD_TIE), 2);
    go_to(today + WAIT_DAYS - 1);
    assert_int_equal(load_file(1).residence, OTHER_TOWN);
    assert_int_equal(load_file(1).tie_count, 2);
    registrar_turn(&office);
    go_to(today + WAIT_DAYS);
    assert_int_equal(load_file(1).residence, 0);
    assert_int_equal(load_file(1).tie_count, 0);
    assert_int_equal(load_file(1).alias_count, 1);
    assert_int_equal(registrar_count_children(&office, CHILD_TIE), 0);
    assert_int_equal(registrar_count_log(&office, 1, LOG_REGISTRY_DATA_ERASED), 1);
    /* The register tells again, and that waits for its own term. */
    assert_int_equal(registrar_related(&office, 1, &relations), 0);
    assert_int_equal(registrar_count_children(&office, CHILD_TIE), 2);
    go_to(today + 2 * WAIT_DAYS);
    assert_int_equal(registrar_count_children(&office, CHILD_TIE), 0);
    assert_int_equal(registrar_count_log(&office, 2, LOG_REGISTRY_DATA_ERASED), 2);
    /* The numbers are one child still. */
    office_post(&office, school, "ann", 1);
    office_post(&office, care, "bob", 2);
    assert_int_equal(office_status(&office).matches, 1);
}

/* No term: nothing is kept of a child without signals, but numbers are. */
static void test_no_waiting(void **state)
{
    (void)state;
    struct registrar_relations relations = {1, {501}, 502, false};
    struct registrar_relations none = {0};
    assert_int_equal(registrar_related(&office, 2, &none), 0); /* there is nothing to keep */
    assert_int_equal(registrar_count_children(&office, CHILD_FILE), 0);
    assert_int_equal(registrar_related(&office, 3, &relations), 0);
    registrar_reopen(&office, 0);
    assert_int_equal(registrar_moved(&office, 1, OTHER_TOWN), 0);
    assert_int_equal(registrar_related(&office, 1, &relations), 0);
    assert_int_equal(registrar_count_children(&office, CHILD_FILE), 1);
    assert_int_equal(registrar_count_log(&office, 1, 0), 2);
    /* What waits already loses what it had, and gains nothing. */
    assert_int_equal(registrar_related(&office, 3, &relations), 0);
    assert_int_equal(registrar_count_children(&office, CHILD_TIE), 0);
    assert_int_equal(registrar_replaced(&office, 1, 2), 0);
    assert_int_equal(registrar_moved(&office, 2, OTHER_TOWN), 0);
    assert_int_equal(registrar_count_children(&office, CHILD_FILE), 3);
    uint32_t other = office_municipality(&office, OTHER_TOWN);
    office_post(&office, school, "ann", 1);
    office_post(&office, care, "bob", 2);
    assert_int_equal(registrar_head(&office, other), 0);
    assert_int_equal(registrar_head(&office, town), 1);
}

/* Erased with the last signal, and not what waits for. */
static void test_the_last_signal_takes_all_along(void **state)
{
    (void)state;
    struct registrar_relations relations = {1, {501}, 502, false};
    assert_int_equal(registrar_replaced(&office, 1, 2), 0);
    assert_int_equal(registrar_related(&office, 1, &relations), 0);
    struct uuid id = office_post(&office, school, "ann", 1);
    assert_int_equal(office_withdraw(&office, school, &id, WITHDRAW_WRONGFUL), 0);
    assert_nothing_left();
    /* The row that was put for the file of before does nothing to the one of now. */
    go_to(calendar_add_years(office_today(), 23) - 5);
    assert_int_equal(registrar_moved(&office, 2, OTHER_TOWN), 0);
    go_to(office_today() + 10);
    assert_int_equal(registrar_count_children(&office, CHILD_FILE), 1);
}

/* ---- the turn of the epoch key ---- */

static void test_waiting_outlives_a_turn(void **state)
{
    (void)state;
    int32_t today = office_today();
    for (unsigned child = 1; child <= 3; child++) {
        assert_int_equal(registrar_moved(&office, child, OTHER_TOWN), 0);
    }
    assert_int_equal(registrar_died(&office, 2), 0);
    office_post(&office, school, "ann", 3);
    go_to(today + 1);
    assert_int_equal(registrar_moved(&office, 1, OFFICE_TOWN), 0);
    /* Of the dead child, of the one with a signal, and of the earlier day there is none left. */
    registrar_turn(&office);
    assert_int_equal(registrar_count_due(&office, DUE_REGISTRY_END), 1);
    registrar_turn(&office);
    assert_int_equal(registrar_count_due(&office, DUE_REGISTRY_END), 1);
    office_reopen(&office);
    go_to(today + 1 + WAIT_DAYS);
    assert_int_equal(registrar_count_log(&office, 1, LOG_REGISTRY_DATA_ERASED), 1);
    assert_int_equal(registrar_count_children(&office, CHILD_FILE), 1);
}

/* A row that was put off is still about the same child. */
static void test_a_row_that_was_put_off(void **state)
{
    (void)state;
    struct arena arena;
    struct row_key key;
    struct kv_range *range = NULL;
    struct kv_bytes from;
    struct kv_bytes value;
    struct row_key lowest = layout_due(0, DUE_REGISTRY_END);
    int32_t today = office_today();
    assert_int_equal(registrar_moved(&office, 1, OTHER_TOWN), 0);
    office_advance(calendar_dutch_midnight(today + WAIT_DAYS) - CLOCK_MINUTE - clock_now());
    office_settle(&office);
    office_index(&office);
    struct store_tx tx = {.view = {.keys = office.keys, .arena = &arena}};
    tx.now = calendar_dutch_midnight(today + WAIT_DAYS);
    arena_init(&arena);
    assert_int_equal(kv_begin(office.kv, KV_WRITE, &tx.view.kv), 0);
    assert_int_equal(kv_range_open(tx.view.kv, KV_DUE, row_key_bytes(&lowest), (struct kv_bytes){0},
                                   KV_UP, &range),
                     0);
    do {
        assert_int_equal(kv_range_next(range, &from, &value), 0);
    } while (((const uint8_t *)from.data)[8] != DUE_REGISTRY_END);
    key.size = from.size;
    memcpy(key.bytes, from.data, from.size);
    kv_range_close(range);
    assert_true(due_set_aside(&tx, &key));
    assert_int_equal(kv_commit(tx.view.kv), 0);
    arena_finish(&arena);
    go_to(today + WAIT_DAYS);
    assert_int_equal(registrar_count_children(&office, CHILD_FILE), 1);
    go_to(today + WAIT_DAYS + 2);
    assert_int_equal(registrar_count_children(&office, CHILD_FILE), 0);
    assert_int_equal(registrar_count_log(&office, 1, LOG_REGISTRY_DATA_ERASED), 1);
}

/* ---- relations ---- */

static void test_relations_make_a_family(void **state)
{
    (void)state;
    struct registrar_relations parent = {2, {501, 501}, 502, false};
    struct registrar_relations none = {0};
    assert_int_equal(registrar_related(&office, 1, &parent), 0);
    assert_int_equal(registrar_related(&office, 2, &parent), 0);
    office_post(&office, school, "ann", 1);
    assert_int_equal(registrar_head(&office, school), 0);
    office_post(&office, care, "bob", 2);
    assert_int_equal(office_last_notice(&office, school)->match.kind, MATCH_FAMILY);
    assert_int_equal(office_last_notice(&office, care)->match.kind, MATCH_FAMILY);
    assert_int_equal(office_status(&office).matches, 1);
    assert_int_equal(registrar_count_log(&office, 1, LOG_RELATIONS_CHANGED), 1);
    /* What is absent is taken away. */
    assert_int_equal(registrar_related(&office, 1, &none), 0);
    assert_int_equal(office_status(&office).matches, 0);
    assert_int_equal(registrar_count_children(&office, CHILD_TIE), 2);
    assert_int_equal(registrar_related(&office, 2, &none), 0);
    assert_int_equal(registrar_count_children(&office, CHILD_TIE), 0);
}

/* ---- faults ---- */

/* A commit that did not happen has done nothing of it. */
static void test_a_death_is_all_or_nothing(void **state)
{
    (void)state;
    office_post(&office, school, "ann", 1);
    office_post(&office, care, "bob", 1);
    office_index(&office);
    office_forget(&office);
    uint64_t before = registrar_digest(&office);
    struct kv_faulty_plan plan = {.fail_commit_at = 1, .commit_result = -EIO};
    kv_faulty_set(office.kv, &plan);
    assert_int_equal(registrar_died(&office, 1), STORE_STOPPED);
    office_reopen(&office);
    assert_true(registrar_digest(&office) == before);
    assert_int_equal(office_status(&office).signals, 2);
    assert_int_equal(office_matches(&office, school, 0).count, 1);
}

static void count_puts(void *context)
{
    uint64_t commits;
    uint64_t *puts = context;
    if (*puts == 0) {
        kv_faulty_counts(office.kv, puts, &commits);
    }
}

/* Any write of it that fails undoes all the others; then it is run again, alone. */
static void test_a_death_with_a_fault_at_each_write(void **state)
{
    (void)state;
    uint64_t puts = 0;
    for (uint64_t at = 0; at <= puts; at++) {
        office_post(&office, school, "ann", 1);
        office_post(&office, care, "bob", 1);
        office_index(&office);
        struct store_status before = office_status(&office);
        struct kv_faulty_plan plan = {.fail_put_at = at, .put_result = -EIO};
        plan.before_commit = at == 0 ? count_puts : NULL;
        plan.context = &puts;
        kv_faulty_set(office.kv, &plan);
        assert_int_equal(registrar_died(&office, 1), 0);
        plan = (struct kv_faulty_plan){0};
        kv_faulty_set(office.kv, &plan);
        assert_nothing_left();
        struct store_status after = office_status(&office);
        assert_int_equal(after.log_size, before.log_size + 3);
        assert_int_equal(after.aborted_batches, before.aborted_batches + (at == 0 ? 0 : 1));
    }
    assert_true(puts > 20);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_a_death_erases_at_once, setup, teardown),
        cmocka_unit_test_setup_teardown(test_a_death_of_an_unknown_child, setup, teardown),
        cmocka_unit_test_setup_teardown(test_a_death_of_a_child_without_signals, setup, teardown),
        cmocka_unit_test_setup_teardown(test_a_death_with_hundreds_of_signals, setup, teardown),
        cmocka_unit_test_setup_teardown(test_a_move_is_told_to_the_reporters, setup, teardown),
        cmocka_unit_test_setup_teardown(test_a_move_takes_the_match_along, setup, teardown),
        cmocka_unit_test_setup_teardown(test_a_move_to_a_municipality_that_has_not_joined, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(test_a_move_takes_a_family_match_along, setup, teardown),
        cmocka_unit_test_setup_teardown(test_the_residence_decides_who_follows_up, setup, teardown),
        cmocka_unit_test_setup_teardown(test_what_waits_has_an_end, setup, teardown),
        cmocka_unit_test_setup_teardown(test_numbers_wait_until_the_age_limit, setup, teardown),
        cmocka_unit_test_setup_teardown(test_what_was_told_goes_before_the_numbers, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(test_no_waiting, setup, teardown),
        cmocka_unit_test_setup_teardown(test_the_last_signal_takes_all_along, setup, teardown),
        cmocka_unit_test_setup_teardown(test_waiting_outlives_a_turn, setup, teardown),
        cmocka_unit_test_setup_teardown(test_a_row_that_was_put_off, setup, teardown),
        cmocka_unit_test_setup_teardown(test_relations_make_a_family, setup, teardown),
        cmocka_unit_test_setup_teardown(test_a_death_is_all_or_nothing, setup, teardown),
        cmocka_unit_test_setup_teardown(test_a_death_with_a_fault_at_each_write, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
