/* SPDX-License-Identifier: EUPL-1.2 */
#include "proto/views.h"

#include <string.h>

#define FIELDS(table) .fields = table, .count = ARRAY_LENGTH(table)

const char *const view_signal_statuses[] = {"active", "archived", NULL};
const char *const view_match_statuses[] = {"open", "contacted", "stalled", "ended", NULL};
const char *const view_match_kinds[] = {"child", "family", NULL};

static const struct format format_signal_status = {.values = view_signal_statuses};
static const struct format format_match_status = {.values = view_match_statuses};
static const struct format format_match_kind = {.values = view_match_kinds};

static void member_uuid(struct writer *writer, const char *name, const struct uuid *id)
{
    char text[UUID_TEXT_SIZE];
    uuid_format(id, text);
    writer_member_text(writer, name, text);
}

void view_begin_list(struct writer *writer, const char *plural)
{
    writer_begin_object(writer);
    writer_name(writer, plural);
    writer_begin_list(writer);
}

void view_end_list(struct writer *writer, const char *next)
{
    writer_end_list(writer);
    writer_member_text(writer, "next", next);
    writer_end_object(writer);
}

#define FIELD_NEXT                                                                                 \
    {                                                                                              \
        .name = "next", .type = FIELD_TEXT, .required = true, .nullable = true,                    \
        .format = &format_cursor, .description = "Cursor of the next page; null at the end."       \
    }

/* ---- contact data ---- */

static const struct field organisation_fields[] = {
    {.name = "oin", .type = FIELD_TEXT, .required = true, .format = &format_oin},
    {.name = "name", .type = FIELD_TEXT, .required = true},
};
const struct shape shape_organisation = {.name = "Organisation", FIELDS(organisation_fields)};

static const struct field contact_fields[] = {
    {.name = "name", .type = FIELD_TEXT, .required = true, .nullable = true},
    {.name = "function", .type = FIELD_TEXT, .required = true, .nullable = true},
    {.name = "email", .type = FIELD_TEXT, .required = true, .nullable = true},
    {.name = "phone", .type = FIELD_TEXT, .required = true, .nullable = true},
};
const struct shape shape_contact = {.name = "Contact", FIELDS(contact_fields)};

static void write_contact(struct writer *writer, const struct contact *contact)
{
    writer_member_filled(writer, "name", contact->name);
    writer_member_filled(writer, "function", contact->function);
    writer_member_filled(writer, "email", contact->email);
    writer_member_filled(writer, "phone", contact->phone);
}

static const struct field involved_fields[] = {
    {.name = "organisation", .type = FIELD_OBJECT, .required = true, .shape = &shape_organisation},
    {.name = "professional", .type = FIELD_OBJECT, .required = true, .shape = &shape_contact},
};
const struct shape shape_involved = {.name = "Involved", FIELDS(involved_fields)};

void view_organisation(struct writer *writer, const struct oin *oin, const char *name)
{
    writer_name(writer, "organisation");
    writer_begin_object(writer);
    writer_member_text(writer, "oin", oin->text);
    writer_member_text(writer, "name", name);
    writer_end_object(writer);
}

void view_involved_members(struct writer *writer, const struct involved *involved)
{
    view_organisation(writer, &involved->oin, involved->organisation);
    writer_name(writer, "professional");
    writer_begin_object(writer);
    write_contact(writer, &involved->contact);
    writer_end_object(writer);
}

void view_involved(struct writer *writer, const struct match_view *match)
{
    writer_name(writer, "involved");
    writer_begin_list(writer);
    for (size_t i = 0; i < match->involved_count; i++) {
        writer_begin_object(writer);
        view_involved_members(writer, &match->involved[i]);
        writer_end_object(writer);
    }
    writer_end_list(writer);
}

/* ---- professionals ---- */

static const struct field professional_fields[] = {
    {.name = "id", .type = FIELD_TEXT, .required = true, .format = &format_professional_id},
    {.name = "name", .type = FIELD_TEXT, .required = true, .nullable = true},
    {.name = "function", .type = FIELD_TEXT, .required = true, .nullable = true},
    {.name = "email", .type = FIELD_TEXT, .required = true, .nullable = true},
    {.name = "phone", .type = FIELD_TEXT, .required = true, .nullable = true},
};
const struct shape shape_professional = {.name = "Professional", FIELDS(professional_fields)};

static const struct field professional_list_fields[] = {
    {.name = "professionals",
     .type = FIELD_OBJECTS,
     .required = true,
     .maximum = MODEL_PAGE_MAXIMUM,
     .shape = &shape_professional},
    FIELD_NEXT,
};
const struct shape shape_professional_list = {.name = "ProfessionalList",
                                              FIELDS(professional_list_fields)};

void view_professional(struct writer *writer, const struct professional *professional)
{
    writer_begin_object(writer);
    writer_member_text(writer, "id", professional->id);
    write_contact(writer, &professional->contact);
    writer_end_object(writer);
}

/* ---- matches ---- */

