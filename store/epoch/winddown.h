/* SPDX-License-Identifier: EUPL-1.2 */
/*
 * The end of an index, in an order that leaves no doubt wherever it is interrupted:
 *
 *   1. what is to be left behind is written into its directory, durably, under names with a dot in
 *      front, which nobody takes for a statement;
 *   2. the mark is committed in the store: from here on it is no index any more;
 *   3. the files in the directory get their names, the statement last;
 *   4. rows, epoch keys and the store's files go.
 *
 * Before 2 the index goes on; after it whoever finds the mark goes on from 3. The mark takes the
 * place of the row that names the store's format. Private to store/.
 */
#ifndef STORE_EPOCH_WINDDOWN_H
#define STORE_EPOCH_WINDDOWN_H

#include "store/base/arena.h"
#include "store/kv/kv.h"
#include "store/store_end.h"

#define WINDDOWN_FORMAT_NAME "format"
#define WINDDOWN_FORMAT_TEXT "verwijsindex wound down"

#define WINDDOWN_STATEMENT "statement"
#define WINDDOWN_LEAVES "leaves"
#define WINDDOWN_CHECKPOINT "final-checkpoint"
#define WINDDOWN_FILES 3
extern const char *const winddown_files[WINDDOWN_FILES]; /* the statement last */
#define WINDDOWN_UNFINISHED "."                          /* in front of a name, until the mark */
#define WINDDOWN_NAME_SIZE 32                            /* of either */

/* Whether the row of the store's format says that the index has ended. */
bool winddown_is_mark(struct kv_bytes format);
/* Commits the mark. 0; positive: nothing was committed; negative: nobody knows. */
int winddown_mark(struct kv *kv, const struct store_end *end) MUST_CHECK;

/* Gives the files their names, durably; can be repeated. When they are not there under either name,
 * that is said in `why`, but is a result like others. */
enum store_statement winddown_complete(const char *directory, char why[static STORE_WHY_SIZE]);

/* Deletes every row but the mark, in slices. 0, or a fault. */
int winddown_delete_rows(struct kv *kv, struct arena *arena) MUST_CHECK;

#endif
