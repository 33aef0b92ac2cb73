/* SPDX-License-Identifier: EUPL-1.2 */
#include "tools/base64.h"

#include <errno.h>
#include <string.h>

#include "crypto/secret.h"

static void wiping_freep(char **memory)
{
    secret_free(*memory);
}

static size_t padding_of(const char *text, size_t length)
{
    size_t padding = 0;
    while (padding < 2 && padding < length && text[length - 1 - padding] == '=') {
        padding++;
    }
    return padding;
}

bool base64_decoded_size(const char *text, size_t length, size_t *ret_size)
{
    if (length % 4 != 0) {
        return false;
    }
    *ret_size = length / 4 * 3 - padding_of(text, length);
    return true;
}

/* By way of base64url, which our own decoder reads: libsodium 1.0.18's takes the byte AF for a '/'.
 */
int base64_decode(const char *text, size_t length, uint8_t *out, size_t size)
{
    size_t expected = 0;
    if (!base64_decoded_size(text, length, &expected) || expected != size) {
        return BASE64_MALFORMED;
    }
    size_t digits = length - padding_of(text, length);
    CLEANUP(wiping_freep) char *url = secret_malloc(digits + 1);
    if (url == NULL) {
        return -ENOMEM;
    }
    for (size_t i = 0; i < digits; i++) {
        char c = text[i];
        if (c == '-' || c == '_') {
            return BASE64_MALFORMED;
        }
        url[i] = c == '+' ? '-' : c == '/' ? '_' : c;
    }
    return secret_from_base64url(url, digits, out, size) == 0 ? 0 : BASE64_MALFORMED;
}
