/* SPDX-License-Identifier: EUPL-1.2 */
/* Where the time of a post goes in the store. */
#include <stdlib.h>
#include <string.h>

#include "tests/bench/store/feed.h"
#include "tests/bench/store/rows.h"

#define WARM_UP_SIGNALS 4000
#define DEPTH 2000

static const char *const table_names[KV_TABLES] = {
    [KV_META] = "meta",   [KV_CHILD] = "child",
    [KV_PARTY] = "party", [KV_ORGANISATION] = "organisation",
    [KV_MATCH] = "match", [KV_DUE] = "due",
    [KV_ACTOR] = "actor", [KV_LOG] = "log",
    [KV_NODE] = "node",   [KV_LOG_INDEX] = "log index",
};

static void tell_count(struct bs_report *report, const char *name, const struct bs_count *count,
                       double posts)
{
    if (count->calls == 0) {
        return;
    }
    bs_report_begin(report, name, '{');
    bs_report_number(report, "perPost", (double)count->calls / posts);
    bs_report_number(report, "microseconds", bs_count_ns(count->ticks) / 1e3 / posts);
    if (count->bytes > 0) {
        bs_report_number(report, "bytes", (double)count->bytes / posts);
    }
    bs_report_end(report, '{');
}

static void tell_tables(struct bs_report *report, double posts)
{
    for (int table = KV_META; table < KV_TABLES; table++) {
        const struct bs_table_count *count = &bs_counts()->tables[table];
        if (count->get.calls + count->put.calls + count->remove.calls + count->range.calls == 0) {
            continue;
        }
        bs_report_begin(report, table_names[table], '{');
        tell_count(report, "get", &count->get, posts);
        tell_count(report, "put", &count->put, posts);
        tell_count(report, "delete", &count->remove, posts);
        tell_count(report, "range", &count->range, posts);
        bs_report_end(report, '{');
    }
}

static void tell_functions(struct bs_report *report, const char *name, int from, int to,
                           double posts)
{
    bs_report_begin(report, name, '{');
    for (int i = from; i < to; i++) {
        tell_count(report, bs_count_name((enum bs_counted)i), bs_count_of((enum bs_counted)i),
                   posts);
    }
    bs_report_end(report, '{');
}

static void tell_shape(struct bs_report *report, const struct bs_shape *shape)
{
    bs_report_begin(report, NULL, '{');
    bs_report_text(report, "post",
                   shape->signal == 1 ? "first on its child" : "makes or joins a match");
    bs_report_begin(report, "rows", '[');
    for (size_t i = 0; i < shape->count; i++) {
        const struct bs_row *row = &shape->rows[i];
        bs_report_begin(report, NULL, '{');
        bs_report_text(report, "row", bs_row_name(row));
        bs_report_text(report, "work", row->remove ? "delete" : row->append ? "append" : "put");
        bs_report_number(report, "keyBytes", (double)row->key_size);
        bs_report_number(report, "valueBytes", (double)row->value_size);
        bs_report_end(report, '{');
    }
    bs_report_end(report, '[');
    bs_report_end(report, '{');
}

/* The first of each kind, with the fewest rows. */
static void tell_shapes(struct bs_report *report, const struct bs_shape *shapes)
{
    bs_report_begin(report, "rows", '[');
    for (size_t signal = 1; signal <= 2; signal++) {
        const struct bs_shape *least = NULL;
        for (size_t i = 0; i < BS_SHAPES; i++) {
            if (shapes[i].signal == signal && (least == NULL || shapes[i].count < least->count)) {
                least = &shapes[i];
            }
        }
        if (least != NULL) {
            tell_shape(report, least);
        }
    }
    bs_report_end(report, '[');
}

/* Puts of a post as they were counted, beside those of the recorded posts that `loop`, `floor`,
 * `journal` and `compare` write again; both without the rows of the commit, which are of KV_META.
 */
static void tell_same_rows(struct bs_report *report, const struct bs_shape *shapes, double posts)
{
    bs_report_begin(report, "putsAndTheirBytes", '{');
    for (int table = KV_META + 1; table < KV_TABLES; table++) {
        const struct bs_count *put = &bs_counts()->tables[table].put;
        double rows = 0;
        double bytes = 0;
        for (size_t i = 0; i < BS_SHAPES; i++) {
            for (size_t at = 0; at < shapes[i].count; at++) {
                const struct bs_row *row = &shapes[i].rows[at];
                if ((int)row->table == table && !row->remove) {
                    rows++;
                    bytes += (double)(row->key_size + row->value_size);
                }
            }
        }
        if (put->calls == 0 && rows == 0) {
            continue;
        }
        bs_report_begin(report, table_names[table], '{');
        bs_report_number(report, "counted", (double)put->calls / posts);
        bs_report_number(report, "recorded", rows / BS_SHAPES);
        bs_report_number(report, "countedBytes", (double)put->bytes / posts);
        bs_report_number(report, "recordedBytes", bytes / BS_SHAPES);
        bs_report_end(report, '{');
    }
    bs_report_end(report, '{');
}

int bs_profile(const struct bs_options *options)
{
    struct bs_index index;
    struct bs_plan plan;
    struct bs_feed feed;
    struct bs_report report;
    struct store_status before;
    struct store_status after;
    struct bs_shape *shapes = bs_new(BS_SHAPES, sizeof(*shapes));
    bs_shapes_record(options, shapes);
    bs_index_open(&index, options, bs_count_wrap);
    bs_plan_open(&plan, &index, options, DEPTH);
    bs_feed_open(&feed, &index, &plan, options, 0);
    bs_feed_run(&feed, WARM_UP_SIGNALS, INT64_MAX);
    bs_plan_make(&plan, options->signals);
    bs_index_settle(&index);
    bs_feed_reset(&feed);
    struct bs_busy busy = bs_busy_now();
    store_get_status(index.store, &before);
    int64_t cpu = bs_index_committer_cpu(&index);
    int64_t began = bs_now();
    bs_count_start();
    bs_feed_run(&feed, options->signals, INT64_MAX);
    bs_count_stop();
    int64_t took = bs_now() - began;
    cpu = bs_index_committer_cpu(&index) - cpu;
    double others = bs_busy_others(&busy);
    store_get_status(index.store, &after);
    double posts = (double)feed.posted;
    bs_report_open(&report, options, "profile-post");
    bs_report_number(&report, "posts", posts);
    bs_report_number(&report, "matchedShare", (double)feed.matched / posts);
    bs_report_number(&report, "postsPerCommit", posts / (double)(after.batches - before.batches));
    bs_report_number(&report, "wallPerPost", (double)took / 1e3 / posts);
    bs_report_number(&report, "committerCpuPerPost", (double)cpu / 1e3 / posts);
    bs_report_number(&report, "others", others);
    bs_report_begin(&report, "tables", '{');
    tell_tables(&report, posts);
    bs_report_end(&report, '{');
    tell_count(&report, "commit", &bs_counts()->commit, posts);
#define X(name) +1
    const int steps = 0 BS_STEPS(X);
    const int parts = steps BS_PARTS(X);
#undef X
    tell_functions(&report, "steps", 0, steps, posts);
    tell_functions(&report, "parts", steps, parts, posts);
    tell_functions(&report, "systemCalls", parts, BS_COUNTED, posts);
    tell_same_rows(&report, shapes, posts);
    tell_shapes(&report, shapes);
    bs_report_close(&report);
    bs_feed_close(&feed);
    bs_plan_close(&plan);
    bs_index_close(&index);
    free(shapes);
    return 0;
}
