/* SPDX-License-Identifier: EUPL-1.2 */
/* The end of the index: what is left can be verified, the rest is gone, wherever it stopped. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "crypto/commitment.h"
#include "store/base/clock.h"
#include "store/base/layout.h"
#include "store/kv/lmdb.h"
#include "store/store_end.h"
#include "tests/unit/store/office.h"
#include "tests/unit/store/verify.h"

static struct office office;
static struct checkpoint_vkey vkey;
static uint32_t school;
static char directory[512];
static char keys[512]; /* a directory with epoch keys; the office has its own in memory */

enum { SIGNALS = 600, FEW = 20 };

/* An index with few signals and nothing to do by itself, to begin with again and again: every
 * commit is then one of the end. */
static struct scratch master;
static uint64_t master_entries;

/* As one batch after another. */
static void post_many(unsigned from, unsigned count)
{
    struct store_signal_post *ops = test_calloc(count, sizeof(*ops));
    struct crowd crowd;
    crowd_init(&crowd);
    for (unsigned i = 0; i < count; i++) {
        office_fill_post(&office, &ops[i], school, "ann", from + i);
        assert_int_equal(crowd_submit(&crowd, office.store, &ops[i].op), 0);
    }
    crowd_finish(&crowd);
    for (unsigned i = 0; i < count; i++) {
        assert_int_equal(ops[i].op.result, 0);
    }
    test_free(ops);
}

static void fill_index(unsigned count)
{
    office = (struct office){.faulty = true};
    office_open(&office);
    vkey = verify_key(office.keys, OFFICE_ORIGIN);
    school = office_reporter(&office);
    office_hire(&office, school, "ann");
    post_many(0, count);
}

static void make_places(void)
{
    char why[KEYRING_WHY_SIZE];
    snprintf(directory, sizeof(directory), "%s/end", office.scratch.directory);
    snprintf(keys, sizeof(keys), "%s/keys", office.scratch.directory);
    assert_int_equal(keyring_create(keys, why), 0);
}

static int setup(void **state)
{
    (void)state;
    fill_index(SIGNALS);
    make_places();
    return 0;
}

static int setup_master(void **state)
{
    (void)state;
    scratch_init(&master);
    fill_index(FEW);
    office_index(&office);
    master_entries = office_status(&office).log_size;
    assert_int_equal(kv_copy(office.kv, master.directory), 0);
    office_finish(&office);
    return 0;
}

static int teardown_master(void **state)
{
    (void)state;
    scratch_finish(&master);
    return 0;
}

/* A copy of the master, not open yet. */
static void lay_down_copy(void)
{
    const struct kv_lmdb_options options = {.directory = master.directory, .read_only = true};
    struct kv *kv = NULL;
    office = (struct office){
        .faulty = true, .map_bytes = OFFICE_MAP_BYTES, .keys = office_make_keys(10)};
    scratch_init(&office.scratch);
    arena_init(&office.arena);
    assert_int_equal(kv_lmdb_open(&options, &kv), 0);
    assert_int_equal(kv_copy(kv, office.scratch.directory), 0);
    kv_close(kv);
    make_places();
}

static int teardown(void **state)
{
    (void)state;
    office_finish(&office);
    return 0;
}

static int wind_down(bool *ret_ended, char why[static STORE_WHY_SIZE])
{
    struct attribution by = office_attribution(0);
    office_forget(&office);
    return store_wind_down(office.store, &by, directory, ret_ended, why);
}

/* As a daemon does when it ends, or is started again. */
static int finish_it(struct store_end *ret_end, char why[static STORE_WHY_SIZE])
{
    const struct store_finish_options options = {
        .path = office.scratch.directory, .map_bytes = OFFICE_MAP_BYTES, .epoch_directory = keys};
    return store_finish_wind_down(&options, ret_end, why);
}

static bool is_there(const char *where, const char *name)
{
    char path[600];
    snprintf(path, sizeof(path), "%s/%s", where, name);
    return access(path, F_OK) == 0;
}

