/* SPDX-License-Identifier: EUPL-1.2 */
#include "store/log/cosign.h"

#include <string.h>

#include "crypto/cosignature.h"
#include "store/committer.h"
#include "store/operation.h"
#include "store/snapshot.h"

static bool begins_with(struct kv_bytes whole, struct kv_bytes part)
{
    return whole.size >= part.size && memcmp(whole.data, part.data, part.size) == 0;
}

static int copy_note(struct store_snapshot *snapshot, struct kv_bytes value, const char **ret_note)
{
    const char *note = arena_copy_text(snapshot->view.arena, value.data, value.size);
    if (note == NULL) {
        return -ENOMEM;
    }
    *ret_note = note;
    return 0;
}

static int read_note(struct store_view *view, const char *name, struct kv_bytes *ret_value)
{
    struct row_key key = layout_meta(name);
    return kv_get(view->kv, KV_META, row_key_bytes(&key), ret_value);
}

int store_get_head(struct store_snapshot *snapshot, const char **ret_note)
{
    struct kv_bytes head;
    int result = read_note(&snapshot->view, COMMITTER_CHECKPOINT_NAME, &head);
    return result != 0 ? result : copy_note(snapshot, head, ret_note);
}

int store_get_checkpoint(struct store_snapshot *snapshot, const char **ret_note)
{
    struct kv_bytes head;
    struct kv_bytes cosigned;
    int result = read_note(&snapshot->view, COMMITTER_CHECKPOINT_NAME, &head);
    if (result != 0) {
        return result;
    }
    result = read_note(&snapshot->view, COSIGN_ROW_NAME, &cosigned);
    if (result != 0 && result != KV_NOT_FOUND) {
        return result;
    }
    bool same = result == 0 && begins_with(cosigned, head);
    return copy_note(snapshot, same ? cosigned : head, ret_note);
}

int store_get_witnessed_checkpoint(struct store_snapshot *snapshot, const char **ret_note)
{
    struct kv_bytes cosigned;
    int result = read_note(&snapshot->view, COSIGN_ROW_NAME, &cosigned);
    return result != 0 ? result : copy_note(snapshot, cosigned, ret_note);
}

/* What the line is added to: the row when it is of the same head, else the head itself when it is
 * newer than the row's. STORE_STALE when it is older. */
static int find_base(struct store_tx *tx, struct kv_bytes head, struct kv_bytes *ret_base)
{
    struct checkpoint sent;
    struct checkpoint kept;
    struct kv_bytes row;
    if (checkpoint_parse(head.data, head.size, &sent) != 0 || sent.size > tx->view.head.log_size) {
        return -EINVAL;
    }
    int result = read_note(&tx->view, COSIGN_ROW_NAME, &row);
    if (result != 0 || begins_with(row, head)) {
        *ret_base = result == 0 ? row : head;
        return result == KV_NOT_FOUND ? 0 : result;
    }
    if (checkpoint_parse(row.data, row.size, &kept) != 0) {
        return VIEW_DAMAGED;
    }
    *ret_base = head;
    return sent.size > kept.size ? 0 : STORE_STALE;
}

static int run_cosign(struct store_tx *tx, struct store_op *op)
{
    const struct store_cosign_op *cosign = CONTAINER_OF(op, struct store_cosign_op, op);
    const struct kv_bytes head = {cosign->head, strnlen(cosign->head, CHECKPOINT_NOTE_MAXIMUM + 1)};
    struct kv_bytes base;
    char note[CHECKPOINT_NOTE_MAXIMUM];
    size_t size = 0;
    int result = find_base(tx, head, &base);
    if (result != 0) {
        return result;
    }
    if (cosignature_add(base.data, base.size, cosign->line, note, &size) != 0) {
        return -EINVAL;
    }
    struct row_key key = layout_meta(COSIGN_ROW_NAME);
    kv_put(tx->view.kv, KV_META, row_key_bytes(&key), (struct kv_bytes){note, size});
    return 0;
}

void store_cosign_init(struct store_cosign_op *op)
{
    *op = (struct store_cosign_op){.head = "", .line = ""};
    operation_init(&op->op, LANE_SPARES, run_cosign);
}
