/* SPDX-License-Identifier: EUPL-1.2 */
/* The life of an exchange, and the ways in which it can end. */
#include "proto/exchange.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "crypto/secret.h"
#include "proto/request.h"
#include "store/base/clock.h"

#define BODY_MAXIMUM_UNMATCHED 16384 /* read and dropped, so that the answer is 404 or 405 */

int exchange_new(const struct exchange_options *options, struct exchange **ret_exchange)
{
    struct exchange *x = calloc(1, sizeof(*x));
    if (x == NULL) {
        return -ENOMEM;
    }
    x->options = *options;
    arena_init(&x->arena);
    arena_init(&x->scratch);
    *ret_exchange = x;
    return 0;
}

void exchange_free(struct exchange *x)
{
    if (x == NULL) {
        return;
    }
    exchange_close_snapshot(x);
    arena_finish(&x->scratch);
    arena_finish(&x->arena);
    secret_wipe(x, sizeof(*x));
    free(x);
}

struct http_request *exchange_request(struct exchange *x)
{
    return &x->request;
}

struct arena *exchange_arena(struct exchange *x)
{
    return &x->arena;
}

void *exchange_owner(const struct exchange *x)
{
    return x->options.owner;
}

const struct http_response *exchange_response(const struct exchange *x)
{
    return &x->response;
}

const char *exchange_route(const struct exchange *x)
{
    return x->match.template != NULL ? x->match.template : "-";
}

int64_t exchange_wait_deadline(const struct exchange *x)
{
    return x->deadline;
}

/* ---- the request ---- */

static void match_route(struct exchange *x)
{
    if (x->matched) {
        return;
    }
    x->matched = true;
    x->malformed_target = query_split_target(x->request.target, &x->target) != 0;
    if (!x->malformed_target) {
        routes_match(x->options.face, x->request.method, &x->target, &x->match);
    }
}

size_t api_body_maximum(struct exchange *x)
{
    match_route(x);
    return x->match.route != NULL ? request_body_maximum(x->match.route) : BODY_MAXIMUM_UNMATCHED;
}

/* ---- memory and snapshots ---- */

void exchange_close_snapshot(struct exchange *x)
{
    store_snapshot_close(TAKE_PTR(x->snapshot));
}

bool exchange_reopen(struct exchange *x)
{
    exchange_close_snapshot(x);
    int r = store_snapshot_open(x->options.api->options.store, &x->scratch, &x->snapshot);
    if (r != 0) {
        exchange_refuse_result(x, r);
        return false;
    }
    return true;
}

int exchange_ask_again(struct exchange *x, const char **ret_slug)
{
    const char *slug = NULL;
    exchange_close_snapshot(x);
    int r = store_snapshot_open(x->options.api->options.store, &x->scratch, &x->snapshot);
    r = r != 0 ? r : caller_identify(x, &slug);
    if (r != 0) {
        return r;
    }
    *ret_slug = slug != NULL ? slug : caller_refuse_route(x, x->match.route);
    return 0;
}

void *exchange_new_memory(struct exchange *x, size_t size)
{
    return arena_new(&x->scratch, size);
}

/* ---- operations ---- */

/* What every entry from outside ends with. The exchange may be gone after it. */
static void settle(struct exchange *x);

static bool is_concealed(const struct exchange *x, int result)
{
    const struct exchange_condition *known = x->conditions;
    for (; known != NULL && known->condition != 0; known++) {
        if (known->condition == result) {
            return known->concealed;
        }
    }
    return false;
}

static void go_on(struct exchange *x)
{
    const struct store_op *op = &x->work.op;
    if (op->logged && !x->has_log_index) {
        x->has_log_index = true;
        x->log_index = op->log_index;
    }
    if (op->result == 0 || is_concealed(x, op->result)) {
        x->after(x);
    } else if (op->result < 0) {
        exchange_drop_headers(x);
        exchange_fail(x);
    } else if (op->result == STORE_STALE && ++x->attempts < EXCHANGE_ATTEMPTS_MAXIMUM) {
        x->again(x);
    } else if (x->otherwise != NULL) {
        x->otherwise(x);
    } else {
        exchange_explain(x, op->result);
    }
}

