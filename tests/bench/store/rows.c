/* SPDX-License-Identifier: EUPL-1.2 */
#include "tests/bench/store/rows.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "store/base/layout.h"
#include "store/kv/lmdb.h"
#include "tests/bench/store/feed.h"

#define MAP_BYTES ((uint64_t)64 << 30)
#define CHILDREN 65536
#define VALUE_BYTES (4 * KV_VALUE_MAXIMUM)
#define WARM_UP 64      /* posts, after which parties, keys and counters are there */
#define FILL_POSTS 2048 /* in a transaction */
#define TAIL_ENTRIES 64 /* in a block of the log's tail */

/* ---- recording ---- */

bool bs_row_is_of_commit(const struct bs_row *row)
{
    static const char *const names[] = {"head", "checkpoint", "tail"};
    for (size_t i = 0; i < ARRAY_LENGTH(names) && row->table == KV_META; i++) {
        size_t length = strlen(names[i]);
        if (row->key_size >= length && memcmp(row->key, names[i], length) == 0) {
            return true;
        }
    }
    return false;
}

static const char *name_of_kind(const struct bs_row *row, size_t at, const char *const *names,
                                size_t count)
{
    unsigned kind = row->key_size > at ? row->key[at] : 0;
    return kind < count && names[kind] != NULL ? names[kind] : "?";
}

const char *bs_row_name(const struct bs_row *row)
{
    static const char *const tables[KV_TABLES] = {[KV_META] = "meta: statistics",
                                                  [KV_ORGANISATION] = "organisation",
                                                  [KV_MATCH] = "match",
                                                  [KV_ACTOR] = "actor",
                                                  [KV_LOG] = "log",
                                                  [KV_NODE] = "node",
                                                  [KV_LOG_INDEX] = "log index"};
    static const char *const of_child[] = {NULL, "child: subject", "child: file", "child: tie"};
    static const char *const of_party[] = {
        [PARTY_PROFILE] = "party: profile", [PARTY_COUNTERS] = "party: counters",
        [PARTY_SIGNAL] = "party: signal",   [PARTY_NOTICE] = "party: notice",
        [PARTY_MATCH_TOLD] = "party: told",
    };
    static const char *const due[] = {[DUE_SIGNAL_ERASURE] = "due: erasure",
                                      [DUE_RENEWAL_PROMPT] = "due: prompt",
                                      [DUE_FOLLOW_UP] = "due: follow-up"};
    switch (row->table) {
    case KV_CHILD:
        return name_of_kind(row, 32, of_child, ARRAY_LENGTH(of_child));
    case KV_PARTY:
        return name_of_kind(row, 4, of_party, ARRAY_LENGTH(of_party));
    case KV_DUE:
        return name_of_kind(row, 8, due, ARRAY_LENGTH(due));
    default:
        return bs_row_is_of_commit(row) ? "meta: of the commit" : tables[row->table];
    }
}

void bs_shapes_record(const struct bs_options *given, struct bs_shape shapes[static BS_SHAPES])
{
    struct bs_options options = *given;
    struct bs_index index;
    struct bs_plan plan;
    struct bs_feed feed;
    options.store = NULL;
    options.keys = NULL;
    options.outstanding = 1;
    bs_index_open(&index, &options, bs_count_wrap);
    bs_plan_open(&plan, &index, &options, WARM_UP / 4);
    bs_feed_open(&feed, &index, &plan, &options, 0);
    bs_feed_run(&feed, WARM_UP, INT64_MAX);
    for (size_t i = 0; i < BS_SHAPES; i++) {
        uint64_t matched = feed.matched;
        bs_count_record(shapes[i].rows, BS_SHAPE_ROWS);
        bs_feed_run(&feed, 1, INT64_MAX);
        shapes[i].count = bs_count_recorded();
        bs_count_record(NULL, 0);
        shapes[i].signal = feed.matched > matched ? 2 : 1;
        if (shapes[i].count < 4 || shapes[i].count == BS_SHAPE_ROWS) {
            bs_die("a post of %zu rows", shapes[i].count);
        }
    }
    bs_feed_close(&feed);
    bs_plan_close(&plan);
    bs_index_close(&index);
}

