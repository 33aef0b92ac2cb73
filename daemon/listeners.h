/* SPDX-License-Identifier: EUPL-1.2 */
/* The three sockets the daemon listens on, and whose workers serve them. Main thread. */
#ifndef DAEMON_LISTENERS_H
#define DAEMON_LISTENERS_H

#include "daemon/acceptor.h"
#include "daemon/config.h"

enum listener { LISTENER_PUBLIC, LISTENER_MANAGEMENT, LISTENER_CONTROL, LISTENERS };

struct listeners {
    struct acceptor all[LISTENERS];
};

/* Binds all and accepts nothing yet; what fails is logged. To be closed in any case. 0 or a
 * fault. */
int listeners_bind(struct listeners *listeners, const struct config *config,
                   struct metrics *metrics) MUST_CHECK;

/* Begins to accept: clients for the workers, operators for `home`, on whose loop all is done. */
int listeners_start(struct listeners *listeners, struct worker *home, struct worker *workers,
                    size_t worker_count) MUST_CHECK;

/* Can be called again. */
void listeners_close(struct listeners *listeners);

#endif
