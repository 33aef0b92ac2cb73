/* SPDX-License-Identifier: EUPL-1.2 */
/*
 * Memory that lives as long as one request: handed out in a row, never given back singly, zeroed
 * and freed together. Used by one thread at a time.
 */
#ifndef STORE_BASE_ARENA_H
#define STORE_BASE_ARENA_H

#include <stdarg.h>

#include "crypto/basics.h"

struct arena_block;
struct arena {
    struct arena_block *blocks;
    size_t total; /* bytes taken so far */
};

#define ARENA_MAXIMUM (64u << 20) /* bytes; what one request may use */

void arena_init(struct arena *arena);
void arena_finish(struct arena *arena); /* wipes all; may be used again after */

/* Zeroed, aligned for any type. NULL when memory or ARENA_MAXIMUM is used up. */
void *arena_new(struct arena *arena, size_t size) MUST_CHECK;
char *arena_copy_text(struct arena *arena, const char *text, size_t length) MUST_CHECK;
char *arena_print(struct arena *arena, const char *format, ...) MUST_CHECK PRINTF_LIKE(2, 3);

#endif
