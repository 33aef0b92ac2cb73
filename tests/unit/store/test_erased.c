/* SPDX-License-Identifier: EUPL-1.2 */
/*
 * What is erased is unreadable on disk after the next turn of the epoch key: in the raw file, in a
 * copy of it and in a backup, for whoever has today's keys; and only that.
 */
#include <errno.h>
#include <stdio.h>

#include "crypto/secret.h"
#include "store/base/clock.h"
#include "store/child/matchplace.h"
#include "store/child/signals.h"
#include "store/child/tierow.h"
#include "store/kv/lmdb.h"
#include "store/log/subjects.h"
#include "store/notice/row.h"
#include "store/snapshot.h"
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
    struct row_key key = layout_notice(turning.school, told_of_stays);
    struct notice_row row;
    struct kv_bytes value;
    int result = kv_get(look->view.kv, KV_PARTY, row_key_bytes(&key), &value);
    return result != 0 ? result : notice_row_read(&look->view, &key, value, &row);
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
        left += scratch_file_has(data, relics[i].sealed, relics[i].size) ? 1 : 0;
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
        assert_false(scratch_file_has(data, texts[i], strlen(texts[i])));
    }
    assert_true(scratch_file_has(data, "verwijsindex-3", strlen("verwijsindex-3")));
}

/* ---- one signal of a child who keeps another ---- */

enum { KEPT = 4, COUSIN = 5 };

/* A whole row as it stood: where in it something is sealed is not told. */
struct old_row {
    enum kv_table table;
    struct row_key key;
    size_t size;
    uint8_t bytes[512];
};

static struct old_row take_row(enum kv_table table, const struct row_key *key)
{
    struct old_row row = {.table = table, .key = *key};
    struct relic whole = take_relic(table, key, 0);
    row.size = whole.size;
    memcpy(row.bytes, whole.sealed, whole.size);
    return row;
}

/* Everything that the file of a child says today. */
static struct codec_reader read_file(unsigned number, struct look *look)
{
    struct office_child child = office_child(office, number);
    struct row_key key = layout_child(&child.key, CHILD_FILE);
    struct epoch_row place = {KV_CHILD, &key, 4};
    struct codec_reader in;
    assert_int_equal(epoch_row_open(&look->view, &place, NULL, &in), 0);
    return in;
}

static bool opens_anywhere(const struct old_row *row, const uint8_t key[static SEAL_KEY_BYTES])
{
    uint8_t plain[512];
    struct seal_place place = {(uint8_t)row->table, row->key.bytes, row->key.size};
    for (size_t at = 0; at + SEAL_OVERHEAD < row->size; at++) {
        if (seal_open(key, place, row->bytes + at, row->size - at, plain) == 0) {
            return true;
        }
    }
    return false;
}

/* Whether any bytes of the file, taken for a key or for a secret, open the row. */
static bool is_opened_by(const struct old_row *row, struct codec_reader file)
{
    uint8_t key[SEAL_KEY_BYTES];
    bool open = false;
    for (; file.left >= SEAL_SECRET_BYTES && !open; file.data++, file.left--) {
        seal_derive_key(file.data, key);
        open = opens_anywhere(row, key) ||
               (file.left >= SEAL_KEY_BYTES && opens_anywhere(row, file.data));
    }
    return open;
}

static bool is_opened_by_epoch(const struct old_row *row, const struct keyring *keys)
{
    bool open = false;
    for (uint32_t id = 1; id <= keyring_current(keys, KEYRING_EPOCH) && !open; id++) {
        const uint8_t *key = keyring_find(keys, KEYRING_EPOCH, id);
        open = key != NULL && opens_anywhere(row, key);
    }
    return open;
}

/* Whether today's keys, and all that they open of the two children, open an old row. */
static bool is_readable(const struct old_row *row)
{
    struct look look = {.view = {.keys = office->keys, .arena = &look.arena}};
    arena_init(&look.arena);
    assert_int_equal(kv_begin(office->kv, KV_READ, &look.view.kv), 0);
    bool readable = is_opened_by_epoch(row, office->keys) ||
                    is_opened_by(row, read_file(KEPT, &look)) ||
                    is_opened_by(row, read_file(COUSIN, &look));
    kv_abort(look.view.kv);
    arena_finish(&look.arena);
    return readable;
}

