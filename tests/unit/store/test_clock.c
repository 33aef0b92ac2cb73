/* SPDX-License-Identifier: EUPL-1.2 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "store/base/clock.h"

#define HOUR (60 * CLOCK_MINUTE)

static int32_t day_of(const char *text)
{
    int32_t day = 0;
    if (calendar_parse_date(text, strlen(text), &day) != 0)
        fail_msg("no date: %s", text);
    return day;
}

static int64_t instant_of(const char *text)
{
    int64_t instant = 0;
    if (calendar_parse_timestamp(text, strlen(text), &instant) != 0)
        fail_msg("no timestamp: %s", text);
    return instant;
}

static int month_length(int year, int month)
{
    if (month == 2)
        return year % 400 == 0 || (year % 4 == 0 && year % 100 != 0) ? 29 : 28;
    return month == 4 || month == 6 || month == 9 || month == 11 ? 30 : 31;
}

/* Every day from 1900 to 2200, against a calendar that is counted on by hand. */
static void test_every_day_there_and_back(void **state)
{
    (void)state;
    struct calendar_date date = {1900, 1, 1};
    int32_t day = -25567;
    while (date.year <= 2200) {
        char expected[64];
        char text[CLOCK_DATE_SIZE];
        int32_t parsed = 0;
        struct calendar_date back = calendar_date_from_day(day);
        assert_int_equal(calendar_day_from_date(date), day);
        assert_int_equal(back.year, date.year);
        assert_int_equal(back.month, date.month);
        assert_int_equal(back.day, date.day);
        (void)snprintf(expected, sizeof(expected), "%04d-%02d-%02d", date.year, date.month,
                       date.day);
        calendar_format_date(day, text);
        assert_string_equal(text, expected);
        assert_int_equal(calendar_parse_date(text, CLOCK_DATE_SIZE - 1, &parsed), 0);
        assert_int_equal(parsed, day);

        day++;
        date.day++;
        if (date.day > month_length(date.year, date.month)) {
            date.day = 1;
            date.month++;
        }
        if (date.month > 12) {
            date.month = 1;
            date.year++;
        }
    }
    assert_int_equal(day, day_of("2201-01-01"));
}

static void test_far_days(void **state)
{
    (void)state;
    static const struct {
        int32_t day;
        struct calendar_date date;
        const char *text; /* years without four digits are cut to the nearest that has */
    } DAYS[] = {
        {-719528, {0, 1, 1}, "0000-01-01"},          {-719529, {-1, 12, 31}, "0000-01-01"},
        {-719468, {0, 3, 1}, "0000-03-01"},          {-719469, {0, 2, 29}, "0000-02-29"},
        {-719893, {-1, 1, 1}, "0000-01-01"},         {-865565, {-400, 3, 1}, "0000-01-01"},
        {2932896, {9999, 12, 31}, "9999-12-31"},     {2932897, {10000, 1, 1}, "9999-12-31"},
        {11016, {2000, 2, 29}, "2000-02-29"},        {0, {1970, 1, 1}, "1970-01-01"},
        {INT32_MAX, {5881580, 7, 11}, "9999-12-31"}, {INT32_MIN, {-5877641, 6, 23}, "0000-01-01"},
    };
    for (size_t i = 0; i < ARRAY_LENGTH(DAYS); i++) {
        char text[CLOCK_DATE_SIZE];
        struct calendar_date date = calendar_date_from_day(DAYS[i].day);
        assert_int_equal(date.year, DAYS[i].date.year);
        assert_int_equal(date.month, DAYS[i].date.month);
        assert_int_equal(date.day, DAYS[i].date.day);
        assert_int_equal(calendar_day_from_date(DAYS[i].date), DAYS[i].day);
        calendar_format_date(DAYS[i].day, text);
        assert_string_equal(text, DAYS[i].text);
    }
}

