/* SPDX-License-Identifier: EUPL-1.2 */
#include "tools/load/work.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "crypto/secret.h"
#include "tools/load/call.h"
#include "tools/load/elements.h"
#include "tools/text.h"

#define DATE_SIZE 16
#define YEARS_OLD 10
#define OWED_MAXIMUM 64.0 /* posts on children of others, when there were none for a while */
#define ELEMENTS_DEFAULT 100000
#define EVALUATED_DEFAULT 600
#define HEAD_PAGES_MAXIMUM 10000
#define LOCATION_PREFIX "/v1/signals/"

struct bench_operation {
    int (*make)(struct bench_stock *stock);
    /* Draws a child that nobody has signalled yet. 0 or BENCH_WORK_EXHAUSTED; NULL: no children. */
    int (*draw)(struct bench_stock *stock, uint32_t *ret_who);
    void (*fill)(const struct bench_stock *stock, const struct bench_self *self, uint32_t who,
                 struct bench_request *request);
    void (*hear)(struct bench_work *work, const struct bench_self *self,
                 const struct bench_ticket *ticket, const struct bench_answer *answer,
                 struct bench_tally *tally);
};

/* ---- signals ---- */

static void write_birth_date(const struct bench_options *options, char out[static DATE_SIZE])
{
    struct tm today;
    time_t now = time(NULL);
    if (options->birth_date != NULL) {
        snprintf(out, DATE_SIZE, "%s", options->birth_date);
    } else {
        gmtime_r(&now, &today);
        snprintf(out, DATE_SIZE, "%04d-05-01", (today.tm_year + 1900 - YEARS_OLD) % 10000);
    }
}

/* `before` and `after` the hole of `width` bytes make up the body. */
static int make_post(struct bench_stock *stock, const char *before, size_t width, const char *after)
{
    CLEANUP(text_finish) struct text text = {0};
    char birth_date[DATE_SIZE];
    write_birth_date(stock->options, birth_date);

    CLEANUP(text_finish) struct text body = {0};
    text_add_string(&body, before);
    size_t hole = body.length;
    for (size_t i = 0; i < width; i++) {
        text_add_string(&body, "_");
    }
    text_add_string(&body, after);
    text_add_member(&body, "professional", stock->options->professional);
    text_add_member(&body, "birthDate", birth_date);
    text_add_member(&body, "municipality", stock->options->municipality);
    text_close_object(&body);

    text_add_format(&text,
                    "POST /v1/signals HTTP/1.1\r\nHost: %s\r\nContent-Type: application/json\r\n"
                    "Content-Length: %zu\r\n\r\n",
                    stock->target->authority, body.length);
    stock->hole = text.length + hole;
    text_add(&text, body.bytes, body.length);
    if (body.fault != 0 || text.fault != 0) {
        return bench_report_fault(-ENOMEM);
    }
    if (text.length > sizeof(stock->pattern)) {
        return bench_complain(VIX_USAGE, "the request is longer than %d bytes",
                              BENCH_REQUEST_BYTES);
    }
    memcpy(stock->pattern, text.bytes, text.length);
    stock->pattern_length = text.length;
    return VIX_DONE;
}

static void fill_pattern(const struct bench_stock *stock, const char *hole, size_t width,
                         struct bench_request *request)
{
    memcpy(request->bytes, stock->pattern, stock->pattern_length);
    memcpy(request->bytes + stock->hole, hole, width);
    request->length = stock->pattern_length;
}

static int make_bsn_posts(struct bench_stock *stock)
{
    return make_post(stock, "{\"bsn\":\"", BSN_DIGITS, "\"");
}

static int draw_bsn(struct bench_stock *stock, uint32_t *ret_who)
{
    return bench_bsns_take(&stock->bsns, ret_who) == 0 ? 0 : BENCH_WORK_EXHAUSTED;
}

static void fill_bsn(const struct bench_stock *stock, const struct bench_self *self, uint32_t who,
                     struct bench_request *request)
{
    (void)self;
    char digits[BSN_DIGITS];
    bench_bsn_write(who, digits);
    fill_pattern(stock, digits, sizeof(digits), request);
}

#define ELEMENT_WIDTH (SECRET_BASE64URL_SIZE(OPRF_ELEMENT_BYTES) - 1)

static int make_element_posts(struct bench_stock *stock)
{
    const struct bench_options *options = stock->options;
    bool computed = options->evaluation_key != NULL;
    int64_t count = options->elements;
    if (count == 0) {
        count = computed ? ELEMENTS_DEFAULT : EVALUATED_DEFAULT;
        count = options->requests > 0 ? options->requests : count;
    }
    int64_t begun = bench_now();
    int result = computed ? bench_elements_compute(stock, (size_t)count)
                          : bench_elements_evaluate(stock, (size_t)count);
    if (result != VIX_DONE) {
        return result;
    }
    stock->making = bench_now() - begun;
    char after[64];
    snprintf(after, sizeof(after), "\",\"keyId\":%lu", (unsigned long)stock->key_id);
    return make_post(stock, "{\"element\":\"", ELEMENT_WIDTH, after);
}

