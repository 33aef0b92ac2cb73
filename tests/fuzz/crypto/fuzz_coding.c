/* SPDX-License-Identifier: EUPL-1.2 */
/*
 * base64url and hexadecimal. Input: how many bytes to decode, then text. What decodes is written
 * again as it was; any bytes are read again as they were.
 */
#include <stdlib.h>
#include <string.h>

#include "crypto/secret.h"

#define BYTES_MAXIMUM 255

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void demand(int holds)
{
    if (!holds) {
        abort();
    }
}

static void decode(const char *text, size_t length, size_t size)
{
    uint8_t *out = malloc(size > 0 ? size : 1);
    char again[SECRET_HEX_SIZE(BYTES_MAXIMUM)];
    demand(out != NULL);
    if (secret_from_base64url(text, length, out, size) == 0) {
        secret_to_base64url(out, size, again);
        demand(strlen(again) == length && memcmp(again, text, length) == 0);
    }
    if (secret_from_hex(text, length, out, size) == 0) {
        secret_to_hex(out, size, again);
        demand(strlen(again) == length && memcmp(again, text, length) == 0);
    }
    free(out);
}

static void encode(const uint8_t *data, size_t size)
{
    char text[SECRET_HEX_SIZE(BYTES_MAXIMUM)];
    uint8_t back[BYTES_MAXIMUM];
    secret_to_base64url(data, size, text);
    demand(secret_from_base64url(text, strlen(text), back, size) == 0);
    demand(memcmp(back, data, size) == 0);
    secret_to_hex(data, size, text);
    demand(secret_from_hex(text, strlen(text), back, size) == 0);
    demand(memcmp(back, data, size) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    demand(secret_init() == 0);
    if (size == 0) {
        return 0;
    }
    decode((const char *)data + 1, size - 1, data[0]);
    if (size <= BYTES_MAXIMUM) {
        encode(data, size);
    }
    return 0;
}
