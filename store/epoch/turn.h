/* SPDX-License-Identifier: EUPL-1.2 */
/*
 * The turn of the epoch key, monthly or when the operator asks: what was erased becomes unreadable
 * on disk and in old copies too, because the key that it was sealed under is destroyed.
 *
 *   1. the new key is made, and its file is durable before any row uses it;
 *   2. a walk over all rows that depend on the epoch key writes them again under the new one, a
 *      slice a batch; what is written meanwhile is under the new key already;
 *   3. when the walk has passed everything, that is committed, and only then are older keys
 *      destroyed.
 *
 * Where a turn stands is kept in one row of KV_META; a row of DUE_EPOCH_TURN makes a slice be run.
 * A crash at any point leaves either one key, or two and a turn that goes on at the next start.
 *
 * All of this is the committer's, but for turn_recover() before it starts, and what is published.
 */
#ifndef STORE_EPOCH_TURN_H
#define STORE_EPOCH_TURN_H

#include <stdatomic.h>

#include "store/tx.h"

struct store;

enum turn_phase {
    TURN_RESTS,
    TURN_BEGUN, /* there is a new key, and nothing in the store says so yet; or it was put off */
    TURN_WALKS,
};

struct turn {
    enum turn_phase phase;
    struct epoch_state state; /* as it was committed last */
    bool wanted;              /* the operator has asked */
    int64_t not_before;       /* an attempt failed: the next one */
    int64_t blocked_at;       /* since when an old snapshot stands in its way; 0: none does */
    /* Operations of the operator that wait for its end; their attribution is of the first. */
    struct store_op *waiting;
    int outcome; /* what they are told */

    atomic_bool closing; /* set by any thread: nobody can wait any more */
    /* Told to others. */
    atomic_bool overdue; /* its time has come, and it cannot be made or go on */
    atomic_bool walking;
    atomic_int_least64_t ended_at;
};

/* At the opening of a store: reads where it stands. STORE_STOPPED, and why, when rows may be under
 * a key that is not there. */
int turn_recover(struct store *store, char why[static STORE_WHY_SIZE]) MUST_CHECK;

/* Outside of any transaction: begins one when it is time, or destroys what the last one left. */
void turn_look(struct store *store);
/* Whether the next transaction has to write down that one has begun. */
bool turn_has_begun(const struct turn *turn);
/* Writes that down. Faults are sticky. */
void turn_start(struct store_tx *tx);
/* After a commit; in a transaction that ends a turn this destroys the old keys. */
void turn_committed(struct store *store, const struct store_tx *tx);
/* The walk met what it cannot read, and was put off. */
void turn_put_off(struct store *store);

/* Puts an operation whose result is TX_AFTER_TURN among those that wait. */
void turn_wait(struct turn *turn, struct store_op *op);
/* Takes out all that wait, when there is an answer for them: to be run again. NULL: none. */
struct store_op *turn_release(struct turn *turn);
/* From any thread: who waits, and who comes, is told STORE_STOPPED. */
void turn_close(struct turn *turn);

#endif
