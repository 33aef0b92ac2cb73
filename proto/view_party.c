/* SPDX-License-Identifier: EUPL-1.2 */
/* A party, as it sees itself and as the operator sees it. */
#include "proto/views.h"

#include "proto/exchange.h"

#define FIELDS(table) .fields = table, .count = ARRAY_LENGTH(table)

const char *const view_roles[] = {"reporter", "municipality", "registry",
                                  "auditor",  "supplier",     NULL};
const char *const view_permissions[] = {"blinded", "quiet", NULL};

static const struct format format_role = {.values = view_roles};
static const struct format format_permission = {.values = view_permissions};

static const struct field agreement_fields[] = {
    {.name = "municipality", .type = FIELD_TEXT, .required = true, .format = &format_municipality},
    {.name = "untilDate", .type = FIELD_TEXT, .required = true, .format = &format_date},
    {.name = "live", .type = FIELD_BOOLEAN, .required = true},
};
static const struct shape shape_agreement = {.name = "Agreement", FIELDS(agreement_fields)};

static const struct field mandate_fields[] = {
    {.name = "oin", .type = FIELD_TEXT, .required = true, .format = &format_oin},
    {.name = "name", .type = FIELD_TEXT, .required = true},
    {.name = "untilDate", .type = FIELD_TEXT, .required = true, .format = &format_date},
};
static const struct shape shape_mandate = {
    .name = "Mandate", FIELDS(mandate_fields), .description = "To act on behalf of another party."};

static const struct field limits_fields[] = {
    {.name = "requestsPerMinute", .type = FIELD_INTEGER, .required = true},
    {.name = "evaluationsPerMinute", .type = FIELD_INTEGER, .required = true},
};
static const struct shape shape_limits = {.name = "Limits", FIELDS(limits_fields)};

#define PARTY_HEAD_FIELDS                                                                          \
    {.name = "oin", .type = FIELD_TEXT, .required = true, .format = &format_oin},                  \
        {.name = "name", .type = FIELD_TEXT, .required = true},                                    \
        {.name = "roles", .type = FIELD_TEXTS, .required = true, .format = &format_role},          \
        {.name = "suspended", .type = FIELD_BOOLEAN, .required = true},                            \
    {                                                                                              \
        .name = "permissions", .type = FIELD_TEXTS, .required = true, .format = &format_permission \
    }
#define PARTY_TAIL_FIELDS                                                                          \
    {.name = "agreements", .type = FIELD_OBJECTS, .required = true, .shape = &shape_agreement},    \
    {                                                                                              \
        .name = "mandates", .type = FIELD_OBJECTS, .required = true, .shape = &shape_mandate       \
    }

static const struct field party_self_fields[] = {
    PARTY_HEAD_FIELDS,
    PARTY_TAIL_FIELDS,
    {.name = "limits", .type = FIELD_OBJECT, .required = true, .shape = &shape_limits},
};
const struct shape shape_party_self = {.name = "PartySelf", FIELDS(party_self_fields)};

static const struct field party_contact_fields[] = {
    {.name = "name", .type = FIELD_TEXT, .required = true, .nullable = true},
    {.name = "email", .type = FIELD_TEXT, .required = true, .nullable = true},
    {.name = "phone", .type = FIELD_TEXT, .required = true, .nullable = true},
};
static const struct shape shape_party_contact = {.name = "PartyContact",
                                                 FIELDS(party_contact_fields)};

static const struct field party_fields[] = {
    PARTY_HEAD_FIELDS,
    {.name = "municipality",
     .type = FIELD_TEXT,
     .required = true,
     .nullable = true,
     .format = &format_municipality},
    {.name = "contact", .type = FIELD_OBJECT, .required = true, .shape = &shape_party_contact},
    PARTY_TAIL_FIELDS,
};
const struct shape shape_party = {.name = "Party", FIELDS(party_fields)};

static const struct field party_list_fields[] = {
    {.name = "parties", .type = FIELD_OBJECTS, .required = true, .shape = &shape_party},
    {.name = "next", .type = FIELD_TEXT, .required = true, .nullable = true},
};
const struct shape shape_party_list = {.name = "PartyList", FIELDS(party_list_fields)};

static void member_bits(struct writer *writer, const char *name, const char *const *names,
                        unsigned bits)
{
    writer_name(writer, name);
    writer_begin_list(writer);
    for (unsigned i = 0; names[i] != NULL; i++) {
        if ((bits >> i & 1) != 0) {
            writer_text(writer, names[i]);
        }
    }
    writer_end_list(writer);
}

static void write_head(struct writer *writer, const struct party *party)
{
    writer_member_text(writer, "oin", party->oin.text);
    writer_member_text(writer, "name", party->name);
    member_bits(writer, "roles", view_roles, party->roles);
    writer_member_boolean(writer, "suspended", party->suspended);
    member_bits(writer, "permissions", view_permissions, party->permissions);
}

static void write_tail(struct writer *writer, const struct party *party,
                       const struct mandate *mandates, size_t mandate_count, int32_t today)
{
    writer_name(writer, "agreements");
    writer_begin_list(writer);
    for (size_t i = 0; i < party->agreement_count; i++) {
        const struct agreement *agreement = &party->agreements[i];
        char municipality[MUNICIPALITY_TEXT_SIZE];
        municipality_format(agreement->municipality, municipality);
        writer_begin_object(writer);
        writer_member_text(writer, "municipality", municipality);
        writer_member_date(writer, "untilDate", agreement->until_day);
        writer_member_boolean(writer, "live", caller_agreement_lives(agreement, today));
        writer_end_object(writer);
    }
    writer_end_list(writer);
    writer_name(writer, "mandates");
    writer_begin_list(writer);
    for (size_t i = 0; i < mandate_count; i++) {
        writer_begin_object(writer);
        writer_member_text(writer, "oin", mandates[i].oin.text);
        writer_member_text(writer, "name", mandates[i].name);
        writer_member_date(writer, "untilDate", mandates[i].until_day);
        writer_end_object(writer);
    }
    writer_end_list(writer);
}

void view_party_self(struct writer *writer, const struct party *party,
                     const struct mandate *mandates, size_t mandate_count, int32_t today,
                     const struct view_limits *limits)
{
    writer_begin_object(writer);
    write_head(writer, party);
    write_tail(writer, party, mandates, mandate_count, today);
    writer_name(writer, "limits");
    writer_begin_object(writer);
    writer_member_unsigned(writer, "requestsPerMinute", limits->requests_per_minute);
    writer_member_unsigned(writer, "evaluationsPerMinute", limits->evaluations_per_minute);
    writer_end_object(writer);
    writer_end_object(writer);
}

void view_party(struct writer *writer, const struct party *party, const struct mandate *mandates,
                size_t mandate_count, int32_t today)
{
    char municipality[MUNICIPALITY_TEXT_SIZE];
    municipality_format(party->municipality, municipality);
    writer_begin_object(writer);
    write_head(writer, party);
    writer_member_text(writer, "municipality", party->municipality != 0 ? municipality : NULL);
    writer_name(writer, "contact");
    writer_begin_object(writer);
    writer_member_filled(writer, "name", party->contact.name);
    writer_member_filled(writer, "email", party->contact.email);
    writer_member_filled(writer, "phone", party->contact.phone);
    writer_end_object(writer);
    write_tail(writer, party, mandates, mandate_count, today);
    writer_end_object(writer);
}
