/* SPDX-License-Identifier: EUPL-1.2 */
#include "crypto/checkpoint.h"

#include <inttypes.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>

#include "crypto/cosignature.h"
#include "crypto/note.h"
#include "crypto/secret.h"
#include "crypto/sha256.h"

#define SIGNATURE_BYTES crypto_sign_BYTES
#define TIME_BYTES 8
#define ID_HEX_LENGTH (NOTE_KEY_ID_BYTES * 2)
#define LINES_MAXIMUM 128 /* signatures of one note */
#define SIZE_MAXIMUM INT64_MAX
#define COSIGNED_HEAD_MAXIMUM 64 /* bytes before the text that a cosignature signs */

#define VKEY_KEY_BYTES (1 + CHECKPOINT_PUBLIC_BYTES)

_Static_assert(CHECKPOINT_SEED_BYTES == crypto_sign_SEEDBYTES &&
                   CHECKPOINT_PUBLIC_BYTES == crypto_sign_PUBLICKEYBYTES,
               "Ed25519 sizes");
_Static_assert(CHECKPOINT_NAME_MAXIMUM + 1 + ID_HEX_LENGTH + 1 +
                       NOTE_BASE64_LENGTH(VKEY_KEY_BYTES) <
                   CHECKPOINT_VKEY_MAXIMUM,
               "the longest verifier key fits");
_Static_assert(NOTE_BASE64_LENGTH(MERKLE_HASH_BYTES) + 1 == CHECKPOINT_HASH_SIZE, "a hash fits");
_Static_assert(sizeof(NOTE_DASH) + CHECKPOINT_NAME_MAXIMUM + 2 +
                       NOTE_BASE64_LENGTH(NOTE_KEY_ID_BYTES + TIME_BYTES + SIGNATURE_BYTES) <=
                   COSIGNATURE_LINE_SIZE,
               "the longest cosignature fits");

/* SHA-256(name || LF || type || public key), the first four bytes. */
static void vkey_set_id(struct checkpoint_vkey *vkey)
{
    const uint8_t middle[2] = {'\n', (uint8_t)vkey->type};
    uint8_t hash[SHA256_BYTES];

    const struct sha256_piece pieces[] = {{vkey->name, strlen(vkey->name)},
                                          {middle, sizeof(middle)},
                                          {vkey->public_key, sizeof(vkey->public_key)}};
    sha256_of(pieces, ARRAY_LENGTH(pieces), hash);
    memcpy(vkey->id, hash, sizeof(vkey->id));
}

static int signer_init(struct checkpoint_signer *ret_signer, enum checkpoint_key_type type,
                       const char *name, const uint8_t seed[static CHECKPOINT_SEED_BYTES])
{
    const struct span name_span = {name, strnlen(name, CHECKPOINT_NAME_MAXIMUM + 1)};
    if (!note_name_is_good(name_span)) {
        return CHECKPOINT_MALFORMED;
    }
    struct checkpoint_vkey vkey = {.type = type};
    memcpy(vkey.name, name_span.begin, name_span.length);
    crypto_sign_seed_keypair(vkey.public_key, ret_signer->secret_key, seed);
    vkey_set_id(&vkey);
    ret_signer->vkey = vkey;
    return CHECKPOINT_OK;
}

int checkpoint_signer_init(struct checkpoint_signer *ret_signer, const char *name,
                           const uint8_t seed[static CHECKPOINT_SEED_BYTES])
{
    return signer_init(ret_signer, CHECKPOINT_ED25519, name, seed);
}

int cosignature_signer_init(struct checkpoint_signer *ret_witness, const char *name,
                            const uint8_t seed[static CHECKPOINT_SEED_BYTES])
{
    return signer_init(ret_witness, CHECKPOINT_COSIGNATURE, name, seed);
}

void checkpoint_vkey_format(const struct checkpoint_vkey *vkey,
                            char out[static CHECKPOINT_VKEY_MAXIMUM])
{
    uint8_t key[VKEY_KEY_BYTES] = {(uint8_t)vkey->type};
    char hex[SECRET_HEX_SIZE(NOTE_KEY_ID_BYTES)];
    char base64[NOTE_BASE64_LENGTH(VKEY_KEY_BYTES) + 1];

    memcpy(key + 1, vkey->public_key, sizeof(vkey->public_key));
    secret_to_hex(vkey->id, sizeof(vkey->id), hex);
    sodium_bin2base64(base64, sizeof(base64), key, sizeof(key), sodium_base64_VARIANT_ORIGINAL);
    snprintf(out, CHECKPOINT_VKEY_MAXIMUM, "%s+%s+%s", vkey->name, hex, base64);
}

