/* SPDX-License-Identifier: EUPL-1.2 */
/*
 * The file of one child: one row with everything that a new signal needs to know, so that
 * matching reads one row and writes one row, however many professionals there are.
 *
 *   revision (8) || generation (4) || sealed body
 *
 * The body is sealed under the epoch key, which lives outside the store. It holds the secrets under
 * which the signals are sealed: to destroy the file is to erase the child. The generation tells
 * this file from an earlier one of the same child, so that rows that were left behind by an erasure
 * are known for what they are.
 *
 * A number that was replaced has a row of the same form, which only says which file took its
 * place.
 */
#ifndef STORE_CHILD_FILE_H
#define STORE_CHILD_FILE_H

#include "store/epoch/epoch.h"

#define CHILDFILE_MEMBERS_MAXIMUM 1000 /* live and archived */
#define CHILDFILE_MATCHES_MAXIMUM 8    /* the open one and those ended last */
#define CHILDFILE_TOLD_MAXIMUM 64      /* municipalities told of one match */
#define CHILDFILE_ALIASES_MAXIMUM 8    /* numbers that were replaced */
#define CHILDFILE_TIES_MAXIMUM (STORE_PARENTS_MAXIMUM + 1)
#define CHILDFILE_FAMILIES_MAXIMUM 32 /* matches with other children of the family */

struct child_member {
    uint32_t party;
    uint32_t professional; /* number */
    struct uuid signal;
    uint16_t municipality;
    bool archived;
    uint8_t secret[SEAL_SECRET_BYTES]; /* seals the signal */
    uint64_t notice;                   /* sequence of the last one about the child's match; 0 */
};

struct child_match {
    struct uuid id;
    enum match_status status;
    int64_t formed_at;
    struct uuid formed_by; /* the signal that made it a match */
    int64_t ended_at;      /* 0: not ended */
    /* The newest signal of the index when it ended: whoever signalled later was never in it. */
    struct uuid ended_after;
    int32_t follow_up_due_day;
    size_t told_count;
    uint32_t told[CHILDFILE_TOLD_MAXIMUM]; /* parties that are municipalities, each told once */
};

/* A number that now leads to this file. */
struct child_alias {
    struct child_key key;
    uint32_t generation;
    uint32_t evaluation_key;
    struct oprf_element element;
};

enum tie_kind { TIE_PARENT = 1, TIE_ADDRESS = 2 };
struct child_tie {
    enum tie_kind kind;
    struct child_key key;
};

/* A match with another child; it stands in a row of its own. */
struct child_family {
    struct uuid match;
    struct child_key other;
};

struct child_file {
    struct child_key key;
    uint32_t generation;
    uint32_t evaluation_key; /* id of the key behind the element */
    struct oprf_element element;
    uint16_t residence;     /* municipality by the population register; 0: not told */
    int32_t kept_until_day; /* without a signal: when it goes; 0: it has had one */
    int32_t told_until_day; /* without a signal: when residence and ties go; 0: nothing was told */
    size_t live_count;
    size_t member_count;
    struct child_member *members; /* in the arena, with room for one more */
    size_t match_count;
    struct child_match matches[CHILDFILE_MATCHES_MAXIMUM]; /* oldest first */
    size_t alias_count;
    struct child_alias aliases[CHILDFILE_ALIASES_MAXIMUM];
    size_t tie_count;
    struct child_tie ties[CHILDFILE_TIES_MAXIMUM];
    size_t family_count;
    struct child_family families[CHILDFILE_FAMILIES_MAXIMUM];
};

/* The file that a number leads to; its `key` is another one when the number was replaced. 0,
 * STORE_NOT_FOUND or a fault. Notes that the child was read. */
int child_file_load(struct store_view *view, const struct child_key *key,
                    struct child_file *ret_file) MUST_CHECK;
/* Which row stands under this number, without opening it. 0, STORE_NOT_FOUND or a fault. */
int child_file_generation(struct store_view *view, const struct child_key *key,
                          uint32_t *ret_generation) MUST_CHECK;
/* A new, empty file, not yet stored. -ENOMEM. */
int child_file_create(struct store_view *view, const struct child_key *key,
                      const struct oprf_element *element, uint32_t evaluation_key,
                      struct child_file *ret_file) MUST_CHECK;
void child_file_wipe(struct child_file *file); /* for CLEANUP: the secrets are on the stack */
void child_file_save(struct store_view *view, const struct child_file *file);
/* With the rows of the numbers that lead to it. */
void child_file_delete(struct store_view *view, const struct child_file *file);
/* The row of a number that was replaced. */
void child_alias_save(struct store_view *view, const struct child_alias *alias,
                      const struct child_key *target);

/* What stands under a number, under the epoch of today, for the turn: see epoch_row_renew(). */
bool child_row_renew(struct store_view *view, const struct row_key *key, struct kv_bytes value);

/* Room for more members than the file has. -ENOMEM. */
int child_file_reserve(struct store_view *view, struct child_file *file, size_t more) MUST_CHECK;
/* Adds a live member with a secret of its own; the caller has checked CHILDFILE_MEMBERS_MAXIMUM. */
struct child_member *child_file_add(struct child_file *file, const struct child_member *member);
void child_file_remove(struct child_file *file, size_t index);
/* The member of a signal; NULL when there is none. */
struct child_member *child_file_member(const struct child_file *file, const struct uuid *signal);
/* Whether a signal that is live now has been in the match. */
bool child_match_had(const struct child_match *match, const struct uuid *signal);
/* The match that has not ended; NULL when there is none. */
struct child_match *child_file_open_match(struct child_file *file);

/* The part of a match that its row or file keeps, for whichever of the two it is. */
void child_match_read(struct codec_reader *in, struct child_match *match);
void child_match_write(struct codec_writer *out, const struct child_match *match);

/* Whether what was kept of a number and a generation of it is this file's; else an earlier one's.
 */
bool child_file_is_of(const struct child_file *file, const struct child_key *key,
                      uint32_t generation);

#endif
