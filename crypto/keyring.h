/* SPDX-License-Identifier: EUPL-1.2 */
/*
 * All keys of the index, by purpose and number, in locked memory. Keys live in a directory of
 * their own, never in the store: `evaluation-1.key`, `index-1.key`, `record-1.key`,
 * `epoch-1.key`, `log-1.key`, each one line `verwijsindex-key-1 <purpose> <id> <base64url of 32
 * bytes>`. systemd credentials have the same names and content.
 *
 * This is the one module of crypto/ that touches files. A keyring is read once at start and is
 * then immutable, so every thread may read it.
 */
#ifndef CRYPTO_KEYRING_H
#define CRYPTO_KEYRING_H

#include "crypto/checkpoint.h"
#include "crypto/oprf.h"

#define KEYRING_KEY_BYTES 32
#define KEYRING_KEYS_MAXIMUM 256
#define KEYRING_WHY_SIZE 512

enum keyring_purpose {
    KEYRING_EVALUATION, /* the OPRF's secret scalar: who holds it can try every BSN */
    KEYRING_INDEX,      /* keys the hash from element to child key */
    KEYRING_RECORD,     /* seals what is not about one child: parties, professionals */
    KEYRING_EPOCH,      /* wraps the per-child and per-month keys; turns monthly */
    KEYRING_LOG,        /* Ed25519 seed that signs checkpoints */
    KEYRING_PURPOSES,
};

struct keyring;

enum keyring_condition {
    KEYRING_OK = 0,
    KEYRING_REFUSED = 1, /* missing, unsafe permissions, malformed, double, unusable: see `why` */
};

/*
 * Reads a directory. It must belong to the caller or root and be closed to group and others, and
 * so must every key in it; at least one key of each purpose must be there. A file not named
 * `<purpose>-<id>.key` is refused, so that a misspelt key is not silently missed; names with a
 * leading dot are passed over. One key under two names is refused: it is a copy by mistake. Any
 * result but 0 puts a sentence with the path, never key material, in `why`.
 */
int keyring_load(const char *directory, struct keyring **ret_keyring,
                 char why[static KEYRING_WHY_SIZE]) MUST_CHECK;

/* Writes a new directory (mode 0700) with one key of each purpose, id 1; never overwrites. */
int keyring_create(const char *directory, char why[static KEYRING_WHY_SIZE]) MUST_CHECK;

/*
 * For tests and tools: an empty ring, and one more key. -ENOMEM, -EPERM or -EAGAIN when no memory
 * could be locked. KEYRING_REFUSED for an id that is 0 or there already, a full ring, a key of
 * zeroes, or an evaluation key that is no scalar of the group.
 */
int keyring_new(struct keyring **ret_keyring) MUST_CHECK;
int keyring_add(struct keyring *keyring, enum keyring_purpose purpose, uint32_t id,
                const uint8_t key[static KEYRING_KEY_BYTES]) MUST_CHECK;

void keyring_free(struct keyring *keyring);
void keyring_freep(struct keyring **keyring); /* for CLEANUP */

/* The key, or NULL. Ids are from 1 up. */
const uint8_t *keyring_find(const struct keyring *keyring, enum keyring_purpose purpose,
                            uint32_t id);
/* The highest id of that purpose: the key for new work. 0 when there is none. */
uint32_t keyring_current(const struct keyring *keyring, enum keyring_purpose purpose);

const char *keyring_purpose_name(enum keyring_purpose purpose);

/*
 * One key file's text, with or without its closing LF, for the fuzzer and the loader.
 * KEYRING_REFUSED when it is not one.
 */
int keyring_parse_key(const char *text, size_t length, enum keyring_purpose *ret_purpose,
                      uint32_t *ret_id, uint8_t ret_key[static KEYRING_KEY_BYTES]) MUST_CHECK;

#endif
