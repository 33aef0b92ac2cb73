/* SPDX-License-Identifier: EUPL-1.2 */
/*
 * The ids that the index has acknowledged, each with the identity that it was acknowledged to. One
 * list for each loop while the load runs; merged and sorted after, to be compared with what the
 * index then lists.
 */
#ifndef TOOLS_LOAD_ACKNOWLEDGED_H
#define TOOLS_LOAD_ACKNOWLEDGED_H

#include <stdbool.h>

#include "tools/load/vix_bench.h"

#define BENCH_ID_BYTES 16
#define BENCH_ID_TEXT 36

struct bench_id {
    uint8_t bytes[BENCH_ID_BYTES];
};

/* Reads a UUID in lower case, as the index writes them; false when it is none. */
bool bench_id_parse(const char *text, size_t length, struct bench_id *ret_id);

void bench_id_write(const struct bench_id *id, char out[static BENCH_ID_TEXT + 1]);

struct bench_acknowledgement {
    struct bench_id id;
    uint32_t identity;
    uint32_t seen;  /* times it was found in the index */
    bool withdrawn; /* the index has acknowledged that too */
    bool live;      /* it was found as such */
};

struct bench_acknowledged {
    struct bench_acknowledgement *items;
    size_t count;
    size_t capacity;
};

#define BENCH_ACKNOWLEDGED_FULL 1
/* 0, BENCH_ACKNOWLEDGED_FULL, -ENOMEM. */
int bench_acknowledged_add(struct bench_acknowledged *list, const struct bench_id *id,
                           size_t identity) MUST_CHECK;
/* Empties `from`. The same conditions. */
int bench_acknowledged_merge(struct bench_acknowledged *into,
                             struct bench_acknowledged *from) MUST_CHECK;
void bench_acknowledged_finish(struct bench_acknowledged *list); /* for CLEANUP too */

/* Sorts by identity and id; an id acknowledged twice to one identity (201, then 200) is one. */
void bench_acknowledged_sort(struct bench_acknowledged *list);
/* After sorting: the identity's are `*ret_count` items from the one returned. */
struct bench_acknowledgement *bench_acknowledged_of(const struct bench_acknowledged *list,
                                                    size_t identity, size_t *ret_count);
/* The index lists this id, as live or not; one that was not acknowledged by this run is passed
 * over. */
void bench_acknowledged_see(struct bench_acknowledgement *items, size_t count,
                            const struct bench_id *id, bool live);

#endif
