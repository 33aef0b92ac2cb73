/* SPDX-License-Identifier: EUPL-1.2 */
#include "store/base/mailbox.h"

#include <assert.h>

void mailbox_init(struct mailbox *box, void (*wake)(void *context), void *context)
{
    pthread_mutex_init(&box->lock, NULL);
    box->first = NULL;
    box->last = &box->first;
    box->wake = wake;
    box->context = context;
}

void mailbox_destroy(struct mailbox *box)
{
    assert(box->first == NULL);
    pthread_mutex_destroy(&box->lock);
}

void mailbox_post(struct mailbox *box, struct mail *mail)
{
    mail->next = NULL;
    pthread_mutex_lock(&box->lock);
    bool was_empty = box->first == NULL;
    *box->last = mail;
    box->last = &mail->next;
    pthread_mutex_unlock(&box->lock);
    /* Outside the lock, so that the owner does not wake up only to wait for it. */
    if (was_empty)
        box->wake(box->context);
}

struct mail *mailbox_take(struct mailbox *box)
{
    pthread_mutex_lock(&box->lock);
    struct mail *first = box->first;
    box->first = NULL;
    box->last = &box->first;
    pthread_mutex_unlock(&box->lock);
    return first;
}

size_t mailbox_deliver(struct mailbox *box)
{
    size_t count = 0;
    struct mail *mail = mailbox_take(box);
    while (mail != NULL) {
        struct mail *next = mail->next;
        mail->deliver(mail);
        mail = next;
        count++;
    }
    return count;
}
