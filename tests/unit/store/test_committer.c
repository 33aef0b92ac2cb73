/* SPDX-License-Identifier: EUPL-1.2 */
/* Many at once: whatever the batch, the outcome is that of some order one after the other. */
#include "tests/unit/store/office_fixture.h"

#include <stdio.h>
#include <stdlib.h>

#define THREADS 8

/* One thread's work: its own operations, all handed over before any is answered. */
struct clerk {
    pthread_t thread;
    pthread_barrier_t *start;
    size_t count;
    struct store_signal_post *ops;
    size_t refused;
};

static void *run_clerk(void *context)
{
    struct clerk *clerk = context;
    struct crowd crowd;
    crowd_init(&crowd);
    pthread_barrier_wait(clerk->start);
    for (size_t i = 0; i < clerk->count; i++) {
        clerk->refused += crowd_submit(&crowd, office.store, &clerk->ops[i].op) == 0 ? 0 : 1;
    }
    crowd_finish(&crowd);
    return NULL;
}

static void run_clerks(struct clerk *clerks, unsigned count)
{
    pthread_barrier_t start;
    pthread_barrier_init(&start, NULL, count);
    for (unsigned i = 0; i < count; i++) {
        clerks[i].start = &start;
        assert_int_equal(pthread_create(&clerks[i].thread, NULL, run_clerk, &clerks[i]), 0);
    }
    for (unsigned i = 0; i < count; i++) {
        pthread_join(clerks[i].thread, NULL);
        assert_int_equal(clerks[i].refused, 0);
        for (size_t j = 0; j < clerks[i].count; j++) {
            assert_int_equal(clerks[i].ops[j].op.result, 0);
        }
    }
    pthread_barrier_destroy(&start);
}

static void test_two_first_signals_form_one_match(void **state)
{
    (void)state;
    enum { ROUNDS = 100 };
    uint32_t parties[2];
    for (int i = 0; i < 2; i++) {
        parties[i] = office_reporter(&office);
        office_hire(&office, parties[i], "ann");
    }
    for (unsigned round = 0; round < ROUNDS; round++) {
        struct store_signal_post ops[2];
        struct clerk clerks[2] = {{.count = 1, .ops = &ops[0]}, {.count = 1, .ops = &ops[1]}};
        for (int i = 0; i < 2; i++) {
            office_fill_post(&office, &ops[i], parties[i], "ann", round);
        }
        run_clerks(clerks, 2);
        assert_true(ops[0].created && ops[1].created);
        assert_true(ops[0].matched != ops[1].matched); /* whoever came second */
        assert_int_equal(office_status(&office).matches, round + 1);
        struct notice_page page = office_inbox(&office, parties[0], round);
        assert_int_equal(page.count, 1);
        struct uuid match = page.notices[0].match.id;
        page = office_inbox(&office, parties[1], round);
        assert_int_equal(page.count, 1);
        assert_true(same_uuid(&page.notices[0].match.id, &match));
        assert_int_equal(page.notices[0].match.involved_count, 1);
    }
}

static void test_one_professional_at_once(void **state)
{
    (void)state;
    struct store_signal_post *ops = test_calloc(THREADS * 10, sizeof(*ops));
    struct clerk clerks[THREADS] = {0};
    uint32_t school = office_reporter(&office);
    office_hire(&office, school, "ann");
    for (unsigned i = 0; i < THREADS; i++) {
        clerks[i] = (struct clerk){.count = 10, .ops = &ops[10 * i]};
        for (unsigned j = 0; j < 10; j++) {
            office_fill_post(&office, &ops[10 * i + j], school, "ann", 1);
        }
    }
    run_clerks(clerks, THREADS);
    unsigned created = 0;
    for (unsigned i = 0; i < THREADS * 10; i++) {
        created += ops[i].created ? 1 : 0;
        assert_true(same_uuid(&ops[i].signal.id, &ops[0].signal.id));
    }
    assert_int_equal(created, 1);
    assert_int_equal(office_signals(&office, school, 0).count, 1);
    assert_int_equal(office_inbox_state(&office, school).head, 0);
    test_free(ops);
}