static const struct field own_signal_fields[] = {
    {.name = "id", .type = FIELD_TEXT, .required = true, .format = &format_uuid},
    {.name = "reference", .type = FIELD_TEXT, .required = true, .nullable = true},
    {.name = "professional",
     .type = FIELD_TEXT,
     .required = true,
     .format = &format_professional_id},
};
const struct shape shape_own_signal = {.name = "OwnSignal", FIELDS(own_signal_fields)};

void view_own_signal(struct writer *writer, const struct own_signal *own)
{
    writer_begin_object(writer);
    member_uuid(writer, "id", &own->id);
    writer_member_filled(writer, "reference", own->reference);
    writer_member_text(writer, "professional", own->professional);
    writer_end_object(writer);
}

static const struct field match_fields[] = {
    {.name = "id", .type = FIELD_TEXT, .required = true, .format = &format_uuid},
    {.name = "key",
     .type = FIELD_TEXT,
     .required = true,
     .format = &format_match_key,
     .description = "To quote on the telephone."},
    {.name = "kind", .type = FIELD_TEXT, .required = true, .format = &format_match_kind},
    {.name = "status", .type = FIELD_TEXT, .required = true, .format = &format_match_status},
    {.name = "notifiedAt",
     .type = FIELD_TEXT,
     .required = true,
     .format = &format_timestamp,
     .description = "When this party was told."},
    {.name = "followUpDueDate",
     .type = FIELD_TEXT,
     .required = true,
     .nullable = true,
     .format = &format_date},
    {.name = "involved",
     .type = FIELD_OBJECTS,
     .required = true,
     .shape = &shape_involved,
     .description = "All who have a live signal, with their contact data as it is now."},
    {.name = "ownSignals",
     .type = FIELD_OBJECTS,
     .shape = &shape_own_signal,
     .description = "Absent for a municipality."},
};
const struct shape shape_match = {.name = "Match", FIELDS(match_fields)};

static const struct field match_list_fields[] = {
    {.name = "matches",
     .type = FIELD_OBJECTS,
     .required = true,
     .maximum = MODEL_PAGE_MAXIMUM,
     .shape = &shape_match},
    FIELD_NEXT,
};
const struct shape shape_match_list = {.name = "MatchList", FIELDS(match_list_fields)};

void view_match(struct writer *writer, const struct match_view *match)
{
    writer_begin_object(writer);
    member_uuid(writer, "id", &match->id);
    writer_member_text(writer, "key", match->key);
    writer_member_text(writer, "kind", view_match_kinds[match->kind - 1]);
    writer_member_text(writer, "status", view_match_statuses[match->status - 1]);
    writer_member_timestamp(writer, "notifiedAt", match->notified_at);
    if (match->follow_up_due_day != 0) {
        writer_member_date(writer, "followUpDueDate", match->follow_up_due_day);
    } else {
        writer_member_null(writer, "followUpDueDate");
    }
    view_involved(writer, match);
    if (match->own_count > 0) {
        writer_name(writer, "ownSignals");
        writer_begin_list(writer);
        for (size_t i = 0; i < match->own_count; i++) {
            view_own_signal(writer, &match->own[i]);
        }
        writer_end_list(writer);
    }
    writer_end_object(writer);
}

/* ---- signals ---- */

#define SIGNAL_FIELDS                                                                              \
    {.name = "id", .type = FIELD_TEXT, .required = true, .format = &format_uuid},                  \
        {.name = "status", .type = FIELD_TEXT, .required = true, .format = &format_signal_status}, \
        {.name = "reportedAt", .type = FIELD_TEXT, .required = true, .format = &format_timestamp}, \
        {.name = "removalDate",                                                                    \
         .type = FIELD_TEXT,                                                                       \
         .required = true,                                                                         \
         .format = &format_date,                                                                   \
         .description = "The day on which it leaves the index for the archive."},                  \
        {.name = "professional",                                                                   \
         .type = FIELD_TEXT,                                                                       \
         .required = true,                                                                         \
         .format = &format_professional_id},                                                       \
        {.name = "municipality",                                                                   \
         .type = FIELD_TEXT,                                                                       \
         .required = true,                                                                         \
         .format = &format_municipality},                                                          \
    {                                                                                              \
        .name = "reference", .type = FIELD_TEXT, .required = true, .nullable = true                \
    }

static const struct field signal_fields[] = {SIGNAL_FIELDS};
const struct shape shape_signal = {.name = "Signal", FIELDS(signal_fields)};

static const struct field signal_posted_fields[] = {
    SIGNAL_FIELDS,
    {.name = "match",
     .type = FIELD_OBJECT,
     .required = true,
     .nullable = true,
     .shape = &shape_match,
     .description = "Null while nobody else has a live signal on this child."},
};
const struct shape shape_signal_posted = {.name = "SignalPosted", FIELDS(signal_posted_fields)};

