/* SPDX-License-Identifier: EUPL-1.2 */
/*
 * Printing for people. Whatever came from elsewhere goes through print_safe(): a name with a
 * terminal's escape sequences in it must not be able to move the cursor of whoever reads it.
 */
#ifndef TOOLS_PRINT_H
#define TOOLS_PRINT_H

#include <stdio.h>

#include "tools/answer.h"

/* Control characters, and what is not UTF-8, come out as '?'. */
void print_safe(FILE *out, const char *text);
/* The same of a text of several lines, which stay what they are. */
void print_safe_lines(FILE *out, const char *text);

/* "label:    value", the labels in one column. */
void print_field(FILE *out, const char *label, const struct answer *value);
void print_text_field(FILE *out, const char *label, const char *value);
/* Nothing when there is no value, or null. */
void print_field_if(FILE *out, const char *label, const struct answer *value);

enum print_style {
    PRINT_PLAIN,        /* answer_describe() */
    PRINT_MILLISECONDS, /* an instant in milliseconds since 1970, as RFC 3339 in UTC */
};

struct print_column {
    const char *title;
    const char *path; /* as for answer_at() */
    enum print_style style;
};

#define PRINT_COLUMNS_MAXIMUM 12
/* A table of `rows`, which may be empty. `columns` ends with a NULL title. 0 or -ENOMEM. */
int print_table(FILE *out, const struct print_column *columns, const struct answer *const *rows,
                size_t count) MUST_CHECK;
/* The same of a list in an answer. */
int print_list_table(FILE *out, const struct print_column *columns,
                     const struct answer *list) MUST_CHECK;

#endif
