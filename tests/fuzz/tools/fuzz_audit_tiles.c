/* SPDX-License-Identifier: EUPL-1.2 */
/*
 * A log of a few thousand leaves, whose tiles were spoilt as the input says: sizes of both trees,
 * then for each fetch what is changed in it. Only an honest answer may prove anything.
 */
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "tools/audit/tiles.h"

#define LEAVES 2100
#define LEVELS 2

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct merkle_hash tiles[LEVELS][LEAVES];
static bool is_made;

static void keep(void *context, unsigned level, uint64_t index, const struct merkle_hash *hash)
{
    (void)context;
    if (level % 8 == 0 && level / 8 < LEVELS) {
        tiles[level / 8][index] = *hash;
    }
}

/* The frontier of the first so many leaves; made once, as every input is of the same log. */
static void head_of(uint64_t size, struct checkpoint *ret_head)
{
    struct merkle_frontier frontier;
    merkle_frontier_init(&frontier);
    for (uint64_t i = 0; i < (is_made ? size : LEAVES); i++) {
        struct merkle_hash leaf;
        merkle_leaf(&i, sizeof(i), &leaf);
        merkle_frontier_append(&frontier, &leaf, is_made ? NULL : keep, NULL);
    }
    is_made = true;
    *ret_head = (struct checkpoint){.size = size};
    merkle_frontier_root(&frontier, &ret_head->root);
}

struct input {
    const uint8_t *at;
    size_t left;
    bool is_spoilt;
    bool has_failed;
};

static uint8_t next(struct input *input)
{
    if (input->left == 0) {
        return 0;
    }
    input->left--;
    return *input->at++;
}

static uint64_t next_size(struct input *input)
{
    uint64_t high = next(input);
    return (high << 8 | next(input)) % (LEAVES + 1);
}

static int fetch(void *context, const char *path, size_t count, struct merkle_hash *ret_hashes)
{
    struct input *input = context;
    char *end = NULL;
    unsigned long level = strtoul(path + strlen("tile/"), &end, 10);
    unsigned long number = strtoul(end + 1, NULL, 10);
    if (level >= LEVELS || number * AUDIT_TILE_HASHES + count > LEAVES) {
        abort();
    }
    memcpy(ret_hashes, &tiles[level][number * AUDIT_TILE_HASHES], count * sizeof(*ret_hashes));
    uint8_t what = next(input);
    if (what == 0xff) {
        input->has_failed = true;
        return -EIO;
    }
    if (what != 0) {
        size_t hash = next(input) % count;
        ret_hashes[hash].bytes[what % MERKLE_HASH_BYTES] ^= what;
        input->is_spoilt = true;
    }
    return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct input input = {.at = data, .left = size};
    struct checkpoint old;
    struct checkpoint head;
    if (!is_made) {
        head_of(LEAVES, &head);
    }
    head_of(next_size(&input), &old);
    head_of(next_size(&input), &head);
    bool is_fork = (next(&input) & 1) != 0;
    old.root.bytes[0] ^= is_fork;
    int result = audit_tiles_compare(&old, &head, fetch, &input);
    int expected = old.size > head.size ? AUDIT_TILES_SHRUNK
                   : input.has_failed   ? -EIO
                   : input.is_spoilt    ? AUDIT_TILES_WRONG
                   : is_fork            ? AUDIT_TILES_FORK
                                        : AUDIT_TILES_HOLD;
    /* What was spoilt before another tile failed to come may be found out first. */
    if (result != expected &&
        !(input.has_failed && input.is_spoilt && result == AUDIT_TILES_WRONG)) {
        abort();
    }
    return 0;
}
