/* SPDX-License-Identifier: EUPL-1.2 */
/* The tree in tiles (C2SP tlog-tiles): whoever has nothing but tiles comes to the signed root. */
#include "tests/unit/store/log_fixture.h"

#include <errno.h>

#include "store/base/layout.h"

#define LEVELS 4 /* more than any tree here has */

/* Grows the log to a size, and gives its signed head. */
static struct checkpoint grow(uint64_t size)
{
    struct log_note *notes = test_calloc(STORE_NOTES_MAXIMUM, sizeof(*notes));
    for (int i = 0; i < STORE_NOTES_MAXIMUM; i++) {
        notes[i].event = LOG_NOTICE_OFFERED;
    }
    for (uint64_t have; (have = office_status(&office).log_size) < size;) {
        struct store_note_op op;
        store_note_init(&op);
        op.notes = notes;
        op.count = size - have < STORE_NOTES_MAXIMUM ? (size_t)(size - have) : STORE_NOTES_MAXIMUM;
        assert_int_equal(office_run(&office, &op.op, 1), 0);
    }
    test_free(notes);
    struct checkpoint head = verify_head(office_look(&office), &vkey);
    assert_int_equal(head.size, size);
    return head;
}

/* ---- a reader of tiles, which knows no more than a size ---- */

struct tiles {
    uint64_t size;
    size_t full[LEVELS];
    unsigned partial[LEVELS]; /* width; 0: there is none */
    struct merkle_hash *hashes[LEVELS];
};

static void free_tiles(struct tiles *tiles)
{
    for (unsigned level = 0; level < LEVELS; level++) {
        test_free(tiles->hashes[level]);
    }
}

/* Every tile that the tree of a size has, of however much later a tree they are read. */
static void read_tiles(struct store_snapshot *snapshot, uint64_t size, struct tiles *out)
{
    *out = (struct tiles){.size = size};
    uint64_t count = size;
    for (unsigned level = 0; level < LEVELS; level++, count /= STORE_TILE_WIDTH) {
        out->full[level] = count / STORE_TILE_WIDTH;
        out->partial[level] = count % STORE_TILE_WIDTH;
        out->hashes[level] = test_calloc(count + 1, sizeof(struct merkle_hash));
        for (uint64_t n = 0; n < out->full[level]; n++) {
            assert_int_equal(store_read_tile(snapshot, level, n, STORE_TILE_WIDTH,
                                             out->hashes[level] + n * STORE_TILE_WIDTH),
                             0);
        }
        if (out->partial[level] != 0) {
            assert_int_equal(
                store_read_tile(snapshot, level, out->full[level], out->partial[level],
                                out->hashes[level] + out->full[level] * STORE_TILE_WIDTH),
                0);
        }
    }
}

/* MTH of the leaves [start, start + count), RFC 6962 section 2.1, from the highest tiles that have
 * its parts, `highest` at most. */
static struct merkle_hash hash_of(const struct tiles *tiles, unsigned highest, uint64_t start,
                                  uint64_t count)
{
    for (unsigned level = 0; level <= highest; level++) {
        uint64_t leaves = (uint64_t)1 << (8 * level);
        if (count == leaves && start % leaves == 0) {
            return tiles->hashes[level][start / leaves];
        }
    }
    uint64_t split = 1;
    while (split * 2 < count) {
        split *= 2;
    }
    struct merkle_hash left = hash_of(tiles, highest, start, split);
    struct merkle_hash right = hash_of(tiles, highest, start + split, count - split);
    struct merkle_hash whole;
    merkle_node(&left, &right, &whole);
    return whole;
}

static void assert_same(const struct merkle_hash *a, const struct merkle_hash *b)
{
    assert_memory_equal(a, b, sizeof(*a));
}

/* Tiles of all levels agree with those below, and lead to the root. */
static void check_tiles(const struct tiles *tiles, const struct merkle_hash *root)
{
    for (unsigned level = 1; level < LEVELS; level++) {
        uint64_t leaves = (uint64_t)1 << (8 * level);
        for (uint64_t i = 0; i < tiles->size / leaves; i++) {
            struct merkle_hash below = hash_of(tiles, level - 1, i * leaves, leaves);
            assert_same(&below, &tiles->hashes[level][i]);
        }
    }
    for (unsigned highest = 0; highest < LEVELS; highest++) {
        struct merkle_hash hash = hash_of(tiles, highest, 0, tiles->size);
        assert_same(&hash, root);
    }
}

