/* SPDX-License-Identifier: EUPL-1.2 */
#include "tools/load/report.h"

#include "tools/load/vix_bench.h"

#define MEBIBYTE (1024.0 * 1024.0)

const struct bench_percentile bench_percentiles[BENCH_PERCENTILES] = {
    {"p50", 50000}, {"p90", 90000}, {"p99", 99000}, {"p99.9", 99900}, {"max", 100000},
};

static double seconds(int64_t nanoseconds)
{
    return (double)nanoseconds / (double)BENCH_SECOND;
}

static double milliseconds(int64_t nanoseconds)
{
    return (double)nanoseconds / 1e6;
}

static double per(double amount, double of)
{
    return of > 0 ? amount / of : 0;
}

bool bench_report_has_server(const struct bench_report *report)
{
    return report->before.has_server && report->after.has_server;
}

struct bench_derived bench_report_derive(const struct bench_report *report)
{
    const struct bench_tally *tally = report->tally;
    bool known = bench_report_has_server(report);
    double server = known ? report->after.server - report->before.server : 0;
    double own = report->after.own - report->before.own;
    double busy = report->after.machine_busy - report->before.machine_busy;
    double whole = busy + report->after.machine_idle - report->before.machine_idle;
    double others = busy - server - own;
    return (struct bench_derived){
        .throughput = per((double)tally->successful, seconds(report->measured)),
        .handshakes = per((double)tally->handshake.count, seconds(report->opening)),
        .server = server,
        .server_each = per(server * 1e6, (double)tally->answered),
        .own = own,
        .others = others > 0 ? per(others, whole) : 0,
    };
}

/* ---- for people ---- */

static void print_histogram(FILE *out, const char *title, const struct bench_histogram *histogram)
{
    if (histogram->count == 0) {
        return;
    }
    fprintf(out, "%-16s min %.3f", title, milliseconds(histogram->least));
    for (size_t i = 0; i < BENCH_PERCENTILES; i++) {
        fprintf(out, "  %s %.3f", bench_percentiles[i].name,
                milliseconds(bench_histogram_at(histogram, bench_percentiles[i].share)));
    }
    fprintf(out, "  mean %.3f ms\n", milliseconds(bench_histogram_mean(histogram)));
}

static void print_load(FILE *out, const struct bench_options *options, size_t identities)
{
    fprintf(out, "%-16s %s, %lld connections, %zu identities, %lld thread%s, ", "load",
            bench_command_name(options->command), (long long)options->connections, identities,
            (long long)options->threads, options->threads > 1 ? "s" : "");
    if (options->rate > 0) {
        fprintf(out, "open loop at %lld/s\n", (long long)options->rate);
    } else {
        fprintf(out, "closed loop (service times: not corrected for coordinated omission)\n");
    }
}

static void print_parts(FILE *out, const struct bench_report *report)
{
    for (size_t i = 0; i < report->part_count; i++) {
        const struct bench_part *part = &report->tally->parts[i];
        if (part->asked > 0) {
            fprintf(out, "  %-14s %llu asked, %llu successful\n", report->parts[i],
                    (unsigned long long)part->asked, (unsigned long long)part->successful);
            print_histogram(out, "", &part->latency);
        }
    }
}

static void print_outcomes(FILE *out, const struct bench_tally *tally)
{
    for (size_t i = 0; i < tally->outcome_count; i++) {
        const struct bench_outcome *outcome = &tally->outcomes[i];
        fprintf(out, "  %-14d %llu %s\n", outcome->status, (unsigned long long)outcome->count,
                outcome->slug);
    }
    for (int i = 0; i < BENCH_FAILURES; i++) {
        if (tally->failures[i] > 0) {
            fprintf(out, "  %-14s %llu\n", bench_failure_name((enum bench_failure)i),
                    (unsigned long long)tally->failures[i]);
        }
    }
    if (tally->unsent > 0) {
        fprintf(out, "  %-14s %llu\n", "never sent", (unsigned long long)tally->unsent);
    }
}

