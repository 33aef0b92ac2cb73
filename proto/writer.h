/* SPDX-License-Identifier: EUPL-1.2 */
/*
 * Writes one JSON text (RFC 8259) into an arena, in a straight line: commas and quotes come by
 * themselves, and a failure (no memory, WRITER_MAXIMUM reached) sticks until it is asked for.
 */
#ifndef PROTO_WRITER_H
#define PROTO_WRITER_H

#include <stdbool.h>

#include "store/base/arena.h"

#define WRITER_MAXIMUM (16u << 20) /* bytes of one JSON text */

struct writer {
    struct arena *arena;
    char *data;
    size_t size;
    size_t capacity;
    bool comma; /* the next value needs one before it */
    bool failed;
};

void writer_init(struct writer *writer, struct arena *arena);
/* The text, NUL-terminated, or NULL when anything failed. */
const char *writer_finish(struct writer *writer, size_t *ret_size) MUST_CHECK;

void writer_begin_object(struct writer *writer);
void writer_end_object(struct writer *writer);
void writer_begin_list(struct writer *writer);
void writer_end_list(struct writer *writer);
void writer_name(struct writer *writer, const char *name);

/* `text` is UTF-8; NULL becomes null. */
void writer_text(struct writer *writer, const char *text);
void writer_integer(struct writer *writer, int64_t value);
void writer_unsigned(struct writer *writer, uint64_t value);
void writer_boolean(struct writer *writer, bool value);
void writer_null(struct writer *writer);
/* JSON that is made already, such as a log record. */
void writer_raw(struct writer *writer, const char *json, size_t size);

/* Name and value together. */
void writer_member_text(struct writer *writer, const char *name, const char *text);
void writer_member_filled(struct writer *writer, const char *name,
                          const char *text); /* an empty text is null */
void writer_member_integer(struct writer *writer, const char *name, int64_t value);
void writer_member_unsigned(struct writer *writer, const char *name, uint64_t value);
void writer_member_boolean(struct writer *writer, const char *name, bool value);
void writer_member_null(struct writer *writer, const char *name);
/* The domain's own spellings. */
void writer_member_timestamp(struct writer *writer, const char *name, int64_t instant);
void writer_member_date(struct writer *writer, const char *name, int32_t day);
void writer_member_base64url(struct writer *writer, const char *name, const uint8_t *data,
                             size_t size); /* at most 128 bytes */
/* Padded, with "+" and "/", as in C2SP's texts (RFC 4648 section 4). */
void writer_base64(struct writer *writer, const uint8_t *data, size_t size);
/* The same as plain text, of any size, with a closing NUL; returns the length. */
#define WRITER_BASE64_SIZE(bytes) (((bytes) + 2) / 3 * 4 + 1)
size_t writer_to_base64(const uint8_t *in, size_t size, char *out);

#endif
