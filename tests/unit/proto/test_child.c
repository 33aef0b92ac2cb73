/* SPDX-License-Identifier: EUPL-1.2 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "crypto/secret.h"
#include "proto/child.h"

/* The secret key of the published mode 1 vectors, RFC 9497 appendix A.1.2. */
static const char published_secret[] =
    "e6f73f344b79b379f1a0dd37e07ff62e38d9f71345ce62ae3a9bc60b04ccd909";

static struct keyring *keys;

static int set_up(void **state)
{
    (void)state;
    uint8_t secret[KEYRING_KEY_BYTES];
    uint8_t index[KEYRING_KEY_BYTES];
    memset(index, 7, sizeof(index));
    if (secret_init() != 0 || keyring_new(&keys) != 0 ||
        secret_from_hex(published_secret, strlen(published_secret), secret, sizeof(secret)) != 0) {
        return -1;
    }
    return keyring_add(keys, KEYRING_EVALUATION, 1, secret) != 0 ||
           keyring_add(keys, KEYRING_INDEX, 1, index) != 0;
}

static int tear_down(void **state)
{
    (void)state;
    keyring_freep(&keys);
    return 0;
}

static struct text_input as_input(const char *text)
{
    return (struct text_input){.text = text, .length = strlen(text), .given = true};
}

struct known {
    struct oprf_element element;
    struct child_key key;
};

/* The key belongs to the element that comes with it. */
static void assert_known(const struct known *known, const char *hex)
{
    uint8_t expected[OPRF_ELEMENT_BYTES];
    struct child_key key;
    assert_int_equal(secret_from_hex(hex, strlen(hex), expected, sizeof(expected)), 0);
    assert_memory_equal(known->element.bytes, expected, sizeof(expected));
    pseudonym_child_key(keyring_find(keys, KEYRING_INDEX, 1), &known->element, &key);
    assert_memory_equal(known->key.bytes, key.bytes, sizeof(key.bytes));
}

/* As in tests/unit/crypto/test_identity.c: computed with another implementation. */
static void test_known_elements(void **state)
{
    (void)state;
    struct known known;
    const struct text_input bsn = as_input("950000012");
    const struct text_input address = as_input("Dorpsstraat 1, 3511 AB Utrecht");
    const struct child_person person = {as_input("van den Berg"), as_input("2012-05-01"),
                                        as_input("vrouw")};
    assert_int_equal(child_from_bsn(keys, &bsn, &known.element, &known.key), 0);
    assert_known(&known, "3406828d9c885cbc9cf4d750ff8689db735c3192853d35a7acc5c0735b989951");
    assert_int_equal(child_parent(keys, &bsn, &known.element, &known.key), 0);
    assert_known(&known, "e25a4ab20af456e60d4e5a335bb2fa1014fdd2c479d1776a08096cc409b85824");
    assert_int_equal(child_address(keys, &address, &known.element, &known.key), 0);
    assert_known(&known, "fc97816bb7aefe4a27e013b6539f1a46b8eaedf63e48f997aa019dec3cf5d261");
    assert_int_equal(child_from_person(keys, &person, &known.element, &known.key), 0);
    assert_known(&known, "548bcc545ec9d5d321eece6f9f15bddcfbdb5e74fae5f2365eb6a27dfe38df35");
}

static void test_an_element_is_taken_as_it_is(void **state)
{
    (void)state;
    struct known direct;
    struct known known;
    char text[SECRET_BASE64URL_SIZE(OPRF_ELEMENT_BYTES)];
    const struct text_input bsn = as_input("950000012");
    assert_int_equal(child_from_bsn(keys, &bsn, &direct.element, &direct.key), 0);
    secret_to_base64url(direct.element.bytes, sizeof(direct.element.bytes), text);
    const struct text_input element = as_input(text);
    assert_int_equal(child_from_element(keys, &element, &known.element, &known.key), 0);
    assert_memory_equal(&known, &direct, sizeof(known));
}

static void test_what_no_format_accepts_is_a_fault(void **state)
{
    (void)state;
    struct known known = {.element.bytes = {0x5a}, .key.bytes = {0x5b}};
    static const struct child_person persons[] = {
        {{"3", 1, true}, {"2012-05-01", 10, true}, {"M", 1, true}},
        {{"Berg", 4, true}, {"2012-5-1", 8, true}, {"M", 1, true}},
        {{"Berg", 4, true}, {"2012-05-01", 10, true}, {"W", 1, true}},
        {{"Berg", 4, true}, {"2012-05-01", 10, true}, {NULL, 0, false}},
    };
    for (size_t i = 0; i < ARRAY_LENGTH(persons); i++) {
        assert_int_equal(child_from_person(keys, &persons[i], &known.element, &known.key), -EINVAL);
    }
    const struct text_input wrong = as_input("950000013");
    const struct text_input empty = as_input(" ");
    assert_int_equal(child_from_bsn(keys, &wrong, &known.element, &known.key), -EINVAL);
    assert_int_equal(child_parent(keys, &wrong, &known.element, &known.key), -EINVAL);
    assert_int_equal(child_address(keys, &empty, &known.element, &known.key), -EINVAL);
    assert_int_equal(child_from_element(keys, &wrong, &known.element, &known.key), -EINVAL);
    assert_int_equal(known.element.bytes[0], 0x5a);
    assert_int_equal(known.key.bytes[0], 0x5b);
}

static void test_without_keys_it_is_a_fault(void **state)
{
    (void)state;
    CLEANUP(keyring_freep) struct keyring *none = NULL;
    struct known known = {.element.bytes = {0x5a}, .key.bytes = {0x5b}};
    const struct text_input bsn = as_input("950000012");
    assert_int_equal(keyring_new(&none), 0);
    assert_int_equal(child_from_bsn(none, &bsn, &known.element, &known.key), -EINVAL);
    assert_int_equal(
        keyring_add(none, KEYRING_EVALUATION, 1, keyring_find(keys, KEYRING_EVALUATION, 1)), 0);
    assert_int_equal(child_parent(none, &bsn, &known.element, &known.key), -EINVAL);
    assert_int_equal(known.element.bytes[0], 0x5a);
    assert_int_equal(known.key.bytes[0], 0x5b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_known_elements),
        cmocka_unit_test(test_an_element_is_taken_as_it_is),
        cmocka_unit_test(test_what_no_format_accepts_is_a_fault),
        cmocka_unit_test(test_without_keys_it_is_a_fault),
    };
    return cmocka_run_group_tests_name("child", tests, set_up, tear_down);
}
