/* SPDX-License-Identifier: EUPL-1.2 */
#include "store/base/layout.h"

#include <assert.h>
#include <string.h>

static_assert(PSEUDONYM_KEY_BYTES + 1 < LAYOUT_KEY_SIZE, "the longest keys fit");

static void add(struct row_key *key, const void *bytes, size_t size)
{
    memcpy(key->bytes + key->size, bytes, size);
    key->size += size;
}

static void add_u8(struct row_key *key, unsigned value)
{
    key->bytes[key->size++] = (uint8_t)value;
}

static void add_u16(struct row_key *key, unsigned value)
{
    add_u8(key, value >> 8 & 0xff);
    add_u8(key, value & 0xff);
}

static void add_u32(struct row_key *key, uint32_t value)
{
    put_be32(key->bytes + key->size, value);
    key->size += 4;
}

static void add_u64(struct row_key *key, uint64_t value)
{
    put_be64(key->bytes + key->size, value);
    key->size += 8;
}

struct row_key layout_meta(const char *name)
{
    struct row_key key = {0};
    add(&key, name, strnlen(name, LAYOUT_KEY_SIZE));
    return key;
}

struct row_key layout_month(uint32_t month)
{
    struct row_key key = layout_meta("month");
    add_u32(&key, month);
    return key;
}

struct row_key layout_child(const struct child_key *child, enum child_row kind)
{
    struct row_key key = {0};
    add(&key, child->bytes, sizeof(child->bytes));
    add_u8(&key, kind);
    return key;
}

struct row_key layout_party(uint32_t party, enum party_row kind)
{
    struct row_key key = {0};
    add_u32(&key, party);
    add_u8(&key, kind);
    return key;
}

struct row_key layout_party_u32(uint32_t party, enum party_row kind, uint32_t id)
{
    struct row_key key = layout_party(party, kind);
    add_u32(&key, id);
    return key;
}

struct row_key layout_notice(uint32_t party, uint64_t sequence)
{
    struct row_key key = layout_party(party, PARTY_NOTICE);
    add_u64(&key, ~sequence);
    return key;
}

uint64_t layout_notice_sequence(struct kv_bytes key)
{
    return ~get_be64((const uint8_t *)key.data + 5);
}

struct row_key layout_party_uuid(uint32_t party, enum party_row kind, const struct uuid *id)
{
    struct row_key key = layout_party(party, kind);
    add(&key, id->bytes, sizeof(id->bytes));
    return key;
}

struct row_key layout_professional_id(uint32_t party,
                                      const uint8_t hash[static LAYOUT_ID_HASH_BYTES])
{
    struct row_key key = layout_party(party, PARTY_PROFESSIONAL_ID);
    add(&key, hash, LAYOUT_ID_HASH_BYTES);
    return key;
}

struct row_key layout_organisation(const struct oin *oin)
{
    struct row_key key = {0};
    add(&key, oin->text, strnlen(oin->text, OIN_LENGTH));
    return key;
}

struct row_key layout_municipality(uint16_t code)
{
    struct row_key key = {0};
    add_u8(&key, 'm');
    add_u16(&key, code);
    return key;
}

struct row_key layout_match(const struct match_place *place)
{
    struct row_key key = {0};
    add(&key, place->bytes, sizeof(place->bytes));
    return key;
}

struct row_key layout_due(int64_t instant, enum due_kind kind)
{
    struct row_key key = {0};
    add_u64(&key, instant < 0 ? 0 : (uint64_t)instant);
    add_u8(&key, kind);
    return key;
}

struct row_key layout_due_signal(int64_t instant, enum due_kind kind, uint32_t party,
                                 const struct uuid *signal)
{
    struct row_key key = layout_due(instant, kind);
    add(&key, signal->bytes, sizeof(signal->bytes));
    add_u32(&key, party);
    return key;
}

struct row_key layout_due_agreement(int64_t instant, uint32_t party, uint16_t municipality)
{
    struct row_key key = layout_due(instant, DUE_AGREEMENT_END);
    add_u32(&key, party);
    add_u16(&key, municipality);
    return key;
}

struct row_key layout_due_sweep(int64_t instant, uint32_t party, uint16_t municipality)
{
    struct row_key key = layout_due(instant, DUE_PARTY_SWEEP);
    add_u32(&key, party);
    add_u16(&key, municipality);
    return key;
}

