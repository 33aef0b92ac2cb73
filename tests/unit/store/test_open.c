/* SPDX-License-Identifier: EUPL-1.2 */
/* Opening, opening again, refusing what does not belong together, and copies. */
#include "tests/unit/store/pair_fixture.h"

#include <errno.h>
#include <stdio.h>
#include <sys/stat.h>

#include "crypto/secret.h"
#include "store/base/clock.h"
#include "store/base/layout.h"
#include "store/epoch/winddown.h"

static struct checkpoint_vkey vkey;

static int setup(void **state)
{
    setup_pair(state);
    vkey = verify_key(office.keys, OFFICE_ORIGIN);
    office_post(&office, school, "ann", 1);
    office_post(&office, care, "bob", 1);
    assert_int_equal(office_acknowledge(&office, care, 1), 0);
    return 0;
}

static void assert_all_is_there(void)
{
    struct notice_page page = office_inbox(&office, school, 0);
    assert_int_equal(page.count, 1);
    assert_string_equal(page.notices[0].own.reference, "ann/1");
    assert_string_equal(page.notices[0].match.involved[0].contact.name, "bob of 2");
    assert_int_equal(office_inbox_state(&office, care).acknowledged, 1);
    assert_int_equal(office_signals(&office, school, 0).count, 1);
    assert_int_equal(office_matches(&office, care, 0).count, 1);
    struct store_status status = office_status(&office);
    assert_int_equal(status.signals, 2);
    assert_int_equal(status.matches, 1);
    assert_int_equal(status.log_size, 7);
    assert_int_equal(verify_log(office.store, &vkey), 7);
}

static void test_everything_is_kept(void **state)
{
    (void)state;
    assert_all_is_there();
    uint64_t revision = office_status(&office).revision;
    for (int i = 0; i < 3; i++) {
        office_reopen(&office);
        assert_all_is_there();
        assert_true(office_status(&office).revision >= revision);
    }
    struct store_signal_post op;
    assert_int_equal(office_try_post(&office, &op, school, "ann", 1), 0);
    assert_false(op.created);
}

/* Tries to open with other keys; the message names what is wrong. */
static void refuse_keys(struct keyring *keys, const char *origin, const char *says)
{
    char why[STORE_WHY_SIZE] = "";
    struct store *store = NULL;
    struct keyring *own = office.keys;
    office.keys = keys;
    struct store_options options = office_options(&office);
    office.keys = own;
    options.log_origin = origin;
    assert_int_equal(store_open(&options, &store, why), STORE_STOPPED);
    assert_null(store);
    if (strstr(why, says) == NULL) {
        fail_msg("'%s' does not say '%s'", why, says);
    }
}

static struct keyring *keys_but(enum keyring_purpose wrong, bool missing)
{
    struct keyring *keys = NULL;
    assert_int_equal(keyring_new(&keys), 0);
    for (int purpose = 0; purpose < KEYRING_PURPOSES; purpose++) {
        uint8_t key[KEYRING_KEY_BYTES];
        memcpy(key, keyring_find(office.keys, (enum keyring_purpose)purpose, 1), sizeof(key));
        if (purpose == (int)wrong) {
            key[3] ^= 1;
        }
        if (purpose != (int)wrong || !missing) {
            assert_int_equal(keyring_add(keys, (enum keyring_purpose)purpose, 1, key), 0);
        }
    }
    return keys;
}

static void test_other_keys_are_refused(void **state)
{
    (void)state;
    static const char *const says[KEYRING_PURPOSES] = {
        [KEYRING_EVALUATION] = "evaluation-1",
        [KEYRING_INDEX] = "index-1",
        [KEYRING_RECORD] = "record-1",
        [KEYRING_EPOCH] = "epoch",
        [KEYRING_LOG] = "log key",
    };
    office_close(&office);
    for (int purpose = 0; purpose < KEYRING_PURPOSES; purpose++) {
        for (int missing = 0; missing < 2; missing++) {
            struct keyring *keys = keys_but((enum keyring_purpose)purpose, missing != 0);
            refuse_keys(keys, OFFICE_ORIGIN, says[purpose]);
            keyring_free(keys);
        }
    }
    refuse_keys(office.keys, "another.example/log", "origin");
    refuse_keys(office.keys, "not a name", "origin");
    office_reopen(&office);
    assert_all_is_there();
}

/* A record or epoch key more, with a higher number, is the key for new work: the old ones must
 * stay; those of epochs until everything has been sealed anew, which begins by itself. Evaluation
 * and index keys say who a child is: they may not just come. */
