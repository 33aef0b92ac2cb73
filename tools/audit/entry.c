/* SPDX-License-Identifier: EUPL-1.2 */
#include "tools/audit/entry.h"

#include <stdio.h>
#include <string.h>

#include "crypto/secret.h"
#include "tools/answer.h"
#include "tools/base64.h"

#define SUBJECT_BYTES 16
#define HASH_BASE64_LENGTH (AUDIT_HASH_SIZE - 1)

static bool read_base64url(const struct answer *value, uint8_t *out, size_t size)
{
    const char *text = answer_string(value);
    return text != NULL && secret_from_base64url(text, strlen(text), out, size) == 0;
}

static bool read_hash(const struct answer *value, struct merkle_hash *out)
{
    const char *text = answer_string(value);
    return text != NULL && base64_decode(text, strlen(text), out->bytes, MERKLE_HASH_BYTES) == 0;
}

void audit_hash_format(const struct merkle_hash *hash, char out[static AUDIT_HASH_SIZE])
{
    secret_to_base64url(hash->bytes, MERKLE_HASH_BYTES, out);
    for (char *at = out; *at != '\0'; at++) {
        *at = *at == '-' ? '+' : *at == '_' ? '/' : *at;
    }
    out[HASH_BASE64_LENGTH - 1] = '=';
    out[HASH_BASE64_LENGTH] = '\0';
}

static bool read_index(const struct answer *value, uint64_t *ret_index)
{
    int64_t integer = 0;
    if (!answer_integer(value, &integer) || integer < 0) {
        return false;
    }
    *ret_index = (uint64_t)integer;
    return true;
}

/* The parts of an entry, decoded. */
struct parts {
    const struct answer *record;
    uint8_t salt[COMMITMENT_SALT_BYTES];
    uint8_t subject_salt[COMMITMENT_SALT_BYTES];
    uint8_t subject[SUBJECT_BYTES];
    size_t subject_size;
};

static bool read_subject(const struct answer *value, struct parts *parts)
{
    if (answer_is_null(value)) {
        return true;
    }
    const char *text = answer_string(value);
    parts->subject_size = SUBJECT_BYTES;
    return text != NULL && secret_from_hex(text, strlen(text), parts->subject, SUBJECT_BYTES) == 0;
}

/* NULL, or what is wrong. */
static const char *read_record(const struct answer *answer, struct parts *parts,
                               struct audit_entry *entry)
{
    uint64_t record_index = 0;
    parts->record = answer_at(answer, "record");
    if (!answer_is_object(parts->record)) {
        return "it has no record";
    }
    if (!answer_integer(answer_at(parts->record, "end_time"), &entry->logged_at)) {
        return "its record has no end_time";
    }
    if (!read_index(answer_at(parts->record, "attributes/verwijsindex.index"), &record_index)) {
        return "its record has no verwijsindex.index";
    }
    if (record_index != entry->index) {
        return "its record is that of another index";
    }
    if (!read_base64url(answer_at(answer, "salt"), parts->salt, sizeof(parts->salt))) {
        return "its salt is not 32 bytes of base64url";
    }
    if (!read_base64url(answer_at(answer, "subjectSalt"), parts->subject_salt,
                        sizeof(parts->subject_salt))) {
        return "its subjectSalt is not 32 bytes of base64url";
    }
    if (!read_subject(answer_at(answer, "subject"), parts)) {
        return "its subject is neither null nor 16 bytes of hexadecimal";
    }
    entry->says_destroyed = audit_gone_read(parts->record, &entry->said);
    return NULL;
}

/* What is said to be destroyed must not be there in part. */
static const char *read_nothing(const struct answer *answer)
{
    static const char *const members[] = {"record", "salt", "subject", "subjectSalt"};
    for (size_t i = 0; i < ARRAY_LENGTH(members); i++) {
        if (!answer_is_null(answer_at(answer, members[i]))) {
            return "it is said to be destroyed, and is there in part";
        }
    }
    return NULL;
}

