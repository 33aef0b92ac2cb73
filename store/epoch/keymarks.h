/* SPDX-License-Identifier: EUPL-1.2 */
/*
 * Which keys a store was made with. A wrong record key shows itself at the first row that does not
 * open; a wrong evaluation or index key never would: every child would silently get another child
 * key, and no match would be found again. So a sealed mark is kept for each, and is opened at
 * every start. Private to store/.
 */
#ifndef STORE_EPOCH_KEYMARKS_H
#define STORE_EPOCH_KEYMARKS_H

#include "store/view.h"

/* STORE_STOPPED, and why, when a key that has left a mark is not there, or is another one. */
int key_marks_check(struct store_view *view, char why[static STORE_WHY_SIZE]) MUST_CHECK;
/* In a write transaction: those of the keys for new work, in a new store. Faults are sticky. */
void key_marks_write(struct store_view *view);
/*
 * A new record key may come at any start: `ret_new`, and its mark is to be written. A new
 * evaluation or index key may not, for everything that is there would have to be moved to it first:
 * STORE_STOPPED, and why.
 */
int key_marks_find_new(struct store_view *view, bool *ret_new,
                       char why[static STORE_WHY_SIZE]) MUST_CHECK;

#endif
