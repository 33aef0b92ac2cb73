/* SPDX-License-Identifier: EUPL-1.2 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <jansson.h>

#include "crypto/secret.h"
#include "proto/body.h"

static void parse(const char *text, size_t size, const char *detail)
{
    struct json_t *root = NULL;
    const char *why = NULL;
    int result = body_parse((const uint8_t *)text, size, &root, &why);
    if (detail == NULL) {
        assert_int_equal(result, 0);
        assert_non_null(root);
    } else {
        assert_int_equal(result, BODY_MALFORMED);
        assert_null(root);
        assert_string_equal(why, detail);
    }
    body_freep(&root);
}

static void test_parse(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        const char *detail;
    } cases[] = {
        {"{}", NULL},
        {" [1, 2] ", NULL},
        {"{\"a\":\"[[[[[[[[[[[[[[[[\"}", NULL},
        {"{\"a\":\"\\\"[[[[[[[[[[[[[[[[\"}", NULL},
        {"[[[[[[[[1]]]]]]]]", NULL},
        {"", "A body is required."},
        {"{", "The JSON text ends too early."},
        {"{}{}", "Something follows the JSON text."},
        {"{} x", "Something follows the JSON text."},
        {"{\"a\":1,\"a\":1}", "A member stands in the JSON text twice."},
        {"{\"a\":1,\"\\u0061\":1}", "A member stands in the JSON text twice."},
        {"{\"\\u0000\":1}", "The JSON text holds a NUL character."},
        {"{\"a\":\"\\u0000\"}", "The JSON text holds a NUL character."},
        {"{\"a\":\"\xff\"}", "The JSON text is not UTF-8."},
        {"{\"a\":\"\xc0\x80\"}", "The JSON text is not UTF-8."},
        {"{\"a\":\"\xed\xa0\x80\"}", "The JSON text is not UTF-8."},
        {"{\"a\":1e999}", "A number in the JSON text is too large."},
        {"{\"a\":99999999999999999999}", "A number in the JSON text is too large."},
        {"{a:1}", "The body is not a JSON text."},
        {"{'a':1}", "The body is not a JSON text."},
        {"\xef\xbb\xbf{}", "The body is not a JSON text."},
        {"1", "The body is not a JSON text."},
        {"[[[[[[[[[1]]]]]]]]]", "The JSON text is nested too deeply."},
        {"[{\"a\":[{\"a\":[{\"a\":[{\"a\":[{", "The JSON text is nested too deeply."},
    };
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        parse(cases[i].text, strlen(cases[i].text), cases[i].detail);
    }
    parse("{}\0", 3, "Something follows the JSON text.");
}

/* Cheap, though it would take a recursive parser far. */
static void test_bomb(void **state)
{
    (void)state;
    size_t size = 1 << 20;
    char *bomb = malloc(size);
    assert_non_null(bomb);
    memset(bomb, '[', size);
    parse(bomb, size, "The JSON text is nested too deeply.");
    free(bomb);
}

struct sample {
    struct text_input text;
    struct integer_input number;
    struct texts_input list;
    struct text_input secret;
};
static const char *const words[] = {"one", "two", NULL};
static const struct format format_word = {.values = words};
static const struct field fields[] = {
    {.name = "text",
     .type = FIELD_TEXT,
     .required = true,
     .minimum = 1,
     .maximum = 3,
     .format = &format_text,
     .offset = offsetof(struct sample, text)},
    {.name = "number",
     .type = FIELD_INTEGER,
     .minimum = -1,
     .maximum = 9,
     .offset = offsetof(struct sample, number)},
    {.name = "list",
     .type = FIELD_TEXTS,
     .minimum = 1,
     .maximum = 2,
     .item_maximum = 3,
     .format = &format_word,
     .offset = offsetof(struct sample, list)},
    {.name = "secret",
     .type = FIELD_TEXT,
     .secret = true,
     .offset = offsetof(struct sample, secret)},
};
static const struct shape shape = {.name = "Sample",
                                   .fields = fields,
                                   .count = ARRAY_LENGTH(fields),
                                   .size = sizeof(struct sample)};

static struct arena arena;

