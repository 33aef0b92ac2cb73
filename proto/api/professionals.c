/* SPDX-License-Identifier: EUPL-1.2 */
/* Professionals: those whom a party has designated to signal, and how to reach them. */
#include <string.h>

#include "proto/handlers.h"

#define FIELDS(table) .fields = table, .count = ARRAY_LENGTH(table)

struct professional_path {
    struct text_input id;
};
static const struct field path_fields[] = {
    {.name = "id",
     .type = FIELD_TEXT,
     .required = true,
     .format = &format_professional_id,
     .offset = offsetof(struct professional_path, id),
     .description = "The party's own name for the professional."},
};
const struct shape shape_professional_path = {FIELDS(path_fields),
                                              .size = sizeof(struct professional_path)};
static const struct field new_path_fields[] = {
    {.name = "id",
     .type = FIELD_TEXT,
     .required = true,
     .format = &format_new_professional_id,
     .offset = offsetof(struct professional_path, id),
     .description = "The party's own name for the professional. May not be a BSN (eight or nine "
                    "digits that pass its test)."},
};
const struct shape shape_professional_new_path = {FIELDS(new_path_fields),
                                                  .size = sizeof(struct professional_path)};

struct professional_put {
    struct text_input name;
    struct text_input function;
    struct text_input email;
    struct text_input phone;
};
static const struct field put_fields[] = {
    {.name = "name",
     .type = FIELD_TEXT,
     .required = true,
     .minimum = 1,
     .maximum = MODEL_NAME_MAXIMUM,
     .format = &format_text,
     .offset = offsetof(struct professional_put, name)},
    {.name = "function",
     .type = FIELD_TEXT,
     .maximum = MODEL_NAME_MAXIMUM,
     .format = &format_text,
     .offset = offsetof(struct professional_put, function)},
    {.name = "email",
     .type = FIELD_TEXT,
     .maximum = MODEL_EMAIL_MAXIMUM,
     .format = &format_email,
     .offset = offsetof(struct professional_put, email)},
    {.name = "phone",
     .type = FIELD_TEXT,
     .maximum = MODEL_PHONE_MAXIMUM,
     .format = &format_text,
     .offset = offsetof(struct professional_put, phone)},
};
const struct shape shape_professional_put = {
    .name = "ProfessionalRequest", FIELDS(put_fields), .size = sizeof(struct professional_put)};

struct professional_query {
    struct paging_input paging;
};
static const struct field query_fields[] = {PAGING_FIELDS(struct professional_query)};
const struct shape shape_professional_query = {FIELDS(query_fields),
                                               .size = sizeof(struct professional_query)};

static const char *text_or_empty(const struct text_input *in)
{
    return in->text != NULL ? in->text : "";
}

static void put_done(struct exchange *x)
{
    const struct store_professional_put *put = &x->work.professional_put;
    struct professional professional = {.id = put->id, .contact = put->contact};
    view_professional(exchange_begin_json(x), &professional);
    if (!exchange_set_json(x, put->created ? 201 : 200)) {
        return;
    }
    if (put->created) {
        const char *location = arena_print(&x->scratch, "/v1/professionals/%s", put->id);
        http_response_header(&x->response, "Location", location != NULL ? location : "");
    }
    exchange_finish(x);
}

void professionals_put(struct exchange *x)
{
    const struct professional_path *path = x->path;
    const struct professional_put *in = x->body;
    struct store_professional_put *put = &x->work.professional_put;
    store_professional_put_init(put);
    put->id = path->id.text;
    put->contact = (struct contact){
        .name = in->name.text,
        .function = text_or_empty(&in->function),
        .email = text_or_empty(&in->email),
        .phone = text_or_empty(&in->phone),
    };
    static const struct exchange_condition conditions[] = {
        {STORE_TOO_MANY, NULL, "The party has too many professionals already."},
        {0},
    };
    exchange_submit(x, put_done, conditions);
}

/* One's own professionals are nobody else's data: reading them is not an entry. */
void professionals_get(struct exchange *x)
{
    const struct professional_path *path = x->path;
    struct professional professional;
    int r = store_get_professional(x->snapshot, x->party.number, path->id.text, &professional);
    if (r != 0) {
        exchange_refuse_result(x, r);
        return;
    }
    view_professional(exchange_begin_json(x), &professional);
    exchange_finish_json(x, 200);
}

/*
 * The list is in the order in which they were added. The cursor keeps the highest number that there
 * was when the first page was read, as whoever is added later is not in this list any more.
 */
struct place {
    uint32_t after;
    uint32_t bound;
};
#define PLACE_SIZE 8

