/* SPDX-License-Identifier: EUPL-1.2 */
/*
 * HTTP/1.1 requests (RFC 9112) from bytes, more strictly than the grammar asks: whatever two
 * implementations could read in two ways is refused, because this server may stand behind a proxy
 * that read it the other way. Pure: no socket, no clock, no memory of its own; any thread.
 *
 * Use: http1_scan() until the head is complete; copy exactly that many bytes to memory that lives
 * as long as the request; http1_parse() turns them into a request in place. The body is the
 * `body_size` bytes that follow.
 */
#ifndef DAEMON_HTTP1_H
#define DAEMON_HTTP1_H

#include "proto/http.h"

#define HTTP1_HEAD_MAXIMUM ((size_t)16 << 10) /* bytes, the empty line included */

/* Why a request is refused: what its problem document says. The text names no value of it. */
struct http1_refusal {
    const char *slug; /* of proto/problem.h */
    const char *detail;
};

enum http1_result {
    HTTP1_DONE = 0,
    HTTP1_MORE = 1,
    HTTP1_REFUSED,
};

/* How far a head has come; zeroed before its first byte. */
struct http1_scan {
    size_t size; /* bytes so far */
    unsigned char state;
};

/*
 * Looks for the end of the head. HTTP1_MORE: all `size` bytes belong to the head, which goes on.
 * HTTP1_DONE: it ends after scan->size bytes. HTTP1_REFUSED: it can never become valid. Bytes are
 * looked at once, whatever the pieces they come in.
 */
enum http1_result http1_scan(struct http1_scan *scan, const uint8_t *bytes, size_t size,
                             const struct http1_refusal **ret_refusal) MUST_CHECK;

/* How the request goes on after its head. */
struct http1_framing {
    uint64_t body_size;
    bool close;            /* the client wants the connection closed after the answer */
    bool expects_continue; /* it waits for 100 before it sends the body */
};

/*
 * `head` is one complete head of `size` bytes as http1_scan() found it; it is changed in place and
 * the request points into it. HTTP1_DONE or HTTP1_REFUSED; when refused, method and target of the
 * request are valid all the same, HTTP_OTHER and "" where they were not understood.
 */
enum http1_result http1_parse(char *head, size_t size, struct http_request *request,
                              struct http1_framing *ret_framing,
                              const struct http1_refusal **ret_refusal) MUST_CHECK;

/* What the connection itself refuses, in the same words everywhere. */
extern const struct http1_refusal HTTP1_BODY_TOO_LARGE;
extern const struct http1_refusal HTTP1_TOO_SLOW;

#endif
