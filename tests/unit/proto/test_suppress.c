/* SPDX-License-Identifier: EUPL-1.2 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
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
        {{20, 3, 20, 40}, "- - - 40 83"},  /* equal ones together: which was first tells too */
        {{0, 20, 30, 40}, "- - 30 40 90"}, /* none at all can be told from nothing, too */
        {{3, 3, 30, 40}, "- - 30 40 76"},
        {{0, 0, 6, 7}, "- - - 7 13"}, /* 13 - 6 - 7 would be both */
        {{1, 2, 9, 8}, "- - 9 - 20"},
        {{1, 1, 2, 40}, "- - - - 44"},
        {{4, 4, 30, 40}, "- - - 40 78"}, /* 78 - 30 - 40 is as much as two hidden ones can be */
        {{4, 3, 30, 40}, "- - 30 40 77"},
        {{3, 4, 1, 40}, "- - - 40 48"},
        {{4, 4, 4, 40}, "- - - - 52"},
        {{5, 5, 5, 4}, "- - - - 19"},
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

/* ---- nothing follows, whatever the counts are ---- */

#define SUM_MAXIMUM 22 /* of a table that is looked at */
#define TABLES_MAXIMUM 20000
#define HIDDEN 255

struct table {
    uint8_t told[CELLS + 1]; /* what is published, HIDDEN or the count; the total is last */
    uint8_t counts[CELLS];
};

static int compare_tables(const void *a, const void *b)
{
    return memcmp(a, b, sizeof(struct table));
}

static struct table publish(const uint8_t *counts, size_t count, uint64_t minimum)
{
    struct suppress_cell cells[CELLS + 1] = {0};
    struct table table = {0};
    for (size_t i = 0; i < count; i++) {
        cells[i].count = table.counts[i] = counts[i];
    }
    suppress_group(cells, count, minimum, &cells[count]);
    for (size_t i = 0; i < count; i++) {
        table.told[i] = cells[i].hidden ? HIDDEN : counts[i];
        assert_true(cells[i].hidden || cells[i].count >= minimum);
    }
    table.told[CELLS] = cells[count].hidden ? HIDDEN : (uint8_t)cells[count].count;
    assert_true(cells[count].hidden == (cells[count].count < minimum));
    return table;
}

/* Every table of so many cells with a sum of at most SUM_MAXIMUM. Whatever has the same total is
 * among them, so for each of them everything that could have been published as the same is. */
static size_t list_tables(struct table *tables, size_t count, uint64_t minimum)
{
    uint8_t counts[CELLS] = {0};
    size_t listed = 0;
    for (;;) {
        size_t sum = 0;
        for (size_t i = 0; i < count; i++) {
            sum += counts[i];
        }
        if (sum <= SUM_MAXIMUM) {
            assert_true(listed < TABLES_MAXIMUM);
            tables[listed++] = publish(counts, count, minimum);
        }
        size_t at = 0;
        while (at < count && counts[at] == SUM_MAXIMUM) {
            counts[at++] = 0;
        }
        if (at == count) {
            return listed;
        }
        counts[at]++;
    }
}

/* Which of the hidden cells: a bit each. */
static unsigned sum_of(const struct table *table, unsigned which)
{
    unsigned sum = 0;
    for (size_t i = 0; i < CELLS; i++) {
        sum += (which >> i & 1) != 0 ? table->counts[i] : 0;
    }
    return sum;
}

/*
 * All tables that are published as the first is: what somebody is left with who knows the rule as
 * the program does. No hidden cell, and no sum of some of them, may be the same in all; the sum of
 * all of them is, when the total is told, and is no small one then.
 */
static void check_alike(const struct table *alike, size_t count, uint64_t minimum)
{
    unsigned hidden = 0;
    for (size_t i = 0; i < CELLS; i++) {
        hidden |= alike->told[i] == HIDDEN ? 1u << i : 0;
    }
    bool total_told = alike->told[CELLS] != HIDDEN;
    if (hidden == 0) {
        assert_int_equal(count, 1);
        return;
    }
    assert_true(!total_told || sum_of(alike, hidden) >= minimum);
    for (unsigned some = 1; some <= hidden; some++) {
        bool differs = false;
        if ((some & ~hidden) != 0 || (some == hidden && total_told)) {
            continue;
        }
        for (size_t i = 1; i < count && !differs; i++) {
            differs = sum_of(&alike[i], some) != sum_of(alike, some);
        }
        if (!differs) {
            fail_msg("minimum %llu: of %u %u %u %u cells %x follow", (unsigned long long)minimum,
                     alike->counts[0], alike->counts[1], alike->counts[2], alike->counts[3], some);
        }
    }
}

static void test_nothing_follows(void **state)
{
    (void)state;
    static struct table tables[TABLES_MAXIMUM];
    for (uint64_t minimum = 2; minimum <= 6; minimum++) {
        for (size_t cells = 2; cells <= CELLS; cells++) {
            size_t count = list_tables(tables, cells, minimum);
            qsort(tables, count, sizeof(*tables), compare_tables);
            for (size_t from = 0, to; from < count; from = to) {
                for (to = from + 1; to < count && memcmp(tables[to].told, tables[from].told,
                                                         sizeof(tables->told)) == 0;
                     to++) {
                }
                check_alike(&tables[from], to - from, minimum);
            }
        }
    }
}

/* ---- a count of many children ---- */