/* What a party was told about one signal of its own. */
struct told {
    struct uuid signal;
    struct uuid match;
    size_t formed;
    size_t joined;
};

static struct told *told_of(struct told *told, size_t count, const struct uuid *signal)
{
    for (size_t i = 0; i < count; i++) {
        if (same_uuid(&told[i].signal, signal)) {
            return &told[i];
        }
    }
    fail_msg("a notice about a signal that is not the party's own");
    return NULL;
}

/* Reads the whole inbox of a party, whose signals are those of `told`. */
static void read_inbox(uint32_t party, struct told *told, size_t count, size_t total)
{
    struct notice_page page = {0};
    do {
        assert_int_equal(
            store_read_notices(office_look(&office), party, page.next, MODEL_PAGE_MAXIMUM, &page),
            0);
        for (size_t i = 0; i < page.count; i++) {
            const struct notice *notice = &page.notices[i];
            struct told *about = told_of(told, count, &notice->own.id);
            about->match = notice->match.id;
            about->formed += notice->type == NOTICE_MATCH_FORMED ? 1 : 0;
            about->joined += notice->type == NOTICE_MATCH_JOINED ? 1 : 0;
            assert_int_equal(notice->match.involved_count, total - 1);
        }
    } while (page.more);
}

static int compare_ids(const void *left, const void *right)
{
    return memcmp(left, right, sizeof(struct uuid));
}

/* Hundreds at once, on a few children, from many threads. */
static void test_hundreds_form_one_match_each(void **state)
{
    (void)state;
    enum { CHILDREN = 3, PROFESSIONALS = OFFICE_SCALE(80, 40) };
    struct store_signal_post *ops = test_calloc(CHILDREN * PROFESSIONALS, sizeof(*ops));
    char(*names)[16] = test_calloc(PROFESSIONALS, sizeof(*names));
    struct clerk clerks[PROFESSIONALS / 5] = {0};
    uint32_t parties[PROFESSIONALS / 5];
    uint32_t town = office_municipality(&office, OFFICE_TOWN);
    for (unsigned i = 0; i < PROFESSIONALS / 5; i++) {
        parties[i] = office_reporter(&office);
        clerks[i] = (struct clerk){.count = 5 * CHILDREN, .ops = &ops[5 * CHILDREN * i]};
        for (unsigned j = 0; j < 5; j++) {
            snprintf(names[5 * i + j], sizeof(names[0]), "p%u", 5 * i + j);
            office_hire(&office, parties[i], names[5 * i + j]);
            for (unsigned child = 0; child < CHILDREN; child++) {
                office_fill_post(&office, &clerks[i].ops[j * CHILDREN + child], parties[i],
                                 names[5 * i + j], child);
            }
        }
    }
    run_clerks(clerks, PROFESSIONALS / 5);
    assert_int_equal(office_status(&office).matches, CHILDREN);
    assert_int_equal(office_status(&office).signals, CHILDREN * PROFESSIONALS);

    struct told *told = test_calloc(CHILDREN * PROFESSIONALS, sizeof(*told));
    for (unsigned i = 0; i < CHILDREN * PROFESSIONALS; i++) {
        told[i].signal = ops[i].signal.id;
    }
    for (unsigned i = 0; i < PROFESSIONALS / 5; i++) {
        read_inbox(parties[i], &told[5 * CHILDREN * i], 5 * CHILDREN, PROFESSIONALS);
    }
    for (unsigned child = 0; child < CHILDREN; child++) {
        struct uuid ids[PROFESSIONALS];
        for (unsigned i = 0; i < PROFESSIONALS; i++) {
            ids[i] = ops[i * CHILDREN + child].signal.id;
        }
        qsort(ids, PROFESSIONALS, sizeof(ids[0]), compare_ids); /* in the order of signalling */
        for (unsigned i = 0; i < PROFESSIONALS; i++) {
            const struct told *about = &told[i * CHILDREN + child];
            const struct uuid *at =
                bsearch(&about->signal, ids, PROFESSIONALS, sizeof(*ids), compare_ids);
            assert_non_null(at);
            size_t place = (size_t)(at - ids);
            assert_true(same_uuid(&about->match, &told[child].match));
            assert_int_equal(about->formed, 1);
            assert_int_equal(about->joined,
                             place == 0 ? PROFESSIONALS - 2 : PROFESSIONALS - 1 - place);
        }
    }
    test_free(told);
    assert_int_equal(office_inbox(&office, town, 0).count, CHILDREN); /* told once of each */
    test_free(names);
    test_free(ops);
}

