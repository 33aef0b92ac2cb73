/* SPDX-License-Identifier: EUPL-1.2 */
#include "crypto/checkpoint.h"

#include <inttypes.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>

#include "crypto/secret.h"

#define KEY_ID_BYTES 4
#define SIGNATURE_BYTES crypto_sign_BYTES
#define TIME_BYTES 8
#define ID_HEX_LENGTH (KEY_ID_BYTES * 2)
#define DASH "\xE2\x80\x94 " /* an em dash and a space begin every signature line */
#define LINES_MAXIMUM 128    /* signatures of one note */
#define SIZE_MAXIMUM INT64_MAX

/* Standard base64 with padding (RFC 4648 section 4): characters, without a NUL. */
#define BASE64_LENGTH(bytes) (((bytes) + 2) / 3 * 4)
#define ROOT_LENGTH BASE64_LENGTH(MERKLE_HASH_BYTES)
#define VKEY_KEY_BYTES (1 + CHECKPOINT_PUBLIC_BYTES)

_Static_assert(CHECKPOINT_SEED_BYTES == crypto_sign_SEEDBYTES &&
                   CHECKPOINT_PUBLIC_BYTES == crypto_sign_PUBLICKEYBYTES,
               "Ed25519 sizes");
_Static_assert(CHECKPOINT_NAME_MAXIMUM + 1 + ID_HEX_LENGTH + 1 + BASE64_LENGTH(VKEY_KEY_BYTES) <
                   CHECKPOINT_VKEY_MAXIMUM,
               "the longest verifier key fits");

/* A stretch of somebody's text. */
struct span {
    const char *begin;
    size_t length;
};

static bool span_is(struct span span, const char *text)
{
    return span.length == strlen(text) && memcmp(span.begin, text, span.length) == 0;
}

/* Cuts off up to the first `end`, which is dropped. False when there is none. */
static bool span_cut(struct span *rest, char end, struct span *ret_part)
{
    const char *found = rest->length > 0 ? memchr(rest->begin, end, rest->length) : NULL;
    if (found == NULL) {
        return false;
    }
    size_t length = (size_t)(found - rest->begin);
    *ret_part = (struct span){rest->begin, length};
    *rest = (struct span){found + 1, rest->length - length - 1};
    return true;
}

/*
 * Standard base64, one spelling only, at most `maximum` bytes. Rewritten to base64url for our own
 * decoder, because libsodium 1.0.18 takes the byte AF for a '/'.
 */
static bool base64_decode(struct span text, uint8_t *out, size_t maximum, size_t *ret_size)
{
    char url[CHECKPOINT_NOTE_MAXIMUM];
    size_t length = text.length;
    if (length % 4 != 0 || length > sizeof(url)) {
        return false;
    }
    for (int padding = 0; padding < 2 && length > 0 && text.begin[length - 1] == '='; padding++) {
        length--;
    }
    for (size_t i = 0; i < length; i++) {
        char c = text.begin[i];
        if (c == '-' || c == '_') {
            return false;
        }
        url[i] = c == '+' ? '-' : c == '/' ? '_' : c;
    }
    size_t size = length * 3 / 4;
    if (size > maximum || secret_from_base64url(url, length, out, size) != 0) {
        return false;
    }
    *ret_size = size;
    return true;
}

/*
 * Signed-note allows any UTF-8 without white space and '+' in a name. Our own names are visible
 * ASCII, so that no table of Unicode's spaces is needed to check them.
 */
static bool name_is_good(struct span name)
{
    if (name.length == 0 || name.length > CHECKPOINT_NAME_MAXIMUM) {
        return false;
    }
    for (size_t i = 0; i < name.length; i++) {
        if (name.begin[i] <= ' ' || name.begin[i] >= 0x7f || name.begin[i] == '+') {
            return false;
        }
    }
    return true;
}

/* SHA-256(name || LF || type || public key), the first four bytes. */
static void vkey_set_id(struct checkpoint_vkey *vkey)
{
    const uint8_t middle[2] = {'\n', (uint8_t)vkey->type};
    uint8_t hash[crypto_hash_sha256_BYTES];
    crypto_hash_sha256_state state;

    crypto_hash_sha256_init(&state);
    crypto_hash_sha256_update(&state, (const uint8_t *)vkey->name, strlen(vkey->name));
    crypto_hash_sha256_update(&state, middle, sizeof(middle));
    crypto_hash_sha256_update(&state, vkey->public_key, sizeof(vkey->public_key));
    crypto_hash_sha256_final(&state, hash);
    memcpy(vkey->id, hash, sizeof(vkey->id));
}

