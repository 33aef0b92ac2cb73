/* SPDX-License-Identifier: EUPL-1.2 */
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "proto/exchange.h"

static struct http_request with(const char *name, const char *value)
{
    return (struct http_request){.header_count = 1, .headers = {{name, value}}};
}

static void test_accept(void **state)
{
    (void)state;
    static const struct {
        const char *accept;
        bool json;
        bool text;
    } cases[] = {
        {"*/*", true, true},
        {"", true, true},
        {"application/json", true, false},
        {"APPLICATION/JSON", true, false},
        {"application/*", true, false},
        {"text/*", false, true},
        {"text/plain", false, true},
        {"text/html", false, false},
        {"text/html, application/json;q=0.1", true, false},
        {"application/json;q=0", false, false},
        {"application/json;q=0.000, */*", false, true},
        {"*/*;q=0", false, false},
        {"*/*;q=0, application/json", true, false},
        {"application/problem+json", false, false},
        {"application/jso", false, false},
        {"application/jsonx", false, false},
        {"a/b;c=\"x,application/json\"", false, false},
        {"a/b;c=\"x,\\\"application/json", false, false},
        {",,,application/json,,", true, false},
        {" application/json ; q=1 ", true, false},
    };
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        struct http_request request = with("accept", cases[i].accept);
        assert_int_equal(negotiate_accept(&request, "application/json") == NULL, cases[i].json);
        assert_int_equal(negotiate_accept(&request, "text/plain; charset=utf-8") == NULL,
                         cases[i].text);
    }
    struct http_request none = {0};
    assert_null(negotiate_accept(&none, "application/json"));
    struct http_request two = {.header_count = 2,
                               .headers = {{"accept", "text/html"}, {"accept", "*/*"}}};
    assert_null(negotiate_accept(&two, "application/json"));
}

/* Which of two is given: the first, unless the other is wanted more. */
static void test_preference(void **state)
{
    (void)state;
    static const struct {
        const char *accept;
        bool text;
    } cases[] = {
        {"", false},
        {"*/*", false},
        {"text/plain", true},
        {"text/*", true},
        {"application/json, text/plain", false},
        {"application/json;q=0.5, text/plain", true},
        {"application/json;q=0.5, text/plain;q=0.4", false},
        {"application/json;q=0.501, text/plain;q=0.51", true},
        {"text/plain;q=0, */*", false},
        {"application/json;q=0, */*;q=0.1", true},
        {"text/plain;q=0.9, */*", false},
        {"text/plain;q=1.000, */*;q=0.999", true},
        {"text/plain;q=2, application/json;q=0.1", true}, /* malformed: as if it were not there */
        {"text/html", false},
    };
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        struct http_request request = with("accept", cases[i].accept);
        assert_int_equal(
            negotiate_prefers(&request, "text/plain; charset=utf-8", "application/json"),
            cases[i].text);
    }
    struct http_request none = {0};
    assert_false(negotiate_prefers(&none, "text/plain", "application/json"));
}

static void test_content(void **state)
{
    (void)state;
    static const struct {
        const char *type;
        bool right;
    } cases[] = {
        {"application/json", true},
        {"Application/JSON", true},
        {"application/json;charset=utf-8", true},
        {"application/json ; charset=\"UTF-8\"", true},
        {"application/json; charset=iso-8859-1", false},
        {"application/json; charset=utf-8; charset=utf-8", false},
        {"application/json; version=1", false},
        {"application/jsonp", false},
        {"text/json", false},
        {"", false},
        {";charset=utf-8", false},
    };
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        struct http_request request = with("content-type", cases[i].type);
        assert_int_equal(negotiate_content(&request) == NULL, cases[i].right);
    }
    struct http_request none = {0};
    assert_non_null(negotiate_content(&none));
    struct http_request twice = {
        .header_count = 2,
        .headers = {{"content-type", "application/json"}, {"content-type", "application/json"}}};
    assert_non_null(negotiate_content(&twice));
    struct http_request coded = {
        .header_count = 2,
        .headers = {{"content-type", "application/json"}, {"content-encoding", "gzip"}}};
    assert_non_null(negotiate_content(&coded));
}

static void test_trace(void **state)
{
    (void)state;
#define TRACE "0af7651916cd43dd8448eb211c80319c"
#define PARENT "b7ad6b7169203331"
    static const struct {
        const char *text;
        bool right;
    } cases[] = {
        {"00-" TRACE "-" PARENT "-01", true},
        {"cc-" TRACE "-" PARENT "-01", true},
        {"cc-" TRACE "-" PARENT "-01-what-the-future-holds", true},
        {"00-" TRACE "-" PARENT "-01-more", false},
        {"cc-" TRACE "-" PARENT "-01.more", false},
        {"ff-" TRACE "-" PARENT "-01", false},
        {"00-" TRACE "-" PARENT "-0", false},
        {"00-" TRACE "-" PARENT, false},
        {"00-" TRACE "-" PARENT "-0x", false},
        {"00-" TRACE "_" PARENT "-01", false},
        {"00-00000000000000000000000000000000-" PARENT "-01", false},
        {"00-" TRACE "-0000000000000000-01", false},
        {"00-0AF7651916CD43DD8448EB211C80319C-" PARENT "-01", false},
        {"", false},
    };
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        struct http_request request = with("traceparent", cases[i].text);
        struct attribution by = {0};
        assert_int_equal(negotiate_trace(&request, &by), cases[i].right);
        assert_int_equal(by.traced, cases[i].right);
        if (cases[i].right) {
            assert_int_equal(by.trace_id[0], 0x0a);
            assert_int_equal(by.parent_span_id[7], 0x31);
        }
    }
    struct http_request twice = {.header_count = 2,
                                 .headers = {{"traceparent", "00-" TRACE "-" PARENT "-01"},
                                             {"traceparent", "00-" TRACE "-" PARENT "-01"}}};
    struct attribution by = {0};
    assert_false(negotiate_trace(&twice, &by));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_accept),
        cmocka_unit_test(test_preference),
        cmocka_unit_test(test_content),
        cmocka_unit_test(test_trace),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
