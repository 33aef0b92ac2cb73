/* SPDX-License-Identifier: EUPL-1.2 */
/*
 * The end of what the log knows: after log_years the records of a month are destroyed, and with its
 * key whatever could tell what stood in them, here and in old copies; the tree stays.
 */
#include <errno.h>
#include <stdio.h>

#include "store/base/clock.h"
#include "store/kv/lmdb.h"
#include "store/log/end.h"
#include "store/snapshot.h"
#include "store/tx.h"
#include "tests/unit/store/turning.h"
#include "tests/unit/store/verify.h"

#define LATE_DAYS 5 /* after the beginning of the month in which one ends */

enum { NOTES = 700, CHILD = 1 };

static struct turning turning;
static struct office *const office = &turning.office;
static struct checkpoint_vkey vkey;

static int setup(void **state)
{
    (void)state;
    turning_open(&turning, true);
    vkey = verify_key(office->keys, OFFICE_ORIGIN);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    turning_finish(&turning);
    return 0;
}

/* ---- months ---- */

/* To a day of the month that comes so many after this one. */
static void go_to_month(unsigned later, int day)
{
    uint32_t month = calendar_month_number(clock_now()) + later;
    struct calendar_date date = {(int)(month / 12), (int)(month % 12) + 1, day};
    office_advance(calendar_dutch_midnight(calendar_day_from_date(date)) + CLOCK_DAY / 2 -
                   clock_now());
}

static void settle(void)
{
    office_settle(office);
    turning_settle(&turning);
    office_forget(office);
}

/* Entries on a child, made by a party's professional. */
static void log_notes(size_t count)
{
    struct log_note *notes = test_calloc(count, sizeof(*notes));
    struct store_note_op op;
    for (size_t i = 0; i < count; i++) {
        notes[i] = (struct log_note){.event = LOG_SIGNAL_READ,
                                     .has_subject = true,
                                     .subject = office_child(office, CHILD).key,
                                     .professional = "ann"};
    }
    store_note_init(&op);
    op.count = count;
    op.notes = notes;
    assert_int_equal(office_run(office, &op.op, turning.school), 0);
    test_free(notes);
}

/* Two months with entries, of which the first has ended when `log_years` and a day are over. */
static uint64_t fill(void)
{
    go_to_month(1, 10);
    settle();
    log_notes(NOTES);
    uint64_t first = office_status(office).log_size;
    go_to_month(1, 10);
    settle();
    log_notes(10);
    return first;
}

static struct log_entry entry_at(uint64_t index)
{
    struct log_entry entry;
    assert_int_equal(store_get_log_entry(office_look(office), index, &entry), 0);
    return entry;
}

static size_t count_destroyed(void)
{
    struct store_snapshot *snapshot = office_look(office);
    uint64_t size = store_log_size(snapshot);
    size_t count = 0;
    for (uint64_t i = 0; i < size; i++) {
        struct log_entry entry;
        assert_int_equal(store_get_log_entry(snapshot, i, &entry), 0);
        assert_true(!entry.destroyed || count == i); /* always the beginning of the log */
        count += entry.destroyed ? 1 : 0;
    }
    return count;
}

/* Rows of a table of which the key begins so. */
static size_t count_rows(enum kv_table table, const struct row_key *prefix)
{
    struct store_view *view = &office_look(office)->view;
    struct kv_range *range = NULL;
    struct kv_bytes key;
    struct kv_bytes value;
    size_t count = 0;
    assert_int_equal(view_range_prefix(view, table, prefix, &range), 0);
    while (kv_range_next(range, &key, &value) == 0) {
        count++;
    }
    kv_range_close(range);
    return count;
}

static size_t count_month(uint32_t month)
{
    struct row_key index = layout_index_month(month);
    struct row_key key = layout_month(month);
    return count_rows(KV_LOG_INDEX, &index) + count_rows(KV_META, &key);
}

/* ---- what is left ---- */

static void assert_proven(uint64_t index)
{
    struct store_snapshot *snapshot = office_look(office);
    struct checkpoint head = verify_head(snapshot, &vkey);
    struct log_entry entry;
    struct merkle_proof proof;
    assert_int_equal(store_get_log_entry(snapshot, index, &entry), 0);
    assert_int_equal(store_prove_entry(snapshot, index, head.size, &proof), 0);
    struct merkle_hash leaf = verify_entry(&entry);
    assert_true(merkle_verify_inclusion(&leaf, index, head.size, &proof, &head.root));
}

