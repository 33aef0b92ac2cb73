/* SPDX-License-Identifier: EUPL-1.2 */
/* What the LMDB engine does with its file: locking, room, copies, crashes, threads. */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "store/kv/lmdb.h"
#include "tests/unit/store/scratch_fixture.h"

#define SMALL_MAP ((uint64_t)512 << 10)

static int setup(void **state)
{
    (void)state;
    scratch_init(&scratch);
    return 0;
}

static int open_at(const char *directory, bool read_only, struct kv **ret_kv)
{
    struct kv_lmdb_options options = {
        .directory = directory,
        .map_bytes = read_only ? 0 : SCRATCH_MAP_BYTES,
        .read_only = read_only,
    };
    return kv_lmdb_open(&options, ret_kv);
}

static struct kv_txn *begin(struct kv *kv, enum kv_mode mode)
{
    struct kv_txn *txn = NULL;
    assert_int_equal(kv_begin(kv, mode, &txn), 0);
    return txn;
}

/* Row `number` of the log has `size` bytes, all of which follow from its number. */
static void append_row(struct kv_txn *txn, uint64_t number, size_t size)
{
    uint8_t key[8];
    uint8_t value[1024];
    put_be64(key, number);
    memset(value, (int)(number % 251), size);
    kv_append(txn, KV_LOG, (struct kv_bytes){key, 8}, (struct kv_bytes){value, size});
}

static void delete_row(struct kv_txn *txn, uint64_t number)
{
    uint8_t key[8];
    put_be64(key, number);
    kv_delete(txn, KV_LOG, (struct kv_bytes){key, 8});
}

static uint64_t count_rows(struct kv *kv, size_t size)
{
    struct kv_txn *txn = begin(kv, KV_READ);
    struct kv_range *range = NULL;
    struct kv_bytes none = {0};
    struct kv_bytes key = {0};
    struct kv_bytes value = {0};
    uint64_t count = 0;
    assert_int_equal(kv_range_open(txn, KV_LOG, none, none, KV_UP, &range), 0);
    int r = 0;
    while ((r = kv_range_next(range, &key, &value)) == 0) {
        assert_int_equal(get_be64(key.data), count);
        assert_int_equal(value.size, size);
        for (size_t i = 0; i < size; i++)
            assert_int_equal(((const uint8_t *)value.data)[i], count % 251);
        count++;
    }
    assert_int_equal(r, KV_END);
    kv_range_close(range);
    kv_abort(txn);
    return count;
}

static struct kv_room measure(struct kv *kv)
{
    struct kv_room room = {0};
    assert_int_equal(kv_measure_room(kv, &room), 0);
    assert_true(room.used_bytes > 0);
    assert_true(room.used_bytes + room.free_bytes <= room.map_bytes);
    return room;
}

/* The result of opening in a process of its own, as 1 + -result. */
static int open_in_child(bool read_only)
{
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        struct kv *kv = NULL;
        int r = open_at(scratch.directory, read_only, &kv);
        _exit(r <= 0 ? 1 - r : 0);
    }
    int status = 0;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    return WEXITSTATUS(status);
}

static void test_one_process_writes(void **state)
{
    (void)state;
    struct kv *second = NULL;
    scratch_open(&scratch, SCRATCH_MAP_BYTES);
    assert_int_equal(open_in_child(false), 1 + EBUSY);
    assert_int_equal(open_in_child(true), 1 + EBUSY);
    /* The attempts of others do not take the lock away. */
    assert_int_equal(open_in_child(false), 1 + EBUSY);
    assert_int_equal(open_at(scratch.directory, false, &second), -EBUSY);
    assert_int_equal(open_at(scratch.directory, true, &second), -EBUSY);
    assert_null(second);
    scratch_close(&scratch);
    assert_int_equal(open_in_child(false), 1);
    scratch_open(&scratch, SCRATCH_MAP_BYTES);
}

