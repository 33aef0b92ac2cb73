/* SPDX-License-Identifier: EUPL-1.2 */
#include "proto/format.h"

#include <stdbool.h>
#include <string.h>

#include "crypto/bsn.h"
#include "crypto/identity.h"
#include "crypto/oprf.h"
#include "crypto/secret.h"
#include "proto/problem.h"
#include "store/base/clock.h"
#include "store/base/ids.h"
#include "store/log/accesslog.h"

/* Reads one code point, RFC 3629; returns its length in bytes, 0 when it is malformed. */
static size_t read_code_point(const unsigned char *in, size_t length, uint32_t *ret_point)
{
    static const struct {
        unsigned char mask, lead;
        uint32_t least;
    } forms[] = {{0x80, 0x00, 0}, {0xe0, 0xc0, 0x80}, {0xf0, 0xe0, 0x800}, {0xf8, 0xf0, 0x10000}};
    for (size_t more = 0; more < ARRAY_LENGTH(forms); more++) {
        if ((in[0] & forms[more].mask) != forms[more].lead) {
            continue;
        }
        if (length < more + 1) {
            return 0;
        }
        uint32_t point = in[0] & (unsigned char)~forms[more].mask;
        for (size_t i = 1; i <= more; i++) {
            if ((in[i] & 0xc0) != 0x80) {
                return 0;
            }
            point = point << 6 | (in[i] & 0x3f);
        }
        if (point < forms[more].least || point > 0x10ffff || (point >= 0xd800 && point < 0xe000)) {
            return 0;
        }
        *ret_point = point;
        return more + 1;
    }
    return 0;
}

static bool is_printable(uint32_t point)
{
    static const struct {
        uint32_t first, last;
    } refused[] = {
        {0x00, 0x1f},     {0x7f, 0x9f},     /* C0, DEL, C1 */
        {0x2028, 0x202e},                   /* separators, embeddings and overrides */
        {0x2066, 0x2069},                   /* isolates */
        {0xfeff, 0xfeff}, {0xfff9, 0xfffb}, /* byte order mark, annotations */
    };
    for (size_t i = 0; i < ARRAY_LENGTH(refused); i++) {
        if (point >= refused[i].first && point <= refused[i].last) {
            return false;
        }
    }
    return true;
}

int format_count_characters(const char *text, size_t length, size_t *ret_count)
{
    size_t count = 0;
    size_t at = 0;
    while (at < length) {
        uint32_t point;
        size_t size = read_code_point((const unsigned char *)text + at, length - at, &point);
        if (size == 0 || !is_printable(point)) {
            return FORMAT_NOT_TEXT;
        }
        at += size;
        count++;
    }
    *ret_count = count;
    return 0;
}

int format_find_value(const char *const *values, const char *text)
{
    for (int i = 0; values[i] != NULL; i++) {
        if (strcmp(values[i], text) == 0) {
            return i;
        }
    }
    return -1;
}

static const char *check_text(const char *text, size_t length)
{
    size_t count;
    return format_count_characters(text, length, &count) == 0
               ? NULL
               : "Control characters are not allowed here.";
}

static const char *check_bsn(const char *text, size_t length)
{
    struct bsn bsn;
    int result = bsn_parse(text, length, &bsn);
    bsn_wipe(&bsn);
    return result == 0 ? NULL : bsn_condition_text(result);
}

static bool is_bsn(const char *text, size_t length)
{
    return check_bsn(text, length) == NULL;
}

