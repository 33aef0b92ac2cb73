/* SPDX-License-Identifier: EUPL-1.2 */
/*
 * A witness's timestamped cosignature of a checkpoint (C2SP tlog-cosignature, Ed25519): a signature
 * line of a note, by a key of type 04, over `cosignature/v1`, the time and the note's text. Opening
 * one is checkpoint_open(). Pure; any thread. Results are enum checkpoint_condition.
 */
#ifndef CRYPTO_COSIGNATURE_H
#define CRYPTO_COSIGNATURE_H

#include "crypto/checkpoint.h"

#define COSIGNATURE_LINE_SIZE 256 /* bytes of a line, its LF and a NUL included */
#define COSIGNATURE_TIME_MAXIMUM ((uint64_t)INT64_MAX)

/* As checkpoint_signer_init(), for a witness's key. */
int cosignature_signer_init(struct checkpoint_signer *ret_witness, const char *name,
                            const uint8_t seed[static CHECKPOINT_SEED_BYTES]) MUST_CHECK;

/* Cosigns the text of `note` at `time`, seconds since 1970; writes one line, ended by LF and NUL.
 * Looks at no signature: open the note first. CHECKPOINT_MALFORMED. */
int cosignature_sign(const struct checkpoint_signer *witness, const char *note, size_t length,
                     uint64_t time, char out[static COSIGNATURE_LINE_SIZE]) MUST_CHECK;

/*
 * Among `lines`, which nobody has looked at yet, the one by which `vkey` cosigned the text of
 * `note`; the last, when there are several. Those of other keys are passed over. As
 * checkpoint_open(), with CHECKPOINT_MALFORMED also for lines that are none.
 */
int cosignature_find(const char *note, size_t length, const char *lines, size_t lines_length,
                     const struct checkpoint_vkey *vkey, char out[static COSIGNATURE_LINE_SIZE],
                     uint64_t *ret_time) MUST_CHECK;

/*
 * Puts a line, ended by LF, behind those of `note`, in place of one of the same name and key. Looks
 * at no signature. CHECKPOINT_MALFORMED also when it does not fit. `out` is NUL-terminated and may
 * not be `note`.
 */
int cosignature_add(const char *note, size_t length, const char *line,
                    char out[static CHECKPOINT_NOTE_MAXIMUM], size_t *ret_length) MUST_CHECK;

#endif
