/* SPDX-License-Identifier: EUPL-1.2 */
/*
 * The keys of all rows. What a row costs is the page it dirties, so rows live where their
 * neighbours live: everything of one child side by side, everything of one party side by side.
 *
 *   meta          name [|| month], "count" || municipality (2) || year (2), "tail" or "gone" ||
 *                 log index (8)
 *   child         child key (32) || kind; ties of a family under the tie's own key (32)
 *   party         party number (4) || kind || id
 *   organisation  OIN (20), "m" || municipality (2), or "a" || number of an auditor (4)
 *   match         place of a match (16)
 *   due           instant, ms (8) || kind || what it is about
 *   actor         "n" || number (4), or "d" || digest (16)
 *   log           index (8)
 *   node          level || index (8)
 *   log index     month (2) || list (8) || event (2) || outcome (2) || index (6): store/log/tags.h
 */
#ifndef STORE_BASE_LAYOUT_H
#define STORE_BASE_LAYOUT_H

#include "crypto/pseudonym.h"
#include "store/base/ids.h"
#include "store/kv/kv.h"
#include "store/log/accesslog.h"

#define LAYOUT_KEY_SIZE 40 /* bytes of the longest key */
#define LAYOUT_ID_HASH_BYTES 16

/* A match's id with its number in place of the short key: rows are in the order in which matches
 * were made. From an id and back: store/child/matchplace.h. */
struct match_place {
    uint8_t bytes[UUID_BYTES];
};

/* A key being built, on the stack. */
struct row_key {
    size_t size;
    uint8_t bytes[LAYOUT_KEY_SIZE];
};

static inline struct kv_bytes row_key_bytes(const struct row_key *key)
{
    return (struct kv_bytes){key->bytes, key->size};
}

enum child_row { CHILD_SUBJECT = 1, CHILD_FILE = 2, CHILD_TIE = 3 };

/* The newest signal, the counters and the newest notice of a party are neighbours: a post changes
 * all three, and so a page or two. */
enum party_row {
    PARTY_PROFILE = 1,
    PARTY_PROFESSIONAL = 2,    /* number (4) */
    PARTY_PROFESSIONAL_ID = 3, /* keyed hash of the id (16): ids tend to be names */
    PARTY_SIGNAL = 4,          /* uuid */
    PARTY_COUNTERS = 5,        /* inbox head, acknowledged mark, professional numbers given out */
    PARTY_NOTICE = 6,       /* sequence (8), every bit of it the other way: the newest is first */
    PARTY_TOMBSTONE = 7,    /* uuid */
    PARTY_MANDATE_HELD = 8, /* represented party (4) */
    PARTY_MATCH_TOLD = 9,   /* match id: what a municipality was told of */
    PARTY_MOVED = 10,       /* professional number (4): its number where it went in a merge */
    PARTY_TRANSFER = 11,    /* professional number (4): to whom its signals are going */
};

/* In the order in which rows of one instant are worked off. Ids of signals are in the order of time
 * and so come first: what is put for one instant on one day lies together. */
enum due_kind {
    DUE_SIGNAL_REMOVAL = 1, /* signal || party (4) */
    DUE_SIGNAL_ERASURE = 2, /* signal || party (4) */
    DUE_TOMBSTONE_END = 3,  /* signal || party (4) */
    DUE_AGREEMENT_END = 4,  /* party (4) || municipality (2) */
    DUE_PARTY_SWEEP = 5,    /* party (4) || municipality (2): ends its live signals of that one */
    DUE_RENEWAL_PROMPT = 6, /* signal || party (4) */
    DUE_FOLLOW_UP = 7,      /* place of a match */
    DUE_NOTICES_END = 8,    /* party (4); value: deletes what was acknowledged, up to a sequence */
    DUE_REGISTRY_END = 9,   /* random id; value: a child on whom nobody may have signalled */
    DUE_TRANSFER = 10,      /* party (4) || from (4) || to (4) */
    DUE_PARTY_MERGE = 11,   /* from (4) || into (4) */
    DUE_EPOCH_TURN = 12,
    DUE_LOG_END = 13, /* month (4): its records and salts are destroyed */
};
#define LAYOUT_DUE_VALUE_MAXIMUM 64 /* bytes: where a slice goes on, what it is about */

