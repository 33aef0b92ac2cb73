/* SPDX-License-Identifier: EUPL-1.2 */
/* Signals: the rows, and how one ends. */
#ifndef STORE_CHILD_SIGNALS_H
#define STORE_CHILD_SIGNALS_H

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
/* Under the secret of its member, which says whose it is. */
void signal_row_save(struct store_tx *tx, const struct child_member *member,
                     const struct signal_row *row);
/* The row under the epoch of today, for the turn; `value` is what stands there. True when it was
 * written. */
bool signal_row_renew(struct store_tx *tx, const struct row_key *key, struct kv_bytes value);
/* The status in a row that a walk has met; 0 when it cannot be one. */
enum signal_status signal_row_status(struct kv_bytes value);
/* The number of the professional in such a row; 0 when it cannot be one. */
uint32_t signal_row_professional(struct kv_bytes value);

/*
 * Writes down when the row's next term ends. A date of erasure can be a 23rd birthday, and row keys
 * are readable in the file: so only its month is written, and when that has come the day itself.
 */
void signal_due_put(struct store_tx *tx, const struct signal_row *row, uint32_t party,
                    const struct uuid *id);
/* Once the owner has been prompted to renew it, the date of removal itself. */
void signal_due_put_removal(struct store_tx *tx, const struct signal_row *row, uint32_t party,
                            const struct uuid *id);
void signal_due_delete(struct store_tx *tx, const struct signal_row *row, uint32_t party,
                       const struct uuid *id);
/* The signal becomes another party's, and its term stays what it is. */
int signal_due_move(struct store_tx *tx, const struct signal_row *row, uint32_t from, uint32_t into,
                    const struct uuid *id) MUST_CHECK;
/* The next live signals of a party after a position, which moves to the last one looked at. */
int signals_next_live(struct store_tx *tx, uint32_t party, struct uuid *position, size_t maximum,
                      struct uuid *ids, size_t *ret_count, bool *ret_end) MUST_CHECK;
void signal_due_put_day(struct store_tx *tx, const struct signal_row *row, uint32_t party,
                        const struct uuid *id);

/* A report is made now: its instant, and the terms that follow from it (Jeugdwet 7.1.4.5, 7.1.4.6),
 * counted in Dutch calendar dates. */
void signal_set_terms(const struct store_tx *tx, int32_t birth_day, struct signal_row *row);

/* Takes a signal out of its file, which the caller saves; its matches are the caller's too. Its row
 * and its term go, and its notices are gaps; a tombstone stays when `tombstone`. */
void signal_take_out(struct store_tx *tx, struct child_file *file, const struct uuid *id,
                     const struct signal_row *row, bool tombstone);
/* A file is full: erases its most dispensable archived signal; the caller saves it. VIEW_DAMAGED
 * when all are live. */
int signal_make_room(struct store_tx *tx, struct child_file *file) MUST_CHECK;

/* active -> archived: by its owner, by its date, or because an agreement ended. */
int signal_archive(struct store_tx *tx, uint32_t party, const struct uuid *id) MUST_CHECK;
/* -> erased. Leaves a tombstone when `tombstone`. `wrongful`: retracts its notices. */
int signal_erase(struct store_tx *tx, uint32_t party, const struct uuid *id, bool wrongful,
                 bool tombstone) MUST_CHECK;

/* The row as its owner is shown it. */
int signal_from_row(struct store_view *view, uint32_t party, const struct uuid *id,
                    const struct signal_row *row, struct signal *ret_signal) MUST_CHECK;

#endif
