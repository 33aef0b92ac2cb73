/* SPDX-License-Identifier: EUPL-1.2 */
#include "proto/receipt.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "crypto/checkpoint.h"
#include "proto/writer.h"

#define HEAD "c2sp.org/tlog-proof@v1\n"
#define INDEX_LINE_MAXIMUM 32

/* What the commitment is made of, but for the subject; members in order, as RFC 8785 asks. */
static const char *write_extra(struct arena *arena, const struct log_entry *entry, size_t *ret_size)
{
    struct writer writer;
    struct merkle_hash subject;
    commitment_subject_hash(entry->salts.subject, entry->subject,
                            entry->has_subject ? sizeof(entry->subject) : 0, &subject);
    writer_init(&writer, arena);
    writer_begin_object(&writer);
    writer_name(&writer, "record");
    writer_raw(&writer, entry->public_part, entry->public_size);
    writer_member_base64url(&writer, "salt", entry->salts.entry, sizeof(entry->salts.entry));
    writer_member_base64url(&writer, "subjectHash", subject.bytes, sizeof(subject.bytes));
    writer_end_object(&writer);
    return writer_finish(&writer, ret_size);
}

static char *append(char *at, const char *text, size_t length)
{
    memcpy(at, text, length);
    return at + length;
}

static int assemble(struct arena *arena, const struct log_entry *entry,
                    const struct merkle_proof *proof, const char *checkpoint, const char **ret_text,
                    size_t *ret_size)
{
    size_t extra_size = 0;
    size_t note_size = strlen(checkpoint);
    const char *extra = write_extra(arena, entry, &extra_size);
    if (extra == NULL) {
        return -ENOMEM;
    }
    size_t room = sizeof(HEAD) + sizeof("extra \n") + WRITER_BASE64_SIZE(extra_size) +
                  INDEX_LINE_MAXIMUM + proof->count * (WRITER_BASE64_SIZE(MERKLE_HASH_BYTES) + 1) +
                  1 + note_size + 1;
    char *text = arena_new(arena, room);
    if (text == NULL) {
        return -ENOMEM;
    }
    char line[INDEX_LINE_MAXIMUM];
    char *at = append(text, HEAD, sizeof(HEAD) - 1);
    at = append(at, "extra ", strlen("extra "));
    at += writer_to_base64((const uint8_t *)extra, extra_size, at);
    int length = snprintf(line, sizeof(line), "\nindex %" PRIu64 "\n", entry->index);
    at = append(at, line, (size_t)length);
    for (size_t i = 0; i < proof->count; i++) {
        at += writer_to_base64(proof->hashes[i].bytes, sizeof(proof->hashes[i].bytes), at);
        *at++ = '\n';
    }
    *at++ = '\n';
    at = append(at, checkpoint, note_size);
    *at = '\0';
    *ret_text = text;
    *ret_size = (size_t)(at - text);
    return 0;
}

/* The newest head that a witness has seen, when the entry is in its tree; else the newest. */
static int choose_head(struct store_snapshot *snapshot, uint64_t index, const char **ret_note,
                       uint64_t *ret_size)
{
    struct checkpoint head;
    const char *note;
    int r = store_get_witnessed_checkpoint(snapshot, &note);
    if (r == 0 && checkpoint_parse(note, strlen(note), &head) == 0 && head.size > index &&
        head.size <= store_log_size(snapshot)) {
        *ret_note = note;
        *ret_size = head.size;
        return 0;
    }
    r = r < 0 ? r : store_get_checkpoint(snapshot, &note);
    if (r == 0) {
        *ret_note = note;
        *ret_size = store_log_size(snapshot);
    }
    return r;
}

int receipt_make(struct store_snapshot *snapshot, struct arena *arena, uint64_t index,
                 const char **ret_text, size_t *ret_size)
{
    struct log_entry entry;
    const char *checkpoint = NULL;
    uint64_t tree_size = 0;
    struct merkle_proof *proof = arena_new(arena, sizeof(*proof));
    if (proof == NULL) {
        return -ENOMEM;
    }
    int r = store_get_log_entry(snapshot, index, &entry);
    if (r == 0 && entry.destroyed) {
        r = STORE_NOT_FOUND;
    }
    r = r != 0 ? r : choose_head(snapshot, index, &checkpoint, &tree_size);
    r = r != 0 ? r : store_prove_entry(snapshot, index, tree_size, proof);
    return r != 0 ? r : assemble(arena, &entry, proof, checkpoint, ret_text, ret_size);
}
