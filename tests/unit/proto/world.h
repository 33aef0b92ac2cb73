/* SPDX-License-Identifier: EUPL-1.2 */
/*
 * A whole index in a scratch directory: store, keys and interface, without any socket. Requests go
 * in as the daemon would hand them over, and wait for the real committer. Faults of the machine
 * fail the test.
 */
#ifndef TESTS_UNIT_PROTO_WORLD_H
#define TESTS_UNIT_PROTO_WORLD_H

#include <jansson.h>

#include "proto/api.h"
#include "store/kv/faulty.h"

/* Parties that most tests know. */
#define SCHOOL "00000007000000AV0000"
#define CARE "00000003123456780000"
#define MUNICIPALITY "00000001002564440000"
#define AUDITOR "00000099000000001000"
#define SUPPLIER "00000003999999990000"
#define REGISTRY "00000001999999990000" /* only where a test adds it */
#define STRANGER "00000099000000009000"
#define OPERATOR_OIN "00000099000000000001"

#define BSN_ONE "950000012"
#define BSN_TWO "950000024"

struct world {
    char directory[128];
    struct keyring *keys;
    struct kv *engine; /* of the store; fails where kv_faulty_set() says */
    struct store *store;
    struct api *api;
    struct mailbox mailbox;
    pthread_mutex_t lock;
    pthread_cond_t rung;
    bool ringing;
    bool holding;
    bool held;
};

struct world_options {
    struct api_limits limits; /* 0: ample */
    size_t queue_maximum;
    int access_requests_per_day; /* 0: the default */
    int (*reload)(void *context, char why[static STORE_WHY_SIZE]);
};

/* An index without parties. `options` may be NULL. */
void world_init(struct world *world, const struct world_options *options);
/* The same with SCHOOL and CARE (reporters, professional "p1" each), MUNICIPALITY (0361), AUDITOR
 * and SUPPLIER; all agreements are with 0361. */
void world_init_peopled(struct world *world, const struct world_options *options);
void world_finish(struct world *world);

uint32_t world_add_party(struct world *world, const char *oin, const char *name, unsigned roles,
                         uint16_t municipality);
/* Operator's actions; the party is given. */
void world_change(struct world *world, struct store_party_change *change, const char *oin);
void world_act(struct world *world, const char *oin, enum party_action action);
void world_allow(struct world *world, const char *oin, unsigned permissions);
void world_put_professional(struct world *world, const char *oin, const char *id);

/* Moves the clock, and has the epoch key turned, which the store would else do in its own time when
 * a month has passed. */
void world_advance(struct world *world, int64_t milliseconds);

/* A request. What is left out is as plain as can be. */
struct ask {
    const char *oin; /* NULL: no certificate; "": one without an OIN */
    bool is_operator;
    enum http_method method;
    const char *target;
    const char *body;              /* with Content-Type: application/json */
    size_t body_size;              /* 0: strlen(body) */
    struct http_header headers[4]; /* more of them, or instead of Content-Type */
};

struct reply {
    struct exchange *exchange;
    const struct http_response *response;
    int status;
    json_t *json; /* NULL when there is none */
    bool finished;
};

/* Begins, and returns without waiting. */
void world_begin(struct world *world, const struct ask *ask, struct reply *ret_reply);
/* As the transport refuses it. */
void world_begin_refused(struct world *world, const struct ask *ask, const char *slug,
                         const char *detail, struct reply *ret_reply);
/* Keeps the committer from committing, from the next batch on, until it is let go. */
void world_hold(struct world *world);
/* Blocks until the committer stands still, with what it has taken from the queue; what is submitted
 * after that stays in the queue. Something must have been submitted. */
void world_await_hold(struct world *world);
void world_let_go(struct world *world);

/* Of a world in which nothing is under way: from now on world_await_mail() waits for what comes. */
void world_settle(struct world *world);
/* Blocks until there is something, and delivers nothing. */
void world_await_mail(struct world *world);
/* Delivers what is there; blocks until there is something. */
void world_pump_once(struct world *world);
void world_wait(struct world *world, struct reply *reply);
/* Begin and wait. */
void world_ask(struct world *world, const struct ask *ask, struct reply *ret_reply);
void reply_free(struct reply *reply);

/* Asks, checks the status, and gives the JSON, which the caller must json_decref(). */
json_t *world_get(struct world *world, const char *oin, const char *target, int status);
json_t *world_post(struct world *world, const char *oin, const char *target, const char *body,
                   int status);
json_t *world_send(struct world *world, const char *oin, enum http_method method,
                   const char *target, const char *body, int status);
json_t *world_control(struct world *world, enum http_method method, const char *target,
                      const char *body, int status);

/* Posts a signal; returns the answer. */
json_t *world_signal(struct world *world, const char *oin, const char *bsn,
                     const char *professional, const char *reference, int status);

const char *reply_header(const struct reply *reply, const char *name);
/* The text of a member, by a path such as "organisation/name"; fails when it is not there. */
const char *text_at(const json_t *json, const char *path);
/* Whether `text` stands anywhere in it. */
bool json_holds(const json_t *json, const char *text);

/* The newest entry of the log, as {"name":…,"verwijsindex.outcome":…} merged flat; to be
 * json_decref()ed. `back` steps before the newest. */
json_t *world_last_entry(struct world *world, size_t back);
uint64_t world_log_size(struct world *world);

#endif
