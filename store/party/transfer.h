/* SPDX-License-Identifier: EUPL-1.2 */
/*
 * A transfer on its way: how far the signals of one who leaves have gone to a colleague. Its row
 * stands beside the professionals of the party, and a row of the due table sees to it that it
 * goes on, whoever asked for it. One slice is done in a batch, by the operation or by the due
 * table.
 */
#ifndef STORE_PARTY_TRANSFER_H
#define STORE_PARTY_TRANSFER_H

#include "store/tx.h"

enum transfer_state {
    TRANSFER_RUNNING = 1,
    TRANSFER_ENDED /* kept for a day, for the operation to answer with its counts */
};

struct transfer {
    uint32_t party;
    uint32_t from; /* numbers of professionals */
    uint32_t to;
    enum transfer_state state;
    uint64_t revision;    /* of the last slice */
    struct uuid position; /* the last signal that was looked at */
    uint32_t moved;
    uint32_t merged;
};

/* STORE_NOT_FOUND. */
int transfer_load(struct store_view *view, uint32_t party, uint32_t from,
                  struct transfer *ret_transfer) MUST_CHECK;
void transfer_save(struct store_tx *tx, const struct transfer *transfer);
void transfer_delete(struct store_tx *tx, const struct transfer *transfer);
/* When the due table looks at it next: goes on with it, or forgets one that has ended. */
void transfer_put_due(struct store_tx *tx, const struct transfer *transfer, int64_t instant);

/* A slice, if none was done in this batch: moves, logs, saves. At the end `state` is
 * TRANSFER_ENDED, which the caller logs, as the operation's or as the index's own doing. */
int transfer_step(struct store_tx *tx, const struct attribution *by,
                  struct transfer *transfer) MUST_CHECK;
int transfer_log_end(struct store_tx *tx, const struct transfer *transfer) MUST_CHECK;

/* The first of a party that is running. STORE_NOT_FOUND. */
int transfer_find_running(struct store_view *view, uint32_t party,
                          struct transfer *ret_transfer) MUST_CHECK;
/* Whether signals are going from this professional, or to it. */
int transfer_involves(struct store_view *view, uint32_t party, uint32_t professional,
                      bool *ret_involves) MUST_CHECK;

#endif
