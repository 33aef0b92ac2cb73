/* SPDX-License-Identifier: EUPL-1.2 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "proto/suppress.h"

#define CELLS 4
#define MINIMUM 5

/* As "12 - 3": a hidden cell is "-". */
static const char *render(const struct suppress_cell *cells, size_t count)
{
    static char text[128];
    size_t length = 0;
    for (size_t i = 0; i < count; i++) {
        char cell[24] = "-";
        if (!cells[i].hidden) {
            snprintf(cell, sizeof(cell), "%llu", (unsigned long long)cells[i].count);
        }
        length +=
            (size_t)snprintf(text + length, sizeof(text) - length, "%s%s", i > 0 ? " " : "", cell);
    }
    return text;
}

static void test_cells(void **state)
{
    (void)state;
    struct suppress_cell cells[] = {{.count = 0}, {.count = 4}, {.count = 5}, {.count = 6}};
    suppress_cells(cells, CELLS, MINIMUM);
    assert_string_equal(render(cells, CELLS), "- - 5 6");
    suppress_cells(cells, CELLS, 0); /* a minimum of nothing hides nothing */
    assert_string_equal(render(cells, CELLS), "0 4 5 6");
}

static void test_group(void **state)
{
    (void)state;
    static const struct {
        uint64_t counts[CELLS];
        const char *told; /* with the total */
    } cases[] = {
        {{0, 0, 0, 0}, "- - - - -"},
        {{1, 1, 1, 1}, "- - - - -"}, /* less than the minimum altogether */
        {{2, 2, 2, 2}, "- - - - 8"}, /* none is the difference */
        {{10, 20, 30, 40}, "10 20 30 40 100"},
        {{3, 20, 30, 40}, "- - 30 40 93"}, /* 93 - 20 - 30 - 40 would be the hidden one */
        {{40, 30, 20, 3}, "40 30 - - 93"},
        {{20, 3, 20, 40}, "- - 20 40 83"}, /* of equal ones the first */
        {{0, 20, 30, 40}, "- - 30 40 90"}, /* none at all can be told from nothing, too */
        {{3, 3, 30, 40}, "- - 30 40 76"},
        {{3, 4, 1, 40}, "- - - 40 48"},
        {{5, 5, 5, 4}, "- 5 5 - 19"},
    };
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        struct suppress_cell cells[CELLS + 1] = {0};
        for (size_t j = 0; j < CELLS; j++) {
            cells[j].count = cases[i].counts[j];
        }
        suppress_group(cells, CELLS, MINIMUM, &cells[CELLS]);
        assert_string_equal(render(cells, CELLS + 1), cases[i].told);
    }
}

/* A group of one has no other to hide. */
static void test_group_of_one(void **state)
{
    (void)state;
    struct suppress_cell cells[2] = {{.count = 4}, {0}};
    suppress_group(cells, 1, MINIMUM, &cells[1]);
    assert_string_equal(render(cells, 2), "- -");
}

/* Whatever the counts are: no hidden one is what the told ones leave of the total. */
static void test_nothing_follows(void **state)
{
    (void)state;
    for (unsigned code = 0; code < 9 * 9 * 9; code++) {
        struct suppress_cell cells[4] = {
            {.count = code % 9}, {.count = code / 9 % 9}, {.count = code / 81}};
        size_t hidden = 0;
        suppress_group(cells, 3, MINIMUM, &cells[3]);
        for (size_t i = 0; i < 3; i++) {
            assert_true(cells[i].hidden || cells[i].count >= MINIMUM);
            hidden += cells[i].hidden;
        }
        assert_true(cells[3].hidden || cells[3].count >= MINIMUM);
        assert_true(cells[3].hidden || hidden != 1);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_cells),
        cmocka_unit_test(test_group),
        cmocka_unit_test(test_group_of_one),
        cmocka_unit_test(test_nothing_follows),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
