/* SPDX-License-Identifier: EUPL-1.2 */
/*
 * What objects look like: tables of fields, one per request and answer. The table decodes and
 * checks what comes in, and is what the OpenAPI document is made of.
 */
#ifndef PROTO_SHAPE_H
#define PROTO_SHAPE_H

#include <stdbool.h>

#include "proto/format.h"
#include "proto/problem.h"

#define SHAPE_FIELDS_MAXIMUM 32 /* of one object */

enum field_type {
    FIELD_TEXT,
    FIELD_INTEGER,
    FIELD_BOOLEAN,
    FIELD_OBJECT,  /* of `shape`; without one, in answers only: any object */
    FIELD_TEXTS,   /* a list of texts, each of `format` and at most `item_maximum` characters */
    FIELD_OBJECTS, /* answers only; a list of objects of `shape` */
};

struct shape;
struct field {
    const char *name;
    enum field_type type;
    bool required;
    bool nullable; /* answers only */
    /* Decoded texts point into what was parsed instead of being copied, so that a number or an
     * element does not outlive it. */
    bool secret;
    int64_t minimum; /* characters, items, or the value itself */
    int64_t maximum;
    int64_t item_maximum;
    const struct format *format;
    const struct shape *shape;
    /* In the decoded structure: of one of the _input types below, or of the structure of `shape`,
     * which then begins with a struct object_input. */
    size_t offset;
    const char *description;
};

struct shape {
    const char *name; /* in the OpenAPI document, UpperCamelCase; NULL for parameters */
    const struct field *fields;
    size_t count;
    size_t size; /* of the decoded structure; 0 for answers */
    const char *description;
};

/* A value as decoded. When it was given but is faulty, `given` is set and the rest is not. */
struct text_input {
    const char *text; /* NULL: absent or faulty */
    size_t length;
    bool given;
};
struct integer_input {
    int64_t value;
    bool valid;
    bool given;
};
struct boolean_input {
    bool value;
    bool valid;
    bool given;
};
struct texts_input {
    struct text_input *items; /* NULL: absent or faulty */
    size_t count;             /* of those */
    bool given;
    /* The same where only single items are faulty, which then are as any faulty text: for checks.
     */
    const struct text_input *seen;
    size_t seen_count;
};
struct object_input {
    bool valid; /* it is an object; its members may be faulty */
    bool given;
};

/* NULL when the text meets the field's table, else the sentence to say. */
const char *field_check_text(const struct field *field, const char *text, size_t length);
const char *field_check_integer(const struct field *field, int64_t value);

const struct field *shape_find(const struct shape *shape, const char *name, size_t length);

/*
 * Where a member is (RFC 6901, as a URI fragment): "#/name". A name that is long or may hold a
 * person number is not repeated: then it is "#". Arena text; never NULL.
 */
const char *shape_pointer(struct arena *arena, const char *name, size_t length);

#endif
