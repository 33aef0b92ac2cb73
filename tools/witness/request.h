/* SPDX-License-Identifier: EUPL-1.2 */
/*
 * The body of `add-checkpoint` (C2SP tlog-witness):
 *
 *   old <size> LF, then hashes in base64, a line each, then an empty line, then a signed checkpoint
 *
 * Pure: what it points to is the caller's body.
 */
#ifndef TOOLS_WITNESS_REQUEST_H
#define TOOLS_WITNESS_REQUEST_H

#include "crypto/checkpoint.h"

#define WITNESS_PROOF_MAXIMUM 63 /* lines; a client must not send more */
#define WITNESS_BODY_MAXIMUM                                                                       \
    (32 + WITNESS_PROOF_MAXIMUM * (size_t)CHECKPOINT_HASH_SIZE + CHECKPOINT_NOTE_MAXIMUM)

struct witness_request {
    uint64_t old_size;
    struct merkle_proof proof;
    const char *note; /* not NUL-terminated */
    size_t note_size;
    struct checkpoint checkpoint; /* as the note says; no signature was looked at */
};

#define WITNESS_REQUEST_MALFORMED 1
/* 0 or WITNESS_REQUEST_MALFORMED. */
int witness_request_parse(const char *body, size_t size,
                          struct witness_request *ret_request) MUST_CHECK;

#endif
