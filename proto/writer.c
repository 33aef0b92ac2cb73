/* SPDX-License-Identifier: EUPL-1.2 */
#include "proto/writer.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "crypto/secret.h"
#include "store/base/clock.h"

#define WRITER_FIRST_CAPACITY 1024
#define WRITER_BINARY_MAXIMUM 128

void writer_init(struct writer *writer, struct arena *arena)
{
    *writer = (struct writer){.arena = arena};
}

/* Room for `more` bytes and a NUL. What is outgrown stays in the arena, which wipes it. */
static bool reserve(struct writer *writer, size_t more)
{
    if (writer->failed || more > WRITER_MAXIMUM || writer->size + more > WRITER_MAXIMUM) {
        writer->failed = true;
        return false;
    }
    size_t needed = writer->size + more + 1;
    if (needed <= writer->capacity) {
        return true;
    }
    size_t capacity = writer->capacity > 0 ? writer->capacity : WRITER_FIRST_CAPACITY;
    while (capacity < needed) {
        capacity *= 2;
    }
    char *data = arena_new(writer->arena, capacity);
    if (data == NULL) {
        writer->failed = true;
        return false;
    }
    if (writer->size > 0) {
        memcpy(data, writer->data, writer->size);
    }
    writer->data = data;
    writer->capacity = capacity;
    return true;
}

static void put(struct writer *writer, const char *data, size_t size)
{
    if (reserve(writer, size)) {
        memcpy(writer->data + writer->size, data, size);
        writer->size += size;
    }
}

static void begin_value(struct writer *writer)
{
    if (writer->comma) {
        put(writer, ",", 1);
    }
    writer->comma = true;
}

const char *writer_finish(struct writer *writer, size_t *ret_size)
{
    if (!reserve(writer, 0)) {
        return NULL;
    }
    writer->data[writer->size] = '\0';
    *ret_size = writer->size;
    return writer->data;
}

void writer_begin_object(struct writer *writer)
{
    begin_value(writer);
    put(writer, "{", 1);
    writer->comma = false;
}

void writer_end_object(struct writer *writer)
{
    put(writer, "}", 1);
    writer->comma = true;
}

void writer_begin_list(struct writer *writer)
{
    begin_value(writer);
    put(writer, "[", 1);
    writer->comma = false;
}

void writer_end_list(struct writer *writer)
{
    put(writer, "]", 1);
    writer->comma = true;
}

/* U+2028 and U+2029 need no escape in JSON; control characters, quote and backslash do. */
static bool is_plain(unsigned char c)
{
    return c >= 0x20 && c != '"' && c != '\\';
}

static size_t escape(unsigned char c, char out[static 8])
{
    if (c == '"' || c == '\\') {
        out[0] = '\\';
        out[1] = (char)c;
        return 2;
    }
    return (size_t)snprintf(out, 8, "\\u%04x", c);
}

/* `"text"` and what follows it, as it is. */
static void put_quoted(struct writer *writer, const char *text, size_t size, char behind)
{
    if (reserve(writer, size + 3)) {
        char *out = writer->data + writer->size;
        out[0] = '"';
        memcpy(out + 1, text, size);
        out[size + 1] = '"';
        out[size + 2] = behind;
        writer->size += size + (behind == '\0' ? 2 : 3);
    }
}

static void put_escaped(struct writer *writer, const char *text)
{
    const char *at = text;
    while (is_plain((unsigned char)*at)) { /* which the closing NUL is not */
        at++;
    }
    if (*at == '\0') {
        put_quoted(writer, text, (size_t)(at - text), '\0');
        return;
    }
    put(writer, "\"", 1);
    for (at = text; *at != '\0'; at++) {
        char escaped[8];
        size_t size = is_plain((unsigned char)*at) ? 0 : escape((unsigned char)*at, escaped);
        put(writer, size == 0 ? at : escaped, size == 0 ? 1 : size);
    }
    put(writer, "\"", 1);
}

/* Names are those of shapes: none needs an escape. */
void writer_name(struct writer *writer, const char *name)
{
    begin_value(writer);
    put_quoted(writer, name, strlen(name), ':');
    writer->comma = false;
}

void writer_text(struct writer *writer, const char *text)
{
    if (text == NULL) {
        writer_null(writer);
        return;
    }
    begin_value(writer);
    put_escaped(writer, text);
}

void writer_integer(struct writer *writer, int64_t value)
{
    char text[24];
    int length = snprintf(text, sizeof(text), "%" PRId64, value);
    writer_raw(writer, text, (size_t)length);
}

void writer_unsigned(struct writer *writer, uint64_t value)
{
    char text[DECIMAL_MAXIMUM];
    writer_raw(writer, text, put_decimal(text, value));
}

void writer_boolean(struct writer *writer, bool value)
{
    writer_raw(writer, value ? "true" : "false", value ? 4 : 5);
}

void writer_null(struct writer *writer)
{
    writer_raw(writer, "null", 4);
}

void writer_raw(struct writer *writer, const char *json, size_t size)
{
    begin_value(writer);
    put(writer, json, size);
}

void writer_member_text(struct writer *writer, const char *name, const char *text)
{
    writer_name(writer, name);
    writer_text(writer, text);
}

void writer_member_filled(struct writer *writer, const char *name, const char *text)
{
    writer_member_text(writer, name, text != NULL && text[0] != '\0' ? text : NULL);
}

void writer_member_integer(struct writer *writer, const char *name, int64_t value)
{
    writer_name(writer, name);
    writer_integer(writer, value);
}

void writer_member_unsigned(struct writer *writer, const char *name, uint64_t value)
{
    writer_name(writer, name);
    writer_unsigned(writer, value);
}

void writer_member_boolean(struct writer *writer, const char *name, bool value)
{
    writer_name(writer, name);
    writer_boolean(writer, value);
}

void writer_member_null(struct writer *writer, const char *name)
{
    writer_name(writer, name);
    writer_null(writer);
}

void writer_member_timestamp(struct writer *writer, const char *name, int64_t instant)
{
    char text[CLOCK_TIMESTAMP_SIZE];
    calendar_format_timestamp(instant, text);
    writer_member_text(writer, name, text);
}

void writer_member_date(struct writer *writer, const char *name, int32_t day)
{
    char text[CLOCK_DATE_SIZE];
    calendar_format_date(day, text);
    writer_member_text(writer, name, text);
}

void writer_member_base64url(struct writer *writer, const char *name, const uint8_t *data,
                             size_t size)
{
    char text[SECRET_BASE64URL_SIZE(WRITER_BINARY_MAXIMUM)];
    if (size > WRITER_BINARY_MAXIMUM) {
        writer->failed = true;
        return;
    }
    secret_to_base64url(data, size, text);
    writer_member_text(writer, name, text);
}

size_t writer_to_base64(const uint8_t *in, size_t size, char *out)
{
    secret_to_base64url(in, size, out);
    size_t length = strlen(out);
    for (size_t i = 0; i < length; i++) {
        out[i] = out[i] == '-' ? '+' : out[i] == '_' ? '/' : out[i];
    }
    while (length % 4 != 0) {
        out[length++] = '=';
    }
    out[length] = '\0';
    return length;
}

void writer_base64(struct writer *writer, const uint8_t *data, size_t size)
{
    char text[WRITER_BASE64_SIZE(WRITER_BINARY_MAXIMUM)];
    if (size > WRITER_BINARY_MAXIMUM) {
        writer->failed = true;
        return;
    }
    writer_to_base64(data, size, text);
    writer_text(writer, text);
}
