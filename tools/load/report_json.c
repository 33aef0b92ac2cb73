/* SPDX-License-Identifier: EUPL-1.2 */
/* The report for machines. */
#include "tools/load/report.h"
#include "tools/load/vix_bench.h"

void bench_json_object(struct text *text, const char *name)
{
    text_open_object_member(text, name);
}

void bench_json_decimal(struct text *text, const char *name, double value)
{
    text_add_name(text, name);
    text_add_format(text, "%.3f", value);
}

void bench_json_count(struct text *text, const char *name, uint64_t value)
{
    text_add_number_member(text, name, (int64_t)value);
}

void bench_json_flag(struct text *text, const char *name, bool value)
{
    text_add_name(text, name);
    text_add_string(text, value ? "true" : "false");
}

static double milliseconds(int64_t nanoseconds)
{
    return (double)nanoseconds / 1e6;
}

static double seconds(int64_t nanoseconds)
{
    return (double)nanoseconds / (double)BENCH_SECOND;
}

static void add_histogram(struct text *text, const char *name,
                          const struct bench_histogram *histogram)
{
    bench_json_object(text, name);
    bench_json_count(text, "count", histogram->count);
    bench_json_decimal(text, "min", milliseconds(histogram->least));
    for (size_t i = 0; i < BENCH_PERCENTILES; i++) {
        bench_json_decimal(text, bench_percentiles[i].name,
                           milliseconds(bench_histogram_at(histogram, bench_percentiles[i].share)));
    }
    bench_json_decimal(text, "mean", milliseconds(bench_histogram_mean(histogram)));
    text_close_object(text);
}

/* Enough points to draw it: pairs of a share in 100,000 and milliseconds. */
static void add_distribution(struct text *text, const struct bench_histogram *histogram)
{
    static const unsigned shares[] = {0,     1000,  5000,  10000, 25000, 50000, 75000, 90000,
                                      95000, 97500, 99000, 99500, 99900, 99950, 99990, 100000};
    text_open_list_member(text, "latencyDistribution");
    for (size_t i = 0; i < ARRAY_LENGTH(shares) && histogram->count > 0; i++) {
        text_add_format(text, "%s[%u,%.3f]", i > 0 ? "," : "", shares[i],
                        milliseconds(bench_histogram_at(histogram, shares[i])));
    }
    text_close_list(text);
}

static void add_parts(struct text *text, const struct bench_report *report)
{
    text_open_object_member(text, "parts");
    for (size_t i = 0; i < report->part_count; i++) {
        const struct bench_part *part = &report->tally->parts[i];
        text_open_object_member(text, report->parts[i]);
        bench_json_count(text, "asked", part->asked);
        bench_json_count(text, "successful", part->successful);
        add_histogram(text, "latencyMilliseconds", &part->latency);
        text_close_object(text);
    }
    text_close_object(text);
}

static void add_load(struct text *text, const struct bench_report *report)
{
    const struct bench_options *options = report->options;
    bench_json_object(text, "load");
    text_add_member(text, "scenario", bench_command_name(options->command));
    text_add_member(text, "path", options->path);
    text_add_member(text, "loop", options->rate > 0 ? "open" : "closed");
    /* Open loop: counted from when a request was meant to start. */
    bench_json_flag(text, "correctedForCoordinatedOmission", options->rate > 0);
    bench_json_count(text, "ratePerSecond", (uint64_t)options->rate);
    bench_json_count(text, "connections", (uint64_t)options->connections);
    bench_json_count(text, "identities", report->identities);
    bench_json_count(text, "threads", (uint64_t)options->threads);
    bench_json_count(text, "warmUpSeconds", (uint64_t)options->warm_up);
    bench_json_decimal(text, "overlap", options->overlap);
    bench_json_flag(text, "endedEarly", report->ran_dry);
    bench_json_count(text, "elements", report->elements);
    bench_json_count(text, "bsnNext", report->bsn_rest);
    text_close_object(text);
}