static size_t read_left(const char *name, char *out, size_t size)
{
    char path[600];
    struct stat status;
    snprintf(path, sizeof(path), "%s/%s", directory, name);
    int file = open(path, O_RDONLY);
    assert_true(file >= 0);
    assert_int_equal(fstat(file, &status), 0);
    assert_int_equal(status.st_mode & 0777, 0600);
    ssize_t got = read(file, out, size);
    assert_true(got >= 0 && (size_t)got < size);
    out[got] = '\0';
    close(file);
    return (size_t)got;
}

static void check_note(const char *name, const struct merkle_frontier *tree, const char *says)
{
    char note[CHECKPOINT_NOTE_MAXIMUM];
    struct checkpoint checkpoint;
    struct merkle_hash root;
    const char *lines = NULL;
    size_t length = 0;
    uint64_t time;
    size_t size = read_left(name, note, sizeof(note));
    assert_int_equal(checkpoint_open(note, size, &vkey, &checkpoint, &time), 0);
    assert_string_equal(checkpoint.origin, OFFICE_ORIGIN);
    assert_int_equal(checkpoint.size, tree->size);
    merkle_frontier_root(tree, &root);
    assert_memory_equal(&checkpoint.root, &root, sizeof(root));
    assert_int_equal(checkpoint_extension(note, size, &lines, &length), 0);
    assert_int_equal(length, strlen(says));
    assert_memory_equal(lines, says, length);
}

/* The instant that the statement names. */
static int64_t time_of_statement(void)
{
    static const char head[] = "\nwound-down ";
    char note[CHECKPOINT_NOTE_MAXIMUM];
    int64_t instant = 0;
    (void)read_left("statement", note, sizeof(note));
    const char *line = strstr(note, head);
    assert_non_null(line);
    line += strlen(head);
    assert_int_equal(calendar_parse_timestamp(line, strcspn(line, "\n"), &instant), 0);
    return instant;
}

/* What an auditor does with the directory. */
static void check_left(uint64_t entries, int64_t not_before)
{
    enum { ROOM = 64 * 2048 };
    char *leaves = test_malloc(ROOM);
    char timestamp[CLOCK_TIMESTAMP_SIZE];
    char says[200];
    struct merkle_frontier tree;
    struct stat status;
    merkle_frontier_init(&tree);
    size_t size = read_left("leaves", leaves, ROOM);
    assert_int_equal(size, entries * COMMITMENT_BYTES);
    for (uint64_t i = 0; i < entries; i++) {
        struct merkle_hash leaf;
        merkle_leaf(leaves + i * COMMITMENT_BYTES, COMMITMENT_BYTES, &leaf);
        merkle_frontier_append(&tree, &leaf, NULL, NULL);
    }
    int64_t when = time_of_statement();
    assert_in_range(when, not_before, clock_now());
    calendar_format_timestamp(when, timestamp);
    snprintf(says, sizeof(says),
             "wound-down %s\ndestroyed all epoch keys and all rows of this index\n", timestamp);
    check_note("statement", &tree, says);
    check_note("final-checkpoint", &tree, "");
    assert_int_equal(stat(directory, &status), 0);
    assert_int_equal(status.st_mode & 0777, 0700);
    test_free(leaves);
}

static size_t count_all_rows(struct kv *kv)
{
    size_t rows = 0;
    struct kv_txn *txn = NULL;
    assert_int_equal(kv_begin(kv, KV_READ, &txn), 0);
    for (int table = KV_META; table < KV_TABLES; table++) {
        struct kv_range *range = NULL;
        struct kv_bytes key;
        struct kv_bytes value;
        assert_int_equal(kv_range_open(txn, (enum kv_table)table, (struct kv_bytes){"", 1},
                                       (struct kv_bytes){0}, KV_UP, &range),
                         0);
        while (kv_range_next(range, &key, &value) == 0) {
            rows++;
        }
        kv_range_close(range);
    }
    kv_abort(txn);
    return rows;
}

static void assert_cannot_be_opened(void)
{
    char why[STORE_WHY_SIZE] = "";
    struct store *store = NULL;
    struct store_options options = office_options(&office);
    assert_int_equal(store_open(&options, &store, why), STORE_STOPPED);
    assert_non_null(strstr(why, "wound down"));
    assert_null(store);
}

