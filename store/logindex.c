/* SPDX-License-Identifier: EUPL-1.2 */
/*
 * The log's indexes, by subject and by party. They are not written in the path of a request: a
 * random row each would cost a page each. The committer merges them in sorted runs when it has
 * time, and a search reads the index and then the short tail that is not in it yet. A run and its
 * watermark commit together.
 */
#include <stdlib.h>
#include <string.h>

#include "store/logrecord.h"
#include "store/tx.h"

#define KEYS_OF_ENTRY 3 /* subject, acting party, represented party */

static int compare_keys(const void *left, const void *right)
{
    const struct row_key *a = left;
    const struct row_key *b = right;
    size_t size = a->size < b->size ? a->size : b->size;
    int order = memcmp(a->bytes, b->bytes, size);
    return order != 0 ? order : (a->size > b->size) - (a->size < b->size);
}

static size_t keys_of(const struct log_record *record, struct row_key *keys)
{
    size_t count = 0;
    if (record->has_subject) {
        keys[count++] = layout_log_by_subject(record->subject, record->index);
    }
    if (record->actor.party.text[0] != '\0') {
        keys[count++] = layout_log_by_party(&record->actor.party, record->index);
    }
    if (record->actor.on_behalf_of.text[0] != '\0') {
        keys[count++] = layout_log_by_party(&record->actor.on_behalf_of, record->index);
    }
    return count;
}

int log_index_some(struct store_tx *tx, size_t budget)
{
    struct store_head *head = &tx->view.head;
    uint64_t to = head->log_size - head->indexed < budget ? head->log_size : head->indexed + budget;
    struct row_key *keys = arena_new(tx->view.arena, budget * KEYS_OF_ENTRY * sizeof(*keys));
    size_t count = 0;
    if (keys == NULL) {
        return -ENOMEM;
    }
    for (uint64_t index = head->indexed; index < to; index++) {
        struct log_row row;
        int result = log_read_row(&tx->view, index, &row);
        if (result != 0) {
            return result == STORE_NOT_FOUND ? VIEW_DAMAGED : result;
        }
        if (!row.destroyed) {
            count += keys_of(row.record, keys + count);
        }
    }
    qsort(keys, count, sizeof(*keys), compare_keys);
    for (size_t i = 0; i < count; i++) {
        kv_put(tx->view.kv, KV_LOG_INDEX, row_key_bytes(&keys[i]), (struct kv_bytes){"", 0});
    }
    head->indexed = to;
    return kv_fault(tx->view.kv);
}
