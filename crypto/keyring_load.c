/* SPDX-License-Identifier: EUPL-1.2 */
/* A ring from its folders, and a folder for a new one. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "crypto/keyring_private.h"
#include "crypto/secret.h"

static void close_fd(int *fd)
{
    if (*fd >= 0) {
        close(*fd);
    }
}

/* What a folder may hold, and the ring that it goes into. */
struct loading {
    struct keyring *keyring;
    bool epochs;
    bool others;
    const char *epoch_directory; /* for sentences */
};

static int check_place(const struct loading *loading, const struct keyfile_folder *folder,
                       const char *name, enum keyring_purpose purpose,
                       char why[static KEYRING_WHY_SIZE])
{
    if (purpose == KEYRING_EPOCH && !loading->epochs) {
        return keyfile_refuse(why, "%s/%s must not be there: epoch keys are in %s", folder->path,
                              name, loading->epoch_directory);
    }
    if (purpose != KEYRING_EPOCH && !loading->others) {
        return keyfile_refuse(why, "%s/%s must not be there: that folder is for epoch keys alone",
                              folder->path, name);
    }
    return KEYRING_OK;
}

static int load_file(void *context, const struct keyfile_folder *folder, const char *name,
                     char why[static KEYRING_WHY_SIZE])
{
    const struct loading *loading = context;
    CLEANUP(keyring_key_wipe) struct keyring_key key = {.id = 0};

    int r = keyfile_read(folder, name, &key, why);
    if (r == 0) {
        r = check_place(loading, folder, name, key.purpose, why);
    }
    if (r != 0) {
        return r;
    }
    if (keyring_has_bytes(loading->keyring, key.bytes)) {
        return keyfile_refuse(why, "%s/%s holds the same key as another file", folder->path, name);
    }
    if (!keyring_has_room(loading->keyring, key.purpose)) {
        return keyfile_refuse(why, "%s holds more than %d keys%s", folder->path,
                              key.purpose == KEYRING_EPOCH ? KEYRING_EPOCHS_MAXIMUM
                                                           : KEYRING_KEYS_MAXIMUM,
                              key.purpose == KEYRING_EPOCH ? " of epochs" : "");
    }
    if (keyring_add(loading->keyring, key.purpose, key.id, key.bytes) != KEYRING_OK) {
        return keyfile_refuse(why, "%s/%s holds a value that cannot be a key of this purpose",
                              folder->path, name);
    }
    return KEYRING_OK;
}

static int load_folder(struct loading *loading, const char *path, char why[static KEYRING_WHY_SIZE])
{
    CLEANUP(keyfile_close_folder) struct keyfile_folder folder = KEYFILE_NO_FOLDER;
    int r = keyfile_open_folder(path, &folder, why);
    return r != 0 ? r : keyfile_each(&folder, load_file, loading, why);
}

static bool is_same_folder(const char *a, const char *b)
{
    struct stat first;
    struct stat second;
    return stat(a, &first) == 0 && stat(b, &second) == 0 && first.st_dev == second.st_dev &&
           first.st_ino == second.st_ino;
}

static int load_folders(struct keyring *keyring, const char *directory, const char *epoch_directory,
                        char why[static KEYRING_WHY_SIZE])
{
    bool apart = !is_same_folder(directory, epoch_directory);
    struct loading loading = {
        .keyring = keyring,
        .epochs = !apart,
        .others = true,
        .epoch_directory = epoch_directory,
    };
    int r = load_folder(&loading, directory, why);
    if (r == 0 && apart) {
        loading.epochs = true;
        loading.others = false;
        r = load_folder(&loading, epoch_directory, why);
    }
    if (r != 0) {
        return r;
    }
    for (unsigned i = 0; i < KEYRING_PURPOSES; i++) {
        if (keyring_current(keyring, (enum keyring_purpose)i) == 0) {
            return keyfile_refuse(why, "%s has no key %s-<id>.key",
                                  i == KEYRING_EPOCH ? epoch_directory : directory,
                                  keyring_purpose_name((enum keyring_purpose)i));
        }
    }
    return KEYRING_OK;
}

int keyring_load(const char *directory, const char *epoch_directory, struct keyring **ret_keyring,
                 char why[static KEYRING_WHY_SIZE])
{
    epoch_directory = epoch_directory != NULL ? epoch_directory : directory;
    CLEANUP(keyring_freep) struct keyring *keyring = NULL;
    int r = keyring_new(&keyring);
    if (r != 0) {
        keyfile_refuse(why, "cannot lock memory for keys (see the limit on locked memory): %s",
                       strerror(-r));
        return r;
    }
    r = load_folders(keyring, directory, epoch_directory, why);
    if (r != 0) {
        return r;
    }
    keyring->epoch_directory = strdup(epoch_directory);
    if (keyring->epoch_directory == NULL) {
        keyfile_refuse(why, "memory is used up");
        return -ENOMEM;
    }
    *ret_keyring = TAKE_PTR(keyring);
    return KEYRING_OK;
}

/* ---- a new folder ---- */

static void make_key(enum keyring_purpose purpose, struct keyring_key *key)
{
    key->purpose = purpose;
    key->id = 1;
    if (purpose == KEYRING_EVALUATION) {
        struct oprf_scalar scalar;
        oprf_random_scalar(&scalar);
        memcpy(key->bytes, scalar.bytes, sizeof(key->bytes));
        secret_wipe(&scalar, sizeof(scalar));
    } else {
        secret_random(key->bytes, sizeof(key->bytes));
    }
}

/* Makes the folder's own entry durable too. */
static int sync_with_parent(const struct keyfile_folder *folder, char why[static KEYRING_WHY_SIZE])
{
    int r = keyfile_sync_folder(folder, why);
    CLEANUP(close_fd) int parent = openat(folder->fd, "..", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (r == 0 && (parent < 0 || fsync(parent) != 0)) {
        r = -errno;
        keyfile_refuse(why, "cannot sync the folder of %s: %s", folder->path, strerror(-r));
    }
    return r;
}

static int fill_folder(const char *directory, char why[static KEYRING_WHY_SIZE])
{
    CLEANUP(keyfile_close_folder) struct keyfile_folder folder = KEYFILE_NO_FOLDER;
    int r = keyfile_open_folder(directory, &folder, why);
    if (r != 0) {
        return r;
    }
    for (unsigned i = 0; r == 0 && i < KEYRING_PURPOSES; i++) {
        CLEANUP(keyring_key_wipe) struct keyring_key key = {.id = 0};
        make_key((enum keyring_purpose)i, &key);
        r = keyfile_write(&folder, &key, why);
    }
    if (r == 0) {
        r = sync_with_parent(&folder, why);
    }
    if (r != 0) { /* the directory is of this call, and so is all that is in it */
        for (unsigned i = 0; i < KEYRING_PURPOSES; i++) {
            char name[KEYFILE_NAME_MAXIMUM];
            keyfile_format_name((enum keyring_purpose)i, 1, name);
            unlinkat(folder.fd, name, 0);
        }
    }
    return r;
}

int keyring_create(const char *directory, char why[static KEYRING_WHY_SIZE])
{
    if (mkdir(directory, 0700) != 0) {
        return keyfile_refuse_errno(why, "create", directory, "");
    }
    int r = fill_folder(directory, why);
    if (r != 0) {
        rmdir(directory);
    }
    return r;
}
