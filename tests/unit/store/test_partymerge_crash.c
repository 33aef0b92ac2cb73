/* SPDX-License-Identifier: EUPL-1.2 */
/* A merge of parties comes to its end, whatever fails on the way. */
#include "tests/unit/store/merger_fixture.h"

#include <errno.h>

#include "store/base/layout.h"

enum { CRASH_SIGNALS = 70, CRASH_MATCHES = 20 };
static uint32_t town;
static uint32_t city;

/* Two municipalities that signal too, so that every phase has something to do. */
static void prepare_crash(void)
{
    merger_open(&office, &schools);
    town = office_municipality(&office, OFFICE_TOWN);
    city = office_municipality(&office, MERGER_OTHER_TOWN);
    for (uint32_t party = town; party <= city; party++) {
        struct store_party_change what = {.roles =
                                              PARTY_MUNICIPALITY | PARTY_REPORTER | PARTY_SUPPLIER};
        assert_int_equal(merger_change(&office, party, PARTY_CHANGE, &what), 0);
        merger_agree(&office, party, OFFICE_TOWN, office_today() + 5000);
        office_hire(&office, party, "team");
    }
    merger_mandate(&office, town, schools.small, 9);
    moves_post(&office, town, "team", 0, CRASH_SIGNALS);
    struct uuid gone = office_post(&office, town, "team", 500);
    assert_int_equal(office_withdraw(&office, town, &gone, WITHDRAW_WRONGFUL), 0);
    moves_post(&office, schools.care, "cor", 0, CRASH_MATCHES);
    assert_int_equal(office_acknowledge(&office, town, 3), 0);
    office_rest(&office);
}

static void check_merged(bool must_have_begun)
{
    struct checkpoint_vkey vkey = verify_key(office.keys, OFFICE_ORIGIN);
    const struct mandate *list;
    size_t count;
    office_settle(&office);
    verify_log(office.store, &vkey);
    if (!must_have_begun && !merger_is_gone(&office, town)) {
        assert_int_equal(merger_count(&office, town, "team", MERGER_LIVE), CRASH_SIGNALS);
        assert_int_equal(office_count_events(&office, LOG_PARTY_MERGED), 0);
        return;
    }
    merger_check_gone(&office, town);
    assert_int_equal(office_count_events(&office, LOG_PARTY_MERGED), 2);
    assert_int_equal(merger_count(&office, city, "team.2", MERGER_LIVE), CRASH_SIGNALS);
    assert_int_equal(office_matches(&office, city, 1u << MATCH_OPEN).count, CRASH_MATCHES);
    assert_int_equal(office_count_rows(&office, city, PARTY_MATCH_TOLD), CRASH_MATCHES);
    assert_int_equal(office_count_rows(&office, city, PARTY_TOMBSTONE), 1);
    /* As a reporter and as a municipality: two notices of each match, but for three. */
    assert_int_equal(office_inbox(&office, city, 0).count, 2 * CRASH_MATCHES - 3);
    struct match_page page = office_matches(&office, schools.care, 1u << MATCH_OPEN);
    assert_int_equal(page.count, CRASH_MATCHES);
    for (size_t i = 0; i < page.count; i++) {
        assert_involved(page.matches[i].involved, page.matches[i].involved_count,
                        (const char *const[]){"team of 4"}, 1);
    }
    assert_int_equal(store_list_mandates(office_look(&office), city, &list, &count), 0);
    assert_int_equal(count, 1);
    struct party party = merger_see(&office, schools.care);
    assert_int_equal(merger_agreed_until(&party, OFFICE_TOWN), 0);
    assert_int_equal(merger_agreed_until(&party, MERGER_OTHER_TOWN), office_today() + 3650);
    assert_int_equal(office_status(&office).set_aside, 0);
}

static bool run_with_crash(uint64_t commit, bool happens)
{
    struct store_party_merge op;
    prepare_crash();
    merger_fill(&op, town, city);
    bool ended = moves_run_crashing(&office, &op.op, 0, commit, happens);
    check_merged(ended || commit > 1 || happens);
    office_finish(&office);
    return ended;
}

static void test_a_crash_at_every_commit(void **state)
{
    (void)state;
    assert_true(moves_crash_everywhere(run_with_crash) > 11); /* each phase is a slice at least */
}

static bool town_is_gone(void)
{
    return merger_is_gone(&office, town);
}

static void test_crash_after_crash(void **state)
{
    (void)state;
    struct store_party_merge op;
    prepare_crash();
    merger_fill(&op, town, city);
    moves_crash_until(&office, &op.op, 0, town_is_gone);
    check_merged(true);
    office_finish(&office);
}

static void test_batches_that_are_aborted(void **state)
{
    (void)state;
    struct store_party_merge op;
    uint64_t puts = 1;
    uint64_t commits;
    for (uint64_t at = 1; at <= puts; at += 1 + puts / 40) {
        struct kv_faulty_plan none = {0};
        struct kv_faulty_plan plan = {.fail_put_at = at,
                                      .put_result = at % 2 == 0 ? -EIO : KV_FULL};
        prepare_crash();
        merger_fill(&op, town, city);
        kv_faulty_set(office.kv, &plan);
        int result = office_run(&office, &op.op, 0);
        kv_faulty_counts(office.kv, &puts, &commits);
        kv_faulty_set(office.kv, &none);
        assert_true(result == 0 || result == -EIO || result == STORE_FULL);
        office_reopen(&office); /* own work that failed rests for a minute */
        check_merged(result == 0);
        office_finish(&office);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_crash_at_every_commit),
        cmocka_unit_test(test_crash_after_crash),
        cmocka_unit_test(test_batches_that_are_aborted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
