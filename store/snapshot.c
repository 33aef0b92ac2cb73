/* SPDX-License-Identifier: EUPL-1.2 */
/* Reading parties, professionals and signals. */
#include "store/snapshot.h"

#include <string.h>

#include "store/base/clock.h"
#include "store/child/signals.h"
#include "store/committer.h"
#include "store/party/parties.h"

/* Counts it among the readers of this side. It must be counted before it begins, and on a side that
 * has not been left meanwhile. */
static atomic_uint *count_reader(struct store *store)
{
    for (;;) {
        unsigned side = atomic_load(&store->reader_side);
        atomic_fetch_add(&store->readers[side], 1);
        if (atomic_load(&store->reader_side) == side) {
            return &store->readers[side];
        }
        atomic_fetch_sub(&store->readers[side], 1);
    }
}

int store_snapshot_open(struct store *store, struct arena *arena,
                        struct store_snapshot **ret_snapshot)
{
    struct store_snapshot *snapshot = arena_new(arena, sizeof(*snapshot));
    if (snapshot == NULL) {
        return -ENOMEM;
    }
    snapshot->view = (struct store_view){
        .keys = store->keys,
        .policy = &store->policy,
        .arena = arena,
        .opened = store->opened,
        .note_seen = true,
    };
    if (atomic_load(&store->wound_down)) {
        return STORE_STOPPED;
    }
    snapshot->counted = count_reader(store);
    int result = kv_begin(store->kv, KV_READ, &snapshot->view.kv);
    if (result == 0) {
        result = view_read_head(&snapshot->view);
        if (result != 0) {
            kv_abort(snapshot->view.kv);
        }
    }
    if (result != 0) {
        atomic_fetch_sub(snapshot->counted, 1);
        return result < 0 ? result : VIEW_DAMAGED;
    }
    *ret_snapshot = snapshot;
    return 0;
}

void store_snapshot_close(struct store_snapshot *snapshot)
{
    /* The structure itself stays in the arena: what it has seen may still be relied on. */
    if (snapshot != NULL && snapshot->view.kv != NULL) {
        kv_abort(snapshot->view.kv);
        snapshot->view.kv = NULL;
        atomic_fetch_sub(snapshot->counted, 1);
    }
}

void store_snapshot_closep(struct store_snapshot **snapshot)
{
    store_snapshot_close(*snapshot);
}

int store_get_party(struct store_snapshot *snapshot, uint32_t number, struct party *ret_party)
{
    return party_load(&snapshot->view, number, ret_party);
}

int store_find_party(struct store_snapshot *snapshot, const struct oin *oin,
                     struct party *ret_party)
{
    uint32_t number;
    int result = party_find(&snapshot->view, oin, &number);
    if (result != 0) {
        return result;
    }
    result = party_load(&snapshot->view, number, ret_party);
    return result == STORE_NOT_FOUND ? VIEW_DAMAGED : result;
}

/* Moves on to a number that has rows: a party that has gone into another has none. KV_END: there is
 * no such number. */
static int seek_party(struct store_view *view, uint64_t *number)
{
    struct row_key from = layout_party((uint32_t)*number, PARTY_PROFILE);
    CLEANUP(kv_range_closep) struct kv_range *range = NULL;
    struct kv_bytes key;
    struct kv_bytes value;
    int result = kv_range_open(view->kv, KV_PARTY, row_key_bytes(&from), (struct kv_bytes){NULL, 0},
                               KV_UP, &range);
    if (result == 0) {
        result = kv_range_next(range, &key, &value);
    }
    if (result == 0) {
        *number = get_be32(key.data);
    }
    return result;
}

