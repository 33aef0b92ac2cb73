/* SPDX-License-Identifier: EUPL-1.2 */
/*
 * Reading and writing of stored values, field by field: explicit sizes, big-endian, every text
 * with its length, nothing taken on trust. Faults are sticky: write or read in a straight line and
 * ask once at the end.
 */
#ifndef STORE_BASE_CODEC_H
#define STORE_BASE_CODEC_H

#include <stdbool.h>

#include "store/base/arena.h"
#include "store/base/ids.h"

struct codec_writer {
    uint8_t *data;
    size_t capacity;
    size_t size;
    bool failed; /* something did not fit */
};

struct codec_reader {
    const uint8_t *data;
    size_t left;
    bool failed; /* something was missing or impossible */
};

#define CODEC_WRITER(buffer)                                                                       \
    {                                                                                              \
        .data = (buffer), .capacity = sizeof(buffer)                                               \
    }

void codec_put_bytes(struct codec_writer *writer, const void *bytes, size_t size);
void codec_put_u8(struct codec_writer *writer, unsigned value);
void codec_put_u16(struct codec_writer *writer, unsigned value);
void codec_put_u32(struct codec_writer *writer, uint32_t value);
void codec_put_u64(struct codec_writer *writer, uint64_t value);
void codec_put_i32(struct codec_writer *writer, int32_t value);
void codec_put_i64(struct codec_writer *writer, int64_t value);
/* A length (2 bytes) and the text; NULL is written as the empty text. Fails on more than `maximum`
 * bytes, so that nothing is written that could not be read back. */
void codec_put_text(struct codec_writer *writer, const char *text, size_t maximum);

/* On failure these give zeroes. */
void codec_get_bytes(struct codec_reader *reader, void *out, size_t size);
unsigned codec_get_u8(struct codec_reader *reader);
unsigned codec_get_u16(struct codec_reader *reader);
uint32_t codec_get_u32(struct codec_reader *reader);
uint64_t codec_get_u64(struct codec_reader *reader);
int32_t codec_get_i32(struct codec_reader *reader);
int64_t codec_get_i64(struct codec_reader *reader);
/* A copy in the arena, never NULL; fails on more than `maximum` bytes or an embedded NUL. */
const char *codec_get_text(struct codec_reader *reader, struct arena *arena, size_t maximum);

/* True when everything was read, and nothing is left. */
bool codec_done(const struct codec_reader *reader);

#endif
