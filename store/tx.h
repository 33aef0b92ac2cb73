/* SPDX-License-Identifier: EUPL-1.2 */
/*
 * The committer's running transaction, as the rules see it. Private to store/, and to the
 * committer's thread.
 */
#ifndef STORE_TX_H
#define STORE_TX_H

#include "crypto/shortmac.h"
#include "store/child/file.h"
#include "store/log/record.h"
#include "store/view.h"

#define TX_ENTRIES_MAXIMUM 2048 /* log entries of one batch */
#define TX_NOTICES_MAXIMUM 8192 /* notices after which a batch takes no operation more */

/* An operation's own result, besides those of enum store_condition: not done yet, run me again in
 * the next batch. */
#define TX_AGAIN 1000
/* The same, but run me again when the turn of the epoch key has ended. */
#define TX_AFTER_TURN 1001

/* What the committer remembers between batches; dropped whenever a batch is aborted. */
struct actor_slot {
    uint8_t digest[16];
    uint32_t number; /* 0: empty */
};
#define TX_ACTOR_SLOTS 1024
/* Whose the last entry was: mostly the next one's too. */
struct actor_last {
    size_t size; /* 0: nobody's */
    uint8_t encoded[LOGRECORD_ACTOR_SIZE];
    uint32_t number;
};
/* The block of store/log/tail.h that is being filled; what was committed of it stands in its row.
 */
#define LOG_TAIL_BLOCK_BYTES 1900 /* what is longer leaves the pages of its table */
struct log_tail {
    uint64_t first;
    size_t count;
    size_t size; /* 0: none */
    bool unwritten;
    uint8_t bytes[LOG_TAIL_BLOCK_BYTES];
};
struct tx_memory {
    uint32_t month; /* 0: none */
    uint8_t month_key[SEAL_KEY_BYTES];
    uint8_t tags_key[SHORTMAC_KEY_BYTES]; /* of the same month */
    struct actor_slot actors[TX_ACTOR_SLOTS];
    struct actor_last last_actor;
    struct log_tail tail;
};

/* Where a turn of the epoch key stands (store/epoch/turn.h). */
struct epoch_state {
    uint32_t oldest;         /* no row is sealed under an older epoch; 0: not known */
    uint32_t month;          /* in which the last turn began: calendar_month_number() */
    uint32_t target;         /* the walk writes rows under this epoch; 0: there is no walk */
    int64_t began_at;        /* of that walk */
    int64_t ended_at;        /* of the last turn; 0: there was none */
    uint64_t rows;           /* written again, so far or by the last turn */
    unsigned step;           /* where the walk is: which part of the store, */
    struct row_key position; /* and the last row looked at; size 0: none */
};
struct turn;

/* Parties that the transaction has counted something of, or touched: store/party/counters.h. */
struct tx_parties {
    size_t used;
    size_t capacity; /* a power of two, at least twice `used`; 0: none yet */
    struct counters_slot *slots;
};

struct store_tx {
    struct store_view view;
    int64_t now; /* of this batch; never before the last entry */
    struct merkle_frontier frontier;
    struct tx_memory *memory; /* in locked memory */
    size_t entries;
    size_t notices;            /* put in inboxes */
    size_t peek_looked;        /* places of the log that peek_detect() has looked at */
    struct row_key failed_due; /* the due row that could not be worked off; size 0: none */
    bool quiet;                /* there are no operations in this transaction */
    uint64_t due_rows;         /* worked off */
    struct epoch_state epoch;
    bool epoch_started; /* it was written down that a turn has begun */
    bool epoch_sliced;  /* a slice of the turn was run */
    struct turn *turn;  /* what of it is not in the store */
    struct tx_parties parties;
};

/* Someone may be waiting for this party's inbox. Faults are sticky. */
void tx_touch_party(struct store_tx *tx, uint32_t party);
/* The parties for whose inboxes someone may be waiting, one after the other; `at` begins as 0. */
bool tx_next_touched(const struct store_tx *tx, size_t *at, uint32_t *ret_party);

/* Appends an entry. 0 or a fault. */
int tx_log(struct store_tx *tx, const struct attribution *by, const struct log_note *note,
           uint64_t *ret_index) MUST_CHECK;
/* As tx_log, for an operation: the first entry's index becomes the operation's. */
int tx_log_op(struct store_tx *tx, struct store_op *op, const struct log_note *note) MUST_CHECK;

/* The random id under which the log knows a child; made when there is none yet. */
int tx_subject(struct store_tx *tx, const struct child_key *child,
               uint8_t ret_subject[static ACCESSLOG_SUBJECT_BYTES]) MUST_CHECK;

/* The key of a month's log records and salts, and of the names of its lists. `make`: when there is
 * none yet, and with it the row of its end. */
int log_month_key(struct store_view *view, uint32_t month, bool make,
                  uint8_t ret_key[static SEAL_KEY_BYTES]) MUST_CHECK;

/* Its row under the epoch of today, for the turn; `value` is what stands there. True when it was
 * written. */
bool log_month_key_renew(struct store_tx *tx, const struct row_key *row, struct kv_bytes value);

/* Reads the root of a complete subtree of the stored tree: a merkle_reader on a view. */
int log_read_node(void *view, unsigned level, uint64_t index, struct merkle_hash *ret_hash);

/* One row of the log, opened. `record.index` is set. */
struct log_row {
    bool destroyed;
    uint8_t commitment[COMMITMENT_BYTES];
    struct log_record *record; /* NULL when destroyed */
    struct commitment_salts salts;
};
int log_read_row(struct store_view *view, uint64_t index, struct log_row *ret_row) MUST_CHECK;

/* Puts up to `budget` entries that are not in the log's indexes yet into them. */
int log_index_some(struct store_tx *tx, size_t budget) MUST_CHECK;

/* Works off what is due, at most `budget` rows; `ret_more`: some is left. */
int due_run_some(struct store_tx *tx, size_t budget, bool *ret_more) MUST_CHECK;
/* Puts a due row that cannot be worked off a day later, so that it does not stand in the way.
 * False when it is not there. */
bool due_set_aside(struct store_tx *tx, const struct row_key *row);
/* The instant of the first due row; INT64_MAX when there is none. */
int due_next(struct store_view *view, int64_t *ret_instant) MUST_CHECK;
/* The same, but a row of the turn of the epoch key: that has all the time it needs. */
int due_oldest(struct store_view *view, int64_t *ret_instant) MUST_CHECK;

#endif
