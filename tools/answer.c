/* SPDX-License-Identifier: EUPL-1.2 */
#include "tools/answer.h"

#include <errno.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "crypto/secret.h"

#define INTEROPERABLE_INTEGER ((INT64_C(1) << 53) - 1) /* RFC 8785 section 3.2.2.3 */
#define PATH_NAME_MAXIMUM 64

/* `struct answer` is jansson's json_t under a name of our own; no such structure exists. */
static const json_t *to_json(const struct answer *value)
{
    return (const json_t *)(const void *)value;
}

static const struct answer *from_json(const json_t *json)
{
    return (const struct answer *)(const void *)json;
}

void answer_use_wiping_memory(void)
{
    json_set_alloc_funcs(secret_malloc, secret_free);
}

/* jansson's own bound, 2048, would let a canonicaliser recurse deeper than anything we write. */
static bool is_too_deep(const char *json, size_t length)
{
    size_t depth = 0;
    bool quoted = false;
    for (size_t i = 0; i < length; i++) {
        char c = json[i];
        if (quoted) {
            if (c == '\\') {
                i++;
            } else if (c == '"') {
                quoted = false;
            }
        } else if (c == '"') {
            quoted = true;
        } else if (c == '{' || c == '[') {
            if (++depth > ANSWER_DEPTH_MAXIMUM) {
                return true;
            }
        } else if ((c == '}' || c == ']') && depth > 0) {
            depth--;
        }
    }
    return false;
}

int answer_parse(const char *json, size_t length, struct answer **ret_answer)
{
    if (is_too_deep(json, length)) {
        return ANSWER_MALFORMED;
    }
    json_error_t error;
    json_t *root = json_loadb(json, length, JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, &error);
    if (root == NULL) {
        return json_error_code(&error) == json_error_out_of_memory ? -ENOMEM : ANSWER_MALFORMED;
    }
    *ret_answer = (struct answer *)(void *)root;
    return 0;
}

void answer_free(struct answer *answer)
{
    json_decref((json_t *)(void *)answer);
}

void answer_freep(struct answer **answer)
{
    answer_free(*answer);
    *answer = NULL;
}

const struct answer *answer_at(const struct answer *object, const char *path)
{
    const json_t *json = to_json(object);
    while (json != NULL) {
        size_t length = strcspn(path, "/");
        char name[PATH_NAME_MAXIMUM + 1];
        if (length >= sizeof(name)) {
            return NULL;
        }
        memcpy(name, path, length);
        name[length] = '\0';
        json = json_object_get(json, name);
        if (path[length] == '\0') {
            break;
        }
        path += length + 1;
    }
    return from_json(json);
}

const struct answer *answer_next_member(const struct answer *object, const char *after,
                                        const char **ret_name)
{
    /* jansson's iterators want a pointer that is not const, and change nothing. */
    json_t *json = (json_t *)(uintptr_t)to_json(object);
    void *at = after == NULL ? json_object_iter(json)
                             : json_object_iter_next(json, json_object_iter_at(json, after));
    if (at == NULL) {
        return NULL;
    }
    *ret_name = json_object_iter_key(at);
    return from_json(json_object_iter_value(at));
}

bool answer_is_object(const struct answer *value)
{
    return json_is_object(to_json(value));
}

size_t answer_size(const struct answer *object)
{
    return json_object_size(to_json(object));
}

bool answer_is_list(const struct answer *value)
{
    return json_is_array(to_json(value));
}

bool answer_is_null(const struct answer *value)
{
    return json_is_null(to_json(value));
}

bool answer_is_true(const struct answer *value)
{
    return json_is_true(to_json(value));
}

const char *answer_string(const struct answer *value)
{
    return json_string_value(to_json(value));
}

bool answer_integer(const struct answer *value, int64_t *ret_integer)
{
    if (!json_is_integer(to_json(value))) {
        return false;
    }
    *ret_integer = json_integer_value(to_json(value));
    return true;
}

size_t answer_count(const struct answer *list)
{
    return json_array_size(to_json(list));
}

const struct answer *answer_item(const struct answer *list, size_t position)
{
    return from_json(json_array_get(to_json(list), position));
}

void answer_describe(const struct answer *value, struct text *text)
{
    const json_t *json = to_json(value);
    if (json_is_string(json)) {
        text_add(text, json_string_value(json), json_string_length(json));
    } else if (json_is_boolean(json)) {
        text_add_string(text, json_is_true(json) ? "yes" : "no");
    } else if (json_is_array(json) && json_array_size(json) > 0) {
        for (size_t i = 0; i < json_array_size(json); i++) {
            text_add_string(text, i > 0 ? ", " : "");
            answer_describe(answer_item(value, i), text);
        }
    } else if (json == NULL || json_is_null(json) || json_is_array(json)) {
        text_add_string(text, "-");
    } else {
        answer_dump(value, text);
    }
}

