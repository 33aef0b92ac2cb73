/* SPDX-License-Identifier: EUPL-1.2 */
/*
 * The end of what the log knows: `log_years` after a month its records are destroyed, and the key
 * from which their salts follow, so that nobody can tell any more what stood in an entry; the
 * commitments, and with them the tree, stay. The rows of the indexes go first, then the records,
 * oldest first, then the key; in slices, each of which stands by itself. That it begins is an entry
 * of the log, in the transaction of the first slice. Months end in order, one slice of one month a
 * batch, so that what is destroyed is the beginning of the log; and each entry tells of all of it,
 * so that the newest is enough.
 *
 * The log's names of children go too: at the next turn of the epoch key (store/log/subjects.h).
 *
 *   "gone" || first index -> month (4) || end (8) || done (8)
 *
 * The entries [first, end) are those of the month, and those below `done` have no record any more.
 * Private to store/.
 */
#ifndef STORE_LOG_END_H
#define STORE_LOG_END_H

#include "store/view.h"

/* The instant at which a month ends, by the policy of today. */
int64_t log_end_instant(const struct store_view *view, uint32_t month);
/* Puts the row of its end. Faults are sticky. */
void log_end_put(struct store_view *view, uint32_t month);
/* At the start: when the policy is another than that under which they were put, they are put anew.
 * A row that comes too early is put off then; of two, the second finds nothing to do. */
int log_end_review(struct store_view *view, bool *ret_any) MUST_CHECK;

struct log_gone {
    uint64_t first;
    uint64_t end;
    uint64_t done;
    uint32_t month;
};
/* What an entry has gone with: 0, STORE_NOT_FOUND, or a fault. */
int log_gone_find(struct store_view *view, uint64_t index, struct log_gone *ret_gone) MUST_CHECK;

#endif
