/* SPDX-License-Identifier: EUPL-1.2 */
/*
 * Splits a request head into its parts with llhttp, strictly. A module of its own because llhttp's
 * names of methods are also those of proto/http.h. Pure; any thread.
 */
#ifndef DAEMON_HTTP1_SPLIT_H
#define DAEMON_HTTP1_SPLIT_H

#include "crypto/basics.h"

#define HTTP1_SPLIT_FIELDS_MAXIMUM 64

struct http1_span {
    size_t at; /* from the head's first byte */
    size_t length;
};

struct http1_field {
    struct http1_span name;
    struct http1_span value; /* without the white space around it */
};

struct http1_parts {
    const char *method;       /* static; NULL when there was none that llhttp knows */
    struct http1_span target; /* empty when the request line was not understood */
    size_t field_count;
    struct http1_field fields[HTTP1_SPLIT_FIELDS_MAXIMUM];
};

enum http1_split_result {
    HTTP1_SPLIT_OK = 0,
    HTTP1_SPLIT_MALFORMED = 1,
    HTTP1_SPLIT_UNKNOWN_METHOD,
    HTTP1_SPLIT_BAD_TARGET,
    HTTP1_SPLIT_BAD_VERSION, /* anything but HTTP/1.1 */
    HTTP1_SPLIT_BAD_LENGTH,  /* Content-Length, or it stands beside Transfer-Encoding */
    HTTP1_SPLIT_TRANSFER_ENCODING,
    HTTP1_SPLIT_TOO_MANY_FIELDS,
};

/*
 * `head` is everything up to and including the empty line, and nothing after it: a head that llhttp
 * thinks shorter or longer is malformed, so that two readings of where it ends never both count.
 * The parts are filled in as far as they were understood, also when it is refused.
 */
enum http1_split_result http1_split(const char *head, size_t length,
                                    struct http1_parts *ret_parts) MUST_CHECK;

#endif
