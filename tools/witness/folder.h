/* SPDX-License-Identifier: EUPL-1.2 */
/*
 * The folder of a witness, mode 0700:
 *
 *   witness.key   its name and the seed of its key
 *   lock          held by the witness that runs
 *   head-<hash>   of each log the last head that it cosigned, a signed note with its own line in
 *                 it; <hash> is the first 16 bytes of SHA-256(00 || origin)
 *
 * Whoever loses this folder, or puts an older copy of it back, has a witness that forgets: it must
 * get another key. Functions with a `why` put a sentence in it unless the result is 0; the result
 * is then FOLDER_REFUSED, or a fault that the sentence tells of.
 */
#ifndef TOOLS_WITNESS_FOLDER_H
#define TOOLS_WITNESS_FOLDER_H

#include "tools/witness/witness.h"

#define FOLDER_WHY_SIZE 512
#define FOLDER_REFUSED 1

/* Makes it, with a new key of this name; must not hold one already. */
int witness_folder_create(const char *path, const char *name, struct checkpoint_signer *ret_signer,
                          char why[static FOLDER_WHY_SIZE]) MUST_CHECK;

struct witness_folder {
    int descriptor;
    int lock; /* -1: not held */
};
#define WITNESS_NO_FOLDER                                                                          \
    {                                                                                              \
        .descriptor = -1, .lock = -1                                                               \
    }
/* With `to_run` it is locked: refused while another witness runs on it. */
int witness_folder_open(const char *path, bool to_run, struct witness_folder *ret_folder,
                        struct checkpoint_signer *ret_signer,
                        char why[static FOLDER_WHY_SIZE]) MUST_CHECK;
void witness_folder_close(struct witness_folder *folder); /* for CLEANUP */

/* Each head that was kept, in no order; ends at the first result that is not 0. */
typedef int witness_head(void *context, const char *note, size_t size);
int witness_folder_each(const struct witness_folder *folder, witness_head *each, void *context,
                        char why[static FOLDER_WHY_SIZE]) MUST_CHECK;

/* For struct witness: `context` is the folder. Durable when it returns 0. */
int witness_folder_keep(void *context, const char *origin, const char *note,
                        size_t size) MUST_CHECK;

#endif
