/* SPDX-License-Identifier: EUPL-1.2 */
/*
 * Under which random ids the log knows a child. A number that was replaced has the ids of both; the
 * first of them stands in new entries. The row says in which month the last entry was made, so that
 * it can go with that.
 */
#ifndef STORE_LOG_SUBJECTS_H
#define STORE_LOG_SUBJECTS_H

#include "store/tx.h"

/* Of one child: its own, and those of numbers that were replaced, whether or not it still has a
 * file that knows them. A file has far fewer; the log remembers those of earlier files too. */
#define SUBJECTS_MAXIMUM 64

struct subject_row {
    uint32_t last_month; /* calendar_month_number() of the last entry */
    size_t count;
    uint8_t ids[SUBJECTS_MAXIMUM][ACCESSLOG_SUBJECT_BYTES];
};

/* 0, STORE_NOT_FOUND: the log has never heard of the child; or a fault. */
int subject_row_load(struct store_view *view, const struct child_key *child,
                     struct subject_row *ret_row) MUST_CHECK;
void subject_row_save(struct store_view *view, const struct child_key *child,
                      const struct subject_row *row);
/* The row under the epoch of today, for the turn, or gone, when the child has no file and the last
 * entry was made more than log_years ago; `value` is what stands there. True when it was written or
 * deleted. */
bool subject_row_renew(struct store_tx *tx, const struct row_key *key, struct kv_bytes value);
/* Whether the log can know both numbers as one child without losing what it knows of either: 0,
 * STORE_TOO_MANY or a fault. */
int subjects_check_merge(struct store_tx *tx, const struct child_key *one,
                         const struct child_key *other) MUST_CHECK;
/* Makes the log know both numbers as one child; no id is lost. Asks for subjects_check_merge(). */
int subjects_merge(struct store_tx *tx, const struct child_key *one,
                   const struct child_key *other) MUST_CHECK;

#endif