/* The other end that there may be: it is as if nothing had been. */
static void assert_it_goes_on(void)
{
    struct store_end end;
    assert_false(is_there(directory, "statement"));
    assert_true(is_there(keys, "epoch-1.key"));
    assert_int_equal(store_find_end(office.scratch.directory, &end), STORE_NOT_FOUND);
    office_reopen(&office);
    assert_int_equal(office_signals(&office, school, 0).count, FEW);
    office_post(&office, school, "ann", 10000);
    verify_log(office.store, &vkey);
    office_close(&office);
}

static void assert_all_is_gone(uint64_t entries, int64_t not_before)
{
    struct store_end end;
    check_left(entries, not_before);
    assert_false(is_there(directory, ".statement"));
    assert_false(is_there(office.scratch.directory, "data.mdb"));
    assert_false(is_there(keys, "epoch-1.key"));
    assert_true(is_there(keys, "log-1.key")); /* the operator's to destroy */
    assert_int_equal(store_find_end(office.scratch.directory, &end), STORE_NOT_FOUND);
}

static void test_everything_goes(void **state)
{
    (void)state;
    char why[STORE_WHY_SIZE];
    struct store_end end;
    bool ended;
    uint64_t entries = office_status(&office).log_size;
    int64_t before = clock_now();
    assert_int_equal(store_find_end(office.scratch.directory, &end), -EBUSY);
    assert_int_equal(wind_down(&ended, why), 0);
    assert_true(ended);
    /* All that is left in the store is the mark of its end. */
    assert_int_equal(count_all_rows(office.kv), 1);
    /* Nothing but closing is possible. */
    struct store_note_op op;
    store_note_init(&op);
    assert_int_equal(office_run(&office, &op.op, 0), STORE_STOPPED);
    struct store_snapshot *snapshot = NULL;
    assert_int_equal(store_snapshot_open(office.store, &office.arena, &snapshot), STORE_STOPPED);
    assert_null(snapshot);
    assert_int_equal(office_status(&office).log_size, entries + 1);
    assert_true(office_status(&office).failed);
    office_close(&office);
    assert_cannot_be_opened();
    check_left(entries + 1, before);

    assert_int_equal(store_find_end(office.scratch.directory, &end), 0);
    assert_string_equal(end.directory, directory);
    assert_int_equal(end.log_size, entries + 1);
    assert_int_equal(finish_it(&end, why), 0);
    assert_int_equal(end.statement, STORE_STATEMENT_STANDS);
    assert_true(end.keys_destroyed && end.store_removed);
    assert_all_is_gone(entries + 1, before);
    assert_int_equal(finish_it(&end, why), STORE_NOT_FOUND);
}

/* What is queued is run first, and is in the log. */
static void *wind_down_apart(void *context)
{
    char *why = context;
    bool ended;
    int result = wind_down(&ended, why);
    return result == 0 && ended ? NULL : context;
}

static void test_in_the_middle_of_work(void **state)
{
    (void)state;
    enum { MOST = 400 };
    static char why[STORE_WHY_SIZE];
    struct store_signal_post *ops = test_calloc(MOST, sizeof(*ops));
    struct crowd crowd;
    pthread_t thread;
    void *failed = NULL;
    unsigned taken = 0;
    uint64_t entries = office_status(&office).log_size;
    crowd_init(&crowd);
    for (; taken < MOST; taken++) {
        if (taken == 100) {
            assert_int_equal(pthread_create(&thread, NULL, wind_down_apart, why), 0);
        }
        office_fill_post(&office, &ops[taken], school, "ann", 2000 + taken);
        int result = crowd_submit(&crowd, office.store, &ops[taken].op);
        if (result != 0) {
            assert_int_equal(result, STORE_STOPPED);
            break;
        }
    }
    pthread_join(thread, &failed);
    assert_null(failed);
    crowd_finish(&crowd);
    for (unsigned i = 0; i < taken; i++) {
        assert_int_equal(ops[i].op.result, 0);
        assert_true(ops[i].op.logged);
    }
    assert_int_equal(office_status(&office).log_size, entries + taken + 1);
    assert_int_equal(count_all_rows(office.kv), 1);
    test_free(ops);
}

