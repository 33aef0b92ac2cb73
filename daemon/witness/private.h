/* SPDX-License-Identifier: EUPL-1.2 */
/* What the threads of the witnesses share. Private to daemon/witness/. */
#ifndef DAEMON_WITNESS_PRIVATE_H
#define DAEMON_WITNESS_PRIVATE_H

#include <pthread.h>
#include <stdatomic.h>

#include "daemon/witness/call.h"
#include "daemon/witness/witness.h"

/* The head that all witnesses are asked to cosign now. */
struct witness_round {
    uint64_t size; /* 0: none yet */
    char note[CHECKPOINT_NOTE_MAXIMUM];
};

/* What others may ask of a witness; under the lock. Size and time are those that the store holds
 * of an earlier run, until it cosigns in this one. */
struct witness_report {
    uint64_t size;
    int64_t last_success_at;
    uint64_t failures;
    bool forked;
    char failure[API_FAILURE_SIZE];
};

struct witness {
    struct witnesses *all;
    const struct config_witness *settings;
    pthread_t thread;
    bool has_thread;
    struct witness_report report;
    /* Its own thread's: */
    struct witness_caller *caller;
    bool known; /* `size` is the size of the last head that it cosigned */
    uint64_t size;
    uint64_t cosigned;  /* of the last head whose cosignature was kept; 0: none in this run */
    bool has_succeeded; /* in this run */
    bool was_ahead;     /* it knew a newer head than it was asked to cosign */
    unsigned failures;  /* on end */
    int64_t next_try;   /* ms, of a clock that nobody sets */
};

struct witnesses {
    struct store *store;
    unsigned interval; /* seconds */
    atomic_bool stopping;
    pthread_mutex_t lock;
    pthread_cond_t stopped;
    /* Under the lock: */
    struct witness_round round;
    int64_t round_began; /* ms; 0: there was none */
    int64_t looked_at;
    size_t count;
    struct witness each[CONFIG_WITNESSES_MAXIMUM];
};

#endif