/* Operations see those before them in their batch. */
static void test_a_burst_is_run_in_order(void **state)
{
    (void)state;
    enum { PUPILS = 50 };
    struct store_professional_put puts[PUPILS];
    struct store_signal_post posts[PUPILS];
    struct store_professional_delete refused[PUPILS];
    char names[PUPILS][16];
    struct crowd crowd;
    uint32_t school = office_reporter(&office);
    crowd_init(&crowd);
    for (unsigned i = 0; i < PUPILS; i++) {
        snprintf(names[i], sizeof(names[i]), "p%u", i);
        store_professional_put_init(&puts[i]);
        puts[i].id = names[i];
        puts[i].contact = (struct contact){names[i], "", "", ""};
        puts[i].op.party = school;
        office_fill_post(&office, &posts[i], school, names[i], 1);
        store_professional_delete_init(&refused[i]);
        refused[i].id = names[i];
        refused[i].op.party = school;
        assert_int_equal(crowd_submit(&crowd, office.store, &puts[i].op), 0);
        assert_int_equal(crowd_submit(&crowd, office.store, &posts[i].op), 0);
        assert_int_equal(crowd_submit(&crowd, office.store, &refused[i].op), 0);
    }
    crowd_finish(&crowd);
    for (unsigned i = 0; i < PUPILS; i++) {
        assert_int_equal(puts[i].op.result, 0);
        assert_int_equal(posts[i].op.result, 0);
        assert_int_equal(refused[i].op.result, STORE_IN_USE);
        assert_true(puts[i].op.log_index < posts[i].op.log_index);
        assert_true(posts[i].op.log_index < refused[i].op.log_index);
        assert_int_equal(posts[i].matched, i > 0);
    }
}

/* Everything that was taken is answered before the store is closed. */
static void test_closing_runs_what_is_queued(void **state)
{
    (void)state;
    enum { SIGNALS = 1500 };
    struct store_signal_post *ops = test_calloc(SIGNALS, sizeof(*ops));
    struct crowd crowd;
    uint32_t school = office_reporter(&office);
    office_hire(&office, school, "ann");
    crowd_init(&crowd);
    for (unsigned i = 0; i < SIGNALS; i++) {
        office_fill_post(&office, &ops[i], school, "ann", i);
        assert_int_equal(crowd_submit(&crowd, office.store, &ops[i].op), 0);
    }
    office_reopen(&office);
    crowd_finish(&crowd);
    for (unsigned i = 0; i < SIGNALS; i++) {
        struct signal signal;
        assert_int_equal(ops[i].op.result, 0);
        assert_int_equal(office_see_signal(&office, school, &ops[i].signal.id, &signal), 0);
    }
    test_free(ops);
}

/* Snapshots while it is written: each shows a whole number of operations. */
struct reader {
    pthread_t thread;
    atomic_bool *stop;
    uint32_t parties[2];
    unsigned looked;
    bool torn;
};

static void *run_reader(void *context)
{
    struct reader *reader = context;
    while (!atomic_load(reader->stop)) {
        struct arena arena;
        struct store_snapshot *snapshot = NULL;
        struct inbox_state states[2];
        arena_init(&arena);
        if (store_snapshot_open(office.store, &arena, &snapshot) == 0) {
            for (int i = 0; i < 2; i++) {
                if (store_get_inbox(snapshot, reader->parties[i], &states[i]) != 0) {
                    reader->torn = true;
                }
            }
            /* Both are told in one operation. */
            reader->torn = reader->torn || states[0].head != states[1].head;
            reader->looked++;
            store_snapshot_close(snapshot);
        }
        arena_finish(&arena);
    }
    return NULL;
}