static void test_a_new_key(void **state)
{
    (void)state;
    uint8_t key[KEYRING_KEY_BYTES];
    memset(key, 99, sizeof(key));
    key[KEYRING_KEY_BYTES - 1] = 1;
    assert_int_equal(keyring_add(office.keys, KEYRING_RECORD, 2, key), 0);
    assert_int_equal(keyring_add(office.keys, KEYRING_EPOCH, 2, key), 0);
    office_reopen(&office);
    office_hire(&office, school, "eve"); /* sealed with the new one */
    office_post(&office, school, "eve", 3);
    while (keyring_epoch_others(office.keys) > 0) {
        office_settle(&office);
    }
    assert_int_equal(office_count_events(&office, LOG_EPOCH_TURNED), 1);
    office_reopen(&office);
    assert_int_equal(office_signals(&office, school, 0).count, 2);
    office_close(&office);
    struct keyring *keys = keys_but(KEYRING_PURPOSES, false); /* the first ones only */
    refuse_keys(keys, OFFICE_ORIGIN, "record-2");
    keyring_free(keys);
    static const enum keyring_purpose fixed[] = {KEYRING_EVALUATION, KEYRING_INDEX};
    for (size_t i = 0; i < ARRAY_LENGTH(fixed); i++) {
        keys = keys_but(KEYRING_PURPOSES, false);
        assert_int_equal(keyring_add(keys, KEYRING_RECORD, 2, key), 0);
        assert_int_equal(keyring_add(keys, KEYRING_EPOCH, 2, key), 0);
        assert_int_equal(keyring_add(keys, fixed[i], 2, key), 0);
        refuse_keys(keys, OFFICE_ORIGIN, "is new");
        keyring_free(keys);
    }
    office_reopen(&office);
    assert_int_equal(office_signals(&office, school, 0).count, 2);
}

/* Of another version of the format nothing is read, and that is said. */
static void test_an_older_format_is_refused(void **state)
{
    (void)state;
    static const char older[] = "verwijsindex-1";
    struct row_key key = layout_meta(WINDDOWN_FORMAT_NAME);
    struct kv_txn *txn = NULL;
    assert_int_equal(kv_begin(office.kv, KV_WRITE, &txn), 0);
    kv_put(txn, KV_META, row_key_bytes(&key), (struct kv_bytes){older, strlen(older)});
    assert_int_equal(kv_commit(txn), 0);
    office_close(&office);
    refuse_keys(office.keys, OFFICE_ORIGIN, "another format than verwijsindex-3");
}

static void change_row(enum kv_table table, const struct row_key *key, size_t at)
{
    struct kv_txn *txn = NULL;
    struct kv_bytes value;
    uint8_t copy[4096];
    assert_int_equal(kv_begin(office.kv, KV_WRITE, &txn), 0);
    assert_int_equal(kv_get(txn, table, row_key_bytes(key), &value), 0);
    assert_true(value.size <= sizeof(copy) && at < value.size);
    memcpy(copy, value.data, value.size);
    copy[at] ^= 1;
    kv_put(txn, table, row_key_bytes(key), (struct kv_bytes){copy, value.size});
    assert_int_equal(kv_commit(txn), 0);
}

/* With the engine alone: an open store may write its head again at any time. */
static void change_row_of_a_closed_store(enum kv_table table, const struct row_key *key, size_t at)
{
    (void)office_options(&office); /* opens the engine */
    change_row(table, key, at);
    kv_close(office.kv);
}

static void open_fails(int result, const char *says)
{
    char why[STORE_WHY_SIZE] = "";
    struct store *store = NULL;
    struct store_options options = office_options(&office);
    assert_int_equal(store_open(&options, &store, why), result);
    if (strstr(why, says) == NULL) {
        fail_msg("'%s' does not say '%s'", why, says);
    }
}

static void test_a_changed_store_is_refused(void **state)
{
    (void)state;
    const struct {
        enum kv_table table;
        struct row_key key;
        size_t at;
        int result;
        const char *says;
    } cases[] = {
        {KV_META, layout_meta("format"), 0, STORE_STOPPED, "format"},
        {KV_META, layout_meta("head"), 0, -EBADMSG, ""},
        {KV_META, layout_meta("head"), 1 + 8 + 7, STORE_STOPPED, "root"}, /* the log's size */
        {KV_META, layout_meta("checkpoint"), 20, STORE_STOPPED, "signed"},
        {KV_LOG, layout_log(6), 5, STORE_STOPPED, "root"},
        {KV_META, layout_month(calendar_month_number(clock_now())), 30, STORE_STOPPED, "epoch"},
    };
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        office_close(&office);
        change_row_of_a_closed_store(cases[i].table, &cases[i].key, cases[i].at);
        open_fails(cases[i].result, cases[i].says);
        change_row_of_a_closed_store(cases[i].table, &cases[i].key, cases[i].at);
        office_reopen(&office);
    }
    assert_all_is_there();
}