/* ---- writing ---- */

/* The end of the log, so that what is appended comes behind it. */
static uint64_t log_end(struct kv *kv)
{
    struct kv_txn *txn = NULL;
    struct kv_range *range = NULL;
    struct kv_bytes none = {"", 0};
    struct kv_bytes key;
    struct kv_bytes value;
    bs_need(kv_begin(kv, KV_READ, &txn), "a snapshot");
    bs_need(kv_range_open(txn, KV_LOG, none, none, KV_DOWN, &range), "a range");
    int result = kv_range_next(range, &key, &value);
    uint64_t end = result == 0 ? get_be64(key.data) + 1 : 0;
    kv_range_close(range);
    kv_abort(txn);
    return end;
}

static void fill_random(struct bs_writer *writer, uint8_t *at, size_t size)
{
    for (size_t i = 0; i < size; i++) {
        at[i] = (uint8_t)(bs_random(&writer->random) >> 56);
    }
}

void bs_writer_open(struct bs_writer *writer, const struct bs_shape *shapes, struct kv *kv,
                    const struct bs_options *options)
{
    *writer = (struct bs_writer){
        .shapes = shapes,
        .separate = options->separate,
        .random = options->seed * UINT64_C(0x2545f4914f6cdd1d),
        .log = log_end(kv),
        .parties = options->parties,
        .children = bs_new(CHILDREN, 32),
        .values = bs_new(VALUE_BYTES, 1),
    };
    writer->notices = writer->log * 4 + 1000000;
    fill_random(writer, writer->values, VALUE_BYTES);
}

void bs_writer_close(struct bs_writer *writer)
{
    free(writer->children);
    free(writer->values);
}

/* As ids that are ordered by time: the number of the post comes first. */
static void fill_ordered(struct bs_writer *writer, uint8_t *at)
{
    put_be64(at, writer->log << 16);
    fill_random(writer, at + 6, 10);
}

static void choose_child(struct bs_writer *writer, const struct bs_shape *shape, uint8_t *out)
{
    size_t known = writer->child_count < CHILDREN ? writer->child_count : CHILDREN;
    if (shape->signal > 1 && known > 0) {
        memcpy(out, writer->children[bs_random(&writer->random) % known], 32);
    } else {
        fill_random(writer, out, 32);
        memcpy(writer->children[writer->child_count++ % CHILDREN], out, 32);
    }
}

/* As the places of matches: a number comes first, higher for each match. */
static void fill_place(struct bs_writer *writer, uint8_t *at)
{
    at[0] = (uint8_t)(writer->log >> 32);
    put_be32(at + 1, (uint32_t)writer->log);
    fill_random(writer, at + 5, UUID_BYTES - 5);
}

/* Any party, but the same one throughout a post for the same recorded one: what it is changed in
 * lies together. */
static uint32_t choose_party(const struct bs_writer *writer, const uint8_t *recorded)
{
    uint64_t random = (writer->log << 32 | get_be32(recorded)) * UINT64_C(0x9e3779b97f4a7c15);
    return 1 + (uint32_t)(bs_random(&random) % writer->parties);
}

static void make_party_key(struct bs_writer *writer, struct bs_row *row)
{
    put_be32(row->key, choose_party(writer, row->key));
    if (row->key_size == 5 + UUID_BYTES) {
        fill_ordered(writer, row->key + 5);
    } else if (row->key_size == 5 + 8) {
        put_be64(row->key + 5, ~writer->notices++);
    }
}

static void make_due_key(struct bs_writer *writer, struct bs_row *row)
{
    if (row->key_size == 9 + 4 + UUID_BYTES) {
        uint8_t *party = row->key + 9 + UUID_BYTES;
        fill_ordered(writer, row->key + 9);
        put_be32(party, choose_party(writer, party));
    } else if (row->key[8] == DUE_FOLLOW_UP) {
        fill_place(writer, row->key + 9);
    } else {
        fill_random(writer, row->key + 9, row->key_size - 9);
    }
}

