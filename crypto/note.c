/* SPDX-License-Identifier: EUPL-1.2 */
#include "crypto/note.h"

#include <string.h>

#include "crypto/secret.h"

bool span_is(struct span span, const char *text)
{
    return span.length == strlen(text) && memcmp(span.begin, text, span.length) == 0;
}

bool span_cut(struct span *rest, char end, struct span *ret_part)
{
    const char *found = rest->length > 0 ? memchr(rest->begin, end, rest->length) : NULL;
    if (found == NULL) {
        return false;
    }
    size_t length = (size_t)(found - rest->begin);
    *ret_part = (struct span){rest->begin, length};
    *rest = (struct span){found + 1, rest->length - length - 1};
    return true;
}

/* Rewritten to base64url for our own decoder, because libsodium 1.0.18 takes the byte AF for a '/'.
 */
bool note_base64_decode(struct span text, uint8_t *out, size_t maximum, size_t *ret_size)
{
    char url[CHECKPOINT_NOTE_MAXIMUM];
    size_t length = text.length;
    if (length % 4 != 0 || length > sizeof(url)) {
        return false;
    }
    for (int padding = 0; padding < 2 && length > 0 && text.begin[length - 1] == '='; padding++) {
        length--;
    }
    for (size_t i = 0; i < length; i++) {
        char c = text.begin[i];
        if (c == '-' || c == '_') {
            return false;
        }
        url[i] = c == '+' ? '-' : c == '/' ? '_' : c;
    }
    size_t size = length * 3 / 4;
    if (size > maximum || secret_from_base64url(url, length, out, size) != 0) {
        return false;
    }
    *ret_size = size;
    return true;
}

/*
 * The length of the UTF-8 sequence at the head of the text (RFC 3629: shortest form, no
 * surrogates, nothing above U+10FFFF); 0 when it is none.
 */
static size_t utf8_length(const uint8_t *bytes, size_t left)
{
    if (bytes[0] < 0x80) {
        return 1;
    }
    size_t length = bytes[0] >= 0xf0 ? 4 : bytes[0] >= 0xe0 ? 3 : 2;
    if (bytes[0] < 0xc2 || bytes[0] > 0xf4 || left < length) {
        return 0;
    }
    for (size_t i = 1; i < length; i++) {
        if ((bytes[i] & 0xc0) != 0x80) {
            return 0;
        }
    }
    bool overlong = (bytes[0] == 0xe0 && bytes[1] < 0xa0) || (bytes[0] == 0xf0 && bytes[1] < 0x90);
    bool beyond = (bytes[0] == 0xed && bytes[1] > 0x9f) || (bytes[0] == 0xf4 && bytes[1] > 0x8f);
    return overlong || beyond ? 0 : length;
}

bool note_characters_are_good(struct span note)
{
    const uint8_t *bytes = (const uint8_t *)note.begin;
    for (size_t i = 0; i < note.length;) {
        size_t length = utf8_length(bytes + i, note.length - i);
        if (length == 0 || (bytes[i] < 0x20 && bytes[i] != '\n')) {
            return false;
        }
        i += length;
    }
    return true;
}

bool note_split(const char *bytes, size_t length, struct note *ret_note)
{
    const struct span whole = {bytes, length};
    if (length > CHECKPOINT_NOTE_MAXIMUM || length < 3 || bytes[length - 1] != '\n' ||
        !note_characters_are_good(whole)) {
        return false;
    }
    /* The last empty line parts text and signatures. */
    for (size_t i = length - 2; i > 0; i--) {
        if (bytes[i] == '\n' && bytes[i - 1] == '\n') {
            ret_note->text = (struct span){bytes, i};
            ret_note->lines = (struct span){bytes + i + 1, length - i - 1};
            return true;
        }
    }
    return false;
}

bool note_lines_are_good(struct span lines)
{
    struct span line;
    while (span_cut(&lines, '\n', &line)) {
        if (line.length == 0) {
            return false;
        }
    }
    return lines.length == 0;
}

bool note_name_is_good(struct span name)
{
    if (name.length == 0 || name.length > CHECKPOINT_NAME_MAXIMUM) {
        return false;
    }
    for (size_t i = 0; i < name.length; i++) {
        if (name.begin[i] <= ' ' || name.begin[i] >= 0x7f || name.begin[i] == '+') {
            return false;
        }
    }
    return true;
}

bool note_parse_signature(struct span line, struct note_signature *ret_signature)
{
    const size_t dash = sizeof(NOTE_DASH) - 1;
    if (line.length < dash || memcmp(line.begin, NOTE_DASH, dash) != 0) {
        return false;
    }
    struct span rest = {line.begin + dash, line.length - dash};
    return span_cut(&rest, ' ', &ret_signature->name) && ret_signature->name.length > 0 &&
           memchr(ret_signature->name.begin, '+', ret_signature->name.length) == NULL &&
           note_base64_decode(rest, ret_signature->bytes, sizeof(ret_signature->bytes),
                              &ret_signature->size) &&
           ret_signature->size > NOTE_KEY_ID_BYTES;
}
