/* SPDX-License-Identifier: EUPL-1.2 */
/* What the measurements of the log have in common: chance, time, and a log that is filled. */
#ifndef TESTS_BENCH_BENCH_H
#define TESTS_BENCH_BENCH_H

#include "tests/unit/store/office.h"

#define BENCH_PARTIES 300
#define BENCH_PROFESSIONALS 20 /* of each party */
#define BENCH_CHILDREN 200000
#define BENCH_ROUNDS_MAXIMUM 99

/* The same sequence every time. */
uint32_t bench_pick(uint32_t below);
/* A child of the log: not a number that anybody has. */
struct child_key bench_child(uint32_t number);
uint32_t bench_pick_party(void);
void bench_professional(uint32_t number, char out[static 16]);

/* Microseconds that no clock setting moves. */
double bench_now(void);
double bench_median(double *values, size_t count);
/* The value that so many of a hundred are not above. */
double bench_percentile(double *values, size_t count, unsigned percent);

/* Fills the log up to `entries`, in the course of so many days. */
void bench_fill(struct office *office, uint64_t entries, double days);
/* Until the index has nothing to do by itself. */
void bench_settle(struct office *office);

#endif