static void make_key(struct bs_writer *writer, struct bs_row *row, const uint8_t *child)
{
    switch (row->table) {
    case KV_CHILD:
        memcpy(row->key, child, 32);
        break;
    case KV_PARTY:
        make_party_key(writer, row);
        break;
    case KV_MATCH:
        fill_place(writer, row->key);
        break;
    case KV_DUE:
        make_due_key(writer, row);
        break;
    case KV_LOG:
        put_be64(row->key, writer->log);
        break;
    case KV_NODE:
        put_be64(row->key + row->key_size - 8, writer->log);
        break;
    default:
        if (memcmp(row->key, "tail", 4) == 0) {
            put_be64(row->key + row->key_size - 8, writer->log / TAIL_ENTRIES * TAIL_ENTRIES);
        }
        break;
    }
}

/* child || kind || id becomes kind || child || id: the same bytes in another order. */
static void put_kind_first(struct bs_row *row)
{
    size_t at = row->table == KV_CHILD ? 32 : row->table == KV_PARTY ? 4 : 0;
    if (at > 0) {
        uint8_t kind = row->key[at];
        memmove(row->key + 1, row->key, at);
        row->key[0] = kind;
    }
}

size_t bs_writer_next(struct bs_writer *writer, bool last,
                      struct bs_write writes[static BS_SHAPE_ROWS])
{
    const struct bs_shape *shape = &writer->shapes[bs_random(&writer->random) % BS_SHAPES];
    uint8_t child[32];
    size_t count = 0;
    choose_child(writer, shape, child);
    for (size_t i = 0; i < shape->count; i++) {
        if (!last && bs_row_is_of_commit(&shape->rows[i])) {
            continue;
        }
        struct bs_write *write = &writes[count++];
        write->row = shape->rows[i];
        make_key(writer, &write->row, child);
        if (writer->separate) {
            put_kind_first(&write->row);
        }
        size_t room = VALUE_BYTES - KV_VALUE_MAXIMUM;
        write->value = writer->values + bs_random(&writer->random) % room;
        writer->bytes += write->row.key_size + write->row.value_size;
    }
    writer->rows += count;
    writer->log++;
    writer->posts++;
    return count;
}

void bs_write_put(struct kv_txn *txn, const struct bs_write *write)
{
    struct kv_bytes key = {write->row.key, write->row.key_size};
    struct kv_bytes value = {write->value, write->row.value_size};
    if (write->row.remove) {
        kv_delete(txn, write->row.table, key);
    } else if (write->row.append) {
        kv_append(txn, write->row.table, key, value);
    } else {
        kv_put(txn, write->row.table, key, value);
    }
}

void bs_writer_commit(struct bs_writer *writer, struct kv *kv, size_t posts)
{
    struct bs_write writes[BS_SHAPE_ROWS];
    struct kv_txn *txn = NULL;
    bs_need(kv_begin(kv, KV_WRITE, &txn), "a transaction");
    for (size_t post = 0; post < posts; post++) {
        size_t count = bs_writer_next(writer, post + 1 == posts, writes);
        for (size_t i = 0; i < count; i++) {
            bs_write_put(txn, &writes[i]);
        }
    }
    bs_need(kv_commit(txn), "a commit");
}

struct kv *bs_raw_open(const struct bs_options *options, const struct bs_shape *shapes,
                       char scratch[static BS_PATH_SIZE], struct bs_writer *writer)
{
    struct kv *kv = NULL;
    scratch[0] = '\0';
    if (options->store != NULL && !options->spoil) {
        bs_die("--store is of no use as an index afterwards: say --spoil, of a copy");
    }
    if (options->store == NULL) {
        bs_scratch_make(scratch);
    }
    struct kv_lmdb_options lmdb = {.directory = options->store != NULL ? options->store : scratch,
                                   .map_bytes = MAP_BYTES};
    bs_need(kv_lmdb_open(&lmdb, &kv), lmdb.directory);
    bs_writer_open(writer, shapes, kv, options);
    for (uint64_t posts = options->store != NULL ? options->signals : 0; posts < options->signals;
         posts += FILL_POSTS) {
        bs_writer_commit(writer, kv, FILL_POSTS);
    }
    return kv;
}
