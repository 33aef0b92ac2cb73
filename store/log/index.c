/* SPDX-License-Identifier: EUPL-1.2 */
/*
 * The log's indexes: lists of entries (store/log/tags.h). They are not written in the path of a
 * request: a random row each would cost a page each. The committer merges them in sorted runs when
 * it has time, and a search reads the indexes and then the blocks of what is not in them yet. A run
 * and its watermark commit together.
 */
#include <stdlib.h>
#include <string.h>

#include "store/log/tail.h"
#include "store/tx.h"

#define ROWS_OF_ENTRY (LOG_LISTS_MAXIMUM + 1)

static int compare_keys(const void *left, const void *right)
{
    const struct row_key *a = left;
    const struct row_key *b = right;
    return memcmp(a->bytes, b->bytes, LAYOUT_INDEX_ROW_SIZE); /* all are of this size */
}

static void add_row(const struct log_tail_block *block, const struct log_list *list,
                    const uint8_t *kind, uint64_t index, struct row_key *row)
{
    struct row_key of_list = layout_index_list(block->month, list->bytes);
    struct row_key of_kind = layout_index_kind(&of_list, kind);
    *row = layout_index_row(&of_kind, index);
}

struct run {
    size_t count;
    struct row_key *rows;
    size_t block_count;
    uint64_t *blocks; /* the first entries of those that are wholly in it */
};

/* Adds the rows of the entries [from, to) of a block. */
static void add_block(const struct log_tail_block *block, uint64_t from, uint64_t to,
                      struct run *run)
{
    for (uint64_t index = from; index < to; index++) {
        struct log_tags tags;
        log_tail_entry(block, (size_t)(index - block->first), &tags);
        add_row(block, &block->all, tags.kind, index, &run->rows[run->count++]);
        for (size_t i = 0; i < tags.count; i++) {
            add_row(block, &tags.lists[i], tags.kind, index, &run->rows[run->count++]);
        }
    }
    if (block->first + block->count == to) {
        run->blocks[run->block_count++] = block->first;
    }
}

static int gather(struct store_tx *tx, uint64_t from, uint64_t to, struct run *run)
{
    struct log_tail_block block;
    run->rows = arena_new(tx->view.arena, (to - from) * ROWS_OF_ENTRY * sizeof(*run->rows));
    run->blocks = arena_new(tx->view.arena, (to - from) * sizeof(*run->blocks));
    if (run->rows == NULL || run->blocks == NULL) {
        return -ENOMEM;
    }
    for (uint64_t index = from; index < to;) {
        int result = log_tail_find(&tx->view, index, &block);
        if (result != 0) {
            return result == STORE_NOT_FOUND ? VIEW_DAMAGED : result;
        }
        uint64_t end = block.first + block.count;
        end = end < to ? end : to;
        add_block(&block, index, end, run);
        index = end;
    }
    return 0;
}

int log_index_some(struct store_tx *tx, size_t budget)
{
    struct store_head *head = &tx->view.head;
    uint64_t to = head->log_size - head->indexed < budget ? head->log_size : head->indexed + budget;
    struct run run = {0};
    log_tail_flush(tx);
    int result = gather(tx, head->indexed, to, &run);
    if (result != 0) {
        return result;
    }
    qsort(run.rows, run.count, sizeof(*run.rows), compare_keys);
    for (size_t i = 0; i < run.count; i++) {
        kv_put(tx->view.kv, KV_LOG_INDEX, row_key_bytes(&run.rows[i]), (struct kv_bytes){"", 0});
    }
    for (size_t i = 0; i < run.block_count; i++) {
        log_tail_delete(tx, run.blocks[i]);
    }
    head->indexed = to;
    return kv_fault(tx->view.kv);
}
