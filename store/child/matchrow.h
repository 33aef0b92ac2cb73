/* SPDX-License-Identifier: EUPL-1.2 */
/*
 * The rows of matches, in the order in which these were made: from an id to the child, or the two
 * children, whose match it is. The match of one child stands in its file; that of a family stands
 * in its row. Sealed under the epoch key, so that a match that has gone can be read in no old copy
 * once the epoch has turned:
 *
 *   revision (8) || sealed: version (1) || kind (1) || child (32) [|| child (32) || state]
 */
#ifndef STORE_CHILD_MATCHROW_H
#define STORE_CHILD_MATCHROW_H

#include "store/child/matches.h"

void match_row_put_child(struct store_tx *tx, const struct uuid *id, const struct child_key *child);
void match_row_put_family(struct store_tx *tx, const struct child_match *match,
                          const struct child_family *family, const struct child_key *one);
void match_row_delete(struct store_tx *tx, const struct uuid *id);

/* The state of a family match; `file` is one of the two. STORE_NOT_FOUND. */
int match_row_open_family(struct store_view *view, const struct child_family *family,
                          struct child_match *ret_match) MUST_CHECK;

/* The row under the epoch of today, for the turn; `value` is what stands there. True when it was
 * written. */
bool match_row_renew(struct store_tx *tx, const struct row_key *key, struct kv_bytes value);

#endif
