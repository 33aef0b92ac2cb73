/* SPDX-License-Identifier: EUPL-1.2 */
/* Rows of posts at a fixed rate, each acknowledged when it is durable: the floor of a latency. */
#include <stdlib.h>

#include "tests/bench/store/rows.h"

#define BATCH 256 /* as the committer's */

int bs_loop(const struct bs_options *options)
{
    char scratch[BS_PATH_SIZE];
    struct bs_report report;
    struct bs_writer writer;
    struct bs_shape *shapes = bs_new(BS_SHAPES, sizeof(*shapes));
    size_t wanted = (size_t)((double)options->rate * options->seconds);
    double *latencies = bs_new(wanted, sizeof(*latencies));
    uint64_t commits = 0;
    bs_need(options->rate > 1000000 || wanted == 0 ? 1 : 0, "the rate and the time");
    bs_shapes_record(options, shapes);
    struct kv *kv = bs_raw_open(options, shapes, scratch, &writer);
    struct bs_busy busy = bs_busy_now();
    int64_t interval = BS_SECOND / (int64_t)options->rate;
    int64_t began = bs_now() + interval;
    for (size_t done = 0; done < wanted; commits++) {
        bs_sleep_until(began + (int64_t)done * interval);
        size_t due = (size_t)((bs_now() - began) / interval) + 1;
        size_t last = due < wanted ? due : wanted;
        last = last - done > BATCH ? done + BATCH : last;
        bs_writer_commit(&writer, kv, last - done);
        int64_t now = bs_now();
        for (; done < last; done++) {
            latencies[done] = (double)(now - began - (int64_t)done * interval) / 1e3;
        }
    }
    double seconds = (double)(bs_now() - began) / 1e9;
    bs_report_open(&report, options, "loop");
    bs_report_number(&report, "rate", (double)options->rate);
    bs_report_number(&report, "posts", (double)wanted);
    bs_report_number(&report, "postsPerSecond", (double)wanted / seconds);
    bs_report_number(&report, "postsPerCommit", (double)wanted / (double)commits);
    bs_report_number(&report, "rowsPerPost", (double)writer.rows / (double)writer.posts);
    bs_report_number(&report, "bytesPerPost", (double)writer.bytes / (double)writer.posts);
    bs_report_latencies(&report, "latency", latencies, wanted);
    bs_report_number(&report, "others", bs_busy_others(&busy));
    bs_report_close(&report);
    kv_close(kv);
    bs_writer_close(&writer);
    bs_scratch_remove(scratch);
    free(latencies);
    free(shapes);
    return 0;
}
