/* SPDX-License-Identifier: EUPL-1.2 */
/* From the mark on: what has begun to end is ended, now or at a later start. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "store/epoch/winddown.h"
#include "store/kv/disk.h"
#include "store/kv/lmdb.h"
#include "store/view.h"

#define MARK_VERSION 1
#define MARK_TEXT_SIZE (sizeof(WINDDOWN_FORMAT_TEXT) - 1)
#define MARK_SIZE (MARK_TEXT_SIZE + 1 + 8 + 2 + STORE_END_DIRECTORY_SIZE)
#define DELETE_SLICE 1000 /* rows of one transaction */

const char *const winddown_files[WINDDOWN_FILES] = {WINDDOWN_LEAVES, WINDDOWN_CHECKPOINT,
                                                    WINDDOWN_STATEMENT};

/* ---- the mark ---- */

bool winddown_is_mark(struct kv_bytes format)
{
    return format.size >= MARK_TEXT_SIZE &&
           memcmp(format.data, WINDDOWN_FORMAT_TEXT, MARK_TEXT_SIZE) == 0;
}

int winddown_mark(struct kv *kv, const struct store_end *end)
{
    uint8_t buffer[MARK_SIZE];
    struct codec_writer out = CODEC_WRITER(buffer);
    struct kv_txn *txn = NULL;
    struct row_key key = layout_meta(WINDDOWN_FORMAT_NAME);
    codec_put_bytes(&out, WINDDOWN_FORMAT_TEXT, MARK_TEXT_SIZE);
    codec_put_u8(&out, MARK_VERSION);
    codec_put_u64(&out, end->log_size);
    codec_put_text(&out, end->directory, STORE_END_DIRECTORY_SIZE - 1);
    int result = kv_begin(kv, KV_WRITE, &txn);
    if (result != 0) {
        return KV_ABORTED;
    }
    kv_put(txn, KV_META, row_key_bytes(&key), (struct kv_bytes){out.data, out.size});
    return kv_commit(txn);
}

static int read_mark(struct kv_bytes format, struct store_end *ret_end)
{
    CLEANUP(arena_finish) struct arena arena;
    struct codec_reader in = {.data = (const uint8_t *)format.data + MARK_TEXT_SIZE,
                              .left = format.size - MARK_TEXT_SIZE};
    arena_init(&arena);
    unsigned version = codec_get_u8(&in);
    uint64_t log_size = codec_get_u64(&in);
    const char *directory = codec_get_text(&in, &arena, STORE_END_DIRECTORY_SIZE - 1);
    if (version != MARK_VERSION || !codec_done(&in)) {
        return VIEW_DAMAGED;
    }
    *ret_end = (struct store_end){.log_size = log_size};
    snprintf(ret_end->directory, sizeof(ret_end->directory), "%s", directory);
    return 0;
}

static int find_mark(struct kv *kv, struct store_end *ret_end)
{
    struct row_key key = layout_meta(WINDDOWN_FORMAT_NAME);
    struct kv_txn *txn = NULL;
    struct kv_bytes value;
    int result = kv_begin(kv, KV_READ, &txn);
    if (result != 0) {
        return result;
    }
    result = kv_get(txn, KV_META, row_key_bytes(&key), &value);
    if (result == 0) {
        result = winddown_is_mark(value) ? read_mark(value, ret_end) : STORE_NOT_FOUND;
    }
    kv_abort(txn);
    return result;
}

/* To look must not make anything: a file made by whoever checks a configuration may be one that the
 * daemon's user cannot use. Where an index has ended both are there. */
static bool may_be_store(const char *path)
{
    static const char *const names[] = {"data.mdb", "lock"};
    int folder CLEANUP(disk_closep) = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    for (size_t i = 0; i < ARRAY_LENGTH(names); i++) {
        if (folder < 0 || faccessat(folder, names[i], F_OK, 0) != 0) {
            return false;
        }
    }
    return true;
}

int store_find_end(const char *path, struct store_end *ret_end)
{
    CLEANUP(kv_closep) struct kv *kv = NULL;
    const struct kv_lmdb_options options = {.directory = path, .read_only = true};
    if (!may_be_store(path)) {
        return STORE_NOT_FOUND;
    }
    int result = kv_lmdb_open(&options, &kv);
    return result != 0 ? result : find_mark(kv, ret_end);
}

/* ---- the statement ---- */

/* 0, -ENOENT when it is there under neither name, or another fault. */
static int give_name(int directory, const char *name)
{
    char before[WINDDOWN_NAME_SIZE];
    snprintf(before, sizeof(before), WINDDOWN_UNFINISHED "%s", name);
    if (renameat(directory, before, directory, name) == 0) {
        return 0;
    }
    return errno == ENOENT && faccessat(directory, name, F_OK, 0) == 0 ? 0 : -errno;
}

static int give_names(const char *path)
{
    int directory CLEANUP(disk_closep) =
        open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
    int result = directory < 0 ? -errno : 0;
    for (size_t i = 0; i < WINDDOWN_FILES && result == 0; i++) {
        bool is_statement = i + 1 == WINDDOWN_FILES;
        result = give_name(directory, winddown_files[i]);
        result = result == -ENOENT && !is_statement ? 0 : result; /* whoever verifies will see */
    }
    return result == 0 && fsync(directory) != 0 ? -errno : result;
}

