/* SPDX-License-Identifier: EUPL-1.2 */
#include "support.h"

#include <string.h>

#include "crypto/pseudonym.h"

/* The secret key of the published mode 1 vectors, RFC 9497 appendix A.1.2. */
static const char published_secret[] =
    "e6f73f344b79b379f1a0dd37e07ff62e38d9f71345ce62ae3a9bc60b04ccd909";
static const char known_element[] =
    "3406828d9c885cbc9cf4d750ff8689db735c3192853d35a7acc5c0735b989951";

static struct oprf_scalar published_key(void)
{
    struct oprf_scalar key;
    support_from_hex(published_secret, key.bytes, sizeof(key.bytes));
    return key;
}

static struct bsn read_bsn(const char *text)
{
    struct bsn bsn;
    assert_int_equal(bsn_parse(text, strlen(text), &bsn), BSN_OK);
    return bsn;
}

static void test_input(void **state)
{
    (void)state;
    const struct bsn bsn = read_bsn("10000008");
    uint8_t input[PSEUDONYM_BSN_INPUT_BYTES];
    assert_int_equal(sizeof(input), 16);
    pseudonym_bsn_input(&bsn, input);
    assert_memory_equal(input, "NL:BSN:010000008", sizeof(input));
}

static void test_known_element(void **state)
{
    (void)state;
    const struct oprf_scalar key = published_key();
    const struct bsn bsn = read_bsn("950000012");
    struct oprf_element element;
    assert_int_equal(pseudonym_from_bsn(&key, &bsn, &element), OPRF_OK);
    support_assert_hex(element.bytes, sizeof(element.bytes), known_element);
}

/* The value that comes of the domain separation of mode 00: it must be told from the right one. */
static void test_mode_zero_would_be_another_child(void **state)
{
    (void)state;
    const struct oprf_scalar key = published_key();
    struct oprf_element element;
    assert_int_equal(oprf_blind(OPRF_BASE, (const uint8_t *)"NL:BSN:950000012", 16, &key, &element),
                     OPRF_OK);
    static const uint8_t wrong[] = {0x1c, 0xbe, 0xfe, 0x67};
    assert_memory_equal(element.bytes, wrong, sizeof(wrong));
}

static void test_blinded_mode_comes_to_the_same(void **state)
{
    (void)state;
    const struct oprf_scalar key = published_key();
    const struct bsn bsn = read_bsn("123456782");
    uint8_t input[PSEUDONYM_BSN_INPUT_BYTES];
    struct oprf_scalar blind;
    struct oprf_element direct;
    struct oprf_element element;

    assert_int_equal(pseudonym_from_bsn(&key, &bsn, &direct), OPRF_OK);
    pseudonym_bsn_input(&bsn, input);
    oprf_random_scalar(&blind);
    assert_int_equal(oprf_blind(OPRF_VERIFIABLE, input, sizeof(input), &blind, &element), OPRF_OK);
    assert_int_equal(oprf_evaluate(&key, &element, &element), OPRF_OK);
    assert_int_equal(oprf_unblind(&blind, &element, &element), OPRF_OK);
    assert_memory_equal(element.bytes, direct.bytes, sizeof(direct.bytes));
}

/* new element = (k'/k) * old element, without the number. */
static void test_an_element_can_move_to_another_key(void **state)
{
    (void)state;
    const struct oprf_scalar old_key = published_key();
    const struct bsn bsn = read_bsn("111222333");
    struct oprf_scalar new_key;
    struct oprf_element moved;
    struct oprf_element expected;

    oprf_random_scalar(&new_key);
    assert_int_equal(pseudonym_from_bsn(&old_key, &bsn, &moved), OPRF_OK);
    assert_int_equal(oprf_unblind(&old_key, &moved, &moved), OPRF_OK);
    assert_int_equal(oprf_evaluate(&new_key, &moved, &moved), OPRF_OK);
    assert_int_equal(pseudonym_from_bsn(&new_key, &bsn, &expected), OPRF_OK);
    assert_memory_equal(moved.bytes, expected.bytes, sizeof(moved.bytes));
}

static void test_an_unusable_key_is_refused(void **state)
{
    (void)state;
    const struct oprf_scalar zero = {{0}};
    const struct bsn bsn = read_bsn("950000012");
    struct oprf_element element = {{0x5a}};
    assert_int_equal(pseudonym_from_bsn(&zero, &bsn, &element), OPRF_BAD_SCALAR);
    assert_int_equal(element.bytes[0], 0x5a);
}

/* The expected value was computed with another implementation of BLAKE2b (Python's). */
static void test_child_key(void **state)
{
    (void)state;
    uint8_t index_key[PSEUDONYM_KEY_BYTES];
    struct oprf_element element;
    struct child_key child;
    struct child_key other;

    for (size_t i = 0; i < sizeof(index_key); i++) {
        index_key[i] = (uint8_t)i;
    }
    support_from_hex(known_element, element.bytes, sizeof(element.bytes));
    pseudonym_child_key(index_key, &element, &child);
    support_assert_hex(child.bytes, sizeof(child.bytes),
                       "fe9dea5a48c91819798c9637ef8417ee0cdaa7b29ae1ae11cd650c0e1168c854");

    index_key[31] ^= 1;
    pseudonym_child_key(index_key, &element, &other);
    assert_memory_not_equal(child.bytes, other.bytes, sizeof(child.bytes));
}

/* As above; the domain keeps equal names of different kinds apart. */
static void test_name_hash(void **state)
{
    (void)state;
    uint8_t index_key[PSEUDONYM_KEY_BYTES];
    uint8_t hash[PSEUDONYM_NAME_HASH_BYTES];
    uint8_t other[PSEUDONYM_NAME_HASH_BYTES];

    for (size_t i = 0; i < sizeof(index_key); i++) {
        index_key[i] = (uint8_t)i;
    }
    pseudonym_name_hash(index_key, "professional", "jan.de.vries", 12, hash);
    support_assert_hex(hash, sizeof(hash), "f9207321731332303a4a67a15b0e5778");
    pseudonym_name_hash(index_key, "professiona", "ljan.de.vries", 13, other);
    assert_memory_not_equal(hash, other, sizeof(hash));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_input),
        cmocka_unit_test(test_known_element),
        cmocka_unit_test(test_mode_zero_would_be_another_child),
        cmocka_unit_test(test_blinded_mode_comes_to_the_same),
        cmocka_unit_test(test_an_element_can_move_to_another_key),
        cmocka_unit_test(test_an_unusable_key_is_refused),
        cmocka_unit_test(test_child_key),
        cmocka_unit_test(test_name_hash),
    };
    return cmocka_run_group_tests_name("pseudonym", tests, support_init, NULL);
}
