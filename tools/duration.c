/* SPDX-License-Identifier: EUPL-1.2 */
#include "tools/duration.h"

#include <string.h>

/* Reads digits and returns where they end; NULL when there are none or too many. */
static const char *read_digits(const char *text, int64_t maximum, int64_t *ret_number)
{
    int64_t number = 0;
    const char *at = text;
    for (; *at >= '0' && *at <= '9'; at++) {
        int digit = *at - '0';
        if (number > maximum / 10 || number * 10 > maximum - digit) {
            return NULL;
        }
        number = number * 10 + digit;
    }
    if (at == text) {
        return NULL;
    }
    *ret_number = number;
    return at;
}

int duration_parse(const char *text, int64_t *ret_seconds)
{
    static const struct {
        char letter;
        int64_t seconds;
    } units[] = {{'s', 1}, {'m', 60}, {'h', 3600}, {'d', 86400}};
    int64_t number = 0;
    const char *unit = read_digits(text, DURATION_MAXIMUM, &number);
    if (unit == NULL || number == 0 || strlen(unit) != 1) {
        return DURATION_MALFORMED;
    }
    for (size_t i = 0; i < ARRAY_LENGTH(units); i++) {
        if (*unit == units[i].letter && number <= DURATION_MAXIMUM / units[i].seconds) {
            *ret_seconds = number * units[i].seconds;
            return 0;
        }
    }
    return DURATION_MALFORMED;
}

int number_parse(const char *text, int64_t maximum, int64_t *ret_number)
{
    int64_t number = 0;
    const char *end = read_digits(text, maximum, &number);
    if (end == NULL || *end != '\0') {
        return DURATION_MALFORMED;
    }
    *ret_number = number;
    return 0;
}
