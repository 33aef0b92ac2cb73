/* SPDX-License-Identifier: EUPL-1.2 */
/*
 * What the population register tells of families: relations that come and go, institutions, ties
 * that are no family's, numbers that are replaced.
 */
#include "tests/unit/store/household.h"

#include <stdio.h>

#include "store/child/families.h"

static struct office office;
static uint32_t town;
static uint32_t parties[3];
static const char *const names[3] = {"ann", "bob", "cleo"};

static void open_with(unsigned policy)
{
    office = (struct office){0};
    household_open(&office, policy);
    town = office_municipality(&office, OFFICE_TOWN);
    for (int i = 0; i < 3; i++) {
        parties[i] = office_reporter(&office);
        office_hire(&office, parties[i], names[i]);
    }
}

static int setup(void **state)
{
    (void)state;
    open_with(HOUSEHOLD_PARENT | HOUSEHOLD_ADDRESS | HOUSEHOLD_DEPARTURE);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    office_finish(&office);
    return 0;
}

static struct uuid post(int who, unsigned child)
{
    return office_post(&office, parties[who], names[who], child);
}

static bool matched(unsigned one, unsigned other)
{
    struct uuid match;
    return household_matched(&office, one, other, &match);
}

static uint64_t head_of(uint32_t party)
{
    return office_inbox_state(&office, party).head;
}

static void test_the_policy_decides(void **state)
{
    static const struct {
        unsigned policy;
        bool parent;
        bool address;
    } cases[] = {
        {0, false, false},
        {HOUSEHOLD_PARENT, true, false},
        {HOUSEHOLD_ADDRESS, false, true},
        {HOUSEHOLD_PARENT | HOUSEHOLD_ADDRESS, true, true},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        open_with(cases[i].policy);
        household_relate(&office, 1, "p1 a1");
        household_relate(&office, 2, "p1 a2");
        household_relate(&office, 3, "p2 a1");
        for (unsigned child = 1; child <= 3; child++) {
            post((int)child - 1, child);
        }
        assert_int_equal(matched(1, 2), cases[i].parent);
        assert_int_equal(matched(1, 3), cases[i].address);
        assert_false(matched(2, 3));
        household_check(&office, 5);
        office_finish(&office);
    }
}

/* A match that the policy of today would not make goes on until something happens to it. */
static void test_a_policy_that_changes(void **state)
{
    (void)state;
    household_relate(&office, 1, "a1");
    household_relate(&office, 2, "a1");
    post(0, 1);
    post(1, 2);
    assert_true(matched(1, 2));
    household_open(&office, HOUSEHOLD_PARENT);
    assert_true(matched(1, 2));
    post(2, 1);
    assert_false(matched(1, 2));
    household_open(&office, HOUSEHOLD_ADDRESS);
    household_relate(&office, 1, "a1"); /* told again, nothing new: and it is held to the rule */
    assert_true(matched(1, 2));
}

static void test_relations_make_a_match(void **state)
{
    (void)state;
    struct uuid match;
    struct uuid ann = post(0, 1);
    struct uuid bob = post(1, 2);
    household_relate(&office, 1, "p1 p2");
    assert_int_equal(household_tied(&office, "p2"), 1);
    assert_int_equal(head_of(parties[0]), 0);
    household_relate(&office, 2, "p3 p2");
    assert_true(household_matched(&office, 1, 2, &match));
    const struct notice *notice = office_last_notice(&office, parties[0]);
    assert_int_equal(notice->type, NOTICE_MATCH_FORMED);
    assert_true(same_uuid(&notice->own.id, &ann));
    assert_true(same_uuid(&notice->match.id, &match));
    notice = office_last_notice(&office, parties[1]);
    assert_int_equal(notice->type, NOTICE_MATCH_FORMED);
    assert_true(same_uuid(&notice->own.id, &bob));
    assert_involved(notice->match.involved, notice->match.involved_count,
                    (const char *[]){"ann of 2"}, 1);
    assert_int_equal(head_of(town), 1);
    /* Told twice, nothing changes. */
    household_relate(&office, 2, "p3 p2 p2");
    assert_int_equal(household_tied(&office, "p2"), 2);
    assert_int_equal(head_of(parties[0]), 1);
    assert_int_equal(office_status(&office).matches, 1);
    household_check(&office, 5);
}

