/* SPDX-License-Identifier: EUPL-1.2 */
/* Parties, as the operator manages them on the control socket. */
#include <errno.h>
#include <string.h>

#include "proto/handlers.h"
#include "store/base/clock.h"

#define FIELDS(table) .fields = table, .count = ARRAY_LENGTH(table)
#define PARTY_ROLES 5

static const struct format format_role = {.values = view_roles};
static const struct format format_permission = {.values = view_permissions};

/* ---- what comes in ---- */

struct party_path {
    struct text_input oin;
    struct text_input other; /* a municipality, or the represented party */
};
static const struct field party_path_fields[] = {
    {.name = "oin",
     .type = FIELD_TEXT,
     .required = true,
     .format = &format_oin,
     .offset = offsetof(struct party_path, oin)},
};
const struct shape shape_party_path = {FIELDS(party_path_fields),
                                       .size = sizeof(struct party_path)};
static const struct field agreement_path_fields[] = {
    {.name = "oin",
     .type = FIELD_TEXT,
     .required = true,
     .format = &format_oin,
     .offset = offsetof(struct party_path, oin)},
    {.name = "municipality",
     .type = FIELD_TEXT,
     .required = true,
     .format = &format_municipality,
     .offset = offsetof(struct party_path, other)},
};
const struct shape shape_agreement_path = {FIELDS(agreement_path_fields),
                                           .size = sizeof(struct party_path)};
static const struct field mandate_path_fields[] = {
    {.name = "oin",
     .type = FIELD_TEXT,
     .required = true,
     .format = &format_oin,
     .offset = offsetof(struct party_path, oin)},
    {.name = "represented",
     .type = FIELD_TEXT,
     .required = true,
     .format = &format_oin,
     .offset = offsetof(struct party_path, other)},
};
const struct shape shape_mandate_path = {FIELDS(mandate_path_fields),
                                         .size = sizeof(struct party_path)};

struct party_input {
    struct text_input oin;
    struct text_input name;
    struct texts_input roles;
    struct text_input municipality;
    struct text_input agreement_until;
    struct text_input contact_name;
    struct text_input contact_email;
    struct text_input contact_phone;
};
#define NAME_FIELD(required_)                                                                      \
    {                                                                                              \
        .name = "name", .type = FIELD_TEXT, .required = required_, .minimum = 1,                   \
        .maximum = MODEL_NAME_MAXIMUM, .format = &format_text,                                     \
        .offset = offsetof(struct party_input, name)                                               \
    }
#define ROLES_FIELD(required_)                                                                     \
    {                                                                                              \
        .name = "roles", .type = FIELD_TEXTS, .required = required_, .minimum = 1,                 \
        .maximum = PARTY_ROLES, .item_maximum = 32, .format = &format_role,                        \
        .offset = offsetof(struct party_input, roles)                                              \
    }
#define CONTACT_FIELDS                                                                             \
    {.name = "contactName",                                                                        \
     .type = FIELD_TEXT,                                                                           \
     .maximum = MODEL_NAME_MAXIMUM,                                                                \
     .format = &format_text,                                                                       \
     .offset = offsetof(struct party_input, contact_name)},                                        \
        {.name = "contactEmail",                                                                   \
         .type = FIELD_TEXT,                                                                       \
         .maximum = MODEL_EMAIL_MAXIMUM,                                                           \
         .format = &format_email,                                                                  \
         .offset = offsetof(struct party_input, contact_email)},                                   \
    {                                                                                              \
        .name = "contactPhone", .type = FIELD_TEXT, .maximum = MODEL_PHONE_MAXIMUM,                \
        .format = &format_text, .offset = offsetof(struct party_input, contact_phone)              \
    }
static const struct field add_fields[] = {
    {.name = "oin",
     .type = FIELD_TEXT,
     .required = true,
     .format = &format_oin,
     .offset = offsetof(struct party_input, oin)},
    NAME_FIELD(true),
    ROLES_FIELD(true),
    {.name = "municipality",
     .type = FIELD_TEXT,
     .format = &format_municipality,
     .offset = offsetof(struct party_input, municipality)},
    {.name = "agreementUntil",
     .type = FIELD_TEXT,
     .format = &format_date,
     .offset = offsetof(struct party_input, agreement_until)},
    CONTACT_FIELDS,
};
const struct shape shape_party_add = {
    .name = "PartyRequest", FIELDS(add_fields), .size = sizeof(struct party_input)};
