/* SPDX-License-Identifier: EUPL-1.2 */
/*
 * What all loops of one load share, and where they and their starter wait for each other, so that
 * the clock starts when every connection is open.
 */
#ifndef TOOLS_LOAD_FIELD_H
#define TOOLS_LOAD_FIELD_H

#include <pthread.h>
#include <stdbool.h>

#include "tools/load/identity.h"
#include "tools/load/live.h"
#include "tools/load/options.h"
#include "tools/load/plan.h"
#include "tools/load/target.h"

struct bench_stock;

struct bench_field {
    const struct bench_options *options;
    const struct bench_target *target;
    const struct bench_identities *identities;
    SSL_CTX *context;
    struct bench_stock *stock;
    struct bench_live *live; /* one for each loop */
    size_t loops;

    pthread_mutex_t lock; /* of what follows */
    pthread_cond_t changed;
    size_t arrived; /* loops whose connections are open, or will not be */
    bool begun;     /* `start` was set */
    int64_t start;  /* of the plan, ns; 0: there will be no load */
};

void bench_field_init(struct bench_field *field);
void bench_field_finish(struct bench_field *field);

/* The starter's: waits until `loops` have arrived; lets them begin, or with 0 go home. */
void bench_field_wait(struct bench_field *field, size_t loops);
void bench_field_begin(struct bench_field *field, int64_t start);

/* The phases of the load by the options; 0 when it has none. */
size_t bench_field_phases(const struct bench_options *options,
                          struct bench_phase phases[static BENCH_PHASES_MAXIMUM]);
/* The names of what is told apart in the load, with their count in `ret_count`; NULL: nothing. */
const char *const *bench_field_parts(const struct bench_field *field, size_t *ret_count);

/* A loop's: waits for the beginning; whether there will be a load. */
bool bench_field_arrive(struct bench_field *field);

#endif
