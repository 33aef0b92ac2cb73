/* SPDX-License-Identifier: EUPL-1.2 */
#include "proto/query.h"

#include <errno.h>
#include <string.h>

int query_split_target(const char *text, struct target *ret_target)
{
    if (text == NULL || text[0] != '/' || strlen(text) > QUERY_TARGET_MAXIMUM) {
        return QUERY_MALFORMED;
    }
    struct target target = {0};
    const char *mark = strchr(text, '?');
    const char *end = mark != NULL ? mark : text + strlen(text);
    target.query = mark != NULL ? mark + 1 : NULL;
    for (const char *at = text; at < end;) {
        const char *start = at + 1;
        at = memchr(start, '/', (size_t)(end - start));
        at = at != NULL ? at : end;
        if (target.segment_count == QUERY_SEGMENTS_MAXIMUM) {
            return QUERY_MALFORMED;
        }
        target.segments[target.segment_count].text = start;
        target.segments[target.segment_count].length = (size_t)(at - start);
        target.segment_count++;
    }
    *ret_target = target;
    return 0;
}

static int hex_value(char c)
{
    if (c >= '0' && c <= '9') {
        return c - '0';
    }
    c = (char)(c | 0x20);
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

int query_unescape(struct arena *arena, const char *text, size_t length, bool form,
                   const char **ret_text, size_t *ret_length)
{
    char *out = arena_new(arena, length + 1);
    if (out == NULL) {
        return -ENOMEM;
    }
    size_t size = 0;
    for (size_t i = 0; i < length; i++) {
        char c = text[i];
        if (c == '%') {
            int high = i + 2 < length ? hex_value(text[i + 1]) : -1;
            int low = i + 2 < length ? hex_value(text[i + 2]) : -1;
            if (high < 0 || low < 0 || (high == 0 && low == 0)) {
                return QUERY_MALFORMED;
            }
            c = (char)(high << 4 | low);
            i += 2;
        } else if (c == '+' && form) {
            c = ' ';
        }
        out[size++] = c;
    }
    *ret_text = out;
    *ret_length = size;
    return 0;
}

/* The "+" of an offset is often left unescaped; a space can stand nowhere in RFC 3339. */
static void restore_plus(const struct field *field, const char *text, size_t length)
{
    if (field->format == &format_timestamp && length > 6 && text[length - 6] == ' ') {
        ((char *)text)[length - 6] = '+';
    }
}

static const char *decode_integer(const struct field *field, const char *text, size_t length,
                                  struct integer_input *out)
{
    int64_t value = 0;
    if (length == 0 || length > 18) {
        return "This must be a whole number.";
    }
    for (size_t i = 0; i < length; i++) {
        if (text[i] < '0' || text[i] > '9') {
            return "This must be a whole number.";
        }
        value = value * 10 + (text[i] - '0');
    }
    const char *fault = field_check_integer(field, value);
    if (fault == NULL) {
        out->value = value;
        out->valid = true;
    }
    return fault;
}

static const char *decode_value(const struct field *field, const char *text, size_t length,
                                void *place)
{
    if (field->type == FIELD_INTEGER) {
        struct integer_input *out = place;
        if (out->given) {
            return "This parameter may stand here once.";
        }
        out->given = true;
        return decode_integer(field, text, length, out);
    }
    struct text_input *out = place;
    if (out->given) {
        return "This parameter may stand here once.";
    }
    out->given = true;
    restore_plus(field, text, length);
    const char *fault = field_check_text(field, text, length);
    if (fault == NULL) {
        out->text = text;
        out->length = length;
    }
    return fault;
}

static int decode_pair(const char *text, size_t length, const struct shape *shape,
                       struct arena *arena, void *out, struct faults *faults)
{
    const char *sign = memchr(text, '=', length);
    size_t raw_length = sign != NULL ? (size_t)(sign - text) : length;
    const char *name;
    size_t name_length;
    int r = query_unescape(arena, text, raw_length, true, &name, &name_length);
    if (r != 0) {
        faults_add(faults, "#", "The query string is not percent-encoded as it should be.");
        return r < 0 ? r : 0;
    }
    const struct field *field = shape != NULL ? shape_find(shape, name, name_length) : NULL;
    const char *pointer = shape_pointer(arena, name, name_length);
    if (field == NULL) {
        faults_add(faults, pointer, "This parameter is unknown.");
        return 0;
    }
    const char *raw = sign != NULL ? sign + 1 : text + length;
    const char *value;
    size_t value_length;
    r = query_unescape(arena, raw, (size_t)(text + length - raw), true, &value, &value_length);
    if (r < 0) {
        return r;
    }
    const char *fault = r != 0
                            ? "This is not percent-encoded as it should be."
                            : decode_value(field, value, value_length, (char *)out + field->offset);
    if (fault != NULL) {
        faults_add(faults, pointer, fault);
    }
    return 0;
}

static bool is_given(const struct field *field, const void *out)
{
    const void *place = (const char *)out + field->offset;
    return field->type == FIELD_INTEGER ? ((const struct integer_input *)place)->given
                                        : ((const struct text_input *)place)->given;
}

int query_decode(const char *query, const struct shape *shape, struct arena *arena, void *out,
                 struct faults *faults)
{
    while (query != NULL && *query != '\0') {
        const char *end = strchr(query, '&');
        size_t length = end != NULL ? (size_t)(end - query) : strlen(query);
        int r = length > 0 ? decode_pair(query, length, shape, arena, out, faults) : 0;
        if (r != 0) {
            return r;
        }
        query = end != NULL ? end + 1 : NULL;
    }
    for (size_t i = 0; shape != NULL && i < shape->count; i++) {
        const struct field *field = &shape->fields[i];
        if (field->required && !is_given(field, out)) {
            faults_add(faults, shape_pointer(arena, field->name, strlen(field->name)),
                       "This parameter is required.");
        }
    }
    return 0;
}
