/* SPDX-License-Identifier: EUPL-1.2 */
/*
 * Standard base64 with padding (RFC 4648 section 4), as checkpoints, proofs and receipts have it.
 * One spelling only: no white space, and unused bits are zero. Pure functions.
 */
#ifndef TOOLS_BASE64_H
#define TOOLS_BASE64_H

#include <stdbool.h>

#include "crypto/basics.h"

/* How many bytes `length` characters stand for; false when no text of that length and with that
 * padding is base64. Looks at nothing but the padding. */
bool base64_decoded_size(const char *text, size_t length, size_t *ret_size) MUST_CHECK;

#define BASE64_MALFORMED 1
/* Exactly `size` bytes. 0, BASE64_MALFORMED or -ENOMEM; then what is in `out` means nothing. */
int base64_decode(const char *text, size_t length, uint8_t *out, size_t size) MUST_CHECK;

#endif
