/* SPDX-License-Identifier: EUPL-1.2 */
/*
 * The interface of the index: takes a request, gives a response. Handlers never see a socket, so
 * the whole of it runs in a test or a fuzzer as it does in the daemon.
 *
 * An exchange is one request and its answer. It belongs to one thread, on which api_begin(), the
 * delivery of its store operations, and `finished` all happen. Between api_begin() and `finished`
 * it may be waiting for the committer: everything that must stand in the log is committed before
 * `finished` is called.
 */
#ifndef PROTO_API_H
#define PROTO_API_H

#include "proto/http.h"
#include "store/store.h"

/* What speaks on the other side, as the transport knows it. */
enum caller_kind {
    CALLER_NOBODY,      /* no certificate */
    CALLER_CERTIFICATE, /* a certificate that the trusted CA issued, valid and not revoked */
    CALLER_OPERATOR,    /* the control socket; `uid` is the peer's */
};
struct caller {
    enum caller_kind kind;
    struct oin oin;          /* from the subject's serialNumber; empty when it has none */
    uint8_t fingerprint[32]; /* SHA-256 of the certificate's DER */
    uint32_t uid;
};

/* Which set of routes a listener serves. */
enum api_face {
    API_PUBLIC,  /* /v1 and /tlog, mutual TLS */
    API_CONTROL, /* /control, the operator's Unix socket */
};

struct api_limits {
    unsigned requests_per_minute;    /* per party */
    unsigned evaluations_per_minute; /* elements, per party */
};

/* How a witness of the log's heads is doing. */
#define API_WITNESSES_MAXIMUM 8
#define API_FAILURE_SIZE 32
struct api_witness {
    const char *name;        /* lives as long as the process listens */
    uint64_t size;           /* of the last head that it is known to have cosigned; 0: none */
    int64_t last_success_at; /* clock_now(); 0: never, as far as is known */
    char failure[API_FAILURE_SIZE]; /* a slug; "" while all is well */
};

struct api_options {
    struct store *store;
    const struct keyring *keys;
    struct store_policy policy;
    struct api_limits limits;
    struct oin operator_oin; /* `source` of notices */
    const char *operator_name;
    const char *log_origin;
    /* What the operator may ask of the process, on the control face; called on the exchange's
     * thread. NULL where there is none (tests). */
    int (*reload)(void *context, char why[static STORE_WHY_SIZE]); /* 0; else `why` is set */
    /* The index has been wound down, and the answer is on its way: end, and destroy what is left.
     */
    void (*wound_down)(void *context);
    /* Of the process's witnesses; NULL where there is none. Returns how many. */
    size_t (*witnesses)(void *context, struct api_witness ret_witnesses[API_WITNESSES_MAXIMUM]);
    void *context;
};

/* Shared by all threads; its own state (rate limits, counters) is locked inside. */
struct api;
int api_new(const struct api_options *options, struct api **ret_api) MUST_CHECK;
/* Blocks until no copy is being made. Its mail has then been posted: it must be delivered before
 * api_free() and store_close(). */
void api_wait_idle(struct api *api);
/* When all exchanges are gone, api_wait_idle() has returned and all mail has been delivered. */
void api_free(struct api *api);

/* Completes exchanges that wait (long polls) at once from now on: for draining. */
void api_drain(struct api *api);
/* Writes out what is counted but not logged yet (refusals); called every minute and at the end.
 * Operations are posted to `mailbox`; blocks nothing. */
void api_flush_counts(struct api *api, struct mailbox *mailbox);

struct exchange;
/*
 * `finished` is called exactly once, possibly from within api_begin(), unless the exchange was
 * abandoned before. `owner` is for the caller's use.
 */
struct exchange_options {
    struct api *api;
    enum api_face face;
    struct caller caller;
    struct mailbox *mailbox; /* of the owning thread */
    void (*finished)(struct exchange *exchange);
    void *owner;
};
int exchange_new(const struct exchange_options *options, struct exchange **ret_exchange) MUST_CHECK;

/* Fill this in before api_begin(); strings may live in exchange_arena(). */
struct http_request *exchange_request(struct exchange *exchange);
struct arena *exchange_arena(struct exchange *exchange);
void *exchange_owner(const struct exchange *exchange);

/* How many bytes of body the route of this request takes; 0 when it takes none. Can be asked once
 * method and target are set, so that a larger body is refused before it is read. */
size_t api_body_maximum(struct exchange *exchange);

/* Runs the request. */
void api_begin(struct exchange *exchange);

/* Instead of api_begin(), for what the transport itself refuses (411, 413, 431, 400): fills in the
 * same kind of problem document. `slug` is of proto/problem.h. */
void api_refuse(struct exchange *exchange, const char *slug, const char *detail);

/* Valid from `finished` on, until exchange_free(). */
const struct http_response *exchange_response(const struct exchange *exchange);

/* The route's template ("/v1/signals/{id}") for metrics and logs; "-" when there is none. */
const char *exchange_route(const struct exchange *exchange);

/*
 * Long polls (`wait`). proto/ has no timers, so whoever owns the exchange lends it one: after
 * api_begin() has returned and `finished` was not called, this is the instant (clock_now()) at
 * which exchange_wake() is to be called, or 0 when no timer is needed. It is settled within
 * api_begin() and does not change after. exchange_wake() is called on the exchange's thread, at
 * most once, and makes it answer with what there is: `finished` follows, perhaps from within the
 * call, perhaps when an operation under way is delivered.
 */
int64_t exchange_wait_deadline(const struct exchange *exchange);
void exchange_wake(struct exchange *exchange);

/*
 * The peer is gone. An exchange that is waiting for the committer lives on until its operation is
 * done and then frees itself; `finished` will not be called. Takes the place of exchange_free().
 */
void exchange_abandon(struct exchange *exchange);

/* After `finished`, or if api_begin() was never called. Wipes everything. */
void exchange_free(struct exchange *exchange);

#endif
