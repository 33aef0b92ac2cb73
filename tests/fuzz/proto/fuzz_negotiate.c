/* SPDX-License-Identifier: EUPL-1.2 */
/* Accept, Content-Type and traceparent: the same text as each of them. */
#include <stdlib.h>
#include <string.h>

#include "proto/exchange.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text = malloc(size + 1);
    if (text == NULL) {
        return 0;
    }
    memcpy(text, data, size);
    text[size] = '\0';
    struct http_request request = {
        .header_count = 3,
        .headers = {{"accept", text}, {"content-type", text}, {"traceparent", text}}};
    struct attribution by = {0};
    static const char json[] = "application/json";
    static const char plain[] = "text/plain; charset=utf-8";
    bool first = negotiate_prefers(&request, json, plain);
    bool second = negotiate_prefers(&request, plain, json);
    if ((first && second) || (first && negotiate_accept(&request, json) != NULL) ||
        (second && negotiate_accept(&request, plain) != NULL)) {
        abort(); /* what is preferred is accepted */
    }
    (void)negotiate_content(&request);
    if (negotiate_trace(&request, &by) != by.traced) {
        abort();
    }
    free(text);
    return 0;
}
