/* SPDX-License-Identifier: EUPL-1.2 */
/* Rows read, written and deleted in any order, many in one transaction, against a plain array: an
 * engine may remember where in a table it was, and has to find every row all the same. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "store/kv/kv.h"
#include "tests/unit/store/scratch_fixture.h"

#define ROWS 700
#define TRANSACTIONS 24
#define STEPS 1500
#define LARGEST 2600 /* bytes of a value: some need a page of their own */

static const enum kv_table tables[] = {KV_CHILD, KV_PARTY, KV_META};

/* What stands in the store: of each row the size of its value and its first byte. */
struct row {
    bool there;
    uint16_t size;
    uint8_t fill;
};
struct content {
    struct row rows[ARRAY_LENGTH(tables)][ROWS];
    uint64_t appended;
};

static struct content content;
static uint64_t seed = 0x9e3779b97f4a7c15;

static uint32_t next_below(uint32_t bound)
{
    seed ^= seed << 13;
    seed ^= seed >> 7;
    seed ^= seed << 17;
    return (uint32_t)(seed >> 32) % bound;
}

/* In another order than the numbers, and of several lengths. */
struct name {
    uint8_t bytes[24];
    size_t size;
};

static struct name name_of(size_t number)
{
    struct name name = {.size = 8 + number % 17};
    put_be64(name.bytes, (uint64_t)number * 0x9e3779b97f4a7c15);
    memset(name.bytes + 8, (int)(number % 251), name.size - 8);
    return name;
}

static struct kv_bytes bytes_of(const struct name *name)
{
    return (struct kv_bytes){name->bytes, name->size};
}

static void assert_row(struct kv_bytes value, const struct row *row)
{
    assert_int_equal(value.size, row->size);
    for (size_t i = 0; i < value.size; i++)
        assert_int_equal(((const uint8_t *)value.data)[i], (uint8_t)(row->fill + i));
}

static void read_one(struct kv_txn *txn, size_t table, size_t number)
{
    const struct row *row = &content.rows[table][number];
    struct name name = name_of(number);
    struct kv_bytes value = {0};
    int r = kv_get(txn, tables[table], bytes_of(&name), &value);
    assert_int_equal(r, row->there ? 0 : KV_NOT_FOUND);
    if (r == 0)
        assert_row(value, row);
}

static void write_one(struct kv_txn *txn, size_t table, size_t number)
{
    uint8_t value[LARGEST];
    struct row row = {.there = true, .fill = (uint8_t)next_below(256)};
    row.size = (uint16_t)(next_below(20) == 0 ? next_below(LARGEST) : next_below(200));
    for (size_t i = 0; i < row.size; i++)
        value[i] = (uint8_t)(row.fill + i);
    struct name name = name_of(number);
    kv_put(txn, tables[table], bytes_of(&name), (struct kv_bytes){value, row.size});
    content.rows[table][number] = row;
}

static void delete_one(struct kv_txn *txn, size_t table, size_t number)
{
    struct name name = name_of(number);
    kv_delete(txn, tables[table], bytes_of(&name));
    content.rows[table][number].there = false;
}

static void append_one(struct kv_txn *txn)
{
    uint8_t key[8];
    put_be64(key, content.appended++);
    kv_append(txn, KV_LOG, (struct kv_bytes){key, 8}, (struct kv_bytes){key, 8});
}

/* All rows of a table in their order, which is that of their names. */
static void walk(struct kv_txn *txn, size_t table, enum kv_direction direction)
{
    struct kv_range *range = NULL;
    struct kv_bytes none = {0};
    struct kv_bytes key;
    struct kv_bytes value;
    uint64_t last = 0;
    size_t met = 0;
    size_t wanted = 0;
    assert_int_equal(kv_range_open(txn, tables[table], none, none, direction, &range), 0);
    while (kv_range_next(range, &key, &value) == 0) {
        uint64_t at = get_be64(key.data);
        assert_true(met == 0 || (direction == KV_UP ? at > last : at < last));
        last = at;
        met++;
    }
    kv_range_close(range);
    for (size_t i = 0; i < ROWS; i++)
        wanted += content.rows[table][i].there ? 1 : 0;
    assert_int_equal(met, wanted);
}

static void check_all(enum kv_mode mode)
{
    struct kv_txn *txn = NULL;
    assert_int_equal(kv_begin(scratch.kv, mode, &txn), 0);
    for (size_t table = 0; table < ARRAY_LENGTH(tables); table++) {
        for (size_t i = 0; i < ROWS; i++)
            read_one(txn, table, i);
        walk(txn, table, KV_UP);
        walk(txn, table, KV_DOWN);
    }
    for (uint64_t i = 0; i < content.appended; i++) {
        uint8_t key[8];
        struct kv_bytes value;
        put_be64(key, i);
        assert_int_equal(kv_get(txn, KV_LOG, (struct kv_bytes){key, 8}, &value), 0);
        assert_int_equal(get_be64(value.data), i);
    }
    kv_abort(txn);
}

/* One thing, mostly near the last one; `deletes` of ten are deletions. */
static void step(struct kv_txn *txn, unsigned deletes, size_t *near)
{
    size_t table = next_below(ARRAY_LENGTH(tables));
    size_t number = next_below(3) == 0 ? *near : next_below(ROWS);
    unsigned what = next_below(10);
    *near = number;
    if (what < deletes) {
        delete_one(txn, table, number);
    } else if (what < 8) {
        read_one(txn, table, number);
        write_one(txn, table, number);
        read_one(txn, table, number);
    } else if (what == 8) {
        append_one(txn);
    } else if (next_below(40) == 0) {
        walk(txn, table, next_below(2) == 0 ? KV_UP : KV_DOWN);
    }
}

static void test_any_order(void **state)
{
    (void)state;
    static struct content before;
    for (unsigned i = 0; i < TRANSACTIONS; i++) {
        struct kv_txn *txn = NULL;
        size_t near = 0;
        bool kept = i % 5 != 3;
        before = content;
        assert_int_equal(kv_begin(scratch.kv, KV_WRITE, &txn), 0);
        for (unsigned done = 0; done < STEPS; done++)
            step(txn, i % 6 == 5 ? 7 : 1, &near); /* now and then a table shrinks */
        assert_int_equal(kv_fault(txn), 0);
        if (kept) {
            assert_int_equal(kv_commit(txn), 0);
        } else {
            kv_abort(txn);
            content = before;
        }
        check_all(i % 2 == 0 ? KV_READ : KV_WRITE);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_any_order, setup_scratch, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
