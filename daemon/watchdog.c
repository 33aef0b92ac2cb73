/* SPDX-License-Identifier: EUPL-1.2 */
#include "daemon/watchdog.h"

#include <errno.h>
#include <stdlib.h>

#include "daemon/notify.h"

struct ping {
    struct mail mail;
    atomic_bool under_way;
};

struct watchdog {
    struct event *timer;
    struct worker *workers;
    size_t count;
    struct ping pings[]; /* one a worker */
};

static void deliver_ping(struct mail *mail)
{
    atomic_store(&CONTAINER_OF(mail, struct ping, mail)->under_way, false);
}

static void on_time(evutil_socket_t fd, short what, void *user)
{
    struct watchdog *watchdog = user;
    (void)fd;
    (void)what;
    for (size_t i = 0; i < watchdog->count; i++) {
        if (atomic_load(&watchdog->pings[i].under_way)) {
            return; /* somebody hangs: the service manager will notice the silence */
        }
    }
    notify_send("WATCHDOG=1");
    for (size_t i = 0; i < watchdog->count; i++) {
        atomic_store(&watchdog->pings[i].under_way, true);
        mailbox_post(&watchdog->workers[i].mailbox, &watchdog->pings[i].mail);
    }
}

int watchdog_start(struct worker *home, struct worker *workers, size_t count,
                   struct watchdog **ret_watchdog)
{
    int64_t interval = notify_watchdog_interval() / 3;
    *ret_watchdog = NULL;
    if (interval == 0) {
        return 0;
    }
    struct watchdog *watchdog = calloc(1, sizeof(*watchdog) + count * sizeof(struct ping));
    if (watchdog == NULL) {
        return -ENOMEM;
    }
    const struct timeval time = {.tv_sec = (time_t)(interval / 1000),
                                 .tv_usec = (suseconds_t)(interval % 1000) * 1000};
    watchdog->workers = workers;
    watchdog->count = count;
    for (size_t i = 0; i < count; i++) {
        watchdog->pings[i].mail.deliver = deliver_ping;
    }
    watchdog->timer = event_new(home->base, -1, EV_PERSIST, on_time, watchdog);
    if (watchdog->timer == NULL || event_add(watchdog->timer, &time) != 0) {
        watchdog_free(watchdog);
        return -ENOMEM;
    }
    *ret_watchdog = watchdog;
    return 0;
}

void watchdog_free(struct watchdog *watchdog)
{
    if (watchdog == NULL) {
        return;
    }
    if (watchdog->timer != NULL) {
        event_free(watchdog->timer);
    }
    free(watchdog);
}
