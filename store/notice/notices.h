/* SPDX-License-Identifier: EUPL-1.2 */
/*
 * The inboxes: numbered notices per party, each kept until it is acknowledged and old. Each goes
 * with what it is about, the own signal, or, a municipality's, the child's file, and leaves a gap.
 * But that a match was retracted is told to a municipality even so.
 */
#ifndef STORE_NOTICE_NOTICES_H
#define STORE_NOTICE_NOTICES_H

#include "store/party/counters.h"

struct notice_draft {
    enum notice_type type;
    const struct uuid *match;       /* NULL: about none */
    enum match_kind kind;           /* of the match; 0 when there is none */
    const struct child_member *own; /* the signal of the party that is told; NULL: a municipality */
    const struct uuid *other;       /* the archived signal that it tells of; else NULL */
};
/* Puts a notice in a party's inbox. `ret_sequence` may be NULL; `file` too, of a retraction to a
 * municipality: the child's goes. */
int notice_send(struct store_tx *tx, const struct child_file *file, uint32_t party,
                const struct notice_draft *draft, uint64_t *ret_sequence) MUST_CHECK;

/* Tells every auditor of an entry of the log that stands out; whose doing it was is told too. */
int notice_send_auditors(struct store_tx *tx, enum notice_type type, uint64_t log_index,
                         const struct oin *actor) MUST_CHECK;

/*
 * What stands in an inbox at a sequence: which child's it is, for the log; a notice about an entry
 * of the log has none, nor has a retraction whose child has been erased, and `ret_has_child` is
 * false. STORE_NOT_FOUND: a gap, or a child that has been erased since.
 */
int notice_child(struct store_view *view, uint32_t party, uint64_t sequence, bool *ret_has_child,
                 struct child_key *ret_child) MUST_CHECK;

/* Whether the newest notice of the match to this member has not been acknowledged, and since when
 * it is there. */
int notice_is_unread(struct store_view *view, const struct child_file *file,
                     const struct child_member *member, const struct uuid *match, bool *ret_unread,
                     int64_t *ret_since) MUST_CHECK;

/* The places of a party's first notices, the oldest first. */
int notices_find_oldest(struct store_view *view, uint32_t party, size_t maximum,
                        uint64_t *sequences, size_t *ret_count) MUST_CHECK;
/* Deletes up to `slice` notices that stand at or below a sequence. `ret_more`: some are left. */
int notices_delete(struct store_tx *tx, uint32_t party, uint64_t up_to, size_t slice,
                   size_t *ret_deleted, bool *ret_more) MUST_CHECK;
/* When what is acknowledged now has been readable long enough. */
void notices_put_end(struct store_tx *tx, uint32_t party, uint64_t up_to);

/* What a walk has met under the epoch of today, or gone, if it cannot be read any more. True when
 * it was written or deleted. */
bool notice_renew(struct store_tx *tx, const struct row_key *key, struct kv_bytes value);

/* A member's last notice stands in the inbox that its party had before a merge. */
#define NOTICE_MOVING (UINT64_C(1) << 63)
/* Moves a notice to the end of another party's inbox, in a merge of parties. */
int notice_move(struct store_tx *tx, uint32_t from, uint64_t sequence, uint32_t into) MUST_CHECK;

#endif
