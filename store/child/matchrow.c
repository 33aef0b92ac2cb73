/* SPDX-License-Identifier: EUPL-1.2 */
#include "store/child/matchrow.h"

#include <string.h>

#include "crypto/secret.h"
#include "store/child/matchplace.h"

#define ROW_VERSION 3
#define ROW_MAXIMUM                                                                                \
    (1 + 1 + MATCH_FILES_MAXIMUM * PSEUDONYM_KEY_BYTES + 64 + 16 + 4 * CHILDFILE_TOLD_MAXIMUM)

static struct epoch_row place_of(const struct row_key *key)
{
    return (struct epoch_row){KV_MATCH, key, 0};
}

static void put_children(struct codec_writer *out, enum match_kind kind,
                         const struct child_key *one, const struct child_key *other)
{
    codec_put_u8(out, ROW_VERSION);
    codec_put_u8(out, kind);
    codec_put_bytes(out, one->bytes, PSEUDONYM_KEY_BYTES);
    if (kind == MATCH_FAMILY) {
        codec_put_bytes(out, other->bytes, PSEUDONYM_KEY_BYTES);
    }
}

static struct row_key key_of(const struct store_view *view, const struct uuid *id)
{
    struct match_place place = match_place_of_id(view, id);
    return layout_match(&place);
}

static void put(struct store_tx *tx, const struct uuid *id, const struct codec_writer *out)
{
    struct row_key key = key_of(&tx->view, id);
    struct epoch_row place = place_of(&key);
    epoch_row_seal(&tx->view, &place, NULL, out);
}

void match_row_put_child(struct store_tx *tx, const struct uuid *id, const struct child_key *child)
{
    uint8_t buffer[ROW_MAXIMUM];
    struct codec_writer out = CODEC_WRITER(buffer);
    put_children(&out, MATCH_CHILD, child, NULL);
    put(tx, id, &out);
}

void match_row_put_family(struct store_tx *tx, const struct child_match *match,
                          const struct child_family *family, const struct child_key *one)
{
    uint8_t buffer[ROW_MAXIMUM];
    struct codec_writer out = CODEC_WRITER(buffer);
    put_children(&out, MATCH_FAMILY, one, &family->other);
    child_match_write(&out, match);
    put(tx, &match->id, &out);
}

void match_row_delete(struct store_tx *tx, const struct uuid *id)
{
    struct row_key key = key_of(&tx->view, id);
    kv_delete(tx->view.kv, KV_MATCH, row_key_bytes(&key));
}

/* A row, opened: the children, and behind them the state of a family's. */
struct match_row {
    size_t child_count;
    struct child_key children[MATCH_FILES_MAXIMUM];
    struct codec_reader state;
};

static int open_row(struct store_view *view, const struct uuid *id, struct match_row *ret_row)
{
    struct row_key key = key_of(view, id);
    struct epoch_row place = place_of(&key);
    struct match_row row = {0};
    int result = epoch_row_open(view, &place, NULL, &row.state);
    if (result != 0) {
        return result;
    }
    unsigned version = codec_get_u8(&row.state);
    unsigned kind = codec_get_u8(&row.state);
    row.child_count = kind == MATCH_FAMILY ? 2 : 1;
    for (size_t i = 0; i < row.child_count; i++) {
        codec_get_bytes(&row.state, row.children[i].bytes, PSEUDONYM_KEY_BYTES);
    }
    if (version != ROW_VERSION || row.state.failed ||
        !(kind == MATCH_FAMILY || (kind == MATCH_CHILD && row.state.left == 0))) {
        return VIEW_DAMAGED;
    }
    *ret_row = row;
    return 0;
}

int match_children(struct store_view *view, const struct uuid *id,
                   struct child_key ret_children[static MATCH_FILES_MAXIMUM], size_t *ret_count)
{
    struct match_row row;
    int result = open_row(view, id, &row);
    if (result == 0) {
        memcpy(ret_children, row.children, row.child_count * sizeof(row.children[0]));
        *ret_count = row.child_count;
    }
    return result;
}

int match_row_open_family(struct store_view *view, const struct child_family *family,
                          struct child_match *ret_match)
{
    struct match_row row;
    struct child_match match = {0};
    int result = open_row(view, &family->match, &row);
    if (result == 0 && row.child_count != 2) {
        result = VIEW_DAMAGED;
    }
    if (result == 0) {
        child_match_read(&row.state, &match);
        bool sound = memcmp(&match.id, &family->match, sizeof(match.id)) == 0;
        result = codec_done(&row.state) && sound ? 0 : VIEW_DAMAGED;
    }
    if (result == 0) {
        *ret_match = match;
    }
    return result;
}

bool match_row_renew(struct store_tx *tx, const struct row_key *key, struct kv_bytes value)
{
    struct epoch_row place = place_of(key);
    return epoch_row_renew(&tx->view, &place, value);
}

/* ---- finding one ---- */

void match_found_wipe(struct match_found *found)
{
    secret_wipe(found, sizeof(*found));
}

static int find_in_file(struct match_found *found, const struct uuid *id)
{
    for (size_t i = 0; i < found->files[0].match_count; i++) {
        struct child_match *match = &found->files[0].matches[i];
        if (memcmp(&match->id, id, sizeof(*id)) == 0) {
            found->scope = match_scope_of_child(&found->files[0], match);
            return 0;
        }
    }
    return STORE_NOT_FOUND;
}

static const struct child_family *find_family(const struct child_file *file, const struct uuid *id)
{
    for (size_t i = 0; i < file->family_count; i++) {
        if (memcmp(&file->families[i].match, id, sizeof(*id)) == 0) {
            return &file->families[i];
        }
    }
    return NULL;
}

static int find_in_row(struct store_view *view, struct match_found *found, const struct uuid *id)
{
    const struct child_family *family = find_family(&found->files[0], id);
    int result = family == NULL ? VIEW_DAMAGED : match_row_open_family(view, family, &found->match);
    found->scope = (struct match_scope){
        .kind = MATCH_FAMILY,
        .match = &found->match,
        .file_count = 2,
        .files = {&found->files[0], &found->files[1]},
    };
    return result;
}

int match_find(struct store_view *view, const struct uuid *id, struct match_found *ret_found)
{
    struct child_key children[MATCH_FILES_MAXIMUM];
    size_t count;
    int result = match_children(view, id, children, &count);
    for (size_t i = 0; i < count && result == 0; i++) {
        result = child_file_load(view, &children[i], &ret_found->files[i]);
        result = result == STORE_NOT_FOUND ? VIEW_DAMAGED : result;
    }
    if (result != 0) {
        return result;
    }
    return count == 1 ? find_in_file(ret_found, id) : find_in_row(view, ret_found, id);
}

void match_found_save(struct store_tx *tx, const struct match_found *found)
{
    const struct child_file *first = found->scope.files[0];
    if (found->scope.kind == MATCH_CHILD) {
        child_file_save(&tx->view, first);
        return;
    }
    const struct child_family *family = find_family(first, &found->match.id);
    if (family == NULL) {
        view_fail(&tx->view, VIEW_DAMAGED);
        return;
    }
    match_row_put_family(tx, &found->match, family, &first->key);
}