static void print_server(FILE *out, const struct bench_report *report,
                         const struct bench_derived *derived)
{
    if (bench_report_has_server(report)) {
        fprintf(out, "%-16s %.2f CPU s, %.1f us a request\n", "server", derived->server,
                derived->server_each);
        fprintf(out, "%-16s %.1f MiB resident, %.1f MiB of it not mapped from files\n", "",
                (double)report->after.resident / MEBIBYTE,
                (double)report->after.anonymous / MEBIBYTE);
    } else if (report->options->pid > 0) {
        fprintf(out, "%-16s process %lld cannot be looked at\n", "server",
                (long long)report->options->pid);
    }
    fprintf(out, "%-16s %.2f CPU s; %s took %.0f %% of the machine\n", "generator", derived->own,
            bench_report_has_server(report) ? "others" : "all others, the server too,",
            100 * derived->others);
}

void bench_report_print_verdict(FILE *out, const struct bench_verdict *verdict)
{
    fprintf(
        out, "%-16s %llu acknowledged, %llu found, %llu missing, %llu listed twice%s (%.1f s)\n",
        "verified", (unsigned long long)verdict->acknowledged, (unsigned long long)verdict->found,
        (unsigned long long)verdict->missing, (unsigned long long)verdict->doubled,
        verdict->complete ? "" : "; NOT ALL COULD BE LOOKED AT", seconds(verdict->took));
    if (verdict->withdrawn > 0) {
        fprintf(out, "%-16s %llu withdrawn, %llu of them listed as live\n", "",
                (unsigned long long)verdict->withdrawn, (unsigned long long)verdict->undead);
    }
}

void bench_report_print(FILE *out, const struct bench_report *report)
{
    const struct bench_tally *tally = report->tally;
    const struct bench_options *options = report->options;
    struct bench_derived derived = bench_report_derive(report);
    print_load(out, options, report->identities);
    if (report->elements > 0) {
        fprintf(out, "%-16s %zu made in %.1f s before the run\n", "elements", report->elements,
                seconds(report->elements_making));
    }
    fprintf(out, "%-16s %llu in %.2f s: %.0f a second\n", "handshakes",
            (unsigned long long)tally->handshake.count, seconds(report->opening),
            derived.handshakes);
    print_histogram(out, "", &tally->handshake);
    fprintf(out, "%-16s %llu answered in %.2f s, %llu successful: %.1f a second\n", "requests",
            (unsigned long long)tally->answered, seconds(report->measured),
            (unsigned long long)tally->successful, derived.throughput);
    print_outcomes(out, tally);
    if (options->scenario == BENCH_POLL || options->scenario == BENCH_MIXED) {
        fprintf(out, "  %-14s %llu\n", "found nothing", (unsigned long long)tally->empty);
    }
    if (report->verdict != NULL) {
        fprintf(out, "  %-14s %llu on a child that was known\n", "of them",
                (unsigned long long)tally->repeated);
    }
    if (tally->reconnected > 0) {
        fprintf(out, "  %-14s %llu times\n", "reconnected", (unsigned long long)tally->reconnected);
    }
    if (report->why != NULL) {
        fprintf(out, "  %-14s %s\n", "last failure:", report->why);
    }
    if (report->ran_dry) {
        fprintf(out, "  %-14s there were no more BSNs or elements\n", "ended early:");
    }
    print_histogram(out, options->rate > 0 ? "latency" : "service time", &tally->latency);
    print_histogram(out, "  start delay", &tally->delay);
    print_parts(out, report);
    print_server(out, report, &derived);
    if (report->verdict != NULL) {
        bench_report_print_verdict(out, report->verdict);
    }
    if (report->bsn_rest > 0) {
        fprintf(out, "%-16s --%s %lu\n", "next run",
                options->children > 0 ? "new-from" : "bsn-from", (unsigned long)report->bsn_rest);
    }
}
