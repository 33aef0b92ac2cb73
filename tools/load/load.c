/* SPDX-License-Identifier: EUPL-1.2 */
#include "tools/load/load.h"

#include <errno.h>
#include <stdio.h>

#include "tools/load/ramp.h"
#include "tools/load/run.h"
#include "tools/load/verify.h"

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
static int conclude(struct bench_run *run, int result)
{
    const struct bench_field *field = &run->field;
    struct bench_verdict verdict = {0};
    if (bench_stock_signals(field->stock)) {
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

static int load_once(const struct bench_field *field)
{
    CLEANUP(bench_run_freep) struct bench_run *run = bench_run_new(field);
    if (run == NULL) {
        return bench_report_fault(-ENOMEM);
    }
    int result = bench_run_go(run);
    return run->loaded ? conclude(run, result) : result;
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
    return options->command == BENCH_RAMP ? bench_ramp(&field) : load_once(&field);
}
