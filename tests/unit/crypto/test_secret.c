/* SPDX-License-Identifier: EUPL-1.2 */
#include "support.h"

#include <errno.h>
#include <malloc.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "crypto/secret.h"

/*
 * The test is linked with --wrap=free, so that every block that crypto/ gives back is seen here
 * while it can still be looked at.
 */
static unsigned freed;
static unsigned freed_dirty;

void __real_free(void *memory);
void __wrap_free(void *memory);
void __wrap_free(void *memory)
{
    if (memory != NULL) {
        const uint8_t *bytes = memory;
        size_t size = malloc_usable_size(memory);
        uint8_t any = 0;
        for (size_t i = 0; i < size; i++) {
            any |= bytes[i];
        }
        freed++;
        freed_dirty += any != 0;
    }
    __real_free(memory);
}

static void watch_frees(void)
{
    freed = 0;
    freed_dirty = 0;
}

static void test_free_wipes(void **state)
{
    (void)state;
    for (size_t size = 0; size < 300; size++) {
        void *memory = secret_malloc(size);
        assert_non_null(memory);
        memset(memory, 0xa5, size);
        watch_frees();
        secret_free(memory);
        assert_int_equal(freed, 1);
        assert_int_equal(freed_dirty, 0);
    }
    secret_free(NULL);
}

static void test_realloc_keeps_content_and_wipes_what_it_leaves(void **state)
{
    (void)state;
    static const size_t sizes[] = {1, 24, 25, 100, 5000, 4999, 3000, 40, 1, 200000, 8};
    size_t held = 0;
    uint8_t *memory = NULL;
    watch_frees();
    for (size_t i = 0; i < ARRAY_LENGTH(sizes); i++) {
        memory = secret_realloc(memory, sizes[i]);
        assert_non_null(memory);
        for (size_t j = 0; j < (held < sizes[i] ? held : sizes[i]); j++) {
            assert_int_equal(memory[j], (uint8_t)(j | 1));
        }
        for (size_t j = 0; j < sizes[i]; j++) {
            memory[j] = (uint8_t)(j | 1);
        }
        held = sizes[i];
    }
    assert_true(freed > 0);
    assert_null(secret_realloc(memory, 0));
    assert_int_equal(freed_dirty, 0);
}

static void test_realloc_shrinking_in_place_wipes_the_tail(void **state)
{
    (void)state;
    uint8_t *memory = secret_malloc(1000);
    assert_non_null(memory);
    memset(memory, 0xa5, 1000);
    watch_frees();
    uint8_t *shrunk = secret_realloc(memory, 600);
    assert_ptr_equal(shrunk, memory);
    assert_int_equal(freed, 0);
    assert_int_equal(shrunk[599], 0xa5);
    for (size_t i = 600; i < 1000; i++) {
        assert_int_equal(shrunk[i], 0);
    }
    secret_free(shrunk);
    assert_int_equal(freed_dirty, 0);
}

static void test_realloc_failure_leaves_the_block(void **state)
{
    (void)state;
    /* Through a volatile, for the compiler refuses so large a constant. */
    volatile size_t too_large = SIZE_MAX / 2;
    char *memory = secret_malloc(8);
    assert_non_null(memory);
    memcpy(memory, "1234567", 8);
#ifndef VIX_SANITIZED
    assert_null(secret_realloc(memory, too_large));
#else
    (void)too_large; /* AddressSanitizer ends the program on such a request */
#endif
    assert_string_equal(memory, "1234567");
    secret_free(memory);
}

static void test_locked_memory_is_zeroed_and_writable(void **state)
{
    (void)state;
    static const size_t sizes[] = {1, 32, 4096, 20000};
    for (size_t i = 0; i < ARRAY_LENGTH(sizes); i++) {
        uint8_t *memory = secret_lock_new(sizes[i]);
        assert_non_null(memory);
        for (size_t j = 0; j < sizes[i]; j++) {
            assert_int_equal(memory[j], 0);
        }
        memset(memory, 0xff, sizes[i]);
        secret_lock_free(memory);
    }
    secret_lock_free(NULL);
    assert_null(secret_lock_new(SIZE_MAX));
    assert_int_equal(errno, ENOMEM);
}

