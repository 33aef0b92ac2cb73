/* SPDX-License-Identifier: EUPL-1.2 */
/*
 * The end of a connection after its last answer. Closing a socket that has unread input resets the
 * connection, and the peer may lose the answer or the TLS alert that it has not read yet. So our
 * side is shut, and what still arrives is dropped, for a bounded time and amount, until the peer
 * closes too. On the worker's thread.
 */
#ifndef DAEMON_FAREWELL_H
#define DAEMON_FAREWELL_H

struct worker;
struct farewell;

/* Takes the descriptor over, and the worker's account of its connection; closes it at once when
 * memory is used up. */
void farewell_start(struct worker *worker, int fd);
void farewell_free(struct farewell *farewell);

#endif
