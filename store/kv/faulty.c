/* SPDX-License-Identifier: EUPL-1.2 */
#include "store/kv/faulty.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>

struct faulty_kv {
    struct kv base;
    struct kv *inner;
    pthread_mutex_t lock; /* over what follows */
    struct kv_faulty_plan plan;
    uint64_t puts;
    uint64_t commits;
};

struct faulty_txn {
    struct kv_txn base;
    struct kv_txn *inner;
};

struct faulty_range {
    struct kv_range base;
    struct kv_range *inner;
};

static struct faulty_kv *faulty_of_kv(struct kv *kv)
{
    return CONTAINER_OF(kv, struct faulty_kv, base);
}

static struct faulty_txn *faulty_of_txn(struct kv_txn *txn)
{
    return CONTAINER_OF(txn, struct faulty_txn, base);
}

static struct faulty_range *faulty_of_range(struct kv_range *range)
{
    return CONTAINER_OF(range, struct faulty_range, base);
}

static int faulty_begin(struct kv *kv, enum kv_mode mode, struct kv_txn **ret_txn)
{
    struct faulty_txn *txn = calloc(1, sizeof(*txn));
    if (txn == NULL)
        return -ENOMEM;
    int r = kv_begin(faulty_of_kv(kv)->inner, mode, &txn->inner);
    if (r != 0) {
        free(txn);
        return r;
    }
    *ret_txn = &txn->base;
    return 0;
}

static struct kv_txn *unwrap_txn(struct kv_txn *outer)
{
    struct faulty_txn *txn = faulty_of_txn(outer);
    struct kv_txn *inner = txn->inner;
    free(txn);
    return inner;
}

static int faulty_commit(struct kv_txn *outer)
{
    struct faulty_kv *faulty = faulty_of_kv(outer->kv);
    struct kv_txn *inner = unwrap_txn(outer);

    pthread_mutex_lock(&faulty->lock);
    struct kv_faulty_plan plan = faulty->plan;
    bool fails = ++faulty->commits == plan.fail_commit_at;
    pthread_mutex_unlock(&faulty->lock);

    if (plan.before_commit != NULL)
        plan.before_commit(plan.context);
    if (fails && !plan.commit_happens) {
        kv_abort(inner);
        return plan.commit_result;
    }
    int r = kv_commit(inner);
    return r == 0 && fails ? plan.commit_result : r;
}

static void faulty_abort(struct kv_txn *outer)
{
    kv_abort(unwrap_txn(outer));
}

static int faulty_get(struct kv_txn *txn, enum kv_table table, struct kv_bytes key,
                      struct kv_bytes *ret_value)
{
    return kv_get(faulty_of_txn(txn)->inner, table, key, ret_value);
}

/* Counts a put or delete; what it is to answer. */
static int next_put(struct kv *kv)
{
    struct faulty_kv *faulty = faulty_of_kv(kv);
    pthread_mutex_lock(&faulty->lock);
    bool fails = ++faulty->puts == faulty->plan.fail_put_at;
    int r = fails ? faulty->plan.put_result : 0;
    pthread_mutex_unlock(&faulty->lock);
    return r;
}

static int faulty_put(struct kv_txn *txn, enum kv_table table, struct kv_bytes key,
                      struct kv_bytes value, bool append)
{
    struct kv_txn *inner = faulty_of_txn(txn)->inner;
    int r = next_put(txn->kv);
    if (r != 0)
        return r;
    if (append)
        kv_append(inner, table, key, value);
    else
        kv_put(inner, table, key, value);
    return kv_fault(inner);
}

static int faulty_remove(struct kv_txn *txn, enum kv_table table, struct kv_bytes key)
{
    struct kv_txn *inner = faulty_of_txn(txn)->inner;
    int r = next_put(txn->kv);
    if (r != 0)
        return r;
    kv_delete(inner, table, key);
    return kv_fault(inner);
}

static int faulty_range_open(struct kv_txn *txn, enum kv_table table, struct kv_bytes from,
                             struct kv_bytes to, enum kv_direction direction,
                             struct kv_range **ret_range)
{
    struct faulty_range *range = calloc(1, sizeof(*range));
    if (range == NULL)
        return -ENOMEM;
    int r = kv_range_open(faulty_of_txn(txn)->inner, table, from, to, direction, &range->inner);
    if (r != 0) {
        free(range);
        return r;
    }
    *ret_range = &range->base;
    return 0;
}

static int faulty_range_next(struct kv_range *range, struct kv_bytes *ret_key,
                             struct kv_bytes *ret_value)
{
    return kv_range_next(faulty_of_range(range)->inner, ret_key, ret_value);
}

static void faulty_range_close(struct kv_range *outer)
{
    struct faulty_range *range = faulty_of_range(outer);
    kv_range_close(range->inner);
    free(range);
}

static int faulty_measure_room(struct kv *kv, struct kv_room *ret_room)
{
    struct faulty_kv *faulty = faulty_of_kv(kv);
    struct kv_room room = {0};
    int r = kv_measure_room(faulty->inner, &room);
    if (r != 0)
        return r;
    pthread_mutex_lock(&faulty->lock);
    if (faulty->plan.free_bytes != 0)
        room.free_bytes = faulty->plan.free_bytes;
    pthread_mutex_unlock(&faulty->lock);
    *ret_room = room;
    return 0;
}

static int faulty_copy(struct kv *kv, const char *path)
{
    return kv_copy(faulty_of_kv(kv)->inner, path);
}

static void faulty_close(struct kv *kv)
{
    struct faulty_kv *faulty = faulty_of_kv(kv);
    kv_close(faulty->inner);
    pthread_mutex_destroy(&faulty->lock);
    free(faulty);
}

static const struct kv_engine FAULTY_ENGINE = {
    .begin = faulty_begin,
    .commit = faulty_commit,
    .abort = faulty_abort,
    .get = faulty_get,
    .put = faulty_put,
    .remove = faulty_remove,
    .range_open = faulty_range_open,
    .range_next = faulty_range_next,
    .range_close = faulty_range_close,
    .measure_room = faulty_measure_room,
    .copy = faulty_copy,
    .close = faulty_close,
};

int kv_faulty_wrap(struct kv *inner, struct kv **ret_kv)
{
    struct faulty_kv *faulty = calloc(1, sizeof(*faulty));
    if (faulty == NULL)
        return -ENOMEM;
    faulty->base.engine = &FAULTY_ENGINE;
    faulty->inner = inner;
    pthread_mutex_init(&faulty->lock, NULL);
    *ret_kv = &faulty->base;
    return 0;
}

void kv_faulty_set(struct kv *kv, const struct kv_faulty_plan *plan)
{
    struct faulty_kv *faulty = faulty_of_kv(kv);
    pthread_mutex_lock(&faulty->lock);
    faulty->plan = *plan;
    faulty->puts = 0;
    faulty->commits = 0;
    pthread_mutex_unlock(&faulty->lock);
}

void kv_faulty_counts(struct kv *kv, uint64_t *ret_puts, uint64_t *ret_commits)
{
    struct faulty_kv *faulty = faulty_of_kv(kv);
    pthread_mutex_lock(&faulty->lock);
    *ret_puts = faulty->puts;
    *ret_commits = faulty->commits;
    pthread_mutex_unlock(&faulty->lock);
}
