/* SPDX-License-Identifier: EUPL-1.2 */
/*
 * The rows of ties: a parent or a home address, and the children that it ties. The row stands under
 * the tie's own key and is sealed under the epoch key, with the element, so that it can be moved to
 * another evaluation key; it goes with the last child. Private to store/, as all of it.
 *
 *   revision (8) || sealed: version (1) || kind (1) || evaluation key (4) || element (32) ||
 *   institution (1) || children (4) || listed (1) || the keys of those listed (32 each)
 */
#ifndef STORE_CHILD_TIEROW_H
#define STORE_CHILD_TIEROW_H

#include "store/tx.h"

#define FAMILY_CHILDREN_MAXIMUM 32 /* of one parent, or at one address: more are no family */

/*
 * Crowded, it ties more children than a family has: from then on it only counts them, until the
 * last has gone.
 */
struct tie_row {
    enum tie_kind kind;
    uint32_t evaluation_key; /* id of the key behind the element */
    struct oprf_element element;
    bool institution;
    uint32_t child_count;
    size_t listed_count; /* all of them, or, crowded, none */
    struct child_key listed[FAMILY_CHILDREN_MAXIMUM];
};

/* 0, STORE_NOT_FOUND or a fault. */
int tie_row_load(struct store_view *view, const struct child_key *tie,
                 struct tie_row *ret_row) MUST_CHECK;
/* A row that ties nobody is deleted. Faults are sticky. */
void tie_row_save(struct store_view *view, const struct child_key *tie, const struct tie_row *row);

bool tie_row_is_crowded(const struct tie_row *row);
void tie_row_add(struct tie_row *row, const struct child_key *child);
/* Takes a file out, under whichever of its numbers it stands there. VIEW_DAMAGED: it was not in. */
int tie_row_remove(struct tie_row *row, const struct child_file *file) MUST_CHECK;
/* A child is tied no more: changes the row, or deletes it. A row that is not there is VIEW_DAMAGED.
 */
int tie_row_leave(struct store_view *view, const struct child_key *tie,
                  const struct child_file *file) MUST_CHECK;
/* Whether this is one of the numbers of a file. */
bool tie_row_names(const struct child_key *key, const struct child_file *file);

/*
 * For the turn of the epoch key: opens the row under the epoch that it is sealed under, and seals
 * it under that of today. Of such a row of KV_CHILD, the tie's key is the first 32 bytes of its
 * key, and CHILD_TIE the last; seal_key_id() of what follows the revision is its epoch. 0,
 * STORE_NOT_FOUND or a fault.
 */
int tie_row_renew(struct store_tx *tx, const struct child_key *tie) MUST_CHECK;

#endif
