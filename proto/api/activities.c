/* SPDX-License-Identifier: EUPL-1.2 */
/*
 * The reading extension of Logboek Dataverwerkingen (Logius, "extensie lezen", draft 1.1): the
 * access log by trace, processing activity or data subject, in the names and forms of that API.
 * Its draft names two members of a request after the attributes of a record, in their own spelling;
 * these are taken as well. Each of these readings is an entry in the log.
 */
#include <errno.h>
#include <jansson.h>
#include <string.h>

#include "crypto/secret.h"
#include "proto/handlers.h"
#include "store/base/clock.h"

#define FIELDS(table) .fields = table, .count = ARRAY_LENGTH(table)
#define ACTIVITY_PREFIX "https://verwijsindex.example/processing-activities/"
#define ACTIVITY_MAXIMUM 256
#define SUBJECT_TYPE "https://verwijsindex.example/subject-id"
#define TRACE_BYTES 16
#define TRACE_DIGITS (TRACE_BYTES * 2)

/* ---- what comes in ---- */

struct activities_request {
    struct text_input trace;
    struct text_input activity;
    struct text_input activity_attribute;
    struct text_input subject;
    struct text_input subject_attribute;
    struct text_input from;
    struct text_input to;
    struct text_input case_reference;
    struct paging_input paging;
};

/* As W3C writes a trace id, or with the hyphens of a UUID, as the extension's draft does. */
static bool parse_trace(const char *text, size_t length, uint8_t ret_trace[static TRACE_BYTES])
{
    char digits[TRACE_DIGITS];
    size_t count = 0;
    bool is_uuid = length == UUID_TEXT_SIZE - 1;
    for (size_t i = 0; i < length; i++) {
        if (is_uuid && (i == 8 || i == 13 || i == 18 || i == 23)) {
            if (text[i] != '-') {
                return false;
            }
            continue;
        }
        if (count == sizeof(digits)) {
            return false;
        }
        digits[count++] = text[i];
    }
    return secret_from_hex(digits, count, ret_trace, TRACE_BYTES) == 0;
}

static const char *check_trace(const char *text, size_t length)
{
    uint8_t trace[TRACE_BYTES];
    return parse_trace(text, length, trace)
               ? NULL
               : "A trace id is 32 lower-case hexadecimal digits (W3C Trace Context).";
}

static const char *check_subject(const char *text, size_t length)
{
    uint8_t subject[ACCESSLOG_SUBJECT_BYTES];
    return secret_from_hex(text, length, subject, sizeof(subject)) == 0
               ? NULL
               : "A data subject is the id under which the log knows one: 32 lower-case "
                 "hexadecimal "
                 "digits.";
}

static const struct format format_trace = {.pattern = "^[0-9a-f-]+$", .check = check_trace};
static const struct format format_subject = {.pattern = "^[0-9a-f]{32}$", .check = check_subject};
/* Of whatever organisation: that of another has no records here. */
static const struct format format_activity = {.name = "uri"};

#define ACTIVITY_FIELD(name_, member_, description_)                                               \
    {                                                                                              \
        .name = name_, .type = FIELD_TEXT, .minimum = 1, .maximum = ACTIVITY_MAXIMUM,              \
        .format = &format_activity, .offset = offsetof(struct activities_request, member_),        \
        .description = description_                                                                \
    }
#define SUBJECT_FIELD(name_, member_, description_)                                                \
    {                                                                                              \
        .name = name_, .type = FIELD_TEXT, .format = &format_subject,                              \
        .offset = offsetof(struct activities_request, member_), .description = description_        \
    }
static const struct field request_fields[] = {
    {.name = "traceId",
     .type = FIELD_TEXT,
     .format = &format_trace,
     .offset = offsetof(struct activities_request, trace),
     .description = "Of a trace: 32 hexadecimal digits."},
    ACTIVITY_FIELD("processingActivityId", activity,
                   "As it stands in `dpl.core.processing_activity_id` of a record."),
    ACTIVITY_FIELD("dpl.core.processing_activity_id", activity_attribute,
                   "The same under the name of the attribute."),
    SUBJECT_FIELD("dataSubjectId", subject,
                  "As it stands in `dpl.core.data_subject_id` of a record; never a person number."),
    SUBJECT_FIELD("dpl.core.data_subject_id", subject_attribute,
                  "The same under the name of the attribute."),
    {.name = "startTime",
     .type = FIELD_TEXT,
     .format = &format_timestamp,
     .offset = offsetof(struct activities_request, from),
     .description = "Only what began at this time or later."},
    {.name = "endTime",
     .type = FIELD_TEXT,
     .format = &format_timestamp,
     .offset = offsetof(struct activities_request, to),
     .description = "Only what ended before this time."},
    {.name = "caseReference",
     .type = FIELD_TEXT,
     .minimum = 1,
     .maximum = MODEL_REFERENCE_MAXIMUM,
     .format = &format_reference,
     .offset = offsetof(struct activities_request, case_reference),
     .description = "Why it is asked; stands in the log. May not be a BSN."},
    PAGING_FIELDS(struct activities_request),
};
const struct shape shape_activities_request = {
    .name = "ProcessingActivityRequest",
    FIELDS(request_fields),
    .size = sizeof(struct activities_request),
    .description = "At least one of trace, processing activity and data subject."};