/* Where nothing can be left behind nothing is destroyed, and the index goes on. */
static void test_refusals(void **state)
{
    (void)state;
    char why[STORE_WHY_SIZE];
    bool ended;
    uint64_t entries = office_status(&office).log_size;
    assert_int_equal(mkdir(directory, 0700), 0);
    assert_int_equal(wind_down(&ended, why), STORE_EXISTS);
    assert_int_equal(rmdir(directory), 0);
    snprintf(directory, sizeof(directory), "%s/no/such/place", office.scratch.directory);
    assert_int_equal(wind_down(&ended, why), STORE_STOPPED);
    assert_false(ended);
    assert_non_null(strstr(why, "No such file"));
    assert_int_equal(office_status(&office).log_size, entries);
    office_post(&office, school, "ann", 1000);
    assert_int_equal(office_signals(&office, school, 0).count, SIGNALS + 1);
}

/* A log that is not what was signed is not given out as such. */
static void test_a_log_that_is_not_sound(void **state)
{
    (void)state;
    char why[STORE_WHY_SIZE];
    bool ended;
    struct row_key key = layout_log(3);
    struct kv_txn *txn = NULL;
    struct kv_bytes value;
    uint8_t copy[4096];
    assert_int_equal(kv_begin(office.kv, KV_WRITE, &txn), 0);
    assert_int_equal(kv_get(txn, KV_LOG, row_key_bytes(&key), &value), 0);
    size_t size = value.size;
    memcpy(copy, value.data, size);
    copy[0] ^= 1;
    kv_put(txn, KV_LOG, row_key_bytes(&key), (struct kv_bytes){copy, size});
    assert_int_equal(kv_commit(txn), 0);
    assert_int_equal(wind_down(&ended, why), STORE_STOPPED);
    assert_false(ended);
    assert_non_null(strstr(why, "root"));
    assert_int_equal(access(directory, F_OK), -1);
    office_post(&office, school, "ann", 1000); /* it goes on, for what it is worth */
    assert_int_equal(office_signals(&office, school, 0).count, SIGNALS + 1);
}

/* There is no room for the mark, which is certainly not there: it goes on, at once. */
static void test_no_room_for_the_mark(void **state)
{
    (void)state;
    char why[STORE_WHY_SIZE];
    bool ended;
    struct kv_faulty_plan plan = {.fail_commit_at = 2, .commit_result = KV_FULL};
    office_index(&office);
    kv_faulty_set(office.kv, &plan);
    assert_int_equal(wind_down(&ended, why), STORE_STOPPED);
    assert_false(ended);
    assert_int_equal(access(directory, F_OK), -1);
    office_post(&office, school, "ann", 1000);
    assert_int_equal(office_signals(&office, school, 0).count, SIGNALS + 1);
}

/* A commit fails, anywhere: it is the index that it was, or has ended, and what is left goes. */
static void fail_at(uint64_t commit, bool happens, bool *ret_done)
{
    char why[STORE_WHY_SIZE];
    struct store_end end;
    bool ended;
    struct kv_faulty_plan plan = {
        .fail_commit_at = commit, .commit_result = -EIO, .commit_happens = happens};
    lay_down_copy();
    office_reopen(&office);
    int64_t before = clock_now();
    kv_faulty_set(office.kv, &plan);
    int result = wind_down(&ended, why);
    bool failed = atomic_load(&office.failures) > 0;
    office_close(&office);
    assert_int_equal(ended, commit > 2); /* the entry in the log, the mark, the rows */
    assert_int_equal(failed, commit <= 2);
    *ret_done = result == 0;
    if (commit < 2 || (commit == 2 && !happens)) {
        assert_int_equal(is_there(directory, ".statement"), commit == 2);
        assert_it_goes_on();
    } else {
        assert_int_equal(is_there(directory, "statement"), commit > 2);
        assert_cannot_be_opened();
        assert_int_equal(finish_it(&end, why), 0);
        assert_int_equal(end.statement, STORE_STATEMENT_STANDS);
        assert_all_is_gone(master_entries + 1, before);
    }
    office_finish(&office);
}