static int draw_element(struct bench_stock *stock, uint32_t *ret_who)
{
    size_t next = atomic_fetch_add(&stock->next_element, 1);
    *ret_who = (uint32_t)next;
    return next < stock->element_count ? 0 : BENCH_WORK_EXHAUSTED;
}

static void fill_element(const struct bench_stock *stock, const struct bench_self *self,
                         uint32_t who, struct bench_request *request)
{
    (void)self;
    char text[ELEMENT_WIDTH + 1];
    secret_to_base64url(stock->elements[who].bytes, OPRF_ELEMENT_BYTES, text);
    fill_pattern(stock, text, ELEMENT_WIDTH, request);
}

/* The id of the signal: in Location where it is new, else in the body. */
static bool read_id(const struct bench_answer *answer, struct bench_id *ret_id)
{
    const struct bench_head *head = answer->head;
    size_t prefix = sizeof(LOCATION_PREFIX) - 1;
    if (head->location_length > prefix) {
        const char *location = answer->bytes + head->location;
        return memcmp(location, LOCATION_PREFIX, prefix) == 0 &&
               bench_id_parse(location + prefix, head->location_length - prefix, ret_id);
    }
    CLEANUP(answer_freep) struct answer *signal = NULL;
    if (answer_parse(answer->body, answer->body_length, &signal) != 0) {
        return false;
    }
    const char *id = answer_string(answer_at(signal, "id"));
    return id != NULL && bench_id_parse(id, strlen(id), ret_id);
}

static int remember(struct bench_work *work, const struct bench_self *self,
                    const struct bench_ticket *ticket, const struct bench_answer *answer)
{
    struct bench_id id;
    if (!read_id(answer, &id)) {
        return -EBADMSG; /* acknowledged, but what? */
    }
    int result = bench_acknowledged_add(&work->acknowledged, &id, self->identity);
    if (result != 0) {
        return result < 0 ? result : -EOVERFLOW;
    }
    if (ticket->repeated) {
        bench_children_signalled(&work->children, ticket->place, self->slot);
    } else if (work->stock->options->overlap > 0) {
        result = bench_children_add(&work->children, ticket->who, self->slot);
    }
    return result < 0 ? result : 0;
}

static void hear_post(struct bench_work *work, const struct bench_self *self,
                      const struct bench_ticket *ticket, const struct bench_answer *answer,
                      struct bench_tally *tally)
{
    int status = answer != NULL ? answer->head->status : 0;
    if (status >= 200 && status <= 299) {
        int result = remember(work, self, ticket, answer);
        work->fault = work->fault != 0 ? work->fault : result;
        if (tally != NULL) {
            tally->repeated += ticket->repeated ? 1 : 0;
        }
    } else if (status != 0 && ticket->repeated) {
        /* Refused, so it still is to be signalled. Without an answer nobody knows. */
        bench_children_put_back(&work->children, ticket->place, self->slot);
    }
}

/* ---- notices ---- */

/* Where the inbox ends. Each page read on the way is logged as offered. */
static int find_head(const struct bench_stock *stock, const struct bench_identity *identity,
                     int64_t *ret_head)
{
    CLEANUP(bench_caller_close) struct bench_caller caller = {0};
    int64_t after = -1;
    int result = bench_caller_open(&caller, stock->options, identity);
    for (int page = 0; page < HEAD_PAGES_MAXIMUM && result == VIX_DONE; page++) {
        CLEANUP(answer_freep) struct answer *answer = NULL;
        char path[80] = "/v1/notices?limit=500";
        int64_t next;
        if (after >= 0) {
            snprintf(path, sizeof(path), "/v1/notices?limit=500&after=%lld", (long long)after);
        }
        result = bench_caller_call(&caller, &(struct bench_call){"GET", path, NULL, 0}, &answer);
        if (result != VIX_DONE) {
            return result;
        }
        if (!answer_integer(answer_at(answer, "next"), &next)) {
            return bench_complain(VIX_REFUSED, "a page of notices has no `next`");
        }
        if (answer_count(answer_at(answer, "notices")) == 0) {
            *ret_head = next;
            return VIX_DONE;
        }
        after = next;
    }
    return result != VIX_DONE ? result
                              : bench_complain(VIX_REFUSED, "%s: the inbox has no end",
                                               identity->certificate_path);
}

