/* SPDX-License-Identifier: EUPL-1.2 */
#include "daemon/http1.h"

#include <string.h>
#include <strings.h>

#include "daemon/http1_split.h"

_Static_assert(HTTP1_SPLIT_FIELDS_MAXIMUM == HTTP_HEADERS_MAXIMUM, "one limit on header fields");

#define INVALID(text)                                                                              \
    {                                                                                              \
        "invalid-request", text                                                                    \
    }

static const struct http1_refusal control_character =
    INVALID("The head of the request holds a control character.");
static const struct http1_refusal bare_line_end =
    INVALID("A line of the head does not end in CR LF.");
static const struct http1_refusal folded = INVALID("A header field is folded over several lines.");
static const struct http1_refusal nameless = INVALID("A header field has no name.");
static const struct http1_refusal head_too_large = {
    "head-too-large", "The head of the request is larger than 16384 bytes."};
static const struct http1_refusal too_many_fields = {"head-too-large",
                                                     "The request has more than 64 header fields."};
static const struct http1_refusal malformed = INVALID("The head of the request is not HTTP/1.1.");
static const struct http1_refusal request_line =
    INVALID("The request line is not a method, one space, a target, one space and HTTP/1.1.");
static const struct http1_refusal unknown_method = {"not-implemented",
                                                    "The request method is not known."};
static const struct http1_refusal connect_method = {"not-implemented",
                                                    "CONNECT is not implemented."};
static const struct http1_refusal bad_target =
    INVALID("The target is not in origin form: a path that begins with a slash, and a query.");
static const struct http1_refusal bad_version = {"version-not-supported",
                                                 "Only HTTP/1.1 is spoken here."};
static const struct http1_refusal bad_length =
    INVALID("Content-Length is not one decimal number, or not the only statement of a length.");
static const struct http1_refusal transfer_encoding = {
    "not-implemented", "Transfer-Encoding is not implemented; send Content-Length."};
static const struct http1_refusal length_required = {"length-required",
                                                     "This method needs a Content-Length."};
static const struct http1_refusal unexpected_body = INVALID("This method takes no body.");
static const struct http1_refusal bad_host =
    INVALID("The request does not have exactly one valid Host.");
static const struct http1_refusal doubled =
    INVALID("A header field that may occur once occurs twice.");
static const struct http1_refusal upgrade = INVALID("No other protocol is spoken here: Upgrade.");
static const struct http1_refusal expectation = {"expectation-failed",
                                                 "Expect is not 100-continue."};

const struct http1_refusal HTTP1_BODY_TOO_LARGE = {"payload-too-large",
                                                   "The body is larger than this route takes."};
const struct http1_refusal HTTP1_TOO_SLOW = {"request-timeout",
                                             "The request did not arrive in time."};

/* ---- where the head ends ---- */

enum scan_state {
    SCAN_START, /* empty lines before the request line (RFC 9112 section 2.2) */
    SCAN_START_CR,
    SCAN_LINE,
    SCAN_LINE_CR,
    SCAN_BEGIN, /* of a line after the first */
    SCAN_END_CR,
    SCAN_COMPLETE,
};

/* The byte after a CR, which must be a LF: which state it leads to. */
static const unsigned char after_line_end[] = {
    [SCAN_START_CR] = SCAN_START,
    [SCAN_LINE_CR] = SCAN_BEGIN,
    [SCAN_END_CR] = SCAN_COMPLETE,
};

static const struct http1_refusal *scan_byte(unsigned char *state, uint8_t byte)
{
    if ((byte < 0x20 && byte != '\r' && byte != '\n' && byte != '\t') || byte == 0x7f) {
        return &control_character;
    }
    if (*state == SCAN_START_CR || *state == SCAN_LINE_CR || *state == SCAN_END_CR) {
        *state = after_line_end[*state];
        return byte == '\n' ? NULL : &bare_line_end;
    }
    if (byte == '\n') {
        return &bare_line_end;
    }
    if (byte == '\r') {
        *state = *state == SCAN_START  ? SCAN_START_CR
                 : *state == SCAN_LINE ? SCAN_LINE_CR
                                       : SCAN_END_CR;
        return NULL;
    }
    if (*state == SCAN_BEGIN && (byte == ' ' || byte == '\t')) {
        return &folded;
    }
    if (*state == SCAN_BEGIN && byte == ':') {
        return &nameless;
    }
    *state = SCAN_LINE;
    return NULL;
}

enum http1_result http1_scan(struct http1_scan *scan, const uint8_t *bytes, size_t size,
                             const struct http1_refusal **ret_refusal)
{
    for (size_t i = 0; i < size; i++) {
        const struct http1_refusal *refusal =
            scan->size == HTTP1_HEAD_MAXIMUM ? &head_too_large : scan_byte(&scan->state, bytes[i]);
        if (refusal != NULL) {
            *ret_refusal = refusal;
            return HTTP1_REFUSED;
        }
        scan->size++;
        if (scan->state == SCAN_COMPLETE) {
            return HTTP1_DONE;
        }
    }
    return HTTP1_MORE;
}

