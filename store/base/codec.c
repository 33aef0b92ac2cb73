/* SPDX-License-Identifier: EUPL-1.2 */
#include "store/base/codec.h"

#include <string.h>

static uint8_t *writer_take(struct codec_writer *writer, size_t size)
{
    if (writer->failed || writer->capacity - writer->size < size) {
        writer->failed = true;
        return NULL;
    }
    uint8_t *at = writer->data + writer->size;
    writer->size += size;
    return at;
}

void codec_put_bytes(struct codec_writer *writer, const void *bytes, size_t size)
{
    uint8_t *at = writer_take(writer, size);
    if (at != NULL && size > 0) {
        memcpy(at, bytes, size);
    }
}

void codec_put_u8(struct codec_writer *writer, unsigned value)
{
    uint8_t byte = (uint8_t)value;
    codec_put_bytes(writer, &byte, 1);
}

void codec_put_u16(struct codec_writer *writer, unsigned value)
{
    uint8_t *at = writer_take(writer, 2);
    if (at != NULL) {
        put_be16(at, (uint16_t)value);
    }
}

void codec_put_u32(struct codec_writer *writer, uint32_t value)
{
    uint8_t *at = writer_take(writer, 4);
    if (at != NULL) {
        put_be32(at, value);
    }
}

void codec_put_u64(struct codec_writer *writer, uint64_t value)
{
    uint8_t *at = writer_take(writer, 8);
    if (at != NULL) {
        put_be64(at, value);
    }
}

void codec_put_i32(struct codec_writer *writer, int32_t value)
{
    codec_put_u32(writer, (uint32_t)value);
}

void codec_put_i64(struct codec_writer *writer, int64_t value)
{
    codec_put_u64(writer, (uint64_t)value);
}

void codec_put_text(struct codec_writer *writer, const char *text, size_t maximum)
{
    size_t length = text == NULL ? 0 : strlen(text);
    if (length > maximum || length > UINT16_MAX) {
        writer->failed = true;
        return;
    }
    codec_put_u16(writer, (unsigned)length);
    codec_put_bytes(writer, text, length);
}

static const uint8_t *reader_take(struct codec_reader *reader, size_t size)
{
    if (reader->failed || reader->left < size) {
        reader->failed = true;
        return NULL;
    }
    const uint8_t *at = reader->data;
    reader->data += size;
    reader->left -= size;
    return at;
}

void codec_get_bytes(struct codec_reader *reader, void *out, size_t size)
{
    const uint8_t *at = reader_take(reader, size);
    if (at != NULL) {
        memcpy(out, at, size);
    } else {
        memset(out, 0, size);
    }
}

unsigned codec_get_u8(struct codec_reader *reader)
{
    const uint8_t *at = reader_take(reader, 1);
    return at == NULL ? 0 : *at;
}

unsigned codec_get_u16(struct codec_reader *reader)
{
    const uint8_t *at = reader_take(reader, 2);
    return at == NULL ? 0 : get_be16(at);
}

uint32_t codec_get_u32(struct codec_reader *reader)
{
    const uint8_t *at = reader_take(reader, 4);
    return at == NULL ? 0 : get_be32(at);
}

uint64_t codec_get_u64(struct codec_reader *reader)
{
    const uint8_t *at = reader_take(reader, 8);
    return at == NULL ? 0 : get_be64(at);
}

int32_t codec_get_i32(struct codec_reader *reader)
{
    return (int32_t)codec_get_u32(reader);
}

int64_t codec_get_i64(struct codec_reader *reader)
{
    return (int64_t)codec_get_u64(reader);
}

const char *codec_get_text(struct codec_reader *reader, struct arena *arena, size_t maximum)
{
    size_t length = codec_get_u16(reader);
    if (length > maximum) {
        reader->failed = true;
    }
    const uint8_t *at = reader_take(reader, length);
    if (at == NULL || length == 0) {
        return "";
    }
    const char *copy =
        memchr(at, '\0', length) != NULL ? NULL : arena_copy_text(arena, (const char *)at, length);
    if (copy == NULL) {
        reader->failed = true;
        return "";
    }
    return copy;
}

bool codec_done(const struct codec_reader *reader)
{
    return !reader->failed && reader->left == 0;
}
