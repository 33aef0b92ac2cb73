/* SPDX-License-Identifier: EUPL-1.2 */
/* Who may ask: each refusal has its slug, and its entry. */
#include "tests/unit/proto/fixture.h"

static void refused(const struct ask *ask, int status, const char *slug, bool logged)
{
    uint64_t before = world_log_size(&world);
    struct reply reply;
    world_ask(&world, ask, &reply);
    assert_int_equal(reply.status, status);
    assert_string_equal(reply.response->content_type, "application/problem+json");
    assert_slug(reply.json, slug);
    assert_int_equal(json_integer_value(json_object_get(reply.json, "status")), status);
    assert_int_equal(world_log_size(&world), before + logged);
    if (logged) {
        char index[32];
        snprintf(index, sizeof(index), "%llu", (unsigned long long)before);
        assert_string_equal(reply_header(&reply, "Log-Index"), index);
        assert_entry("request-refused", slug);
    } else {
        assert_null(reply_header(&reply, "Log-Index"));
    }
    reply_free(&reply);
}

static void refused_get(const char *oin, const char *target, int status, const char *slug)
{
    struct ask ask = {.oin = oin, .target = target};
    refused(&ask, status, slug, oin != NULL);
}

static void test_certificate(void **state)
{
    (void)state;
    refused_get(NULL, "/v1/signals", 401, "certificate-required");
    refused_get(NULL, "/tlog/checkpoint", 401, "certificate-required");
    refused_get(NULL, "/v1/nothing", 401, "certificate-required");
    refused_get("", "/v1/signals", 403, "unknown-party");
    refused_get(STRANGER, "/v1/signals", 403, "unknown-party");
    json_t *entry = world_last_entry(&world, 0);
    assert_string_equal(text_at(entry, "verwijsindex.party"), STRANGER);
    assert_int_equal(strlen(text_at(entry, "verwijsindex.certificate")), 64);
    json_decref(entry);
}

static void test_suspended(void **state)
{
    (void)state;
    json_decref(world_get(&world, SCHOOL, "/v1/parties/self", 200));
    world_act(&world, SCHOOL, PARTY_SUSPEND);
    refused_get(SCHOOL, "/v1/parties/self", 403, "party-suspended");
    refused_get(SCHOOL, "/tlog/checkpoint", 403, "party-suspended");
    refused_get(SCHOOL, "/v1/nothing", 403, "party-suspended");
    world_act(&world, SCHOOL, PARTY_RESUME);
    json_decref(world_get(&world, SCHOOL, "/v1/parties/self", 200));
}

static void test_agreement(void **state)
{
    (void)state;
    world_act(&world, SCHOOL, PARTY_AGREEMENT_END);
    refused_get(SCHOOL, "/v1/signals", 403, "agreement-ended");
    refused_get(SCHOOL, "/v1/parties/self", 403, "agreement-ended");
    refused_get(SCHOOL, "/v1/nothing", 404, "not-found");
    json_decref(world_get(&world, SCHOOL, "/tlog/checkpoint", 200));
    /* By its date, too. */
    json_decref(world_get(&world, CARE, "/v1/signals", 200));
    world_advance(&world, 3652 * CLOCK_DAY);
    refused_get(CARE, "/v1/signals", 403, "agreement-ended");
    /* Who only audits or supplies has none, and needs none. */
    json_decref(world_get(&world, AUDITOR, "/v1/log-entries", 200));
    json_decref(world_get(&world, SUPPLIER, "/v1/parties/self", 200));
}

static void test_roles(void **state)
{
    (void)state;
    static const struct {
        const char *oin;
        const char *target;
        int status;
    } cases[] = {
        {MUNICIPALITY, "/v1/signals", 403},
        {AUDITOR, "/v1/signals", 403},
        {SUPPLIER, "/v1/signals", 403},
        {SCHOOL, "/v1/log-entries", 403},
        {MUNICIPALITY, "/v1/log-entries", 403},
        {SUPPLIER, "/v1/log-entries", 403},
        {SUPPLIER, "/v1/notices", 403},
        {SCHOOL, "/v1/statistics?year=2026", 403},
        {AUDITOR, "/v1/statistics?year=2026", 403},
        {AUDITOR, "/v1/notices", 200},
        {AUDITOR, "/v1/matches", 403},
        {MUNICIPALITY, "/v1/professionals", 403},
        {MUNICIPALITY, "/v1/notices", 200},
        {MUNICIPALITY, "/v1/matches", 200},
        {AUDITOR, "/v1/parties/self", 200},
        {AUDITOR, "/tlog/checkpoint", 200},
        {MUNICIPALITY, "/tlog/checkpoint", 200},
    };
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        json_t *json = world_get(&world, cases[i].oin, cases[i].target, cases[i].status);
        if (cases[i].status == 403) {
            assert_slug(json, "role-missing");
            assert_entry("request-refused", "role-missing");
        }
        json_decref(json);
    }
    refused_get(SCHOOL, "/v1/pseudonyms/key", 403, "not-permitted");
}