static void test_many_processes_read(void **state)
{
    (void)state;
    struct kv *reader = NULL;
    scratch_open(&scratch, SCRATCH_MAP_BYTES);
    scratch_close(&scratch);
    assert_int_equal(open_at(scratch.directory, true, &reader), 0);
    assert_int_equal(open_in_child(true), 1);
    assert_int_equal(open_in_child(false), 1 + EBUSY);
    kv_close(reader);
    assert_int_equal(open_in_child(false), 1);
}

static void test_reading_only(void **state)
{
    (void)state;
    struct kv *reader = NULL;
    scratch_open(&scratch, SCRATCH_MAP_BYTES);
    struct kv_txn *txn = begin(scratch.kv, KV_WRITE);
    append_row(txn, 0, 100);
    assert_int_equal(kv_commit(txn), 0);
    scratch_close(&scratch);

    assert_int_equal(open_at(scratch.directory, true, &reader), 0);
    assert_int_equal(count_rows(reader, 100), 1);
    assert_int_equal(count_rows(reader, 100), 1);
    assert_int_equal(measure(reader).map_bytes, SCRATCH_MAP_BYTES);
    assert_int_equal(kv_begin(reader, KV_WRITE, &txn), -EACCES);
    kv_close(reader);
}

static void write_file(const char *path, const char *content)
{
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    for (unsigned i = 0; i < 1000; i++)
        assert_true(fputs(content, file) >= 0);
    assert_int_equal(fclose(file), 0);
}

static void test_what_cannot_be_opened(void **state)
{
    (void)state;
    struct kv *kv = NULL;
    struct kv_lmdb_options no_map = {.directory = scratch.directory};
    assert_int_equal(kv_lmdb_open(&no_map, &kv), -EINVAL);
    assert_int_equal(open_at(scratch_path(&scratch, "missing"), false, &kv), -ENOENT);
    assert_int_equal(open_at(scratch.directory, true, &kv), -ENOENT);
    write_file(scratch_path(&scratch, "data.mdb"), "this is no store at all. ");
    assert_int_equal(open_at(scratch_path(&scratch, "data.mdb"), false, &kv), -ENOTDIR);
    assert_int_equal(open_at(scratch.directory, false, &kv), -EINVAL);
    assert_int_equal(open_at(scratch.directory, true, &kv), -EINVAL);
    assert_null(kv);
}

static void assert_private(const char *path)
{
    struct stat status = {0};
    assert_int_equal(stat(path, &status), 0);
    assert_int_equal(status.st_mode & 0777, 0600);
}

static void test_files_are_private(void **state)
{
    (void)state;
    mode_t mask = umask(0);
    scratch_open(&scratch, SCRATCH_MAP_BYTES);
    assert_int_equal(kv_copy(scratch.kv, scratch_path(&scratch, "copy")), 0);
    umask(mask);
    assert_private(scratch_path(&scratch, "data.mdb"));
    assert_private(scratch_path(&scratch, "lock"));
    assert_private(scratch_path(&scratch, "copy/data.mdb"));
    struct stat status = {0};
    assert_int_equal(stat(scratch_path(&scratch, "copy"), &status), 0);
    assert_int_equal(status.st_mode & 0777, 0700);
}

static void test_full_map_and_recovery(void **state)
{
    (void)state;
    scratch_open(&scratch, SMALL_MAP);
    struct kv_txn *txn = begin(scratch.kv, KV_WRITE);
    append_row(txn, 0, 1000);
    assert_int_equal(kv_commit(txn), 0);
    uint64_t room = measure(scratch.kv).free_bytes;

    for (unsigned attempt = 0; attempt < 3; attempt++) {
        txn = begin(scratch.kv, KV_WRITE);
        uint64_t rows = 1;
        while (kv_fault(txn) == 0 && rows < 10000)
            append_row(txn, rows++, 1000);
        assert_int_equal(kv_fault(txn), KV_FULL);
        /* What was promised is near what could be had. */
        assert_true(rows * 1000 <= room);
        assert_true(rows * 1000 > room / 2);
        struct kv_bytes value = {0};
        assert_int_equal(kv_get(txn, KV_LOG, (struct kv_bytes){"k", 1}, &value), KV_FULL);
        assert_int_equal(kv_commit(txn), KV_FULL);
        assert_int_equal(count_rows(scratch.kv, 1000), 1);
    }
    txn = begin(scratch.kv, KV_WRITE);
    append_row(txn, 1, 1000);
    assert_int_equal(kv_commit(txn), 0);
    assert_int_equal(count_rows(scratch.kv, 1000), 2);
}

