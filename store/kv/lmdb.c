/* SPDX-License-Identifier: EUPL-1.2 */
/*
 * The LMDB engine. What LMDB leaves to its user, and where it is dealt with:
 *
 * - One process, once: a lock file of our own, because LMDB lets a second writer in and breaks
 *   when one process opens a file twice.
 * - No MDB_WRITEMAP (a full disk would be a SIGBUS), no MDB_NOMEMINIT (heap memory, with secrets,
 *   would reach the file), no MDB_NOSYNC or MDB_NOMETASYNC (a commit would not be durable).
 * - MDB_NOTLS, so that a snapshot belongs to whoever holds it, not to a thread. Ended snapshots
 *   are kept, with their reader slot, and renewed: beginning one then costs neither memory nor
 *   LMDB's lock over the reader table.
 * - A write transaction keeps a cursor in each table. A key on the page where that stands, as of a
 *   row that was just read, or of its neighbour, is found there, without a descent from the root.
 * - A growing file, which is kept ahead of need (growth.h).
 */
#include "store/kv/lmdb.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <lmdb.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "store/kv/disk.h"
#include "store/kv/growth.h"

#define READERS_DEFAULT 512
#define FILE_MODE 0600
#define DATA_NAME "data.mdb"
#define FREE_LIST 0 /* the number of LMDB's own table of free pages */
#define FREE_RECORDS_MAXIMUM 1024

/* These stand in the file: never rename. */
static const char *const TABLE_NAMES[KV_TABLES] = {
    [KV_META] = "meta",   [KV_CHILD] = "child",
    [KV_PARTY] = "party", [KV_ORGANISATION] = "organisation",
    [KV_MATCH] = "match", [KV_DUE] = "due",
    [KV_ACTOR] = "actor", [KV_LOG] = "log",
    [KV_NODE] = "node",   [KV_LOG_INDEX] = "log-index",
};

struct lmdb_kv {
    struct kv base;
    MDB_env *env;
    MDB_dbi tables[KV_TABLES];
    int directory;
    int lock;
    uint64_t page_bytes;
    struct growth growth;      /* of the file; touched under LMDB's writer lock only */
    pthread_mutex_t pool_lock; /* over what follows */
    struct lmdb_txn *idle;     /* ended snapshots */
};

struct lmdb_txn {
    struct kv_txn base;
    MDB_txn *txn;
    unsigned ranges; /* open ones */
    struct lmdb_txn *next_idle;
    MDB_cursor *cursors[KV_TABLES]; /* of a write transaction; LMDB frees them at its end */
};

struct lmdb_range {
    struct kv_range base;
    struct lmdb_txn *txn;
    MDB_cursor *cursor;
    enum kv_direction direction;
    bool at_start; /* the cursor stands on the row that comes next */
    bool ended;
    struct kv_bytes bound; /* `to` upwards, `from` downwards */
    uint8_t bound_memory[KV_KEY_MAXIMUM];
};

static struct lmdb_kv *lmdb_of_kv(struct kv *kv)
{
    return CONTAINER_OF(kv, struct lmdb_kv, base);
}

static struct lmdb_txn *lmdb_of_txn(struct kv_txn *txn)
{
    return CONTAINER_OF(txn, struct lmdb_txn, base);
}

static struct lmdb_range *lmdb_of_range(struct kv_range *range)
{
    return CONTAINER_OF(range, struct lmdb_range, base);
}

/* Codes of LMDB's own are negative, those of the system positive. */
static int result_of(int code)
{
    static const struct {
        int code;
        int result;
    } RESULTS[] = {
        {MDB_NOTFOUND, KV_NOT_FOUND},    {MDB_MAP_FULL, KV_FULL},    {MDB_TXN_FULL, KV_FULL},
        {MDB_KEYEXIST, -EINVAL},         {MDB_BAD_VALSIZE, -EINVAL}, {MDB_BAD_TXN, -EINVAL},
        {MDB_BAD_DBI, -EINVAL},          {MDB_INVALID, -EINVAL},     {MDB_INCOMPATIBLE, -EINVAL},
        {MDB_VERSION_MISMATCH, -EINVAL}, {MDB_DBS_FULL, -EINVAL},    {MDB_READERS_FULL, -ENOMEM},
    };
    if (code >= 0)
        return -code;
    for (size_t i = 0; i < ARRAY_LENGTH(RESULTS); i++) {
        if (RESULTS[i].code == code)
            return RESULTS[i].result;
    }
    return -EIO;
}

