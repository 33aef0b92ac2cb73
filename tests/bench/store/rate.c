/* SPDX-License-Identifier: EUPL-1.2 */
/* The committer, fed in process: to fill a store, and to see how fast it is. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "store/store.h"
#include "tests/bench/store/feed.h"

#define PRELOAD_DEPTH_MAXIMUM 100000 /* children that wait for their next signal */
#define RATE_DEPTH 2000
#define RATE_PER_SECOND 20000 /* more than any machine so far */
#define WARM_UP_SIGNALS 2000
#define PROGRESS_SIGNALS 20000

/* What the store tells of itself, at one moment. */
struct mark {
    int64_t at;
    int64_t process_cpu;
    int64_t committer_cpu;
    struct store_status status;
};

static struct mark mark_now(const struct bs_index *index)
{
    struct mark mark = {bs_now(), bs_process_cpu(), bs_index_committer_cpu(index), {0}};
    store_get_status(index->store, &mark.status);
    return mark;
}

/* ---- preload ---- */

static void show_progress(uint64_t done, uint64_t wanted, int64_t began)
{
    double seconds = (double)(bs_now() - began) / 1e9;
    fprintf(stderr, "\r%" PRIu64 " of %" PRIu64 " signals, %.0f/s, %.0f s to go   ", done, wanted,
            (double)done / seconds, (double)(wanted - done) * seconds / (double)done);
}

static void fill(struct bs_feed *feed, const struct bs_options *options)
{
    int64_t began = bs_now();
    bool seen = isatty(STDERR_FILENO) || options->signals >= 10 * PROGRESS_SIGNALS;
    for (uint64_t done = 0; done < options->signals;) {
        uint64_t more = options->signals - done;
        more = more < PROGRESS_SIGNALS ? more : PROGRESS_SIGNALS;
        bs_feed_reset(feed);
        bs_feed_run(feed, more, INT64_MAX);
        done += more;
        if (seen) {
            show_progress(done, options->signals, began);
        }
    }
    fputs(seen ? "\n" : "", stderr);
}

int bs_preload(const struct bs_options *given)
{
    struct bs_options options = *given;
    struct bs_index index;
    struct bs_plan plan;
    struct bs_feed feed;
    struct bs_report report;
    /* So that a whole batch has gathered whenever the committer looks. */
    options.outstanding = options.outstanding < 1024 ? 1024 : options.outstanding;
    if (options.store == NULL) {
        bs_die("preload needs --store and --keys");
    }
    bs_index_open(&index, &options, NULL);
    size_t depth = options.signals / 10;
    depth = depth < PRELOAD_DEPTH_MAXIMUM ? depth : PRELOAD_DEPTH_MAXIMUM;
    bs_plan_open(&plan, &index, &options, depth);
    bs_feed_open(&feed, &index, &plan, &options, PROGRESS_SIGNALS);
    uint64_t first = plan.next;
    struct bs_busy busy = bs_busy_now();
    struct mark before = mark_now(&index);
    fill(&feed, &options);
    struct mark after = mark_now(&index);
    double others = bs_busy_others(&busy);
    int64_t settled = bs_index_settle(&index);
    uint64_t missing = bs_feed_missing(&feed);
    struct mark end = mark_now(&index);
    double seconds = (double)(after.at - before.at) / 1e9;
    double made = (double)(end.status.signals - before.status.signals);
    bool lost = missing > 0 || made != (double)options.signals;
    bs_report_open(&report, &options, "preload");
    bs_report_number(&report, "signals", (double)end.status.signals);
    bs_report_number(&report, "matches", (double)end.status.matches);
    bs_report_number(&report, "logSize", (double)end.status.log_size);
    bs_report_number(&report, "firstChild", (double)first);
    bs_report_number(&report, "nextChild", (double)plan.next);
    if (plan.by_bsn) {
        bs_report_number(&report, "nextBsn", bench_bsns_rest(&plan.bsns));
    }
    bs_report_number(&report, "made", made);
    bs_report_number(&report, "notFound", (double)missing);
    bs_report_number(&report, "seconds", seconds);
    bs_report_number(&report, "signalsPerSecond", made / seconds);
    bs_report_number(&report, "signalsPerCommit",
                     made / (double)(after.status.batches - before.status.batches));
    bs_report_number(&report, "settleSeconds", (double)settled / 1e9);
    bs_report_number(&report, "usedBytes", (double)end.status.used_bytes);
    bs_report_number(&report, "diskBytes", bs_index_disk_bytes(&index));
    bs_report_number(&report, "usedBytesPerSignal",
                     (double)end.status.used_bytes / (double)end.status.signals);
    bs_report_number(&report, "others", others);
    bs_report_close(&report);
    bs_feed_close(&feed);
    bs_plan_close(&plan);
    bs_index_close(&index);
    return lost ? 1 : 0;
}

/* ---- rate ---- */

/* Children that have all but one of the signals that they are to have. */
static void prepare_fan_out(struct bs_feed *feed, struct bs_plan *plan, size_t children)
{
    uint64_t before = plan->fan_out - 1;
    plan->fan_out = before;
    plan->depth = 0;
    plan->overlap = 1; /* all signals of one child before those of the next */
    feed->quiet = true;
    bs_plan_make(plan, children);
    bs_feed_run(feed, children * before, INT64_MAX);
    for (size_t i = 0; i < children; i++) {
        plan->made[i].signals = (uint32_t)before;
        plan->made[i].left = 1;
    }
    feed->quiet = false;
    plan->overlap = 0;
    plan->made_used = 0;
}

