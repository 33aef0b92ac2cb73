/* SPDX-License-Identifier: EUPL-1.2 */
#include "tools/witness/refused.h"

#include <string.h>

static bool same_root(const struct merkle_hash *a, const struct merkle_hash *b)
{
    return memcmp(a, b, sizeof(*a)) == 0;
}

/* The root of the tree of `old_size` from which a consistency proof leads (RFC 9162 section
 * 2.1.4.2, of its two hashes the first). False where that is not in the proof. */
static bool read_old_root(uint64_t old_size, uint64_t size, const struct merkle_proof *proof,
                          struct merkle_hash *ret_root)
{
    uint64_t node = old_size - 1;
    uint64_t last = size - 1;
    while ((node & 1) != 0) {
        node >>= 1;
        last >>= 1;
    }
    if (node == 0 || proof->count == 0) {
        return false;
    }
    struct merkle_hash root = proof->hashes[0];
    for (size_t i = 1; i < proof->count && last > 0; i++) {
        if ((node & 1) != 0 || node == last) {
            merkle_node(&proof->hashes[i], &root, &root);
            while ((node & 1) == 0 && node != 0) {
                node >>= 1;
                last >>= 1;
            }
        }
        node >>= 1;
        last >>= 1;
    }
    *ret_root = root;
    return true;
}

enum witness_finding witness_refused_judge(const struct checkpoint *cosigned,
                                           const struct witness_request *request)
{
    const struct checkpoint *next = &request->checkpoint;
    struct merkle_hash old_root;
    if (cosigned->size == 0 || next->size < cosigned->size ||
        strcmp(cosigned->origin, next->origin) != 0) {
        return WITNESS_NO_FORK;
    }
    if (next->size == cosigned->size) {
        return same_root(&cosigned->root, &next->root) ? WITNESS_NO_FORK : WITNESS_FORK_OF_SIZE;
    }
    if (merkle_verify_consistency(cosigned->size, &cosigned->root, next->size, &next->root,
                                  &request->proof)) {
        return WITNESS_NO_FORK;
    }
    return read_old_root(cosigned->size, next->size, &request->proof, &old_root) &&
                   merkle_verify_consistency(cosigned->size, &old_root, next->size, &next->root,
                                             &request->proof)
               ? WITNESS_FORK_PROVED
               : WITNESS_UNPROVED;
}

/* Behind the next empty line; NULL when there is none. */
static const char *find_part(const char *at, const char *end)
{
    const char *found = memmem(at, (size_t)(end - at), "\n\n", 2);
    return found != NULL ? found + 2 : NULL;
}

int witness_refused_parse(const char *bytes, size_t size, struct witness_refused *ret_refused)
{
    const char *end = bytes + size;
    struct witness_refused refused = {.note = bytes};
    const char *signatures = size <= WITNESS_REFUSED_MAXIMUM ? find_part(bytes, end) : NULL;
    const char *request = signatures != NULL ? find_part(signatures, end) : NULL;
    if (request == NULL) {
        return WITNESS_REQUEST_MALFORMED;
    }
    refused.note_size = (size_t)(request - 1 - bytes);
    if (checkpoint_parse(refused.note, refused.note_size, &refused.cosigned) != 0 ||
        witness_request_parse(request, (size_t)(end - request), &refused.request) != 0) {
        return WITNESS_REQUEST_MALFORMED;
    }
    *ret_refused = refused;
    return 0;
}
