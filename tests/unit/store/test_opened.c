/* SPDX-License-Identifier: EUPL-1.2 */
#include "store/party/opened.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define PARTY 7
#define SAME_SLOT (PARTY + 1024)

static void keep(struct opened *opened, uint32_t party, const char *sealed, const char *plain)
{
    const struct codec_reader reader = {.data = (const uint8_t *)plain, .left = strlen(plain)};
    opened_keep(opened, party, (struct kv_bytes){sealed, strlen(sealed)}, &reader);
}

/* What it gives for this value; NULL: nothing. */
static const char *find(struct opened *opened, struct arena *arena, uint32_t party,
                        const char *sealed)
{
    struct codec_reader plain = {.data = NULL};
    if (!opened_find(opened, party, (struct kv_bytes){sealed, strlen(sealed)}, arena, &plain)) {
        return NULL;
    }
    assert_int_equal(plain.left, strlen((const char *)plain.data)); /* which the arena zeroed */
    assert_false(plain.failed);
    return (const char *)plain.data;
}

static void test_only_the_same_bytes(void **state)
{
    (void)state;
    struct opened *opened;
    struct arena arena;
    arena_init(&arena);
    assert_int_equal(opened_new(&opened), 0);
    assert_null(find(opened, &arena, PARTY, ""));
    assert_null(find(opened, &arena, PARTY, "sealed-1"));
    keep(opened, PARTY, "sealed-1", "plain one");
    assert_string_equal(find(opened, &arena, PARTY, "sealed-1"), "plain one");
    assert_null(find(opened, &arena, PARTY, "sealed-2"));
    assert_null(find(opened, &arena, PARTY, "sealed-"));
    assert_null(find(opened, &arena, PARTY, "sealed-11"));
    assert_null(find(opened, &arena, SAME_SLOT, "sealed-1"));
    keep(opened, PARTY, "sealed-2", "plain two");
    assert_null(find(opened, &arena, PARTY, "sealed-1"));
    assert_string_equal(find(opened, &arena, PARTY, "sealed-2"), "plain two");
    keep(opened, SAME_SLOT, "sealed-3", "plain three");
    assert_null(find(opened, &arena, PARTY, "sealed-2"));
    assert_string_equal(find(opened, &arena, SAME_SLOT, "sealed-3"), "plain three");
    opened_forget(opened, PARTY);
    assert_string_equal(find(opened, &arena, SAME_SLOT, "sealed-3"), "plain three");
    opened_forget(opened, SAME_SLOT);
    opened_forget(opened, SAME_SLOT);
    assert_null(find(opened, &arena, SAME_SLOT, "sealed-3"));
    opened_free(opened);
    arena_finish(&arena);
}

static void test_what_is_large_is_not_kept(void **state)
{
    (void)state;
    struct opened *opened;
    struct arena arena;
    static char large[5000];
    memset(large, 's', sizeof(large) - 1);
    arena_init(&arena);
    assert_int_equal(opened_new(&opened), 0);
    keep(opened, PARTY, "sealed", "plain");
    keep(opened, PARTY, large, "large");
    assert_null(find(opened, &arena, PARTY, large));
    assert_string_equal(find(opened, &arena, PARTY, "sealed"), "plain");
    opened_free(opened);
    opened_free(NULL);
    arena_finish(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_only_the_same_bytes),
        cmocka_unit_test(test_what_is_large_is_not_kept),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