int checkpoint_vkey_parse(const char *text, struct checkpoint_vkey *ret_vkey)
{
    struct span rest = {text, strnlen(text, CHECKPOINT_VKEY_MAXIMUM)};
    struct span name;
    struct span hex;
    uint8_t id[NOTE_KEY_ID_BYTES];
    uint8_t key[VKEY_KEY_BYTES];
    size_t size = 0;

    if (!span_cut(&rest, '+', &name) || !note_name_is_good(name) || !span_cut(&rest, '+', &hex) ||
        secret_from_hex(hex.begin, hex.length, id, sizeof(id)) != 0 ||
        !note_base64_decode(rest, key, sizeof(key), &size) || size != sizeof(key) ||
        (key[0] != CHECKPOINT_ED25519 && key[0] != CHECKPOINT_COSIGNATURE)) {
        return CHECKPOINT_MALFORMED;
    }
    struct checkpoint_vkey vkey = {.type = (enum checkpoint_key_type)key[0]};
    memcpy(vkey.name, name.begin, name.length);
    memcpy(vkey.public_key, key + 1, sizeof(vkey.public_key));
    vkey_set_id(&vkey);
    if (memcmp(vkey.id, id, sizeof(id)) != 0) {
        return CHECKPOINT_MALFORMED;
    }
    *ret_vkey = vkey;
    return CHECKPOINT_OK;
}

void checkpoint_hash_format(const struct merkle_hash *hash, char out[static CHECKPOINT_HASH_SIZE])
{
    sodium_bin2base64(out, CHECKPOINT_HASH_SIZE, hash->bytes, sizeof(hash->bytes),
                      sodium_base64_VARIANT_ORIGINAL);
}

int checkpoint_hash_parse(const char *text, size_t length, struct merkle_hash *ret_hash)
{
    struct merkle_hash hash;
    size_t size = 0;
    if (length != CHECKPOINT_HASH_SIZE - 1 ||
        !note_base64_decode((struct span){text, length}, hash.bytes, sizeof(hash.bytes), &size) ||
        size != sizeof(hash.bytes)) {
        return CHECKPOINT_MALFORMED;
    }
    *ret_hash = hash;
    return CHECKPOINT_OK;
}

/* Puts the signature behind the `text` bytes that `out` begins with; returns the whole length. */
static size_t sign_text(const struct checkpoint_signer *signer, size_t text,
                        char out[static CHECKPOINT_NOTE_MAXIMUM])
{
    char base64[NOTE_BASE64_LENGTH(NOTE_KEY_ID_BYTES + SIGNATURE_BYTES) + 1];
    uint8_t signature[NOTE_KEY_ID_BYTES + SIGNATURE_BYTES];

    memcpy(signature, signer->vkey.id, NOTE_KEY_ID_BYTES);
    crypto_sign_detached(signature + NOTE_KEY_ID_BYTES, NULL, (const uint8_t *)out, text,
                         signer->secret_key);
    sodium_bin2base64(base64, sizeof(base64), signature, sizeof(signature),
                      sodium_base64_VARIANT_ORIGINAL);
    int lines = snprintf(out + text, CHECKPOINT_NOTE_MAXIMUM - text, "\n" NOTE_DASH "%s %s\n",
                         signer->vkey.name, base64);
    return text + (size_t)lines;
}

static size_t sign(const struct checkpoint_signer *signer, uint64_t size,
                   const struct merkle_hash *root, const char *extension,
                   char out[static CHECKPOINT_NOTE_MAXIMUM])
{
    char base64[CHECKPOINT_HASH_SIZE];
    checkpoint_hash_format(root, base64);
    int text = snprintf(out, CHECKPOINT_NOTE_MAXIMUM, "%s\n%" PRIu64 "\n%s\n%s", signer->vkey.name,
                        size, base64, extension);
    return sign_text(signer, (size_t)text, out);
}

size_t checkpoint_sign(const struct checkpoint_signer *signer, uint64_t size,
                       const struct merkle_hash *root, char out[static CHECKPOINT_NOTE_MAXIMUM])
{
    return sign(signer, size, root, "", out);
}