#ifndef VIX_SANITIZED
/* Runs in a child: without the right and the limit to lock, there is no locked memory. */
static int try_to_lock_unlocked(void)
{
    const struct rlimit none = {0, 0};
    if (setrlimit(RLIMIT_MEMLOCK, &none) != 0 || (geteuid() == 0 && setresuid(1, 1, 1) != 0)) {
        return 3;
    }
    errno = 0;
    void *memory = secret_lock_new(32);
    return memory != NULL ? 1 : errno == ENOMEM || errno == EPERM || errno == EAGAIN ? 0 : 2;
}
#endif

static void test_lock_that_fails_is_a_failure(void **state)
{
    (void)state;
#ifdef VIX_SANITIZED
    skip(); /* the sanitizers replace mlock() by nothing */
#else
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        _exit(try_to_lock_unlocked());
    }
    int status = 0;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 0);
#endif
}

static void test_equal(void **state)
{
    (void)state;
    uint8_t a[32];
    uint8_t b[32];
    secret_random(a, sizeof(a));
    memcpy(b, a, sizeof(b));
    assert_int_equal(secret_equal(a, b, sizeof(a)), 1);
    assert_int_equal(secret_equal(a, b, 0), 1);
    for (size_t bit = 0; bit < sizeof(a) * 8; bit++) {
        b[bit / 8] ^= (uint8_t)(1u << bit % 8);
        assert_int_equal(secret_equal(a, b, sizeof(a)), 0);
        b[bit / 8] ^= (uint8_t)(1u << bit % 8);
    }
}

static void test_random_differs(void **state)
{
    (void)state;
    uint8_t a[32] = {0};
    uint8_t b[32] = {0};
    secret_random(a, sizeof(a));
    secret_random(b, sizeof(b));
    assert_memory_not_equal(a, b, sizeof(a));
}

/* RFC 4648 section 10, with the padding taken off, and the two characters that differ. */
static void test_base64url_vectors(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        const char *bytes;
        size_t size;
    } vectors[] = {
        {"", "", 0},
        {"Zg", "f", 1},
        {"Zm8", "fo", 2},
        {"Zm9v", "foo", 3},
        {"Zm9vYg", "foob", 4},
        {"Zm9vYmE", "fooba", 5},
        {"Zm9vYmFy", "foobar", 6},
        {"-_-_", "\xfb\xff\xbf", 3},
    };
    for (size_t i = 0; i < ARRAY_LENGTH(vectors); i++) {
        char text[32];
        uint8_t bytes[8] = {0};
        secret_to_base64url((const uint8_t *)vectors[i].bytes, vectors[i].size, text);
        assert_string_equal(text, vectors[i].text);
        assert_int_equal(secret_from_base64url(text, strlen(text), bytes, vectors[i].size), 0);
        assert_memory_equal(bytes, vectors[i].bytes, vectors[i].size);
    }
}

static void test_base64url_refuses(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        size_t size;
    } bad[] = {
        {"Zg==", 1},  {"Zg=", 1},    {"Zh", 1},         {"Zm9", 2},  {"Zm+v", 3}, {"Zm/v", 3},
        {"Zm9\n", 3}, {" Zm9", 3},   {"Zm9v", 2},       {"Zm9v", 4}, {"Zg", 0},   {"", 1},
        {"Z", 1},     {"Zm9v\n", 3}, {"Zm\xc3\xa9", 3}, {"Zm9.", 3},
    };
    for (size_t i = 0; i < ARRAY_LENGTH(bad); i++) {
        uint8_t bytes[8];
        memset(bytes, 0x5a, sizeof(bytes));
        assert_int_equal(
            secret_from_base64url(bad[i].text, strlen(bad[i].text), bytes, bad[i].size),
            SECRET_MALFORMED);
        for (size_t j = 0; j < sizeof(bytes); j++) {
            assert_int_equal(bytes[j], 0x5a);
        }
    }
}

