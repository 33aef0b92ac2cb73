/* SPDX-License-Identifier: EUPL-1.2 */
/* The expected values were computed with other implementations (Python's hashlib). */
#include "support.h"

#include <string.h>

#include "crypto/commitment.h"

static void test_salts(void **state)
{
    (void)state;
    static const struct {
        uint64_t index;
        const char *entry;
        const char *subject;
    } known[] = {
        {0, "5227507543321057d8e9b39aeb129c19bf9bb3e6b89e9144d52301bbad005c0c",
         "f05ab63fff042c6c350a51a5b25b9ff499a53429bd7faeca87f4ce36770d33a8"},
        {1, "410a0c0be77853dffa9d5e4402e63886235b07c028d2de73052ded630b49df30",
         "61c041ed6c09a244e36e2f07133d218d62d76d8f3b0309fb0f81baa29f60368b"},
        {0x0102030405060708, "bcd1961685c3bad905fe9b6e4f934c04361f2a1ac3c5f24de578c315c6fdd17b",
         "be6619bdc9606ad971185756083ab370829928180b155041246b405a845a40fb"},
    };
    uint8_t month_key[32];
    for (size_t i = 0; i < sizeof(month_key); i++) {
        month_key[i] = (uint8_t)i;
    }
    for (size_t i = 0; i < ARRAY_LENGTH(known); i++) {
        struct commitment_salts salts;
        commitment_derive_salts(month_key, known[i].index, &salts);
        support_assert_hex(salts.entry, sizeof(salts.entry), known[i].entry);
        support_assert_hex(salts.subject, sizeof(salts.subject), known[i].subject);
    }
}

static void test_known_commitment(void **state)
{
    (void)state;
    struct commitment_salts salts;
    struct merkle_hash subject;
    uint8_t commitment[COMMITMENT_BYTES];
    memset(salts.entry, 0x11, sizeof(salts.entry));
    memset(salts.subject, 0x22, sizeof(salts.subject));
    commitment_subject_hash(salts.subject, "subject", 7, &subject);
    support_assert_hex(subject.bytes, sizeof(subject.bytes),
                       "5a46f2faa2c418dfcbcfbd8593a3972b37d75c01a82fbf9f048604f9698a1d52");
    commitment_make(salts.entry, "public", 6, &subject, commitment);
    support_assert_hex(commitment, sizeof(commitment),
                       "a7c8588d87dfbd15007d30cb2fd1353aa673d8c7abdc0e6b1274a62e403eefd8");
}

static void test_every_part_counts(void **state)
{
    (void)state;
    uint8_t salt[COMMITMENT_SALT_BYTES] = {1};
    char public_part[] = "public part";
    struct merkle_hash subject = {{2}};
    uint8_t commitment[COMMITMENT_BYTES];
    uint8_t other[COMMITMENT_BYTES];
    commitment_make(salt, public_part, sizeof(public_part), &subject, commitment);

    salt[31] ^= 1;
    commitment_make(salt, public_part, sizeof(public_part), &subject, other);
    assert_memory_not_equal(commitment, other, sizeof(other));
    salt[31] ^= 1;

    public_part[3] ^= 1;
    commitment_make(salt, public_part, sizeof(public_part), &subject, other);
    assert_memory_not_equal(commitment, other, sizeof(other));
    public_part[3] ^= 1;

    subject.bytes[31] ^= 1;
    commitment_make(salt, public_part, sizeof(public_part), &subject, other);
    assert_memory_not_equal(commitment, other, sizeof(other));
    subject.bytes[31] ^= 1;

    commitment_make(salt, public_part, sizeof(public_part) - 1, &subject, other);
    assert_memory_not_equal(commitment, other, sizeof(other));
    commitment_make(salt, public_part, sizeof(public_part), &subject, other);
    assert_memory_equal(commitment, other, sizeof(other));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_salts),
        cmocka_unit_test(test_known_commitment),
        cmocka_unit_test(test_every_part_counts),
    };
    return cmocka_run_group_tests_name("commitment", tests, support_init, NULL);
}
