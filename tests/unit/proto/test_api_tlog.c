/* SPDX-License-Identifier: EUPL-1.2 */
/* The log as a tiled transparency log, and receipts of one's own entries. */
#include "crypto/cosignature.h"
#include "proto/receipt.h"
#include "tests/unit/proto/fixture.h"

static void ask_for(const char *oin, const char *target, struct reply *reply)
{
    struct ask ask = {.oin = oin, .target = target};
    world_ask(&world, &ask, reply);
}

/* It is not there: the status, and what the problem document says. */
static void assert_none(const char *oin, const char *target)
{
    struct reply reply;
    ask_for(oin, target, &reply);
    if (reply.status != 404) {
        fail_msg("%s: %d", target, reply.status);
    }
    assert_slug(reply.json, "not-found");
    assert_string_equal(reply_header(&reply, "Cache-Control"), "no-store");
    reply_free(&reply);
}

static void test_checkpoint(void **state)
{
    (void)state;
    uint64_t before = world_log_size(&world);
    struct reply reply;
    ask_for(CARE, "/tlog/checkpoint", &reply);
    assert_int_equal(reply.status, 200);
    assert_string_equal(reply.response->content_type, "text/plain; charset=utf-8");
    assert_string_equal(reply_header(&reply, "Cache-Control"), "no-store");
    struct checkpoint checkpoint;
    assert_int_equal(checkpoint_parse(reply.response->body, reply.response->body_size, &checkpoint),
                     0);
    assert_int_equal(checkpoint.size, before);
    assert_int_equal(world_log_size(&world), before);
    reply_free(&reply);
}

/* Each width that the tree has, by a party of no role in particular; it leaves no entry. */
static void test_tiles(void **state)
{
    (void)state;
    uint64_t size = world_log_size(&world);
    uint8_t first[MERKLE_HASH_BYTES];
    for (uint64_t width = 1; width <= size; width++) {
        char target[64];
        struct reply reply;
        snprintf(target, sizeof(target), "/tlog/tile/0/000.p/%d", (int)width);
        ask_for(CARE, target, &reply);
        assert_int_equal(reply.status, 200);
        assert_string_equal(reply.response->content_type, "application/octet-stream");
        assert_string_equal(reply_header(&reply, "Cache-Control"),
                            "private, max-age=604800, immutable");
        assert_int_equal(reply.response->body_size, width * MERKLE_HASH_BYTES);
        if (width == 1) {
            memcpy(first, reply.response->body, sizeof(first));
        }
        assert_memory_equal(reply.response->body, first, sizeof(first));
        assert_null(reply_header(&reply, "Log-Index"));
        reply_free(&reply);
    }
    assert_int_equal(world_log_size(&world), size);
}

static void test_no_tiles(void **state)
{
    (void)state;
    static const char *const none[] = {
        "/tlog/tile/0/000",
        "/tlog/tile/0/000.p/255",
        "/tlog/tile/0/000.p/0",
        "/tlog/tile/0/000.p/256",
        "/tlog/tile/0/001.p/1",
        "/tlog/tile/1/000.p/1",
        "/tlog/tile/6/000.p/1",
        "/tlog/tile/63/000.p/1",
        "/tlog/tile/64/000.p/1",
        "/tlog/tile/00/000.p/1",
        "/tlog/tile/0/000.p/01",
        "/tlog/tile/0/%30%30%30.p/1",
        "/tlog/tile/0/000.p/1/",
        "/tlog/tile/0/x000/000.p/1",
        "/tlog/tile/0//000.p/1",
        "/tlog/tile/entries",
        "/tlog/tile/-1/000.p/1",
        "/tlog/tile/0",
        "/tlog/tile/",
        "/tlog/tile",
        "/tlog/tile/0/x999/x999/x999/999",
    };
    for (size_t i = 0; i < ARRAY_LENGTH(none); i++) {
        assert_none(CARE, none[i]);
    }
    assert_none(AUDITOR, "/tlog/tile/entries/000");
    assert_none(AUDITOR, "/tlog/tile/entries/000.p/0");
    assert_none(AUDITOR, "/tlog/tile/entries/0/000.p/1");
    assert_none(AUDITOR, "/tlog/tile/entries/%30%30%30.p/1");
    json_decref(world_send(&world, CARE, HTTP_POST, "/tlog/tile/0/000.p/1", "{}", 405));
    struct ask picky = {
        .oin = CARE, .target = "/tlog/tile/0/000.p/1", .headers = {{"accept", "text/plain"}}};
    struct reply reply;
    world_ask(&world, &picky, &reply);
    assert_int_equal(reply.status, 406);
    reply_free(&reply);
    ask_for(CARE, "/tlog/tile/0/000.p/1?a=b", &reply);
    assert_int_equal(reply.status, 400);
    reply_free(&reply);
    ask_for(NULL, "/tlog/tile/0/000.p/1", &reply);
    assert_int_equal(reply.status, 401);
    reply_free(&reply);
}