/* Of all 256^2 texts of two characters exactly one spells each byte. */
static void test_base64url_spells_each_byte_once(void **state)
{
    (void)state;
    unsigned spellings[256] = {0};
    for (unsigned i = 0; i < 65536; i++) {
        const char text[2] = {(char)(i >> 8), (char)i};
        uint8_t byte = 0;
        if (secret_from_base64url(text, 2, &byte, 1) == 0) {
            spellings[byte]++;
        }
    }
    for (unsigned i = 0; i < 256; i++) {
        assert_int_equal(spellings[i], 1);
    }
}

static void test_hex_spells_each_byte_once(void **state)
{
    (void)state;
    unsigned spellings[256] = {0};
    for (unsigned i = 0; i < 65536; i++) {
        const char text[2] = {(char)(i >> 8), (char)i};
        char again[SECRET_HEX_SIZE(1)];
        uint8_t byte = 0;
        if (secret_from_hex(text, 2, &byte, 1) == 0) {
            spellings[byte]++;
            secret_to_hex(&byte, 1, again);
            assert_memory_equal(again, text, 2);
        }
    }
    for (unsigned i = 0; i < 256; i++) {
        assert_int_equal(spellings[i], 1);
    }
}

static void test_hex_refuses(void **state)
{
    (void)state;
    static const char *const bad[] = {"", "0", "0001", "0g", "AB", " 1", "1 ", "0x"};
    for (size_t i = 0; i < ARRAY_LENGTH(bad); i++) {
        uint8_t byte = 0x5a;
        assert_int_equal(secret_from_hex(bad[i], strlen(bad[i]), &byte, 1), SECRET_MALFORMED);
        assert_int_equal(byte, 0x5a);
    }
}

static void test_codings_round_trip(void **state)
{
    (void)state;
    for (size_t size = 0; size <= 80; size++) {
        uint8_t bytes[80];
        uint8_t back[80];
        char base64[SECRET_BASE64URL_SIZE(80)];
        char hex[SECRET_HEX_SIZE(80)];
        secret_random(bytes, sizeof(bytes));

        secret_to_base64url(bytes, size, base64);
        assert_int_equal(strlen(base64), SECRET_BASE64URL_SIZE(size) - 1);
        assert_int_equal(secret_from_base64url(base64, strlen(base64), back, size), 0);
        assert_memory_equal(back, bytes, size);

        secret_to_hex(bytes, size, hex);
        assert_int_equal(strlen(hex), SECRET_HEX_SIZE(size) - 1);
        assert_int_equal(secret_from_hex(hex, strlen(hex), back, size), 0);
        assert_memory_equal(back, bytes, size);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_free_wipes),
        cmocka_unit_test(test_realloc_keeps_content_and_wipes_what_it_leaves),
        cmocka_unit_test(test_realloc_shrinking_in_place_wipes_the_tail),
        cmocka_unit_test(test_realloc_failure_leaves_the_block),
        cmocka_unit_test(test_locked_memory_is_zeroed_and_writable),
        cmocka_unit_test(test_lock_that_fails_is_a_failure),
        cmocka_unit_test(test_equal),
        cmocka_unit_test(test_random_differs),
        cmocka_unit_test(test_base64url_vectors),
        cmocka_unit_test(test_base64url_refuses),
        cmocka_unit_test(test_base64url_spells_each_byte_once),
        cmocka_unit_test(test_hex_spells_each_byte_once),
        cmocka_unit_test(test_hex_refuses),
        cmocka_unit_test(test_codings_round_trip),
    };
    return cmocka_run_group_tests_name("secret", tests, support_init, NULL);
}
