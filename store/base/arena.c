/* SPDX-License-Identifier: EUPL-1.2 */
#include "store/base/arena.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "crypto/secret.h"

/* A signal fits in the first block, and thousands of them may wait for a commit at once; a long
 * answer takes a few of the largest. */
#define FIRST_BLOCK ((size_t)2 << 10)
#define LARGEST_BLOCK ((size_t)1 << 20)
#define ALIGNMENT _Alignof(max_align_t)

/* The first of the list is the one being filled. */
struct arena_block {
    struct arena_block *next;
    size_t size; /* of `memory` */
    size_t used;
    _Alignas(ALIGNMENT) uint8_t memory[];
};

void arena_init(struct arena *arena)
{
    arena->blocks = NULL;
    arena->total = 0;
}

void arena_finish(struct arena *arena)
{
    struct arena_block *block = arena->blocks;
    while (block != NULL) {
        struct arena_block *next = block->next;
        /* What was never given out was never written. */
        secret_wipe(block, sizeof(*block) + block->used);
        free(block);
        block = next;
    }
    arena_init(arena);
}

static struct arena_block *new_block(size_t size)
{
    struct arena_block *block = malloc(sizeof(*block) + size);
    if (block == NULL)
        return NULL;
    block->next = NULL;
    block->size = size;
    block->used = 0;
    return block;
}

/* A block with `size` bytes left. */
static struct arena_block *find_room(struct arena *arena, size_t size)
{
    struct arena_block *current = arena->blocks;
    if (current != NULL && current->size - current->used >= size)
        return current;

    size_t wanted = current == NULL ? FIRST_BLOCK : current->size * 2;
    if (wanted > LARGEST_BLOCK)
        wanted = LARGEST_BLOCK;
    bool large = size > wanted / 2;
    struct arena_block *block = new_block(large ? size : wanted);
    if (block == NULL)
        return NULL;
    /* Something large stands apart, behind the current block, whose rest can still be used. */
    if (large && current != NULL) {
        block->next = current->next;
        current->next = block;
    } else {
        block->next = current;
        arena->blocks = block;
    }
    return block;
}

void *arena_new(struct arena *arena, size_t size)
{
    if (size > ARENA_MAXIMUM)
        return NULL;
    size_t rounded = (size == 0 ? ALIGNMENT : size + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
    if (rounded > ARENA_MAXIMUM - arena->total)
        return NULL;
    struct arena_block *block = find_room(arena, rounded);
    if (block == NULL)
        return NULL;
    void *memory = block->memory + block->used;
    block->used += rounded;
    arena->total += rounded;
    return memset(memory, 0, rounded);
}

char *arena_copy_text(struct arena *arena, const char *text, size_t length)
{
    if (length >= ARENA_MAXIMUM)
        return NULL;
    char *copy = arena_new(arena, length + 1);
    if (copy != NULL && length > 0)
        memcpy(copy, text, length);
    return copy;
}

char *arena_print(struct arena *arena, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    int length = vsnprintf(NULL, 0, format, arguments);
    va_end(arguments);
    if (length < 0)
        return NULL;
    char *text = arena_new(arena, (size_t)length + 1);
    if (text == NULL)
        return NULL;
    va_start(arguments, format);
    (void)vsnprintf(text, (size_t)length + 1, format, arguments);
    va_end(arguments);
    return text;
}