static void test_bundles(void **state)
{
    (void)state;
    struct reply bundle;
    struct reply tile;
    uint64_t size = world_log_size(&world);
    ask_for(AUDITOR, "/tlog/tile/entries/000.p/5", &bundle);
    ask_for(AUDITOR, "/tlog/tile/0/000.p/5", &tile);
    assert_int_equal(bundle.status, 200);
    assert_string_equal(bundle.response->content_type, "application/octet-stream");
    assert_string_equal(reply_header(&bundle, "Cache-Control"),
                        "private, max-age=604800, immutable");
    assert_int_equal(bundle.response->body_size, 5 * (2 + 32));
    for (size_t i = 0; i < 5; i++) {
        const uint8_t *entry = (const uint8_t *)bundle.response->body + i * 34;
        struct merkle_hash leaf;
        assert_int_equal(get_be16(entry), 32);
        merkle_leaf(entry + 2, 32, &leaf);
        assert_memory_equal(&leaf, tile.response->body + i * 32, 32);
    }
    assert_int_equal(world_log_size(&world), size + 1);
    assert_int_equal(strtoul(reply_header(&bundle, "Log-Index"), NULL, 10), size);
    json_t *entry = world_last_entry(&world, 0);
    assert_string_equal(text_at(entry, "name"), "log-read");
    assert_string_equal(text_at(entry, "verwijsindex.object"), "entry:0");
    assert_int_equal(json_integer_value(json_object_get(entry, "verwijsindex.count")), 5);
    json_decref(entry);
    reply_free(&bundle);
    reply_free(&tile);
    json_decref(world_get(&world, CARE, "/tlog/tile/entries/000.p/1", 403));
    assert_entry("request-refused", "role-missing");
}

/* ---- receipts ---- */

static char receipt_target[64];

static const char *receipt_of(uint64_t index)
{
    snprintf(receipt_target, sizeof(receipt_target), "/v1/receipts/%d", (int)index);
    return receipt_target;
}

static void test_receipts(void **state)
{
    (void)state;
    json_decref(world_signal(&world, SCHOOL, BSN_ONE, "p1", "a", 201));
    uint64_t index = world_log_size(&world) - 1;
    struct reply reply;
    ask_for(SCHOOL, receipt_of(index), &reply);
    assert_int_equal(reply.status, 200);
    assert_string_equal(reply.response->content_type, RECEIPT_MEDIA);
    char disposition[64];
    snprintf(disposition, sizeof(disposition), "attachment; filename=\"%d.tlog-proof\"",
             (int)index);
    assert_string_equal(reply_header(&reply, "Content-Disposition"), disposition);
    assert_string_equal(reply_header(&reply, "Cache-Control"), "no-store");
    assert_memory_equal(reply.response->body, "c2sp.org/tlog-proof@v1\nextra ", 29);
    reply_free(&reply);
    json_t *entry = world_last_entry(&world, 0);
    assert_string_equal(text_at(entry, "name"), "log-proved");
    assert_string_equal(text_at(entry, "verwijsindex.party"), SCHOOL);
    char object[32];
    snprintf(object, sizeof(object), "entry:%d", (int)index);
    assert_string_equal(text_at(entry, "verwijsindex.object"), object);
    json_decref(entry);
    assert_none(CARE, receipt_of(index));
    assert_none(AUDITOR, receipt_of(index));
    assert_none(SCHOOL, receipt_of(0)); /* the operator's */
    assert_none(SCHOOL, receipt_of(100000));
    static const char *const bad[] = {"/v1/receipts/x", "/v1/receipts/-1", "/v1/receipts/01",
                                      "/v1/receipts/", "/v1/receipts/1234567890123456789"};
    for (size_t i = 0; i < ARRAY_LENGTH(bad); i++) {
        assert_none(SCHOOL, bad[i]);
    }
}

/* ---- witnesses ---- */

