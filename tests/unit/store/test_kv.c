/* SPDX-License-Identifier: EUPL-1.2 */
/* The contract of kv.h, held against the LMDB engine. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/unit/store/scratch_fixture.h"

static struct kv_bytes text(const char *text)
{
    return (struct kv_bytes){.data = text, .size = strlen(text)};
}

static struct kv_txn *begin(enum kv_mode mode)
{
    struct kv_txn *txn = NULL;
    assert_int_equal(kv_begin(scratch.kv, mode, &txn), 0);
    assert_int_equal(kv_fault(txn), 0);
    return txn;
}

static void assert_row(struct kv_txn *txn, enum kv_table table, const char *key, const char *value)
{
    struct kv_bytes found = {0};
    assert_int_equal(kv_get(txn, table, text(key), &found), 0);
    assert_int_equal(found.size, strlen(value));
    assert_memory_equal(found.data, value, found.size);
}

static void assert_no_row(struct kv_txn *txn, enum kv_table table, const char *key)
{
    struct kv_bytes found = {.data = "untouched", .size = 9};
    assert_int_equal(kv_get(txn, table, text(key), &found), KV_NOT_FOUND);
    assert_int_equal(found.size, 9);
    assert_memory_equal(found.data, "untouched", 9);
}

static void put_rows(enum kv_table table, const char *const *keys, size_t count)
{
    struct kv_txn *txn = begin(KV_WRITE);
    for (size_t i = 0; i < count; i++)
        kv_put(txn, table, text(keys[i]), text(keys[i]));
    assert_int_equal(kv_commit(txn), 0);
}

static void test_put_get_replace_delete(void **state)
{
    (void)state;
    struct kv_txn *txn = begin(KV_WRITE);
    assert_no_row(txn, KV_CHILD, "a");
    kv_put(txn, KV_CHILD, text("a"), text("one"));
    assert_row(txn, KV_CHILD, "a", "one");
    kv_put(txn, KV_CHILD, text("a"), text("a longer one"));
    assert_row(txn, KV_CHILD, "a", "a longer one");
    kv_put(txn, KV_CHILD, text("b"), text(""));
    assert_row(txn, KV_CHILD, "b", "");
    kv_delete(txn, KV_CHILD, text("never there"));
    assert_int_equal(kv_fault(txn), 0);
    assert_int_equal(kv_commit(txn), 0);

    txn = begin(KV_WRITE);
    kv_delete(txn, KV_CHILD, text("a"));
    assert_no_row(txn, KV_CHILD, "a");
    assert_row(txn, KV_CHILD, "b", "");
    kv_abort(txn);

    txn = begin(KV_READ);
    assert_row(txn, KV_CHILD, "a", "a longer one");
    assert_no_row(txn, KV_PARTY, "a");
    assert_int_equal(kv_commit(txn), 0);
}

/* Each table is one of its own, and all are still there after the store was closed. */
static void test_tables_are_apart_and_stay(void **state)
{
    (void)state;
    char value[16];
    struct kv_txn *txn = begin(KV_WRITE);
    for (int table = KV_META; table < KV_TABLES; table++) {
        (void)snprintf(value, sizeof(value), "table %d", table);
        kv_put(txn, table, text("key"), text(value));
    }
    assert_int_equal(kv_commit(txn), 0);
    scratch_close(&scratch);
    scratch_open(&scratch, SCRATCH_MAP_BYTES);
    txn = begin(KV_READ);
    for (int table = KV_META; table < KV_TABLES; table++) {
        (void)snprintf(value, sizeof(value), "table %d", table);
        assert_row(txn, table, "key", value);
    }
    kv_abort(txn);
}

/* `expected` are the keys, each of one letter, that the range gives, in order. */
static void check_range(struct kv_txn *txn, const char *from, const char *to,
                        enum kv_direction direction, const char *expected)
{
    struct kv_range *range CLEANUP(kv_range_closep) = NULL;
    char found[32] = "";
    size_t count = 0;
    struct kv_bytes key = {0};
    struct kv_bytes value = {0};
    assert_int_equal(kv_range_open(txn, KV_DUE, text(from), text(to), direction, &range), 0);
    int r = 0;
    while ((r = kv_range_next(range, &key, &value)) == 0) {
        assert_true(count < sizeof(found) - 1);
        assert_int_equal(key.size, 1);
        assert_int_equal(value.size, 1);
        assert_memory_equal(value.data, key.data, 1);
        found[count++] = *(const char *)key.data;
        found[count] = '\0';
    }
    assert_int_equal(r, KV_END);
    assert_string_equal(found, expected);
    /* The end stays the end. */
    assert_int_equal(kv_range_next(range, &key, &value), KV_END);
}

