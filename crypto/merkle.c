/* SPDX-License-Identifier: EUPL-1.2 */
#include "crypto/merkle.h"

#include <string.h>

#include "crypto/sha256.h"

_Static_assert(MERKLE_HASH_BYTES == SHA256_BYTES, "hash size");

static const uint8_t leaf_prefix = 0;
static const uint8_t node_prefix = 1;

void merkle_leaf(const void *entry, size_t size, struct merkle_hash *ret_hash)
{
    const struct sha256_piece pieces[] = {{&leaf_prefix, 1}, {entry, size}};
    sha256_of(pieces, ARRAY_LENGTH(pieces), ret_hash->bytes);
}

void merkle_node(const struct merkle_hash *left, const struct merkle_hash *right,
                 struct merkle_hash *ret_hash)
{
    const struct sha256_piece pieces[] = {{&node_prefix, 1},
                                          {left->bytes, sizeof(left->bytes)},
                                          {right->bytes, sizeof(right->bytes)}};
    sha256_of(pieces, ARRAY_LENGTH(pieces), ret_hash->bytes);
}

static bool hash_equal(const struct merkle_hash *a, const struct merkle_hash *b)
{
    return memcmp(a->bytes, b->bytes, sizeof(a->bytes)) == 0; /* public values */
}

void merkle_frontier_init(struct merkle_frontier *frontier)
{
    memset(frontier, 0, sizeof(*frontier));
}

void merkle_frontier_append(struct merkle_frontier *frontier, const struct merkle_hash *leaf,
                            merkle_sink *sink, void *context)
{
    struct merkle_hash hash = *leaf;
    uint64_t index = frontier->size;
    unsigned level = 0;

    for (;; level++, index >>= 1) {
        if (sink != NULL) {
            sink(context, level, index, &hash);
        }
        if ((index & 1) == 0) {
            break;
        }
        merkle_node(&frontier->nodes[level], &hash, &hash);
    }
    frontier->nodes[level] = hash;
    frontier->size++;
}

void merkle_frontier_root(const struct merkle_frontier *frontier, struct merkle_hash *ret_root)
{
    if (frontier->size == 0) {
        sha256_of(NULL, 0, ret_root->bytes);
        return;
    }
    unsigned level = (unsigned)__builtin_ctzll(frontier->size);
    struct merkle_hash hash = frontier->nodes[level];
    for (level++; level <= MERKLE_LEVELS; level++) {
        if (frontier->size >> level & 1) {
            merkle_node(&frontier->nodes[level], &hash, &hash);
        }
    }
    *ret_root = hash;
}

/* Where a prover reads. */
struct source {
    merkle_reader *read;
    void *context;
};

/*
 * The root of the leaves begin..end-1, a subtree of RFC 6962: `begin` is a multiple of the power
 * of two that is not below the width. Only complete subtrees are read, from the right.
 */
static int subtree_root(const struct source *source, uint64_t begin, uint64_t end,
                        struct merkle_hash *ret_root)
{
    struct merkle_hash hash;
    bool first = true;

    while (end > begin) {
        unsigned level = (unsigned)__builtin_ctzll(end - begin);
        struct merkle_hash left;
        end -= UINT64_C(1) << level;
        int r = source->read(source->context, level, end >> level, &left);
        if (r != 0) {
            return r;
        }
        if (first) {
            hash = left;
            first = false;
        } else {
            merkle_node(&left, &hash, &hash);
        }
    }
    *ret_root = hash;
    return 0;
}

/* The largest power of two below `width`, which is at least 2. */
static uint64_t split_of(uint64_t width)
{
    return UINT64_C(1) << (63 - __builtin_clzll(width - 1));
}

/* Proofs are gathered from the top of the tree, and written from the bottom. */
static void reverse(struct merkle_proof *proof)
{
    for (size_t i = 0; i < proof->count / 2; i++) {
        struct merkle_hash other = proof->hashes[proof->count - 1 - i];
        proof->hashes[proof->count - 1 - i] = proof->hashes[i];
        proof->hashes[i] = other;
    }
}

static int add_subtree(struct merkle_proof *proof, const struct source *source, uint64_t begin,
                       uint64_t end)
{
    int r = subtree_root(source, begin, end, &proof->hashes[proof->count]);
    proof->count += r == 0;
    return r;
}

int merkle_prove_inclusion(uint64_t index, uint64_t size, merkle_reader *reader, void *context,
                           struct merkle_proof *ret_proof)
{
    if (index >= size) {
        return MERKLE_OUT_OF_RANGE;
    }
    const struct source source = {reader, context};
    struct merkle_proof proof = {.count = 0};
    uint64_t begin = 0;
    uint64_t end = size;
    while (end - begin > 1) {
        uint64_t middle = begin + split_of(end - begin);
        int r;
        if (index < middle) {
            r = add_subtree(&proof, &source, middle, end);
            end = middle;
        } else {
            r = add_subtree(&proof, &source, begin, middle);
            begin = middle;
        }
        if (r != 0) {
            return r;
        }
    }
    reverse(&proof);
    *ret_proof = proof;
    return 0;
}

