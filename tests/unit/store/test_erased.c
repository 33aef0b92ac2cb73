/* SPDX-License-Identifier: EUPL-1.2 */
/*
 * What is erased is unreadable on disk after the next turn of the epoch key: in the raw file, in a
 * copy of it and in a backup, for whoever has today's keys; and only that.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "crypto/secret.h"
#include "store/clock.h"
#include "store/kv_lmdb.h"
#include "store/noticerow.h"
#include "store/signals.h"
#include "store/subjects.h"
#include "store/tierow.h"
#include "tests/unit/store/registrar.h"
#include "tests/unit/store/turning.h"
#include "tests/unit/store/verify.h"

static struct turning turning;
static struct office *const office = &turning.office;

enum { GONE = 1, STAYS = 2, MEMBER = 3, PARENT = 900 };
static struct uuid of_gone;    /* the signals of a child that is erased */
static struct uuid of_stays;   /* ann's, of a child that stays */
static uint64_t told_of_stays; /* ann's notice about that child */

static int setup(void **state)
{
    (void)state;
    struct registrar_relations relations = {.parent_count = 1, .parents = {PARENT}};
    turning_open(&turning, true);
    of_gone = office_post(office, turning.school, "ann", GONE);
    of_stays = office_post(office, turning.school, "ann", STAYS);
    office_post(office, turning.care, "bob", STAYS);
    told_of_stays = office_inbox_state(office, turning.school).head;
    office_post(office, turning.care, "bob", MEMBER);
    assert_int_equal(registrar_related(office, MEMBER, &relations), 0);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    turning_finish(&turning);
    return 0;
}

static void erase_all(void)
{
    static const struct registrar_relations none = {0};
    assert_int_equal(office_withdraw(office, turning.school, &of_gone, WITHDRAW_WRONGFUL), 0);
    assert_int_equal(office_withdraw(office, turning.school, &of_stays, WITHDRAW_WRONGFUL), 0);
    assert_int_equal(registrar_related(office, MEMBER, &none), 0);
}

/* ---- looking into a store, past all that keeps one out ---- */

struct look {
    struct arena arena;
    struct store_view view;
};

/* What each of these gives: 0 when the row opens. */
static int open_file(struct look *look, unsigned number)
{
    struct office_child child = office_child(office, number);
    CLEANUP(child_file_wipe) struct child_file file = {0};
    return child_file_load(&look->view, &child.key, &file);
}

static int open_gone(struct look *look)
{
    return open_file(look, GONE);
}

static int open_subject(struct look *look)
{
    struct office_child child = office_child(office, GONE);
    struct subject_row row;
    return subject_row_load(&look->view, &child.key, &row);
}

static int open_signal(struct look *look)
{
    struct signal_row row;
    CLEANUP(child_file_wipe) struct child_file file = {0};
    return signal_row_load(&look->view, turning.school, &of_stays, &row, &file);
}

static int open_notice(struct look *look)
{
    struct row_key key = layout_party_u64(turning.school, PARTY_NOTICE, told_of_stays);
    CLEANUP(child_file_wipe) struct child_file file = {0};
    struct notice_row row;
    struct notice_body body;
    struct kv_bytes value;
    int result = kv_get(look->view.kv, KV_PARTY, row_key_bytes(&key), &value);
    if (result == 0) {
        result = notice_row_read(&look->view, &key, value, &row);
    }
    if (result == 0) {
        result = child_file_load(&look->view, &row.child, &file);
    }
    return result != 0 ? result : notice_row_open(&look->view, &file, &key, &row, &body);
}

static int open_tie(struct look *look)
{
    struct office_child parent = office_child(office, PARENT);
    struct tie_row row;
    return tie_row_load(&look->view, &parent.key, &row);
}

static int open_log(struct look *look)
{
    struct log_row row;
    return log_read_row(&look->view, 5, &row);
}

static int (*const opened[])(struct look *look) = {open_gone,   open_subject, open_signal,
                                                   open_notice, open_tie,     open_log};

