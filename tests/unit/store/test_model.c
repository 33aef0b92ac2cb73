/* SPDX-License-Identifier: EUPL-1.2 */
/*
 * Random operations on a real store, held to the reference: every answer at once, and everything
 * that can be seen after every so many. VIX_MODEL_OPERATIONS says how many, VIX_MODEL_SEED repeats
 * a run.
 */
#include "tests/unit/store/office.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "crypto/secret.h"
#include "store/clock.h"
#include "store/layout.h"
#include "tests/unit/store/reference.h"
#include "tests/unit/store/verify.h"

#define OPERATIONS OFFICE_SCALE(5000, 1500)
#define COMPARE_EVERY 50
#define NOTICES_COMPARED 150

static struct office office;
static struct reference reference;
static struct office_child children[REFERENCE_CHILDREN];
static const char *const professionals[REFERENCE_PROFESSIONALS] = {"ann", "bob", "cleo", "dirk"};
static uint64_t random_state;

/* xorshift64*: the same everywhere, so that a seed is worth something. */
static uint32_t pick(uint32_t below)
{
    random_state ^= random_state >> 12;
    random_state ^= random_state << 25;
    random_state ^= random_state >> 27;
    return (uint32_t)((random_state * UINT64_C(2685821657736338717)) >> 33) % below;
}

/* Parties are numbered from 1 in the store. */
static uint32_t number_of(int party)
{
    return (uint32_t)party + 1;
}

static void check_result(const char *what, int result, int expected)
{
    if (result != expected) {
        fail_msg("%s: %d, where the reference says %d", what, result, expected);
    }
}

/* ---- operations ---- */

/* What became due at `from` or later. */
static void settle(int64_t from)
{
    office_settle(&office);
    reference_settle(&reference, from, clock_now());
}

/* An instant like this one, at which no term is about to end: else it might end while an operation
 * runs, and the reference could not tell on which side. */
static int64_t away_from_edges(int64_t instant)
{
    for (size_t i = 0; i < reference.tombstones.count; i++) {
        int64_t until = reference.signals[reference.tombstones.items[i]].tombstone_until;
        if (until > instant - CLOCK_MINUTE && until < instant + CLOCK_MINUTE) {
            instant += 3 * CLOCK_MINUTE;
            i = SIZE_MAX; /* from the first again */
        }
    }
    return instant;
}

static void step_over_edges(void)
{
    int64_t now = clock_now();
    int64_t clear = away_from_edges(now);
    if (clear > now) {
        office_advance(clear - now);
        settle(now);
    }
}

/* A municipality that does not report never posts: that is for the API to refuse. */
static int pick_reporter(void)
{
    int party;
    do {
        party = (int)pick(REFERENCE_PARTIES);
    } while (!reference.parties[party].reports);
    return party;
}

static void post(void)
{
    struct store_signal_post op;
    int party = pick_reporter();
    int who = (int)pick(REFERENCE_PROFESSIONALS);
    int child = (int)pick(REFERENCE_CHILDREN);
    int town = (int)pick(REFERENCE_TOWNS);
    bool created = false;
    size_t signal = 0;
    store_signal_post_init(&op);
    op.child = children[child].key;
    op.element = children[child].element;
    op.evaluation_key = 1;
    op.professional = professionals[who];
    op.municipality = (uint16_t)(REFERENCE_FIRST_TOWN + town);
    op.birth_day = office_today() - 365 * (5 + (int)pick(17)) - (int)pick(365);
    int expected = reference_post(&reference, party, who, child, town, op.birth_day, office_today(),
                                  &created, &signal);
    op.reference = expected == 0 ? reference.signals[signal].reference : "";
    check_result("post", office_run(&office, &op.op, number_of(party)), expected);
    if (expected != 0) {
        return;
    }
    assert_int_equal(op.created, created);
    if (created) {
        reference_posted(&reference, signal, &op);
    }
    struct reference_signal *about = &reference.signals[signal];
    struct reference_match *match = reference_open_match(&reference, child);
    assert_true(same_uuid(&op.signal.id, &about->id));
    assert_string_equal(op.signal.reference, about->reference);
    assert_int_equal(op.signal.removal_day, about->removal_day);
    assert_int_equal(op.matched, match != NULL);
    assert_true(match == NULL || same_uuid(&match->id, &op.match));
}

