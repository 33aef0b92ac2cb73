/* SPDX-License-Identifier: EUPL-1.2 */
/* The end of the index: what is left can be verified, the rest is gone, wherever it stopped. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "crypto/commitment.h"
#include "store/clock.h"
#include "store/layout.h"
#include "tests/unit/store/office.h"
#include "tests/unit/store/verify.h"

static struct office office;
static struct checkpoint_vkey vkey;
static uint32_t school;
static char directory[512];

enum { SIGNALS = 600 };

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

static int setup(void **state)
{
    (void)state;
    office = (struct office){.faulty = true};
    office_open(&office);
    vkey = verify_key(office.keys, OFFICE_ORIGIN);
    school = office_reporter(&office);
    office_hire(&office, school, "ann");
    post_many(0, SIGNALS);
    snprintf(directory, sizeof(directory), "%s/end", office.scratch.directory);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    office_finish(&office);
    return 0;
}

static int wind_down(char why[static STORE_WHY_SIZE])
{
    struct attribution by = office_attribution(0);
    office_forget(&office);
    return store_wind_down(office.store, &by, directory, why);
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

static void test_everything_goes(void **state)
{
    (void)state;
    char why[STORE_WHY_SIZE];
    uint64_t entries = office_status(&office).log_size;
    int64_t before = clock_now();
    assert_int_equal(wind_down(why), 0);
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
}

/* What is queued is run first, and is in the log. */
static void *wind_down_apart(void *context)
{
    char *why = context;
    int result = wind_down(why);
    return result == 0 ? NULL : context;
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
    uint64_t entries = office_status(&office).log_size;
    assert_int_equal(mkdir(directory, 0700), 0);
    assert_int_equal(wind_down(why), STORE_EXISTS);
    assert_int_equal(rmdir(directory), 0);
    snprintf(directory, sizeof(directory), "%s/no/such/place", office.scratch.directory);
    assert_int_equal(wind_down(why), STORE_STOPPED);
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
    assert_int_equal(wind_down(why), STORE_STOPPED);
    assert_non_null(strstr(why, "root"));
    assert_int_equal(access(directory, F_OK), -1);
    office_post(&office, school, "ann", 1000); /* it goes on, for what it is worth */
    assert_int_equal(office_signals(&office, school, 0).count, SIGNALS + 1);
}

/* Interrupted anywhere: it is either the index that it was, or cannot be taken for one any more. */
static void test_interrupted(void **state)
{
    (void)state;
    unsigned ended = 0;
    int result = -1;
    for (uint64_t at = 1; result != 0; at += at < 5 ? 1 : 4) {
        char why[STORE_WHY_SIZE];
        struct kv_faulty_plan plan = {.fail_commit_at = at, .commit_result = -EIO};
        office_index(&office);
        kv_faulty_set(office.kv, &plan);
        result = wind_down(why);
        bool is_left = access(directory, F_OK) == 0;
        office_close(&office);
        if (at <= 2) { /* the entry in the log, and the mark */
            struct store *store = NULL;
            struct store_options options = office_options(&office);
            assert_true(result != 0);
            assert_int_equal(is_left, at == 2);
            assert_int_equal(store_open(&options, &store, why), 0);
            store_close(store);
        } else {
            assert_true(is_left);
            assert_cannot_be_opened();
            ended++;
        }
        office_finish(&office);
        setup(NULL);
    }
    assert_true(ended > 4);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_everything_goes, setup, teardown),
        cmocka_unit_test_setup_teardown(test_in_the_middle_of_work, setup, teardown),
        cmocka_unit_test_setup_teardown(test_refusals, setup, teardown),
        cmocka_unit_test_setup_teardown(test_a_log_that_is_not_sound, setup, teardown),
        cmocka_unit_test_setup_teardown(test_interrupted, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