/* Where a missing row is no answer but a fault. */
static int fault_of(int code)
{
    int r = result_of(code);
    return r == KV_NOT_FOUND ? -EIO : r;
}

static MDB_val to_val(struct kv_bytes bytes)
{
    return (MDB_val){.mv_size = bytes.size, .mv_data = (void *)bytes.data};
}

static struct kv_bytes from_val(MDB_val val)
{
    return (struct kv_bytes){.data = val.mv_data, .size = val.mv_size};
}

/* No transaction uses pages beyond the last yet, nor can one while this has LMDB's writer lock. */
static void grow_ahead(struct lmdb_kv *lmdb)
{
    MDB_envinfo info = {0};
    mdb_filehandle_t file = -1;
    if (mdb_env_info(lmdb->env, &info) == 0 && mdb_env_get_fd(lmdb->env, &file) == 0)
        growth_ahead(&lmdb->growth, file, (info.me_last_pgno + 1) * lmdb->page_bytes,
                     info.me_mapsize);
}

static int begin_write(struct lmdb_kv *lmdb, struct lmdb_txn *txn)
{
    int r = fault_of(mdb_txn_begin(lmdb->env, NULL, 0, &txn->txn));
    if (r == 0)
        grow_ahead(lmdb);
    return r;
}

static struct lmdb_txn *take_idle(struct lmdb_kv *lmdb)
{
    pthread_mutex_lock(&lmdb->pool_lock);
    struct lmdb_txn *txn = lmdb->idle;
    if (txn != NULL)
        lmdb->idle = txn->next_idle;
    pthread_mutex_unlock(&lmdb->pool_lock);
    return txn;
}

static void end_snapshot(struct lmdb_kv *lmdb, struct lmdb_txn *txn)
{
    mdb_txn_reset(txn->txn);
    pthread_mutex_lock(&lmdb->pool_lock);
    txn->next_idle = lmdb->idle;
    lmdb->idle = txn;
    pthread_mutex_unlock(&lmdb->pool_lock);
}

/*
 * LMDB notes the number of the last commit, and then takes the roots of the tables from the one of
 * two places in the file where that commit put them. When the thread is held up in between, for as
 * long as a commit takes, the place may hold the next but one already, which is not durable yet:
 * what is seen there could be gone with the power, and a later snapshot may not show it.
 */
static bool is_overtaken(struct lmdb_kv *lmdb, const struct lmdb_txn *txn)
{
    MDB_envinfo info = {0};
    return mdb_env_info(lmdb->env, &info) == 0 && info.me_last_txnid > mdb_txn_id(txn->txn) + 1;
}

static int begin_snapshot(struct lmdb_kv *lmdb, struct lmdb_txn *txn)
{
    int code = txn->txn == NULL ? mdb_txn_begin(lmdb->env, NULL, MDB_RDONLY, &txn->txn)
                                : mdb_txn_renew(txn->txn);
    while (code == 0 && is_overtaken(lmdb, txn)) {
        mdb_txn_reset(txn->txn);
        code = mdb_txn_renew(txn->txn);
    }
    return fault_of(code);
}