int merkle_prove_consistency(uint64_t old_size, uint64_t size, merkle_reader *reader, void *context,
                             struct merkle_proof *ret_proof)
{
    if (old_size == 0 || old_size > size) {
        return MERKLE_OUT_OF_RANGE;
    }
    const struct source source = {reader, context};
    struct merkle_proof proof = {.count = 0};
    uint64_t begin = 0;
    uint64_t end = size;
    while (end != old_size) {
        uint64_t middle = begin + split_of(end - begin);
        int r;
        if (old_size <= middle) {
            r = add_subtree(&proof, &source, middle, end);
            end = middle;
        } else {
            r = add_subtree(&proof, &source, begin, middle);
            begin = middle;
        }
        if (r != 0) {
            return r;
        }
    }
    /* A verifier has the old root; a part of the old tree, to the right, it must be given. */
    if (begin > 0) {
        int r = add_subtree(&proof, &source, begin, end);
        if (r != 0) {
            return r;
        }
    }
    reverse(&proof);
    *ret_proof = proof;
    return 0;
}

/* Both verifiers walk from a leaf or subtree up to the root, as RFC 9162 section 2.1.3.2. */
struct walk {
    uint64_t node; /* index of the node we are at, in its level */
    uint64_t last; /* index of the last node of that level */
};

/* Is the next hash of the proof a left neighbour? */
static bool walk_is_right(const struct walk *walk)
{
    return (walk->node & 1) != 0 || walk->node == walk->last;
}

/* Up to the parent; from the right edge of the tree up to the first node with a left neighbour. */
static void walk_up(struct walk *walk)
{
    if (walk_is_right(walk)) {
        while ((walk->node & 1) == 0 && walk->node != 0) {
            walk->node >>= 1;
            walk->last >>= 1;
        }
    }
    walk->node >>= 1;
    walk->last >>= 1;
}

bool merkle_verify_inclusion(const struct merkle_hash *leaf, uint64_t index, uint64_t size,
                             const struct merkle_proof *proof, const struct merkle_hash *root)
{
    if (index >= size || proof->count > MERKLE_PROOF_MAXIMUM) {
        return false;
    }
    struct walk walk = {.node = index, .last = size - 1};
    struct merkle_hash hash = *leaf;
    for (size_t i = 0; i < proof->count; i++) {
        if (walk.last == 0) {
            return false;
        }
        if (walk_is_right(&walk)) {
            merkle_node(&proof->hashes[i], &hash, &hash);
        } else {
            merkle_node(&hash, &proof->hashes[i], &hash);
        }
        walk_up(&walk);
    }
    return walk.last == 0 && hash_equal(&hash, root);
}

bool merkle_verify_consistency(uint64_t old_size, const struct merkle_hash *old_root, uint64_t size,
                               const struct merkle_hash *root, const struct merkle_proof *proof)
{
    if (old_size == 0 || old_size > size || proof->count > MERKLE_PROOF_MAXIMUM) {
        return false;
    }
    if (old_size == size) {
        return proof->count == 0 && hash_equal(old_root, root);
    }
    /* Start at the largest complete subtree that ends the old tree. */
    unsigned level = (unsigned)__builtin_ctzll(old_size);
    struct walk walk = {.node = (old_size - 1) >> level, .last = (size - 1) >> level};
    size_t next = 0;
    struct merkle_hash old_hash = *old_root;
    if (walk.node != 0) { /* else the old tree is that subtree, and its root is known */
        if (proof->count == 0) {
            return false;
        }
        old_hash = proof->hashes[next++];
    }
    struct merkle_hash hash = old_hash;
    for (; next < proof->count; next++) {
        const struct merkle_hash *sibling = &proof->hashes[next];
        if (walk.last == 0) {
            return false;
        }
        if (walk_is_right(&walk)) {
            merkle_node(sibling, &old_hash, &old_hash);
            merkle_node(sibling, &hash, &hash);
        } else {
            merkle_node(&hash, sibling, &hash);
        }
        walk_up(&walk);
    }
    return walk.last == 0 && hash_equal(&old_hash, old_root) && hash_equal(&hash, root);
}

int merkle_frontier_from_proof(uint64_t index, uint64_t size, const struct merkle_proof *proof,
                               struct merkle_frontier *ret_frontier)
{
    if (index >= size || proof->count > MERKLE_PROOF_MAXIMUM) {
        return MERKLE_OUT_OF_RANGE;
    }
    struct merkle_frontier frontier;
    merkle_frontier_init(&frontier);
    frontier.size = index;

    uint64_t node = index;
    uint64_t last = size - 1;
    size_t used = 0;
    for (unsigned level = 0; last != 0; level++, node >>= 1, last >>= 1) {
        bool left_neighbour = (node & 1) != 0;
        if (!left_neighbour && node == last) {
            continue; /* alone at the right edge: no hash of this level is in the proof */
        }
        if (used == proof->count) {
            return MERKLE_OUT_OF_RANGE;
        }
        if (left_neighbour) {
            frontier.nodes[level] = proof->hashes[used];
        }
        used++;
    }
    if (used != proof->count) {
        return MERKLE_OUT_OF_RANGE;
    }
    *ret_frontier = frontier;
    return 0;
}
