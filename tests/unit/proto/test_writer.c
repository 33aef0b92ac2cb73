/* SPDX-License-Identifier: EUPL-1.2 */
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "proto/writer.h"

static struct arena arena;

static int set_up(void **state)
{
    (void)state;
    arena_init(&arena);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    arena_finish(&arena);
    return 0;
}

static void test_structure(void **state)
{
    (void)state;
    struct writer w;
    size_t size;
    writer_init(&w, &arena);
    writer_begin_object(&w);
    writer_member_text(&w, "a", "x");
    writer_member_null(&w, "b");
    writer_name(&w, "c");
    writer_begin_list(&w);
    writer_integer(&w, INT64_MIN);
    writer_unsigned(&w, UINT64_MAX);
    writer_boolean(&w, true);
    writer_begin_object(&w);
    writer_end_object(&w);
    writer_begin_list(&w);
    writer_end_list(&w);
    writer_end_list(&w);
    writer_member_filled(&w, "d", "");
    writer_member_text(&w, "e", NULL);
    writer_end_object(&w);
    assert_string_equal(writer_finish(&w, &size),
                        "{\"a\":\"x\",\"b\":null,\"c\":[-9223372036854775808,"
                        "18446744073709551615,true,{},[]],\"d\":null,\"e\":null}");
    assert_int_equal(size, strlen(w.data));
}

static void test_escapes(void **state)
{
    (void)state;
    struct writer w;
    size_t size;
    writer_init(&w, &arena);
    writer_text(&w, "\"\\/\b\n\x1f\x7f\xc3\xab\xe2\x98\xba");
    assert_string_equal(writer_finish(&w, &size),
                        "\"\\\"\\\\/\\u0008\\u000a\\u001f\x7f\xc3\xab\xe2\x98\xba\"");
}

static void test_domain(void **state)
{
    (void)state;
    static const uint8_t bytes[] = {0xfb, 0xff, 0xfe, 0x01};
    struct writer w;
    size_t size;
    writer_init(&w, &arena);
    writer_begin_object(&w);
    writer_member_timestamp(&w, "at", 0);
    writer_member_date(&w, "day", 0);
    writer_member_base64url(&w, "url", bytes, sizeof(bytes));
    writer_name(&w, "std");
    writer_base64(&w, bytes, sizeof(bytes));
    writer_end_object(&w);
    assert_string_equal(writer_finish(&w, &size),
                        "{\"at\":\"1970-01-01T00:00:00.000Z\",\"day\":\"1970-01-01\","
                        "\"url\":\"-__-AQ\",\"std\":\"+//+AQ==\"}");
}

static void test_grows_and_stops(void **state)
{
    (void)state;
    static char chunk[4097];
    memset(chunk, 'x', sizeof(chunk) - 1);
    struct writer w;
    size_t size;
    writer_init(&w, &arena);
    writer_begin_list(&w);
    for (size_t i = 0; i < 1000; i++) {
        writer_text(&w, chunk);
    }
    writer_end_list(&w);
    assert_non_null(writer_finish(&w, &size));
    assert_int_equal(size, 1000 * (4096 + 2) + 999 + 2);

    writer_init(&w, &arena);
    writer_begin_list(&w);
    for (size_t i = 0; i < WRITER_MAXIMUM / 4096 + 1; i++) {
        writer_text(&w, chunk);
    }
    assert_null(writer_finish(&w, &size));
    static const uint8_t large[129];
    writer_init(&w, &arena);
    writer_base64(&w, large, sizeof(large));
    assert_null(writer_finish(&w, &size));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_structure, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_escapes, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_domain, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_grows_and_stops, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