static void add_outcomes(struct text *text, const struct bench_tally *tally)
{
    static const char *const names[BENCH_FAILURES] = {
        [BENCH_TIMED_OUT] = "timedOut", [BENCH_LOST] = "lost", [BENCH_MALFORMED] = "malformed"};
    text_open_list_member(text, "outcomes");
    for (size_t i = 0; i < tally->outcome_count; i++) {
        const struct bench_outcome *outcome = &tally->outcomes[i];
        text_add_string(text, i > 0 ? ",{" : "{");
        bench_json_count(text, "status", (uint64_t)outcome->status);
        text_add_member(text, "problem", outcome->slug[0] != '\0' ? outcome->slug : NULL);
        bench_json_count(text, "count", outcome->count);
        text_close_object(text);
    }
    text_close_list(text);
    for (int i = 0; i < BENCH_FAILURES; i++) {
        bench_json_count(text, names[i], tally->failures[i]);
    }
    bench_json_count(text, "unsent", tally->unsent);
}

static void add_requests(struct text *text, const struct bench_report *report,
                         const struct bench_derived *derived)
{
    const struct bench_tally *tally = report->tally;
    bench_json_object(text, "requests");
    bench_json_count(text, "answered", tally->answered);
    bench_json_count(text, "successful", tally->successful);
    bench_json_decimal(text, "seconds", seconds(report->measured));
    bench_json_decimal(text, "perSecond", derived->throughput);
    bench_json_count(text, "warmUp", tally->warm_up);
    bench_json_count(text, "repeated", tally->repeated);
    bench_json_count(text, "empty", tally->empty);
    bench_json_count(text, "bodyBytes", tally->body_bytes);
    bench_json_count(text, "reconnected", tally->reconnected);
    text_add_member(text, "lastFailure", report->why);
    add_outcomes(text, tally);
    text_close_object(text);
}

static void add_cost(struct text *text, const struct bench_report *report,
                     const struct bench_derived *derived)
{
    if (bench_report_has_server(report)) {
        bench_json_object(text, "server");
        bench_json_decimal(text, "cpuSeconds", derived->server);
        bench_json_decimal(text, "cpuMicrosecondsPerRequest", derived->server_each);
        bench_json_count(text, "residentBytes", report->after.resident);
        bench_json_count(text, "residentBytesBefore", report->before.resident);
        bench_json_count(text, "anonymousBytes", report->after.anonymous);
        bench_json_count(text, "anonymousBytesBefore", report->before.anonymous);
        text_close_object(text);
    }
    bench_json_object(text, "machine");
    bench_json_decimal(text, "generatorCpuSeconds", derived->own);
    bench_json_decimal(text, "othersShare", derived->others);
    text_close_object(text);
}

void bench_json_verdict(struct text *text, const struct bench_verdict *verdict)
{
    bench_json_object(text, "verified");
    bench_json_count(text, "acknowledged", verdict->acknowledged);
    bench_json_count(text, "found", verdict->found);
    bench_json_count(text, "missing", verdict->missing);
    bench_json_count(text, "doubled", verdict->doubled);
    bench_json_count(text, "withdrawn", verdict->withdrawn);
    bench_json_count(text, "undead", verdict->undead);
    bench_json_flag(text, "complete", verdict->complete);
    bench_json_decimal(text, "seconds", seconds(verdict->took));
    text_close_object(text);
}

void bench_report_json(struct text *text, const struct bench_report *report)
{
    struct bench_derived derived = bench_report_derive(report);
    text_open_object(text);
    if (text->fault != 0) {
        return;
    }
    text_add_member(text, "version", VIX_VERSION);
    add_load(text, report);
    bench_json_object(text, "handshakes");
    bench_json_decimal(text, "seconds", seconds(report->opening));
    bench_json_decimal(text, "perSecond", derived.handshakes);
    add_histogram(text, "milliseconds", &report->tally->handshake);
    text_close_object(text);
    add_requests(text, report, &derived);
    add_histogram(text, "latencyMilliseconds", &report->tally->latency);
    add_distribution(text, &report->tally->latency);
    add_histogram(text, "startDelayMilliseconds", &report->tally->delay);
    if (report->part_count > 0) {
        add_parts(text, report);
    }
    add_cost(text, report, &derived);
    if (report->verdict != NULL) {
        bench_json_verdict(text, report->verdict);
    }
    text_close_object(text);
}
