/* SPDX-License-Identifier: EUPL-1.2 */
#include "daemon/http1_split.h"

#include <llhttp.h>
#include <stdbool.h>
#include <string.h>

struct splitter {
    llhttp_t parser; /* first: callbacks get its address */
    const char *head;
    struct http1_parts *parts;
    bool in_name;
    bool in_value;
    bool too_many;
};

/* A part may come in several pieces; in one buffer they must join. */
static int grow(struct splitter *splitter, struct http1_span *span, const char *at, size_t length)
{
    size_t offset = (size_t)(at - splitter->head);
    if (span->length == 0) {
        span->at = offset;
    } else if (span->at + span->length != offset) {
        return HPE_USER;
    }
    span->length += length;
    return HPE_OK;
}

static int on_url(llhttp_t *parser, const char *at, size_t length)
{
    struct splitter *splitter = (struct splitter *)parser;
    return grow(splitter, &splitter->parts->target, at, length);
}

static int on_name(llhttp_t *parser, const char *at, size_t length)
{
    struct splitter *splitter = (struct splitter *)parser;
    struct http1_parts *parts = splitter->parts;
    if (!splitter->in_name) {
        if (parts->field_count == HTTP1_SPLIT_FIELDS_MAXIMUM) {
            splitter->too_many = true;
            return HPE_USER;
        }
        parts->fields[parts->field_count++] = (struct http1_field){0};
        splitter->in_name = true;
    }
    return grow(splitter, &parts->fields[parts->field_count - 1].name, at, length);
}

static int on_name_complete(llhttp_t *parser)
{
    ((struct splitter *)parser)->in_name = false;
    return HPE_OK;
}

static int on_value(llhttp_t *parser, const char *at, size_t length)
{
    struct splitter *splitter = (struct splitter *)parser;
    struct http1_parts *parts = splitter->parts;
    if (parts->field_count == 0 || length == 0) {
        return parts->field_count == 0 ? HPE_USER : HPE_OK;
    }
    return grow(splitter, &parts->fields[parts->field_count - 1].value, at, length);
}

/* The body is not llhttp's: its length is checked by other rules than llhttp's. */
static int on_head_complete(llhttp_t *parser)
{
    (void)parser;
    return HPE_PAUSED;
}

static void trim(const char *head, struct http1_span *span)
{
    while (span->length > 0 && strchr(" \t", head[span->at + span->length - 1]) != NULL) {
        span->length--;
    }
    while (span->length > 0 && strchr(" \t", head[span->at]) != NULL) {
        span->at++;
        span->length--;
    }
}

static enum http1_split_result refusal(const struct splitter *splitter, llhttp_errno_t error)
{
    static const struct {
        llhttp_errno_t error;
        enum http1_split_result result;
    } table[] = {
        {HPE_INVALID_METHOD, HTTP1_SPLIT_UNKNOWN_METHOD},
        {HPE_INVALID_URL, HTTP1_SPLIT_BAD_TARGET},
        {HPE_INVALID_VERSION, HTTP1_SPLIT_BAD_VERSION},
        {HPE_INVALID_CONTENT_LENGTH, HTTP1_SPLIT_BAD_LENGTH},
        {HPE_UNEXPECTED_CONTENT_LENGTH, HTTP1_SPLIT_BAD_LENGTH},
        {HPE_INVALID_TRANSFER_ENCODING, HTTP1_SPLIT_TRANSFER_ENCODING},
    };
    if (splitter->too_many) {
        return HTTP1_SPLIT_TOO_MANY_FIELDS;
    }
    for (size_t i = 0; i < ARRAY_LENGTH(table); i++) {
        if (table[i].error == error) {
            return table[i].result;
        }
    }
    return HTTP1_SPLIT_MALFORMED;
}

static void init_settings(llhttp_settings_t *settings)
{
    llhttp_settings_init(settings);
    settings->on_url = on_url;
    settings->on_header_field = on_name;
    settings->on_header_field_complete = on_name_complete;
    settings->on_header_value = on_value;
    settings->on_headers_complete = on_head_complete;
}

enum http1_split_result http1_split(const char *head, size_t length, struct http1_parts *ret_parts)
{
    llhttp_settings_t settings;
    init_settings(&settings);
    struct splitter splitter = {.head = head, .parts = ret_parts};
    llhttp_init(&splitter.parser, HTTP_REQUEST, &settings);
    ret_parts->method = NULL;
    ret_parts->target = (struct http1_span){0};
    ret_parts->field_count = 0;

    llhttp_errno_t error = llhttp_execute(&splitter.parser, head, length);
    if (ret_parts->target.length > 0) {
        ret_parts->method = llhttp_method_name((llhttp_method_t)splitter.parser.method);
    }
    for (size_t i = 0; i < ret_parts->field_count; i++) {
        trim(head, &ret_parts->fields[i].value);
    }
    if (error != HPE_PAUSED) {
        return refusal(&splitter, error);
    }
    if (llhttp_get_error_pos(&splitter.parser) != head + length) {
        return HTTP1_SPLIT_MALFORMED;
    }
    if (splitter.parser.http_major != 1 || splitter.parser.http_minor != 1) {
        return HTTP1_SPLIT_BAD_VERSION;
    }
    return HTTP1_SPLIT_OK;
}