int store_list_parties(struct store_snapshot *snapshot, uint32_t after, size_t limit,
                       const struct party **ret_parties, size_t *ret_count)
{
    struct store_view *view = &snapshot->view;
    struct party *parties = arena_new(view->arena, (limit + 1) * sizeof(*parties));
    size_t count = 0;
    int result = parties == NULL ? -ENOMEM : 0;
    for (uint64_t number = (uint64_t)after + 1;
         result == 0 && number <= view->head.parties && count < limit; number++) {
        result = seek_party(view, &number);
        if (result == 0) {
            result = party_load(view, (uint32_t)number, &parties[count]);
            count += result == 0 ? 1 : 0;
            result = result == STORE_NOT_FOUND ? 0 : result;
        }
    }
    if (result != 0 && result != KV_END) {
        return result;
    }
    *ret_parties = parties;
    *ret_count = count;
    return 0;
}

int store_get_mandate(struct store_snapshot *snapshot, uint32_t supplier, uint32_t party,
                      struct mandate *ret_mandate)
{
    struct store_view *view = &snapshot->view;
    struct row_key key = layout_party_u32(supplier, PARTY_MANDATE_HELD, party);
    struct kv_bytes value;
    int result = kv_get(view->kv, KV_PARTY, row_key_bytes(&key), &value);
    if (result != 0) {
        return result;
    }
    if (value.size != 4) {
        return VIEW_DAMAGED;
    }
    struct mandate mandate = {.party = party, .until_day = (int32_t)get_be32(value.data)};
    struct party represented;
    result = party_load(view, party, &represented);
    if (result != 0) {
        return result;
    }
    mandate.oin = represented.oin;
    mandate.name = represented.name;
    *ret_mandate = mandate;
    return 0;
}

int store_list_mandates(struct store_snapshot *snapshot, uint32_t supplier,
                        const struct mandate **ret_mandates, size_t *ret_count)
{
    struct store_view *view = &snapshot->view;
    struct mandate *mandates = arena_new(view->arena, MODEL_PAGE_MAXIMUM * sizeof(*mandates));
    struct row_key prefix = layout_party(supplier, PARTY_MANDATE_HELD);
    CLEANUP(kv_range_closep) struct kv_range *range = NULL;
    size_t count = 0;
    if (mandates == NULL) {
        return -ENOMEM;
    }
    int result = view_range_prefix(view, KV_PARTY, &prefix, &range);
    while (result == 0 && count < MODEL_PAGE_MAXIMUM) {
        struct kv_bytes key;
        struct kv_bytes value;
        result = kv_range_next(range, &key, &value);
        if (result == 0) {
            uint32_t party = get_be32((const uint8_t *)key.data + 5);
            result = store_get_mandate(snapshot, supplier, party, &mandates[count]);
            count += result == 0 ? 1 : 0;
            result = result == STORE_NOT_FOUND ? 0 : result;
        }
    }
    if (result != 0 && result != KV_END) {
        return result;
    }
    *ret_mandates = mandates;
    *ret_count = count;
    return 0;
}

int store_get_professional(struct store_snapshot *snapshot, uint32_t party, const char *id,
                           struct professional *ret_professional)
{
    uint32_t number;
    int result = professional_find(&snapshot->view, party, id, &number);
    if (result != 0) {
        return result;
    }
    result = professional_load(&snapshot->view, party, number, ret_professional);
    return result == STORE_NOT_FOUND ? VIEW_DAMAGED : result;
}

int store_list_professionals(struct store_snapshot *snapshot, uint32_t party, uint32_t after,
                             size_t limit, const struct professional **ret_professionals,
                             size_t *ret_count)
{
    struct store_view *view = &snapshot->view;
    struct professional *list = arena_new(view->arena, (limit + 1) * sizeof(*list));
    struct row_key from = layout_party_u32(party, PARTY_PROFESSIONAL, after);
    struct row_key whole = layout_party(party, PARTY_PROFESSIONAL);
    struct row_key to = layout_after_prefix(&whole);
    CLEANUP(kv_range_closep) struct kv_range *range = NULL;
    size_t count = 0;
    if (list == NULL) {
        return -ENOMEM;
    }
    int result =
        kv_range_open(view->kv, KV_PARTY, row_key_bytes(&from), row_key_bytes(&to), KV_UP, &range);
    while (result == 0 && count < limit) {
        struct kv_bytes key;
        struct kv_bytes value;
        result = kv_range_next(range, &key, &value);
        uint32_t number = result == 0 ? get_be32((const uint8_t *)key.data + 5) : after;
        if (number != after) {
            result = professional_load(view, party, number, &list[count]);
            count += result == 0 ? 1 : 0;
        }
    }
    if (result != 0 && result != KV_END) {
        return result == STORE_NOT_FOUND ? VIEW_DAMAGED : result;
    }
    *ret_professionals = list;
    *ret_count = count;
    return 0;
}

