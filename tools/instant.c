/* SPDX-License-Identifier: EUPL-1.2 */
#include "tools/instant.h"

#include <time.h>

#define SECONDS_MAXIMUM INT64_C(253402300799) /* 9999-12-31T23:59:59Z */

static bool add_seconds(struct text *text, int64_t since_1970)
{
    struct tm parts;
    time_t seconds = (time_t)since_1970;
    if (since_1970 < 0 || since_1970 > SECONDS_MAXIMUM || gmtime_r(&seconds, &parts) == NULL) {
        return false;
    }
    text_add_format(text, "%04d-%02d-%02dT%02d:%02d:%02d", parts.tm_year + 1900, parts.tm_mon + 1,
                    parts.tm_mday, parts.tm_hour, parts.tm_min, parts.tm_sec);
    return true;
}

bool instant_add(struct text *text, int64_t milliseconds)
{
    if (milliseconds < 0 || !add_seconds(text, milliseconds / 1000)) {
        return false;
    }
    text_add_format(text, ".%03dZ", (int)(milliseconds % 1000));
    return true;
}

bool instant_add_seconds(struct text *text, uint64_t seconds)
{
    if (seconds > (uint64_t)SECONDS_MAXIMUM || !add_seconds(text, (int64_t)seconds)) {
        return false;
    }
    text_add_string(text, "Z");
    return true;
}
