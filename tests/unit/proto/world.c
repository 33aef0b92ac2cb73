/* SPDX-License-Identifier: EUPL-1.2 */
#include "tests/unit/proto/world.h"

#include <ftw.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "crypto/secret.h"
#include "proto/exchange.h"
#include "store/base/clock.h"
#include "store/kv/lmdb.h"

#define MAP_BYTES ((uint64_t)256 << 20)
#define AMPLE 1000000

static void ring(void *context)
{
    struct world *world = context;
    pthread_mutex_lock(&world->lock);
    world->ringing = true;
    pthread_cond_broadcast(&world->rung);
    pthread_mutex_unlock(&world->lock);
}

void world_settle(struct world *world)
{
    assert_int_equal(mailbox_deliver(&world->mailbox), 0);
    pthread_mutex_lock(&world->lock);
    world->ringing = false;
    pthread_mutex_unlock(&world->lock);
}

void world_await_mail(struct world *world)
{
    pthread_mutex_lock(&world->lock);
    while (!world->ringing) {
        pthread_cond_wait(&world->rung, &world->lock);
    }
    pthread_mutex_unlock(&world->lock);
}

void world_pump_once(struct world *world)
{
    if (mailbox_deliver(&world->mailbox) > 0) {
        return;
    }
    pthread_mutex_lock(&world->lock);
    while (!world->ringing) {
        pthread_cond_wait(&world->rung, &world->lock);
    }
    world->ringing = false;
    pthread_mutex_unlock(&world->lock);
    (void)mailbox_deliver(&world->mailbox);
}

static void make_keys(struct world *world)
{
    assert_int_equal(keyring_new(&world->keys), 0);
    for (int purpose = 0; purpose < KEYRING_PURPOSES; purpose++) {
        uint8_t key[KEYRING_KEY_BYTES];
        for (size_t i = 0; i < sizeof(key); i++) {
            key[i] = (uint8_t)(i + 1 + (size_t)purpose * 40);
        }
        key[31] = 1; /* below the order of the group */
        assert_int_equal(keyring_add(world->keys, (enum keyring_purpose)purpose, 1, key), 0);
    }
}

void world_init(struct world *world, const struct world_options *given)
{
    struct world_options options = given != NULL ? *given : (struct world_options){0};
    *world = (struct world){0};
    assert_int_equal(secret_init(), 0);
    const char *top = getenv("TMPDIR");
    snprintf(world->directory, sizeof(world->directory), "%s/vix-proto-XXXXXX",
             top != NULL ? top : "/tmp");
    assert_non_null(mkdtemp(world->directory));
    pthread_mutex_init(&world->lock, NULL);
    pthread_cond_init(&world->rung, NULL);
    mailbox_init(&world->mailbox, ring, world);
    make_keys(world);

    char why[STORE_WHY_SIZE] = "";
    struct kv *lmdb = NULL;
    struct kv_lmdb_options kv_options = {.directory = world->directory, .map_bytes = MAP_BYTES};
    assert_int_equal(kv_lmdb_open(&kv_options, &lmdb), 0);
    assert_int_equal(kv_faulty_wrap(lmdb, &world->engine), 0);
    struct store_options store_options = {
        .path = world->directory,
        .map_bytes = MAP_BYTES,
        .keys = world->keys,
        .log_origin = "verwijsindex.example/log",
        .queue_maximum = options.queue_maximum,
        .engine = world->engine,
    };
    store_policy_default(&store_options.policy);
    if (options.access_requests_per_day > 0) {
        store_options.policy.access_requests_per_day = options.access_requests_per_day;
    }
    assert_int_equal(store_open(&store_options, &world->store, why), 0);
    struct api_options api_options = {
        .store = world->store,
        .keys = world->keys,
        .policy = store_options.policy,
        .limits = options.limits,
        .operator_name = "Operator",
        .log_origin = store_options.log_origin,
        .reload = options.reload,
        .context = world,
    };
    if (api_options.limits.requests_per_minute == 0) {
        api_options.limits = (struct api_limits){AMPLE, AMPLE};
    }
    strcpy(api_options.operator_oin.text, OPERATOR_OIN);
    assert_int_equal(api_new(&api_options, &world->api), 0);
}

