/* SPDX-License-Identifier: EUPL-1.2 */
/* What of a merge concerns others: which party a municipality is, agreements with it, mandates. */
#include <string.h>

#include "store/base/clock.h"
#include "store/child/matches.h"
#include "store/operation.h"
#include "store/party/merge.h"
#include "store/party/parties.h"

#define CODES_MAXIMUM 9999  /* CBS codes that there can be */
#define PARTIES_LOOKED 1000 /* numbers looked at in one batch */

static int load(struct store_tx *tx, uint32_t number, struct party *ret_party)
{
    int result = party_load(&tx->view, number, ret_party);
    return result == STORE_NOT_FOUND ? VIEW_DAMAGED : result;
}

/* ---- which party a municipality is ---- */

/* The codes that lead to the party that goes: its own, and those that became part of it before. */
static int find_codes(struct store_tx *tx, uint32_t party, uint16_t *codes, size_t *ret_count)
{
    struct row_key prefix = layout_municipality(0);
    CLEANUP(kv_range_closep) struct kv_range *range = NULL;
    size_t count = 0;
    prefix.size = 1;
    int result = view_range_prefix(&tx->view, KV_ORGANISATION, &prefix, &range);
    while (result == 0 && count < CODES_MAXIMUM) {
        struct kv_bytes key;
        struct kv_bytes value;
        result = kv_range_next(range, &key, &value);
        if (result == 0 && (key.size != 3 || value.size != 4)) {
            return VIEW_DAMAGED;
        }
        if (result == 0 && get_be32(value.data) == party) {
            codes[count++] = get_be16((const uint8_t *)key.data + 1);
        }
    }
    *ret_count = count;
    return result == KV_END ? 0 : result;
}

/* An agreement of the party that goes had ended, and perhaps not all of its signals were archived
 * before they moved. */
static void sweep_ended(struct store_tx *tx, const struct party *from, const struct party *into)
{
    static const struct uuid beginning;
    int32_t today = calendar_dutch_day(tx->now);
    for (size_t i = 0; i < from->agreement_count; i++) {
        uint16_t municipality = from->agreements[i].municipality;
        if (!party_has_agreement_with(into, municipality, today)) {
            struct row_key key = layout_due_sweep(tx->now, into->number, municipality);
            kv_put(tx->view.kv, KV_DUE, row_key_bytes(&key),
                   (struct kv_bytes){beginning.bytes, UUID_BYTES});
            return; /* one looks at all signals */
        }
    }
}

int party_merge_codes(struct store_tx *tx, const struct attribution *by, struct party_merge *merge,
                      bool *ret_done)
{
    struct party from;
    struct party into;
    uint16_t *codes = arena_new(tx->view.arena, CODES_MAXIMUM * sizeof(*codes));
    size_t count = 0;
    (void)by;
    int result = codes == NULL ? -ENOMEM : find_codes(tx, merge->from, codes, &count);
    if (result == 0) {
        result = load(tx, merge->from, &from);
    }
    if (result == 0) {
        result = load(tx, merge->into, &into);
    }
    if (result != 0) {
        return result;
    }
    for (size_t i = 0; i < count; i++) {
        struct row_key key = layout_municipality(codes[i]);
        party_put_organisation(tx, &key, merge->into);
    }
    into.municipality = into.municipality != 0 ? into.municipality : from.municipality;
    into.roles |= from.roles & PARTY_MUNICIPALITY;
    party_save(tx, &into);
    sweep_ended(tx, &from, &into);
    tx_touch_party(tx, merge->into);
    *ret_done = true;
    return 0;
}

/* ---- what it was told of ---- */

static void replace_told(struct child_match *match, uint32_t from, uint32_t into)
{
    size_t count = 0;
    bool has_into = false;
    for (size_t i = 0; i < match->told_count; i++) {
        uint32_t party = match->told[i] == from ? into : match->told[i];
        if (party != into || !has_into) {
            match->told[count++] = party;
        }
        has_into = has_into || party == into;
    }
    match->told_count = count;
}

/* It was told when the first of the two was. */
static int put_told(struct store_tx *tx, uint32_t into, const struct uuid *match,
                    const uint8_t told[static 8])
{
    struct row_key key = layout_party_uuid(into, PARTY_MATCH_TOLD, match);
    struct kv_bytes value;
    int result = kv_get(tx->view.kv, KV_PARTY, row_key_bytes(&key), &value);
    if (result == 0 && value.size == 8 && memcmp(value.data, told, 8) <= 0) {
        return 0;
    }
    kv_put(tx->view.kv, KV_PARTY, row_key_bytes(&key), (struct kv_bytes){told, 8});
    return result == KV_NOT_FOUND ? 0 : result;
}

static int move_told(struct store_tx *tx, const struct party_merge *merge, const struct uuid *match)
{
    struct row_key key = layout_party_uuid(merge->from, PARTY_MATCH_TOLD, match);
    CLEANUP(match_found_wipe) struct match_found found = {0};
    struct kv_bytes value;
    uint8_t told[8];
    int result = kv_get(tx->view.kv, KV_PARTY, row_key_bytes(&key), &value);
    if (result != 0 || value.size != sizeof(told)) {
        return result != 0 ? result : VIEW_DAMAGED;
    }
    memcpy(told, value.data, sizeof(told));
    kv_delete(tx->view.kv, KV_PARTY, row_key_bytes(&key));
    result = match_find(&tx->view, match, &found);
    if (result != 0) {
        return result == STORE_NOT_FOUND ? 0 : result;
    }
    replace_told(found.scope.match, merge->from, merge->into);
    match_found_save(tx, &found);
    return put_told(tx, merge->into, match, told);
}