static const struct {
    const char *from, *to, *up, *down;
} RANGES[] = {
    {"", "", "bdfh", "hfdb"}, {"b", "", "bdfh", "hfdb"},  {"a", "", "bdfh", "hfdb"},
    {"c", "", "dfh", "hfd"},  {"h", "", "h", "h"},        {"i", "", "", ""},
    {"", "h", "bdf", "fdb"},  {"", "i", "bdfh", "hfdb"},  {"", "b", "", ""},
    {"", "a", "", ""},        {"", "g", "bdf", "fdb"},    {"b", "h", "bdf", "fdb"},
    {"c", "g", "df", "fd"},   {"d", "f", "d", "d"},       {"d", "d", "", ""},
    {"f", "d", "", ""},       {"e", "f", "", ""},         {"e", "e", "", ""},
    {"z", "a", "", ""},       {"d", "da", "d", "d"},      {"da", "f", "", ""},
    {"da", "fa", "f", "f"},   {"i", "z", "", ""},         {"B", "a", "", ""},
    {"hh", "", "", ""},       {"", "hh", "bdfh", "hfdb"},
};

static void test_ranges(void **state)
{
    (void)state;
    static const char *const KEYS[] = {"f", "b", "h", "d"};
    put_rows(KV_DUE, KEYS, ARRAY_LENGTH(KEYS));
    for (int mode = KV_READ; mode <= KV_WRITE; mode++) {
        struct kv_txn *txn = begin(mode);
        for (size_t i = 0; i < ARRAY_LENGTH(RANGES); i++) {
            check_range(txn, RANGES[i].from, RANGES[i].to, KV_UP, RANGES[i].up);
            check_range(txn, RANGES[i].from, RANGES[i].to, KV_DOWN, RANGES[i].down);
        }
        kv_abort(txn);
    }
}

static void test_ranges_of_an_empty_table(void **state)
{
    (void)state;
    struct kv_txn *txn = begin(KV_READ);
    check_range(txn, "", "", KV_UP, "");
    check_range(txn, "", "", KV_DOWN, "");
    check_range(txn, "a", "z", KV_UP, "");
    check_range(txn, "a", "z", KV_DOWN, "");
    kv_abort(txn);
}

static void test_keys_are_ordered_as_bytes(void **state)
{
    (void)state;
    static const uint8_t LONG[KV_KEY_MAXIMUM] = {0x7f};
    static const struct kv_bytes SORTED[] = {
        {"\0", 1},   {"\0\0", 2}, {"\0\1", 2},   {"\1", 1},       {"a", 1},
        {"aa", 2},   {"b", 1},    {"\x7f", 1},   {LONG, 256},     {"\x7f\1", 2},
        {"\x80", 1}, {"\xff", 1}, {"\xff\0", 2}, {"\xff\xff", 2},
    };
    size_t count = ARRAY_LENGTH(SORTED);
    struct kv_txn *txn = begin(KV_WRITE);
    for (size_t i = 0; i < count; i++) /* 5 and 14 have no common factor: all, out of order */
        kv_put(txn, KV_MATCH, SORTED[i * 5 % count], text("x"));
    assert_int_equal(kv_commit(txn), 0);

    txn = begin(KV_READ);
    for (int direction = KV_UP; direction <= KV_DOWN; direction++) {
        struct kv_range *range CLEANUP(kv_range_closep) = NULL;
        struct kv_bytes key = {0};
        struct kv_bytes value = {0};
        assert_int_equal(kv_range_open(txn, KV_MATCH, text(""), text(""), direction, &range), 0);
        for (size_t i = 0; i < count; i++) {
            const struct kv_bytes *expected = &SORTED[direction == KV_UP ? i : count - 1 - i];
            assert_int_equal(kv_range_next(range, &key, &value), 0);
            assert_int_equal(key.size, expected->size);
            assert_memory_equal(key.data, expected->data, key.size);
        }
        assert_int_equal(kv_range_next(range, &key, &value), KV_END);
    }
    kv_abort(txn);
}

