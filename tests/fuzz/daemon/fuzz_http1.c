/* SPDX-License-Identifier: EUPL-1.2 */
/*
 * A request head as it is delivered. However the bytes are cut up the outcome must be the same, and
 * what is accepted must have the properties that the rest of the daemon relies on.
 */
#include <stdlib.h>
#include <string.h>

#include "daemon/http1.h"
#include "proto/problem.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define REQUIRE(condition)                                                                         \
    do {                                                                                           \
        if (!(condition)) {                                                                        \
            abort();                                                                               \
        }                                                                                          \
    } while (0)

static enum http1_result scan_in_steps(const uint8_t *data, size_t size, size_t step,
                                       struct http1_scan *scan,
                                       const struct http1_refusal **refusal)
{
    enum http1_result result = HTTP1_MORE;
    for (size_t at = 0; at < size && result == HTTP1_MORE; at += step) {
        size_t piece = size - at < step ? size - at : step;
        result = http1_scan(scan, data + at, piece, refusal);
    }
    return result;
}

static void check_text(const char *text)
{
    for (; *text != '\0'; text++) {
        REQUIRE((unsigned char)*text >= 0x20 || *text == '\t');
        REQUIRE(*text != 0x7f);
    }
}

static void check_request(const struct http_request *request, const struct http1_framing *framing)
{
    size_t hosts = 0;
    REQUIRE(request->target[0] == '/');
    REQUIRE(strpbrk(request->target, " #\t\"<>\\") == NULL);
    check_text(request->target);
    REQUIRE(request->header_count <= HTTP_HEADERS_MAXIMUM);
    for (size_t i = 0; i < request->header_count; i++) {
        const char *name = request->headers[i].name;
        REQUIRE(name[0] != '\0' && strpbrk(name, " \t:ABCDEFGHIJKLMNOPQRSTUVWXYZ") == NULL);
        check_text(name);
        check_text(request->headers[i].value);
        hosts += strcmp(name, "host") == 0;
        REQUIRE(strcmp(name, "transfer-encoding") != 0 && strcmp(name, "upgrade") != 0);
    }
    REQUIRE(hosts == 1);
    bool takes_body = request->method == HTTP_POST || request->method == HTTP_PUT ||
                      request->method == HTTP_PATCH;
    REQUIRE(takes_body || framing->body_size == 0);
    REQUIRE(!takes_body || http_request_header(request, "content-length") != NULL);
}

static void parse(const uint8_t *data, size_t size)
{
    struct http_request request = {0};
    struct http1_framing framing = {0};
    const struct http1_refusal *refusal = NULL;
    char *head = malloc(size);
    if (head == NULL) {
        return;
    }
    memcpy(head, data, size);
    if (http1_parse(head, size, &request, &framing, &refusal) == HTTP1_DONE) {
        check_request(&request, &framing);
    } else {
        REQUIRE(strcmp(problem_find(refusal->slug)->slug, refusal->slug) == 0);
        REQUIRE(request.target != NULL && request.method != 0);
    }
    free(head);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const size_t steps[] = {1, 7};
    struct http1_scan whole = {0};
    const struct http1_refusal *refusal = NULL;
    enum http1_result result = size > 0 ? http1_scan(&whole, data, size, &refusal) : HTTP1_MORE;
    REQUIRE(whole.size <= HTTP1_HEAD_MAXIMUM);
    for (size_t i = 0; i < ARRAY_LENGTH(steps); i++) {
        struct http1_scan scan = {0};
        const struct http1_refusal *again = NULL;
        REQUIRE(scan_in_steps(data, size, steps[i], &scan, &again) == result);
        REQUIRE(scan.size == whole.size && again == refusal);
    }
    if (result == HTTP1_DONE) {
        parse(data, whole.size);
    }
    return 0;
}
