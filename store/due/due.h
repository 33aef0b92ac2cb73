/* SPDX-License-Identifier: EUPL-1.2 */
/*
 * What happens by itself when its time has come. A row of the due table says when, what kind, and
 * about what; it goes before its function runs, which puts it back when it is not finished.
 */
#ifndef STORE_DUE_DUE_H
#define STORE_DUE_DUE_H

#include "store/tx.h"

#define DUE_ENTRIES_MAXIMUM 64   /* log entries that one row makes in one batch, at most */
#define DUE_NOTICES_MAXIMUM 2048 /* notices after which a batch works off no row more */

struct due_row {
    struct row_key key;
    struct codec_reader about; /* what follows time and kind in the key */
    uint8_t value[LAYOUT_DUE_VALUE_MAXIMUM];
    size_t value_size;
};

typedef int due_function(struct store_tx *tx, struct due_row *row);
due_function due_removal;
due_function due_erasure;
due_function due_tombstone_end;
due_function due_agreement_end;
due_function due_party_sweep;
due_function due_renewal_prompt;
due_function due_follow_up;
due_function due_notices_end;
due_function due_transfer;
due_function due_party_merge;
due_function due_epoch_turn;
due_function due_registry_end;
due_function due_log_end;

/* The index itself acts: there is no party and no operator. */
extern const struct attribution due_by_itself;

void due_read_signal(struct due_row *row, uint32_t *ret_party, struct uuid *ret_id);
/* An entry about a signal, made by the index itself. */
int due_log_signal(struct store_tx *tx, enum log_event event, const struct child_key *child,
                   const struct uuid *id) MUST_CHECK;
/* Puts a row back, at its own key, with where to go on. */
void due_put_back(struct store_tx *tx, const struct due_row *row, const void *value, size_t size);

#endif
