/* SPDX-License-Identifier: EUPL-1.2 */
#include "tools/load/report.h"

#include "tools/load/vix_bench.h"

#define MEBIBYTE (1024.0 * 1024.0)

static const struct {
    const char *name;
    unsigned share; /* as for bench_histogram_at() */
} percentiles[] = {
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

/* What follows from the figures, once for both ways of telling it. */
struct derived {
    double throughput;  /* successful ones a second */
    double handshakes;  /* a second */
    double server;      /* CPU seconds */
    double server_each; /* CPU microseconds for each answer */
    double own;
    double others; /* share of the machine that neither took; the server too, if unknown */
};

static bool has_server(const struct bench_report *report)
{
    return report->before.has_server && report->after.has_server;
}

static struct derived derive(const struct bench_report *report)
{
    const struct bench_tally *tally = report->tally;
    bool known = has_server(report);
    double server = known ? report->after.server - report->before.server : 0;
    double own = report->after.own - report->before.own;
    double busy = report->after.machine_busy - report->before.machine_busy;
    double whole = busy + report->after.machine_idle - report->before.machine_idle;
    double others = busy - server - own;
    return (struct derived){
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
    for (size_t i = 0; i < ARRAY_LENGTH(percentiles); i++) {
        fprintf(out, "  %s %.3f", percentiles[i].name,
                milliseconds(bench_histogram_at(histogram, percentiles[i].share)));
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
        fprintf(out, "closed loop\n");
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
                         const struct derived *derived)
{
    if (has_server(report)) {
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
            has_server(report) ? "others" : "all others, the server too,", 100 * derived->others);
}

static void print_verdict(FILE *out, const struct bench_verdict *verdict)
{
    fprintf(
        out, "%-16s %llu acknowledged, %llu found, %llu missing, %llu listed twice%s (%.1f s)\n",
        "verified", (unsigned long long)verdict->acknowledged, (unsigned long long)verdict->found,
        (unsigned long long)verdict->missing, (unsigned long long)verdict->doubled,
        verdict->complete ? "" : "; NOT ALL COULD BE LOOKED AT", seconds(verdict->took));
}

void bench_report_print(FILE *out, const struct bench_report *report)
{
    const struct bench_tally *tally = report->tally;
    const struct bench_options *options = report->options;
    struct derived derived = derive(report);
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
    if (options->command == BENCH_POLL) {
        fprintf(out, "  %-14s %llu\n", "found nothing", (unsigned long long)tally->empty);
    } else {
        fprintf(out, "  %-14s %llu on a child that another had signalled\n", "of them",
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
    print_server(out, report, &derived);
    if (report->verdict != NULL) {
        print_verdict(out, report->verdict);
    }
    if (report->bsn_rest > 0) {
        fprintf(out, "%-16s --bsn-from %lu\n", "next run", (unsigned long)report->bsn_rest);
    }
}

/* ---- for machines ---- */

/* The comma, where one is needed, and the name. */
static void add_name(struct text *text, const char *name)
{
    text_add_format(text, "%s\"%s\":", text->bytes[text->length - 1] == '{' ? "" : ",", name);
}

static void add_object(struct text *text, const char *name)
{
    add_name(text, name);
    text_open_object(text);
}

static void add_decimal(struct text *text, const char *name, double value)
{
    add_name(text, name);
    text_add_format(text, "%.3f", value);
}

static void add_count(struct text *text, const char *name, uint64_t value)
{
    text_add_number_member(text, name, (int64_t)value);
}

static void add_flag(struct text *text, const char *name, bool value)
{
    add_name(text, name);
    text_add_string(text, value ? "true" : "false");
}

static void add_histogram(struct text *text, const char *name,
                          const struct bench_histogram *histogram)
{
    add_object(text, name);
    add_count(text, "count", histogram->count);
    add_decimal(text, "min", milliseconds(histogram->least));
    for (size_t i = 0; i < ARRAY_LENGTH(percentiles); i++) {
        add_decimal(text, percentiles[i].name,
                    milliseconds(bench_histogram_at(histogram, percentiles[i].share)));
    }
    add_decimal(text, "mean", milliseconds(bench_histogram_mean(histogram)));
    text_close_object(text);
}

static void add_load(struct text *text, const struct bench_report *report)
{
    const struct bench_options *options = report->options;
    add_object(text, "load");
    text_add_member(text, "scenario", bench_command_name(options->command));
    text_add_member(text, "loop", options->rate > 0 ? "open" : "closed");
    add_count(text, "ratePerSecond", (uint64_t)options->rate);
    add_count(text, "connections", (uint64_t)options->connections);
    add_count(text, "identities", report->identities);
    add_count(text, "threads", (uint64_t)options->threads);
    add_count(text, "warmUpSeconds", (uint64_t)options->warm_up);
    add_decimal(text, "overlap", options->overlap);
    add_flag(text, "endedEarly", report->ran_dry);
    add_count(text, "elements", report->elements);
    add_count(text, "bsnNext", report->bsn_rest);
    text_close_object(text);
}

static void add_outcomes(struct text *text, const struct bench_tally *tally)
{
    static const char *const names[BENCH_FAILURES] = {
        [BENCH_TIMED_OUT] = "timedOut", [BENCH_LOST] = "lost", [BENCH_MALFORMED] = "malformed"};
    add_name(text, "outcomes");
    text_add_string(text, "[");
    for (size_t i = 0; i < tally->outcome_count; i++) {
        const struct bench_outcome *outcome = &tally->outcomes[i];
        text_add_string(text, i > 0 ? ",{" : "{");
        add_count(text, "status", (uint64_t)outcome->status);
        text_add_member(text, "problem", outcome->slug[0] != '\0' ? outcome->slug : NULL);
        add_count(text, "count", outcome->count);
        text_close_object(text);
    }
    text_add_string(text, "]");
    for (int i = 0; i < BENCH_FAILURES; i++) {
        add_count(text, names[i], tally->failures[i]);
    }
    add_count(text, "unsent", tally->unsent);
}

static void add_requests(struct text *text, const struct bench_report *report,
                         const struct derived *derived)
{
    const struct bench_tally *tally = report->tally;
    add_object(text, "requests");
    add_count(text, "answered", tally->answered);
    add_count(text, "successful", tally->successful);
    add_decimal(text, "seconds", seconds(report->measured));
    add_decimal(text, "perSecond", derived->throughput);
    add_count(text, "warmUp", tally->warm_up);
    add_count(text, "repeated", tally->repeated);
    add_count(text, "empty", tally->empty);
    add_count(text, "bodyBytes", tally->body_bytes);
    add_count(text, "reconnected", tally->reconnected);
    text_add_member(text, "lastFailure", report->why);
    add_outcomes(text, tally);
    text_close_object(text);
}

static void add_cost(struct text *text, const struct bench_report *report,
                     const struct derived *derived)
{
    if (has_server(report)) {
        add_object(text, "server");
        add_decimal(text, "cpuSeconds", derived->server);
        add_decimal(text, "cpuMicrosecondsPerRequest", derived->server_each);
        add_count(text, "residentBytes", report->after.resident);
        add_count(text, "residentBytesBefore", report->before.resident);
        add_count(text, "anonymousBytes", report->after.anonymous);
        add_count(text, "anonymousBytesBefore", report->before.anonymous);
        text_close_object(text);
    }
    add_object(text, "machine");
    add_decimal(text, "generatorCpuSeconds", derived->own);
    add_decimal(text, "othersShare", derived->others);
    text_close_object(text);
}

static void add_verdict(struct text *text, const struct bench_verdict *verdict)
{
    add_object(text, "verified");
    add_count(text, "acknowledged", verdict->acknowledged);
    add_count(text, "found", verdict->found);
    add_count(text, "missing", verdict->missing);
    add_count(text, "doubled", verdict->doubled);
    add_flag(text, "complete", verdict->complete);
    add_decimal(text, "seconds", seconds(verdict->took));
    text_close_object(text);
}

void bench_report_json(struct text *text, const struct bench_report *report)
{
    struct derived derived = derive(report);
    text_open_object(text);
    if (text->fault != 0) {
        return;
    }
    text_add_member(text, "version", VIX_VERSION);
    add_load(text, report);
    add_object(text, "handshakes");
    add_decimal(text, "seconds", seconds(report->opening));
    add_decimal(text, "perSecond", derived.handshakes);
    add_histogram(text, "milliseconds", &report->tally->handshake);
    text_close_object(text);
    add_requests(text, report, &derived);
    add_histogram(text, "latencyMilliseconds", &report->tally->latency);
    add_histogram(text, "startDelayMilliseconds", &report->tally->delay);
    add_cost(text, report, &derived);
    if (report->verdict != NULL) {
        add_verdict(text, report->verdict);
    }
    text_close_object(text);
}
