/* SPDX-License-Identifier: EUPL-1.2 */
#include "store/log/tail.h"

#include <string.h>

#define HEADER_BYTES (4 + LAYOUT_LIST_BYTES)
#define ENTRY_BYTES (1 + LAYOUT_KIND_BYTES)

static_assert(LOG_TAIL_BLOCK_BYTES >=
                  HEADER_BYTES + ENTRY_BYTES + LOG_LISTS_MAXIMUM * LAYOUT_LIST_BYTES,
              "any entry fits in a block");

static void begin_block(struct store_tx *tx, uint64_t index)
{
    struct log_tail *tail = &tx->memory->tail;
    struct log_list all = log_list_all(tx->memory->tags_key);
    log_tail_flush(tx);
    tail->first = index;
    tail->count = 0;
    put_be32(tail->bytes, tx->memory->month);
    memcpy(tail->bytes + 4, all.bytes, sizeof(all.bytes));
    tail->size = HEADER_BYTES;
}

void log_tail_add(struct store_tx *tx, uint64_t index, const struct log_tags *tags)
{
    struct log_tail *tail = &tx->memory->tail;
    size_t size = ENTRY_BYTES + tags->count * sizeof(tags->lists[0]);
    if (tail->size == 0 || tail->first + tail->count != index ||
        get_be32(tail->bytes) != tx->memory->month || tail->size + size > sizeof(tail->bytes)) {
        begin_block(tx, index);
    }
    uint8_t *at = tail->bytes + tail->size;
    at[0] = (uint8_t)tags->count;
    memcpy(at + 1, tags->kind, sizeof(tags->kind));
    memcpy(at + ENTRY_BYTES, tags->lists, tags->count * sizeof(tags->lists[0]));
    tail->size += size;
    tail->count++;
    tail->unwritten = true;
}

void log_tail_flush(struct store_tx *tx)
{
    struct log_tail *tail = &tx->memory->tail;
    if (tail->unwritten) {
        struct row_key key = layout_log_tail(tail->first);
        kv_put(tx->view.kv, KV_META, row_key_bytes(&key),
               (struct kv_bytes){tail->bytes, tail->size});
        tail->unwritten = false;
    }
}

static int parse_block(struct kv_bytes key, struct kv_bytes value, struct log_tail_block *block)
{
    const uint8_t *at = value.data;
    size_t left = value.size;
    if (left < HEADER_BYTES || left > LOG_TAIL_BLOCK_BYTES) {
        return VIEW_DAMAGED;
    }
    block->first = get_be64((const uint8_t *)key.data + key.size - 8);
    block->month = get_be32(at);
    block->count = 0;
    memcpy(block->all.bytes, at + 4, sizeof(block->all.bytes));
    at += HEADER_BYTES;
    left -= HEADER_BYTES;
    while (left > 0) {
        size_t size = ENTRY_BYTES + (size_t)at[0] * LAYOUT_LIST_BYTES;
        if (at[0] > LOG_LISTS_MAXIMUM || size > left) {
            return VIEW_DAMAGED;
        }
        block->entries[block->count++] = at;
        at += size;
        left -= size;
    }
    return 0;
}

int log_tail_find(struct store_view *view, uint64_t index, struct log_tail_block *ret_block)
{
    struct row_key from = layout_log_tail(0);
    struct row_key to = layout_log_tail(index + 1);
    CLEANUP(kv_range_closep) struct kv_range *range = NULL;
    struct kv_bytes key;
    struct kv_bytes value;
    int result =
        kv_range_open(view->kv, KV_META, row_key_bytes(&from), row_key_bytes(&to), KV_DOWN, &range);
    if (result == 0) {
        result = kv_range_next(range, &key, &value);
    }
    if (result == 0) {
        result = key.size == from.size ? parse_block(key, value, ret_block) : VIEW_DAMAGED;
    }
    if (result == 0 && index - ret_block->first >= ret_block->count) {
        return STORE_NOT_FOUND;
    }
    return result == KV_END ? STORE_NOT_FOUND : result;
}

void log_tail_entry(const struct log_tail_block *block, size_t i, struct log_tags *ret_tags)
{
    const uint8_t *at = block->entries[i];
    ret_tags->count = at[0];
    memcpy(ret_tags->kind, at + 1, sizeof(ret_tags->kind));
    memcpy(ret_tags->lists, at + ENTRY_BYTES, ret_tags->count * sizeof(ret_tags->lists[0]));
}

void log_tail_delete(struct store_tx *tx, uint64_t first)
{
    struct row_key key = layout_log_tail(first);
    kv_delete(tx->view.kv, KV_META, row_key_bytes(&key));
    if (tx->memory->tail.first == first) {
        tx->memory->tail.size = 0;
        tx->memory->tail.unwritten = false;
    }
}
