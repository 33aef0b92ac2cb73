/* SPDX-License-Identifier: EUPL-1.2 */
/*
 * The published tree; and, for every tree of up to SIZE_LIMIT leaves, every proof, compared with
 * the recursive definitions of RFC 6962 section 2.1, which are written out here as they stand.
 */
#include "support.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "crypto/merkle.h"

#define SIZE_LIMIT 130
#define EVERY_BIT_LIMIT 12 /* trees of which every bit of every proof is tried */
#define LEVELS 9
#define SHAPE_MAXIMUM 192

static struct merkle_hash leaves[SIZE_LIMIT];
static struct merkle_hash nodes[LEVELS][SIZE_LIMIT]; /* as the sink was told */
static struct merkle_hash roots[SIZE_LIMIT + 1];     /* by the frontier */
static struct merkle_frontier frontiers[SIZE_LIMIT + 1];

static bool same(const struct merkle_hash *a, const struct merkle_hash *b)
{
    return memcmp(a->bytes, b->bytes, sizeof(a->bytes)) == 0;
}

static void keep_node(void *context, unsigned level, uint64_t index, const struct merkle_hash *hash)
{
    (void)context;
    assert_true(level < LEVELS && index < SIZE_LIMIT);
    nodes[level][index] = *hash;
}

/* `context` is the number of leaves of the tree: nothing beyond it may be read. */
static int read_node(void *context, unsigned level, uint64_t index, struct merkle_hash *ret_hash)
{
    uint64_t size = *(const uint64_t *)context;
    assert_true(level < LEVELS);
    assert_true((index + 1) << level <= size);
    *ret_hash = nodes[level][index];
    return 0;
}

static int build(void **state)
{
    struct merkle_frontier frontier;
    merkle_frontier_init(&frontier);
    for (uint64_t i = 0; i < SIZE_LIMIT; i++) {
        uint8_t entry[8];
        put_be64(entry, i);
        merkle_leaf(entry, sizeof(entry), &leaves[i]);
        frontiers[i] = frontier;
        merkle_frontier_root(&frontier, &roots[i]);
        merkle_frontier_append(&frontier, &leaves[i], keep_node, NULL);
    }
    frontiers[SIZE_LIMIT] = frontier;
    merkle_frontier_root(&frontier, &roots[SIZE_LIMIT]);
    return support_init(state);
}

/* Section 2.1: the largest power of two smaller than n. */
static uint64_t split(uint64_t n)
{
    uint64_t k = 1;
    while (k < n - k) { /* 2 * k < n, which must not overflow */
        k *= 2;
    }
    return k;
}

/* Section 2.1: MTH(D[begin:end]), end > begin. */
static struct merkle_hash tree_hash(uint64_t begin, uint64_t end)
{
    if (end - begin == 1) {
        return leaves[begin];
    }
    uint64_t k = split(end - begin);
    struct merkle_hash left = tree_hash(begin, begin + k);
    struct merkle_hash right = tree_hash(begin + k, end);
    struct merkle_hash hash;
    merkle_node(&left, &right, &hash);
    return hash;
}

static void add(struct merkle_proof *proof, struct merkle_hash hash)
{
    proof->hashes[proof->count++] = hash;
}

/* Section 2.1.1: PATH(m, D[begin:end]). */
static void path(uint64_t m, uint64_t begin, uint64_t end, struct merkle_proof *proof)
{
    if (end - begin == 1) {
        return;
    }
    uint64_t k = split(end - begin);
    if (m < k) {
        path(m, begin, begin + k, proof);
        add(proof, tree_hash(begin + k, end));
    } else {
        path(m - k, begin + k, end, proof);
        add(proof, tree_hash(begin, begin + k));
    }
}

/* Section 2.1.2: SUBPROOF(m, D[begin:end], b). */
static void subproof(uint64_t m, uint64_t begin, uint64_t end, bool b, struct merkle_proof *proof)
{
    if (m == end - begin) {
        if (!b) {
            add(proof, tree_hash(begin, end));
        }
        return;
    }
    uint64_t k = split(end - begin);
    if (m <= k) {
        subproof(m, begin, begin + k, b, proof);
        add(proof, tree_hash(begin + k, end));
    } else {
        subproof(m - k, begin + k, end, false, proof);
        add(proof, tree_hash(begin, begin + k));
    }
}

