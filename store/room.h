/* SPDX-License-Identifier: EUPL-1.2 */
/*
 * Room in the store. Below a reserve nothing is taken that makes the store larger, so that reading
 * (which is logged), withdrawing and erasing can go on; below a margin nothing at all. The
 * committer's own, but for `low` of struct store. Private to store/.
 */
#ifndef STORE_ROOM_H
#define STORE_ROOM_H

#include "store/committer.h"
#include "store/operation.h"

/* From a store that is open: how much is the reserve. 0 or a fault. */
int room_begin(struct store *store) MUST_CHECK;
/* Before anything is written: a full disk shows itself as EIO in a sync. A measurement that fails
 * leaves it as it was. */
void room_look(struct store *store);
/* By the last look. Not to be asked at its submission only: those that were taken before room was
 * low may be many, and the reserve is not theirs. */
bool room_is_for(const struct store *store, const struct store_op *op);

#endif
