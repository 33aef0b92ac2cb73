/* SPDX-License-Identifier: EUPL-1.2 */
/* A line of an exported log, and the proof beside it: files that anybody may have changed. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "tools/audit_entry.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct audit_entry entry = {.index = UINT64_MAX};
    struct audit_proof proof = {.index = UINT64_MAX};
    char why[AUDIT_WHY_SIZE] = "";
    int result = audit_entry_read((const char *)data, size, &entry, why);
    if (result == AUDIT_ENTRY_MALFORMED && entry.index != UINT64_MAX) {
        abort();
    }
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