/*
 * On which side each hash of a proof stands, bottom first. A proof of one place holds for another
 * exactly when these are the same: the size is not in the root, so this much must be so.
 */
static size_t path_shape(uint64_t m, uint64_t n, char *shape)
{
    if (n <= 1) {
        return 0;
    }
    uint64_t k = split(n);
    size_t length = m < k ? path_shape(m, k, shape) : path_shape(m - k, n - k, shape);
    assert_true(length + 1 < SHAPE_MAXIMUM);
    shape[length] = m < k ? 'r' : 'l';
    shape[length + 1] = '\0';
    return length + 1;
}

/* The same of a consistency proof; 's' stands for a subtree that the proof begins with. */
static size_t subproof_shape(uint64_t m, uint64_t n, bool b, char *shape)
{
    if (m == n) {
        strcpy(shape, b ? "" : "s");
        return strlen(shape);
    }
    uint64_t k = split(n);
    size_t length =
        m <= k ? subproof_shape(m, k, b, shape) : subproof_shape(m - k, n - k, false, shape);
    assert_true(length + 1 < SHAPE_MAXIMUM);
    shape[length] = m <= k ? 'r' : 'l';
    shape[length + 1] = '\0';
    return length + 1;
}

static void assert_same_proof(const struct merkle_proof *a, const struct merkle_proof *b)
{
    assert_int_equal(a->count, b->count);
    for (size_t i = 0; i < a->count; i++) {
        assert_true(same(&a->hashes[i], &b->hashes[i]));
    }
}

static void test_published_tree(void **state)
{
    (void)state;
    json_t *vectors = support_load_vectors("tlog.json");
    const json_t *entries = json_object_get(vectors, "leaves");
    struct merkle_frontier frontier;
    struct merkle_hash hash;
    assert_int_equal(json_array_size(entries), 8);

    merkle_frontier_init(&frontier);
    merkle_frontier_root(&frontier, &hash);
    support_assert_hex(hash.bytes, sizeof(hash.bytes), support_string(vectors, "empty_root"));
    for (size_t i = 0; i < json_array_size(entries); i++) {
        const char *hex = json_string_value(json_array_get(entries, i));
        const char size_text[2] = {(char)('1' + i), '\0'};
        uint8_t entry[16];
        size_t size = strlen(hex) / 2;
        support_from_hex(hex, entry, size);
        merkle_leaf(entry, size, &hash);
        merkle_frontier_append(&frontier, &hash, NULL, NULL);
        merkle_frontier_root(&frontier, &hash);
        support_assert_hex(hash.bytes, sizeof(hash.bytes),
                           support_string(json_object_get(vectors, "roots"), size_text));
    }
    json_decref(vectors);
}

/* The nodes of the published tree, in a table of their own. */
struct published {
    struct merkle_hash nodes[4][8];
    struct merkle_hash roots[9];
};

static void keep_published(void *context, unsigned level, uint64_t index,
                           const struct merkle_hash *hash)
{
    struct published *published = context;
    published->nodes[level][index] = *hash;
}

static int read_published(void *context, unsigned level, uint64_t index,
                          struct merkle_hash *ret_hash)
{
    const struct published *published = context;
    *ret_hash = published->nodes[level][index];
    return 0;
}

static void build_published(const json_t *vectors, struct published *published)
{
    const json_t *entries = json_object_get(vectors, "leaves");
    struct merkle_frontier frontier;
    merkle_frontier_init(&frontier);
    for (size_t i = 0; i < json_array_size(entries); i++) {
        const char *hex = json_string_value(json_array_get(entries, i));
        uint8_t entry[16];
        struct merkle_hash leaf;
        support_from_hex(hex, entry, strlen(hex) / 2);
        merkle_leaf(entry, strlen(hex) / 2, &leaf);
        merkle_frontier_append(&frontier, &leaf, keep_published, published);
        merkle_frontier_root(&frontier, &published->roots[i + 1]);
    }
}

static void assert_proof_is(const struct merkle_proof *proof, const json_t *published)
{
    const json_t *list = json_object_get(published, "proof");
    assert_int_equal(proof->count, json_array_size(list));
    for (size_t i = 0; i < proof->count; i++) {
        support_assert_hex(proof->hashes[i].bytes, MERKLE_HASH_BYTES,
                           json_string_value(json_array_get(list, i)));
    }
}

