/* SPDX-License-Identifier: EUPL-1.2 */
/*
 * A day at the index: systems ask for notices most of the time, and acknowledge what they get; now
 * and then somebody signals, reads a match, withdraws a signal, or has another telephone number.
 */
#include <string.h>

#include "tools/load/call.h"
#include "tools/load/operation.h"
#include "tools/text.h"

enum kind { POLL, ACKNOWLEDGE, POST, READ_MATCH, WITHDRAW, CHANGE, KINDS };

static const char *const names[KINDS] = {
    [POLL] = "poll",        [ACKNOWLEDGE] = "acknowledge", [POST] = "post",
    [READ_MATCH] = "match", [WITHDRAW] = "withdraw",       [CHANGE] = "professional",
};

/* Of a hundred; what is left are polls. Acknowledgements follow from polls. */
static const struct {
    enum kind kind;
    uint32_t share;
} shares[] = {{POST, 12}, {READ_MATCH, 8}, {WITHDRAW, 4}, {CHANGE, 2}};

static int acknowledge_all(const struct bench_stock *stock, const struct bench_identity *identity)
{
    CLEANUP(bench_caller_close) struct bench_caller caller = {0};
    CLEANUP(text_finish) struct text body = {0};
    int64_t end = 0;
    int result = bench_inbox_end(stock, identity, &end);
    if (result != VIX_DONE || end == 0) {
        return result;
    }
    text_add_format(&body, "{\"upTo\":%lld}", (long long)end);
    result = bench_caller_open(&caller, stock->options, identity);
    return result == VIX_DONE
               ? bench_caller_call(
                     &caller, &(struct bench_call){"POST", "/v1/notices/_acknowledge", &body, 0},
                     NULL)
               : result;
}

/* It begins with everything read: what lay in the inboxes before is not of this day. */
static int make_day(struct bench_stock *stock)
{
    int result = bench_posts.make(stock);
    for (size_t i = 0; i < stock->identities->count && result == VIX_DONE; i++) {
        result = acknowledge_all(stock, &stock->identities->items[i]);
    }
    return result == VIX_DONE ? bench_matches_find(stock, false) : result;
}

static enum kind pick(struct bench_work *work, const struct bench_slot *slot)
{
    if (slot->unacknowledged > 0 && bench_work_random(work, 2) == 0) {
        return ACKNOWLEDGE;
    }
    uint32_t at = bench_work_random(work, 100);
    for (size_t i = 0; i < ARRAY_LENGTH(shares); i++) {
        if (at < shares[i].share) {
            return shares[i].kind;
        }
        at -= shares[i].share;
    }
    return POLL;
}

/* ---- asking ---- */

static void write_post(const struct bench_stock *stock, const char *method, const char *target,
                       const char *body, struct bench_request *request)
{
    int length = snprintf(request->bytes, sizeof(request->bytes),
                          "%s %s HTTP/1.1\r\nHost: %s\r\nContent-Type: application/json\r\n"
                          "Content-Length: %zu\r\n\r\n%s",
                          method, target, stock->target->authority, strlen(body), body);
    request->length = (size_t)length;
}

static void ask_acknowledge(struct bench_work *work, struct bench_slot *slot,
                            struct bench_request *request)
{
    char body[64];
    snprintf(body, sizeof(body), "{\"upTo\":%lld}", (long long)slot->unacknowledged);
    slot->unacknowledged = 0;
    write_post(work->stock, "POST", "/v1/notices/_acknowledge", body, request);
}

static void ask_match(struct bench_work *work, const struct bench_match_ids *known,
                      struct bench_request *request)
{
    size_t there = known->count < BENCH_MATCHES_KEPT ? known->count : BENCH_MATCHES_KEPT;
    char target[sizeof("/v1/matches/") + BENCH_ID_TEXT];
    char id[BENCH_ID_TEXT + 1];
    bench_id_write(&known->ids[bench_work_random(work, (uint32_t)there)], id);
    snprintf(target, sizeof(target), "/v1/matches/%s", id);
    bench_request_get(request, work->stock, target);
}

static void ask_withdraw(struct bench_work *work, struct bench_slot *slot,
                         struct bench_ticket *ticket, struct bench_request *request)
{
    char id[BENCH_ID_TEXT + 1];
    ticket->place = slot->own[--slot->own_count];
    bench_id_write(&work->acknowledged.items[ticket->place].id, id);
    int length = snprintf(request->bytes, sizeof(request->bytes),
                          "DELETE /v1/signals/%s?reason=ended HTTP/1.1\r\nHost: %s\r\n\r\n", id,
                          work->stock->target->authority);
    request->length = (size_t)length;
}

static void ask_change(struct bench_work *work, struct bench_request *request)
{
    char target[sizeof("/v1/professionals/") + BENCH_PROFESSIONAL_MAXIMUM];
    char body[192];
    snprintf(target, sizeof(target), "/v1/professionals/%s", work->stock->options->professional);
    snprintf(body, sizeof(body),
             "{\"name\":\"B. Proef\",\"function\":\"belastingproef\","
             "\"email\":\"proef@example.org\",\"phone\":\"+31 70 %07u\"}",
             bench_work_random(work, 10000000));
    write_post(work->stock, "PUT", target, body, request);
}

