/* SPDX-License-Identifier: EUPL-1.2 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "proto/query.h"

static void test_split(void **state)
{
    (void)state;
    struct target target;
    assert_int_equal(query_split_target("/v1/signals/a%20b?x=1&y", &target), 0);
    assert_int_equal(target.segment_count, 3);
    assert_int_equal(target.segments[2].length, 5);
    assert_memory_equal(target.segments[2].text, "a%20b", 5);
    assert_string_equal(target.query, "x=1&y");
    assert_int_equal(query_split_target("/", &target), 0);
    assert_int_equal(target.segment_count, 1);
    assert_int_equal(target.segments[0].length, 0);
    assert_null(target.query);
    assert_int_equal(query_split_target("/a/?", &target), 0);
    assert_int_equal(target.segment_count, 2);
    assert_string_equal(target.query, "");

    static const char *const bad[] = {"", "*", "http://x/y", "?a", "/1/2/3/4/5/6/7/8/9"};
    for (size_t i = 0; i < ARRAY_LENGTH(bad); i++) {
        assert_int_equal(query_split_target(bad[i], &target), QUERY_MALFORMED);
    }
    assert_int_equal(query_split_target(NULL, &target), QUERY_MALFORMED);
    static char large[QUERY_TARGET_MAXIMUM + 2];
    memset(large, '/', sizeof(large) - 1);
    assert_int_equal(query_split_target(large, &target), QUERY_MALFORMED);
}

static void test_unescape(void **state)
{
    (void)state;
    struct arena arena;
    const char *text;
    size_t length;
    arena_init(&arena);
    assert_int_equal(query_unescape(&arena, "a%2Fb%c3%AB+", 12, true, &text, &length), 0);
    assert_string_equal(text, "a/b\xc3\xab ");
    assert_int_equal(query_unescape(&arena, "a+b", 3, false, &text, &length), 0);
    assert_string_equal(text, "a+b");
    assert_int_equal(query_unescape(&arena, "", 0, true, &text, &length), 0);
    assert_int_equal(length, 0);
    static const char *const bad[] = {"%", "%a", "%g0", "%0g", "%00", "abc%2", "%%20", "%-1"};
    for (size_t i = 0; i < ARRAY_LENGTH(bad); i++) {
        /* Exactly as long as the text, so that a reading beyond it is seen. */
        char *copy = strdup(bad[i]);
        assert_int_equal(query_unescape(&arena, copy, strlen(copy), true, &text, &length),
                         QUERY_MALFORMED);
        free(copy);
    }
    arena_finish(&arena);
}

struct sample {
    struct text_input name;
    struct text_input from;
    struct integer_input limit;
};
static const struct field fields[] = {
    {.name = "name",
     .type = FIELD_TEXT,
     .required = true,
     .maximum = 5,
     .format = &format_text,
     .offset = offsetof(struct sample, name)},
    {.name = "from",
     .type = FIELD_TEXT,
     .format = &format_timestamp,
     .offset = offsetof(struct sample, from)},
    {.name = "limit",
     .type = FIELD_INTEGER,
     .minimum = 1,
     .maximum = 500,
     .offset = offsetof(struct sample, limit)},
};
static const struct shape shape = {
    .fields = fields, .count = ARRAY_LENGTH(fields), .size = sizeof(struct sample)};

static void test_decode(void **state)
{
    (void)state;
    static const struct {
        const char *query;
        const char *pointers[3];
    } cases[] = {
        {"name=a", {NULL}},
        {"name=a+b&limit=500", {NULL}},
        {"&name=a&&", {NULL}},
        {"n%61me=a", {NULL}},
        {"name=", {NULL}},
        {"name", {NULL}},
        {"name=a&from=2026-01-01T00:00:00+01:00", {NULL}},
        {"name=a&from=2026-01-01T00:00:00%2B01:00", {NULL}},
        {"name=a=b", {NULL}},
        {NULL, {"#/name"}},
        {"", {"#/name"}},
        {"name=toolong", {"#/name"}},
        {"name=a&name=b", {"#/name"}},
        {"name=%ff", {"#/name"}},
        {"name=a&limit=0", {"#/limit"}},
        {"name=a&limit=", {"#/limit"}},
        {"name=a&limit=1x", {"#/limit"}},
        {"name=a&limit=+1", {"#/limit"}},
        {"name=a&limit=1&limit=2", {"#/limit"}},
        {"name=a&limit=99999999999999999999", {"#/limit"}},
        {"name=a&from=2026-01-01", {"#/from"}},
        {"name=a&b=1", {"#/b"}},
        {"name=a&%zz=1", {"#"}},
        {"b=1&c=2", {"#/b", "#/c", "#/name"}},
    };
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        struct arena arena;
        struct sample sample = {0};
        struct faults faults = {0};
        arena_init(&arena);
        assert_int_equal(query_decode(cases[i].query, &shape, &arena, &sample, &faults), 0);
        size_t expected = 0;
        for (; expected < 3 && cases[i].pointers[expected] != NULL; expected++) {
            assert_true(faults.count > expected);
            assert_string_equal(faults.items[expected].pointer, cases[i].pointers[expected]);
        }
        assert_int_equal(faults.count, expected);
        arena_finish(&arena);
    }
}

static void test_no_parameters(void **state)
{
    (void)state;
    struct arena arena;
    struct faults faults = {0};
    arena_init(&arena);
    assert_int_equal(query_decode("a=1", NULL, &arena, NULL, &faults), 0);
    assert_int_equal(faults.count, 1);
    arena_finish(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_split),
        cmocka_unit_test(test_unescape),
        cmocka_unit_test(test_decode),
        cmocka_unit_test(test_no_parameters),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
