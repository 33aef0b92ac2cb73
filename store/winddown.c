/* SPDX-License-Identifier: EUPL-1.2 */
/* The end of the index: what is left of it, durable first; then everything else goes. */
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "store/clock.h"
#include "store/committer.h"
#include "store/kv_disk.h"
#include "store/operation.h"
#include "store/winddown.h"

#define STATEMENT_NAME "statement"
#define LEAVES_NAME "leaves"
#define CHECKPOINT_NAME "final-checkpoint"
#define DELETE_SLICE 1000 /* rows of one transaction */
#define PATH_MAXIMUM 4096

struct wind_down {
    struct store *store;
    const char *path;
    int directory;
    char *why;
};

static void finish(struct wind_down *work)
{
    disk_closep(&work->directory);
}

static int unsound(struct wind_down *work, const char *what)
{
    snprintf(work->why, STORE_WHY_SIZE, "nothing was destroyed: %s", what);
    return STORE_STOPPED;
}

/* ---- what is left ---- */

static int make_directory(struct wind_down *work)
{
    if (mkdir(work->path, 0700) != 0) {
        int error = errno;
        if (error == EEXIST) {
            return STORE_EXISTS;
        }
        snprintf(work->why, STORE_WHY_SIZE, "the directory cannot be made: %s", strerror(error));
        return error == ENOMEM || error == EIO ? -error : STORE_STOPPED;
    }
    work->directory = open(work->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
    if (work->directory >= 0) {
        return 0;
    }
    int result = -errno;
    (void)rmdir(work->path);
    return result;
}

/* The index goes on: what was begun must not be taken for its end. */
static void discard(struct wind_down *work)
{
    static const char *const names[] = {STATEMENT_NAME, LEAVES_NAME, CHECKPOINT_NAME};
    for (size_t i = 0; i < ARRAY_LENGTH(names); i++) {
        (void)unlinkat(work->directory, names[i], 0);
    }
    (void)rmdir(work->path);
}

static int create_file(struct wind_down *work, const char *name, FILE **ret_file)
{
    int descriptor =
        openat(work->directory, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (descriptor < 0) {
        return -errno;
    }
    FILE *file = fdopen(descriptor, "w");
    if (file == NULL) {
        int result = -errno;
        close(descriptor);
        return result;
    }
    *ret_file = file;
    return 0;
}

static int close_durably(FILE *file, int result)
{
    if (result == 0 && (fflush(file) != 0 || fsync(fileno(file)) != 0)) {
        result = -errno;
    }
    if (fclose(file) != 0 && result == 0) {
        result = -errno;
    }
    return result;
}

static int write_text(struct wind_down *work, const char *name, const char *text, size_t size)
{
    FILE *file;
    int result = create_file(work, name, &file);
    if (result != 0) {
        return result;
    }
    result = fwrite(text, 1, size, file) == size ? 0 : -errno;
    return close_durably(file, result);
}

static int copy_leaf(struct kv_range *range, FILE *file, struct merkle_frontier *frontier)
{
    struct kv_bytes key;
    struct kv_bytes value;
    struct merkle_hash leaf;
    int result = kv_range_next(range, &key, &value);
    if (result != 0) {
        return result;
    }
    if (value.size < COMMITMENT_BYTES) {
        return VIEW_DAMAGED;
    }
    if (fwrite(value.data, 1, COMMITMENT_BYTES, file) != COMMITMENT_BYTES) {
        return -errno;
    }
    merkle_leaf(value.data, COMMITMENT_BYTES, &leaf);
    merkle_frontier_append(frontier, &leaf, NULL, NULL);
    return 0;
}

static int copy_leaves(struct store_view *view, FILE *file, struct merkle_frontier *frontier)
{
    static const uint8_t lowest[1] = {0};
    CLEANUP(kv_range_closep) struct kv_range *range = NULL;
    int result = kv_range_open(view->kv, KV_LOG, (struct kv_bytes){lowest, 1},
                               (struct kv_bytes){NULL, 0}, KV_UP, &range);
    while (result == 0) {
        result = copy_leaf(range, file, frontier);
    }
    return result == KV_END ? 0 : result;
}

/* The commitments of all entries; their tree must be the one that is going to be signed. */
static int write_leaves(struct wind_down *work, struct merkle_hash *ret_root)
{
    struct store *store = work->store;
    struct store_view view = {.arena = &store->arena};
    struct merkle_frontier frontier;
    struct merkle_hash root;
    FILE *file;
    int result = create_file(work, LEAVES_NAME, &file);
    if (result != 0) {
        return result;
    }
    merkle_frontier_init(&frontier);
    result = kv_begin(store->kv, KV_READ, &view.kv);
    if (result == 0) {
        result = copy_leaves(&view, file, &frontier);
        kv_abort(view.kv);
    }
    result = close_durably(file, result);
    if (result != 0) {
        return result;
    }
    merkle_frontier_root(&store->frontier, ret_root);
    merkle_frontier_root(&frontier, &root);
    if (frontier.size != store->head.log_size || memcmp(&root, ret_root, sizeof(root)) != 0) {
        return unsound(work, "the entries of the log do not have the root that was signed");
    }
    return 0;
}

static int write_notes(struct wind_down *work, const struct merkle_hash *root)
{
    const struct store *store = work->store;
    char note[CHECKPOINT_NOTE_MAXIMUM];
    char extension[CHECKPOINT_EXTENSION_MAXIMUM];
    char when[CLOCK_TIMESTAMP_SIZE];
    size_t length = checkpoint_sign(store->signer, store->head.log_size, root, note);
    int result = write_text(work, CHECKPOINT_NAME, note, length);
    if (result != 0) {
        return result;
    }
    calendar_format_timestamp(store->head.last_time, when);
    snprintf(extension, sizeof(extension),
             "wound-down %s\ndestroyed all epoch keys and all rows of this index\n", when);
    if (checkpoint_sign_extended(store->signer, store->head.log_size, root, extension, note,
                                 &length) != CHECKPOINT_OK) {
        return unsound(work, "the statement cannot be signed");
    }
    return write_text(work, STATEMENT_NAME, note, length);
}

/* The directory's own name, in the one that it is in. */
static int sync_names(struct wind_down *work)
{
    char copy[PATH_MAXIMUM];
    if (fsync(work->directory) != 0) {
        return -errno;
    }
    if (snprintf(copy, sizeof(copy), "%s", work->path) >= (int)sizeof(copy)) {
        return -ENAMETOOLONG;
    }
    int parent CLEANUP(disk_closep) = open(dirname(copy), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    return parent < 0 || fsync(parent) != 0 ? -errno : 0;
}

/* The statement last: where there is one, all is there. */
static int leave_behind(struct wind_down *work)
{
    struct merkle_hash root;
    int result = write_leaves(work, &root);
    if (result == 0) {
        result = write_notes(work, &root);
    }
    return result != 0 ? result : sync_names(work);
}

/* ---- what goes ---- */

/* From here on the store cannot be opened any more, wherever the rest is interrupted: an index
 * under the same origin whose log begins anew would be a forged one. */
static int mark_end(struct store *store)
{
    struct kv_txn *txn = NULL;
    struct row_key key = layout_meta(WINDDOWN_FORMAT_NAME);
    int result = kv_begin(store->kv, KV_WRITE, &txn);
    if (result != 0) {
        return result;
    }
    kv_put(txn, KV_META, row_key_bytes(&key),
           (struct kv_bytes){WINDDOWN_FORMAT_TEXT, strlen(WINDDOWN_FORMAT_TEXT)});
    return kv_commit(txn);
}

static bool is_mark(enum kv_table table, struct kv_bytes key)
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
        if (result == 0 && !is_mark(table, key)) {
            keys[count] = (struct row_key){.size = key.size};
            memcpy(keys[count++].bytes, key.data, key.size);
        }
    }
    *ret_count = count;
    return result == KV_END ? 0 : result;
}

static int delete_some(struct store *store, enum kv_table table, size_t *ret_count)
{
    struct row_key *keys = arena_new(&store->arena, DELETE_SLICE * sizeof(*keys));
    struct kv_txn *txn = NULL;
    size_t count;
    int result = keys == NULL ? -ENOMEM : kv_begin(store->kv, KV_WRITE, &txn);
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

static int delete_all(struct store *store)
{
    /* First what is about children. */
    static const enum kv_table tables[] = {KV_CHILD, KV_META,  KV_PARTY,        KV_MATCH,
                                           KV_DUE,   KV_ACTOR, KV_ORGANISATION, KV_LOG_INDEX,
                                           KV_LOG,   KV_NODE};
    static_assert(ARRAY_LENGTH(tables) == KV_TABLES - 1, "every table is emptied");
    int result = mark_end(store);
    for (size_t i = 0; i < ARRAY_LENGTH(tables) && result == 0; i++) {
        size_t count = DELETE_SLICE;
        while (result == 0 && count > 0) {
            result = delete_some(store, tables[i], &count);
            arena_finish(&store->arena);
        }
    }
    return result > 0 ? -ENOSPC : result; /* no room even to delete */
}

/* ---- both ---- */

static int log_end(struct wind_down *work, const struct attribution *by)
{
    static const struct log_note note = {.event = LOG_WOUND_DOWN};
    struct store_note_op last;
    store_note_init(&last);
    last.op.by = *by;
    last.count = 1;
    last.notes = &note;
    int result = committer_run_last(work->store, &last.op);
    return result > 0 ? unsound(work, "the log does not take its last entry") : result;
}

int store_wind_down(struct store *store, const struct attribution *by, const char *directory,
                    char why[static STORE_WHY_SIZE])
{
    CLEANUP(finish)
    struct wind_down work = {.store = store, .path = directory, .directory = -1, .why = why};
    why[0] = '\0';
    int result = make_directory(&work);
    if (result != 0) {
        return result;
    }
    committer_stop(store);
    result = store->dead ? unsound(&work, "the store has failed") : log_end(&work, by);
    if (result == 0) {
        result = leave_behind(&work);
    }
    if (result != 0) {
        discard(&work);
        int started = committer_start(store);
        return result != 0 ? result : started;
    }
    committer_close_for_good(store);
    return delete_all(store);
}
