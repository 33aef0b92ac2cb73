/* SPDX-License-Identifier: EUPL-1.2 */
/* The vectors were computed once with another implementation of SipHash and of the network, in
 * Python. */
#include "support.h"

#include <stdlib.h>
#include <string.h>

#include "crypto/permute.h"
#include "crypto/secret.h"

#define RANGE 65536
#define RANDOM_NUMBERS 20000

static uint64_t number_of(const uint8_t bits[static PERMUTE40_BYTES])
{
    return (uint64_t)bits[0] << 32 | get_be32(bits + 1);
}

static void put_number(uint64_t number, uint8_t bits[static PERMUTE40_BYTES])
{
    bits[0] = (uint8_t)(number >> 32);
    put_be32(bits + 1, (uint32_t)number);
}

static void make_key(uint8_t first, uint8_t key[static PERMUTE40_KEY_BYTES])
{
    for (size_t i = 0; i < PERMUTE40_KEY_BYTES; i++) {
        key[i] = (uint8_t)(first + i);
    }
}

static uint64_t permuted(const uint8_t key[static PERMUTE40_KEY_BYTES], uint64_t number)
{
    uint8_t bits[PERMUTE40_BYTES];
    put_number(number, bits);
    permute40(key, bits);
    return number_of(bits);
}

static void test_vectors(void **state)
{
    (void)state;
    static const struct {
        uint8_t first; /* byte of the key; the others count on */
        const char *number;
        const char *bits;
    } known[] = {
        {0, "0000000000", "96eace611a"},  {0, "0000000001", "0c44195cea"},
        {0, "0000000002", "7b1e826557"},  {0, "00000fffff", "211d378efa"},
        {0, "0000100000", "e91675ffc3"},  {0, "123456789a", "5080708e75"},
        {0, "ffffffffff", "e8c00c815a"},  {16, "0000000000", "4fa3ab8e39"},
        {16, "0000000001", "6ab9d7add4"},
    };
    for (size_t i = 0; i < ARRAY_LENGTH(known); i++) {
        uint8_t key[PERMUTE40_KEY_BYTES];
        uint8_t bits[PERMUTE40_BYTES];
        make_key(known[i].first, key);
        support_from_hex(known[i].number, bits, sizeof(bits));
        permute40(key, bits);
        support_assert_hex(bits, sizeof(bits), known[i].bits);
        permute40_back(key, bits);
        support_assert_hex(bits, sizeof(bits), known[i].number);
    }
}

static int compare(const void *left, const void *right)
{
    uint64_t a = *(const uint64_t *)left;
    uint64_t b = *(const uint64_t *)right;
    return a < b ? -1 : a > b;
}

/* Numbers that follow each other, across the border of the halves too, never meet. */
static void test_a_range_does_not_meet(void **state)
{
    (void)state;
    static uint64_t all[2 * RANGE];
    uint8_t key[PERMUTE40_KEY_BYTES];
    make_key(7, key);
    for (uint64_t i = 0; i < RANGE; i++) {
        all[i] = permuted(key, i);
        all[RANGE + i] = permuted(key, (UINT64_C(1) << 20) + i);
    }
    qsort(all, ARRAY_LENGTH(all), sizeof(all[0]), compare);
    for (size_t i = 1; i < ARRAY_LENGTH(all); i++) {
        assert_true(all[i - 1] < all[i]);
    }
}

static void test_both_ways(void **state)
{
    (void)state;
    for (size_t i = 0; i < RANDOM_NUMBERS; i++) {
        uint8_t key[PERMUTE40_KEY_BYTES];
        uint8_t number[PERMUTE40_BYTES];
        uint8_t bits[PERMUTE40_BYTES];
        secret_random(key, sizeof(key));
        secret_random(number, sizeof(number));
        memcpy(bits, number, sizeof(bits));
        permute40(key, bits);
        permute40_back(key, bits);
        assert_memory_equal(bits, number, sizeof(bits));
        permute40_back(key, bits);
        permute40(key, bits);
        assert_memory_equal(bits, number, sizeof(bits));
    }
}

/* Of every key bit that is changed: by chance a number in 2^40 goes to the same place. */
static void test_other_keys_differ(void **state)
{
    (void)state;
    uint8_t key[PERMUTE40_KEY_BYTES];
    make_key(1, key);
    for (size_t bit = 0; bit < 8 * PERMUTE40_KEY_BYTES; bit++) {
        uint8_t other[PERMUTE40_KEY_BYTES];
        size_t same = 0;
        memcpy(other, key, sizeof(other));
        other[bit / 8] ^= (uint8_t)(1u << bit % 8);
        for (uint64_t number = 0; number < 64; number++) {
            same += permuted(key, number) == permuted(other, number) ? 1 : 0;
        }
        assert_int_equal(same, 0);
    }
}

/* How often each of the forty bits changes with each of a number's: half of the time. The keys and
 * numbers are fixed; 2,000 throws of a coin stray from 1,000 by more than 150 (6.7 times the
 * standard deviation) less than once in 10^10. */
static void test_avalanche(void **state)
{
    (void)state;
    enum { THROWS = 2000, STRAY = 150 };
    uint8_t key[PERMUTE40_KEY_BYTES];
    make_key(3, key);
    for (unsigned in = 0; in < 40; in++) {
        unsigned changed[40] = {0};
        for (uint64_t i = 0; i < THROWS; i++) {
            uint64_t number = i * UINT64_C(0x9e3779b97f) % (UINT64_C(1) << 40);
            uint64_t differs = permuted(key, number) ^ permuted(key, number ^ UINT64_C(1) << in);
            for (unsigned out = 0; out < 40; out++) {
                changed[out] += (unsigned)(differs >> out & 1);
            }
        }
        for (unsigned out = 0; out < 40; out++) {
            assert_in_range(changed[out], THROWS / 2 - STRAY, THROWS / 2 + STRAY);
        }
    }
}

/* Which of two numbers is higher cannot be told by their bits: half of the pairs stand the other
 * way round. */
static void test_the_order_is_gone(void **state)
{
    (void)state;
    enum { PAIRS = 10000, STRAY = 400 };
    uint8_t key[PERMUTE40_KEY_BYTES];
    unsigned rising = 0;
    make_key(5, key);
    for (uint64_t number = 0; number < PAIRS; number++) {
        rising += permuted(key, 2 * number) < permuted(key, 2 * number + 1) ? 1 : 0;
    }
    assert_in_range(rising, PAIRS / 2 - STRAY, PAIRS / 2 + STRAY);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_vectors),   cmocka_unit_test(test_a_range_does_not_meet),
        cmocka_unit_test(test_both_ways), cmocka_unit_test(test_other_keys_differ),
        cmocka_unit_test(test_avalanche), cmocka_unit_test(test_the_order_is_gone),
    };
    return cmocka_run_group_tests(tests, support_init, NULL);
}
