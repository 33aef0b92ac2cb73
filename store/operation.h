/* SPDX-License-Identifier: EUPL-1.2 */
/*
 * How an operation is written. `run` checks everything first and writes after: when it answers
 * with a condition it has written nothing, so that one refused operation costs its batch nothing.
 * The committer logs the refusal. A fault, or a sticky fault of the transaction, aborts the batch;
 * its operations are then run again one by one.
 */
#ifndef STORE_OPERATION_H
#define STORE_OPERATION_H

#include "store/tx.h"

/* What an operation costs the store's room. */
enum store_lane {
    LANE_GROWS = 1, /* refused with STORE_FULL below the low-water mark, when taken or when run */
    LANE_SPARES,    /* logged reads and erasures: go on from the reserve */
};

void operation_init(struct store_op *op, enum store_lane lane,
                    int (*run)(struct store_tx *tx, struct store_op *op));

/* The most entries that it makes in one batch. Of the second lane, but for notes: every signal of a
 * child's file, or of a slice, and what was done with them. */
#define OPERATION_GROWS_ENTRIES 4
#define OPERATION_SPARES_ENTRIES 1024
size_t operation_entries(const struct store_op *op);

/* STORE_STALE when something the operation relies on has changed since it was read. */
int operation_check_reliance(struct store_tx *tx, const struct store_op *op) MUST_CHECK;

/* The slug under which a refusal is logged; NULL for a condition that is not logged one by one. */
const char *operation_refusal_slug(int condition);

/* Sets a note's subject or object. */
void note_subject(struct log_note *note, const struct child_key *child);
void note_object_uuid(struct log_note *note, enum log_object_kind kind, const struct uuid *id);
void note_object_u64(struct log_note *note, enum log_object_kind kind, uint64_t number);
void note_object_party(struct log_note *note, uint32_t number);

#endif
