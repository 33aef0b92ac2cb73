/* SPDX-License-Identifier: EUPL-1.2 */
/* The auditor's page as it is served, and what a page of another site may not do. */
#include "proto/counts.h"
#include "proto/page.h"
#include "tests/unit/proto/fixture.h"

#define BROWSER "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,*/*;q=0.8"

static void assert_header(const struct reply *reply, const char *name, const char *value)
{
    const char *found = reply_header(reply, name);
    assert_non_null(found);
    assert_string_equal(found, value);
}

static void ask_page(enum http_method method, const char *target, struct reply *reply)
{
    struct ask ask = {.oin = AUDITOR, .method = method, .target = target};
    world_ask(&world, &ask, reply);
}

static void test_files(void **state)
{
    (void)state;
    uint64_t size = world_log_size(&world);
    for (size_t i = 0; i < page_count(); i++) {
        const struct page_file *file = page_at(i);
        char target[64];
        struct reply reply;
        snprintf(target, sizeof(target), "/audit/%s", file->name);
        ask_page(i % 2 == 0 ? HTTP_GET : HTTP_HEAD, target, &reply);
        assert_int_equal(reply.status, 200);
        assert_string_equal(reply.response->content_type, file->type);
        assert_int_equal(reply.response->body_size, file->end - file->bytes);
        assert_memory_equal(reply.response->body, file->bytes, reply.response->body_size);
        assert_header(&reply, "Cache-Control", "no-cache");
        assert_header(&reply, "X-Content-Type-Options", "nosniff");
        assert_header(&reply, "Content-Security-Policy",
                      "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "
                      "connect-src 'self'; base-uri 'none'; form-action 'none'; "
                      "frame-ancestors 'none'");
        reply_free(&reply);
    }
    struct reply reply;
    ask_page(HTTP_GET, "/audit/", &reply);
    assert_int_equal(reply.status, 200);
    assert_memory_equal(reply.response->body, "<!doctype html>", 15);
    reply_free(&reply);
    assert_int_equal(world_log_size(&world), size);
}

static void test_no_files(void **state)
{
    (void)state;
    static const char *const none[] = {"/audit",     "/audit/page.c",          "/audit/..",
                                       "/audit/a/b", "/audit/%2e%2e%2fpage.c", "/audit/INDEX.HTML"};
    for (size_t i = 0; i < ARRAY_LENGTH(none); i++) {
        json_t *problem = world_get(&world, AUDITOR, none[i], 404);
        assert_slug(problem, "not-found");
        json_decref(problem);
    }
    json_decref(world_send(&world, AUDITOR, HTTP_POST, "/audit/", "{}", 405));
    json_decref(world_get(&world, AUDITOR, "/audit/?bsn=" BSN_ONE, 400));
    struct ask picky = {
        .oin = AUDITOR, .target = "/audit/main.js", .headers = {{"accept", "image/png"}}};
    struct reply reply;
    world_ask(&world, &picky, &reply);
    assert_int_equal(reply.status, 406);
    reply_free(&reply);
}