static bool read_place(struct exchange *x, const struct paging_input *paging,
                       struct place *ret_place)
{
    uint8_t payload[PLACE_SIZE];
    size_t size;
    *ret_place = (struct place){0};
    if (paging->cursor.text == NULL) {
        return true;
    }
    if (cursor_decode(CURSOR_PROFESSIONALS, paging->cursor.text, paging->cursor.length, PLACE_SIZE,
                      PLACE_SIZE, payload, &size) != 0) {
        paging_refuse_cursor(x);
        return false;
    }
    *ret_place = (struct place){.after = get_be32(payload), .bound = get_be32(payload + 4)};
    return true;
}

static const char *next_cursor(struct exchange *x, const struct place *place)
{
    uint8_t payload[PLACE_SIZE];
    put_be32(payload, place->after);
    put_be32(payload + 4, place->bound);
    return cursor_encode(&x->scratch, CURSOR_PROFESSIONALS, payload, sizeof(payload));
}

/* The highest number that there is, `from` being one: found by halving, a row at a time. */
static int find_bound(struct exchange *x, uint32_t from, uint32_t *ret_bound)
{
    uint32_t low = from;
    uint32_t high = UINT32_MAX;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        const struct professional *item;
        size_t count;
        int r = store_list_professionals(x->snapshot, x->party.number, middle, 1, &item, &count);
        if (r != 0) {
            return r;
        }
        if (count > 0) {
            low = item->number;
        } else {
            high = middle;
        }
    }
    *ret_bound = low;
    return 0;
}

/* Where the next page begins, which it does when there is somebody up to the bound. */
static int find_next(struct exchange *x, uint32_t after, struct place *place, bool *ret_more)
{
    if (place->bound == 0) {
        int r = find_bound(x, after, &place->bound);
        if (r != 0) {
            return r;
        }
    }
    place->after = after;
    *ret_more = after < place->bound;
    return 0;
}

void professionals_list(struct exchange *x)
{
    const struct professional_query *in = x->query;
    size_t limit = paging_limit(&in->paging);
    struct place place;
    if (!read_place(x, &in->paging, &place)) {
        return;
    }
    const struct professional *items;
    size_t count;
    bool more = false;
    int r =
        store_list_professionals(x->snapshot, x->party.number, place.after, limit, &items, &count);
    if (r == 0 && count == limit) {
        r = find_next(x, items[count - 1].number, &place, &more);
    }
    if (r != 0) {
        exchange_refuse_result(x, r);
        return;
    }
    struct writer *writer = exchange_begin_json(x);
    view_begin_list(writer, "professionals");
    for (size_t i = 0; i < count && (place.bound == 0 || items[i].number <= place.bound); i++) {
        view_professional(writer, &items[i]);
    }
    view_end_list(writer, more ? next_cursor(x, &place) : NULL);
    exchange_finish_json(x, 200);
}

void professionals_delete(struct exchange *x)
{
    const struct professional_path *path = x->path;
    struct store_professional_delete *delete = &x->work.professional_delete;
    store_professional_delete_init(delete);
    delete->id = path->id.text;
    static const struct exchange_condition conditions[] = {
        {STORE_IN_USE, NULL, "Live or archived signals refer to this professional."},
        {0},
    };
    exchange_submit(x, exchange_finish_empty, conditions);
}

/* ---- somebody leaves ---- */

struct transfer {
    struct text_input to;
};
static const struct field transfer_fields[] = {
    {.name = "to",
     .type = FIELD_TEXT,
     .required = true,
     .format = &format_professional_id,
     .offset = offsetof(struct transfer, to),
     .description = "The colleague who takes over all live signals."},
};
const struct shape shape_transfer = {
    .name = "Transfer", FIELDS(transfer_fields), .size = sizeof(struct transfer)};

static const struct field transferred_fields[] = {
    {.name = "moved", .type = FIELD_INTEGER, .required = true, .description = "Live signals."},
    {.name = "merged",
     .type = FIELD_INTEGER,
     .required = true,
     .description =
         "Of those: on a child that the colleague had signalled too; of the two, the one "
         "that is removed last stays."},
};
const struct shape shape_transferred = {.name = "Transferred", FIELDS(transferred_fields)};

static void transferred(struct exchange *x)
{
    const struct store_transfer *transfer = &x->work.transfer;
    struct writer *writer = exchange_begin_json(x);
    writer_begin_object(writer);
    writer_member_unsigned(writer, "moved", transfer->moved);
    writer_member_unsigned(writer, "merged", transfer->merged);
    writer_end_object(writer);
    exchange_finish_json(x, 200);
}

void professionals_transfer(struct exchange *x)
{
    const struct professional_path *path = x->path;
    const struct transfer *in = x->body;
    struct store_transfer *transfer = &x->work.transfer;
    store_transfer_init(transfer);
    transfer->from = path->id.text;
    transfer->to = in->to.text;
    static const struct exchange_condition conditions[] = {
        {STORE_UNKNOWN_PROFESSIONAL, "#/to",
         "The party has no professional of this id, or it is the same."},
        {0},
    };
    exchange_submit(x, transferred, conditions);
}
