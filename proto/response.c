/* SPDX-License-Identifier: EUPL-1.2 */
/* What an answer is made of. */
#include <string.h>

#include "proto/exchange.h"

struct writer *exchange_begin_json(struct exchange *x)
{
    writer_init(&x->writer, &x->scratch);
    return &x->writer;
}

void exchange_set_text(struct exchange *x, int status, const char *media, const char *text,
                       size_t size)
{
    x->response.status = status;
    x->response.content_type = media;
    x->response.body = text;
    x->response.body_size = size;
}

bool exchange_set_json(struct exchange *x, int status)
{
    size_t size;
    const char *text = writer_finish(&x->writer, &size);
    if (text == NULL) {
        exchange_fail(x);
        return false;
    }
    exchange_set_text(x, status, "application/json", text, size);
    return true;
}

void exchange_finish_json(struct exchange *x, int status)
{
    if (exchange_set_json(x, status)) {
        exchange_finish(x);
    }
}

void exchange_finish_empty(struct exchange *x)
{
    x->response.status = 204;
    exchange_finish(x);
}

static void add_limit_headers(struct exchange *x)
{
    static const char *const names[LIMIT_KINDS] = {
        [LIMIT_REQUESTS] = "requests", [LIMIT_EVALUATIONS] = "evaluations"};
    const char *policy = "";
    const char *state = "";
    for (int i = 0; i < LIMIT_KINDS && policy != NULL && state != NULL; i++) {
        const struct limit_state *limit = &x->limits[i];
        if (!x->limited[i]) {
            continue;
        }
        const char *comma = *policy != '\0' ? ", " : "";
        policy = arena_print(&x->scratch, "%s%s\"%s\";q=%u;w=%d", policy, comma, names[i],
                             limit->quota, LIMITS_WINDOW_SECONDS);
        state = arena_print(&x->scratch, "%s%s\"%s\";r=%u;t=%u", state, comma, names[i],
                            limit->remaining, limit->reset_seconds);
    }
    if (policy != NULL && state != NULL && *policy != '\0') {
        http_response_header(&x->response, "RateLimit-Policy", policy);
        http_response_header(&x->response, "RateLimit", state);
    }
}

static bool has_header(const struct http_response *response, const char *name)
{
    for (size_t i = 0; i < response->header_count; i++) {
        if (strcmp(response->headers[i].name, name) == 0) {
            return true;
        }
    }
    return false;
}

/* Where the handler has said it otherwise, that stands. */
void exchange_add_headers(struct exchange *x)
{
    static const struct http_header common[] = {
        {"API-Version", API_VERSION},
        {"Cache-Control", "no-store"},
        {"Content-Security-Policy", "frame-ancestors 'none'"},
        {"Strict-Transport-Security", "max-age=31536000"},
        {"X-Content-Type-Options", "nosniff"},
        {"X-Frame-Options", "DENY"},
    };
    for (size_t i = 0; i < ARRAY_LENGTH(common); i++) {
        if (!has_header(&x->response, common[i].name)) {
            http_response_header(&x->response, common[i].name, common[i].value);
        }
    }
    if (x->known) {
        add_limit_headers(x);
    }
    if (x->has_log_index) {
        const char *text = arena_print(&x->scratch, "%llu", (unsigned long long)x->log_index);
        http_response_header(&x->response, "Log-Index", text != NULL ? text : "");
    }
    if (x->match.route != NULL && x->match.route->standing == ROUTE_OPEN) {
        http_response_header(&x->response, "Access-Control-Allow-Origin", "*");
    }
    x->response.close = x->response.close || x->transport_slug != NULL;
}

void exchange_finish(struct exchange *x)
{
    x->finished = true;
}