/* Opens each of the rows in a directory with some keys. */
static void look_into(const char *directory, const struct keyring *keys, int expected)
{
    struct kv_lmdb_options options = {.directory = directory, .read_only = true};
    struct store_policy policy;
    struct look look;
    struct kv *kv = NULL;
    store_policy_default(&policy);
    arena_init(&look.arena);
    look.view = (struct store_view){.keys = keys, .policy = &policy, .arena = &look.arena};
    assert_int_equal(kv_lmdb_open(&options, &kv), 0);
    assert_int_equal(kv_begin(kv, KV_READ, &look.view.kv), 0);
    for (size_t i = 0; i < ARRAY_LENGTH(opened); i++) {
        int result = opened[i](&look);
        if (result != expected) {
            fail_msg("row %zu of %s: %d, not %d", i, directory, result, expected);
        }
    }
    kv_abort(look.view.kv);
    kv_close(kv);
    arena_finish(&look.arena);
}

static int open_store(const char *directory, struct keyring *keys, char why[static STORE_WHY_SIZE])
{
    struct store *store = NULL;
    struct store_options options = {.path = directory,
                                    .map_bytes = OFFICE_MAP_BYTES,
                                    .keys = keys,
                                    .log_origin = OFFICE_ORIGIN};
    store_policy_default(&options.policy);
    int result = store_open(&options, &store, why);
    store_close(store);
    return result;
}

static struct keyring *load(const char *directory)
{
    char why[KEYRING_WHY_SIZE] = "";
    struct keyring *keys = NULL;
    assert_int_equal(keyring_load(directory, NULL, &keys, why), 0);
    return keys;
}

static void path_to(char path[static 600], const char *name)
{
    snprintf(path, 600, "%s/%s", turning.place.directory, name);
}

static void test_old_copies(void **state)
{
    (void)state;
    char raw[600];
    char backup[600];
    char keys[600];
    char why[STORE_WHY_SIZE] = "";
    path_to(raw, "raw");
    path_to(backup, "backup");
    path_to(keys, "keys-then");
    turning_copy_files(turning.keys, keys);
    assert_int_equal(store_backup(office->store, backup, why), 0);
    office_close(office);
    turning_copy_files(office->scratch.directory, raw);
    turning_reopen(&turning);
    erase_all();
    struct keyring *then = load(keys);
    look_into(backup, office->keys, 0); /* erased, but the key is still there */
    assert_int_equal(turning_turn(&turning, NULL), 0);
    turning_reopen(&turning); /* with what is left in the directory of the keys */

    look_into(raw, office->keys, VIEW_DAMAGED);
    look_into(backup, office->keys, VIEW_DAMAGED);
    assert_int_equal(open_store(raw, office->keys, why), STORE_STOPPED);
    assert_non_null(strstr(why, "epoch"));
    assert_int_equal(open_store(backup, office->keys, why), STORE_STOPPED);
    /* Whoever has kept the key of then can read it: so the test can fail. */
    look_into(raw, then, 0);
    look_into(backup, then, 0);
    assert_int_equal(open_store(backup, then, why), 0);
    keyring_free(then);

    /* What was not erased is there. */
    struct look today = {.view = {.keys = office->keys, .arena = &today.arena}};
    arena_init(&today.arena);
    assert_int_equal(kv_begin(office->kv, KV_READ, &today.view.kv), 0);
    assert_int_equal(open_file(&today, STAYS), 0);
    assert_int_equal(open_file(&today, MEMBER), 0);
    assert_int_equal(open_file(&today, GONE), STORE_NOT_FOUND);
    assert_int_equal(open_tie(&today), STORE_NOT_FOUND);
    assert_int_equal(open_signal(&today), STORE_NOT_FOUND);
    assert_int_equal(open_log(&today), 0); /* the log outlives it */
    kv_abort(today.view.kv);
    arena_finish(&today.arena);
}

/* ---- the raw file of today ---- */

/* A sealed value as it stood in the file before. */
struct relic {
    uint8_t sealed[512];
    size_t size;
    enum kv_table table;
    struct row_key key;
};

static struct relic take_relic(enum kv_table table, const struct row_key *key, size_t before)
{
    struct relic relic = {.table = table, .key = *key};
    struct kv_txn *txn = NULL;
    struct kv_bytes value;
    assert_int_equal(kv_begin(office->kv, KV_READ, &txn), 0);
    assert_int_equal(kv_get(txn, table, row_key_bytes(key), &value), 0);
    relic.size = value.size - before;
    assert_true(relic.size <= sizeof(relic.sealed));
    memcpy(relic.sealed, (const uint8_t *)value.data + before, relic.size);
    kv_abort(txn);
    return relic;
}