static void test_commits_that_fail(void **state)
{
    (void)state;
    uint64_t commit = 0;
    for (bool done = false; !done;) {
        bool also;
        commit++;
        fail_at(commit, false, &done);
        fail_at(commit, true, &also);
    }
    assert_true(commit > 10);
}

/* ---- killed ---- */

/* In a child: what of the system is asked for, and every commit, is a step, and one is the last. */
static struct {
    bool counts;
    unsigned steps;
    unsigned last;
} life;

static void step(void)
{
    if (life.counts && ++life.steps == life.last) {
        raise(SIGKILL);
    }
}

static void step_at_commit(void *context)
{
    (void)context;
    step();
}

#define STEPS_AROUND(type, name, parameters, arguments)                                            \
    type __real_##name parameters;                                                                 \
    type __wrap_##name parameters;                                                                 \
    type __wrap_##name parameters                                                                  \
    {                                                                                              \
        step();                                                                                    \
        type result = __real_##name arguments;                                                     \
        int error = errno;                                                                         \
        step();                                                                                    \
        errno = error;                                                                             \
        return result;                                                                             \
    }
STEPS_AROUND(int, mkdir, (const char *path, mode_t mode), (path, mode))
STEPS_AROUND(int, fsync, (int file), (file))
STEPS_AROUND(int, renameat, (int from, const char *old, int to, const char *new),
             (from, old, to, new))
STEPS_AROUND(int, unlinkat, (int folder, const char *name, int flags), (folder, name, flags))

static int open_in_child(void)
{
    char why[STORE_WHY_SIZE];
    struct kv_faulty_plan plan = {.before_commit = step_at_commit};
    struct store_options options = office_options(&office);
    int result = store_open(&options, &office.store, why);
    if (result == 0) {
        kv_faulty_set(office.kv, &plan);
    }
    return result;
}

/* As the daemon does: winds down, closes, and finishes. */
static int live_to_the_end(void)
{
    char why[STORE_WHY_SIZE];
    struct store_end end;
    bool ended = false;
    int result = open_in_child();
    life.counts = true;
    if (result == 0) {
        result = wind_down(&ended, why);
    }
    office_close(&office);
    return result == 0 && ended ? finish_it(&end, why) : -1;
}

static int finish_again(void)
{
    char why[STORE_WHY_SIZE];
    struct store_end end;
    life.counts = true;
    return finish_it(&end, why);
}

/* Runs it in a child that is killed at a step. True: it came to its end before. */
static bool is_done_before(unsigned last, int (*run)(void))
{
    int status;
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        life.last = last;
        _exit(run() == 0 ? 0 : 1);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    if (WIFSIGNALED(status)) {
        assert_int_equal(WTERMSIG(status), SIGKILL);
        return false;
    }
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 0);
    return true;
}

enum outcome { GOES_ON, FINISHED_LATER, DONE, OUTCOMES };

static enum outcome kill_at(unsigned last, bool *ret_done)
{
    struct store_end end;
    int64_t before = clock_now();
    enum outcome outcome = GOES_ON;
    lay_down_copy();
    *ret_done = is_done_before(last, live_to_the_end);
    if (store_find_end(office.scratch.directory, &end) == 0) {
        assert_cannot_be_opened();
        outcome = FINISHED_LATER;
        /* Killed again and again, at a later step each time; else at once to the end. */
        unsigned again = last % OFFICE_SCALE(4, 16) == 0 ? 1 : UINT_MAX;
        while (store_find_end(office.scratch.directory, &end) == 0) {
            (void)is_done_before(again++, finish_again);
        }
    } else if (!is_there(office.scratch.directory, "data.mdb")) {
        outcome = DONE;
    }
    if (outcome == GOES_ON) {
        assert_it_goes_on();
    } else {
        assert_all_is_gone(master_entries + 1, before);
    }
    office_finish(&office);
    return outcome;
}

