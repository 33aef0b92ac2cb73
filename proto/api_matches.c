/* SPDX-License-Identifier: EUPL-1.2 */
/* Matches, as a reporter or a municipality may see them; every one that is shown is an entry. */
#include <errno.h>
#include <string.h>

#include "proto/handlers.h"

#define FIELDS(table) .fields = table, .count = ARRAY_LENGTH(table)
#define INVOLVED_MAXIMUM 20000 /* on one page: keeps an answer to some megabytes */

struct match_path {
    struct text_input id;
};
static const struct field path_fields[] = {
    {.name = "id",
     .type = FIELD_TEXT,
     .required = true,
     .format = &format_uuid,
     .offset = offsetof(struct match_path, id),
     .description = "Of the match."},
};
const struct shape shape_match_path = {FIELDS(path_fields), .size = sizeof(struct match_path)};

struct match_list_query {
    struct paging_input paging;
    struct text_input status;
};
static const struct format format_status = {.values = view_match_statuses};
static const struct field query_fields[] = {
    {.name = "status",
     .type = FIELD_TEXT,
     .format = &format_status,
     .offset = offsetof(struct match_list_query, status),
     .description = "Only matches of this status."},
    PAGING_FIELDS(struct match_list_query),
};
const struct shape shape_match_query = {FIELDS(query_fields),
                                        .size = sizeof(struct match_list_query)};

static void set_note(struct log_note *note, const struct match_view *match)
{
    *note = (struct log_note){.event = LOG_MATCH_READ, .object_kind = LOG_OBJECT_MATCH};
    memcpy(note->object, match->id.bytes, sizeof(match->id.bytes));
}

/* Matches of unusual size make for smaller pages. */
static bool is_too_large(const struct match_page *page)
{
    size_t involved = 0;
    for (size_t i = 0; i < page->count; i++) {
        involved += page->matches[i].involved_count;
    }
    return involved > INVOLVED_MAXIMUM;
}

void matches_list(struct exchange *x)
{
    const struct match_list_query *in = x->query;
    struct paging_uuids place;
    if (!paging_read_uuids(x, CURSOR_MATCHES, &in->paging, &place)) {
        return;
    }
    int status =
        in->status.text != NULL ? format_find_value(view_match_statuses, in->status.text) : -1;
    struct match_query query = {
        .status = status >= 0 ? 1u << (status + 1) : 0,
        .after = place.after,
        .up_to = place.up_to,
        .limit = x->page_limit != 0 ? x->page_limit : paging_limit(&in->paging),
    };
    struct match_page page;
    int r = store_list_matches(x->snapshot, x->party.number, &query, &page);
    if (r == 0 && query.limit > 1 && is_too_large(&page)) {
        exchange_attempt_smaller(x, query.limit);
        return;
    }
    struct log_note *notes =
        r == 0 ? exchange_new_memory(x, (page.count + 1) * sizeof(*notes)) : NULL;
    if (notes == NULL) {
        exchange_refuse_result(x, r != 0 ? r : -ENOMEM);
        return;
    }
    struct writer *writer = exchange_begin_json(x);
    view_begin_list(writer, "matches");
    for (size_t i = 0; i < page.count; i++) {
        view_match(writer, &page.matches[i]);
        set_note(&notes[i], &page.matches[i]);
    }
    struct paging_uuids next = {.after = page.next,
                                .up_to = paging_bound(&in->paging, &place, &page.last)};
    view_end_list(writer, paging_next_uuids(x, CURSOR_MATCHES, page.more, &next));
    if (!exchange_set_json(x, 200)) {
        return;
    }
    if (page.count == 0) {
        exchange_finish(x);
    } else {
        exchange_disclose(x, notes, page.count);
    }
}

void matches_get(struct exchange *x)
{
    const struct match_path *in = x->path;
    struct uuid id;
    struct match_view match;
    struct log_note *note = exchange_new_memory(x, sizeof(*note));
    int r = uuid_parse(in->id.text, in->id.length, &id) == 0 ? 0 : STORE_NOT_FOUND;
    r = r != 0 ? r : store_get_match(x->snapshot, x->party.number, &id, &match);
    if (r != 0 || note == NULL) {
        exchange_refuse_result(x, note == NULL ? -ENOMEM : r);
        return;
    }
    view_match(exchange_begin_json(x), &match);
    if (!exchange_set_json(x, 200)) {
        return;
    }
    set_note(note, &match);
    exchange_disclose(x, note, 1);
}