static void test_published_proofs(void **state)
{
    (void)state;
    json_t *vectors = support_load_vectors("tlog.json");
    struct published tree;
    struct merkle_proof proof;
    build_published(vectors, &tree);

    const json_t *inclusion = json_object_get(vectors, "inclusion");
    assert_int_equal(json_array_size(inclusion), 5);
    for (size_t i = 0; i < json_array_size(inclusion); i++) {
        const json_t *one = json_array_get(inclusion, i);
        uint64_t index = support_integer(one, "index");
        uint64_t size = support_integer(one, "size");
        assert_int_equal(merkle_prove_inclusion(index, size, read_published, &tree, &proof), 0);
        assert_proof_is(&proof, one);
        assert_true(
            merkle_verify_inclusion(&tree.nodes[0][index], index, size, &proof, &tree.roots[size]));
    }
    const json_t *consistency = json_object_get(vectors, "consistency");
    assert_int_equal(json_array_size(consistency), 4);
    for (size_t i = 0; i < json_array_size(consistency); i++) {
        const json_t *one = json_array_get(consistency, i);
        uint64_t old = support_integer(one, "old");
        uint64_t size = support_integer(one, "new");
        assert_int_equal(merkle_prove_consistency(old, size, read_published, &tree, &proof), 0);
        assert_proof_is(&proof, one);
        assert_true(
            merkle_verify_consistency(old, &tree.roots[old], size, &tree.roots[size], &proof));
    }
    json_decref(vectors);
}

static void test_roots_and_nodes(void **state)
{
    (void)state;
    for (uint64_t size = 1; size <= SIZE_LIMIT; size++) {
        struct merkle_hash expected = tree_hash(0, size);
        assert_true(same(&roots[size], &expected));
    }
    for (unsigned level = 0; level < LEVELS; level++) {
        for (uint64_t index = 0; (index + 1) << level <= SIZE_LIMIT; index++) {
            struct merkle_hash expected = tree_hash(index << level, (index + 1) << level);
            assert_true(same(&nodes[level][index], &expected));
        }
    }
}

static bool check_inclusion(uint64_t index, uint64_t size, const struct merkle_proof *proof)
{
    return merkle_verify_inclusion(&leaves[index], index, size, proof, &roots[size]);
}

static struct merkle_proof prove_inclusion(uint64_t index, uint64_t size)
{
    struct merkle_proof proof;
    assert_int_equal(merkle_prove_inclusion(index, size, read_node, &size, &proof), 0);
    return proof;
}

static void test_every_inclusion_proof(void **state)
{
    (void)state;
    for (uint64_t size = 1; size <= SIZE_LIMIT; size++) {
        for (uint64_t index = 0; index < size; index++) {
            struct merkle_proof proof = prove_inclusion(index, size);
            struct merkle_proof expected = {.count = 0};
            path(index, 0, size, &expected);
            assert_same_proof(&proof, &expected);
            assert_true(check_inclusion(index, size, &proof));
        }
    }
}

/* Every bit of a hash in small trees; in larger ones one, another each time. */
static size_t bits_to_try(uint64_t size)
{
    return size <= EVERY_BIT_LIMIT ? MERKLE_HASH_BYTES * 8 : 1;
}

static size_t bit_to_try(uint64_t size, uint64_t other, size_t n)
{
    return size <= EVERY_BIT_LIMIT ? n : (size_t)((size * 37 + other * 11 + n) % 256);
}

static void flip(struct merkle_hash *hash, size_t bit)
{
    hash->bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
}

static void test_inclusion_fails_when_a_hash_is_changed(void **state)
{
    (void)state;
    for (uint64_t size = 1; size <= SIZE_LIMIT; size++) {
        for (uint64_t index = 0; index < size; index++) {
            struct merkle_proof proof = prove_inclusion(index, size);
            struct merkle_hash leaf = leaves[index];
            struct merkle_hash root = roots[size];
            for (size_t n = 0; n < bits_to_try(size); n++) {
                size_t bit = bit_to_try(size, index, n);
                flip(&leaf, bit);
                assert_false(merkle_verify_inclusion(&leaf, index, size, &proof, &root));
                flip(&leaf, bit);
                flip(&root, bit);
                assert_false(merkle_verify_inclusion(&leaf, index, size, &proof, &root));
                flip(&root, bit);
                for (size_t i = 0; i < proof.count; i++) {
                    flip(&proof.hashes[i], bit);
                    assert_false(merkle_verify_inclusion(&leaf, index, size, &proof, &root));
                    flip(&proof.hashes[i], bit);
                }
            }
        }
    }
}

