/* SPDX-License-Identifier: EUPL-1.2 */
/* The identifiers of the index, and their spellings. */
#ifndef STORE_BASE_IDS_H
#define STORE_BASE_IDS_H

#include "crypto/basics.h"

#define IDS_MALFORMED 1

#define UUID_BYTES 16
#define UUID_TEXT_SIZE 37
struct uuid {
    uint8_t bytes[UUID_BYTES];
};

/* Version 7 (RFC 9562 section 5.7): the time in front, so that ids of a party are in order. `last`
 * is the previous one of the same sequence or zero; the result is always above it. */
void uuid_make_ordered(int64_t instant, struct uuid *last);
/* The time, in milliseconds since 1970, in front of an ordered id. */
int64_t uuid_instant(const struct uuid *uuid);
/* Whether it is of version 4. */
int uuid_is_random(const struct uuid *uuid);
/* Version 4: random. */
void uuid_make_random(struct uuid *ret_uuid);
void uuid_format(const struct uuid *uuid, char out[static UUID_TEXT_SIZE]);
/* Lower or upper case, with hyphens. 0 or IDS_MALFORMED. */
int uuid_parse(const char *text, size_t length, struct uuid *ret_uuid) MUST_CHECK;

/* Organisatie-identificatienummer (Logius): eight digits, twelve digits or capitals. */
#define OIN_LENGTH 20
struct oin {
    char text[OIN_LENGTH + 1]; /* empty: none */
};
int oin_parse(const char *text, size_t length, struct oin *ret_oin) MUST_CHECK;

/* A municipality by its CBS code: four digits, 0001..9999. */
#define MUNICIPALITY_TEXT_SIZE 5
int municipality_parse(const char *text, size_t length, uint16_t *ret_code) MUST_CHECK;
void municipality_format(uint16_t code, char out[static MUNICIPALITY_TEXT_SIZE]);

/* The short key of a match, for the telephone: 40 bits in Crockford's alphabet, "K7QF-3M2X". */
#define MATCH_KEY_BYTES 5
#define MATCH_KEY_TEXT_SIZE 10
void match_key_format(const uint8_t bits[static MATCH_KEY_BYTES],
                      char out[static MATCH_KEY_TEXT_SIZE]);

/* A professional's id is the party's own: [A-Za-z0-9._-]{1,64}. */
#define PROFESSIONAL_ID_MAXIMUM 64
int professional_id_check(const char *text, size_t length) MUST_CHECK;

#endif
