/* SPDX-License-Identifier: EUPL-1.2 */
/* Text, durations, and printing: the small things under every command. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tools/duration.h"
#include "tools/print.h"

static void test_objects(void **state)
{
    (void)state;
    CLEANUP(text_finish) struct text text = {0};
    text_open_object(&text);
    text_add_member(&text, "a", "x\"\n\\");
    text_add_member(&text, "left out", NULL);
    text_add_number_member(&text, "n", -7);
    text_close_object(&text);
    assert_int_equal(text.fault, 0);
    assert_string_equal(text.bytes, "{\"a\":\"x\\\"\\n\\\\\",\"n\":-7}");
    assert_int_equal(text.length, strlen(text.bytes));
}

static void test_what_is_inside_objects(void **state)
{
    (void)state;
    CLEANUP(text_finish) struct text text = {0};
    text_open_object(&text);
    text_open_list_member(&text, "none");
    text_close_list(&text);
    text_open_object_member(&text, "o");
    text_add_member(&text, "a", "ends with {");
    text_add_true_member(&text, "t");
    text_close_object(&text);
    text_open_list_member(&text, "l");
    text_add_item(&text, "[xyz", 2);
    text_add_item(&text, "\"", 1);
    text_close_list(&text);
    text_add_number_member(&text, "n", 1);
    text_close_object(&text);
    assert_int_equal(text.fault, 0);
    assert_string_equal(text.bytes, "{\"none\":[],\"o\":{\"a\":\"ends with {\",\"t\":true},"
                                    "\"l\":[\"[x\",\"\\\"\"],\"n\":1}");
}

static void test_paths_and_queries(void **state)
{
    (void)state;
    CLEANUP(text_finish) struct text text = {0};
    text_add_string(&text, "/v1/x/");
    text_add_escaped(&text, "a/b?c d\xC3\xA9.~_-");
    text_add_query(&text, "first", "1&2");
    text_add_query(&text, "none", NULL);
    text_add_query(&text, "second", "=");
    assert_string_equal(text.bytes, "/v1/x/a%2Fb%3Fc%20d%C3%A9.~_-?first=1%262&second=%3D");
}

static void test_growth_keeps_what_was_there(void **state)
{
    (void)state;
    CLEANUP(text_finish) struct text text = {0};
    for (int i = 0; i < 10000; i++) {
        text_add_format(&text, "%04d", i);
    }
    assert_int_equal(text.length, 40000);
    for (int i = 0; i < 10000; i++) {
        char number[5];
        memcpy(number, text.bytes + (size_t)i * 4, 4);
        number[4] = '\0';
        assert_int_equal(atoi(number), i);
    }
}

static void test_a_fault_sticks(void **state)
{
    (void)state;
    CLEANUP(text_finish) struct text text = {0};
    char *large = calloc(1, TEXT_MAXIMUM);
    assert_non_null(large);
    text_add(&text, "x", 1);
    text_add(&text, large, TEXT_MAXIMUM);
    assert_int_equal(text.fault, -EOVERFLOW);
    text_add(&text, "y", 1);
    assert_int_equal(text.fault, -EOVERFLOW);
    assert_string_equal(text.bytes, "x");
    text_clear(&text);
    text_add(&text, "z", 1);
    assert_int_equal(text.fault, 0);
    assert_string_equal(text.bytes, "z");
    free(large);
}

static void test_durations(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int64_t seconds;
    } good[] = {{"90s", 90}, {"15m", 900}, {"2h", 7200}, {"30d", 2592000}, {"36525d", 3155760000}};
    static const char *const bad[] = {
        "", "s", "0s", "10", "1y", "1.5h", "-1s", "1ss", " 1s", "36526d", "99999999999999999999s"};
    for (size_t i = 0; i < ARRAY_LENGTH(good); i++) {
        int64_t seconds = 0;
        assert_int_equal(duration_parse(good[i].text, &seconds), 0);
        assert_int_equal(seconds, good[i].seconds);
    }
    for (size_t i = 0; i < ARRAY_LENGTH(bad); i++) {
        int64_t seconds = -5;
        assert_int_equal(duration_parse(bad[i], &seconds), DURATION_MALFORMED);
        assert_int_equal(seconds, -5);
    }
}

static void test_numbers(void **state)
{
    (void)state;
    int64_t number = -5;
    assert_int_equal(number_parse("0", 5, &number), 0);
    assert_int_equal(number, 0);
    assert_int_equal(number_parse("5", 5, &number), 0);
    assert_int_equal(number_parse("9223372036854775807", INT64_MAX, &number), 0);
    assert_true(number == INT64_MAX);
    static const char *const bad[] = {"6", "9", "10", "", "+1", "1 ", "0x1", "x"};
    for (size_t i = 0; i < ARRAY_LENGTH(bad); i++) {
        assert_int_equal(number_parse(bad[i], 5, &number), DURATION_MALFORMED);
    }
    assert_int_equal(number_parse("9223372036854775808", INT64_MAX, &number), DURATION_MALFORMED);
}

/* What `print` writes, as a string. */
static char *printed(void (*print)(FILE *out, const void *argument), const void *argument)
{
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);
    assert_non_null(out);
    print(out, argument);
    fclose(out);
    return text;
}

static void do_print_safe(FILE *out, const void *argument)
{
    print_safe(out, argument);
}

static void test_terminals_are_safe(void **state)
{
    (void)state;
    static const char *const cases[][2] = {
        {"Zo\xC3\xAB de Vries", "Zo\xC3\xAB de Vries"},
        {"\x1B[2Jgone", "?[2Jgone"},
        {"a\r\nb\tc\x7F", "a??b?c?"},
        {"\xC2\x9B"
         "31m",
         "??31m"}, /* CSI as one C1 character */
        {"\xFF\xC3", "??"},
        {"\xF0\x9F\x98\x80\xE2\x82\xAC", "\xF0\x9F\x98\x80\xE2\x82\xAC"},
    };
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        char *text = printed(do_print_safe, cases[i][0]);
        assert_string_equal(text, cases[i][1]);
        free(text);
    }
}

static void do_print_table(FILE *out, const void *argument)
{
    static const struct print_column columns[] = {
        {"NAME", "who/name", PRINT_PLAIN}, {"AT", "at", PRINT_MILLISECONDS}, {0}};
    const struct answer *list = argument;
    const struct answer *rows[] = {answer_item(list, 0), answer_item(list, 1)};
    assert_int_equal(print_table(out, columns, rows, answer_count(list)), 0);
}

static void test_tables_align_by_character(void **state)
{
    (void)state;
    static const char json[] = "[{\"who\":{\"name\":\"Zo\\u00eb\"},\"at\":1500},"
                               "{\"who\":{\"name\":\"Willem\"},\"at\":1795357800123}]";
    CLEANUP(answer_freep) struct answer *list = NULL;
    assert_int_equal(answer_parse(json, strlen(json), &list), 0);
    char *text = printed(do_print_table, list);
    assert_string_equal(text, "NAME    AT\n"
                              "Zo\xC3\xAB     1970-01-01T00:00:01.500Z\n"
                              "Willem  2026-11-22T14:30:00.123Z\n");
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_objects),
        cmocka_unit_test(test_what_is_inside_objects),
        cmocka_unit_test(test_paths_and_queries),
        cmocka_unit_test(test_growth_keeps_what_was_there),
        cmocka_unit_test(test_a_fault_sticks),
        cmocka_unit_test(test_durations),
        cmocka_unit_test(test_numbers),
        cmocka_unit_test(test_terminals_are_safe),
        cmocka_unit_test(test_tables_align_by_character),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
