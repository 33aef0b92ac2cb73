/* SPDX-License-Identifier: EUPL-1.2 */
/*
 * What a keyring is made of: private to keyring*.c.
 *
 * Epoch keys come and go while others read, without a lock. A slot's bytes are written while its
 * id is 0, and the id is stored with release after them: who loads it with acquire sees the whole
 * key. `current` is stored after that, so its key is found always. A slot is emptied the other way
 * round: the id goes first, then the bytes.
 */
#ifndef CRYPTO_KEYRING_PRIVATE_H
#define CRYPTO_KEYRING_PRIVATE_H

#include <stdatomic.h>
#include <stdbool.h>

#include "crypto/keyfile.h"

struct keyring_epoch {
    _Atomic uint32_t id; /* 0: empty */
    atomic_bool retired; /* its file is gone; its bytes go at the next beginning */
    uint8_t bytes[KEYRING_KEY_BYTES];
};

struct keyring {
    size_t count;
    struct keyring_key keys[KEYRING_KEYS_MAXIMUM]; /* of all purposes but epochs */
    _Atomic uint32_t current_epoch;                /* the highest id; 0: none */
    struct keyring_epoch epochs[KEYRING_EPOCHS_MAXIMUM];
    char *epoch_directory; /* where a new epoch key is written; NULL: nowhere */
};

/* Is this key there already, under whatever purpose and id? Then one is a copy by mistake. */
bool keyring_has_bytes(const struct keyring *keyring, const uint8_t key[static KEYRING_KEY_BYTES]);
/* Is there room for one more of that purpose? */
bool keyring_has_room(const struct keyring *keyring, enum keyring_purpose purpose);

#endif
