/* SPDX-License-Identifier: EUPL-1.2 */
/* A receipt is checked as its holder would: with the verifier key, and nothing of the index. */
#include "tests/unit/proto/fixture.h"

#include "crypto/checkpoint.h"
#include "crypto/commitment.h"
#include "proto/receipt.h"

#define HEAD "c2sp.org/tlog-proof@v1\n"

struct receipt {
    json_t *extra;
    uint64_t index;
    struct merkle_proof proof;
    const char *note;
};

/* Standard base64 into bytes, by way of the other alphabet; returns how many. */
static size_t from_base64(const char *text, size_t length, uint8_t *out)
{
    char *copy = calloc(1, length + 1);
    assert_int_equal(length % 4, 0);
    for (size_t i = 0; i < length; i++) {
        copy[i] = text[i] == '+' ? '-' : text[i] == '/' ? '_' : text[i];
    }
    size_t digits = strcspn(copy, "=");
    size_t size = digits * 3 / 4;
    assert_true(length - digits <= 2);
    assert_int_equal(secret_from_base64url(copy, digits, out, size), 0);
    free(copy);
    return size;
}

static const char *line_after(const char *line)
{
    const char *end = strchr(line, '\n');
    assert_non_null(end);
    return end + 1;
}

static void parse(const char *text, struct receipt *out)
{
    static uint8_t bytes[8192];
    *out = (struct receipt){0};
    assert_memory_equal(text, HEAD, strlen(HEAD));
    const char *line = text + strlen(HEAD);
    assert_memory_equal(line, "extra ", 6);
    size_t size = from_base64(line + 6, (size_t)(line_after(line) - line) - 7, bytes);
    out->extra = json_loadb((const char *)bytes, size, JSON_REJECT_DUPLICATES, NULL);
    assert_non_null(out->extra);
    /* Canonical: writing it out again gives the same. */
    char *again = json_dumps(out->extra, JSON_COMPACT | JSON_SORT_KEYS);
    assert_int_equal(strlen(again), size);
    assert_memory_equal(again, bytes, size);
    secret_free(again);
    line = line_after(line);
    assert_int_equal(sscanf(line, "index %lu\n", &out->index), 1);
    for (line = line_after(line); *line != '\n'; line = line_after(line)) {
        size = from_base64(line, (size_t)(line_after(line) - line) - 1, bytes);
        assert_int_equal(size, MERKLE_HASH_BYTES);
        memcpy(out->proof.hashes[out->proof.count++].bytes, bytes, size);
    }
    out->note = line + 1;
}

static void decode_member(const json_t *extra, const char *name, uint8_t *out)
{
    const char *text = text_at(extra, name);
    assert_int_equal(secret_from_base64url(text, strlen(text), out, 32), 0);
}

static void leaf_of(const json_t *extra, struct merkle_hash *ret_leaf)
{
    uint8_t salt[COMMITMENT_SALT_BYTES];
    struct merkle_hash subject;
    uint8_t commitment[COMMITMENT_BYTES];
    assert_int_equal(json_object_size(extra), 3);
    char *record = json_dumps(json_object_get(extra, "record"), JSON_COMPACT | JSON_SORT_KEYS);
    decode_member(extra, "salt", salt);
    decode_member(extra, "subjectHash", subject.bytes);
    commitment_make(salt, record, strlen(record), &subject, commitment);
    merkle_leaf(commitment, sizeof(commitment), ret_leaf);
    secret_free(record);
}

static void check(uint64_t index, uint64_t expected_size)
{
    struct arena arena;
    struct store_snapshot *snapshot = NULL;
    struct receipt receipt;
    struct checkpoint_vkey key;
    struct checkpoint checkpoint;
    struct merkle_hash leaf;
    const char *text;
    size_t size;
    uint64_t time;
    arena_init(&arena);
    assert_int_equal(store_snapshot_open(world.store, &arena, &snapshot), 0);
    assert_int_equal(receipt_make(snapshot, &arena, index, &text, &size), 0);
    assert_int_equal(strlen(text), size);
    assert_null(strstr(text, BSN_ONE));
    parse(text, &receipt);
    assert_int_equal(receipt.index, index);
    assert_int_equal(checkpoint_vkey_parse(world.api->log_key, &key), 0);
    assert_int_equal(checkpoint_open(receipt.note, strlen(receipt.note), &key, &checkpoint, &time),
                     0);
    assert_int_equal(checkpoint.size, expected_size);
    leaf_of(receipt.extra, &leaf);
    assert_true(
        merkle_verify_inclusion(&leaf, index, checkpoint.size, &receipt.proof, &checkpoint.root));
    leaf.bytes[0] ^= 1;
    assert_false(
        merkle_verify_inclusion(&leaf, index, checkpoint.size, &receipt.proof, &checkpoint.root));
    json_decref(receipt.extra);
    store_snapshot_close(snapshot);
    arena_finish(&arena);
}

/* Of entries with and without a subject, first and last, in trees of several sizes. */
static void test_receipts(void **state)
{
    (void)state;
    json_decref(world_signal(&world, SCHOOL, BSN_ONE, "p1", "a", 201));
    json_decref(world_post(&world, MUNICIPALITY, "/v1/access-requests",
                           "{\"bsn\":\"" BSN_ONE "\",\"birthDate\":\"2005-05-01\","
                           "\"requestedBy\":\"youth\",\"caseReference\":\"a \\\"b\\\" \xc3\xab/\"}",
                           200));
    for (unsigned i = 0; i < 5; i++) {
        uint64_t size = world_log_size(&world);
        for (uint64_t index = 0; index < size; index++) {
            check(index, size);
        }
        json_decref(world_get(&world, SCHOOL, "/v1/signals", 200));
    }
}

static void test_none(void **state)
{
    (void)state;
    struct arena arena;
    struct store_snapshot *snapshot = NULL;
    const char *text = NULL;
    size_t size;
    arena_init(&arena);
    assert_int_equal(store_snapshot_open(world.store, &arena, &snapshot), 0);
    assert_int_equal(receipt_make(snapshot, &arena, store_log_size(snapshot), &text, &size),
                     STORE_NOT_FOUND);
    assert_null(text);
    store_snapshot_close(snapshot);
    arena_finish(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_receipts),
        TEST(test_none),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
