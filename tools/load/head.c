/* SPDX-License-Identifier: EUPL-1.2 */
#include "tools/load/head.h"

#include <string.h>
#include <strings.h>

#define VERSION "HTTP/1.1 "
#define STATUS_LINE_LEAST (sizeof(VERSION) - 1 + 3)

struct value {
    const char *bytes;
    size_t length;
    size_t at; /* from the head's first byte */
};

static bool is_value(const struct value *value, const char *text)
{
    return value->length == strlen(text) && strncasecmp(value->bytes, text, value->length) == 0;
}

static int read_length(const struct value *value, struct bench_head *head)
{
    size_t length = 0;
    if (value->length == 0) {
        return BENCH_HEAD_MALFORMED;
    }
    for (size_t i = 0; i < value->length; i++) {
        unsigned digit = (unsigned)value->bytes[i] - '0';
        if (digit > 9 || length > BENCH_BODY_MAXIMUM) {
            return BENCH_HEAD_MALFORMED;
        }
        length = length * 10 + digit;
    }
    if (length > BENCH_BODY_MAXIMUM) {
        return BENCH_HEAD_MALFORMED;
    }
    head->body_length = length;
    return 0;
}

static int read_connection(const struct value *value, struct bench_head *head)
{
    head->closes = head->closes || is_value(value, "close");
    return 0;
}

static int read_type(const struct value *value, struct bench_head *head)
{
    static const char problem[] = "application/problem+json";
    head->problem = value->length >= sizeof(problem) - 1 &&
                    strncasecmp(value->bytes, problem, sizeof(problem) - 1) == 0;
    return 0;
}

static int read_location(const struct value *value, struct bench_head *head)
{
    head->location = value->at;
    head->location_length = value->length;
    return 0;
}

static int refuse(const struct value *value, struct bench_head *head)
{
    (void)value;
    (void)head;
    return BENCH_HEAD_MALFORMED;
}

static const struct {
    const char *name;
    int (*read)(const struct value *value, struct bench_head *head);
} fields[] = {
    {"content-length", read_length}, {"connection", read_connection}, {"content-type", read_type},
    {"location", read_location},     {"transfer-encoding", refuse},
};

/* One line, without its end; `at` is its place in the head. */
static int read_field(const char *line, size_t length, size_t at, unsigned *seen,
                      struct bench_head *head)
{
    const char *colon = memchr(line, ':', length);
    if (colon == NULL || colon == line) {
        return BENCH_HEAD_MALFORMED;
    }
    size_t name = (size_t)(colon - line);
    struct value value = {.bytes = colon + 1, .length = length - name - 1};
    while (value.length > 0 && (value.bytes[0] == ' ' || value.bytes[0] == '\t')) {
        value.bytes++;
        value.length--;
    }
    while (value.length > 0 &&
           (value.bytes[value.length - 1] == ' ' || value.bytes[value.length - 1] == '\t')) {
        value.length--;
    }
    value.at = at + (size_t)(value.bytes - line);
    for (size_t i = 0; i < ARRAY_LENGTH(fields); i++) {
        if (strlen(fields[i].name) == name && strncasecmp(line, fields[i].name, name) == 0) {
            bool again = (*seen & 1u << i) != 0;
            *seen |= 1u << i;
            return again ? BENCH_HEAD_MALFORMED : fields[i].read(&value, head);
        }
    }
    return 0;
}

static int read_status_line(const char *line, size_t length, struct bench_head *head)
{
    if (length < STATUS_LINE_LEAST || memcmp(line, VERSION, sizeof(VERSION) - 1) != 0) {
        return BENCH_HEAD_MALFORMED;
    }
    const char *digits = line + sizeof(VERSION) - 1;
    for (size_t i = 0; i < 3; i++) {
        if (digits[i] < '0' || digits[i] > '9') {
            return BENCH_HEAD_MALFORMED;
        }
        head->status = head->status * 10 + (digits[i] - '0');
    }
    bool ends = length == STATUS_LINE_LEAST || digits[3] == ' ';
    /* An interim answer would be followed by another; nothing here asks for one. */
    return ends && head->status >= 200 ? 0 : BENCH_HEAD_MALFORMED;
}

int bench_head_parse(const char *head, size_t length, struct bench_head *ret_head)
{
    struct bench_head parsed = {0};
    const char *end = head + length;
    unsigned seen = 0;
    bool first = true;
    for (const char *line = head; line < end;) {
        const char *stop = memchr(line, '\n', (size_t)(end - line));
        if (stop == NULL || stop == line || stop[-1] != '\r') {
            return BENCH_HEAD_MALFORMED;
        }
        size_t size = (size_t)(stop - line) - 1;
        if (size == 0) {
            bool complete = stop + 1 == end && !first;
            bool measured = (seen & 1u) != 0 || parsed.status == 204 || parsed.status == 304;
            if (!complete || !measured) {
                return BENCH_HEAD_MALFORMED;
            }
            parsed.body_length =
                parsed.status == 204 || parsed.status == 304 ? 0 : parsed.body_length;
            *ret_head = parsed;
            return 0;
        }
        int result = first ? read_status_line(line, size, &parsed)
                           : read_field(line, size, (size_t)(line - head), &seen, &parsed);
        if (result != 0) {
            return result;
        }
        first = false;
        line = stop + 1;
    }
    return BENCH_HEAD_MALFORMED;
}
