/* SPDX-License-Identifier: EUPL-1.2 */
#include "daemon/warm.h"

/* Where more are busy than may be, it is of use to nobody that they take turns. */
#define REST_MICROSECONDS UINT64_C(1000000)

static void unlink_warm(struct warm_list *list, struct warm *warm)
{
    *(warm->previous != NULL ? &warm->previous->next : &list->first) = warm->next;
    *(warm->next != NULL ? &warm->next->previous : &list->last) = warm->previous;
    list->count--;
}

static void put_first(struct warm_list *list, struct warm *warm)
{
    warm->previous = NULL;
    warm->next = list->first;
    *(warm->next != NULL ? &warm->next->previous : &list->last) = warm;
    list->first = warm;
    list->count++;
}

static bool make_room(struct warm_list *list, uint64_t now)
{
    if (list->count < list->maximum) {
        return true;
    }
    if (list->last == NULL || now - list->last->used_at < REST_MICROSECONDS) {
        return false;
    }
    warm_leave(list, list->last);
    return true;
}

void warm_use(struct warm_list *list, struct warm *warm, SSL *ssl, uint64_t now)
{
    if (warm->ssl == NULL) {
        if (!make_room(list, now)) {
            return;
        }
        SSL_clear_mode(ssl, SSL_MODE_RELEASE_BUFFERS);
        warm->ssl = ssl;
        put_first(list, warm);
    } else if (list->first != warm) {
        unlink_warm(list, warm);
        put_first(list, warm);
    }
    warm->used_at = now;
}

void warm_leave(struct warm_list *list, struct warm *warm)
{
    if (warm->ssl == NULL) {
        return;
    }
    SSL_set_mode(warm->ssl, SSL_MODE_RELEASE_BUFFERS);
    int freed = SSL_free_buffers(warm->ssl);
    (void)freed; /* one that holds something goes when that is done with */
    warm->ssl = NULL;
    unlink_warm(list, warm);
}
