/* SPDX-License-Identifier: EUPL-1.2 */
#include "daemon/answer.h"

#include <errno.h>
#include <event2/buffer.h>
#include <openssl/err.h>
#include <string.h>
#include <time.h>

#include "crypto/secret.h"

#define HEAD_MAXIMUM ((size_t)8 << 10)
#define HEAD_FIXED 256 /* bytes: status line, date, length, connection */

/* Bytes; what is more lets others have their turn. */
#define AT_ONCE_MAXIMUM ((size_t)64 << 10)

/* A head in the making. */
struct head {
    char *text;
    size_t size;
};

/* No format strings, which would be a tenth of what a small answer costs. */
static void append(struct head *head, const char *text)
{
    size_t size = strlen(text);
    memcpy(head->text + head->size, text, size);
    head->size += size;
}

static void append_number(struct head *head, uint64_t number)
{
    head->size += put_decimal(head->text + head->size, number);
}

static void append_field(struct head *head, const char *name, const char *value)
{
    append(head, name);
    append(head, ": ");
    append(head, value);
    append(head, "\r\n");
}

/* RFC 9110 section 5.6.7, without the locale that strftime() asks. */
static void append_date(struct head *head)
{
    static const char days[][4] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
    static const char months[][4] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                     "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    static const char pattern[] = "Date: Sun, 00 Jan 0000 00:00:00 GMT\r\n";
    time_t now = time(NULL);
    struct tm parts;
    gmtime_r(&now, &parts);
    const int year = parts.tm_year + 1900;
    const struct {
        size_t at;
        int value;
    } pairs[] = {{11, parts.tm_mday}, {18, year / 100},   {20, year % 100},
                 {23, parts.tm_hour}, {26, parts.tm_min}, {29, parts.tm_sec}};
    char *text = head->text + head->size;
    memcpy(text, pattern, sizeof(pattern) - 1);
    memcpy(text + 6, days[parts.tm_wday], 3);
    memcpy(text + 14, months[parts.tm_mon], 3);
    for (size_t i = 0; i < ARRAY_LENGTH(pairs); i++) {
        text[pairs[i].at] = (char)('0' + pairs[i].value / 10);
        text[pairs[i].at + 1] = (char)('0' + pairs[i].value % 10);
    }
    head->size += sizeof(pattern) - 1;
}

/* At most how large the head becomes; 0 when a header is not as it should be. */
static size_t measure_head(const struct http_response *response)
{
    size_t size = HEAD_FIXED + strlen(http_status_text(response->status));
    for (size_t i = 0; i < response->header_count; i++) {
        const struct http_header *header = &response->headers[i];
        size_t name = strlen(header->name);
        size_t value = strlen(header->value);
        if (strcspn(header->name, "\r\n:") != name || strcspn(header->value, "\r\n") != value) {
            return 0;
        }
        size += name + value + 4;
    }
    return size + (response->content_type != NULL ? strlen(response->content_type) : 0);
}

static void write_head(const struct http_response *response, bool close, struct head *head)
{
    append(head, "HTTP/1.1 ");
    append_number(head, (uint64_t)response->status);
    append(head, " ");
    append(head, http_status_text(response->status));
    append(head, "\r\n");
    append_date(head);
    for (size_t i = 0; i < response->header_count; i++) {
        append_field(head, response->headers[i].name, response->headers[i].value);
    }
    if (response->content_type != NULL) {
        append_field(head, "Content-Type", response->content_type);
    }
    if (response->status != 204 && response->status != 304) {
        append(head, "Content-Length: ");
        append_number(head, response->body_size);
        append(head, "\r\n");
    }
    append(head, close ? "Connection: close\r\n\r\n" : "\r\n");
}

static void release(const void *memory, size_t size, void *user)
{
    (void)memory;
    (void)size;
    secret_free(user);
}

/* How much TLS took without waiting. What stopped it stops what comes after it, too, which begins
 * again with the same bytes, as TLS demands, and tells. */
static size_t write_now(SSL *ssl, const char *bytes, size_t size)
{
    size_t sent = 0;
    ERR_clear_error();
    return SSL_write_ex(ssl, bytes, size < AT_ONCE_MAXIMUM ? size : AT_ONCE_MAXIMUM, &sent) == 1
               ? sent
               : 0;
}

int answer_write(const struct http_response *response, bool head_only, bool close, SSL *ssl,
                 struct evbuffer *out)
{
    size_t bound = measure_head(response);
    if (bound == 0 || bound > HEAD_MAXIMUM) {
        return -EINVAL;
    }
    size_t body = head_only || response->body == NULL ? 0 : response->body_size;
    struct head head = {.text = secret_malloc(bound + body)};
    if (head.text == NULL) {
        return -ENOMEM;
    }
    write_head(response, close, &head);
    if (body > 0) {
        memcpy(head.text + head.size, response->body, body);
    }
    size_t size = head.size + body;
    size_t sent = ssl != NULL ? write_now(ssl, head.text, size) : 0;
    if (sent == size) {
        secret_free(head.text);
    } else if (evbuffer_add_reference(out, head.text + sent, size - sent, release, head.text) !=
               0) {
        secret_free(head.text);
        return -ENOMEM;
    }
    return 0;
}
