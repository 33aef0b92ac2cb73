/* SPDX-License-Identifier: EUPL-1.2 */
#include "tools/text.h"

#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "crypto/secret.h"

#define TEXT_FIRST_CAPACITY 256

void text_finish(struct text *text)
{
    secret_free(text->bytes);
    *text = (struct text){0};
}

void text_clear(struct text *text)
{
    if (text->bytes != NULL) {
        secret_wipe(text->bytes, text->length);
        text->bytes[0] = '\0';
    }
    text->length = 0;
    text->fault = 0;
}

static bool make_room(struct text *text, size_t more)
{
    if (text->fault != 0) {
        return false;
    }
    if (more > TEXT_MAXIMUM || text->length + more > TEXT_MAXIMUM) {
        text->fault = -EOVERFLOW;
        return false;
    }
    size_t needed = text->length + more + 1;
    if (needed <= text->capacity) {
        return true;
    }
    size_t capacity = text->capacity > 0 ? text->capacity : TEXT_FIRST_CAPACITY;
    while (capacity < needed) {
        capacity *= 2;
    }
    char *bytes = secret_realloc(text->bytes, capacity);
    if (bytes == NULL) {
        text->fault = -ENOMEM;
        return false;
    }
    text->bytes = bytes;
    text->capacity = capacity;
    return true;
}

void text_add(struct text *text, const char *bytes, size_t length)
{
    if (make_room(text, length)) {
        memcpy(text->bytes + text->length, bytes, length);
        text->length += length;
        text->bytes[text->length] = '\0';
    }
}

void text_add_string(struct text *text, const char *string)
{
    text_add(text, string, strlen(string));
}

void text_add_format(struct text *text, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    int length = vsnprintf(NULL, 0, format, arguments);
    va_end(arguments);
    if (length < 0 || !make_room(text, (size_t)length)) {
        text->fault = text->fault != 0 ? text->fault : -EINVAL;
        return;
    }
    va_start(arguments, format);
    vsnprintf(text->bytes + text->length, (size_t)length + 1, format, arguments);
    va_end(arguments);
    text->length += (size_t)length;
}

static void add_json_character(struct text *text, unsigned char character)
{
    static const char names[] = "\bb\tt\nn\ff\rr\"\"\\\\";
    for (size_t i = 0; i + 1 < sizeof(names); i += 2) {
        if (character == (unsigned char)names[i]) {
            text_add_format(text, "\\%c", names[i + 1]);
            return;
        }
    }
    if (character < 0x20) {
        text_add_format(text, "\\u%04x", character);
    } else {
        text_add(text, (const char *)&character, 1);
    }
}

void text_add_json(struct text *text, const char *bytes, size_t length)
{
    text_add_string(text, "\"");
    for (size_t i = 0; i < length; i++) {
        add_json_character(text, (unsigned char)bytes[i]);
    }
    text_add_string(text, "\"");
}

void text_open_object(struct text *text)
{
    text_add_string(text, "{");
}

void text_close_object(struct text *text)
{
    text_add_string(text, "}");
}

/* A comma behind anything but the brace or bracket that was opened; strings end with a quote. */
static void separate(struct text *text)
{
    if (text->length > 0 && strchr("{[", text->bytes[text->length - 1]) == NULL) {
        text_add_string(text, ",");
    }
}

void text_add_name(struct text *text, const char *name)
{
    separate(text);
    text_add_json(text, name, strlen(name));
    text_add_string(text, ":");
}

void text_add_member(struct text *text, const char *name, const char *value)
{
    if (value != NULL) {
        text_add_name(text, name);
        text_add_json(text, value, strlen(value));
    }
}

void text_add_number_member(struct text *text, const char *name, int64_t value)
{
    text_add_name(text, name);
    text_add_format(text, "%lld", (long long)value);
}

void text_add_true_member(struct text *text, const char *name)
{
    text_add_name(text, name);
    text_add_string(text, "true");
}

void text_open_object_member(struct text *text, const char *name)
{
    text_add_name(text, name);
    text_open_object(text);
}

void text_open_list_member(struct text *text, const char *name)
{
    text_add_name(text, name);
    text_add_string(text, "[");
}

void text_add_item(struct text *text, const char *bytes, size_t length)
{
    separate(text);
    text_add_json(text, bytes, length);
}

void text_close_list(struct text *text)
{
    text_add_string(text, "]");
}

static bool is_unreserved(unsigned char character)
{
    static const char others[] = "-._~";
    return (character >= 'a' && character <= 'z') || (character >= 'A' && character <= 'Z') ||
           (character >= '0' && character <= '9') ||
           memchr(others, character, sizeof(others) - 1) != NULL;
}

void text_add_escaped(struct text *text, const char *value)
{
    for (; *value != '\0'; value++) {
        if (is_unreserved((unsigned char)*value)) {
            text_add(text, value, 1);
        } else {
            text_add_format(text, "%%%02X", (unsigned char)*value);
        }
    }
}

void text_add_query(struct text *text, const char *name, const char *value)
{
    if (value == NULL) {
        return;
    }
    bool first = text->bytes == NULL || memchr(text->bytes, '?', text->length) == NULL;
    text_add_format(text, "%c%s=", first ? '?' : '&', name);
    text_add_escaped(text, value);
}
