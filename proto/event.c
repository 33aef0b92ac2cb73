/* SPDX-License-Identifier: EUPL-1.2 */
#include "proto/event.h"

#include <inttypes.h>
#include <stdio.h>

#include "proto/views.h"

#define FIELDS(table) .fields = table, .count = ARRAY_LENGTH(table)

const char *const event_types[] = {
    [NOTICE_MATCH_FORMED - 1] = "nl.verwijsindex.match-formed.v1",
    [NOTICE_MATCH_JOINED - 1] = "nl.verwijsindex.match-joined.v1",
    [NOTICE_MATCH_RETRACTED - 1] = "nl.verwijsindex.match-retracted.v1",
    NULL,
};

static const char *const spec_versions[] = {"1.0", NULL};
static const char *const sequence_types[] = {"Integer", NULL};
static const char *const content_types[] = {"application/json", NULL};

static const struct format format_event_type = {.values = event_types};
static const struct format format_spec_version = {.values = spec_versions};
static const struct format format_sequence_type = {.values = sequence_types};
static const struct format format_content_type = {.values = content_types};
static const struct format format_sequence = {.pattern = "^[0-9]+$"};
static const struct format format_kind = {.values = view_match_kinds};

static const struct field data_fields[] = {
    {.name = "matchId", .type = FIELD_TEXT, .required = true, .format = &format_uuid},
    {.name = "matchKey", .type = FIELD_TEXT, .required = true, .format = &format_match_key},
    {.name = "kind", .type = FIELD_TEXT, .required = true, .format = &format_kind},
    {.name = "ownSignal",
     .type = FIELD_OBJECT,
     .shape = &shape_own_signal,
     .description = "Which of the party's own signals it is about; absent for a municipality."},
    {.name = "involved",
     .type = FIELD_OBJECTS,
     .shape = &shape_involved,
     .description = "Absent where nobody's involvement is told any more."},
};
static const struct shape shape_data = {.name = "NoticeData", FIELDS(data_fields)};

static const struct field event_fields[] = {
    {.name = "specversion", .type = FIELD_TEXT, .required = true, .format = &format_spec_version},
    {.name = "id",
     .type = FIELD_TEXT,
     .required = true,
     .format = &format_uuid,
     .description = "The same every time the notice is given."},
    {.name = "source", .type = FIELD_TEXT, .required = true},
    {.name = "type", .type = FIELD_TEXT, .required = true, .format = &format_event_type},
    {.name = "time", .type = FIELD_TEXT, .required = true, .format = &format_timestamp},
    {.name = "sequence",
     .type = FIELD_TEXT,
     .required = true,
     .format = &format_sequence,
     .description = "Per party, from 1, only grows; an erasure leaves a gap."},
    {.name = "sequencetype", .type = FIELD_TEXT, .required = true, .format = &format_sequence_type},
    {.name = "datacontenttype",
     .type = FIELD_TEXT,
     .required = true,
     .format = &format_content_type},
    {.name = "data", .type = FIELD_OBJECT, .required = true, .shape = &shape_data},
};
const struct shape shape_event = {
    .name = "Notice", FIELDS(event_fields), .description = "A CloudEvent (NL GOV profile 1.1)."};

static void write_data(struct writer *writer, const struct notice *notice)
{
    char id[UUID_TEXT_SIZE];
    uuid_format(&notice->match.id, id);
    writer_begin_object(writer);
    writer_member_text(writer, "matchId", id);
    writer_member_text(writer, "matchKey", notice->match.key);
    writer_member_text(writer, "kind", view_match_kinds[notice->match.kind - 1]);
    if (notice->has_own) {
        writer_name(writer, "ownSignal");
        view_own_signal(writer, &notice->own);
    }
    if (notice->match.involved_count > 0) {
        view_involved(writer, &notice->match);
    }
    writer_end_object(writer);
}

void event_write(struct writer *writer, const char *source, const struct notice *notice)
{
    char id[UUID_TEXT_SIZE];
    char sequence[24];
    uuid_format(&notice->id, id);
    snprintf(sequence, sizeof(sequence), "%" PRIu64, notice->sequence);
    writer_begin_object(writer);
    writer_member_text(writer, "specversion", spec_versions[0]);
    writer_member_text(writer, "id", id);
    writer_member_text(writer, "source", source);
    writer_member_text(writer, "type", event_types[notice->type - 1]);
    writer_member_timestamp(writer, "time", notice->logged_at);
    writer_member_text(writer, "sequence", sequence);
    writer_member_text(writer, "sequencetype", sequence_types[0]);
    writer_member_text(writer, "datacontenttype", content_types[0]);
    writer_name(writer, "data");
    write_data(writer, notice);
    writer_end_object(writer);
}
