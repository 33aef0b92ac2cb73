/* SPDX-License-Identifier: EUPL-1.2 */
/*
 * What the population register tells of a child on whom nobody has signalled waits in a file of its
 * own, for a term, so that the order in which things arrive does not matter.
 */
#ifndef STORE_CHILD_REGISTRY_H
#define STORE_CHILD_REGISTRY_H

#include "store/tx.h"

/* A file without members stays at least until the day, for its numbers, or with its residence and
 * ties too; neither ever shortens. What was told of a child goes by its own day, however long its
 * numbers are kept. The caller saves the file. */
void registry_keep_until(struct store_tx *tx, struct child_file *file, int32_t day);
void registry_keep_told(struct store_tx *tx, struct child_file *file, int32_t day);

/* A row of DUE_REGISTRY_END under the epoch of today, for the turn, or gone, if nothing waits for
 * it any more; `value` is what stands there. True when it was written or deleted. */
bool registry_due_renew(struct store_tx *tx, const struct row_key *key, struct kv_bytes value);

#endif