/* Nothing beyond the head is there, nor a width that is none. */
static void check_bounds(struct store_snapshot *snapshot, const struct tiles *tiles)
{
    struct merkle_hash hashes[STORE_TILE_WIDTH];
    uint8_t entries[STORE_TILE_WIDTH][COMMITMENT_BYTES];
    for (unsigned level = 0; level < LEVELS; level++) {
        uint64_t n = tiles->full[level];
        const unsigned widths[] = {tiles->partial[level] + 1, STORE_TILE_WIDTH, 0,
                                   STORE_TILE_WIDTH + 1, UINT32_MAX};
        for (size_t i = 0; i < ARRAY_LENGTH(widths); i++) {
            assert_int_equal(store_read_tile(snapshot, level, n, widths[i], hashes),
                             STORE_NOT_FOUND);
        }
        const uint64_t numbers[] = {n + 1, UINT64_MAX / 256, UINT64_MAX / 256 + 1, UINT64_MAX};
        for (size_t i = 0; i < ARRAY_LENGTH(numbers); i++) {
            assert_int_equal(store_read_tile(snapshot, level, numbers[i], 1, hashes),
                             STORE_NOT_FOUND);
        }
    }
    const uint64_t numbers[] = {tiles->full[0] + 1, UINT64_MAX / 256 + 1, UINT64_MAX};
    for (size_t i = 0; i < ARRAY_LENGTH(numbers); i++) {
        assert_int_equal(store_read_entry_bundle(snapshot, numbers[i], 1, entries),
                         STORE_NOT_FOUND);
    }
    assert_int_equal(
        store_read_entry_bundle(snapshot, tiles->full[0], tiles->partial[0] + 1, entries),
        STORE_NOT_FOUND);
    for (unsigned level = LEVELS; level < 100; level++) {
        assert_int_equal(store_read_tile(snapshot, level, 0, 1, hashes), STORE_NOT_FOUND);
    }
}

/* The entries of a bundle are those of the leaves of a tile. */
static void check_bundle(struct store_snapshot *snapshot, const struct tiles *tiles, uint64_t n)
{
    uint8_t entries[STORE_TILE_WIDTH][COMMITMENT_BYTES];
    unsigned width = n < tiles->full[0] ? STORE_TILE_WIDTH : tiles->partial[0];
    assert_int_equal(store_read_entry_bundle(snapshot, n, width, entries), 0);
    for (unsigned i = 0; i < width; i++) {
        struct merkle_hash leaf;
        merkle_leaf(entries[i], sizeof(entries[i]), &leaf);
        assert_same(&leaf, &tiles->hashes[0][n * STORE_TILE_WIDTH + i]);
    }
    struct log_entry entry;
    uint64_t last = n * STORE_TILE_WIDTH + width - 1;
    assert_int_equal(store_get_log_entry(snapshot, last, &entry), 0);
    assert_memory_equal(entry.commitment, entries[width - 1], COMMITMENT_BYTES);
    assert_int_equal(store_read_entry_bundle(snapshot, n, width - 1, entries),
                     width > 1 ? 0 : STORE_NOT_FOUND);
}

