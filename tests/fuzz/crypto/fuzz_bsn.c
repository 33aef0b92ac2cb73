/* SPDX-License-Identifier: EUPL-1.2 */
/* Whatever is taken for a BSN has nine digits, passes the proof, and reads as itself again. */
#include <stdlib.h>
#include <string.h>

#include "crypto/bsn.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(const struct bsn *bsn)
{
    static const int weights[BSN_DIGITS] = {9, 8, 7, 6, 5, 4, 3, 2, -1};
    int sum = 0;
    for (int i = 0; i < BSN_DIGITS; i++) {
        if (bsn->digits[i] < '0' || bsn->digits[i] > '9') {
            abort();
        }
        sum += weights[i] * (bsn->digits[i] - '0');
    }
    if (sum % 11 != 0 || strcmp(bsn->digits, "000000000") == 0 || bsn->digits[BSN_DIGITS] != '\0') {
        abort();
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct bsn bsn;
    struct bsn again;
    int condition = bsn_parse((const char *)data, size, &bsn);
    if (bsn_condition_text(condition) == NULL) {
        abort();
    }
    if (condition == BSN_OK) {
        check(&bsn);
        if (bsn_parse(bsn.digits, BSN_DIGITS, &again) != BSN_OK ||
            strcmp(again.digits, bsn.digits) != 0) {
            abort();
        }
    }
    return 0;
}