static struct log_page destructions(void)
{
    struct log_query query = office_any_entry();
    query.event = LOG_RECORDS_DESTROYED;
    return office_log(office, &query);
}

/* That all before `end` is destroyed, from the beginning of the log. */
static void assert_says_all(const struct log_entry *entry, uint64_t end)
{
    char members[80];
    snprintf(members, sizeof(members), "\"verwijsindex.count\":%llu", (unsigned long long)end);
    assert_non_null(strstr(entry->public_part, members));
    assert_non_null(strstr(entry->public_part, "\"verwijsindex.object\":\"entry:0\""));
    assert_null(strstr(entry->public_part, "verwijsindex.party"));
}

static void test_a_month_ends(void **state)
{
    (void)state;
    uint32_t now = calendar_month_number(clock_now());
    uint64_t before = office_status(office).log_size; /* of the setup, in a month before these */
    uint64_t first = fill();
    int64_t second = entry_at(first).logged_at;
    uint64_t size = office_status(office).log_size;
    struct log_query query = office_any_entry();
    query.has_subject = true;
    query.subject = office_child(office, CHILD).key;
    assert_int_equal(office_log(office, &query).count, NOTES + 10);

    go_to_month(5 * 12, 1); /* the last day on which the records of the first must be there */
    settle();
    assert_int_equal(count_destroyed(), before);
    assert_true(count_month(now + 1) > 0);
    go_to_month(0, LATE_DAYS);
    settle();
    assert_int_equal(count_destroyed(), first);
    assert_int_equal(count_month(now), 0);
    assert_int_equal(count_month(now + 1), 0);
    assert_true(count_month(now + 2) > 0);
    verify_log(office->store, &vkey);
    assert_proven(0);
    assert_proven(first - 1);
    assert_proven(first);
    struct log_page said = destructions();
    assert_int_equal(said.count, 2);
    assert_says_all(&said.entries[0], before);
    assert_says_all(&said.entries[1], first);

    /* No search finds them; the list of all shows them, and by time those of their month. */
    assert_int_equal(office_log(office, &query).count, 10);
    query = office_any_entry();
    query.to = second - 20 * CLOCK_DAY;
    assert_int_equal(office_log(office, &query).count, first);
    query.from = second - 35 * CLOCK_DAY; /* February is short */
    assert_int_equal(office_log(office, &query).count, first - before);
    assert_true(office_log(office, &query).entries[0].destroyed);
    query.party = office_oin(turning.school);
    assert_int_equal(office_log(office, &query).count, 0);
    query = office_any_entry();
    query.from = second;
    query.bound = size;
    assert_int_equal(office_log(office, &query).count, size - first);
    assert_false(office_log(office, &query).entries[0].destroyed);
}

/* What the end of the first months has said has come to its own term; the newest tells of them. */
static void test_two_terms(void **state)
{
    (void)state;
    uint64_t first = fill();
    go_to_month(5 * 12, LATE_DAYS);
    settle();
    struct log_page said = destructions();
    uint64_t earlier = said.entries[said.count - 1].index;
    assert_says_all(&said.entries[said.count - 1], first);
    go_to_month(5 * 12 + 1, LATE_DAYS);
    settle();
    assert_true(entry_at(earlier).destroyed);
    uint64_t destroyed = count_destroyed();
    said = destructions();
    assert_true(said.count > 0 && said.entries[0].index > earlier);
    assert_says_all(&said.entries[said.count - 1], destroyed);
    verify_log(office->store, &vkey);
}

/* ---- in slices ---- */

/* After a long outage several are late: each goes as soon as the one before it has gone, and until
 * then it is late. */
static void test_several_months_are_late(void **state)
{
    (void)state;
    struct store_status status;
    uint64_t end = 0;
    for (int month = 0; month < 4; month++) {
        go_to_month(1, 10);
        settle();
        log_notes(NOTES);
        end = office_status(office).log_size;
    }
    office_index(office);
    office_forget(office);
    go_to_month(5 * 12 + 1, LATE_DAYS);
    do {
        struct store_note_op op;
        store_note_init(&op);
        assert_int_equal(office_run(office, &op.op, 0), 0);
        status = office_status(office);
    } while (status.due_lag > 0);
    assert_true(entry_at(end - 1).destroyed);
    assert_true(count_destroyed() >= end);
    assert_int_equal(status.set_aside, 0);
    verify_log(office->store, &vkey);
}

