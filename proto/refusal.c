/* SPDX-License-Identifier: EUPL-1.2 */
/* How an exchange is refused: with a problem document, and with its trace in the log. */
#include <string.h>

#include "proto/exchange.h"
#include "proto/page.h"
#include "store/base/clock.h"

#define RETRY_AFTER_OVERLOAD "1" /* seconds */

static void write_problem(struct exchange *x, const struct problem *problem, const char *detail)
{
    if (page_refuse(x, problem, detail)) {
        return;
    }
    const struct faults *faults = strcmp(problem->slug, "invalid-request") == 0 ? &x->faults : NULL;
    struct writer *writer = exchange_begin_json(x);
    problem_write(writer, problem, detail, faults);
    size_t size;
    const char *text = writer_finish(writer, &size);
    exchange_set_text(x, problem->status, text != NULL ? "application/problem+json" : NULL, text,
                      text != NULL ? size : 0);
}

void exchange_fail(struct exchange *x)
{
    write_problem(x, problem_find("internal-error"), NULL);
    exchange_finish(x);
}

/* What is counted a day is renewed at Dutch midnight. */
static const char *until_midnight(struct exchange *x)
{
    int64_t left = calendar_dutch_midnight(x->today + 1) - clock_now();
    int64_t seconds = left > CLOCK_SECOND ? (left + CLOCK_SECOND - 1) / CLOCK_SECOND : 1;
    return arena_print(&x->scratch, "%lld", (long long)seconds);
}

static void add_retry_after(struct exchange *x, const struct problem *problem, int condition)
{
    const char *text = RETRY_AFTER_OVERLOAD;
    if (problem->status == 507) {
        return; /* nobody knows when there will be room */
    }
    if (condition == STORE_TOO_OFTEN) {
        text = until_midnight(x);
    } else if (problem->status == 429) {
        unsigned seconds = 1;
        for (int i = 0; i < LIMIT_KINDS; i++) {
            if (x->limited[i] && x->limits[i].reset_seconds > seconds) {
                seconds = x->limits[i].reset_seconds;
            }
        }
        text = arena_print(&x->scratch, "%u", seconds);
    }
    http_response_header(&x->response, "Retry-After", text != NULL ? text : RETRY_AFTER_OVERLOAD);
}

static void count_refusal(struct exchange *x, const struct problem *problem, int condition)
{
    if (x->by.party.text[0] != '\0') { /* nobody in particular: metrics only */
        counts_add(x->options.api->counts, &x->by, problem->slug, 1);
    }
    add_retry_after(x, problem, condition);
    exchange_finish(x);
}

static void log_refusal(struct exchange *x, const struct problem *problem)
{
    x->refusal = (struct log_note){.event = LOG_REQUEST_REFUSED, .outcome = problem->slug};
    exchange_note(x, &x->refusal);
}

/* Allow is part of a 405; all other headers of an answer that is not to be are dropped. */
void exchange_drop_headers(struct exchange *x)
{
    x->response.header_count = 0;
    if (x->match.route == NULL && x->match.template != NULL) {
        http_response_header(&x->response, "Allow", x->match.allow);
    }
}

/* `condition` of the store is what it comes from; 0: from elsewhere. */
static void refuse(struct exchange *x, const struct problem *problem, const char *detail,
                   int condition)
{
    exchange_drop_headers(x);
    write_problem(x, problem, detail);
    switch (problem->record) {
    case PROBLEM_COUNTED:
        count_refusal(x, problem, condition);
        break;
    case PROBLEM_LOGGED:
        if (x->by.has_certificate || x->by.is_operator) {
            log_refusal(x, problem);
            break;
        }
        exchange_finish(x);
        break;
    case PROBLEM_METRIC:
        exchange_finish(x);
        break;
    }
}

void exchange_refuse(struct exchange *x, const char *slug, const char *detail)
{
    refuse(x, problem_find(slug), detail, 0);
}

void exchange_refuse_counted(struct exchange *x, const char *slug, const char *detail)
{
    const struct problem *problem = problem_find(slug);
    exchange_drop_headers(x);
    write_problem(x, problem, detail);
    if (x->by.party.text[0] != '\0') {
        counts_add(x->options.api->counts, &x->by, problem->slug, 1);
    }
    exchange_finish(x);
}

void exchange_refuse_fault(struct exchange *x, const char *pointer, const char *detail)
{
    faults_add(&x->faults, pointer, detail);
    exchange_refuse(x, "invalid-request", NULL);
}

void exchange_refuse_result(struct exchange *x, int result)
{
    if (result < 0) {
        exchange_drop_headers(x);
        exchange_fail(x);
    } else {
        refuse(x, problem_from_condition(result), NULL, result);
    }
}

void exchange_explain(struct exchange *x, int result)
{
    const struct problem *problem = problem_from_condition(result);
    const char *detail = NULL;
    const struct exchange_condition *known = x->conditions;
    for (; known != NULL && known->condition != 0; known++) {
        if (known->condition == result) {
            detail = known->pointer == NULL ? known->detail : NULL;
            if (known->pointer != NULL) {
                faults_add(&x->faults, known->pointer, known->detail);
            }
        }
    }
    bool is_refusal = x->work.note.notes == &x->refusal && x->after == exchange_finish;
    if (x->work.op.logged) {
        exchange_drop_headers(x);
        write_problem(x, problem, detail);
        if (problem->record == PROBLEM_COUNTED) {
            add_retry_after(x, problem, result);
        }
        exchange_finish(x);
    } else if (is_refusal && problem->record == PROBLEM_LOGGED) {
        exchange_fail(x);
    } else {
        refuse(x, problem, detail, result);
    }
}
