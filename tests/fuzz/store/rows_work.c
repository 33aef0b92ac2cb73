/* SPDX-License-Identifier: EUPL-1.2 */
#include "store/base/clock.h"
#include "store/committer.h"
#include "store/log/read.h"
#include "tests/fuzz/store/rows_exercise.h"

#define BATCHES 20    /* in which what goes in slices ends */
#define SET_ASIDE 6   /* due rows that may be damaged by one row that is */
#define DUE_ROWS 64   /* in one batch */
#define INDEX_ROWS 40 /* log entries */

/* ---- what is due ---- */

struct aside {
    size_t count;
    struct row_key rows[SET_ASIDE];
};

/* The batches of a time; what could not be worked off is out of the way. VIEW_DAMAGED: there is
 * one more. */
static int work_batches(struct rows_tx *rows, int64_t later, const struct aside *aside)
{
    bool more = true;
    int result = 0;
    rows->tx.now += later;
    for (size_t i = 0; i < aside->count; i++) {
        (void)due_set_aside(&rows->tx, &aside->rows[i]);
    }
    for (int batch = 0; batch < BATCHES && result == 0 && more; batch++) {
        result = due_run_some(&rows->tx, DUE_ROWS, &more);
        rows_next_batch(rows);
    }
    require(result <= 0);
    return result != 0 ? result : kv_fault(rows->tx.view.kv);
}

static void work_off(const struct rows_input *input, int64_t later)
{
    struct aside aside = {0};
    bool again = true;
    while (again) {
        struct rows_tx rows;
        rows_begin(&rows);
        rows_put_under_way(&rows.tx);
        rows_put(&rows.tx.view, input);
        again = work_batches(&rows, later, &aside) < 0 && rows.tx.failed_due.size > 0 &&
                aside.count < SET_ASIDE;
        if (again) {
            aside.rows[aside.count++] = rows.tx.failed_due;
        }
        rows_abort(&rows);
    }
}

/* Of what is in no list yet. */
static void search_log(struct store_view *view)
{
    struct log_query query = {.start = UINT64_MAX,
                              .bound = UINT64_MAX,
                              .from = INT64_MIN,
                              .to = INT64_MAX,
                              .event = LOG_SIGNAL_POSTED,
                              .party = office_oin(rows_office()->school),
                              .limit = INDEX_ROWS};
    struct log_page page;
    size_t budget = INDEX_ROWS;
    require(log_read_page(view, &query, &budget, &page) <= 0);
}

static void index_log(const struct rows_input *input)
{
    struct rows_tx rows;
    rows_begin(&rows);
    rows_put(&rows.tx.view, input);
    rows.tx.view.head.indexed = 0;
    search_log(&rows.tx.view);
    require(log_index_some(&rows.tx, INDEX_ROWS) <= 0);
    rows_abort(&rows);
}

void rows_work(const struct rows_input *input)
{
    static const int days[] = {0, 60, 2 * 366, 11 * 366};
    for (size_t i = 0; i < ARRAY_LENGTH(days); i++) {
        work_off(input, days[i] * CLOCK_DAY);
    }
    index_log(input);
}

/* ---- the start ---- */

/* An engine that shows what stands in a transaction that is open already. */
struct mirror {
    struct kv base;
    struct kv_txn txn;
    struct kv_txn *inner;
};

static int begin_mirror(struct kv *kv, enum kv_mode mode, struct kv_txn **ret_txn)
{
    require(mode == KV_READ);
    *ret_txn = &CONTAINER_OF(kv, struct mirror, base)->txn;
    return 0;
}

static void abort_mirror(struct kv_txn *txn)
{
    (void)txn;
}

static int get_mirrored(struct kv_txn *txn, enum kv_table table, struct kv_bytes key,
                        struct kv_bytes *ret_value)
{
    return kv_get(CONTAINER_OF(txn, struct mirror, txn)->inner, table, key, ret_value);
}

void rows_open_store(const struct rows_input *input)
{
    static const struct kv_engine engine = {
        .begin = begin_mirror, .abort = abort_mirror, .get = get_mirrored};
    static struct store store;
    struct rows_tx rows;
    char why[STORE_WHY_SIZE];
    rows_begin(&rows);
    rows_put(&rows.tx.view, input);
    struct mirror mirror = {.base.engine = &engine, .inner = rows.tx.view.kv};
    store.kv = &mirror.base;
    store.keys = rows_office()->office.keys;
    int result = turn_recover(&store, why);
    require(result <= 0 || result == STORE_STOPPED);
    if (result == 0) {
        require(store.turn.state.position.size < LAYOUT_KEY_SIZE);
        rows_put_under_way(&rows.tx);
        rows.tx.epoch = store.turn.state; /* the walk goes on from there */
        bool more;
        require(due_run_some(&rows.tx, DUE_ROWS, &more) <= 0);
    }
    rows_abort(&rows);
}
