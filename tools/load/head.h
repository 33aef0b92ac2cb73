/* SPDX-License-Identifier: EUPL-1.2 */
/*
 * The head of an HTTP/1.1 answer, as far as a load generator needs it. Pure; any thread. An answer
 * must say how long it is: chunked ones are not understood.
 */
#ifndef TOOLS_LOAD_HEAD_H
#define TOOLS_LOAD_HEAD_H

#include <stdbool.h>

#include "crypto/basics.h"

#define BENCH_HEAD_MAXIMUM ((size_t)16 << 10)
#define BENCH_BODY_MAXIMUM ((size_t)8 << 20)

struct bench_head {
    int status;
    size_t body_length;
    bool closes;     /* the server will close the connection after this */
    bool problem;    /* the body is a problem document */
    size_t location; /* where its value begins in the head; length 0: there is none */
    size_t location_length;
};

#define BENCH_HEAD_MALFORMED 1
/* `length` bytes up to and including the empty line. 0 or BENCH_HEAD_MALFORMED. */
int bench_head_parse(const char *head, size_t length, struct bench_head *ret_head) MUST_CHECK;

#endif
