/* SPDX-License-Identifier: EUPL-1.2 */
#include "tools/audit/receipt.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "crypto/commitment.h"
#include "crypto/secret.h"
#include "tools/base64.h"

#define FIRST_LINE "c2sp.org/tlog-proof@v1"
#define INDEX_DIGITS 18
#define EXTRA_MEMBERS 3

/* What is still to be read. */
struct reader {
    const char *at;
    size_t left;
};

struct line {
    const char *text;
    size_t length;
};

/* False when there is no whole line any more. */
static bool read_line(struct reader *reader, struct line *ret_line)
{
    const char *end = reader->left > 0 ? memchr(reader->at, '\n', reader->left) : NULL;
    if (end == NULL) {
        return false;
    }
    *ret_line = (struct line){reader->at, (size_t)(end - reader->at)};
    reader->left -= ret_line->length + 1;
    reader->at = end + 1;
    return true;
}

/* A line that begins with a word, which is cut off. */
static bool read_word_line(struct reader *reader, const char *word, struct line *ret_rest)
{
    struct line line;
    size_t length = strlen(word);
    if (!read_line(reader, &line) || line.length < length || memcmp(line.text, word, length) != 0) {
        return false;
    }
    *ret_rest = (struct line){line.text + length, line.length - length};
    return true;
}

static bool read_index(struct reader *reader, uint64_t *ret_index)
{
    struct line digits;
    uint64_t index = 0;
    if (!read_word_line(reader, "index ", &digits) || digits.length == 0 ||
        digits.length > INDEX_DIGITS || (digits.length > 1 && digits.text[0] == '0')) {
        return false;
    }
    for (size_t i = 0; i < digits.length; i++) {
        if (digits.text[i] < '0' || digits.text[i] > '9') {
            return false;
        }
        index = index * 10 + (uint64_t)(digits.text[i] - '0');
    }
    *ret_index = index;
    return true;
}

/* 0 or a fault; `ret_good` tells whether there is a proof, ended by its empty line. */
static int read_proof(struct reader *reader, struct merkle_proof *ret_proof, bool *ret_good)
{
    struct line line;
    struct merkle_proof proof = {.count = 0};
    while (read_line(reader, &line)) {
        if (line.length == 0) {
            *ret_proof = proof;
            *ret_good = true;
            return 0;
        }
        if (proof.count == MERKLE_PROOF_MAXIMUM) {
            return 0;
        }
        int result = base64_decode(line.text, line.length, proof.hashes[proof.count].bytes,
                                   MERKLE_HASH_BYTES);
        if (result != 0) {
            return result < 0 ? result : 0;
        }
        proof.count++;
    }
    return 0;
}

/* Whether these bytes are the one spelling that the value has. */
static int check_canonical(const struct answer *value, const char *json, size_t length,
                           bool *ret_canonical)
{
    CLEANUP(text_finish) struct text canonical = {0};
    int result = answer_canonicalize(value, &canonical);
    if (canonical.fault != 0) {
        return canonical.fault;
    }
    *ret_canonical =
        result == 0 && canonical.length == length && memcmp(canonical.bytes, json, length) == 0;
    return 0;
}

static bool read_hash(const struct answer *extra, const char *name, uint8_t out[static 32])
{
    const char *text = answer_string(answer_at(extra, name));
    return text != NULL && secret_from_base64url(text, strlen(text), out, 32) == 0;
}

static int make_leaf(struct audit_receipt *receipt, const uint8_t *salt,
                     const struct merkle_hash *subject)
{
    CLEANUP(text_finish) struct text record = {0};
    uint8_t commitment[COMMITMENT_BYTES];
    int result = answer_canonicalize(receipt->record, &record);
    if (record.fault != 0 || result != 0) {
        return record.fault != 0 ? record.fault : AUDIT_RECEIPT_MALFORMED;
    }
    commitment_make(salt, record.bytes, record.length, subject, commitment);
    merkle_leaf(commitment, sizeof(commitment), &receipt->leaf);
    return 0;
}

