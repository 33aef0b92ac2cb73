/* SPDX-License-Identifier: EUPL-1.2 */
/*
 * The C2SP signed-note as bytes: text that ends in LF, an empty line, and lines `— <name> <base64
 * of (key id || signature)>`. Knows no keys. Private to crypto/; pure.
 */
#ifndef CRYPTO_NOTE_H
#define CRYPTO_NOTE_H

#include "crypto/checkpoint.h"

#define NOTE_DASH "\xE2\x80\x94 " /* an em dash and a space begin every signature line */
#define NOTE_KEY_ID_BYTES 4

/* Standard base64 with padding (RFC 4648 section 4): characters, without a NUL. */
#define NOTE_BASE64_LENGTH(bytes) (((bytes) + 2) / 3 * 4)

/* A stretch of somebody's text. */
struct span {
    const char *begin;
    size_t length;
};

bool span_is(struct span span, const char *text);
/* Cuts off up to the first `end`, which is dropped. False when there is none. */
bool span_cut(struct span *rest, char end, struct span *ret_part);

/* Standard base64, one spelling only, at most `maximum` bytes. */
bool note_base64_decode(struct span text, uint8_t *out, size_t maximum, size_t *ret_size);

/* UTF-8, and no control characters but LF. */
bool note_characters_are_good(struct span note);
/* Whole lines, none of them empty. */
bool note_lines_are_good(struct span lines);
/* A name as our own are: visible ASCII, so that no table of Unicode's spaces is needed. */
bool note_name_is_good(struct span name);

/* A note taken apart: the text that is signed, with its last LF, and the lines of signatures. */
struct note {
    struct span text;
    struct span lines;
};
bool note_split(const char *bytes, size_t length, struct note *ret_note);

/* One line of these, without its LF. */
struct note_signature {
    struct span name;
    uint8_t bytes[CHECKPOINT_NOTE_MAXIMUM / 4 * 3]; /* key id || payload */
    size_t size;
};
bool note_parse_signature(struct span line, struct note_signature *ret_signature);

#endif
