/* SPDX-License-Identifier: EUPL-1.2 */
#include "proto/body.h"

#include <errno.h>
#include <jansson.h>
#include <pthread.h>
#include <string.h>

#include "crypto/secret.h"

static void start_once(void)
{
    json_set_alloc_funcs(secret_malloc, secret_free);
    json_object_seed(0);
}

void body_start(void)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, start_once);
}

void body_freep(struct json_t **root)
{
    json_decref(*root);
}

/* A nesting bomb is refused before a parser sees it. */
static bool is_too_deep(const uint8_t *data, size_t size)
{
    unsigned depth = 0;
    bool quoted = false;
    for (size_t i = 0; i < size; i++) {
        if (quoted) {
            if (data[i] == '\\') {
                i++;
            } else if (data[i] == '"') {
                quoted = false;
            }
        } else if (data[i] == '"') {
            quoted = true;
        } else if (data[i] == '{' || data[i] == '[') {
            if (++depth > BODY_DEPTH_MAXIMUM) {
                return true;
            }
        } else if ((data[i] == '}' || data[i] == ']') && depth > 0) {
            depth--;
        }
    }
    return false;
}

/* Jansson's own text quotes what it stumbled over: never to be shown. */
static const char *explain(const json_error_t *error)
{
    switch (json_error_code(error)) {
    case json_error_premature_end_of_input:
        return "The JSON text ends too early.";
    case json_error_end_of_input_expected:
        return "Something follows the JSON text.";
    case json_error_invalid_utf8:
        return "The JSON text is not UTF-8.";
    case json_error_duplicate_key:
        return "A member stands in the JSON text twice.";
    case json_error_null_character:
    case json_error_null_byte_in_key:
        return "The JSON text holds a NUL character.";
    case json_error_numeric_overflow:
        return "A number in the JSON text is too large.";
    default:
        return "The body is not a JSON text.";
    }
}

int body_parse(const uint8_t *data, size_t size, struct json_t **ret_root, const char **ret_detail)
{
    if (size == 0) {
        *ret_detail = "A body is required.";
        return BODY_MALFORMED;
    }
    if (is_too_deep(data, size)) {
        *ret_detail = "The JSON text is nested too deeply.";
        return BODY_MALFORMED;
    }
    json_error_t error;
    json_t *root = json_loadb((const char *)data, size, JSON_REJECT_DUPLICATES, &error);
    if (root == NULL) {
        if (json_error_code(&error) == json_error_out_of_memory) {
            return -ENOMEM;
        }
        *ret_detail = explain(&error);
        secret_wipe(&error, sizeof(error));
        return BODY_MALFORMED;
    }
    *ret_root = root;
    return 0;
}

/* Where what is decoded goes, and where in the body it is. */
struct decoding {
    struct arena *arena;
    struct faults *faults;
    const char *within; /* the object's own pointer: "#", "#/person" */
};

static const char *point_to(const struct decoding *to, const char *name)
{
    const char *pointer = shape_pointer(to->arena, name, strlen(name));
    if (to->within[1] == '\0') {
        return pointer;
    }
    pointer = arena_print(to->arena, "%s%s", to->within, pointer + 1);
    return pointer != NULL ? pointer : "#";
}

static int decode_text(const json_t *value, const struct field *field, struct arena *arena,
                       struct text_input *out, const char **ret_fault)
{
    out->given = true;
    if (!json_is_string(value)) {
        *ret_fault = "This must be a string.";
        return 0;
    }
    const char *text = json_string_value(value);
    size_t length = json_string_length(value);
    *ret_fault = field_check_text(field, text, length);
    if (*ret_fault != NULL) {
        return 0;
    }
    if (!field->secret) {
        text = arena_copy_text(arena, text, length);
        if (text == NULL) {
            return -ENOMEM;
        }
    }
    out->text = text;
    out->length = length;
    return 0;
}

static int decode_texts(const struct decoding *to, const json_t *value, const struct field *field,
                        struct texts_input *out, const char **ret_fault)
{
    out->given = true;
    size_t count = json_array_size(value);
    if (!json_is_array(value)) {
        *ret_fault = "This must be a list.";
        return 0;
    }
    if ((int64_t)count < field->minimum || (int64_t)count > field->maximum) {
        *ret_fault = "This list is too short or too long.";
        return 0;
    }
    struct text_input *items = arena_new(to->arena, (count + 1) * sizeof(*items));
    if (items == NULL) {
        return -ENOMEM;
    }
    bool faulty = false;
    for (size_t i = 0; i < count; i++) {
        const char *fault = NULL;
        int r = decode_text(json_array_get(value, i), field, to->arena, &items[i], &fault);
        if (r != 0) {
            return r;
        }
        if (fault != NULL) {
            const char *list = point_to(to, field->name);
            char *pointer = arena_print(to->arena, "%s/%zu", list, i);
            faults_add(to->faults, pointer != NULL ? pointer : "#", fault);
            faulty = true;
        }
    }
    out->seen = items;
    out->seen_count = count;
    out->items = faulty ? NULL : items;
    out->count = faulty ? 0 : count;
    return 0;
}

