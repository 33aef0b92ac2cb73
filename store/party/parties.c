/* SPDX-License-Identifier: EUPL-1.2 */
#include "store/party/parties.h"

#include <string.h>

#include "store/base/clock.h"
#include "store/notice/notices.h"
#include "store/party/opened.h"

#define PROFILE_VERSION 1
#define PROFILE_FIXED 256

#define CACHED_SLOTS 16

struct professional_cached {
    uint32_t party;
    struct professional professional;
};

struct party_cached {
    struct party_cached *next;
    struct party party;
};

static void write_contact(struct codec_writer *out, const struct contact *contact)
{
    codec_put_text(out, contact->name, MODEL_TEXT_BYTES);
    codec_put_text(out, contact->function, MODEL_TEXT_BYTES);
    codec_put_text(out, contact->email, MODEL_TEXT_BYTES);
    codec_put_text(out, contact->phone, MODEL_TEXT_BYTES);
}

static struct contact read_contact(struct codec_reader *in, struct arena *arena)
{
    struct contact contact = {.name = codec_get_text(in, arena, MODEL_TEXT_BYTES)};
    contact.function = codec_get_text(in, arena, MODEL_TEXT_BYTES);
    contact.email = codec_get_text(in, arena, MODEL_TEXT_BYTES);
    contact.phone = codec_get_text(in, arena, MODEL_TEXT_BYTES);
    return contact;
}

static int read_agreements(struct codec_reader *in, struct arena *arena, struct party *party)
{
    size_t count = codec_get_u16(in);
    if (count > MODEL_AGREEMENTS_MAXIMUM) {
        return VIEW_DAMAGED;
    }
    struct agreement *agreements = arena_new(arena, (count + 1) * sizeof(*agreements));
    if (agreements == NULL) {
        return -ENOMEM;
    }
    for (size_t i = 0; i < count; i++) {
        agreements[i].municipality = (uint16_t)codec_get_u16(in);
        agreements[i].until_day = codec_get_i32(in);
    }
    party->agreement_count = count;
    party->agreements = agreements;
    return 0;
}

static int read_profile(struct store_view *view, struct codec_reader *in, struct party *party)
{
    unsigned version = codec_get_u8(in);
    codec_get_bytes(in, party->oin.text, OIN_LENGTH);
    party->name = codec_get_text(in, view->arena, MODEL_TEXT_BYTES);
    party->roles = codec_get_u8(in);
    party->permissions = codec_get_u8(in);
    party->suspended = codec_get_u8(in) != 0;
    party->contact = read_contact(in, view->arena);
    party->municipality = (uint16_t)codec_get_u16(in);
    int result = read_agreements(in, view->arena, party);
    if (result == 0 && (version != PROFILE_VERSION || !codec_done(in))) {
        result = VIEW_DAMAGED;
    }
    return result;
}

/* A snapshot's rows do not change, so a profile is opened once in it. */
static const struct party *cached(const struct store_view *view, uint32_t number)
{
    for (const struct party_cached *at = view->parties; at != NULL; at = at->next) {
        if (at->party.number == number) {
            return &at->party;
        }
    }
    return NULL;
}

static void cache(struct store_view *view, const struct party *party)
{
    struct party_cached *entry = arena_new(view->arena, sizeof(*entry));
    if (entry != NULL) {
        entry->party = *party;
        entry->next = view->parties;
        view->parties = entry;
    }
}

static int open_profile(struct store_view *view, uint32_t number, struct codec_reader *ret_reader)
{
    struct row_key key = layout_party(number, PARTY_PROFILE);
    struct kv_bytes value;
    if (view->opened == NULL) {
        return view_open_row(view, KV_PARTY, &key, ret_reader);
    }
    int result = kv_get(view->kv, KV_PARTY, row_key_bytes(&key), &value);
    if (result == KV_NOT_FOUND) {
        opened_forget(view->opened, number);
    }
    if (result != 0 || opened_find(view->opened, number, value, view->arena, ret_reader)) {
        return result;
    }
    result = view_open_value(view, KV_PARTY, &key, value, ret_reader);
    if (result == 0) {
        opened_keep(view->opened, number, value, ret_reader);
    }
    return result;
}

