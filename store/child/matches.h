/* SPDX-License-Identifier: EUPL-1.2 */
/*
 * Matches (Jeugdwet 7.1.2.3(1)c): formed when a second professional has a live signal on a child,
 * or on two children of one family; joined by every further one; ended when fewer than two are
 * left.
 *
 * A match is seen in its scope: the one file of a child, or the two of a family. What is told of
 * it, and shown of it, is the same for both.
 */
#ifndef STORE_CHILD_MATCHES_H
#define STORE_CHILD_MATCHES_H

#include "store/tx.h"

#define MATCH_FILES_MAXIMUM 2

struct match_scope {
    enum match_kind kind;
    struct child_match *match;
    size_t file_count;
    struct child_file *files[MATCH_FILES_MAXIMUM];
};
struct match_scope match_scope_of_child(struct child_file *file, struct child_match *match);

/* Walks the members of all files of a scope; start with zeroes. False at the end. */
struct match_walk {
    size_t file;
    size_t next;
    struct child_file *of;       /* the file of the member */
    struct child_member *member; /* the one walked to */
};
bool match_walk_next(const struct match_scope *scope, struct match_walk *walk);

/* The signals that have come to a match. */
struct match_newcomers {
    size_t count;
    const struct uuid *signals;
};

/* The newest member of the file has just signalled: forms or joins, and tells everyone, unless
 * `quiet`. */
int match_joined(struct store_tx *tx, struct child_file *file, bool quiet) MUST_CHECK;

/* Signals have come into the file otherwise, by a merge: as match_joined(), but families are the
 * caller's. */
int match_arrived(struct store_tx *tx, struct child_file *file,
                  const struct match_newcomers *newcomers, bool quiet) MUST_CHECK;

/* A live member has left the file (it is not in it, or archived in it, any more): the match may
 * end. `tell`: those who stay are told, if the policy says so. */
int match_left(struct store_tx *tx, struct child_file *file, bool tell) MUST_CHECK;

/* A signal was wrongful, and has been taken out of the file: retracts it with everyone who is still
 * live, and every municipality, in each match that it was in. `ended_after`: NULL when it was live,
 * else the newest signal of the index when it ended. */
int match_retract(struct store_tx *tx, struct child_file *file, const struct uuid *signal,
                  const struct uuid *ended_after) MUST_CHECK;

/* Before a file is deleted: its matches go too. */
int match_forget(struct store_tx *tx, const struct child_file *file) MUST_CHECK;

/* ---- what child and family matches have in common ---- */

/* A new open match, not yet kept anywhere: id, dates, the term of its follow-up. */
int match_make(struct store_tx *tx, struct child_match *ret_match) MUST_CHECK;
/* Its end: status, dates, the follow-up's term; and `match-ended` if the policy says so. */
int match_end(struct store_tx *tx, const struct match_scope *scope, bool tell) MUST_CHECK;
/* Takes away the term within which those involved should have spoken to each other. */
void match_drop_follow_up(struct store_tx *tx, const struct child_match *match);
/* Takes away what else stands about it: its row, its term, what municipalities were told. */
void match_drop(struct store_tx *tx, const struct child_match *match);
/*
 * Tells every live member and the municipalities of an open match. The newcomers are told that the
 * match was formed, the others that it was joined; without newcomers it was formed. A newcomer
 * makes a match open again on which contact had been made.
 */
int match_announce(struct store_tx *tx, const struct match_scope *scope,
                   const struct match_newcomers *newcomers, bool quiet) MUST_CHECK;
/* Tells the municipalities whose follow-up it is, each once for each match. */
int match_tell_municipalities(struct store_tx *tx, const struct match_scope *scope,
                              bool quiet) MUST_CHECK;
/* Puts a match among what a municipality may see. False: it has no room for one more. */
bool match_show_municipality(struct store_tx *tx, struct child_match *match, uint32_t party);
/* Tells those who met a wrongful signal, as match_retract(). */
int match_retract_one(struct store_tx *tx, const struct match_scope *scope,
                      const struct uuid *ended_after) MUST_CHECK;
/* Whether a signal came after another had ended; `ended_after` NULL: it has not ended. Ids are in
 * order where two instants can be the same millisecond. */
bool match_is_later(const struct uuid *signal, const struct uuid *ended_after);

/* ---- finding one ---- */

/* A match and its files, as they stand; wipe it. */
struct match_found {
    struct match_scope scope;
    struct child_match match; /* what `scope.match` points to, of a family match */
    struct child_file files[MATCH_FILES_MAXIMUM];
};
void match_found_wipe(struct match_found *found); /* for CLEANUP */
/* STORE_NOT_FOUND. */
int match_find(struct store_view *view, const struct uuid *id,
               struct match_found *ret_found) MUST_CHECK;
/* Writes back what has changed: the file, or the family's row. */
void match_found_save(struct store_tx *tx, const struct match_found *found);
/* The children of a match, one or two; STORE_NOT_FOUND. */
int match_children(struct store_view *view, const struct uuid *id,
                   struct child_key ret_children[static MATCH_FILES_MAXIMUM],
                   size_t *ret_count) MUST_CHECK;

/* ---- showing one ---- */

/* The match as a party may see it; STORE_NOT_FOUND when it may not. */
int match_view_build(struct store_view *view, const struct match_scope *scope,
                     const struct party *party, struct match_view *ret_view) MUST_CHECK;

/* Who stands behind a member, and how to reach them now. */
int match_involved_one(struct store_view *view, uint32_t party, uint32_t professional,
                       struct involved *ret_involved) MUST_CHECK;
/* Everyone live in the scope but the professional behind `except` (NULL: nobody); in a family each
 * professional once, and none of them by child. */
int match_involved(struct store_view *view, const struct match_scope *scope,
                   const struct uuid *except, const struct involved **ret_involved,
                   size_t *ret_count) MUST_CHECK;
/* Who has not acknowledged the newest notice of the match, and since when. */
int match_unread(struct store_view *view, const struct match_scope *scope,
                 const struct unread **ret_unread, size_t *ret_count) MUST_CHECK;

/* Whether the follow-up of the match is this party's, a municipality (7.1.3.2): the residence
 * decides, if that municipality has joined; else the agreements of the live signals do. */
int match_concerns(struct store_view *view, const struct match_scope *scope, uint32_t municipality,
                   bool *ret_concerns) MUST_CHECK;

/* Id, key and kind, and nothing else. */
void match_view_identify(const struct uuid *id, enum match_kind kind, struct match_view *view);

#endif
