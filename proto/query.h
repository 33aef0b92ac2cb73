/* SPDX-License-Identifier: EUPL-1.2 */
/*
 * Request targets in origin form (RFC 9112 section 3.2.1): path segments, percent-decoding, and
 * query parameters decoded by the same tables of fields as JSON bodies.
 */
#ifndef PROTO_QUERY_H
#define PROTO_QUERY_H

#include "proto/shape.h"

#define QUERY_SEGMENTS_MAXIMUM 8
#define QUERY_TARGET_MAXIMUM 8192
#define QUERY_MALFORMED 1

struct target {
    size_t segment_count;
    struct {
        const char *text; /* as received */
        size_t length;
    } segments[QUERY_SEGMENTS_MAXIMUM];
    const char *query; /* after the "?", or NULL */
};

/* QUERY_MALFORMED: not "/…", too long, or more segments than any route has. A trailing slash
 * leaves an empty last segment, which no route has. */
int query_split_target(const char *text, struct target *ret_target) MUST_CHECK;

/*
 * Percent-decodes into the arena. QUERY_MALFORMED when a "%" is not followed by two hexadecimal
 * digits, or it decodes to NUL. With `form`, "+" is a space, as HTML forms and most libraries
 * write it. -ENOMEM.
 */
int query_unescape(struct arena *arena, const char *text, size_t length, bool form,
                   const char **ret_text, size_t *ret_length) MUST_CHECK;

/* As body_decode(). Every parameter may stand there once; unknown ones are faults. `query` may be
 * NULL. */
int query_decode(const char *query, const struct shape *shape, struct arena *arena, void *out,
                 struct faults *faults) MUST_CHECK;

#endif