static int lmdb_begin(struct kv *kv, enum kv_mode mode, struct kv_txn **ret_txn)
{
    struct lmdb_kv *lmdb = lmdb_of_kv(kv);
    struct lmdb_txn *txn = mode == KV_READ ? take_idle(lmdb) : NULL;
    if (txn == NULL)
        txn = calloc(1, sizeof(*txn));
    if (txn == NULL)
        return -ENOMEM;
    int r = mode == KV_READ ? begin_snapshot(lmdb, txn) : begin_write(lmdb, txn);
    if (r != 0) {
        if (txn->txn != NULL)
            mdb_txn_abort(txn->txn);
        free(txn);
        return r;
    }
    *ret_txn = &txn->base;
    return 0;
}

static int lmdb_commit(struct kv_txn *outer)
{
    struct lmdb_txn *txn = lmdb_of_txn(outer);
    assert(txn->ranges == 0);
    /* A full map is found before anything is written to the file; LMDB has then aborted. */
    int r = fault_of(mdb_txn_commit(txn->txn));
    free(txn);
    return r;
}

static void lmdb_abort(struct kv_txn *outer)
{
    struct lmdb_txn *txn = lmdb_of_txn(outer);
    assert(txn->ranges == 0);
    if (outer->mode == KV_READ) {
        end_snapshot(lmdb_of_kv(outer->kv), txn);
        return;
    }
    mdb_txn_abort(txn->txn);
    free(txn);
}

static MDB_dbi table_of(const struct kv_txn *txn, enum kv_table table)
{
    return lmdb_of_kv(txn->kv)->tables[table];
}

/* The cursor that a write transaction keeps in a table. An error of LMDB's. */
static int kept_cursor(struct kv_txn *outer, enum kv_table table, MDB_cursor **ret_cursor)
{
    struct lmdb_txn *txn = lmdb_of_txn(outer);
    MDB_cursor **kept = &txn->cursors[table];
    int code = *kept != NULL ? 0 : mdb_cursor_open(txn->txn, table_of(outer, table), kept);
    *ret_cursor = *kept;
    return code;
}

static int lmdb_get(struct kv_txn *txn, enum kv_table table, struct kv_bytes key,
                    struct kv_bytes *ret_value)
{
    MDB_val name = to_val(key);
    MDB_val value = {0};
    MDB_cursor *cursor = NULL;
    int code = txn->mode == KV_READ ? 0 : kept_cursor(txn, table, &cursor);
    if (code == 0)
        code = cursor != NULL ? mdb_cursor_get(cursor, &name, &value, MDB_SET)
                              : mdb_get(lmdb_of_txn(txn)->txn, table_of(txn, table), &name, &value);
    int r = result_of(code);
    if (r == 0)
        *ret_value = from_val(value);
    return r;
}

static int lmdb_put(struct kv_txn *txn, enum kv_table table, struct kv_bytes key,
                    struct kv_bytes value, bool append)
{
    MDB_val name = to_val(key);
    MDB_val content = to_val(value);
    MDB_cursor *cursor;
    int code = kept_cursor(txn, table, &cursor);
    if (code == 0)
        code = mdb_cursor_put(cursor, &name, &content, append ? MDB_APPEND : 0);
    return fault_of(code);
}

static int lmdb_remove(struct kv_txn *outer, enum kv_table table, struct kv_bytes key)
{
    struct lmdb_txn *txn = lmdb_of_txn(outer);
    MDB_val name = to_val(key);
    /* Pages may go with it, and where a cursor would stand then is LMDB's most delicate part. */
    mdb_cursor_close(TAKE_PTR(txn->cursors[table]));
    return result_of(mdb_del(txn->txn, table_of(outer, table), &name, NULL));
}

static int compare(struct kv_bytes a, struct kv_bytes b)
{
    int order = memcmp(a.data, b.data, a.size < b.size ? a.size : b.size);
    return order != 0 ? order : (a.size > b.size) - (a.size < b.size);
}

