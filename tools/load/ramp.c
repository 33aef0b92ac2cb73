/* SPDX-License-Identifier: EUPL-1.2 */
#include "tools/load/ramp.h"

#include <errno.h>
#include <stdlib.h>

#include "tools/load/verify.h"

#define MILLISECOND (BENCH_SECOND / 1000)
#define KEPT_PERCENT 99
#define TRIES 2 /* of a rate */

struct ramp {
    const struct bench_options *options;
    struct bench_step steps[BENCH_STEPS_MAXIMUM];
    size_t count;
    struct bench_search search;
    struct bench_acknowledged acknowledged;
    struct bench_verdict verdict;
    bool verified;
    bool ran_dry;
    uint32_t bsn_rest; /* from which a next run can go on */
};

/* ---- which rate ---- */

int64_t bench_search_next(struct bench_search *search)
{
    if (search->failed == 0) {
        int64_t grown = search->held + (search->held * search->growth + 99) / 100;
        int64_t next = search->held == 0 ? search->first : grown;
        return next <= BENCH_RATE_MAXIMUM ? next : 0;
    }
    if (search->held == 0) {
        return search->failed / 2; /* 0 in the end: it keeps nothing */
    }
    int64_t middle = search->held + (search->failed - search->held) / 2;
    /* Nearer than one part in fifty nothing is known anyway. */
    if (search->halving <= 0 || search->failed - search->held <= 1 + search->held / 50) {
        return 0;
    }
    search->halving--;
    return middle;
}

void bench_search_note(struct bench_search *search, int64_t rate, bool held)
{
    if (held && rate > search->held) {
        search->held = rate;
    } else if (!held && (search->failed == 0 || rate < search->failed)) {
        search->failed = rate;
    }
}

/* ---- one step ---- */

bool bench_step_holds(const struct bench_tally *tally, int64_t bound)
{
    uint64_t due = tally->answered + tally->unsent;
    for (size_t i = 0; i < BENCH_FAILURES; i++) {
        due += tally->failures[i];
    }
    return due > 0 && tally->successful * 100 >= due * KEPT_PERCENT &&
           bench_histogram_at(&tally->latency, 99000) <= bound;
}

static void describe_step(const struct bench_run *run, int64_t bound, struct bench_step *step)
{
    const struct bench_tally *tally = &run->tally;
    struct bench_derived derived = bench_report_derive(&run->report);
    step->held = bench_step_holds(tally, bound);
    step->throughput = derived.throughput;
    step->server_each = derived.server_each;
    step->others = derived.others;
    step->refused = tally->answered - tally->successful;
    step->failed = tally->unsent;
    for (size_t i = 0; i < BENCH_FAILURES; i++) {
        step->failed += tally->failures[i];
    }
    step->p50 = bench_histogram_at(&tally->latency, 50000);
    step->p99 = bench_histogram_at(&tally->latency, 99000);
    step->p999 = bench_histogram_at(&tally->latency, 99900);
    step->most = tally->latency.most;
}

static void print_step(FILE *out, const struct bench_step *step)
{
    fprintf(out, "%8lld/s  %-6s %9.1f/s  p50 %9.3f  p99 %9.3f  max %9.3f ms", (long long)step->rate,
            step->held ? "held" : "failed", step->throughput, (double)step->p50 / 1e6,
            (double)step->p99 / 1e6, (double)step->most / 1e6);
    if (step->server_each > 0) {
        fprintf(out, "  %7.1f us CPU", step->server_each);
    }
    fprintf(out, "  others %2.0f %%", 100 * step->others);
    if (step->refused + step->failed > 0) {
        fprintf(out, "  %llu refused, %llu failed", (unsigned long long)step->refused,
                (unsigned long long)step->failed);
    }
    fputc('\n', out);
}

static int make_step(struct ramp *ramp, const struct bench_field *field, int64_t rate)
{
    struct bench_options options = *field->options;
    struct bench_field own = *field;
    options.rate = rate;
    own.options = &options;
    CLEANUP(bench_run_freep) struct bench_run *run = bench_run_new(&own);
    if (run == NULL) {
        return bench_report_fault(-ENOMEM);
    }
    int result = bench_run_go(run);
    int merged = bench_acknowledged_merge(&ramp->acknowledged, &run->acknowledged);
    if (result == VIX_DONE && merged != 0) {
        return bench_report_fault(merged < 0 ? merged : -EOVERFLOW);
    }
    ramp->ran_dry = ramp->ran_dry || run->report.ran_dry;
    if (result != VIX_DONE || run->report.ran_dry) {
        return result; /* a step that ended early says nothing */
    }
    struct bench_step *step = &ramp->steps[ramp->count++];
    step->rate = rate;
    describe_step(run, options.p99 * MILLISECOND, step);
    if (!options.json) {
        print_step(stdout, step);
        fflush(stdout);
    }
    return VIX_DONE;
}

/* ---- all of it ---- */