static void withdraw(void)
{
    if (reference.signal_count == 0) {
        return;
    }
    /* Mostly one's own that is still there; sometimes any that ever was. */
    int party = (int)pick(REFERENCE_PARTIES);
    const struct reference_list *kept = &reference.parties[party].kept;
    size_t signal = kept->count > 0 && pick(8) != 0 ? kept->items[pick((uint32_t)kept->count)]
                                                    : pick((uint32_t)reference.signal_count);
    bool wrongful = pick(2) == 0;
    struct uuid id = reference.signals[signal].id;
    int64_t from = clock_now();
    int result = office_withdraw(&office, number_of(party), &id,
                                 wrongful ? WITHDRAW_WRONGFUL : WITHDRAW_ENDED);
    check_result("withdraw", result,
                 reference_withdraw(&reference, party, signal, wrongful, from, clock_now()));
}

static void put_professional(void)
{
    struct store_professional_put op;
    int party = (int)pick(REFERENCE_PARTIES);
    int who = (int)pick(REFERENCE_PROFESSIONALS);
    struct reference_party *employer = &reference.parties[party];
    char name[64];
    snprintf(name, sizeof(name), "%s %d v%u", professionals[who], party, ++employer->version[who]);
    store_professional_put_init(&op);
    op.id = professionals[who];
    op.contact = (struct contact){name, "", "", ""};
    check_result("put", office_run(&office, &op.op, number_of(party)), 0);
    assert_int_equal(op.created, !employer->hired[who]);
    employer->hired[who] = true;
    reference.log_size++;
}

static void delete_professional(void)
{
    int party = (int)pick(REFERENCE_PARTIES);
    int who = (int)pick(REFERENCE_PROFESSIONALS);
    int result = office_dismiss(&office, number_of(party), professionals[who]);
    check_result("delete", result, reference_dismiss(&reference, party, who));
}

static void change_agreement(void)
{
    struct store_party_change op;
    int party = (int)pick(REFERENCE_PARTIES);
    int town = (int)pick(REFERENCE_TOWNS);
    int32_t *until = &reference.parties[party].until[town];
    bool ends = pick(6) == 0;
    int expected = 0;
    int64_t from = clock_now();
    office_change(&op, number_of(party), ends ? PARTY_AGREEMENT_END : PARTY_AGREEMENT_ADD);
    op.agreement.municipality = (uint16_t)(REFERENCE_FIRST_TOWN + town);
    op.agreement.until_day = office_today() + (int)pick(1200) - 20;
    if (ends && (*until == 0 || *until < office_today())) {
        expected = STORE_NOT_FOUND;
    } else {
        *until = ends ? office_today() - 1 : op.agreement.until_day;
    }
    check_result("agreement", office_run(&office, &op.op, 0), expected);
    reference.log_size++;
    settle(from);
}

static void suspend_or_resume(void)
{
    struct store_party_change op;
    int party = (int)pick(REFERENCE_PARTIES);
    bool *suspended = &reference.parties[party].suspended;
    *suspended = !*suspended;
    office_change(&op, number_of(party), *suspended ? PARTY_SUSPEND : PARTY_RESUME);
    check_result("suspend", office_run(&office, &op.op, 0), 0);
    reference.log_size++;
}

static void acknowledge(void)
{
    int party = (int)pick(REFERENCE_PARTIES);
    uint64_t up_to = pick((uint32_t)reference.parties[party].notice_count + 2);
    int result = office_acknowledge(&office, number_of(party), up_to);
    check_result("acknowledge", result, reference_acknowledge(&reference, party, up_to));
}

/* Days, seldom years; to the middle of a day, away from its edges. */
static void let_time_pass(void)
{
    int days = pick(40) == 0 ? 200 + (int)pick(900) : (int)pick(25);
    int64_t target = calendar_dutch_midnight(office_today() + days + 1) +
                     (6 + (int64_t)pick(12)) * 60 * CLOCK_MINUTE;
    target = away_from_edges(target);
    office_advance(target - clock_now());
    settle(target);
}

/* ---- comparing ---- */

static void name_of(char out[static 64], int party, int who)
{
    snprintf(out, 64, "%s %d v%u", professionals[who], party,
             reference.parties[party].version[who]);
}

/* Everyone live on the child but one. */
static void compare_involved(const struct involved *involved, size_t count, int child,
                             const size_t *except)
{
    const struct reference_list *members = &reference.children[child].members;
    size_t expected = 0;
    for (size_t i = 0; i < members->count; i++) {
        const struct reference_signal *signal = &reference.signals[members->items[i]];
        char name[64];
        if (signal->state != REFERENCE_LIVE || (except != NULL && members->items[i] == *except)) {
            continue;
        }
        name_of(name, signal->party, signal->professional);
        const struct involved *found = involved_named(involved, count, name);
        assert_non_null(found);
        assert_string_equal(found->oin.text, office_oin(number_of(signal->party)).text);
        expected++;
    }
    assert_int_equal(count, expected);
}