static const struct field change_fields[] = {
    NAME_FIELD(false),
    ROLES_FIELD(false),
    {.name = "municipality",
     .type = FIELD_TEXT,
     .format = &format_municipality,
     .offset = offsetof(struct party_input, municipality),
     .description = "Which one it is, of a party with that role."},
    CONTACT_FIELDS,
};
const struct shape shape_party_change = {
    .name = "PartyChange", FIELDS(change_fields), .size = sizeof(struct party_input)};

struct permission_input {
    struct text_input permission;
};
static const struct field permission_fields[] = {
    {.name = "permission",
     .type = FIELD_TEXT,
     .required = true,
     .format = &format_permission,
     .offset = offsetof(struct permission_input, permission)},
};
const struct shape shape_party_permission = {.name = "PermissionRequest",
                                             FIELDS(permission_fields),
                                             .size = sizeof(struct permission_input)};

struct until_input {
    struct text_input until;
};
static const struct field until_fields[] = {
    {.name = "untilDate",
     .type = FIELD_TEXT,
     .required = true,
     .format = &format_date,
     .offset = offsetof(struct until_input, until)},
};
const struct shape shape_agreement_put = {
    .name = "AgreementRequest", FIELDS(until_fields), .size = sizeof(struct until_input)};
const struct shape shape_mandate_put = {
    .name = "MandateRequest", FIELDS(until_fields), .size = sizeof(struct until_input)};

struct party_query {
    struct paging_input paging;
};
static const struct field query_fields[] = {PAGING_FIELDS(struct party_query)};
const struct shape shape_party_query = {FIELDS(query_fields), .size = sizeof(struct party_query)};

/* ---- showing ---- */

static int write_party(struct exchange *x, struct writer *writer, const struct party *party)
{
    const struct mandate *mandates;
    size_t count;
    int r = store_list_mandates(x->snapshot, party->number, &mandates, &count);
    if (r == 0) {
        view_party(writer, party, mandates, count, x->today);
    }
    return r;
}

/* Sets the answer, from the party's present row. */
static bool set_party(struct exchange *x, const struct oin *oin, int status, uint32_t *ret_number)
{
    struct party party;
    int r = store_find_party(x->snapshot, oin, &party);
    struct writer *writer = exchange_begin_json(x);
    r = r != 0 ? r : write_party(x, writer, &party);
    if (r != 0) {
        exchange_refuse_result(x, r);
        return false;
    }
    *ret_number = party.number;
    return exchange_set_json(x, status);
}

static struct oin path_oin(const struct exchange *x)
{
    const struct party_path *path = x->path;
    struct oin oin = {0};
    return oin_parse(path->oin.text, path->oin.length, &oin) == 0 ? oin : (struct oin){0};
}

void control_party_get(struct exchange *x)
{
    struct oin oin = path_oin(x);
    struct log_note *note = exchange_new_memory(x, sizeof(*note));
    uint32_t number;
    if (note == NULL) {
        exchange_fail(x);
    } else if (set_party(x, &oin, 200, &number)) {
        *note = (struct log_note){.event = LOG_OPERATOR_READ, .object_kind = LOG_OBJECT_PARTY};
        put_be32(note->object, number);
        exchange_disclose(x, note, 1);
    }
}

/* Parties are listed in order of number, which only grows: the highest is the bound. */
static int find_last(struct exchange *x, uint32_t after, uint32_t *ret_last)
{
    for (;;) {
        const struct party *items;
        size_t count;
        int r = store_list_parties(x->snapshot, after, MODEL_PAGE_MAXIMUM, &items, &count);
        if (r != 0) {
            return r;
        }
        if (count == 0) {
            *ret_last = after;
            return 0;
        }
        after = items[count - 1].number;
    }
}

static bool read_place(struct exchange *x, uint32_t *ret_after, uint32_t *ret_bound)
{
    const struct party_query *in = x->query;
    uint8_t payload[8];
    size_t size;
    *ret_after = 0;
    if (in->paging.cursor.text == NULL) {
        int r = find_last(x, 0, ret_bound);
        if (r != 0) {
            exchange_refuse_result(x, r);
        }
        return r == 0;
    }
    if (cursor_decode(CURSOR_PARTIES, in->paging.cursor.text, in->paging.cursor.length,
                      sizeof(payload), sizeof(payload), payload, &size) != 0) {
        paging_refuse_cursor(x);
        return false;
    }
    *ret_after = get_be32(payload);
    *ret_bound = get_be32(payload + 4);
    return true;
}

