/* SPDX-License-Identifier: EUPL-1.2 */
#include "store/childfile.h"

#include <string.h>

#include "crypto/secret.h"

#define BODY_VERSION 1
#define PREFIX_SIZE (8 + 4)
#define WRAP_SIZE (SEAL_KEY_BYTES + SEAL_OVERHEAD)
#define MEMBER_SIZE (4 + 4 + UUID_BYTES + 2 + 1)
#define MATCH_SIZE (UUID_BYTES + 1 + 8 + UUID_BYTES + 8 + UUID_BYTES + 4 + 1)
#define FIXED_SIZE (1 + 4 + OPRF_ELEMENT_BYTES + 2 + 2 + 1)

static int unwrap_data_key(struct store_view *view, const struct row_key *key,
                           const uint8_t *wrapped, uint8_t *ret_data_key)
{
    const uint8_t *epoch_key =
        keyring_find(view->keys, KEYRING_EPOCH, seal_key_id(wrapped, WRAP_SIZE));
    struct seal_place place = {KV_CHILD, key->bytes, key->size};
    if (epoch_key == NULL || seal_open(epoch_key, place, wrapped, WRAP_SIZE, ret_data_key) != 0) {
        return VIEW_DAMAGED;
    }
    return 0;
}

static int allocate_members(struct store_view *view, struct child_file *file, size_t count)
{
    file->members = arena_new(view->arena, (count + 1) * sizeof(*file->members));
    return file->members == NULL ? -ENOMEM : 0;
}

static void read_member(struct codec_reader *in, struct child_file *file)
{
    struct child_member member = {.party = codec_get_u32(in)};
    member.professional = codec_get_u32(in);
    codec_get_bytes(in, member.signal.bytes, UUID_BYTES);
    member.municipality = (uint16_t)codec_get_u16(in);
    member.archived = codec_get_u8(in) != 0;
    file->live_count += member.archived ? 0 : 1;
    file->members[file->member_count++] = member;
}

static void read_match(struct codec_reader *in, struct child_match *match)
{
    codec_get_bytes(in, match->id.bytes, UUID_BYTES);
    match->status = (enum match_status)codec_get_u8(in);
    match->formed_at = codec_get_i64(in);
    codec_get_bytes(in, match->formed_by.bytes, UUID_BYTES);
    match->ended_at = codec_get_i64(in);
    codec_get_bytes(in, match->ended_after.bytes, UUID_BYTES);
    match->follow_up_due_day = codec_get_i32(in);
    match->told_count = codec_get_u8(in);
    if (match->told_count > CHILDFILE_TOLD_MAXIMUM || match->status < MATCH_OPEN ||
        match->status > MATCH_ENDED) {
        in->failed = true;
        match->told_count = 0;
    }
    for (size_t i = 0; i < match->told_count; i++) {
        match->told[i] = codec_get_u32(in);
    }
}

static int read_body(struct store_view *view, struct codec_reader *in, struct child_file *file)
{
    unsigned version = codec_get_u8(in);
    file->evaluation_key = codec_get_u32(in);
    codec_get_bytes(in, file->element.bytes, OPRF_ELEMENT_BYTES);
    file->residence = (uint16_t)codec_get_u16(in);
    size_t members = codec_get_u16(in);
    if (version != BODY_VERSION || members > CHILDFILE_MEMBERS_MAXIMUM) {
        return VIEW_DAMAGED;
    }
    int result = allocate_members(view, file, members);
    if (result != 0) {
        return result;
    }
    for (size_t i = 0; i < members; i++) {
        read_member(in, file);
    }
    size_t matches = codec_get_u8(in);
    if (matches > CHILDFILE_MATCHES_MAXIMUM) {
        return VIEW_DAMAGED;
    }
    for (size_t i = 0; i < matches; i++) {
        read_match(in, &file->matches[file->match_count++]);
    }
    return codec_done(in) ? 0 : VIEW_DAMAGED;
}

