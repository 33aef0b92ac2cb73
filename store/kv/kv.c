/* SPDX-License-Identifier: EUPL-1.2 */
/*
 * What holds for every engine: the bounds of keys and values, and the sticky fault, which lets
 * callers write in a straight line without a half-done transaction ever being committed.
 */
#include "store/kv/kv.h"

#include <errno.h>

static int spoil(struct kv_txn *txn, int fault)
{
    if (txn->fault == 0)
        txn->fault = fault;
    return txn->fault;
}

static bool is_table(enum kv_table table)
{
    return table >= KV_META && table < KV_TABLES;
}

static bool is_row(enum kv_table table, struct kv_bytes key)
{
    return is_table(table) && key.size >= 1 && key.size <= KV_KEY_MAXIMUM;
}

int kv_begin(struct kv *kv, enum kv_mode mode, struct kv_txn **ret_txn)
{
    struct kv_txn *txn = NULL;
    int r = kv->engine->begin(kv, mode, &txn);
    if (r != 0)
        return r;
    txn->kv = kv;
    txn->mode = mode;
    txn->fault = 0;
    *ret_txn = txn;
    return 0;
}

int kv_commit(struct kv_txn *txn)
{
    int fault = txn->fault;
    if (fault == 0 && txn->mode == KV_WRITE)
        return txn->kv->engine->commit(txn);
    kv_abort(txn);
    if (fault == 0 || fault == KV_FULL)
        return fault;
    return KV_ABORTED;
}

void kv_abort(struct kv_txn *txn)
{
    if (txn != NULL)
        txn->kv->engine->abort(txn);
}

void kv_abortp(struct kv_txn **txn)
{
    kv_abort(*txn);
}

int kv_fault(const struct kv_txn *txn)
{
    return txn->fault;
}

int kv_get(struct kv_txn *txn, enum kv_table table, struct kv_bytes key, struct kv_bytes *ret_value)
{
    if (txn->fault != 0)
        return txn->fault;
    if (!is_row(table, key))
        return spoil(txn, -EINVAL);
    int r = txn->kv->engine->get(txn, table, key, ret_value);
    if (r == 0 || r == KV_NOT_FOUND)
        return r;
    return spoil(txn, r);
}

static void write_row(struct kv_txn *txn, enum kv_table table, struct kv_bytes key,
                      struct kv_bytes value, bool append)
{
    if (txn->fault != 0)
        return;
    int r = -EINVAL;
    if (txn->mode == KV_WRITE && is_row(table, key) && value.size <= KV_VALUE_MAXIMUM)
        r = txn->kv->engine->put(txn, table, key, value, append);
    if (r != 0)
        spoil(txn, r);
}

void kv_put(struct kv_txn *txn, enum kv_table table, struct kv_bytes key, struct kv_bytes value)
{
    write_row(txn, table, key, value, false);
}

void kv_append(struct kv_txn *txn, enum kv_table table, struct kv_bytes key, struct kv_bytes value)
{
    write_row(txn, table, key, value, true);
}

void kv_delete(struct kv_txn *txn, enum kv_table table, struct kv_bytes key)
{
    if (txn->fault != 0)
        return;
    int r = -EINVAL;
    if (txn->mode == KV_WRITE && is_row(table, key))
        r = txn->kv->engine->remove(txn, table, key);
    if (r != 0 && r != KV_NOT_FOUND)
        spoil(txn, r);
}

int kv_range_open(struct kv_txn *txn, enum kv_table table, struct kv_bytes from, struct kv_bytes to,
                  enum kv_direction direction, struct kv_range **ret_range)
{
    if (txn->fault != 0)
        return txn->fault;
    if (!is_table(table) || from.size > KV_KEY_MAXIMUM || to.size > KV_KEY_MAXIMUM)
        return spoil(txn, -EINVAL);
    struct kv_range *range = NULL;
    int r = txn->kv->engine->range_open(txn, table, from, to, direction, &range);
    if (r != 0)
        return spoil(txn, r);
    range->txn = txn;
    *ret_range = range;
    return 0;
}

int kv_range_next(struct kv_range *range, struct kv_bytes *ret_key, struct kv_bytes *ret_value)
{
    struct kv_txn *txn = range->txn;
    if (txn->fault != 0)
        return txn->fault;
    int r = txn->kv->engine->range_next(range, ret_key, ret_value);
    if (r == 0 || r == KV_END)
        return r;
    return spoil(txn, r);
}

void kv_range_close(struct kv_range *range)
{
    if (range != NULL)
        range->txn->kv->engine->range_close(range);
}

void kv_range_closep(struct kv_range **range)
{
    kv_range_close(*range);
}

int kv_measure_room(struct kv *kv, struct kv_room *ret_room)
{
    return kv->engine->measure_room(kv, ret_room);
}

int kv_copy(struct kv *kv, const char *path)
{
    return kv->engine->copy(kv, path);
}

void kv_close(struct kv *kv)
{
    if (kv != NULL)
        kv->engine->close(kv);
}

void kv_closep(struct kv **kv)
{
    kv_close(*kv);
}
