/* SPDX-License-Identifier: EUPL-1.2 */
/* Who may use the operator's socket. Any thread. */
#ifndef DAEMON_CONTROL_H
#define DAEMON_CONTROL_H

#include <stdbool.h>

#include "crypto/basics.h"

/* The peer is root or runs as we do; its uid, as the kernel says (unix(7), SO_PEERCRED), is what
 * stands in the log. */
bool control_admits(int fd, uint32_t *ret_uid) MUST_CHECK;

#endif
