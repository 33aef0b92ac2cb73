/* SPDX-License-Identifier: EUPL-1.2 */
/*
 * A receipt, as `vix receipt` fetches it: a C2SP tlog-proof, which proves with nothing but the
 * log's verifier key that an entry is in the log.
 *
 *   c2sp.org/tlog-proof@v1
 *   extra <base64 of {"record":…,"salt":"…","subjectHash":"…"}, canonical JSON (RFC 8785)>
 *   index <n>
 *   <base64 hash>          as many as the inclusion proof has (RFC 6962 section 2.1.1)
 *                          an empty line
 *   <the signed checkpoint, perhaps with cosignatures>
 *
 * Strict: one spelling of everything, so that no character of a receipt can be changed, but in
 * signatures of keys that nobody asked for. Pure functions.
 */
#ifndef TOOLS_AUDIT_RECEIPT_H
#define TOOLS_AUDIT_RECEIPT_H

#include "crypto/checkpoint.h"
#include "tools/answer.h"

#define AUDIT_RECEIPT_WHY_SIZE 160

struct audit_receipt {
    struct answer *extra;        /* owned */
    const struct answer *record; /* in `extra` */
    uint64_t index;
    struct merkle_hash leaf; /* made of record, salt and subject hash */
    struct merkle_proof proof;
    const char *note; /* in the text that was read: not looked at yet */
    size_t note_length;
};

#define AUDIT_RECEIPT_MALFORMED 1
/* AUDIT_RECEIPT_MALFORMED with `why`, which holds nothing of the record. */
int audit_receipt_read(const char *text, size_t length, struct audit_receipt *ret_receipt,
                       char why[static AUDIT_RECEIPT_WHY_SIZE]) MUST_CHECK;
void audit_receipt_finish(struct audit_receipt *receipt); /* for CLEANUP */

/* Whether its entry stands in the tree of that head. */
bool audit_receipt_is_included(const struct audit_receipt *receipt, const struct checkpoint *head);

#endif
