/* SPDX-License-Identifier: EUPL-1.2 */
#include "tests/unit/store/turning.h"

#include <dirent.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "crypto/secret.h"
#include "store/base/clock.h"
#include "store/notice/row.h"
#include "tests/unit/store/verify.h"

static void load_keys(struct turning *turning)
{
    char why[KEYRING_WHY_SIZE] = "";
    if (keyring_load(turning->keys, NULL, &turning->office.keys, why) != 0) {
        fail_msg("the keys are not read: %s", why);
    }
}

void turning_open(struct turning *turning, bool faulty)
{
    char why[KEYRING_WHY_SIZE];
    *turning = (struct turning){.office.faulty = faulty};
    assert_int_equal(secret_init(), 0);
    scratch_init(&turning->place);
    snprintf(turning->keys, sizeof(turning->keys), "%s/keys", turning->place.directory);
    assert_int_equal(keyring_create(turning->keys, why), 0);
    load_keys(turning);
    office_open(&turning->office);
    turning->school = office_reporter(&turning->office);
    turning->care = office_reporter(&turning->office);
    office_hire(&turning->office, turning->school, "ann");
    office_hire(&turning->office, turning->care, "bob");
}

void turning_finish(struct turning *turning)
{
    office_finish(&turning->office);
    scratch_finish(&turning->place);
}

void turning_reopen(struct turning *turning)
{
    office_close(&turning->office);
    keyring_free(turning->office.keys);
    load_keys(turning);
    office_reopen(&turning->office);
}

int turning_turn(struct turning *turning, struct store_epoch_turn *ret_op)
{
    struct store_epoch_turn op;
    store_epoch_turn_init(&op);
    int result = office_run(&turning->office, &op.op, 0);
    if (ret_op != NULL) {
        *ret_op = op;
    }
    return result;
}

void turning_settle(struct turning *turning)
{
    struct store_note_op op;
    struct store_status status;
    do {
        store_note_init(&op);
        assert_int_equal(office_run(&turning->office, &op.op, 0), 0);
        status = office_status(&turning->office);
        sched_yield();
    } while (!status.epoch_overdue &&
             (status.epoch_turning || keyring_epoch_others(turning->office.keys) > 0));
    office_settle(&turning->office);
}

/* ---- bare rows ---- */

/* Under which epoch a row is; 0: it does not depend on one. */
static uint32_t epoch_of_row(enum kv_table table, struct kv_bytes key, struct kv_bytes value)
{
    const uint8_t *name = key.data;
    const uint8_t *data = value.data;
    switch (table) {
    case KV_META:
        return key.size == 9 && memcmp(name, "month", 5) == 0 ? get_be32(data) : 0;
    case KV_CHILD:
        return get_be32(data + 8 + (name[key.size - 1] == CHILD_FILE ? 4 : 0));
    case KV_PARTY:
        return name[4] == PARTY_SIGNAL                   ? get_be32(data)
               : name[4] == PARTY_NOTICE && data[0] == 1 ? get_be32(data + 1)
                                                         : 0;
    case KV_MATCH:
        return get_be32(data + 8);
    case KV_DUE:
        return name[8] == DUE_REGISTRY_END ? get_be32(data) : 0;
    default:
        return 0;
    }
}

static size_t check_table(struct kv_txn *txn, enum kv_table table, uint32_t epoch)
{
    struct kv_range *range = NULL;
    struct kv_bytes key;
    struct kv_bytes value;
    size_t rows = 0;
    assert_int_equal(
        kv_range_open(txn, table, (struct kv_bytes){"", 1}, (struct kv_bytes){0}, KV_UP, &range),
        0);
    while (kv_range_next(range, &key, &value) == 0) {
        uint32_t found = epoch_of_row(table, key, value);
        if (found != 0) {
            rows++;
            assert_int_equal(found, epoch);
        }
    }
    kv_range_close(range);
    return rows;
}

size_t turning_check_rows(struct turning *turning, uint32_t epoch)
{
    struct kv_txn *txn = NULL;
    size_t rows = 0;
    assert_int_equal(kv_begin(turning->office.kv, KV_READ, &txn), 0);
    for (int table = KV_META; table < KV_TABLES; table++) {
        rows += check_table(txn, (enum kv_table)table, epoch);
    }
    kv_abort(txn);
    return rows;
}

