/* SPDX-License-Identifier: EUPL-1.2 */
#include "store/base/ids.h"

#include <stdio.h>
#include <string.h>

#include "crypto/nonce.h"
#include "crypto/secret.h"

void uuid_make_ordered(int64_t instant, struct uuid *last)
{
    uint64_t previous = get_be64(last->bytes) >> 16;
    uint64_t now = instant < 0 ? 0 : (uint64_t)instant;
    struct uuid made;
    nonce_make(made.bytes, sizeof(made.bytes));
    if (now <= previous) {
        /* The same millisecond, or a clock that went back: count on from the last one. */
        unsigned counter = (get_be16(last->bytes + 6) & 0x0fffu) + 1;
        now = previous + (counter > 0x0fff ? 1 : 0);
        put_be16(made.bytes + 6, (uint16_t)(counter & 0x0fff));
    } else {
        made.bytes[6] &= 0x07; /* leaves room to count within this millisecond */
    }
    made.bytes[0] = (uint8_t)(now >> 40);
    made.bytes[1] = (uint8_t)(now >> 32);
    put_be32(made.bytes + 2, (uint32_t)now);
    made.bytes[6] = (uint8_t)((made.bytes[6] & 0x0f) | 0x70);
    made.bytes[8] = (uint8_t)((made.bytes[8] & 0x3f) | 0x80);
    *last = made;
}

int64_t uuid_instant(const struct uuid *uuid)
{
    return (int64_t)(get_be64(uuid->bytes) >> 16);
}

int uuid_is_random(const struct uuid *uuid)
{
    return uuid->bytes[6] >> 4 == 4;
}

void uuid_make_random(struct uuid *ret_uuid)
{
    nonce_make(ret_uuid->bytes, sizeof(ret_uuid->bytes));
    ret_uuid->bytes[6] = (uint8_t)((ret_uuid->bytes[6] & 0x0f) | 0x40);
    ret_uuid->bytes[8] = (uint8_t)((ret_uuid->bytes[8] & 0x3f) | 0x80);
}

/* Where the hyphens stand in the text form, in bytes of the binary form. */
static int hyphen_before(size_t byte)
{
    return byte == 4 || byte == 6 || byte == 8 || byte == 10;
}

void uuid_format(const struct uuid *uuid, char out[static UUID_TEXT_SIZE])
{
    char hex[SECRET_HEX_SIZE(UUID_BYTES)];
    secret_to_hex(uuid->bytes, UUID_BYTES, hex);
    char *to = out;
    for (size_t i = 0; i < UUID_BYTES; i++) {
        if (hyphen_before(i)) {
            *to++ = '-';
        }
        *to++ = hex[2 * i];
        *to++ = hex[2 * i + 1];
    }
    *to = '\0';
}

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9') {
        return c - '0';
    }
    if (c >= 'a' && c <= 'f') {
        return c - 'a' + 10;
    }
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

int uuid_parse(const char *text, size_t length, struct uuid *ret_uuid)
{
    struct uuid uuid;
    if (length != UUID_TEXT_SIZE - 1) {
        return IDS_MALFORMED;
    }
    for (size_t i = 0; i < UUID_BYTES; i++) {
        if (hyphen_before(i) && *text++ != '-') {
            return IDS_MALFORMED;
        }
        int high = hex_digit(*text++);
        int low = hex_digit(*text++);
        if (high < 0 || low < 0) {
            return IDS_MALFORMED;
        }
        uuid.bytes[i] = (uint8_t)(high << 4 | low);
    }
    *ret_uuid = uuid;
    return 0;
}

static int is_digit(char c)
{
    return c >= '0' && c <= '9';
}

int oin_parse(const char *text, size_t length, struct oin *ret_oin)
{
    if (length != OIN_LENGTH) {
        return IDS_MALFORMED;
    }
    for (size_t i = 0; i < OIN_LENGTH; i++) {
        if (!is_digit(text[i]) && (i < 8 || text[i] < 'A' || text[i] > 'Z')) {
            return IDS_MALFORMED;
        }
    }
    memcpy(ret_oin->text, text, OIN_LENGTH);
    ret_oin->text[OIN_LENGTH] = '\0';
    return 0;
}

int municipality_parse(const char *text, size_t length, uint16_t *ret_code)
{
    unsigned code = 0;
    if (length != MUNICIPALITY_TEXT_SIZE - 1) {
        return IDS_MALFORMED;
    }
    for (size_t i = 0; i < length; i++) {
        if (!is_digit(text[i])) {
            return IDS_MALFORMED;
        }
        code = code * 10 + (unsigned)(text[i] - '0');
    }
    if (code == 0) {
        return IDS_MALFORMED;
    }
    *ret_code = (uint16_t)code;
    return 0;
}

void municipality_format(uint16_t code, char out[static MUNICIPALITY_TEXT_SIZE])
{
    snprintf(out, MUNICIPALITY_TEXT_SIZE, "%04u", (unsigned)code % 10000);
}

void match_key_format(const uint8_t bits[static MATCH_KEY_BYTES],
                      char out[static MATCH_KEY_TEXT_SIZE])
{
    /* Douglas Crockford's base 32: no I, L, O, U, so that it survives being read aloud. */
    static const char alphabet[] = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
    uint64_t value = (uint64_t)bits[0] << 32 | get_be32(bits + 1);
    char *to = out;
    for (int i = 7; i >= 0; i--) {
        *to++ = alphabet[value >> (5 * i) & 31];
        if (i == 4) {
            *to++ = '-';
        }
    }
    *to = '\0';
}

int professional_id_check(const char *text, size_t length)
{
    if (length == 0 || length > PROFESSIONAL_ID_MAXIMUM) {
        return IDS_MALFORMED;
    }
    for (size_t i = 0; i < length; i++) {
        char c = text[i];
        if (!is_digit(c) && !(c >= 'a' && c <= 'z') && !(c >= 'A' && c <= 'Z') && c != '.' &&
            c != '_' && c != '-') {
            return IDS_MALFORMED;
        }
    }
    return 0;
}