static int add_dumped(const char *bytes, size_t length, void *context)
{
    struct text *text = context;
    text_add(text, bytes, length);
    return text->fault != 0 ? -1 : 0;
}

void answer_dump(const struct answer *value, struct text *text)
{
    if (json_dump_callback(to_json(value), add_dumped, text, JSON_COMPACT | JSON_ENCODE_ANY) != 0 &&
        text->fault == 0) {
        text->fault = -ENOMEM;
    }
}

void answer_dump_member(const char *name, const struct answer *value, struct text *text)
{
    if (value != NULL) {
        text_add_name(text, name);
        answer_dump(value, text);
    }
}

/*
 * UTF-16 order differs from the order of UTF-8 bytes in one thing: characters beyond U+FFFF are
 * written with surrogates (D800-DFFF), and so come before U+E000-U+FFFF.
 */
static int utf16_rank(unsigned char first_byte)
{
    if (first_byte >= 0xF0) {
        return 0xEE; /* U+10000 and up: just before U+E000, whose first byte is EE */
    }
    return first_byte >= 0xEE ? first_byte + 1 : first_byte;
}

static int compare_names(const void *a, const void *b)
{
    const unsigned char *left = *(const unsigned char *const *)a;
    const unsigned char *right = *(const unsigned char *const *)b;
    while (*left != '\0' && *left == *right) {
        left++;
        right++;
    }
    /* A difference at a later byte of a character is between characters of one first byte, for
     * which the orders agree: continuation bytes are below EE and rank as they are. */
    int difference = utf16_rank(*left) - utf16_rank(*right);
    return difference != 0 ? difference : (int)*left - (int)*right;
}

static int canonicalize(const json_t *json, struct text *text);

static int canonicalize_object(const json_t *json, struct text *text)
{
    size_t count = json_object_size(json);
    const char **names = calloc(count > 0 ? count : 1, sizeof(*names));
    if (names == NULL) {
        text->fault = -ENOMEM;
        return 0;
    }
    size_t filled = 0;
    /* jansson's iterators want a pointer that is not const, and change nothing. */
    json_t *object = (json_t *)(uintptr_t)json;
    for (void *at = json_object_iter(object); at != NULL && filled < count;
         at = json_object_iter_next(object, at)) {
        names[filled++] = json_object_iter_key(at);
    }
    qsort(names, filled, sizeof(*names), compare_names);
    text_open_object(text);
    int result = 0;
    for (size_t i = 0; i < filled && result == 0; i++) {
        text_add_string(text, i > 0 ? "," : "");
        text_add_json(text, names[i], strlen(names[i]));
        text_add_string(text, ":");
        result = canonicalize(json_object_get(json, names[i]), text);
    }
    text_close_object(text);
    free(names);
    return result;
}

static int canonicalize_array(const json_t *json, struct text *text)
{
    text_add_string(text, "[");
    int result = 0;
    for (size_t i = 0; i < json_array_size(json) && result == 0; i++) {
        text_add_string(text, i > 0 ? "," : "");
        result = canonicalize(json_array_get(json, i), text);
    }
    text_add_string(text, "]");
    return result;
}

static int canonicalize(const json_t *json, struct text *text)
{
    switch (json_typeof(json)) {
    case JSON_OBJECT:
        return canonicalize_object(json, text);
    case JSON_ARRAY:
        return canonicalize_array(json, text);
    case JSON_STRING:
        text_add_json(text, json_string_value(json), json_string_length(json));
        return 0;
    case JSON_INTEGER: {
        json_int_t value = json_integer_value(json);
        text_add_format(text, "%lld", (long long)value);
        bool exact = value >= -INTEROPERABLE_INTEGER && value <= INTEROPERABLE_INTEGER;
        return exact ? 0 : ANSWER_MALFORMED;
    }
    case JSON_TRUE:
        text_add_string(text, "true");
        return 0;
    case JSON_FALSE:
        text_add_string(text, "false");
        return 0;
    case JSON_NULL:
        text_add_string(text, "null");
        return 0;
    case JSON_REAL:
        break;
    }
    return ANSWER_MALFORMED;
}

int answer_canonicalize(const struct answer *value, struct text *text)
{
    return value == NULL ? ANSWER_MALFORMED : canonicalize(to_json(value), text);
}
