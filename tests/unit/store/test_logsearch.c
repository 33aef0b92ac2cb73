/* SPDX-License-Identifier: EUPL-1.2 */
/* Every search of the log gives what looking at each entry gives, whatever is indexed by then. */
#include "tests/unit/store/office.h"

#include <stdio.h>
#include <stdlib.h>

#include "crypto/secret.h"

#define ENTRIES OFFICE_SCALE(1500, 400)
#define PARTIES 5
#define CHILDREN 7

static struct office office;

/* What was asked to be logged, kept apart. */
struct remembered {
    uint32_t party;
    uint32_t on_behalf_of;
    unsigned child; /* 0: none */
    enum log_event event;
    bool refused;
    int64_t time;
};
static struct remembered remembered[4000];
static size_t remembered_count;
static uint64_t seed;

static int setup(void **state)
{
    (void)state;
    const char *given = getenv("VIX_MODEL_SEED");
    if (given != NULL) {
        seed = strtoull(given, NULL, 10);
    } else {
        assert_int_equal(secret_init(), 0);
        secret_random(&seed, sizeof(seed));
    }
    print_message("seed %llu\n", (unsigned long long)seed);
    srandom((unsigned)seed);
    office = (struct office){0};
    office_open(&office);
    remembered_count = 0;
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    office_finish(&office);
    return 0;
}

static unsigned pick(unsigned below)
{
    return (unsigned)random() % below;
}

static void log_something(void)
{
    static const enum log_event events[] = {LOG_SIGNAL_READ, LOG_MATCH_READ, LOG_NOTICE_OFFERED};
    struct remembered it = {
        .party = pick(PARTIES),
        .on_behalf_of = pick(3) == 0 ? 1 + pick(PARTIES - 1) : 0,
        .child = pick(2) == 0 ? 1 + pick(CHILDREN) : 0,
        .event = events[pick(3)],
        .refused = pick(4) == 0,
    };
    struct log_note note = {.event = it.event, .outcome = it.refused ? "not-found" : NULL};
    struct store_note_op op;
    if (it.child != 0) {
        note.has_subject = true;
        note.subject = office_child(&office, it.child).key;
    }
    store_note_init(&op);
    op.count = 1;
    op.notes = &note;
    op.op.by.party = office_oin(it.party);
    op.op.by.on_behalf_of = office_oin(it.on_behalf_of);
    assert_int_equal(store_run(office.store, &op.op), 0);
    assert_true(op.op.log_index == remembered_count);
    struct log_entry entry;
    assert_int_equal(store_get_log_entry(office_look(&office), op.op.log_index, &entry), 0);
    it.time = entry.logged_at;
    remembered[remembered_count++] = it;
}

struct search {
    struct log_query query;
    uint32_t party;
    unsigned child;
};

static bool agrees(const struct search *search, const struct remembered *it)
{
    const struct log_query *query = &search->query;
    return (search->party == 0 || it->party == search->party ||
            it->on_behalf_of == search->party) &&
           (search->child == 0 || it->child == search->child) &&
           (query->event == 0 || it->event == query->event || it->event == query->other_event) &&
           it->time >= query->from && it->time < query->to &&
           (query->outcome == NULL ||
            (strcmp(query->outcome, "not-found") == 0 ? it->refused
                                                      : query->outcome[0] == '\0' && !it->refused));
}

static struct search make_search(void)
{
    static const char *const outcomes[] = {NULL, NULL, "", "not-found", "conflict"};
    struct search search = {.query = office_any_entry()};
    search.query.oldest_first = pick(2) == 0;
    search.query.start = search.query.oldest_first ? 0 : UINT64_MAX;
    search.query.limit = pick(3) == 0 ? 1 + pick(5) : 100;
    search.query.outcome = outcomes[pick(5)];
    if (pick(2) == 0) {
        search.party = 1 + pick(PARTIES); /* one of them never did anything */
        search.query.party = office_oin(search.party);
    }
    if (pick(2) == 0) {
        search.child = 1 + pick(CHILDREN + 1); /* one of them was never logged */
        search.query.has_subject = true;
        search.query.subject = office_child(&office, search.child).key;
    }
    if (pick(3) == 0) {
        search.query.event = LOG_MATCH_READ;
        search.query.other_event = pick(2) == 0 ? LOG_NOTICE_OFFERED : 0;
    }
    if (pick(2) == 0) {
        search.query.from = remembered[pick((unsigned)remembered_count)].time + pick(3) - 1;
    }
    if (pick(2) == 0) {
        search.query.to = remembered[pick((unsigned)remembered_count)].time + pick(3) - 1;
    }
    if (pick(4) == 0) {
        search.query.bound = pick((unsigned)remembered_count + 2);
    }
    return search;
}

