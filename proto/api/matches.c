/* SPDX-License-Identifier: EUPL-1.2 */
/* Matches, as a reporter or a municipality may see them; every one that is shown is an entry. */
#include <errno.h>
#include <string.h>

#include "proto/handlers.h"

#define FIELDS(table) .fields = table, .count = ARRAY_LENGTH(table)
#define INVOLVED_MAXIMUM 20000 /* on one page: keeps an answer to some megabytes */

struct match_list_query {
    struct paging_input paging;
    struct text_input status;
};
static const struct format format_status = {.values = view_match_statuses};
static const struct field query_fields[] = {
    STATUS_FIELD(struct match_list_query, format_status),
    PAGING_FIELDS(struct match_list_query),
};
const struct shape shape_match_query = {FIELDS(query_fields),
                                        .size = sizeof(struct match_list_query)};

struct contact_confirmation {
    struct text_input professional;
};
static const struct field confirmation_fields[] = {
    {.name = "professional",
     .type = FIELD_TEXT,
     .required = true,
     .format = &format_professional_id,
     .offset = offsetof(struct contact_confirmation, professional),
     .description = "One's own, who has a signal in the match and has spoken to the others."},
};
const struct shape shape_contact_confirmation = {.name = "ContactConfirmation",
                                                 FIELDS(confirmation_fields),
                                                 .size = sizeof(struct contact_confirmation)};

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
    struct match_query query = {
        .status = paging_status(&in->status, view_match_statuses),
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
    struct paging_end end = {page.more, page.next, page.last};
    paging_end_uuids(x, CURSOR_MATCHES, &in->paging, &place, &end);
    if (!exchange_set_json(x, 200)) {
        return;
    }
    if (page.count == 0) {
        exchange_finish(x);
    } else {
        exchange_disclose(x, notes, page.count);
    }
}

/* One match, by an id that the party has been told of, and its entry. */
static void show(struct exchange *x, uint32_t party, const struct uuid *id)
{
    struct match_view match;
    struct log_note *note = exchange_new_memory(x, sizeof(*note));
    int r = note != NULL ? store_get_match(x->snapshot, party, id, &match) : -ENOMEM;
    if (r != 0) {
        exchange_refuse_result(x, r);
        return;
    }
    view_match(exchange_begin_json(x), &match);
    if (!exchange_set_json(x, 200)) {
        return;
    }
    set_note(note, &match);
    exchange_disclose(x, note, 1);
}

void matches_get(struct exchange *x)
{
    struct uuid id = path_uuid(x);
    show(x, x->party.number, &id);
}

/* ---- follow-up ---- */

/* The contact has been confirmed and is in the log; what the match is now is read after the commit,
 * and logged like any other reading. */
static void show_confirmed(struct exchange *x)
{
    const struct uuid *id = x->job;
    const char *slug = NULL;
    x->response = (struct http_response){0};
    int r = exchange_ask_again(x, &slug);
    if (r != 0) {
        exchange_refuse_result(x, r);
    } else if (slug != NULL) {
        exchange_refuse(x, slug, NULL);
    } else {
        show(x, x->party.number, id);
    }
}

static void confirmed(struct exchange *x)
{
    x->again = show_confirmed;
    x->attempts = 0;
    show_confirmed(x);
}

void matches_confirm(struct exchange *x)
{
    const struct contact_confirmation *in = x->body;
    struct store_confirm_contact *confirm = &x->work.confirm_contact;
    struct uuid *id = exchange_new_memory(x, sizeof(*id));
    if (id == NULL) {
        exchange_fail(x);
        return;
    }
    *id = path_uuid(x);
    x->job = id;
    store_confirm_contact_init(confirm);
    confirm->match = *id;
    confirm->professional = in->professional.text;
    static const struct exchange_condition conditions[] = {
        {STORE_UNKNOWN_PROFESSIONAL, "#/professional",
         "The party has no professional of this id in the match."},
        {STORE_ENDED, NULL, "The match has ended."},
        {0},
    };
    exchange_submit(x, confirmed, conditions);
}