static void test_full_row_by_row(void **state)
{
    (void)state;
    scratch_open(&scratch, SMALL_MAP);
    uint64_t rows = 0;
    int r = 0;
    struct kv_room before = {0};
    while (r == 0 && rows < 10000) {
        before = measure(scratch.kv);
        struct kv_txn *txn = begin(scratch.kv, KV_WRITE);
        append_row(txn, rows, 1000);
        r = kv_commit(txn);
        rows += r == 0;
    }
    assert_int_equal(r, KV_FULL);
    assert_true(rows > 200);
    /* It did not come as a surprise. */
    assert_true(before.free_bytes < 64 << 10);
    assert_int_equal(count_rows(scratch.kv, 1000), rows);
    scratch_close(&scratch);
    scratch_open(&scratch, 2 * SMALL_MAP);
    assert_int_equal(count_rows(scratch.kv, 1000), rows);
    assert_true(measure(scratch.kv).free_bytes >= SMALL_MAP);
}

static void test_room_comes_back(void **state)
{
    (void)state;
    scratch_open(&scratch, SCRATCH_MAP_BYTES);
    struct kv_room empty = measure(scratch.kv);
    assert_int_equal(empty.map_bytes, SCRATCH_MAP_BYTES);
    struct kv_txn *txn = begin(scratch.kv, KV_WRITE);
    for (uint64_t i = 0; i < 4000; i++)
        append_row(txn, i, 1000);
    assert_int_equal(kv_commit(txn), 0);
    struct kv_room filled = measure(scratch.kv);
    assert_true(filled.used_bytes > empty.used_bytes + 4000 * 1000);
    assert_true(filled.free_bytes < empty.free_bytes - 4000 * 1000);

    txn = begin(scratch.kv, KV_WRITE);
    for (uint64_t i = 1; i < 4000; i++)
        delete_row(txn, i);
    assert_int_equal(kv_commit(txn), 0);
    /* Pages of the last transaction must wait for one more. */
    txn = begin(scratch.kv, KV_WRITE);
    append_row(txn, 1, 1000);
    assert_int_equal(kv_commit(txn), 0);
    struct kv_room emptied = measure(scratch.kv);
    assert_true(emptied.used_bytes < filled.used_bytes - 3900 * 1000);
    assert_true(emptied.free_bytes > filled.free_bytes + 3900 * 1000);
    assert_int_equal(count_rows(scratch.kv, 1000), 2);
}

