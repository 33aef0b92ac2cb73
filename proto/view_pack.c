/* SPDX-License-Identifier: EUPL-1.2 */
#include <stdio.h>

#include "proto/pack.h"
#include "proto/views.h"
#include "store/base/clock.h"

#define FIELDS(table) .fields = table, .count = ARRAY_LENGTH(table)
#define STATEMENT_MAXIMUM 256

static const struct format format_signal_status = {.values = view_signal_statuses};
static const struct format format_match_status = {.values = view_match_statuses};
static const struct format format_match_kind = {.values = view_match_kinds};

static const struct field signal_fields[] = {
    {.name = "status", .type = FIELD_TEXT, .required = true, .format = &format_signal_status},
    {.name = "reportedAt", .type = FIELD_TEXT, .required = true, .format = &format_timestamp},
    {.name = "removalDate", .type = FIELD_TEXT, .required = true, .format = &format_date},
    {.name = "erasureDate", .type = FIELD_TEXT, .required = true, .format = &format_date},
    {.name = "endedAt",
     .type = FIELD_TEXT,
     .required = true,
     .nullable = true,
     .format = &format_timestamp},
    {.name = "organisation", .type = FIELD_OBJECT, .required = true, .shape = &shape_organisation},
    {.name = "professional", .type = FIELD_OBJECT, .required = true, .shape = &shape_contact},
    {.name = "municipality", .type = FIELD_TEXT, .required = true, .format = &format_municipality},
};
static const struct shape shape_signals = {.name = "AccessSignal", FIELDS(signal_fields)};

static const struct field match_fields[] = {
    {.name = "kind", .type = FIELD_TEXT, .required = true, .format = &format_match_kind},
    {.name = "status", .type = FIELD_TEXT, .required = true, .format = &format_match_status},
    {.name = "formedAt", .type = FIELD_TEXT, .required = true, .format = &format_timestamp},
    {.name = "endedAt",
     .type = FIELD_TEXT,
     .required = true,
     .nullable = true,
     .format = &format_timestamp},
};
static const struct shape shape_matches = {.name = "AccessMatch", FIELDS(match_fields)};

static const struct field registry_fields[] = {
    {.name = "residence",
     .type = FIELD_TEXT,
     .required = true,
     .nullable = true,
     .format = &format_municipality},
    {.name = "parents",
     .type = FIELD_INTEGER,
     .required = true,
     .description = "How many are known; not who."},
    {.name = "address",
     .type = FIELD_BOOLEAN,
     .required = true,
     .description = "Whether one is known; not which."},
    {.name = "institution", .type = FIELD_BOOLEAN, .required = true},
    {.name = "formerNumbers",
     .type = FIELD_INTEGER,
     .required = true,
     .description = "How many numbers were replaced."},
};
static const struct shape shape_registry = {
    .name = "AccessRegistry",
    FIELDS(registry_fields),
    .description = "What the population register has told, kept unreadably: it can be compared, "
                   "and not given out. Empty unless the youth lives in this municipality, or has "
                   "a signal under it."};

static const struct field told_fields[] = {
    {.name = "at", .type = FIELD_TEXT, .required = true, .format = &format_timestamp},
    {.name = "event", .type = FIELD_TEXT, .required = true, .format = &format_event},
    {.name = "organisation",
     .type = FIELD_OBJECT,
     .required = true,
     .nullable = true,
     .shape = &shape_organisation,
     .description = "Whose doing it was; null: the index's own."},
    {.name = "object", .type = FIELD_TEXT, .required = true, .nullable = true},
};
static const struct shape shape_told = {.name = "AccessTold", FIELDS(told_fields)};

static const struct field pack_fields[] = {
    {.name = "logIndex",
     .type = FIELD_INTEGER,
     .required = true,
     .description = "Of the request itself; the entry's count says how much is held."},
    {.name = "receipt",
     .type = FIELD_TEXT,
     .required = true,
     .description = "A c2sp.org/tlog-proof@v1 of that entry, to be kept as a file."},
    {.name = "requestedAt", .type = FIELD_TEXT, .required = true, .format = &format_timestamp},
    {.name = "municipality", .type = FIELD_TEXT, .required = true, .format = &format_municipality},
    {.name = "held",
     .type = FIELD_BOOLEAN,
     .required = true,
     .description = "Whether anything is, under this municipality."},
    {.name = "statement",
     .type = FIELD_TEXT,
     .required = true,
     .description = "What is held, in one sentence."},
    {.name = "signals", .type = FIELD_OBJECTS, .required = true, .shape = &shape_signals},
    {.name = "matches", .type = FIELD_OBJECTS, .required = true, .shape = &shape_matches},
    {.name = "registry", .type = FIELD_OBJECT, .required = true, .shape = &shape_registry},
    {.name = "told",
     .type = FIELD_OBJECTS,
     .required = true,
     .maximum = PACK_TOLD_MAXIMUM,
     .shape = &shape_told,
     .description = "What the log holds on it, oldest first."},
    {.name = "toldComplete",
     .type = FIELD_BOOLEAN,
     .required = true,
     .description = "False when there is more than fits."},
};
const struct shape shape_pack = {.name = "AccessPack", FIELDS(pack_fields)};

