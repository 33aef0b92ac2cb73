/* SPDX-License-Identifier: EUPL-1.2 */
#include "crypto/bsn.h"

#include <string.h>

#include "crypto/secret.h"

static int check_digits(const char *digits)
{
    int sum = 0;
    int any = 0;
    for (int i = 0; i < BSN_DIGITS; i++) {
        int digit = digits[i] - '0';
        if (digit < 0 || digit > 9) {
            return BSN_NOT_DIGITS;
        }
        any |= digit;
        sum += i < BSN_DIGITS - 1 ? (BSN_DIGITS - i) * digit : -digit;
    }
    if (any == 0) {
        return BSN_ALL_ZERO;
    }
    return sum % 11 == 0 ? BSN_OK : BSN_FAILS_ELEVEN_PROOF;
}

int bsn_parse(const char *text, size_t length, struct bsn *ret_bsn)
{
    if (length != BSN_DIGITS && length != BSN_DIGITS - 1) {
        return BSN_WRONG_LENGTH;
    }
    CLEANUP(bsn_wipe) struct bsn bsn = {.digits = "0"};
    memcpy(bsn.digits + (BSN_DIGITS - length), text, length);

    int condition = check_digits(bsn.digits);
    if (condition == BSN_OK) {
        *ret_bsn = bsn;
    }
    return condition;
}

const char *bsn_condition_text(int condition)
{
    static const char *const texts[] = {
        [BSN_OK] = "The number is valid.",
        [BSN_WRONG_LENGTH] = "A BSN has nine digits; eight are taken to lack the leading zero.",
        [BSN_NOT_DIGITS] = "A BSN consists of the digits 0-9 only.",
        [BSN_ALL_ZERO] = "000000000 is nobody's BSN.",
        [BSN_FAILS_ELEVEN_PROOF] = "The number fails the check on its digits (elfproef).",
    };
    if (condition < 0 || (size_t)condition >= ARRAY_LENGTH(texts)) {
        return "The number could not be read.";
    }
    return texts[condition];
}

void bsn_wipe(struct bsn *bsn)
{
    secret_wipe(bsn, sizeof(*bsn));
}
