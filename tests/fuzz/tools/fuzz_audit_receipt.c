/* SPDX-License-Identifier: EUPL-1.2 */
/* A receipt: a file that anybody may have made. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "tools/audit/receipt.h"
#include "tools/base64.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(const char *text, size_t length)
{
    CLEANUP(audit_receipt_finish) struct audit_receipt receipt = {.index = UINT64_MAX};
    struct checkpoint head;
    char why[AUDIT_RECEIPT_WHY_SIZE] = "";
    int result = audit_receipt_read(text, length, &receipt, why);
    if (result != 0) {
        if (receipt.index != UINT64_MAX || receipt.extra != NULL || why[0] == '\0') {
            abort();
        }
        return;
    }
    const char *end = text + length;
    if (receipt.note < text || receipt.note + receipt.note_length != end ||
        !answer_is_object(receipt.record) || receipt.proof.count > MERKLE_PROOF_MAXIMUM) {
        abort();
    }
    if (checkpoint_parse(receipt.note, receipt.note_length, &head) == CHECKPOINT_OK) {
        (void)audit_receipt_is_included(&receipt, &head);
    }
}

static void check_base64(const char *text, size_t length)
{
    size_t size = 0;
    if (!base64_decoded_size(text, length, &size)) {
        return;
    }
    uint8_t *out = malloc(size + 1);
    if (out != NULL && base64_decode(text, length, out, size) == 0 &&
        base64_decode(text, length, out, size + 1) == 0) {
        abort(); /* it stands for one number of bytes */
    }
    free(out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    check((const char *)data, size);
    check_base64((const char *)data, size);
    return 0;
}
