/* SPDX-License-Identifier: EUPL-1.2 */
/* The journal against the direct commit: the same posts, in turns. */
#include <stdlib.h>
#include <string.h>

#include "tests/bench/store/journal.h"

#define RECOVERED_POSTS 20000

struct bench {
    const struct bs_options *options;
    struct kv *kv;
    struct bs_writer writer;
    struct bs_journal journal;
};

/* What the rules of a post cost: the same for both. */
static void work(const struct bench *bench, size_t posts)
{
    int64_t until = bs_now() + (int64_t)(bench->options->work * 1e3 * (double)posts);
    while (bs_now() < until) {
    }
}

static void post(struct bench *bench, bool journal, size_t posts)
{
    work(bench, posts);
    if (journal) {
        bs_journal_post(&bench->journal, &bench->writer, posts);
    } else {
        bs_writer_commit(&bench->writer, bench->kv, posts);
    }
}

/* So many outstanding: all of them are in each batch. Posts a second, until all is in LMDB. */
static double saturate(struct bench *bench, bool journal, size_t outstanding, double *ret_cpu)
{
    int64_t began = bs_now();
    int64_t cpu = bs_process_cpu();
    size_t posts = 0;
    while (bs_now() - began < (int64_t)(bench->options->seconds * 1e9 / 5)) {
        post(bench, journal, outstanding);
        posts += outstanding;
    }
    bs_journal_drain(&bench->journal);
    *ret_cpu = (double)(bs_process_cpu() - cpu) / 1e3 / (double)posts;
    return (double)posts * 1e9 / (double)(bs_now() - began);
}

/* Latencies at a fixed rate, from the moment at which each was due. */
static size_t pace(struct bench *bench, bool journal, double *latencies, size_t wanted)
{
    int64_t interval = BS_SECOND / (int64_t)bench->options->rate;
    int64_t began = bs_now() + interval;
    for (size_t done = 0; done < wanted;) {
        bs_sleep_until(began + (int64_t)done * interval);
        size_t last = (size_t)((bs_now() - began) / interval) + 1;
        last = last < wanted ? last : wanted;
        last = last - done > BS_JOURNAL_BATCH ? done + BS_JOURNAL_BATCH : last;
        post(bench, journal, last - done);
        int64_t now = bs_now();
        for (; done < last; done++) {
            latencies[done] = (double)(now - began - (int64_t)done * interval) / 1e3;
        }
    }
    bs_journal_drain(&bench->journal);
    return wanted;
}

struct series {
    double rates[2][99]; /* direct, journal */
    double cpu[2][99];
    double ratios[99];
};

static void tell_series(struct bs_report *report, const char *name, struct series *series,
                        size_t rounds)
{
    bs_report_begin(report, name, '{');
    bs_report_number(report, "directPostsPerSecond", bs_median(series->rates[0], rounds));
    bs_report_number(report, "journalPostsPerSecond", bs_median(series->rates[1], rounds));
    bs_report_number(report, "ratio", bs_median(series->ratios, rounds));
    bs_report_number(report, "leastRatio", series->ratios[0]);
    bs_report_number(report, "mostRatio", series->ratios[rounds - 1]);
    bs_report_number(report, "directCpuPerPost", bs_median(series->cpu[0], rounds));
    bs_report_number(report, "journalCpuPerPost", bs_median(series->cpu[1], rounds));
    bs_report_end(report, '{');
}

static void tell_recovery(struct bs_report *report, struct bench *bench)
{
    bs_journal_hold(&bench->journal);
    uint64_t before = bench->writer.log;
    while (bench->writer.log < before + RECOVERED_POSTS) {
        bs_journal_post(&bench->journal, &bench->writer, 64);
    }
    uint64_t bytes = bench->journal.at;
    int64_t began = bs_now();
    size_t posts = bs_journal_recover(&bench->journal);
    double seconds = (double)(bs_now() - began) / 1e9;
    if (posts != bench->writer.log - before) {
        bs_die("%zu posts were recovered of %llu", posts,
               (unsigned long long)(bench->writer.log - before));
    }
    bs_report_begin(report, "recovery", '{');
    bs_report_number(report, "posts", (double)posts);
    bs_report_number(report, "bytesPerPost", (double)bytes / (double)posts);
    bs_report_number(report, "seconds", seconds);
    bs_report_number(report, "postsPerSecond", (double)posts / seconds);
    bs_report_end(report, '{');
}

int bs_journal(const struct bs_options *options)
{
    static const size_t outstanding[] = {64, 256};
    char scratch[BS_PATH_SIZE];
    struct bs_report report;
    struct series series[ARRAY_LENGTH(outstanding)] = {0};
    struct bs_shape *shapes = bs_new(BS_SHAPES, sizeof(*shapes));
    struct bench bench = {.options = options};
    size_t each = (size_t)((double)options->rate * options->seconds / 5);
    double *latencies[2];
    bs_shapes_record(options, shapes);
    bench.kv = bs_raw_open(options, shapes, scratch, &bench.writer);
    bs_journal_open(&bench.journal, bench.kv, options->store != NULL ? options->store : scratch,
                    options);
    for (int journal = 0; journal < 2; journal++) {
        latencies[journal] = bs_new(each * options->rounds, sizeof(double));
    }
    struct bs_busy busy = bs_busy_now();
    for (size_t round = 0; round < options->rounds; round++) {
        for (size_t i = 0; i < ARRAY_LENGTH(outstanding); i++) {
            for (int journal = 0; journal < 2; journal++) {
                series[i].rates[journal][round] =
                    saturate(&bench, journal == 1, outstanding[i], &series[i].cpu[journal][round]);
            }
            series[i].ratios[round] = series[i].rates[1][round] / series[i].rates[0][round];
        }
        for (int journal = 0; journal < 2; journal++) {
            pace(&bench, journal == 1, latencies[journal] + round * each, each);
        }
    }
    bs_report_open(&report, options, "journal");
    bs_report_number(&report, "rounds", (double)options->rounds);
    bs_report_number(&report, "intervalMilliseconds", (double)options->interval_ms);
    bs_report_number(&report, "workMicroseconds", options->work);
    tell_series(&report, "outstanding64", &series[0], options->rounds);
    tell_series(&report, "outstanding256", &series[1], options->rounds);
    bs_report_number(&report, "rate", (double)options->rate);
    bs_report_latencies(&report, "directLatency", latencies[0], each * options->rounds);
    bs_report_latencies(&report, "journalLatency", latencies[1], each * options->rounds);
    tell_recovery(&report, &bench);
    bs_journal_kill(&report, options, shapes);
    bs_report_number(&report, "others", bs_busy_others(&busy));
    bs_report_close(&report);
    bs_journal_close(&bench.journal);
    kv_close(bench.kv);
    bs_writer_close(&bench.writer);
    bs_scratch_remove(scratch);
    free(latencies[0]);
    free(latencies[1]);
    free(shapes);
    return 0;
}