static void test_blocks_are_reserved_ahead(void **state)
{
    (void)state;
    struct stat status = {0};
    scratch_open(&scratch, SCRATCH_MAP_BYTES);
    int file = open(scratch_path(&scratch, "probe"), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    assert_true(file >= 0);
    int able = fallocate(file, FALLOC_FL_KEEP_SIZE, 0, 1 << 20);
    close(file);
    if (able != 0)
        skip();
    struct kv_txn *txn = begin(scratch.kv, KV_WRITE);
    append_row(txn, 0, 100);
    assert_int_equal(kv_commit(txn), 0);
    assert_int_equal(stat(scratch_path(&scratch, "data.mdb"), &status), 0);
    assert_true(status.st_size < 1 << 20);
    assert_true((uint64_t)status.st_blocks * 512 > SCRATCH_MAP_BYTES / 2);
}

static off_t file_size(void)
{
    struct stat status = {0};
    assert_int_equal(stat(scratch_path(&scratch, "data.mdb"), &status), 0);
    return status.st_size;
}

/* Most commits of a growing store make the file no longer: they write over zeros. */
static void test_pages_are_filled_ahead(void **state)
{
    (void)state;
    enum { ROWS = 1000 };
    unsigned longer = 0;
    scratch_open(&scratch, SCRATCH_MAP_BYTES);
    for (uint64_t i = 0; i < ROWS; i++) {
        struct kv_txn *txn = begin(scratch.kv, KV_WRITE);
        off_t before = file_size();
        append_row(txn, i, 1000);
        assert_int_equal(kv_commit(txn), 0);
        longer += file_size() > before;
        assert_true(file_size() <= (off_t)SCRATCH_MAP_BYTES);
    }
    assert_true(file_size() > ROWS * 1000);
    assert_int_equal(longer, 0);
    /* Zeros beyond the last row are no part of it. */
    scratch_close(&scratch);
    scratch_open(&scratch, SCRATCH_MAP_BYTES);
    struct kv_txn *txn = begin(scratch.kv, KV_WRITE);
    append_row(txn, ROWS, 1000);
    assert_int_equal(kv_commit(txn), 0);
    assert_int_equal(count_rows(scratch.kv, 1000), ROWS + 1);
}

/* Where there is no room ahead, there may still be enough for what is put. */
static void test_what_cannot_be_filled_is_left(void **state)
{
    (void)state;
    scratch_open(&scratch, SCRATCH_MAP_BYTES);
    scratch_close(&scratch);
    struct rlimit limit = {.rlim_cur = (rlim_t)file_size() + (32 << 10)};
    limit.rlim_max = limit.rlim_cur;
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        struct kv *kv = NULL;
        struct kv_txn *txn = NULL;
        if (signal(SIGXFSZ, SIG_IGN) == SIG_ERR || setrlimit(RLIMIT_FSIZE, &limit) != 0)
            _exit(1);
        if (open_at(scratch.directory, false, &kv) != 0 || kv_begin(kv, KV_WRITE, &txn) != 0)
            _exit(2);
        append_row(txn, 0, 1000);
        _exit(kv_commit(txn) == 0 && count_rows(kv, 1000) == 1 ? 0 : 3);
    }
    int status = 0;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
    assert_int_equal(file_size(), limit.rlim_cur); /* it was tried */
    scratch_open(&scratch, SCRATCH_MAP_BYTES);
    assert_int_equal(count_rows(scratch.kv, 1000), 1);
}

static void test_copy_is_equal(void **state)
{
    (void)state;
    struct kv *copy = NULL;
    scratch_open(&scratch, SCRATCH_MAP_BYTES);
    struct kv_txn *txn = begin(scratch.kv, KV_WRITE);
    for (uint64_t i = 0; i < 3000; i++)
        append_row(txn, i, 500);
    assert_int_equal(kv_commit(txn), 0);
    /* A transaction that is not committed is not in it. */
    txn = begin(scratch.kv, KV_WRITE);
    append_row(txn, 3000, 500);
    assert_int_equal(kv_copy(scratch.kv, scratch_path(&scratch, "copy")), 0);
    assert_int_equal(kv_commit(txn), 0);
    assert_int_equal(kv_copy(scratch.kv, scratch_path(&scratch, "copy")), -EEXIST);
    assert_int_equal(kv_copy(scratch.kv, scratch_path(&scratch, "no/copy")), -ENOENT);

    assert_int_equal(open_at(scratch_path(&scratch, "copy"), true, &copy), 0);
    assert_int_equal(count_rows(copy, 500), 3000);
    assert_int_equal(count_rows(scratch.kv, 500), 3001);
    kv_close(copy);
    /* And it can take over from the original. */
    copy = NULL;
    assert_int_equal(open_at(scratch_path(&scratch, "copy"), false, &copy), 0);
    txn = begin(copy, KV_WRITE);
    append_row(txn, 3000, 500);
    assert_int_equal(kv_commit(txn), 0);
    assert_int_equal(count_rows(copy, 500), 3001);
    kv_close(copy);
}