static void delivered(struct mail *mail)
{
    struct exchange *x = CONTAINER_OF(mail, struct exchange, work.op.mail);
    x->pending = false;
    if (x->abandoned) {
        exchange_free(x);
        return;
    }
    go_on(x);
    settle(x);
}

static void hand_over(struct exchange *x, void (*after)(struct exchange *exchange))
{
    struct store_op *op = &x->work.op;
    op->mail.deliver = delivered;
    op->mailbox = x->options.mailbox;
    op->by = x->by;
    op->party = x->known ? x->party.number : 0;
    x->after = after;
    int r = store_submit(x->options.api->options.store, op);
    if (r == 0) {
        x->pending = true;
    } else if (x->otherwise != NULL) {
        x->otherwise(x);
    } else {
        /* Overloaded, full or stopped: all of these are counted, so that this ends here. */
        exchange_refuse_result(x, r);
    }
}

void exchange_submit(struct exchange *x, void (*after)(struct exchange *exchange),
                     const struct exchange_condition *conditions)
{
    x->conditions = conditions;
    store_op_rely(&x->work.op, x->snapshot);
    hand_over(x, after);
}

void exchange_disclose(struct exchange *x, const struct log_note *notes, size_t count)
{
    store_note_init(&x->work.note);
    x->work.note.count = count;
    x->work.note.notes = notes;
    exchange_submit(x, exchange_finish, NULL);
}

void exchange_note(struct exchange *x, const struct log_note *note)
{
    store_note_init(&x->work.note);
    x->work.note.count = 1;
    x->work.note.notes = note;
    x->conditions = NULL;
    hand_over(x, exchange_finish);
}

/* ---- waiting ---- */

static bool is_waiting(const struct exchange *x)
{
    return x->waiters[0].waiting || x->waiters[1].waiting;
}

/* True: nothing of the waiters is on its way any more. */
static bool stop_waiting(struct exchange *x)
{
    for (size_t i = 0; i < EXCHANGE_WAITERS; i++) {
        struct exchange_waiter *waiter = &x->waiters[i];
        if (waiter->waiting && store_unwait(x->options.api->options.store, &waiter->waiter)) {
            waiter->waiting = false;
        }
    }
    return !is_waiting(x);
}

static void woken(struct mail *mail)
{
    struct exchange_waiter *waiter = CONTAINER_OF(mail, struct exchange_waiter, waiter.mail);
    struct exchange *x = waiter->exchange;
    waiter->waiting = false;
    if (!stop_waiting(x)) {
        return; /* the mail of the other does the rest */
    }
    if (x->abandoned) {
        exchange_free(x);
        return;
    }
    exchange_attempt(x);
    settle(x);
}

static int start_waiting(struct exchange *x, size_t which, uint32_t party)
{
    struct exchange_waiter *waiter = &x->waiters[which];
    *waiter = (struct exchange_waiter){
        .waiter = {.mail.deliver = woken, .mailbox = x->options.mailbox, .party = party},
        .exchange = x,
    };
    int r = store_wait(x->options.api->options.store, &waiter->waiter);
    waiter->waiting = r == 0;
    return r;
}

/* Looks again, as what is there may have come before the waiter was registered. */
static bool is_still_idle(struct exchange *x, bool (*is_idle)(struct exchange *exchange))
{
    const char *slug = NULL;
    return exchange_ask_again(x, &slug) == 0 && slug == NULL && is_idle(x);
}

void exchange_wait(struct exchange *x, bool (*is_idle)(struct exchange *exchange))
{
    int r = start_waiting(x, 0, x->party.number);
    if (r == STORE_TOO_MANY) {
        exchange_refuse(x, "rate-limited", "Too many requests of this party wait already.");
        return;
    }
    if (r != 0) {
        exchange_refuse_result(x, r);
        return;
    }
    if (x->connected != x->party.number) {
        /* A supplier may wait for more parties than it has places of its own. Without one its
         * suspension is noticed when something comes, or at the end: nothing is shown before. */
        r = start_waiting(x, 1, x->connected);
        (void)r;
    }
    if (!is_still_idle(x, is_idle)) {
        exchange_attempt(x);
    }
}