static void compare_signals(int party)
{
    const struct reference_list *kept = &reference.parties[party].kept;
    struct signal_page page = office_signals(&office, number_of(party), 0);
    assert_int_equal(page.count, kept->count);
    for (size_t i = 0; i < page.count; i++) {
        const struct signal *signal = &page.signals[i];
        const struct reference_signal *expected = &reference.signals[kept->items[i]];
        assert_true(same_uuid(&signal->id, &expected->id));
        assert_int_equal(signal->status,
                         expected->state == REFERENCE_LIVE ? SIGNAL_ACTIVE : SIGNAL_ARCHIVED);
        assert_true(signal->reported_at == expected->reported_at);
        assert_int_equal(signal->removal_day, expected->removal_day);
        assert_int_equal(signal->erasure_day, expected->erasure_day);
        assert_true(signal->ended_at >= expected->ended_from &&
                    signal->ended_at <= expected->ended_to);
        assert_int_equal(signal->municipality, expected->municipality);
        assert_string_equal(signal->professional, professionals[expected->professional]);
        assert_string_equal(signal->reference, expected->reference);
    }
}

/* The match as the party must see it; false when it may not. */
static bool compare_match(int party, size_t which, const struct match_view *view)
{
    const struct reference_match *match = &reference.matches[which];
    const struct reference_list *members = &reference.children[match->child].members;
    size_t own = 0;
    size_t only = 0;
    int64_t notified = INT64_MAX;
    for (size_t i = 0; !match->forgotten && i < members->count; i++) {
        size_t item = members->items[i];
        const struct reference_signal *signal = &reference.signals[item];
        if (signal->party != party || signal->state != REFERENCE_LIVE ||
            !reference_was_in(match, item)) {
            continue;
        }
        if (view != NULL) {
            assert_true(own < view->own_count);
            assert_true(same_uuid(&view->own[own].id, &signal->id));
            assert_string_equal(view->own[own].reference, signal->reference);
        }
        int64_t told =
            signal->reported_at > match->formed_at ? signal->reported_at : match->formed_at;
        notified = told < notified ? told : notified;
        only = item;
        own++;
    }
    if (match->forgotten || (own == 0 && !reference_concerns(&reference, match, party))) {
        return false;
    }
    if (view != NULL) {
        assert_int_equal(view->own_count, own);
        assert_int_equal(view->status, match->ended ? MATCH_ENDED : MATCH_OPEN);
        assert_true(view->notified_at == (own > 0 ? notified : match->told_at[party]));
        if (match->ended) {
            assert_int_equal(view->involved_count, 0);
        } else {
            compare_involved(view->involved, view->involved_count, match->child,
                             own == 1 ? &only : NULL);
        }
    }
    return true;
}

static void compare_matches(int party)
{
    struct match_page page = office_matches(&office, number_of(party), 0);
    size_t expected = 0;
    for (int child = 0; child < REFERENCE_CHILDREN; child++) {
        const struct reference_list *kept = &reference.children[child].matches;
        for (size_t i = 0; i < kept->count; i++) {
            const struct match_view *view = NULL;
            for (size_t j = 0; j < page.count; j++) {
                if (same_uuid(&page.matches[j].id, &reference.matches[kept->items[i]].id)) {
                    assert_null(view); /* once */
                    view = &page.matches[j];
                }
            }
            bool visible = compare_match(party, kept->items[i], view);
            assert_int_equal(view != NULL, visible);
            expected += visible ? 1 : 0;
        }
    }
    assert_int_equal(page.count, expected);
}

static void compare_notice(int party, const struct notice *notice,
                           const struct reference_notice *expected)
{
    const struct reference_match *match = &reference.matches[expected->match];
    assert_int_equal(notice->type, expected->type);
    assert_true(same_uuid(&notice->match.id, &match->id));
    assert_true(notice->logged_at >= expected->from && notice->logged_at <= expected->to);
    assert_int_equal(notice->has_own, expected->has_own);
    bool shows = expected->type != NOTICE_MATCH_RETRACTED;
    if (expected->has_own) {
        const struct reference_signal *own = &reference.signals[expected->own];
        assert_true(same_uuid(&notice->own.id, &own->id));
        assert_string_equal(notice->own.reference, own->reference);
        assert_string_equal(notice->own.professional, professionals[own->professional]);
        shows = shows && own->state == REFERENCE_LIVE;
    } else {
        shows = shows && !match->ended && reference_concerns(&reference, match, party);
    }
    if (shows) {
        compare_involved(notice->match.involved, notice->match.involved_count, expected->child,
                         expected->has_own ? &expected->own : NULL);
    } else {
        assert_int_equal(notice->match.involved_count, 0);
    }
}