static void test_a_store_is_opened_once(void **state)
{
    (void)state;
    char why[STORE_WHY_SIZE] = "";
    struct store *second = NULL;
    struct store_options options = {.path = office.scratch.directory,
                                    .map_bytes = OFFICE_MAP_BYTES,
                                    .keys = office.keys,
                                    .log_origin = OFFICE_ORIGIN};
    assert_int_equal(store_open(&options, &second, why), -EBUSY);
    options.path = scratch_path(&office.scratch, "nowhere");
    assert_int_equal(store_open(&options, &second, why), -ENOENT);
}

static void test_a_backup(void **state)
{
    (void)state;
    char why[STORE_WHY_SIZE];
    char directory[512];
    snprintf(directory, sizeof(directory), "%s/copy", office.scratch.directory);
    assert_int_equal(store_backup(office.store, directory, why), 0);
    assert_int_equal(store_backup(office.store, directory, why), STORE_EXISTS);
    office_post(&office, school, "ann", 2); /* not in the copy */

    struct store *copy = NULL;
    struct store_options options = {.path = directory,
                                    .map_bytes = OFFICE_MAP_BYTES,
                                    .keys = office.keys,
                                    .log_origin = OFFICE_ORIGIN};
    store_policy_default(&options.policy);
    assert_int_equal(store_open(&options, &copy, why), 0);
    struct store *own = office.store;
    office_forget(&office);
    office.store = copy;
    assert_all_is_there();
    office_post(&office, school, "ann", 3); /* it is a store like any other */
    assert_int_equal(verify_log(copy, &vkey), 8);
    office_forget(&office);
    office.store = own;
    store_close(copy);
    assert_int_equal(office_signals(&office, school, 0).count, 2);
}

/* A copy is believed only when its log has the root that was signed. */
static void test_a_backup_that_is_not_sound(void **state)
{
    (void)state;
    char why[STORE_WHY_SIZE];
    char directory[512];
    struct row_key key = layout_log(3);
    snprintf(directory, sizeof(directory), "%s/copy", office.scratch.directory);
    change_row(KV_LOG, &key, 0);
    assert_int_equal(store_backup(office.store, directory, why), STORE_STOPPED);
    assert_non_null(strstr(why, "root"));
    snprintf(directory, sizeof(directory), "%s/no/such/place", office.scratch.directory);
    assert_true(store_backup(office.store, directory, why) < 0);
}

struct writer {
    pthread_t thread;
    atomic_bool stop;
};

static void *write_on(void *context)
{
    struct writer *writer = context;
    static const struct log_note note = {.event = LOG_LOG_READ};
    while (!atomic_load(&writer->stop)) {
        struct store_note_op op;
        store_note_init(&op);
        op.count = 1;
        op.notes = &note;
        if (store_run(office.store, &op.op) != 0) {
            return writer;
        }
    }
    return NULL;
}

static void test_backups_while_it_is_in_use(void **state)
{
    (void)state;
    struct writer writer = {0};
    char why[STORE_WHY_SIZE];
    void *failed = NULL;
    assert_int_equal(pthread_create(&writer.thread, NULL, write_on, &writer), 0);
    for (int i = 0; i < 5; i++) {
        char directory[512];
        snprintf(directory, sizeof(directory), "%s/copy%d", office.scratch.directory, i);
        assert_int_equal(store_backup(office.store, directory, why), 0);
    }
    atomic_store(&writer.stop, true);
    pthread_join(writer.thread, &failed);
    assert_null(failed);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_everything_is_kept, setup, teardown),
        cmocka_unit_test_setup_teardown(test_other_keys_are_refused, setup, teardown),
        cmocka_unit_test_setup_teardown(test_a_new_key, setup, teardown),
        cmocka_unit_test_setup_teardown(test_an_older_format_is_refused, setup, teardown),
        cmocka_unit_test_setup_teardown(test_a_changed_store_is_refused, setup, teardown),
        cmocka_unit_test_setup_teardown(test_a_store_is_opened_once, setup, teardown),
        cmocka_unit_test_setup_teardown(test_a_backup, setup, teardown),
        cmocka_unit_test_setup_teardown(test_a_backup_that_is_not_sound, setup, teardown),
        cmocka_unit_test_setup_teardown(test_backups_while_it_is_in_use, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
