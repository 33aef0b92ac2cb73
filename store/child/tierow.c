/* SPDX-License-Identifier: EUPL-1.2 */
#include "store/child/tierow.h"

#include <string.h>

#define ROW_VERSION 1
#define ROW_MAXIMUM                                                                                \
    (1 + 1 + 4 + OPRF_ELEMENT_BYTES + 1 + 4 + 1 + FAMILY_CHILDREN_MAXIMUM * PSEUDONYM_KEY_BYTES)

static struct epoch_row place_of(const struct row_key *key)
{
    return (struct epoch_row){KV_CHILD, key, 0};
}

int tie_row_load(struct store_view *view, const struct child_key *tie, struct tie_row *ret_row)
{
    struct row_key key = layout_child(tie, CHILD_TIE);
    struct epoch_row place = place_of(&key);
    struct tie_row row = {0};
    struct codec_reader in;
    int result = epoch_row_open(view, &place, NULL, &in);
    if (result != 0) {
        return result;
    }
    unsigned version = codec_get_u8(&in);
    row.kind = (enum tie_kind)codec_get_u8(&in);
    row.evaluation_key = codec_get_u32(&in);
    codec_get_bytes(&in, row.element.bytes, OPRF_ELEMENT_BYTES);
    row.institution = codec_get_u8(&in) != 0;
    row.child_count = codec_get_u32(&in);
    row.listed_count = codec_get_u8(&in);
    if (version != ROW_VERSION || row.listed_count > FAMILY_CHILDREN_MAXIMUM ||
        (row.listed_count != 0 && row.listed_count != row.child_count)) {
        return VIEW_DAMAGED;
    }
    for (size_t i = 0; i < row.listed_count; i++) {
        codec_get_bytes(&in, row.listed[i].bytes, PSEUDONYM_KEY_BYTES);
    }
    if (!codec_done(&in) || (row.kind != TIE_PARENT && row.kind != TIE_ADDRESS)) {
        return VIEW_DAMAGED;
    }
    *ret_row = row;
    return 0;
}

void tie_row_save(struct store_view *view, const struct child_key *tie, const struct tie_row *row)
{
    uint8_t buffer[ROW_MAXIMUM];
    struct codec_writer out = CODEC_WRITER(buffer);
    struct row_key key = layout_child(tie, CHILD_TIE);
    struct epoch_row place = place_of(&key);
    if (row->child_count == 0) {
        kv_delete(view->kv, KV_CHILD, row_key_bytes(&key));
        return;
    }
    codec_put_u8(&out, ROW_VERSION);
    codec_put_u8(&out, row->kind);
    codec_put_u32(&out, row->evaluation_key);
    codec_put_bytes(&out, row->element.bytes, OPRF_ELEMENT_BYTES);
    codec_put_u8(&out, row->institution);
    codec_put_u32(&out, row->child_count);
    codec_put_u8(&out, (unsigned)row->listed_count);
    for (size_t i = 0; i < row->listed_count; i++) {
        codec_put_bytes(&out, row->listed[i].bytes, PSEUDONYM_KEY_BYTES);
    }
    epoch_row_seal(view, &place, NULL, &out);
}

bool tie_row_is_crowded(const struct tie_row *row)
{
    return row->listed_count < row->child_count;
}

void tie_row_add(struct tie_row *row, const struct child_key *child)
{
    bool crowded = tie_row_is_crowded(row) || row->listed_count == FAMILY_CHILDREN_MAXIMUM;
    row->child_count++;
    if (crowded) {
        row->listed_count = 0;
    } else {
        row->listed[row->listed_count++] = *child;
    }
}

bool tie_row_names(const struct child_key *key, const struct child_file *file)
{
    bool found = memcmp(key, &file->key, sizeof(*key)) == 0;
    for (size_t i = 0; i < file->alias_count && !found; i++) {
        found = memcmp(key, &file->aliases[i].key, sizeof(*key)) == 0;
    }
    return found;
}

int tie_row_remove(struct tie_row *row, const struct child_file *file)
{
    size_t at = 0;
    if (!tie_row_is_crowded(row)) {
        while (at < row->listed_count && !tie_row_names(&row->listed[at], file)) {
            at++;
        }
        if (at == row->listed_count) {
            return VIEW_DAMAGED;
        }
        row->listed_count--;
        memmove(&row->listed[at], &row->listed[at + 1],
                (row->listed_count - at) * sizeof(row->listed[0]));
    }
    row->child_count--;
    return 0;
}

int tie_row_leave(struct store_view *view, const struct child_key *tie,
                  const struct child_file *file)
{
    struct tie_row row;
    int result = tie_row_load(view, tie, &row);
    if (result == 0) {
        result = tie_row_remove(&row, file);
    }
    if (result == 0) {
        tie_row_save(view, tie, &row);
    }
    return result == STORE_NOT_FOUND ? VIEW_DAMAGED : result;
}

int tie_row_renew(struct store_tx *tx, const struct child_key *tie)
{
    struct tie_row row;
    int result = tie_row_load(&tx->view, tie, &row);
    if (result == 0) {
        tie_row_save(&tx->view, tie, &row);
    }
    return result != 0 ? result : kv_fault(tx->view.kv);
}
