/* SPDX-License-Identifier: EUPL-1.2 */
/*
 * One entry of the log as an export holds it:
 *
 *   {"index":n,"record":{…},"salt":"<base64url>","subject":"<hex>"|null,
 *    "subjectSalt":"<base64url>","commitment":"<base64url>"}
 *
 * Of an entry whose record was destroyed after its term, index and commitment are left; the other
 * members are null, and there is one more: "destroyed":true.
 *
 * The record is canonical JSON (RFC 8785); crypto/commitment.h tells how the commitment follows
 * from the rest. Whatever is not covered by the commitment is refused. Pure functions.
 */
#ifndef TOOLS_AUDIT_ENTRY_H
#define TOOLS_AUDIT_ENTRY_H

#include <stdbool.h>

#include "crypto/commitment.h"
#include "tools/audit/gone.h"

#define AUDIT_WHY_SIZE 160

struct audit_entry {
    uint64_t index;
    bool destroyed;      /* the record is gone: there is no `logged_at` */
    bool says_destroyed; /* its record says that those of `said` are */
    struct audit_range said;
    int64_t logged_at;                    /* milliseconds since 1970: the record's end_time */
    uint8_t commitment[COMMITMENT_BYTES]; /* as the entry claims it */
};

enum audit_entry_condition {
    AUDIT_ENTRY_OK = 0,
    AUDIT_ENTRY_MALFORMED = 1, /* it is not an entry: `ret_entry` is untouched */
    AUDIT_ENTRY_CHANGED,       /* it does not fit its own commitment; `ret_entry` is set */
};
/* On a condition `why` says what is wrong, and never holds anything of the entry. */
int audit_entry_read(const char *json, size_t length, struct audit_entry *ret_entry,
                     char why[static AUDIT_WHY_SIZE]) MUST_CHECK;

/* Base64 with padding (RFC 4648 section 4), as checkpoints and proofs have it. */
#define AUDIT_HASH_SIZE (44 + 1)
void audit_hash_format(const struct merkle_hash *hash, char out[static AUDIT_HASH_SIZE]);

/* The answer to a request for an entry's inclusion proof. */
struct audit_proof {
    uint64_t index;
    uint64_t tree_size;
    struct merkle_hash leaf;
    struct merkle_proof proof;
};
#define AUDIT_PROOF_MALFORMED 1
int audit_proof_read(const char *json, size_t length, struct audit_proof *ret_proof) MUST_CHECK;

#endif