int party_load(struct store_view *view, uint32_t number, struct party *ret_party)
{
    const struct party *known = view->note_seen ? cached(view, number) : NULL;
    if (known != NULL) {
        *ret_party = *known;
        return 0;
    }
    struct codec_reader in;
    struct party party = {.number = number};
    int result = open_profile(view, number, &in);
    if (result == 0) {
        result = read_profile(view, &in, &party);
    }
    if (result == 0) {
        result = view_note_party(view, number);
    }
    if (result != 0) {
        return result;
    }
    if (view->note_seen) {
        cache(view, &party);
    }
    *ret_party = party;
    return 0;
}

static int read_number(struct store_view *view, enum kv_table table, const struct row_key *key,
                       uint32_t *ret_number)
{
    struct kv_bytes value;
    int result = kv_get(view->kv, table, row_key_bytes(key), &value);
    if (result == 0 && value.size != 4) {
        result = VIEW_DAMAGED;
    }
    if (result == 0) {
        *ret_number = get_be32(value.data);
    }
    return result;
}

int party_find(struct store_view *view, const struct oin *oin, uint32_t *ret_number)
{
    struct row_key key = layout_organisation(oin);
    return read_number(view, KV_ORGANISATION, &key, ret_number);
}

int party_of_municipality(struct store_view *view, uint16_t code, uint32_t *ret_number)
{
    struct row_key key = layout_municipality(code);
    int result = read_number(view, KV_ORGANISATION, &key, ret_number);
    if (result == KV_NOT_FOUND) {
        *ret_number = 0;
        result = 0;
    }
    return result;
}

int party_of_follow_up(struct store_view *view, uint16_t residence, uint16_t municipality,
                       uint32_t *ret_number)
{
    *ret_number = 0;
    int result = residence == 0 ? 0 : party_of_municipality(view, residence, ret_number);
    return result != 0 || *ret_number != 0 ? result
                                           : party_of_municipality(view, municipality, ret_number);
}

/* ---- agreements ---- */

/* The instant at which an agreement has ended: the midnight after its last day. */
static struct row_key agreement_due(uint32_t party, const struct agreement *agreement)
{
    return layout_due_agreement(calendar_dutch_midnight(agreement->until_day + 1), party,
                                agreement->municipality);
}

const struct agreement *party_find_agreement(const struct party *party, uint16_t municipality)
{
    for (size_t i = 0; i < party->agreement_count; i++) {
        if (party->agreements[i].municipality == municipality) {
            return &party->agreements[i];
        }
    }
    return NULL;
}

int party_set_agreement(struct store_tx *tx, struct party *party, const struct agreement *agreement)
{
    size_t others = party->agreement_count;
    others -= party_find_agreement(party, agreement->municipality) != NULL ? 1 : 0;
    struct agreement *list = arena_new(tx->view.arena, (others + 1) * sizeof(*list));
    if (list == NULL) {
        return -ENOMEM;
    }
    if (others >= MODEL_AGREEMENTS_MAXIMUM) {
        return STORE_TOO_MANY;
    }
    party_drop_agreement(tx, party, agreement->municipality);
    if (others > 0) {
        memcpy(list, party->agreements, others * sizeof(*list));
    }
    list[others] = *agreement;
    party->agreements = list;
    party->agreement_count = others + 1;
    struct row_key due = agreement_due(party->number, agreement);
    kv_put(tx->view.kv, KV_DUE, row_key_bytes(&due), (struct kv_bytes){"", 0});
    return 0;
}

