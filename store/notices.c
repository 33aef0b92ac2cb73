/* SPDX-License-Identifier: EUPL-1.2 */
#include "store/notices.h"

#include <string.h>

#include "store/matches.h"
#include "store/parties.h"
#include "store/signals.h"
#include "store/snapshot.h"

#define COUNTERS_SIZE 20
#define NOTICE_VERSION 1
#define NOTICE_PREFIX (PSEUDONYM_KEY_BYTES + 4)
#define NOTICE_BODY_SIZE (1 + 1 + 8 + UUID_BYTES + UUID_BYTES)

int counters_load(struct store_view *view, uint32_t party, struct party_counters *ret_counters)
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
    if (!codec_done(&in)) {
        return VIEW_DAMAGED;
    }
    *ret_counters = counters;
    return 0;
}

void counters_save(struct store_tx *tx, uint32_t party, const struct party_counters *counters)
{
    uint8_t buffer[COUNTERS_SIZE];
    struct codec_writer out = CODEC_WRITER(buffer);
    codec_put_u64(&out, counters->inbox_head);
    codec_put_u64(&out, counters->acknowledged);
    codec_put_u32(&out, counters->professionals);
    struct row_key key = layout_party(party, PARTY_COUNTERS);
    kv_put(tx->view.kv, KV_PARTY, row_key_bytes(&key), (struct kv_bytes){out.data, out.size});
}

int notice_send(struct store_tx *tx, const struct child_file *file, uint32_t party,
                enum notice_type type, const struct uuid *match, const struct uuid *own)
{
    static const struct uuid nobody;
    struct party_counters counters;
    int result = counters_load(&tx->view, party, &counters);
    if (result != 0) {
        return result;
    }
    counters.inbox_head++;
    counters_save(tx, party, &counters);

    uint8_t buffer[NOTICE_BODY_SIZE];
    struct codec_writer body = CODEC_WRITER(buffer);
    codec_put_u8(&body, NOTICE_VERSION);
    codec_put_u8(&body, type);
    codec_put_i64(&body, tx->now);
    codec_put_bytes(&body, match->bytes, UUID_BYTES);
    codec_put_bytes(&body, own == NULL ? nobody.bytes : own->bytes, UUID_BYTES);

    uint8_t value[NOTICE_PREFIX + NOTICE_BODY_SIZE + SEAL_OVERHEAD];
    struct row_key key = layout_party_u64(party, PARTY_NOTICE, counters.inbox_head);
    memcpy(value, file->key.bytes, PSEUDONYM_KEY_BYTES);
    put_be32(value + PSEUDONYM_KEY_BYTES, file->generation);
    child_file_seal_value(file, KV_PARTY, &key, &body, value + NOTICE_PREFIX);
    kv_put(tx->view.kv, KV_PARTY, row_key_bytes(&key), (struct kv_bytes){value, sizeof(value)});
    tx_touch_party(tx, party);
    return kv_fault(tx->view.kv);
}

static int read_prefix(struct kv_bytes value, struct child_key *ret_child, uint32_t *ret_generation)
{
    if (value.size != NOTICE_PREFIX + NOTICE_BODY_SIZE + SEAL_OVERHEAD) {
        return VIEW_DAMAGED;
    }
    memcpy(ret_child->bytes, value.data, PSEUDONYM_KEY_BYTES);
    *ret_generation = get_be32((const uint8_t *)value.data + PSEUDONYM_KEY_BYTES);
    return 0;
}

int notice_child(struct store_view *view, uint32_t party, uint64_t sequence,
                 struct child_key *ret_child)
{
    struct row_key key = layout_party_u64(party, PARTY_NOTICE, sequence);
    struct kv_bytes value;
    struct child_key child;
    uint32_t generation;
    uint32_t current;
    int result = kv_get(view->kv, KV_PARTY, row_key_bytes(&key), &value);
    if (result == 0) {
        result = read_prefix(value, &child, &generation);
    }
    if (result == 0) {
        result = child_file_generation(view, &child, &current);
    }
    if (result == 0 && current != generation) {
        result = STORE_NOT_FOUND;
    }
    if (result == 0) {
        *ret_child = child;
    }
    return result;
}

/* An id that is the same at every reading, and tells nothing: a hash, spelt as a UUID version 8. */
static void notice_id(uint32_t party, uint64_t sequence, const uint8_t *match, struct uuid *ret_id)
{
    uint8_t name[6 + 4 + 8 + UUID_BYTES] = "notice";
    struct merkle_hash hash;
    put_be32(name + 6, party);
    put_be64(name + 10, sequence);
    memcpy(name + 18, match, UUID_BYTES);
    merkle_leaf(name, sizeof(name), &hash);
    memcpy(ret_id->bytes, hash.bytes, UUID_BYTES);
    ret_id->bytes[6] = (uint8_t)((ret_id->bytes[6] & 0x0f) | 0x80);
    ret_id->bytes[8] = (uint8_t)((ret_id->bytes[8] & 0x3f) | 0x80);
}

/* Who else is involved, and the reader's own signal, both as they are now. */
static int fill_own(struct store_view *view, struct child_file *file, uint32_t party,
                    const struct uuid *own, struct notice *notice)
{
    struct signal_row row;
    struct signal signal;
    int result = signal_row_open(view, file, party, own, &row);
    if (result == 0) {
        result = signal_from_row(view, party, own, &row, &signal);
    }
    if (result != 0) {
        return result; /* an erased signal's notices are gaps */
    }
    notice->has_own = true;
    notice->own = (struct own_signal){*own, signal.reference, signal.professional};
    if (row.status != SIGNAL_ACTIVE || notice->type == NOTICE_MATCH_RETRACTED) {
        return 0;
    }
    return match_involved(view, file, own, &notice->match.involved, &notice->match.involved_count);
}