static const struct field signal_list_fields[] = {
    {.name = "signals",
     .type = FIELD_OBJECTS,
     .required = true,
     .maximum = MODEL_PAGE_MAXIMUM,
     .shape = &shape_signal},
    FIELD_NEXT,
};
const struct shape shape_signal_list = {.name = "SignalList", FIELDS(signal_list_fields)};

void view_signal(struct writer *writer, const struct signal *signal, bool with_match,
                 const struct match_view *match)
{
    char municipality[MUNICIPALITY_TEXT_SIZE];
    municipality_format(signal->municipality, municipality);
    writer_begin_object(writer);
    member_uuid(writer, "id", &signal->id);
    writer_member_text(writer, "status", view_signal_statuses[signal->status - 1]);
    writer_member_timestamp(writer, "reportedAt", signal->reported_at);
    writer_member_date(writer, "removalDate", signal->removal_day);
    writer_member_text(writer, "professional", signal->professional);
    writer_member_text(writer, "municipality", municipality);
    writer_member_filled(writer, "reference", signal->reference);
    if (with_match) {
        writer_name(writer, "match");
        if (match != NULL) {
            view_match(writer, match);
        } else {
            writer_null(writer);
        }
    }
    writer_end_object(writer);
}

/* ---- the access log ---- */

static const struct field log_entry_fields[] = {
    {.name = "index", .type = FIELD_INTEGER, .required = true},
    {.name = "record",
     .type = FIELD_OBJECT,
     .required = true,
     .nullable = true,
     .description = "Logboek Dataverwerkingen record in canonical JSON (RFC 8785); null, as are "
                    "the salts, once it was destroyed."},
    {.name = "salt",
     .type = FIELD_TEXT,
     .required = true,
     .nullable = true,
     .format = &format_base64url},
    {.name = "subject",
     .type = FIELD_TEXT,
     .required = true,
     .nullable = true,
     .format = &format_hex},
    {.name = "subjectSalt",
     .type = FIELD_TEXT,
     .required = true,
     .nullable = true,
     .format = &format_base64url},
    {.name = "commitment", .type = FIELD_TEXT, .required = true, .format = &format_base64url},
    {.name = "destroyed",
     .type = FIELD_BOOLEAN,
     .description = "True: the record was destroyed when its term had ended; else not there."},
};
const struct shape shape_log_entry = {.name = "LogEntry", FIELDS(log_entry_fields)};

static const struct field log_entry_list_fields[] = {
    {.name = "logEntries",
     .type = FIELD_OBJECTS,
     .required = true,
     .maximum = MODEL_PAGE_MAXIMUM,
     .shape = &shape_log_entry},
    FIELD_NEXT,
};
const struct shape shape_log_entry_list = {.name = "LogEntryList", FIELDS(log_entry_list_fields)};

void view_log_entry(struct writer *writer, const struct log_entry *entry)
{
    writer_begin_object(writer);
    writer_member_unsigned(writer, "index", entry->index);
    if (entry->destroyed) {
        writer_member_null(writer, "record");
        writer_member_null(writer, "salt");
        writer_member_null(writer, "subject");
        writer_member_null(writer, "subjectSalt");
        writer_member_boolean(writer, "destroyed", true);
    } else {
        char subject[ACCESSLOG_SUBJECT_BYTES * 2 + 1];
        static const char digits[] = "0123456789abcdef";
        for (size_t i = 0; i < ACCESSLOG_SUBJECT_BYTES; i++) {
            subject[i * 2] = digits[entry->subject[i] >> 4];
            subject[i * 2 + 1] = digits[entry->subject[i] & 15];
        }
        subject[sizeof(subject) - 1] = '\0';
        writer_name(writer, "record");
        writer_raw(writer, entry->public_part, entry->public_size);
        writer_member_base64url(writer, "salt", entry->salts.entry, sizeof(entry->salts.entry));
        writer_member_text(writer, "subject", entry->has_subject ? subject : NULL);
        writer_member_base64url(writer, "subjectSalt", entry->salts.subject,
                                sizeof(entry->salts.subject));
    }
    writer_member_base64url(writer, "commitment", entry->commitment, sizeof(entry->commitment));
    writer_end_object(writer);
}

/* ---- problems ---- */

static const struct field problem_fields[] = {
    {.name = "type", .type = FIELD_TEXT, .required = true, .format = &format_uri},
    {.name = "title", .type = FIELD_TEXT, .required = true},
    {.name = "status", .type = FIELD_INTEGER, .required = true},
    {.name = "detail", .type = FIELD_TEXT, .required = true},
};
const struct shape shape_problem = {
    .name = "Problem", FIELDS(problem_fields), .description = "RFC 9457."};

static const struct field fault_fields[] = {
    {.name = "detail", .type = FIELD_TEXT, .required = true},
    {.name = "pointer",
     .type = FIELD_TEXT,
     .required = true,
     .description = "JSON Pointer (RFC 6901) of the member, or # and the name of the parameter."},
};
const struct shape shape_fault = {.name = "Fault", FIELDS(fault_fields)};