/* One match for a pair, however many ties; it ends with the last of them, and everyone is told. */
static void test_relations_end_a_match(void **state)
{
    (void)state;
    struct uuid match;
    struct uuid still;
    household_relate(&office, 1, "p1 p2 a1");
    household_relate(&office, 2, "p1 p2 a1");
    struct uuid ann = post(0, 1);
    post(1, 2);
    assert_true(household_matched(&office, 1, 2, &match));
    assert_int_equal(office_status(&office).matches, 1);
    household_relate(&office, 2, "p2");
    household_relate(&office, 1, "p1 p2 a1");
    assert_true(household_matched(&office, 1, 2, &still));
    assert_true(same_uuid(&match, &still));
    assert_int_equal(household_tied(&office, "a1"), 1);
    household_relate(&office, 1, "p1 a1");
    assert_false(matched(1, 2));
    assert_int_equal(office_last_notice(&office, parties[0])->type, NOTICE_MATCH_ENDED);
    assert_true(same_uuid(&office_last_notice(&office, parties[0])->own.id, &ann));
    assert_int_equal(office_last_notice(&office, parties[1])->type, NOTICE_MATCH_ENDED);
    assert_int_equal(office_last_notice(&office, town)->type, NOTICE_MATCH_ENDED);
    household_relate(&office, 1, "");
    household_relate(&office, 2, "");
    static const char *const all[] = {"p1", "p2", "a1"};
    for (int i = 0; i < 3; i++) {
        assert_int_equal(household_tied(&office, all[i]), 0);
    }
    household_check(&office, 5);
}

/* Children without signals are tied too, and are nobody's match until there are some. */
static void test_children_without_signals(void **state)
{
    (void)state;
    household_relate(&office, 1, "p1");
    household_relate(&office, 2, "p1");
    household_relate(&office, 3, "p1");
    post(0, 1);
    assert_int_equal(office_status(&office).matches, 0);
    household_forget(&office, 3);
    assert_int_equal(household_tied(&office, "p1"), 2);
    post(1, 2);
    assert_true(matched(1, 2));
    household_check(&office, 5);
    household_relate(&office, 4, "p2");
    assert_int_equal(household_tied(&office, "p2"), 1);
    household_forget(&office, 4);
    assert_int_equal(household_tied(&office, "p2"), 0);
}

static void test_institutions(void **state)
{
    (void)state;
    household_relate(&office, 1, "a1!");
    household_relate(&office, 2, "a1!");
    household_relate(&office, 3, "a1! p1");
    household_relate(&office, 4, "p1");
    for (int i = 0; i < 3; i++) {
        post(i, (unsigned)i + 1);
    }
    post(0, 4);
    assert_true(household_is_institution(&office, 1));
    assert_false(household_is_institution(&office, 4));
    assert_true(matched(3, 4)); /* by their parent */
    assert_int_equal(office_status(&office).matches, 1);
    /* It is none after all: whoever lives there is a family, also those not told of just now. */
    household_relate(&office, 1, "a1");
    assert_false(household_is_institution(&office, 3));
    assert_true(matched(1, 2) && matched(1, 3) && matched(2, 3) && matched(3, 4));
    assert_false(matched(1, 4));
    household_check(&office, 6);
    /* And it is one again. */
    household_relate(&office, 3, "a1! p1");
    assert_false(matched(1, 2) || matched(1, 3) || matched(2, 3));
    assert_true(matched(3, 4));
    assert_int_equal(office_status(&office).matches, 1);
    assert_int_equal(office_last_notice(&office, parties[1])->type, NOTICE_MATCH_ENDED);
    /* A parent is none, whatever is told. */
    household_relate(&office, 4, "p1!");
    assert_true(matched(3, 4));
    household_check(&office, 6);
}