static void decode(const char *text, struct sample *sample, struct faults *faults,
                   struct json_t **root)
{
    const char *why = NULL;
    *sample = (struct sample){0};
    faults->count = 0;
    assert_int_equal(body_parse((const uint8_t *)text, strlen(text), root, &why), 0);
    assert_in_range(body_decode(*root, &shape, &arena, sample, faults), 0, 1);
}

static void test_decode(void **state)
{
    (void)state;
    struct sample sample;
    struct faults faults;
    CLEANUP(body_freep) struct json_t *root = NULL;
    arena_init(&arena);
    decode("{\"text\":\"\xc3\xab\xc3\xab\xc3\xab\",\"number\":-1,\"list\":[\"one\",\"two\"],"
           "\"secret\":\"s\"}",
           &sample, &faults, &root);
    assert_int_equal(faults.count, 0);
    assert_int_equal(sample.text.length, 6);
    assert_true(sample.number.valid);
    assert_int_equal(sample.number.value, -1);
    assert_int_equal(sample.list.count, 2);
    assert_string_equal(sample.list.items[1].text, "two");
    /* A secret is not copied. */
    assert_ptr_equal(sample.secret.text, json_string_value(json_object_get(root, "secret")));
    assert_ptr_not_equal(sample.text.text, json_string_value(json_object_get(root, "text")));
    arena_finish(&arena);
}

static void test_faults(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        const char *pointer;
        const char *detail;
    } cases[] = {
        {"{}", "#/text", "This is required."},
        {"{\"text\":null}", "#/text", "This must be a string."},
        {"{\"text\":\"\"}", "#/text", "This may not be empty."},
        {"{\"text\":\"abcd\"}", "#/text", "This is longer than is allowed."},
        {"{\"text\":\"a\\nb\"}", "#/text", "Control characters are not allowed here."},
        {"{\"text\":\"\\u202e\"}", "#/text", "Control characters are not allowed here."},
        {"{\"text\":\"a\",\"number\":10}", "#/number", "This number is too high."},
        {"{\"text\":\"a\",\"number\":-2}", "#/number", "This number is too low."},
        {"{\"text\":\"a\",\"number\":1.0}", "#/number", "This must be a whole number."},
        {"{\"text\":\"a\",\"number\":true}", "#/number", "This must be a whole number."},
        {"{\"text\":\"a\",\"list\":{}}", "#/list", "This must be a list."},
        {"{\"text\":\"a\",\"list\":[]}", "#/list", "This list is too short or too long."},
        {"{\"text\":\"a\",\"list\":[\"one\",\"six\"]}", "#/list/1",
         "This is not one of the values that are allowed."},
        {"{\"text\":\"a\",\"list\":[[]]}", "#/list/0", "This must be a string."},
        {"{\"text\":\"a\",\"more\":1}", "#/more", "This member is unknown."},
        {"{\"text\":\"a\",\"a/b~c d\":1}", "#/a~1b~0c%20d", "This member is unknown."},
        {"{\"text\":\"a\",\"bsn950000012\":1}", "#", "This member is unknown."},
        {"[]", "#", "The body must be a JSON object."},
    };
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        struct sample sample;
        struct faults faults;
        CLEANUP(body_freep) struct json_t *root = NULL;
        arena_init(&arena);
        decode(cases[i].text, &sample, &faults, &root);
        assert_int_equal(faults.count, 1);
        assert_string_equal(faults.items[0].pointer, cases[i].pointer);
        assert_string_equal(faults.items[0].detail, cases[i].detail);
        arena_finish(&arena);
    }
}

static void test_many_faults(void **state)
{
    (void)state;
    static char text[4096] = "{\"text\":1";
    for (int i = 0; i < 100; i++) {
        char member[32];
        snprintf(member, sizeof(member), ",\"x%d\":0", i);
        strcat(text, member);
    }
    strcat(text, "}");
    struct sample sample;
    struct faults faults;
    CLEANUP(body_freep) struct json_t *root = NULL;
    arena_init(&arena);
    decode(text, &sample, &faults, &root);
    assert_int_equal(faults.count, FAULTS_MAXIMUM);
    arena_finish(&arena);
}

/* ---- objects within, and truth ---- */

