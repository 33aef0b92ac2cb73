/* SPDX-License-Identifier: EUPL-1.2 */
/* The vectors are those of the reference implementation of SipHash-2-4: key 00 to 0f, and input 00,
 * 01, 02 and so on. */
#include "support.h"

#include "crypto/shortmac.h"

static void test_vectors(void **state)
{
    (void)state;
    static const struct {
        size_t size;
        const char *expected;
    } known[] = {
        {0, "310e0edd47db6f72"},
        {1, "fd67dc93c539f874"},
        {8, "6224939a79f5f593"},
        {15, "e545be4961ca29a1"},
    };
    uint8_t bytes[SHORTMAC_KEY_BYTES];
    for (size_t i = 0; i < sizeof(bytes); i++) {
        bytes[i] = (uint8_t)i;
    }
    for (size_t i = 0; i < ARRAY_LENGTH(known); i++) {
        uint8_t mac[SHORTMAC_BYTES];
        shortmac_make(bytes, bytes, known[i].size, mac);
        support_assert_hex(mac, sizeof(mac), known[i].expected);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_vectors),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
