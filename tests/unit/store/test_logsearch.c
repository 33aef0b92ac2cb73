/* SPDX-License-Identifier: EUPL-1.2 */
/* Every search of the log gives what looking at each entry gives, whatever is indexed by then. */
#include "tests/unit/store/office.h"

#include <stdio.h>
#include <stdlib.h>

#include "crypto/secret.h"
#include "store/log/read.h"
#include "store/log/record.h"
#include "store/snapshot.h"

#define ENTRIES OFFICE_SCALE(600, 250)
#define PARTIES 5
#define CHILDREN 7
#define PROFESSIONALS 3
#define TRACES 5
#define MONTHS 4 /* that go by while entries are made */
#define REMEMBERED_MAXIMUM 40000

static struct office office;

static const char *const professionals[PROFESSIONALS + 1] = {NULL, "ann", "bob", "eve"};
static const char *const outcomes[] = {"", "not-found", "conflict"};
static const enum log_event events[] = {LOG_SIGNAL_READ, LOG_MATCH_READ, LOG_NOTICE_OFFERED,
                                        LOG_REQUEST_REFUSED};

/* What was asked to be logged, kept apart. */
struct remembered {
    uint32_t party;
    uint32_t on_behalf_of;
    unsigned child; /* 0: none */
    const char *professional;
    enum log_event event;
    const char *outcome;
    int64_t time;
    uint8_t trace_id[16]; /* as it stands in the record */
};
static struct remembered *remembered;
static size_t remembered_count;
static unsigned same_as[CHILDREN + 2]; /* of children with one number for another: one of them */
static uint64_t seed;

static int setup(void **state)
{
    (void)state;
    const char *given = getenv("VIX_MODEL_SEED");
    assert_int_equal(secret_init(), 0);
    if (given != NULL) {
        seed = strtoull(given, NULL, 10);
    } else {
        secret_random(&seed, sizeof(seed));
    }
    print_message("seed %llu\n", (unsigned long long)seed);
    srandom((unsigned)seed);
    office = (struct office){0};
    office_open(&office);
    remembered = test_calloc(REMEMBERED_MAXIMUM, sizeof(*remembered));
    remembered_count = 0;
    for (unsigned i = 0; i < ARRAY_LENGTH(same_as); i++) {
        same_as[i] = i;
    }
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    test_free(remembered);
    office_finish(&office);
    return 0;
}

static unsigned pick(unsigned below)
{
    return (unsigned)random() % below;
}

/* What is read and not remembered goes at once. */
static void read_entry(uint64_t index, struct remembered *it)
{
    static const char before[] = "\"trace_id\":\"";
    struct log_entry entry;
    assert_int_equal(store_get_log_entry(office_look(&office), index, &entry), 0);
    const char *trace = strstr(entry.public_part, before);
    assert_non_null(trace);
    assert_int_equal(secret_from_hex(trace + strlen(before), 32, it->trace_id, 16), 0);
    it->time = entry.logged_at;
    it->event = entry.event;
}

static void log_something(void)
{
    struct remembered it = {
        .party = pick(PARTIES),
        .on_behalf_of = pick(3) == 0 ? 1 + pick(PARTIES - 1) : 0,
        .child = pick(2) == 0 ? 1 + pick(CHILDREN) : 0,
        .professional = professionals[pick(2) == 0 ? 0 : 1 + pick(PROFESSIONALS)],
        .event = events[pick(4)],
        .outcome = outcomes[pick(3) == 0 ? 1 + pick(2) : 0],
    };
    struct log_note note = {
        .event = it.event, .outcome = it.outcome, .professional = it.professional};
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
    op.op.by.traced = pick(3) == 0;
    op.op.by.trace_id[0] = (uint8_t)(op.op.by.traced ? 1 + pick(TRACES) : 0);
    assert_int_equal(store_run(office.store, &op.op), 0);
    assert_true(op.op.log_index < REMEMBERED_MAXIMUM);
    while (remembered_count < op.op.log_index) { /* what the index does every month by itself */
        remembered[remembered_count] = (struct remembered){.outcome = ""};
        read_entry(remembered_count, &remembered[remembered_count]);
        remembered_count++;
    }
    read_entry(op.op.log_index, &it);
    static const uint8_t zeroes[15];
    assert_int_equal(op.op.by.traced, memcmp(it.trace_id + 1, zeroes, sizeof(zeroes)) == 0);
    remembered[remembered_count++] = it;
}

