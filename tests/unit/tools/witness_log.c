/* SPDX-License-Identifier: EUPL-1.2 */
#include "witness_log.h"

#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#include "crypto/cosignature.h"
#include "crypto/secret.h"

int witness_log_set_up(void **state)
{
    static struct witness_log_world world;
    uint8_t seed[CHECKPOINT_SEED_BYTES] = {1};
    assert_int_equal(secret_init(), 0);
    assert_int_equal(checkpoint_signer_init(&world.log, ORIGIN, seed), 0);
    seed[0] = 2;
    assert_int_equal(checkpoint_signer_init(&world.other_key, ORIGIN, seed), 0);
    seed[0] = 3;
    assert_int_equal(cosignature_signer_init(&world.witness, "w.example/w", seed), 0);
    world.forked_at = LEAVES;
    *state = &world;
    return 0;
}

static int read_node(void *context, unsigned level, uint64_t index, struct merkle_hash *ret_hash)
{
    const struct witness_log_world *world = context;
    struct merkle_frontier frontier;
    merkle_frontier_init(&frontier);
    for (uint64_t i = index << level; i < (index + 1) << level; i++) {
        const uint64_t entry[] = {i, i >= world->forked_at};
        struct merkle_hash leaf;
        merkle_leaf(entry, sizeof(entry), &leaf);
        merkle_frontier_append(&frontier, &leaf, NULL, NULL);
    }
    merkle_frontier_root(&frontier, ret_hash);
    return 0;
}

struct merkle_hash witness_log_root(const struct witness_log_world *world, uint64_t size)
{
    struct merkle_frontier frontier;
    struct merkle_hash root;
    merkle_frontier_init(&frontier);
    for (uint64_t i = 0; i < size; i++) {
        read_node((void *)world, 0, i, &root);
        merkle_frontier_append(&frontier, &root, NULL, NULL);
    }
    merkle_frontier_root(&frontier, &root);
    return root;
}

struct merkle_proof witness_log_proof(const struct witness_log_world *world, uint64_t old_size,
                                      uint64_t size)
{
    struct merkle_proof proof = {.count = 0};
    if (old_size > 0 && old_size < size) {
        assert_int_equal(merkle_prove_consistency(old_size, size, read_node, (void *)world, &proof),
                         0);
    }
    return proof;
}

const char *witness_log_head(const struct witness_log_world *world, uint64_t size)
{
    static char note[CHECKPOINT_NOTE_MAXIMUM];
    const struct merkle_hash root = witness_log_root(world, size);
    checkpoint_sign(&world->log, size, &root, note);
    return note;
}

const char *witness_log_body(uint64_t old_size, const struct merkle_proof *proof, const char *note)
{
    static char body[BODY_SIZE];
    int size = snprintf(body, sizeof(body), "old %" PRIu64 "\n", old_size);
    for (size_t i = 0; i < proof->count; i++) {
        checkpoint_hash_format(&proof->hashes[i], body + size);
        size += CHECKPOINT_HASH_SIZE;
        body[size - 1] = '\n';
    }
    snprintf(body + size, sizeof(body) - (size_t)size, "\n%s", note);
    return body;
}

const char *witness_log_request(const struct witness_log_world *world, uint64_t old_size,
                                uint64_t size)
{
    const struct merkle_proof proof = witness_log_proof(world, old_size, size);
    return witness_log_body(old_size, &proof, witness_log_head(world, size));
}