/* ---- what goes out ---- */

static const char *const statuses[] = {"Unset", "Ok", "Error", NULL};
static const struct format format_status = {.values = statuses};

static const struct field resource_fields[] = {
    {.name = "attributes", .type = FIELD_OBJECT, .required = true},
};
static const struct shape shape_resource = {.name = "Resource", FIELDS(resource_fields)};

static const struct field activity_fields[] = {
    {.name = "traceId", .type = FIELD_TEXT, .required = true, .format = &format_hex},
    {.name = "spanId", .type = FIELD_TEXT, .required = true, .format = &format_hex},
    {.name = "parentSpanId", .type = FIELD_TEXT, .format = &format_hex},
    {.name = "name", .type = FIELD_TEXT, .required = true},
    {.name = "status", .type = FIELD_TEXT, .required = true, .format = &format_status},
    {.name = "startTime", .type = FIELD_TEXT, .required = true, .format = &format_timestamp},
    {.name = "endTime", .type = FIELD_TEXT, .required = true, .format = &format_timestamp},
    {.name = "resource", .type = FIELD_OBJECT, .required = true, .shape = &shape_resource},
    {.name = "attributes",
     .type = FIELD_OBJECT,
     .required = true,
     .description = "Those of the record, and `dpl.core.data_subject_id` when it is on a child."},
};
static const struct shape shape_activity = {.name = "ProcessingActivity", FIELDS(activity_fields)};

static const struct field metadata_fields[] = {
    {.name = "logbookId", .type = FIELD_TEXT, .required = true, .description = "The log's origin."},
    {.name = "organizationName", .type = FIELD_TEXT, .required = true},
};
static const struct shape shape_metadata = {.name = "LogbookMetadata", FIELDS(metadata_fields)};

static const struct field list_fields[] = {
    {.name = "metadata", .type = FIELD_OBJECT, .required = true, .shape = &shape_metadata},
    {.name = "processingActivities",
     .type = FIELD_OBJECTS,
     .required = true,
     .maximum = MODEL_PAGE_MAXIMUM,
     .shape = &shape_activity},
    {.name = "next",
     .type = FIELD_TEXT,
     .required = true,
     .nullable = true,
     .description = "The cursor of the next page; null on the last."},
};
const struct shape shape_activity_list = {.name = "ProcessingActivityList", FIELDS(list_fields)};

static void json_freep(json_t **json)
{
    json_decref(*json);
}

/* A text of our own record; what is not there is left out. */
static void write_member(struct writer *writer, const char *name, const json_t *record,
                         const char *member)
{
    const char *text = json_string_value(json_object_get(record, member));
    if (text != NULL) {
        writer_member_text(writer, name, text);
    }
}

static void write_attributes(struct writer *writer, const struct log_entry *entry,
                             const json_t *attributes)
{
    const char *name;
    json_t *value;
    writer_name(writer, "attributes");
    writer_begin_object(writer);
    if (entry->has_subject) {
        char subject[SECRET_HEX_SIZE(ACCESSLOG_SUBJECT_BYTES)];
        secret_to_hex(entry->subject, sizeof(entry->subject), subject);
        writer_member_text(writer, "dpl.core.data_subject_id", subject);
        writer_member_text(writer, "dpl.core.data_subject_id_type", SUBJECT_TYPE);
    }
    /* jansson's iterators want a pointer that is not const, and change nothing. */
    json_object_foreach((json_t *)(uintptr_t)attributes, name, value)
    {
        if (json_is_integer(value)) {
            writer_member_integer(writer, name, json_integer_value(value));
        } else {
            writer_member_text(writer, name, json_string_value(value));
        }
    }
    writer_end_object(writer);
}

/* False when the store gave a record that is none. */
static bool write_activity(struct writer *writer, const struct log_entry *entry)
{
    CLEANUP(json_freep)
    json_t *record = json_loadb(entry->public_part, entry->public_size, 0, NULL);
    if (record == NULL) {
        return false;
    }
    writer_begin_object(writer);
    write_member(writer, "traceId", record, "trace_id");
    write_member(writer, "spanId", record, "span_id");
    write_member(writer, "parentSpanId", record, "parent_span_id");
    write_member(writer, "name", record, "name");
    write_member(writer, "status", record, "status");
    writer_member_timestamp(writer, "startTime", entry->logged_at);
    writer_member_timestamp(writer, "endTime", entry->logged_at);
    writer_name(writer, "resource");
    writer_begin_object(writer);
    writer_name(writer, "attributes");
    writer_begin_object(writer);
    writer_member_text(writer, "service.name", "verwijsindex");
    writer_member_text(writer, "service.version", API_VERSION);
    writer_end_object(writer);
    writer_end_object(writer);
    write_attributes(writer, entry, json_object_get(record, "attributes"));
    writer_end_object(writer);
    return true;
}

/* ---- the request ---- */

static const struct text_input *one_of(const struct text_input *name,
                                       const struct text_input *attribute)
{
    return name->text != NULL ? name : attribute;
}