int party_merge_told(struct store_tx *tx, const struct attribution *by, struct party_merge *merge,
                     bool *ret_done)
{
    struct party_merge_rows rows;
    size_t moved = 0;
    (void)by;
    int result = party_merge_find_rows(tx, merge->from, PARTY_MATCH_TOLD, &rows);
    while (result == 0 && moved < rows.count && !view_is_heavy(&tx->view)) {
        result = move_told(tx, merge, &rows.ids[moved++]);
    }
    *ret_done = result == 0 && moved < PARTY_MERGE_SLICE && moved == rows.count;
    return result;
}

/* ---- mandates ---- */

/* The longer of two mandates by which `holder` acts for `party`; nobody needs one for itself. */
static int put_mandate(struct store_tx *tx, uint32_t holder, uint32_t party, int32_t until_day)
{
    struct row_key key = layout_party_u32(holder, PARTY_MANDATE_HELD, party);
    struct kv_bytes value;
    uint8_t until[4];
    if (holder == party) {
        return 0;
    }
    int result = kv_get(tx->view.kv, KV_PARTY, row_key_bytes(&key), &value);
    if (result == 0 && value.size == 4 && (int32_t)get_be32(value.data) >= until_day) {
        return 0;
    }
    put_be32(until, (uint32_t)until_day);
    kv_put(tx->view.kv, KV_PARTY, row_key_bytes(&key), (struct kv_bytes){until, sizeof(until)});
    return result == KV_NOT_FOUND ? 0 : result;
}

/* Takes away one of `holder`'s and gives it to `into`, for `party`. STORE_NOT_FOUND. */
static int move_mandate(struct store_tx *tx, const struct row_key *key, uint32_t into,
                        uint32_t party)
{
    struct kv_bytes value;
    int result = kv_get(tx->view.kv, KV_PARTY, row_key_bytes(key), &value);
    if (result != 0 || value.size != 4) {
        return result != 0 ? result : VIEW_DAMAGED;
    }
    int32_t until_day = (int32_t)get_be32(value.data);
    kv_delete(tx->view.kv, KV_PARTY, row_key_bytes(key));
    return put_mandate(tx, into, party, until_day);
}

int party_merge_held(struct store_tx *tx, const struct attribution *by, struct party_merge *merge,
                     bool *ret_done)
{
    struct party_merge_rows rows;
    struct party into;
    (void)by;
    int result = party_merge_find_rows(tx, merge->from, PARTY_MANDATE_HELD, &rows);
    if (result == 0) {
        result = load(tx, merge->into, &into);
    }
    for (size_t i = 0; i < rows.count && result == 0; i++) {
        uint32_t party = get_be32(rows.ids[i].bytes);
        struct row_key key = layout_party_u32(merge->from, PARTY_MANDATE_HELD, party);
        result = move_mandate(tx, &key, merge->into, party);
    }
    if (result == 0 && rows.count > 0) {
        party_save(tx, &into); /* whoever relied on what it might do reads again */
    }
    *ret_done = result == 0 && rows.count < PARTY_MERGE_SLICE;
    return result;
}

/* ---- every party ---- */

/* An agreement with the municipality that is gone is one with what it has become. */
static int change_agreement(struct store_tx *tx, struct party *party, uint16_t old, uint16_t new,
                            bool *changed)
{
    const struct agreement *gone = party_find_agreement(party, old);
    if (old == 0 || new == 0 || old == new || gone == NULL) {
        return 0;
    }
    struct agreement moved = {new, gone->until_day};
    const struct agreement *there = party_find_agreement(party, new);
    *changed = true;
    party_drop_agreement(tx, party, old);
    return there != NULL && there->until_day >= moved.until_day
               ? 0
               : party_set_agreement(tx, party, &moved);
}

static int change_party(struct store_tx *tx, const struct attribution *by,
                        const struct party_merge *merge, const uint16_t codes[static 2],
                        struct party *party, bool *ret_changed)
{
    struct row_key held = layout_party_u32(party->number, PARTY_MANDATE_HELD, merge->from);
    struct log_note note = {.event = LOG_PARTY_CHANGED};
    uint64_t index;
    bool changed = false;
    int result = change_agreement(tx, party, codes[0], codes[1], &changed);
    if (result == 0) {
        result = move_mandate(tx, &held, party->number, merge->into);
        changed = changed || result == 0;
        result = result == STORE_NOT_FOUND ? 0 : result;
    }
    *ret_changed = changed;
    if (result != 0 || !changed) {
        return result;
    }
    party_save(tx, party);
    tx_touch_party(tx, party->number);
    note_object_party(&note, party->number);
    return tx_log(tx, by, &note, &index);
}

int party_merge_parties(struct store_tx *tx, const struct attribution *by,
                        struct party_merge *merge, bool *ret_done)
{
    struct party from;
    struct party into;
    size_t changed = 0;
    size_t looked = 0;
    int result = load(tx, merge->from, &from);
    if (result == 0) {
        result = load(tx, merge->into, &into);
    }
    uint16_t codes[2] = {result == 0 ? from.municipality : 0, result == 0 ? into.municipality : 0};
    for (; result == 0 && merge->position < tx->view.head.parties && looked < PARTIES_LOOKED &&
           changed < PARTY_MERGE_SLICE;
         looked++) {
        struct party party;
        bool is_changed = false;
        result = party_load(&tx->view, ++merge->position, &party);
        if (result == 0 && party.number != merge->from) {
            result = change_party(tx, by, merge, codes, &party, &is_changed);
        }
        changed += is_changed ? 1 : 0;
        result = result == STORE_NOT_FOUND ? 0 : result;
    }
    *ret_done = result == 0 && merge->position >= tx->view.head.parties;
    return result;
}
