/* SPDX-License-Identifier: EUPL-1.2 */
/*
 * How single texts are spelt. Each format both checks a value and describes itself for the OpenAPI
 * document, so that the two cannot differ.
 */
#ifndef PROTO_FORMAT_H
#define PROTO_FORMAT_H

#include "crypto/basics.h"

struct format {
    const char *name;          /* OpenAPI's `format`, or NULL */
    const char *pattern;       /* OpenAPI's `pattern`, or NULL */
    const char *const *values; /* all that there are, NULL-terminated; or NULL */
    /* NULL when the text is right, else the sentence for the problem document, which never holds
     * the text. A format without a check is only ever given out. */
    const char *(*check)(const char *text, size_t length);
};

extern const struct format format_text; /* one line of anything printable */
extern const struct format format_bsn;
extern const struct format format_element; /* canonical, and not the identity */
extern const struct format format_date;
extern const struct format format_timestamp;
extern const struct format format_municipality;
extern const struct format format_oin;
extern const struct format format_professional_id;
/* The same, and a party's own reference: neither may be a BSN, as both are given out again, and
 * nobody is to learn one from the index (Jeugdwet 7.1.4.2(3)). */
extern const struct format format_new_professional_id;
extern const struct format format_reference;
/* The ground of an erasure: likewise, and no BSN may stand anywhere in it. */
extern const struct format format_ground;
extern const struct format format_family_name; /* crypto/person.h */
extern const struct format format_sex;
extern const struct format format_address; /* crypto/identity.h */
extern const struct format format_uuid;
extern const struct format format_email;
extern const struct format format_cursor;
extern const struct format format_event;    /* of the access log */
extern const struct format format_outcome;  /* "done", or a problem's slug */
extern const struct format format_trace_id; /* 32 lower-case hexadecimal digits */
extern const struct format format_path;     /* absolute, of a directory */

/* Only given out. */
extern const struct format format_base64url;
extern const struct format format_base64;
extern const struct format format_hex;
extern const struct format format_match_key;
extern const struct format format_uri;

#define FORMAT_NOT_TEXT 1
/*
 * Counts the characters (code points) of UTF-8 text. FORMAT_NOT_TEXT when it is not UTF-8
 * (overlong, surrogates and what is above U+10FFFF included) or holds control characters, line
 * separators, or characters that turn the direction of writing.
 */
int format_count_characters(const char *text, size_t length, size_t *ret_count) MUST_CHECK;

/* The position of `text` in a NULL-terminated list, or -1. */
int format_find_value(const char *const *values, const char *text);

#endif
