/* SPDX-License-Identifier: EUPL-1.2 */
#include "daemon/http1.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "proto/problem.h"

struct outcome {
    enum http1_result result;
    const struct http1_refusal *refusal;
    struct http1_framing framing;
    struct http_request request;
    size_t head_size;
    char *head;
};

/* Delivers `bytes` in two pieces, the first of `first` bytes, or in steps of one byte. */
static struct outcome deliver(const char *bytes, size_t size, size_t first, bool single)
{
    struct outcome outcome = {.result = HTTP1_MORE};
    struct http1_scan scan = {0};
    for (size_t at = 0; at < size && outcome.result == HTTP1_MORE;) {
        size_t piece = single ? 1 : at < first ? first - at : size - at;
        /* A copy of exactly that size, so that a read past it is seen. */
        uint8_t *copy = malloc(piece);
        assert_non_null(copy);
        memcpy(copy, bytes + at, piece);
        outcome.result = http1_scan(&scan, copy, piece, &outcome.refusal);
        free(copy);
        at += piece;
    }
    outcome.head_size = scan.size;
    if (outcome.result == HTTP1_DONE) {
        outcome.head = malloc(scan.size);
        assert_non_null(outcome.head);
        memcpy(outcome.head, bytes, scan.size);
        outcome.result = http1_parse(outcome.head, scan.size, &outcome.request, &outcome.framing,
                                     &outcome.refusal);
    }
    return outcome;
}

static void expect_refusal(const char *bytes, size_t size, int status)
{
    for (size_t first = 0; first <= size; first++) {
        struct outcome outcome = deliver(bytes, size, first, first == size);
        if (outcome.result != HTTP1_REFUSED ||
            problem_find(outcome.refusal->slug)->status != status) {
            print_error(
                "%.*s\n-> result %d, status %d, not %d\n", (int)size, bytes, (int)outcome.result,
                outcome.result == HTTP1_REFUSED ? problem_find(outcome.refusal->slug)->status : 0,
                status);
        }
        assert_int_equal(outcome.result, HTTP1_REFUSED);
        assert_int_equal(problem_find(outcome.refusal->slug)->status, status);
        assert_true(strlen(outcome.refusal->slug) > 0 && strlen(outcome.refusal->detail) > 0);
        free(outcome.head);
    }
}

#define LINE "GET /v1/signals HTTP/1.1\r\n"
#define HOST "Host: index.example\r\n"
#define POST "POST /v1/signals HTTP/1.1\r\n" HOST

