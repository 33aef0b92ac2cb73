/* SPDX-License-Identifier: EUPL-1.2 */
#include "proto/shape.h"

#include <stdio.h>
#include <string.h>

#define POINTER_NAME_MAXIMUM 64
#define POINTER_DIGITS_MAXIMUM 7 /* a person number has eight or nine */

const char *field_check_text(const struct field *field, const char *text, size_t length)
{
    size_t count;
    int64_t maximum = field->type == FIELD_TEXTS ? field->item_maximum : field->maximum;
    int64_t minimum = field->type == FIELD_TEXTS ? 0 : field->minimum;
    if (format_count_characters(text, length, &count) != 0) {
        return "Control characters are not allowed here.";
    }
    if (maximum > 0 && (int64_t)count > maximum) {
        return "This is longer than is allowed.";
    }
    if ((int64_t)count < minimum) {
        return minimum == 1 ? "This may not be empty." : "This is shorter than is allowed.";
    }
    const struct format *format = field->format;
    if (format != NULL && format->values != NULL && format_find_value(format->values, text) < 0) {
        return "This is not one of the values that are allowed.";
    }
    return format != NULL && format->check != NULL ? format->check(text, length) : NULL;
}

const char *field_check_integer(const struct field *field, int64_t value)
{
    if (value < field->minimum) {
        return "This number is too low.";
    }
    return value > field->maximum ? "This number is too high." : NULL;
}

const struct field *shape_find(const struct shape *shape, const char *name, size_t length)
{
    for (size_t i = 0; i < shape->count; i++) {
        const struct field *field = &shape->fields[i];
        if (strlen(field->name) == length && memcmp(field->name, name, length) == 0) {
            return field;
        }
    }
    return NULL;
}

const char *shape_pointer(struct arena *arena, const char *name, size_t length)
{
    char text[2 + POINTER_NAME_MAXIMUM * 3 + 1] = "#/";
    size_t at = 2;
    unsigned digits = 0;
    if (length > POINTER_NAME_MAXIMUM) {
        return "#";
    }
    for (size_t i = 0; i < length; i++) {
        unsigned char c = (unsigned char)name[i];
        bool digit = c >= '0' && c <= '9';
        digits += digit;
        if (digit || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '-' || c == '.' ||
            c == '_') {
            text[at++] = (char)c;
        } else if (c == '~' || c == '/') {
            text[at++] = '~';
            text[at++] = c == '~' ? '0' : '1';
        } else {
            snprintf(text + at, 4, "%%%02X", c);
            at += 3;
        }
    }
    if (digits > POINTER_DIGITS_MAXIMUM) {
        return "#";
    }
    const char *copy = arena_copy_text(arena, text, at);
    return copy != NULL ? copy : "#";
}
