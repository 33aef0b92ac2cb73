/* SPDX-License-Identifier: EUPL-1.2 */
/*
 * Entries as spans of OpenTelemetry, in the JSON encoding of OTLP 1.x: ids in hexadecimal, 64-bit
 * integers as strings, enumerations as numbers, names in lowerCamelCase.
 */
#include <inttypes.h>
#include <string.h>

#include "tools/audit/format.h"

#define KIND_INTERNAL 1 /* the index's own doing */
#define KIND_SERVER 2   /* what a party or the operator asked */
#define STATUS_OK 1
#define STATUS_ERROR 2
#define TRACE_ID_DIGITS 32
#define SPAN_ID_DIGITS 16

const char audit_otlp_end[] = "]}]}]}\n";

static void add_text_attribute(const char *key, const char *value, struct text *out)
{
    text_open_object(out);
    text_add_member(out, "key", key);
    text_open_object_member(out, "value");
    text_add_member(out, "stringValue", value);
    text_close_object(out);
    text_close_object(out);
}

static void add_attribute(const char *key, const struct answer *value, struct text *out)
{
    int64_t integer = 0;
    const char *string = answer_string(value);
    if (string != NULL) {
        add_text_attribute(key, string, out);
        return;
    }
    text_open_object(out);
    text_add_member(out, "key", key);
    text_open_object_member(out, "value");
    if (answer_integer(value, &integer)) {
        text_add_name(out, "intValue");
        text_add_format(out, "\"%" PRId64 "\"", integer);
    } else {
        text_add_name(out, "boolValue");
        text_add_string(out, answer_is_true(value) ? "true" : "false");
    }
    text_close_object(out);
    text_close_object(out);
}

void audit_otlp_begin(const char *origin, struct text *out)
{
    text_add_string(out, "{\"resourceSpans\":[{\"resource\":{\"attributes\":[");
    add_text_attribute("service.name", "verwijsindex", out);
    text_add_string(out, ",");
    add_text_attribute("verwijsindex.log", origin, out);
    text_add_string(out, "]},\"scopeSpans\":[{\"scope\":{\"name\":\"verwijsindex.access-log\","
                         "\"version\":\"1\",\"attributes\":[");
    add_text_attribute("verwijsindex.record", "Logboek Dataverwerkingen 1.0", out);
    text_add_string(out, "]},\"spans\":[");
}

/* Nanoseconds, which of milliseconds beyond 2^43 do not fit into 64 bits. */
static void add_time(const char *name, const struct answer *milliseconds, struct text *out)
{
    int64_t instant = 0;
    text_add_name(out, name);
    if (answer_integer(milliseconds, &instant) && instant > 0) {
        text_add_format(out, "\"%" PRId64 "000000\"", instant);
    } else {
        text_add_string(out, "\"0\"");
    }
}

static bool was_asked(const struct answer *attributes)
{
    return answer_at(attributes, "verwijsindex.party") != NULL ||
           answer_at(attributes, "verwijsindex.operator_uid") != NULL;
}

static void add_record(const struct answer *entry, const struct answer *record, struct text *out)
{
    const struct answer *attributes = answer_at(record, "attributes");
    const char *subject = answer_string(answer_at(entry, "subject"));
    const char *status = answer_string(answer_at(record, "status"));
    const char *name = NULL;
    answer_dump_member("traceId", answer_at(record, "trace_id"), out);
    answer_dump_member("spanId", answer_at(record, "span_id"), out);
    answer_dump_member("parentSpanId", answer_at(record, "parent_span_id"), out);
    answer_dump_member("name", answer_at(record, "name"), out);
    text_add_number_member(out, "kind", was_asked(attributes) ? KIND_SERVER : KIND_INTERNAL);
    add_time("startTimeUnixNano", answer_at(record, "start_time"), out);
    add_time("endTimeUnixNano", answer_at(record, "end_time"), out);
    text_open_list_member(out, "attributes");
    if (subject != NULL) {
        add_text_attribute("dpl.core.data_subject_id", subject, out);
        text_add_string(out, ",");
        add_text_attribute("dpl.core.data_subject_id_type", AUDIT_SUBJECT_TYPE, out);
    }
    bool is_first = subject == NULL;
    for (const struct answer *value = answer_next_member(attributes, NULL, &name); value != NULL;
         value = answer_next_member(attributes, name, &name)) {
        text_add_string(out, is_first ? "" : ",");
        add_attribute(name, value, out);
        is_first = false;
    }
    text_close_list(out);
    text_open_object_member(out, "status");
    text_add_number_member(
        out, "code", status != NULL && strcmp(status, "Error") == 0 ? STATUS_ERROR : STATUS_OK);
    text_close_object(out);
}

/* A span must have ids; those of a record that is gone are not known any more, so the index stands
 * in their place. */
static void add_destroyed(const struct answer *entry, struct text *out)
{
    int64_t index = 0;
    if (!answer_integer(answer_at(entry, "index"), &index)) {
        index = 0;
    }
    text_add_name(out, "traceId");
    text_add_format(out, "\"%0*" PRIx64 "\"", TRACE_ID_DIGITS, (uint64_t)index + 1);
    text_add_name(out, "spanId");
    text_add_format(out, "\"%0*" PRIx64 "\"", SPAN_ID_DIGITS, (uint64_t)index + 1);
    text_add_member(out, "name", "record-destroyed");
    text_add_number_member(out, "kind", KIND_INTERNAL);
    add_time("startTimeUnixNano", NULL, out);
    add_time("endTimeUnixNano", NULL, out);
    text_open_list_member(out, "attributes");
    add_attribute("verwijsindex.index", answer_at(entry, "index"), out);
    text_add_string(out, ",");
    add_attribute("verwijsindex.commitment", answer_at(entry, "commitment"), out);
    text_add_string(out, ",");
    add_attribute("destroyed", answer_at(entry, "destroyed"), out);
    text_close_list(out);
    text_open_object_member(out, "status");
    text_add_number_member(out, "code", STATUS_OK);
    text_close_object(out);
}

void audit_otlp_entry(const struct answer *entry, struct text *out)
{
    const struct answer *record = answer_at(entry, "record");
    text_open_object(out);
    if (answer_is_object(record)) {
        add_record(entry, record, out);
    } else {
        add_destroyed(entry, out);
    }
    text_close_object(out);
}