static void test_crowded(void **state)
{
    (void)state;
    char relations[16];
    static const char *const ties[] = {"a7", "p7"};
    for (int kind = 0; kind < 2; kind++) {
        unsigned base = kind == 0 ? 0 : 100;
        for (unsigned child = 0; child < FAMILY_CHILDREN_MAXIMUM; child++) {
            household_relate(&office, base + child, ties[kind]);
        }
        post(0, base);
        post(1, base + 31);
        assert_true(matched(base, base + 31));
        household_relate(&office, base + 32, ties[kind]);
        assert_false(matched(base, base + 31));
        assert_int_equal(office_last_notice(&office, parties[0])->type, NOTICE_MATCH_ENDED);
        assert_int_equal(household_tied(&office, ties[kind]), FAMILY_CHILDREN_MAXIMUM + 1);
        post(2, base + 32);
        assert_int_equal(office_status(&office).matches, 0);
        /* Some go: it has been too many, and who is left is not known any more. */
        for (unsigned child = 1; child < 10; child++) {
            household_forget(&office, base + child);
        }
        assert_int_equal(household_tied(&office, ties[kind]), 24);
        household_relate(&office, base, ties[kind]);
        household_relate(&office, base + 40, ties[kind]);
        assert_int_equal(office_status(&office).matches, 0);
        assert_int_equal(household_tied(&office, ties[kind]), 25);
        household_check(&office, 150);
        for (unsigned child = 0; child <= 40; child++) {
            household_relate(&office, base + child, "");
        }
        assert_int_equal(household_tied(&office, ties[kind]), 0);
        /* Begun anew, it is like any other. */
        snprintf(relations, sizeof(relations), "%s", ties[kind]);
        household_relate(&office, base, relations);
        household_relate(&office, base + 31, relations);
        assert_true(matched(base, base + 31));
        household_relate(&office, base, "");
        assert_int_equal(office_status(&office).matches, 0);
    }
}

/* More open matches than a family has are not made; nobody else's are harmed. */
static void test_too_many_siblings(void **state)
{
    (void)state;
    char relations[32];
    size_t ended;
    household_relate(&office, 0, "p1 p2");
    for (unsigned child = 1; child <= 40; child++) {
        snprintf(relations, sizeof(relations), "p%u", 1 + child % 2);
        household_relate(&office, child, relations);
        post(0, child);
    }
    post(1, 0);
    assert_int_equal(household_entries(&office, 0, &ended), CHILDFILE_FAMILIES_MAXIMUM);
    assert_int_equal(ended, 0);
    assert_int_equal(office_status(&office).matches, CHILDFILE_FAMILIES_MAXIMUM);
    household_check(&office, 41);
    household_relate(&office, 0, "p2");
    assert_int_equal(office_status(&office).matches, 20);
    household_check(&office, 41);
}

/* ---- numbers that are replaced ---- */

static void test_ties_go_along(void **state)
{
    (void)state;
    struct uuid match;
    household_relate(&office, 1, "p1 a1");
    household_relate(&office, 2, "p1 a2");
    household_relate(&office, 3, "p2");
    post(1, 2);
    struct uuid ann = post(0, 1);
    assert_true(household_matched(&office, 1, 2, &match));
    uint64_t head = head_of(parties[0]);
    household_merge(&office, 11, 1); /* a number that was not known */
    struct uuid same;
    assert_true(household_matched(&office, 11, 2, &same));
    assert_true(same_uuid(&match, &same));
    assert_true(matched(1, 2));                  /* the old number leads there */
    assert_int_equal(head_of(parties[0]), head); /* nobody has come in */
    assert_int_equal(household_tied(&office, "p1"), 2);
    assert_int_equal(household_tied(&office, "a1"), 1);
    household_check(&office, 20);
    struct match_view view;
    assert_int_equal(office_see_match(&office, parties[0], &match, &view), 0);
    assert_true(same_uuid(&view.own[0].id, &ann));
    /* It ends, and goes, as any other; under the number by which it was known as well. */
    household_relate(&office, 1, "p2");
    assert_false(matched(11, 2));
    assert_int_equal(household_tied(&office, "p1"), 1);
    assert_int_equal(household_tied(&office, "p2"), 2);
    assert_int_equal(office_withdraw(&office, parties[0], &ann, WITHDRAW_WRONGFUL), 0);
    assert_int_equal(household_tied(&office, "p2"), 1);
    household_check(&office, 20);
}