static int make_polls(struct bench_stock *stock)
{
    if (!stock->options->empty) {
        return VIX_DONE;
    }
    stock->heads = calloc(stock->identities->count, sizeof(*stock->heads));
    if (stock->heads == NULL) {
        return bench_report_fault(-ENOMEM);
    }
    int result = VIX_DONE;
    for (size_t i = 0; i < stock->identities->count && result == VIX_DONE; i++) {
        result = find_head(stock, &stock->identities->items[i], &stock->heads[i]);
    }
    return result;
}

static void fill_poll(const struct bench_stock *stock, const struct bench_self *self, uint32_t who,
                      struct bench_request *request)
{
    (void)who;
    char after[40] = "";
    if (stock->heads != NULL) {
        snprintf(after, sizeof(after), "&after=%lld", (long long)stock->heads[self->identity]);
    }
    request->length =
        (size_t)snprintf(request->bytes, sizeof(request->bytes),
                         "GET /v1/notices?limit=%lld%s HTTP/1.1\r\nHost: %s\r\n\r\n",
                         (long long)stock->options->limit, after, stock->target->authority);
}

static void hear_poll(struct bench_work *work, const struct bench_self *self,
                      const struct bench_ticket *ticket, const struct bench_answer *answer,
                      struct bench_tally *tally)
{
    (void)work;
    (void)self;
    (void)ticket;
    static const char nothing[] = "\"notices\":[]";
    if (tally != NULL && answer != NULL && answer->head->status == 200 &&
        memmem(answer->body, answer->body_length, nothing, sizeof(nothing) - 1) != NULL) {
        tally->empty++;
    }
}

static const struct bench_operation operations[BENCH_COMMANDS] = {
    [BENCH_POST] = {make_bsn_posts, draw_bsn, fill_bsn, hear_post},
    [BENCH_ELEMENT] = {make_element_posts, draw_element, fill_element, hear_post},
    [BENCH_POLL] = {make_polls, NULL, fill_poll, hear_poll},
};

/* ---- what they have in common ---- */

void bench_stock_freep(struct bench_stock **stock)
{
    if (*stock != NULL) {
        free((*stock)->elements);
        free((*stock)->heads);
        free(*stock);
        *stock = NULL;
    }
}

int bench_stock_make(const struct bench_options *options, const struct bench_target *target,
                     const struct bench_identities *identities, struct bench_stock **ret_stock)
{
    CLEANUP(bench_stock_freep) struct bench_stock *stock = calloc(1, sizeof(*stock));
    if (stock == NULL) {
        return bench_report_fault(-ENOMEM);
    }
    stock->options = options;
    stock->target = target;
    stock->identities = identities;
    stock->operation = &operations[options->command];
    bench_bsns_start(&stock->bsns, (uint32_t)options->bsn_from);
    int result = stock->operation->make(stock);
    if (result == VIX_DONE) {
        *ret_stock = TAKE_PTR(stock);
    }
    return result;
}

int bench_work_init(struct bench_work *work, struct bench_stock *stock, size_t slots)
{
    *work = (struct bench_work){.stock = stock};
    return bench_children_init(&work->children, slots);
}

void bench_work_finish(struct bench_work *work)
{
    bench_acknowledged_finish(&work->acknowledged);
    bench_children_finish(&work->children);
}

/* Whether it is the turn of a child that another has signalled, and there is one. */
static bool draw_known(struct bench_work *work, const struct bench_self *self,
                       struct bench_ticket *ticket)
{
    double overlap = work->stock->options->overlap;
    if (overlap <= 0) {
        return false;
    }
    work->owed += overlap;
    if (work->owed < 1.0 ||
        bench_children_take(&work->children, self->slot, &ticket->place, &ticket->who) != 0) {
        work->owed = work->owed < OWED_MAXIMUM ? work->owed : OWED_MAXIMUM;
        return false;
    }
    work->owed -= 1.0;
    ticket->repeated = true;
    return true;
}

int bench_work_ask(struct bench_work *work, const struct bench_self *self,
                   struct bench_ticket *ret_ticket, struct bench_request *ret_request)
{
    const struct bench_operation *operation = work->stock->operation;
    struct bench_ticket ticket = {0};
    if (work->fault != 0) {
        return work->fault;
    }
    if (operation->draw != NULL && !draw_known(work, self, &ticket)) {
        int result = operation->draw(work->stock, &ticket.who);
        if (result != 0) {
            return result;
        }
    }
    operation->fill(work->stock, self, ticket.who, ret_request);
    *ret_ticket = ticket;
    return 0;
}

void bench_work_hear(struct bench_work *work, const struct bench_self *self,
                     const struct bench_ticket *ticket, const struct bench_answer *answer,
                     struct bench_tally *tally)
{
    work->stock->operation->hear(work, self, ticket, answer, tally);
}
