/* SPDX-License-Identifier: EUPL-1.2 */
/*
 * The Merkle tree of RFC 6962 section 2.1: leaf = SHA-256(00 || entry), node = SHA-256(01 || left
 * || right), empty tree = SHA-256("").
 *
 * A frontier is all that is needed to append: the roots of the complete subtrees, one per set bit
 * of the size. Proofs read complete subtrees through a callback, so that where they are kept, and
 * which of them, is the caller's affair.
 */
#ifndef CRYPTO_MERKLE_H
#define CRYPTO_MERKLE_H

#include <stdbool.h>

#include "crypto/basics.h"

#define MERKLE_HASH_BYTES 32
#define MERKLE_LEVELS 63
#define MERKLE_PROOF_MAXIMUM 126 /* hashes; a consistency proof of two trees of 2^63 leaves */

struct merkle_hash {
    uint8_t bytes[MERKLE_HASH_BYTES];
};

struct merkle_frontier {
    uint64_t size;                               /* leaves */
    struct merkle_hash nodes[MERKLE_LEVELS + 1]; /* nodes[l] holds when bit l of size is set */
};

struct merkle_proof {
    size_t count;
    struct merkle_hash hashes[MERKLE_PROOF_MAXIMUM];
};

void merkle_leaf(const void *entry, size_t size, struct merkle_hash *ret_hash);
void merkle_node(const struct merkle_hash *left, const struct merkle_hash *right,
                 struct merkle_hash *ret_hash);

/*
 * Told of every complete subtree that an append finishes, leaf (level 0) first: node (level, i)
 * covers the leaves i * 2^level up to (i + 1) * 2^level.
 */
typedef void merkle_sink(void *context, unsigned level, uint64_t index,
                         const struct merkle_hash *hash);

void merkle_frontier_init(struct merkle_frontier *frontier);
/* Appends a leaf hash; `sink` may be NULL. */
void merkle_frontier_append(struct merkle_frontier *frontier, const struct merkle_hash *leaf,
                            merkle_sink *sink, void *context);
void merkle_frontier_root(const struct merkle_frontier *frontier, struct merkle_hash *ret_root);

/*
 * Reads the root of a complete subtree. 0, or a negative fault that ends the proof and is passed
 * up by the prover.
 */
typedef int merkle_reader(void *context, unsigned level, uint64_t index,
                          struct merkle_hash *ret_hash);

#define MERKLE_OUT_OF_RANGE 1
/* PATH(index, D[size]), RFC 6962 section 2.1.1. MERKLE_OUT_OF_RANGE unless index < size. */
int merkle_prove_inclusion(uint64_t index, uint64_t size, merkle_reader *reader, void *context,
                           struct merkle_proof *ret_proof) MUST_CHECK;
/* PROOF(old, D[size]), section 2.1.2. MERKLE_OUT_OF_RANGE unless 0 < old <= size. */
int merkle_prove_consistency(uint64_t old_size, uint64_t size, merkle_reader *reader, void *context,
                             struct merkle_proof *ret_proof) MUST_CHECK;

/*
 * A root does not bind the size of its tree, so size and root must come from one checkpoint. Of an
 * empty old tree there is nothing to prove: `old_size` 0 is false.
 */
bool merkle_verify_inclusion(const struct merkle_hash *leaf, uint64_t index, uint64_t size,
                             const struct merkle_proof *proof, const struct merkle_hash *root);
bool merkle_verify_consistency(uint64_t old_size, const struct merkle_hash *old_root, uint64_t size,
                               const struct merkle_hash *root, const struct merkle_proof *proof);

/*
 * The left neighbours in the inclusion proof of leaf `index` are the frontier of the tree of
 * `index` leaves: who holds them can continue that tree without its leaves. The proof must have
 * been verified. MERKLE_OUT_OF_RANGE when it has not the right length.
 */
int merkle_frontier_from_proof(uint64_t index, uint64_t size, const struct merkle_proof *proof,
                               struct merkle_frontier *ret_frontier) MUST_CHECK;

#endif
