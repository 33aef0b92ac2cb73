/* SPDX-License-Identifier: EUPL-1.2 */
#include "store/view.h"

#include <string.h>

#define HEAD_VERSION 2
#define SEEN_MAXIMUM 262144
#define SEEN_FEW 8
#define SEEN_SLOTS 1021
#define HEAVY_BYTES (ARENA_MAXIMUM / 4)

int view_read_head(struct store_view *view)
{
    struct row_key key = layout_meta("head");
    struct kv_bytes value;
    int result = kv_get(view->kv, KV_META, row_key_bytes(&key), &value);
    if (result != 0) {
        return result;
    }
    struct codec_reader in = {.data = value.data, .left = value.size};
    struct store_head head = {0};
    unsigned version = codec_get_u8(&in);
    head.revision = codec_get_u64(&in);
    head.log_size = codec_get_u64(&in);
    head.last_time = codec_get_i64(&in);
    head.parties = codec_get_u32(&in);
    head.actors = codec_get_u32(&in);
    head.indexed = codec_get_u64(&in);
    head.signals = codec_get_u64(&in);
    head.matches = codec_get_u64(&in);
    codec_get_bytes(&in, head.last_signal.bytes, UUID_BYTES);
    head.matches_made = codec_get_u64(&in);
    codec_get_bytes(&in, head.match_secret, sizeof(head.match_secret));
    if (!codec_done(&in) || version != HEAD_VERSION) {
        return VIEW_DAMAGED;
    }
    view->head = head;
    return 0;
}

void view_write_head(struct store_view *view)
{
    uint8_t buffer[128];
    struct codec_writer out = CODEC_WRITER(buffer);
    const struct store_head *head = &view->head;
    codec_put_u8(&out, HEAD_VERSION);
    codec_put_u64(&out, head->revision);
    codec_put_u64(&out, head->log_size);
    codec_put_i64(&out, head->last_time);
    codec_put_u32(&out, head->parties);
    codec_put_u32(&out, head->actors);
    codec_put_u64(&out, head->indexed);
    codec_put_u64(&out, head->signals);
    codec_put_u64(&out, head->matches);
    codec_put_bytes(&out, head->last_signal.bytes, UUID_BYTES);
    codec_put_u64(&out, head->matches_made);
    codec_put_bytes(&out, head->match_secret, sizeof(head->match_secret));
    struct row_key key = layout_meta("head");
    kv_put(view->kv, KV_META, row_key_bytes(&key), (struct kv_bytes){out.data, out.size});
}

static int grow_seen(struct store_view *view)
{
    size_t capacity = view->seen_capacity == 0 ? SEEN_FEW : view->seen_capacity * 2;
    struct store_seen *grown =
        capacity > SEEN_MAXIMUM ? NULL : arena_new(view->arena, capacity * sizeof(*grown));
    if (grown == NULL) {
        return -ENOMEM;
    }
    if (view->seen_count > 0) {
        memcpy(grown, view->seen, view->seen_count * sizeof(*grown));
    }
    view->seen = grown;
    view->seen_capacity = capacity;
    return 0;
}

static uint32_t *slot_of(const struct store_view *view, const struct store_seen *seen)
{
    uint32_t slot = get_be32(seen->child.bytes) ^ seen->party * 0x9e3779b1u ^
                    seen->professional * 0x85ebca6bu ^ (uint32_t)seen->kind;
    return &view->seen_lately[slot % SEEN_SLOTS];
}

/* Most requests see a few rows, which are looked through; a table of what was noted lately is for
 * those that see many. */
static int make_slots(struct store_view *view)
{
    view->seen_lately = arena_new(view->arena, SEEN_SLOTS * sizeof(*view->seen_lately));
    if (view->seen_lately == NULL) {
        return -ENOMEM;
    }
    for (size_t i = 0; i < view->seen_count; i++) {
        *slot_of(view, &view->seen[i]) = (uint32_t)i + 1;
    }
    return 0;
}

/* Whether it was noted lately: one party or professional is met again and again in one page. */
static bool seen_lately(const struct store_view *view, const struct store_seen *seen)
{
    uint32_t place = view->seen_lately == NULL ? 0 : *slot_of(view, seen);
    size_t from = place > 0 ? place - 1 : 0;
    size_t to = view->seen_lately == NULL ? view->seen_count : place;
    while (from < to && memcmp(&view->seen[from], seen, sizeof(*seen)) != 0) {
        from++;
    }
    return from < to;
}