void control_party_list(struct exchange *x)
{
    const struct party_query *in = x->query;
    uint32_t after;
    uint32_t bound;
    const struct party *items;
    size_t count;
    if (!read_place(x, &after, &bound)) {
        return;
    }
    struct log_note *note = exchange_new_memory(x, sizeof(*note));
    int r = note != NULL ? 0 : -ENOMEM;
    r = r != 0 ? r
               : store_list_parties(x->snapshot, after, paging_limit(&in->paging), &items, &count);
    struct writer *writer = exchange_begin_json(x);
    view_begin_list(writer, "parties");
    for (size_t i = 0; r == 0 && i < count && items[i].number <= bound; i++) {
        r = write_party(x, writer, &items[i]);
        after = items[i].number;
    }
    if (r != 0) {
        exchange_refuse_result(x, r);
        return;
    }
    uint8_t payload[8];
    put_be32(payload, after);
    put_be32(payload + 4, bound);
    view_end_list(writer, count > 0 && after < bound
                              ? cursor_encode(&x->scratch, CURSOR_PARTIES, payload, sizeof(payload))
                              : NULL);
    if (exchange_set_json(x, 200)) {
        *note = (struct log_note){.event = LOG_OPERATOR_READ, .count = (uint32_t)count};
        exchange_disclose(x, note, 1);
    }
}

/* ---- changing ---- */

static const struct exchange_condition conditions[] = {
    {STORE_EXISTS, NULL, "There is a party with this OIN already."},
    {STORE_TOO_MANY, NULL, "The party has too many agreements already."},
    {STORE_UNKNOWN_PARTY, NULL, "There is no party with this OIN."},
    {STORE_NO_AGREEMENT, NULL, "The party has no agreement with this municipality."},
    {STORE_NO_MUNICIPALITY, "#/municipality", "With this role: say which municipality it is."},
    {STORE_NO_SUPPLIER, "#/oin", "A mandate is for a party with the role supplier."},
    {STORE_IN_USE, NULL, "The party is going into another one."},
    {0},
};

static void changed(struct exchange *x)
{
    const struct store_party_change *change = &x->work.party_change;
    struct oin oin = change->oin;
    int status = change->action == PARTY_ADD ? 201 : 200;
    uint32_t number;
    if (!exchange_reopen(x) || !set_party(x, &oin, status, &number)) {
        return;
    }
    if (status == 201) {
        const char *location = arena_print(&x->scratch, "/control/parties/%s", oin.text);
        http_response_header(&x->response, "Location", location != NULL ? location : "");
    }
    exchange_finish(x);
}

static struct store_party_change *begin_change(struct exchange *x, enum party_action action)
{
    struct store_party_change *change = &x->work.party_change;
    store_party_change_init(change);
    change->action = action;
    if (action != PARTY_ADD) {
        change->oin = path_oin(x);
    }
    return change;
}

static void finish_change(struct exchange *x)
{
    exchange_submit(x, changed, conditions);
}

static unsigned read_roles(const struct texts_input *in)
{
    unsigned roles = 0;
    for (size_t i = 0; i < in->count; i++) {
        roles |= 1u << format_find_value(view_roles, in->items[i].text);
    }
    return roles;
}

static void set_texts(struct store_party_change *change, const struct party_input *in)
{
    change->name = in->name.text;
    change->roles = read_roles(&in->roles);
    change->contact_name = in->contact_name.text;
    change->contact_email = in->contact_email.text;
    change->contact_phone = in->contact_phone.text;
}

void control_party_check_add(struct exchange *x)
{
    const struct party_input *in = x->body;
    bool is_municipality = (read_roles(&in->roles) & PARTY_MUNICIPALITY) != 0;
    if (!in->municipality.given && (is_municipality || in->agreement_until.given)) {
        faults_add(&x->faults, "#/municipality",
                   is_municipality ? "Which municipality the party is, is required."
                                   : "With `agreementUntil` this is required.");
    }
    if (in->municipality.given && !is_municipality && !in->agreement_until.given) {
        faults_add(&x->faults, "#/agreementUntil", "With `municipality` this is required.");
    }
}