static void test_snapshots_are_whole(void **state)
{
    (void)state;
    enum { CHILDREN = OFFICE_SCALE(1000, 300) };
    struct store_signal_post *ops = test_calloc(2 * CHILDREN, sizeof(*ops));
    struct clerk clerks[2] = {0};
    struct reader readers[3] = {0};
    atomic_bool stop = false;
    uint32_t parties[2];
    for (unsigned i = 0; i < 2; i++) {
        parties[i] = office_reporter(&office);
        office_hire(&office, parties[i], "ann");
        clerks[i] = (struct clerk){.count = CHILDREN, .ops = &ops[CHILDREN * i]};
        for (unsigned j = 0; j < CHILDREN; j++) {
            office_fill_post(&office, &clerks[i].ops[j], parties[i], "ann", j);
        }
    }
    for (int i = 0; i < 3; i++) {
        readers[i].stop = &stop;
        memcpy(readers[i].parties, parties, sizeof(parties));
        assert_int_equal(pthread_create(&readers[i].thread, NULL, run_reader, &readers[i]), 0);
    }
    run_clerks(clerks, 2);
    atomic_store(&stop, true);
    for (int i = 0; i < 3; i++) {
        pthread_join(readers[i].thread, NULL);
        assert_false(readers[i].torn);
    }
    assert_int_equal(office_inbox_state(&office, parties[0]).head, CHILDREN);
    assert_int_equal(office_status(&office).matches, CHILDREN);
    test_free(ops);
}

/* Signals that come and go on one child, from many threads: counts and rows agree at the end. */
struct restless {
    pthread_t thread;
    uint32_t party;
    unsigned failures;
};

static void *run_restless(void *context)
{
    struct restless *restless = context;
    for (unsigned i = 0; i < OFFICE_SCALE(60, 20); i++) {
        struct store_signal_post post;
        struct store_signal_withdraw withdraw;
        office_fill_post(&office, &post, restless->party, "ann", i % 2);
        restless->failures += store_run(office.store, &post.op) == 0 ? 0 : 1;
        store_signal_withdraw_init(&withdraw);
        withdraw.id = post.signal.id;
        withdraw.reason = i % 3 == 0 ? WITHDRAW_ENDED : WITHDRAW_WRONGFUL;
        withdraw.op.party = restless->party;
        restless->failures += store_run(office.store, &withdraw.op) == 0 ? 0 : 1;
    }
    return NULL;
}

static void test_coming_and_going(void **state)
{
    (void)state;
    struct restless restless[THREADS] = {0};
    size_t archived = 0;
    for (unsigned i = 0; i < THREADS; i++) {
        restless[i].party = office_reporter(&office);
        office_hire(&office, restless[i].party, "ann");
    }
    for (unsigned i = 0; i < THREADS; i++) {
        assert_int_equal(pthread_create(&restless[i].thread, NULL, run_restless, &restless[i]), 0);
    }
    for (unsigned i = 0; i < THREADS; i++) {
        pthread_join(restless[i].thread, NULL);
        assert_int_equal(restless[i].failures, 0);
    }
    for (unsigned i = 0; i < THREADS; i++) {
        archived += office_signals(&office, restless[i].party, 1u << SIGNAL_ARCHIVED).count;
        assert_int_equal(office_signals(&office, restless[i].party, 1u << SIGNAL_ACTIVE).count, 0);
        assert_int_equal(office_matches(&office, restless[i].party, 0).count, 0);
    }
    assert_int_equal(office_status(&office).signals, archived);
    assert_int_equal(office_status(&office).matches, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_two_first_signals_form_one_match, setup_office,
                                        teardown_verified),
        cmocka_unit_test_setup_teardown(test_one_professional_at_once, setup_office,
                                        teardown_verified),
        cmocka_unit_test_setup_teardown(test_hundreds_form_one_match_each, setup_office,
                                        teardown_verified),
        cmocka_unit_test_setup_teardown(test_a_burst_is_run_in_order, setup_office,
                                        teardown_verified),
        cmocka_unit_test_setup_teardown(test_closing_runs_what_is_queued, setup_office,
                                        teardown_verified),
        cmocka_unit_test_setup_teardown(test_snapshots_are_whole, setup_office, teardown_verified),
        cmocka_unit_test_setup_teardown(test_coming_and_going, setup_office, teardown_verified),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
