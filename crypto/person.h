/* SPDX-License-Identifier: EUPL-1.2 */
/*
 * A youth without BSN (Besluit Jeugdwet 7.3.1): family name, birth date and sex stand in for the
 * number. One person is written in many ways, so a name is brought to one form first. The rule in
 * full, for whoever computes it elsewhere:
 *
 *   1. The text is checked and folded as crypto/fold.h says: NFKD and case folding.
 *   2. Accents (FOLD_ACCENT in crypto/fold.h) are dropped.
 *   3. Letters that Unicode does not take apart are spelt in plain ones, by this table:
 *        æ ae   œ oe   þ th   ø o   ð d   đ d   ł l   ħ h   ŧ t   ŋ n   ĸ k   ı i   ȷ j   ə e   ǝ e
 *        ɓ b   ɗ d   ɖ d   ɛ e   ƒ f   ǥ g   ɣ g   ɨ i   ɩ i   ƙ k   ɲ n   ɔ o   ɵ o   ʉ u   ʋ v
 *        ƴ y   ƶ z
 *      (ß and ĳ are folded into ss and ij in step 1.)
 *   4. A word is an unbroken run of letters (categories L*), numbers (N*) and vowel signs, that
 *      begins with a letter or number: vowel signs before it are dropped. Everything else, which is
 *      white space, hyphens, apostrophes, dots, other punctuation and symbols, separates words, and
 *      so do the letters that are apostrophes or lines in truth: U+02B0-U+02FF, U+0640, U+07F4,
 *      U+07F5, U+A788, U+A78B, U+A78C.
 *   5. Where every word after the first comma is a prefix, and there is a word before and after it,
 *      the words after it are dropped: "Berg, van den".
 *   6. Prefixes in front are dropped while another word follows, so that a name that is nothing but
 *      prefixes keeps its last word. Prefixes are
 *        aan al am auf aus bij d da dal das de degli dei del dell della den der des di do dos du
 *        el het im in l la las le les lo los onder op over s t te ten ter tho thoe thor to toe
 *        tot uijt uit unter v van vande vanden vander vd vom von voor vor zu zum zur
 *      Among them is what an apostrophe or a dot cuts off: d', l', 's, 't, v.d.
 *   7. What is left is joined without anything in between; it has at least one letter and at most
 *      FOLD_TEXT_MAXIMUM code points.
 *
 * A name so normalised stays as it is when normalised again.
 */
#ifndef CRYPTO_PERSON_H
#define CRYPTO_PERSON_H

#include "crypto/fold.h"

#define PERSON_DATE_LENGTH 10 /* YYYY-MM-DD */

/* Personal data: keep it on the stack, and wipe it. */
struct person {
    struct fold_text family_name;
    char birth_date[PERSON_DATE_LENGTH + 1];
    char sex; /* 'M', 'V' or 'O' */
};

enum person_condition {
    PERSON_OK = 0,
    /* the conditions of a text: enum fold_condition */
    PERSON_BAD_DATE = FOLD_CONDITIONS,
    PERSON_BAD_SEX,
    PERSON_CONDITIONS,
};

/* Any bytes are allowed as input of these. FOLD_OK, _NOT_UTF8, _TOO_LONG, _BAD_CHARACTER or
 * _NO_LETTER. */
int person_parse_family_name(const char *text, size_t length,
                             struct fold_text *ret_name) MUST_CHECK;
/*
 * Only the spelling YYYY-MM-DD is looked at, because two spellings would be two children; whether
 * the calendar has that day is for the caller. PERSON_OK or PERSON_BAD_DATE.
 */
int person_parse_birth_date(const char *text, size_t length,
                            char ret_date[static PERSON_DATE_LENGTH + 1]) MUST_CHECK;
/*
 * M, male, man: 'M'. V, F, female, vrouw: 'V'. O, X, unknown, onbekend: 'O'. In capitals or not.
 * PERSON_OK or PERSON_BAD_SEX.
 */
int person_parse_sex(const char *text, size_t length, char *ret_sex) MUST_CHECK;

/* The sentence for a problem document, of any condition above; never holds the text. */
const char *person_condition_text(int condition);

void person_wipe(struct person *person);

#endif