/* Puts the cursor on the first row to be given: 0, or MDB_NOTFOUND, or an error of LMDB's. */
static int seek(MDB_cursor *cursor, struct kv_bytes from, struct kv_bytes to,
                enum kv_direction direction)
{
    struct kv_bytes start = direction == KV_UP ? from : to;
    MDB_val key = to_val(start);
    MDB_val value = {0};
    if (start.size == 0)
        return mdb_cursor_get(cursor, &key, &value, direction == KV_UP ? MDB_FIRST : MDB_LAST);
    int code = mdb_cursor_get(cursor, &key, &value, MDB_SET_RANGE);
    if (direction == KV_UP)
        return code;
    if (code == 0)
        return mdb_cursor_get(cursor, &key, &value, MDB_PREV);
    return code == MDB_NOTFOUND ? mdb_cursor_get(cursor, &key, &value, MDB_LAST) : code;
}

static void lmdb_range_close(struct kv_range *outer)
{
    struct lmdb_range *range = lmdb_of_range(outer);
    if (range->cursor != NULL) {
        mdb_cursor_close(range->cursor);
        range->txn->ranges--;
    }
    free(range);
}

static int lmdb_range_open(struct kv_txn *outer, enum kv_table table, struct kv_bytes from,
                           struct kv_bytes to, enum kv_direction direction,
                           struct kv_range **ret_range)
{
    struct lmdb_range *range = calloc(1, sizeof(*range));
    if (range == NULL)
        return -ENOMEM;
    range->txn = lmdb_of_txn(outer);
    range->direction = direction;
    range->bound = direction == KV_UP ? to : from;
    if (range->bound.size > 0)
        memcpy(range->bound_memory, range->bound.data, range->bound.size);
    range->bound.data = range->bound_memory;

    int code = mdb_cursor_open(range->txn->txn, table_of(outer, table), &range->cursor);
    if (code == 0) {
        range->txn->ranges++;
        code = seek(range->cursor, from, to, direction);
    }
    range->at_start = code == 0;
    range->ended = code == MDB_NOTFOUND;
    if (code != 0 && code != MDB_NOTFOUND) {
        lmdb_range_close(&range->base);
        return fault_of(code);
    }
    *ret_range = &range->base;
    return 0;
}

static bool is_within(const struct lmdb_range *range, struct kv_bytes key)
{
    if (range->bound.size == 0)
        return true;
    int order = compare(key, range->bound);
    return range->direction == KV_UP ? order < 0 : order >= 0;
}

static int lmdb_range_next(struct kv_range *outer, struct kv_bytes *ret_key,
                           struct kv_bytes *ret_value)
{
    struct lmdb_range *range = lmdb_of_range(outer);
    if (range->ended)
        return KV_END;
    MDB_cursor_op step = range->direction == KV_UP ? MDB_NEXT : MDB_PREV;
    if (range->at_start)
        step = MDB_GET_CURRENT;
    range->at_start = false;
    MDB_val key = {0};
    MDB_val value = {0};
    int code = mdb_cursor_get(range->cursor, &key, &value, step);
    if (code == MDB_NOTFOUND || (code == 0 && !is_within(range, from_val(key)))) {
        range->ended = true;
        return KV_END;
    }
    if (code != 0)
        return fault_of(code);
    *ret_key = from_val(key);
    *ret_value = from_val(value);
    return 0;
}

/*
 * Pages of the file that the next transaction may use again. LMDB keeps, by the number of the
 * transaction that freed them, a list of page numbers that begins with its length, a size_t
 * (its own tool mdb_stat counts in this way). Those of the last transaction must wait for one
 * more. At most FREE_RECORDS_MAXIMUM lists are looked at, so that measuring before every batch
 * stays cheap: beyond, the answer is too low, never too high. What an old snapshot still holds
 * back is not known here; none lives longer than a callback, but for a copy.
 */
