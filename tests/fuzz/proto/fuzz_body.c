/* SPDX-License-Identifier: EUPL-1.2 */
/* The first byte chooses a request type; the rest is the body, as it comes from the network. */
#include <stdlib.h>
#include <string.h>

#include "crypto/secret.h"
#include "proto/body.h"
#include "proto/routes.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct shape *choose(uint8_t choice)
{
    const struct shape *shapes[64];
    size_t count = 0;
    for (size_t i = 0; i < routes_count() && count < ARRAY_LENGTH(shapes); i++) {
        if (routes_at(i)->body != NULL) {
            shapes[count++] = routes_at(i)->body;
        }
    }
    return shapes[choice % count];
}

static void decode(const struct json_t *root, const struct shape *shape)
{
    struct arena arena;
    struct faults faults = {0};
    arena_init(&arena);
    void *out = arena_new(&arena, shape->size);
    if (out == NULL) {
        abort();
    }
    int result = body_decode(root, shape, &arena, out, &faults);
    if (result < 0 || (result == BODY_MALFORMED && faults.count != 1)) {
        abort();
    }
    /* What has no fault meets the table, by the other reading of it. */
    if (faults.count == 0 && body_check_answer(root, shape) != NULL) {
        abort();
    }
    for (size_t i = 0; i < faults.count; i++) {
        if (faults.items[i].pointer[0] != '#' || faults.items[i].detail == NULL) {
            abort();
        }
    }
    arena_finish(&arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    CLEANUP(body_freep) struct json_t *root = NULL;
    const char *detail = NULL;
    if (secret_init() != 0 || size == 0) {
        return 0;
    }
    body_start();
    int result = body_parse(data + 1, size - 1, &root, &detail);
    if (result == 0) {
        decode(root, choose(data[0]));
    } else if (result != BODY_MALFORMED || detail == NULL) {
        abort();
    }
    return 0;
}
