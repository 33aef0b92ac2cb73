/* SPDX-License-Identifier: EUPL-1.2 */
/*
 * Whoever signals a child, looks who else is involved, and withdraws again has used a report to
 * search, which the law does not know (Jeugdwet 7.1.1.2; domain rule 2). It cannot be prevented: it
 * is logged as a suspicion, and auditors are told. Private to store/, and to the committer's
 * thread.
 */
#ifndef STORE_LOG_PEEK_H
#define STORE_LOG_PEEK_H

#include "store/tx.h"

/* After the entry of a withdrawal: whether the party was shown a match, or offered a notice, on
 * this child since it first reported it, not longer than policy.peek_minutes ago. `file`: as it was
 * before the withdrawal. 0 or a fault. */
int peek_detect(struct store_tx *tx, const struct store_op *op, const struct child_file *file,
                const struct uuid *signal) MUST_CHECK;

#endif