static void test_every_public_route_needs_a_certificate(void **state)
{
    (void)state;
    for (size_t i = 0; i < routes_count(); i++) {
        const struct route *route = routes_at(i);
        if (route->face != API_PUBLIC || route->standing == ROUTE_OPEN) {
            continue;
        }
        struct ask ask = {.method = route->method, .target = route->template};
        refused(&ask, 401, "certificate-required", false);
        ask.oin = STRANGER;
        refused(&ask, 403, "unknown-party", true);
    }
}

static void mandate(const char *represented, int32_t days)
{
    struct store_party_change change;
    store_party_change_init(&change);
    change.action = PARTY_MANDATE;
    strcpy(change.other.text, represented);
    change.agreement.until_day = calendar_dutch_day(clock_now()) + days;
    world_change(&world, &change, SUPPLIER);
}

static void test_mandate(void **state)
{
    (void)state;
    struct ask ask = {
        .oin = SUPPLIER, .target = "/v1/signals", .headers = {{"on-behalf-of", SCHOOL}}};
    refused(&ask, 403, "mandate-missing", true);
    json_t *entry = world_last_entry(&world, 0);
    assert_string_equal(text_at(entry, "verwijsindex.party"), SUPPLIER);
    assert_string_equal(text_at(entry, "verwijsindex.on_behalf_of"), SCHOOL);
    json_decref(entry);

    mandate(SCHOOL, 10);
    json_t *posted = world_signal(&world, SCHOOL, BSN_ONE, "p1", "a", 201);
    struct reply reply;
    world_ask(&world, &ask, &reply);
    assert_int_equal(reply.status, 200);
    assert_string_equal(text_at(reply.json, "signals/0/id"), text_at(posted, "id"));
    reply_free(&reply);
    json_decref(posted);
    entry = world_last_entry(&world, 0);
    assert_string_equal(text_at(entry, "name"), "signals-listed");
    assert_string_equal(text_at(entry, "verwijsindex.party"), SUPPLIER);
    assert_string_equal(text_at(entry, "verwijsindex.on_behalf_of"), SCHOOL);
    json_decref(entry);

    ask.target = "/v1/parties/self";
    world_ask(&world, &ask, &reply);
    assert_string_equal(text_at(reply.json, "oin"), SCHOOL);
    reply_free(&reply);

    /* The represented party's roles, not one's own. */
    ask.target = "/v1/log-entries";
    refused(&ask, 403, "role-missing", true);
    ask.target = "/v1/signals";
    /* Both must be live. */
    world_act(&world, SCHOOL, PARTY_SUSPEND);
    refused(&ask, 403, "mandate-missing", true);
    world_act(&world, SCHOOL, PARTY_RESUME);
    world_act(&world, SUPPLIER, PARTY_SUSPEND);
    refused(&ask, 403, "party-suspended", true);
    world_act(&world, SUPPLIER, PARTY_RESUME);
    /* And so must the mandate. */
    world_advance(&world, 11 * CLOCK_DAY);
    refused(&ask, 403, "mandate-missing", true);
}

static void test_mandate_is_not_for_everybody(void **state)
{
    (void)state;
    mandate(SCHOOL, 10);
    struct ask ask = {.oin = CARE, .target = "/v1/signals", .headers = {{"on-behalf-of", SCHOOL}}};
    refused(&ask, 403, "mandate-missing", true);
    ask.oin = SUPPLIER;
    ask.headers[0].value = CARE;
    refused(&ask, 403, "mandate-missing", true);
    ask.headers[0].value = STRANGER;
    refused(&ask, 403, "mandate-missing", true);
    json_t *entry = world_last_entry(&world, 0); /* both are logged, be the other no party */
    assert_string_equal(text_at(entry, "verwijsindex.party"), SUPPLIER);
    assert_string_equal(text_at(entry, "verwijsindex.on_behalf_of"), STRANGER);
    json_decref(entry);
    ask.headers[0].value = "12";
    refused(&ask, 400, "invalid-request", true);
    ask.headers[0].value = SCHOOL;
    ask.headers[1] = (struct http_header){"on-behalf-of", SCHOOL};
    refused(&ask, 400, "invalid-request", true);
}