/* Where a copy cannot be finished, nothing is left that could be taken for one. */
static void test_half_a_copy_is_removed(void **state)
{
    (void)state;
    scratch_open(&scratch, SCRATCH_MAP_BYTES);
    struct kv_txn *txn = begin(scratch.kv, KV_WRITE);
    for (uint64_t i = 0; i < 3000; i++)
        append_row(txn, i, 500);
    assert_int_equal(kv_commit(txn), 0);
    scratch_close(&scratch);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        /* In a process of its own, because the limit is one of the process. */
        struct kv *kv = NULL;
        struct rlimit limit = {.rlim_cur = 100 << 10, .rlim_max = 100 << 10};
        if (open_at(scratch.directory, true, &kv) != 0)
            _exit(1);
        if (signal(SIGXFSZ, SIG_IGN) == SIG_ERR || setrlimit(RLIMIT_FSIZE, &limit) != 0)
            _exit(2);
        if (kv_copy(kv, scratch_path(&scratch, "copy")) >= 0)
            _exit(3);
        _exit(access(scratch_path(&scratch, "copy/data.mdb"), F_OK) == 0 ? 4 : 0);
    }
    int status = 0;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
}

#define ROWS_OF_A_COMMIT 3

/* Writes on from row `next` for ever, and tells after each commit how many rows there are. */
static void write_until_killed(uint64_t next, int told)
{
    struct kv *kv = NULL;
    if (open_at(scratch.directory, false, &kv) != 0)
        _exit(1);
    for (;;) {
        struct kv_txn *txn = NULL;
        if (kv_begin(kv, KV_WRITE, &txn) != 0)
            _exit(2);
        for (unsigned i = 0; i < ROWS_OF_A_COMMIT; i++)
            append_row(txn, next++, 300);
        if (kv_commit(txn) != 0)
            _exit(3);
        if (write(told, &next, sizeof(next)) != sizeof(next))
            _exit(4);
    }
}

static void test_killed_while_writing(void **state)
{
    (void)state;
    uint64_t rows = 0;
    for (unsigned round = 0; round < 5; round++) {
        int ends[2] = {-1, -1};
        assert_int_equal(pipe(ends), 0);
        pid_t child = fork();
        assert_true(child >= 0);
        if (child == 0)
            write_until_killed(rows, ends[1]);
        close(ends[1]);
        uint64_t told = 0;
        uint64_t acknowledged = 0;
        uint64_t enough = rows + 20 * ROWS_OF_A_COMMIT;
        while (read(ends[0], &told, sizeof(told)) == sizeof(told)) {
            acknowledged = told;
            if (told == enough)
                assert_int_equal(kill(child, SIGKILL), 0);
        }
        close(ends[0]);
        int status = 0;
        assert_int_equal(waitpid(child, &status, 0), child);
        assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
        assert_true(acknowledged >= enough);

        scratch_open(&scratch, SCRATCH_MAP_BYTES);
        rows = count_rows(scratch.kv, 300);
        /* All that was acknowledged, and at most the one commit whose answer was not heard. */
        assert_true(rows == acknowledged || rows == acknowledged + ROWS_OF_A_COMMIT);
        scratch_close(&scratch);
    }
}

#define READERS 4
#define SNAPSHOTS_EACH 2
#define COMMITS 400

struct shared {
    struct kv *kv;
    atomic_bool done;
    atomic_uint torn;
    atomic_uint backwards;
    atomic_uint faults;
};

static uint64_t read_counter(struct shared *shared, struct kv_txn *txn, const char *key)
{
    struct kv_bytes value = {0};
    int r = kv_get(txn, KV_META, (struct kv_bytes){key, 1}, &value);
    if (r != 0 && r != KV_NOT_FOUND)
        atomic_fetch_add(&shared->faults, 1);
    return r == 0 ? get_be64(value.data) : 0;
}

/* One look at both counters, which are always written together. */
static uint64_t look(struct shared *shared, struct kv_txn *txn)
{
    uint64_t first = read_counter(shared, txn, "a");
    if (read_counter(shared, txn, "b") != first)
        atomic_fetch_add(&shared->torn, 1);
    return first;
}

