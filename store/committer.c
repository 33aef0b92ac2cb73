/* SPDX-License-Identifier: EUPL-1.2 */
#include "store/committer.h"

#include <string.h>
#include <time.h>

#include "crypto/secret.h"
#include "store/base/clock.h"
#include "store/log/tail.h"
#include "store/operation.h"
#include "store/party/counters.h"
#include "store/room.h"

#define WORK_BUDGET 32        /* due rows worked off in one batch, beside operations */
#define WORK_BUDGET_QUIET 256 /* the same, when there are none */
/* PAUSE_MS: own work that failed is left alone for so long. IDLE_WAIT_MS: so long there must have
 * been no operation before the due table is looked at and the log's indexes are merged. Tests need
 * not wait for either. */
#ifdef VIX_TEST_CLOCK
#define PAUSE_MS 500
#define IDLE_WAIT_MS 20
#else
#define PAUSE_MS 60000
#define IDLE_WAIT_MS 1000
#endif

static void count(atomic_uint_least64_t *counter, uint64_t more)
{
    atomic_fetch_add_explicit(counter, more, memory_order_relaxed);
}

void committer_publish(struct store *store)
{
    const struct store_head *head = &store->head;
    atomic_store_explicit(&store->revision, head->revision, memory_order_relaxed);
    atomic_store_explicit(&store->log_size, head->log_size, memory_order_relaxed);
    atomic_store_explicit(&store->indexed, head->indexed, memory_order_relaxed);
    atomic_store_explicit(&store->signals, head->signals, memory_order_relaxed);
    atomic_store_explicit(&store->matches, head->matches, memory_order_relaxed);
}

/* ---- the transaction ---- */

/* The time of the next batch: times never go backwards. */
static int64_t batch_time(const struct store *store)
{
    int64_t now = clock_now();
    return now > store->head.last_time ? now : store->head.last_time;
}

static int begin(struct store *store, struct store_tx *tx)
{
    *tx = (struct store_tx){
        .view = {.keys = store->keys, .policy = &store->policy, .arena = &store->arena},
        .frontier = store->frontier,
        .memory = store->memory,
    };
    tx->epoch = store->turn.state;
    tx->turn = &store->turn;
    tx->view.head = store->head;
    tx->view.head.revision++;
    tx->now = batch_time(store);
    return kv_begin(store->kv, KV_WRITE, &tx->view.kv);
}

static void abandon(struct store *store, struct store_tx *tx)
{
    kv_abort(tx->view.kv);
    /* What it remembers may have come from what was just undone. */
    secret_wipe(store->memory, sizeof(*store->memory));
    arena_finish(&store->arena);
}

static void sign_head(struct store *store, struct store_tx *tx)
{
    char note[CHECKPOINT_NOTE_MAXIMUM];
    struct merkle_hash root;
    merkle_frontier_root(&tx->frontier, &root);
    size_t size = checkpoint_sign(store->signer, tx->view.head.log_size, &root, note);
    struct row_key key = layout_meta(COMMITTER_CHECKPOINT_NAME);
    kv_put(tx->view.kv, KV_META, row_key_bytes(&key), (struct kv_bytes){note, size});
}

void committer_fail(struct store *store)
{
    pthread_mutex_lock(&store->lock);
    store->dead = true;
    pthread_mutex_unlock(&store->lock);
    waiters_close(&store->waiters);
    if (store->failed != NULL) {
        store->failed(store->failed_context, "a commit had an unknown outcome");
    }
}

/* 0, KV_FULL, KV_ABORTED, or negative when the store must not be used any more. */
static int commit(struct store *store, struct store_tx *tx)
{
    int64_t next_due;
    int64_t oldest_due;
    if (tx->entries > 0) {
        sign_head(store, tx);
        log_tail_flush(tx);
    }
    counters_settle(tx);
    view_write_head(&tx->view);
    if (due_next(&tx->view, &next_due) != 0 || due_oldest(&tx->view, &oldest_due) != 0) {
        next_due = INT64_MAX; /* a fault is sticky: the commit refuses */
        oldest_due = INT64_MAX;
    }
    int result = kv_commit(TAKE_PTR(tx->view.kv));
    if (result != 0) {
        secret_wipe(store->memory, sizeof(*store->memory));
        arena_finish(&store->arena);
        return result;
    }
    store->head = tx->view.head;
    store->frontier = tx->frontier;
    store->next_due = next_due;
    atomic_store_explicit(&store->oldest_due, oldest_due, memory_order_relaxed);
    count(&store->due_rows, tx->due_rows);
    committer_publish(store);
    turn_committed(store, tx);
    size_t at = 0;
    for (uint32_t party; tx_next_touched(tx, &at, &party);) {
        waiters_wake(&store->waiters, party);
    }
    arena_finish(&store->arena);
    return 0;
}

