/* SPDX-License-Identifier: EUPL-1.2 */
/*
 * The tiles at the right edge of the tree hold the roots of exactly those complete subtrees of
 * which the head's root is made: when it is, every hash in them is good. A full tile is good when
 * its own root is the hash that a good tile of the level above has in its place.
 */
#include "tools/audit/tiles.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TILE_HEIGHT 8
/* Two in each of the eight levels that 2^63 leaves can have: one at the right edge, one around the
 * end of the old tree. */
#define TILES_MAXIMUM 16

struct tile {
    unsigned level;
    uint64_t number;
    unsigned width;
    struct merkle_hash hashes[AUDIT_TILE_HASHES];
};

struct tiles {
    const struct checkpoint *head;
    audit_tile_fetcher *fetch;
    void *context;
    bool are_wrong;
    size_t count;
    struct tile *kept[TILES_MAXIMUM];
};

static void tiles_finish(struct tiles *tiles)
{
    for (size_t i = 0; i < tiles->count; i++) {
        free(tiles->kept[i]);
    }
}

static void tile_freep(struct tile **tile)
{
    free(*tile);
}

void audit_tile_path(unsigned level, uint64_t number, unsigned width,
                     char out[static AUDIT_TILE_PATH_SIZE])
{
    unsigned groups[8]; /* 3 * 8 digits: more than 2^63 has */
    size_t count = 0;
    do {
        groups[count++] = (unsigned)(number % 1000);
        number /= 1000;
    } while (number > 0);
    size_t length = (size_t)snprintf(out, AUDIT_TILE_PATH_SIZE, "tile/%u", level);
    while (count-- > 0) {
        length += (size_t)snprintf(out + length, AUDIT_TILE_PATH_SIZE - length, "/%s%03u",
                                   count > 0 ? "x" : "", groups[count]);
    }
    if (width < AUDIT_TILE_HASHES) {
        snprintf(out + length, AUDIT_TILE_PATH_SIZE - length, ".p/%u", width);
    }
}

/* The root of 2^height hashes. */
static void subtree(const struct merkle_hash *hashes, unsigned height, struct merkle_hash *ret_root)
{
    struct merkle_frontier frontier;
    merkle_frontier_init(&frontier);
    for (size_t i = 0; i < (size_t)1 << height; i++) {
        merkle_frontier_append(&frontier, &hashes[i], NULL, NULL);
    }
    merkle_frontier_root(&frontier, ret_root);
}

/* Nothing is told of whether its hashes are good. */
static int fetch_tile(const struct tiles *tiles, unsigned level, uint64_t number,
                      struct tile **ret_tile)
{
    CLEANUP(tile_freep) struct tile *tile = malloc(sizeof(*tile));
    char path[AUDIT_TILE_PATH_SIZE];
    if (tile == NULL) {
        return -ENOMEM;
    }
    uint64_t hashes = (tiles->head->size >> level * TILE_HEIGHT) - number * AUDIT_TILE_HASHES;
    tile->level = level;
    tile->number = number;
    tile->width = hashes < AUDIT_TILE_HASHES ? (unsigned)hashes : AUDIT_TILE_HASHES;
    audit_tile_path(level, number, tile->width, path);
    int result = tiles->fetch(tiles->context, path, tile->width, tile->hashes);
    if (result == 0) {
        *ret_tile = TAKE_PTR(tile);
    }
    return result;
}

static int read_node(void *context, unsigned level, uint64_t index, struct merkle_hash *ret_hash);

static int load_tile(struct tiles *tiles, unsigned level, uint64_t number,
                     const struct tile **ret_tile)
{
    for (size_t i = 0; i < tiles->count; i++) {
        if (tiles->kept[i]->level == level && tiles->kept[i]->number == number) {
            *ret_tile = tiles->kept[i];
            return 0;
        }
    }
    CLEANUP(tile_freep) struct tile *tile = NULL;
    int result = fetch_tile(tiles, level, number, &tile);
    if (result == 0 && tile->width == AUDIT_TILE_HASHES) {
        struct merkle_hash root;
        struct merkle_hash expected;
        subtree(tile->hashes, TILE_HEIGHT, &root);
        result = read_node(tiles, (level + 1) * TILE_HEIGHT, number, &expected);
        if (result == 0 && memcmp(&root, &expected, sizeof(root)) != 0) {
            tiles->are_wrong = true;
            return -EBADMSG;
        }
    }
    if (result == 0 && tiles->count == TILES_MAXIMUM) {
        abort(); /* the tree has no more that anybody could need */
    }
    if (result == 0) {
        *ret_tile = tile;
        tiles->kept[tiles->count++] = TAKE_PTR(tile);
    }
    return result;
}

/* As merkle_reader, of the head's tree. */
static int read_node(void *context, unsigned level, uint64_t index, struct merkle_hash *ret_hash)
{
    struct tiles *tiles = context;
    const struct tile *tile = NULL;
    unsigned height = level % TILE_HEIGHT;
    uint64_t first = index << height;
    int result = load_tile(tiles, level / TILE_HEIGHT, first / AUDIT_TILE_HASHES, &tile);
    if (result == 0) {
        subtree(&tile->hashes[first % AUDIT_TILE_HASHES], height, ret_hash);
    }
    return result;
}

/* Loads the right edge, and finds out whether it is that of the head. */
static int check_edge(struct tiles *tiles)
{
    struct merkle_frontier frontier;
    struct merkle_hash root;
    merkle_frontier_init(&frontier);
    frontier.size = tiles->head->size;
    for (unsigned level = 0; level <= MERKLE_LEVELS; level++) {
        uint64_t subtrees = frontier.size >> level;
        if ((subtrees & 1) != 0) {
            int result = read_node(tiles, level, subtrees - 1, &frontier.nodes[level]);
            if (result != 0) {
                return result;
            }
        }
    }
    merkle_frontier_root(&frontier, &root);
    tiles->are_wrong = memcmp(&root, &tiles->head->root, sizeof(root)) != 0;
    return tiles->are_wrong ? -EBADMSG : 0;
}

int audit_tiles_compare(const struct checkpoint *old, const struct checkpoint *head,
                        audit_tile_fetcher *fetch, void *context)
{
    CLEANUP(tiles_finish)
    struct tiles tiles = {.head = head, .fetch = fetch, .context = context};
    struct merkle_proof proof;
    if (old->size > head->size) {
        return AUDIT_TILES_SHRUNK;
    }
    if (old->size == head->size) {
        return memcmp(&old->root, &head->root, sizeof(old->root)) == 0 ? AUDIT_TILES_HOLD
                                                                       : AUDIT_TILES_FORK;
    }
    if (old->size == 0) {
        struct merkle_frontier empty;
        struct merkle_hash root;
        merkle_frontier_init(&empty);
        merkle_frontier_root(&empty, &root);
        return memcmp(&old->root, &root, sizeof(root)) == 0 ? AUDIT_TILES_HOLD : AUDIT_TILES_FORK;
    }
    int result = check_edge(&tiles);
    result = result != 0
                 ? result
                 : merkle_prove_consistency(old->size, head->size, read_node, &tiles, &proof);
    if (tiles.are_wrong) {
        return AUDIT_TILES_WRONG;
    }
    if (result != 0) {
        return result;
    }
    return merkle_verify_consistency(old->size, &old->root, head->size, &head->root, &proof)
               ? AUDIT_TILES_HOLD
               : AUDIT_TILES_FORK;
}
