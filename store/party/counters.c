/* SPDX-License-Identifier: EUPL-1.2 */
#include "store/party/counters.h"

#include <string.h>

#define ROW_SIZE 28
#define SLOTS_AT_FIRST 64 /* a power of two, as it is doubled */

/* ---- the row ---- */

static int read_row(struct store_view *view, uint32_t party, struct party_counters *ret_counters)
{
    struct row_key key = layout_party(party, PARTY_COUNTERS);
    struct kv_bytes value;
    int result = kv_get(view->kv, KV_PARTY, row_key_bytes(&key), &value);
    if (result == KV_NOT_FOUND) {
        *ret_counters = (struct party_counters){0};
        return 0;
    }
    if (result != 0) {
        return result;
    }
    struct codec_reader in = {.data = value.data, .left = value.size};
    struct party_counters counters = {.inbox_head = codec_get_u64(&in)};
    counters.acknowledged = codec_get_u64(&in);
    counters.professionals = codec_get_u32(&in);
    counters.access_day = codec_get_i32(&in);
    counters.access_count = codec_get_u32(&in);
    if (!codec_done(&in)) {
        return VIEW_DAMAGED;
    }
    *ret_counters = counters;
    return 0;
}

static void write_row(struct store_tx *tx, uint32_t party, const struct party_counters *counters)
{
    uint8_t buffer[ROW_SIZE];
    struct codec_writer out = CODEC_WRITER(buffer);
    codec_put_u64(&out, counters->inbox_head);
    codec_put_u64(&out, counters->acknowledged);
    codec_put_u32(&out, counters->professionals);
    codec_put_i32(&out, counters->access_day);
    codec_put_u32(&out, counters->access_count);
    struct row_key key = layout_party(party, PARTY_COUNTERS);
    kv_put(tx->view.kv, KV_PARTY, row_key_bytes(&key), (struct kv_bytes){out.data, out.size});
}

/* ---- what is held ---- */

struct counters_slot {
    uint32_t party; /* 0: empty */
    bool known;     /* `counters` are those of the party */
    bool changed;   /* and are not in its row yet */
    bool touched;
    struct party_counters counters;
};

/* The slot of a party, or the empty one in which it belongs. */
static struct counters_slot *place_of(const struct tx_parties *parties, uint32_t party)
{
    size_t at = party * 0x9e3779b1u;
    while (parties->slots[at & (parties->capacity - 1)].party != party &&
           parties->slots[at & (parties->capacity - 1)].party != 0) {
        at++;
    }
    return &parties->slots[at & (parties->capacity - 1)];
}

static int grow(struct store_tx *tx)
{
    struct tx_parties grown = {.used = tx->parties.used,
                               .capacity = tx->parties.capacity == 0 ? SLOTS_AT_FIRST
                                                                     : tx->parties.capacity * 2};
    grown.slots = arena_new(tx->view.arena, grown.capacity * sizeof(*grown.slots));
    if (grown.slots == NULL) {
        view_fail(&tx->view, -ENOMEM);
        return -ENOMEM;
    }
    for (size_t i = 0; i < tx->parties.capacity; i++) {
        const struct counters_slot *slot = &tx->parties.slots[i];
        if (slot->party != 0) {
            *place_of(&grown, slot->party) = *slot;
        }
    }
    tx->parties = grown;
    tx->view.parties_held = &tx->parties;
    return 0;
}

static int slot_of(struct store_tx *tx, uint32_t party, struct counters_slot **ret_slot)
{
    int result = (tx->parties.used + 1) * 2 > tx->parties.capacity ? grow(tx) : 0;
    if (result == 0 && party == 0) {
        view_fail(&tx->view, VIEW_DAMAGED); /* nobody has this number */
        result = VIEW_DAMAGED;
    }
    if (result != 0) {
        return result;
    }
    struct counters_slot *slot = place_of(&tx->parties, party);
    tx->parties.used += slot->party == 0 ? 1 : 0;
    slot->party = party;
    *ret_slot = slot;
    return 0;
}

int counters_load(struct store_view *view, uint32_t party, struct party_counters *ret_counters)
{
    const struct counters_slot *slot =
        view->parties_held == NULL ? NULL : place_of(view->parties_held, party);
    if (slot == NULL || !slot->known) {
        return read_row(view, party, ret_counters);
    }
    *ret_counters = slot->counters;
    return 0;
}

void counters_save(struct store_tx *tx, uint32_t party, const struct party_counters *counters)
{
    struct counters_slot *slot;
    if (slot_of(tx, party, &slot) == 0) {
        slot->counters = *counters;
        slot->known = true;
        slot->changed = true;
    }
}

int counters_next_notice(struct store_tx *tx, uint32_t party, uint64_t *ret_sequence)
{
    struct counters_slot *slot;
    int result = slot_of(tx, party, &slot);
    if (result == 0 && !slot->known) {
        result = read_row(&tx->view, party, &slot->counters);
    }
    if (result == 0) {
        slot->known = true;
        slot->changed = true;
        slot->touched = true;
        *ret_sequence = ++slot->counters.inbox_head;
        tx->notices++;
    }
    return result;
}

void counters_settle(struct store_tx *tx)
{
    for (size_t i = 0; i < tx->parties.capacity; i++) {
        struct counters_slot *slot = &tx->parties.slots[i];
        if (slot->changed) {
            write_row(tx, slot->party, &slot->counters);
        }
        slot->changed = false;
        slot->known = false;
    }
}

/* ---- who may be waiting ---- */

void tx_touch_party(struct store_tx *tx, uint32_t party)
{
    struct counters_slot *slot;
    if (slot_of(tx, party, &slot) == 0) {
        slot->touched = true;
    }
}

bool tx_next_touched(const struct store_tx *tx, size_t *at, uint32_t *ret_party)
{
    while (*at < tx->parties.capacity) {
        const struct counters_slot *slot = &tx->parties.slots[(*at)++];
        if (slot->touched) {
            *ret_party = slot->party;
            return true;
        }
    }
    return false;
}
