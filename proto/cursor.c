/* SPDX-License-Identifier: EUPL-1.2 */
#include "proto/cursor.h"

#include <string.h>

#include "crypto/secret.h"

#define CURSOR_VERSION 1
#define CURSOR_HEAD 2 /* version, kind */

const char *cursor_encode(struct arena *arena, enum cursor_kind kind, const void *payload,
                          size_t size)
{
    uint8_t bytes[CURSOR_HEAD + CURSOR_PAYLOAD_MAXIMUM] = {CURSOR_VERSION, (uint8_t)kind};
    if (size > CURSOR_PAYLOAD_MAXIMUM) {
        return NULL;
    }
    memcpy(bytes + CURSOR_HEAD, payload, size);
    char *text = arena_new(arena, SECRET_BASE64URL_SIZE(CURSOR_HEAD + size));
    if (text != NULL) {
        secret_to_base64url(bytes, CURSOR_HEAD + size, text);
    }
    return text;
}

int cursor_decode(enum cursor_kind kind, const char *text, size_t length, size_t least, size_t most,
                  void *ret_payload, size_t *ret_size)
{
    uint8_t bytes[CURSOR_HEAD + CURSOR_PAYLOAD_MAXIMUM];
    size_t size = length / 4 * 3 + (length % 4 > 0 ? length % 4 - 1 : 0);
    if (length > CURSOR_TEXT_MAXIMUM || size < CURSOR_HEAD + least || size > CURSOR_HEAD + most ||
        size > sizeof(bytes) || secret_from_base64url(text, length, bytes, size) != 0 ||
        bytes[0] != CURSOR_VERSION || bytes[1] != kind) {
        return CURSOR_MALFORMED;
    }
    memcpy(ret_payload, bytes + CURSOR_HEAD, size - CURSOR_HEAD);
    *ret_size = size - CURSOR_HEAD;
    return 0;
}