static size_t count_ends(void)
{
    struct row_key prefix = layout_meta("gone");
    return count_rows(KV_META, &prefix);
}

/* Until the engine fails, or all is done. */
static bool work_until_it_fails(void)
{
    while (atomic_load(&office->failures) == 0 && office_status(office).due_lag > 0) {
        struct store_note_op op;
        store_note_init(&op);
        (void)office_run(office, &op.op, 0);
    }
    return atomic_exchange(&office->failures, 0) > 0;
}

/* The n-th commit of what ends after years fails; it goes on where it was, and is logged once. */
static void crash_everywhere(bool commit_happens)
{
    unsigned crashes = 0;
    for (uint64_t at = 1; at <= 12; at++) {
        struct kv_faulty_plan plan = {
            .fail_commit_at = at, .commit_result = -EIO, .commit_happens = commit_happens};
        struct log_query query = office_any_entry();
        size_t ended = count_ends();
        log_notes(NOTES);
        uint64_t first = office_status(office).log_size;
        office_index(office);
        office_forget(office);
        query.event = LOG_RECORDS_DESTROYED;
        query.from = clock_now() + CLOCK_DAY;
        kv_faulty_set(office->kv, &plan);
        go_to_month(5 * 12 + 1, LATE_DAYS);
        crashes += work_until_it_fails() ? 1 : 0;
        plan = (struct kv_faulty_plan){0};
        kv_faulty_set(office->kv, &plan);
        turning_reopen(&turning);
        verify_log(office->store, &vkey); /* in between, too */
        settle();
        verify_log(office->store, &vkey);
        assert_true(count_destroyed() >= first);
        assert_int_equal(office_log(office, &query).count, count_ends() - ended);
        assert_true(count_ends() > ended);
        turning_reopen(&turning);
    }
    assert_in_range(crashes, 4, 12);
}

static void test_commits_that_never_happened(void **state)
{
    (void)state;
    crash_everywhere(false);
}

static void test_commits_that_happened(void **state)
{
    (void)state;
    crash_everywhere(true);
}

/* ---- another policy ---- */

static void reopen_with_years(int years)
{
    store_policy_default(&office->policy);
    office->policy.log_years = years;
    office->has_policy = true;
    turning_reopen(&turning);
}

static void test_another_term(void **state)
{
    (void)state;
    uint64_t first = fill();
    go_to_month(2 * 12, LATE_DAYS);
    settle();
    assert_int_equal(count_destroyed(), 0);
    reopen_with_years(2); /* shorter: what is too old by that goes at once */
    settle();
    assert_int_equal(count_destroyed(), first);
    reopen_with_years(4); /* longer: what was to go next waits */
    go_to_month(1, LATE_DAYS);
    settle();
    assert_int_equal(count_destroyed(), first);
    go_to_month(2 * 12, LATE_DAYS);
    settle();
    assert_true(count_destroyed() > first);
    verify_log(office->store, &vkey);
    assert_int_equal(office_status(office).set_aside, 0);
}

/* ---- what only looks like an end ---- */

static void spoil(enum kv_table table, const struct row_key *key, size_t left)
{
    struct kv_txn *txn = NULL;
    struct kv_bytes value;
    uint8_t copy[COMMITMENT_BYTES];
    office_forget(office);
    assert_int_equal(kv_begin(office->kv, KV_WRITE, &txn), 0);
    if (left == 0) {
        kv_delete(txn, table, row_key_bytes(key));
    } else {
        assert_int_equal(kv_get(txn, table, row_key_bytes(key), &value), 0);
        assert_true(left <= sizeof(copy) && value.size > left);
        memcpy(copy, value.data, left);
        kv_put(txn, table, row_key_bytes(key), (struct kv_bytes){copy, left});
    }
    assert_int_equal(kv_commit(txn), 0);
}