struct row_key layout_meta(const char *name);
struct row_key layout_month(uint32_t month);
struct row_key layout_child(const struct child_key *child, enum child_row kind);
struct row_key layout_party(uint32_t party, enum party_row kind);
struct row_key layout_party_u32(uint32_t party, enum party_row kind, uint32_t id);
struct row_key layout_notice(uint32_t party, uint64_t sequence);
uint64_t layout_notice_sequence(struct kv_bytes key); /* of a row's key */
struct row_key layout_party_uuid(uint32_t party, enum party_row kind, const struct uuid *id);
struct row_key layout_professional_id(uint32_t party,
                                      const uint8_t hash[static LAYOUT_ID_HASH_BYTES]);
struct row_key layout_organisation(const struct oin *oin);
struct row_key layout_municipality(uint16_t code);
struct row_key layout_match(const struct match_place *place);
struct row_key layout_due(int64_t instant, enum due_kind kind);
struct row_key layout_due_signal(int64_t instant, enum due_kind kind, uint32_t party,
                                 const struct uuid *signal);
struct row_key layout_due_agreement(int64_t instant, uint32_t party, uint16_t municipality);
struct row_key layout_due_sweep(int64_t instant, uint32_t party, uint16_t municipality);
struct row_key layout_due_uuid(int64_t instant, enum due_kind kind, const struct uuid *id);
struct row_key layout_due_follow_up(int64_t instant, const struct match_place *place);
struct row_key layout_due_party(int64_t instant, enum due_kind kind, uint32_t party);
struct row_key layout_due_transfer(int64_t instant, uint32_t party, uint32_t from, uint32_t to);
struct row_key layout_due_merge(int64_t instant, uint32_t from, uint32_t into);
struct row_key layout_due_month(int64_t instant, enum due_kind kind, uint32_t month);
/* A party that audits: who is told of what stands out in the log. */
struct row_key layout_auditor(uint32_t party);
/* What is counted of a municipality in a year. */
struct row_key layout_statistics(uint16_t municipality, int year);
struct row_key layout_actor_number(uint32_t number);
struct row_key layout_actor_digest(const uint8_t digest[static 16]);
struct row_key layout_log(uint64_t index);
struct row_key layout_node(unsigned level, uint64_t index);
/* What of the log is not in its indexes yet: store/log/tail.h. */
struct row_key layout_log_tail(uint64_t first);
/* The entries of a month whose records are destroyed: store/log/end.h. */
struct row_key layout_log_gone(uint64_t first);

#define LAYOUT_LIST_BYTES 8
#define LAYOUT_KIND_BYTES 4
/* The rows of the log's indexes: of a month, of a list in it, of one kind in that, and one. */
struct row_key layout_index_month(uint32_t month);
struct row_key layout_index_list(uint32_t month, const uint8_t list[static LAYOUT_LIST_BYTES]);
struct row_key layout_index_kind(const struct row_key *list,
                                 const uint8_t kind[static LAYOUT_KIND_BYTES]);
struct row_key layout_index_row(const struct row_key *kind, uint64_t index);
/* Of a row: where the kind stands in it, and the index. */
#define LAYOUT_INDEX_KIND_AT (2 + LAYOUT_LIST_BYTES)
#define LAYOUT_INDEX_ROW_SIZE (LAYOUT_INDEX_KIND_AT + LAYOUT_KIND_BYTES + 6)
uint64_t layout_index_of_row(struct kv_bytes key);

/* The first key above all that begin with `prefix`; size 0 when there is none. */
struct row_key layout_after_prefix(const struct row_key *prefix);

#endif