static void test_dates_refused(void **state)
{
    (void)state;
    static const char *const BAD[] = {
        "",
        "2012",
        "2012-05",
        "2012-05-1",
        "2012-5-01",
        "12-05-01",
        "2012-05-00",
        "2012-05-32",
        "2012-00-01",
        "2012-13-01",
        "2012-04-31",
        "2011-02-29",
        "1900-02-29",
        "2100-02-29",
        "1899-12-31",
        "0000-01-01",
        "2012/05/01",
        "2012-05-01 ",
        " 2012-05-01",
        "2012-05-011",
        "2012-05-01T",
        "20120501",
        "+012-05-01",
        "-012-05-01",
        "2012--5-01",
        "2012-05--1",
        "2012-0a-01",
        "2012-05- 1",
        "10000-01-01",
        "2012-W05-1",
    };
    for (size_t i = 0; i < ARRAY_LENGTH(BAD); i++) {
        int32_t day = 4711;
        if (calendar_parse_date(BAD[i], strlen(BAD[i]), &day) != CLOCK_BAD_DATE)
            fail_msg("accepted: %s", BAD[i]);
        assert_int_equal(day, 4711);
    }
    int32_t day = 4711;
    assert_int_equal(calendar_parse_date("2012-05-\0001", 10, &day), CLOCK_BAD_DATE);
    /* Nothing beyond the length is read. */
    assert_int_equal(calendar_parse_date("2012-05-0123", 10, &day), 0);
    assert_int_equal(day, 15461);
}

static void test_timestamps_accepted(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        const char *utc;
    } GOOD[] = {
        {"1970-01-01T00:00:00Z", "1970-01-01T00:00:00.000Z"},
        {"2026-11-22T14:46:00.123Z", "2026-11-22T14:46:00.123Z"},
        {"2026-11-22t14:46:00z", "2026-11-22T14:46:00.000Z"},
        {"2026-11-22T14:46:00+01:00", "2026-11-22T13:46:00.000Z"},
        {"2026-11-22T14:46:00-00:00", "2026-11-22T14:46:00.000Z"},
        {"2026-11-22T14:46:00.5-05:30", "2026-11-22T20:16:00.500Z"},
        {"2026-01-01T00:30:00+23:59", "2025-12-31T00:31:00.000Z"},
        {"2025-12-31T23:59:59.9999999999999999999999Z", "2025-12-31T23:59:59.999Z"},
        {"2024-02-29T00:00:00.01Z", "2024-02-29T00:00:00.010Z"},
        {"1900-01-01T00:00:00+00:01", "1899-12-31T23:59:00.000Z"},
        {"1969-12-31T23:59:59.999Z", "1969-12-31T23:59:59.999Z"},
        {"9999-12-31T23:59:59.999Z", "9999-12-31T23:59:59.999Z"},
        /* RFC 3339 section 5.8 */
        {"1985-04-12T23:20:50.52Z", "1985-04-12T23:20:50.520Z"},
        {"1996-12-19T16:39:57-08:00", "1996-12-20T00:39:57.000Z"},
        {"1990-12-31T23:59:60Z", "1991-01-01T00:00:00.000Z"},
        {"1990-12-31T15:59:60-08:00", "1991-01-01T00:00:00.000Z"},
        {"1937-01-01T12:00:27.87+00:20", "1937-01-01T11:40:27.870Z"},
        {"2016-12-31T23:59:60.75Z", "2017-01-01T00:00:00.750Z"},
    };
    for (size_t i = 0; i < ARRAY_LENGTH(GOOD); i++) {
        char text[CLOCK_TIMESTAMP_SIZE];
        int64_t instant = instant_of(GOOD[i].text);
        calendar_format_timestamp(instant, text);
        assert_string_equal(text, GOOD[i].utc);
    }
    assert_int_equal(instant_of("1970-01-01T00:00:00Z"), 0);
    assert_int_equal(instant_of("2026-11-22T14:46:00.123Z"), INT64_C(1795358760123));
    assert_int_equal(instant_of("1969-12-31T23:59:59.999Z"), -1);
}

