/* SPDX-License-Identifier: EUPL-1.2 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "tools/answer.h"

static struct answer *parse(const char *json)
{
    struct answer *answer = NULL;
    assert_int_equal(answer_parse(json, strlen(json), &answer), 0);
    return answer;
}

static void assert_canonical(const char *json, const char *expected)
{
    CLEANUP(answer_freep) struct answer *answer = parse(json);
    CLEANUP(text_finish) struct text text = {0};
    assert_int_equal(answer_canonicalize(answer, &text), 0);
    assert_int_equal(text.fault, 0);
    assert_string_equal(text.bytes, expected);
}

/* RFC 8785 section 3.2.3: the order of UTF-16 code units, in which a character beyond U+FFFF (the
 * smiley) comes before U+FB33, unlike in the order of UTF-8 bytes. */
static void test_canonical_order_of_rfc_8785(void **state)
{
    (void)state;
    assert_canonical("{\"\\u20ac\":\"Euro Sign\",\"\\r\":\"Carriage Return\","
                     "\"\\ufb33\":\"Hebrew Letter Dalet With Dagesh\",\"1\":\"One\","
                     "\"\\ud83d\\ude00\":\"Emoji: Grinning Face\",\"\\u0080\":\"Control\","
                     "\"\\u00f6\":\"Latin Small Letter O With Diaeresis\"}",
                     "{\"\\r\":\"Carriage Return\",\"1\":\"One\",\"\xC2\x80\":\"Control\","
                     "\"\xC3\xB6\":\"Latin Small Letter O With Diaeresis\","
                     "\"\xE2\x82\xAC\":\"Euro Sign\","
                     "\"\xF0\x9F\x98\x80\":\"Emoji: Grinning Face\","
                     "\"\xEF\xAC\xB3\":\"Hebrew Letter Dalet With Dagesh\"}");
}

static void test_canonical_order_compares_whole_names(void **state)
{
    (void)state;
    assert_canonical("{\"ab\":1,\"a\":2,\"\":3,\"B\":4,\"a.b\":5}",
                     "{\"\":3,\"B\":4,\"a\":2,\"a.b\":5,\"ab\":1}");
    /* U+1F601 after U+1F600: of two surrogate pairs the second halves decide. */
    assert_canonical("{\"\\ud83d\\ude01\":1,\"\\ud83d\\ude00\":2,\"\\ue000\":3}",
                     "{\"\xF0\x9F\x98\x80\":2,\"\xF0\x9F\x98\x81\":1,\"\xEE\x80\x80\":3}");
}

/* RFC 8785 section 3.2.2.2. */
static void test_canonical_strings_have_fewest_escapes(void **state)
{
    (void)state;
    assert_canonical("[\"\\u20ac$\\u000F\\u000aA'\\u0042\\u0022\\u005c\\\\\\\"\\/\\u007f\"]",
                     "[\"\xE2\x82\xAC$\\u000f\\nA'B\\\"\\\\\\\\\\\"/\x7F\"]");
    assert_canonical("\"\\b\\t\\n\\f\\r\\u0001\\u001f\"", "\"\\b\\t\\n\\f\\r\\u0001\\u001f\"");
}

static void test_canonical_values(void **state)
{
    (void)state;
    assert_canonical(" { \"b\" : [ true , false , null , -0 , -12 , { } , [ ] ] } ",
                     "{\"b\":[true,false,null,0,-12,{},[]]}");
    assert_canonical("9007199254740991", "9007199254740991");
}

static void test_canonical_refuses_what_the_log_never_holds(void **state)
{
    (void)state;
    static const char *const refused[] = {"1.5", "[1e3]", "{\"a\":9007199254740992}",
                                          "[[-9007199254740992]]"};
    for (size_t i = 0; i < ARRAY_LENGTH(refused); i++) {
        CLEANUP(answer_freep) struct answer *answer = parse(refused[i]);
        CLEANUP(text_finish) struct text text = {0};
        assert_int_equal(answer_canonicalize(answer, &text), ANSWER_MALFORMED);
    }
    CLEANUP(text_finish) struct text text = {0};
    assert_int_equal(answer_canonicalize(NULL, &text), ANSWER_MALFORMED);
}

