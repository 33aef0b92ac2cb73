/* SPDX-License-Identifier: EUPL-1.2 */
/*
 * OpenSSL gives the two buffers of a connection back after each record, as thousands of idle ones
 * would take 33 KiB each, and takes and wipes them again for the next: a tenth of what a small
 * request costs. The busiest connections of a worker may keep theirs. What stands in such a buffer
 * is what went over the wire: plaintext is wiped as it is read (SSL_OP_CLEANSE_PLAINTEXT), and
 * encrypted where it stands.
 *
 * Belongs to one worker; all calls are made on its thread.
 */
#ifndef DAEMON_WARM_H
#define DAEMON_WARM_H

#include <openssl/ssl.h>
#include <stdbool.h>

#include "crypto/basics.h"

#define WARM_CONNECTIONS 256 /* of all workers together: some 8 MiB */

struct warm {
    struct warm *next;
    struct warm *previous;
    SSL *ssl; /* NULL: not in the list */
    uint64_t used_at;
};

/* The one used last stands first. */
struct warm_list {
    struct warm *first;
    struct warm *last;
    size_t count;
    size_t maximum;
};

/* A request has come, at this time in microseconds. The connection keeps its buffers from now on if
 * there is room, or another has not been used for a second. */
void warm_use(struct warm_list *list, struct warm *warm, SSL *ssl, uint64_t now);
/* Gives them back; before the SSL is freed. One that is not in the list is left alone. */
void warm_leave(struct warm_list *list, struct warm *warm);

#endif
