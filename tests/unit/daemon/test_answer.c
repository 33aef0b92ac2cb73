/* SPDX-License-Identifier: EUPL-1.2 */
#include "daemon/answer.h"

#include <errno.h>
#include <event2/buffer.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

/* The answer as text; it must lie in one piece. */
static char *write_one(const struct http_response *response, bool head_only, bool close)
{
    struct evbuffer *out = evbuffer_new();
    assert_non_null(out);
    assert_int_equal(answer_write(response, head_only, close, NULL, out), 0);
    struct evbuffer_iovec pieces[2];
    assert_int_equal(evbuffer_peek(out, -1, NULL, pieces, 2), 1);
    size_t size = evbuffer_get_length(out);
    char *text = calloc(1, size + 1);
    assert_non_null(text);
    assert_int_equal(evbuffer_remove(out, text, size), size);
    evbuffer_free(out);
    return text;
}

/* Takes the line with the date out, and checks that it is one between `from` and now. */
static void drop_date(char *text, time_t from)
{
    char *date = strstr(text, "Date: ");
    assert_non_null(date);
    char *end = strstr(date, "\r\n") + 2;
    assert_int_equal(end - date, strlen("Date: Sun, 06 Nov 1994 08:49:37 GMT\r\n"));
    struct tm parts = {0};
    char weekday[4] = {0};
    memcpy(weekday, date + strlen("Date: "), 3);
    assert_ptr_equal(strptime(date, "Date: %a, %d %b %Y %H:%M:%S GMT", &parts), end - 2);
    time_t instant = timegm(&parts); /* which sets the day of the week */
    static const char days[] = "SunMonTueWedThuFriSat";
    assert_memory_equal(weekday, days + (size_t)parts.tm_wday * 3, 3);
    assert_in_range(instant, from, time(NULL));
    memmove(date, end, strlen(end) + 1);
}

static void test_answers(void **state)
{
    (void)state;
    struct http_response response = {
        .status = 200, .content_type = "text/plain", .body = "hello", .body_size = 5};
    http_response_header(&response, "Log-Index", "7");
    static const struct {
        bool head_only;
        bool close;
        const char *text;
    } cases[] = {
        {false, false,
         "HTTP/1.1 200 OK\r\nLog-Index: 7\r\nContent-Type: text/plain\r\nContent-Length: 5\r\n\r\n"
         "hello"},
        {false, true,
         "HTTP/1.1 200 OK\r\nLog-Index: 7\r\nContent-Type: text/plain\r\nContent-Length: 5\r\n"
         "Connection: close\r\n\r\nhello"},
        {true, false,
         "HTTP/1.1 200 OK\r\nLog-Index: 7\r\nContent-Type: text/plain\r\nContent-Length: 5\r\n"
         "\r\n"},
    };
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        time_t from = time(NULL);
        char *text = write_one(&response, cases[i].head_only, cases[i].close);
        drop_date(text, from);
        assert_string_equal(text, cases[i].text);
        free(text);
    }
}

static void test_no_content(void **state)
{
    (void)state;
    const struct http_response response = {.status = 204};
    time_t from = time(NULL);
    char *text = write_one(&response, false, false);
    drop_date(text, from);
    assert_string_equal(text, "HTTP/1.1 204 No Content\r\n\r\n");
    free(text);
}

/* Response splitting cannot happen, whatever a handler puts in a header. */
static void test_line_ends_in_headers(void **state)
{
    (void)state;
    static const struct http_header wrong[] = {{"Location", "/a\r\nSet-Cookie: b"},
                                               {"Location", "/a\n"},
                                               {"Loc\r\nation", "/a"},
                                               {"Location: a\r\nB", "/a"}};
    struct evbuffer *out = evbuffer_new();
    assert_non_null(out);
    for (size_t i = 0; i < ARRAY_LENGTH(wrong); i++) {
        struct http_response response = {.status = 200};
        response.headers[response.header_count++] = wrong[i];
        assert_int_equal(answer_write(&response, false, false, NULL, out), -EINVAL);
        assert_int_equal(evbuffer_get_length(out), 0);
    }
    evbuffer_free(out);
}

static void test_head_is_bounded(void **state)
{
    (void)state;
    static char value[9000];
    memset(value, 'a', sizeof(value) - 1);
    struct http_response response = {.status = 200};
    http_response_header(&response, "X", value);
    struct evbuffer *out = evbuffer_new();
    assert_non_null(out);
    assert_int_equal(answer_write(&response, false, false, NULL, out), -EINVAL);
    evbuffer_free(out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_answers),
        cmocka_unit_test(test_no_content),
        cmocka_unit_test(test_line_ends_in_headers),
        cmocka_unit_test(test_head_is_bounded),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
