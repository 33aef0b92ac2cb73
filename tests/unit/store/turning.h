/* SPDX-License-Identifier: EUPL-1.2 */
/*
 * Turns of the epoch key in an office whose keys are files, as a daemon's are: what is destroyed is
 * gone when they are read again.
 */
#ifndef TESTS_UNIT_STORE_TURNING_H
#define TESTS_UNIT_STORE_TURNING_H

#include "store/base/layout.h"
#include "tests/unit/store/office.h"

struct turning {
    struct office office;
    struct scratch place; /* the directory of the keys is in it */
    char keys[512];
    uint32_t school; /* with ann */
    uint32_t care;   /* with bob */
};

void turning_open(struct turning *turning, bool faulty);
void turning_finish(struct turning *turning);
/* As after a crash: keys and store are read from disk again. */
void turning_reopen(struct turning *turning);

/* The operator's turn: the result; `ret_op` may be NULL. */
int turning_turn(struct turning *turning, struct store_epoch_turn *ret_op);
/* Until one that has begun, or that is to begin by itself, has ended. */
void turning_settle(struct turning *turning);
/* Every row of the store that depends on the epoch key is under this one; returns how many. */
size_t turning_check_rows(struct turning *turning, uint32_t epoch);
/* Rows of the children, of one kind. */
size_t turning_count_children(struct turning *turning, enum child_row kind);

/* Signals of both professionals on children from 0 up: each has a match. */
void turning_fill(struct turning *turning, unsigned children);
/* All that turning_fill() put there can be read, and the log holds. */
void turning_check_content(struct turning *turning, unsigned children);

/* Copies a directory of files. */
void turning_copy_files(const char *from, const char *to);

#endif
