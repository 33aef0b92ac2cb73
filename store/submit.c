/* SPDX-License-Identifier: EUPL-1.2 */
/* Handing operations and waiters to the committer, from any thread. */
#include "store/committer.h"
#include "store/operation.h"

int store_submit(struct store *store, struct store_op *op)
{
    int result = STORE_OK;
    op->next = NULL;
    op->logged = false;
    op->kept_logged = false;
    op->kept_log_index = 0;
    pthread_mutex_lock(&store->lock);
    if (store->dead || store->stopping) {
        result = STORE_STOPPED;
    } else if (store->depth >= store->queue_maximum) {
        result = STORE_OVERLOADED;
    } else if (op->lane == LANE_GROWS && atomic_load(&store->low)) {
        result = STORE_FULL;
    } else {
        bool was_empty = store->first == NULL;
        *store->last = op;
        store->last = &op->next;
        store->depth++;
        if (was_empty) {
            pthread_cond_signal(&store->arrived);
        }
    }
    pthread_mutex_unlock(&store->lock);
    if (result != STORE_OK) {
        atomic_fetch_add_explicit(&store->shed, 1, memory_order_relaxed);
    }
    return result;
}

void submit_again(struct store *store, struct store_op *op)
{
    pthread_mutex_lock(&store->lock);
    op->next = store->first;
    if (store->first == NULL) {
        store->last = &op->next;
    }
    store->first = op;
    store->depth++;
    pthread_mutex_unlock(&store->lock);
}

int store_wait(struct store *store, struct store_waiter *waiter)
{
    return waiters_add(&store->waiters, waiter);
}

bool store_unwait(struct store *store, struct store_waiter *waiter)
{
    return waiters_remove(&store->waiters, waiter);
}

void store_wake_all(struct store *store)
{
    atomic_store(&store->draining, true);
    turn_close(&store->turn);
    waiters_close(&store->waiters);
}

struct run_waiter {
    struct mail mail; /* not used: the operation's own mail is posted */
    pthread_mutex_t lock;
    pthread_cond_t done;
    bool woken;
};

static void wake_runner(void *context)
{
    struct run_waiter *waiter = context;
    pthread_mutex_lock(&waiter->lock);
    waiter->woken = true;
    pthread_cond_signal(&waiter->done);
    pthread_mutex_unlock(&waiter->lock);
}

int store_run(struct store *store, struct store_op *op)
{
    struct run_waiter waiter = {.lock = PTHREAD_MUTEX_INITIALIZER,
                                .done = PTHREAD_COND_INITIALIZER};
    struct mailbox box;
    mailbox_init(&box, wake_runner, &waiter);
    op->mailbox = &box;
    int result = store_submit(store, op);
    if (result == STORE_OK) {
        pthread_mutex_lock(&waiter.lock);
        while (!waiter.woken) {
            pthread_cond_wait(&waiter.done, &waiter.lock);
        }
        pthread_mutex_unlock(&waiter.lock);
        (void)mailbox_take(&box);
        result = op->result;
    }
    mailbox_destroy(&box);
    pthread_cond_destroy(&waiter.done);
    pthread_mutex_destroy(&waiter.lock);
    return result;
}