static void test_refusals(void **state)
{
    (void)state;
    static const struct {
        const char *bytes;
        int status;
    } cases[] = {
        /* Host */
        {LINE "\r\n", 400},
        {LINE HOST HOST "\r\n", 400},
        {LINE HOST "HOST: other.example\r\n\r\n", 400},
        {LINE "Host:\r\n\r\n", 400},
        {LINE "Host: a b\r\n\r\n", 400},
        {LINE "Host: a/b\r\n\r\n", 400},
        {LINE "Host: a, b\r\n\r\n", 400},
        /* target */
        {"GET https://index.example/v1/signals HTTP/1.1\r\n" HOST "\r\n", 400},
        {"GET //user@host:1/a HTTP/1.0\r\n" HOST "\r\n", 505},
        {"GET v1/signals HTTP/1.1\r\n" HOST "\r\n", 400},
        {"OPTIONS * HTTP/1.1\r\n" HOST "\r\n", 400},
        {"GET * HTTP/1.1\r\n" HOST "\r\n", 400},
        {"GET /a#fragment HTTP/1.1\r\n" HOST "\r\n", 400},
        {"GET /a\\b HTTP/1.1\r\n" HOST "\r\n", 400},
        {"GET /\"<>^`{|} HTTP/1.1\r\n" HOST "\r\n", 400},
        {"GET /\xc3\xa9 HTTP/1.1\r\n" HOST "\r\n", 400},
        {"GET /a\tb HTTP/1.1\r\n" HOST "\r\n", 400},
        /* methods */
        {"CONNECT index.example:443 HTTP/1.1\r\n" HOST "\r\n", 501},
        {"CONNECT / HTTP/1.1\r\n" HOST "\r\n", 501},
        {"get /v1/signals HTTP/1.1\r\n" HOST "\r\n", 400},
        {"FETCH /v1/signals HTTP/1.1\r\n" HOST "\r\n", 501},
        {" GET /v1/signals HTTP/1.1\r\n" HOST "\r\n", 400},
        {LINE HOST "Upgrade: websocket\r\nConnection: Upgrade\r\n\r\n", 400},
        {LINE HOST "Upgrade: h2c\r\n\r\n", 400},
        {"PRI * HTTP/2.0\r\n\r\n", 400},
        /* versions */
        {"GET /v1/signals HTTP/1.0\r\n" HOST "\r\n", 505},
        {"GET /v1/signals HTTP/1.2\r\n" HOST "\r\n", 505},
        {"GET /v1/signals HTTP/0.9\r\n" HOST "\r\n", 505},
        {"GET /v1/signals HTTP/2.0\r\n" HOST "\r\n", 505},
        {"GET /v1/signals HTTP/11.1\r\n" HOST "\r\n", 505},
        {"GET /v1/signals http/1.1\r\n" HOST "\r\n", 400},
        {"GET /v1/signals RTSP/1.1\r\n" HOST "\r\n", 400},
        {"GET /v1/signals\r\n" HOST "\r\n", 505},
        {"GET  /v1/signals HTTP/1.1\r\n" HOST "\r\n", 400},
        {"GET /v1/signals  HTTP/1.1\r\n" HOST "\r\n", 400},
        {"GET /v1/signals HTTP/1.1 \r\n" HOST "\r\n", 505},
        /* line ends, folding, names, values */
        {"GET /v1/signals HTTP/1.1\n" HOST "\r\n", 400},
        {LINE "Host: index.example\n\r\n", 400},
        {LINE HOST "\n", 400},
        {LINE HOST "\r\r\n", 400},
        {"GET /v1/signals HTTP/1.1\r" HOST "\r\n", 400},
        {LINE "Host: index.example\rA: b\r\n\r\n", 400},
        {"\nGET /v1/signals HTTP/1.1\r\n" HOST "\r\n", 400},
        {LINE HOST "Accept: a\r\n b\r\n\r\n", 400},
        {LINE HOST "Accept: a\r\n\tb\r\n\r\n", 400},
        {LINE " Host: index.example\r\n\r\n", 400},
        {LINE HOST ": nameless\r\n\r\n", 400},
        {LINE HOST "No colon\r\n\r\n", 400},
        {LINE "Host : index.example\r\n\r\n", 400},
        {LINE HOST "Accept\t: a\r\n\r\n", 400},
        {LINE HOST "Acc(ept: a\r\n\r\n", 400},
        {LINE HOST "Acc\xc3\xa9pt: a\r\n\r\n", 400},
        {LINE HOST "Accept: a\x01\r\n\r\n", 400},
        {LINE HOST "Accept: a\x7f\r\n\r\n", 400},
        {LINE HOST "Accept: \x1b[2J\r\n\r\n", 400},
        /* lengths */
        {POST "\r\n", 411},
        {"PUT /v1/professionals/p HTTP/1.1\r\n" HOST "\r\n", 411},
        {"PATCH /v1/signals HTTP/1.1\r\n" HOST "\r\n", 411},
        {POST "Content-Length:\r\n\r\n", 400},
        {POST "Content-Length: +2\r\n\r\n{}", 400},
        {POST "Content-Length: -2\r\n\r\n{}", 400},
        {POST "Content-Length: 2, 2\r\n\r\n{}", 400},
        {POST "Content-Length: 2 2\r\n\r\n{}", 400},
        {POST "Content-Length: 0x2\r\n\r\n{}", 400},
        {POST "Content-Length: 2.0\r\n\r\n{}", 400},
        {POST "Content-Length: 2\r\nContent-Length: 2\r\n\r\n{}", 400},
        {POST "Content-Length: 2\r\nContent-Length: 3\r\n\r\n{}", 400},
        {POST "Content-Length: 18446744073709551616\r\n\r\n{}", 400},
        {POST "Content-Length: 99999999999999999999999999\r\n\r\n{}", 400},
        {POST "Transfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n", 501},
        {POST "Transfer-Encoding: gzip, chunked\r\n\r\n", 501},
        {POST "Transfer-Encoding: identity\r\n\r\n", 501},
        {POST "Transfer-Encoding: xchunked\r\n\r\n", 501},
        {POST "Transfer-Encoding:\r\n\r\n", 501},
        {POST "Transfer-Encoding : chunked\r\n\r\n", 400},
        {POST "Transfer-Encoding: chunked\r\nContent-Length: 2\r\n\r\n{}", 400},
        {POST "Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n{}", 400},
        {LINE HOST "Transfer-Encoding: chunked\r\n\r\n", 501},
        {LINE HOST "Content-Length: 2\r\n\r\n{}", 400},
        {"HEAD /v1/signals HTTP/1.1\r\n" HOST "Content-Length: 2\r\n\r\n{}", 400},
        {"DELETE /v1/signals HTTP/1.1\r\n" HOST "Content-Length: 2\r\n\r\n{}", 400},
        {"TRACE /v1/signals HTTP/1.1\r\n" HOST "Content-Length: 2\r\n\r\n{}", 400},
        /* fields that may occur once, and Expect */
        {LINE HOST "On-Behalf-Of: a\r\non-behalf-of: b\r\n\r\n", 400},
        {POST "Content-Length: 0\r\nContent-Type: a/b\r\nContent-Type: c/d\r\n\r\n", 400},
        {POST "Content-Length: 0\r\nExpect: 200-ok\r\n\r\n", 417},
        /* not HTTP at all */
        {"\x16\x03\x01\x02", 400},
        {"{\"bsn\":\"950000012\"}\r\n\r\n", 400},
    };
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        expect_refusal(cases[i].bytes, strlen(cases[i].bytes), cases[i].status);
    }
}

