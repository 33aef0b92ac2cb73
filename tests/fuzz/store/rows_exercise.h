/* SPDX-License-Identifier: EUPL-1.2 */
/*
 * All that can be done with a store in which one row is anything, each in a transaction of its own
 * that is dropped: every reading gives an answer, none, or a fault, and every operation a result
 * that it may have.
 */
#ifndef TESTS_FUZZ_STORE_ROWS_EXERCISE_H
#define TESTS_FUZZ_STORE_ROWS_EXERCISE_H

#include "tests/fuzz/store/rows_targets.h"

void rows_read(const struct rows_input *input);       /* as snapshots do */
void rows_operate(const struct rows_input *input);    /* as callers do */
void rows_work(const struct rows_input *input);       /* the index's own work, everything due */
void rows_open_store(const struct rows_input *input); /* what is read once, at the start */

#endif
