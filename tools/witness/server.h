/* SPDX-License-Identifier: EUPL-1.2 */
/*
 * A witness on the network: HTTP/1.1 with `POST <prefix>/add-checkpoint`, over TLS or bare. One
 * thread, one loop; requests are handled one after the other, each to its end. Every phase of a
 * connection has a deadline, everything that comes in a bound. Says on stderr what it did, a line
 * each, with the priority in front as journald reads it.
 */
#ifndef TOOLS_WITNESS_SERVER_H
#define TOOLS_WITNESS_SERVER_H

#include "tools/witness/witness.h"

#define WITNESS_CONNECTIONS_MAXIMUM 64 /* the oldest makes room for a newcomer */
#define WITNESS_REQUEST_SECONDS 10     /* handshake and request, or an answer that is not read */
#define WITNESS_IDLE_SECONDS 60
#define WITNESS_SERVER_WHY_SIZE 512

struct witness_server_options {
    const char *listen;      /* "127.0.0.1:8080", "[::1]:0" */
    const char *certificate; /* PEM; NULL: no TLS */
    const char *private_key;
    struct witness *witness;
};

#define WITNESS_SERVER_REFUSED 1
/* Serves until SIGTERM or SIGINT. 0; WITNESS_SERVER_REFUSED or a fault, with a sentence. */
int witness_server_run(const struct witness_server_options *options,
                       char why[static WITNESS_SERVER_WHY_SIZE]) MUST_CHECK;

#endif
