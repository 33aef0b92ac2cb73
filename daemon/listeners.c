/* SPDX-License-Identifier: EUPL-1.2 */
#include "daemon/listeners.h"

#include <string.h>

#include "daemon/log.h"

static int bind_address(struct acceptor *acceptor, const struct config_address *address)
{
    return acceptor_listen(acceptor, (const struct sockaddr *)(const void *)&address->address,
                           address->size);
}

static int bind_one(struct acceptor *acceptor, enum listener listener, const struct config *config)
{
    const char *text = config->control_socket;
    int result;
    if (listener == LISTENER_CONTROL) {
        result = acceptor_listen_unix(acceptor, config->control_socket);
    } else {
        const struct config_address *address =
            listener == LISTENER_PUBLIC ? &config->listen : &config->management;
        text = address->text;
        result = bind_address(acceptor, address);
    }
    if (result < 0) {
        log_event(LOG_LEVEL_ERROR, "start", "failed=listening address=%s error=\"%s\"", text,
                  strerror(-result));
    }
    return result;
}

int listeners_bind(struct listeners *listeners, const struct config *config,
                   struct metrics *metrics)
{
    static const struct service *const services[LISTENERS] = {
        [LISTENER_PUBLIC] = &service_public,
        [LISTENER_MANAGEMENT] = &service_management,
        [LISTENER_CONTROL] = &service_control,
    };
    for (size_t i = 0; i < LISTENERS; i++) {
        listeners->all[i].fd = -1;
        listeners->all[i].service = services[i];
        listeners->all[i].metrics = metrics;
    }
    listeners->all[LISTENER_PUBLIC].connections = config->connections;
    int result = 0;
    for (size_t i = 0; result == 0 && i < LISTENERS; i++) {
        result = bind_one(&listeners->all[i], (enum listener)i, config);
    }
    return result;
}

int listeners_start(struct listeners *listeners, struct worker *home, struct worker *workers,
                    size_t worker_count)
{
    int result = 0;
    for (size_t i = 0; result == 0 && i < LISTENERS; i++) {
        struct acceptor *acceptor = &listeners->all[i];
        acceptor->workers = i == LISTENER_PUBLIC ? workers : home;
        acceptor->worker_count = i == LISTENER_PUBLIC ? worker_count : 1;
        result = acceptor_start(acceptor, home->base);
    }
    return result;
}

void listeners_close(struct listeners *listeners)
{
    for (size_t i = 0; i < LISTENERS; i++) {
        acceptor_close(&listeners->all[i]);
    }
}
