/* SPDX-License-Identifier: EUPL-1.2 */
/*
 * The one clock of the index, and the calendar of its law: terms are counted in Dutch calendar
 * dates (Europe/Amsterdam), instants in milliseconds since 1970 UTC.
 */
#ifndef STORE_BASE_CLOCK_H
#define STORE_BASE_CLOCK_H

#include <stdbool.h>
#include <time.h>

#include "crypto/basics.h"

#define CLOCK_SECOND INT64_C(1000)
#define CLOCK_MINUTE (60 * CLOCK_SECOND)
#define CLOCK_DAY (24 * 60 * CLOCK_MINUTE)

/* Milliseconds since 1970-01-01T00:00:00Z, from the system's clock plus what was advanced. */
int64_t clock_now(void);

/* Milliseconds of CLOCK_MONOTONIC, which no setting of a clock moves, and the instant so many of
 * them from now, for pthread_cond_timedwait(). */
int64_t clock_uptime(void);
struct timespec clock_uptime_in(int64_t milliseconds);

/* Test builds only (-Dtest_clock=true): moves the clock, for all threads. */
#ifdef VIX_TEST_CLOCK
void clock_advance(int64_t milliseconds);
#endif

/* Days since 1970-01-01 in the proleptic Gregorian calendar. */
struct calendar_date {
    int year;
    int month; /* 1..12 */
    int day;   /* 1..31 */
};

#define CLOCK_BAD_DATE 1
#define CLOCK_DATE_SIZE 11      /* "2012-05-01" and NUL */
#define CLOCK_TIMESTAMP_SIZE 25 /* "2026-11-22T14:46:00.123Z" and NUL */

int32_t calendar_day_from_date(struct calendar_date date);
struct calendar_date calendar_date_from_day(int32_t day);

/* YYYY-MM-DD, years 1900 to 9999, the day must exist. 0 or CLOCK_BAD_DATE. */
int calendar_parse_date(const char *text, size_t length, int32_t *ret_day) MUST_CHECK;
void calendar_format_date(int32_t day, char out[static CLOCK_DATE_SIZE]);

/* RFC 3339 in UTC with milliseconds. */
void calendar_format_timestamp(int64_t instant, char out[static CLOCK_TIMESTAMP_SIZE]);
/* RFC 3339 with any offset; 0 or CLOCK_BAD_DATE. A leap second counts as the next second. */
int calendar_parse_timestamp(const char *text, size_t length, int64_t *ret_instant) MUST_CHECK;

/* The Dutch calendar date at an instant. Summer time by Directive 2000/84/EC: from the last
 * Sunday of March to the last Sunday of October, 01:00 UTC. */
int32_t calendar_dutch_day(int64_t instant);
/* The instant at which a Dutch calendar date begins. */
int64_t calendar_dutch_midnight(int32_t day);

/* The same date `years` later; 29 February becomes 1 March where that year has none. */
int32_t calendar_add_years(int32_t day, int years);

/* Months since year 0: year * 12 + month - 1, in UTC. */
uint32_t calendar_month_number(int64_t instant);

#endif
