/* SPDX-License-Identifier: EUPL-1.2 */
/*
 * Measurements of the store, without network, HTTP or TLS: what its subcommands have in common.
 *
 * A measurement that cannot go on ends the program, with a sentence on stderr and status 1: there
 * is nothing to be saved. Usage is status 2. All of it runs in release builds, on the ordinary
 * clock.
 */
#ifndef TESTS_BENCH_STORE_BENCH_STORE_H
#define TESTS_BENCH_STORE_BENCH_STORE_H

#include <stdbool.h>
#include <stdio.h>

#include "crypto/basics.h"

/* What is given on the command line; every subcommand looks at its own. */
struct bs_options {
    const char *store;        /* NULL: a scratch directory, removed at the end */
    const char *keys;         /* NULL: keys of its own in the scratch directory */
    const char *epoch_keys;   /* NULL: with the others */
    const char *origin;       /* of the log */
    const char *parties_file; /* lines "OIN professional" */
    const char *professional;
    uint64_t signals;
    uint64_t parties;
    uint64_t professionals; /* of each party */
    uint64_t municipality;
    uint64_t outstanding;
    uint64_t rate;
    uint64_t rounds;
    uint64_t fan_out; /* 0: none */
    uint64_t first;   /* child; UINT64_MAX: behind those that there can be */
    uint64_t bsn_from;
    uint64_t interval_ms;
    uint64_t seed;
    double seconds;
    double work;    /* us that the rules of a post take */
    double overlap; /* below 0: as in the country */
    bool follow_up;
    bool spoil;
    bool json;
    bool separate; /* not said: rows of a kind together, see bs_writer */
};

/* Each returns the program's status. */
int bs_preload(const struct bs_options *options);
int bs_rate(const struct bs_options *options);
int bs_loop(const struct bs_options *options);
int bs_floor(const struct bs_options *options);
int bs_profile(const struct bs_options *options);
int bs_journal(const struct bs_options *options);
int bs_compare(const struct bs_options *options);

/* ---- ending ---- */

void bs_die(const char *format, ...) __attribute__((noreturn)) PRINTF_LIKE(1, 2);
/* Ends the program when `result` is not 0. */
void bs_need(int result, const char *what);
void *bs_new(size_t count, size_t size); /* zeroed */

/* ---- time ---- */

#define BS_SECOND INT64_C(1000000000)
int64_t bs_now(void);         /* ns that no clock setting moves */
int64_t bs_process_cpu(void); /* ns, of all threads, in user and kernel mode */
void bs_sleep_until(int64_t instant);

/* Busy time of all processors in ns, and that of this process: what is left is others'. */
struct bs_busy {
    int64_t at;
    int64_t machine;
    int64_t own;
};
struct bs_busy bs_busy_now(void);
/* The share of all processors' time since then that neither this process nor nobody used. */
double bs_busy_others(const struct bs_busy *since);

/* ---- figures ---- */

/* Sorts. `share` of 0.99 is the value that 99 in 100 are not above; 0 when there are none. */
double bs_percentile(double *values, size_t count, double share);
double bs_median(double *values, size_t count);

/* xorshift: the same sequence for the same seed, which is not 0. */
uint64_t bs_random(uint64_t *state);

/* ---- what is told: lines for people, or one JSON object ---- */

struct bs_report {
    bool json;
    bool more; /* a comma comes first */
    int depth;
};
void bs_report_open(struct bs_report *report, const struct bs_options *options,
                    const char *command);
void bs_report_close(struct bs_report *report);
/* `bracket` is '{' or '['; `name` is NULL inside an array. */
void bs_report_begin(struct bs_report *report, const char *name, char bracket);
void bs_report_end(struct bs_report *report, char bracket);
void bs_report_number(struct bs_report *report, const char *name, double value);
void bs_report_text(struct bs_report *report, const char *name, const char *text);
/* p50, p90, p99, p99.9 and the largest, of values in us. */
void bs_report_latencies(struct bs_report *report, const char *name, double *values, size_t count);

#endif
