/* SPDX-License-Identifier: EUPL-1.2 */
/* Signals: by BSN, and by element. */
#include <errno.h>
#include <string.h>
#include <time.h>

#include "crypto/secret.h"
#include "tools/answer.h"
#include "tools/load/elements.h"
#include "tools/load/operation.h"
#include "tools/text.h"

#define DATE_SIZE 16
#define YEARS_OLD 10
#define OWED_MAXIMUM 64.0 /* posts on children of others, when there were none for a while */
#define ELEMENTS_DEFAULT 100000
#define EVALUATED_DEFAULT 600
#define LOCATION_PREFIX "/v1/signals/"

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

static void fill_bsn(const struct bench_stock *stock, uint32_t who, struct bench_request *request)
{
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

static void fill_element(const struct bench_stock *stock, uint32_t who,
                         struct bench_request *request)
{
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
    } else if (work->stock->options->overlap > 0 && work->stock->options->children == 0) {
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
            tally->repeated += ticket->repeated || ticket->known ? 1 : 0;
        }
    } else if (status != 0 && ticket->repeated) {
        /* Refused, so it still is to be signalled. Without an answer nobody knows. */
        bench_children_put_back(&work->children, ticket->place, self->slot);
    }
}

/* Whether it is the turn of a child that another has signalled, and there is one. */
static bool draw_known(struct bench_work *work, const struct bench_self *self,
                       struct bench_ticket *ticket)
{
    double overlap = work->stock->options->overlap;
    if (overlap <= 0 || work->stock->options->children > 0) {
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

static int ask_bsn(struct bench_work *work, const struct bench_self *self,
                   struct bench_ticket *ticket, struct bench_request *request)
{
    if (!draw_known(work, self, ticket) &&
        bench_stock_draw(work->stock, &ticket->who, &ticket->known) != 0) {
        return BENCH_WORK_EXHAUSTED;
    }
    fill_bsn(work->stock, ticket->who, request);
    return 0;
}

static int ask_element(struct bench_work *work, const struct bench_self *self,
                       struct bench_ticket *ticket, struct bench_request *request)
{
    int result = draw_known(work, self, ticket) ? 0 : draw_element(work->stock, &ticket->who);
    if (result == 0) {
        fill_element(work->stock, ticket->who, request);
    }
    return result;
}

const struct bench_operation bench_posts = {
    .make = make_bsn_posts, .ask = ask_bsn, .hear = hear_post, .signals = true};
const struct bench_operation bench_element_posts = {
    .make = make_element_posts, .ask = ask_element, .hear = hear_post, .signals = true};