static void test_killed_at_every_step(void **state)
{
    (void)state;
    unsigned seen[OUTCOMES] = {0};
    enum outcome before = GOES_ON;
    bool done = false;
    for (unsigned last = 1; !done; last++) {
        enum outcome outcome = kill_at(last, &done);
        assert_true(outcome >= before); /* there is no way back */
        before = outcome;
        seen[outcome]++;
    }
    assert_true(seen[GOES_ON] > 10);
    assert_true(seen[FINISHED_LATER] > 20);
    assert_true(seen[DONE] > 1);
}

/* ---- what cannot be finished ---- */

static void end_it(void)
{
    char why[STORE_WHY_SIZE];
    bool ended;
    assert_int_equal(wind_down(&ended, why), 0);
    office_close(&office);
}

/* With keys that are left, a start would begin another log under the same name: the mark stays. */
static void test_keys_that_stay(void **state)
{
    (void)state;
    char why[STORE_WHY_SIZE];
    char right[sizeof(keys)];
    struct store_end end;
    end_it();
    memcpy(right, keys, sizeof(keys));
    snprintf(keys, sizeof(keys), "%s/elsewhere", office.scratch.directory);
    assert_int_equal(finish_it(&end, why), STORE_STOPPED);
    assert_non_null(strstr(why, "elsewhere"));
    assert_false(end.keys_destroyed || end.store_removed);
    assert_int_equal(end.statement, STORE_STATEMENT_STANDS);
    assert_cannot_be_opened();
    memcpy(keys, right, sizeof(keys));
    assert_int_equal(finish_it(&end, why), 0);
    assert_false(is_there(keys, "epoch-1.key"));
}

/* Rows that were left go, where the file has to stay. */
static void test_rows_go_where_the_store_stays(void **state)
{
    (void)state;
    char why[STORE_WHY_SIZE];
    struct store_end end;
    bool ended;
    struct kv_faulty_plan plan = {.fail_commit_at = 3, .commit_result = -EIO};
    office_index(&office);
    kv_faulty_set(office.kv, &plan);
    assert_int_equal(wind_down(&ended, why), STORE_STOPPED);
    assert_true(ended);
    assert_non_null(strstr(why, "row"));
    assert_true(count_all_rows(office.kv) > SIGNALS);
    office_close(&office);
    snprintf(keys, sizeof(keys), "%s/elsewhere", office.scratch.directory);
    assert_int_equal(finish_it(&end, why), STORE_STOPPED);
    scratch_open(&office.scratch, OFFICE_MAP_BYTES);
    assert_int_equal(count_all_rows(office.scratch.kv), 1);
    scratch_close(&office.scratch);
}

/* Somebody took the directory away: that is said, and does not keep what must go. */
static void test_a_statement_that_is_lost(void **state)
{
    (void)state;
    static const char *const names[] = {"statement", "leaves", "final-checkpoint"};
    char why[STORE_WHY_SIZE];
    char path[600];
    struct store_end end;
    end_it();
    for (size_t i = 0; i < 3; i++) {
        snprintf(path, sizeof(path), "%s/%s", directory, names[i]);
        assert_int_equal(unlink(path), 0);
    }
    assert_int_equal(rmdir(directory), 0);
    assert_int_equal(finish_it(&end, why), 0);
    assert_int_equal(end.statement, STORE_STATEMENT_LOST);
    assert_non_null(strstr(why, directory));
    assert_true(end.keys_destroyed && end.store_removed);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_everything_goes, setup, teardown),
        cmocka_unit_test_setup_teardown(test_in_the_middle_of_work, setup, teardown),
        cmocka_unit_test_setup_teardown(test_refusals, setup, teardown),
        cmocka_unit_test_setup_teardown(test_a_log_that_is_not_sound, setup, teardown),
        cmocka_unit_test_setup_teardown(test_no_room_for_the_mark, setup, teardown),
        cmocka_unit_test(test_commits_that_fail),
        cmocka_unit_test(test_killed_at_every_step),
        cmocka_unit_test_setup_teardown(test_keys_that_stay, setup, teardown),
        cmocka_unit_test_setup_teardown(test_rows_go_where_the_store_stays, setup, teardown),
        cmocka_unit_test_setup_teardown(test_a_statement_that_is_lost, setup, teardown),
    };
    return cmocka_run_group_tests(tests, setup_master, teardown_master);
}