int store_get_signal(struct store_snapshot *snapshot, uint32_t party, const struct uuid *id,
                     struct signal *ret_signal)
{
    struct signal_row row;
    CLEANUP(child_file_wipe) struct child_file file = {0};
    int result = signal_row_load(&snapshot->view, party, id, &row, &file);
    return result != 0 ? result : signal_from_row(&snapshot->view, party, id, &row, ret_signal);
}

#define LOOKED_MAXIMUM 2000 /* rows looked at for one page */

struct signal_lister {
    struct store_snapshot *snapshot;
    uint32_t party;
    const struct signal_query *query;
    struct signal_page page;
    struct signal *signals;
};

static int list_signal(struct signal_lister *lister, const struct uuid *id)
{
    const struct signal_query *query = lister->query;
    struct signal_row row;
    struct signal *signal = &lister->signals[lister->page.count];
    int result = signal_row_peek(&lister->snapshot->view, lister->party, id, &row);
    if (result != 0 || (query->status != 0 && (query->status & 1u << row.status) == 0)) {
        return result;
    }
    result = store_get_signal(lister->snapshot, lister->party, id, signal);
    if (result == 0 &&
        (query->reference == NULL || strcmp(query->reference, signal->reference) == 0)) {
        lister->page.count++;
    }
    return result;
}

static int list_signals(struct signal_lister *lister)
{
    const struct signal_query *query = lister->query;
    struct row_key from = layout_party_uuid(lister->party, PARTY_SIGNAL, &query->after);
    struct row_key whole = layout_party(lister->party, PARTY_SIGNAL);
    struct row_key to = layout_after_prefix(&whole);
    CLEANUP(kv_range_closep) struct kv_range *range = NULL;
    int result = kv_range_open(lister->snapshot->view.kv, KV_PARTY, row_key_bytes(&from),
                               row_key_bytes(&to), KV_UP, &range);
    for (size_t looked = 0; result == 0; looked++) {
        struct kv_bytes key;
        struct kv_bytes value;
        struct uuid id;
        result = kv_range_next(range, &key, &value);
        if (result != 0) {
            break;
        }
        memcpy(id.bytes, (const uint8_t *)key.data + 5, UUID_BYTES);
        if (memcmp(&id, &query->up_to, sizeof(id)) > 0) {
            break;
        }
        if (memcmp(&id, &query->after, sizeof(id)) == 0) {
            continue;
        }
        if (lister->page.count == query->limit || looked == LOOKED_MAXIMUM ||
            (looked > 0 && view_is_heavy(&lister->snapshot->view))) {
            lister->page.more = true;
            break;
        }
        result = list_signal(lister, &id);
        lister->page.next = id;
    }
    return result == KV_END ? 0 : result == STORE_NOT_FOUND ? VIEW_DAMAGED : result;
}

int store_list_signals(struct store_snapshot *snapshot, uint32_t party,
                       const struct signal_query *query, struct signal_page *ret_page)
{
    struct signal_lister lister = {.snapshot = snapshot, .party = party, .query = query};
    lister.signals = arena_new(snapshot->view.arena, (query->limit + 1) * sizeof(*lister.signals));
    if (lister.signals == NULL) {
        return -ENOMEM;
    }
    lister.page.signals = lister.signals;
    lister.page.next = query->after;
    view_upper_bound(&snapshot->view, &lister.page.last);
    int result = list_signals(&lister);
    if (result == 0) {
        *ret_page = lister.page;
    }
    return result;
}