static void test_what_was_not_destroyed(void **state)
{
    (void)state;
    struct log_entry entry;
    uint64_t first = fill();
    struct row_key row = layout_log(first);
    struct row_key month = layout_month(calendar_month_number(entry_at(first - 1).logged_at));
    spoil(KV_LOG, &row, COMMITMENT_BYTES);
    assert_int_equal(store_get_log_entry(office_look(office), first, &entry), VIEW_DAMAGED);
    assert_int_equal(store_get_log_entry(office_look(office), first - 1, &entry), 0);
    spoil(KV_META, &month, 0);
    assert_int_equal(store_get_log_entry(office_look(office), first - 1, &entry), VIEW_DAMAGED);
}

/* ---- old copies ---- */

static int open_entry(const char *directory, const struct keyring *keys, uint64_t index)
{
    struct kv_lmdb_options options = {.directory = directory, .read_only = true};
    struct arena arena;
    struct store_view view = {.keys = keys, .arena = &arena};
    struct log_row row;
    struct kv *kv = NULL;
    arena_init(&arena);
    assert_int_equal(kv_lmdb_open(&options, &kv), 0);
    assert_int_equal(kv_begin(kv, KV_READ, &view.kv), 0);
    int result = log_read_row(&view, index, &row);
    kv_abort(view.kv);
    kv_close(kv);
    arena_finish(&arena);
    return result;
}

static struct keyring *load(const char *directory)
{
    char why[KEYRING_WHY_SIZE] = "";
    struct keyring *keys = NULL;
    assert_int_equal(keyring_load(directory, NULL, &keys, why), 0);
    return keys;
}

static void test_old_copies(void **state)
{
    (void)state;
    char backup[600];
    char raw[600];
    char keys[600];
    char why[STORE_WHY_SIZE] = "";
    uint64_t first = fill();
    go_to_month(5 * 12, 1);
    settle();
    office_index(office);
    snprintf(backup, sizeof(backup), "%s/backup", turning.place.directory);
    snprintf(raw, sizeof(raw), "%s/raw", turning.place.directory);
    snprintf(keys, sizeof(keys), "%s/keys-then", turning.place.directory);
    uint8_t commitment[COMMITMENT_BYTES];
    uint8_t subject[ACCESSLOG_SUBJECT_BYTES];
    struct log_entry last = entry_at(first - 1);
    memcpy(commitment, last.commitment, sizeof(commitment));
    memcpy(subject, last.subject, sizeof(subject));
    office_close(office);
    turning_copy_files(turning.keys, keys);
    turning_copy_files(office->scratch.directory, raw);
    turning_reopen(&turning);
    assert_int_equal(store_backup(office->store, backup, why), 0);
    go_to_month(0, LATE_DAYS);
    settle();
    assert_true(entry_at(first - 1).destroyed);
    office_forget(office);
    assert_int_equal(turning_turn(&turning, NULL), 0);
    turning_reopen(&turning);

    assert_int_equal(open_entry(raw, office->keys, first - 1), VIEW_DAMAGED);
    assert_int_equal(open_entry(backup, office->keys, first - 1), VIEW_DAMAGED);
    struct keyring *then = load(keys); /* whoever kept the key of then: so the test can fail */
    assert_int_equal(open_entry(raw, then, first - 1), 0);
    keyring_free(then);
    /* The lists of the indexes tell nothing of whom they are: not while they stood there either. */
    const char *const places[] = {backup, raw, office->scratch.directory};
    for (size_t i = 0; i < ARRAY_LENGTH(places); i++) {
        char data[700];
        snprintf(data, sizeof(data), "%s/data.mdb", places[i]);
        assert_false(scratch_file_has(data, subject, sizeof(subject)));
        assert_true(scratch_file_has(data, commitment, sizeof(commitment)));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_a_month_ends, setup, teardown),
        cmocka_unit_test_setup_teardown(test_two_terms, setup, teardown),
        cmocka_unit_test_setup_teardown(test_several_months_are_late, setup, teardown),
        cmocka_unit_test_setup_teardown(test_commits_that_never_happened, setup, teardown),
        cmocka_unit_test_setup_teardown(test_commits_that_happened, setup, teardown),
        cmocka_unit_test_setup_teardown(test_another_term, setup, teardown),
        cmocka_unit_test_setup_teardown(test_what_was_not_destroyed, setup, teardown),
        cmocka_unit_test_setup_teardown(test_old_copies, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
