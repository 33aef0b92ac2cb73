/* SPDX-License-Identifier: EUPL-1.2 */
/*
 * One request on its way to its answer: private to proto/.
 *
 * An attempt goes from authentication to an answer on one snapshot. It may end by submitting an
 * operation; when that is delivered the exchange goes on. An operation that relied on something
 * that has changed since starts the attempt again.
 *
 * A handler ends with exactly one of exchange_finish*(), exchange_disclose(), exchange_refuse*(),
 * exchange_submit() and exchange_wait(), and touches nothing after it.
 */
#ifndef PROTO_EXCHANGE_H
#define PROTO_EXCHANGE_H

#include <stdatomic.h>

#include "proto/api.h"
#include "proto/counts.h"
#include "proto/limits.h"
#include "proto/problem.h"
#include "proto/routes.h"
#include "proto/writer.h"

#define API_VERSION "1.0.0"
#define EXCHANGE_ATTEMPTS_MAXIMUM 8
#define EXCHANGE_WAITERS 2 /* whose changes end a long poll: the represented, and who connects */

struct api {
    struct api_options options;
    struct limits *limits;
    struct counts *counts;
    const char *openapi; /* the document; in the arena */
    size_t openapi_size;
    const char *log_key; /* the verifier key; in the arena */
    const char *event_source;
    struct arena arena;
    int64_t started_at;
    atomic_bool draining;
    /* Copies being made: one at a time, and api_wait_idle() waits for it. */
    pthread_mutex_t lock;
    pthread_cond_t idle;
    bool copying;
};

/* What a condition of the store means to this request. */
struct exchange_condition {
    int condition;       /* enum store_condition; 0 ends the list */
    const char *pointer; /* NULL: not about one member */
    const char *detail;
    bool concealed; /* answered as a success: who asks is not to learn of it */
};

struct exchange {
    struct exchange_options options;
    struct arena arena;   /* the request's */
    struct arena scratch; /* one attempt's */
    struct http_request request;
    struct http_response response;
    struct writer writer;
    bool matched; /* `target` and `match` are set */
    bool malformed_target;
    struct target target;
    struct route_match match;
    const char *transport_slug; /* api_refuse() */
    const char *transport_detail;

    /* Who asks. `party` is the one whose data it is: the represented one, if any. */
    struct attribution by;
    bool known; /* `party` is set */
    struct party party;
    uint32_t connected; /* the number of the party whose certificate it is */
    struct limit_state limits[LIMIT_KINDS];
    bool limited[LIMIT_KINDS]; /* `limits` is set: it was taken from */
    int64_t now;
    int32_t today;        /* the Dutch date */
    const char *produced; /* which of the route's media types is accepted */

    /* What is asked, decoded by the route's tables. */
    struct faults faults;
    bool malformed_path;
    bool decoded; /* there was a body, and it is in `body` as far as it is sound */
    void *path;
    void *query;
    void *body;

    struct store_snapshot *snapshot; /* open during a callback only */

    /* The operation under way. */
    union {
        struct store_op op;
        struct store_note_op note;
        struct store_signal_post signal_post;
        struct store_signal_renew signal_renew;
        struct store_signal_withdraw signal_withdraw;
        struct store_transfer transfer;
        struct store_confirm_contact confirm_contact;
        struct store_person_event person_event;
        struct store_access_request access_request;
        struct store_erasure erasure;
        struct store_trial trial;
        struct store_professional_put professional_put;
        struct store_professional_delete professional_delete;
        struct store_acknowledge acknowledge;
        struct store_party_change party_change;
        struct store_party_merge party_merge;
        struct store_epoch_turn epoch_turn;
    } work;
    void (*after)(struct exchange *exchange);
    void (*again)(struct exchange *exchange);
    void (*otherwise)(struct exchange *exchange); /* NULL: the answer is the operation's refusal */
    const struct exchange_condition *conditions;
    struct log_note refusal;
    unsigned attempts;
    bool has_log_index; /* an entry was made that the answer names */
    uint64_t log_index;

    struct exchange_waiter {
        struct store_waiter waiter;
        struct exchange *exchange;
        bool waiting;
    } waiters[EXCHANGE_WAITERS];
    int64_t deadline; /* of a long poll; 0: none */
    bool woken;
    bool rerun;

    void *job;         /* a handler's own, between two steps */
    size_t page_limit; /* what an attempt has shown to be enough for one answer; 0: as asked */

    bool pending; /* something of ours is with another thread */
    bool running; /* within an attempt */
    bool abandoned;
    bool finished;
};

/* A new snapshot in place of the one that is open. False: the exchange has been ended. */
bool exchange_reopen(struct exchange *exchange) MUST_CHECK;
void exchange_close_snapshot(struct exchange *exchange);
/*
 * A new snapshot, on which it is looked up again who asks and whether it may: for a step after the
 * first, which so relies on that too. 0 with the slug of the refusal or NULL; else a fault, or a
 * condition of the store. The exchange goes on in any case.
 */
