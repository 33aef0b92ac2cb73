/* SPDX-License-Identifier: EUPL-1.2 */
/*
 * How long the first page of a search of the log takes, for each kind of search, beside a few
 * hundred reads of the engine in the same run; and how long a signal takes while somebody searches
 * without end. Figures of one machine: what they are good for is their ratio.
 *
 *   bench_log [--entries N] [--days D] [--rounds R] [--json]
 *
 * The store is made below TMPDIR (/tmp), and removed at the end: about 0.6 KB an entry.
 */
#include <stdio.h>
#include <stdlib.h>

#include "crypto/secret.h"
#include "store/base/clock.h"
#include "store/base/layout.h"
#include "store/snapshot.h"
#include "store/tx.h"
#include "tests/bench/bench.h"

#define READS 300      /* that a page is held against */
#define PAGE_LIMIT 100 /* what the API gives without being asked */
#define POSTS 300      /* of a round */
#define MAP_BYTES (UINT64_C(64) << 30)

struct options {
    uint64_t entries;
    double days;
    unsigned rounds;
    bool json;
};

static struct office office;
static struct options options = {.entries = 10000000, .days = 1800, .rounds = 9};
static uint64_t log_size;

/* ---- kinds of searches ---- */

static char professional[16];

static void by_child(struct log_query *query)
{
    query->has_subject = true;
    query->subject = bench_child(bench_pick(BENCH_CHILDREN));
}

static void by_unknown_child(struct log_query *query)
{
    query->has_subject = true;
    query->subject = bench_child(BENCH_CHILDREN + bench_pick(1000));
}

static void by_party(struct log_query *query)
{
    query->party = office_oin(bench_pick_party());
}

static void by_unknown_party(struct log_query *query)
{
    query->party = office_oin(9999);
}

static void by_professional(struct log_query *query)
{
    by_party(query);
    bench_professional(bench_pick(BENCH_PROFESSIONALS), professional);
    query->professional = professional;
}

static void by_event(struct log_query *query)
{
    query->event = LOG_SIGNAL_POSTED;
}

static void by_rare_event(struct log_query *query)
{
    query->event = LOG_PEEK_SUSPECTED;
}

static void by_refusal(struct log_query *query)
{
    query->outcome = "role-missing";
}

static void by_done(struct log_query *query)
{
    query->outcome = "";
}

static struct log_record *record_at(uint64_t index, struct commitment_salts *ret_salts);

static void by_trace(struct log_query *query)
{
    struct commitment_salts salts;
    struct log_record *record = record_at(bench_pick((uint32_t)log_size), &salts);
    query->has_trace = true;
    log_record_trace(record, &salts, query->trace_id);
}

static void by_time(struct log_query *query)
{
    struct commitment_salts salts;
    query->to = record_at(bench_pick((uint32_t)log_size), &salts)->time;
    query->from = query->to - 3 * CLOCK_DAY;
}

/* What an entry says, so that there is one that agrees in all of it. */
static void by_all_of_one(struct log_query *query)
{
    struct commitment_salts salts;
    struct log_record *record = record_at(bench_pick((uint32_t)log_size), &salts);
    query->party = record->actor.party;
    snprintf(professional, sizeof(professional), "%s", record->note.professional);
    query->professional = professional;
    query->event = record->note.event;
    query->outcome =
        arena_copy_text(&office.arena, record->note.outcome, strlen(record->note.outcome));
    query->from = record->time - 30 * CLOCK_DAY;
}

static void deep(struct log_query *query)
{
    query->start = bench_pick((uint32_t)log_size);
}

typedef void ask(struct log_query *query);
static const struct kind {
    const char *name;
    ask *asks[3];
} kinds[] = {
    {"everything", {NULL}},
    {"everything, deep", {deep}},
    {"child", {by_child}},
    {"child that is unknown", {by_unknown_child}},
    {"party", {by_party}},
    {"party, deep", {by_party, deep}},
    {"party that is unknown", {by_unknown_party}},
    {"professional", {by_professional}},
    {"event", {by_event}},
    {"event, rare", {by_rare_event}},
    {"outcome, a refusal", {by_refusal}},
    {"outcome, done", {by_done}},
    {"trace id", {by_trace}},
    {"time", {by_time}},
    {"child and party", {by_child, by_party}},
    {"child and professional", {by_child, by_professional}},
    {"child and event", {by_child, by_rare_event}},
    {"child and time", {by_child, by_time}},
    {"party and event", {by_party, by_rare_event}},
    {"party and outcome", {by_party, by_refusal}},
    {"party and time", {by_party, by_time}},
    {"party and trace id", {by_party, by_trace}},
    {"event and outcome", {by_event, by_refusal}},
    {"event and time", {by_rare_event, by_time}},
    {"party, professional, event, outcome, time", {by_all_of_one}},
    {"child, party, event, outcome, time", {by_child, by_all_of_one}},
};

