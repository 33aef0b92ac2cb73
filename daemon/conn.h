/* SPDX-License-Identifier: EUPL-1.2 */
/*
 * One connection: TLS or plain, HTTP/1.1, one request at a time, each phase with a deadline.
 * It belongs to one worker and frees itself; the worker keeps a list of its connections. Every
 * function is called on that worker's thread.
 */
#ifndef DAEMON_CONN_H
#define DAEMON_CONN_H

#include "daemon/service.h"
#include "proto/api.h"

struct worker;

/* The same for all connections of one worker. */
#define CONN_INPUT_MAXIMUM ((size_t)32 << 10) /* bytes read ahead: more than a head */

/* Takes the descriptor over, also when it fails, and the worker's account of it. `uid` of the peer
 * on the control socket. */
int conn_open(struct worker *worker, const struct service *service, int fd,
              uint32_t uid) MUST_CHECK;

/* The answer of the present turn is there. */
void conn_answer(struct conn *conn);

struct worker *conn_worker(const struct conn *conn);
const struct caller *conn_caller(const struct conn *conn);
struct conn *conn_next(const struct conn *conn); /* in its worker's list */

/* The daemon is stopping: closes it now if nothing is under way, else after its answer. */
void conn_drain(struct conn *conn);
/* Whether its certificate has to be looked at after a reload. */
bool conn_is_outdated(const struct conn *conn);
/* Looks at it, and closes the connection if it is not valid any more. */
void conn_revalidate(struct conn *conn);
/* Whether it is at its handshake and no whole ClientHello has come, nor anything unread. */
bool conn_is_silent(const struct conn *conn);
/* Closes it: its place goes to another handshake. */
void conn_evict(struct conn *conn);
/* Closes at once, whatever is under way. */
void conn_free(struct conn *conn);

#endif