/* ---- operations ---- */

static int log_refusal(struct store_tx *tx, struct store_op *op, int condition)
{
    const char *slug = operation_refusal_slug(condition);
    if (slug == NULL) {
        return 0;
    }
    struct log_note note = {.event = LOG_REQUEST_REFUSED, .outcome = slug};
    return tx_log_op(tx, op, &note);
}

/* Runs one operation in the transaction; its result, or a fault of the transaction. */
static int run_operation(struct store_tx *tx, struct store_op *op, int *ret_fault)
{
    int result = operation_check_reliance(tx, op);
    if (result == 0) {
        result = op->run(tx, op);
    }
    if (result > 0 && result < TX_AGAIN) {
        int logged = log_refusal(tx, op, result);
        result = logged != 0 ? logged : result;
    }
    int fault = kv_fault(tx->view.kv);
    *ret_fault = fault != 0 ? fault : result < 0 ? result : 0;
    return result;
}

/* What was logged in a transaction that was not kept has not been logged. */
static void forget_logged(struct store_op *op)
{
    op->logged = op->kept_logged;
    op->log_index = op->kept_log_index;
}

static void complete(struct store *store, struct store_op *op, int result)
{
    op->result = result;
    count(&store->operations, 1);
    mailbox_post(op->mailbox, &op->mail);
}

/* What would be run in slices for long is told so: what it has begun goes on by its due row, after
 * the next start too, and what has no such row has changed nothing that asking again would not. */
static bool must_end(const struct store *store)
{
    return atomic_load(&store->turn.closing);
}

static void finish_operation(struct store *store, struct store_op *op, int result)
{
    if (result == TX_AGAIN && must_end(store)) {
        complete(store, op, STORE_STOPPED);
    } else if (result == TX_AGAIN) {
        op->kept_logged = op->logged;
        op->kept_log_index = op->log_index;
        submit_again(store, op);
    } else if (result == TX_AFTER_TURN) {
        turn_wait(&store->turn, op);
    } else {
        complete(store, op, result);
    }
}

/* Answers an operation that is not to be begun. */
static bool refuse(struct store *store, struct store_op *op)
{
    int condition = store->dead ? STORE_STOPPED : room_is_for(store, op) ? 0 : STORE_FULL;
    if (condition != 0) {
        count(&store->shed, 1);
        complete(store, op, condition);
    }
    return condition != 0;
}

/* What the caller is told when the transaction of its operation could not be kept. */
static int result_of_fault(int fault)
{
    return fault == KV_FULL ? STORE_FULL : fault == KV_ABORTED ? -EIO : fault;
}

/* After an aborted batch: each on its own, so that one cannot fail the rest. */
static void run_alone(struct store *store, struct store_op *op)
{
    struct store_tx tx;
    int fault = 0;
    forget_logged(op);
    room_look(store);
    if (refuse(store, op)) {
        return;
    }
    int result = begin(store, &tx);
    if (result != 0) {
        complete(store, op, result);
        return;
    }
    result = run_operation(&tx, op, &fault);
    if (fault != 0) {
        abandon(store, &tx);
        forget_logged(op);
        complete(store, op, result_of_fault(fault));
        return;
    }
    fault = commit(store, &tx);
    if (fault < 0) {
        committer_fail(store);
    }
    if (fault != 0) {
        forget_logged(op);
    }
    finish_operation(store, op,
                     fault == 0  ? result
                     : fault < 0 ? STORE_STOPPED
                                 : result_of_fault(fault));
}

/* ---- the index's own work ---- */

static int run_own_work(struct store *store, struct store_tx *tx, bool quiet)
{
    bool more = false;
    tx->quiet = quiet;
    if (turn_has_begun(&store->turn)) {
        /* Its row must be there before a slice is run: one that fails is put off with it. */
        turn_start(tx);
    } else if (store->next_due <= tx->now) {
        int result = due_run_some(tx, quiet ? WORK_BUDGET_QUIET : WORK_BUDGET, &more);
        if (result != 0) {
            return result;
        }
    }
    uint64_t behind = tx->view.head.log_size - tx->view.head.indexed;
    if (behind > COMMITTER_INDEX_BEHIND || (quiet && behind > 0)) {
        /* Never less than the batch itself has added: else a busy store would fall behind. */
        int result = log_index_some(tx, COMMITTER_INDEX_SLICE + tx->entries);
        if (result != 0) {
            return result;
        }
    }
    return kv_fault(tx->view.kv);
}

static bool is_stopping(struct store *store)
{
    pthread_mutex_lock(&store->lock);
    bool stopping = store->stopping;
    pthread_mutex_unlock(&store->lock);
    return stopping;
}

