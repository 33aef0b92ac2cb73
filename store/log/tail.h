/* SPDX-License-Identifier: EUPL-1.2 */
/*
 * The newest entries, which are not in the log's indexes yet: under what they are found, in blocks
 * of many entries that are written with them. So a search of them reads a block for some dozens of
 * entries, and merging them into the indexes opens none. Private to store/.
 *
 *   "tail" || first index -> month (4) || list of all (8) || for each entry:
 *                            number of lists (1) || kind (4) || lists (8 each)
 */
#ifndef STORE_LOG_TAIL_H
#define STORE_LOG_TAIL_H

#include "store/log/tags.h"
#include "store/tx.h"

/* A block as it stands in the store: valid as long as what kv_get() gives. */
#define LOG_TAIL_ENTRIES_MAXIMUM ((LOG_TAIL_BLOCK_BYTES) / (1 + LAYOUT_KIND_BYTES))
struct log_tail_block {
    uint64_t first;
    size_t count;
    uint32_t month;
    struct log_list all;
    const uint8_t *entries[LOG_TAIL_ENTRIES_MAXIMUM];
};

/* Adds the entry that was just made. Faults are sticky. */
void log_tail_add(struct store_tx *tx, uint64_t index, const struct log_tags *tags);
/* Writes what was added since: before the commit, and before a search that is to find it. */
void log_tail_flush(struct store_tx *tx);

/* The block that an entry is in; STORE_NOT_FOUND, or a fault. */
int log_tail_find(struct store_view *view, uint64_t index,
                  struct log_tail_block *ret_block) MUST_CHECK;
/* What is kept of its i-th entry. */
void log_tail_entry(const struct log_tail_block *block, size_t i, struct log_tags *ret_tags);
/* Deletes a block: all of it is in the indexes. */
void log_tail_delete(struct store_tx *tx, uint64_t first);

#endif
