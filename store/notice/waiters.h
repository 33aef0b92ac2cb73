/* SPDX-License-Identifier: EUPL-1.2 */
/* Who waits for something to come into an inbox. Locked inside. Private to store/. */
#ifndef STORE_NOTICE_WAITERS_H
#define STORE_NOTICE_WAITERS_H

#include <pthread.h>

#include "store/store.h"

#define WAITERS_BUCKETS 1024 /* by party number */

struct waiters {
    pthread_mutex_t lock;
    bool closed; /* whoever comes now is sent away at once */
    struct store_waiter *buckets[WAITERS_BUCKETS];
};

void waiters_init(struct waiters *waiters);
void waiters_destroy(struct waiters *waiters);
int waiters_add(struct waiters *waiters, struct store_waiter *waiter) MUST_CHECK;
bool waiters_remove(struct waiters *waiters, struct store_waiter *waiter) MUST_CHECK;
void waiters_wake(struct waiters *waiters, uint32_t party);
void waiters_close(struct waiters *waiters);

#endif
