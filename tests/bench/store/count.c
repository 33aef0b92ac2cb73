/* SPDX-License-Identifier: EUPL-1.2 */
/* The engine that counts. */
#include "tests/bench/store/count.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "tests/bench/store/ticks.h"

struct counting_kv {
    struct kv base;
    struct kv *inner;
};
struct counting_txn {
    struct kv_txn base;
    struct kv_txn *inner;
};
struct counting_range {
    struct kv_range base;
    struct kv_range *inner;
    enum kv_table table;
};

static struct bs_counts counts;
static struct bs_row *recorded;
static size_t recorded_capacity;
static size_t recorded_count;

void bs_count_record(struct bs_row *rows, size_t capacity)
{
    recorded = rows;
    recorded_capacity = capacity;
    recorded_count = 0;
}

size_t bs_count_recorded(void)
{
    return recorded_count;
}

const struct bs_counts *bs_counts(void)
{
    return &counts;
}

void bs_counts_clear(void)
{
    memset(&counts, 0, sizeof(counts));
}

static void record(enum kv_table table, struct kv_bytes key, size_t value_size, bool append,
                   bool remove)
{
    if (recorded_count >= recorded_capacity) {
        return;
    }
    struct bs_row *row = &recorded[recorded_count++];
    *row = (struct bs_row){table, append, remove, key.size, value_size, {0}};
    if (key.size > sizeof(row->key)) {
        bs_die("a key of %zu bytes", key.size);
    }
    memcpy(row->key, key.data, key.size);
}

static struct kv *inner_kv(struct kv *kv)
{
    return CONTAINER_OF(kv, struct counting_kv, base)->inner;
}

static struct kv_txn *inner_txn(struct kv_txn *txn)
{
    return CONTAINER_OF(txn, struct counting_txn, base)->inner;
}

static int counting_begin(struct kv *kv, enum kv_mode mode, struct kv_txn **ret_txn)
{
    struct counting_txn *txn = calloc(1, sizeof(*txn));
    int result = txn == NULL ? -ENOMEM : kv_begin(inner_kv(kv), mode, &txn->inner);
    if (result != 0) {
        free(txn);
        return result;
    }
    *ret_txn = &txn->base;
    return 0;
}

static struct kv_txn *unwrap(struct kv_txn *outer)
{
    struct kv_txn *inner = inner_txn(outer);
    free(CONTAINER_OF(outer, struct counting_txn, base));
    return inner;
}

static int counting_commit(struct kv_txn *txn)
{
    uint64_t began = bs_ticks_begin();
    int result = kv_commit(unwrap(txn));
    bs_ticks_end(&counts.commit, began, 0);
    return result;
}

static void counting_abort(struct kv_txn *txn)
{
    kv_abort(unwrap(txn));
}

static int counting_get(struct kv_txn *txn, enum kv_table table, struct kv_bytes key,
                        struct kv_bytes *ret_value)
{
    uint64_t began = bs_ticks_begin();
    int result = kv_get(inner_txn(txn), table, key, ret_value);
    bs_ticks_end(&counts.tables[table].get, began, result == 0 ? ret_value->size : 0);
    return result;
}

static int counting_put(struct kv_txn *txn, enum kv_table table, struct kv_bytes key,
                        struct kv_bytes value, bool append)
{
    uint64_t began = bs_ticks_begin();
    record(table, key, value.size, append, false);
    if (append) {
        kv_append(inner_txn(txn), table, key, value);
    } else {
        kv_put(inner_txn(txn), table, key, value);
    }
    bs_ticks_end(&counts.tables[table].put, began, key.size + value.size);
    return kv_fault(inner_txn(txn));
}

static int counting_remove(struct kv_txn *txn, enum kv_table table, struct kv_bytes key)
{
    uint64_t began = bs_ticks_begin();
    record(table, key, 0, false, true);
    kv_delete(inner_txn(txn), table, key);
    bs_ticks_end(&counts.tables[table].remove, began, 0);
    return kv_fault(inner_txn(txn));
}

static int counting_range_open(struct kv_txn *txn, enum kv_table table, struct kv_bytes from,
                               struct kv_bytes to, enum kv_direction direction,
                               struct kv_range **ret_range)
{
    uint64_t began = bs_ticks_begin();
    struct counting_range *range = calloc(1, sizeof(*range));
    int result = range == NULL
                     ? -ENOMEM
                     : kv_range_open(inner_txn(txn), table, from, to, direction, &range->inner);
    if (result != 0) {
        free(range);
        return result;
    }
    range->table = table;
    *ret_range = &range->base;
    bs_ticks_end(&counts.tables[table].range, began, 0);
    return 0;
}

static int counting_range_next(struct kv_range *range, struct kv_bytes *ret_key,
                               struct kv_bytes *ret_value)
{
    return kv_range_next(CONTAINER_OF(range, struct counting_range, base)->inner, ret_key,
                         ret_value);
}

static void counting_range_close(struct kv_range *outer)
{
    struct counting_range *range = CONTAINER_OF(outer, struct counting_range, base);
    kv_range_close(range->inner);
    free(range);
}

static int counting_measure_room(struct kv *kv, struct kv_room *ret_room)
{
    return kv_measure_room(inner_kv(kv), ret_room);
}

static int counting_copy(struct kv *kv, const char *path)
{
    return kv_copy(inner_kv(kv), path);
}

static void counting_close(struct kv *kv)
{
    kv_close(inner_kv(kv));
    free(CONTAINER_OF(kv, struct counting_kv, base));
}

struct kv *bs_count_wrap(struct kv *inner)
{
    static const struct kv_engine engine = {
        .begin = counting_begin,
        .commit = counting_commit,
        .abort = counting_abort,
        .get = counting_get,
        .put = counting_put,
        .remove = counting_remove,
        .range_open = counting_range_open,
        .range_next = counting_range_next,
        .range_close = counting_range_close,
        .measure_room = counting_measure_room,
        .copy = counting_copy,
        .close = counting_close,
    };
    struct counting_kv *kv = bs_new(1, sizeof(*kv));
    kv->base.engine = &engine;
    kv->inner = inner;
    return &kv->base;
}