/* `seen` is zero where it has no meaning: it is compared byte by byte. */
static int note_seen(struct store_view *view, const struct store_seen *seen)
{
    if (!view->note_seen || seen_lately(view, seen)) {
        return 0;
    }
    int result = view->seen_count == view->seen_capacity ? grow_seen(view) : 0;
    if (result == 0 && view->seen_count == SEEN_FEW) {
        result = make_slots(view);
    }
    if (result != 0) {
        return result;
    }
    view->seen[view->seen_count++] = *seen;
    if (view->seen_lately != NULL) {
        *slot_of(view, seen) = (uint32_t)view->seen_count;
    }
    return 0;
}

int view_note_party(struct store_view *view, uint32_t party)
{
    struct store_seen seen = {.kind = SEEN_PARTY, .party = party};
    return note_seen(view, &seen);
}

int view_note_professional(struct store_view *view, uint32_t party, uint32_t professional)
{
    struct store_seen seen = {
        .kind = SEEN_PROFESSIONAL, .party = party, .professional = professional};
    return note_seen(view, &seen);
}

int view_note_child(struct store_view *view, const struct child_key *child)
{
    struct store_seen seen = {.kind = SEEN_CHILD, .child = *child};
    return note_seen(view, &seen);
}

int view_open_value(struct store_view *view, enum kv_table table, const struct row_key *key,
                    struct kv_bytes value, struct codec_reader *ret_reader)
{
    if (value.size < 8 + SEAL_OVERHEAD) {
        return VIEW_DAMAGED;
    }
    const uint8_t *sealed = (const uint8_t *)value.data + 8;
    size_t sealed_size = value.size - 8;
    const uint8_t *record_key =
        keyring_find(view->keys, KEYRING_RECORD, seal_key_id(sealed, sealed_size));
    if (record_key == NULL) {
        return VIEW_DAMAGED;
    }
    size_t size = sealed_size - SEAL_OVERHEAD;
    uint8_t *plain = arena_new(view->arena, size + 1);
    if (plain == NULL) {
        return -ENOMEM;
    }
    struct seal_place place = {(uint8_t)table, key->bytes, key->size};
    if (seal_open(record_key, place, sealed, sealed_size, plain) != 0) {
        return VIEW_DAMAGED;
    }
    *ret_reader = (struct codec_reader){.data = plain, .left = size};
    return 0;
}

int view_open_row(struct store_view *view, enum kv_table table, const struct row_key *key,
                  struct codec_reader *ret_reader)
{
    struct kv_bytes value;
    int result = kv_get(view->kv, table, row_key_bytes(key), &value);
    return result == 0 ? view_open_value(view, table, key, value, ret_reader) : result;
}

void view_seal_row(struct store_view *view, enum kv_table table, const struct row_key *key,
                   struct codec_writer *plain)
{
    uint32_t id = keyring_current(view->keys, KEYRING_RECORD);
    const uint8_t *record_key = keyring_find(view->keys, KEYRING_RECORD, id);
    size_t size = 8 + plain->size + SEAL_OVERHEAD;
    uint8_t *value = plain->failed || record_key == NULL ? NULL : arena_new(view->arena, size);
    if (value == NULL) {
        view_fail(view, plain->failed ? -EMSGSIZE : -ENOMEM);
        return;
    }
    put_be64(value, view->head.revision);
    struct seal_place place = {(uint8_t)table, key->bytes, key->size};
    seal_close(id, record_key, place, plain->data, plain->size, value + 8);
    kv_put(view->kv, table, row_key_bytes(key), (struct kv_bytes){value, size});
}

int view_row_changed(struct store_view *view, enum kv_table table, const struct row_key *key,
                     uint64_t *ret_changed)
{
    struct kv_bytes value;
    int result = kv_get(view->kv, table, row_key_bytes(key), &value);
    if (result != 0) {
        return result;
    }
    if (value.size < 8) {
        return VIEW_DAMAGED;
    }
    *ret_changed = get_be64(value.data);
    return 0;
}

int view_range_prefix(struct store_view *view, enum kv_table table, const struct row_key *prefix,
                      struct kv_range **ret_range)
{
    struct row_key end = layout_after_prefix(prefix);
    return kv_range_open(view->kv, table, row_key_bytes(prefix), row_key_bytes(&end), KV_UP,
                         ret_range);
}

void view_upper_bound(const struct store_view *view, struct uuid *ret_bound)
{
    memset(ret_bound->bytes, 0xff, UUID_BYTES);
    put_be16(ret_bound->bytes, (uint16_t)((uint64_t)view->head.last_time >> 32));
    put_be32(ret_bound->bytes + 2, (uint32_t)view->head.last_time);
}

bool view_is_heavy(const struct store_view *view)
{
    return view->arena->total > HEAVY_BYTES;
}

void view_fail(struct store_view *view, int fault)
{
    if (view->kv->fault == 0) {
        view->kv->fault = fault;
    }
}