static void test_nul_bytes(void **state)
{
    (void)state;
    static const char in_value[] = LINE "Host: index.example\0.evil\r\n\r\n";
    static const char in_name[] = LINE HOST "A\0: b\r\n\r\n";
    static const char in_target[] = "GET /v1\0/signals HTTP/1.1\r\n" HOST "\r\n";
    static const char first[] = "\0" LINE HOST "\r\n";
    expect_refusal(in_value, sizeof(in_value) - 1, 400);
    expect_refusal(in_name, sizeof(in_name) - 1, 400);
    expect_refusal(in_target, sizeof(in_target) - 1, 400);
    expect_refusal(first, sizeof(first) - 1, 400);
}

/* Every byte at every place of a small request: nothing but what RFC 9112 allows passes. */
static void test_every_byte_in_a_value(void **state)
{
    (void)state;
    for (int byte = 0; byte < 256; byte++) {
        char text[] = LINE HOST "Accept: a_b\r\n\r\n";
        *strchr(text, '_') = (char)byte;
        struct outcome outcome = deliver(text, sizeof(text) - 1, 0, false);
        bool allowed = byte == '\t' || (byte >= 0x20 && byte != 0x7f);
        assert_int_equal(outcome.result, allowed ? HTTP1_DONE : HTTP1_REFUSED);
        free(outcome.head);
    }
}

static void test_plain_request(void **state)
{
    (void)state;
    static const char bytes[] = "GET /v1/notices?after=3&wait=20 HTTP/1.1\r\n"
                                "hOST: [::1]:8443\r\nAccept:application/json\r\n"
                                "X-Empty: \t \r\nX-Spaces: \t a  b \t\r\n\r\n";
    size_t size = sizeof(bytes) - 1;
    for (size_t first = 0; first <= size; first++) {
        struct outcome outcome = deliver(bytes, size, first, first == size);
        assert_int_equal(outcome.result, HTTP1_DONE);
        assert_int_equal(outcome.head_size, size);
        assert_int_equal(outcome.request.method, HTTP_GET);
        assert_string_equal(outcome.request.target, "/v1/notices?after=3&wait=20");
        assert_int_equal(outcome.request.header_count, 4);
        assert_string_equal(outcome.request.headers[0].name, "host");
        assert_string_equal(outcome.request.headers[0].value, "[::1]:8443");
        assert_string_equal(outcome.request.headers[1].value, "application/json");
        assert_string_equal(outcome.request.headers[2].name, "x-empty");
        assert_string_equal(outcome.request.headers[2].value, "");
        assert_string_equal(outcome.request.headers[3].value, "a  b");
        assert_int_equal(outcome.framing.body_size, 0);
        assert_false(outcome.framing.close);
        assert_false(outcome.framing.expects_continue);
        free(outcome.head);
    }
}

static void test_body_is_not_of_the_head(void **state)
{
    (void)state;
    static const char bytes[] = POST "Content-Length: 0012\r\nExpect: 100-Continue\r\n"
                                     "Connection: keep-alive, Close\r\n\r\n{\"a\":\0\r\n\r\n}";
    struct outcome outcome = deliver(bytes, sizeof(bytes) - 1, 0, false);
    assert_int_equal(outcome.result, HTTP1_DONE);
    assert_int_equal(outcome.request.method, HTTP_POST);
    assert_int_equal(outcome.framing.body_size, 12);
    assert_true(outcome.framing.close);
    assert_true(outcome.framing.expects_continue);
    assert_memory_equal(bytes + outcome.head_size, "{\"a\":", 5);
    free(outcome.head);
}

