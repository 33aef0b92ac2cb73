/* SPDX-License-Identifier: EUPL-1.2 */
#include "tools/load/run.h"

#include <errno.h>
#include <stdlib.h>
#include <time.h>

#define LEAD (BENCH_SECOND / 20) /* so that all loops are awake when the plan starts */

void bench_run_freep(struct bench_run **run)
{
    if (*run != NULL) {
        for (size_t i = 0; i < (*run)->made; i++) {
            bench_loop_free((*run)->loops[i]);
        }
        bench_field_finish(&(*run)->field);
        bench_acknowledged_finish(&(*run)->acknowledged);
        free(*run);
        *run = NULL;
    }
}

struct bench_run *bench_run_new(const struct bench_field *field)
{
    struct bench_run *run = aligned_alloc(_Alignof(struct bench_run), sizeof(*run));
    if (run != NULL) {
        *run = (struct bench_run){.field = *field};
        run->field.live = run->live;
        bench_field_init(&run->field);
    }
    return run;
}

static int make_loops(struct bench_run *run)
{
    for (; run->made < run->field.loops; run->made++) {
        int result = bench_loop_new(&run->field, run->made, &run->loops[run->made]);
        if (result != 0) {
            return result < 0 ? bench_report_fault(result)
                              : bench_complain(VIX_USAGE, "--overlap needs connections of two "
                                                          "identities on every thread");
        }
    }
    return VIX_DONE;
}

static int start_threads(struct bench_run *run)
{
    for (; run->started < run->field.loops; run->started++) {
        int error = pthread_create(&run->threads[run->started], NULL, bench_loop_run,
                                   run->loops[run->started]);
        if (error != 0) {
            return bench_report_fault(-error);
        }
    }
    return VIX_DONE;
}

static int check_loops(const struct bench_run *run)
{
    for (size_t i = 0; i < run->started; i++) {
        int result = bench_loop_result(run->loops[i]);
        const char *why = bench_loop_why(run->loops[i]);
        if (result != 0) {
            return result < 0 ? bench_report_fault(result)
                              : bench_complain(VIX_NOT_CONNECTED, "no connections: %s",
                                               why != NULL ? why : "they take too long");
        }
    }
    return VIX_DONE;
}

static void sleep_until(int64_t when)
{
    struct timespec at = {.tv_sec = when / BENCH_SECOND, .tv_nsec = when % BENCH_SECOND};
    while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &at, NULL) == EINTR) {
    }
}

/* The load's length as it was planned; 0: it depends on the requests. */
static int64_t planned_length(const struct bench_options *options)
{
    int64_t seconds = options->seconds > 0 ? options->warm_up + options->seconds : 0;
    return (seconds + (options->command == BENCH_BURST ? 2 * options->quiet_seconds : 0)) *
           BENCH_SECOND;
}

/* Tells meanwhile how it goes. */
static void join(struct bench_run *run, bool telling)
{
    struct bench_teller teller;
    bench_teller_begin(&teller, run->live, run->started, planned_length(run->field.options));
    for (size_t i = 0; i < run->started;) {
        struct timespec until;
        clock_gettime(CLOCK_REALTIME, &until);
        int64_t at = until.tv_nsec + BENCH_LIVE_INTERVAL;
        until.tv_sec += at / BENCH_SECOND;
        until.tv_nsec = at % BENCH_SECOND;
        if (pthread_timedjoin_np(run->threads[i], NULL, &until) != ETIMEDOUT) {
            i++;
        } else if (telling) {
            bench_teller_tell(&teller);
        }
    }
    bench_teller_end(&teller);
}

static int collect(struct bench_run *run)
{
    int result = check_loops(run);
    for (size_t i = 0; i < run->started; i++) {
        bench_tally_merge(&run->tally, bench_loop_tally(run->loops[i]));
        int merged =
            bench_acknowledged_merge(&run->acknowledged, bench_loop_acknowledged(run->loops[i]));
        if (merged != 0 && result == VIX_DONE) {
            result = bench_report_fault(merged < 0 ? merged : -EOVERFLOW);
        }
        run->report.ran_dry = run->report.ran_dry || bench_loop_ran_dry(run->loops[i]);
        const char *why = bench_loop_why(run->loops[i]);
        run->report.why = why != NULL ? why : run->report.why;
    }
    return result;
}

/* Opens the connections, and then runs the load; the costs are taken around what is measured. */
static int run_loops(struct bench_run *run)
{
    const struct bench_options *options = run->field.options;
    int result = start_threads(run);
    bench_field_wait(&run->field, run->started);
    result = result == VIX_DONE ? check_loops(run) : result;
    for (size_t i = 0; i < run->started; i++) {
        int64_t opening = bench_loop_opening(run->loops[i]);
        run->report.opening = opening > run->report.opening ? opening : run->report.opening;
    }
    int64_t start = result == VIX_DONE ? bench_now() + LEAD : 0;
    int64_t measured_from = start + options->warm_up * BENCH_SECOND;
    bench_field_begin(&run->field, start);
    if (result == VIX_DONE) {
        sleep_until(measured_from);
        bench_cost_take((pid_t)options->pid, &run->report.before);
    }
    join(run, result == VIX_DONE);
    if (result != VIX_DONE) {
        return result;
    }
    bench_cost_take((pid_t)options->pid, &run->report.after);
    result = collect(run);
    int64_t last = run->tally.last;
    run->report.measured = last > measured_from ? last - measured_from : 0;
    return result;
}

int bench_run_go(struct bench_run *run)
{
    int result = make_loops(run);
    if (result != VIX_DONE) {
        return result;
    }
    const struct bench_field *field = &run->field;
    result = run_loops(run);
    run->loaded = field->start != 0;
    run->report.options = field->options;
    run->report.tally = &run->tally;
    run->report.identities = field->identities->count;
    run->report.elements = field->stock->element_count;
    run->report.elements_making = field->stock->making;
    run->report.parts = bench_field_parts(field, &run->report.part_count);
    return result;
}
