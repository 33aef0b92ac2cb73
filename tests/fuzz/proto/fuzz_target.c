/* SPDX-License-Identifier: EUPL-1.2 */
/* The first byte chooses method and face; the rest is the request target: path and query. */
#include <stdlib.h>
#include <string.h>

#include "crypto/secret.h"
#include "proto/routes.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void decode_query(const struct route *route, const char *query, struct arena *arena)
{
    struct faults faults = {0};
    void *out = arena_new(arena, route->query != NULL ? route->query->size : 1);
    if (out == NULL || query_decode(query, route->query, arena, out, &faults) != 0) {
        abort();
    }
    if (route->query == NULL && query != NULL && strspn(query, "&") != strlen(query) &&
        faults.count == 0) {
        abort();
    }
}

static void look(const char *text, uint8_t choice)
{
    static const enum http_method methods[] = {HTTP_GET, HTTP_HEAD, HTTP_POST, HTTP_PUT,
                                               HTTP_DELETE};
    struct target target;
    struct route_match match;
    struct arena arena;
    if (query_split_target(text, &target) != 0) {
        return;
    }
    routes_match((choice & 0x80) != 0 ? API_CONTROL : API_PUBLIC,
                 methods[choice % ARRAY_LENGTH(methods)], &target, &match);
    if (match.route == NULL) {
        return;
    }
    arena_init(&arena);
    for (size_t i = 0; match.route->path != NULL && i < match.route->path->count; i++) {
        const char *value;
        size_t length;
        if (query_unescape(&arena, match.variables[i], match.lengths[i], false, &value, &length) ==
            0) {
            if (strlen(value) != length) {
                abort(); /* no NUL comes through */
            }
            (void)field_check_text(&match.route->path->fields[i], value, length);
        }
    }
    decode_query(match.route, target.query, &arena);
    arena_finish(&arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (secret_init() != 0 || size == 0) {
        return 0;
    }
    char *text = malloc(size);
    if (text == NULL) {
        return 0;
    }
    memcpy(text, data + 1, size - 1);
    text[size - 1] = '\0';
    look(text, data[0]);
    free(text);
    return 0;
}