/* A municipality is shown who is involved for as long as there is a match to follow up. */
static int fill_municipality(struct store_view *view, struct child_file *file, uint32_t party,
                             struct notice *notice)
{
    struct party municipality;
    const struct child_match *open = child_file_open_match(file);
    if (open == NULL || memcmp(&open->id, &notice->match.id, sizeof(open->id)) != 0 ||
        notice->type == NOTICE_MATCH_RETRACTED) {
        return 0;
    }
    int result = party_load(view, party, &municipality);
    if (result != 0 || !match_concerns(file, &municipality)) {
        return result;
    }
    return match_involved(view, file, NULL, &notice->match.involved, &notice->match.involved_count);
}

static int read_body(struct child_file *file, struct arena *arena, const struct row_key *key,
                     struct kv_bytes value, struct notice *notice, struct uuid *own)
{
    struct codec_reader in;
    int result = child_file_open_value(file, arena, KV_PARTY, key,
                                       (const uint8_t *)value.data + NOTICE_PREFIX,
                                       value.size - NOTICE_PREFIX, &in);
    if (result != 0) {
        return result;
    }
    struct uuid match;
    unsigned version = codec_get_u8(&in);
    notice->type = (enum notice_type)codec_get_u8(&in);
    notice->logged_at = codec_get_i64(&in);
    codec_get_bytes(&in, match.bytes, UUID_BYTES);
    codec_get_bytes(&in, own->bytes, UUID_BYTES);
    match_view_identify(&match, &notice->match);
    bool sound = codec_done(&in) && version == NOTICE_VERSION &&
                 notice->type >= NOTICE_MATCH_FORMED && notice->type <= NOTICE_MATCH_RETRACTED;
    return sound ? 0 : VIEW_DAMAGED;
}

/* 0, STORE_NOT_FOUND for a gap, or a fault. */
static int read_notice(struct store_view *view, uint32_t party, uint64_t sequence,
                       const struct row_key *key, struct kv_bytes value, struct notice *ret_notice)
{
    static const struct uuid nobody;
    struct child_key child;
    uint32_t generation;
    CLEANUP(child_file_wipe) struct child_file file = {0};
    struct notice notice = {.sequence = sequence};
    struct uuid own;
    int result = read_prefix(value, &child, &generation);
    if (result == 0) {
        result = child_file_load(view, &child, &file);
    }
    if (result == 0 && file.generation != generation) {
        result = STORE_NOT_FOUND;
    }
    if (result == 0) {
        result = read_body(&file, view->arena, key, value, &notice, &own);
    }
    if (result == 0) {
        notice_id(party, sequence, notice.match.id.bytes, &notice.id);
        result = memcmp(&own, &nobody, sizeof(own)) == 0
                     ? fill_municipality(view, &file, party, &notice)
                     : fill_own(view, &file, party, &own, &notice);
    }
    if (result == 0) {
        *ret_notice = notice;
    }
    return result;
}

int store_get_inbox(struct store_snapshot *snapshot, uint32_t party, struct inbox_state *ret_state)
{
    struct party_counters counters;
    int result = counters_load(&snapshot->view, party, &counters);
    if (result == 0) {
        *ret_state = (struct inbox_state){counters.inbox_head, counters.acknowledged};
    }
    return result;
}

#define GAPS_MAXIMUM 5000 /* rows of erased children passed over in one reading */

int store_read_notices(struct store_snapshot *snapshot, uint32_t party, uint64_t after,
                       size_t limit, struct notice_page *ret_page)
{
    struct store_view *view = &snapshot->view;
    struct notice_page page = {.next = after};
    struct notice *notices = arena_new(view->arena, (limit + 1) * sizeof(*notices));
    if (notices == NULL) {
        return -ENOMEM;
    }
    if (after == UINT64_MAX) {
        *ret_page = page;
        return 0;
    }
    struct row_key from = layout_party_u64(party, PARTY_NOTICE, after + 1);
    struct row_key whole = layout_party(party, PARTY_NOTICE);
    struct row_key to = layout_after_prefix(&whole);
    CLEANUP(kv_range_closep) struct kv_range *range = NULL;
    int result =
        kv_range_open(view->kv, KV_PARTY, row_key_bytes(&from), row_key_bytes(&to), KV_UP, &range);
    for (size_t looked = 0; result == 0; looked++) {
        struct kv_bytes key;
        struct kv_bytes value;
        result = kv_range_next(range, &key, &value);
        if (result != 0) {
            break;
        }
        if (page.count == limit || looked == GAPS_MAXIMUM || (looked > 0 && view_is_heavy(view))) {
            page.more = true;
            break;
        }
        uint64_t sequence = get_be64((const uint8_t *)key.data + 5);
        struct row_key row = layout_party_u64(party, PARTY_NOTICE, sequence);
        result = read_notice(view, party, sequence, &row, value, &notices[page.count]);
        page.count += result == 0 ? 1 : 0;
        result = result == STORE_NOT_FOUND ? 0 : result;
        page.next = sequence;
    }
    if (result != 0 && result != KV_END) {
        return result;
    }
    if (page.count == 0 && !page.more) {
        page.next = after; /* nothing but gaps */
    }
    page.notices = notices;
    *ret_page = page;
    return 0;
}
