/* SPDX-License-Identifier: EUPL-1.2 */
/*
 * Entries as rows of a table (RFC 4180). A spreadsheet takes a cell that begins with one of = + - @
 * for a formula, and so runs what a party has written into a professional's id: such a cell gets an
 * apostrophe before it. One that separates cells by semicolons, as where the comma is the decimal
 * sign, or by tabs begins others in the middle of ours, whatever quotes there are: these get one
 * too.
 */
#include <stdbool.h>
#include <string.h>

#include "tools/audit/format.h"
#include "tools/instant.h"

const char audit_csv_head[] =
    "index,time,event,status,outcome,party,on_behalf_of,professional,operator_uid,object,count,"
    "case_reference,ground,operation,subject,certificate,trace_id,span_id,parent_span_id,"
    "processing_activity,commitment,destroyed\r\n";

/* In the order of the head, but for the time, which is written otherwise. */
static const char *const columns[] = {
    "index",
    NULL,
    "record/name",
    "record/status",
    "record/attributes/verwijsindex.outcome",
    "record/attributes/verwijsindex.party",
    "record/attributes/verwijsindex.on_behalf_of",
    "record/attributes/verwijsindex.professional",
    "record/attributes/verwijsindex.operator_uid",
    "record/attributes/verwijsindex.object",
    "record/attributes/verwijsindex.count",
    "record/attributes/verwijsindex.case_reference",
    "record/attributes/verwijsindex.ground",
    "record/attributes/verwijsindex.operation",
    "subject",
    "record/attributes/verwijsindex.certificate",
    "record/trace_id",
    "record/span_id",
    "record/parent_span_id",
    "record/attributes/dpl.core.processing_activity_id",
    "commitment",
    "destroyed",
};

static bool is_one_of(char character, const char *characters)
{
    return character != '\0' && strchr(characters, character) != NULL;
}

/* Behind a separator, where quotes that come first are taken away. */
static bool begins_formula(const char *text)
{
    return is_one_of(text[strspn(text, "\" ")], "=+-@");
}

static void add_cell(const char *text, struct text *out)
{
    bool is_formula = is_one_of(text[0], "=+-@\t\r");
    bool is_quoted = text[strcspn(text, "\",;\t\r\n")] != '\0';
    text_add_string(out, is_quoted ? "\"" : "");
    text_add_string(out, is_formula ? "'" : "");
    for (; *text != '\0'; text++) {
        text_add(out, text, 1);
        text_add_string(out, *text == '"' ? "\"" : "");
        text_add_string(out, is_one_of(*text, ";\t\r\n") && begins_formula(text + 1) ? "'" : "");
    }
    text_add_string(out, is_quoted ? "\"" : "");
}

void audit_csv_entry(const struct answer *entry, struct text *out)
{
    CLEANUP(text_finish) struct text cell = {0};
    for (size_t i = 0; i < ARRAY_LENGTH(columns); i++) {
        int64_t instant = -1;
        text_clear(&cell);
        text_add_string(&cell, "");
        if (columns[i] == NULL) {
            if (answer_integer(answer_at(entry, "record/end_time"), &instant)) {
                instant_add(&cell, instant);
            }
        } else if (answer_at(entry, columns[i]) != NULL &&
                   !answer_is_null(answer_at(entry, columns[i]))) {
            answer_describe(answer_at(entry, columns[i]), &cell);
        }
        text_add_string(out, i > 0 ? "," : "");
        if (cell.fault != 0) {
            out->fault = cell.fault;
            return;
        }
        add_cell(cell.bytes, out);
    }
}
