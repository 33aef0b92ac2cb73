/* SPDX-License-Identifier: EUPL-1.2 */
/*
 * The ids of matches, and the places of their rows.
 *
 * The id of a match is public and of version 4 (RFC 9562 section 5.4): it may not tell when the
 * match was formed, for that is the date of somebody else's signal. Rows whose keys are such ids
 * would each lie on a page of their own. So matches are numbered, and the first 40 bits of an id,
 * which are also the short key for the telephone, are the number, permuted (crypto/permute.h) under
 * a secret that is made with the store; the others are random. The place of a match has the number
 * itself there. Short keys never meet, since numbers do not.
 *
 * Who has ids, many of them and with the times at which he was told of them, learns neither the
 * numbers of others nor which of two is the older. The secret stands in the store in clear: whoever
 * has the file sees the order in which rows lie anyway. No place, and no number, may leave the
 * store, and no list may be in the order of places: those of a municipality go by ids, for it may
 * have been told of a match long after that was formed. One thing does go by places: the follow-ups
 * that stall on one day. That day tells a municipality on which day the match was formed (or made
 * open again); the order of the day's notices adds which of the matches that it knows came before.
 */
#ifndef STORE_CHILD_MATCHPLACE_H
#define STORE_CHILD_MATCHPLACE_H

#include "store/tx.h"

#define MATCH_NUMBERS (UINT64_C(1) << (8 * MATCH_KEY_BYTES))

/* A new id, of the next number; a number that was given out does not come again. -EOVERFLOW when
 * there is none left. */
int match_id_make(struct store_tx *tx, struct uuid *ret_id) MUST_CHECK;

/* Of any id, be there such a match or not. The view must have the store's head. */
struct match_place match_place_of_id(const struct store_view *view, const struct uuid *id);
struct uuid match_id_of_place(const struct store_view *view, const struct match_place *place);

#endif