/* Pages through the answer, and holds each entry to what was remembered. */
static void check_search(struct search *search)
{
    struct log_query *query = &search->query;
    uint64_t bound = query->bound < remembered_count ? query->bound : remembered_count;
    uint64_t expected = query->oldest_first ? 0 : bound;
    struct log_page page;
    do {
        assert_int_equal(store_read_log(office_look(&office), query, &page), 0);
        assert_true(page.count <= query->limit);
        for (size_t i = 0; i < page.count; i++) {
            if (query->oldest_first) {
                while (!agrees(search, &remembered[expected])) {
                    expected++;
                    assert_true(expected < bound);
                }
                assert_true(page.entries[i].index == expected);
                expected++;
            } else {
                do {
                    assert_true(expected > 0);
                    expected--;
                } while (!agrees(search, &remembered[expected]));
                assert_true(page.entries[i].index == expected);
            }
        }
        query->start = page.next;
    } while (page.more);
    /* Nothing that agrees is left. */
    if (query->oldest_first) {
        for (; expected < bound; expected++) {
            assert_false(agrees(search, &remembered[expected]));
        }
    } else {
        while (expected-- > 0) {
            assert_false(agrees(search, &remembered[expected]));
        }
    }
}

static void check_searches(void)
{
    for (int i = 0; i < OFFICE_SCALE(300, 100); i++) {
        struct search search = make_search();
        check_search(&search);
    }
}

static void test_searches(void **state)
{
    (void)state;
    for (int i = 0; i < ENTRIES; i++) {
        log_something();
    }
    check_searches(); /* mostly the tail */
    office_index(&office);
    assert_int_equal(office_status(&office).unindexed, 0);
    check_searches(); /* the index alone */
    for (int i = 0; i < ENTRIES / 2; i++) {
        log_something();
    }
    check_searches(); /* index and tail */
    office_reopen(&office);
    office_index(&office);
    check_searches();
}

/* A page looks at a bounded number of entries, and says that there is more. */
static void test_a_search_in_a_long_tail(void **state)
{
    (void)state;
    enum { TAIL = 6 * STORE_NOTES_MAXIMUM };
    struct log_note *notes = test_calloc(STORE_NOTES_MAXIMUM, sizeof(*notes));
    struct store_note_op op;
    for (int i = 0; i < STORE_NOTES_MAXIMUM; i++) {
        notes[i].event = LOG_NOTICE_OFFERED;
    }
    for (int i = 0; i < 6; i++) {
        notes[STORE_NOTES_MAXIMUM - 1].event = i == 5 ? LOG_LOG_READ : LOG_NOTICE_OFFERED;
        store_note_init(&op);
        op.count = STORE_NOTES_MAXIMUM;
        op.notes = notes;
        assert_int_equal(office_run(&office, &op.op, 1), 0);
    }
    struct log_query query = office_any_entry();
    struct log_page page;
    query.event = LOG_LOG_READ;
    assert_int_equal(store_read_log(office_look(&office), &query, &page), 0);
    assert_int_equal(page.count, 0);
    assert_true(page.more);
    query.start = page.next;
    assert_int_equal(store_read_log(office_look(&office), &query, &page), 0);
    assert_int_equal(page.count, 1);
    assert_true(page.entries[0].index == TAIL - 1);
    assert_false(page.more);
    test_free(notes);
}

/* The tail stays short however busy the store is: merging then goes along with every batch. */
static void test_the_tail_stays_short(void **state)
{
    (void)state;
    enum { OPS = OFFICE_SCALE(48, 30) };
    struct log_note *notes = test_calloc(STORE_NOTES_MAXIMUM, sizeof(*notes));
    struct store_note_op *ops = test_calloc(OPS, sizeof(*ops));
    struct crowd crowd;
    for (int i = 0; i < STORE_NOTES_MAXIMUM; i++) {
        notes[i].event = LOG_NOTICE_OFFERED;
    }
    crowd_init(&crowd);
    for (int i = 0; i < OPS; i++) {
        store_note_init(&ops[i]);
        ops[i].count = STORE_NOTES_MAXIMUM;
        ops[i].notes = notes;
        ops[i].op.by = office_attribution(1);
        assert_int_equal(crowd_submit(&crowd, office.store, &ops[i].op), 0);
    }
    crowd_finish(&crowd);
    struct store_status status = office_status(&office);
    assert_int_equal(status.log_size, OPS * STORE_NOTES_MAXIMUM);
    assert_true(status.unindexed <= 20000);
    test_free(ops);
    test_free(notes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_searches, setup, teardown),
        cmocka_unit_test_setup_teardown(test_a_search_in_a_long_tail, setup, teardown),
        cmocka_unit_test_setup_teardown(test_the_tail_stays_short, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
