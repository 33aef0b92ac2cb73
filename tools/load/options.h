/* SPDX-License-Identifier: EUPL-1.2 */
/* The command line of `vix-bench`. The strings are argv's or static. */
#ifndef TOOLS_LOAD_OPTIONS_H
#define TOOLS_LOAD_OPTIONS_H

#include <stdio.h>

#include "tools/load/vix_bench.h"

enum bench_command {
    BENCH_COMMAND_NONE, /* --help, --version */
    BENCH_POST,
    BENCH_ELEMENT,
    BENCH_POLL,
    BENCH_GET,
    BENCH_MATCH,
    BENCH_MIXED,
    BENCH_BURST,
    BENCH_RAMP,
    BENCH_PREPARE,
    BENCH_COMMANDS,
};

struct bench_options {
    enum bench_command command;
    enum bench_command scenario; /* what is asked: the command, or what a ramp is of */
    bool help;
    bool version;

    const char *url;
    const char *ca;
    const char *identities; /* directory */
    int64_t connections;
    int64_t threads;
    int64_t seconds;  /* 0: by `requests` alone */
    int64_t requests; /* 0: by `seconds` alone */
    int64_t rate;     /* a second; 0: closed loop */
    int64_t warm_up;  /* seconds */
    int64_t timeout;  /* seconds, of one request */
    int64_t verify_seconds;
    int64_t pid; /* of the server; 0: not looked at */
    bool json;
    bool allow_remote;

    int64_t bsn_from;
    int64_t children; /* from bsn_from on, which the index knows already; 0: none */
    int64_t new_from; /* the first BSN of those that it does not know, then; 0: behind them */
    double overlap;   /* 0 to 1 */
    const char *professional;
    const char *municipality; /* NULL: the party's only one */
    const char *birth_date;
    const char *evaluation_key; /* directory; NULL: the index evaluates */
    int64_t elements;           /* 0: by `requests` or a default */
    bool empty;
    int64_t limit;    /* notices a page */
    const char *path; /* of `get` */

    /* `burst`: before and after it. */
    int64_t quiet_seconds;
    int64_t quiet_rate;

    /* `ramp` */
    const char *of;
    int64_t p99;     /* ms that are too long */
    int64_t growth;  /* of the rate from one step to the next, percent */
    int64_t halving; /* steps between the last that held and the first that did not */

    const char *control;
    const char *pki;
    int64_t parties;
    bool blinded;
};

/* 0 or VIX_USAGE, and then it has been said on stderr what is wrong. */
int bench_options_parse(int argc, char **argv, struct bench_options *ret_options) MUST_CHECK;
/* Of one command, or with BENCH_COMMAND_NONE of all. */
void bench_options_print_help(FILE *out, enum bench_command command);
const char *bench_command_name(enum bench_command command);

#endif
