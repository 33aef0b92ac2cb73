/* SPDX-License-Identifier: EUPL-1.2 */
/* Winding down: what is left behind, and the mark. */
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "store/base/clock.h"
#include "store/committer.h"
#include "store/epoch/winddown.h"
#include "store/kv/disk.h"
#include "store/operation.h"

#define PATH_MAXIMUM STORE_END_DIRECTORY_SIZE

struct wind_down {
    struct store *store;
    const char *path;
    int directory;
    bool unknown; /* whether the mark is in the store */
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
    for (size_t i = 0; i < WINDDOWN_FILES; i++) {
        char name[WINDDOWN_NAME_SIZE];
        snprintf(name, sizeof(name), WINDDOWN_UNFINISHED "%s", winddown_files[i]);
        (void)unlinkat(work->directory, name, 0);
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
    int result = create_file(work, WINDDOWN_UNFINISHED WINDDOWN_LEAVES, &file);
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
    int result = write_text(work, WINDDOWN_UNFINISHED WINDDOWN_CHECKPOINT, note, length);
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
    return write_text(work, WINDDOWN_UNFINISHED WINDDOWN_STATEMENT, note, length);
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

static int leave_behind(struct wind_down *work)
{
    struct merkle_hash root;
    int result = write_leaves(work, &root);
    if (result == 0) {
        result = write_notes(work, &root);
    }
    return result != 0 ? result : sync_names(work);
}

/* ---- the end ---- */

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

/* All that is needed to finish it must be known from the mark alone. */
static int make_end(struct wind_down *work, struct store_end *ret_end)
{
    *ret_end = (struct store_end){0};
    int length = snprintf(ret_end->directory, sizeof(ret_end->directory), "%s", work->path);
    return length < (int)sizeof(ret_end->directory) ? 0
                                                    : unsound(work, "the directory's name is long");
}

static int mark(struct wind_down *work, const struct store_end *end)
{
    int result = winddown_mark(work->store->kv, end);
    work->unknown = result < 0;
    if (result < 0) {
        committer_fail(work->store);
    }
    return result > 0 ? unsound(work, "the store does not take the mark of its end") : result;
}

/* Everything up to the mark: whatever fails, the index goes on, unless nobody knows whether the
 * mark is there. */
static int end_index(struct wind_down *work, const struct attribution *by)
{
    struct store *store = work->store;
    struct store_end end;
    int result = store->dead ? unsound(work, "the store has failed") : make_end(work, &end);
    if (result == 0) {
        result = log_end(work, by);
    }
    if (result == 0) {
        result = leave_behind(work);
    }
    if (result == 0) {
        end.log_size = store->head.log_size;
        result = mark(work, &end);
    }
    return result;
}

/* After the mark: the rest, as far as it can be done. */
static int destroy(struct wind_down *work)
{
    struct store *store = work->store;
    char why[STORE_WHY_SIZE] = "";
    committer_close_for_good(store);
    enum store_statement statement = winddown_complete(work->path, why);
    int rows = winddown_delete_rows(store->kv, &store->arena);
    if (statement == STORE_STATEMENT_STANDS && rows == 0) {
        return 0;
    }
    snprintf(work->why, STORE_WHY_SIZE, "the index has ended, but %.400s",
             rows != 0 ? "not every row could be deleted" : why);
    return STORE_STOPPED;
}

int store_wind_down(struct store *store, const struct attribution *by, const char *directory,
                    bool *ret_ended, char why[static STORE_WHY_SIZE])
{
    CLEANUP(finish)
    struct wind_down work = {.store = store, .path = directory, .directory = -1, .why = why};
    why[0] = '\0';
    *ret_ended = false;
    int result = make_directory(&work);
    if (result != 0) {
        return result;
    }
    committer_stop(store);
    result = end_index(&work, by);
    if (result == 0) {
        *ret_ended = true;
        return destroy(&work);
    }
    if (!work.unknown) {
        discard(&work);
    }
    int started = committer_start(store);
    return result != 0 ? result : started;
}