/* The bounds belong to the caller again once the range is open. */
static void test_range_keeps_its_bounds(void **state)
{
    (void)state;
    static const char *const KEYS[] = {"b", "d", "f"};
    put_rows(KV_DUE, KEYS, ARRAY_LENGTH(KEYS));
    struct kv_txn *txn = begin(KV_READ);
    char from[] = "b";
    char to[] = "e";
    struct kv_range *up CLEANUP(kv_range_closep) = NULL;
    struct kv_range *down CLEANUP(kv_range_closep) = NULL;
    struct kv_bytes key = {0};
    struct kv_bytes value = {0};
    assert_int_equal(kv_range_open(txn, KV_DUE, text(from), text(to), KV_UP, &up), 0);
    assert_int_equal(kv_range_open(txn, KV_DUE, text(from), text(to), KV_DOWN, &down), 0);
    from[0] = 'z';
    to[0] = 'a';
    static const char *const ORDER[2][3] = {{"b", "d", NULL}, {"d", "b", NULL}};
    for (size_t i = 0; i < 2; i++) {
        struct kv_range *range = i == 0 ? up : down;
        for (size_t j = 0; ORDER[i][j] != NULL; j++) {
            assert_int_equal(kv_range_next(range, &key, &value), 0);
            assert_memory_equal(key.data, ORDER[i][j], 1);
        }
        assert_int_equal(kv_range_next(range, &key, &value), KV_END);
    }
    kv_range_close(TAKE_PTR(up));
    kv_range_close(TAKE_PTR(down));
    kv_abort(txn);
}

static void test_snapshots_stand_still(void **state)
{
    (void)state;
    struct kv_txn *before = begin(KV_READ);
    struct kv_txn *writer = begin(KV_WRITE);
    kv_put(writer, KV_PARTY, text("k"), text("1"));
    struct kv_txn *during = begin(KV_READ);
    assert_row(writer, KV_PARTY, "k", "1");
    assert_no_row(during, KV_PARTY, "k");
    assert_int_equal(kv_commit(writer), 0);
    struct kv_txn *after = begin(KV_READ);
    assert_no_row(before, KV_PARTY, "k");
    assert_no_row(during, KV_PARTY, "k");
    assert_row(after, KV_PARTY, "k", "1");

    writer = begin(KV_WRITE);
    kv_put(writer, KV_PARTY, text("k"), text("2"));
    kv_abort(writer);
    kv_abort(before);
    /* Ended, its memory is used again for the next. */
    before = begin(KV_READ);
    assert_row(before, KV_PARTY, "k", "1");
    assert_no_row(during, KV_PARTY, "k");
    kv_abort(before);
    kv_abort(during);
    kv_abort(after);
    kv_abort(NULL);
}

static void put_too_long_key(struct kv_txn *txn)
{
    static const uint8_t KEY[KV_KEY_MAXIMUM + 1];
    kv_put(txn, KV_LOG, (struct kv_bytes){KEY, sizeof(KEY)}, text("v"));
}

static void put_empty_key(struct kv_txn *txn)
{
    kv_put(txn, KV_LOG, text(""), text("v"));
}

static void put_too_long_value(struct kv_txn *txn)
{
    static const uint8_t VALUE[KV_VALUE_MAXIMUM + 1];
    kv_put(txn, KV_LOG, text("k"), (struct kv_bytes){VALUE, sizeof(VALUE)});
}

static void put_into_no_table(struct kv_txn *txn)
{
    kv_put(txn, KV_TABLES, text("k"), text("v"));
}

static void delete_empty_key(struct kv_txn *txn)
{
    kv_delete(txn, KV_LOG, text(""));
}

static void get_empty_key(struct kv_txn *txn)
{
    struct kv_bytes found = {0};
    assert_int_equal(kv_get(txn, KV_LOG, text(""), &found), -EINVAL);
}

static void open_too_long_range(struct kv_txn *txn)
{
    static const uint8_t KEY[KV_KEY_MAXIMUM + 1];
    struct kv_bytes bound = {KEY, sizeof(KEY)};
    struct kv_range *range = NULL;
    assert_int_equal(kv_range_open(txn, KV_LOG, text(""), bound, KV_UP, &range), -EINVAL);
    assert_null(range);
}

static void append_equal(struct kv_txn *txn)
{
    kv_append(txn, KV_LOG, text("5"), text("v"));
}

static void append_below(struct kv_txn *txn)
{
    kv_append(txn, KV_LOG, text("4"), text("v"));
}