/* Not at the end: it goes on after the next start, and whoever stops must not wait for it. */
static bool has_own_work(struct store *store)
{
    return !store->dead && store->paused_until <= clock_uptime() && !is_stopping(store) &&
           (store->next_due <= batch_time(store) || turn_has_begun(&store->turn) ||
            store->head.log_size - store->head.indexed > COMMITTER_INDEX_BEHIND);
}

static void pause_own_work(struct store *store)
{
    store->paused_until = clock_uptime() + PAUSE_MS;
    store->unfinished = false;
}

static void look_at_due(struct store *store)
{
    struct store_view view = {.arena = &store->arena};
    if (kv_begin(store->kv, KV_READ, &view.kv) != 0) {
        return;
    }
    int64_t oldest = INT64_MAX;
    if (due_next(&view, &store->next_due) != 0 || due_oldest(&view, &oldest) != 0) {
        store->next_due = INT64_MAX;
    }
    atomic_store_explicit(&store->oldest_due, oldest, memory_order_relaxed);
    kv_abort(view.kv);
    arena_finish(&store->arena);
}

/* One row that cannot be worked off must not stop the removals and erasures behind it: once it is
 * out of the way there is nothing to pause for. */
static void set_aside(struct store *store, const struct row_key *row)
{
    struct store_tx tx;
    if (row->size == 0 || begin(store, &tx) != 0) {
        return;
    }
    bool moved = due_set_aside(&tx, row);
    bool turns = row->bytes[8] == DUE_EPOCH_TURN;
    int result = commit(store, &tx);
    if (result < 0) {
        committer_fail(store);
    } else if (result == 0 && moved) {
        store->paused_until = 0;
        count(&store->set_aside, 1);
        if (turns) {
            turn_put_off(store);
        }
    }
}

/* Own work alone, when nobody asks for anything. */
static void run_quiet(struct store *store)
{
    struct store_tx tx;
    bool idle = store->next_due > batch_time(store) && !turn_has_begun(&store->turn) &&
                store->head.log_size == store->head.indexed;
    store->unfinished = false;
    if (idle || store->dead || store->paused_until > clock_uptime()) {
        return;
    }
    if (begin(store, &tx) != 0) {
        pause_own_work(store);
        return;
    }
    int result = run_own_work(store, &tx, true);
    if (result != 0) {
        abandon(store, &tx);
    } else {
        result = commit(store, &tx);
    }
    if (result < 0 && tx.view.kv == NULL) {
        committer_fail(store);
    }
    if (result != 0) {
        count(&store->aborted, 1);
        pause_own_work(store);
        if (!store->dead) {
            set_aside(store, &tx.failed_due);
        }
    } else {
        store->unfinished = store->head.log_size != store->head.indexed;
    }
}

/* ---- batches ---- */

struct batch {
    struct store_op *ops[COMMITTER_BATCH];
    int results[COMMITTER_BATCH];
    size_t count;
};

/* How many entries an operation makes is known before; how many notices only after. */
static bool has_room(const struct store_tx *tx, const struct store_op *op)
{
    return tx->entries + operation_entries(op) <= TX_ENTRIES_MAXIMUM &&
           tx->notices < TX_NOTICES_MAXIMUM;
}

/* Runs the batch in the transaction, as far as it fits; the rest goes back. */
static int run_operations(struct store *store, struct store_tx *tx, struct batch *batch)
{
    size_t done = 0;
    while (done < batch->count && (done == 0 || has_room(tx, batch->ops[done]))) {
        int fault = 0;
        batch->results[done] = run_operation(tx, batch->ops[done], &fault);
        if (fault != 0) {
            return fault;
        }
        done++;
    }
    while (batch->count > done) {
        submit_again(store, batch->ops[--batch->count]);
    }
    return 0;
}

static void run_batch(struct store *store, struct batch *batch)
{
    struct store_tx tx;
    int result = begin(store, &tx);
    if (result != 0) {
        for (size_t i = 0; i < batch->count; i++) {
            complete(store, batch->ops[i], result);
        }
        return;
    }
    result = run_operations(store, &tx, batch);
    if (result == 0 && has_own_work(store)) {
        result = run_own_work(store, &tx, false);
        if (result != 0) {
            pause_own_work(store);
        }
    }
    if (result == 0) {
        result = commit(store, &tx);
        if (result < 0) {
            committer_fail(store);
            for (size_t i = 0; i < batch->count; i++) {
                forget_logged(batch->ops[i]);
                complete(store, batch->ops[i], STORE_STOPPED);
            }
            return;
        }
    } else {
        abandon(store, &tx);
        set_aside(store, &tx.failed_due);
    }
    count(&store->batches, 1);
    if (result == 0) {
        for (size_t i = 0; i < batch->count; i++) {
            finish_operation(store, batch->ops[i], batch->results[i]);
        }
        return;
    }
    count(&store->aborted, 1);
    for (size_t i = 0; i < batch->count; i++) {
        run_alone(store, batch->ops[i]);
    }
}

