/* SPDX-License-Identifier: EUPL-1.2 */
/* Names of tiles, C2SP tlog-tiles. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "proto/tile_path.h"

typedef int read_path(const char *text, size_t length, struct tile_path *ret_path);

/* Exactly as long as the text, so that a reading beyond it is seen. */
static int parse(read_path *parser, const char *text, struct tile_path *ret_path)
{
    size_t length = strlen(text);
    char *copy = malloc(length + 1); /* of an empty text, too, there is one */
    assert_non_null(copy);
    memcpy(copy + 1, text, length);
    int r = parser(copy + 1, length, ret_path);
    free(copy);
    return r;
}

static void test_names(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        struct tile_path path;
    } cases[] = {
        {"0/000", {0, 0, 256}},
        {"0/001.p/1", {0, 1, 1}},
        {"5/999.p/255", {5, 999, 255}},
        {"1/x001/000", {1, 1000, 256}},
        {"0/x001/x234/067", {0, 1234067, 256}}, /* the specification's own example */
        {"0/x010/000.p/10", {0, 10000, 10}},
        {"63/x999/x999/x999/x999/x999/999.p/100", {63, TILE_PATH_NUMBER_MAXIMUM, 100}},
    };
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        struct tile_path path = {0};
        char text[TILE_PATH_SIZE];
        assert_int_equal(parse(tile_path_parse, cases[i].text, &path), 0);
        assert_int_equal(path.level, cases[i].path.level);
        assert_int_equal(path.number, cases[i].path.number);
        assert_int_equal(path.width, cases[i].path.width);
        tile_path_format(&path, text);
        assert_string_equal(text, cases[i].text);
        /* A bundle has the same name without the level. */
        const char *rest = strchr(cases[i].text, '/') + 1;
        assert_int_equal(parse(tile_path_parse_bundle, rest, &path), 0);
        assert_int_equal(path.level, 0);
        assert_int_equal(path.number, cases[i].path.number);
        assert_int_equal(path.width, cases[i].path.width);
        tile_path_format_bundle(&path, text);
        assert_string_equal(text, rest);
        assert_int_equal(parse(tile_path_parse_bundle, cases[i].text, &path), TILE_PATH_MALFORMED);
    }
}

static void test_no_names(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "",
        "0",
        "0/",
        "/000",
        "0/0",
        "0/00",
        "0/0000",
        "0/1000",
        "00/000",
        "01/000",
        "64/000",
        "100/000",
        "256/000",
        "-1/000",
        "+1/000",
        " 0/000",
        "0 /000",
        "0/000 ",
        "0/000/",
        "0/x000",
        "0/x000/001",
        "0/x001",
        "0/x001/",
        "0/x001/x002",
        "0/001/002",
        "0/x000/x001/002",
        "0/X001/002",
        "0/x01/002",
        "0/x0001/002",
        "0/xx01/002",
        "0/000.p",
        "0/000.p/",
        "0/000.p/0",
        "0/000.p/00",
        "0/000.p/01",
        "0/000.p/256",
        "0/000.p/257",
        "0/000.p/1000",
        "0/000.p/-1",
        "0/000.p/1/",
        "0/000.p/1.p/1",
        "0/000.P/1",
        "0/000p/1",
        "0/000./1",
        "0/x001.p/1/002",
        "0/00a",
        "0/0x0",
        "a/000",
        "0//000",
        "entries/000",
        "0/x001/x000/x000/x000/x000/x000/000",
        "0/%30%30%30",
        "0/000%2Ep/1",
        "0/\xef\xbc\x90\x30\x30", /* a full-width zero */
    };
    for (size_t i = 0; i < ARRAY_LENGTH(bad); i++) {
        struct tile_path path = {7, 7, 7};
        if (parse(tile_path_parse, bad[i], &path) != TILE_PATH_MALFORMED) {
            fail_msg("%s is taken", bad[i]);
        }
        assert_int_equal(path.level + path.number + path.width, 21);
        const char *rest = strchr(bad[i], '/');
        if (rest != NULL && strncmp(bad[i], "0/", 2) == 0) {
            assert_int_equal(parse(tile_path_parse_bundle, rest + 1, &path), TILE_PATH_MALFORMED);
        }
    }
    struct tile_path path;
    assert_int_equal(tile_path_parse("0/000\0", 6, &path), TILE_PATH_MALFORMED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_names),
        cmocka_unit_test(test_no_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