int child_file_load(struct store_view *view, const struct child_key *key,
                    struct child_file *ret_file)
{
    struct row_key row = layout_child(key, CHILD_FILE);
    struct kv_bytes value;
    int result = kv_get(view->kv, KV_CHILD, row_key_bytes(&row), &value);
    if (result != 0) {
        return result;
    }
    if (value.size < PREFIX_SIZE + WRAP_SIZE + SEAL_OVERHEAD) {
        return VIEW_DAMAGED;
    }
    const uint8_t *data = value.data;
    struct child_file file = {.key = *key, .generation = get_be32(data + 8)};
    result = unwrap_data_key(view, &row, data + PREFIX_SIZE, file.data_key);
    if (result == 0) {
        struct codec_reader in;
        result = child_file_open_value(&file, view->arena, KV_CHILD, &row,
                                       data + PREFIX_SIZE + WRAP_SIZE,
                                       value.size - PREFIX_SIZE - WRAP_SIZE, &in);
        result = result != 0 ? VIEW_DAMAGED : read_body(view, &in, &file);
    }
    if (result == 0) {
        result = view_note_child(view, key);
    }
    if (result == 0) {
        *ret_file = file;
    }
    secret_wipe(file.data_key, sizeof(file.data_key));
    return result;
}

int child_file_generation(struct store_view *view, const struct child_key *key,
                          uint32_t *ret_generation)
{
    struct row_key row = layout_child(key, CHILD_FILE);
    struct kv_bytes value;
    int result = kv_get(view->kv, KV_CHILD, row_key_bytes(&row), &value);
    if (result == 0 && value.size < PREFIX_SIZE) {
        result = VIEW_DAMAGED;
    }
    if (result == 0) {
        *ret_generation = get_be32((const uint8_t *)value.data + 8);
    }
    return result;
}

int child_file_create(struct store_view *view, const struct child_key *key,
                      const struct oprf_element *element, uint32_t evaluation_key,
                      struct child_file *ret_file)
{
    struct child_file file = {.key = *key, .evaluation_key = evaluation_key, .element = *element};
    int result = allocate_members(view, &file, 0);
    if (result != 0) {
        return result;
    }
    secret_random(&file.generation, sizeof(file.generation));
    secret_random(file.data_key, sizeof(file.data_key));
    *ret_file = file;
    return 0;
}

void child_file_wipe(struct child_file *file)
{
    secret_wipe(file, sizeof(*file));
}

static void write_body(struct codec_writer *out, const struct child_file *file)
{
    codec_put_u8(out, BODY_VERSION);
    codec_put_u32(out, file->evaluation_key);
    codec_put_bytes(out, file->element.bytes, OPRF_ELEMENT_BYTES);
    codec_put_u16(out, file->residence);
    codec_put_u16(out, (unsigned)file->member_count);
    for (size_t i = 0; i < file->member_count; i++) {
        const struct child_member *member = &file->members[i];
        codec_put_u32(out, member->party);
        codec_put_u32(out, member->professional);
        codec_put_bytes(out, member->signal.bytes, UUID_BYTES);
        codec_put_u16(out, member->municipality);
        codec_put_u8(out, member->archived);
    }
    codec_put_u8(out, (unsigned)file->match_count);
    for (size_t i = 0; i < file->match_count; i++) {
        const struct child_match *match = &file->matches[i];
        codec_put_bytes(out, match->id.bytes, UUID_BYTES);
        codec_put_u8(out, match->status);
        codec_put_i64(out, match->formed_at);
        codec_put_bytes(out, match->formed_by.bytes, UUID_BYTES);
        codec_put_i64(out, match->ended_at);
        codec_put_bytes(out, match->ended_after.bytes, UUID_BYTES);
        codec_put_i32(out, match->follow_up_due_day);
        codec_put_u8(out, (unsigned)match->told_count);
        for (size_t j = 0; j < match->told_count; j++) {
            codec_put_u32(out, match->told[j]);
        }
    }
}

static size_t body_size(const struct child_file *file)
{
    size_t size = FIXED_SIZE + file->member_count * MEMBER_SIZE + file->match_count * MATCH_SIZE;
    for (size_t i = 0; i < file->match_count; i++) {
        size += file->matches[i].told_count * sizeof(uint32_t);
    }
    return size;
}