static void print_end(FILE *out, const struct ramp *ramp)
{
    const struct bench_search *search = &ramp->search;
    if (ramp->ran_dry) {
        fprintf(out, "ended early: there were no more BSNs or elements\n");
    }
    fprintf(out, "%-16s ", "knee");
    if (search->held == 0) {
        fprintf(out, "none: no rate was kept\n");
    } else if (search->failed == 0) {
        fprintf(out, "above %lld/s: every rate was kept\n", (long long)search->held);
    } else {
        fprintf(out, "%lld/s was kept with p99 within %lld ms, %lld/s was not\n",
                (long long)search->held, (long long)ramp->options->p99, (long long)search->failed);
    }
    if (ramp->verified) {
        bench_report_print_verdict(out, &ramp->verdict);
    }
}

static void add_step(struct text *json, const struct bench_step *step)
{
    text_open_object(json);
    bench_json_count(json, "rate", (uint64_t)step->rate);
    bench_json_flag(json, "held", step->held);
    bench_json_decimal(json, "perSecond", step->throughput);
    bench_json_decimal(json, "cpuMicrosecondsPerRequest", step->server_each);
    bench_json_decimal(json, "othersShare", step->others);
    bench_json_count(json, "refused", step->refused);
    bench_json_count(json, "failed", step->failed);
    bench_json_decimal(json, "p50", (double)step->p50 / 1e6);
    bench_json_decimal(json, "p99", (double)step->p99 / 1e6);
    bench_json_decimal(json, "p99.9", (double)step->p999 / 1e6);
    bench_json_decimal(json, "max", (double)step->most / 1e6);
    text_close_object(json);
}

static int print_json(const struct ramp *ramp)
{
    CLEANUP(text_finish) struct text json = {0};
    text_open_object(&json);
    text_add_member(&json, "version", VIX_VERSION);
    text_add_member(&json, "scenario", bench_command_name(ramp->options->scenario));
    bench_json_count(&json, "connections", (uint64_t)ramp->options->connections);
    bench_json_count(&json, "p99BoundMilliseconds", (uint64_t)ramp->options->p99);
    bench_json_count(&json, "kneePerSecond", (uint64_t)ramp->search.held);
    bench_json_count(&json, "failedPerSecond", (uint64_t)ramp->search.failed);
    bench_json_flag(&json, "endedEarly", ramp->ran_dry);
    bench_json_count(&json, "bsnNext", ramp->bsn_rest);
    text_open_list_member(&json, "steps");
    for (size_t i = 0; i < ramp->count; i++) {
        if (i > 0) {
            text_add_string(&json, ",");
        }
        add_step(&json, &ramp->steps[i]);
    }
    text_close_list(&json);
    if (ramp->verified) {
        bench_json_verdict(&json, &ramp->verdict);
    }
    text_close_object(&json);
    if (json.fault != 0) {
        return bench_report_fault(json.fault);
    }
    puts(json.bytes);
    return VIX_DONE;
}

/* One moment in which others take the machine would end the climb: what does not hold is tried once
 * more. */
static int try_rate(struct ramp *ramp, const struct bench_field *field, int64_t rate)
{
    for (int tries = 0; tries < TRIES && !ramp->ran_dry; tries++) {
        int result = make_step(ramp, field, rate);
        if (result != VIX_DONE) {
            return result;
        }
        if (!ramp->ran_dry) {
            bool held = ramp->steps[ramp->count - 1].held;
            if (held || tries + 1 == TRIES) {
                bench_search_note(&ramp->search, rate, held);
                return VIX_DONE;
            }
        }
    }
    return VIX_DONE;
}

static int climb(struct ramp *ramp, const struct bench_field *field)
{
    int64_t rate;
    while (ramp->count + TRIES <= BENCH_STEPS_MAXIMUM && !ramp->ran_dry &&
           (rate = bench_search_next(&ramp->search)) > 0) {
        int result = try_rate(ramp, field, rate);
        if (result != VIX_DONE) {
            return result;
        }
    }
    return VIX_DONE;
}

static void ramp_free(struct ramp **ramp)
{
    if (*ramp != NULL) {
        bench_acknowledged_finish(&(*ramp)->acknowledged);
        free(*ramp);
    }
}

int bench_ramp(const struct bench_field *field)
{
    const struct bench_options *options = field->options;
    CLEANUP(ramp_free) struct ramp *ramp = calloc(1, sizeof(*ramp));
    if (ramp == NULL) {
        return bench_report_fault(-ENOMEM);
    }
    ramp->options = options;
    ramp->search = (struct bench_search){
        .first = options->rate, .growth = options->growth, .halving = options->halving};
    int result = climb(ramp, field);
    if (bench_stock_signals(field->stock)) {
        int verified =
            bench_verify(options, field->identities, &ramp->acknowledged, &ramp->verdict);
        ramp->verified = true;
        ramp->bsn_rest = bench_bsns_rest(&field->stock->bsns);
        result = result == VIX_DONE ? verified : result;
    }
    int printed = VIX_DONE;
    if (options->json) {
        printed = print_json(ramp);
    } else {
        print_end(stdout, ramp);
    }
    return result == VIX_DONE ? printed : result;
}