int exchange_ask_again(struct exchange *exchange, const char **ret_slug) MUST_CHECK;

/* Memory for this attempt. NULL: out of it; then return exchange_fail(). */
void *exchange_new_memory(struct exchange *exchange, size_t size) MUST_CHECK;

/* Begins the answer's JSON: exchange->writer. */
struct writer *exchange_begin_json(struct exchange *exchange);
/* Sets status and body from what was written, without ending the exchange. False: it has ended,
 * with an internal error. */
bool exchange_set_json(struct exchange *exchange, int status) MUST_CHECK;
void exchange_set_text(struct exchange *exchange, int status, const char *media, const char *text,
                       size_t size);

/* The headers that stand on every answer, once it is complete, but those that the handler has set.
 */
void exchange_add_headers(struct exchange *exchange);

/* Sends the response as it stands. */
void exchange_finish(struct exchange *exchange);
void exchange_finish_json(struct exchange *exchange, int status);
void exchange_finish_empty(struct exchange *exchange);

/* Sends the response as it stands, once these notes are in the log. They must live in the scratch
 * arena. */
void exchange_disclose(struct exchange *exchange, const struct log_note *notes, size_t count);

/* The same for one note that relies on nothing that was read. */
void exchange_note(struct exchange *exchange, const struct log_note *note);

/* An internal error. */
void exchange_fail(struct exchange *exchange);
/* `detail` may be NULL. Logged or counted as the problem's table says. */
void exchange_refuse(struct exchange *exchange, const char *slug, const char *detail);
/* Counted whatever the table says: where each request could be made to write an entry by somebody
 * who may not (a page of another site), or the refusal discloses nothing (a tile that is not
 * there yet). */
void exchange_refuse_counted(struct exchange *exchange, const char *slug, const char *detail);
void exchange_refuse_fault(struct exchange *exchange, const char *pointer, const char *detail);
/* A result that is not 0 of a read: not-found, or an internal error. */
void exchange_refuse_result(struct exchange *exchange, int result);

/* A condition that the operation under way has ended with; its refusal may be in the log already.
 */
void exchange_explain(struct exchange *exchange, int result);
/* Of an answer that is not to be, all headers but Allow, which belongs to a 405. */
void exchange_drop_headers(struct exchange *exchange);

/*
 * Hands over exchange->work, relying on all that was read. `after` runs when it has succeeded;
 * `conditions` explains those that are this request's own, or is NULL.
 */
void exchange_submit(struct exchange *exchange, void (*after)(struct exchange *exchange),
                     const struct exchange_condition *conditions);

/* Waits for a notice, as long as `is_idle` finds none on a new snapshot; the attempt is made again
 * when there may be one. */
void exchange_wait(struct exchange *exchange, bool (*is_idle)(struct exchange *exchange));

/* Begins again from authentication, on the exchange's thread. */
void exchange_attempt(struct exchange *exchange);
/* The same, for a page half as large as `limit`: that one was more than one answer holds. */
void exchange_attempt_smaller(struct exchange *exchange, size_t limit);

/* When work on another thread is delivered, for which the handler has set `pending`: goes on with
 * `then`, also when the peer is gone, as what was done must be logged. */
void exchange_resume(struct exchange *exchange, void (*then)(struct exchange *exchange));

/* caller.c: fills in who asks. 0, or the slug of the refusal, or a fault. */
int caller_identify(struct exchange *exchange, const char **ret_slug) MUST_CHECK;
/* Whether that party may use that route. NULL, or the slug of the refusal. */
const char *caller_refuse_route(const struct exchange *exchange, const struct route *route);
bool caller_agreement_lives(const struct agreement *agreement, int32_t today);
/* The limit that is counted in something else than requests. False: the exchange has ended. */
bool caller_take_evaluations(struct exchange *exchange, unsigned amount) MUST_CHECK;

/* negotiate.c: the slug of the refusal, or NULL. */
const char *negotiate_accept(const struct http_request *request, const char *produces);
/* Whether `other` is accepted, and with more weight than `produces`. */
bool negotiate_prefers(const struct http_request *request, const char *other, const char *produces);
const char *negotiate_content(const struct http_request *request);
/* Whether a page of another site had the browser send it (W3C Fetch Metadata), and it is not the
 * one thing that such a page may do: lead a person to the auditor's page. What is no browser says
 * nothing of the kind. */
bool negotiate_is_foreign(const struct http_request *request, const struct route *route);
/* W3C Trace Context; false when there is none, or it is not as it should be. */
bool negotiate_trace(const struct http_request *request, struct attribution *by);

#endif
