/* SPDX-License-Identifier: EUPL-1.2 */
#include <malloc.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "store/base/arena.h"

/* The linker leads free() here (--wrap), so that a test sees what memory holds as it is freed. */
void __real_free(void *memory);
void __wrap_free(void *memory);

/* A piece of memory that is looked at when the allocation that holds it is freed. */
static struct {
    const uint8_t *memory;
    size_t size;
    unsigned seen;
    bool zero;
} watch;

void __wrap_free(void *memory)
{
    uintptr_t start = (uintptr_t)memory;
    uintptr_t watched = (uintptr_t)watch.memory;
    if (memory != NULL && start <= watched && watched - start < malloc_usable_size(memory)) {
        watch.seen++;
        watch.zero = true;
        for (size_t i = 0; i < watch.size; i++)
            watch.zero = watch.zero && watch.memory[i] == 0;
    }
    __real_free(memory);
}

static bool is_zero(const uint8_t *memory, size_t size)
{
    for (size_t i = 0; i < size; i++) {
        if (memory[i] != 0)
            return false;
    }
    return true;
}

/* Leaves memory behind, of the sizes that blocks have, that is anything but zero. */
static void soil_heap(void)
{
    void *soiled[64];
    for (size_t i = 0; i < ARRAY_LENGTH(soiled); i++) {
        size_t size = (size_t)9000 << i % 4;
        soiled[i] = malloc(size);
        assert_non_null(soiled[i]);
        memset(soiled[i], 0xff, size);
        __asm__ volatile("" : : "r"(soiled[i]) : "memory"); /* not to be left out */
    }
    for (size_t i = 0; i < ARRAY_LENGTH(soiled); i++)
        free(soiled[i]);
}

static void test_memory_is_zeroed_aligned_and_apart(void **state)
{
    (void)state;
    static const size_t SIZES[] = {0,   1,    2,    7,     8,     15,     16,      17,
                                   100, 4095, 4096, 8191,  8192,  8193,   70000,   1 << 20,
                                   3,   500,  9000, 65536, 33333, 300000, 2 << 20, 5};
    struct arena arena;
    uint8_t *pieces[ARRAY_LENGTH(SIZES) * 3];
    soil_heap();
    arena_init(&arena);
    for (size_t i = 0; i < ARRAY_LENGTH(pieces); i++) {
        size_t size = SIZES[i % ARRAY_LENGTH(SIZES)];
        pieces[i] = arena_new(&arena, size);
        assert_non_null(pieces[i]);
        assert_int_equal((uintptr_t)pieces[i] % _Alignof(max_align_t), 0);
        assert_true(is_zero(pieces[i], size));
        memset(pieces[i], (int)(i + 1), size);
    }
    for (size_t i = 0; i < ARRAY_LENGTH(pieces); i++) {
        size_t size = SIZES[i % ARRAY_LENGTH(SIZES)];
        for (size_t j = 0; j < size; j++)
            assert_int_equal(pieces[i][j], i + 1);
    }
    arena_finish(&arena);
    assert_int_equal(arena.total, 0);
    assert_null(arena.blocks);
}

static void test_empty_pieces_differ(void **state)
{
    (void)state;
    struct arena arena;
    arena_init(&arena);
    void *first = arena_new(&arena, 0);
    void *second = arena_new(&arena, 0);
    assert_non_null(first);
    assert_non_null(second);
    assert_ptr_not_equal(first, second);
    arena_finish(&arena);
}

static void test_maximum_is_held(void **state)
{
    (void)state;
    struct arena arena;
    arena_init(&arena);
    assert_null(arena_new(&arena, (size_t)ARENA_MAXIMUM + 1));
    assert_null(arena_new(&arena, SIZE_MAX));
    assert_null(arena_new(&arena, SIZE_MAX - 15));
    assert_null(arena_copy_text(&arena, "", ARENA_MAXIMUM));
    assert_null(arena_copy_text(&arena, "", SIZE_MAX));
    assert_int_equal(arena.total, 0);

    assert_non_null(arena_new(&arena, ARENA_MAXIMUM - 64));
    assert_null(arena_new(&arena, 65));
    assert_non_null(arena_new(&arena, 48));
    assert_non_null(arena_new(&arena, 1));
    assert_int_equal(arena.total, ARENA_MAXIMUM);
    assert_null(arena_new(&arena, 1));
    assert_null(arena_new(&arena, 0));
    assert_null(arena_print(&arena, "%s", "more"));

    arena_finish(&arena);
    assert_non_null(arena_new(&arena, 65));
    arena_finish(&arena);
}

static void test_many_small_pieces_reach_the_maximum(void **state)
{
    (void)state;
    struct arena arena;
    arena_init(&arena);
    size_t count = 0;
    while (arena_new(&arena, 1000) != NULL)
        count++;
    assert_int_equal(count, ARENA_MAXIMUM / 1008);
    arena_finish(&arena);
}

static void check_wiped(size_t before, size_t size)
{
    struct arena arena;
    arena_init(&arena);
    for (size_t i = 0; i < before; i++)
        assert_non_null(arena_new(&arena, 1000));
    uint8_t *secret = arena_new(&arena, size);
    assert_non_null(secret);
    memset(secret, 0xa5, size);
    watch.memory = secret;
    watch.size = size;
    watch.seen = 0;
    watch.zero = false;
    arena_finish(&arena);
    watch.memory = NULL;
    assert_int_equal(watch.seen, 1);
    assert_true(watch.zero);
}

static void test_memory_is_wiped_before_it_is_freed(void **state)
{
    (void)state;
    check_wiped(0, 9);
    check_wiped(0, 8192);
    check_wiped(3, 100);
    check_wiped(0, 100000);
    check_wiped(40, 60000);
}

static void test_texts(void **state)
{
    (void)state;
    struct arena arena;
    arena_init(&arena);
    assert_string_equal(arena_copy_text(&arena, "dossier-17 and more", 10), "dossier-17");
    assert_string_equal(arena_copy_text(&arena, "", 0), "");
    assert_string_equal(arena_copy_text(&arena, NULL, 0), "");
    assert_memory_equal(arena_copy_text(&arena, "a\0b", 3), "a\0b\0", 4);
    assert_string_equal(arena_print(&arena, "%s/%d", "signals", 42), "signals/42");
    assert_string_equal(arena_print(&arena, "%s", ""), "");

    char *wide = arena_print(&arena, "%*d", 20000, 7);
    assert_int_equal(strlen(wide), 20000);
    assert_int_equal(wide[19999], '7');
    arena_finish(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_memory_is_zeroed_aligned_and_apart),
        cmocka_unit_test(test_empty_pieces_differ),
        cmocka_unit_test(test_maximum_is_held),
        cmocka_unit_test(test_many_small_pieces_reach_the_maximum),
        cmocka_unit_test(test_memory_is_wiped_before_it_is_freed),
        cmocka_unit_test(test_texts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