enum store_statement winddown_complete(const char *directory, char why[static STORE_WHY_SIZE])
{
    int result = give_names(directory);
    if (result == 0) {
        return STORE_STATEMENT_STANDS;
    }
    if (result == -ENOENT || result == -ENOTDIR) {
        snprintf(why, STORE_WHY_SIZE, "its files are not in %.300s any more", directory);
        return STORE_STATEMENT_LOST;
    }
    snprintf(why, STORE_WHY_SIZE, "its files in %.300s do not get their names: %s", directory,
             strerror(-result));
    return STORE_STATEMENT_UNFINISHED;
}

/* ---- rows ---- */

static bool is_mark_key(enum kv_table table, struct kv_bytes key)
{
    return table == KV_META && key.size == strlen(WINDDOWN_FORMAT_NAME) &&
           memcmp(key.data, WINDDOWN_FORMAT_NAME, key.size) == 0;
}

static int gather_keys(struct kv_txn *txn, enum kv_table table, struct row_key *keys,
                       size_t *ret_count)
{
    static const uint8_t lowest[1] = {0};
    CLEANUP(kv_range_closep) struct kv_range *range = NULL;
    size_t count = 0;
    int result = kv_range_open(txn, table, (struct kv_bytes){lowest, 1}, (struct kv_bytes){NULL, 0},
                               KV_UP, &range);
    while (result == 0 && count < DELETE_SLICE) {
        struct kv_bytes key;
        struct kv_bytes value;
        result = kv_range_next(range, &key, &value);
        if (result == 0 && key.size > LAYOUT_KEY_SIZE) {
            result = VIEW_DAMAGED;
        }
        if (result == 0 && !is_mark_key(table, key)) {
            keys[count] = (struct row_key){.size = key.size};
            memcpy(keys[count++].bytes, key.data, key.size);
        }
    }
    *ret_count = count;
    return result == KV_END ? 0 : result;
}

static int delete_some(struct kv *kv, struct arena *arena, enum kv_table table, size_t *ret_count)
{
    struct row_key *keys = arena_new(arena, DELETE_SLICE * sizeof(*keys));
    struct kv_txn *txn = NULL;
    size_t count;
    int result = keys == NULL ? -ENOMEM : kv_begin(kv, KV_WRITE, &txn);
    if (result != 0) {
        return result;
    }
    result = gather_keys(txn, table, keys, &count);
    for (size_t i = 0; i < count && result == 0; i++) {
        kv_delete(txn, table, row_key_bytes(&keys[i]));
    }
    if (result != 0) {
        kv_abort(txn);
        return result;
    }
    *ret_count = count;
    return kv_commit(txn);
}

int winddown_delete_rows(struct kv *kv, struct arena *arena)
{
    /* First what is about children. */
    static const enum kv_table tables[] = {KV_CHILD, KV_META,  KV_PARTY,        KV_MATCH,
                                           KV_DUE,   KV_ACTOR, KV_ORGANISATION, KV_LOG_INDEX,
                                           KV_LOG,   KV_NODE};
    static_assert(ARRAY_LENGTH(tables) == KV_TABLES - 1, "every table is emptied");
    int result = 0;
    for (size_t i = 0; i < ARRAY_LENGTH(tables) && result == 0; i++) {
        size_t count = DELETE_SLICE;
        while (result == 0 && count > 0) {
            result = delete_some(kv, arena, tables[i], &count);
            arena_finish(arena);
        }
    }
    return result > 0 ? -ENOSPC : result; /* no room even to delete */
}

/* Of a store that is not open. */
static int delete_rows_at(const char *path, uint64_t map_bytes)
{
    CLEANUP(kv_closep) struct kv *kv = NULL;
    CLEANUP(arena_finish) struct arena arena;
    const struct kv_lmdb_options options = {.directory = path, .map_bytes = map_bytes};
    arena_init(&arena);
    int result = kv_lmdb_open(&options, &kv);
    return result != 0 ? result : winddown_delete_rows(kv, &arena);
}

/* ---- all of it ---- */

/* While a key or a statement is not what it should be, the mark stays: without it, a start with the
 * keys that are left would begin another log under the same name. Then the rows go one by one. */
static int remove_store(const struct store_finish_options *options, struct store_end *end,
                        char why[static STORE_WHY_SIZE])
{
    bool is_settled = end->keys_destroyed && end->statement != STORE_STATEMENT_UNFINISHED;
    int result = is_settled ? kv_lmdb_remove(options->path) : STORE_IN_USE;
    end->store_removed = result == 0;
    if (result < 0) {
        snprintf(why, STORE_WHY_SIZE, "the store cannot be removed: %s", strerror(-result));
    }
    if (result == 0) {
        return 0;
    }
    int rows = delete_rows_at(options->path, options->map_bytes);
    return rows != 0 && result > 0 ? rows : result;
}

int store_finish_wind_down(const struct store_finish_options *options, struct store_end *ret_end,
                           char why[static STORE_WHY_SIZE])
{
    struct store_end end;
    why[0] = '\0';
    int result = store_find_end(options->path, &end);
    if (result != 0) {
        return result;
    }
    end.statement = winddown_complete(end.directory, why);
    end.keys_destroyed = keyring_epoch_destroy(options->epoch_directory, why) == KEYRING_OK;
    result = remove_store(options, &end, why);
    *ret_end = end;
    return result == 0 ? 0 : STORE_STOPPED;
}
