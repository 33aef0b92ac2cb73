/* SPDX-License-Identifier: EUPL-1.2 */
#include "tools/audit/format.h"

#include <string.h>

/* The record's own attributes, and who it is about. */
static void add_ldv_attributes(const struct answer *attributes, const char *subject,
                               struct text *out)
{
    const char *name = NULL;
    text_open_object_member(out, "attributes");
    if (subject != NULL && answer_at(attributes, "dpl.core.data_subject_id") == NULL &&
        answer_at(attributes, "dpl.core.data_subject_id_type") == NULL) {
        text_add_member(out, "dpl.core.data_subject_id", subject);
        text_add_member(out, "dpl.core.data_subject_id_type", AUDIT_SUBJECT_TYPE);
    }
    for (const struct answer *value = answer_next_member(attributes, NULL, &name); value != NULL;
         value = answer_next_member(attributes, name, &name)) {
        answer_dump_member(name, value, out);
    }
    text_close_object(out);
}

static void add_destroyed(const struct answer *entry, struct text *out)
{
    text_open_object_member(out, "attributes");
    answer_dump_member("verwijsindex.index", answer_at(entry, "index"), out);
    text_close_object(out);
    answer_dump_member("commitment", answer_at(entry, "commitment"), out);
    text_add_true_member(out, "destroyed");
}

static void ldv_entry(const struct answer *entry, struct text *out)
{
    const struct answer *record = answer_at(entry, "record");
    const char *name = NULL;
    text_open_object(out);
    if (!answer_is_object(record)) {
        add_destroyed(entry, out);
    }
    for (const struct answer *value = answer_next_member(record, NULL, &name); value != NULL;
         value = answer_next_member(record, name, &name)) {
        if (strcmp(name, "attributes") == 0) {
            add_ldv_attributes(value, answer_string(answer_at(entry, "subject")), out);
        } else {
            answer_dump_member(name, value, out);
        }
    }
    text_close_object(out);
}

static const struct audit_format formats[] = {
    {.name = "native"},
    {.name = "ldv",
     .file = "records.jsonl",
     .head = "",
     .between = "\n",
     .end = "\n",
     .entry = ldv_entry},
    {.name = "otlp",
     .file = "traces.jsonl",
     .head = "",
     .begin = audit_otlp_begin,
     .between = ",",
     .end = audit_otlp_end,
     .entry = audit_otlp_entry},
    {.name = "csv",
     .file = "records.csv",
     .head = audit_csv_head,
     .between = "\r\n",
     .end = "\r\n",
     .entry = audit_csv_entry},
};

const struct audit_format *audit_format_find(const char *name)
{
    for (size_t i = 0; i < ARRAY_LENGTH(formats); i++) {
        if (strcmp(formats[i].name, name) == 0) {
            return &formats[i];
        }
    }
    return NULL;
}
