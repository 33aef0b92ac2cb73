/* SPDX-License-Identifier: EUPL-1.2 */
/* How a response is written down: head and body in one piece of memory, so that they leave in one
 * write and, when small, in one TLS record. */
#ifndef DAEMON_ANSWER_H
#define DAEMON_ANSWER_H

#include <stdbool.h>

#include "proto/http.h"

struct evbuffer;

/* Appends to `out`. A HEAD request gets the head alone. 0; -ENOMEM; -EINVAL when a header holds a
 * line end, which would make two answers of one. */
int answer_write(const struct http_response *response, bool head_only, bool close,
                 struct evbuffer *out) MUST_CHECK;

#endif