static bool opens(const struct relic *relic, const struct keyring *keys)
{
    uint8_t plain[512];
    struct seal_place place = {(uint8_t)relic->table, relic->key.bytes, relic->key.size};
    for (uint32_t id = 1; id <= keyring_current(keys, KEYRING_EPOCH); id++) {
        const uint8_t *key = keyring_find(keys, KEYRING_EPOCH, id);
        if (key != NULL && seal_open(key, place, relic->sealed, relic->size, plain) == 0) {
            return true;
        }
    }
    return false;
}

static bool is_in_file(const char *path, const void *bytes, size_t size)
{
    struct stat status;
    int file = open(path, O_RDONLY);
    assert_true(file >= 0 && fstat(file, &status) == 0);
    void *map = mmap(NULL, (size_t)status.st_size, PROT_READ, MAP_PRIVATE, file, 0);
    assert_true(map != MAP_FAILED);
    bool found = memmem(map, (size_t)status.st_size, bytes, size) != NULL;
    munmap(map, (size_t)status.st_size);
    close(file);
    return found;
}

/* Deleting leaves the sealed bytes in the file's free pages: what they need is not there. */
static void test_the_raw_file(void **state)
{
    (void)state;
    struct office_child gone = office_child(office, GONE);
    struct office_child parent = office_child(office, PARENT);
    struct row_key keys[] = {layout_child(&gone.key, CHILD_FILE),
                             layout_child(&gone.key, CHILD_SUBJECT),
                             layout_child(&parent.key, CHILD_TIE)};
    struct relic relics[] = {take_relic(KV_CHILD, &keys[0], 8 + 4), /* behind its generation */
                             take_relic(KV_CHILD, &keys[1], 8), take_relic(KV_CHILD, &keys[2], 8)};
    char data[600];
    size_t left = 0;
    snprintf(data, sizeof(data), "%s/data.mdb", office->scratch.directory);
    erase_all();
    for (size_t i = 0; i < ARRAY_LENGTH(relics); i++) {
        assert_true(opens(&relics[i], office->keys));
        left += is_in_file(data, relics[i].sealed, relics[i].size) ? 1 : 0;
    }
    assert_true(left > 0); /* the bytes themselves do not go */
    assert_int_equal(turning_turn(&turning, NULL), 0);
    turning_reopen(&turning);
    for (size_t i = 0; i < ARRAY_LENGTH(relics); i++) {
        assert_false(opens(&relics[i], office->keys));
    }
    /* Nor does anything stand there in clear text: not before either. */
    static const char *const texts[] = {"ann/1", "ann/2", "bob of 2", "950000"};
    for (size_t i = 0; i < ARRAY_LENGTH(texts); i++) {
        assert_false(is_in_file(data, texts[i], strlen(texts[i])));
    }
    assert_true(is_in_file(data, "verwijsindex-1", strlen("verwijsindex-1")));
}

/* A copy that was made in the middle of a turn needs both keys: with one it is not opened. */
static void test_a_copy_of_the_middle(void **state)
{
    (void)state;
    static const struct kv_faulty_plan plan = {.fail_commit_at = 5, .commit_result = -EIO};
    char raw[600];
    char keys[600];
    char why[STORE_WHY_SIZE] = "";
    path_to(raw, "raw");
    path_to(keys, "keys-then");
    turning_fill(&turning, 150);
    office_index(office);
    office_forget(office);
    kv_faulty_set(office->kv, &plan);
    assert_int_equal(turning_turn(&turning, NULL), STORE_STOPPED);
    office_close(office);
    turning_copy_files(turning.keys, keys);
    turning_copy_files(office->scratch.directory, raw);
    turning_reopen(&turning);
    turning_settle(&turning);
    assert_int_equal(office_status(office).epoch, 2);
    turning_reopen(&turning); /* with what is left in the directory of the keys */
    assert_int_equal(open_store(raw, office->keys, why), STORE_STOPPED);
    assert_non_null(strstr(why, "epoch-1"));
    struct keyring *both = load(keys);
    assert_int_equal(keyring_epoch_others(both), 1);
    assert_int_equal(open_store(raw, both, why), 0);
    keyring_free(both);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_old_copies, setup, teardown),
        cmocka_unit_test_setup_teardown(test_the_raw_file, setup, teardown),
        cmocka_unit_test_setup_teardown(test_a_copy_of_the_middle, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
