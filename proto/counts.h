/* SPDX-License-Identifier: EUPL-1.2 */
/*
 * Refusals that are too cheap to be worth a log entry each (429, 503, 507): counted per party and
 * kind, and written out as one entry each, every minute, so that refusing costs less than asking.
 */
#ifndef PROTO_COUNTS_H
#define PROTO_COUNTS_H

#include "store/store.h"

#define COUNTS_MAXIMUM 1024 /* parties that are told apart; what comes beyond has no identity */

struct counts;
int counts_new(struct counts **ret_counts) MUST_CHECK;
void counts_free(struct counts *counts);

/* From any thread. `slug` must live for ever. */
void counts_add(struct counts *counts, const struct attribution *by, const char *slug,
                uint32_t count);

/* Submits one operation per party and kind, and forgets them once they are in the log. What cannot
 * be submitted or written is counted on. */
void counts_flush(struct counts *counts, struct store *store, struct mailbox *mailbox);

/* How many refusals are counted and not yet submitted. */
uint64_t counts_waiting(struct counts *counts);

#endif