static void decode_integer(const json_t *value, const struct field *field,
                           struct integer_input *out, const char **ret_fault)
{
    out->given = true;
    if (!json_is_integer(value)) {
        *ret_fault = "This must be a whole number.";
        return;
    }
    *ret_fault = field_check_integer(field, json_integer_value(value));
    if (*ret_fault == NULL) {
        out->value = json_integer_value(value);
        out->valid = true;
    }
}

static void decode_boolean(const json_t *value, struct boolean_input *out, const char **ret_fault)
{
    out->given = true;
    if (!json_is_boolean(value)) {
        *ret_fault = "This must be true or false.";
        return;
    }
    out->value = json_is_true(value);
    out->valid = true;
}

static int decode_members(const struct decoding *to, const json_t *object,
                          const struct shape *shape, void *out);

static int decode_object(const struct decoding *to, const json_t *value, const struct field *field,
                         struct object_input *out, const char **ret_fault)
{
    out->given = true;
    if (!json_is_object(value)) {
        *ret_fault = "This must be an object.";
        return 0;
    }
    out->valid = true;
    struct decoding within = *to;
    within.within = point_to(to, field->name);
    return decode_members(&within, value, field->shape, out);
}

static int decode_field(const struct decoding *to, const json_t *value, const struct field *field,
                        void *place)
{
    const char *fault = NULL;
    int r = 0;
    switch (field->type) {
    case FIELD_TEXT:
        r = decode_text(value, field, to->arena, place, &fault);
        break;
    case FIELD_TEXTS:
        r = decode_texts(to, value, field, place, &fault);
        break;
    case FIELD_INTEGER:
        decode_integer(value, field, place, &fault);
        break;
    case FIELD_BOOLEAN:
        decode_boolean(value, place, &fault);
        break;
    case FIELD_OBJECT:
        r = decode_object(to, value, field, place, &fault);
        break;
    case FIELD_OBJECTS:
        r = -EINVAL; /* no request has one */
        break;
    }
    if (r == 0 && fault != NULL) {
        faults_add(to->faults, point_to(to, field->name), fault);
    }
    return r;
}

static int decode_members(const struct decoding *to, const json_t *object,
                          const struct shape *shape, void *out)
{
    for (size_t i = 0; i < shape->count; i++) {
        const struct field *field = &shape->fields[i];
        const json_t *value = json_object_get(object, field->name);
        if (value == NULL) {
            if (field->required) {
                faults_add(to->faults, point_to(to, field->name), "This is required.");
            }
            continue;
        }
        int r = decode_field(to, value, field, (char *)out + field->offset);
        if (r != 0) {
            return r;
        }
    }
    void *at = json_object_iter((json_t *)object);
    for (; at != NULL; at = json_object_iter_next((json_t *)object, at)) {
        const char *name = json_object_iter_key(at);
        if (shape_find(shape, name, strlen(name)) == NULL) {
            faults_add(to->faults, point_to(to, name), "This member is unknown.");
        }
    }
    return 0;
}

int body_decode(const struct json_t *root, const struct shape *shape, struct arena *arena,
                void *out, struct faults *faults)
{
    const struct decoding to = {.arena = arena, .faults = faults, .within = "#"};
    if (!json_is_object(root)) {
        faults_add(faults, "#", "The body must be a JSON object.");
        return BODY_MALFORMED;
    }
    return decode_members(&to, root, shape, out);
}

static const char *check_value(const json_t *value, const struct field *field)
{
    if (json_is_null(value)) {
        return field->nullable ? NULL : field->name;
    }
    switch (field->type) {
    case FIELD_TEXT:
        return json_is_string(value) && (field->format == NULL ||
                                         field_check_text(field, json_string_value(value),
                                                          json_string_length(value)) == NULL)
                   ? NULL
                   : field->name;
    case FIELD_INTEGER:
        return json_is_integer(value) ? NULL : field->name;
    case FIELD_BOOLEAN:
        return json_is_boolean(value) ? NULL : field->name;
    case FIELD_OBJECT:
        if (!json_is_object(value)) {
            return field->name;
        }
        return field->shape != NULL ? body_check_answer(value, field->shape) : NULL;
    case FIELD_TEXTS:
    case FIELD_OBJECTS:
        break;
    }
    if (!json_is_array(value)) {
        return field->name;
    }
    for (size_t i = 0; i < json_array_size(value); i++) {
        const json_t *item = json_array_get(value, i);
        if (field->type == FIELD_TEXTS && !json_is_string(item)) {
            return field->name;
        }
        const char *wrong =
            field->type == FIELD_OBJECTS ? body_check_answer(item, field->shape) : NULL;
        if (wrong != NULL) {
            return wrong;
        }
    }
    return NULL;
}

const char *body_check_answer(const struct json_t *root, const struct shape *shape)
{
    if (!json_is_object(root)) {
        return "#";
    }
    size_t known = 0;
    for (size_t i = 0; i < shape->count; i++) {
        const struct field *field = &shape->fields[i];
        const json_t *value = json_object_get(root, field->name);
        if (value == NULL) {
            if (field->required) {
                return field->name;
            }
            continue;
        }
        known++;
        const char *wrong = check_value(value, field);
        if (wrong != NULL) {
            return wrong;
        }
    }
    return known == json_object_size(root) ? NULL : "#";
}
