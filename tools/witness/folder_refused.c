/* SPDX-License-Identifier: EUPL-1.2 */
/*
 * What a witness refused, in its folder: bounded, so that of each kind and log the first stays, and
 * the newest; those in between are given up as others come. Proofs are apart: only who has the
 * log's key can make one, so that nobody else pushes any out, and the first of them is how the fork
 * began. What is unproved is not as safe. It takes only a signed head and whatever proof, so that
 * anybody can be the first with another head than the one that matters, and can push that one out
 * with newer ones.
 */
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "crypto/secret.h"
#include "tools/audit/file.h"
#include "tools/witness/folder.h"
#include "tools/witness/refused.h"

#define PROOF_PREFIX "fork-"
#define UNPROVED_PREFIX "unproved-"
#define HASH_BYTES 16
#define NUMBER_DIGITS 10
#define NUMBER_MAXIMUM UINT64_C(9999999999)
#define KEPT_MAXIMUM (1 + FOLDER_NEWEST) /* of a kind and log */

static const char *prefix_of(bool is_proof)
{
    return is_proof ? PROOF_PREFIX : UNPROVED_PREFIX;
}

/* All that a name has before its number. */
static void name_series(const char *origin, bool is_proof, char out[static WITNESS_FILE_SIZE])
{
    _Static_assert(sizeof(UNPROVED_PREFIX) + SECRET_HEX_SIZE(HASH_BYTES) + NUMBER_DIGITS <=
                       WITNESS_FILE_SIZE - sizeof(".new"),
                   "a name has room, and so has that under which it is written");
    struct merkle_hash hash;
    char hex[SECRET_HEX_SIZE(HASH_BYTES)];
    merkle_leaf(origin, strlen(origin), &hash);
    secret_to_hex(hash.bytes, HASH_BYTES, hex);
    snprintf(out, WITNESS_FILE_SIZE, "%s%s-", prefix_of(is_proof), hex);
}

/* Its number; 0 when the name is none of the series. */
static uint64_t read_number(const char *name, const char *series)
{
    size_t length = strlen(series);
    if (strncmp(name, series, length) != 0 || strlen(name + length) != NUMBER_DIGITS ||
        strspn(name + length, "0123456789") != NUMBER_DIGITS) {
        return 0;
    }
    return strtoull(name + length, NULL, 10);
}

static bool has_kind(const char *name, bool is_proof)
{
    size_t length = strlen(prefix_of(is_proof));
    return strncmp(name, prefix_of(is_proof), length) == 0 &&
           strlen(name + length) == (size_t)2 * HASH_BYTES + 1 + NUMBER_DIGITS &&
           strspn(name + length, "0123456789abcdef-") == strlen(name + length);
}

/* ---- the names in the folder, in their order ---- */

struct names {
    struct dirent **entries;
    int count;
};

static void names_finish(struct names *names)
{
    for (int i = 0; i < names->count; i++) {
        free(names->entries[i]);
    }
    free(names->entries);
}

static int read_names(const struct witness_folder *folder, struct names *ret_names)
{
    struct dirent **entries = NULL;
    int count = scandirat(folder->descriptor, ".", &entries, NULL, alphasort);
    if (count < 0) {
        return -errno;
    }
    *ret_names = (struct names){.entries = entries, .count = count};
    return 0;
}

static int visit(const struct witness_folder *folder, const char *name, bool is_proof,
                 witness_refused_file *each, void *context, char why[static FOLDER_WHY_SIZE])
{
    CLEANUP(text_finish) struct text text = {0};
    int result = audit_file_read(folder->descriptor, name, &text);
    if (result != 0) {
        snprintf(why, FOLDER_WHY_SIZE, "%s: %s", name, audit_file_explain(result));
        return FOLDER_REFUSED;
    }
    result = each(context, name, is_proof, text.bytes, text.length);
    if (result != 0) {
        snprintf(why, FOLDER_WHY_SIZE, "%s: not what this witness has refused", name);
    }
    return result;
}