void party_drop_agreement(struct store_tx *tx, struct party *party, uint16_t municipality)
{
    const struct agreement *gone = party_find_agreement(party, municipality);
    struct agreement *list =
        arena_new(tx->view.arena, (party->agreement_count + 1) * sizeof(*list));
    size_t count = 0;
    if (gone == NULL || list == NULL) {
        if (list == NULL) {
            view_fail(&tx->view, -ENOMEM);
        }
        return;
    }
    struct row_key due = agreement_due(party->number, gone);
    kv_delete(tx->view.kv, KV_DUE, row_key_bytes(&due));
    for (size_t i = 0; i < party->agreement_count; i++) {
        if (&party->agreements[i] != gone) {
            list[count++] = party->agreements[i];
        }
    }
    party->agreements = list;
    party->agreement_count = count;
}

int party_is_covered(struct store_view *view, const struct party *party, uint16_t municipality,
                     int32_t day, bool *ret_covered)
{
    uint32_t number = 0;
    *ret_covered = party_has_agreement_with(party, municipality, day);
    int result = *ret_covered ? 0 : party_of_municipality(view, municipality, &number);
    for (size_t i = 0; number != 0 && i < party->agreement_count && result == 0; i++) {
        uint32_t other = 0;
        if (party->agreements[i].until_day >= day) {
            result = party_of_municipality(view, party->agreements[i].municipality, &other);
        }
        if (result == 0 && other == number) {
            *ret_covered = true;
            break;
        }
    }
    return result;
}

int party_municipality_today(struct store_view *view, uint16_t code, uint16_t *ret_code)
{
    struct party party;
    uint32_t number;
    int result = party_of_municipality(view, code, &number);
    if (result == 0 && number != 0) {
        result = party_load(view, number, &party);
    }
    if (result == 0) {
        *ret_code = number != 0 && party.municipality != 0 ? party.municipality : code;
    }
    return result == STORE_NOT_FOUND ? VIEW_DAMAGED : result;
}

bool party_has_agreement(const struct party *party, int32_t day)
{
    for (size_t i = 0; i < party->agreement_count; i++) {
        if (party->agreements[i].until_day >= day) {
            return true;
        }
    }
    return false;
}

bool party_has_agreement_with(const struct party *party, uint16_t municipality, int32_t day)
{
    const struct agreement *agreement = party_find_agreement(party, municipality);
    return agreement != NULL && agreement->until_day >= day;
}

void party_put_organisation(struct store_tx *tx, const struct row_key *key, uint32_t number)
{
    uint8_t value[4];
    put_be32(value, number);
    kv_put(tx->view.kv, KV_ORGANISATION, row_key_bytes(key), (struct kv_bytes){value, 4});
}

void party_save(struct store_tx *tx, const struct party *party)
{
    size_t capacity =
        PROFILE_FIXED + 5 * MODEL_TEXT_BYTES + party->agreement_count * sizeof(struct agreement);
    uint8_t *buffer = arena_new(tx->view.arena, capacity);
    if (buffer == NULL) {
        view_fail(&tx->view, -ENOMEM);
        return;
    }
    struct codec_writer out = {.data = buffer, .capacity = capacity};
    codec_put_u8(&out, PROFILE_VERSION);
    codec_put_bytes(&out, party->oin.text, OIN_LENGTH);
    codec_put_text(&out, party->name, MODEL_TEXT_BYTES);
    codec_put_u8(&out, party->roles);
    codec_put_u8(&out, party->permissions);
    codec_put_u8(&out, party->suspended);
    write_contact(&out, &party->contact);
    codec_put_u16(&out, party->municipality);
    codec_put_u16(&out, (unsigned)party->agreement_count);
    for (size_t i = 0; i < party->agreement_count; i++) {
        codec_put_u16(&out, party->agreements[i].municipality);
        codec_put_i32(&out, party->agreements[i].until_day);
    }
    struct row_key key = layout_party(party->number, PARTY_PROFILE);
    view_seal_row(&tx->view, KV_PARTY, &key, &out);
}

/* The slot of a professional, of whom one page shows the same ones again and again; NULL where
 * nothing is cached. */