void world_init_peopled(struct world *world, const struct world_options *options)
{
    world_init(world, options);
    world_add_party(world, SCHOOL, "De Regenboog", PARTY_REPORTER, 361);
    world_add_party(world, CARE, "Jeugdhulp Noord", PARTY_REPORTER, 361);
    world_add_party(world, MUNICIPALITY, "Gemeente Alkmaar", PARTY_MUNICIPALITY, 361);
    world_add_party(world, AUDITOR, "Toezicht", PARTY_AUDITOR, 0);
    world_add_party(world, SUPPLIER, "Leverancier", PARTY_SUPPLIER, 0);
    world_put_professional(world, SCHOOL, "p1");
    world_put_professional(world, CARE, "p1");
}

static void hold_commit(void *context)
{
    struct world *world = context;
    pthread_mutex_lock(&world->lock);
    world->held = world->holding;
    pthread_cond_broadcast(&world->rung);
    while (world->holding) {
        pthread_cond_wait(&world->rung, &world->lock);
    }
    world->held = false;
    pthread_mutex_unlock(&world->lock);
}

void world_hold(struct world *world)
{
    /* An earlier hold may still be coming to its end in the committer's thread. */
    pthread_mutex_lock(&world->lock);
    world->holding = true;
    pthread_mutex_unlock(&world->lock);
    struct kv_faulty_plan plan = {.before_commit = hold_commit, .context = world};
    kv_faulty_set(world->engine, &plan);
}

void world_await_hold(struct world *world)
{
    pthread_mutex_lock(&world->lock);
    while (!world->held) {
        pthread_cond_wait(&world->rung, &world->lock);
    }
    pthread_mutex_unlock(&world->lock);
}

void world_let_go(struct world *world)
{
    pthread_mutex_lock(&world->lock);
    world->holding = false;
    pthread_cond_broadcast(&world->rung);
    pthread_mutex_unlock(&world->lock);
}

static int remove_entry(const char *path, const struct stat *status, int kind, struct FTW *place)
{
    (void)status;
    (void)kind;
    (void)place;
    return remove(path);
}

void world_finish(struct world *world)
{
    world_let_go(world); /* a test that failed meanwhile must not wait for good */
    api_free(world->api);
    store_close(world->store);
    (void)mailbox_deliver(&world->mailbox);
    keyring_free(world->keys);
    mailbox_destroy(&world->mailbox);
    pthread_cond_destroy(&world->rung);
    pthread_mutex_destroy(&world->lock);
    assert_int_equal(nftw(world->directory, remove_entry, 8, FTW_DEPTH | FTW_PHYS), 0);
}

/* ---- parties ---- */

void world_change(struct world *world, struct store_party_change *change, const char *oin)
{
    strcpy(change->oin.text, oin);
    change->op.by.is_operator = true;
    assert_int_equal(store_run(world->store, &change->op), 0);
}

uint32_t world_add_party(struct world *world, const char *oin, const char *name, unsigned roles,
                         uint16_t municipality)
{
    struct store_party_change change;
    store_party_change_init(&change);
    change.action = PARTY_ADD;
    change.name = name;
    change.roles = roles;
    change.contact_phone = "072 000 0000";
    change.agreement.municipality = municipality;
    change.agreement.until_day = calendar_dutch_day(clock_now()) + 3650;
    change.own_municipality = (roles & PARTY_MUNICIPALITY) != 0 ? municipality : 0;
    world_change(world, &change, oin);
    return change.number;
}

void world_act(struct world *world, const char *oin, enum party_action action)
{
    struct store_party_change change;
    store_party_change_init(&change);
    change.action = action;
    change.permissions = PARTY_BLINDED;
    change.agreement.municipality = 361;
    world_change(world, &change, oin);
}