static void test_faults_are_sticky(void **state)
{
    (void)state;
    static void (*const FAULTS[])(struct kv_txn *) = {
        put_too_long_key, put_empty_key, put_too_long_value,  put_into_no_table, delete_empty_key,
        get_empty_key,    append_equal,  open_too_long_range, append_below,
    };
    struct kv_txn *txn = begin(KV_WRITE);
    kv_append(txn, KV_LOG, text("3"), text("v"));
    kv_append(txn, KV_LOG, text("5"), text("v"));
    assert_int_equal(kv_commit(txn), 0);

    for (size_t i = 0; i < ARRAY_LENGTH(FAULTS); i++) {
        txn = begin(KV_WRITE);
        kv_put(txn, KV_LOG, text("before"), text("v"));
        struct kv_range *range = NULL;
        assert_int_equal(kv_range_open(txn, KV_META, text(""), text(""), KV_UP, &range), 0);
        assert_int_equal(kv_fault(txn), 0);
        FAULTS[i](txn);
        assert_int_equal(kv_fault(txn), -EINVAL);

        struct kv_bytes key = {0};
        struct kv_bytes value = {0};
        assert_int_equal(kv_range_next(range, &key, &value), -EINVAL);
        kv_range_close(range);
        assert_int_equal(kv_get(txn, KV_LOG, text("3"), &value), -EINVAL);
        assert_int_equal(kv_range_open(txn, KV_LOG, text(""), text(""), KV_UP, &range), -EINVAL);
        kv_put(txn, KV_LOG, text("after"), text("v"));
        kv_delete(txn, KV_LOG, text("3"));
        assert_int_equal(kv_fault(txn), -EINVAL);
        assert_int_equal(kv_commit(txn), KV_ABORTED);

        txn = begin(KV_READ);
        assert_no_row(txn, KV_LOG, "before");
        assert_no_row(txn, KV_LOG, "after");
        assert_row(txn, KV_LOG, "3", "v");
        kv_abort(txn);
    }
}

static void test_snapshots_cannot_be_written(void **state)
{
    (void)state;
    struct kv_txn *txn = begin(KV_READ);
    kv_put(txn, KV_META, text("k"), text("v"));
    assert_int_equal(kv_fault(txn), -EINVAL);
    assert_int_equal(kv_commit(txn), KV_ABORTED);
    txn = begin(KV_READ);
    kv_delete(txn, KV_META, text("k"));
    assert_int_equal(kv_fault(txn), -EINVAL);
    kv_abort(txn);
    /* A fault does not come back with the memory of its transaction. */
    txn = begin(KV_READ);
    assert_no_row(txn, KV_META, "k");
    kv_abort(txn);
}

static void test_largest_rows(void **state)
{
    (void)state;
    uint8_t key[KV_KEY_MAXIMUM];
    uint8_t *value = malloc(KV_VALUE_MAXIMUM);
    assert_non_null(value);
    memset(key, 'k', sizeof(key));
    for (size_t i = 0; i < KV_VALUE_MAXIMUM; i++)
        value[i] = (uint8_t)(i * 7 + i / 256);
    struct kv_bytes name = {key, sizeof(key)};
    struct kv_txn *txn = begin(KV_WRITE);
    kv_put(txn, KV_ACTOR, name, (struct kv_bytes){value, KV_VALUE_MAXIMUM});
    assert_int_equal(kv_commit(txn), 0);

    txn = begin(KV_READ);
    struct kv_bytes found = {0};
    assert_int_equal(kv_get(txn, KV_ACTOR, name, &found), 0);
    assert_int_equal(found.size, KV_VALUE_MAXIMUM);
    assert_memory_equal(found.data, value, KV_VALUE_MAXIMUM);
    kv_abort(txn);
    free(value);
}

static void test_append_in_order(void **state)
{
    (void)state;
    uint8_t key[8];
    struct kv_bytes name = {key, sizeof(key)};
    for (uint64_t base = 0; base < 5000; base += 1000) {
        struct kv_txn *txn = begin(KV_WRITE);
        for (uint64_t i = 0; i < 1000; i++) {
            put_be64(key, base + i);
            kv_append(txn, KV_LOG, name, name);
        }
        assert_int_equal(kv_commit(txn), 0);
    }
    struct kv_txn *txn = begin(KV_READ);
    struct kv_range *range = NULL;
    struct kv_bytes found = {0};
    struct kv_bytes value = {0};
    assert_int_equal(kv_range_open(txn, KV_LOG, text(""), text(""), KV_UP, &range), 0);
    for (uint64_t i = 0; i < 5000; i++) {
        assert_int_equal(kv_range_next(range, &found, &value), 0);
        assert_int_equal(get_be64(found.data), i);
        assert_int_equal(get_be64(value.data), i);
    }
    assert_int_equal(kv_range_next(range, &found, &value), KV_END);
    kv_range_close(range);
    kv_abort(txn);
}

#define CASE(test) cmocka_unit_test_setup_teardown(test, setup_scratch, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(test_put_get_replace_delete),
        CASE(test_tables_are_apart_and_stay),
        CASE(test_ranges),
        CASE(test_ranges_of_an_empty_table),
        CASE(test_keys_are_ordered_as_bytes),
        CASE(test_range_keeps_its_bounds),
        CASE(test_snapshots_stand_still),
        CASE(test_faults_are_sticky),
        CASE(test_snapshots_cannot_be_written),
        CASE(test_largest_rows),
        CASE(test_append_in_order),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
