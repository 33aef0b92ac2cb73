/* SPDX-License-Identifier: EUPL-1.2 */
/* A hot backup, believed only after it was read back. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "store/committer.h"
#include "store/kv/lmdb.h"

struct backup_check {
    struct store_view view;
    struct arena arena;
    char *why;
};

static int unsound(struct backup_check *check, const char *what)
{
    snprintf(check->why, STORE_WHY_SIZE, "the copy is not sound: %s", what);
    return STORE_STOPPED;
}

/* Reads every row of a table: pages that do not hold together fail here. */
static int read_table(struct backup_check *check, enum kv_table table, uint64_t *ret_rows)
{
    static const uint8_t lowest[1] = {0};
    CLEANUP(kv_range_closep) struct kv_range *range = NULL;
    uint64_t rows = 0;
    struct kv_bytes key;
    struct kv_bytes value;
    int result = kv_range_open(check->view.kv, table, (struct kv_bytes){lowest, 1},
                               (struct kv_bytes){NULL, 0}, KV_UP, &range);
    while (result == 0) {
        result = kv_range_next(range, &key, &value);
        rows += result == 0 ? 1 : 0;
    }
    *ret_rows = rows;
    return result == KV_END ? 0 : result;
}

/* The root that the leaves give, against the one that was signed. */
static int check_log(struct backup_check *check, const struct checkpoint_vkey *vkey)
{
    struct merkle_frontier frontier;
    struct merkle_hash root;
    merkle_frontier_init(&frontier);
    for (uint64_t index = 0; index < check->view.head.log_size; index++) {
        struct merkle_hash leaf;
        int result = log_read_node(&check->view, 0, index, &leaf);
        if (result != 0) {
            return unsound(check, "an entry of the log is missing");
        }
        merkle_frontier_append(&frontier, &leaf, NULL, NULL);
    }
    merkle_frontier_root(&frontier, &root);
    struct row_key key = layout_meta(COMMITTER_CHECKPOINT_NAME);
    struct kv_bytes value;
    struct checkpoint checkpoint;
    uint64_t time;
    int result = kv_get(check->view.kv, KV_META, row_key_bytes(&key), &value);
    if (result != 0 || checkpoint_open(value.data, value.size, vkey, &checkpoint, &time) != 0) {
        return unsound(check, "the log's head is not signed by this log's key");
    }
    if (checkpoint.size != check->view.head.log_size ||
        memcmp(&checkpoint.root, &root, sizeof(root)) != 0) {
        return unsound(check, "its log does not have the root that was signed");
    }
    return 0;
}

static int check_copy(struct backup_check *check, const struct checkpoint_vkey *vkey)
{
    int result = view_read_head(&check->view);
    if (result != 0) {
        return unsound(check, "it has no head");
    }
    for (int table = KV_META; table < KV_TABLES; table++) {
        uint64_t rows;
        result = read_table(check, (enum kv_table)table, &rows);
        if (result != 0) {
            return result;
        }
        if (table == KV_LOG && rows != check->view.head.log_size) {
            return unsound(check, "the number of log entries is not that of its head");
        }
    }
    return check_log(check, vkey);
}

/* A copy that is not sound must not be taken for one. */
static void discard(const char *directory)
{
    char path[4096];
    int length = snprintf(path, sizeof(path), "%s/data.mdb", directory);
    if (length > 0 && (size_t)length < sizeof(path)) {
        (void)unlink(path);
    }
    (void)rmdir(directory);
}

static int verify_copy(struct store *store, const char *directory, char *why)
{
    struct backup_check check = {.why = why};
    CLEANUP(kv_closep) struct kv *copy = NULL;
    struct kv_lmdb_options options = {.directory = directory, .read_only = true};
    int result = kv_lmdb_open(&options, &copy);
    if (result != 0) {
        return result;
    }
    arena_init(&check.arena);
    check.view = (struct store_view){.keys = store->keys, .arena = &check.arena};
    result = kv_begin(copy, KV_READ, &check.view.kv);
    if (result == 0) {
        result = check_copy(&check, &store->signer->vkey);
        kv_abort(check.view.kv);
    }
    arena_finish(&check.arena);
    return result;
}

int store_backup(struct store *store, const char *directory, char why[static STORE_WHY_SIZE])
{
    why[0] = '\0';
    int result = kv_copy(store->kv, directory);
    if (result != 0) {
        return result == -EEXIST ? STORE_EXISTS : result;
    }
    result = verify_copy(store, directory, why);
    if (result != 0) {
        discard(directory);
    }
    return result;
}
