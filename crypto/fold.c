/* SPDX-License-Identifier: EUPL-1.2 */
#include "crypto/fold.h"

#include <utf8proc.h>

#include "crypto/secret.h"

const char *fold_condition_text(int condition)
{
    static const char *const texts[FOLD_CONDITIONS] = {
        [FOLD_OK] = "The text is valid.",
        [FOLD_NOT_UTF8] = "This is not valid UTF-8.",
        [FOLD_TOO_LONG] = "At most 200 characters are allowed here, also when written in full.",
        [FOLD_BAD_CHARACTER] = "Control characters and undefined ones are not allowed here.",
        [FOLD_NO_LETTER] = "A family name has at least one letter.",
        [FOLD_EMPTY] = "An address has at least one letter or digit.",
    };
    if (condition < 0 || condition >= FOLD_CONDITIONS) {
        return "The text could not be read.";
    }
    return texts[condition];
}

void fold_points_wipe(struct fold_points *points)
{
    secret_wipe(points, sizeof(*points));
}

void fold_text_wipe(struct fold_text *text)
{
    secret_wipe(text, sizeof(*text));
}

static bool is_refused(int32_t point)
{
    switch (utf8proc_category(point)) {
    case UTF8PROC_CATEGORY_CN:
    case UTF8PROC_CATEGORY_CC:
    case UTF8PROC_CATEGORY_CS:
    case UTF8PROC_CATEGORY_CO:
    case UTF8PROC_CATEGORY_ZL:
    case UTF8PROC_CATEGORY_ZP:
        return true;
    default:
        return false;
    }
}

/* Faults are told in the order in which they stand in the text. */
static int check_text(const uint8_t *text, size_t length)
{
    size_t count = 0;
    for (size_t at = 0; at < length; count++) {
        size_t left = length - at;
        int32_t point;
        utf8proc_ssize_t size =
            utf8proc_iterate(text + at, (utf8proc_ssize_t)(left < 4 ? left : 4), &point);
        if (size <= 0) {
            return FOLD_NOT_UTF8;
        }
        if (is_refused(point)) {
            return FOLD_BAD_CHARACTER;
        }
        if (count == FOLD_TEXT_MAXIMUM) {
            return FOLD_TOO_LONG;
        }
        at += (size_t)size;
    }
    return FOLD_OK;
}

int fold_decompose(const char *text, size_t length, struct fold_points *points)
{
    const uint8_t *bytes = (const uint8_t *)text;
    const utf8proc_ssize_t capacity = ARRAY_LENGTH(points->points);

    points->count = 0;
    int condition = check_text(bytes, length);
    if (condition != FOLD_OK || length == 0) {
        return condition;
    }
    utf8proc_ssize_t count = utf8proc_decompose(
        bytes, (utf8proc_ssize_t)length, points->points, capacity,
        UTF8PROC_DECOMPOSE | UTF8PROC_COMPAT | UTF8PROC_CASEFOLD | UTF8PROC_IGNORE);
    if (count < 0) {
        return FOLD_NOT_UTF8;
    }
    if (count > capacity) {
        return FOLD_TOO_LONG;
    }
    points->count = (size_t)count;
    return FOLD_OK;
}

static bool is_accent(int32_t point)
{
    int class = utf8proc_get_property(point)->combining_class;
    return class == 1 || (class >= 10 && class <= 36) || class >= 200;
}

enum fold_kind fold_kind_of(int32_t point)
{
    switch (utf8proc_category(point)) {
    case UTF8PROC_CATEGORY_LU:
    case UTF8PROC_CATEGORY_LL:
    case UTF8PROC_CATEGORY_LT:
    case UTF8PROC_CATEGORY_LM:
    case UTF8PROC_CATEGORY_LO:
        return FOLD_LETTER;
    case UTF8PROC_CATEGORY_ND:
    case UTF8PROC_CATEGORY_NL:
    case UTF8PROC_CATEGORY_NO:
        return FOLD_NUMBER;
    case UTF8PROC_CATEGORY_MN:
    case UTF8PROC_CATEGORY_MC:
        return is_accent(point) ? FOLD_ACCENT : FOLD_VOWEL_SIGN;
    case UTF8PROC_CATEGORY_ME:
        return FOLD_ACCENT;
    case UTF8PROC_CATEGORY_ZS:
        return FOLD_SPACE;
    default:
        return FOLD_OTHER;
    }
}

bool fold_text_append(struct fold_text *text, int32_t point)
{
    if (text->count == FOLD_TEXT_MAXIMUM) {
        return false;
    }
    text->size += (size_t)utf8proc_encode_char(point, text->bytes + text->size);
    text->count++;
    return true;
}
