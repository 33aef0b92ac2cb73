/* SPDX-License-Identifier: EUPL-1.2 */
#include "support.h"

#include <signal.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "crypto/seal.h"

#define TABLE 7
#define KEY_ID 0x01020304

static const uint8_t key[SEAL_KEY_BYTES] = {1, 2, 3};
static const uint8_t row[] = {0xde, 0xad, 0xbe, 0xef};
static const struct seal_place place = {TABLE, row, sizeof(row)};
static const char plain[] = "mevrouw De Vries, 06-00000000";

struct sealed {
    uint8_t bytes[sizeof(plain) + SEAL_OVERHEAD];
};

static struct sealed make_sealed(void)
{
    struct sealed sealed;
    seal_close(KEY_ID, key, place, plain, sizeof(plain), sealed.bytes);
    return sealed;
}

static int open_as(const uint8_t *with, struct seal_place where, const struct sealed *sealed)
{
    uint8_t out[sizeof(plain)];
    return seal_open(with, where, sealed->bytes, sizeof(sealed->bytes), out);
}

static void test_round_trip_of_every_size(void **state)
{
    (void)state;
    for (size_t size = 0; size <= 300; size++) {
        uint8_t *value = malloc(size + 1);
        uint8_t *sealed = malloc(size + SEAL_OVERHEAD);
        uint8_t *opened = malloc(size + 1);
        assert_non_null(value);
        assert_non_null(sealed);
        assert_non_null(opened);
        randombytes_buf(value, size);
        opened[size] = 0x5a;
        seal_close(KEY_ID, key, place, value, size, sealed);
        assert_int_equal(seal_key_id(sealed, size + SEAL_OVERHEAD), KEY_ID);
        assert_int_equal(seal_open(key, place, sealed, size + SEAL_OVERHEAD, opened), 0);
        assert_memory_equal(opened, value, size);
        assert_int_equal(opened[size], 0x5a);
        free(value);
        free(sealed);
        free(opened);
    }
}

/* Opened with libsodium alone, by the layout that the header promises. */
static void test_layout(void **state)
{
    (void)state;
    struct sealed sealed = make_sealed();
    const uint8_t associated[] = {1, 2, 3, 4, TABLE, 0xde, 0xad, 0xbe, 0xef};
    uint8_t out[sizeof(plain)];
    assert_memory_equal(sealed.bytes, associated, 4);
    assert_int_equal(crypto_aead_xchacha20poly1305_ietf_decrypt(
                         out, NULL, NULL, sealed.bytes + 28, sizeof(sealed.bytes) - 28, associated,
                         sizeof(associated), sealed.bytes + 4, key),
                     0);
    assert_memory_equal(out, plain, sizeof(plain));
}

/* To the byte, whatever the sizes of value and place: other programs may read the rows. */
static void test_every_size_is_as_libsodium_does_it(void **state)
{
    (void)state;
    static const size_t rows[] = {0, 1, 10, 11, 12, 27, 40, 63, 64, 65, 200};
    uint8_t value[600];
    uint8_t long_row[200];
    randombytes_buf(value, sizeof(value));
    randombytes_buf(long_row, sizeof(long_row));
    for (size_t size = 0; size <= sizeof(value); size++) {
        uint8_t associated[5 + sizeof(long_row)] = {1, 2, 3, 4, TABLE};
        uint8_t sealed[sizeof(value) + SEAL_OVERHEAD];
        uint8_t opened[sizeof(value)];
        size_t row_size = rows[size % ARRAY_LENGTH(rows)];
        const struct seal_place where = {TABLE, long_row, row_size};
        memcpy(associated + 5, long_row, row_size);
        seal_close(KEY_ID, key, where, value, size, sealed);
        assert_int_equal(crypto_aead_xchacha20poly1305_ietf_decrypt(opened, NULL, NULL, sealed + 28,
                                                                    size + 16, associated,
                                                                    5 + row_size, sealed + 4, key),
                         0);
        assert_memory_equal(opened, value, size);

        uint8_t *exact = malloc(size + SEAL_OVERHEAD); /* so that reading beyond is seen */
        assert_non_null(exact);
        memcpy(exact, sealed, 28);
        crypto_aead_xchacha20poly1305_ietf_encrypt(exact + 28, NULL, value, size, associated,
                                                   5 + row_size, NULL, exact + 4, key);
        assert_memory_equal(exact, sealed, size + SEAL_OVERHEAD);
        memset(opened, 0, sizeof(opened));
        assert_int_equal(seal_open(key, where, exact, size + SEAL_OVERHEAD, opened), 0);
        assert_memory_equal(opened, value, size);
        exact[randombytes_uniform((uint32_t)(size + SEAL_OVERHEAD))] ^= 0x40;
        assert_int_equal(seal_open(key, where, exact, size + SEAL_OVERHEAD, opened), SEAL_FORGED);
        free(exact);
    }
}

static void test_nonces_differ(void **state)
{
    (void)state;
    struct sealed a = make_sealed();
    struct sealed b = make_sealed();
    assert_memory_not_equal(a.bytes + 4, b.bytes + 4, 24);
    assert_memory_not_equal(a.bytes + 28, b.bytes + 28, sizeof(plain));
}