/* ---- what it says ---- */

static enum http_method find_method(const char *name)
{
    static const enum http_method methods[] = {HTTP_GET,   HTTP_HEAD,   HTTP_POST,   HTTP_PUT,
                                               HTTP_PATCH, HTTP_DELETE, HTTP_OPTIONS};
    for (size_t i = 0; name != NULL && i < ARRAY_LENGTH(methods); i++) {
        if (strcmp(name, http_method_name(methods[i])) == 0) {
            return methods[i];
        }
    }
    return HTTP_OTHER;
}

/* llhttp passes over several spaces between method and target, and more after the version. */
static bool request_line_is_exact(const char *head, size_t size, const struct http1_parts *parts)
{
    static const char tail[] = " HTTP/1.1\r\n";
    size_t at = 0;
    while (at < size && (head[at] == '\r' || head[at] == '\n')) {
        at++;
    }
    size_t method = strlen(parts->method);
    size_t behind = parts->target.at + parts->target.length;
    return parts->target.at == at + method + 1 && memcmp(head + at, parts->method, method) == 0 &&
           head[at + method] == ' ' && size - behind >= strlen(tail) &&
           memcmp(head + behind, tail, strlen(tail)) == 0;
}

/* Where RFC 3986 lets a character stand. A table, as strspn() makes one anew for every call. */
enum { IN_HOST = 1, IN_TARGET = 2, IN_BOTH = IN_HOST | IN_TARGET };
static const uint8_t places[256] = {
    ['A' ... 'Z'] = IN_BOTH, ['a' ... 'z'] = IN_BOTH, ['0' ... '9'] = IN_BOTH, ['-'] = IN_BOTH,
    ['.'] = IN_BOTH,         ['_'] = IN_BOTH,         ['~'] = IN_BOTH,         [':'] = IN_BOTH,
    ['['] = IN_BOTH,         [']'] = IN_BOTH,         ['!'] = IN_BOTH,         ['$'] = IN_BOTH,
    ['&'] = IN_BOTH,         ['\''] = IN_BOTH,        ['('] = IN_BOTH,         [')'] = IN_BOTH,
    ['*'] = IN_BOTH,         ['+'] = IN_BOTH,         [','] = IN_BOTH,         [';'] = IN_BOTH,
    ['='] = IN_BOTH,         ['%'] = IN_BOTH,         ['/'] = IN_TARGET,       ['?'] = IN_TARGET,
    ['@'] = IN_TARGET,
};

static bool stands_all(const char *text, uint8_t place)
{
    while ((places[(unsigned char)*text] & place) != 0) { /* where the closing NUL does not stand */
        text++;
    }
    return *text == '\0';
}

/* Only what may stand in a path and a query; llhttp lets more pass. */
static bool is_origin_form(const char *target)
{
    return target[0] == '/' && stands_all(target, IN_TARGET);
}

static bool is_host(const char *value)
{
    return value[0] != '\0' && stands_all(value, IN_HOST);
}

/* Whether the comma separated list (RFC 9110 section 5.6.1) has the word, in any case. */
static bool list_has(const char *list, const char *word)
{
    while (*list != '\0') {
        list += strspn(list, ", \t");
        size_t length = strcspn(list, ", \t");
        if (length == strlen(word) && strncasecmp(list, word, length) == 0) {
            return true;
        }
        list += length;
    }
    return false;
}

/* Names in lower case, everything NUL-terminated in place: after each part stands a byte of
 * punctuation that is not needed any more. */
static void point_into(char *head, const struct http1_parts *parts, struct http_request *request)
{
    for (size_t i = 0; i < parts->field_count; i++) {
        const struct http1_field *field = &parts->fields[i];
        char *name = head + field->name.at;
        for (size_t j = 0; j < field->name.length; j++) {
            name[j] = (char)(name[j] >= 'A' && name[j] <= 'Z' ? name[j] | 0x20 : name[j]);
        }
        name[field->name.length] = '\0';
        char *value = field->value.length == 0 ? name + field->name.length : head + field->value.at;
        value[field->value.length] = '\0';
        request->headers[i] = (struct http_header){.name = name, .value = value};
    }
    request->header_count = parts->field_count;
}

static size_t count_headers(const struct http_request *request, const char *name)
{
    size_t count = 0;
    for (size_t i = 0; i < request->header_count; i++) {
        count += http_is_named(&request->headers[i], name);
    }
    return count;
}