/* The log knows both under the ids of both from now on; what tells of it is on them, too. */
static void replace_number(unsigned from, unsigned into)
{
    const struct office_child one = office_child(&office, from);
    const struct office_child other = office_child(&office, into);
    struct store_person_event op;
    store_person_event_init(&op);
    op.event = PERSON_REPLACED;
    op.evaluation_key = 1;
    op.child = (struct identity){one.key, one.element};
    op.other = (struct identity){other.key, other.element};
    log_something(); /* so that all before it is remembered */
    assert_int_equal(office_run(&office, &op.op, 0), 0);
    for (uint64_t size = office_status(&office).log_size; remembered_count < size;) {
        struct log_entry entry;
        assert_int_equal(store_get_log_entry(office_look(&office), remembered_count, &entry), 0);
        remembered[remembered_count] =
            (struct remembered){.outcome = "", .child = entry.has_subject ? into : 0};
        read_entry(remembered_count, &remembered[remembered_count]);
        remembered_count++;
    }
    for (unsigned i = 0, old = same_as[from]; i < ARRAY_LENGTH(same_as); i++) {
        same_as[i] = same_as[i] == old ? same_as[into] : same_as[i];
    }
}

static void log_much(unsigned count)
{
    for (unsigned i = 1; i <= count; i++) {
        log_something();
        if (i % (count / MONTHS + 1) == 0) {
            office_advance_days(31);
        }
    }
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
           (query->professional == NULL ||
            (it->professional != NULL && strcmp(it->professional, query->professional) == 0)) &&
           (search->child == 0 || same_as[it->child] == same_as[search->child]) &&
           (query->event == 0 || it->event == query->event || it->event == query->other_event) &&
           (!query->has_trace || memcmp(it->trace_id, query->trace_id, 16) == 0) &&
           it->time >= query->from && it->time < query->to &&
           (query->outcome == NULL || strcmp(query->outcome, it->outcome) == 0);
}

static int64_t pick_time(void)
{
    return remembered[pick((unsigned)remembered_count)].time + pick(3) - 1;
}

/* `filters`: which of them are given, a bit for each. */
enum filter {
    PARTY = 1,
    PROFESSIONAL = 2,
    CHILD = 4,
    EVENT = 8,
    OUTCOME = 16,
    TRACE = 32,
    TIME = 64
};
#define FILTERS 128

static struct search make_search(unsigned filters)
{
    struct search search = {.query = office_any_entry()};
    struct log_query *query = &search.query;
    query->oldest_first = pick(2) == 0;
    query->start = query->oldest_first ? 0 : UINT64_MAX;
    query->limit = pick(2) == 0 ? 1 + pick(3) : 20 + pick(80);
    query->bound = pick(4) == 0 ? pick((unsigned)remembered_count + 2) : remembered_count;
    if ((filters & (PARTY | PROFESSIONAL)) != 0) {
        search.party = 1 + pick(PARTIES); /* one of them never did anything */
        query->party = office_oin(search.party);
    }
    if ((filters & PROFESSIONAL) != 0) {
        query->professional = pick(9) == 0 ? "nobody" : professionals[1 + pick(PROFESSIONALS)];
    }
    if ((filters & CHILD) != 0) {
        search.child = 1 + pick(CHILDREN + 1); /* one of them was never logged */
        query->has_subject = true;
        query->subject = office_child(&office, search.child).key;
    }
    if ((filters & EVENT) != 0) {
        query->event = events[pick(4)];
        query->other_event = pick(3) == 0 ? events[pick(4)] : 0;
    }
    if ((filters & OUTCOME) != 0) {
        query->outcome = pick(6) == 0 ? "internal-error" : outcomes[pick(3)];
    }
    if ((filters & TRACE) != 0) {
        const struct remembered *one = &remembered[pick((unsigned)remembered_count)];
        query->has_trace = true;
        memcpy(query->trace_id, one->trace_id, sizeof(query->trace_id));
        query->trace_id[3] ^= pick(5) == 0; /* leads to an entry, but is not its own */
    }
    if ((filters & TIME) != 0) {
        query->from = pick(3) == 0 ? INT64_MIN : pick_time();
        query->to = pick(3) == 0 ? INT64_MAX : pick_time();
    }
    return search;
}