static void test_routing(void **state)
{
    (void)state;
    static const char *const nothing[] = {
        "/",
        "/v1",
        "/v1/",
        "/v1/signals/",
        "/v1//signals",
        "/V1/signals",
        "/v2/signals",
        "/v1/webhook",
        "/v1/notices/_stream",
        "/v1/a/b/c/d/e/f/g/h/i/j/k",
        "/control/status",
        "/v1/signals%2f",
        "/metrics",
    };
    for (size_t i = 0; i < ARRAY_LENGTH(nothing); i++) {
        refused_get(SCHOOL, nothing[i], 404, "not-found");
    }
    static const struct {
        enum http_method method;
        const char *target;
        const char *allow;
    } cases[] = {
        {HTTP_DELETE, "/v1/signals", "POST, GET, HEAD"},
        {HTTP_PATCH, "/v1/signals/x", "GET, HEAD, DELETE"},
        {HTTP_GET, "/v1/signals/_count-notices", "POST"},
        {HTTP_PUT, "/v1/signals/x/_renew", "POST"},
        {HTTP_OPTIONS, "/v1/matches", "GET, HEAD"},
        {HTTP_OTHER, "/v1/pseudonyms/_evaluate", "POST"},
        {HTTP_HEAD, "/v1/pseudonyms/_evaluate", "POST"},
        {HTTP_POST, "/v1/openapi.json", "GET, HEAD"},
    };
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        struct ask ask = {.oin = SCHOOL, .method = cases[i].method, .target = cases[i].target};
        struct reply reply;
        world_ask(&world, &ask, &reply);
        assert_int_equal(reply.status, 405);
        assert_slug(reply.json, "method-not-allowed");
        assert_string_equal(reply_header(&reply, "Allow"), cases[i].allow);
        assert_entry("request-refused", "method-not-allowed");
        reply_free(&reply);
    }
}

static void test_negotiation(void **state)
{
    (void)state;
    struct ask ask = {.oin = SCHOOL, .target = "/v1/signals", .headers = {{"accept", "text/html"}}};
    refused(&ask, 406, "not-acceptable", true);
    ask.headers[0].value = "text/html, application/*;q=0.5";
    struct reply reply;
    world_ask(&world, &ask, &reply);
    assert_int_equal(reply.status, 200);
    reply_free(&reply);

    struct ask post = {.oin = SCHOOL,
                       .method = HTTP_POST,
                       .target = "/v1/signals",
                       .body = "{}",
                       .headers = {{"content-type", "text/plain"}}};
    refused(&post, 415, "unsupported-media-type", true);
    post.headers[0].value = "application/json; charset=latin1";
    refused(&post, 415, "unsupported-media-type", true);
    post.headers[0].value = "application/json; charset=UTF-8";
    refused(&post, 400, "invalid-request", true);

    static char large[5000];
    memset(large, ' ', sizeof(large) - 1);
    post.body = large;
    refused(&post, 413, "payload-too-large", true);
    post.target = "/v1/nothing";
    refused(&post, 404, "not-found", true);

    struct ask get = {.oin = SCHOOL, .target = "/v1/signals", .body = "{}"};
    refused(&get, 400, "invalid-request", true);
}

static void test_headers_everywhere(void **state)
{
    (void)state;
    static const char *const always[] = {
        "API-Version",
        "Cache-Control",
        "Content-Security-Policy",
        "X-Frame-Options",
        "Strict-Transport-Security",
        "X-Content-Type-Options",
    };
    static const struct {
        const char *oin;
        const char *target;
    } cases[] = {
        {NULL, "/v1/signals"},   {NULL, "/v1/openapi.json"}, {SCHOOL, "/v1/signals"},
        {SCHOOL, "/v1/nothing"}, {STRANGER, "/v1/signals"},  {SCHOOL, "/tlog/checkpoint"},
    };
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        struct ask ask = {.oin = cases[i].oin, .target = cases[i].target};
        struct reply reply;
        world_ask(&world, &ask, &reply);
        for (size_t j = 0; j < ARRAY_LENGTH(always); j++) {
            assert_non_null(reply_header(&reply, always[j]));
        }
        bool known = cases[i].oin != NULL && strcmp(cases[i].oin, STRANGER) != 0;
        assert_int_equal(reply_header(&reply, "RateLimit") != NULL, known);
        assert_int_equal(reply_header(&reply, "RateLimit-Policy") != NULL, known);
        reply_free(&reply);
    }
}