static void test_inclusion_is_of_one_place(void **state)
{
    (void)state;
    for (uint64_t size = 1; size <= SIZE_LIMIT; size++) {
        for (uint64_t index = 0; index < size; index++) {
            struct merkle_proof proof = prove_inclusion(index, size);
            char shape[SHAPE_MAXIMUM] = "";
            char other[SHAPE_MAXIMUM];
            path_shape(index, size, shape);
            for (unsigned bit = 0; bit < 64; bit++) {
                uint64_t changed = index ^ UINT64_C(1) << bit;
                assert_false(
                    merkle_verify_inclusion(&leaves[index], changed, size, &proof, &roots[size]));

                changed = size ^ UINT64_C(1) << bit;
                strcpy(other, "");
                if (index < changed) {
                    path_shape(index, changed, other);
                }
                assert_int_equal(
                    merkle_verify_inclusion(&leaves[index], index, changed, &proof, &roots[size]),
                    index < changed && strcmp(shape, other) == 0);
            }
        }
    }
}

static void test_inclusion_proofs_have_one_length(void **state)
{
    (void)state;
    for (uint64_t size = 1; size <= SIZE_LIMIT; size++) {
        for (uint64_t index = 0; index < size; index++) {
            struct merkle_proof proof = prove_inclusion(index, size);
            add(&proof, roots[size]);
            assert_false(check_inclusion(index, size, &proof));
            proof.count--;
            if (proof.count > 0) {
                proof.count--;
                assert_false(check_inclusion(index, size, &proof));
            }
            proof.count = MERKLE_PROOF_MAXIMUM + 1;
            assert_false(check_inclusion(index, size, &proof));
        }
    }
}

static struct merkle_proof prove_consistency(uint64_t old, uint64_t size)
{
    struct merkle_proof proof;
    assert_int_equal(merkle_prove_consistency(old, size, read_node, &size, &proof), 0);
    return proof;
}

static void test_every_consistency_proof(void **state)
{
    (void)state;
    for (uint64_t size = 1; size <= SIZE_LIMIT; size++) {
        for (uint64_t old = 1; old <= size; old++) {
            struct merkle_proof proof = prove_consistency(old, size);
            struct merkle_proof expected = {.count = 0};
            subproof(old, 0, size, true, &expected);
            assert_same_proof(&proof, &expected);
            assert_true(merkle_verify_consistency(old, &roots[old], size, &roots[size], &proof));
        }
    }
}

static void test_consistency_fails_when_a_hash_is_changed(void **state)
{
    (void)state;
    for (uint64_t size = 1; size <= SIZE_LIMIT; size++) {
        for (uint64_t old = 1; old <= size; old++) {
            struct merkle_proof proof = prove_consistency(old, size);
            struct merkle_hash before = roots[old];
            struct merkle_hash after = roots[size];
            for (size_t n = 0; n < bits_to_try(size); n++) {
                size_t bit = bit_to_try(size, old, n);
                flip(&before, bit);
                assert_false(merkle_verify_consistency(old, &before, size, &after, &proof));
                flip(&before, bit);
                flip(&after, bit);
                assert_false(merkle_verify_consistency(old, &before, size, &after, &proof));
                flip(&after, bit);
                for (size_t i = 0; i < proof.count; i++) {
                    flip(&proof.hashes[i], bit);
                    assert_false(merkle_verify_consistency(old, &before, size, &after, &proof));
                    flip(&proof.hashes[i], bit);
                }
            }
        }
    }
}

static bool same_consistency_shape(uint64_t old, uint64_t size, uint64_t other_old,
                                   uint64_t other_size)
{
    char shape[SHAPE_MAXIMUM];
    char other[SHAPE_MAXIMUM];
    if (other_old == 0 || other_old > other_size) {
        return false;
    }
    subproof_shape(old, size, true, shape);
    subproof_shape(other_old, other_size, true, other);
    return strcmp(shape, other) == 0;
}

