/* SPDX-License-Identifier: EUPL-1.2 */
#include "support.h"

#include <string.h>
#include <utf8proc.h>

#include "crypto/identity.h"

/* The secret key of the published mode 1 vectors, RFC 9497 appendix A.1.2. */
static const char published_secret[] =
    "e6f73f344b79b379f1a0dd37e07ff62e38d9f71345ce62ae3a9bc60b04ccd909";

static struct bsn read_bsn(const char *text)
{
    struct bsn bsn;
    assert_int_equal(bsn_parse(text, strlen(text), &bsn), BSN_OK);
    return bsn;
}

static struct identity_input read_person(const char *name, const char *date, const char *sex)
{
    struct person person;
    struct identity_input input;
    assert_int_equal(person_parse_family_name(name, strlen(name), &person.family_name), PERSON_OK);
    assert_int_equal(person_parse_birth_date(date, strlen(date), person.birth_date), PERSON_OK);
    assert_int_equal(person_parse_sex(sex, strlen(sex), &person.sex), PERSON_OK);
    identity_from_person(&person, &input);
    return input;
}

static struct identity_input read_address(const char *text)
{
    struct identity_input input;
    assert_int_equal(identity_from_address(text, strlen(text), &input), FOLD_OK);
    return input;
}

static void assert_input(const struct identity_input *input, const char *expected)
{
    assert_int_equal(input->size, strlen(expected));
    assert_memory_equal(input->bytes, expected, input->size);
}

static struct oprf_element evaluate(const struct identity_input *input)
{
    struct oprf_scalar key;
    struct oprf_element element;
    support_from_hex(published_secret, key.bytes, sizeof(key.bytes));
    assert_int_equal(pseudonym_from_input(&key, input->bytes, input->size, &element), OPRF_OK);
    return element;
}

static void assert_element(const struct identity_input *input, const char *hex)
{
    struct oprf_element element = evaluate(input);
    support_assert_hex(element.bytes, sizeof(element.bytes), hex);
}

static void test_inputs(void **state)
{
    (void)state;
    const struct bsn bsn = read_bsn("10000008");
    struct identity_input input;
    identity_from_child(&bsn, &input);
    assert_input(&input, "NL:BSN:010000008");
    identity_from_parent(&bsn, &input);
    assert_input(&input, "NL:PARENT:010000008");
    input = read_person("van den Berg", "2012-05-01", "vrouw");
    assert_input(&input, "NL:PERSON:berg|2012-05-01|V");
    input = read_address("0361200000012345");
    assert_input(&input, "NL:ADDRESS:0361200000012345");
}

/* Computed with another implementation: RFC 9496 and RFC 9497 in plain Python integers. */
static void test_known_elements(void **state)
{
    (void)state;
    const struct bsn bsn = read_bsn("950000012");
    struct identity_input input;
    identity_from_child(&bsn, &input);
    assert_element(&input, "3406828d9c885cbc9cf4d750ff8689db735c3192853d35a7acc5c0735b989951");
    identity_from_parent(&bsn, &input);
    assert_element(&input, "e25a4ab20af456e60d4e5a335bb2fa1014fdd2c479d1776a08096cc409b85824");
    input = read_address(" DORPSSTRAAT  1, 3511 AB\u00a0Utrecht ");
    assert_element(&input, "fc97816bb7aefe4a27e013b6539f1a46b8eaedf63e48f997aa019dec3cf5d261");
    input = read_address("0361200000012345");
    assert_element(&input, "7202f61208be9e61cfc4ffdd2d55283cb85423696a895bcbf0e40daf6da5b34f");
    input = read_person("Berg, van den", "2012-05-01", "F");
    assert_element(&input, "548bcc545ec9d5d321eece6f9f15bddcfbdb5e74fae5f2365eb6a27dfe38df35");
    input = read_person("\u015eAH\u0130N", "2012-05-01", "X");
    assert_element(&input, "fab3f5d67317cc74ad0f3412955230fb8a697e9efb03b9c69a33f415338d4365");
}

static void test_a_parent_is_not_the_child_of_that_number(void **state)
{
    (void)state;
    const struct bsn bsn = read_bsn("123456782");
    struct identity_input child;
    struct identity_input parent;
    identity_from_child(&bsn, &child);
    identity_from_parent(&bsn, &parent);
    struct identity_input address = read_address(bsn.digits);
    struct oprf_element elements[] = {evaluate(&child), evaluate(&parent), evaluate(&address)};
    for (size_t i = 0; i < ARRAY_LENGTH(elements); i++) {
        for (size_t j = 0; j < i; j++) {
            assert_memory_not_equal(elements[i].bytes, elements[j].bytes, OPRF_ELEMENT_BYTES);
        }
    }
}

/* Each member counts, and none can be shifted into the next. */
static void test_members_of_a_person_are_kept_apart(void **state)
{
    (void)state;
    const struct identity_input inputs[] = {
        read_person("Berg", "2012-05-01", "V"),   read_person("Berg", "2012-05-01", "M"),
        read_person("Berg", "2012-05-01", "O"),   read_person("Berg", "2012-05-02", "V"),
        read_person("Bergh", "2012-05-01", "V"),  read_person("Berg|2012-05-01", "2012-05-01", "V"),
        read_person("Berg 2", "2012-05-01", "V"),
    };
    for (size_t i = 0; i < ARRAY_LENGTH(inputs); i++) {
        for (size_t j = 0; j < i; j++) {
            assert_true(inputs[i].size != inputs[j].size ||
                        memcmp(inputs[i].bytes, inputs[j].bytes, inputs[i].size) != 0);
        }
    }
    assert_input(&inputs[5], "NL:PERSON:berg20120501|2012-05-01|V");
}

