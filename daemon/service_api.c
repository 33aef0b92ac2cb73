/* SPDX-License-Identifier: EUPL-1.2 */
/* The public and the control face: exchanges of proto/. */
#include "daemon/conn.h"
#include "daemon/service.h"
#include "daemon/worker.h"
#include "proto/api.h"

static void finished(struct exchange *exchange)
{
    conn_answer(exchange_owner(exchange));
}

static int open_face(struct conn *conn, enum api_face face, void **ret_turn)
{
    struct worker *worker = conn_worker(conn);
    struct exchange_options options = {
        .api = worker->shared->api,
        .face = face,
        .caller = *conn_caller(conn),
        .mailbox = &worker->mailbox,
        .finished = finished,
        .owner = conn,
    };
    struct exchange *exchange;
    int result = exchange_new(&options, &exchange);
    if (result == 0) {
        *ret_turn = exchange;
    }
    return result;
}

static int open_public(struct conn *conn, void **ret_turn)
{
    return open_face(conn, API_PUBLIC, ret_turn);
}

static int open_control(struct conn *conn, void **ret_turn)
{
    return open_face(conn, API_CONTROL, ret_turn);
}

static struct http_request *turn_request(void *turn)
{
    return exchange_request(turn);
}

static struct arena *turn_arena(void *turn)
{
    return exchange_arena(turn);
}

static size_t turn_body_maximum(void *turn)
{
    return api_body_maximum(turn);
}

static void turn_begin(void *turn)
{
    api_begin(turn);
}

static void turn_refuse(void *turn, const struct http1_refusal *refusal)
{
    api_refuse(turn, refusal->slug, refusal->detail);
}

static int64_t turn_wait_deadline(const void *turn)
{
    return exchange_wait_deadline(turn);
}

static void turn_wake(void *turn)
{
    exchange_wake(turn);
}

static const struct http_response *turn_response(const void *turn)
{
    return exchange_response(turn);
}

static const char *turn_route(const void *turn)
{
    return exchange_route(turn);
}

static void turn_abandon(void *turn)
{
    exchange_abandon(turn);
}

static void turn_close(void *turn)
{
    exchange_free(turn);
}

#define API_TURNS                                                                                  \
    .request = turn_request, .arena = turn_arena, .body_maximum = turn_body_maximum,               \
    .begin = turn_begin, .refuse = turn_refuse, .wait_deadline = turn_wait_deadline,               \
    .wake = turn_wake, .response = turn_response, .route = turn_route, .abandon = turn_abandon,    \
    .close = turn_close

const struct service service_public = {
    .name = "public", .secured = true, .open = open_public, API_TURNS};
const struct service service_control = {
    .name = "control", .secured = false, .open = open_control, API_TURNS};