struct inner {
    struct object_input object;
    struct text_input name;
    struct texts_input list;
};
static const struct field inner_fields[] = {
    {.name = "name",
     .type = FIELD_TEXT,
     .required = true,
     .secret = true,
     .maximum = 3,
     .offset = offsetof(struct inner, name)},
    {.name = "list",
     .type = FIELD_TEXTS,
     .maximum = 3,
     .item_maximum = 2,
     .offset = offsetof(struct inner, list)},
};
static const struct shape shape_inner = {.name = "Inner",
                                         .fields = inner_fields,
                                         .count = ARRAY_LENGTH(inner_fields),
                                         .size = sizeof(struct inner)};
struct outer {
    struct boolean_input flag;
    struct inner inner;
};
static const struct field outer_fields[] = {
    {.name = "flag", .type = FIELD_BOOLEAN, .offset = offsetof(struct outer, flag)},
    {.name = "inner",
     .type = FIELD_OBJECT,
     .shape = &shape_inner,
     .offset = offsetof(struct outer, inner)},
};
static const struct shape shape_outer = {.name = "Outer",
                                         .fields = outer_fields,
                                         .count = ARRAY_LENGTH(outer_fields),
                                         .size = sizeof(struct outer)};

static void decode_outer(const char *text, const char *pointers, struct outer *out)
{
    CLEANUP(body_freep) struct json_t *root = NULL;
    const char *why = NULL;
    struct arena memory;
    struct faults faults = {0};
    char found[256] = "";
    arena_init(&memory);
    *out = (struct outer){0};
    assert_int_equal(body_parse((const uint8_t *)text, strlen(text), &root, &why), 0);
    assert_int_equal(body_decode(root, &shape_outer, &memory, out, &faults), 0);
    for (size_t i = 0; i < faults.count; i++) {
        assert_true(strlen(faults.items[i].detail) > 0);
        size_t length = strlen(found);
        snprintf(found + length, sizeof(found) - length, "%s%s", i > 0 ? " " : "",
                 faults.items[i].pointer);
    }
    assert_string_equal(found, pointers);
    if (out->inner.list.seen_count > 0) {
        assert_int_equal(out->inner.list.items != NULL, faults.count == 0);
        assert_string_equal(out->inner.list.seen[0].text, "a");
    }
    out->inner.list = (struct texts_input){.count = out->inner.list.count};
    out->inner.name.text = NULL; /* what it points to is gone */
    arena_finish(&memory);
}

static void test_objects_within(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        const char *pointers;
    } cases[] = {
        {"{\"flag\":1}", "#/flag"},
        {"{\"flag\":\"true\"}", "#/flag"},
        {"{\"flag\":null}", "#/flag"},
        {"{\"inner\":null}", "#/inner"},
        {"{\"inner\":[]}", "#/inner"},
        {"{\"inner\":{}}", "#/inner/name"},
        {"{\"inner\":{\"name\":7,\"other\":7}}", "#/inner/name #/inner/other"},
        {"{\"inner\":{\"name\":\"long\",\"950000012\":7}}", "#/inner/name #/inner"},
        {"{\"inner\":{\"name\":\"a\",\"list\":[\"a\",\"bbb\",7]}}",
         "#/inner/list/1 #/inner/list/2"},
        {"{\"inner\":{\"name\":\"a\",\"flag\":true}}", "#/inner/flag"},
    };
    struct outer out;
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        decode_outer(cases[i].text, cases[i].pointers, &out);
    }
    decode_outer("{}", "", &out);
    assert_false(out.flag.given || out.inner.object.given);
    decode_outer("{\"flag\":true,\"inner\":{\"name\":\"abc\",\"list\":[\"a\"]}}", "", &out);
    assert_true(out.flag.valid && out.flag.value);
    assert_true(out.inner.object.given && out.inner.object.valid);
    assert_int_equal(out.inner.name.length, 3);
    assert_int_equal(out.inner.list.count, 1);
    decode_outer("{\"flag\":false}", "", &out);
    assert_true(out.flag.valid && !out.flag.value);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_parse),       cmocka_unit_test(test_bomb),
        cmocka_unit_test(test_decode),      cmocka_unit_test(test_faults),
        cmocka_unit_test(test_many_faults), cmocka_unit_test(test_objects_within),
    };
    body_start();
    if (secret_init() != 0) {
        return 1;
    }
    return cmocka_run_group_tests(tests, NULL, NULL);
}