/* Takes up to a batch from the queue, under the lock. */
static void take_batch(struct store *store, struct batch *batch, bool own_work)
{
    size_t room = own_work ? COMMITTER_BATCH - COMMITTER_INTERNAL_SHARE : COMMITTER_BATCH;
    batch->count = 0;
    while (store->first != NULL && batch->count < room) {
        struct store_op *op = store->first;
        store->first = op->next;
        op->next = NULL;
        batch->ops[batch->count++] = op;
        store->depth--;
    }
    if (store->first == NULL) {
        store->last = &store->first;
    }
}

/* Waits for operations, or for a while. False when it is time to end. */
static bool gather(struct store *store, struct batch *batch)
{
    bool own_work = has_own_work(store);
    bool wait = !own_work && !store->unfinished;
    struct timespec until = clock_uptime_in(IDLE_WAIT_MS);
    pthread_mutex_lock(&store->lock);
    while (store->first == NULL && !store->stopping && wait &&
           pthread_cond_timedwait(&store->arrived, &store->lock, &until) == 0) {
    }
    take_batch(store, batch, own_work);
    bool go_on = !store->stopping || batch->count > 0;
    pthread_mutex_unlock(&store->lock);
    return go_on;
}

/* Keeps what is to be run. */
static void refuse_some(struct store *store, struct batch *batch)
{
    size_t kept = 0;
    for (size_t i = 0; i < batch->count; i++) {
        if (!refuse(store, batch->ops[i])) {
            batch->ops[kept++] = batch->ops[i];
        }
    }
    batch->count = kept;
}

/* Whoever waits for a turn that has ended, or failed, is run again to be told. */
static void look_at_turn(struct store *store)
{
    if (store->dead) {
        turn_close(&store->turn);
        return;
    }
    turn_look(store);
    struct store_op *op = atomic_load(&store->turn.closing) ? NULL : turn_release(&store->turn);
    while (op != NULL) {
        struct store_op *next = op->next;
        submit_again(store, op);
        op = next;
    }
}

/* It is time to go: before what was submitted since is answered, so that an operation that comes
 * back says that all before it have. */
static void give_up_waiting(struct store *store)
{
    struct store_op *op = atomic_load(&store->turn.closing) ? turn_release(&store->turn) : NULL;
    while (op != NULL) {
        struct store_op *next = op->next;
        complete(store, op, STORE_STOPPED);
        op = next;
    }
}

static void *committer_main(void *context)
{
    struct store *store = context;
    struct batch batch;
    look_at_turn(store);
    while (gather(store, &batch)) {
        give_up_waiting(store);
        room_look(store);
        if (batch.count == 0) {
            run_quiet(store);
        } else {
            refuse_some(store, &batch);
            if (batch.count > 0) {
                run_batch(store, &batch);
            }
        }
        look_at_turn(store);
    }
    atomic_store(&store->turn.closing, true);
    give_up_waiting(store);
    return NULL;
}

int committer_start(struct store *store)
{
    pthread_mutex_lock(&store->lock);
    store->stopping = false;
    pthread_mutex_unlock(&store->lock);
    atomic_store(&store->turn.closing, false);
    if (atomic_load(&store->draining)) {
        turn_close(&store->turn);
    }
    look_at_due(store);
    int result = pthread_create(&store->thread, NULL, committer_main, store);
    store->running = result == 0;
    return -result;
}

void committer_stop(struct store *store)
{
    if (!store->running) {
        return;
    }
    pthread_mutex_lock(&store->lock);
    store->stopping = true;
    turn_close(&store->turn);
    pthread_cond_signal(&store->arrived);
    pthread_mutex_unlock(&store->lock);
    pthread_join(store->thread, NULL);
    store->running = false;
}

static void wake_nobody(void *context)
{
    (void)context;
}

int committer_run_last(struct store *store, struct store_op *op)
{
    struct mailbox box;
    mailbox_init(&box, wake_nobody, NULL);
    op->mailbox = &box;
    run_alone(store, op);
    (void)mailbox_take(&box);
    mailbox_destroy(&box);
    return op->result;
}

void committer_close_for_good(struct store *store)
{
    pthread_mutex_lock(&store->lock);
    store->dead = true;
    pthread_mutex_unlock(&store->lock);
    waiters_close(&store->waiters);
    atomic_store(&store->wound_down, true);
}
