/* SPDX-License-Identifier: EUPL-1.2 */
/*
 * Requests and answers of a witness as bytes: what stands at the head of a connection's input, and
 * what is to be sent for it. Knows no sockets and no clock; one thread.
 */
#ifndef TOOLS_WITNESS_HTTP_H
#define TOOLS_WITNESS_HTTP_H

#include "daemon/http1.h"
#include "tools/witness/witness.h"

/* The request that a connection is at; zeroed before its first byte. */
struct witness_turn {
    struct http1_scan scan;
    bool has_head;
    struct http1_framing framing;
    enum http_method method;
    bool is_for_checkpoints; /* by its path */
};

#define WITNESS_ANSWER_MAXIMUM 1024 /* bytes, head and body */
struct witness_output {
    char bytes[WITNESS_ANSWER_MAXIMUM];
    size_t size;
    bool close;                   /* after it has been sent */
    struct witness_answer answer; /* what was decided; status 0: it came to no decision */
};

enum witness_step {
    WITNESS_MORE = 1, /* wait for more input */
    WITNESS_CONTINUE, /* send the output, and wait for more */
    WITNESS_ANSWERED, /* send the output; the request has ended */
};
/*
 * Looks at the input, `size` bytes of it; `ret_used` are to be taken off it. A fault of
 * witness_add_checkpoint() is passed up: nothing may be sent then.
 */
int witness_http_step(struct witness *witness, struct witness_turn *turn, const uint8_t *input,
                      size_t size, uint64_t now, struct witness_output *ret_output,
                      size_t *ret_used) MUST_CHECK;

#endif