void child_file_save(struct store_view *view, const struct child_file *file)
{
    size_t size = body_size(file);
    size_t total = PREFIX_SIZE + WRAP_SIZE + size + SEAL_OVERHEAD;
    uint32_t epoch = keyring_current(view->keys, KEYRING_EPOCH);
    const uint8_t *epoch_key = keyring_find(view->keys, KEYRING_EPOCH, epoch);
    uint8_t *value = arena_new(view->arena, total);
    uint8_t *plain = arena_new(view->arena, size);
    if (value == NULL || plain == NULL || epoch_key == NULL) {
        view_fail(view, -ENOMEM);
        return;
    }
    struct codec_writer body = {.data = plain, .capacity = size};
    write_body(&body, file);
    struct row_key row = layout_child(&file->key, CHILD_FILE);
    struct seal_place place = {KV_CHILD, row.bytes, row.size};
    put_be64(value, view->head.revision);
    put_be32(value + 8, file->generation);
    seal_close(epoch, epoch_key, place, file->data_key, SEAL_KEY_BYTES, value + PREFIX_SIZE);
    child_file_seal_value(file, KV_CHILD, &row, &body, value + PREFIX_SIZE + WRAP_SIZE);
    kv_put(view->kv, KV_CHILD, row_key_bytes(&row), (struct kv_bytes){value, total});
}

void child_file_delete(struct store_view *view, const struct child_file *file)
{
    struct row_key row = layout_child(&file->key, CHILD_FILE);
    kv_delete(view->kv, KV_CHILD, row_key_bytes(&row));
}

void child_file_add(struct child_file *file, const struct child_member *member)
{
    file->members[file->member_count++] = *member;
    file->live_count++;
}

void child_file_remove(struct child_file *file, size_t index)
{
    file->live_count -= file->members[index].archived ? 0 : 1;
    file->member_count--;
    memmove(&file->members[index], &file->members[index + 1],
            (file->member_count - index) * sizeof(*file->members));
}

struct child_member *child_file_member(struct child_file *file, const struct uuid *signal)
{
    for (size_t i = 0; i < file->member_count; i++) {
        if (memcmp(&file->members[i].signal, signal, sizeof(*signal)) == 0) {
            return &file->members[i];
        }
    }
    return NULL;
}

bool child_match_had(const struct child_match *match, const struct uuid *signal)
{
    return match->status != MATCH_ENDED ||
           memcmp(signal, &match->ended_after, sizeof(*signal)) <= 0;
}

struct child_match *child_file_open_match(struct child_file *file)
{
    struct child_match *last =
        file->match_count == 0 ? NULL : &file->matches[file->match_count - 1];
    return last == NULL || last->status == MATCH_ENDED ? NULL : last;
}

int child_file_open_value(const struct child_file *file, struct arena *arena, enum kv_table table,
                          const struct row_key *key, const uint8_t *sealed, size_t size,
                          struct codec_reader *ret_reader)
{
    if (size < SEAL_OVERHEAD) {
        return VIEW_DAMAGED;
    }
    uint8_t *plain = arena_new(arena, size - SEAL_OVERHEAD + 1);
    if (plain == NULL) {
        return -ENOMEM;
    }
    struct seal_place place = {(uint8_t)table, key->bytes, key->size};
    if (seal_open(file->data_key, place, sealed, size, plain) != 0) {
        return VIEW_DAMAGED;
    }
    *ret_reader = (struct codec_reader){.data = plain, .left = size - SEAL_OVERHEAD};
    return 0;
}

void child_file_seal_value(const struct child_file *file, enum kv_table table,
                           const struct row_key *key, const struct codec_writer *plain,
                           uint8_t *out)
{
    struct seal_place place = {(uint8_t)table, key->bytes, key->size};
    seal_close(CHILDFILE_DATA_KEY_ID, file->data_key, place, plain->data, plain->size, out);
}
