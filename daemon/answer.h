/* SPDX-License-Identifier: EUPL-1.2 */
/* How a response is written down: head and body in one piece of memory, so that they leave in one
 * write and, when small, in one TLS record. */
#ifndef DAEMON_ANSWER_H
#define DAEMON_ANSWER_H

#include <openssl/ssl.h>
#include <stdbool.h>

#include "proto/http.h"

struct evbuffer;

/* Appends to `out` what `ssl` does not take at once, which spares most answers a turn of the loop;
 * `ssl` is NULL when there is no TLS, or something is on its way before this. A HEAD request gets
 * the head alone. 0; -ENOMEM; -EINVAL when a header holds a line end, which would make two answers
 * of one, or the head is too large. */
int answer_write(const struct http_response *response, bool head_only, bool close, SSL *ssl,
                 struct evbuffer *out) MUST_CHECK;

#endif