static void test_parsing_is_strict(void **state)
{
    (void)state;
    static const char *const refused[] = {
        "",         "{",   "{}x",   "{\"a\":1,\"a\":2}", "{\"a\":1,}", "\"\\u0000\"",
        "\"\xFF\"", "nul", "{} {}",
    };
    for (size_t i = 0; i < ARRAY_LENGTH(refused); i++) {
        struct answer *answer = NULL;
        assert_int_equal(answer_parse(refused[i], strlen(refused[i]), &answer), ANSWER_MALFORMED);
        assert_null(answer);
    }
}

static void test_depth_is_bounded(void **state)
{
    (void)state;
    char json[2 * (ANSWER_DEPTH_MAXIMUM + 1) + 1];
    for (size_t depth = ANSWER_DEPTH_MAXIMUM; depth <= ANSWER_DEPTH_MAXIMUM + 1; depth++) {
        memset(json, '[', depth);
        memset(json + depth, ']', depth);
        CLEANUP(answer_freep) struct answer *answer = NULL;
        int result = answer_parse(json, 2 * depth, &answer);
        assert_int_equal(result, depth > ANSWER_DEPTH_MAXIMUM ? ANSWER_MALFORMED : 0);
    }
    /* Brackets in a string are no depth. */
    memset(json, '[', sizeof(json));
    json[0] = '"';
    json[sizeof(json) - 1] = '"';
    CLEANUP(answer_freep) struct answer *answer = NULL;
    assert_int_equal(answer_parse(json, sizeof(json), &answer), 0);
}

static void test_reading_by_path(void **state)
{
    (void)state;
    CLEANUP(answer_freep)
    struct answer *answer = parse("{\"a\":{\"b.c\":\"x\",\"n\":7,\"t\":true,\"z\":null},"
                                  "\"list\":[\"p\",\"q\"]}");
    int64_t number = -1;
    assert_string_equal(answer_string(answer_at(answer, "a/b.c")), "x");
    assert_true(answer_integer(answer_at(answer, "a/n"), &number));
    assert_int_equal(number, 7);
    assert_true(answer_is_true(answer_at(answer, "a/t")));
    assert_true(answer_is_null(answer_at(answer, "a/z")));
    assert_null(answer_at(answer, "a/b.c/d"));
    assert_null(answer_at(answer, "nothing/n"));
    assert_null(answer_at(NULL, "a"));
    assert_null(answer_string(answer_at(answer, "a")));
    assert_false(answer_integer(answer_at(answer, "a/b.c"), &number));
    assert_int_equal(answer_count(answer_at(answer, "list")), 2);
    assert_string_equal(answer_string(answer_item(answer_at(answer, "list"), 1)), "q");
    assert_null(answer_item(answer_at(answer, "list"), 2));
    assert_int_equal(answer_count(answer_at(answer, "a")), 0);
    assert_int_equal(answer_size(answer), 2);
}

static void test_describing_for_people(void **state)
{
    (void)state;
    static const char *const cases[][2] = {
        {"\"x\"", "x"}, {"12", "12"}, {"true", "yes"},       {"false", "no"},
        {"null", "-"},  {"[]", "-"},  {"[\"a\",1]", "a, 1"}, {"{\"k\":1}", "{\"k\":1}"},
    };
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        CLEANUP(answer_freep) struct answer *answer = parse(cases[i][0]);
        CLEANUP(text_finish) struct text text = {0};
        answer_describe(answer, &text);
        assert_string_equal(text.bytes, cases[i][1]);
    }
    CLEANUP(text_finish) struct text text = {0};
    answer_describe(NULL, &text);
    assert_string_equal(text.bytes, "-");
}

static void test_dump_keeps_order_on_one_line(void **state)
{
    (void)state;
    CLEANUP(answer_freep) struct answer *answer = parse("{\"b\": 1,\n \"a\": \"x\\ny\"}");
    CLEANUP(text_finish) struct text text = {0};
    answer_dump(answer, &text);
    assert_string_equal(text.bytes, "{\"b\":1,\"a\":\"x\\ny\"}");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_canonical_order_of_rfc_8785),
        cmocka_unit_test(test_canonical_order_compares_whole_names),
        cmocka_unit_test(test_canonical_strings_have_fewest_escapes),
        cmocka_unit_test(test_canonical_values),
        cmocka_unit_test(test_canonical_refuses_what_the_log_never_holds),
        cmocka_unit_test(test_parsing_is_strict),
        cmocka_unit_test(test_depth_is_bounded),
        cmocka_unit_test(test_reading_by_path),
        cmocka_unit_test(test_describing_for_people),
        cmocka_unit_test(test_dump_keeps_order_on_one_line),
    };
    answer_use_wiping_memory();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