static void test_every_flipped_bit_is_found(void **state)
{
    (void)state;
    struct sealed sealed = make_sealed();
    for (size_t bit = 0; bit < sizeof(sealed.bytes) * 8; bit++) {
        sealed.bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
        assert_int_equal(open_as(key, place, &sealed), SEAL_FORGED);
        sealed.bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
    }
    assert_int_equal(open_as(key, place, &sealed), 0);
}

static void test_other_places_do_not_open(void **state)
{
    (void)state;
    static const uint8_t longer[] = {0xde, 0xad, 0xbe, 0xef, 0x00};
    static const uint8_t other[] = {0xde, 0xad, 0xbe, 0xee};
    const struct seal_place places[] = {
        {TABLE + 1, row, sizeof(row)},
        {TABLE, other, sizeof(other)},
        {TABLE, row, 3},
        {TABLE, longer, sizeof(longer)},
        {TABLE, NULL, 0},
        {0xde, row + 1, sizeof(row) - 1},
    };
    struct sealed sealed = make_sealed();
    for (size_t i = 0; i < ARRAY_LENGTH(places); i++) {
        assert_int_equal(open_as(key, places[i], &sealed), SEAL_FORGED);
    }
}

static void test_other_keys_do_not_open(void **state)
{
    (void)state;
    struct sealed sealed = make_sealed();
    for (size_t bit = 0; bit < sizeof(key) * 8; bit++) {
        uint8_t other[SEAL_KEY_BYTES];
        memcpy(other, key, sizeof(other));
        other[bit / 8] ^= (uint8_t)(1u << bit % 8);
        assert_int_equal(open_as(other, place, &sealed), SEAL_FORGED);
    }
}

static void test_every_other_length_is_refused(void **state)
{
    (void)state;
    struct sealed sealed = make_sealed();
    uint8_t out[sizeof(plain) + 1];
    for (size_t size = 0; size < sizeof(sealed.bytes); size++) {
        uint8_t *cut = malloc(size > 0 ? size : 1);
        assert_non_null(cut);
        memcpy(cut, sealed.bytes, size);
        assert_int_equal(seal_open(key, place, cut, size, out), SEAL_FORGED);
        assert_int_equal(seal_key_id(cut, size), size < SEAL_OVERHEAD ? 0 : KEY_ID);
        free(cut);
    }
    uint8_t longer[sizeof(sealed.bytes) + 1] = {0};
    memcpy(longer, sealed.bytes, sizeof(sealed.bytes));
    assert_int_equal(seal_open(key, place, longer, sizeof(longer), out), SEAL_FORGED);
}

static void test_a_refused_value_leaves_nothing_readable(void **state)
{
    (void)state;
    struct sealed sealed = make_sealed();
    uint8_t out[sizeof(plain)];
    memset(out, 0x5a, sizeof(out));
    sealed.bytes[sizeof(sealed.bytes) - 1] ^= 1;
    assert_int_equal(seal_open(key, place, sealed.bytes, sizeof(sealed.bytes), out), SEAL_FORGED);
    for (size_t i = 0; i < sizeof(out); i++) {
        assert_int_equal(out[i], 0);
    }
}

static void test_longest_place(void **state)
{
    (void)state;
    uint8_t long_row[SEAL_PLACE_MAXIMUM + 1];
    memset(long_row, 3, sizeof(long_row));
    uint8_t sealed[1 + SEAL_OVERHEAD];
    uint8_t out[1];
    const struct seal_place longest = {TABLE, long_row, SEAL_PLACE_MAXIMUM};
    const struct seal_place too_long = {TABLE, long_row, SEAL_PLACE_MAXIMUM + 1};
    seal_close(KEY_ID, key, longest, "x", 1, sealed);
    assert_int_equal(seal_open(key, longest, sealed, sizeof(sealed), out), 0);
    assert_int_equal(seal_open(key, too_long, sealed, sizeof(sealed), out), SEAL_FORGED);

    /* Sealing for such a place is a fault of our own, and ends the program. */
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        const struct rlimit no_core = {0, 0};
        setrlimit(RLIMIT_CORE, &no_core);
        signal(SIGABRT, SIG_DFL);
        seal_close(KEY_ID, key, too_long, "x", 1, sealed);
        _exit(0);
    }
    int status = 0;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFSIGNALED(status));
    assert_int_equal(WTERMSIG(status), SIGABRT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_round_trip_of_every_size),
        cmocka_unit_test(test_layout),
        cmocka_unit_test(test_every_size_is_as_libsodium_does_it),
        cmocka_unit_test(test_nonces_differ),
        cmocka_unit_test(test_every_flipped_bit_is_found),
        cmocka_unit_test(test_other_places_do_not_open),
        cmocka_unit_test(test_other_keys_do_not_open),
        cmocka_unit_test(test_every_other_length_is_refused),
        cmocka_unit_test(test_a_refused_value_leaves_nothing_readable),
        cmocka_unit_test(test_longest_place),
    };
    return cmocka_run_group_tests_name("seal", tests, support_init, NULL);
}
