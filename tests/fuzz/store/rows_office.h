/* SPDX-License-Identifier: EUPL-1.2 */
/*
 * The office that the rows of fuzz_rows.c stand in, and transactions on it that are never
 * committed. Its committer has stopped: nothing changes it any more. Its rows are under the epoch
 * key 1, and the current one is 2, so that a turn has all of them to write again.
 */
#ifndef TESTS_FUZZ_STORE_ROWS_OFFICE_H
#define TESTS_FUZZ_STORE_ROWS_OFFICE_H

#include <stdio.h>
#include <stdlib.h>

#include "store/tx.h"
#include "tests/unit/store/registrar.h"

/* Numbers of children: two of one family, a number that was replaced by the first, one of whom the
 * register has told and nobody has signalled, and one who has gone. */
enum rows_child { ROWS_CHILD = 1, ROWS_SIBLING, ROWS_REPLACED, ROWS_WAITING, ROWS_GONE };
enum rows_signal {
    ROWS_BY_ANN,
    ROWS_BY_BOB,
    ROWS_BY_EVE,
    ROWS_BY_ZOE,
    ROWS_ARCHIVED,
    ROWS_SIGNALS
};
#define ROWS_NEXT_TOWN 362
#define ROWS_UNDER_WAY 1000 /* instant of what is under way */

struct rows_office {
    struct office office;
    uint32_t school;  /* ann (1) and eve (2), on the child */
    uint32_t care;    /* bob, on both children; acts for the school */
    uint32_t town;    /* OFFICE_TOWN */
    uint32_t next;    /* ROWS_NEXT_TOWN, where the child lives now */
    uint32_t gone;    /* zoe, on the sibling; goes into the care */
    uint32_t auditor; /* the last one */
    struct uuid signals[ROWS_SIGNALS];
    struct uuid tombstone; /* of the care */
    struct uuid match;
    struct uuid family;
};
/* Opened by the first call; closed when the process ends. */
struct rows_office *rows_office(void);
struct identity rows_identity(unsigned child);

struct rows_tx {
    struct store_tx tx;
    struct tx_memory memory;
    struct arena arena;
};
void rows_begin(struct rows_tx *rows);
void rows_abort(struct rows_tx *rows);
/* A batch after this one. */
void rows_next_batch(struct rows_tx *rows);
/* A transfer, a merge of parties and a turn of the epoch key that have begun, and what else the due
 * table may hold, all due at ROWS_UNDER_WAY. */
void rows_put_under_way(struct store_tx *tx);

/* Of the store, or of the set-up: it fails like any other crash. */
#define require(holds)                                                                             \
    do {                                                                                           \
        if (!(holds)) {                                                                            \
            (void)fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #holds);                      \
            abort();                                                                               \
        }                                                                                          \
    } while (0)

#endif
