/* SPDX-License-Identifier: EUPL-1.2 */
/*
 * The one thread that writes. It takes everything queued, up to a batch, runs it in one
 * transaction, appends the log entries, signs one checkpoint, commits once, and only then hands
 * the completions back. There is no artificial delay: while one sync runs, the next batch gathers.
 * A batch ends at COMMITTER_BATCH operations, at TX_ENTRIES_MAXIMUM log entries, or with the
 * operation that fills up TX_NOTICES_MAXIMUM notices. Private to store/.
 */
#ifndef STORE_COMMITTER_H
#define STORE_COMMITTER_H

#include <pthread.h>
#include <stdatomic.h>
#include <time.h>

#include "store/epoch/turn.h"
#include "store/notice/waiters.h"
#include "store/tx.h"

#define COMMITTER_BATCH 256 /* operations */
#define COMMITTER_INTERNAL_SHARE                                                                   \
    64 /* of a batch, kept for the index's own work when it has any                                \
        */
#define COMMITTER_QUEUE_DEFAULT 4096
#define COMMITTER_CHECKPOINT_NAME "checkpoint"

/* The log's indexes: merged when it is quiet, or when this much is left to do. */
#define COMMITTER_INDEX_SLICE 512
#define COMMITTER_INDEX_BEHIND 10000 /* entries not yet indexed: merge in every batch */

struct store {
    struct kv *kv;
    struct keyring *keys; /* epoch keys come and go */
    struct store_policy policy;
    struct checkpoint_signer *signer; /* in locked memory */
    struct waiters waiters;
    struct opened *opened; /* see store/party/opened.h */
    void (*failed)(void *context, const char *what);
    void *failed_context;

    /* The queue, under `lock`. */
    pthread_mutex_t lock;
    pthread_cond_t arrived;
    struct store_op *first;
    struct store_op **last;
    size_t depth;
    size_t queue_maximum;
    bool stopping;
    atomic_bool draining; /* set by any thread, for good: nobody has the time to wait any more */
    bool dead;            /* a commit had an unknown outcome */
    pthread_t thread;
    bool running;

    /* The committer's own. */
    struct tx_memory *memory; /* in locked memory */
    struct merkle_frontier frontier;
    struct store_head head;
    struct arena arena;
    int64_t next_due;
    int64_t paused_until; /* own work failed: let it rest until this uptime, ms */
    bool unfinished;      /* more own work can be done while it is quiet */
    bool full;            /* below the margin nothing is written any more */
    uint64_t reserve_bytes;
    struct turn turn;

    /* Told to others; the counters are published after a commit. */
    atomic_bool low;
    atomic_uint_least64_t operations;
    atomic_uint_least64_t batches;
    atomic_uint_least64_t aborted;
    atomic_uint_least64_t shed;
    atomic_uint_least64_t set_aside;
    atomic_uint_least64_t due_rows;
    atomic_int_least64_t oldest_due; /* instant of the oldest due row but the turn's */
    atomic_uint_least64_t revision;
    atomic_uint_least64_t log_size;
    atomic_uint_least64_t indexed;
    atomic_uint_least64_t signals;
    atomic_uint_least64_t matches;

    /* Snapshots that are open, on two sides: each turn of the epoch key takes the other side for
     * those that come, so that it can be told when nobody can be using the old key any more. */
    atomic_uint readers[2];
    atomic_uint reader_side;
    atomic_bool wound_down; /* nothing is there any more */
};

/* Shows the head's counters to other threads. */
void committer_publish(struct store *store);
int committer_start(struct store *store) MUST_CHECK;
/* Runs what is queued, but for what would ask to go on, then ends; can be started again. */
void committer_stop(struct store *store);
/* Once it has ended, in its place: one operation more. Returns its result. */
int committer_run_last(struct store *store, struct store_op *op) MUST_CHECK;
/* Tells nobody, and takes nothing more. */
void committer_close_for_good(struct store *store);
/* A commit had an unknown outcome: takes nothing more, and says so. */
void committer_fail(struct store *store);
/* Puts an operation that is not done yet back in front of the queue. */
void submit_again(struct store *store, struct store_op *op);

#endif