static void test_consistency_is_of_two_sizes(void **state)
{
    (void)state;
    for (uint64_t size = 1; size <= SIZE_LIMIT; size++) {
        for (uint64_t old = 1; old <= size; old++) {
            struct merkle_proof proof = prove_consistency(old, size);
            for (unsigned bit = 0; bit < 64; bit++) {
                uint64_t changed = old ^ UINT64_C(1) << bit;
                assert_int_equal(
                    merkle_verify_consistency(changed, &roots[old], size, &roots[size], &proof),
                    same_consistency_shape(old, size, changed, size));
                changed = size ^ UINT64_C(1) << bit;
                assert_int_equal(
                    merkle_verify_consistency(old, &roots[old], changed, &roots[size], &proof),
                    same_consistency_shape(old, size, old, changed));
            }
        }
    }
}

static void test_consistency_proofs_have_one_length(void **state)
{
    (void)state;
    for (uint64_t size = 1; size <= SIZE_LIMIT; size++) {
        for (uint64_t old = 1; old <= size; old++) {
            struct merkle_proof proof = prove_consistency(old, size);
            add(&proof, roots[size]);
            assert_false(merkle_verify_consistency(old, &roots[old], size, &roots[size], &proof));
            proof.count--;
            if (proof.count > 0) {
                proof.count--;
                assert_false(
                    merkle_verify_consistency(old, &roots[old], size, &roots[size], &proof));
            }
            proof.count = MERKLE_PROOF_MAXIMUM + 1;
            assert_false(merkle_verify_consistency(old, &roots[old], size, &roots[size], &proof));
        }
    }
}

static void test_out_of_range(void **state)
{
    (void)state;
    uint64_t size = SIZE_LIMIT;
    struct merkle_proof proof = {.count = 77};
    struct merkle_frontier frontier = {.size = 77};
    assert_int_equal(merkle_prove_inclusion(0, 0, read_node, &size, &proof), MERKLE_OUT_OF_RANGE);
    assert_int_equal(merkle_prove_inclusion(size, size, read_node, &size, &proof),
                     MERKLE_OUT_OF_RANGE);
    assert_int_equal(merkle_prove_inclusion(UINT64_MAX, size, read_node, &size, &proof),
                     MERKLE_OUT_OF_RANGE);
    assert_int_equal(merkle_prove_consistency(0, size, read_node, &size, &proof),
                     MERKLE_OUT_OF_RANGE);
    assert_int_equal(merkle_prove_consistency(size + 1, size, read_node, &size, &proof),
                     MERKLE_OUT_OF_RANGE);
    assert_int_equal(proof.count, 77);

    proof.count = 0;
    assert_false(merkle_verify_inclusion(&leaves[0], 0, 0, &proof, &roots[0]));
    assert_false(merkle_verify_consistency(0, &roots[0], size, &roots[size], &proof));
    assert_false(merkle_verify_consistency(0, &roots[0], 0, &roots[0], &proof));
    assert_int_equal(merkle_frontier_from_proof(0, 0, &proof, &frontier), MERKLE_OUT_OF_RANGE);
    assert_int_equal(frontier.size, 77);
}

/* Answers a number of reads, then fails. */
static int read_failing(void *context, unsigned level, uint64_t index, struct merkle_hash *ret_hash)
{
    int *left = context;
    *ret_hash = nodes[level][index];
    return (*left)-- > 0 ? 0 : -EIO;
}

static void test_a_reader_that_fails_ends_the_proof(void **state)
{
    (void)state;
    struct merkle_proof proof = {.count = 77};
    /* the first sibling of either proof, the leaves 64..126, takes six reads alone */
    for (int reads = 0; reads < 6; reads++) {
        int left = reads;
        assert_int_equal(merkle_prove_inclusion(0, 127, read_failing, &left, &proof), -EIO);
        left = reads;
        assert_int_equal(merkle_prove_consistency(63, 127, read_failing, &left, &proof), -EIO);
        assert_int_equal(proof.count, 77);
    }
}