static size_t count_family_notices(int who, uint64_t after, enum notice_type type)
{
    struct notice_page page = office_inbox(&office, parties[who], after);
    size_t count = 0;
    for (size_t i = 0; i < page.count; i++) {
        const struct notice *notice = &page.notices[i];
        count += notice->type == type && notice->match.kind == MATCH_FAMILY ? 1 : 0;
    }
    return count;
}

/* Both numbers had relations and matches. */
static void test_two_files_become_one(void **state)
{
    (void)state;
    struct uuid kept;
    struct uuid moved;
    struct uuid now;
    household_relate(&office, 1, "p1 p2");
    household_relate(&office, 2, "p2 p3"); /* becomes 1 */
    household_relate(&office, 3, "p1 p2"); /* matches both */
    household_relate(&office, 4, "p3");    /* matches 2 */
    household_relate(&office, 5, "p1");    /* matches 1 */
    post(0, 1);
    struct uuid bob = post(1, 2);
    struct uuid cleo_on_3 = post(2, 3);
    struct uuid cleo_on_4 = post(2, 4);
    struct uuid cleo_on_5 = post(2, 5);
    assert_true(matched(1, 2) && matched(2, 3));
    assert_true(household_matched(&office, 1, 3, &kept));
    assert_true(household_matched(&office, 2, 4, &moved));
    assert_int_equal(office_status(&office).matches, 5); /* and that of 1 and 5 */
    uint64_t heads[3] = {head_of(parties[0]), head_of(parties[1]), head_of(parties[2])};

    household_merge(&office, 1, 2);
    household_check(&office, 10);
    assert_int_equal(office_status(&office).matches, 4); /* with that of the one child now */
    assert_true(household_matched(&office, 1, 3, &now) && same_uuid(&now, &kept));
    assert_true(household_matched(&office, 1, 4, &now) && same_uuid(&now, &moved));
    assert_true(matched(1, 5));
    assert_int_equal(household_tied(&office, "p1"), 3);
    assert_int_equal(household_tied(&office, "p2"), 2);
    assert_int_equal(household_tied(&office, "p3"), 2);
    /* Each match has grown by one professional: ann in that with 4, bob in those with 3 and 5. */
    struct notice_page page = office_inbox(&office, parties[2], heads[2]);
    assert_int_equal(page.count, 3);
    for (size_t i = 0; i < page.count; i++) {
        const struct notice *notice = &page.notices[i];
        assert_int_equal(notice->type, NOTICE_MATCH_JOINED);
        assert_true(same_uuid(&notice->own.id, &cleo_on_3) ||
                    same_uuid(&notice->own.id, &cleo_on_4) ||
                    same_uuid(&notice->own.id, &cleo_on_5));
        assert_involved(notice->match.involved, notice->match.involved_count,
                        (const char *[]){"ann of 2", "bob of 3"}, 2);
    }
    assert_int_equal(count_family_notices(1, heads[1], NOTICE_MATCH_FORMED), 2);
    assert_int_equal(count_family_notices(1, heads[1], NOTICE_MATCH_JOINED), 1);
    assert_int_equal(count_family_notices(0, heads[0], NOTICE_MATCH_FORMED), 1);
    assert_int_equal(count_family_notices(0, heads[0], NOTICE_MATCH_JOINED), 2);
    assert_true(same_uuid(&office_last_notice(&office, parties[1])->own.id, &bob));
}