int checkpoint_signer_init(struct checkpoint_signer *ret_signer, const char *name,
                           const uint8_t seed[static CHECKPOINT_SEED_BYTES])
{
    const struct span name_span = {name, strnlen(name, CHECKPOINT_NAME_MAXIMUM + 1)};
    if (!name_is_good(name_span)) {
        return CHECKPOINT_MALFORMED;
    }
    struct checkpoint_vkey vkey = {.type = CHECKPOINT_ED25519};
    memcpy(vkey.name, name_span.begin, name_span.length);
    crypto_sign_seed_keypair(vkey.public_key, ret_signer->secret_key, seed);
    vkey_set_id(&vkey);
    ret_signer->vkey = vkey;
    return CHECKPOINT_OK;
}

void checkpoint_vkey_format(const struct checkpoint_vkey *vkey,
                            char out[static CHECKPOINT_VKEY_MAXIMUM])
{
    uint8_t key[VKEY_KEY_BYTES] = {(uint8_t)vkey->type};
    char hex[SECRET_HEX_SIZE(KEY_ID_BYTES)];
    char base64[BASE64_LENGTH(VKEY_KEY_BYTES) + 1];

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
    uint8_t id[KEY_ID_BYTES];
    uint8_t key[VKEY_KEY_BYTES];
    size_t size = 0;

    if (!span_cut(&rest, '+', &name) || !name_is_good(name) || !span_cut(&rest, '+', &hex) ||
        secret_from_hex(hex.begin, hex.length, id, sizeof(id)) != 0 ||
        !base64_decode(rest, key, sizeof(key), &size) || size != sizeof(key) ||
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

/* Puts the signature behind the `text` bytes that `out` begins with; returns the whole length. */
static size_t sign_text(const struct checkpoint_signer *signer, size_t text,
                        char out[static CHECKPOINT_NOTE_MAXIMUM])
{
    char base64[BASE64_LENGTH(KEY_ID_BYTES + SIGNATURE_BYTES) + 1];
    uint8_t signature[KEY_ID_BYTES + SIGNATURE_BYTES];

    memcpy(signature, signer->vkey.id, KEY_ID_BYTES);
    crypto_sign_detached(signature + KEY_ID_BYTES, NULL, (const uint8_t *)out, text,
                         signer->secret_key);
    sodium_bin2base64(base64, sizeof(base64), signature, sizeof(signature),
                      sodium_base64_VARIANT_ORIGINAL);
    int lines = snprintf(out + text, CHECKPOINT_NOTE_MAXIMUM - text, "\n" DASH "%s %s\n",
                         signer->vkey.name, base64);
    return text + (size_t)lines;
}

static size_t sign(const struct checkpoint_signer *signer, uint64_t size,
                   const struct merkle_hash *root, const char *extension,
                   char out[static CHECKPOINT_NOTE_MAXIMUM])
{
    char base64[ROOT_LENGTH + 1];
    sodium_bin2base64(base64, sizeof(base64), root->bytes, sizeof(root->bytes),
                      sodium_base64_VARIANT_ORIGINAL);
    int text = snprintf(out, CHECKPOINT_NOTE_MAXIMUM, "%s\n%" PRIu64 "\n%s\n%s", signer->vkey.name,
                        size, base64, extension);
    return sign_text(signer, (size_t)text, out);
}

size_t checkpoint_sign(const struct checkpoint_signer *signer, uint64_t size,
                       const struct merkle_hash *root, char out[static CHECKPOINT_NOTE_MAXIMUM])
{
    return sign(signer, size, root, "", out);
}

/* A note taken apart: the text that is signed, with its last LF, and the lines of signatures. */
struct note {
    struct span text;
    struct span lines;
};

/*
 * The length of the UTF-8 sequence at the head of the text (RFC 3629: shortest form, no
 * surrogates, nothing above U+10FFFF); 0 when it is none.
 */
static size_t utf8_length(const uint8_t *bytes, size_t left)
{
    if (bytes[0] < 0x80) {
        return 1;
    }
    size_t length = bytes[0] >= 0xf0 ? 4 : bytes[0] >= 0xe0 ? 3 : 2;
    if (bytes[0] < 0xc2 || bytes[0] > 0xf4 || left < length) {
        return 0;
    }
    for (size_t i = 1; i < length; i++) {
        if ((bytes[i] & 0xc0) != 0x80) {
            return 0;
        }
    }
    bool overlong = (bytes[0] == 0xe0 && bytes[1] < 0xa0) || (bytes[0] == 0xf0 && bytes[1] < 0x90);
    bool beyond = (bytes[0] == 0xed && bytes[1] > 0x9f) || (bytes[0] == 0xf4 && bytes[1] > 0x8f);
    return overlong || beyond ? 0 : length;
}

/* UTF-8, and no control characters but LF (signed-note). */
static bool characters_are_good(struct span note)
{
    const uint8_t *bytes = (const uint8_t *)note.begin;
    for (size_t i = 0; i < note.length;) {
        size_t length = utf8_length(bytes + i, note.length - i);
        if (length == 0 || (bytes[i] < 0x20 && bytes[i] != '\n')) {
            return false;
        }
        i += length;
    }
    return true;
}

static bool note_split(const char *bytes, size_t length, struct note *ret_note)
{
    const struct span whole = {bytes, length};
    if (length > CHECKPOINT_NOTE_MAXIMUM || length < 3 || bytes[length - 1] != '\n' ||
        !characters_are_good(whole)) {
        return false;
    }
    /* The last empty line parts text and signatures. */
    for (size_t i = length - 2; i > 0; i--) {
        if (bytes[i] == '\n' && bytes[i - 1] == '\n') {
            ret_note->text = (struct span){bytes, i};
            ret_note->lines = (struct span){bytes + i + 1, length - i - 1};
            return true;
        }
    }
    return false;
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

/* Whole lines, none of them empty. */
static bool lines_are_good(struct span lines)
{
    struct span line;
    while (span_cut(&lines, '\n', &line)) {
        if (line.length == 0) {
            return false;
        }
    }
    return lines.length == 0;
}

int checkpoint_sign_extended(const struct checkpoint_signer *signer, uint64_t size,
                             const struct merkle_hash *root, const char *extension,
                             char out[static CHECKPOINT_NOTE_MAXIMUM], size_t *ret_length)
{
    const struct span lines = {extension, strnlen(extension, CHECKPOINT_EXTENSION_MAXIMUM + 1)};
    if (lines.length > CHECKPOINT_EXTENSION_MAXIMUM || !characters_are_good(lines) ||
        !lines_are_good(lines)) {
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
    size_t root_size = 0;

    if (!span_cut(&text, '\n', &origin) || !name_is_good(origin) || !span_cut(&text, '\n', &size) ||
        !parse_size(size, &checkpoint.size) || !span_cut(&text, '\n', &root) ||
        root.length != ROOT_LENGTH ||
        !base64_decode(root, checkpoint.root.bytes, sizeof(checkpoint.root.bytes), &root_size) ||
        root_size != sizeof(checkpoint.root.bytes) || !lines_are_good(text)) {
        return false;
    }
    *ret_extension = text;
    memcpy(checkpoint.origin, origin.begin, origin.length);
    *ret_checkpoint = checkpoint;
    return true;
}

/* One line `— name base64`. */
struct signature {
    struct span name;
    uint8_t bytes[CHECKPOINT_NOTE_MAXIMUM / 4 * 3]; /* key id || payload */
    size_t size;
};

static bool parse_signature(struct span line, struct signature *ret_signature)
{
    const size_t dash = sizeof(DASH) - 1;
    if (line.length < dash || memcmp(line.begin, DASH, dash) != 0) {
        return false;
    }
    struct span rest = {line.begin + dash, line.length - dash};
    return span_cut(&rest, ' ', &ret_signature->name) && ret_signature->name.length > 0 &&
           memchr(ret_signature->name.begin, '+', ret_signature->name.length) == NULL &&
           base64_decode(rest, ret_signature->bytes, sizeof(ret_signature->bytes),
                         &ret_signature->size) &&
           ret_signature->size > KEY_ID_BYTES;
}

static bool verify_ed25519(const struct signature *signature, struct span text,
                           const struct checkpoint_vkey *vkey)
{
    return signature->size == KEY_ID_BYTES + SIGNATURE_BYTES &&
           crypto_sign_verify_detached(signature->bytes + KEY_ID_BYTES, (const uint8_t *)text.begin,
                                       text.length, vkey->public_key) == 0;
}

static bool verify_cosignature(const struct signature *signature, struct span text,
                               const struct checkpoint_vkey *vkey, uint64_t *ret_time)
{
    if (signature->size != KEY_ID_BYTES + TIME_BYTES + SIGNATURE_BYTES) {
        return false;
    }
    uint64_t time = get_be64(signature->bytes + KEY_ID_BYTES);
    char message[64 + CHECKPOINT_NOTE_MAXIMUM];
    size_t head = (size_t)snprintf(message, 64, "cosignature/v1\ntime %" PRIu64 "\n", time);
    memcpy(message + head, text.begin, text.length);
    if (crypto_sign_verify_detached(signature->bytes + KEY_ID_BYTES + TIME_BYTES,
                                    (const uint8_t *)message, head + text.length,
                                    vkey->public_key) != 0) {
        return false;
    }
    *ret_time = time;
    return true;
}

/* Goes through all lines, so that a malformed or forged one is never hidden behind a good one. */
static int verify_lines(const struct note *note, const struct checkpoint_vkey *vkey,
                        uint64_t *ret_time)
{
    struct span rest = note->lines;
    struct span line;
    struct signature signature;
    int condition = CHECKPOINT_NOT_SIGNED;
    uint64_t time = 0;

    for (unsigned count = 0; span_cut(&rest, '\n', &line); count++) {
        if (count == LINES_MAXIMUM || !parse_signature(line, &signature)) {
            return CHECKPOINT_MALFORMED;
        }
        if (vkey == NULL || condition == CHECKPOINT_BAD_SIGNATURE ||
            !span_is(signature.name, vkey->name) ||
            memcmp(signature.bytes, vkey->id, KEY_ID_BYTES) != 0) {
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
