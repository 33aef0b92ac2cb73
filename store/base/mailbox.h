/* SPDX-License-Identifier: EUPL-1.2 */
/*
 * How threads hand work to each other: an intrusive list with a lock, without capacity, so that
 * handing over never fails and never waits. The owner is woken only when its box goes from empty
 * to not empty, and takes the whole list at once.
 */
#ifndef STORE_BASE_MAILBOX_H
#define STORE_BASE_MAILBOX_H

#include <pthread.h>
#include <stdbool.h>

#include "crypto/basics.h"

/* Embedded in what is sent; belongs to the mailbox from post to deliver. */
struct mail {
    struct mail *next;
    void (*deliver)(struct mail *mail); /* called on the owner's thread by mailbox_deliver() */
};

struct mailbox {
    pthread_mutex_t lock;
    struct mail *first;
    struct mail **last;
    /* Called by the posting thread, outside the lock; e.g. writes to an eventfd. */
    void (*wake)(void *context);
    void *context;
};

void mailbox_init(struct mailbox *box, void (*wake)(void *context), void *context);
void mailbox_destroy(struct mailbox *box); /* must be empty */

/* From any thread. */
void mailbox_post(struct mailbox *box, struct mail *mail);

/* Takes the whole list, oldest first; NULL when empty. */
struct mail *mailbox_take(struct mailbox *box);

/* Takes and delivers all; a deliver function may free its mail. Returns how many. */
size_t mailbox_deliver(struct mailbox *box);

#endif