static struct uuid last_match(uint32_t party, enum match_kind kind)
{
    const struct notice *notice = office_last_notice(office, party);
    assert_int_equal(notice->match.kind, kind);
    return notice->match.id;
}

/* The matches in which it was, and what others were told of them, go from old copies with it,
 * though the child's file and the other signal stay. */
static void test_one_signal_of_two(void **state)
{
    (void)state;
    static const struct registrar_relations none = {0};
    struct registrar_relations parent = {.parent_count = 1, .parents = {PARENT}};
    uint32_t town = office_municipality(office, OFFICE_TOWN);
    struct uuid of_ann = office_post(office, turning.school, "ann", KEPT);
    uint64_t before = office_inbox_state(office, turning.school).head;
    struct uuid of_bob = office_post(office, turning.care, "bob", KEPT);
    struct uuid match = last_match(turning.school, MATCH_CHILD);
    assert_int_equal(registrar_related(office, KEPT, &parent), 0);
    office_post(office, turning.care, "bob", COUSIN);
    assert_int_equal(registrar_related(office, COUSIN, &parent), 0);
    struct uuid family = last_match(town, MATCH_FAMILY);
    struct store_view *view = &office_look(office)->view;
    struct match_place of_child = match_place_of_id(view, &match);
    struct match_place of_family = match_place_of_id(view, &family);
    struct row_key keys[] = {
        layout_party_uuid(turning.school, PARTY_SIGNAL, &of_ann),
        layout_notice(turning.school, before + 1),
        layout_notice(town, 1),
        layout_match(&of_child),
        layout_match(&of_family),
    };
    static const enum kv_table tables[] = {KV_PARTY, KV_PARTY, KV_PARTY, KV_MATCH, KV_MATCH};
    struct old_row rows[ARRAY_LENGTH(keys)];
    for (size_t i = 0; i < ARRAY_LENGTH(keys); i++) {
        rows[i] = take_row(tables[i], &keys[i]);
        assert_true(is_readable(&rows[i]));
    }
    assert_int_equal(office_withdraw(office, turning.care, &of_bob, WITHDRAW_WRONGFUL), 0);
    assert_int_equal(registrar_related(office, COUSIN, &none), 0);
    assert_int_equal(turning_turn(&turning, NULL), 0);
    turning_reopen(&turning);
    assert_true(is_readable(&rows[0])); /* ann's own signal stays: so the test can fail */
    for (size_t i = 1; i < ARRAY_LENGTH(keys); i++) {
        if (is_readable(&rows[i])) {
            fail_msg("row %zu can be read", i);
        }
    }
    /* The municipality itself still reads what it has not acknowledged. */
    assert_int_equal(office_last_notice(office, town)->type, NOTICE_MATCH_RETRACTED);
    assert_true(office_inbox(office, town, 0).count >= 3);
}

/* What was written to a place, and not kept, stands in the file beside what was written after. */
static void test_a_place_that_is_written_twice(void **state)
{
    (void)state;
    struct office_child one = office_child(office, GONE);
    struct office_child other = office_child(office, STAYS);
    struct row_key key = layout_party_uuid(turning.school, PARTY_SIGNAL, &of_gone);
    struct store_view view = {.keys = office->keys};
    uint8_t refs[2][CHILD_REF_BYTES];
    struct child_key read;
    child_ref_write(&view, KV_PARTY, &key, &one.key, refs[0]);
    child_ref_write(&view, KV_PARTY, &key, &other.key, refs[1]);
    size_t same = 0;
    for (size_t i = 0; i < sizeof(read); i++) {
        size_t at = CHILD_REF_BYTES - sizeof(read) + i;
        same += (refs[0][at] ^ refs[1][at]) == (one.key.bytes[i] ^ other.key.bytes[i]) ? 1 : 0;
    }
    assert_true(same < sizeof(read) / 2);
    assert_int_equal(child_ref_read(&view, KV_PARTY, &key, refs[0], &read), 0);
    assert_memory_equal(&read, &one.key, sizeof(read));
    assert_int_equal(child_ref_read(&view, KV_PARTY, &key, refs[1], &read), 0);
    assert_memory_equal(&read, &other.key, sizeof(read));
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
        cmocka_unit_test_setup_teardown(test_one_signal_of_two, setup, teardown),
        cmocka_unit_test_setup_teardown(test_a_place_that_is_written_twice, setup, teardown),
        cmocka_unit_test_setup_teardown(test_a_copy_of_the_middle, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