static const char *check_reference(const char *text, size_t length)
{
    return is_bsn(text, length) ? "A reference may not be a BSN." : check_text(text, length);
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* A ground is kept in the log in the municipality's own words: the words may not be a number. */
static const char *check_ground(const char *text, size_t length)
{
    for (size_t i = 0; i < length;) {
        size_t start = i;
        while (i < length && is_digit(text[i])) {
            i++;
        }
        if (is_bsn(text + start, i - start)) {
            return "A ground may not hold a BSN.";
        }
        i += i == start ? 1 : 0;
    }
    return check_text(text, length);
}

static const char *check_family_name(const char *text, size_t length)
{
    struct fold_text name;
    int result = person_parse_family_name(text, length, &name);
    fold_text_wipe(&name);
    return result == PERSON_OK ? NULL : person_condition_text(result);
}

static const char *check_sex(const char *text, size_t length)
{
    char sex;
    int result = person_parse_sex(text, length, &sex);
    secret_wipe(&sex, sizeof(sex));
    return result == PERSON_OK ? NULL : person_condition_text(result);
}

static const char *check_address(const char *text, size_t length)
{
    struct identity_input input;
    int result = identity_from_address(text, length, &input);
    identity_input_wipe(&input);
    return result == FOLD_OK ? NULL : person_condition_text(result);
}

static const char *check_element(const char *text, size_t length)
{
    struct oprf_element element;
    if (secret_from_base64url(text, length, element.bytes, sizeof(element.bytes)) != 0) {
        return "An element is 32 bytes in base64url without padding: 43 characters.";
    }
    int result = oprf_check_element(&element);
    secret_wipe(&element, sizeof(element));
    return result == 0 ? NULL : "This is not a canonical encoding of an element, or the identity.";
}

static const char *check_date(const char *text, size_t length)
{
    int32_t day;
    return calendar_parse_date(text, length, &day) == 0
               ? NULL
               : "A date is written YYYY-MM-DD and must exist.";
}

static const char *check_timestamp(const char *text, size_t length)
{
    int64_t instant;
    return calendar_parse_timestamp(text, length, &instant) == 0
               ? NULL
               : "A time is written as in RFC 3339, with an offset.";
}

static const char *check_municipality(const char *text, size_t length)
{
    uint16_t code;
    return municipality_parse(text, length, &code) == 0
               ? NULL
               : "A municipality is written as its CBS code of four digits.";
}

static const char *check_oin(const char *text, size_t length)
{
    struct oin oin;
    return oin_parse(text, length, &oin) == 0
               ? NULL
               : "An OIN has eight digits and then twelve digits or capitals.";
}

static const char *check_professional_id(const char *text, size_t length)
{
    return professional_id_check(text, length) == 0
               ? NULL
               : "An id has 1 to 64 characters of A-Z, a-z, 0-9, dot, hyphen and underscore.";
}

static const char *check_new_professional_id(const char *text, size_t length)
{
    return is_bsn(text, length) ? "An id may not be a BSN." : check_professional_id(text, length);
}

static const char *check_uuid(const char *text, size_t length)
{
    struct uuid uuid;
    return uuid_parse(text, length, &uuid) == 0 ? NULL : "This is not a UUID.";
}

/* Deliberately loose: an address is tried by writing to it. */
static const char *check_email(const char *text, size_t length)
{
    static const char wrong[] = "This is not an e-mail address.";
    const char *at = memchr(text, '@', length);
    if (check_text(text, length) != NULL || memchr(text, ' ', length) != NULL || at == NULL ||
        at == text || at == text + length - 1 ||
        memchr(at + 1, '@', length - (size_t)(at + 1 - text)) != NULL) {
        return wrong;
    }
    return NULL;
}

static const char *check_cursor(const char *text, size_t length)
{
    for (size_t i = 0; i < length; i++) {
        if (strchr("-_", text[i]) == NULL && !(text[i] >= '0' && text[i] <= '9') &&
            !(text[i] >= 'A' && text[i] <= 'Z') && !(text[i] >= 'a' && text[i] <= 'z')) {
            return "This is not a cursor that was given out here.";
        }
    }
    return NULL;
}

static const char *check_event(const char *text, size_t length)
{
    return length > 0 && accesslog_event_from_name(text) != 0 ? NULL
                                                              : "There is no event of this name.";
}

static const char *check_outcome(const char *text, size_t length)
{
    (void)length;
    return strcmp(text, "done") == 0 || strcmp(problem_find(text)->slug, text) == 0
               ? NULL
               : "An outcome is `done` or the last part of a problem type.";
}

static const char *check_trace_id(const char *text, size_t length)
{
    uint8_t trace_id[16];
    return secret_from_hex(text, length, trace_id, sizeof(trace_id)) == 0
               ? NULL
               : "A trace id is 32 lower-case hexadecimal digits.";
}

static const char *check_path(const char *text, size_t length)
{
    return length > 1 && text[0] == '/' && check_text(text, length) == NULL
               ? NULL
               : "This must be an absolute path.";
}

const struct format format_text = {.check = check_text};
const struct format format_bsn = {.pattern = "^[0-9]{8,9}$", .check = check_bsn};
const struct format format_element = {.pattern = "^[A-Za-z0-9_-]{43}$", .check = check_element};
const struct format format_date = {.name = "date", .check = check_date};
const struct format format_timestamp = {.name = "date-time", .check = check_timestamp};
const struct format format_municipality = {.pattern = "^[0-9]{4}$", .check = check_municipality};
const struct format format_oin = {.pattern = "^[0-9]{8}[0-9A-Z]{12}$", .check = check_oin};
const struct format format_professional_id = {.pattern = "^[A-Za-z0-9._-]{1,64}$",
                                              .check = check_professional_id};
const struct format format_new_professional_id = {.pattern = "^[A-Za-z0-9._-]{1,64}$",
                                                  .check = check_new_professional_id};
const struct format format_reference = {.check = check_reference};
const struct format format_ground = {.check = check_ground};
const struct format format_family_name = {.check = check_family_name};
const struct format format_sex = {.check = check_sex};
const struct format format_address = {.check = check_address};
const struct format format_uuid = {.name = "uuid", .check = check_uuid};
const struct format format_email = {.name = "email", .check = check_email};
const struct format format_cursor = {.pattern = "^[A-Za-z0-9_-]+$", .check = check_cursor};
const struct format format_event = {.pattern = "^[a-z-]+$", .check = check_event};
const struct format format_outcome = {.pattern = "^[a-z-]+$", .check = check_outcome};
const struct format format_trace_id = {.pattern = "^[0-9a-f]{32}$", .check = check_trace_id};
const struct format format_path = {.pattern = "^/", .check = check_path};

const struct format format_base64url = {.pattern = "^[A-Za-z0-9_-]*$"};
const struct format format_base64 = {.pattern = "^[A-Za-z0-9+/]*={0,2}$"};
const struct format format_hex = {.pattern = "^[0-9a-f]*$"};
const struct format format_match_key = {.pattern = "^[0-9A-Z]{4}-[0-9A-Z]{4}$"};
const struct format format_uri = {.name = "uri"};
