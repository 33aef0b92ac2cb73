/* SPDX-License-Identifier: EUPL-1.2 */
#include "crypto/secret.h"

#include <errno.h>
#include <malloc.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

int secret_init(void)
{
    return sodium_init() < 0 ? -EIO : 0;
}

void *secret_lock_new(size_t size)
{
    void *memory = sodium_malloc(size);
    if (memory == NULL) {
        return NULL;
    }
    /* sodium_malloc() tries to lock and says nothing when it cannot: locking again tells. */
    if (sodium_mlock(memory, size) != 0) {
        int saved = errno;
        sodium_free(memory);
        errno = saved;
        return NULL;
    }
    sodium_memzero(memory, size);
    return memory;
}

void secret_lock_free(void *memory)
{
    sodium_free(memory);
}

void *secret_malloc(size_t size)
{
    return malloc(size);
}

void *secret_realloc(void *memory, size_t size)
{
    if (memory == NULL) {
        return secret_malloc(size);
    }
    if (size == 0) {
        secret_free(memory);
        return NULL;
    }
    /* realloc() itself could move the block and leave the old bytes behind. */
    size_t usable = malloc_usable_size(memory);
    if (size <= usable && size >= usable / 2) {
        sodium_memzero((uint8_t *)memory + size, usable - size);
        return memory;
    }
    void *moved = secret_malloc(size);
    if (moved == NULL) {
        return NULL;
    }
    memcpy(moved, memory, size < usable ? size : usable);
    secret_free(memory);
    return moved;
}

void secret_free(void *memory)
{
    if (memory != NULL) {
        sodium_memzero(memory, malloc_usable_size(memory));
        free(memory);
    }
}

void secret_wipe(void *memory, size_t size)
{
    sodium_memzero(memory, size);
}

int secret_equal(const void *a, const void *b, size_t size)
{
    return sodium_memcmp(a, b, size) == 0;
}

void secret_random(void *memory, size_t size)
{
    randombytes_buf(memory, size);
}

void secret_to_hex(const uint8_t *in, size_t size, char *out)
{
    sodium_bin2hex(out, SECRET_HEX_SIZE(size), in, size);
}

void secret_to_base64url(const uint8_t *in, size_t size, char *out)
{
    sodium_bin2base64(out, SECRET_BASE64URL_SIZE(size), in, size,
                      sodium_base64_VARIANT_URLSAFE_NO_PADDING);
}

/*
 * The decoders are written out, since libsodium's take capitals in hexadecimal and fill the
 * buffer before they refuse. What they read may be a key, so a character chooses no branch and
 * no table entry.
 */
#define NOT_A_DIGIT 0x100u

/* All ones when low <= c <= high, else 0. */
static unsigned range_mask(unsigned c, unsigned low, unsigned high)
{
    return 0u - (((low - 1 - c) & (c - high - 1)) >> 31);
}

static unsigned base64url_value(char character)
{
    unsigned c = (unsigned char)character;
    unsigned upper = range_mask(c, 'A', 'Z');
    unsigned lower = range_mask(c, 'a', 'z');
    unsigned digit = range_mask(c, '0', '9');
    unsigned dash = range_mask(c, '-', '-');
    unsigned underscore = range_mask(c, '_', '_');

    return (upper & (c - 'A')) | (lower & (c - 'a' + 26)) | (digit & (c - '0' + 52)) | (dash & 62) |
           (underscore & 63) | (~(upper | lower | digit | dash | underscore) & NOT_A_DIGIT);
}

static unsigned hex_value(char character)
{
    unsigned c = (unsigned char)character;
    unsigned digit = range_mask(c, '0', '9');
    unsigned letter = range_mask(c, 'a', 'f');

    return (digit & (c - '0')) | (letter & (c - 'a' + 10)) | (~(digit | letter) & NOT_A_DIGIT);
}

int secret_from_base64url(const char *in, size_t length, uint8_t *out, size_t size)
{
    if (length != SECRET_BASE64URL_SIZE(size) - 1) {
        return SECRET_MALFORMED;
    }
    unsigned value = 0;
    unsigned bad = 0;
    for (size_t i = 0; i < length; i++) {
        value = base64url_value(in[i]);
        bad |= value & NOT_A_DIGIT;
    }
    /* The last character of 1 or 2 left-over bytes has 4 or 2 bits too many: one spelling only. */
    bad |= value & (size % 3 == 1 ? 15u : size % 3 == 2 ? 3u : 0u);
    if (bad != 0) {
        return SECRET_MALFORMED;
    }

    unsigned gathered = 0;
    unsigned bits = 0;
    size_t written = 0;
    for (size_t i = 0; i < length; i++) {
        gathered = gathered << 6 | base64url_value(in[i]);
        bits += 6;
        if (bits >= 8) {
            bits -= 8;
            out[written++] = (uint8_t)(gathered >> bits);
        }
    }
    return 0;
}

int secret_from_hex(const char *in, size_t length, uint8_t *out, size_t size)
{
    if (length != SECRET_HEX_SIZE(size) - 1) {
        return SECRET_MALFORMED;
    }
    unsigned bad = 0;
    for (size_t i = 0; i < length; i++) {
        bad |= hex_value(in[i]) & NOT_A_DIGIT;
    }
    if (bad != 0) {
        return SECRET_MALFORMED;
    }
    for (size_t i = 0; i < size; i++) {
        out[i] = (uint8_t)(hex_value(in[2 * i]) << 4 | hex_value(in[2 * i + 1]));
    }
    return 0;
}