/* ---- searches ---- */

static struct log_record *record_at(uint64_t index, struct commitment_salts *ret_salts)
{
    struct store_snapshot *snapshot = office_look(&office);
    struct log_row row;
    assert_int_equal(log_read_row(&snapshot->view, index, &row), 0);
    *ret_salts = row.salts;
    return row.record;
}

/* Bare reads of entries all over the log. */
static double time_reads(void)
{
    struct kv_txn *txn = NULL;
    uint64_t sum = 0;
    assert_int_equal(kv_begin(office.kv, KV_READ, &txn), 0);
    double began = bench_now();
    for (int i = 0; i < READS; i++) {
        struct row_key key = layout_log(bench_pick((uint32_t)log_size));
        struct kv_bytes value;
        assert_int_equal(kv_get(txn, KV_LOG, row_key_bytes(&key), &value), 0);
        sum += *(const uint8_t *)value.data;
    }
    double took = bench_now() - began;
    kv_abort(txn);
    assert_true(sum > 0);
    return took;
}

/* The same entries, opened and spelt, as a page shows them. */
static double time_openings(void)
{
    struct store_snapshot *snapshot = office_look(&office);
    double began = bench_now();
    for (int i = 0; i < READS; i++) {
        struct log_entry entry;
        assert_int_equal(store_get_log_entry(snapshot, bench_pick((uint32_t)log_size), &entry), 0);
    }
    return bench_now() - began;
}

struct timed {
    double page;
    double reads;
    double openings;
    double shown;
};

static double time_page(const struct kind *kind, size_t *shown)
{
    struct log_query query = {.start = UINT64_MAX,
                              .bound = UINT64_MAX,
                              .from = INT64_MIN,
                              .to = INT64_MAX,
                              .limit = PAGE_LIMIT};
    struct log_page page;
    office_look(&office);
    for (size_t i = 0; i < ARRAY_LENGTH(kind->asks) && kind->asks[i] != NULL; i++) {
        kind->asks[i](&query);
    }
    double began = bench_now();
    struct arena arena;
    struct store_snapshot *snapshot = NULL;
    arena_init(&arena);
    assert_int_equal(store_snapshot_open(office.store, &arena, &snapshot), 0);
    assert_int_equal(store_read_log(snapshot, &query, &page), 0);
    *shown += page.count;
    store_snapshot_close(snapshot);
    arena_finish(&arena);
    return bench_now() - began;
}

static struct timed time_kind(const struct kind *kind)
{
    double pages[BENCH_ROUNDS_MAXIMUM];
    double reads[BENCH_ROUNDS_MAXIMUM];
    double openings[BENCH_ROUNDS_MAXIMUM];
    size_t shown = 0;
    for (unsigned i = 0; i < options.rounds; i++) {
        reads[i] = time_reads();
        pages[i] = time_page(kind, &shown);
        openings[i] = time_openings();
    }
    office_forget(&office);
    return (struct timed){
        .page = bench_median(pages, options.rounds),
        .reads = bench_median(reads, options.rounds),
        .openings = bench_median(openings, options.rounds),
        .shown = (double)shown / options.rounds,
    };
}

static void time_searches(void)
{
    for (size_t i = 0; i < ARRAY_LENGTH(kinds); i++) {
        struct timed timed = time_kind(&kinds[i]);
        if (options.json) {
            printf("{\"entries\":%llu,\"search\":\"%s\",\"pageMicroseconds\":%.0f,"
                   "\"shown\":%.1f,\"readsMicroseconds\":%.0f,\"openingsMicroseconds\":%.0f}\n",
                   (unsigned long long)log_size, kinds[i].name, timed.page, timed.shown,
                   timed.reads, timed.openings);
        } else {
            printf("%11llu  %-42s %8.0f us %6.1f shown   %5.2f x %d reads   %5.2f x opened\n",
                   (unsigned long long)log_size, kinds[i].name, timed.page, timed.shown,
                   timed.page / timed.reads, READS, timed.page / timed.openings);
        }
        fflush(stdout);
    }
}

/* ---- signals beside a search ---- */

static atomic_bool searching;
static atomic_uint_least64_t pages_read;

/* Pages without end, by a party that does much and in the longest of pages. */
static void *search_on(void *context)
{
    struct log_query query = {.start = UINT64_MAX,
                              .bound = UINT64_MAX,
                              .from = INT64_MIN,
                              .to = INT64_MAX,
                              .limit = MODEL_PAGE_MAXIMUM};
    (void)context;
    query.party = office_oin(100);
    query.outcome = "";
    while (atomic_load(&searching)) {
        struct arena arena;
        struct store_snapshot *snapshot = NULL;
        struct log_page page;
        arena_init(&arena);
        assert_int_equal(store_snapshot_open(office.store, &arena, &snapshot), 0);
        assert_int_equal(store_read_log(snapshot, &query, &page), 0);
        query.start = page.more ? page.next : UINT64_MAX;
        store_snapshot_close(snapshot);
        arena_finish(&arena);
        atomic_fetch_add(&pages_read, 1);
    }
    return NULL;
}