void world_allow(struct world *world, const char *oin, unsigned permissions)
{
    struct store_party_change change;
    store_party_change_init(&change);
    change.action = PARTY_ALLOW;
    change.permissions = permissions;
    world_change(world, &change, oin);
}

void world_advance(struct world *world, int64_t milliseconds)
{
    struct store_epoch_turn turn;
    clock_advance(milliseconds);
    store_epoch_turn_init(&turn);
    turn.op.by.is_operator = true;
    assert_int_equal(store_run(world->store, &turn.op), 0);
}

void world_put_professional(struct world *world, const char *oin, const char *id)
{
    char target[128];
    char body[256];
    snprintf(target, sizeof(target), "/v1/professionals/%s", id);
    snprintf(body, sizeof(body),
             "{\"name\":\"Name of %s\",\"function\":\"Teacher\",\"email\":\"%s@example.nl\","
             "\"phone\":\"+31 6 1234\"}",
             id, id);
    json_decref(world_send(world, oin, HTTP_PUT, target, body, 201));
}

/* ---- requests ---- */

static void finished(struct exchange *exchange)
{
    struct reply *reply = exchange_owner(exchange);
    assert_false(reply->finished);
    reply->finished = true;
}

static void prepare(struct world *world, const struct ask *ask, struct reply *ret_reply)
{
    *ret_reply = (struct reply){0};
    struct exchange_options options = {
        .api = world->api,
        .face = ask->is_operator ? API_CONTROL : API_PUBLIC,
        .mailbox = &world->mailbox,
        .finished = finished,
        .owner = ret_reply,
    };
    if (ask->is_operator) {
        options.caller = (struct caller){.kind = CALLER_OPERATOR, .uid = 1000};
    } else if (ask->oin != NULL) {
        options.caller.kind = CALLER_CERTIFICATE;
        strcpy(options.caller.oin.text, ask->oin);
        memset(options.caller.fingerprint, 0xab, sizeof(options.caller.fingerprint));
    }
    assert_int_equal(exchange_new(&options, &ret_reply->exchange), 0);
    struct http_request *request = exchange_request(ret_reply->exchange);
    request->method = ask->method != 0 ? ask->method : HTTP_GET;
    request->target = ask->target;
    bool typed = false;
    for (size_t i = 0; i < ARRAY_LENGTH(ask->headers) && ask->headers[i].name != NULL; i++) {
        request->headers[request->header_count++] = ask->headers[i];
        typed = typed || strcmp(ask->headers[i].name, "content-type") == 0;
    }
    if (ask->body != NULL) {
        request->body = (const uint8_t *)ask->body;
        request->body_size = ask->body_size > 0 ? ask->body_size : strlen(ask->body);
        if (!typed) {
            request->headers[request->header_count++] =
                (struct http_header){"content-type", "application/json"};
        }
    }
}

void world_begin(struct world *world, const struct ask *ask, struct reply *ret_reply)
{
    prepare(world, ask, ret_reply);
    api_begin(ret_reply->exchange);
}

void world_begin_refused(struct world *world, const struct ask *ask, const char *slug,
                         const char *detail, struct reply *ret_reply)
{
    prepare(world, ask, ret_reply);
    api_refuse(ret_reply->exchange, slug, detail);
}

void world_wait(struct world *world, struct reply *reply)
{
    while (!reply->finished) {
        world_pump_once(world);
    }
    reply->response = exchange_response(reply->exchange);
    reply->status = reply->response->status;
    if (reply->response->content_type != NULL &&
        strstr(reply->response->content_type, "json") != NULL) {
        reply->json = json_loadb(reply->response->body, reply->response->body_size,
                                 JSON_REJECT_DUPLICATES, NULL);
        assert_non_null(reply->json);
    }
}

void world_ask(struct world *world, const struct ask *ask, struct reply *ret_reply)
{
    world_begin(world, ask, ret_reply);
    world_wait(world, ret_reply);
}

void reply_free(struct reply *reply)
{
    json_decref(reply->json);
    exchange_free(reply->exchange);
}

