/* SPDX-License-Identifier: EUPL-1.2 */
/* The turn of the epochs: a new key comes, old ones go. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "crypto/keyring_private.h"
#include "crypto/secret.h"

static void wipe_retired(struct keyring *keyring)
{
    for (size_t i = 0; i < KEYRING_EPOCHS_MAXIMUM; i++) {
        struct keyring_epoch *epoch = &keyring->epochs[i];
        if (atomic_load_explicit(&epoch->id, memory_order_relaxed) != 0 &&
            atomic_load_explicit(&epoch->retired, memory_order_relaxed)) {
            atomic_store_explicit(&epoch->id, 0, memory_order_release);
            secret_wipe(epoch->bytes, sizeof(epoch->bytes));
        }
    }
}

/* Folder and ring stay as they were: the name goes again when it could not be made durable. */
static int write_key(const char *directory, const struct keyring_key *key,
                     char why[static KEYRING_WHY_SIZE])
{
    CLEANUP(keyfile_close_folder) struct keyfile_folder folder = KEYFILE_NO_FOLDER;
    int r = keyfile_open_folder(directory, &folder, why);
    if (r == 0) {
        r = keyfile_write(&folder, key, why);
    }
    if (r != 0) {
        return r;
    }
    r = keyfile_sync_folder(&folder, why);
    if (r != 0) {
        char name[KEYFILE_NAME_MAXIMUM];
        keyfile_format_name(key->purpose, key->id, name);
        unlinkat(folder.fd, name, 0);
    }
    return r;
}

int keyring_epoch_begin(struct keyring *keyring, uint32_t *ret_id,
                        char why[static KEYRING_WHY_SIZE])
{
    uint32_t current = keyring_current(keyring, KEYRING_EPOCH);
    wipe_retired(keyring);
    if (current == UINT32_MAX || !keyring_has_room(keyring, KEYRING_EPOCH)) {
        return keyfile_refuse(why, "there are too many epoch keys: retire some first");
    }
    CLEANUP(keyring_key_wipe)
    struct keyring_key key = {.purpose = KEYRING_EPOCH, .id = current + 1};
    secret_random(key.bytes, sizeof(key.bytes));
    if (keyring->epoch_directory != NULL &&
        write_key(keyring->epoch_directory, &key, why) != KEYRING_OK) {
        return KEYRING_REFUSED;
    }
    if (keyring_add(keyring, KEYRING_EPOCH, key.id, key.bytes) != KEYRING_OK) {
        return keyfile_refuse(why, "the new epoch key cannot be used");
    }
    *ret_id = key.id;
    return KEYRING_OK;
}

static int destroy_below(void *context, const struct keyfile_folder *folder, const char *name,
                         char why[static KEYRING_WHY_SIZE])
{
    const uint32_t *below = context;
    enum keyring_purpose purpose;
    uint32_t id;
    if (keyfile_parse_name(name, &purpose, &id) != KEYRING_OK || purpose != KEYRING_EPOCH ||
        id >= *below) {
        return KEYRING_OK;
    }
    return keyfile_destroy(folder, purpose, id, why);
}

static int destroy_files(const char *directory, uint32_t below, char why[static KEYRING_WHY_SIZE])
{
    CLEANUP(keyfile_close_folder) struct keyfile_folder folder = KEYFILE_NO_FOLDER;
    int r = keyfile_open_folder(directory, &folder, why);
    if (r == 0) {
        r = keyfile_each(&folder, destroy_below, &below, why);
    }
    return r != 0 ? r : keyfile_sync_folder(&folder, why);
}

int keyring_epoch_retire(struct keyring *keyring, uint32_t below_id,
                         char why[static KEYRING_WHY_SIZE])
{
    if (below_id > keyring_current(keyring, KEYRING_EPOCH)) {
        return keyfile_refuse(why, "the current epoch key is in use: it cannot be retired");
    }
    /* By the folder's own listing: a copy that was put back since the start goes too. */
    if (keyring->epoch_directory != NULL &&
        destroy_files(keyring->epoch_directory, below_id, why) != KEYRING_OK) {
        return KEYRING_REFUSED;
    }
    for (size_t i = 0; i < KEYRING_EPOCHS_MAXIMUM; i++) {
        struct keyring_epoch *epoch = &keyring->epochs[i];
        uint32_t id = atomic_load_explicit(&epoch->id, memory_order_relaxed);
        if (id != 0 && id < below_id) {
            atomic_store_explicit(&epoch->retired, true, memory_order_relaxed);
        }
    }
    return KEYRING_OK;
}

int keyring_epoch_destroy(const char *epoch_directory, char why[static KEYRING_WHY_SIZE])
{
    return destroy_files(epoch_directory, UINT32_MAX, why);
}

size_t keyring_epoch_others(const struct keyring *keyring)
{
    uint32_t current = keyring_current(keyring, KEYRING_EPOCH);
    size_t others = 0;
    for (size_t i = 0; i < KEYRING_EPOCHS_MAXIMUM; i++) {
        const struct keyring_epoch *epoch = &keyring->epochs[i];
        uint32_t id = atomic_load_explicit(&epoch->id, memory_order_acquire);
        others +=
            id != 0 && id < current && !atomic_load_explicit(&epoch->retired, memory_order_relaxed);
    }
    return others;
}

bool keyring_epoch_writable(const struct keyring *keyring, char why[static KEYRING_WHY_SIZE])
{
    const char *directory = keyring->epoch_directory;
    if (directory == NULL || faccessat(AT_FDCWD, directory, W_OK | X_OK, AT_EACCESS) == 0) {
        return true;
    }
    int refused = keyfile_refuse_errno(why, "write in", directory, "");
    (void)refused; /* for whatever reason */
    return false;
}
