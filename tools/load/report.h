/* SPDX-License-Identifier: EUPL-1.2 */
/* What a run found out, for people or, as one JSON object, for machines. */
#ifndef TOOLS_LOAD_REPORT_H
#define TOOLS_LOAD_REPORT_H

#include <stdio.h>

#include "tools/load/options.h"
#include "tools/load/process.h"
#include "tools/load/tally.h"
#include "tools/load/verify.h"
#include "tools/text.h"

#define BENCH_PERCENTILES 5
struct bench_percentile {
    const char *name;
    unsigned share; /* as for bench_histogram_at() */
};
extern const struct bench_percentile bench_percentiles[BENCH_PERCENTILES];

struct bench_report {
    const struct bench_options *options;
    const struct bench_tally *tally;
    size_t identities;
    int64_t opening;  /* ns, to open all connections, on the slowest loop */
    int64_t measured; /* ns, from the end of the warm-up to the last answer */
    struct bench_cost before;
    struct bench_cost after;
    const struct bench_verdict *verdict; /* NULL: nothing was to be verified */
    const char *why; /* what the last connection that failed said; NULL: none did */
    bool ran_dry;
    uint32_t bsn_rest;        /* from which a next run can go on; 0: none were used */
    size_t elements;          /* made before the run; 0: none */
    int64_t elements_making;  /* ns */
    const char *const *parts; /* names of the tally's parts; NULL: none are told apart */
    size_t part_count;
};

/* What follows from the figures, once for all ways of telling it. */
struct bench_derived {
    double throughput;  /* successful ones a second */
    double handshakes;  /* a second */
    double server;      /* CPU seconds */
    double server_each; /* CPU microseconds for each answer */
    double own;
    double others; /* share of the machine that neither took; the server too, if unknown */
};
struct bench_derived bench_report_derive(const struct bench_report *report);
bool bench_report_has_server(const struct bench_report *report);

void bench_report_print(FILE *out, const struct bench_report *report);
void bench_report_print_verdict(FILE *out, const struct bench_verdict *verdict);
void bench_report_json(struct text *text, const struct bench_report *report);

/* Members of an object that is being written. */
void bench_json_object(struct text *text, const char *name);
void bench_json_count(struct text *text, const char *name, uint64_t value);
void bench_json_decimal(struct text *text, const char *name, double value); /* three places */
void bench_json_flag(struct text *text, const char *name, bool value);
void bench_json_verdict(struct text *text, const struct bench_verdict *verdict);

#endif
