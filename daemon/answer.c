/* SPDX-License-Identifier: EUPL-1.2 */
#include "daemon/answer.h"

#include <errno.h>
#include <event2/buffer.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "crypto/secret.h"

#define HEAD_MAXIMUM ((size_t)8 << 10)

/* A head in the making; `size` beyond HEAD_MAXIMUM means that it did not fit. */
struct head {
    char text[HEAD_MAXIMUM];
    size_t size;
};

static void PRINTF_LIKE(2, 3) append(struct head *head, const char *format, ...)
{
    if (head->size >= HEAD_MAXIMUM) {
        return;
    }
    va_list values;
    va_start(values, format);
    int size = vsnprintf(head->text + head->size, HEAD_MAXIMUM - head->size, format, values);
    va_end(values);
    head->size += size < 0 ? HEAD_MAXIMUM : (size_t)size;
}

/* RFC 9110 section 5.6.7, without the locale that strftime() asks. */
static void append_date(struct head *head)
{
    static const char days[][4] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
    static const char months[][4] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                     "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    time_t now = time(NULL);
    struct tm parts;
    gmtime_r(&now, &parts);
    append(head, "Date: %s, %02d %s %04d %02d:%02d:%02d GMT\r\n", days[parts.tm_wday],
           parts.tm_mday, months[parts.tm_mon], parts.tm_year + 1900, parts.tm_hour, parts.tm_min,
           parts.tm_sec);
}

static int write_head(const struct http_response *response, bool close, struct head *head)
{
    append(head, "HTTP/1.1 %d %s\r\n", response->status, http_status_text(response->status));
    append_date(head);
    for (size_t i = 0; i < response->header_count; i++) {
        const struct http_header *header = &response->headers[i];
        if (strpbrk(header->name, "\r\n:") != NULL || strpbrk(header->value, "\r\n") != NULL) {
            return -EINVAL;
        }
        append(head, "%s: %s\r\n", header->name, header->value);
    }
    if (response->content_type != NULL) {
        append(head, "Content-Type: %s\r\n", response->content_type);
    }
    if (response->status != 204 && response->status != 304) {
        append(head, "Content-Length: %zu\r\n", response->body_size);
    }
    append(head, "%s\r\n", close ? "Connection: close\r\n" : "");
    return head->size < HEAD_MAXIMUM ? 0 : -EINVAL;
}

static void release(const void *memory, size_t size, void *user)
{
    (void)memory;
    (void)size;
    secret_free(user);
}

int answer_write(const struct http_response *response, bool head_only, bool close,
                 struct evbuffer *out)
{
    struct head head = {.size = 0};
    int result = write_head(response, close, &head);
    if (result != 0) {
        return result;
    }
    size_t body = head_only || response->body == NULL ? 0 : response->body_size;
    char *memory = secret_malloc(head.size + body);
    if (memory == NULL) {
        return -ENOMEM;
    }
    memcpy(memory, head.text, head.size);
    if (body > 0) {
        memcpy(memory + head.size, response->body, body);
    }
    if (evbuffer_add_reference(out, memory, head.size + body, release, memory) != 0) {
        secret_free(memory);
        return -ENOMEM;
    }
    return 0;
}