/* Who had been in a match that ended cannot be told any more of two files; alone, a file keeps what
 * it had. */
static void check_what_had_ended(unsigned base, const char *parent, bool into)
{
    struct match_view view;
    struct uuid match;
    size_t ended;
    household_relate(&office, base + 1, parent);
    household_relate(&office, base + 2, parent);
    post(0, base + 1);
    struct uuid bob = post(1, base + 2);
    assert_true(household_matched(&office, base + 1, base + 2, &match));
    assert_int_equal(office_withdraw(&office, parties[1], &bob, WITHDRAW_ENDED), 0);
    household_merge(&office, base + 4, base + 1);
    assert_int_equal(office_see_match(&office, parties[0], &match, &view), 0);
    assert_int_equal(view.status, MATCH_ENDED);
    assert_int_equal(household_entries(&office, base + 2, &ended), 1);
    household_check(&office, 50);
    post(2, base + 3);
    household_merge(&office, into ? base + 4 : base + 3, into ? base + 3 : base + 4);
    assert_int_equal(office_see_match(&office, parties[0], &match, &view), STORE_NOT_FOUND);
    assert_int_equal(household_entries(&office, base + 2, &ended), 0);
    household_check(&office, 50);
    /* It begins anew, with everyone in it. */
    post(1, base + 2);
    assert_true(household_matched(&office, base + 1, base + 2, &match));
    assert_int_equal(office_see_match(&office, parties[2], &match, &view), 0);
    assert_involved(view.involved, view.involved_count, (const char *[]){"ann of 2", "bob of 3"},
                    2);
}

static void test_what_had_ended(void **state)
{
    (void)state;
    check_what_had_ended(0, "p1", false);
    check_what_had_ended(10, "p2", true);
}

/* Who had left before the numbers were one never met those with whom the other had matched. */
static void test_no_retraction_across_a_merge(void **state)
{
    (void)state;
    household_relate(&office, 1, "p1");
    household_relate(&office, 3, "p1");
    post(0, 1);
    post(1, 3);
    assert_true(matched(1, 3));
    struct uuid cleo = post(2, 2);
    assert_int_equal(office_withdraw(&office, parties[2], &cleo, WITHDRAW_ENDED), 0);
    household_merge(&office, 1, 2);
    assert_true(matched(1, 3));
    assert_int_equal(office_withdraw(&office, parties[2], &cleo, WITHDRAW_WRONGFUL), 0);
    assert_int_equal(office_last_notice(&office, parties[0])->type, NOTICE_MATCH_FORMED);
    assert_int_equal(office_last_notice(&office, parties[1])->type, NOTICE_MATCH_FORMED);
    assert_int_equal(office_last_notice(&office, town)->type, NOTICE_MATCH_FORMED);
    household_check(&office, 5);
}

/* One professional knew both numbers: to the others nothing has changed. */
static void test_a_professional_with_both_numbers(void **state)
{
    (void)state;
    struct match_view view;
    struct uuid match;
    household_relate(&office, 1, "p1");
    household_relate(&office, 3, "p1");
    struct uuid first = post(0, 1);
    office_advance_days(3);
    struct uuid later = post(0, 2);
    post(1, 3);
    assert_true(household_matched(&office, 1, 3, &match));
    uint64_t bobs = head_of(parties[1]);
    household_merge(&office, 1, 2);
    assert_int_equal(head_of(parties[1]), bobs);
    assert_int_equal(office_see_match(&office, parties[0], &match, &view), 0);
    assert_int_equal(view.own_count, 1);
    assert_true(same_uuid(&view.own[0].id, &later));
    /* What she was told went with the signal that it was about: she is told again. */
    struct notice_page page = office_inbox(&office, parties[0], 0);
    assert_int_equal(page.count, 1);
    assert_int_equal(page.notices[0].type, NOTICE_MATCH_FORMED);
    assert_true(same_uuid(&page.notices[0].own.id, &later));
    assert_true(same_uuid(&page.notices[0].match.id, &match));
    assert_false(same_uuid(&first, &later));
    household_check(&office, 20);
}

