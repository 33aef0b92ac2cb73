/* SPDX-License-Identifier: EUPL-1.2 */
/*
 * The folder of a witness, mode 0700:
 *
 *   witness.key   its name and the seed of its key
 *   lock          held by the witness that runs
 *   head-<hash>   of each log the last head that it cosigned, a signed note with its own line in
 *                 it; <hash> is the first 16 bytes of SHA-256(00 || origin)
 *   fork-<hash>-<number>, unproved-<hash>-<number>
 *                 what it refused (refused.h), numbered as it came: a fork that is proved
 *                 by it, or a head of which the proof was wrong. Of each kind and log the first is
 *                 there, and the newest FOLDER_NEWEST; what is in a file already makes no other
 *
 * Whoever loses this folder, or puts an older copy of it back, has a witness that forgets: it must
 * get another key. Functions with a `why` put a sentence in it unless the result is 0; the result
 * is then FOLDER_REFUSED, or a fault that the sentence tells of.
 */
#ifndef TOOLS_WITNESS_FOLDER_H
#define TOOLS_WITNESS_FOLDER_H

#include "tools/text.h"
#include "tools/witness/witness.h"

#define FOLDER_WHY_SIZE 512
#define FOLDER_REFUSED 1
#define FOLDER_BAD_NAME 2 /* of a witness that is to be made: nothing was made */
#define FOLDER_NEWEST 8

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

/* The head that was kept of a log, appended. 0 or -errno. */
int witness_folder_read_head(const struct witness_folder *folder, const char *origin,
                             struct text *note) MUST_CHECK;

/* Each file of what was refused, ordered by kind, log and number; ends at the first result that is
 * not 0, which is `each`'s. */
typedef int witness_refused_file(void *context, const char *name, bool is_proof, const char *bytes,
                                 size_t size);
int witness_folder_each_refused(const struct witness_folder *folder, witness_refused_file *each,
                                void *context, char why[static FOLDER_WHY_SIZE]) MUST_CHECK;

/* For struct witness: `context` is the folder. Durable when they return 0. */
int witness_folder_keep(void *context, const char *origin, const char *note,
                        size_t size) MUST_CHECK;
int witness_folder_keep_refused(void *context, const char *origin, bool is_proof, const char *body,
                                size_t size, char ret_name[static WITNESS_FILE_SIZE]) MUST_CHECK;

#endif
