/* SPDX-License-Identifier: EUPL-1.2 */
#include <string.h>

#include "proto/handlers.h"
#include "store/base/clock.h"

#define FIELDS(table) .fields = table, .count = ARRAY_LENGTH(table)
#define INDEX_DIGITS 18 /* so that any number of them fits in 64 bits */

struct uuid_path {
    struct text_input id;
};
static const struct field uuid_path_fields[] = {
    {.name = "id",
     .type = FIELD_TEXT,
     .required = true,
     .format = &format_uuid,
     .offset = offsetof(struct uuid_path, id),
     .description = "As it was given out."},
};
const struct shape shape_uuid_path = {FIELDS(uuid_path_fields), .size = sizeof(struct uuid_path)};

struct uuid path_uuid(const struct exchange *x)
{
    const struct uuid_path *in = x->path;
    struct uuid id = {0}; /* which nothing has */
    return uuid_parse(in->id.text, in->id.length, &id) == 0 ? id : (struct uuid){0};
}

struct index_path {
    struct text_input index;
};
static const struct format format_index = {.pattern = "^[0-9]+$"};
#define INDEX_FIELD(name_)                                                                         \
    {                                                                                              \
        .name = name_, .type = FIELD_TEXT, .required = true, .minimum = 1,                         \
        .maximum = INDEX_DIGITS, .format = &format_index,                                          \
        .offset = offsetof(struct index_path, index), .description = "Of the entry, from 0."       \
    }
static const struct field index_path_fields[] = {INDEX_FIELD("index")};
const struct shape shape_index_path = {FIELDS(index_path_fields),
                                       .size = sizeof(struct index_path)};
static const struct field log_index_path_fields[] = {INDEX_FIELD("logIndex")};
const struct shape shape_log_index_path = {FIELDS(log_index_path_fields),
                                           .size = sizeof(struct index_path)};

bool path_index(const struct exchange *x, uint64_t *ret_index)
{
    const struct text_input *in = &((const struct index_path *)x->path)->index;
    uint64_t index = 0;
    for (size_t i = 0; i < in->length; i++) {
        if (in->text[i] < '0' || in->text[i] > '9') {
            return false;
        }
        index = index * 10 + (uint64_t)(in->text[i] - '0');
    }
    *ret_index = index;
    return in->length == 1 || in->text[0] != '0';
}

unsigned paging_status(const struct text_input *status, const char *const *values)
{
    int found = status->text != NULL ? format_find_value(values, status->text) : -1;
    return found >= 0 ? 1u << (found + 1) : 0;
}

size_t paging_limit(const struct paging_input *paging)
{
    return paging->limit.valid ? (size_t)paging->limit.value : MODEL_PAGE_DEFAULT;
}

void paging_refuse_cursor(struct exchange *x)
{
    exchange_refuse_fault(x, "#/cursor", "This is not a cursor of this list.");
}

bool paging_read_uuids(struct exchange *x, enum cursor_kind kind, const struct paging_input *paging,
                       struct paging_uuids *ret_place)
{
    struct paging_uuids place = {0};
    size_t size;
    memset(&place.up_to, 0xff, sizeof(place.up_to));
    if (paging->cursor.text != NULL &&
        cursor_decode(kind, paging->cursor.text, paging->cursor.length, sizeof(place),
                      sizeof(place), &place, &size) != 0) {
        paging_refuse_cursor(x);
        return false;
    }
    *ret_place = place;
    return true;
}

/* Who asks knows what time it is, but not when others last did something: so much of the store's
 * own bound would say. It is of use only where the clock was turned back. */
static struct uuid find_bound(const struct paging_input *paging, const struct paging_uuids *place,
                              const struct uuid *last)
{
    if (paging->cursor.text != NULL) {
        return place->up_to;
    }
    uint64_t before = (uint64_t)clock_now() - 1; /* what comes in this millisecond is not in it */
    struct uuid bound;
    memset(bound.bytes, 0xff, sizeof(bound.bytes));
    put_be16(bound.bytes, (uint16_t)(before >> 32));
    put_be32(bound.bytes + 2, (uint32_t)before);
    return memcmp(bound.bytes, last->bytes, sizeof(bound.bytes)) > 0 ? bound : *last;
}

void paging_end_uuids(struct exchange *x, enum cursor_kind kind, const struct paging_input *paging,
                      const struct paging_uuids *place, const struct paging_end *end)
{
    struct paging_uuids next = {.after = end->next, .up_to = find_bound(paging, place, &end->last)};
    view_end_list(&x->writer,
                  end->more ? cursor_encode(&x->scratch, kind, &next, sizeof(next)) : NULL);
}

/* ---- the log ---- */

#define LOG_CURSOR_SIZE 17 /* next, bound, direction */

bool paging_read_log(struct exchange *x, enum cursor_kind kind, const struct paging_input *paging,
                     struct log_query *query)
{
    uint8_t payload[LOG_CURSOR_SIZE];
    size_t size;
    query->limit = paging_limit(paging);
    if (paging->cursor.text == NULL) {
        query->bound = store_log_size(x->snapshot);
        return true;
    }
    if (cursor_decode(kind, paging->cursor.text, paging->cursor.length, sizeof(payload),
                      sizeof(payload), payload, &size) != 0 ||
        payload[16] > 1) {
        paging_refuse_cursor(x);
        return false;
    }
    query->start = get_be64(payload);
    query->bound = get_be64(payload + 8);
    query->oldest_first = payload[16] == 1;
    return true;
}

const char *paging_log_cursor(struct exchange *x, enum cursor_kind kind,
                              const struct log_query *query, const struct log_page *page)
{
    uint8_t payload[LOG_CURSOR_SIZE];
    put_be64(payload, page->next);
    put_be64(payload + 8, query->bound);
    payload[16] = query->oldest_first;
    return page->more ? cursor_encode(&x->scratch, kind, payload, sizeof(payload)) : NULL;
}