size_t turning_count_children(struct turning *turning, enum child_row kind)
{
    struct kv_txn *txn = NULL;
    struct kv_range *range = NULL;
    struct kv_bytes key;
    struct kv_bytes value;
    size_t rows = 0;
    assert_int_equal(kv_begin(turning->office.kv, KV_READ, &txn), 0);
    assert_int_equal(
        kv_range_open(txn, KV_CHILD, (struct kv_bytes){"", 1}, (struct kv_bytes){0}, KV_UP, &range),
        0);
    while (kv_range_next(range, &key, &value) == 0) {
        rows += ((const uint8_t *)key.data)[key.size - 1] == kind ? 1 : 0;
    }
    kv_range_close(range);
    kv_abort(txn);
    return rows;
}

/* ---- content ---- */

void turning_fill(struct turning *turning, unsigned children)
{
    struct store_signal_post *ops = test_calloc(2 * children, sizeof(*ops));
    struct crowd crowd;
    crowd_init(&crowd);
    for (unsigned i = 0; i < 2 * children; i++) {
        office_fill_post(&turning->office, &ops[i], i % 2 == 0 ? turning->school : turning->care,
                         i % 2 == 0 ? "ann" : "bob", i / 2);
        ops[i].reference = i % 2 == 0 ? "the file of ann" : "the file of bob";
        assert_int_equal(crowd_submit(&crowd, turning->office.store, &ops[i].op), 0);
    }
    crowd_finish(&crowd);
    for (unsigned i = 0; i < 2 * children; i++) {
        assert_int_equal(ops[i].op.result, 0);
    }
    test_free(ops);
}

static void check_party(struct turning *turning, uint32_t party, const char *reference,
                        const char *other, unsigned children)
{
    struct signal_page signals = office_signals(&turning->office, party, 1u << SIGNAL_ACTIVE);
    assert_int_equal(signals.count, children);
    for (size_t i = 0; i < signals.count; i++) {
        assert_string_equal(signals.signals[i].reference, reference);
    }
    struct match_page matches = office_matches(&turning->office, party, 0);
    assert_int_equal(matches.count, children);
    for (size_t i = 0; i < matches.count; i++) {
        assert_involved(matches.matches[i].involved, matches.matches[i].involved_count, &other, 1);
    }
    struct notice_page notices = office_inbox(&turning->office, party, 0);
    size_t told = 0;
    for (size_t i = 0; i < notices.count; i++) {
        told += notices.notices[i].has_match ? 1 : 0;
        assert_string_equal(notices.notices[i].own.reference, reference);
    }
    assert_int_equal(told, children);
}

void turning_check_content(struct turning *turning, unsigned children)
{
    struct office *office = &turning->office;
    struct checkpoint_vkey vkey = verify_key(office->keys, OFFICE_ORIGIN);
    check_party(turning, turning->school, "the file of ann", "bob of 2", children);
    check_party(turning, turning->care, "the file of bob", "ann of 1", children);
    assert_int_equal(office_status(office).signals, 2 * children);
    assert_int_equal(office_status(office).matches, children);
    verify_log(office->store, &vkey);
    struct log_query query = office_any_entry();
    query.has_subject = true;
    query.subject = office_child(office, 0).key;
    query.event = LOG_SIGNAL_POSTED;
    assert_int_equal(office_log(office, &query).count, 2);
}

/* ---- files ---- */

static void copy_file(const char *from, const char *to)
{
    char buffer[65536];
    int in = open(from, O_RDONLY);
    int out = open(to, O_WRONLY | O_CREAT | O_EXCL, 0600);
    ssize_t got;
    assert_true(in >= 0 && out >= 0);
    while ((got = read(in, buffer, sizeof(buffer))) > 0) {
        assert_int_equal(write(out, buffer, (size_t)got), got);
    }
    assert_int_equal(got, 0);
    close(in);
    close(out);
}

void turning_copy_files(const char *from, const char *to)
{
    char source[1024];
    char target[1024];
    struct dirent *entry;
    DIR *directory = opendir(from);
    assert_non_null(directory);
    assert_int_equal(mkdir(to, 0700), 0);
    while ((entry = readdir(directory)) != NULL) {
        if (entry->d_type == DT_REG) {
            snprintf(source, sizeof(source), "%s/%s", from, entry->d_name);
            snprintf(target, sizeof(target), "%s/%s", to, entry->d_name);
            copy_file(source, target);
        }
    }
    closedir(directory);
}
