/* SPDX-License-Identifier: EUPL-1.2 */
/*
 * The signed head of the log: a C2SP tlog-checkpoint in a C2SP signed-note, Ed25519.
 *
 *   <origin> LF <size, decimal> LF <root, base64> LF LF — <name> <base64(key id || signature)> LF
 *
 * Behind the root there may be further lines, each ended by LF and none empty: extension lines,
 * which are signed too. Who does not know them passes over them.
 *
 * A verifier key is written name+hex(key id)+base64(type || public key); key id = the first four
 * bytes of SHA-256(name || 0A || type || public key); type 01 is a log's Ed25519 key, 04 a
 * witness's timestamped cosignature (C2SP tlog-cosignature).
 */
#ifndef CRYPTO_CHECKPOINT_H
#define CRYPTO_CHECKPOINT_H

#include "crypto/merkle.h"

#define CHECKPOINT_NAME_MAXIMUM 128 /* bytes of an origin or key name, NUL not counted */
#define CHECKPOINT_NOTE_MAXIMUM 8192
#define CHECKPOINT_EXTENSION_MAXIMUM 1024 /* bytes of what is signed here; others may sign more */
#define CHECKPOINT_VKEY_MAXIMUM 256
#define CHECKPOINT_SEED_BYTES 32
#define CHECKPOINT_PUBLIC_BYTES 32

/* Sizes are at most 2^63 - 1. */
struct checkpoint {
    char origin[CHECKPOINT_NAME_MAXIMUM + 1];
    uint64_t size;
    struct merkle_hash root;
};

enum checkpoint_key_type { CHECKPOINT_ED25519 = 1, CHECKPOINT_COSIGNATURE = 4 };

struct checkpoint_vkey {
    char name[CHECKPOINT_NAME_MAXIMUM + 1];
    uint8_t id[4];
    enum checkpoint_key_type type;
    uint8_t public_key[CHECKPOINT_PUBLIC_BYTES];
};

/* A signing key, derived once from its seed; secret, so keep it in locked memory. */
struct checkpoint_signer {
    struct checkpoint_vkey vkey;
    uint8_t secret_key[64];
};

enum checkpoint_condition {
    CHECKPOINT_OK = 0,
    CHECKPOINT_MALFORMED = 1, /* not a note, not a checkpoint, not a verifier key, bad name */
    CHECKPOINT_NOT_SIGNED,    /* well formed, but without a signature of that key */
    CHECKPOINT_BAD_SIGNATURE, /* one that claims to be of that key and is not, beside good ones too
                               */
};

/*
 * A name: 1..CHECKPOINT_NAME_MAXIMUM characters of visible ASCII but '+'. (Signed-note allows other
 * UTF-8 too; in lines of unknown keys it is taken.)
 */
int checkpoint_signer_init(struct checkpoint_signer *ret_signer, const char *name,
                           const uint8_t seed[static CHECKPOINT_SEED_BYTES]) MUST_CHECK;
void checkpoint_vkey_format(const struct checkpoint_vkey *vkey,
                            char out[static CHECKPOINT_VKEY_MAXIMUM]);
int checkpoint_vkey_parse(const char *text, struct checkpoint_vkey *ret_vkey) MUST_CHECK;

/* Writes the signed note, NUL-terminated; returns its length. Origin = the signer's name. */
size_t checkpoint_sign(const struct checkpoint_signer *signer, uint64_t size,
                       const struct merkle_hash *root, char out[static CHECKPOINT_NOTE_MAXIMUM]);

/*
 * The same with extension lines, each ended by LF. CHECKPOINT_MALFORMED when one is empty or not
 * ended, holds a control character or is not UTF-8, or all are beyond CHECKPOINT_EXTENSION_MAXIMUM.
 */
int checkpoint_sign_extended(const struct checkpoint_signer *signer, uint64_t size,
                             const struct merkle_hash *root, const char *extension,
                             char out[static CHECKPOINT_NOTE_MAXIMUM],
                             size_t *ret_length) MUST_CHECK;

/*
 * Parses a note and checks the signature of `vkey`, which may be a log's key (its name must equal
 * the origin) or a witness's (then `ret_time`, seconds since 1970, is set; else it is 0).
 * Signatures of unknown keys are ignored, as signed-note asks. CHECKPOINT_NOT_SIGNED also when a
 * log's key has signed for another origin.
 */
int checkpoint_open(const char *note, size_t length, const struct checkpoint_vkey *vkey,
                    struct checkpoint *ret_checkpoint, uint64_t *ret_time) MUST_CHECK;

/* Parses without any check of signatures, for display: CHECKPOINT_OK or CHECKPOINT_MALFORMED. */
int checkpoint_parse(const char *note, size_t length, struct checkpoint *ret_checkpoint) MUST_CHECK;

/* A hash as it stands in texts of C2SP: standard base64. CHECKPOINT_OK or CHECKPOINT_MALFORMED. */
#define CHECKPOINT_HASH_SIZE 45 /* a NUL included */
void checkpoint_hash_format(const struct merkle_hash *hash, char out[static CHECKPOINT_HASH_SIZE]);
int checkpoint_hash_parse(const char *text, size_t length, struct merkle_hash *ret_hash) MUST_CHECK;

/*
 * The extension lines of a note, with their LFs, inside `note`; of length 0 when it has none. Looks
 * at no signature: open the note first. CHECKPOINT_OK or CHECKPOINT_MALFORMED.
 */
int checkpoint_extension(const char *note, size_t length, const char **ret_lines,
                         size_t *ret_length) MUST_CHECK;

#endif