static void test_what_is_allowed(void **state)
{
    (void)state;
    static const struct {
        const char *bytes;
        enum http_method method;
    } cases[] = {
        {"\r\n\r\n" LINE HOST "\r\n", HTTP_GET}, /* RFC 9112 section 2.2 */
        {"DELETE /v1/signals/1?reason=ended HTTP/1.1\r\n" HOST "\r\n", HTTP_DELETE},
        {LINE HOST "Content-Length: 0\r\n\r\n", HTTP_GET},
        {"TRACE /v1/signals HTTP/1.1\r\n" HOST "\r\n", HTTP_OTHER},
        {"PROPFIND /v1/signals HTTP/1.1\r\n" HOST "\r\n", HTTP_OTHER},
        {"OPTIONS /v1/signals HTTP/1.1\r\n" HOST "\r\n", HTTP_OPTIONS},
        {"HEAD /v1/signals HTTP/1.1\r\n" HOST "\r\n", HTTP_HEAD},
        {POST "Content-Length: 18446744073709551615\r\n\r\n", HTTP_POST},
    };
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        struct outcome outcome = deliver(cases[i].bytes, strlen(cases[i].bytes), 0, true);
        assert_int_equal(outcome.result, HTTP1_DONE);
        assert_int_equal(outcome.request.method, cases[i].method);
        free(outcome.head);
    }
}

/* What was understood is there in a refusal too, so that it can be counted under its route. */
static void test_refusal_knows_its_route(void **state)
{
    (void)state;
    static const char bytes[] = POST HOST "Content-Length: 2\r\n\r\n";
    struct outcome outcome = deliver(bytes, sizeof(bytes) - 1, 0, false);
    assert_int_equal(outcome.result, HTTP1_REFUSED);
    assert_int_equal(outcome.request.method, HTTP_POST);
    assert_string_equal(outcome.request.target, "/v1/signals");
    free(outcome.head);
}

static void test_head_maximum(void **state)
{
    (void)state;
    static const char start[] = LINE HOST "A: ";
    static const char end[] = "\r\n\r\n";
    for (size_t over = 0; over < 2; over++) {
        size_t size = HTTP1_HEAD_MAXIMUM + over;
        char *bytes = malloc(size);
        assert_non_null(bytes);
        memset(bytes, 'a', size);
        memcpy(bytes, start, strlen(start));
        memcpy(bytes + size - strlen(end), end, strlen(end));
        for (int single = 0; single < 2; single++) {
            struct outcome outcome = deliver(bytes, size, 0, single == 1);
            assert_int_equal(outcome.result, over == 0 ? HTTP1_DONE : HTTP1_REFUSED);
            assert_true(over == 0 || problem_find(outcome.refusal->slug)->status == 431);
            free(outcome.head);
        }
        free(bytes);
    }
    /* Without an end it is refused as soon as it is too large, not when it ends. */
    uint8_t endless[HTTP1_HEAD_MAXIMUM + 1];
    memset(endless, 'A', sizeof(endless));
    struct http1_scan scan = {0};
    const struct http1_refusal *refusal = NULL;
    assert_int_equal(http1_scan(&scan, endless, HTTP1_HEAD_MAXIMUM, &refusal), HTTP1_MORE);
    assert_int_equal(http1_scan(&scan, endless, 1, &refusal), HTTP1_REFUSED);
    assert_int_equal(problem_find(refusal->slug)->status, 431);
}

static void test_field_maximum(void **state)
{
    (void)state;
    for (size_t count = HTTP_HEADERS_MAXIMUM; count <= HTTP_HEADERS_MAXIMUM + 1; count++) {
        char bytes[4096] = LINE HOST;
        for (size_t i = 1; i < count; i++) {
            strcat(bytes, "A: b\r\n");
        }
        strcat(bytes, "\r\n");
        struct outcome outcome = deliver(bytes, strlen(bytes), 0, true);
        if (count == HTTP_HEADERS_MAXIMUM) {
            assert_int_equal(outcome.result, HTTP1_DONE);
            assert_int_equal(outcome.request.header_count, HTTP_HEADERS_MAXIMUM);
        } else {
            assert_int_equal(outcome.result, HTTP1_REFUSED);
            assert_int_equal(problem_find(outcome.refusal->slug)->status, 431);
        }
        free(outcome.head);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_refusals),
        cmocka_unit_test(test_nul_bytes),
        cmocka_unit_test(test_every_byte_in_a_value),
        cmocka_unit_test(test_plain_request),
        cmocka_unit_test(test_body_is_not_of_the_head),
        cmocka_unit_test(test_what_is_allowed),
        cmocka_unit_test(test_refusal_knows_its_route),
        cmocka_unit_test(test_head_maximum),
        cmocka_unit_test(test_field_maximum),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