/* 0 or a fault; what is wrong in `*ret_wrong`. */
static int read_disclosed(struct audit_receipt *receipt, const char **ret_wrong)
{
    uint8_t salt[COMMITMENT_SALT_BYTES];
    struct merkle_hash subject;
    int64_t index = -1;
    receipt->record = answer_at(receipt->extra, "record");
    if (answer_size(receipt->extra) != EXTRA_MEMBERS || !answer_is_object(receipt->record) ||
        !read_hash(receipt->extra, "salt", salt) ||
        !read_hash(receipt->extra, "subjectHash", subject.bytes)) {
        *ret_wrong = "its extra line is not record, salt and subject hash";
        return 0;
    }
    if (!answer_integer(answer_at(receipt->record, "attributes/verwijsindex.index"), &index) ||
        index < 0 || (uint64_t)index != receipt->index) {
        *ret_wrong = "its record is that of another entry than its index line";
        return 0;
    }
    int result = make_leaf(receipt, salt, &subject);
    *ret_wrong = result > 0 ? "its record holds a number that is no integer" : NULL;
    return result > 0 ? 0 : result;
}

static void wiping_freep(char **memory)
{
    secret_free(*memory);
}

static int read_extra(const struct line *line, struct audit_receipt *receipt,
                      const char **ret_wrong)
{
    size_t size = 0;
    bool is_canonical = false;
    *ret_wrong = "its extra line is not base64";
    if (!base64_decoded_size(line->text, line->length, &size)) {
        return 0;
    }
    CLEANUP(wiping_freep) char *json = secret_malloc(size + 1);
    if (json == NULL) {
        return -ENOMEM;
    }
    int result = base64_decode(line->text, line->length, (uint8_t *)json, size);
    if (result != 0) {
        return result < 0 ? result : 0;
    }
    *ret_wrong = "its extra line is not JSON";
    result = answer_parse(json, size, &receipt->extra);
    if (result != 0) {
        return result < 0 ? result : 0;
    }
    result = check_canonical(receipt->extra, json, size, &is_canonical);
    if (result != 0 || !is_canonical) {
        *ret_wrong = "its extra line is not canonical JSON";
        return result;
    }
    return read_disclosed(receipt, ret_wrong);
}

/* 0 or a fault; what is wrong in `*ret_wrong`, which is NULL when nothing is. */
static int read_parts(struct reader *reader, struct audit_receipt *receipt, const char **ret_wrong)
{
    struct line first;
    struct line extra;
    bool has_proof = false;
    if (!read_word_line(reader, FIRST_LINE, &first) || first.length != 0) {
        *ret_wrong = "it does not begin with " FIRST_LINE;
        return 0;
    }
    if (!read_word_line(reader, "extra ", &extra)) {
        *ret_wrong = "it has no extra line";
        return 0;
    }
    if (!read_index(reader, &receipt->index)) {
        *ret_wrong = "it has no index line";
        return 0;
    }
    int result = read_proof(reader, &receipt->proof, &has_proof);
    if (result != 0 || !has_proof) {
        *ret_wrong = "its proof is not a list of hashes, ended by an empty line";
        return result;
    }
    receipt->note = reader->at;
    receipt->note_length = reader->left;
    return read_extra(&extra, receipt, ret_wrong);
}

int audit_receipt_read(const char *text, size_t length, struct audit_receipt *ret_receipt,
                       char why[static AUDIT_RECEIPT_WHY_SIZE])
{
    CLEANUP(audit_receipt_finish) struct audit_receipt receipt = {0};
    struct reader reader = {text, length};
    const char *wrong = NULL;
    int result = read_parts(&reader, &receipt, &wrong);
    if (result != 0) {
        return result;
    }
    if (wrong != NULL) {
        snprintf(why, AUDIT_RECEIPT_WHY_SIZE, "%s", wrong);
        return AUDIT_RECEIPT_MALFORMED;
    }
    *ret_receipt = receipt;
    receipt.extra = NULL;
    return 0;
}

void audit_receipt_finish(struct audit_receipt *receipt)
{
    answer_free(receipt->extra);
    receipt->extra = NULL;
}

bool audit_receipt_is_included(const struct audit_receipt *receipt, const struct checkpoint *head)
{
    return merkle_verify_inclusion(&receipt->leaf, receipt->index, head->size, &receipt->proof,
                                   &head->root);
}
