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
    uint32_t bsn_rest;       /* from which a next run can go on; 0: none were used */
    size_t elements;         /* made before the run; 0: none */
    int64_t elements_making; /* ns */
};

void bench_report_print(FILE *out, const struct bench_report *report);
void bench_report_json(struct text *text, const struct bench_report *report);

#endif