void control_party_add(struct exchange *x)
{
    const struct party_input *in = x->body;
    struct store_party_change *change = begin_change(x, PARTY_ADD);
    set_texts(change, in);
    uint16_t municipality = 0;
    int r = oin_parse(in->oin.text, in->oin.length, &change->oin);
    if (r == 0 && in->municipality.text != NULL) {
        r = municipality_parse(in->municipality.text, in->municipality.length, &municipality);
    }
    if (r == 0 && in->agreement_until.text != NULL) {
        change->agreement.municipality = municipality;
        r = calendar_parse_date(in->agreement_until.text, in->agreement_until.length,
                                &change->agreement.until_day);
    }
    if (r != 0) {
        exchange_fail(x);
        return;
    }
    if ((change->roles & PARTY_MUNICIPALITY) != 0) {
        change->own_municipality = municipality;
    }
    finish_change(x);
}

void control_party_change(struct exchange *x)
{
    const struct party_input *in = x->body;
    struct store_party_change *change = begin_change(x, PARTY_CHANGE);
    uint16_t municipality;
    set_texts(change, in);
    if (in->municipality.text != NULL &&
        municipality_parse(in->municipality.text, in->municipality.length, &municipality) == 0) {
        change->own_municipality = municipality;
    }
    finish_change(x);
}

void control_party_suspend(struct exchange *x)
{
    begin_change(x, PARTY_SUSPEND);
    finish_change(x);
}

void control_party_resume(struct exchange *x)
{
    begin_change(x, PARTY_RESUME);
    finish_change(x);
}

static void change_permission(struct exchange *x, enum party_action action)
{
    const struct permission_input *in = x->body;
    struct store_party_change *change = begin_change(x, action);
    change->permissions = 1u << format_find_value(view_permissions, in->permission.text);
    finish_change(x);
}

void control_party_allow(struct exchange *x)
{
    change_permission(x, PARTY_ALLOW);
}

void control_party_deny(struct exchange *x)
{
    change_permission(x, PARTY_DENY);
}

static void change_agreement(struct exchange *x, enum party_action action)
{
    const struct party_path *path = x->path;
    const struct until_input *in = x->body;
    struct store_party_change *change = begin_change(x, action);
    int r =
        municipality_parse(path->other.text, path->other.length, &change->agreement.municipality);
    if (r == 0 && action == PARTY_AGREEMENT_ADD) {
        r = calendar_parse_date(in->until.text, in->until.length, &change->agreement.until_day);
    }
    if (r != 0) {
        exchange_fail(x);
        return;
    }
    finish_change(x);
}

void control_agreement_put(struct exchange *x)
{
    change_agreement(x, PARTY_AGREEMENT_ADD);
}

void control_agreement_end(struct exchange *x)
{
    change_agreement(x, PARTY_AGREEMENT_END);
}

void control_mandate_put(struct exchange *x)
{
    const struct party_path *path = x->path;
    const struct until_input *in = x->body;
    struct store_party_change *change = begin_change(x, PARTY_MANDATE);
    int r = oin_parse(path->other.text, path->other.length, &change->other);
    r = r != 0
            ? r
            : calendar_parse_date(in->until.text, in->until.length, &change->agreement.until_day);
    if (r != 0) {
        exchange_fail(x);
        return;
    }
    finish_change(x);
}

/* ---- one party goes into another ---- */

struct merge_input {
    struct text_input into;
};
static const struct field merge_fields[] = {
    {.name = "into",
     .type = FIELD_TEXT,
     .required = true,
     .format = &format_oin,
     .offset = offsetof(struct merge_input, into),
     .description = "The OIN of the party that is left."},
};
const struct shape shape_party_merge = {
    .name = "PartyMerge", FIELDS(merge_fields), .size = sizeof(struct merge_input)};

static const struct exchange_condition merge_conditions[] = {
    {STORE_EXISTS, NULL, "These are the same party."},
    {STORE_UNKNOWN_PARTY, NULL, "There is no party with one of these OINs."},
    {STORE_IN_USE, NULL, "Another merge of parties is under way."},
    {0},
};

static void merged(struct exchange *x)
{
    struct oin into = x->work.party_merge.into;
    uint32_t number;
    if (exchange_reopen(x) && set_party(x, &into, 200, &number)) {
        exchange_finish(x);
    }
}

void control_party_merge(struct exchange *x)
{
    const struct merge_input *in = x->body;
    struct store_party_merge *merge = &x->work.party_merge;
    store_party_merge_init(merge);
    merge->from = path_oin(x);
    if (oin_parse(in->into.text, in->into.length, &merge->into) != 0) {
        exchange_fail(x);
        return;
    }
    exchange_submit(x, merged, merge_conditions);
}
