/* SPDX-License-Identifier: EUPL-1.2 */
/*
 * A merge of parties on its way. One row says how far it is, and there is at most one merge at a
 * time; a row of the due table sees to it that it goes on, whoever asked for it. It goes through
 * phases, each in slices, one slice in a batch, by the operation or by the due table. What a slice
 * has moved is gone from where it was, so that a phase that is entered again finds what is left.
 *
 * From the first commit the party that goes is suspended; its professionals stay where they are
 * until no signal refers to them, so that a match can be read at any time.
 */
#ifndef STORE_PARTY_MERGE_H
#define STORE_PARTY_MERGE_H

#include "store/tx.h"

enum party_merge_phase {
    PARTY_MERGE_TRANSFERS = 1, /* those on their way end first */
    PARTY_MERGE_PROFESSIONALS,
    PARTY_MERGE_SIGNALS,
    PARTY_MERGE_TOMBSTONES,
    PARTY_MERGE_CODES,   /* the municipality that it was is another from now on */
    PARTY_MERGE_TOLD,    /* matches of which it was told as one */
    PARTY_MERGE_INBOX,   /* only now can all that it tells be read by the other */
    PARTY_MERGE_HELD,    /* mandates by which it acts for others */
    PARTY_MERGE_PARTIES, /* mandates given to others, agreements with its municipality */
    PARTY_MERGE_LEAVE,   /* its OIN is unknown from now on */
    PARTY_MERGE_REST,    /* what nobody refers to any more */
    PARTY_MERGE_PHASES,
};

struct party_merge {
    uint32_t from;
    uint32_t into;
    struct oin oin; /* of the party that goes: it is gone before the merge has ended */
    enum party_merge_phase phase;
    uint64_t revision; /* of the last slice */
    uint32_t position; /* of a phase: the last number looked at */
    uint32_t signals;  /* moved */
};

/* The one on its way. STORE_NOT_FOUND. */
int party_merge_load(struct store_view *view, struct party_merge *ret_merge) MUST_CHECK;
void party_merge_save(struct store_tx *tx, const struct party_merge *merge);
void party_merge_put_due(struct store_tx *tx, const struct party_merge *merge);
/* Whether a party is going into another. */
int party_merge_is_leaving(struct store_view *view, uint32_t party, bool *ret_leaving) MUST_CHECK;
/* Whether it is one of the two: nobody of theirs may go now, for signals are on their way. */
int party_merge_involves(struct store_view *view, uint32_t party, bool *ret_involves) MUST_CHECK;

/* A slice, if none was done in this batch, and saves. `ret_ended`: it was the last, and the merge's
 * row is gone. */
int party_merge_step(struct store_tx *tx, const struct attribution *by, struct party_merge *merge,
                     bool *ret_ended) MUST_CHECK;
/* An entry that says which party (its OIN) went into which (its number). */
int party_merge_log(struct store_tx *tx, const struct attribution *by,
                    const struct party_merge *merge, uint64_t *ret_index) MUST_CHECK;

/* The phases: each does a slice. `ret_done`: nothing is left of it. */
typedef int party_merge_function(struct store_tx *tx, const struct attribution *by,
                                 struct party_merge *merge, bool *ret_done);
party_merge_function party_merge_transfers;
party_merge_function party_merge_professionals;
party_merge_function party_merge_signals;
party_merge_function party_merge_tombstones;
party_merge_function party_merge_codes;
party_merge_function party_merge_told;
party_merge_function party_merge_inbox;
party_merge_function party_merge_held;
party_merge_function party_merge_parties;

#define PARTY_MERGE_SLICE 60 /* rows, each with an entry at most */

/* The ids behind the first rows of a kind, at most PARTY_MERGE_SLICE: of 16 bytes, or of 4. */
struct party_merge_rows {
    size_t count;
    struct uuid ids[PARTY_MERGE_SLICE];
};
int party_merge_find_rows(struct store_tx *tx, uint32_t party, enum party_row kind,
                          struct party_merge_rows *ret_rows) MUST_CHECK;

#endif
