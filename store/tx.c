/* SPDX-License-Identifier: EUPL-1.2 */
#include "store/tx.h"

#include <string.h>

#define TOUCHED_AT_FIRST 64

static bool grow_touched(struct store_tx *tx)
{
    size_t capacity = tx->touched_capacity == 0 ? TOUCHED_AT_FIRST : tx->touched_capacity * 2;
    uint32_t *grown = arena_new(tx->view.arena, capacity * sizeof(*grown));
    if (grown == NULL) {
        view_fail(&tx->view, -ENOMEM);
        return false;
    }
    if (tx->touched_count > 0) {
        memcpy(grown, tx->touched, tx->touched_count * sizeof(*grown));
    }
    tx->touched = grown;
    tx->touched_capacity = capacity;
    return true;
}

void tx_touch_party(struct store_tx *tx, uint32_t party)
{
    for (size_t i = 0; i < tx->touched_count; i++) {
        if (tx->touched[i] == party) {
            return;
        }
    }
    if (tx->touched_count < tx->touched_capacity || grow_touched(tx)) {
        tx->touched[tx->touched_count++] = party;
    }
}