static int count_free_pages(MDB_txn *txn, uint64_t *ret_pages)
{
    MDB_cursor *cursor = NULL;
    int code = mdb_cursor_open(txn, FREE_LIST, &cursor);
    uint64_t pages = 0;
    for (unsigned i = 0; code == 0 && i < FREE_RECORDS_MAXIMUM; i++) {
        MDB_val key = {0};
        MDB_val list = {0};
        size_t freed_by = 0;
        size_t length = 0;
        code = mdb_cursor_get(cursor, &key, &list, MDB_NEXT);
        if (code != 0 || key.mv_size != sizeof(freed_by) || list.mv_size < sizeof(length))
            break;
        memcpy(&freed_by, key.mv_data, sizeof(freed_by));
        memcpy(&length, list.mv_data, sizeof(length));
        if (freed_by < mdb_txn_id(txn))
            pages += length;
    }
    if (cursor != NULL)
        mdb_cursor_close(cursor);
    if (code != 0 && code != MDB_NOTFOUND)
        return fault_of(code);
    *ret_pages = pages;
    return 0;
}

static uint64_t subtract(uint64_t a, uint64_t b)
{
    return a > b ? a - b : 0;
}

/*
 * Used is what the file holds less the pages that may be used again; free is those pages, and
 * what the file may still grow: within the map, and within the blocks that it has already or that
 * the file system can still give.
 */
static int lmdb_measure_room(struct kv *kv, struct kv_room *ret_room)
{
    struct lmdb_kv *lmdb = lmdb_of_kv(kv);
    struct kv_txn *snapshot = NULL;
    int r = kv_begin(kv, KV_READ, &snapshot);
    if (r != 0)
        return r;
    uint64_t free_pages = 0;
    r = count_free_pages(lmdb_of_txn(snapshot)->txn, &free_pages);
    kv_abort(snapshot);
    if (r != 0)
        return r;

    MDB_envinfo info = {0};
    mdb_filehandle_t file = -1;
    r = fault_of(mdb_env_info(lmdb->env, &info));
    if (r == 0)
        r = fault_of(mdb_env_get_fd(lmdb->env, &file));
    uint64_t file_bytes = (info.me_last_pgno + 1) * lmdb->page_bytes;
    uint64_t on_disk = 0;
    if (r == 0)
        r = disk_measure_room(file, file_bytes, &on_disk);
    if (r != 0)
        return r;

    uint64_t reusable = free_pages * lmdb->page_bytes;
    uint64_t in_map = subtract(info.me_mapsize, file_bytes);
    *ret_room = (struct kv_room){
        .used_bytes = subtract(file_bytes, reusable),
        .free_bytes = reusable + (in_map < on_disk ? in_map : on_disk),
        .map_bytes = info.me_mapsize,
    };
    return 0;
}

/* `path` becomes a directory, as kv_lmdb_open() wants one; an existing one may be used. */
static int lmdb_copy(struct kv *kv, const char *path)
{
    struct lmdb_kv *lmdb = lmdb_of_kv(kv);
    int directory CLEANUP(disk_closep) = -1;
    int file CLEANUP(disk_closep) = -1;
    /* Not left to LMDB, which would make the file readable to all, and not durable. */
    int r = disk_create(path, DATA_NAME, &directory, &file);
    if (r != 0)
        return r;
    r = fault_of(mdb_env_copyfd2(lmdb->env, file, MDB_CP_COMPACT));
    if (r == 0)
        r = disk_sync(directory, file);
    /* Half a copy may not be taken for a whole one. */
    if (r != 0)
        (void)unlinkat(directory, DATA_NAME, 0);
    return r;
}

static void lmdb_close(struct kv *kv)
{
    struct lmdb_kv *lmdb = lmdb_of_kv(kv);
    struct lmdb_txn *txn = lmdb->idle;
    while (txn != NULL) {
        struct lmdb_txn *next = txn->next_idle;
        mdb_txn_abort(txn->txn);
        free(txn);
        txn = next;
    }
    if (lmdb->env != NULL)
        mdb_env_close(lmdb->env);
    pthread_mutex_destroy(&lmdb->pool_lock);
    disk_closep(&lmdb->directory);
    disk_closep(&lmdb->lock); /* last: it gives up the lock */
    free(lmdb);
}