/* Told of one child twice, by two numbers: its siblings are one match each. */
static void test_a_number_after_the_matches(void **state)
{
    (void)state;
    household_relate(&office, 1, "p1");
    household_relate(&office, 2, "p1");
    post(0, 1);
    post(1, 2);
    household_merge(&office, 12, 2);
    household_merge(&office, 22, 12);
    household_merge(&office, 21, 1);
    assert_true(matched(21, 22));
    assert_int_equal(office_status(&office).matches, 1);
    household_check(&office, 30);
    household_relate(&office, 2, "p1"); /* by the oldest number */
    household_relate(&office, 3, "p1");
    post(2, 3);
    assert_int_equal(office_status(&office).matches, 3);
    assert_int_equal(household_tied(&office, "p1"), 3);
    household_check(&office, 30);
}

/* What the two numbers have between them makes matches that neither had. */
static void test_a_merge_makes_matches(void **state)
{
    (void)state;
    household_relate(&office, 2, "p1");
    household_relate(&office, 3, "p1");
    post(0, 1); /* no relations told */
    post(1, 3);
    assert_int_equal(office_status(&office).matches, 0);
    household_merge(&office, 1, 2);
    assert_true(matched(1, 3));
    assert_int_equal(office_last_notice(&office, parties[0])->type, NOTICE_MATCH_FORMED);
    assert_int_equal(office_last_notice(&office, parties[1])->type, NOTICE_MATCH_FORMED);
    household_check(&office, 5);
    /* Up to as many ties as a child has. */
    household_relate(&office, 1, "p1 p2 p4 a1");
    household_relate(&office, 4, "p5 p6 p7 a2");
    household_merge(&office, 1, 4);
    size_t tied = 0;
    static const char *const more[] = {"p5", "p6", "p7", "a2"};
    for (int i = 0; i < 4; i++) {
        tied += household_tied(&office, more[i]);
    }
    assert_int_equal(tied, 1);
    assert_int_equal(household_tied(&office, "p1"), 2);
    household_check(&office, 5);
}

/* ---- the turn of the epoch key ---- */

static void test_renewing_a_tie(void **state)
{
    (void)state;
    uint8_t key[KEYRING_KEY_BYTES];
    household_relate(&office, 1, "p1 a1!");
    household_relate(&office, 2, "p1");
    assert_int_equal(household_epoch(&office, "p1"), 1);
    memset(key, 77, sizeof(key));
    assert_int_equal(keyring_add(office.keys, KEYRING_EPOCH, 2, key), 0);
    assert_int_equal(household_renew(&office, "p1"), 0);
    assert_int_equal(household_renew(&office, "a1"), 0);
    assert_int_equal(household_renew(&office, "p9"), STORE_NOT_FOUND);
    assert_int_equal(household_epoch(&office, "p1"), 2);
    assert_int_equal(household_tied(&office, "p1"), 2);
    assert_int_equal(household_tied(&office, "a1"), 1);
    assert_true(household_is_institution(&office, 1));
    household_check(&office, 3);
    post(0, 1);
    post(1, 2);
    assert_true(matched(1, 2));
}

int main(void)
{
#define RULE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_policy_decides),
        RULE(test_a_policy_that_changes),
        RULE(test_relations_make_a_match),
        RULE(test_relations_end_a_match),
        RULE(test_children_without_signals),
        RULE(test_institutions),
        RULE(test_crowded),
        RULE(test_too_many_siblings),
        RULE(test_ties_go_along),
        RULE(test_two_files_become_one),
        RULE(test_what_had_ended),
        RULE(test_no_retraction_across_a_merge),
        RULE(test_a_professional_with_both_numbers),
        RULE(test_a_number_after_the_matches),
        RULE(test_a_merge_makes_matches),
        RULE(test_renewing_a_tie),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