/* What an identity cannot do yet, it polls instead of. */
static enum kind possible(enum kind kind, const struct bench_slot *slot)
{
    bool lacks = (kind == READ_MATCH && slot->matches.count == 0) ||
                 (kind == WITHDRAW && slot->own_count == 0);
    return lacks ? POLL : kind;
}

static int ask_day(struct bench_work *work, const struct bench_self *self,
                   struct bench_ticket *ticket, struct bench_request *request)
{
    struct bench_slot *slot = &work->slots[self->slot];
    if (slot->matches.count == 0) {
        slot->matches = work->stock->matches[self->identity];
    }
    ticket->part = (uint8_t)possible(pick(work, slot), slot);
    switch ((enum kind)ticket->part) {
    case ACKNOWLEDGE:
        ask_acknowledge(work, slot, request);
        return 0;
    case POST:
        return bench_posts.ask(work, self, ticket, request);
    case READ_MATCH:
        ask_match(work, &slot->matches, request);
        return 0;
    case WITHDRAW:
        ask_withdraw(work, slot, ticket, request);
        return 0;
    case CHANGE:
        ask_change(work, request);
        return 0;
    default:
        return bench_polls.ask(work, self, ticket, request);
    }
}

/* ---- hearing ---- */

/* The sequence that a page of notices ends at; 0 when it holds none. */
static int64_t read_next(const struct bench_answer *answer)
{
    static const char empty[] = "\"notices\":[]";
    static const char member[] = "\"next\":";
    const char *body = answer->body;
    size_t length = answer->body_length;
    if (memmem(body, length, empty, sizeof(empty) - 1) != NULL) {
        return 0;
    }
    /* It is the last member: a notice could hold the same word. */
    const char *found = NULL;
    for (const char *at = body; at != NULL;) {
        at = memmem(at, (size_t)(body + length - at), member, sizeof(member) - 1);
        found = at != NULL ? at : found;
        at = at != NULL ? at + 1 : NULL;
    }
    int64_t next = 0;
    const char *digit = found != NULL ? found + sizeof(member) - 1 : body + length;
    for (; digit < body + length && *digit >= '0' && *digit <= '9' && next < INT64_MAX / 10 - 1;
         digit++) {
        next = next * 10 + (*digit - '0');
    }
    return next;
}

/* The match that the answer to a post tells of, if it does. */
static void keep_match(struct bench_slot *slot, const struct bench_answer *answer)
{
    static const char member[] = "\"match\":{\"id\":\"";
    const char *end = answer->body + answer->body_length;
    const char *found = memmem(answer->body, answer->body_length, member, sizeof(member) - 1);
    struct bench_id id;
    if (found == NULL || end - found < (ptrdiff_t)(sizeof(member) - 1 + BENCH_ID_TEXT) ||
        !bench_id_parse(found + sizeof(member) - 1, BENCH_ID_TEXT, &id)) {
        return;
    }
    slot->matches.ids[slot->matches.count++ % BENCH_MATCHES_KEPT] = id;
}

static void hear_post(struct bench_work *work, const struct bench_self *self,
                      const struct bench_ticket *ticket, const struct bench_answer *answer,
                      struct bench_tally *tally)
{
    struct bench_slot *slot = &work->slots[self->slot];
    size_t before = work->acknowledged.count;
    bench_posts.hear(work, self, ticket, answer, tally);
    if (work->acknowledged.count > before) {
        keep_match(slot, answer);
        if (slot->own_count < BENCH_OWN_KEPT) {
            slot->own[slot->own_count++] = (uint32_t)before;
        }
    }
}

static void hear_day(struct bench_work *work, const struct bench_self *self,
                     const struct bench_ticket *ticket, const struct bench_answer *answer,
                     struct bench_tally *tally)
{
    struct bench_slot *slot = &work->slots[self->slot];
    int status = answer != NULL ? answer->head->status : 0;
    if (ticket->part == POST) {
        hear_post(work, self, ticket, answer, tally);
    } else if (ticket->part == POLL) {
        bench_polls.hear(work, self, ticket, answer, tally);
        int64_t next = status == 200 ? read_next(answer) : 0;
        slot->unacknowledged = next > slot->unacknowledged ? next : slot->unacknowledged;
    } else if (ticket->part == WITHDRAW && status == 204) {
        work->acknowledged.items[ticket->place].withdrawn = true;
    }
}

/* A match can have ended by a withdrawal of this very load. */
static bool accepts(const struct bench_ticket *ticket, int status)
{
    return ticket->part == READ_MATCH && status == 404;
}

const struct bench_operation bench_days = {
    .make = make_day,
    .ask = ask_day,
    .hear = hear_day,
    .accepts = accepts,
    .parts = names,
    .part_count = KINDS,
    .signals = true,
};