static const struct http1_refusal *check_fields(const struct http_request *request,
                                                struct http1_framing *framing)
{
    /* Two of these would be read as the first by one, as the last by another. */
    static const char *const once[] = {"content-type", "on-behalf-of", "traceparent", "expect",
                                       "content-length"};
    const char *host = http_request_header(request, "host");
    if (host == NULL || count_headers(request, "host") != 1 || !is_host(host)) {
        return &bad_host;
    }
    for (size_t i = 0; i < ARRAY_LENGTH(once); i++) {
        if (count_headers(request, once[i]) > 1) {
            return &doubled;
        }
    }
    if (count_headers(request, "upgrade") > 0) {
        return &upgrade;
    }
    for (size_t i = 0; i < request->header_count; i++) {
        if (http_is_named(&request->headers[i], "connection")) {
            framing->close = framing->close || list_has(request->headers[i].value, "close");
        }
    }
    const char *expect = http_request_header(request, "expect");
    framing->expects_continue = expect != NULL;
    return expect != NULL && strcasecmp(expect, "100-continue") != 0 ? &expectation : NULL;
}

static const struct http1_refusal *check_framing(const struct http_request *request,
                                                 struct http1_framing *framing)
{
    const char *length = http_request_header(request, "content-length");
    if (http_request_header(request, "transfer-encoding") != NULL) {
        return length != NULL ? &bad_length : &transfer_encoding;
    }
    bool takes_body = request->method == HTTP_POST || request->method == HTTP_PUT ||
                      request->method == HTTP_PATCH;
    if (length == NULL) {
        return takes_body ? &length_required : NULL;
    }
    if (length[0] == '\0' || length[strspn(length, "0123456789")] != '\0') {
        return &bad_length;
    }
    uint64_t size = 0;
    for (; *length != '\0'; length++) {
        uint64_t digit = (uint64_t)(*length - '0');
        if (size > (UINT64_MAX - digit) / 10) {
            return &bad_length;
        }
        size = size * 10 + digit;
    }
    framing->body_size = size;
    return size > 0 && !takes_body ? &unexpected_body : NULL;
}

/* A method may be a stranger, which is another refusal than what is no HTTP at all. */
static bool looks_like_method(const char *head, size_t size)
{
    size_t length = 0;
    while (length < size && head[length] >= 'A' && head[length] <= 'Z') {
        length++;
    }
    return length > 0 && length < size && head[length] == ' ';
}

static const struct http1_refusal *check_split(enum http1_split_result result, const char *head,
                                               size_t size)
{
    static const struct http1_refusal *const refusals[] = {
        [HTTP1_SPLIT_OK] = NULL,
        [HTTP1_SPLIT_MALFORMED] = &malformed,
        [HTTP1_SPLIT_UNKNOWN_METHOD] = &malformed,
        [HTTP1_SPLIT_BAD_TARGET] = &bad_target,
        [HTTP1_SPLIT_BAD_VERSION] = &bad_version,
        [HTTP1_SPLIT_BAD_LENGTH] = &bad_length,
        [HTTP1_SPLIT_TRANSFER_ENCODING] = &transfer_encoding,
        [HTTP1_SPLIT_TOO_MANY_FIELDS] = &too_many_fields,
    };
    if (result == HTTP1_SPLIT_UNKNOWN_METHOD && looks_like_method(head, size)) {
        return &unknown_method;
    }
    return refusals[result];
}

static const struct http1_refusal *parse(char *head, size_t size, struct http_request *request,
                                         struct http1_framing *framing)
{
    struct http1_parts parts;
    const struct http1_refusal *refusal = check_split(http1_split(head, size, &parts), head, size);
    bool exact = refusal != NULL || request_line_is_exact(head, size, &parts);
    request->method = find_method(parts.method);
    if (parts.target.length > 0) {
        head[parts.target.at + parts.target.length] = '\0';
        const char *target = head + parts.target.at;
        if (is_origin_form(target)) {
            request->target = target;
        }
    }
    if (refusal != NULL) {
        return refusal;
    }
    if (!exact) {
        return &request_line;
    }
    if (strcmp(parts.method, "CONNECT") == 0) {
        return &connect_method;
    }
    if (request->target[0] == '\0') {
        return &bad_target;
    }
    point_into(head, &parts, request);
    refusal = check_fields(request, framing);
    return refusal != NULL ? refusal : check_framing(request, framing);
}

enum http1_result http1_parse(char *head, size_t size, struct http_request *request,
                              struct http1_framing *ret_framing,
                              const struct http1_refusal **ret_refusal)
{
    request->method = HTTP_OTHER;
    request->target = "";
    request->header_count = 0;
    struct http1_framing framing = {0};
    const struct http1_refusal *refusal = parse(head, size, request, &framing);
    if (refusal != NULL) {
        *ret_refusal = refusal;
        return HTTP1_REFUSED;
    }
    *ret_framing = framing;
    return HTTP1_DONE;
}