static const struct kv_engine LMDB_ENGINE = {
    .begin = lmdb_begin,
    .commit = lmdb_commit,
    .abort = lmdb_abort,
    .get = lmdb_get,
    .put = lmdb_put,
    .remove = lmdb_remove,
    .range_open = lmdb_range_open,
    .range_next = lmdb_range_next,
    .range_close = lmdb_range_close,
    .measure_room = lmdb_measure_room,
    .copy = lmdb_copy,
    .close = lmdb_close,
};

static int open_environment(struct lmdb_kv *lmdb, const struct kv_lmdb_options *options)
{
    /* Our own lock keeps writers away from readers, who can then leave LMDB's out. */
    unsigned flags = MDB_NOTLS | (options->read_only ? MDB_RDONLY | MDB_NOLOCK : 0);
    unsigned readers = options->readers == 0 ? READERS_DEFAULT : options->readers;
    int dead = 0;
    int code = mdb_env_create(&lmdb->env);
    if (code == 0)
        code = mdb_env_set_mapsize(lmdb->env, options->map_bytes);
    if (code == 0)
        code = mdb_env_set_maxreaders(lmdb->env, readers);
    if (code == 0)
        code = mdb_env_set_maxdbs(lmdb->env, KV_TABLES);
    if (code == 0)
        code = mdb_env_open(lmdb->env, options->directory, flags, FILE_MODE);
    if (code == 0)
        code = mdb_reader_check(lmdb->env, &dead);
    return fault_of(code);
}

/* All in one transaction, and before any other, after which the numbers hold for every thread. */
static int open_tables(struct lmdb_kv *lmdb, bool read_only)
{
    MDB_txn *txn = NULL;
    int code = mdb_txn_begin(lmdb->env, NULL, read_only ? MDB_RDONLY : 0, &txn);
    for (int table = KV_META; code == 0 && table < KV_TABLES; table++)
        code =
            mdb_dbi_open(txn, TABLE_NAMES[table], read_only ? 0 : MDB_CREATE, &lmdb->tables[table]);
    MDB_stat stat = {0};
    if (code == 0)
        code = mdb_stat(txn, lmdb->tables[KV_META], &stat);
    lmdb->page_bytes = stat.ms_psize;
    if (code != 0) {
        if (txn != NULL)
            mdb_txn_abort(txn);
        /* Opened for reading, a file without our tables is none of ours. */
        return code == MDB_NOTFOUND ? -EINVAL : result_of(code);
    }
    return fault_of(mdb_txn_commit(txn));
}

static void close_lmdb(struct lmdb_kv **lmdb)
{
    if (*lmdb != NULL)
        lmdb_close(&(*lmdb)->base);
}

int kv_lmdb_open(const struct kv_lmdb_options *options, struct kv **ret_kv)
{
    struct lmdb_kv *lmdb CLEANUP(close_lmdb) = calloc(1, sizeof(*lmdb));
    if (lmdb == NULL)
        return -ENOMEM;
    lmdb->base.engine = &LMDB_ENGINE;
    lmdb->directory = -1;
    lmdb->lock = -1;
    pthread_mutex_init(&lmdb->pool_lock, NULL);
    if (options->map_bytes == 0 && !options->read_only)
        return -EINVAL;
    lmdb->directory = open(options->directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (lmdb->directory < 0)
        return -errno;
    int r = disk_lock(lmdb->directory, options->read_only, &lmdb->lock);
    if (r == 0)
        r = open_environment(lmdb, options);
    if (r == 0)
        r = open_tables(lmdb, options->read_only);
    /* The file's name must be as durable as what is committed to it. */
    if (r == 0 && !options->read_only && fsync(lmdb->directory) != 0)
        r = -errno;
    if (r != 0)
        return r;
    *ret_kv = &TAKE_PTR(lmdb)->base;
    return 0;
}

int kv_lmdb_remove(const char *directory)
{
    static const char *const names[] = {DATA_NAME, "lock.mdb"};
    return disk_remove(directory, names, ARRAY_LENGTH(names));
}
