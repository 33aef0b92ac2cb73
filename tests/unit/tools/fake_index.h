/* SPDX-License-Identifier: EUPL-1.2 */
/*
 * Runs a command of `vix` against an index that is none: a thread behind a Unix socket, which keeps
 * each request and gives a prepared answer. A command of the public face is run as if it were of
 * the operator's, so that no TLS is needed; for the rest it is the command as people run it.
 */
#ifndef TESTS_UNIT_TOOLS_FAKE_INDEX_H
#define TESTS_UNIT_TOOLS_FAKE_INDEX_H

#include <stddef.h>

#include "tools/options.h"

#define FAKE_TEXT_MAXIMUM 65536
#define FAKE_REQUESTS_MAXIMUM 8

struct fake_request {
    char line[512];   /* "POST /v1/signals" */
    char accept[128]; /* the header's value */
    char body[FAKE_TEXT_MAXIMUM];
};

/* What one run of a command came to. */
struct fake_run {
    const char *arguments; /* split at spaces; '_' in a word stands for a space */
    const char *input;     /* on standard input; NULL: nothing */
    int status;            /* of the answer */
    const char *type;      /* of its content; NULL: JSON */
    const char *answer;    /* NULL: no body */
    const char *header;    /* one more of the answer, "Name: value"; NULL: none */
    /* What runs in the command's place; NULL: the command. */
    int (*instead)(const struct invocation *invocation);

    int result; /* from here on filled in */
    size_t request_count;
    struct fake_request requests[FAKE_REQUESTS_MAXIMUM];
    char output[FAKE_TEXT_MAXIMUM];
    char errors[FAKE_TEXT_MAXIMUM];
};

/* Fails the test when there is no such command. */
void fake_index_run(struct fake_run *run);

/* A file with this content, in a directory of the test's own; the path stays good until the next
 * call. For CLEANUP there is fake_file_remove(). */
const char *fake_file_make(const char *content);
void fake_file_remove(void);

#endif
