/* SPDX-License-Identifier: EUPL-1.2 */
/*
 * Matches (Jeugdwet 7.1.2.3(1)c): formed when a second professional has a live signal on a child,
 * joined by every further one, ended when fewer than two are left.
 */
#ifndef STORE_MATCHES_H
#define STORE_MATCHES_H

#include "store/tx.h"

/* The newest member of the file has just signalled: forms or joins, and tells everyone. */
int match_joined(struct store_tx *tx, struct child_file *file) MUST_CHECK;

/* A live member has left the file (it is not in it, or archived in it, any more): the match may
 * end. */
void match_left(struct store_tx *tx, struct child_file *file);

/* A signal was wrongful, and has been taken out of the file: retracts it with everyone who is still
 * live, and every municipality, in each match that it was in. `ended_after`: NULL when it was live,
 * else the newest signal of the index when it ended. */
int match_retract(struct store_tx *tx, const struct child_file *file, const struct uuid *signal,
                  const struct uuid *ended_after) MUST_CHECK;

/* Before a file is deleted: its matches go too. */
int match_forget(struct store_tx *tx, const struct child_file *file) MUST_CHECK;

/* The child of a match; STORE_NOT_FOUND. */
int match_child(struct store_view *view, const struct uuid *id,
                struct child_key *ret_child) MUST_CHECK;

/* The match as a party may see it; STORE_NOT_FOUND when it may not. */
int match_view_build(struct store_view *view, struct child_file *file,
                     const struct child_match *match, const struct party *party,
                     struct match_view *ret_view) MUST_CHECK;

/* Everyone live in the file but the professional behind `except` (NULL: nobody). */
int match_involved(struct store_view *view, const struct child_file *file,
                   const struct uuid *except, const struct involved **ret_involved,
                   size_t *ret_count) MUST_CHECK;

/* Whether a live signal was made under the agreement of this party, a municipality: what it is told
 * is for its follow-up of that one (7.1.3.2), and ends with it. */
bool match_concerns(const struct child_file *file, const struct party *municipality);

/* Id, key and kind, and nothing else. */
void match_view_identify(const struct uuid *id, struct match_view *view);

#endif