/* The same refusal for a program and for a person. */
static void test_refusals(void **state)
{
    (void)state;
    static const struct {
        const char *oin;
        const char *target;
        int status;
        const char *slug;
        const char *dutch;
        bool logged;
    } cases[] = {
        {NULL, "/audit/", 401, "certificate-required", "Een certificaat is nodig", false},
        {SCHOOL, "/audit/", 403, "role-missing", "Alleen voor toezichthouders", true},
        {SCHOOL, "/audit/main.js", 403, "role-missing", "Alleen voor toezichthouders", true},
        {STRANGER, "/audit/", 403, "unknown-party", "Onbekende partij", true},
        {AUDITOR, "/audit", 404, "not-found", "<a href=\"/audit/\">", true},
        {AUDITOR, "/audit/?x=1", 400, "invalid-request", "Dit lukt niet", true},
    };
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        struct reply reply;
        uint64_t size = world_log_size(&world);
        struct ask ask = {.oin = cases[i].oin, .target = cases[i].target};
        world_ask(&world, &ask, &reply);
        assert_int_equal(reply.status, cases[i].status);
        assert_slug(reply.json, cases[i].slug);
        reply_free(&reply);
        ask.headers[0] = (struct http_header){"accept", BROWSER};
        world_ask(&world, &ask, &reply);
        assert_int_equal(reply.status, cases[i].status);
        assert_string_equal(reply.response->content_type, PAGE_HTML);
        assert_header(&reply, "Content-Security-Policy", page_refusal_policy);
        assert_header(&reply, "Cache-Control", "no-store");
        assert_non_null(strstr(reply.response->body, cases[i].dutch));
        assert_non_null(strstr(reply.response->body, problem_find(cases[i].slug)->title));
        reply_free(&reply);
        assert_int_equal(world_log_size(&world), size + (cases[i].logged ? 2 : 0));
    }
    /* Elsewhere it stays what it was. */
    struct ask api = {.oin = SCHOOL, .target = "/v1/log-entries", .headers = {{"accept", BROWSER}}};
    struct reply reply;
    world_ask(&world, &api, &reply);
    assert_int_equal(reply.status, 403);
    assert_slug(reply.json, "role-missing");
    reply_free(&reply);
}

static void test_foreign_pages(void **state)
{
    (void)state;
    static const struct {
        const char *target;
        enum http_method method;
        const char *site;
        const char *mode;
        const char *destination;
        int status;
    } cases[] = {
        {"/audit/", HTTP_GET, "none", "navigate", "document", 200},
        {"/audit/", HTTP_GET, "same-origin", "navigate", "document", 200},
        {"/audit/", HTTP_GET, "cross-site", "navigate", "document", 200},
        {"/audit/", HTTP_GET, "cross-site", "navigate", "iframe", 403},
        {"/audit/", HTTP_GET, "cross-site", "no-cors", "script", 403},
        {"/audit/", HTTP_GET, "same-site", "no-cors", "image", 403},
        {"/audit/", HTTP_HEAD, "cross-site", "navigate", "document", 403},
        {"/audit/main.js", HTTP_GET, "cross-site", "no-cors", "script", 403},
        {"/audit/main.js", HTTP_GET, "cross-site", "navigate", "document", 403},
        {"/audit/main.js", HTTP_GET, "same-origin", "cors", "script", 200},
        {"/v1/log-entries", HTTP_GET, "same-origin", "cors", "empty", 200},
        {"/v1/log-entries", HTTP_GET, "cross-site", "navigate", "document", 403},
        {"/v1/log-entries", HTTP_GET, "cross-site", "no-cors", "image", 403},
        {"/v1/log-entries", HTTP_GET, "same-site", "cors", "empty", 403},
        {"/v1/notices/_acknowledge", HTTP_POST, "cross-site", "no-cors", "empty", 403},
        {"/v1/nothing", HTTP_GET, "cross-site", "no-cors", "empty", 403},
        {"/tlog/checkpoint", HTTP_GET, "cross-site", "cors", "empty", 403},
        {"/v1/openapi.json", HTTP_GET, "cross-site", "cors", "empty", 200},
        {"/v1/openapi.json", HTTP_GET, "same-site", "cors", "empty", 200},
    };
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        struct reply reply;
        uint64_t size = world_log_size(&world);
        uint64_t counted = counts_waiting(world.api->counts);
        struct ask ask = {.oin = AUDITOR,
                          .method = cases[i].method,
                          .target = cases[i].target,
                          .headers = {{"sec-fetch-site", cases[i].site},
                                      {"sec-fetch-mode", cases[i].mode},
                                      {"sec-fetch-dest", cases[i].destination}}};
        world_ask(&world, &ask, &reply);
        assert_int_equal(reply.status, cases[i].status);
        if (reply.status == 403) { /* counted, so that the other site cannot fill the log */
            assert_slug(reply.json, "not-permitted");
            assert_int_equal(world_log_size(&world), size);
            assert_int_equal(counts_waiting(world.api->counts), counted + 1);
        }
        reply_free(&reply);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {TEST(test_files), TEST(test_no_files), TEST(test_refusals),
                                       TEST(test_foreign_pages)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
