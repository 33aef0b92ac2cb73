/* SPDX-License-Identifier: EUPL-1.2 */
/*
 * What every rule reads through, be it in a worker's snapshot or in the committer's transaction:
 * the rows, the keys to open them, and the arena that receives what was read. Private to store/.
 *
 * A row that others may rely on begins with the revision in which it last changed, so that the
 * committer can tell, long after a snapshot was closed, whether what it showed still holds.
 */
#ifndef STORE_VIEW_H
#define STORE_VIEW_H

#include <assert.h>
#include <errno.h>

#include "crypto/keyring.h"
#include "crypto/permute.h"
#include "crypto/seal.h"
#include "store/base/arena.h"
#include "store/base/codec.h"
#include "store/base/layout.h"
#include "store/kv/kv.h"
#include "store/store.h"

/* The fixed row that every commit rewrites. */
struct store_head {
    uint64_t revision; /* commits so far */
    uint64_t log_size;
    int64_t last_time; /* of the last log entry: times never go backwards */
    uint32_t parties;  /* numbers given out so far */
    uint32_t actors;
    uint64_t indexed; /* log entries below this are in the log's indexes */
    uint64_t signals; /* live and archived */
    uint64_t matches; /* open */
    struct uuid last_signal;
    uint64_t matches_made; /* numbers given out so far: store/child/matchplace.h */
    uint8_t match_secret[PERMUTE40_KEY_BYTES];
};

/* A row that was read. What a party may do and how each professional is reached change apart:
 * else every change of a telephone number would make all that shows its party start anew. */
enum seen_kind { SEEN_PARTY, SEEN_PROFESSIONAL, SEEN_CHILD };
struct store_seen {
    enum seen_kind kind;
    uint32_t party;
    uint32_t professional; /* number */
    struct child_key child;
};

/* The notices of one child each that a snapshot has read last, in order: as long as the child has
 * not changed since, an entry about one of them needs no second reading. */
struct offered_notice {
    uint64_t sequence;
    struct child_key child;
};
struct store_offered {
    uint32_t party;
    size_t count;
    struct offered_notice notices[];
};

struct store_view {
    struct kv_txn *kv;
    const struct keyring *keys;
    const struct store_policy *policy;
    struct arena *arena;
    struct store_head head;
    bool note_seen; /* a snapshot notes what it reads; the committer need not */
    size_t seen_count;
    size_t seen_capacity;
    struct store_seen *seen;
    uint32_t *seen_lately; /* slots of 1 + the place in `seen` of what was noted; NULL: few were */
    struct party_cached *parties;               /* profiles read in this snapshot */
    struct opened *opened;                      /* and in those before it; NULL: none are kept */
    struct professional_cached **professionals; /* read in it lately, by slot; NULL: none yet */
    struct store_offered *offered;              /* NULL: no notices were read */
    const struct tx_parties *parties_held;      /* of the committer's transaction; NULL: none */
};

static_assert((int)KV_NOT_FOUND == (int)STORE_NOT_FOUND, "a missing row is a missing thing");

/* What is unreadable though it is there: a damaged store, or keys that are not its own. */
#define VIEW_DAMAGED (-EBADMSG)

int view_read_head(struct store_view *view) MUST_CHECK;
void view_write_head(struct store_view *view);

/* Remembers that a row was read. -ENOMEM. */
int view_note_party(struct store_view *view, uint32_t party) MUST_CHECK;
int view_note_professional(struct store_view *view, uint32_t party,
                           uint32_t professional) MUST_CHECK;
int view_note_child(struct store_view *view, const struct child_key *child) MUST_CHECK;

/*
 * Rows sealed under the record key: revision (8) || sealed. Opening puts the plain bytes in the
 * arena. 0, STORE_NOT_FOUND or a fault.
 */
int view_open_row(struct store_view *view, enum kv_table table, const struct row_key *key,
                  struct codec_reader *ret_reader) MUST_CHECK;
/* The same of a value that was read already. */
int view_open_value(struct store_view *view, enum kv_table table, const struct row_key *key,
                    struct kv_bytes value, struct codec_reader *ret_reader) MUST_CHECK;
/* Faults are sticky in the transaction. */
void view_seal_row(struct store_view *view, enum kv_table table, const struct row_key *key,
                   struct codec_writer *plain);

/* The revision in which a row that begins with one last changed. */
int view_row_changed(struct store_view *view, enum kv_table table, const struct row_key *key,
                     uint64_t *ret_changed) MUST_CHECK;

/* The rows of a prefix. */
int view_range_prefix(struct store_view *view, enum kv_table table, const struct row_key *prefix,
                      struct kv_range **ret_range) MUST_CHECK;

/* Above every ordered id that was given out so far, and below every later one but those of the same
 * millisecond: what a list is bounded by while it is paged. Tells no more than the time. */
void view_upper_bound(const struct store_view *view, struct uuid *ret_bound);

/*
 * Whether enough has been read for one page: the rows of a child with hundreds of professionals
 * are large, and a page that took all of its arena would be no page but a fault.
 */
bool view_is_heavy(const struct store_view *view);

/* Makes a transaction fail that found what cannot be: not enough memory, a value too large. */
void view_fail(struct store_view *view, int fault);

#endif
