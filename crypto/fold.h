/* SPDX-License-Identifier: EUPL-1.2 */
/*
 * Text in the one form in which two spellings of it are equal, for the identities that are not a
 * number. Wraps utf8proc, which nothing else of the project sees.
 *
 * A text is at most FOLD_TEXT_MAXIMUM code points of valid UTF-8 (RFC 3629). Refused are control
 * characters, line and paragraph separators, private use and unassigned code points (Unicode
 * categories Cc, Zl, Zp, Co, Cn): what becomes of an unassigned one can differ between versions of
 * Unicode, and then one child would be two. For assigned ones the folded form never changes
 * (Unicode's stability policies of normalisation and case folding).
 *
 * Folding is
 *   1. drop default ignorable code points (soft hyphen, joiners, directional marks, ...);
 *   2. take each code point by itself through compatibility decomposition (UAX #15 NFKD) and full
 *      case folding (CaseFolding.txt, statuses C and F) until neither changes anything;
 *   3. put marks in canonical order (UAX #15): after 2, as U+0345 folds into a letter.
 * Folding what was folded changes nothing.
 */
#ifndef CRYPTO_FOLD_H
#define CRYPTO_FOLD_H

#include <stdbool.h>

#include "crypto/basics.h"

#define FOLD_TEXT_MAXIMUM 200 /* code points, before and after */
#define FOLD_TEXT_BYTES (FOLD_TEXT_MAXIMUM * 4)
#define FOLD_EXPANSION_MAXIMUM 18 /* code points that one becomes: U+FDFA */

enum fold_condition {
    FOLD_OK = 0,
    FOLD_NOT_UTF8 = 1,
    FOLD_TOO_LONG,      /* above FOLD_TEXT_MAXIMUM, as given or as folded */
    FOLD_BAD_CHARACTER, /* one of those refused above */
    FOLD_NO_LETTER,     /* nothing is left that makes a name */
    FOLD_EMPTY,         /* nothing is left that makes an address */
    FOLD_CONDITIONS,
};

/* The sentence for a problem document; never holds the text. */
const char *fold_condition_text(int condition);

/* Folded code points while they are worked on, and a finished text. Personal data: wipe both. */
struct fold_points {
    size_t count;
    int32_t points[FOLD_TEXT_MAXIMUM * FOLD_EXPANSION_MAXIMUM];
};
struct fold_text {
    size_t count; /* code points */
    size_t size;  /* bytes */
    uint8_t bytes[FOLD_TEXT_BYTES];
};
void fold_points_wipe(struct fold_points *points);
void fold_text_wipe(struct fold_text *text);

/*
 * Folds `length` bytes, any bytes. FOLD_OK, _NOT_UTF8, _TOO_LONG or _BAD_CHARACTER; unlike a
 * result, `points` holds part of the work when it is not FOLD_OK.
 */
int fold_decompose(const char *text, size_t length, struct fold_points *points) MUST_CHECK;

enum fold_kind {
    FOLD_LETTER, /* categories Lu, Ll, Lt, Lm, Lo */
    FOLD_NUMBER, /* Nd, Nl, No */
    FOLD_ACCENT, /* Mn, Mc, Me that only adorn: Me, and combining classes 1, 10-36 and from 200 */
    FOLD_VOWEL_SIGN, /* other Mn, Mc: vowels of Indic scripts, Thai, ...; nukta, kana voicing */
    FOLD_SPACE,      /* Zs */
    FOLD_OTHER,
};
enum fold_kind fold_kind_of(int32_t point);

/* Appends a code point; false when the text is full. */
bool fold_text_append(struct fold_text *text, int32_t point) MUST_CHECK;

#endif
