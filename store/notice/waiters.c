/* SPDX-License-Identifier: EUPL-1.2 */
#include "store/notice/waiters.h"

void waiters_init(struct waiters *waiters)
{
    *waiters = (struct waiters){0};
    pthread_mutex_init(&waiters->lock, NULL);
}

void waiters_destroy(struct waiters *waiters)
{
    pthread_mutex_destroy(&waiters->lock);
}

static struct store_waiter **bucket_of(struct waiters *waiters, uint32_t party)
{
    return &waiters->buckets[party % WAITERS_BUCKETS];
}

static void unlink_waiter(struct store_waiter *waiter)
{
    *waiter->previous = waiter->next;
    if (waiter->next != NULL) {
        waiter->next->previous = waiter->previous;
    }
    waiter->next = NULL;
    waiter->previous = NULL;
}

static size_t count_party(struct waiters *waiters, uint32_t party)
{
    size_t count = 0;
    for (struct store_waiter *at = *bucket_of(waiters, party); at != NULL; at = at->next) {
        count += at->party == party ? 1 : 0;
    }
    return count;
}

int waiters_add(struct waiters *waiters, struct store_waiter *waiter)
{
    int result = STORE_OK;
    waiter->next = NULL;
    waiter->previous = NULL;
    pthread_mutex_lock(&waiters->lock);
    if (waiters->closed) {
        mailbox_post(waiter->mailbox, &waiter->mail);
    } else if (count_party(waiters, waiter->party) >= STORE_WAITERS_MAXIMUM) {
        result = STORE_TOO_MANY;
    } else {
        struct store_waiter **bucket = bucket_of(waiters, waiter->party);
        waiter->next = *bucket;
        waiter->previous = bucket;
        if (waiter->next != NULL) {
            waiter->next->previous = &waiter->next;
        }
        *bucket = waiter;
    }
    pthread_mutex_unlock(&waiters->lock);
    return result;
}

bool waiters_remove(struct waiters *waiters, struct store_waiter *waiter)
{
    pthread_mutex_lock(&waiters->lock);
    bool waiting = waiter->previous != NULL;
    if (waiting) {
        unlink_waiter(waiter);
    }
    pthread_mutex_unlock(&waiters->lock);
    return waiting;
}

/* Under the lock. */
static void wake_bucket(struct store_waiter **bucket, uint32_t party, bool all)
{
    for (struct store_waiter *at = *bucket; at != NULL;) {
        struct store_waiter *next = at->next;
        if (all || at->party == party) {
            unlink_waiter(at);
            mailbox_post(at->mailbox, &at->mail);
        }
        at = next;
    }
}

void waiters_wake(struct waiters *waiters, uint32_t party)
{
    pthread_mutex_lock(&waiters->lock);
    wake_bucket(bucket_of(waiters, party), party, false);
    pthread_mutex_unlock(&waiters->lock);
}

void waiters_close(struct waiters *waiters)
{
    pthread_mutex_lock(&waiters->lock);
    waiters->closed = true;
    for (size_t i = 0; i < WAITERS_BUCKETS; i++) {
        wake_bucket(&waiters->buckets[i], 0, true);
    }
    pthread_mutex_unlock(&waiters->lock);
}