static void test_the_longest_person_fits(void **state)
{
    (void)state;
    char name[FOLD_TEXT_BYTES + 1] = "";
    char *end = name;
    for (size_t i = 0; i < FOLD_TEXT_MAXIMUM; i++) {
        end = stpcpy(end, "\U00010428");
    }
    struct identity_input input = read_person(name, "2012-05-01", "V");
    assert_int_equal(input.size, sizeof("NL:PERSON:") - 1 + FOLD_TEXT_BYTES + 13);
    assert_true(input.size <= IDENTITY_INPUT_MAXIMUM);
    assert_memory_equal(input.bytes + input.size - 13, "|2012-05-01|V", 13);
    (void)evaluate(&input);
}

static void test_addresses(void **state)
{
    (void)state;
    static const struct {
        const char *text, *expected;
    } cases[] = {
        {"Dorpsstraat 1", "NL:ADDRESS:dorpsstraat 1"},
        {"  dorpsstraat \u00a0\u2003 1\u3000", "NL:ADDRESS:dorpsstraat 1"},
        {"DORPSSTRA\u00dfE 1-a", "NL:ADDRESS:dorpsstrasse 1-a"},
        /* Accents stay, in one spelling; so does punctuation. */
        {"Caf\u00e9 1", "NL:ADDRESS:cafe\u0301 1"},
        {"Cafe\u0301\u200b 1", "NL:ADDRESS:cafe\u0301 1"},
        {"de, 1", "NL:ADDRESS:de, 1"},
        {"|1", "NL:ADDRESS:|1"},
    };
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        struct identity_input input = read_address(cases[i].text);
        assert_input(&input, cases[i].expected);
    }
}

static void test_refused_addresses(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int condition;
    } cases[] = {
        {"", FOLD_EMPTY},         {"   ", FOLD_EMPTY},          {"-,.", FOLD_EMPTY},
        {"\u0301", FOLD_EMPTY},   {"a\n1", FOLD_BAD_CHARACTER}, {"a\u0378", FOLD_BAD_CHARACTER},
        {"a\xff", FOLD_NOT_UTF8},
    };
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        struct identity_input input = {.size = 77};
        assert_int_equal(identity_from_address(cases[i].text, strlen(cases[i].text), &input),
                         cases[i].condition);
        assert_int_equal(input.size, 77);
    }
    char text[FOLD_TEXT_MAXIMUM + 1];
    memset(text, '1', sizeof(text));
    struct identity_input input;
    assert_int_equal(identity_from_address(text, sizeof(text), &input), FOLD_TOO_LONG);
    assert_int_equal(identity_from_address(text, sizeof(text) - 1, &input), FOLD_OK);
    memcpy(text, "\u00e9", 2); /* two code points in, three bytes and code points more out */
    assert_int_equal(identity_from_address(text, sizeof(text), &input), FOLD_TOO_LONG);
}

/* Every code point within an address: normalising again changes nothing. */
static void test_addresses_are_stable(void **state)
{
    (void)state;
    const size_t prefix = sizeof(PSEUDONYM_PREFIX_ADDRESS) - 1;
    size_t accepted = 0;
    for (int32_t point = 0; point < 0x110000; point++) {
        char text[16] = " 1\u0f71";
        if (point >= 0xd800 && point < 0xe000) {
            continue;
        }
        size_t length = strlen(text);
        length += (size_t)utf8proc_encode_char(point, (uint8_t *)text + length);
        struct identity_input once;
        struct identity_input twice;
        if (identity_from_address(text, length, &once) != FOLD_OK) {
            continue;
        }
        accepted++;
        assert_int_equal(
            identity_from_address((const char *)once.bytes + prefix, once.size - prefix, &twice),
            FOLD_OK);
        assert_int_equal(twice.size, once.size);
        assert_memory_equal(twice.bytes, once.bytes, once.size);
    }
    assert_in_range(accepted, 140000, 0x110000);
}

static void test_an_input_that_is_too_long_is_refused(void **state)
{
    (void)state;
    static const uint8_t input[OPRF_INPUT_MAXIMUM + 1];
    struct oprf_scalar key;
    struct oprf_element element = {{0x5a}};
    support_from_hex(published_secret, key.bytes, sizeof(key.bytes));
    assert_int_equal(pseudonym_from_input(&key, input, sizeof(input), &element), OPRF_BAD_INPUT);
    assert_int_equal(element.bytes[0], 0x5a);
}

static void test_wiping(void **state)
{
    (void)state;
    struct identity_input input;
    static const struct identity_input zero;
    memset(&input, 0x5a, sizeof(input));
    identity_input_wipe(&input);
    assert_memory_equal(&input, &zero, sizeof(input));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_inputs),
        cmocka_unit_test(test_known_elements),
        cmocka_unit_test(test_a_parent_is_not_the_child_of_that_number),
        cmocka_unit_test(test_members_of_a_person_are_kept_apart),
        cmocka_unit_test(test_the_longest_person_fits),
        cmocka_unit_test(test_addresses),
        cmocka_unit_test(test_refused_addresses),
        cmocka_unit_test(test_addresses_are_stable),
        cmocka_unit_test(test_an_input_that_is_too_long_is_refused),
        cmocka_unit_test(test_wiping),
    };
    return cmocka_run_group_tests_name("identity", tests, support_init, NULL);
}
