/* SPDX-License-Identifier: EUPL-1.2 */
/*
 * Cursors of lists: where to go on, and the upper bound that the first page fixed, so that a list
 * does not grow while it is paged. Opaque to clients; they give no right to anything, so they are
 * not signed: whoever changes one pages through his own data from elsewhere.
 */
#ifndef PROTO_CURSOR_H
#define PROTO_CURSOR_H

#include "store/base/arena.h"

#define CURSOR_PAYLOAD_MAXIMUM 96 /* bytes */
#define CURSOR_TEXT_MAXIMUM 200   /* characters */
#define CURSOR_MALFORMED 1

/* Of which list it is; the number stands in the cursor. */
enum cursor_kind {
    CURSOR_SIGNALS = 1,
    CURSOR_MATCHES,
    CURSOR_PROFESSIONALS,
    CURSOR_LOG,
    CURSOR_PARTIES,
    CURSOR_ACTIVITIES,
};

/* Arena text, or NULL when there is no memory. */
const char *cursor_encode(struct arena *arena, enum cursor_kind kind, const void *payload,
                          size_t size) MUST_CHECK;

/* CURSOR_MALFORMED when it is not one of this kind and version, or its payload is not between
 * `least` and `most` bytes (at most CURSOR_PAYLOAD_MAXIMUM). */
int cursor_decode(enum cursor_kind kind, const char *text, size_t length, size_t least, size_t most,
                  void *ret_payload, size_t *ret_size) MUST_CHECK;

#endif
