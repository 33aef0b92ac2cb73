/* SPDX-License-Identifier: EUPL-1.2 */
/*
 * The contract between the store's rules and an engine: ordered tables of bytes, read in
 * snapshots, written in one serial transaction at a time, durable when commit returns 0. The
 * rules are written once, on this; an engine adds nothing to it.
 *
 * Threads: any number of snapshots at once, each used by one thread at a time; one write
 * transaction at a time, begun, used and ended by one thread.
 */
#ifndef STORE_KV_KV_H
#define STORE_KV_KV_H

#include <stdbool.h>

#include "crypto/basics.h"

/* The number is part of the sealed values' associated data: never renumber. */
enum kv_table {
    KV_META = 1,         /* fixed rows: format, head, checkpoint, counters, month keys */
    KV_CHILD = 2,        /* child key || kind */
    KV_PARTY = 3,        /* party number || kind || id */
    KV_ORGANISATION = 4, /* OIN -> party number */
    KV_MATCH = 5,        /* place of a match */
    KV_DUE = 6,          /* time || kind || id */
    KV_ACTOR = 7,        /* who stands in log entries, written once */
    KV_LOG = 8,          /* log index, appended */
    KV_NODE = 9,         /* level || index: roots of complete subtrees of 256^n leaves */
    KV_LOG_INDEX = 10,   /* kind || id || log index, merged in the background */
    KV_TABLES = 11,
};

#define KV_KEY_MAXIMUM 256     /* bytes */
#define KV_VALUE_MAXIMUM 65536 /* bytes */

enum kv_condition {
    KV_OK = 0,
    KV_NOT_FOUND = 1, /* get, delete */
    KV_END,           /* range: nothing more */
    KV_FULL,          /* commit: no room, now or at an earlier put; nothing was written */
    KV_ABORTED,       /* commit: an earlier call met another fault; nothing was written */
};

struct kv_bytes {
    const void *data;
    size_t size;
};

struct kv;
struct kv_txn;
struct kv_range;

enum kv_mode { KV_READ, KV_WRITE };

/* -ENOMEM, -EIO, ... Beginning a snapshot never waits for the writer, nor the other way round. */
int kv_begin(struct kv *kv, enum kv_mode mode, struct kv_txn **ret_txn) MUST_CHECK;

/*
 * Makes everything written durable, and visible to snapshots begun later. Ends the transaction in
 * every case. 0, KV_FULL, KV_ABORTED; a negative result means that the outcome is unknown: the
 * caller must stop using the store (after a failed sync the page cache may show what the disk
 * lacks), and must not try again.
 */
int kv_commit(struct kv_txn *txn) MUST_CHECK;

/* Ends a snapshot, or drops what was written. NULL is allowed. */
void kv_abort(struct kv_txn *txn);
void kv_abortp(struct kv_txn **txn); /* for CLEANUP */

/*
 * The first fault met in this transaction: 0, KV_FULL, or negative. Faults are sticky: after one,
 * every call fails and commit refuses, so that callers may write in a straight line and ask once.
 */
int kv_fault(const struct kv_txn *txn) MUST_CHECK;

/*
 * 0, KV_NOT_FOUND or a fault. The bytes stay valid until the next put or delete in this
 * transaction, or its end. They may be unaligned.
 */
int kv_get(struct kv_txn *txn, enum kv_table table, struct kv_bytes key,
           struct kv_bytes *ret_value) MUST_CHECK;

/* Inserts or replaces. Faults are sticky: see kv_fault(). `value` may not point into the store. */
void kv_put(struct kv_txn *txn, enum kv_table table, struct kv_bytes key, struct kv_bytes value);

/* As kv_put, for a key above all others of its table: cheaper. A fault if it is not above. */
void kv_append(struct kv_txn *txn, enum kv_table table, struct kv_bytes key, struct kv_bytes value);

/* Deleting what is not there is no fault. */
void kv_delete(struct kv_txn *txn, enum kv_table table, struct kv_bytes key);

/*
 * Walks the rows with from <= key < to, upwards or downwards; a `to` of size 0 is the end of the
 * table. While a range of a write transaction is open, that table must not be written.
 */
enum kv_direction { KV_UP, KV_DOWN };
int kv_range_open(struct kv_txn *txn, enum kv_table table, struct kv_bytes from, struct kv_bytes to,
                  enum kv_direction direction, struct kv_range **ret_range) MUST_CHECK;
/* 0, KV_END or a fault. The bytes stay valid until the next call on this range. */
int kv_range_next(struct kv_range *range, struct kv_bytes *ret_key,
                  struct kv_bytes *ret_value) MUST_CHECK;
void kv_range_close(struct kv_range *range);   /* before its transaction ends; NULL is allowed */
void kv_range_closep(struct kv_range **range); /* for CLEANUP */

/* Room, in bytes. `free_bytes` is what can still be written, whichever of map and disk is less. */
struct kv_room {
    uint64_t used_bytes;
    uint64_t free_bytes;
    uint64_t map_bytes;
};
int kv_measure_room(struct kv *kv, struct kv_room *ret_room) MUST_CHECK;

/*
 * Copies a consistent snapshot into the directory `path`, made if it is not there, while the store
 * is in use; durable at return. -EEXIST when a store is there already, -EIO, ...
 */
int kv_copy(struct kv *kv, const char *path) MUST_CHECK;

void kv_close(struct kv *kv); /* no transaction may be open; NULL is allowed */
void kv_closep(struct kv **kv);

/* What an engine provides; each as described above, without the sticky part, which kv.c adds. */
struct kv_engine {
    int (*begin)(struct kv *kv, enum kv_mode mode, struct kv_txn **ret_txn);
    int (*commit)(struct kv_txn *txn);
    void (*abort)(struct kv_txn *txn);
    int (*get)(struct kv_txn *txn, enum kv_table table, struct kv_bytes key,
               struct kv_bytes *ret_value);
    int (*put)(struct kv_txn *txn, enum kv_table table, struct kv_bytes key, struct kv_bytes value,
               bool append); /* 0, KV_FULL, fault */
    int (*remove)(struct kv_txn *txn, enum kv_table table, struct kv_bytes key);
    int (*range_open)(struct kv_txn *txn, enum kv_table table, struct kv_bytes from,
                      struct kv_bytes to, enum kv_direction direction, struct kv_range **ret_range);
    int (*range_next)(struct kv_range *range, struct kv_bytes *ret_key, struct kv_bytes *ret_value);
    void (*range_close)(struct kv_range *range);
    int (*measure_room)(struct kv *kv, struct kv_room *ret_room);
    int (*copy)(struct kv *kv, const char *path);
    void (*close)(struct kv *kv);
};

/* An engine's own structures begin with these. */
struct kv {
    const struct kv_engine *engine;
};
struct kv_txn {
    struct kv *kv;
    enum kv_mode mode;
    int fault;
};
struct kv_range {
    struct kv_txn *txn;
};

#endif