struct latency {
    double median;
    double tail; /* of a hundred, all but one are below it */
};

static struct latency time_posts(uint32_t party, unsigned *child)
{
    double took[POSTS];
    for (int i = 0; i < POSTS; i++) {
        struct store_signal_post op;
        double began = bench_now();
        assert_int_equal(office_try_post(&office, &op, party, "ann", (*child)++), 0);
        took[i] = bench_now() - began;
    }
    struct latency latency = {.median = bench_median(took, POSTS)};
    latency.tail = bench_percentile(took, POSTS, 99);
    return latency;
}

static struct latency time_posts_beside(uint32_t party, unsigned *child)
{
    pthread_t thread;
    atomic_store(&searching, true);
    assert_int_equal(pthread_create(&thread, NULL, search_on, NULL), 0);
    struct latency latency = time_posts(party, child);
    atomic_store(&searching, false);
    pthread_join(thread, NULL);
    return latency;
}

static void time_signals(void)
{
    double alone[BENCH_ROUNDS_MAXIMUM];
    double beside[BENCH_ROUNDS_MAXIMUM];
    double alone_tail[BENCH_ROUNDS_MAXIMUM];
    double beside_tail[BENCH_ROUNDS_MAXIMUM];
    unsigned child = 1;
    uint32_t party = office_reporter(&office);
    office_hire(&office, party, "ann");
    for (unsigned i = 0; i < options.rounds; i++) {
        struct latency first = time_posts(party, &child);
        struct latency second = time_posts_beside(party, &child);
        alone[i] = first.median;
        alone_tail[i] = first.tail;
        beside[i] = second.median;
        beside_tail[i] = second.tail;
    }
    double a = bench_median(alone, options.rounds);
    double b = bench_median(beside, options.rounds);
    double c = bench_median(alone_tail, options.rounds);
    double d = bench_median(beside_tail, options.rounds);
    unsigned long long pages = atomic_load(&pages_read);
    printf(options.json
               ? "{\"signals\":%d,\"medianAlone\":%.0f,\"medianBeside\":%.0f,\"p99Alone\":%.0f,"
                 "\"p99Beside\":%.0f,\"pages\":%llu}\n"
               : "signals, %d a round: median %.0f us alone, %.0f us beside a search without end; "
                 "p99 %.0f and %.0f us; %llu pages were read\n",
           POSTS, a, b, c, d, pages);
}

/* ---- the run ---- */

static void read_options(int argc, char **argv)
{
    for (int i = 1; i < argc; i++) {
        const char *value = i + 1 < argc ? argv[i + 1] : "";
        if (strcmp(argv[i], "--json") == 0) {
            options.json = true;
        } else if (strcmp(argv[i], "--entries") == 0 && strtoull(value, NULL, 10) >= 1000) {
            options.entries = strtoull(argv[++i], NULL, 10);
        } else if (strcmp(argv[i], "--days") == 0 && atof(value) > 0) {
            options.days = atof(argv[++i]);
        } else if (strcmp(argv[i], "--rounds") == 0 && atoi(value) >= 5 &&
                   atoi(value) <= BENCH_ROUNDS_MAXIMUM) {
            options.rounds = (unsigned)atoi(argv[++i]);
        } else {
            fprintf(stderr, "usage: bench_log [--entries N] [--days D] [--rounds 5..%d] [--json]\n",
                    BENCH_ROUNDS_MAXIMUM);
            exit(2);
        }
    }
}

int main(int argc, char **argv)
{
    static const uint64_t stages[] = {100000, 1000000, UINT64_MAX};
    read_options(argc, argv);
    office = (struct office){.map_bytes = MAP_BYTES, .has_policy = true};
    store_policy_default(&office.policy);
    office.policy.log_years = 100;
    office_open(&office);
    uint64_t before = 0;
    for (size_t i = 0; i < ARRAY_LENGTH(stages) && before < options.entries; i++) {
        uint64_t entries = stages[i] < options.entries ? stages[i] : options.entries;
        double began = bench_now();
        bench_fill(&office, entries,
                   options.days * (double)(entries - before) / (double)options.entries);
        double filled = bench_now();
        bench_settle(&office);
        log_size = office_status(&office).log_size;
        fprintf(stderr, "%llu entries: filled in %.0f s, settled in %.0f s, %.0f MB\n",
                (unsigned long long)log_size, (filled - began) / 1e6, (bench_now() - filled) / 1e6,
                (double)office_status(&office).used_bytes / 1e6);
        time_searches();
        before = entries;
    }
    time_signals();
    office_finish(&office);
    return 0;
}