struct round {
    double posts_per_second;
    double committer_us;
    double process_us;
    double posts_per_commit;
    double matched;
    double p50;
    double p99;
};

static void tell_medians(struct bs_report *report, const struct round *rounds, size_t count)
{
    static const struct {
        const char *name;
        size_t at;
    } figures[] = {
        {"postsPerSecond", offsetof(struct round, posts_per_second)},
        {"committerCpuPerPost", offsetof(struct round, committer_us)},
        {"processCpuPerPost", offsetof(struct round, process_us)},
        {"postsPerCommit", offsetof(struct round, posts_per_commit)},
        {"matchedShare", offsetof(struct round, matched)},
        {"latencyP50", offsetof(struct round, p50)},
        {"latencyP99", offsetof(struct round, p99)},
    };
    for (size_t i = 0; i < ARRAY_LENGTH(figures); i++) {
        double values[99];
        for (size_t at = 0; at < count; at++) {
            const char *base = (const char *)&rounds[at];
            memcpy(&values[at], base + figures[i].at, sizeof(double));
        }
        double median = bs_median(values, count);
        bs_report_begin(report, figures[i].name, '{');
        bs_report_number(report, "median", median);
        bs_report_number(report, "least", values[0]);
        bs_report_number(report, "most", values[count - 1]);
        bs_report_end(report, '{');
    }
}

static struct round run_round(struct bs_index *index, struct bs_feed *feed, double seconds,
                              uint64_t limit)
{
    uint64_t posted = feed->posted;
    uint64_t matched = feed->matched;
    struct mark before = mark_now(index);
    bs_feed_run(feed, limit, before.at + (int64_t)(seconds * 1e9));
    struct mark after = mark_now(index);
    double posts = (double)(feed->posted - posted);
    if (posts == 0) {
        bs_die("all children are used: fewer seconds or rounds");
    }
    size_t count = feed->posted < feed->ack_capacity ? feed->posted : feed->ack_capacity;
    double *latencies = bs_new(count - posted, sizeof(double));
    memcpy(latencies, feed->latencies + posted, (count - posted) * sizeof(double));
    struct round round = {
        .posts_per_second = posts / ((double)(after.at - before.at) / 1e9),
        .committer_us = (double)(after.committer_cpu - before.committer_cpu) / 1e3 / posts,
        .process_us = (double)(after.process_cpu - before.process_cpu) / 1e3 / posts,
        .posts_per_commit = posts / (double)(after.status.batches - before.status.batches),
        .matched = (double)(feed->matched - matched) / posts,
        .p50 = bs_percentile(latencies, count - posted, 0.5),
        .p99 = bs_percentile(latencies, count - posted, 0.99),
    };
    free(latencies);
    return round;
}

int bs_rate(const struct bs_options *options)
{
    struct bs_index index;
    struct bs_plan plan;
    struct bs_feed feed;
    struct bs_report report;
    struct round rounds[99];
    double all = options->seconds * (double)options->rounds;
    size_t most = options->fan_out > 1 ? options->signals / options->fan_out
                                       : (size_t)(all * RATE_PER_SECOND);
    uint64_t limit = options->fan_out > 1 ? most / options->rounds : UINT64_MAX;
    bs_index_open(&index, options, NULL);
    bs_plan_open(&plan, &index, options, RATE_DEPTH);
    bs_feed_open(&feed, &index, &plan, options, (size_t)(all * RATE_PER_SECOND) + 4096);
    bs_feed_run(&feed, options->fan_out > 1 ? 0 : WARM_UP_SIGNALS, INT64_MAX);
    if (options->fan_out > 1) {
        prepare_fan_out(&feed, &plan, most);
    } else {
        bs_plan_make(&plan, most);
    }
    bs_index_settle(&index);
    bs_feed_reset(&feed);
    struct bs_busy busy = bs_busy_now();
    struct mark before = mark_now(&index);
    for (size_t i = 0; i < options->rounds; i++) {
        rounds[i] = run_round(&index, &feed, options->seconds, limit);
    }
    double others = bs_busy_others(&busy);
    struct mark after = mark_now(&index);
    bs_index_settle(&index);
    struct mark end = mark_now(&index);
    uint64_t missing = bs_feed_missing(&feed);
    double made = (double)(end.status.signals - before.status.signals);
    double seconds = (double)(after.at - before.at) / 1e9;
    double entries = (double)(after.status.log_size - before.status.log_size);
    bs_report_open(&report, options, "rate");
    bs_report_number(&report, "outstanding", (double)options->outstanding);
    tell_medians(&report, rounds, options->rounds);
    bs_report_number(&report, "commitsPerSecond",
                     (double)(after.status.batches - before.status.batches) / seconds);
    bs_report_number(&report, "entriesPerSecond", entries / seconds);
    bs_report_number(&report, "usedBytesPerSignal",
                     (double)(end.status.used_bytes - before.status.used_bytes) / made);
    bs_report_number(&report, "acknowledged", (double)feed.posted);
    bs_report_number(&report, "compared",
                     (double)(feed.posted < feed.ack_capacity ? feed.posted : feed.ack_capacity));
    bs_report_number(&report, "notFound", (double)missing);
    bs_report_number(&report, "notAcknowledged", made - (double)feed.posted);
    bs_report_number(&report, "others", others);
    bs_report_close(&report);
    bool wrong = missing > 0 || made != (double)feed.posted;
    bs_feed_close(&feed);
    bs_plan_close(&plan);
    bs_index_close(&index);
    return wrong ? 1 : 0;
}
