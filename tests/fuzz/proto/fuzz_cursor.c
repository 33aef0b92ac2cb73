/* SPDX-License-Identifier: EUPL-1.2 */
/* A cursor as a client sends it. */
#include <stdlib.h>
#include <string.h>

#include "crypto/secret.h"
#include "proto/cursor.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    uint8_t payload[CURSOR_PAYLOAD_MAXIMUM];
    size_t got = 0;
    if (secret_init() != 0) {
        return 0;
    }
    for (int kind = CURSOR_SIGNALS; kind <= CURSOR_PARTIES; kind++) {
        if (cursor_decode((enum cursor_kind)kind, (const char *)data, size, 0, sizeof(payload),
                          payload, &got) != 0) {
            continue;
        }
        /* One spelling only: what was read is what would be given out. */
        struct arena arena;
        arena_init(&arena);
        const char *text = cursor_encode(&arena, (enum cursor_kind)kind, payload, got);
        if (text == NULL || strlen(text) != size || memcmp(text, data, size) != 0) {
            abort();
        }
        arena_finish(&arena);
    }
    return 0;
}
