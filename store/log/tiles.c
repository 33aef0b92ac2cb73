/* SPDX-License-Identifier: EUPL-1.2 */
/* Tiles of the log's tree. Of the nodes only the roots of 256^n leaves are stored, which are just
 * those that tiles are made of: a tile is rows that lie next to each other. */
#include <string.h>

#include "store/snapshot.h"

#define TILE_HEIGHT 8 /* levels of the tree between two levels of tiles */
#define LEVELS 8      /* of tiles that a tree of less than 2^64 leaves can have */

static_assert(STORE_TILE_WIDTH == 1 << TILE_HEIGHT, "a tile is a whole subtree");

/* Whether the tree has the first `width` hashes of a tile. */
static bool is_there(const struct store_view *view, unsigned level, uint64_t number, unsigned width)
{
    if (level >= LEVELS || width == 0 || width > STORE_TILE_WIDTH) {
        return false;
    }
    uint64_t hashes = view->head.log_size >> (level * TILE_HEIGHT);
    return number <= hashes / STORE_TILE_WIDTH && number * STORE_TILE_WIDTH + width <= hashes;
}

struct tile_rows {
    struct kv_range *range;
    bool of_nodes; /* else of the log */
    unsigned level;
    uint64_t next; /* the index of the row that must come next */
};

static void close_rows(struct tile_rows *rows)
{
    kv_range_close(rows->range);
}

static struct row_key key_of(const struct tile_rows *rows, uint64_t index)
{
    return rows->of_nodes ? layout_node(rows->level, index) : layout_log(index);
}

static int open_rows(struct store_view *view, unsigned level, uint64_t number, unsigned width,
                     struct tile_rows *rows)
{
    uint64_t first = number * STORE_TILE_WIDTH;
    *rows = (struct tile_rows){.of_nodes = level > 0, .level = level * TILE_HEIGHT, .next = first};
    struct row_key from = key_of(rows, first);
    struct row_key to = key_of(rows, first + width);
    return kv_range_open(view->kv, rows->of_nodes ? KV_NODE : KV_LOG, row_key_bytes(&from),
                         row_key_bytes(&to), KV_UP, &rows->range);
}

/* The next row, which begins with a hash or a commitment; a gap is damage. */
static int next_row(struct tile_rows *rows, const uint8_t **ret_bytes)
{
    static_assert(COMMITMENT_BYTES == MERKLE_HASH_BYTES, "both begin with as many bytes");
    struct kv_bytes key;
    struct kv_bytes value;
    int result = kv_range_next(rows->range, &key, &value);
    if (result != 0) {
        return result == KV_END ? VIEW_DAMAGED : result;
    }
    struct row_key expected = key_of(rows, rows->next++);
    if (key.size != expected.size || memcmp(key.data, expected.bytes, key.size) != 0 ||
        value.size < MERKLE_HASH_BYTES || (rows->of_nodes && value.size != MERKLE_HASH_BYTES)) {
        return VIEW_DAMAGED;
    }
    *ret_bytes = value.data;
    return 0;
}

int store_read_tile(struct store_snapshot *snapshot, unsigned level, uint64_t number,
                    unsigned width, struct merkle_hash *ret_hashes)
{
    if (!is_there(&snapshot->view, level, number, width)) {
        return STORE_NOT_FOUND;
    }
    CLEANUP(close_rows) struct tile_rows rows = {0};
    int result = open_rows(&snapshot->view, level, number, width, &rows);
    for (unsigned i = 0; i < width && result == 0; i++) {
        const uint8_t *bytes = NULL;
        result = next_row(&rows, &bytes);
        if (result == 0 && rows.of_nodes) {
            memcpy(ret_hashes[i].bytes, bytes, MERKLE_HASH_BYTES);
        } else if (result == 0) {
            merkle_leaf(bytes, COMMITMENT_BYTES, &ret_hashes[i]);
        }
    }
    return result;
}

int store_read_entry_bundle(struct store_snapshot *snapshot, uint64_t number, unsigned width,
                            uint8_t (*ret_entries)[COMMITMENT_BYTES])
{
    if (!is_there(&snapshot->view, 0, number, width)) {
        return STORE_NOT_FOUND;
    }
    CLEANUP(close_rows) struct tile_rows rows = {0};
    int result = open_rows(&snapshot->view, 0, number, width, &rows);
    for (unsigned i = 0; i < width && result == 0; i++) {
        const uint8_t *bytes = NULL;
        result = next_row(&rows, &bytes);
        if (result == 0) {
            memcpy(ret_entries[i], bytes, COMMITMENT_BYTES);
        }
    }
    return result;
}