struct row_key layout_due_uuid(int64_t instant, enum due_kind kind, const struct uuid *id)
{
    struct row_key key = layout_due(instant, kind);
    add(&key, id->bytes, sizeof(id->bytes));
    return key;
}

struct row_key layout_due_follow_up(int64_t instant, const struct match_place *place)
{
    struct row_key key = layout_due(instant, DUE_FOLLOW_UP);
    add(&key, place->bytes, sizeof(place->bytes));
    return key;
}

struct row_key layout_due_party(int64_t instant, enum due_kind kind, uint32_t party)
{
    struct row_key key = layout_due(instant, kind);
    add_u32(&key, party);
    return key;
}

struct row_key layout_due_transfer(int64_t instant, uint32_t party, uint32_t from, uint32_t to)
{
    struct row_key key = layout_due_party(instant, DUE_TRANSFER, party);
    add_u32(&key, from);
    add_u32(&key, to);
    return key;
}

struct row_key layout_due_merge(int64_t instant, uint32_t from, uint32_t into)
{
    struct row_key key = layout_due_party(instant, DUE_PARTY_MERGE, from);
    add_u32(&key, into);
    return key;
}

struct row_key layout_due_month(int64_t instant, enum due_kind kind, uint32_t month)
{
    return layout_due_party(instant, kind, month);
}

struct row_key layout_auditor(uint32_t party)
{
    struct row_key key = {0};
    add_u8(&key, 'a');
    add_u32(&key, party);
    return key;
}

struct row_key layout_statistics(uint16_t municipality, int year)
{
    struct row_key key = layout_meta("count");
    add_u16(&key, municipality);
    add_u16(&key, (unsigned)year);
    return key;
}

struct row_key layout_actor_number(uint32_t number)
{
    struct row_key key = {0};
    add_u8(&key, 'n');
    add_u32(&key, number);
    return key;
}

struct row_key layout_actor_digest(const uint8_t digest[static 16])
{
    struct row_key key = {0};
    add_u8(&key, 'd');
    add(&key, digest, 16);
    return key;
}

struct row_key layout_log(uint64_t index)
{
    struct row_key key = {0};
    add_u64(&key, index);
    return key;
}

struct row_key layout_node(unsigned level, uint64_t index)
{
    struct row_key key = {0};
    add_u8(&key, level);
    add_u64(&key, index);
    return key;
}

struct row_key layout_log_tail(uint64_t first)
{
    struct row_key key = layout_meta("tail");
    add_u64(&key, first);
    return key;
}

struct row_key layout_log_gone(uint64_t first)
{
    struct row_key key = layout_meta("gone");
    add_u64(&key, first);
    return key;
}

struct row_key layout_index_month(uint32_t month)
{
    struct row_key key = {0};
    add_u16(&key, month); /* enough until the year 5461 */
    return key;
}

struct row_key layout_index_list(uint32_t month, const uint8_t list[static LAYOUT_LIST_BYTES])
{
    struct row_key key = layout_index_month(month);
    add(&key, list, LAYOUT_LIST_BYTES);
    return key;
}

struct row_key layout_index_kind(const struct row_key *list,
                                 const uint8_t kind[static LAYOUT_KIND_BYTES])
{
    struct row_key key = *list;
    add(&key, kind, LAYOUT_KIND_BYTES);
    return key;
}

struct row_key layout_index_row(const struct row_key *kind, uint64_t index)
{
    struct row_key key = *kind;
    add_u16(&key, (unsigned)(index >> 32 & 0xffff));
    add_u32(&key, (uint32_t)index);
    return key;
}

uint64_t layout_index_of_row(struct kv_bytes key)
{
    const uint8_t *bytes = (const uint8_t *)key.data + key.size - 6;
    return (uint64_t)get_be16(bytes) << 32 | get_be32(bytes + 2);
}

struct row_key layout_after_prefix(const struct row_key *prefix)
{
    struct row_key key = *prefix;
    while (key.size > 0 && key.bytes[key.size - 1] == 0xff) {
        key.size--;
    }
    if (key.size > 0) {
        key.bytes[key.size - 1]++;
    }
    return key;
}
