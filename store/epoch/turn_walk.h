/* SPDX-License-Identifier: EUPL-1.2 */
/* The walk of a turn of the epoch key over all rows. The committer's. */
#ifndef STORE_EPOCH_TURN_WALK_H
#define STORE_EPOCH_TURN_WALK_H

#include "store/tx.h"

/* One slice from where `tx->epoch` says, which moves on; `ret_end`: everything has been passed. */
int turn_walk(struct store_tx *tx, bool *ret_end) MUST_CHECK;

#endif
