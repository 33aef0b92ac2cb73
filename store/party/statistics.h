/* SPDX-License-Identifier: EUPL-1.2 */
/* What is counted a year, of each municipality: numbers, and nobody's. */
#ifndef STORE_PARTY_STATISTICS_H
#define STORE_PARTY_STATISTICS_H

#include "store/child/matches.h"

/* One more, in the year of the transaction (Dutch date). 0 or a fault. */
int statistics_count(struct store_tx *tx, uint16_t municipality, enum statistic what) MUST_CHECK;
/* A signal that had this status is erased. It is counted as ended once, when it stops being live:
 * one that was in the archive has been already. */
int statistics_count_erased(struct store_tx *tx, uint16_t municipality,
                            enum signal_status before) MUST_CHECK;
/* Once for every municipality of a live signal in the scope, whichever child it is on. */
int statistics_count_scope(struct store_tx *tx, const struct match_scope *scope,
                           enum statistic what) MUST_CHECK;

#endif