static void test_frontier_from_proof(void **state)
{
    (void)state;
    for (uint64_t size = 1; size <= SIZE_LIMIT; size++) {
        for (uint64_t index = 0; index < size; index++) {
            struct merkle_proof proof = prove_inclusion(index, size);
            struct merkle_frontier frontier;
            struct merkle_hash root;
            assert_int_equal(merkle_frontier_from_proof(index, size, &proof, &frontier), 0);
            assert_int_equal(frontier.size, index);
            for (unsigned level = 0; level <= MERKLE_LEVELS; level++) {
                assert_true((index >> level & 1) == 0 ||
                            same(&frontier.nodes[level], &frontiers[index].nodes[level]));
            }
            for (uint64_t i = index; i < size; i++) {
                merkle_frontier_append(&frontier, &leaves[i], NULL, NULL);
            }
            merkle_frontier_root(&frontier, &root);
            assert_true(same(&root, &roots[size]));

            struct merkle_frontier untouched = {.size = 77};
            proof.count++;
            assert_int_equal(merkle_frontier_from_proof(index, size, &proof, &untouched),
                             MERKLE_OUT_OF_RANGE);
            proof.count -= 2;
            assert_int_equal(merkle_frontier_from_proof(index, size, &proof, &untouched),
                             MERKLE_OUT_OF_RANGE);
            assert_int_equal(untouched.size, 77);
        }
    }
}

/* A tree too large to build, of leaves that are all alike: one hash per level. */
static int read_alike(void *context, unsigned level, uint64_t index, struct merkle_hash *ret_hash)
{
    const struct merkle_hash *levels = context;
    (void)index;
    *ret_hash = levels[level];
    return 0;
}

static struct merkle_hash alike_root(const struct merkle_hash *levels, uint64_t size)
{
    struct merkle_frontier frontier = {.size = size};
    struct merkle_hash root;
    memcpy(frontier.nodes, levels, sizeof(frontier.nodes));
    merkle_frontier_root(&frontier, &root);
    return root;
}

static void test_the_largest_trees(void **state)
{
    (void)state;
    static const uint64_t sizes[] = {
        INT64_MAX,
        (uint64_t)INT64_MAX - 1,
        UINT64_C(1) << 62,
        (UINT64_C(1) << 62) + 1,
        UINT64_C(0x5555555555555555),
        UINT64_C(0x0123456789abcdef),
    };
    struct merkle_hash levels[MERKLE_LEVELS + 1];
    merkle_leaf("", 0, &levels[0]);
    for (unsigned level = 1; level <= MERKLE_LEVELS; level++) {
        merkle_node(&levels[level - 1], &levels[level - 1], &levels[level]);
    }
    for (size_t i = 0; i < ARRAY_LENGTH(sizes); i++) {
        uint64_t size = sizes[i];
        const uint64_t places[] = {1, 2, size / 3, size / 2, size - 2, size - 1};
        struct merkle_hash root = alike_root(levels, size);
        struct merkle_proof proof;
        for (size_t j = 0; j < ARRAY_LENGTH(places); j++) {
            struct merkle_hash old_root = alike_root(levels, places[j]);
            struct merkle_frontier frontier;
            assert_int_equal(merkle_prove_inclusion(places[j], size, read_alike, levels, &proof),
                             0);
            assert_true(merkle_verify_inclusion(&levels[0], places[j], size, &proof, &root));
            assert_int_equal(merkle_frontier_from_proof(places[j], size, &proof, &frontier), 0);
            assert_int_equal(merkle_prove_consistency(places[j], size, read_alike, levels, &proof),
                             0);
            assert_true(merkle_verify_consistency(places[j], &old_root, size, &root, &proof));
            flip(&old_root, 0);
            assert_false(merkle_verify_consistency(places[j], &old_root, size, &root, &proof));
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_published_tree),
        cmocka_unit_test(test_published_proofs),
        cmocka_unit_test(test_roots_and_nodes),
        cmocka_unit_test(test_every_inclusion_proof),
        cmocka_unit_test(test_inclusion_fails_when_a_hash_is_changed),
        cmocka_unit_test(test_inclusion_is_of_one_place),
        cmocka_unit_test(test_inclusion_proofs_have_one_length),
        cmocka_unit_test(test_every_consistency_proof),
        cmocka_unit_test(test_consistency_fails_when_a_hash_is_changed),
        cmocka_unit_test(test_consistency_is_of_two_sizes),
        cmocka_unit_test(test_consistency_proofs_have_one_length),
        cmocka_unit_test(test_out_of_range),
        cmocka_unit_test(test_a_reader_that_fails_ends_the_proof),
        cmocka_unit_test(test_frontier_from_proof),
        cmocka_unit_test(test_the_largest_trees),
    };
    return cmocka_run_group_tests_name("merkle", tests, build, NULL);
}
