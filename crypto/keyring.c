/* SPDX-License-Identifier: EUPL-1.2 */
/* The ring in memory. Its files: keyring_load.c; the turn of the epochs: keyring_epoch.c. */
#include "crypto/keyring.h"

#include <errno.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "crypto/keyring_private.h"
#include "crypto/secret.h"

int keyring_new(struct keyring **ret_keyring)
{
    struct keyring *keyring = secret_lock_new(sizeof(*keyring));
    if (keyring == NULL) {
        return -errno;
    }
    *ret_keyring = keyring;
    return 0;
}

void keyring_free(struct keyring *keyring)
{
    if (keyring != NULL) {
        free(keyring->epoch_directory);
        secret_lock_free(keyring);
    }
}

void keyring_freep(struct keyring **keyring)
{
    keyring_free(*keyring);
}

static int check_usable(enum keyring_purpose purpose, const uint8_t key[static KEYRING_KEY_BYTES])
{
    struct oprf_scalar scalar;
    if (sodium_is_zero(key, KEYRING_KEY_BYTES)) {
        return KEYRING_REFUSED;
    }
    if (purpose != KEYRING_EVALUATION) {
        return KEYRING_OK;
    }
    memcpy(scalar.bytes, key, sizeof(scalar.bytes));
    int condition = oprf_check_scalar(&scalar);
    secret_wipe(&scalar, sizeof(scalar));
    return condition == OPRF_OK ? KEYRING_OK : KEYRING_REFUSED;
}

/* The number of an empty slot, or KEYRING_EPOCHS_MAXIMUM. */
static size_t free_epoch(const struct keyring *keyring)
{
    size_t i = 0;
    while (i < KEYRING_EPOCHS_MAXIMUM &&
           atomic_load_explicit(&keyring->epochs[i].id, memory_order_relaxed) != 0) {
        i++;
    }
    return i;
}

bool keyring_has_room(const struct keyring *keyring, enum keyring_purpose purpose)
{
    return purpose == KEYRING_EPOCH ? free_epoch(keyring) < KEYRING_EPOCHS_MAXIMUM
                                    : keyring->count < KEYRING_KEYS_MAXIMUM;
}

static void add_epoch(struct keyring *keyring, uint32_t id,
                      const uint8_t key[static KEYRING_KEY_BYTES])
{
    struct keyring_epoch *added = &keyring->epochs[free_epoch(keyring)];
    memcpy(added->bytes, key, sizeof(added->bytes));
    atomic_store_explicit(&added->retired, false, memory_order_relaxed);
    atomic_store_explicit(&added->id, id, memory_order_release);
    if (id > atomic_load_explicit(&keyring->current_epoch, memory_order_relaxed)) {
        atomic_store_explicit(&keyring->current_epoch, id, memory_order_release);
    }
}

int keyring_add(struct keyring *keyring, enum keyring_purpose purpose, uint32_t id,
                const uint8_t key[static KEYRING_KEY_BYTES])
{
    if ((unsigned)purpose >= KEYRING_PURPOSES || id == 0 || !keyring_has_room(keyring, purpose) ||
        keyring_find(keyring, purpose, id) != NULL || check_usable(purpose, key) != KEYRING_OK) {
        return KEYRING_REFUSED;
    }
    if (purpose == KEYRING_EPOCH) {
        add_epoch(keyring, id, key);
        return KEYRING_OK;
    }
    struct keyring_key *added = &keyring->keys[keyring->count++];
    added->purpose = purpose;
    added->id = id;
    memcpy(added->bytes, key, sizeof(added->bytes));
    return KEYRING_OK;
}

bool keyring_has_bytes(const struct keyring *keyring, const uint8_t key[static KEYRING_KEY_BYTES])
{
    bool has = false;
    for (size_t i = 0; i < keyring->count; i++) {
        has |= secret_equal(keyring->keys[i].bytes, key, KEYRING_KEY_BYTES);
    }
    for (size_t i = 0; i < KEYRING_EPOCHS_MAXIMUM; i++) {
        const struct keyring_epoch *epoch = &keyring->epochs[i];
        has |= atomic_load_explicit(&epoch->id, memory_order_acquire) != 0 &&
               secret_equal(epoch->bytes, key, KEYRING_KEY_BYTES);
    }
    return has;
}

static const uint8_t *find_epoch(const struct keyring *keyring, uint32_t id)
{
    for (size_t i = 0; i < KEYRING_EPOCHS_MAXIMUM; i++) {
        const struct keyring_epoch *epoch = &keyring->epochs[i];
        if (atomic_load_explicit(&epoch->id, memory_order_acquire) == id) {
            return epoch->bytes;
        }
    }
    return NULL;
}

const uint8_t *keyring_find(const struct keyring *keyring, enum keyring_purpose purpose,
                            uint32_t id)
{
    if (id == 0) { /* an empty slot's */
        return NULL;
    }
    if (purpose == KEYRING_EPOCH) {
        return find_epoch(keyring, id);
    }
    for (size_t i = 0; i < keyring->count; i++) {
        if (keyring->keys[i].purpose == purpose && keyring->keys[i].id == id) {
            return keyring->keys[i].bytes;
        }
    }
    return NULL;
}

uint32_t keyring_current(const struct keyring *keyring, enum keyring_purpose purpose)
{
    if (purpose == KEYRING_EPOCH) {
        return atomic_load_explicit(&keyring->current_epoch, memory_order_acquire);
    }
    uint32_t highest = 0;
    for (size_t i = 0; i < keyring->count; i++) {
        if (keyring->keys[i].purpose == purpose && keyring->keys[i].id > highest) {
            highest = keyring->keys[i].id;
        }
    }
    return highest;
}
