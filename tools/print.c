/* SPDX-License-Identifier: EUPL-1.2 */
#include "tools/print.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "tools/instant.h"

#define PRINT_LABEL_WIDTH 15

/* The length of the UTF-8 character at `text`; 0 when there is none, or a control character. */
static size_t printable_length(const unsigned char *text)
{
    if (text[0] < 0x80) {
        return text[0] >= 0x20 && text[0] != 0x7F ? 1 : 0;
    }
    size_t length = text[0] >= 0xF0 ? 4 : text[0] >= 0xE0 ? 3 : 2;
    if (text[0] < 0xC2 || text[0] > 0xF4) {
        return 0;
    }
    for (size_t i = 1; i < length; i++) {
        if ((text[i] & 0xC0) != 0x80) {
            return 0;
        }
    }
    bool is_c1_control = text[0] == 0xC2 && text[1] < 0xA0;
    return is_c1_control ? 0 : length;
}

void print_safe(FILE *out, const char *text)
{
    const unsigned char *at = (const unsigned char *)text;
    while (*at != '\0') {
        size_t length = printable_length(at);
        if (length == 0) {
            fputc('?', out);
            at++;
        } else {
            fwrite(at, 1, length, out);
            at += length;
        }
    }
}

/* Columns on a terminal, one for each character; combining ones are not counted apart. */
static size_t printed_width(const char *text)
{
    size_t width = 0;
    for (const unsigned char *at = (const unsigned char *)text; *at != '\0'; width++) {
        size_t length = printable_length(at);
        at += length > 0 ? length : 1;
    }
    return width;
}

void print_text_field(FILE *out, const char *label, const char *value)
{
    size_t length = strlen(label);
    fprintf(out, "%s:%*s", label, length < PRINT_LABEL_WIDTH ? PRINT_LABEL_WIDTH - (int)length : 1,
            "");
    print_safe(out, value != NULL ? value : "-");
    fputc('\n', out);
}

void print_field(FILE *out, const char *label, const struct answer *value)
{
    CLEANUP(text_finish) struct text text = {0};
    answer_describe(value, &text);
    print_text_field(out, label, text.fault == 0 ? text.bytes : "?");
}

void print_field_if(FILE *out, const char *label, const struct answer *value)
{
    if (value != NULL && !answer_is_null(value)) {
        print_field(out, label, value);
    }
}

static void describe_instant(const struct answer *value, struct text *text)
{
    int64_t milliseconds = 0;
    if (!answer_integer(value, &milliseconds) || !instant_add(text, milliseconds)) {
        answer_describe(value, text);
    }
}

static int describe_cell(const struct print_column *column, const struct answer *row,
                         struct text *text)
{
    text_clear(text);
    const struct answer *value = answer_at(row, column->path);
    if (column->style == PRINT_MILLISECONDS) {
        describe_instant(value, text);
    } else {
        answer_describe(value, text);
    }
    return text->fault;
}

int print_table(FILE *out, const struct print_column *columns, const struct answer *const *rows,
                size_t count)
{
    CLEANUP(text_finish) struct text cell = {0};
    size_t widths[PRINT_COLUMNS_MAXIMUM] = {0};
    size_t column_count = 0;
    for (; columns[column_count].title != NULL; column_count++) {
        widths[column_count] = strlen(columns[column_count].title);
    }
    for (size_t r = 0; r < count; r++) {
        for (size_t c = 0; c < column_count; c++) {
            int result = describe_cell(&columns[c], rows[r], &cell);
            if (result != 0) {
                return result;
            }
            size_t width = printed_width(cell.bytes);
            widths[c] = width > widths[c] ? width : widths[c];
        }
    }
    for (size_t c = 0; c < column_count; c++) {
        int width = c + 1 < column_count ? (int)widths[c] + 2 : 0;
        fprintf(out, "%-*s", width, columns[c].title);
    }
    fputc('\n', out);
    for (size_t r = 0; r < count; r++) {
        for (size_t c = 0; c < column_count; c++) {
            int result = describe_cell(&columns[c], rows[r], &cell);
            if (result != 0) {
                return result;
            }
            print_safe(out, cell.bytes);
            if (c + 1 < column_count) {
                fprintf(out, "%*s", (int)(widths[c] + 2 - printed_width(cell.bytes)), "");
            }
        }
        fputc('\n', out);
    }
    return 0;
}

int print_list_table(FILE *out, const struct print_column *columns, const struct answer *list)
{
    size_t count = answer_count(list);
    const struct answer **rows = calloc(count + 1, sizeof(*rows));
    if (rows == NULL) {
        return -ENOMEM;
    }
    for (size_t i = 0; i < count; i++) {
        rows[i] = answer_item(list, i);
    }
    int result = print_table(out, columns, rows, count);
    free(rows);
    return result;
}

void print_safe_lines(FILE *out, const char *text)
{
    CLEANUP(text_finish) struct text line = {0};
    while (*text != '\0') {
        size_t length = strcspn(text, "\n");
        text_clear(&line);
        text_add(&line, text, length);
        print_safe(out, line.fault == 0 ? line.bytes : "?");
        fputc('\n', out);
        text += length + (text[length] == '\n');
    }
}
