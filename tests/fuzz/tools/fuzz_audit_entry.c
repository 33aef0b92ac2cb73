/* SPDX-License-Identifier: EUPL-1.2 */
/* A line of an exported log, and the proof beside it: files that anybody may have changed. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "tools/audit/entry.h"
#include "tools/audit/format.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* In another form: whatever it is, what comes out can be read. */
static void convert(const char *json, size_t length)
{
    CLEANUP(answer_freep) struct answer *entry = NULL;
    CLEANUP(answer_freep) struct answer *again = NULL;
    CLEANUP(text_finish) struct text out = {0};
    if (answer_parse(json, length, &entry) != 0 || !answer_is_object(entry)) {
        return;
    }
    audit_format_find("otlp")->entry(entry, &out);
    text_clear(&out);
    audit_format_find("csv")->entry(entry, &out);
    if (out.fault == 0 && out.length > 0 && strchr("=+-@\t\r", out.bytes[0]) != NULL) {
        abort();
    }
    text_clear(&out);
    audit_format_find("ldv")->entry(entry, &out);
    if (out.fault == 0 && answer_parse(out.bytes, out.length, &again) != 0) {
        abort();
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct audit_entry entry = {.index = UINT64_MAX};
    struct audit_proof proof = {.index = UINT64_MAX};
    char why[AUDIT_WHY_SIZE] = "";
    int result = audit_entry_read((const char *)data, size, &entry, why);
    if (result == AUDIT_ENTRY_MALFORMED && entry.index != UINT64_MAX) {
        abort();
    }
    convert((const char *)data, size);
    if (result != AUDIT_ENTRY_OK && strnlen(why, sizeof(why)) == 0) {
        abort();
    }
    result = audit_proof_read((const char *)data, size, &proof);
    if (result == 0) {
        struct merkle_frontier frontier;
        struct merkle_hash root = {{0}};
        (void)merkle_verify_inclusion(&proof.leaf, proof.index, proof.tree_size, &proof.proof,
                                      &root);
        if (merkle_frontier_from_proof(proof.index, proof.tree_size, &proof.proof, &frontier) ==
            0) {
            merkle_frontier_root(&frontier, &root);
        }
    } else if (proof.index != UINT64_MAX) {
        abort();
    }
    return 0;
}