static bool parse_size(struct span digits, uint64_t *ret_size)
{
    uint64_t size = 0;
    if (digits.length == 0 || digits.length > 19 || (digits.begin[0] == '0' && digits.length > 1)) {
        return false;
    }
    for (size_t i = 0; i < digits.length; i++) {
        if (digits.begin[i] < '0' || digits.begin[i] > '9') {
            return false;
        }
        size = size * 10 + (unsigned)(digits.begin[i] - '0');
    }
    *ret_size = size;
    return size <= SIZE_MAXIMUM;
}

int checkpoint_sign_extended(const struct checkpoint_signer *signer, uint64_t size,
                             const struct merkle_hash *root, const char *extension,
                             char out[static CHECKPOINT_NOTE_MAXIMUM], size_t *ret_length)
{
    const struct span lines = {extension, strnlen(extension, CHECKPOINT_EXTENSION_MAXIMUM + 1)};
    if (lines.length > CHECKPOINT_EXTENSION_MAXIMUM || !note_characters_are_good(lines) ||
        !note_lines_are_good(lines)) {
        return CHECKPOINT_MALFORMED;
    }
    *ret_length = sign(signer, size, root, extension, out);
    return CHECKPOINT_OK;
}

/* `ret_extension` are the lines behind the root. */
static bool parse_text(struct span text, struct checkpoint *ret_checkpoint,
                       struct span *ret_extension)
{
    struct checkpoint checkpoint = {.size = 0};
    struct span origin;
    struct span size;
    struct span root;

    if (!span_cut(&text, '\n', &origin) || !note_name_is_good(origin) ||
        !span_cut(&text, '\n', &size) || !parse_size(size, &checkpoint.size) ||
        !span_cut(&text, '\n', &root) ||
        checkpoint_hash_parse(root.begin, root.length, &checkpoint.root) != 0 ||
        !note_lines_are_good(text)) {
        return false;
    }
    *ret_extension = text;
    memcpy(checkpoint.origin, origin.begin, origin.length);
    *ret_checkpoint = checkpoint;
    return true;
}

static bool verify_ed25519(const struct note_signature *signature, struct span text,
                           const struct checkpoint_vkey *vkey)
{
    return signature->size == NOTE_KEY_ID_BYTES + SIGNATURE_BYTES &&
           crypto_sign_verify_detached(signature->bytes + NOTE_KEY_ID_BYTES,
                                       (const uint8_t *)text.begin, text.length,
                                       vkey->public_key) == 0;
}

/* What a cosignature signs; returns its length. */
static size_t cosigned_message(struct span text, uint64_t time,
                               char out[static COSIGNED_HEAD_MAXIMUM + CHECKPOINT_NOTE_MAXIMUM])
{
    int head = snprintf(out, COSIGNED_HEAD_MAXIMUM, "cosignature/v1\ntime %" PRIu64 "\n", time);
    memcpy(out + head, text.begin, text.length);
    return (size_t)head + text.length;
}

static bool verify_cosignature(const struct note_signature *signature, struct span text,
                               const struct checkpoint_vkey *vkey, uint64_t *ret_time)
{
    if (signature->size != NOTE_KEY_ID_BYTES + TIME_BYTES + SIGNATURE_BYTES) {
        return false;
    }
    uint64_t time = get_be64(signature->bytes + NOTE_KEY_ID_BYTES);
    char message[COSIGNED_HEAD_MAXIMUM + CHECKPOINT_NOTE_MAXIMUM];
    size_t size = cosigned_message(text, time, message);
    if (time > COSIGNATURE_TIME_MAXIMUM ||
        crypto_sign_verify_detached(signature->bytes + NOTE_KEY_ID_BYTES + TIME_BYTES,
                                    (const uint8_t *)message, size, vkey->public_key) != 0) {
        return false;
    }
    *ret_time = time;
    return true;
}

