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

/* Room for both limits with the longest numbers. */
#define LIMIT_TEXT_SIZE 128

struct limit_text {
    char text[LIMIT_TEXT_SIZE];
    size_t size;
};

static void put_text(struct limit_text *out, const char *text)
{
    size_t size = strlen(text);
    memcpy(out->text + out->size, text, size);
    out->size += size;
}

/* "name";first=1;second=2, after a comma where it is not the first. */
static void put_limit(struct limit_text *out, const char *name, const char *first, uint64_t one,
                      const char *second, uint64_t other)
{
    put_text(out, out->size > 0 ? ", \"" : "\"");
    put_text(out, name);
    put_text(out, first);
    out->size += put_decimal(out->text + out->size, one);
    put_text(out, second);
    out->size += put_decimal(out->text + out->size, other);
}

static void add_copy(struct exchange *x, const char *name, const char *text, size_t size)
{
    const char *copy = arena_copy_text(&x->scratch, text, size);
    if (copy != NULL) {
        http_response_header(&x->response, name, copy);
    }
}

static void add_limit_headers(struct exchange *x)
{
    static const char *const names[LIMIT_KINDS] = {
        [LIMIT_REQUESTS] = "requests", [LIMIT_EVALUATIONS] = "evaluations"};
    struct limit_text policy = {.size = 0};
    struct limit_text state = {.size = 0};
    for (int i = 0; i < LIMIT_KINDS; i++) {
        const struct limit_state *limit = &x->limits[i];
        if (x->limited[i]) {
            put_limit(&policy, names[i], "\";q=", limit->quota, ";w=", LIMITS_WINDOW_SECONDS);
            put_limit(&state, names[i], "\";r=", limit->remaining, ";t=", limit->reset_seconds);
        }
    }
    if (policy.size > 0) {
        add_copy(x, "RateLimit-Policy", policy.text, policy.size);
        add_copy(x, "RateLimit", state.text, state.size);
    }
}

static bool has_header(const struct http_response *response, const char *name)
{
    for (size_t i = 0; i < response->header_count; i++) {
        if (http_is_named(&response->headers[i], name)) {
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
        char digits[DECIMAL_MAXIMUM];
        add_copy(x, "Log-Index", digits, put_decimal(digits, x->log_index));
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
