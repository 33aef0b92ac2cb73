/* SPDX-License-Identifier: EUPL-1.2 */
#include "store/room.h"

#define RESERVE_BYTES (UINT64_C(64) << 20) /* or an eighth of a smaller map */
#define MARGIN_BYTES (1u << 20) /* what a batch may still need when a store is all but full */

int room_begin(struct store *store)
{
    struct kv_room room;
    int result = kv_measure_room(store->kv, &room);
    if (result == 0) {
        uint64_t eighth = room.map_bytes / 8;
        store->reserve_bytes = eighth < RESERVE_BYTES ? eighth : RESERVE_BYTES;
    }
    return result;
}

void room_look(struct store *store)
{
    struct kv_room room;
    if (kv_measure_room(store->kv, &room) == 0) {
        atomic_store(&store->low, room.free_bytes < store->reserve_bytes);
        store->full = room.free_bytes < MARGIN_BYTES && room.free_bytes < store->reserve_bytes / 4;
    }
}

bool room_is_for(const struct store *store, const struct store_op *op)
{
    return !store->full && (op->lane != LANE_GROWS || !atomic_load(&store->low));
}