/* Pages through the answer, and holds each entry to what was remembered; between the pages the log
 * grows. */
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
        assert_true(!page.more ||
                    (query->oldest_first ? page.next >= expected : page.next < expected));
        query->start = page.next;
        if (page.more && pick(16) == 0) {
            log_something();
        }
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

/* Every combination, several times. */
static void check_searches(void)
{
    for (int i = 0; i < OFFICE_SCALE(4, 1); i++) {
        for (unsigned filters = 0; filters < FILTERS; filters++) {
            struct search search = make_search(filters);
            check_search(&search);
        }
    }
}

static void test_searches(void **state)
{
    (void)state;
    log_much(ENTRIES / 2);
    replace_number(1, 2); /* both have entries already, in between each other */
    replace_number(3, 4);
    log_much(ENTRIES / 4);
    replace_number(2, 3); /* one child of four numbers */
    log_much(ENTRIES / 4);
    check_searches(); /* mostly what is not in the indexes */
    office_index(&office);
    assert_int_equal(office_status(&office).unindexed, 0);
    check_searches(); /* the indexes alone */
    log_much(ENTRIES / 2);
    check_searches(); /* both */
    office_reopen(&office);
    office_index(&office);
    check_searches();
}

/* Who sends the trace id that leads to the entry that comes next is found once, as is the one whose
 * trace id another sends. */
static void test_a_trace_that_is_made_up(void **state)
{
    (void)state;
    struct log_note note = {.event = LOG_SIGNAL_READ};
    struct store_note_op op;
    struct remembered own;
    uint8_t made_up[16] = {9};
    log_something();
    own = remembered[remembered_count - 1];
    put_be64(made_up + 8, remembered_count);
    const uint8_t *const sent[] = {made_up, own.trace_id};
    for (size_t i = 0; i < ARRAY_LENGTH(sent); i++) {
        store_note_init(&op);
        op.count = 1;
        op.notes = &note;
        op.op.by.traced = true;
        memcpy(op.op.by.trace_id, sent[i], 16);
        assert_int_equal(store_run(office.store, &op.op), 0);
    }
    for (unsigned indexed = 0; indexed < 2; indexed++) {
        struct log_query query = office_any_entry();
        query.has_trace = true;
        memcpy(query.trace_id, made_up, 16);
        assert_int_equal(office_log(&office, &query).count, 1);
        memcpy(query.trace_id, own.trace_id, 16);
        assert_int_equal(office_log(&office, &query).count, 2);
        office_index(&office);
    }
}

/* Notes of one party, of which one in so many is on a child, and is told of another. */
static void log_alternating(unsigned count, unsigned every)
{
    struct log_note note = {.event = LOG_SIGNAL_READ};
    struct store_note_op *ops = test_calloc(count, sizeof(*ops));
    struct log_note *notes = test_calloc(count, sizeof(*notes));
    struct crowd crowd;
    crowd_init(&crowd);
    for (unsigned i = 0; i < count; i++) {
        bool on_child = i % every == 0;
        notes[i] = note;
        notes[i].has_subject = on_child;
        notes[i].subject = on_child ? office_child(&office, 1).key : note.subject;
        store_note_init(&ops[i]);
        ops[i].count = 1;
        ops[i].notes = &notes[i];
        ops[i].op.by = office_attribution(on_child ? 2 : 1);
        assert_int_equal(crowd_submit(&crowd, office.store, &ops[i].op), 0);
    }
    crowd_finish(&crowd);
    test_free(ops);
    test_free(notes);
}

static size_t look_for(struct log_query *query, size_t *ret_pages)
{
    struct log_page page;
    size_t found = 0;
    *ret_pages = 0;
    query->oldest_first = false;
    query->start = UINT64_MAX;
    do {
        uint64_t before = query->start;
        size_t budget = 1000;
        struct store_view *view = &office_look(&office)->view;
        assert_int_equal(log_read_page(view, query, &budget, &page), 0);
        assert_true(!page.more || page.count == query->limit || budget == 0);
        assert_true(!page.more || page.next < before);
        found += page.count;
        query->start = page.next;
        ++*ret_pages;
    } while (page.more);
    return found;
}