/* A head as the log signed it. */
static void keep_head(char out[static CHECKPOINT_NOTE_MAXIMUM])
{
    struct arena arena;
    struct store_snapshot *snapshot = NULL;
    const char *head = NULL;
    arena_init(&arena);
    assert_int_equal(store_snapshot_open(world.store, &arena, &snapshot), 0);
    assert_int_equal(store_get_head(snapshot, &head), 0);
    snprintf(out, CHECKPOINT_NOTE_MAXIMUM, "%s", head);
    store_snapshot_close(snapshot);
    arena_finish(&arena);
}

static struct checkpoint_vkey cosign(const char *head, const char *name, uint8_t seed)
{
    struct checkpoint_signer witness;
    struct store_cosign_op op;
    uint8_t bytes[CHECKPOINT_SEED_BYTES];
    char line[COSIGNATURE_LINE_SIZE];
    memset(bytes, seed, sizeof(bytes));
    assert_int_equal(cosignature_signer_init(&witness, name, bytes), 0);
    assert_int_equal(cosignature_sign(&witness, head, strlen(head), 1700000000, line), 0);
    store_cosign_init(&op);
    op.head = head;
    op.line = line;
    assert_int_equal(store_run(world.store, &op.op), 0);
    return witness.vkey;
}

/* Of the note in an answer: that all of these have signed it; and of which size it is. */
static uint64_t open_signed(const char *note, const struct checkpoint_vkey *keys, size_t count)
{
    struct checkpoint checkpoint = {.size = 0};
    uint64_t time;
    for (size_t i = 0; i < count; i++) {
        assert_int_equal(checkpoint_open(note, strlen(note), &keys[i], &checkpoint, &time), 0);
    }
    return checkpoint.size;
}

static uint64_t head_at(const char *target, const struct checkpoint_vkey *keys, size_t count)
{
    struct reply reply;
    ask_for(SCHOOL, target, &reply);
    assert_int_equal(reply.status, 200);
    assert_string_equal(reply.response->content_type, "text/plain; charset=utf-8");
    uint64_t size = open_signed(reply.response->body, keys, count);
    reply_free(&reply);
    return size;
}

static uint64_t head_of_receipt(uint64_t index, const struct checkpoint_vkey *keys, size_t count)
{
    struct reply reply;
    ask_for(SCHOOL, receipt_of(index), &reply);
    assert_int_equal(reply.status, 200);
    uint64_t size = open_signed(strstr(reply.response->body, "\n\n") + 2, keys, count);
    reply_free(&reply);
    return size;
}

/* Every line is served with the head it is of; receipts take the newest head that was witnessed and
 * has the entry. */
static void test_witnessed(void **state)
{
    (void)state;
    char head[CHECKPOINT_NOTE_MAXIMUM];
    struct checkpoint_vkey keys[3];
    assert_none(SCHOOL, "/tlog/witnessed-checkpoint");
    json_decref(world_signal(&world, SCHOOL, BSN_ONE, "p1", "a", 201));
    uint64_t size = world_log_size(&world);
    assert_int_equal(checkpoint_vkey_parse(world.api->log_key, &keys[0]), 0);
    keep_head(head);
    keys[1] = cosign(head, "witness.example/one", 1);
    keys[2] = cosign(head, "witness.example/two", 2);
    assert_int_equal(world_log_size(&world), size); /* a cosignature is no entry */
    assert_int_equal(head_at("/tlog/checkpoint", keys, 3), size);
    assert_int_equal(head_at("/tlog/witnessed-checkpoint", keys, 3), size);
    json_decref(world_get(&world, SCHOOL, "/v1/signals", 200));
    assert_int_equal(head_at("/tlog/checkpoint", keys, 1), size + 1);
    assert_int_equal(head_at("/tlog/witnessed-checkpoint", keys, 3), size);
    assert_int_equal(head_of_receipt(size - 1, keys, 3), size);
    assert_int_equal(head_of_receipt(size, keys, 1), size + 2);
    assert_int_equal(world_log_size(&world), size + 3);
    keep_head(head);
    keys[1] = cosign(head, "witness.example/one", 1);
    assert_int_equal(head_of_receipt(size, keys, 2), size + 3);
    assert_int_equal(head_of_receipt(size - 1, keys, 2), size + 3);
    json_decref(world_send(&world, SCHOOL, HTTP_POST, "/tlog/witnessed-checkpoint", "{}", 405));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_checkpoint), TEST(test_tiles),    TEST(test_no_tiles),
        TEST(test_bundles),    TEST(test_receipts), TEST(test_witnessed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
