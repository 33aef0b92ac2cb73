/* SPDX-License-Identifier: EUPL-1.2 */
/* The inbox: notices are offered, waited for and acknowledged. */
#include <errno.h>
#include <string.h>

#include "proto/handlers.h"
#include "store/base/clock.h"

#define FIELDS(table) .fields = table, .count = ARRAY_LENGTH(table)
#define WAIT_MAXIMUM 60        /* seconds */
#define INVOLVED_MAXIMUM 20000 /* on one page */
#define SEQUENCE_MAXIMUM INT64_C(999999999999999999)

struct notice_query {
    struct integer_input after;
    struct integer_input limit;
    struct integer_input wait;
};
static const struct field query_fields[] = {
    {.name = "after",
     .type = FIELD_INTEGER,
     .maximum = SEQUENCE_MAXIMUM,
     .offset = offsetof(struct notice_query, after),
     .description = "Those after this sequence; when left out, after what was acknowledged."},
    {.name = "limit",
     .type = FIELD_INTEGER,
     .minimum = 1,
     .maximum = MODEL_PAGE_MAXIMUM,
     .offset = offsetof(struct notice_query, limit),
     .description = "At most so many; 100 when left out."},
    {.name = "wait",
     .type = FIELD_INTEGER,
     .maximum = WAIT_MAXIMUM,
     .offset = offsetof(struct notice_query, wait),
     .description = "Seconds to wait while there is nothing."},
};
const struct shape shape_notice_query = {FIELDS(query_fields), .size = sizeof(struct notice_query)};

static const struct field page_fields[] = {
    {.name = "notices",
     .type = FIELD_OBJECTS,
     .required = true,
     .maximum = MODEL_PAGE_MAXIMUM,
     .shape = &shape_event},
    {.name = "next",
     .type = FIELD_INTEGER,
     .required = true,
     .description = "To be given as `after` the next time."},
};
const struct shape shape_notice_page = {.name = "NoticePage", FIELDS(page_fields)};

struct acknowledgement {
    struct integer_input up_to;
};
static const struct field acknowledgement_fields[] = {
    {.name = "upTo",
     .type = FIELD_INTEGER,
     .required = true,
     .maximum = SEQUENCE_MAXIMUM,
     .offset = offsetof(struct acknowledgement, up_to),
     .description = "The highest sequence received; a lower one than before changes nothing."},
};
const struct shape shape_acknowledgement = {.name = "Acknowledgement",
                                            FIELDS(acknowledgement_fields),
                                            .size = sizeof(struct acknowledgement)};

/* A page of what comes after `*ret_after`. No more is asked for than was ever given out: memory is
 * taken for all that is, and an empty inbox, of which most polls are, needs none. */
static int read_page(struct exchange *x, size_t limit, uint64_t *ret_after,
                     struct notice_page *ret_page)
{
    const struct notice_query *in = x->query;
    struct inbox_state inbox;
    int r = store_get_inbox(x->snapshot, x->party.number, &inbox);
    if (r != 0) {
        return r;
    }
    uint64_t after = in->after.valid ? (uint64_t)in->after.value : inbox.acknowledged;
    uint64_t left = inbox.head > after ? inbox.head - after : 0;
    if (left > 0) {
        r = store_read_notices(x->snapshot, x->party.number, after,
                               left < limit ? (size_t)left : limit, ret_page);
    } else {
        *ret_page = (struct notice_page){.next = after};
    }
    if (r == 0) {
        *ret_after = after;
    }
    return r;
}

/* Notices of unusual size make for smaller pages. */
static bool is_too_large(const struct notice_page *page)
{
    size_t involved = 0;
    for (size_t i = 0; i < page->count; i++) {
        involved += page->notices[i].match.involved_count + page->notices[i].unread_count;
    }
    return involved > INVOLVED_MAXIMUM;
}

static bool is_idle(struct exchange *x)
{
    uint64_t after;
    struct notice_page page;
    return read_page(x, 1, &after, &page) == 0 && page.count == 0;
}

static void set_note(struct log_note *note, const struct notice *notice)
{
    *note = (struct log_note){.event = LOG_NOTICE_OFFERED,
                              .object_kind = LOG_OBJECT_NOTICE,
                              .professional = notice->has_own ? notice->own.professional : NULL};
    put_be64(note->object, notice->sequence);
}

/* Of a family match more than one child is shown: an entry on each of them, which the store makes
 * of a reading of the match. */
static bool shows_family(const struct notice *notice)
{
    return notice->has_match && notice->match.kind == MATCH_FAMILY &&
           notice->match.involved_count > 0;
}

static void set_family_note(struct log_note *note, const struct notice *notice)
{
    *note = (struct log_note){.event = LOG_MATCH_READ, .object_kind = LOG_OBJECT_MATCH};
    memcpy(note->object, notice->match.id.bytes, sizeof(notice->match.id.bytes));
}

static void offer(struct exchange *x, uint64_t after, const struct notice_page *page)
{
    struct log_note *notes = exchange_new_memory(x, (page->count + 1) * 2 * sizeof(*notes));
    size_t noted = 0;
    if (notes == NULL) {
        exchange_fail(x);
        return;
    }
    struct writer *writer = exchange_begin_json(x);
    writer_begin_object(writer);
    writer_name(writer, "notices");
    writer_begin_list(writer);
    for (size_t i = 0; i < page->count; i++) {
        event_write(writer, x->options.api->event_source, &page->notices[i]);
        set_note(&notes[noted++], &page->notices[i]);
        if (shows_family(&page->notices[i])) {
            set_family_note(&notes[noted++], &page->notices[i]);
        }
    }
    writer_end_list(writer);
    uint64_t next = page->count > 0 || page->more ? page->next : after;
    writer_member_unsigned(writer, "next", next);
    writer_end_object(writer);
    if (!exchange_set_json(x, 200)) {
        return;
    }
    if (page->count == 0) {
        exchange_finish(x); /* an empty inbox discloses nothing */
    } else {
        exchange_disclose(x, notes, noted);
    }
}

static bool may_wait(const struct exchange *x)
{
    return x->deadline != 0 && !x->woken && x->now < x->deadline &&
           !atomic_load(&x->options.api->draining);
}

void notices_list(struct exchange *x)
{
    const struct notice_query *in = x->query;
    if (in->wait.valid && in->wait.value > 0 && x->deadline == 0) {
        x->deadline = x->now + in->wait.value * CLOCK_SECOND;
    }
    uint64_t after = 0;
    struct notice_page page = {0};
    size_t limit = in->limit.valid ? (size_t)in->limit.value : MODEL_PAGE_DEFAULT;
    limit = x->page_limit != 0 ? x->page_limit : limit;
    int r = read_page(x, limit, &after, &page);
    if (r != 0) {
        exchange_refuse_result(x, r);
    } else if (limit > 1 && is_too_large(&page)) {
        exchange_attempt_smaller(x, limit);
    } else if (page.count == 0 && !page.more && may_wait(x)) {
        exchange_wait(x, is_idle);
    } else {
        offer(x, after, &page);
    }
}

void notices_acknowledge(struct exchange *x)
{
    const struct acknowledgement *in = x->body;
    struct store_acknowledge *acknowledge = &x->work.acknowledge;
    store_acknowledge_init(acknowledge);
    acknowledge->up_to = (uint64_t)in->up_to.value;
    static const struct exchange_condition conditions[] = {
        {STORE_BEYOND_HEAD, "#/upTo", "This sequence was never given out."},
        {0},
    };
    exchange_submit(x, exchange_finish_empty, conditions);
}