/* A stretch of the inbox. */
static void compare_notices(int party, uint64_t after, size_t count)
{
    const struct reference_party *reader = &reference.parties[party];
    struct notice_page page;
    uint64_t end = after + count < reader->notice_count ? after + count : reader->notice_count;
    size_t seen = 0;
    assert_int_equal(
        store_read_notices(office_look(&office), number_of(party), after, count, &page), 0);
    for (uint64_t sequence = after + 1; sequence <= end; sequence++) {
        const struct reference_notice *expected = &reader->notices[sequence - 1];
        if (reference_is_gap(&reference, expected)) {
            assert_true(seen == page.count || page.notices[seen].sequence > sequence);
            continue;
        }
        assert_true(seen < page.count);
        assert_true(page.notices[seen].sequence == sequence);
        compare_notice(party, &page.notices[seen++], expected);
    }
}

static void compare_party(int party)
{
    const struct reference_party *expected = &reference.parties[party];
    struct party seen;
    struct inbox_state inbox;
    const struct professional *list;
    size_t count;
    size_t hired = 0;
    struct store_snapshot *snapshot = office_look(&office);
    assert_int_equal(store_get_party(snapshot, number_of(party), &seen), 0);
    assert_int_equal(seen.suspended, expected->suspended);
    for (size_t i = 0; i < seen.agreement_count; i++) {
        int town = seen.agreements[i].municipality - REFERENCE_FIRST_TOWN;
        assert_int_equal(seen.agreements[i].until_day, expected->until[town]);
    }
    assert_int_equal(store_list_professionals(snapshot, number_of(party), 0, 100, &list, &count),
                     0);
    for (int who = 0; who < REFERENCE_PROFESSIONALS; who++) {
        struct professional professional;
        char name[64];
        name_of(name, party, who);
        assert_int_equal(
            store_get_professional(snapshot, number_of(party), professionals[who], &professional),
            expected->hired[who] ? 0 : STORE_NOT_FOUND);
        if (expected->hired[who]) {
            assert_string_equal(professional.contact.name, name);
            hired++;
        }
    }
    assert_int_equal(count, hired);
    assert_int_equal(store_get_inbox(snapshot, number_of(party), &inbox), 0);
    assert_true(inbox.head == expected->notice_count);
    assert_true(inbox.acknowledged == expected->acknowledged);
}

static size_t count_table(enum kv_table table, int last_byte)
{
    struct kv_txn *txn = NULL;
    struct kv_range *range = NULL;
    struct kv_bytes key;
    struct kv_bytes value;
    size_t rows = 0;
    assert_int_equal(kv_begin(office.kv, KV_READ, &txn), 0);
    assert_int_equal(
        kv_range_open(txn, table, (struct kv_bytes){"", 1}, (struct kv_bytes){0}, KV_UP, &range),
        0);
    while (kv_range_next(range, &key, &value) == 0) {
        bool wanted =
            last_byte < 0 || ((const uint8_t *)key.data)[key.size - 1] == (uint8_t)last_byte;
        rows += wanted ? 1 : 0;
    }
    kv_range_close(range);
    kv_abort(txn);
    return rows;
}

/* What must stand in the store, row for row: nothing is left behind. */
static void compare_rows(void)
{
    size_t signals = 0;
    size_t agreements = 0;
    size_t files = 0;
    size_t matches = 0;
    size_t open = 0;
    int32_t today = office_today();
    for (int party = 0; party < REFERENCE_PARTIES; party++) {
        size_t told = 0;
        signals += reference.parties[party].kept.count;
        for (int town = 0; town < REFERENCE_TOWNS; town++) {
            agreements += reference.parties[party].until[town] >= today ? 1 : 0;
        }
        for (size_t i = 0; i < reference.match_count; i++) {
            told += !reference.matches[i].forgotten && reference.matches[i].told[party] ? 1 : 0;
        }
        assert_int_equal(office_count_rows(&office, number_of(party), PARTY_MATCH_TOLD), told);
    }
    for (int child = 0; child < REFERENCE_CHILDREN; child++) {
        files += reference.children[child].members.count > 0 ? 1 : 0;
        matches += reference.children[child].matches.count;
        open += reference_open_match(&reference, child) != NULL ? 1 : 0;
    }
    struct store_status status = office_status(&office);
    assert_true(status.signals == signals);
    assert_true(status.matches == open);
    assert_true(status.log_size == reference.log_size);
    assert_int_equal(count_table(KV_DUE, -1), signals + reference.tombstones.count + agreements);
    assert_int_equal(count_table(KV_CHILD, CHILD_FILE), files);
    assert_int_equal(count_table(KV_MATCH, -1), matches);
}

