/* SPDX-License-Identifier: EUPL-1.2 */
/* What the request's headers say about the bodies, and about where it comes from. */
#include <string.h>
#include <strings.h>

#include "crypto/secret.h"
#include "proto/exchange.h"

static bool is_space(char c)
{
    return c == ' ' || c == '\t';
}

/* The next piece between separators, without white space around it; quotes protect. */
static bool next_piece(const char **at, char separator, const char **ret_start, size_t *ret_length)
{
    const char *start = *at;
    if (start == NULL) {
        return false;
    }
    const char *end = start;
    bool quoted = false;
    for (; *end != '\0' && (quoted || *end != separator); end++) {
        if (*end == '"') {
            quoted = !quoted;
        } else if (quoted && *end == '\\' && end[1] != '\0') {
            end++;
        }
    }
    *at = *end == '\0' ? NULL : end + 1;
    while (start < end && is_space(*start)) {
        start++;
    }
    while (end > start && is_space(end[-1])) {
        end--;
    }
    *ret_start = start;
    *ret_length = (size_t)(end - start);
    return true;
}

static bool equals(const char *text, size_t length, const char *word)
{
    return strlen(word) == length && strncasecmp(text, word, length) == 0;
}

/* How closely a media range names the type: 3 exactly, 2 "application/ *", 1 "* / *", 0 not. */
static unsigned closeness(const char *range, size_t length, const char *type)
{
    size_t main_length = (size_t)(strchr(type, '/') - type) + 1;
    size_t type_length = strcspn(type, ";");
    if (length == type_length && strncasecmp(range, type, length) == 0) {
        return 3;
    }
    if (length == main_length + 1 && range[main_length] == '*' &&
        strncasecmp(range, type, main_length) == 0) {
        return 2;
    }
    return equals(range, length, "*/*") ? 1 : 0;
}

/* In thousandths (RFC 9110 section 12.4.2): "q=0.25"; what is malformed is as if it were not
 * there. */
static unsigned read_weight(const char *text, size_t length)
{
    enum { WHOLE = 1000 };
    if (length < 3 || length > 7 || strncasecmp(text, "q=", 2) != 0 ||
        (text[2] != '0' && text[2] != '1') || (length > 3 && text[3] != '.')) {
        return WHOLE;
    }
    unsigned weight = text[2] == '1' ? WHOLE : 0;
    unsigned unit = 100;
    for (size_t i = 4; i < length; i++, unit /= 10) {
        if (text[i] < '0' || text[i] > '9') {
            return WHOLE;
        }
        weight += (unsigned)(text[i] - '0') * unit;
    }
    return weight < WHOLE ? weight : WHOLE;
}

/* What one media range says of the type. */
static void weigh_range(const char *range, size_t length, const char *type, unsigned *closest,
                        unsigned *weight)
{
    char copy[256];
    if (length >= sizeof(copy)) {
        return;
    }
    memcpy(copy, range, length);
    copy[length] = '\0';
    const char *at = copy;
    const char *part = copy;
    size_t part_length = 0;
    (void)next_piece(&at, ';', &part, &part_length);
    unsigned close = closeness(part, part_length, type);
    unsigned given = read_weight("", 0);
    while (next_piece(&at, ';', &part, &part_length)) {
        unsigned read = read_weight(part, part_length);
        given = read < given ? read : given;
    }
    if (close > *closest) {
        *closest = close;
        *weight = given;
    }
}

/* How much the type is wanted; 0: not. The range that names it most closely counts. */
static unsigned weigh(const struct http_request *request, const char *type)
{
    unsigned closest = 0;
    unsigned weight = 0;
    bool asked = false;
    for (size_t i = 0; i < request->header_count; i++) {
        if (strcmp(request->headers[i].name, "accept") != 0) {
            continue;
        }
        const char *at = request->headers[i].value;
        const char *range;
        size_t length;
        while (next_piece(&at, ',', &range, &length)) {
            asked = asked || length > 0;
            weigh_range(range, length, type, &closest, &weight);
        }
    }
    return asked ? weight : 1;
}

const char *negotiate_accept(const struct http_request *request, const char *produces)
{
    return weigh(request, produces) > 0 ? NULL : "not-acceptable";
}