/* Two things that are each common and never meet: a page looks at a bounded number of places, and
 * says that there is more. What is rare leads straight to its end. */
static void test_what_never_meets(void **state)
{
    (void)state;
    enum { COUNT = 3000 };
    struct log_query query = office_any_entry();
    size_t pages;
    log_alternating(COUNT, 2);
    office_index(&office);
    query.has_subject = true;
    query.subject = office_child(&office, 1).key;
    query.party = office_oin(1);
    assert_int_equal(look_for(&query, &pages), 0);
    assert_in_range(pages, 2, 6); /* a step for each turn from the one to the other */
    query.party = office_oin(2);
    query.limit = 500;
    assert_int_equal(look_for(&query, &pages), COUNT / 2);
    query.party = office_oin(3);
    assert_int_equal(look_for(&query, &pages), 0);
    assert_int_equal(pages, 1);
    query.party = office_oin(2);
    query.event = LOG_MATCH_READ;
    assert_int_equal(look_for(&query, &pages), 0);
    assert_int_equal(pages, 1);
}

/* Where one of two ends and the other begins, what lies between is leapt over. */
static void test_what_met_long_ago(void **state)
{
    (void)state;
    enum { COUNT = 1500 };
    struct log_query query = office_any_entry();
    size_t pages;
    log_alternating(COUNT, 1);
    log_alternating(COUNT, COUNT + 1);
    office_index(&office);
    query.has_subject = true;
    query.subject = office_child(&office, 1).key;
    query.party = office_oin(1);
    assert_int_equal(look_for(&query, &pages), 0);
    assert_int_equal(pages, 1);
}

/* A child of several ids: with whatever else is asked for, a page of one entry is followed by one
 * that goes on behind it. */
static void test_small_pages_of_several_ids(void **state)
{
    (void)state;
    enum { COUNT = 24 };
    for (unsigned i = 0; i < COUNT; i++) {
        struct log_note note = {.event = LOG_SIGNAL_READ, .has_subject = true};
        note.subject = office_child(&office, 1 + i % 4).key;
        (void)office_note(&office, PARTIES, &note); /* which does nothing else */
    }
    for (unsigned i = 2; i <= 4; i++) {
        replace_number(i, 1);
    }
    office_index(&office);
    for (unsigned limit = 1; limit <= 3; limit++) {
        struct log_query query = office_any_entry();
        size_t pages;
        query.has_subject = true;
        query.subject = office_child(&office, 3).key;
        query.party = office_oin(PARTIES);
        query.event = LOG_SIGNAL_READ;
        query.limit = limit;
        assert_int_equal(look_for(&query, &pages), COUNT);
        assert_in_range(pages, COUNT / limit, COUNT / limit + 1);
    }
}

/* What is rare is found at once where nothing is in the indexes yet, too. */
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
        notes[0].event = i == 0 ? LOG_LOG_READ : LOG_NOTICE_OFFERED;
        store_note_init(&op);
        op.count = STORE_NOTES_MAXIMUM;
        op.notes = notes;
        assert_int_equal(office_run(&office, &op.op, 1), 0);
    }
    struct log_query query = office_any_entry();
    struct log_page page;
    query.oldest_first = false;
    query.start = UINT64_MAX;
    query.limit = 10;
    query.event = LOG_LOG_READ;
    assert_int_equal(store_read_log(office_look(&office), &query, &page), 0);
    assert_int_equal(page.count, 1);
    assert_true(page.entries[0].index == 0);
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
        cmocka_unit_test_setup_teardown(test_a_trace_that_is_made_up, setup, teardown),
        cmocka_unit_test_setup_teardown(test_what_never_meets, setup, teardown),
        cmocka_unit_test_setup_teardown(test_what_met_long_ago, setup, teardown),
        cmocka_unit_test_setup_teardown(test_small_pages_of_several_ids, setup, teardown),
        cmocka_unit_test_setup_teardown(test_a_search_in_a_long_tail, setup, teardown),
        cmocka_unit_test_setup_teardown(test_the_tail_stays_short, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