static json_t *ask_for_json(struct world *world, const struct ask *ask, int status)
{
    struct reply reply;
    world_ask(world, ask, &reply);
    if (reply.status != status) {
        print_error("%s %s: %d, not %d: %.*s\n", http_method_name(ask->method), ask->target,
                    reply.status, status, (int)reply.response->body_size, reply.response->body);
    }
    assert_int_equal(reply.status, status);
    json_t *json = json_incref(reply.json);
    reply_free(&reply);
    return json;
}

json_t *world_get(struct world *world, const char *oin, const char *target, int status)
{
    struct ask ask = {.oin = oin, .method = HTTP_GET, .target = target};
    return ask_for_json(world, &ask, status);
}

json_t *world_send(struct world *world, const char *oin, enum http_method method,
                   const char *target, const char *body, int status)
{
    struct ask ask = {.oin = oin, .method = method, .target = target, .body = body};
    return ask_for_json(world, &ask, status);
}

json_t *world_post(struct world *world, const char *oin, const char *target, const char *body,
                   int status)
{
    return world_send(world, oin, HTTP_POST, target, body, status);
}

json_t *world_control(struct world *world, enum http_method method, const char *target,
                      const char *body, int status)
{
    struct ask ask = {.is_operator = true, .method = method, .target = target, .body = body};
    return ask_for_json(world, &ask, status);
}

json_t *world_signal(struct world *world, const char *oin, const char *bsn,
                     const char *professional, const char *reference, int status)
{
    char body[512];
    snprintf(body, sizeof(body),
             "{\"bsn\":\"%s\",\"professional\":\"%s\",\"birthDate\":\"2015-05-01\","
             "\"reference\":\"%s\"}",
             bsn, professional, reference);
    return world_post(world, oin, "/v1/signals", body, status);
}

/* ---- looking ---- */

const char *reply_header(const struct reply *reply, const char *name)
{
    for (size_t i = 0; i < reply->response->header_count; i++) {
        if (strcasecmp(reply->response->headers[i].name, name) == 0) {
            return reply->response->headers[i].value;
        }
    }
    return NULL;
}

const char *text_at(const json_t *json, const char *path)
{
    char copy[256];
    char *rest = copy;
    snprintf(copy, sizeof(copy), "%s", path);
    for (const char *part; json != NULL && (part = strsep(&rest, "/")) != NULL;) {
        json = json_is_array(json) ? json_array_get(json, (size_t)atoi(part))
                                   : json_object_get(json, part);
    }
    if (!json_is_string(json)) {
        fail_msg("there is no text at %s", path);
    }
    return json_string_value(json);
}

bool json_holds(const json_t *json, const char *text)
{
    char *all = json_dumps(json, JSON_ENCODE_ANY);
    assert_non_null(all);
    bool holds = strstr(all, text) != NULL;
    secret_free(all);
    return holds;
}

uint64_t world_log_size(struct world *world)
{
    struct store_status status;
    store_get_status(world->store, &status);
    return status.log_size;
}

json_t *world_last_entry(struct world *world, size_t back)
{
    struct arena arena;
    arena_init(&arena);
    struct store_snapshot *snapshot = NULL;
    struct log_entry entry;
    assert_int_equal(store_snapshot_open(world->store, &arena, &snapshot), 0);
    uint64_t size = store_log_size(snapshot);
    assert_true(size > back);
    assert_int_equal(store_get_log_entry(snapshot, size - 1 - back, &entry), 0);
    json_t *record = json_loadb(entry.public_part, entry.public_size, 0, NULL);
    assert_non_null(record);
    json_t *flat = json_copy(json_object_get(record, "attributes"));
    json_object_set(flat, "name", json_object_get(record, "name"));
    json_object_set(flat, "trace_id", json_object_get(record, "trace_id"));
    json_object_set_new(flat, "subject", json_boolean(entry.has_subject));
    json_decref(record);
    store_snapshot_close(snapshot);
    arena_finish(&arena);
    return flat;
}