static void test_timestamps_refused(void **state)
{
    (void)state;
    static const char *const BAD[] = {
        "",
        "2026-11-22",
        "2026-11-22T14:46Z",
        "2026-11-22T14:46:00",
        "2026-11-22 14:46:00Z",
        "2026-11-22T14:46:00.Z",
        "2026-11-22T14:46:00,5Z",
        "2026-11-22T14:46:00.5",
        "2026-11-22T14:46:00.12a3Z",
        "2026-11-22T24:00:00Z",
        "2026-11-22T14:60:00Z",
        "2026-11-22T14:46:61Z",
        "2026-11-22T14:46:60Z",
        "2026-11-22T23:59:60Z",
        "2016-12-31T23:59:60+01:00",
        "2026-11-31T14:46:00Z",
        "2025-02-29T14:46:00Z",
        "2026-11-22T14:46:00ZZ",
        "2026-11-22T14:46:00Z ",
        " 2026-11-22T14:46:00Z",
        "2026-11-22T14:46:00+01",
        "2026-11-22T14:46:00+0100",
        "2026-11-22T14:46:00+24:00",
        "2026-11-22T14:46:00+01:60",
        "2026-11-22T14:46:00+1:00",
        "2026-11-22T14:46:00+01:00Z",
        "2026-11-22T14:46:00 +01:00",
        "2026-11-22T-4:46:00Z",
        "2026-11-22T14:+6:00Z",
        "1899-12-31T23:59:59Z",
        "10000-01-01T00:00:00Z",
        "9999-12-31T23:59:59-00:01",
        "9999-12-31T23:59:60Z",
        "20261122T144600Z",
    };
    for (size_t i = 0; i < ARRAY_LENGTH(BAD); i++) {
        int64_t instant = 4711;
        if (calendar_parse_timestamp(BAD[i], strlen(BAD[i]), &instant) != CLOCK_BAD_DATE)
            fail_msg("accepted: %s", BAD[i]);
        assert_int_equal(instant, 4711);
    }
}

static void test_far_instants_are_cut(void **state)
{
    (void)state;
    char text[CLOCK_TIMESTAMP_SIZE];
    calendar_format_timestamp(INT64_MAX, text);
    assert_string_equal(text, "9999-12-31T23:59:59.999Z");
    calendar_format_timestamp(INT64_MIN, text);
    assert_string_equal(text, "0000-01-01T00:00:00.000Z");
}

/* When summer time began and ended, in seconds: from the tz database, 2025b. */
static const struct {
    int year;
    int64_t begins;
    int64_t ends;
} SUMMERS[] = {
    {1996, 828234000, 846378000},   {2001, 985482000, 1004230800},  {2021, 1616893200, 1635642000},
    {2022, 1648342800, 1667091600}, {2023, 1679792400, 1698541200}, {2024, 1711846800, 1729990800},
    {2025, 1743296400, 1761440400}, {2026, 1774746000, 1792890000}, {2027, 1806195600, 1824944400},
    {2028, 1837645200, 1856394000}, {2030, 1901149200, 1919293200}, {2032, 1964048400, 1982797200},
    {2037, 2121901200, 2140045200},
};

/* The day on which the clock changes begins by the old time, and the next by the new one. */
static void check_change(int64_t change, int64_t before, int64_t after)
{
    int32_t day = (int32_t)(change / CLOCK_DAY);
    int64_t midnight = day * CLOCK_DAY - before;
    int64_t next = (day + 1) * CLOCK_DAY - after;
    assert_int_equal(calendar_dutch_midnight(day), midnight);
    assert_int_equal(calendar_dutch_midnight(day + 1), next);
    assert_int_equal(next - midnight, 24 * HOUR + before - after);
    assert_int_equal(calendar_dutch_day(midnight - 1), day - 1);
    assert_int_equal(calendar_dutch_day(midnight), day);
    assert_int_equal(calendar_dutch_day(change - 1), day);
    assert_int_equal(calendar_dutch_day(change), day);
    assert_int_equal(calendar_dutch_day(next - 1), day);
    assert_int_equal(calendar_dutch_day(next), day + 1);
}

static void test_summer_time(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LENGTH(SUMMERS); i++) {
        check_change(SUMMERS[i].begins * CLOCK_SECOND, HOUR, 2 * HOUR);
        check_change(SUMMERS[i].ends * CLOCK_SECOND, 2 * HOUR, HOUR);
    }
    assert_int_equal(calendar_dutch_day(instant_of("2026-07-01T21:59:59.999Z")),
                     day_of("2026-07-01"));
    assert_int_equal(calendar_dutch_day(instant_of("2026-07-01T22:00:00Z")), day_of("2026-07-02"));
    assert_int_equal(calendar_dutch_day(instant_of("2026-12-31T22:59:59.999Z")),
                     day_of("2026-12-31"));
    assert_int_equal(calendar_dutch_day(instant_of("2026-12-31T23:00:00Z")), day_of("2027-01-01"));
    assert_int_equal(calendar_dutch_midnight(day_of("2027-01-01")),
                     instant_of("2026-12-31T23:00:00Z"));
    assert_int_equal(calendar_dutch_midnight(day_of("2026-07-02")),
                     instant_of("2026-07-02T00:00:00+02:00"));
}

