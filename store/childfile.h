/* SPDX-License-Identifier: EUPL-1.2 */
/*
 * The file of one child: one row with everything that a new signal needs to know, so that
 * matching reads one row and writes one row, however many professionals there are.
 *
 *   revision (8) || generation (4) || wrapped data key || sealed body
 *
 * The data key is random, one per child; it is wrapped by the epoch key, which lives outside the
 * store. Everything personal about the child, wherever it stands, is sealed under the data key: to
 * destroy the wrap is to erase the child. The generation tells this file from an earlier one of
 * the same child, so that rows that were left behind by an erasure are known for what they are.
 */
#ifndef STORE_CHILDFILE_H
#define STORE_CHILDFILE_H

#include "store/view.h"

#define CHILDFILE_MEMBERS_MAXIMUM 2000 /* live and archived */
#define CHILDFILE_MATCHES_MAXIMUM 8    /* the open one and those ended last */
#define CHILDFILE_TOLD_MAXIMUM 200     /* municipalities told of one match */
#define CHILDFILE_DATA_KEY_ID 1        /* the key id in front of what a data key seals */

struct child_member {
    uint32_t party;
    uint32_t professional; /* number */
    struct uuid signal;
    uint16_t municipality;
    bool archived;
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

struct child_file {
    struct child_key key;
    uint32_t generation;
    uint8_t data_key[SEAL_KEY_BYTES];
    uint32_t evaluation_key; /* id of the key behind the element */
    struct oprf_element element;
    uint16_t residence; /* municipality by the population register; 0: not told */
    size_t live_count;
    size_t member_count;
    struct child_member *members; /* in the arena, with room for one more */
    size_t match_count;
    struct child_match matches[CHILDFILE_MATCHES_MAXIMUM]; /* oldest first */
};

/* 0, STORE_NOT_FOUND or a fault. Notes that the child was read. */
int child_file_load(struct store_view *view, const struct child_key *key,
                    struct child_file *ret_file) MUST_CHECK;
/* Which file of this child it is, without opening it. 0, STORE_NOT_FOUND or a fault. */
int child_file_generation(struct store_view *view, const struct child_key *key,
                          uint32_t *ret_generation) MUST_CHECK;
/* A new, empty file, not yet stored. -ENOMEM. */
int child_file_create(struct store_view *view, const struct child_key *key,
                      const struct oprf_element *element, uint32_t evaluation_key,
                      struct child_file *ret_file) MUST_CHECK;
void child_file_wipe(struct child_file *file); /* for CLEANUP: the data key is on the stack */
void child_file_save(struct store_view *view, const struct child_file *file);
void child_file_delete(struct store_view *view, const struct child_file *file);

/* Adds a live member; the caller has checked CHILDFILE_MEMBERS_MAXIMUM. */
void child_file_add(struct child_file *file, const struct child_member *member);
void child_file_remove(struct child_file *file, size_t index);
/* The member of a signal; NULL when there is none. */
struct child_member *child_file_member(struct child_file *file, const struct uuid *signal);
/* Whether a signal that is live now has been in the match. */
bool child_match_had(const struct child_match *match, const struct uuid *signal);
/* The match that has not ended; NULL when there is none. */
struct child_match *child_file_open_match(struct child_file *file);

/* Seals and opens what is about this child, at its place; opening puts it in the arena. */
int child_file_open_value(const struct child_file *file, struct arena *arena, enum kv_table table,
                          const struct row_key *key, const uint8_t *sealed, size_t size,
                          struct codec_reader *ret_reader) MUST_CHECK;
void child_file_seal_value(const struct child_file *file, enum kv_table table,
                           const struct row_key *key, const struct codec_writer *plain,
                           uint8_t *out);

#endif
