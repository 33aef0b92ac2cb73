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
    [NOTICE_MATCH_ENDED - 1] = "nl.verwijsindex.match-ended.v1",
    [NOTICE_ARCHIVED_INVOLVEMENT - 1] = "nl.verwijsindex.archived-involvement.v1",
    [NOTICE_RENEWAL_DUE - 1] = "nl.verwijsindex.signal-renewal-due.v1",
    [NOTICE_SIGNAL_REMOVED - 1] = "nl.verwijsindex.signal-removed.v1",
    [NOTICE_FOLLOW_UP_STALLED - 1] = "nl.verwijsindex.follow-up-stalled.v1",
    [NOTICE_YOUTH_MOVED - 1] = "nl.verwijsindex.youth-moved.v1",
    [NOTICE_PEEK_SUSPECTED - 1] = "nl.verwijsindex.peek-suspected.v1",
    [NOTICE_ACCESS_REQUESTED - 1] = "nl.verwijsindex.access-requested.v1",
    [NOTICE_NOTICES_COUNTED - 1] = "nl.verwijsindex.notices-counted.v1",
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

static const struct field unread_fields[] = {
    {.name = "organisation", .type = FIELD_OBJECT, .required = true, .shape = &shape_organisation},
    {.name = "professional", .type = FIELD_OBJECT, .required = true, .shape = &shape_contact},
    {.name = "since",
     .type = FIELD_TEXT,
     .required = true,
     .format = &format_timestamp,
     .description = "When the newest notice of the match was put in the inbox."},
};
static const struct shape shape_unread = {.name = "Unread", FIELDS(unread_fields)};

static const struct field data_fields[] = {
    {.name = "matchId", .type = FIELD_TEXT, .format = &format_uuid},
    {.name = "matchKey", .type = FIELD_TEXT, .format = &format_match_key},
    {.name = "kind", .type = FIELD_TEXT, .format = &format_kind},
    {.name = "ownSignal",
     .type = FIELD_OBJECT,
     .shape = &shape_own_signal,
     .description = "Which of the party's own signals it is about; absent for a municipality."},
    {.name = "involved",
     .type = FIELD_OBJECTS,
     .shape = &shape_involved,
     .description = "Absent where nobody's involvement is told, or none any more."},
    {.name = "removalDate",
     .type = FIELD_TEXT,
     .format = &format_date,
     .description = "signal-renewal-due: when it leaves the index unless it is renewed."},
    {.name = "municipality",
     .type = FIELD_TEXT,
     .format = &format_municipality,
     .description = "youth-moved: to where (CBS code); absent for that municipality itself."},
    {.name = "unread",
     .type = FIELD_OBJECTS,
     .shape = &shape_unread,
     .description = "follow-up-stalled: who has not acknowledged the notice of the match."},
    {.name = "logIndex",
     .type = FIELD_INTEGER,
     .description = "For auditors: the entry that it is about."},
    {.name = "organisation",
     .type = FIELD_OBJECT,
     .shape = &shape_organisation,
     .description = "For auditors: whose doing that was."},
};
static const struct shape shape_data = {
    .name = "NoticeData", FIELDS(data_fields), .description = "As far as it applies to the type."};

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

static void write_unread(struct writer *writer, const struct notice *notice)
{
    writer_name(writer, "unread");
    writer_begin_list(writer);
    for (size_t i = 0; i < notice->unread_count; i++) {
        writer_begin_object(writer);
        view_involved_members(writer, &notice->unread[i].who);
        writer_member_timestamp(writer, "since", notice->unread[i].since);
        writer_end_object(writer);
    }
    writer_end_list(writer);
}

/* What only some types have. */
static void write_particulars(struct writer *writer, const struct notice *notice)
{
    if (notice->removal_day != 0) {
        writer_member_date(writer, "removalDate", notice->removal_day);
    }
    /* The municipality of the residence is told of the match, and knows where it is itself. */
    if (notice->municipality != 0 && notice->has_own) {
        char code[MUNICIPALITY_TEXT_SIZE];
        municipality_format(notice->municipality, code);
        writer_member_text(writer, "municipality", code);
    }
    if (notice->type == NOTICE_FOLLOW_UP_STALLED) {
        write_unread(writer, notice);
    }
    if (notice->actor.text[0] != '\0') {
        writer_member_unsigned(writer, "logIndex", notice->log_index);
        view_organisation(writer, &notice->actor, notice->actor_name);
    }
}

static void write_data(struct writer *writer, const struct notice *notice)
{
    writer_begin_object(writer);
    if (notice->has_match) {
        char id[UUID_TEXT_SIZE];
        uuid_format(&notice->match.id, id);
        writer_member_text(writer, "matchId", id);
        writer_member_text(writer, "matchKey", notice->match.key);
        writer_member_text(writer, "kind", view_match_kinds[notice->match.kind - 1]);
    }
    if (notice->has_own) {
        writer_name(writer, "ownSignal");
        view_own_signal(writer, &notice->own);
    }
    if (notice->match.involved_count > 0) {
        view_involved(writer, &notice->match);
    }
    write_particulars(writer, notice);
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
