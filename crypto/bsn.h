/* SPDX-License-Identifier: EUPL-1.2 */
/*
 * The burgerservicenummer (Wet algemene bepalingen burgerservicenummer): nine digits of which the
 * weighted sum 9A+8B+7C+6D+5E+4F+3G+2H-I is divisible by 11 (the "elfproef"). Numbers below
 * 100000000 are often written with eight digits; they get their leading zero here, because two
 * spellings of one number would be two children.
 */
#ifndef CRYPTO_BSN_H
#define CRYPTO_BSN_H

#include "crypto/basics.h"

#define BSN_DIGITS 9

/* Personal data: keep it on the stack, and wipe it. `digits` is NUL-terminated. */
struct bsn {
    char digits[BSN_DIGITS + 1];
};

enum bsn_condition {
    BSN_OK = 0,
    BSN_WRONG_LENGTH = 1, /* not eight or nine characters */
    BSN_NOT_DIGITS,       /* something else than 0-9 */
    BSN_ALL_ZERO,         /* 000000000 passes the sum, and is nobody */
    BSN_FAILS_ELEVEN_PROOF,
};

/* Reads `length` characters. Any bytes are allowed as input. One of enum bsn_condition. */
int bsn_parse(const char *text, size_t length, struct bsn *ret_bsn) MUST_CHECK;

/* The sentence for a problem document; never holds the number. */
const char *bsn_condition_text(int condition);

void bsn_wipe(struct bsn *bsn);

#endif
