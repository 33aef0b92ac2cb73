/* SPDX-License-Identifier: EUPL-1.2 */
/* Two layouts of the same rows: those of a child or a party side by side, or those of a kind. */
#include <stdlib.h>

#include "tests/bench/store/rows.h"

#define ROUND_POSTS 4096
#define PAGE_BYTES 4096

enum side { TOGETHER, APART, SIDES };
static const size_t batches[] = {64, 256};

struct figures {
    double rates[SIDES][99];
    double cpu[SIDES][99];
    double pages[SIDES][99];
};

static void measure(struct figures *figures, enum side side, size_t round, size_t batch,
                    struct bs_writer *writer, struct kv *kv)
{
    int64_t began = bs_now();
    int64_t cpu = bs_process_cpu();
    bs_count_start();
    for (size_t posts = 0; posts < ROUND_POSTS; posts += batch) {
        bs_writer_commit(writer, kv, batch);
    }
    bs_count_stop();
    double bytes = (double)(bs_count_of(BS_pwrite)->bytes + bs_count_of(BS_writev)->bytes);
    figures->rates[side][round] = ROUND_POSTS * 1e9 / (double)(bs_now() - began);
    figures->cpu[side][round] = (double)(bs_process_cpu() - cpu) / 1e3 / ROUND_POSTS;
    figures->pages[side][round] = bytes / PAGE_BYTES / ROUND_POSTS;
}

/* Of what is apart over what is together, round by round; sorts what it is given. */
static void tell(struct bs_report *report, const char *name, double values[SIDES][99],
                 size_t rounds)
{
    double ratios[99];
    for (size_t i = 0; i < rounds; i++) {
        ratios[i] = values[APART][i] / values[TOGETHER][i];
    }
    bs_report_begin(report, name, '{');
    bs_report_number(report, "together", bs_median(values[TOGETHER], rounds));
    bs_report_number(report, "apart", bs_median(values[APART], rounds));
    bs_report_number(report, "ratio", bs_median(ratios, rounds));
    bs_report_number(report, "leastRatio", ratios[0]);
    bs_report_number(report, "mostRatio", ratios[rounds - 1]);
    bs_report_end(report, '{');
}

int bs_compare(const struct bs_options *given)
{
    struct bs_options options = *given;
    char scratch[SIDES][BS_PATH_SIZE];
    struct kv *kv[SIDES];
    struct bs_writer writers[SIDES];
    struct bs_report report;
    struct bs_shape *shapes = bs_new(BS_SHAPES, sizeof(*shapes));
    struct figures *figures = bs_new(ARRAY_LENGTH(batches), sizeof(*figures));
    bs_shapes_record(&options, shapes);
    for (int side = 0; side < SIDES; side++) {
        options.separate = side == APART;
        kv[side] = bs_raw_open(&options, shapes, scratch[side], &writers[side]);
    }
    struct bs_busy busy = bs_busy_now();
    for (size_t round = 0; round < options.rounds; round++) {
        for (size_t i = 0; i < ARRAY_LENGTH(batches); i++) {
            for (size_t turn = 0; turn < SIDES; turn++) {
                enum side side = (enum side)((turn + round + i) % SIDES);
                measure(&figures[i], side, round, batches[i], &writers[side], kv[side]);
            }
        }
    }
    bs_report_open(&report, &options, "compare");
    bs_report_number(&report, "rounds", (double)options.rounds);
    bs_report_number(&report, "postsOfARound", ROUND_POSTS);
    bs_report_number(&report, "preloaded", (double)options.signals);
    bs_report_number(&report, "rowsPerPost", (double)writers[0].rows / (double)writers[0].posts);
    for (size_t i = 0; i < ARRAY_LENGTH(batches); i++) {
        bs_report_begin(&report, batches[i] == 64 ? "commitsOf64" : "commitsOf256", '{');
        tell(&report, "postsPerSecond", figures[i].rates, options.rounds);
        tell(&report, "cpuPerPost", figures[i].cpu, options.rounds);
        tell(&report, "pagesPerPost", figures[i].pages, options.rounds);
        bs_report_end(&report, '{');
    }
    bs_report_number(&report, "others", bs_busy_others(&busy));
    bs_report_close(&report);
    for (int side = 0; side < SIDES; side++) {
        kv_close(kv[side]);
        bs_writer_close(&writers[side]);
        bs_scratch_remove(scratch[side]);
    }
    free(figures);
    free(shapes);
    return 0;
}