static void member_municipality(struct writer *writer, const char *name, uint16_t code)
{
    char text[MUNICIPALITY_TEXT_SIZE];
    municipality_format(code, text);
    writer_member_text(writer, name, code != 0 ? text : NULL);
}

static void member_ended(struct writer *writer, int64_t instant)
{
    if (instant != 0) {
        writer_member_timestamp(writer, "endedAt", instant);
    } else {
        writer_member_null(writer, "endedAt");
    }
}

static void member_statement(struct writer *writer, const struct pack *pack)
{
    char text[STATEMENT_MAXIMUM];
    char at[CLOCK_TIMESTAMP_SIZE];
    char code[MUNICIPALITY_TEXT_SIZE];
    calendar_format_timestamp(pack->requested_at, at);
    municipality_format(pack->municipality->municipality, code);
    if (!pack->held) {
        snprintf(text, sizeof(text),
                 "At %s this index held nothing on this youth under municipality %s.", at, code);
    } else {
        size_t count = pack->access.signal_count;
        snprintf(text, sizeof(text),
                 "At %s this index held %zu signal%s%s on this youth under municipality %s.", at,
                 count, count == 1 ? "" : "s",
                 pack->access.registry_data ? " and data of the population register" : "", code);
    }
    writer_member_text(writer, "statement", text);
}

static void write_signal(struct writer *writer, const struct pack_signal *item)
{
    const struct signal *signal = &item->signal;
    writer_begin_object(writer);
    writer_member_text(writer, "status", view_signal_statuses[signal->status - 1]);
    writer_member_timestamp(writer, "reportedAt", signal->reported_at);
    writer_member_date(writer, "removalDate", signal->removal_day);
    writer_member_date(writer, "erasureDate", signal->erasure_day);
    member_ended(writer, signal->ended_at);
    view_involved_members(writer, &item->by);
    member_municipality(writer, "municipality", signal->municipality);
    writer_end_object(writer);
}

static void write_match(struct writer *writer, const struct pack_match *match)
{
    writer_begin_object(writer);
    writer_member_text(writer, "kind", view_match_kinds[match->kind - 1]);
    writer_member_text(writer, "status", view_match_statuses[match->status - 1]);
    writer_member_timestamp(writer, "formedAt", match->formed_at);
    member_ended(writer, match->ended_at);
    writer_end_object(writer);
}

static void write_registry(struct writer *writer, const struct access_pack *access)
{
    writer_begin_object(writer);
    member_municipality(writer, "residence", access->residence);
    writer_member_unsigned(writer, "parents", access->parents);
    writer_member_boolean(writer, "address", access->has_address);
    writer_member_boolean(writer, "institution", access->is_institution);
    writer_member_unsigned(writer, "formerNumbers", access->former_numbers);
    writer_end_object(writer);
}

static void write_told(struct writer *writer, const struct told_item *item)
{
    writer_begin_object(writer);
    writer_member_timestamp(writer, "at", item->at);
    writer_member_text(writer, "event", accesslog_event_name(item->event));
    if (item->oin.text[0] != '\0') {
        view_organisation(writer, &item->oin, item->name);
    } else {
        writer_member_null(writer, "organisation");
    }
    writer_member_text(writer, "object", item->object);
    writer_end_object(writer);
}

void pack_write_json(struct writer *writer, const struct pack *pack)
{
    const struct access_pack *access = &pack->access;
    writer_begin_object(writer);
    writer_member_unsigned(writer, "logIndex", pack->log_index);
    writer_member_text(writer, "receipt", pack->receipt);
    writer_member_timestamp(writer, "requestedAt", pack->requested_at);
    member_municipality(writer, "municipality", pack->municipality->municipality);
    writer_member_boolean(writer, "held", pack->held);
    member_statement(writer, pack);
    writer_name(writer, "signals");
    writer_begin_list(writer);
    for (size_t i = 0; i < access->signal_count; i++) {
        write_signal(writer, &access->signals[i]);
    }
    writer_end_list(writer);
    writer_name(writer, "matches");
    writer_begin_list(writer);
    for (size_t i = 0; i < access->match_count; i++) {
        write_match(writer, &access->matches[i]);
    }
    writer_end_list(writer);
    writer_name(writer, "registry");
    write_registry(writer, access);
    writer_name(writer, "told");
    writer_begin_list(writer);
    for (size_t i = 0; i < pack->told.count; i++) {
        write_told(writer, &pack->told.items[i]);
    }
    writer_end_list(writer);
    writer_member_boolean(writer, "toldComplete", pack->told.complete);
    writer_end_object(writer);
}