/* Each size once as the present tree, and again when the tree is the largest. */
static void test_roots_from_tiles(void **state)
{
    (void)state;
    static const struct {
        uint64_t size;
        size_t full[LEVELS];
        unsigned partial[LEVELS];
    } cases[] = {
        {1, {0}, {1}},
        {255, {0}, {255}},
        {256, {1}, {0, 1}},
        {257, {1}, {1, 1}},
        {511, {1}, {255, 1}},
        {512, {2}, {0, 2}},
        {65535, {255}, {255, 255}},
        {65536, {256, 1}, {0, 0, 1}},
        {65537, {256, 1}, {1, 0, 1}},
        {70000, {273, 1}, {112, 17, 1}}, /* the specification's own example */
    };
    struct checkpoint heads[ARRAY_LENGTH(cases)];
    struct tiles tiles;
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        heads[i] = grow(cases[i].size);
        read_tiles(office.snapshot, cases[i].size, &tiles);
        assert_memory_equal(tiles.full, cases[i].full, sizeof(tiles.full));
        assert_memory_equal(tiles.partial, cases[i].partial, sizeof(tiles.partial));
        check_tiles(&tiles, &heads[i].root);
        check_bounds(office.snapshot, &tiles);
        check_bundle(office.snapshot, &tiles, (cases[i].size - 1) / STORE_TILE_WIDTH);
        check_bundle(office.snapshot, &tiles, tiles.full[0] / 2);
        free_tiles(&tiles);
    }
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        read_tiles(office.snapshot, cases[i].size, &tiles);
        check_tiles(&tiles, &heads[i].root);
        check_bundle(office.snapshot, &tiles, (cases[i].size - 1) / STORE_TILE_WIDTH);
        free_tiles(&tiles);
    }
}

static void test_an_empty_tree_has_no_tiles(void **state)
{
    (void)state;
    struct tiles tiles;
    uint8_t entries[1][COMMITMENT_BYTES];
    read_tiles(office_look(&office), 0, &tiles);
    check_bounds(office.snapshot, &tiles);
    free_tiles(&tiles);
    assert_int_equal(store_read_entry_bundle(office.snapshot, 0, 1, entries), STORE_NOT_FOUND);
}

static void spoil(enum kv_table table, struct row_key key, struct kv_bytes value)
{
    struct kv_txn *txn = NULL;
    assert_int_equal(kv_begin(office.kv, KV_WRITE, &txn), 0);
    if (value.data == NULL) {
        kv_delete(txn, table, row_key_bytes(&key));
    } else {
        kv_put(txn, table, row_key_bytes(&key), value);
    }
    assert_int_equal(kv_commit(txn), 0);
}

/* A row that is not there, or is not what it should be, is a fault, and not a shorter tile. */
static void test_damage(void **state)
{
    (void)state;
    struct merkle_hash hashes[STORE_TILE_WIDTH];
    uint8_t entries[STORE_TILE_WIDTH][COMMITMENT_BYTES];
    static const uint8_t short_row[MERKLE_HASH_BYTES - 1] = {1};
    static const uint8_t long_row[MERKLE_HASH_BYTES + 1] = {1};
    grow(1000);
    spoil(KV_LOG, layout_log(300), (struct kv_bytes){NULL, 0});
    spoil(KV_LOG, layout_log(600), (struct kv_bytes){short_row, sizeof(short_row)});
    spoil(KV_NODE, layout_node(8, 1), (struct kv_bytes){long_row, sizeof(long_row)});
    office_look(&office);
    for (uint64_t n = 0; n < 3; n++) {
        int expected = n == 0 ? 0 : -EBADMSG;
        assert_int_equal(store_read_tile(office.snapshot, 0, n, 256, hashes), expected);
        assert_int_equal(store_read_entry_bundle(office.snapshot, n, 256, entries), expected);
    }
    assert_int_equal(store_read_tile(office.snapshot, 0, 1, 300 - 256, hashes), 0);
    assert_int_equal(store_read_tile(office.snapshot, 0, 1, 301 - 256, hashes), -EBADMSG);
    assert_int_equal(store_read_tile(office.snapshot, 1, 0, 1, hashes), 0);
    assert_int_equal(store_read_tile(office.snapshot, 1, 0, 2, hashes), -EBADMSG);
    spoil(KV_LOG, layout_log(999), (struct kv_bytes){NULL, 0});
    office_look(&office);
    assert_int_equal(store_read_tile(office.snapshot, 0, 3, 1000 - 768, hashes), -EBADMSG);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_roots_from_tiles, setup_log, teardown),
        cmocka_unit_test_setup_teardown(test_an_empty_tree_has_no_tiles, setup_log, teardown),
        cmocka_unit_test_setup_teardown(test_damage, setup_log, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
