/* SPDX-License-Identifier: EUPL-1.2 */
/* The calendar half of clock.h: dates, their texts, and the Dutch day. */
#include <string.h>

#include "store/base/clock.h"

#define YEAR_FIRST 1900 /* that is read */
#define YEAR_LAST 9999
#define HOUR (60 * CLOCK_MINUTE)

/* Inside, years begin on 1 March, so that the leap day is the last of its year. */
#define DAYS_4_YEARS 1461
#define DAYS_100_YEARS 36524
#define DAYS_400_YEARS 146097
#define DAYS_BEFORE_1970 719468 /* from 0000-03-01 to 1970-01-01 */

static int64_t divide_down(int64_t number, int64_t by)
{
    return number / by - (number % by < 0);
}

static int minimum(int a, int b)
{
    return a < b ? a : b;
}

static bool is_leap_year(int year)
{
    return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
}

static int days_in_month(int year, int month)
{
    static const uint8_t DAYS[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    return DAYS[month - 1] + (month == 2 && is_leap_year(year));
}

/* Days from 1 March to the first of the month that comes `months` later: 31 30 31 30 31, twice. */
static int days_before_month(int months)
{
    return (153 * months + 2) / 5;
}

int32_t calendar_day_from_date(struct calendar_date date)
{
    int months = (date.month + 9) % 12;
    int64_t year = (int64_t)date.year - (date.month <= 2);
    int64_t days = 365 * year + divide_down(year, 4) - divide_down(year, 100) +
                   divide_down(year, 400) + days_before_month(months) + date.day - 1;
    return (int32_t)(days - DAYS_BEFORE_1970);
}

struct calendar_date calendar_date_from_day(int32_t day)
{
    int64_t days = (int64_t)day + DAYS_BEFORE_1970;
    int64_t cycle = divide_down(days, DAYS_400_YEARS);
    int rest = (int)(days - cycle * DAYS_400_YEARS);
    /* The last century of four and the last year of four are a day longer. */
    int centuries = minimum(rest / DAYS_100_YEARS, 3);
    rest -= centuries * DAYS_100_YEARS;
    int fours = rest / DAYS_4_YEARS;
    rest -= fours * DAYS_4_YEARS;
    int years = minimum(rest / 365, 3);
    rest -= years * 365;

    int months = (5 * rest + 2) / 153;
    int month = (months + 2) % 12 + 1;
    int64_t year = 400 * cycle + 100 * centuries + 4 * fours + years + (month <= 2);
    return (struct calendar_date){
        .year = (int)year,
        .month = month,
        .day = rest - days_before_month(months) + 1,
    };
}

/* What is still to be read of a text, and whether all before it was good. */
struct reader {
    const char *text;
    size_t left;
    bool bad;
};

static char read_any_of(struct reader *reader, const char *allowed)
{
    if (reader->bad || reader->left == 0 || *reader->text == '\0' ||
        strchr(allowed, *reader->text) == NULL) {
        reader->bad = true;
        return '\0';
    }
    reader->left--;
    return *reader->text++;
}

static int read_number(struct reader *reader, int digits)
{
    int number = 0;
    for (int i = 0; i < digits; i++) {
        char digit = read_any_of(reader, "0123456789");
        number = reader->bad ? 0 : number * 10 + (digit - '0');
    }
    return number;
}

static int32_t read_date(struct reader *reader)
{
    struct calendar_date date = {.year = read_number(reader, 4)};
    read_any_of(reader, "-");
    date.month = read_number(reader, 2);
    read_any_of(reader, "-");
    date.day = read_number(reader, 2);
    if (date.year < YEAR_FIRST || date.month < 1 || date.month > 12 || date.day < 1 ||
        date.day > days_in_month(date.year, date.month)) {
        reader->bad = true;
        return 0;
    }
    return calendar_day_from_date(date);
}

int calendar_parse_date(const char *text, size_t length, int32_t *ret_day)
{
    struct reader reader = {.text = text, .left = length};
    int32_t day = read_date(&reader);
    if (reader.bad || reader.left != 0)
        return CLOCK_BAD_DATE;
    *ret_day = day;
    return 0;
}

/* Fractions of any length are allowed; what is below the millisecond is cut off. */
static int read_milliseconds(struct reader *reader)
{
    int milliseconds = 0;
    int weight = 100;
    do {
        milliseconds += read_number(reader, 1) * weight;
        weight /= 10;
    } while (!reader->bad && reader->left > 0 && *reader->text >= '0' && *reader->text <= '9');
    return milliseconds;
}

static int64_t read_offset(struct reader *reader)
{
    char sign = read_any_of(reader, "Zz+-");
    if (sign != '+' && sign != '-')
        return 0;
    int hours = read_number(reader, 2);
    read_any_of(reader, ":");
    int minutes = read_number(reader, 2);
    reader->bad = reader->bad || hours > 23 || minutes > 59;
    int64_t offset = hours * HOUR + minutes * CLOCK_MINUTE;
    return sign == '-' ? -offset : offset;
}

/* Leap seconds are put in before the first of a month, UTC: RFC 3339 section 5.7. */
static bool begins_month(int64_t instant)
{
    return instant % CLOCK_DAY == 0 &&
           calendar_date_from_day((int32_t)(instant / CLOCK_DAY)).day == 1;
}

/* The nearest value whose year has four digits: there is no text for others. */
static int64_t within_years(int64_t value, int64_t units_of_a_day)
{
    int64_t first = calendar_day_from_date((struct calendar_date){0, 1, 1}) * units_of_a_day;
    int64_t end =
        calendar_day_from_date((struct calendar_date){YEAR_LAST + 1, 1, 1}) * units_of_a_day;
    if (value < first)
        return first;
    return value < end ? value : end - 1;
}

int calendar_parse_timestamp(const char *text, size_t length, int64_t *ret_instant)
{
    struct reader reader = {.text = text, .left = length};
    int64_t instant = read_date(&reader) * CLOCK_DAY;
    read_any_of(&reader, "Tt");
    int hours = read_number(&reader, 2);
    read_any_of(&reader, ":");
    int minutes = read_number(&reader, 2);
    read_any_of(&reader, ":");
    int seconds = read_number(&reader, 2);
    int milliseconds = 0;
    if (!reader.bad && reader.left > 0 && *reader.text == '.') {
        read_any_of(&reader, ".");
        milliseconds = read_milliseconds(&reader);
    }
    instant += hours * HOUR + minutes * CLOCK_MINUTE + seconds * CLOCK_SECOND;
    instant -= read_offset(&reader);

    if (reader.bad || reader.left != 0 || hours > 23 || minutes > 59 || seconds > 60)
        return CLOCK_BAD_DATE;
    if (seconds == 60 && !begins_month(instant))
        return CLOCK_BAD_DATE;
    /* An offset or a leap second may lead beyond the last year that has a text. */
    if (instant != within_years(instant, CLOCK_DAY))
        return CLOCK_BAD_DATE;
    *ret_instant = instant + milliseconds;
    return 0;
}

/* Writes exactly `digits` digits, and returns where the text goes on. */
static char *put_number(char *out, int64_t number, int digits)
{
    for (int i = digits - 1; i >= 0; i--) {
        out[i] = (char)('0' + number % 10);
        number /= 10;
    }
    return out + digits;
}

static char *put_date(char *out, int32_t day)
{
    struct calendar_date date = calendar_date_from_day(day);
    out = put_number(out, date.year, 4);
    *out++ = '-';
    out = put_number(out, date.month, 2);
    *out++ = '-';
    return put_number(out, date.day, 2);
}

void calendar_format_date(int32_t day, char out[static CLOCK_DATE_SIZE])
{
    *put_date(out, (int32_t)within_years(day, 1)) = '\0';
}

void calendar_format_timestamp(int64_t instant, char out[static CLOCK_TIMESTAMP_SIZE])
{
    instant = within_years(instant, CLOCK_DAY);
    int64_t day = divide_down(instant, CLOCK_DAY);
    int64_t rest = instant - day * CLOCK_DAY;
    char *end = put_date(out, (int32_t)day);
    *end++ = 'T';
    end = put_number(end, rest / HOUR, 2);
    *end++ = ':';
    end = put_number(end, rest / CLOCK_MINUTE % 60, 2);
    *end++ = ':';
    end = put_number(end, rest / CLOCK_SECOND % 60, 2);
    *end++ = '.';
    end = put_number(end, rest % CLOCK_SECOND, 3);
    *end++ = 'Z';
    *end = '\0';
}

/* 01:00 UTC on the last Sunday of a month of 31 days. */
static int64_t last_sunday(int year, int month)
{
    int32_t day = calendar_day_from_date((struct calendar_date){year, month, 31});
    int64_t since_sunday = (day + INT64_C(4)) - divide_down(day + INT64_C(4), 7) * 7;
    return (day - since_sunday) * CLOCK_DAY + HOUR;
}

static int64_t dutch_offset(int64_t instant)
{
    int year = calendar_date_from_day((int32_t)divide_down(instant, CLOCK_DAY)).year;
    bool summer = instant >= last_sunday(year, 3) && instant < last_sunday(year, 10);
    return summer ? 2 * HOUR : HOUR;
}

int32_t calendar_dutch_day(int64_t instant)
{
    return (int32_t)divide_down(instant + dutch_offset(instant), CLOCK_DAY);
}

int64_t calendar_dutch_midnight(int32_t day)
{
    /* Changes are at 02:00 and 03:00 Dutch time, so that each midnight exists once. */
    int64_t in_summer = day * CLOCK_DAY - 2 * HOUR;
    return dutch_offset(in_summer) == 2 * HOUR ? in_summer : in_summer + HOUR;
}

int32_t calendar_add_years(int32_t day, int years)
{
    struct calendar_date date = calendar_date_from_day(day);
    date.year += years;
    if (date.day > days_in_month(date.year, date.month))
        date = (struct calendar_date){date.year, date.month + 1, 1};
    return calendar_day_from_date(date);
}

uint32_t calendar_month_number(int64_t instant)
{
    struct calendar_date date = calendar_date_from_day((int32_t)divide_down(instant, CLOCK_DAY));
    return (uint32_t)(date.year * 12 + date.month - 1);
}