/* All days hang together: one ends where the next begins, and each year has one short, one long. */
static void test_dutch_days_hang_together(void **state)
{
    (void)state;
    int32_t day = day_of("1996-01-01");
    for (int year = 1996; year <= 2200; year++) {
        int32_t end = calendar_day_from_date((struct calendar_date){year + 1, 1, 1});
        unsigned short_days = 0;
        unsigned long_days = 0;
        for (; day < end; day++) {
            int64_t begins = calendar_dutch_midnight(day);
            int64_t length = calendar_dutch_midnight(day + 1) - begins;
            assert_int_equal(calendar_dutch_day(begins), day);
            assert_int_equal(calendar_dutch_day(begins - 1), day - 1);
            assert_int_equal(calendar_dutch_day(begins + length - 1), day);
            if (length == 23 * HOUR)
                short_days++;
            else if (length == 25 * HOUR)
                long_days++;
            else
                assert_int_equal(length, CLOCK_DAY);
        }
        assert_int_equal(short_days, 1);
        assert_int_equal(long_days, 1);
    }
}

static void test_years_later(void **state)
{
    (void)state;
    static const struct {
        const char *from;
        int years;
        const char *to;
    } CASES[] = {
        {"2026-11-22", 2, "2028-11-22"},   {"2012-02-29", 23, "2035-03-01"},
        {"2012-02-29", 24, "2036-02-29"},  {"2012-02-29", 1, "2013-03-01"},
        {"2096-02-29", 4, "2100-03-01"},   {"1996-02-29", 4, "2000-02-29"},
        {"2012-02-28", 23, "2035-02-28"},  {"2012-03-01", 23, "2035-03-01"},
        {"2011-03-01", 1, "2012-03-01"},   {"2012-12-31", 1, "2013-12-31"},
        {"2012-02-29", 0, "2012-02-29"},   {"2012-02-29", -1, "2011-03-01"},
        {"2035-03-01", -23, "2012-03-01"}, {"2024-02-29", -4, "2020-02-29"},
    };
    for (size_t i = 0; i < ARRAY_LENGTH(CASES); i++)
        assert_int_equal(calendar_add_years(day_of(CASES[i].from), CASES[i].years),
                         day_of(CASES[i].to));
}

static void test_month_numbers(void **state)
{
    (void)state;
    assert_int_equal(calendar_month_number(0), 1970 * 12);
    assert_int_equal(calendar_month_number(-1), 1969 * 12 + 11);
    assert_int_equal(calendar_month_number(instant_of("2026-11-30T23:59:59.999Z")), 2026 * 12 + 10);
    assert_int_equal(calendar_month_number(instant_of("2026-12-01T00:00:00Z")), 2026 * 12 + 11);
    assert_int_equal(calendar_month_number(instant_of("2027-01-01T00:00:00Z")), 2027 * 12);
}

static void test_now_is_the_systems_clock(void **state)
{
    (void)state;
    int64_t before = (int64_t)time(NULL) - 1;
    int64_t now = clock_now();
    int64_t after = (int64_t)time(NULL) + 1;
    assert_true(now >= before * CLOCK_SECOND);
    assert_true(now <= after * CLOCK_SECOND);
}

#ifdef VIX_TEST_CLOCK
static void test_clock_can_be_moved(void **state)
{
    (void)state;
    int64_t before = clock_now();
    clock_advance(23 * 366 * CLOCK_DAY);
    int64_t moved = clock_now() - before;
    assert_true(moved >= 23 * 366 * CLOCK_DAY);
    assert_true(moved < 23 * 366 * CLOCK_DAY + CLOCK_DAY);
    clock_advance(-23 * 366 * CLOCK_DAY);
    assert_true(clock_now() < before + CLOCK_DAY);
}
#endif

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_day_there_and_back),
        cmocka_unit_test(test_far_days),
        cmocka_unit_test(test_dates_refused),
        cmocka_unit_test(test_timestamps_accepted),
        cmocka_unit_test(test_timestamps_refused),
        cmocka_unit_test(test_far_instants_are_cut),
        cmocka_unit_test(test_summer_time),
        cmocka_unit_test(test_dutch_days_hang_together),
        cmocka_unit_test(test_years_later),
        cmocka_unit_test(test_month_numbers),
        cmocka_unit_test(test_now_is_the_systems_clock),
#ifdef VIX_TEST_CLOCK
        cmocka_unit_test(test_clock_can_be_moved),
#endif
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
