/* SPDX-License-Identifier: EUPL-1.2 */
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "crypto/secret.h"
#include "proto/cursor.h"

static struct arena arena;

static void test_round_trip(void **state)
{
    (void)state;
    uint8_t in[CURSOR_PAYLOAD_MAXIMUM];
    arena_init(&arena);
    for (size_t size = 0; size <= sizeof(in); size++) {
        uint8_t out[CURSOR_PAYLOAD_MAXIMUM] = {0};
        size_t got = 999;
        memset(in, (int)size, sizeof(in));
        const char *text = cursor_encode(&arena, CURSOR_LOG, in, size);
        assert_non_null(text);
        assert_true(strlen(text) <= CURSOR_TEXT_MAXIMUM);
        assert_int_equal(cursor_decode(CURSOR_LOG, text, strlen(text), size, size, out, &got), 0);
        assert_int_equal(got, size);
        assert_memory_equal(in, out, size);
        assert_int_equal(cursor_decode(CURSOR_SIGNALS, text, strlen(text), size, size, out, &got),
                         CURSOR_MALFORMED);
        assert_int_equal(
            cursor_decode(CURSOR_LOG, text, strlen(text), size + 1, size + 1, out, &got),
            CURSOR_MALFORMED);
    }
    assert_null(cursor_encode(&arena, CURSOR_LOG, in, sizeof(in) + 1));
    arena_finish(&arena);
}

static void test_malformed(void **state)
{
    (void)state;
    static const char *const bad[] = {"",     "A",    "AQ",   "AQQ",   "AgQA",
                                      "AQQ=", "AQQ!", "////", "AQQAB", "AQQAA"};
    for (size_t i = 0; i < ARRAY_LENGTH(bad); i++) {
        uint8_t out[CURSOR_PAYLOAD_MAXIMUM];
        size_t size = 7;
        assert_int_equal(cursor_decode(CURSOR_LOG, bad[i], strlen(bad[i]), 1,
                                       CURSOR_PAYLOAD_MAXIMUM, out, &size),
                         CURSOR_MALFORMED);
        assert_int_equal(size, 7);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_round_trip),
        cmocka_unit_test(test_malformed),
    };
    if (secret_init() != 0) {
        return 1;
    }
    return cmocka_run_group_tests(tests, NULL, NULL);
}
