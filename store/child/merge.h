/* SPDX-License-Identifier: EUPL-1.2 */
/*
 * What were two becomes one: two numbers of one child (domain rule 13), two signals of one
 * professional on one child.
 */
#ifndef STORE_CHILD_MERGE_H
#define STORE_CHILD_MERGE_H

#include "store/tx.h"

/* The live signal of a professional in a file; NULL when there is none. */
const struct child_member *merge_find_live(const struct child_file *file, uint32_t party,
                                           uint32_t professional);

/*
 * Two live signals in one file, both of them of one professional, become one: that of the later
 * removal day stays, or the older one of two alike, and takes over the reference if it has none.
 * The other is erased, with a tombstone and without a stay in the archive, and logged as merged.
 * The file is the caller's to save, and so is what becomes of its matches: its `live_count` is one
 * less. Rows are read as they stand under the members' secrets. 0 or a fault.
 */
int merge_signals(struct store_tx *tx, const struct attribution *by, struct child_file *file,
                  const struct uuid *one, const struct uuid *other,
                  struct uuid *ret_kept) MUST_CHECK;

/* Whether `from` may go into `file`: 0, or STORE_TOO_MANY, numbers, live signals, or ids under
 * which the log knows the two. Or a fault. */
int merge_check_files(struct store_tx *tx, const struct child_file *file,
                      const struct child_file *from) MUST_CHECK;

/*
 * `from` goes into `file`, which the caller saves: members with their secrets, the older of two
 * open matches, numbers, relations. The row of `from`, and those that led to it, now lead to
 * `file`. Whoever has not met in a match before is told. Asks for merge_check_files(). 0 or a
 * fault.
 */
int merge_files(struct store_tx *tx, const struct attribution *by, struct child_file *file,
                const struct child_file *from) MUST_CHECK;

#endif
