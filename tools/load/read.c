/* SPDX-License-Identifier: EUPL-1.2 */
/* What is only read: notices, matches, or any path. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "tools/load/call.h"
#include "tools/load/operation.h"

#define FIRST_HEAD 1024
#define HEAD_MAXIMUM (INT64_C(1) << 40)

void bench_request_get(struct bench_request *request, const struct bench_stock *stock,
                       const char *target)
{
    int length = snprintf(request->bytes, sizeof(request->bytes),
                          "GET %s HTTP/1.1\r\nHost: %s\r\n\r\n", target, stock->target->authority);
    request->length = length < BENCH_REQUEST_BYTES ? (size_t)length : BENCH_REQUEST_BYTES;
}

/* ---- notices ---- */

/* Whether the inbox has anything after that sequence. */
static int probe(struct bench_caller *caller, int64_t after, bool *ret_there)
{
    CLEANUP(answer_freep) struct answer *answer = NULL;
    char path[80];
    snprintf(path, sizeof(path), "/v1/notices?limit=1&after=%lld", (long long)after);
    int result = bench_caller_call(caller, &(struct bench_call){"GET", path, NULL, 0}, &answer);
    if (result == VIX_DONE && !answer_is_list(answer_at(answer, "notices"))) {
        result = bench_complain(VIX_REFUSED, "a page of notices holds none");
    }
    *ret_there = result == VIX_DONE && answer_count(answer_at(answer, "notices")) > 0;
    return result;
}

/* Where the inbox ends, by halving: every notice that is seen on the way is logged as offered. */
int bench_inbox_end(const struct bench_stock *stock, const struct bench_identity *identity,
                    int64_t *ret_end)
{
    CLEANUP(bench_caller_close) struct bench_caller caller = {0};
    int64_t low = 0; /* there is something after `low - 1`, or low is 0 */
    int64_t high = FIRST_HEAD;
    bool there = true;
    int result = bench_caller_open(&caller, stock->options, identity);
    while (result == VIX_DONE && there && high < HEAD_MAXIMUM) {
        result = probe(&caller, high, &there);
        low = there ? high + 1 : low;
        high = there ? high * 2 : high;
    }
    while (result == VIX_DONE && low < high) {
        int64_t middle = low + (high - low) / 2;
        result = probe(&caller, middle, &there);
        low = there ? middle + 1 : low;
        high = there ? high : middle;
    }
    if (result == VIX_DONE) {
        *ret_end = high;
    }
    return result;
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
        result = bench_inbox_end(stock, &stock->identities->items[i], &stock->heads[i]);
    }
    return result;
}

static int ask_poll(struct bench_work *work, const struct bench_self *self,
                    struct bench_ticket *ticket, struct bench_request *request)
{
    (void)ticket;
    const struct bench_stock *stock = work->stock;
    char target[96];
    char after[40] = "";
    if (stock->heads != NULL) {
        snprintf(after, sizeof(after), "&after=%lld", (long long)stock->heads[self->identity]);
    }
    snprintf(target, sizeof(target), "/v1/notices?limit=%lld%s", (long long)stock->options->limit,
             after);
    bench_request_get(request, stock, target);
    return 0;
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

const struct bench_operation bench_polls = {.make = make_polls, .ask = ask_poll, .hear = hear_poll};

/* ---- any path ---- */

static int make_gets(struct bench_stock *stock)
{
    struct bench_request request;
    bench_request_get(&request, stock, stock->options->path);
    memcpy(stock->pattern, request.bytes, request.length);
    stock->pattern_length = request.length;
    return VIX_DONE;
}

static int ask_get(struct bench_work *work, const struct bench_self *self,
                   struct bench_ticket *ticket, struct bench_request *request)
{
    (void)self;
    (void)ticket;
    memcpy(request->bytes, work->stock->pattern, work->stock->pattern_length);
    request->length = work->stock->pattern_length;
    return 0;
}

static void hear_nothing(struct bench_work *work, const struct bench_self *self,
                         const struct bench_ticket *ticket, const struct bench_answer *answer,
                         struct bench_tally *tally)
{
    (void)work;
    (void)self;
    (void)ticket;
    (void)answer;
    (void)tally;
}

const struct bench_operation bench_gets = {.make = make_gets, .ask = ask_get, .hear = hear_nothing};

/* ---- matches ---- */

static int find_matches(const struct bench_stock *stock, const struct bench_identity *identity,
                        struct bench_match_ids *found)
{
    CLEANUP(bench_caller_close) struct bench_caller caller = {0};
    CLEANUP(answer_freep) struct answer *answer = NULL;
    char path[64];
    snprintf(path, sizeof(path), "/v1/matches?limit=%d", BENCH_MATCHES_KEPT);
    int result = bench_caller_open(&caller, stock->options, identity);
    result = result == VIX_DONE
                 ? bench_caller_call(&caller, &(struct bench_call){"GET", path, NULL, 0}, &answer)
                 : result;
    if (result != VIX_DONE) {
        return result;
    }
    const struct answer *matches = answer_at(answer, "matches");
    for (size_t i = 0; i < answer_count(matches) && i < BENCH_MATCHES_KEPT; i++) {
        const char *id = answer_string(answer_at(answer_item(matches, i), "id"));
        if (id == NULL || !bench_id_parse(id, strlen(id), &found->ids[found->count])) {
            return bench_complain(VIX_REFUSED, "a match has no id");
        }
        found->count++;
    }
    return VIX_DONE;
}

int bench_matches_find(struct bench_stock *stock, bool needed)
{
    size_t all = 0;
    stock->matches = calloc(stock->identities->count, sizeof(*stock->matches));
    if (stock->matches == NULL) {
        return bench_report_fault(-ENOMEM);
    }
    for (size_t i = 0; i < stock->identities->count; i++) {
        const struct bench_identity *identity = &stock->identities->items[i];
        int result = find_matches(stock, identity, &stock->matches[i]);
        if (result != VIX_DONE) {
            return result;
        }
        all += stock->matches[i].count;
    }
    return all > 0 || !needed ? VIX_DONE
                              : bench_complain(VIX_REFUSED, "nobody has a match to be read");
}

static int make_match_reads(struct bench_stock *stock)
{
    return bench_matches_find(stock, true);
}

/* Who has none reads the list of them. */
static int ask_match(struct bench_work *work, const struct bench_self *self,
                     struct bench_ticket *ticket, struct bench_request *request)
{
    const struct bench_match_ids *known = &work->stock->matches[self->identity];
    char target[sizeof("/v1/matches/") + BENCH_ID_TEXT] = "/v1/matches";
    (void)ticket;
    if (known->count > 0) {
        char text[BENCH_ID_TEXT + 1];
        bench_id_write(&known->ids[work->turns++ % known->count], text);
        snprintf(target, sizeof(target), "/v1/matches/%s", text);
    }
    bench_request_get(request, work->stock, target);
    return 0;
}

const struct bench_operation bench_match_reads = {
    .make = make_match_reads, .ask = ask_match, .hear = hear_nothing};
