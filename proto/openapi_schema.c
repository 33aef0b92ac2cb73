/* SPDX-License-Identifier: EUPL-1.2 */
/* Tables of fields as JSON Schema, in OpenAPI 3.0's dialect. */
#include <stdio.h>

#include "proto/openapi.h"

void openapi_write_reference(struct writer *w, const char *kind, const char *name)
{
    char text[128];
    snprintf(text, sizeof(text), "#/components/%s/%s", kind, name);
    writer_begin_object(w);
    writer_member_text(w, "$ref", text);
    writer_end_object(w);
}

static void write_text_schema(struct writer *w, const struct field *field, int64_t minimum,
                              int64_t maximum)
{
    const struct format *format = field->format;
    writer_member_text(w, "type", "string");
    if (format != NULL && format->name != NULL) {
        writer_member_text(w, "format", format->name);
    }
    if (format != NULL && format->pattern != NULL) {
        writer_member_text(w, "pattern", format->pattern);
    }
    if (format != NULL && format->values != NULL) {
        writer_name(w, "enum");
        writer_begin_list(w);
        for (size_t i = 0; format->values[i] != NULL; i++) {
            writer_text(w, format->values[i]);
        }
        writer_end_list(w);
    }
    if (minimum > 0) {
        writer_member_integer(w, "minLength", minimum);
    }
    if (maximum > 0) {
        writer_member_integer(w, "maxLength", maximum);
    }
}

static void write_list_schema(struct writer *w, const struct field *field)
{
    writer_member_text(w, "type", "array");
    writer_name(w, "items");
    if (field->type == FIELD_OBJECTS) {
        openapi_write_reference(w, "schemas", field->shape->name);
    } else {
        writer_begin_object(w);
        write_text_schema(w, field, 0, field->item_maximum);
        writer_end_object(w);
    }
    if (field->minimum > 0) {
        writer_member_integer(w, "minItems", field->minimum);
    }
    if (field->maximum > 0) {
        writer_member_integer(w, "maxItems", field->maximum);
    }
}

static void write_integer_schema(struct writer *w, const struct field *field)
{
    writer_member_text(w, "type", "integer");
    writer_member_text(w, "format", "int64");
    if (field->maximum > 0) {
        writer_member_integer(w, "minimum", field->minimum);
        writer_member_integer(w, "maximum", field->maximum);
    }
}

/* An object's schema stands apart; beside a reference OpenAPI 3.0 allows nothing, hence allOf. */
static void write_object_schema(struct writer *w, const struct field *field)
{
    if (field->shape == NULL) {
        writer_member_text(w, "type", "object");
        return;
    }
    writer_name(w, "allOf");
    writer_begin_list(w);
    openapi_write_reference(w, "schemas", field->shape->name);
    writer_end_list(w);
}

void openapi_write_field(struct writer *w, const struct field *field)
{
    writer_begin_object(w);
    switch (field->type) {
    case FIELD_TEXT:
        write_text_schema(w, field, field->minimum, field->maximum);
        break;
    case FIELD_INTEGER:
        write_integer_schema(w, field);
        break;
    case FIELD_BOOLEAN:
        writer_member_text(w, "type", "boolean");
        break;
    case FIELD_OBJECT:
        write_object_schema(w, field);
        break;
    case FIELD_TEXTS:
    case FIELD_OBJECTS:
        write_list_schema(w, field);
        break;
    }
    if (field->nullable) {
        writer_member_boolean(w, "nullable", true);
    }
    if (field->description != NULL) {
        writer_member_text(w, "description", field->description);
    }
    writer_end_object(w);
}

void openapi_write_shape(struct writer *w, const struct shape *shape)
{
    bool any = false;
    writer_name(w, shape->name);
    writer_begin_object(w);
    writer_member_text(w, "type", "object");
    if (shape->description != NULL) {
        writer_member_text(w, "description", shape->description);
    }
    writer_name(w, "properties");
    writer_begin_object(w);
    for (size_t i = 0; i < shape->count; i++) {
        writer_name(w, shape->fields[i].name);
        openapi_write_field(w, &shape->fields[i]);
        any = any || shape->fields[i].required;
    }
    writer_end_object(w);
    if (any) {
        writer_name(w, "required");
        writer_begin_list(w);
        for (size_t i = 0; i < shape->count; i++) {
            if (shape->fields[i].required) {
                writer_text(w, shape->fields[i].name);
            }
        }
        writer_end_list(w);
    }
    if (shape->size > 0) {
        writer_member_boolean(w, "additionalProperties", false);
    }
    writer_end_object(w);
}