bool negotiate_prefers(const struct http_request *request, const char *other, const char *produces)
{
    return weigh(request, other) > weigh(request, produces);
}

static const char *find_once(const struct http_request *request, const char *name, bool *ret_twice)
{
    const char *value = NULL;
    *ret_twice = false;
    for (size_t i = 0; i < request->header_count; i++) {
        if (strcmp(request->headers[i].name, name) == 0) {
            *ret_twice = value != NULL;
            value = request->headers[i].value;
            if (*ret_twice) {
                return value;
            }
        }
    }
    return value;
}

const char *negotiate_content(const struct http_request *request)
{
    static const char refusal[] = "unsupported-media-type";
    bool twice;
    const char *coding = find_once(request, "content-encoding", &twice);
    if (coding != NULL && strcasecmp(coding, "identity") != 0) {
        return refusal;
    }
    const char *at = find_once(request, "content-type", &twice);
    const char *part;
    size_t length;
    if (twice || !next_piece(&at, ';', &part, &length) ||
        !equals(part, length, "application/json")) {
        return refusal;
    }
    bool charset = false;
    while (next_piece(&at, ';', &part, &length)) {
        if (charset ||
            !(equals(part, length, "charset=utf-8") || equals(part, length, "charset=\"utf-8\""))) {
            return refusal;
        }
        charset = true;
    }
    return NULL;
}

bool negotiate_is_foreign(const struct http_request *request, const struct route *route)
{
    const char *site = http_request_header(request, "sec-fetch-site");
    if (site == NULL || (strcmp(site, "cross-site") != 0 && strcmp(site, "same-site") != 0)) {
        return false;
    }
    if (route != NULL && route->standing == ROUTE_OPEN) {
        return false;
    }
    const char *mode = http_request_header(request, "sec-fetch-mode");
    const char *destination = http_request_header(request, "sec-fetch-dest");
    bool is_visit = mode != NULL && strcmp(mode, "navigate") == 0 && destination != NULL &&
                    strcmp(destination, "document") == 0;
    return !is_visit || request->method != HTTP_GET || route == NULL || !route->is_page;
}

static bool is_all_zero(const uint8_t *bytes, size_t size)
{
    unsigned any = 0;
    for (size_t i = 0; i < size; i++) {
        any |= bytes[i];
    }
    return any == 0;
}

/* https://www.w3.org/TR/trace-context/ section 3.2: version-traceid-parentid-flags, lower-case
 * hexadecimal; a later version may have more behind it. What is malformed is passed over. */
bool negotiate_trace(const struct http_request *request, struct attribution *by)
{
    enum { WHOLE = 55, TRACE_AT = 3, PARENT_AT = 36, FLAGS_AT = 53 };
    bool twice;
    const char *text = find_once(request, "traceparent", &twice);
    size_t length = text != NULL ? strlen(text) : 0;
    if (twice || length < WHOLE || text[2] != '-' || text[PARENT_AT - 1] != '-' ||
        text[FLAGS_AT - 1] != '-') {
        return false;
    }
    for (size_t i = 0; i < WHOLE; i++) {
        if (text[i] >= 'A' && text[i] <= 'F') {
            return false;
        }
    }
    uint8_t version;
    uint8_t flags;
    uint8_t trace[16];
    uint8_t parent[8];
    if (secret_from_hex(text, 2, &version, 1) != 0 || version == 0xff ||
        (version == 0 && length != WHOLE) || (length > WHOLE && text[WHOLE] != '-') ||
        secret_from_hex(text + TRACE_AT, 32, trace, sizeof(trace)) != 0 ||
        secret_from_hex(text + PARENT_AT, 16, parent, sizeof(parent)) != 0 ||
        secret_from_hex(text + FLAGS_AT, 2, &flags, 1) != 0 || is_all_zero(trace, sizeof(trace)) ||
        is_all_zero(parent, sizeof(parent))) {
        return false;
    }
    by->traced = true;
    memcpy(by->trace_id, trace, sizeof(trace));
    memcpy(by->parent_span_id, parent, sizeof(parent));
    return true;
}