static void test_openapi_is_open(void **state)
{
    (void)state;
    static const char *const callers[] = {NULL, "", STRANGER, SCHOOL};
    world_act(&world, SCHOOL, PARTY_SUSPEND);
    for (size_t i = 0; i < ARRAY_LENGTH(callers); i++) {
        uint64_t before = world_log_size(&world);
        struct ask ask = {.oin = callers[i], .target = "/v1/openapi.json"};
        struct reply reply;
        world_ask(&world, &ask, &reply);
        assert_int_equal(reply.status, 200);
        assert_string_equal(reply_header(&reply, "Access-Control-Allow-Origin"), "*");
        assert_string_equal(text_at(reply.json, "info/version"),
                            reply_header(&reply, "API-Version"));
        assert_int_equal(world_log_size(&world), before);
        reply_free(&reply);
    }
}

/* It takes no parameters, and says so as every route does. */
static void test_openapi_takes_no_parameters(void **state)
{
    (void)state;
    struct ask ask = {.target = "/v1/openapi.json?x=1"};
    struct reply reply;
    world_ask(&world, &ask, &reply);
    assert_int_equal(reply.status, 400);
    assert_slug(reply.json, "invalid-request");
    assert_string_equal(text_at(reply.json, "errors/0/pointer"), "#/x");
    assert_string_equal(reply_header(&reply, "Access-Control-Allow-Origin"), "*");
    reply_free(&reply);
    json_t *document = world_get(&world, NULL, "/v1/openapi.json", 200);
    const json_t *paths = json_object_get(document, "paths");
    const json_t *get = json_object_get(json_object_get(paths, "/openapi.json"), "get");
    const json_t *responses = json_object_get(get, "responses");
    assert_non_null(json_object_get(responses, "400"));
    assert_null(json_object_get(responses, "403"));
    json_decref(document);
}

static void test_self(void **state)
{
    (void)state;
    mandate(SCHOOL, 10);
    uint64_t before = world_log_size(&world);
    json_t *self = world_get(&world, SUPPLIER, "/v1/parties/self", 200);
    assert_null(body_check_answer(self, &shape_party_self));
    assert_string_equal(text_at(self, "roles/0"), "supplier");
    assert_string_equal(text_at(self, "mandates/0/oin"), SCHOOL);
    assert_int_equal(world_log_size(&world), before);
    json_decref(self);
    self = world_get(&world, SCHOOL, "/v1/parties/self", 200);
    assert_string_equal(text_at(self, "agreements/0/municipality"), "0361");
    assert_true(json_is_true(
        json_object_get(json_array_get(json_object_get(self, "agreements"), 0), "live")));
    json_decref(self);
}

static void test_trace(void **state)
{
    (void)state;
    struct ask ask = {
        .oin = SCHOOL,
        .target = "/v1/signals",
        .headers = {{"traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"}}};
    struct reply reply;
    world_ask(&world, &ask, &reply);
    reply_free(&reply);
    json_t *entry = world_last_entry(&world, 0);
    assert_string_equal(text_at(entry, "trace_id"), "0af7651916cd43dd8448eb211c80319c");
    json_decref(entry);
    ask.headers[0].value = "00-0AF7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
    world_ask(&world, &ask, &reply);
    assert_int_equal(reply.status, 200);
    reply_free(&reply);
    entry = world_last_entry(&world, 0);
    assert_string_not_equal(text_at(entry, "trace_id"), "0af7651916cd43dd8448eb211c80319c");
    json_decref(entry);
}

static void test_transport_refusal(void **state)
{
    (void)state;
    static const char *const callers[] = {NULL, STRANGER, SCHOOL};
    for (size_t i = 0; i < ARRAY_LENGTH(callers); i++) {
        uint64_t before = world_log_size(&world);
        struct ask ask = {.oin = callers[i], .method = HTTP_POST, .target = "/v1/signals"};
        struct reply reply;
        world_begin_refused(&world, &ask, "length-required", "No length.", &reply);
        world_wait(&world, &reply);
        assert_int_equal(reply.status, 411);
        assert_true(reply.response->close);
        assert_slug(reply.json, "length-required");
        assert_string_equal(text_at(reply.json, "detail"), "No length.");
        assert_int_equal(world_log_size(&world), before + (callers[i] != NULL));
        reply_free(&reply);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_certificate),
        TEST(test_suspended),
        TEST(test_agreement),
        TEST(test_roles),
        TEST(test_every_public_route_needs_a_certificate),
        TEST(test_mandate),
        TEST(test_mandate_is_not_for_everybody),
        TEST(test_routing),
        TEST(test_negotiation),
        TEST(test_headers_everywhere),
        TEST(test_openapi_is_open),
        TEST(test_openapi_takes_no_parameters),
        TEST(test_self),
        TEST(test_trace),
        TEST(test_transport_refusal),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