/* That there is something to search by, which a page of the whole log is not. */
void activities_check(struct exchange *x)
{
    const struct activities_request *in = x->body;
    if (!in->trace.given && !in->activity.given && !in->activity_attribute.given &&
        !in->subject.given && !in->subject_attribute.given) {
        faults_add(&x->faults, "#",
                   "Give at least one of traceId, processingActivityId and dataSubjectId.");
    }
    if (in->activity.given && in->activity_attribute.given) {
        faults_add(&x->faults, "#/dpl.core.processing_activity_id",
                   "This is processingActivityId: give one of them.");
    }
    if (in->subject.given && in->subject_attribute.given) {
        faults_add(&x->faults, "#/dpl.core.data_subject_id",
                   "This is dataSubjectId: give one of them.");
    }
}

static bool parse_time(const struct text_input *in, int64_t *instant)
{
    return in->text == NULL || calendar_parse_timestamp(in->text, in->length, instant) == 0;
}

/* False: there can be no such record. */
static bool make_query(const struct activities_request *in, struct log_query *query, bool *ret_good)
{
    const struct text_input *activity = one_of(&in->activity, &in->activity_attribute);
    const struct text_input *subject = one_of(&in->subject, &in->subject_attribute);
    query->from = INT64_MIN;
    query->to = INT64_MAX;
    query->has_trace = in->trace.text != NULL;
    query->has_subject_id = subject->text != NULL;
    *ret_good =
        parse_time(&in->from, &query->from) && parse_time(&in->to, &query->to) &&
        (!query->has_trace || parse_trace(in->trace.text, in->trace.length, query->trace_id)) &&
        (!query->has_subject_id ||
         secret_from_hex(subject->text, subject->length, query->subject_id,
                         sizeof(query->subject_id)) == 0);
    if (activity->text == NULL) {
        return true;
    }
    size_t length = strlen(ACTIVITY_PREFIX);
    query->event = strncmp(activity->text, ACTIVITY_PREFIX, length) == 0
                       ? accesslog_event_from_name(activity->text + length)
                       : 0;
    return query->event != 0;
}

/* Whether the log knows this child, be it that nothing of it was asked for. */
static int is_somebody(struct exchange *x, const struct log_query *query, bool *ret_somebody)
{
    struct log_query any = {
        .start = UINT64_MAX,
        .bound = query->bound,
        .from = INT64_MIN,
        .to = INT64_MAX,
        .has_subject_id = true,
        .limit = 1,
    };
    struct log_page page;
    memcpy(any.subject_id, query->subject_id, sizeof(any.subject_id));
    int r = store_read_log(x->snapshot, &any, &page);
    if (r == 0) {
        *ret_somebody = page.count > 0 || page.more;
    }
    return r;
}

/* The reading belongs to the history of whom it was about, when that is somebody. */
static int describe(struct exchange *x, const struct activities_request *in,
                    const struct log_query *query, const struct log_page *page,
                    struct log_note *ret_note)
{
    *ret_note = (struct log_note){
        .event = LOG_LOG_SEARCHED,
        .case_reference = in->case_reference.text,
        .count = (uint32_t)page->count,
    };
    memcpy(ret_note->subject_id, query->subject_id, sizeof(ret_note->subject_id));
    if (query->has_subject_id && page->count == 0) {
        return is_somebody(x, query, &ret_note->has_subject_id);
    }
    ret_note->has_subject_id = query->has_subject_id;
    return 0;
}

void activities_search(struct exchange *x)
{
    const struct activities_request *in = x->body;
    struct log_query query = {.start = UINT64_MAX};
    struct log_page page = {0};
    struct log_note *note = exchange_new_memory(x, sizeof(*note));
    bool is_good = false;
    if (!paging_read_log(x, CURSOR_ACTIVITIES, &in->paging, &query)) {
        return;
    }
    bool can_be = make_query(in, &query, &is_good);
    int r = note == NULL ? -ENOMEM : !is_good ? -EINVAL : 0;
    if (r == 0 && can_be) {
        r = store_read_log(x->snapshot, &query, &page);
    }
    if (r == 0) {
        r = describe(x, in, &query, &page, note);
    }
    if (r != 0) {
        exchange_refuse_result(x, r);
        return;
    }
    struct writer *writer = exchange_begin_json(x);
    writer_begin_object(writer);
    writer_name(writer, "metadata");
    writer_begin_object(writer);
    writer_member_text(writer, "logbookId", x->options.api->options.log_origin);
    writer_member_text(writer, "organizationName", x->options.api->options.operator_name);
    writer_end_object(writer);
    writer_name(writer, "processingActivities");
    writer_begin_list(writer);
    for (size_t i = 0; i < page.count; i++) {
        if (!page.entries[i].destroyed && !write_activity(writer, &page.entries[i])) {
            exchange_fail(x);
            return;
        }
    }
    view_end_list(writer, paging_log_cursor(x, CURSOR_ACTIVITIES, &query, &page));
    if (!exchange_set_json(x, 200)) {
        return;
    }
    exchange_disclose(x, note, 1);
}