static void compare(bool everything)
{
    for (int party = 0; party < REFERENCE_PARTIES; party++) {
        size_t head = reference.parties[party].notice_count;
        compare_party(party);
        compare_signals(party);
        compare_matches(party);
        compare_notices(party, head > NOTICES_COMPARED ? head - NOTICES_COMPARED : 0,
                        NOTICES_COMPARED);
        compare_notices(party, pick((uint32_t)head + 1), NOTICES_COMPARED / 3);
        for (size_t at = 0; everything && at < head; at += NOTICES_COMPARED) {
            compare_notices(party, at, NOTICES_COMPARED);
        }
    }
    compare_rows();
}

/* ---- the run ---- */

static void begin(void)
{
    static const struct {
        bool reports;
        int town;
    } kinds[REFERENCE_PARTIES] = {{true, -1}, {true, -1}, {true, -1}, {true, -1},
                                  {true, -1}, {false, 0}, {false, 1}, {true, 2}};
    for (int i = 0; i < REFERENCE_CHILDREN; i++) {
        children[i] = office_child(&office, (unsigned)i);
    }
    for (int party = 0; party < REFERENCE_PARTIES; party++) {
        struct store_party_change op;
        struct reference_party *about = &reference.parties[party];
        about->reports = kinds[party].reports;
        about->town = kinds[party].town;
        office_change(&op, number_of(party), PARTY_ADD);
        op.name = "party";
        op.roles =
            (about->reports ? PARTY_REPORTER : 0u) | (about->town >= 0 ? PARTY_MUNICIPALITY : 0u);
        op.own_municipality = about->town < 0 ? 0 : (uint16_t)(REFERENCE_FIRST_TOWN + about->town);
        assert_int_equal(office_run(&office, &op.op, 0), 0);
        assert_int_equal(op.number, number_of(party));
        reference.log_size++;
    }
    office_advance(calendar_dutch_midnight(office_today() + 1) + 12 * 60 * CLOCK_MINUTE -
                   clock_now());
    for (int i = 0; i < 100; i++) {
        put_professional();
        change_agreement();
    }
}

static void run_one(void)
{
    static const struct {
        uint32_t weight;
        void (*run)(void);
    } kinds[] = {
        {38, post},
        {14, withdraw},
        {12, put_professional},
        {4, delete_professional},
        {12, change_agreement},
        {2, suspend_or_resume},
        {8, acknowledge},
        {10, let_time_pass},
    };
    uint32_t at = pick(100);
    size_t kind = 0;
    while (at >= kinds[kind].weight) {
        at -= kinds[kind++].weight;
    }
    step_over_edges();
    kinds[kind].run();
    office_advance(2); /* no two operations in one millisecond */
}

static void test_the_store_is_as_the_reference(void **state)
{
    (void)state;
    const char *given = getenv("VIX_MODEL_SEED");
    const char *count = getenv("VIX_MODEL_OPERATIONS");
    unsigned long operations = count != NULL ? strtoul(count, NULL, 10) : OPERATIONS;
    assert_int_equal(secret_init(), 0);
    secret_random(&random_state, sizeof(random_state));
    if (given != NULL) {
        random_state = strtoull(given, NULL, 10);
    }
    random_state |= 1;
    print_message("VIX_MODEL_SEED=%" PRIu64 " VIX_MODEL_OPERATIONS=%lu\n", random_state,
                  operations);
    office = (struct office){0};
    reference = (struct reference){0};
    office_open(&office);
    begin();
    for (unsigned long i = 1; i <= operations; i++) {
        run_one();
        if (i % 997 == 0) {
            office_reopen(&office);
        }
        step_over_edges();
        if (i % COMPARE_EVERY == 0) {
            compare(false);
        }
    }
    step_over_edges();
    compare(true);
    struct checkpoint_vkey vkey = verify_key(office.keys, OFFICE_ORIGIN);
    assert_true(verify_log(office.store, &vkey) == reference.log_size);
    print_message("%zu signals, %zu matches\n", reference.signal_count, reference.match_count);
    reference_finish(&reference);
    office_finish(&office);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_the_store_is_as_the_reference)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