static const char *read_parts(const struct answer *answer, struct parts *parts,
                              struct audit_entry *entry)
{
    const struct answer *destroyed = answer_at(answer, "destroyed");
    if (!read_index(answer_at(answer, "index"), &entry->index)) {
        return "it has no index";
    }
    entry->destroyed = answer_is_true(destroyed);
    const char *wrong = destroyed == NULL  ? read_record(answer, parts, entry)
                        : entry->destroyed ? read_nothing(answer)
                                           : "its member destroyed is not true";
    if (wrong != NULL) {
        return wrong;
    }
    if (!read_base64url(answer_at(answer, "commitment"), entry->commitment, COMMITMENT_BYTES)) {
        return "its commitment is not 32 bytes of base64url";
    }
    return answer_size(answer) == (entry->destroyed ? 7 : 6)
               ? NULL
               : "it has members that no commitment covers";
}

static bool fits(const struct parts *parts, const struct text *canonical,
                 const uint8_t commitment[static COMMITMENT_BYTES])
{
    struct merkle_hash subject_hash;
    uint8_t made[COMMITMENT_BYTES];
    commitment_subject_hash(parts->subject_salt, parts->subject, parts->subject_size,
                            &subject_hash);
    commitment_make(parts->salt, canonical->bytes, canonical->length, &subject_hash, made);
    return memcmp(made, commitment, sizeof(made)) == 0;
}

int audit_entry_read(const char *json, size_t length, struct audit_entry *ret_entry,
                     char why[static AUDIT_WHY_SIZE])
{
    CLEANUP(answer_freep) struct answer *answer = NULL;
    CLEANUP(text_finish) struct text canonical = {0};
    struct audit_entry entry = {0};
    struct parts parts = {0};
    int result = answer_parse(json, length, &answer);
    if (result < 0) {
        return result;
    }
    const char *wrong = "it is not a JSON object, or has a member twice";
    if (result == 0 && answer_is_object(answer)) {
        wrong = read_parts(answer, &parts, &entry);
    }
    if (wrong == NULL && !entry.destroyed && answer_canonicalize(parts.record, &canonical) != 0) {
        wrong = "its record holds a number that is no integer";
    }
    if (wrong != NULL) {
        snprintf(why, AUDIT_WHY_SIZE, "%s", wrong);
        return AUDIT_ENTRY_MALFORMED;
    }
    if (canonical.fault != 0) {
        return canonical.fault;
    }
    *ret_entry = entry;
    if (!entry.destroyed && !fits(&parts, &canonical, entry.commitment)) {
        snprintf(why, AUDIT_WHY_SIZE,
                 "its record, subject or salts are not those that its commitment was made of");
        return AUDIT_ENTRY_CHANGED;
    }
    return AUDIT_ENTRY_OK;
}

int audit_proof_read(const char *json, size_t length, struct audit_proof *ret_proof)
{
    CLEANUP(answer_freep) struct answer *answer = NULL;
    struct audit_proof proof = {0};
    int result = answer_parse(json, length, &answer);
    if (result != 0) {
        return result;
    }
    const struct answer *hashes = answer_at(answer, "proof");
    if (!read_index(answer_at(answer, "index"), &proof.index) ||
        !read_index(answer_at(answer, "treeSize"), &proof.tree_size) ||
        !read_hash(answer_at(answer, "leafHash"), &proof.leaf) || !answer_is_list(hashes) ||
        answer_count(hashes) > MERKLE_PROOF_MAXIMUM) {
        return AUDIT_PROOF_MALFORMED;
    }
    proof.proof.count = answer_count(hashes);
    for (size_t i = 0; i < proof.proof.count; i++) {
        if (!read_hash(answer_item(hashes, i), &proof.proof.hashes[i])) {
            return AUDIT_PROOF_MALFORMED;
        }
    }
    *ret_proof = proof;
    return 0;
}
