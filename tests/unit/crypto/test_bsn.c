/* SPDX-License-Identifier: EUPL-1.2 */
#include "support.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "crypto/bsn.h"

/* Numbers of the test range and other numbers that nobody has. */
static const char *const valid[] = {"950000012", "123456782", "111222333",
                                    "999999990", "010000008", "950001004"};

static int parse(const char *text)
{
    struct bsn bsn;
    return bsn_parse(text, strlen(text), &bsn);
}

/* How many endings of `length` digits bring the weighted sum, begun as `sum`, to 0 modulo 11. */
static unsigned count_endings(int sum, unsigned length)
{
    unsigned ways[11] = {0};
    ways[((sum % 11) + 11) % 11] = 1;
    for (unsigned left = length; left > 0; left--) {
        unsigned next[11] = {0};
        for (unsigned remainder = 0; remainder < 11; remainder++) {
            for (unsigned digit = 0; digit < 10; digit++) {
                /* the weights end in 4, 3, 2 and -1, which is 10 modulo 11 */
                unsigned weight = left == 1 ? 10 : left;
                next[(remainder + weight * digit) % 11] += ways[remainder];
            }
        }
        memcpy(ways, next, sizeof(ways));
    }
    return ways[0];
}

static void test_valid(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LENGTH(valid); i++) {
        struct bsn bsn;
        assert_int_equal(bsn_parse(valid[i], BSN_DIGITS, &bsn), BSN_OK);
        assert_string_equal(bsn.digits, valid[i]);
        bsn_wipe(&bsn);
        for (size_t j = 0; j < sizeof(bsn.digits); j++) {
            assert_int_equal(bsn.digits[j], 0);
        }
    }
    assert_int_equal(parse("999940003"), BSN_FAILS_ELEVEN_PROOF);
}

static void test_eight_digits_get_their_zero(void **state)
{
    (void)state;
    struct bsn eight;
    struct bsn nine;
    assert_int_equal(bsn_parse("10000008", 8, &eight), BSN_OK);
    assert_int_equal(bsn_parse("010000008", 9, &nine), BSN_OK);
    assert_string_equal(eight.digits, nine.digits);
    assert_int_equal(parse("10000009"), BSN_FAILS_ELEVEN_PROOF);
    /* as eight digits these are the first eight of a valid number, shifted: not valid */
    assert_int_equal(parse("95000001"), BSN_FAILS_ELEVEN_PROOF);
}

static void test_all_zero_is_refused_by_name(void **state)
{
    (void)state;
    assert_int_equal(parse("000000000"), BSN_ALL_ZERO);
    assert_int_equal(parse("00000000"), BSN_ALL_ZERO);
}

/* Each in a block of its own length, so that AddressSanitizer sees a byte too many read. */
static void test_lengths(void **state)
{
    (void)state;
    for (size_t length = 0; length <= 12; length++) {
        char *text = malloc(length > 0 ? length : 1);
        assert_non_null(text);
        memcpy(text, "123456782123", length);
        struct bsn bsn = {.digits = "untouched"};
        int expected = length == 9   ? BSN_OK
                       : length == 8 ? BSN_FAILS_ELEVEN_PROOF
                                     : BSN_WRONG_LENGTH;
        assert_int_equal(bsn_parse(text, length, &bsn), expected);
        assert_string_equal(bsn.digits, expected == BSN_OK ? "123456782" : "untouched");
        free(text);
    }
    struct bsn bsn;
    assert_int_equal(bsn_parse(NULL, 0, &bsn), BSN_WRONG_LENGTH);
    assert_int_equal(bsn_parse("950000012", SIZE_MAX, &bsn), BSN_WRONG_LENGTH);
}

static void test_every_other_byte_is_refused(void **state)
{
    (void)state;
    for (size_t place = 0; place < BSN_DIGITS; place++) {
        for (int byte = 0; byte < 256; byte++) {
            char text[BSN_DIGITS + 1] = "950000012";
            struct bsn bsn;
            if (byte >= '0' && byte <= '9') {
                continue;
            }
            text[place] = (char)byte;
            assert_int_equal(bsn_parse(text, BSN_DIGITS, &bsn), BSN_NOT_DIGITS);
        }
    }
}

static void test_every_single_error_is_found(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LENGTH(valid); i++) {
        for (size_t place = 0; place < BSN_DIGITS; place++) {
            for (char digit = '0'; digit <= '9'; digit++) {
                char text[BSN_DIGITS + 1];
                strcpy(text, valid[i]);
                text[place] = digit;
                int expected = digit == valid[i][place] ? BSN_OK : BSN_FAILS_ELEVEN_PROOF;
                assert_int_equal(parse(text), expected);
            }
        }
    }
}

static void test_every_swap_is_found(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LENGTH(valid); i++) {
        for (size_t a = 0; a < BSN_DIGITS; a++) {
            for (size_t b = a + 1; b < BSN_DIGITS; b++) {
                char text[BSN_DIGITS + 1];
                strcpy(text, valid[i]);
                text[a] = valid[i][b];
                text[b] = valid[i][a];
                int expected = text[a] == text[b] ? BSN_OK : BSN_FAILS_ELEVEN_PROOF;
                assert_int_equal(parse(text), expected);
            }
        }
    }
}

/* A million numbers under each of four prefixes, against a count of the remainders. */
static void test_count_of_valid_numbers(void **state)
{
    (void)state;
    static const char *const prefixes[] = {"000", "123", "950", "999"};
    for (size_t i = 0; i < ARRAY_LENGTH(prefixes); i++) {
        const char *prefix = prefixes[i];
        char text[BSN_DIGITS + 1];
        struct bsn bsn;
        unsigned found = 0;
        for (unsigned ending = 0; ending < 1000000; ending++) {
            memcpy(text, prefix, 3);
            unsigned rest = ending;
            for (int place = BSN_DIGITS - 1; place >= 3; place--, rest /= 10) {
                text[place] = (char)('0' + rest % 10);
            }
            found += bsn_parse(text, BSN_DIGITS, &bsn) == BSN_OK;
        }
        int sum = 9 * (prefix[0] - '0') + 8 * (prefix[1] - '0') + 7 * (prefix[2] - '0');
        unsigned expected = count_endings(sum, 6) - (strcmp(prefix, "000") == 0 ? 1 : 0);
        assert_int_equal(found, expected);
    }
}

/* "Exactly 90,000,000 valid numbers from 10,000,000 up": the count above agrees with it. */
static void test_count_of_all_numbers(void **state)
{
    (void)state;
    assert_int_equal(count_endings(0, 9) - count_endings(0, 7), 90000000);
}

static void test_texts(void **state)
{
    (void)state;
    for (int condition = BSN_OK; condition <= BSN_FAILS_ELEVEN_PROOF; condition++) {
        for (int other = BSN_OK; other < condition; other++) {
            assert_string_not_equal(bsn_condition_text(condition), bsn_condition_text(other));
        }
    }
    assert_string_equal(bsn_condition_text(-5), bsn_condition_text(99));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_valid),
        cmocka_unit_test(test_eight_digits_get_their_zero),
        cmocka_unit_test(test_all_zero_is_refused_by_name),
        cmocka_unit_test(test_lengths),
        cmocka_unit_test(test_every_other_byte_is_refused),
        cmocka_unit_test(test_every_single_error_is_found),
        cmocka_unit_test(test_every_swap_is_found),
        cmocka_unit_test(test_count_of_valid_numbers),
        cmocka_unit_test(test_count_of_all_numbers),
        cmocka_unit_test(test_texts),
    };
    return cmocka_run_group_tests_name("bsn", tests, support_init, NULL);
}
