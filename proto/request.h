/* SPDX-License-Identifier: EUPL-1.2 */
/* Decodes what is asked, by the route's tables: media types, path, query string, body. */
#ifndef PROTO_REQUEST_H
#define PROTO_REQUEST_H

#include "proto/exchange.h"

struct json_t;

/*
 * Fills in exchange->path, query, body and faults. False: the exchange has ended. `ret_root` must
 * be kept until the handler has run, and then forgotten: secret texts point into it.
 */
bool request_decode(struct exchange *exchange, struct json_t **ret_root) MUST_CHECK;
void request_forget(struct json_t **root); /* for CLEANUP; wipes */

/* Bytes of body that the route takes; 0: none. */
size_t request_body_maximum(const struct route *route);

#endif
