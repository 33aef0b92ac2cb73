/* SPDX-License-Identifier: EUPL-1.2 */
/*
 * A receipt: one file with which the holder of the log's verifier key can prove that an entry is in
 * the log, without asking anybody. A C2SP tlog-proof:
 *
 *   c2sp.org/tlog-proof@v1
 *   extra <base64 of {"record":…,"salt":"…","subjectHash":"…"}, canonical JSON (RFC 8785)>
 *   index <n>
 *   <base64 hash>          as many as the inclusion proof has (RFC 6962 section 2.1.1)
 *                          an empty line
 *   <a signed checkpoint>  the newest that a witness has cosigned, when the entry is in its tree;
 *                          else the newest
 *
 * The entry that is proved is made of what stands in `extra`, as store/LOG.md says: record and salt
 * give, with the hash of the subject, the commitment. On whom it is does not follow from it: the
 * subject and its salt are not there. Salt and subject hash are base64url without padding.
 */
#ifndef PROTO_RECEIPT_H
#define PROTO_RECEIPT_H

#include "store/store.h"

#define RECEIPT_MEDIA "text/plain; charset=utf-8"

/*
 * Of an entry in the tree of the snapshot; the text is in `arena`, NUL-terminated. STORE_NOT_FOUND:
 * there is no such entry, or its record has been destroyed.
 */
int receipt_make(struct store_snapshot *snapshot, struct arena *arena, uint64_t index,
                 const char **ret_text, size_t *ret_size) MUST_CHECK;

#endif