int witness_folder_each_refused(const struct witness_folder *folder, witness_refused_file *each,
                                void *context, char why[static FOLDER_WHY_SIZE])
{
    CLEANUP(names_finish) struct names names = {0};
    int result = read_names(folder, &names);
    if (result != 0) {
        snprintf(why, FOLDER_WHY_SIZE, "the folder: %s", strerror(-result));
        return FOLDER_REFUSED;
    }
    for (int i = 0; result == 0 && i < names.count; i++) {
        const char *name = names.entries[i]->d_name;
        bool is_proof = has_kind(name, true);
        if (is_proof || has_kind(name, false)) {
            result = visit(folder, name, is_proof, each, context, why);
        }
    }
    return result;
}

/* ---- keeping one more ---- */

static bool same_head(const struct checkpoint *a, const struct checkpoint *b)
{
    return a->size == b->size && memcmp(&a->root, &b->root, sizeof(a->root)) == 0;
}

/* Whether the same two heads are in a file already. One that cannot be read is none. */
static bool holds_pair(const struct witness_folder *folder, const char *name,
                       const struct witness_refused *pair)
{
    CLEANUP(text_finish) struct text text = {0};
    struct witness_refused kept;
    return audit_file_read(folder->descriptor, name, &text) == 0 &&
           witness_refused_parse(text.bytes, text.length, &kept) == 0 &&
           same_head(&kept.cosigned, &pair->cosigned) &&
           same_head(&kept.request.checkpoint, &pair->request.checkpoint);
}

static void make_name(const char *series, uint64_t number, char out[static WITNESS_FILE_SIZE])
{
    size_t length = strlen(series);
    memcpy(out, series, length);
    out[length + NUMBER_DIGITS] = '\0';
    for (size_t i = length + NUMBER_DIGITS; i-- > length; number /= 10) {
        out[i] = (char)('0' + number % 10);
    }
}

static void keep_series(struct names *names, const char *series)
{
    int count = 0;
    for (int i = 0; i < names->count; i++) {
        if (read_number(names->entries[i]->d_name, series) != 0) {
            names->entries[count++] = names->entries[i];
        } else {
            free(names->entries[i]);
        }
    }
    names->count = count;
}

/* All but the first and the newest, when another one has come. */
static int prune(const struct witness_folder *folder, const struct names *names)
{
    for (int i = 1; i + KEPT_MAXIMUM - 1 <= names->count; i++) {
        if (unlinkat(folder->descriptor, names->entries[i]->d_name, 0) != 0) {
            return -errno;
        }
    }
    return 0;
}

/* `names`: those of the series that are there. */
static int keep_pair(const struct witness_folder *folder, const char *series,
                     const struct names *names, const struct text *text,
                     char ret_name[static WITNESS_FILE_SIZE])
{
    struct witness_refused pair;
    uint64_t number = 0;
    if (witness_refused_parse(text->bytes, text->length, &pair) != 0) {
        return -EIO; /* the head there is not the one that was kept */
    }
    for (int i = 0; i < names->count; i++) {
        number = read_number(names->entries[i]->d_name, series);
        if (holds_pair(folder, names->entries[i]->d_name, &pair)) {
            make_name(series, number, ret_name);
            return 0;
        }
    }
    if (number == NUMBER_MAXIMUM) {
        return -EOVERFLOW;
    }
    make_name(series, number + 1, ret_name);
    int result = audit_file_write(folder->descriptor, ret_name, text->bytes, text->length);
    return result == 0 ? prune(folder, names) : result;
}

int witness_folder_keep_refused(void *context, const char *origin, bool is_proof, const char *body,
                                size_t size, char ret_name[static WITNESS_FILE_SIZE])
{
    const struct witness_folder *folder = context;
    CLEANUP(text_finish) struct text text = {0};
    CLEANUP(names_finish) struct names names = {0};
    char series[WITNESS_FILE_SIZE];
    int result = witness_folder_read_head(folder, origin, &text);
    if (result != 0) {
        return result;
    }
    text_add_string(&text, "\n");
    text_add(&text, body, size);
    if (text.fault != 0) {
        return text.fault;
    }
    result = read_names(folder, &names);
    if (result != 0) {
        return result;
    }
    name_series(origin, is_proof, series);
    keep_series(&names, series);
    return keep_pair(folder, series, &names, &text, ret_name);
}
