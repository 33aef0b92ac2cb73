/* SPDX-License-Identifier: EUPL-1.2 */
/*
 * The OpenAPI 3.0.3 document of the public face, made of the table of routes and the tables of
 * fields, and written to the NLGov REST API Design Rules.
 */
#ifndef PROTO_OPENAPI_H
#define PROTO_OPENAPI_H

#include "proto/shape.h"

/* For openapi.c, from openapi_schema.c: {"$ref":"#/components/<kind>/<name>"}; the schema of one
 * field; and name and schema of an object. */
void openapi_write_reference(struct writer *writer, const char *kind, const char *name);
void openapi_write_field(struct writer *writer, const struct field *field);
void openapi_write_shape(struct writer *writer, const struct shape *shape);

/* 0 or -ENOMEM. */
int openapi_make(struct arena *arena, const char **ret_text, size_t *ret_size) MUST_CHECK;

#endif
