/* SPDX-License-Identifier: EUPL-1.2 */
/* A merge of parties goes on by itself, whatever became of whoever asked for it. */
#include "store/due/due.h"
#include "store/party/merge.h"

int due_party_merge(struct store_tx *tx, struct due_row *row)
{
    struct party_merge merge;
    uint64_t index;
    bool ended;
    uint32_t from = codec_get_u32(&row->about);
    uint32_t into = codec_get_u32(&row->about);
    int result = party_merge_load(&tx->view, &merge);
    if (result != 0 || merge.from != from || merge.into != into) {
        return result == STORE_NOT_FOUND ? 0 : result; /* it has ended */
    }
    result = party_merge_step(tx, &due_by_itself, &merge, &ended);
    if (result == 0 && !ended) {
        party_merge_put_due(tx, &merge);
    }
    return result != 0 || !ended ? result : party_merge_log(tx, &due_by_itself, &merge, &index);
}
