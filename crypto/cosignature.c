/* SPDX-License-Identifier: EUPL-1.2 */
#include "crypto/cosignature.h"

#include <string.h>

#include "crypto/note.h"

/* Whether two lines are of one key: the same name and key id. */
static bool is_of_key(struct span line, struct span name, const uint8_t id[NOTE_KEY_ID_BYTES])
{
    struct note_signature signature;
    return note_parse_signature(line, &signature) && signature.name.length == name.length &&
           memcmp(signature.name.begin, name.begin, name.length) == 0 &&
           memcmp(signature.bytes, id, NOTE_KEY_ID_BYTES) == 0;
}

int cosignature_find(const char *note, size_t length, const char *lines, size_t lines_length,
                     const struct checkpoint_vkey *vkey, char out[static COSIGNATURE_LINE_SIZE],
                     uint64_t *ret_time)
{
    char whole[CHECKPOINT_NOTE_MAXIMUM];
    struct note parts;
    struct checkpoint checkpoint;
    uint64_t time;
    if (!note_split(note, length, &parts) || lines_length == 0 ||
        parts.text.length + 1 + lines_length > sizeof(whole)) {
        return CHECKPOINT_MALFORMED;
    }
    /* An empty line among them would part text and signatures elsewhere. */
    struct span rest = {lines, lines_length};
    if (!note_lines_are_good(rest)) {
        return CHECKPOINT_MALFORMED;
    }
    memcpy(whole, parts.text.begin, parts.text.length);
    whole[parts.text.length] = '\n';
    memcpy(whole + parts.text.length + 1, lines, lines_length);
    int condition =
        checkpoint_open(whole, parts.text.length + 1 + lines_length, vkey, &checkpoint, &time);
    if (condition != CHECKPOINT_OK) {
        return condition;
    }
    const struct span name = {vkey->name, strlen(vkey->name)};
    struct span line;
    while (span_cut(&rest, '\n', &line)) {
        if (is_of_key(line, name, vkey->id) && line.length + 2 <= COSIGNATURE_LINE_SIZE) {
            memcpy(out, line.begin, line.length);
            memcpy(out + line.length, "\n", 2);
        }
    }
    *ret_time = time;
    return CHECKPOINT_OK;
}

int cosignature_add(const char *note, size_t length, const char *line,
                    char out[static CHECKPOINT_NOTE_MAXIMUM], size_t *ret_length)
{
    struct note parts;
    struct note_signature added;
    const struct span whole = {line, strnlen(line, COSIGNATURE_LINE_SIZE)};
    struct span rest = whole;
    struct span bare;
    if (!note_split(note, length, &parts) || !note_lines_are_good(whole) ||
        !span_cut(&rest, '\n', &bare) || rest.length != 0 || !note_parse_signature(bare, &added)) {
        return CHECKPOINT_MALFORMED;
    }
    size_t size = parts.text.length + 1;
    memcpy(out, note, size);
    rest = parts.lines;
    for (struct span old; span_cut(&rest, '\n', &old);) {
        if (!is_of_key(old, added.name, added.bytes)) {
            memcpy(out + size, old.begin, old.length + 1);
            size += old.length + 1;
        }
    }
    if (size + whole.length + 1 > CHECKPOINT_NOTE_MAXIMUM) {
        return CHECKPOINT_MALFORMED;
    }
    memcpy(out + size, whole.begin, whole.length);
    out[size + whole.length] = '\0';
    *ret_length = size + whole.length;
    return CHECKPOINT_OK;
}