#define CHILDREN 100
#define QUESTIONS 2000

static const uint8_t index_key[PSEUDONYM_KEY_BYTES] = {1, 2, 3};

/* Somebody asks about CHILDREN: all the same but the last of each question. */
static struct suppress_question ask(struct child_key *children, uint32_t last)
{
    memset(children, 0, CHILDREN * sizeof(*children));
    for (uint32_t i = 0; i < CHILDREN; i++) {
        put_be32(children[i].bytes, i + 1 < CHILDREN ? i : CHILDREN + last);
    }
    return (struct suppress_question){.party = 7,
                                      .day = 20000,
                                      .count = CHILDREN,
                                      .children = children,
                                      .known = SUPPRESS_KNOWN_MINIMUM};
}

static uint64_t blurred(const struct suppress_question *question, uint64_t count)
{
    return suppress_blurred(index_key, question, count);
}

/* What is added before rounding: as many of ten counts in a row reach the next ten. */
static unsigned find_offset(const struct suppress_question *question)
{
    unsigned reached = 0;
    for (uint64_t count = 50; count < 60; count++) {
        uint64_t told = blurred(question, count);
        assert_true(told == 50 || told == 60);
        assert_true(count < 60 - reached || told == 60); /* and stays there */
        reached += told == 60;
    }
    return reached;
}

static void test_a_count_is_told_in_tens(void **state)
{
    (void)state;
    struct child_key children[CHILDREN];
    struct suppress_question question = ask(children, 0);
    for (uint64_t count = 0; count < 300; count++) {
        uint64_t told = blurred(&question, count);
        assert_int_equal(told % 10, 0);
        assert_true(told < count + 10 && count < told + 10);
        assert_true(told == blurred(&question, count)); /* again the same */
    }
    assert_true(blurred(&question, 0) == 0);
    assert_true(blurred(&question, 130) == 130);
}

/* However much there is to tell of them. */
static void test_a_count_of_few_is_not_told(void **state)
{
    (void)state;
    struct child_key children[CHILDREN];
    struct suppress_question question = ask(children, 0);
    for (question.known = 0; question.known < SUPPRESS_KNOWN_MINIMUM; question.known++) {
        assert_true(blurred(&question, 1000) == 0);
    }
    assert_true(blurred(&question, 1000) == 1000);
}

/* Who knows all of ninety-nine children is none the wiser about where the next ten begins for the
 * hundredth; and it is right on average. */
static void test_where_a_ten_begins_is_unknown(void **state)
{
    (void)state;
    struct child_key children[CHILDREN];
    unsigned seen[10] = {0};
    uint64_t sum = 0;
    for (uint32_t last = 0; last < QUESTIONS; last++) {
        struct suppress_question question = ask(children, last);
        seen[find_offset(&question)]++;
        sum += blurred(&question, 53);
    }
    for (size_t i = 0; i < ARRAY_LENGTH(seen); i++) {
        assert_in_range(seen[i], QUESTIONS / 10 - 60, QUESTIONS / 10 + 60);
    }
    assert_in_range(sum, 52 * QUESTIONS, 54 * QUESTIONS);
}

static void test_each_question_has_its_own(void **state)
{
    (void)state;
    struct child_key children[CHILDREN];
    struct suppress_question question = ask(children, 0);
    unsigned same[3] = {0};
    for (unsigned i = 0; i < QUESTIONS; i++) {
        uint8_t other_key[PSEUDONYM_KEY_BYTES] = {1, 2, 4};
        struct suppress_question other = question;
        unsigned offset = find_offset(&question);
        other.party += 1;
        same[0] += find_offset(&other) == offset;
        other.party = question.party++;
        other.day += 1;
        same[1] += find_offset(&other) == offset;
        question.day++;
        put_be32(other_key + 4, i);
        same[2] += suppress_blurred(other_key, &question, 55) == blurred(&question, 55);
    }
    assert_in_range(same[0], QUESTIONS / 10 - 60, QUESTIONS / 10 + 60);
    assert_in_range(same[1], QUESTIONS / 10 - 60, QUESTIONS / 10 + 60);
    assert_in_range(same[2], QUESTIONS / 2 - 130, QUESTIONS / 2 + 130);
}

/* In whatever order they are named. */
static void test_a_set_is_one_question(void **state)
{
    (void)state;
    struct child_key children[CHILDREN];
    struct child_key mixed[CHILDREN];
    ask(children, 5);
    for (size_t i = 0; i < CHILDREN; i++) {
        mixed[i] = children[i * 37 % CHILDREN];
    }
    assert_memory_not_equal(mixed, children, sizeof(children));
    suppress_sort(mixed, CHILDREN);
    assert_memory_equal(mixed, children, sizeof(children));
    suppress_sort(mixed, 0);
    suppress_sort(mixed, 1);
    assert_memory_equal(mixed, children, sizeof(children));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_cells),
        cmocka_unit_test(test_group),
        cmocka_unit_test(test_group_of_one),
        cmocka_unit_test(test_nothing_follows),
        cmocka_unit_test(test_a_count_is_told_in_tens),
        cmocka_unit_test(test_a_count_of_few_is_not_told),
        cmocka_unit_test(test_where_a_ten_begins_is_unknown),
        cmocka_unit_test(test_each_question_has_its_own),
        cmocka_unit_test(test_a_set_is_one_question),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