int cosignature_sign(const struct checkpoint_signer *witness, const char *note, size_t length,
                     uint64_t time, char out[static COSIGNATURE_LINE_SIZE])
{
    struct note parts;
    struct checkpoint checkpoint;
    struct span extension;
    if (time > COSIGNATURE_TIME_MAXIMUM || !note_split(note, length, &parts) ||
        !parse_text(parts.text, &checkpoint, &extension)) {
        return CHECKPOINT_MALFORMED;
    }
    uint8_t signature[NOTE_KEY_ID_BYTES + TIME_BYTES + SIGNATURE_BYTES];
    char base64[NOTE_BASE64_LENGTH(sizeof(signature)) + 1];
    char message[COSIGNED_HEAD_MAXIMUM + CHECKPOINT_NOTE_MAXIMUM];
    size_t size = cosigned_message(parts.text, time, message);
    memcpy(signature, witness->vkey.id, NOTE_KEY_ID_BYTES);
    put_be64(signature + NOTE_KEY_ID_BYTES, time);
    crypto_sign_detached(signature + NOTE_KEY_ID_BYTES + TIME_BYTES, NULL, (const uint8_t *)message,
                         size, witness->secret_key);
    sodium_bin2base64(base64, sizeof(base64), signature, sizeof(signature),
                      sodium_base64_VARIANT_ORIGINAL);
    snprintf(out, COSIGNATURE_LINE_SIZE, NOTE_DASH "%s %s\n", witness->vkey.name, base64);
    return CHECKPOINT_OK;
}

/* Goes through all lines, so that a malformed or forged one is never hidden behind a good one. */
static int verify_lines(const struct note *note, const struct checkpoint_vkey *vkey,
                        uint64_t *ret_time)
{
    struct span rest = note->lines;
    struct span line;
    struct note_signature signature;
    int condition = CHECKPOINT_NOT_SIGNED;
    uint64_t time = 0;

    for (unsigned count = 0; span_cut(&rest, '\n', &line); count++) {
        if (count == LINES_MAXIMUM || !note_parse_signature(line, &signature)) {
            return CHECKPOINT_MALFORMED;
        }
        if (vkey == NULL || condition == CHECKPOINT_BAD_SIGNATURE ||
            !span_is(signature.name, vkey->name) ||
            memcmp(signature.bytes, vkey->id, NOTE_KEY_ID_BYTES) != 0) {
            continue;
        }
        bool good = vkey->type == CHECKPOINT_COSIGNATURE
                        ? verify_cosignature(&signature, note->text, vkey, &time)
                        : verify_ed25519(&signature, note->text, vkey);
        condition = good ? CHECKPOINT_OK : CHECKPOINT_BAD_SIGNATURE;
    }
    if (condition == CHECKPOINT_OK) {
        *ret_time = time;
    }
    return condition;
}

int checkpoint_open(const char *note, size_t length, const struct checkpoint_vkey *vkey,
                    struct checkpoint *ret_checkpoint, uint64_t *ret_time)
{
    struct note parts;
    struct checkpoint checkpoint;
    struct span extension;
    uint64_t time = 0;

    if (!note_split(note, length, &parts) || !parse_text(parts.text, &checkpoint, &extension)) {
        return CHECKPOINT_MALFORMED;
    }
    int condition = verify_lines(&parts, vkey, &time);
    if (condition != CHECKPOINT_OK) {
        return condition;
    }
    /* A log's key signs for that log only; a witness's for every log. */
    if (vkey->type == CHECKPOINT_ED25519 && strcmp(checkpoint.origin, vkey->name) != 0) {
        return CHECKPOINT_NOT_SIGNED;
    }
    *ret_checkpoint = checkpoint;
    *ret_time = time;
    return CHECKPOINT_OK;
}

static bool parse_note(const char *note, size_t length, struct checkpoint *ret_checkpoint,
                       struct span *ret_extension)
{
    struct note parts;
    uint64_t time;
    return note_split(note, length, &parts) &&
           parse_text(parts.text, ret_checkpoint, ret_extension) &&
           verify_lines(&parts, NULL, &time) == CHECKPOINT_NOT_SIGNED;
}

int checkpoint_parse(const char *note, size_t length, struct checkpoint *ret_checkpoint)
{
    struct checkpoint checkpoint;
    struct span extension;
    if (!parse_note(note, length, &checkpoint, &extension)) {
        return CHECKPOINT_MALFORMED;
    }
    *ret_checkpoint = checkpoint;
    return CHECKPOINT_OK;
}

int checkpoint_extension(const char *note, size_t length, const char **ret_lines,
                         size_t *ret_length)
{
    struct checkpoint checkpoint;
    struct span extension;
    if (!parse_note(note, length, &checkpoint, &extension)) {
        return CHECKPOINT_MALFORMED;
    }
    *ret_lines = extension.begin;
    *ret_length = extension.length;
    return CHECKPOINT_OK;
}
