/* SPDX-License-Identifier: EUPL-1.2 */
/* The inboxes: numbered notices per party, each kept until it is acknowledged and old. */
#ifndef STORE_NOTICES_H
#define STORE_NOTICES_H

#include "store/tx.h"

struct party_counters {
    uint64_t inbox_head;
    uint64_t acknowledged;
    uint32_t professionals; /* numbers given out */
};
int counters_load(struct store_view *view, uint32_t party,
                  struct party_counters *ret_counters) MUST_CHECK;
void counters_save(struct store_tx *tx, uint32_t party, const struct party_counters *counters);

/* Puts a notice in a party's inbox; `own` is NULL for a municipality's. */
int notice_send(struct store_tx *tx, const struct child_file *file, uint32_t party,
                enum notice_type type, const struct uuid *match, const struct uuid *own) MUST_CHECK;

/*
 * What stands in an inbox at a sequence: which child's it is, for the log. STORE_NOT_FOUND: a gap,
 * or a child that has been erased since.
 */
int notice_child(struct store_view *view, uint32_t party, uint64_t sequence,
                 struct child_key *ret_child) MUST_CHECK;

#endif