static void *read_on(void *argument)
{
    struct shared *shared = argument;
    uint64_t last = 0;
    while (!atomic_load(&shared->done)) {
        struct kv_txn *older = NULL;
        struct kv_txn *newer = NULL;
        if (kv_begin(shared->kv, KV_READ, &older) != 0 ||
            kv_begin(shared->kv, KV_READ, &newer) != 0) {
            atomic_fetch_add(&shared->faults, 1);
            kv_abort(older);
            break;
        }
        uint64_t new_count = look(shared, newer);
        uint64_t old_count = look(shared, older);
        if (old_count < last || new_count < old_count)
            atomic_fetch_add(&shared->backwards, 1);
        last = new_count;
        kv_abort(older);
        kv_abort(newer);
    }
    return NULL;
}

static void test_snapshots_of_many_threads(void **state)
{
    (void)state;
    struct shared shared = {0};
    struct kv_lmdb_options options = {
        .directory = scratch.directory,
        .map_bytes = SCRATCH_MAP_BYTES,
        /* Thousands of snapshots in no more places than are held at once, and one that measures. */
        .readers = READERS * SNAPSHOTS_EACH + 1,
    };
    assert_int_equal(kv_lmdb_open(&options, &scratch.kv), 0);
    shared.kv = scratch.kv;
    pthread_t threads[READERS];
    for (unsigned i = 0; i < READERS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, read_on, &shared), 0);
    for (uint64_t i = 1; i <= COMMITS; i++) {
        uint8_t number[8];
        put_be64(number, i);
        struct kv_txn *txn = begin(scratch.kv, KV_WRITE);
        kv_put(txn, KV_META, (struct kv_bytes){"a", 1}, (struct kv_bytes){number, 8});
        kv_put(txn, KV_META, (struct kv_bytes){"b", 1}, (struct kv_bytes){number, 8});
        assert_int_equal(kv_commit(txn), 0);
        (void)measure(scratch.kv);
    }
    atomic_store(&shared.done, true);
    for (unsigned i = 0; i < READERS; i++)
        assert_int_equal(pthread_join(threads[i], NULL), 0);
    assert_int_equal(atomic_load(&shared.faults), 0);
    assert_int_equal(atomic_load(&shared.torn), 0);
    assert_int_equal(atomic_load(&shared.backwards), 0);
    /* No forgotten snapshot held the old pages back. */
    assert_true(measure(scratch.kv).used_bytes < 1 << 20);
}

static void test_more_snapshots_than_places(void **state)
{
    (void)state;
    struct kv_txn *snapshots[4] = {NULL};
    struct kv_txn *more = NULL;
    struct kv_lmdb_options options = {
        .directory = scratch.directory,
        .map_bytes = SCRATCH_MAP_BYTES,
        .readers = ARRAY_LENGTH(snapshots),
    };
    assert_int_equal(kv_lmdb_open(&options, &scratch.kv), 0);
    for (size_t i = 0; i < ARRAY_LENGTH(snapshots); i++)
        snapshots[i] = begin(scratch.kv, KV_READ);
    assert_int_equal(kv_begin(scratch.kv, KV_READ, &more), -ENOMEM);
    assert_null(more);
    kv_abort(snapshots[2]);
    snapshots[2] = begin(scratch.kv, KV_READ);
    for (size_t i = 0; i < ARRAY_LENGTH(snapshots); i++)
        kv_abort(snapshots[i]);
}

#define CASE(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(test_one_process_writes),
        CASE(test_many_processes_read),
        CASE(test_reading_only),
        CASE(test_what_cannot_be_opened),
        CASE(test_files_are_private),
        CASE(test_full_map_and_recovery),
        CASE(test_full_row_by_row),
        CASE(test_room_comes_back),
        CASE(test_blocks_are_reserved_ahead),
        CASE(test_pages_are_filled_ahead),
        CASE(test_what_cannot_be_filled_is_left),
        CASE(test_copy_is_equal),
        CASE(test_half_a_copy_is_removed),
        CASE(test_killed_while_writing),
        CASE(test_snapshots_of_many_threads),
        CASE(test_more_snapshots_than_places),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