void exchange_wake(struct exchange *x)
{
    x->woken = true;
    if (is_waiting(x) && stop_waiting(x)) {
        exchange_attempt(x);
        settle(x);
    }
}

void exchange_abandon(struct exchange *x)
{
    x->abandoned = true;
    if (stop_waiting(x) && !x->pending) {
        exchange_free(x);
    }
}

void exchange_resume(struct exchange *x, void (*then)(struct exchange *exchange))
{
    x->pending = false;
    then(x);
    settle(x);
}

/* ---- one attempt ---- */

void exchange_attempt(struct exchange *x)
{
    if (!stop_waiting(x)) {
        return; /* its mail is on its way, and starts the attempt */
    }
    x->rerun = true;
}

void exchange_attempt_smaller(struct exchange *x, size_t limit)
{
    x->page_limit = limit / 2;
    exchange_attempt(x);
}

static void run_once(struct exchange *x);

static void settle(struct exchange *x)
{
    while (x->rerun) {
        x->rerun = false;
        run_once(x);
    }
    exchange_close_snapshot(x);
    if (x->finished && x->abandoned) {
        exchange_free(x);
    } else if (x->finished) {
        exchange_add_headers(x);
        x->options.finished(x);
    }
}

void api_begin(struct exchange *x)
{
    match_route(x);
    exchange_attempt(x);
    settle(x);
}

void api_refuse(struct exchange *x, const char *slug, const char *detail)
{
    x->transport_slug = slug;
    x->transport_detail = detail;
    match_route(x);
    exchange_attempt(x);
    settle(x);
}

static void begin_attempt(struct exchange *x)
{
    exchange_close_snapshot(x);
    arena_finish(&x->scratch);
    arena_init(&x->scratch);
    x->response = (struct http_response){0};
    x->faults.count = 0;
    x->malformed_path = false;
    x->decoded = false;
    x->has_log_index = false;
    x->again = exchange_attempt;
    x->otherwise = NULL;
    x->now = clock_now();
    x->today = calendar_dutch_day(x->now);
}

/* Whether the route may be asked at all; false: the exchange has ended or goes its own way. */
static bool admit(struct exchange *x)
{
    const char *slug = NULL;
    int r = caller_identify(x, &slug);
    if (r < 0) {
        exchange_fail(x);
        return false;
    }
    const struct route *route = x->match.route;
    const char *detail = NULL;
    if (route != NULL && route->standing == ROUTE_OPEN) {
        slug = NULL;
        x->faults.count = 0;
    }
    bool limited = slug != NULL && strcmp(slug, "rate-limited") == 0;
    if (!limited && negotiate_is_foreign(&x->request, route)) {
        exchange_refuse_counted(x, "not-permitted",
                                "A page of another site may not use this interface.");
        return false;
    }
    if (x->transport_slug != NULL && !limited) {
        slug = x->transport_slug;
        detail = x->transport_detail;
    } else if (slug == NULL && x->match.template == NULL) {
        slug = "not-found";
    } else if (slug == NULL && route == NULL) {
        slug = "method-not-allowed";
    } else if (slug == NULL) {
        slug = caller_refuse_route(x, route);
    }
    if (slug != NULL) {
        exchange_refuse(x, slug, detail);
    }
    return slug == NULL;
}

static void run_once(struct exchange *x)
{
    CLEANUP(request_forget) struct json_t *root = NULL;
    begin_attempt(x);
    if (!exchange_reopen(x) || !admit(x) || !request_decode(x, &root)) {
        return;
    }
    const struct route *route = x->match.route;
    if (route->check != NULL && x->decoded) {
        route->check(x);
    }
    if (x->faults.count > 0) {
        exchange_refuse(x, "invalid-request", NULL);
    } else if (x->malformed_path) {
        exchange_refuse(x, "not-found", NULL);
    } else {
        route->run(x);
    }
}
