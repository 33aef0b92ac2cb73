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
        {0, "5962a3a39dae8408a6ba025a94db0be076034d1a374c6c12f1514162c4fc1958",
         "df90510b0467d72841c8621eac92b37b33af14347a3b88a70ecea9a7428cf379"},
        {1, "64f333f6c666c18c06785b0fd5e9e8fa442e834e3429907b6456af6f0afe9d4b",
         "57d3b43ef2ad89b112c3814c2d961daf59aa756e85b9176b0dc6a98a9cb6f685"},
        {0x0102030405060708, "25f242cc357d2f386d5b77ddf76df0db84b41ce6f46063ec381ebfecfe6b386b",
         "5efb9b1f7d551b515ea3aa74bdf3ccdd998a650b9f8e8612ac1e151da59f828b"},
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
