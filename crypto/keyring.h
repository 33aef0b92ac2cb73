/* SPDX-License-Identifier: EUPL-1.2 */
/*
 * All keys of the index, by purpose and number, in locked memory. Keys live in a directory of
 * their own, never in the store: `evaluation-1.key`, `index-1.key`, `record-1.key`,
 * `epoch-1.key`, `log-1.key`, each one line `verwijsindex-key-1 <purpose> <id> <base64url of 32
 * bytes>`. systemd credentials have the same names and content; as nothing can be written there,
 * epoch keys may have a directory apart.
 *
 * This is the one module of crypto/ that touches files. A keyring is read once at start and is
 * then immutable, so every thread may read it. Only epoch keys come and go (see the turn below),
 * by one thread at a time, while all others go on reading without a lock.
 */
#ifndef CRYPTO_KEYRING_H
#define CRYPTO_KEYRING_H

#include <stdbool.h>

#include "crypto/checkpoint.h"
#include "crypto/oprf.h"

#define KEYRING_KEY_BYTES 32
#define KEYRING_KEYS_MAXIMUM 256 /* of all purposes but epochs */
#define KEYRING_EPOCHS_MAXIMUM 8 /* epoch keys at a time; two are ordinary, during a turn */
#define KEYRING_WHY_SIZE 512

enum keyring_purpose {
    KEYRING_EVALUATION, /* the OPRF's secret scalar: who holds it can try every BSN */
    KEYRING_INDEX,      /* keys the hash from element to child key */
    KEYRING_RECORD,     /* seals what is not about one child: parties, professionals */
    KEYRING_EPOCH,      /* seals what must become unreadable once erased; turns monthly */
    KEYRING_LOG,        /* Ed25519 seed that signs checkpoints */
    KEYRING_PURPOSES,
};

struct keyring;

enum keyring_condition {
    KEYRING_OK = 0,
    KEYRING_REFUSED = 1, /* missing, misplaced, unsafe, malformed, double, unusable: see `why` */
};

/*
 * Reads a directory. With an `epoch_directory` apart (not NULL, and not the same one) epoch keys
 * are read there and must not be in `directory`, nor other keys in the former. It must belong to
 * the caller or root and be closed to group and others, and so must every key in it; at least one
 * key of each purpose must be there. A file not named
 * `<purpose>-<id>.key` is refused, so that a misspelt key is not silently missed; names with a
 * leading dot are passed over. One key under two names is refused: it is a copy by mistake. Any
 * result but 0 puts a sentence with the path, never key material, in `why`.
 */
int keyring_load(const char *directory, const char *epoch_directory, struct keyring **ret_keyring,
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

/* The key, or NULL. Ids are from 1 up. The bytes stay until the ring is freed; those of an epoch
 * key that is retired only until the keyring_epoch_begin() after that. */
const uint8_t *keyring_find(const struct keyring *keyring, enum keyring_purpose purpose,
                            uint32_t id);
/* The highest id of that purpose: the key for new work. 0 when there is none. */
uint32_t keyring_current(const struct keyring *keyring, enum keyring_purpose purpose);

/*
 * The turn of the epoch key: begin, seal everything anew under the new key, retire the old ones.
 * By one thread at a time; the others read on. A ring that was loaded has its files in step, one
 * from keyring_new() has none.
 *
 * What was erased is unreadable within 62 days when a turn is made each month: it was sealed under
 * a key whose file is destroyed at the end of the next turn, so after at most 31 days. Only the
 * bytes in the locked memory of this process stay longer, for those who read an old snapshot at
 * that moment, and are wiped at the beginning of the turn after that, so after at most 31 days
 * more; nobody who found a retired key may be using it by then.
 */

/*
 * Makes a random epoch key with the id after the current one, which it becomes. When 0 is returned
 * its file is on disk. KEYRING_REFUSED with a sentence in `why`: the file cannot be written,
 * whatever the disk says, or there are KEYRING_EPOCHS_MAXIMUM keys that are not retired; the ring
 * is then as it was, but that retired keys are wiped in either case.
 */
int keyring_epoch_begin(struct keyring *keyring, uint32_t *ret_id,
                        char why[static KEYRING_WHY_SIZE]) MUST_CHECK;

/*
 * Retires all epoch keys with lower ids: their files, and any such file that was put there since,
 * are overwritten and removed. To be called when nothing is sealed under them any more and that is
 * on disk: there is no way back. Can be repeated, after a crash too. KEYRING_REFUSED with a
 * sentence in `why`: a file cannot be destroyed, no key is marked then; or the current key would
 * go.
 */
int keyring_epoch_retire(struct keyring *keyring, uint32_t below_id,
                         char why[static KEYRING_WHY_SIZE]) MUST_CHECK;

/* The end of the index: destroys the files of all epoch keys in a directory, the current one too.
 * Can be repeated: it needs no ring, for none can be loaded when this was interrupted.
 * KEYRING_REFUSED with a sentence in `why`: one is left. */
int keyring_epoch_destroy(const char *epoch_directory,
                          char why[static KEYRING_WHY_SIZE]) MUST_CHECK;

/* How many epoch keys there are beside the current one that are not retired: more than none after
 * a turn that was interrupted. Any thread. */
size_t keyring_epoch_others(const struct keyring *keyring);

/* Whether a turn can be made, as far as permissions tell; `why` when not. */
bool keyring_epoch_writable(const struct keyring *keyring, char why[static KEYRING_WHY_SIZE]);

const char *keyring_purpose_name(enum keyring_purpose purpose);

/*
 * One key file's text, with or without its closing LF, for the fuzzer and the loader.
 * KEYRING_REFUSED when it is not one.
 */
int keyring_parse_key(const char *text, size_t length, enum keyring_purpose *ret_purpose,
                      uint32_t *ret_id, uint8_t ret_key[static KEYRING_KEY_BYTES]) MUST_CHECK;

#endif
