/* SPDX-License-Identifier: EUPL-1.2 */
#include "tools/load/load.h"

#include <errno.h>
#include <stdlib.h>
#include <time.h>

#include "tools/load/loop.h"
#include "tools/load/report.h"
#include "tools/load/verify.h"

#define LEAD (BENCH_SECOND / 20) /* so that all loops are awake when the plan starts */

struct run {
    struct bench_field field;
    struct bench_loop *loops[BENCH_THREADS_MAXIMUM];
    pthread_t threads[BENCH_THREADS_MAXIMUM];
    size_t made;
    size_t started;
    struct bench_tally tally;
    struct bench_acknowledged acknowledged;
    struct bench_report report;
};

static void run_free(struct run **run)
{
    if (*run != NULL) {
        for (size_t i = 0; i < (*run)->made; i++) {
            bench_loop_free((*run)->loops[i]);
        }
        bench_field_finish(&(*run)->field);
        bench_acknowledged_finish(&(*run)->acknowledged);
        free(*run);
    }
}

static struct run *run_new(const struct bench_field *field)
{
    struct run *run = calloc(1, sizeof(*run));
    if (run != NULL) {
        run->field = *field;
        bench_field_init(&run->field);
    }
    return run;
}

static int make_loops(struct run *run)
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

static int start_threads(struct run *run)
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

static int check_loops(const struct run *run)
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

static int collect(struct run *run)
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
static int run_loops(struct run *run)
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
    for (size_t i = 0; i < run->started; i++) {
        pthread_join(run->threads[i], NULL);
    }
    if (result != VIX_DONE) {
        return result;
    }
    bench_cost_take((pid_t)options->pid, &run->report.after);
    result = collect(run);
    int64_t last = run->tally.last;
    run->report.measured = last > measured_from ? last - measured_from : 0;
    return result;
}

static int print_report(const struct bench_report *report)
{
    if (!report->options->json) {
        bench_report_print(stdout, report);
        return VIX_DONE;
    }
    CLEANUP(text_finish) struct text json = {0};
    bench_report_json(&json, report);
    if (json.fault != 0) {
        return bench_report_fault(json.fault);
    }
    puts(json.bytes);
    return VIX_DONE;
}

/* What was acknowledged is looked for also when the load ended badly. */
static int conclude(struct run *run, int result)
{
    const struct bench_field *field = &run->field;
    struct bench_verdict verdict = {0};
    run->report.options = field->options;
    run->report.tally = &run->tally;
    run->report.identities = field->identities->count;
    run->report.elements = field->stock->element_count;
    run->report.elements_making = field->stock->making;
    if (field->options->command != BENCH_POLL) {
        int verified =
            bench_verify(field->options, field->identities, &run->acknowledged, &verdict);
        run->report.verdict = &verdict;
        run->report.bsn_rest = bench_bsns_rest(&field->stock->bsns);
        result = result == VIX_DONE ? verified : result;
    }
    int printed = print_report(&run->report);
    result = result == VIX_DONE ? printed : result;
    if (result == VIX_DONE && run->tally.successful == 0) {
        result = bench_complain(VIX_REFUSED, "not one request was successful%s%s",
                                run->report.why != NULL ? "; the last failure: " : "",
                                run->report.why != NULL ? run->report.why : "");
    }
    return result;
}

static int load_with(const struct bench_field *field)
{
    CLEANUP(run_free) struct run *run = run_new(field);
    if (run == NULL) {
        return bench_report_fault(-ENOMEM);
    }
    int result = make_loops(run);
    if (result != VIX_DONE) {
        return result;
    }
    result = run_loops(run);
    return run->field.start != 0 ? conclude(run, result) : result;
}

int bench_load(const struct bench_options *options)
{
    struct bench_target target;
    CLEANUP(bench_identities_finish) struct bench_identities identities = {0};
    CLEANUP(bench_tls_freep) SSL_CTX *context = NULL;
    CLEANUP(bench_stock_freep) struct bench_stock *stock = NULL;
    if (bench_target_parse(options->url, &target) != 0) {
        return bench_complain(VIX_USAGE, "--url must be as in https://localhost:8443");
    }
    int result = bench_target_resolve(&target, options->allow_remote);
    result = result == VIX_DONE ? bench_identities_load(options->identities, &identities) : result;
    result = result == VIX_DONE ? bench_tls_new(options->ca, &context) : result;
    result = result == VIX_DONE ? bench_stock_make(options, &target, &identities, &stock) : result;
    if (result != VIX_DONE) {
        return result;
    }
    struct bench_field field = {
        .options = options,
        .target = &target,
        .identities = &identities,
        .context = context,
        .stock = stock,
        .loops = (size_t)options->threads,
    };
    return load_with(&field);
}
