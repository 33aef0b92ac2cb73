/* SPDX-License-Identifier: EUPL-1.2 */
/*
 * What is said to a witness, and what its answers mean (C2SP tlog-witness, `add-checkpoint`). A
 * witness is another party's machine: nothing of an answer is trusted but a signature that
 * verifies. Pure; any thread.
 */
#ifndef DAEMON_WITNESS_TALK_H
#define DAEMON_WITNESS_TALK_H

#include "crypto/cosignature.h"

#define WITNESS_TALK_PROOF_MAXIMUM 63 /* lines; the protocol's */
#define WITNESS_TALK_REQUEST_SIZE                                                                  \
    (32 + WITNESS_TALK_PROOF_MAXIMUM * CHECKPOINT_HASH_SIZE + CHECKPOINT_NOTE_MAXIMUM)
#define WITNESS_TALK_ANSWER_MAXIMUM 4096 /* bytes of a body: some signature lines, or a number */
#define WITNESS_TALK_TYPE_SIZE 64

/* The body of a request, NUL-terminated; returns its length, 0 when the proof is too long. */
size_t witness_talk_write(uint64_t old_size, const struct merkle_proof *proof, const char *note,
                          char out[static WITNESS_TALK_REQUEST_SIZE]);

struct witness_reply {
    long status;
    char content_type[WITNESS_TALK_TYPE_SIZE];  /* without parameters */
    char body[WITNESS_TALK_ANSWER_MAXIMUM + 1]; /* NUL-terminated */
    size_t size;
};

enum witness_verdict {
    WITNESS_COSIGNED,     /* `line` is set */
    WITNESS_HAS_SIZE,     /* the last head it cosigned is of another size: `size` */
    WITNESS_INCONSISTENT, /* the proof does not lead from its last head to this one */
    WITNESS_FAILED,       /* `failure` says how */
};
struct witness_meaning {
    enum witness_verdict verdict;
    uint64_t size;
    const char *failure; /* a static slug */
    char line[COSIGNATURE_LINE_SIZE];
};
/* `note` is what was sent. */
void witness_talk_read(const struct witness_reply *reply, const char *note,
                       const struct checkpoint_vkey *vkey, struct witness_meaning *ret_meaning);

#endif
