/* SPDX-License-Identifier: EUPL-1.2 */
/*
 * What is counted of a party. In a transaction a party's row is read once and written once, however
 * many notices it is sent: what has changed is held until counters_settle(), and every reading
 * through the transaction's view finds it there.
 */
#ifndef STORE_PARTY_COUNTERS_H
#define STORE_PARTY_COUNTERS_H

#include "store/tx.h"

struct party_counters {
    uint64_t inbox_head;
    uint64_t acknowledged;
    uint32_t professionals; /* numbers given out */
    int32_t access_day;     /* of the access requests counted here */
    uint32_t access_count;
};

/* Of a party without a row: zeroes. */
int counters_load(struct store_view *view, uint32_t party,
                  struct party_counters *ret_counters) MUST_CHECK;
/* Faults are sticky in the transaction. */
void counters_save(struct store_tx *tx, uint32_t party, const struct party_counters *counters);
/* The next place in a party's inbox, for which someone may be waiting. */
int counters_next_notice(struct store_tx *tx, uint32_t party, uint64_t *ret_sequence) MUST_CHECK;

/* Writes what has changed. At the end of a transaction, and before rows of parties are walked that
 * these may be among. */
void counters_settle(struct store_tx *tx);

#endif