static struct professional_cached **slot_of(struct store_view *view, uint32_t party,
                                            uint32_t number)
{
    if (view->professionals == NULL && view->note_seen) {
        view->professionals = arena_new(view->arena, CACHED_SLOTS * sizeof(*view->professionals));
    }
    return view->professionals == NULL
               ? NULL
               : &view->professionals[(party * 0x9e3779b1u ^ number) % CACHED_SLOTS];
}

static void cache_professional(struct store_view *view, struct professional_cached **slot,
                               uint32_t party, const struct professional *professional)
{
    if (slot != NULL && *slot == NULL) {
        *slot = arena_new(view->arena, sizeof(**slot));
    }
    if (slot != NULL && *slot != NULL) {
        **slot = (struct professional_cached){party, *professional};
    }
}

int professional_load(struct store_view *view, uint32_t party, uint32_t number,
                      struct professional *ret_professional)
{
    struct professional_cached **slot = slot_of(view, party, number);
    if (slot != NULL && *slot != NULL && (*slot)->party == party &&
        (*slot)->professional.number == number) {
        *ret_professional = (*slot)->professional;
        return 0;
    }
    struct row_key key = layout_party_u32(party, PARTY_PROFESSIONAL, number);
    struct codec_reader in;
    struct professional professional = {.number = number};
    int result = view_open_row(view, KV_PARTY, &key, &in);
    if (result != 0) {
        return result;
    }
    unsigned version = codec_get_u8(&in);
    professional.id = codec_get_text(&in, view->arena, PROFESSIONAL_ID_MAXIMUM);
    professional.contact = read_contact(&in, view->arena);
    if (version != PROFILE_VERSION || !codec_done(&in)) {
        return VIEW_DAMAGED;
    }
    cache_professional(view, slot, party, &professional);
    *ret_professional = professional;
    return 0;
}

void professional_save(struct store_tx *tx, uint32_t party, const struct professional *professional)
{
    size_t capacity = PROFILE_FIXED + 4 * MODEL_TEXT_BYTES;
    uint8_t *buffer = arena_new(tx->view.arena, capacity);
    if (buffer == NULL) {
        view_fail(&tx->view, -ENOMEM);
        return;
    }
    struct codec_writer out = {.data = buffer, .capacity = capacity};
    codec_put_u8(&out, PROFILE_VERSION);
    codec_put_text(&out, professional->id, PROFESSIONAL_ID_MAXIMUM);
    write_contact(&out, &professional->contact);
    struct row_key key = layout_party_u32(party, PARTY_PROFESSIONAL, professional->number);
    view_seal_row(&tx->view, KV_PARTY, &key, &out);
}

/* Where a professional's number stands by its id: under a keyed hash, so that the file does not
 * tell names. */
struct row_key professional_id_key(const struct store_view *view, uint32_t party, const char *id)
{
    uint8_t hash[LAYOUT_ID_HASH_BYTES];
    const uint8_t *index_key =
        keyring_find(view->keys, KEYRING_INDEX, keyring_current(view->keys, KEYRING_INDEX));
    pseudonym_name_hash(index_key, "professional", id, strlen(id), hash);
    return layout_professional_id(party, hash);
}

int professional_find(struct store_view *view, uint32_t party, const char *id, uint32_t *ret_number)
{
    struct row_key key = professional_id_key(view, party, id);
    return read_number(view, KV_PARTY, &key, ret_number);
}

int professional_add(struct store_tx *tx, uint32_t party, struct professional *professional)
{
    struct party_counters counters;
    uint8_t value[4];
    int result = counters_load(&tx->view, party, &counters);
    if (result != 0) {
        return result;
    }
    professional->number = ++counters.professionals;
    counters_save(tx, party, &counters);
    put_be32(value, professional->number);
    struct row_key key = professional_id_key(&tx->view, party, professional->id);
    kv_put(tx->view.kv, KV_PARTY, row_key_bytes(&key), (struct kv_bytes){value, sizeof(value)});
    professional_save(tx, party, professional);
    return 0;
}
