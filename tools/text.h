/* SPDX-License-Identifier: EUPL-1.2 */
/*
 * A growing piece of text, and the little of JSON that is needed to write a request or a canonical
 * record. What it held is zeroed when it is given up, since it may hold a BSN.
 *
 * A fault is remembered and later additions do nothing, so that text is built in straight lines
 * and checked once, at the end. Belongs to one thread.
 */
#ifndef TOOLS_TEXT_H
#define TOOLS_TEXT_H

#include "crypto/basics.h"

#define TEXT_MAXIMUM ((size_t)16 << 20)

struct text {
    char *bytes; /* NUL-terminated once anything was added; else NULL */
    size_t length;
    size_t capacity;
    int fault; /* -ENOMEM, or -EOVERFLOW beyond TEXT_MAXIMUM */
};

void text_finish(struct text *text); /* for CLEANUP too; `text` may be used anew */
void text_clear(struct text *text);  /* empties, and keeps the memory */

void text_add(struct text *text, const char *bytes, size_t length);
void text_add_string(struct text *text, const char *string);
void text_add_format(struct text *text, const char *format, ...) PRINTF_LIKE(2, 3);

/* A JSON string with its quotes, escaped no more than RFC 8785 section 3.2.2.2 asks. */
void text_add_json(struct text *text, const char *bytes, size_t length);

/* `{`, members, `}`. A member whose value is NULL is left out. */
void text_open_object(struct text *text);
void text_add_member(struct text *text, const char *name, const char *value);
void text_add_number_member(struct text *text, const char *name, int64_t value);
void text_add_true_member(struct text *text, const char *name);
void text_close_object(struct text *text);
/* The name of a member whose value is to be added next. */
void text_add_name(struct text *text, const char *name);
/* A member that is an object or a list, to be closed like any other. */
void text_open_object_member(struct text *text, const char *name);
void text_open_list_member(struct text *text, const char *name);
void text_add_item(struct text *text, const char *bytes, size_t length); /* a string */
void text_close_list(struct text *text);

/* One segment of a path, or a value in a query: everything but RFC 3986's unreserved escaped. */
void text_add_escaped(struct text *text, const char *value);
/* `?name=value` or `&name=value`, by what is there already. NULL is left out. */
void text_add_query(struct text *text, const char *name, const char *value);

#endif
