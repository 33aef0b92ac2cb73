/* SPDX-License-Identifier: EUPL-1.2 */
/* Holds a whole log to what was signed: what an auditor does, from the store's face alone. */
#ifndef TESTS_UNIT_STORE_VERIFY_H
#define TESTS_UNIT_STORE_VERIFY_H

#include "crypto/checkpoint.h"
#include "store/store.h"

/* The verifier key of a log. */
struct checkpoint_vkey verify_key(const struct keyring *keys, const char *origin);

/* The signed head of the snapshot; its signature holds, and its size is the snapshot's. */
struct checkpoint verify_head(struct store_snapshot *snapshot, const struct checkpoint_vkey *vkey);

/* The leaf to which an entry's record, subject and salts give rise, which must be its own. */
struct merkle_hash verify_entry(const struct log_entry *entry);

/* Every entry to its leaf, the leaves to the root, the root to its signature, the times to their
 * order. Returns the number of entries. */
uint64_t verify_log(struct store *store, const struct checkpoint_vkey *vkey);

#endif
