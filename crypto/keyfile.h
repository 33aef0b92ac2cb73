/* SPDX-License-Identifier: EUPL-1.2 */
/*
 * Folders of key files: who may reach them, what a file looks like, how one comes to be there whole
 * or not at all, and how one is destroyed. Private to the keyring, as is the state of this module:
 * none. Functions with a `why` put a sentence with the path, never key material, in it unless the
 * result is 0; the result is then KEYRING_REFUSED where the path is to blame, else a fault.
 */
#ifndef CRYPTO_KEYFILE_H
#define CRYPTO_KEYFILE_H

#include "crypto/keyring.h"

#define KEYFILE_NAME_MAXIMUM 64 /* with its NUL */

struct keyring_key {
    enum keyring_purpose purpose;
    uint32_t id;
    uint8_t bytes[KEYRING_KEY_BYTES];
};
void keyring_key_wipe(struct keyring_key *key); /* for CLEANUP */

/* Always KEYRING_REFUSED. */
int keyfile_refuse(char why[static KEYRING_WHY_SIZE], const char *format, ...) PRINTF_LIKE(2, 3);
/* "cannot <doing> <directory>/<name>: <errno>". An errno that says something about the path is the
 * operator's to mend: KEYRING_REFUSED. Others are faults: negative. */
int keyfile_refuse_errno(char why[static KEYRING_WHY_SIZE], const char *doing,
                         const char *directory, const char *name);

/* An open folder; `path` is its opener's. Initialised with KEYFILE_NO_FOLDER. */
struct keyfile_folder {
    int fd;
    const char *path;
};
#define KEYFILE_NO_FOLDER                                                                          \
    {                                                                                              \
        .fd = -1                                                                                   \
    }
/* Refuses a folder that belongs to others, or that others can reach. */
int keyfile_open_folder(const char *path, struct keyfile_folder *ret_folder,
                        char why[static KEYRING_WHY_SIZE]) MUST_CHECK;
void keyfile_close_folder(struct keyfile_folder *folder); /* for CLEANUP */

/* Calls `visit` with each name but those with a leading dot; ends at the first that is not 0. */
typedef int keyfile_visit(void *context, const struct keyfile_folder *folder, const char *name,
                          char why[static KEYRING_WHY_SIZE]);
int keyfile_each(const struct keyfile_folder *folder, keyfile_visit *visit, void *context,
                 char why[static KEYRING_WHY_SIZE]) MUST_CHECK;

/* `<purpose>-<id>.key`; KEYRING_REFUSED when it is something else. */
int keyfile_parse_name(const char *name, enum keyring_purpose *ret_purpose,
                       uint32_t *ret_id) MUST_CHECK;
void keyfile_format_name(enum keyring_purpose purpose, uint32_t id,
                         char name[static KEYFILE_NAME_MAXIMUM]);

/* Refuses what is not a regular file, is open to others, is no key, or another than its name. */
int keyfile_read(const struct keyfile_folder *folder, const char *name, struct keyring_key *ret_key,
                 char why[static KEYRING_WHY_SIZE]) MUST_CHECK;

/*
 * A new file, mode 0600; one that is there is never overwritten. The content is on disk when it
 * gets its name, the name once the folder is synced. Nothing is left behind on failure; what a
 * crash leaves has a leading dot, and the next write takes it away.
 */
int keyfile_write(const struct keyfile_folder *folder, const struct keyring_key *key,
                  char why[static KEYRING_WHY_SIZE]) MUST_CHECK;
int keyfile_sync_folder(const struct keyfile_folder *folder,
                        char why[static KEYRING_WHY_SIZE]) MUST_CHECK;

/*
 * Overwrites with random bytes, syncs, and only then takes the name away; the folder is for the
 * caller to sync. A file that is not there is destroyed already. Reads nothing.
 */
int keyfile_destroy(const struct keyfile_folder *folder, enum keyring_purpose purpose, uint32_t id,
                    char why[static KEYRING_WHY_SIZE]) MUST_CHECK;

#endif
