/* SPDX-License-Identifier: EUPL-1.2 */
/*
 * A request and a response, as handlers see them: no socket, no TLS, no thread. Whoever fills in
 * the request (a connection, a test, a fuzzer) owns its bytes until the exchange is finished.
 */
#ifndef PROTO_HTTP_H
#define PROTO_HTTP_H

#include <stdbool.h>
#include <string.h>

#include "store/base/arena.h"

enum http_method {
    HTTP_GET = 1,
    HTTP_HEAD,
    HTTP_POST,
    HTTP_PUT,
    HTTP_PATCH,
    HTTP_DELETE,
    HTTP_OPTIONS,
    HTTP_OTHER, /* a method that no route has */
};
const char *http_method_name(enum http_method method);

#define HTTP_HEADERS_MAXIMUM 64
#define HTTP_RESPONSE_HEADERS_MAXIMUM 24

struct http_header {
    const char *name; /* in a request: lower case */
    const char *value;
};

struct http_request {
    enum http_method method;
    const char *target; /* origin form, as received: path and query, NUL-terminated */
    size_t header_count;
    struct http_header headers[HTTP_HEADERS_MAXIMUM];
    const uint8_t *body; /* NULL when there is none */
    size_t body_size;
};

/* Most names differ in their first letter. */
static inline bool http_is_named(const struct http_header *header, const char *name)
{
    return header->name[0] == name[0] && strcmp(header->name, name) == 0;
}

/* The value of the first header of that name (lower case), or NULL. */
const char *http_request_header(const struct http_request *request, const char *name);

struct http_response {
    int status;
    size_t header_count;
    struct http_header headers[HTTP_RESPONSE_HEADERS_MAXIMUM];
    /* To HEAD, too, all of the body that GET would give: the transport leaves it out. */
    const char *content_type; /* NULL when there is no body */
    const char *body;
    size_t body_size;
    bool close; /* the connection is to be closed after it */
};

/* Name and value must live in the exchange's arena, or for ever. */
void http_response_header(struct http_response *response, const char *name, const char *value);

/* "OK", "Not Found", ... */
const char *http_status_text(int status);

#endif
