/* SPDX-License-Identifier: EUPL-1.2 */
/* Signals: the rows, and how one ends. */
#ifndef STORE_SIGNALS_H
#define STORE_SIGNALS_H

#include "store/tx.h"

struct signal_row {
    struct child_key child;
    uint32_t professional; /* number */
    enum signal_status status;
    int64_t reported_at;
    int32_t removal_day;
    int32_t erasure_day;
    int64_t ended_at;
    struct uuid ended_after; /* the newest signal of the index when it ended */
    uint16_t municipality;
    const char *reference;
};

/* What of a row can be read without opening it. STORE_NOT_FOUND. */
int signal_row_peek(struct store_view *view, uint32_t party, const struct uuid *id,
                    struct signal_row *ret_row) MUST_CHECK;
/* Reads the row and the file of its child. STORE_NOT_FOUND. */
int signal_row_load(struct store_view *view, uint32_t party, const struct uuid *id,
                    struct signal_row *ret_row, struct child_file *ret_file) MUST_CHECK;
/* With the file at hand. */
int signal_row_open(struct store_view *view, const struct child_file *file, uint32_t party,
                    const struct uuid *id, struct signal_row *ret_row) MUST_CHECK;
void signal_row_save(struct store_tx *tx, const struct child_file *file, uint32_t party,
                     const struct uuid *id, const struct signal_row *row);

/*
 * Writes down when the row's next term ends. A date of erasure can be a 23rd birthday, and row keys
 * are readable in the file: so only its month is written, and when that has come the day itself.
 */
void signal_due_put(struct store_tx *tx, const struct signal_row *row, uint32_t party,
                    const struct uuid *id);
void signal_due_put_day(struct store_tx *tx, const struct signal_row *row, uint32_t party,
                        const struct uuid *id);

/* active -> archived: by its owner, by its date, or because an agreement ended. */
int signal_archive(struct store_tx *tx, uint32_t party, const struct uuid *id) MUST_CHECK;
/* -> erased. Leaves a tombstone when `tombstone`. `wrongful`: retracts its notices. */
int signal_erase(struct store_tx *tx, uint32_t party, const struct uuid *id, bool wrongful,
                 bool tombstone) MUST_CHECK;

/* The row as its owner is shown it. */
int signal_from_row(struct store_view *view, uint32_t party, const struct uuid *id,
                    const struct signal_row *row, struct signal *ret_signal) MUST_CHECK;

#endif
