/* SPDX-License-Identifier: EUPL-1.2 */
#include "daemon/witness/talk.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#define SIZE_TYPE "text/x.tlog.size"

size_t witness_talk_write(uint64_t old_size, const struct merkle_proof *proof, const char *note,
                          char out[static WITNESS_TALK_REQUEST_SIZE])
{
    size_t note_size = strnlen(note, CHECKPOINT_NOTE_MAXIMUM);
    if (proof->count > WITNESS_TALK_PROOF_MAXIMUM || note_size == CHECKPOINT_NOTE_MAXIMUM) {
        return 0;
    }
    size_t size = (size_t)snprintf(out, WITNESS_TALK_REQUEST_SIZE, "old %" PRIu64 "\n", old_size);
    for (size_t i = 0; i < proof->count; i++) {
        checkpoint_hash_format(&proof->hashes[i], out + size);
        size += CHECKPOINT_HASH_SIZE;
        out[size - 1] = '\n';
    }
    out[size++] = '\n';
    memcpy(out + size, note, note_size + 1);
    return size + note_size;
}

/* Decimal, and a line feed. */
static bool parse_size(const struct witness_reply *reply, uint64_t *ret_size)
{
    const char *text = reply->body;
    size_t digits = strspn(text, "0123456789");
    uint64_t size = 0;
    if (strcasecmp(reply->content_type, SIZE_TYPE) != 0 || digits == 0 || digits > 19 ||
        (text[0] == '0' && digits > 1) || text[digits] != '\n' || reply->size != digits + 1) {
        return false;
    }
    for (size_t i = 0; i < digits; i++) {
        size = size * 10 + (unsigned)(text[i] - '0');
    }
    *ret_size = size;
    return size <= INT64_MAX;
}

static void read_lines(const struct witness_reply *reply, const char *note,
                       const struct checkpoint_vkey *vkey, struct witness_meaning *meaning)
{
    static const char *const failures[] = {
        [CHECKPOINT_MALFORMED] = "malformed-answer",
        [CHECKPOINT_NOT_SIGNED] = "not-signed",
        [CHECKPOINT_BAD_SIGNATURE] = "bad-signature",
    };
    uint64_t time;
    int condition =
        cosignature_find(note, strlen(note), reply->body, reply->size, vkey, meaning->line, &time);
    meaning->verdict = condition == CHECKPOINT_OK ? WITNESS_COSIGNED : WITNESS_FAILED;
    meaning->failure = failures[condition];
}

static const char *failure_of_status(long status)
{
    static const struct {
        long status;
        const char *failure;
    } known[] = {
        {400, "request-malformed"},
        {403, "log-key-not-trusted"},
        {404, "log-not-followed"},
        {429, "too-many-requests"},
    };
    for (size_t i = 0; i < ARRAY_LENGTH(known); i++) {
        if (known[i].status == status) {
            return known[i].failure;
        }
    }
    return status >= 300 && status < 400   ? "redirected"
           : status >= 500 && status < 600 ? "server-error"
                                           : "unexpected-status";
}

void witness_talk_read(const struct witness_reply *reply, const char *note,
                       const struct checkpoint_vkey *vkey, struct witness_meaning *ret_meaning)
{
    *ret_meaning = (struct witness_meaning){.verdict = WITNESS_FAILED};
    switch (reply->status) {
    case 200:
        read_lines(reply, note, vkey, ret_meaning);
        break;
    case 409:
        if (parse_size(reply, &ret_meaning->size)) {
            ret_meaning->verdict = WITNESS_HAS_SIZE;
        } else {
            ret_meaning->failure = "malformed-answer";
        }
        break;
    case 422:
        ret_meaning->verdict = WITNESS_INCONSISTENT;
        break;
    default:
        ret_meaning->failure = failure_of_status(reply->status);
    }
}
