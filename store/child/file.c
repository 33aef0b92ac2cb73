/* SPDX-License-Identifier: EUPL-1.2 */
#include "store/child/file.h"

#include <string.h>

#include "crypto/nonce.h"
#include "crypto/secret.h"

#define BODY_FILE 4  /* the versions of what is sealed */
#define BODY_ALIAS 3 /* the number was replaced */
#define GENERATION_SIZE 4
#define MEMBER_SIZE (4 + 4 + UUID_BYTES + 2 + 1 + SEAL_SECRET_BYTES + 8)
#define MATCH_SIZE (UUID_BYTES + 1 + 8 + UUID_BYTES + 8 + UUID_BYTES + 4 + 1)
#define ALIAS_SIZE (PSEUDONYM_KEY_BYTES + 4 + 4 + OPRF_ELEMENT_BYTES)
#define TIE_SIZE (1 + PSEUDONYM_KEY_BYTES)
#define FAMILY_SIZE (UUID_BYTES + PSEUDONYM_KEY_BYTES)
#define FIXED_SIZE (1 + 4 + OPRF_ELEMENT_BYTES + 2 + 4 + 4 + 2 + 4)

static_assert(FIXED_SIZE + CHILDFILE_MEMBERS_MAXIMUM * MEMBER_SIZE +
                      CHILDFILE_MATCHES_MAXIMUM * (MATCH_SIZE + 4 * CHILDFILE_TOLD_MAXIMUM) +
                      CHILDFILE_ALIASES_MAXIMUM * ALIAS_SIZE + CHILDFILE_TIES_MAXIMUM * TIE_SIZE +
                      CHILDFILE_FAMILIES_MAXIMUM * FAMILY_SIZE + 8 + GENERATION_SIZE +
                      SEAL_OVERHEAD <=
                  KV_VALUE_MAXIMUM,
              "the largest file fits in a row");

static struct epoch_row file_row(const struct row_key *key)
{
    return (struct epoch_row){KV_CHILD, key, GENERATION_SIZE};
}

int child_file_reserve(struct store_view *view, struct child_file *file, size_t more)
{
    struct child_member *members =
        arena_new(view->arena, (file->member_count + more) * sizeof(*members));
    if (members == NULL) {
        return -ENOMEM;
    }
    if (file->member_count > 0) {
        memcpy(members, file->members, file->member_count * sizeof(*members));
    }
    file->members = members;
    return 0;
}

static void read_member(struct codec_reader *in, struct child_file *file)
{
    struct child_member member = {.party = codec_get_u32(in)};
    member.professional = codec_get_u32(in);
    codec_get_bytes(in, member.signal.bytes, UUID_BYTES);
    member.municipality = (uint16_t)codec_get_u16(in);
    member.archived = codec_get_u8(in) != 0;
    codec_get_bytes(in, member.secret, SEAL_SECRET_BYTES);
    member.notice = codec_get_u64(in);
    file->live_count += member.archived ? 0 : 1;
    file->members[file->member_count++] = member;
}

static int read_members(struct store_view *view, struct codec_reader *in, struct child_file *file)
{
    size_t count = codec_get_u16(in);
    if (count > CHILDFILE_MEMBERS_MAXIMUM) {
        return VIEW_DAMAGED;
    }
    int result = child_file_reserve(view, file, count + 1);
    for (size_t i = 0; i < count && result == 0; i++) {
        read_member(in, file);
    }
    return result;
}

void child_match_read(struct codec_reader *in, struct child_match *match)
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

static void read_alias(struct codec_reader *in, struct child_alias *alias)
{
    codec_get_bytes(in, alias->key.bytes, PSEUDONYM_KEY_BYTES);
    alias->generation = codec_get_u32(in);
    alias->evaluation_key = codec_get_u32(in);
    codec_get_bytes(in, alias->element.bytes, OPRF_ELEMENT_BYTES);
}

static void read_tie(struct codec_reader *in, struct child_tie *tie)
{
    tie->kind = (enum tie_kind)codec_get_u8(in);
    codec_get_bytes(in, tie->key.bytes, PSEUDONYM_KEY_BYTES);
}

static void read_family(struct codec_reader *in, struct child_family *family)
{
    codec_get_bytes(in, family->match.bytes, UUID_BYTES);
    codec_get_bytes(in, family->other.bytes, PSEUDONYM_KEY_BYTES);
}

/* A count that is not above its maximum; 0, and the reader has failed, when it is. */
static size_t read_count(struct codec_reader *in, size_t maximum)
{
    size_t count = codec_get_u8(in);
    if (count > maximum) {
        in->failed = true;
        count = 0;
    }
    return count;
}

static int read_body(struct store_view *view, struct codec_reader *in, struct child_file *file)
{
    file->evaluation_key = codec_get_u32(in);
    codec_get_bytes(in, file->element.bytes, OPRF_ELEMENT_BYTES);
    file->residence = (uint16_t)codec_get_u16(in);
    file->kept_until_day = codec_get_i32(in);
    file->told_until_day = codec_get_i32(in);
    int result = read_members(view, in, file);
    if (result != 0) {
        return result;
    }
    file->match_count = read_count(in, CHILDFILE_MATCHES_MAXIMUM);
    for (size_t i = 0; i < file->match_count; i++) {
        child_match_read(in, &file->matches[i]);
    }
    file->alias_count = read_count(in, CHILDFILE_ALIASES_MAXIMUM);
    for (size_t i = 0; i < file->alias_count; i++) {
        read_alias(in, &file->aliases[i]);
    }
    file->tie_count = read_count(in, CHILDFILE_TIES_MAXIMUM);
    for (size_t i = 0; i < file->tie_count; i++) {
        read_tie(in, &file->ties[i]);
    }
    file->family_count = read_count(in, CHILDFILE_FAMILIES_MAXIMUM);
    for (size_t i = 0; i < file->family_count; i++) {
        read_family(in, &file->families[i]);
    }
    return codec_done(in) ? 0 : VIEW_DAMAGED;
}

/* What stands under a number, opened: a file, or the number that took its place. */
struct opened_row {
    struct child_key key;
    uint32_t generation;
    unsigned version;
    struct codec_reader body;
};

static int open_row(struct store_view *view, const struct child_key *key,
                    struct opened_row *ret_row)
{
    struct row_key row = layout_child(key, CHILD_FILE);
    struct epoch_row place = file_row(&row);
    struct opened_row opened = {.key = *key};
    const uint8_t *generation;
    int result = epoch_row_open(view, &place, &generation, &opened.body);
    if (result != 0) {
        return result;
    }
    opened.generation = get_be32(generation);
    opened.version = codec_get_u8(&opened.body);
    *ret_row = opened;
    return 0;
}

/* Whoever replaces a number makes every older one lead there too: one step is enough. */
static int follow_alias(struct store_view *view, struct opened_row *row)
{
    struct child_key target;
    codec_get_bytes(&row->body, target.bytes, PSEUDONYM_KEY_BYTES);
    if (!codec_done(&row->body)) {
        return VIEW_DAMAGED;
    }
    int result = open_row(view, &target, row);
    return result == STORE_NOT_FOUND ? VIEW_DAMAGED : result;
}

static int load_file(struct store_view *view, struct opened_row *row, struct child_file *ret_file)
{
    CLEANUP(child_file_wipe)
    struct child_file file = {.key = row->key, .generation = row->generation};
    int result = read_body(view, &row->body, &file);
    if (result == 0) {
        result = view_note_child(view, &file.key);
    }
    if (result == 0) {
        *ret_file = file;
    }
    return result;
}

/* A file is some thousands of bytes, to be wiped: there is none before a row was found. */
int child_file_load(struct store_view *view, const struct child_key *key,
                    struct child_file *ret_file)
{
    struct opened_row row;
    int result = open_row(view, key, &row);
    if (result == 0 && row.version == BODY_ALIAS) {
        result = follow_alias(view, &row);
    }
    if (result == 0 && row.version != BODY_FILE) {
        result = VIEW_DAMAGED;
    }
    return result != 0 ? result : load_file(view, &row, ret_file);
}

int child_file_generation(struct store_view *view, const struct child_key *key,
                          uint32_t *ret_generation)
{
    struct row_key row = layout_child(key, CHILD_FILE);
    struct kv_bytes value;
    int result = kv_get(view->kv, KV_CHILD, row_key_bytes(&row), &value);
    if (result == 0 && value.size < 8 + GENERATION_SIZE) {
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
    struct child_member *members = arena_new(view->arena, sizeof(*members));
    uint32_t generation;
    if (members == NULL) {
        return -ENOMEM;
    }
    nonce_make(&generation, sizeof(generation));
    *ret_file = (struct child_file){.key = *key,
                                    .generation = generation,
                                    .evaluation_key = evaluation_key,
                                    .element = *element,
                                    .members = members};
    return 0;
}

void child_file_wipe(struct child_file *file)
{
    secret_wipe(file, sizeof(*file));
}

static void write_member(struct codec_writer *out, const struct child_member *member)
{
    codec_put_u32(out, member->party);
    codec_put_u32(out, member->professional);
    codec_put_bytes(out, member->signal.bytes, UUID_BYTES);
    codec_put_u16(out, member->municipality);
    codec_put_u8(out, member->archived);
    codec_put_bytes(out, member->secret, SEAL_SECRET_BYTES);
    codec_put_u64(out, member->notice);
}

void child_match_write(struct codec_writer *out, const struct child_match *match)
{
    codec_put_bytes(out, match->id.bytes, UUID_BYTES);
    codec_put_u8(out, match->status);
    codec_put_i64(out, match->formed_at);
    codec_put_bytes(out, match->formed_by.bytes, UUID_BYTES);
    codec_put_i64(out, match->ended_at);
    codec_put_bytes(out, match->ended_after.bytes, UUID_BYTES);
    codec_put_i32(out, match->follow_up_due_day);
    codec_put_u8(out, (unsigned)match->told_count);
    for (size_t i = 0; i < match->told_count; i++) {
        codec_put_u32(out, match->told[i]);
    }
}

static void write_alias(struct codec_writer *out, const struct child_alias *alias)
{
    codec_put_bytes(out, alias->key.bytes, PSEUDONYM_KEY_BYTES);
    codec_put_u32(out, alias->generation);
    codec_put_u32(out, alias->evaluation_key);
    codec_put_bytes(out, alias->element.bytes, OPRF_ELEMENT_BYTES);
}

static void write_body(struct codec_writer *out, const struct child_file *file)
{
    codec_put_u8(out, BODY_FILE);
    codec_put_u32(out, file->evaluation_key);
    codec_put_bytes(out, file->element.bytes, OPRF_ELEMENT_BYTES);
    codec_put_u16(out, file->residence);
    codec_put_i32(out, file->kept_until_day);
    codec_put_i32(out, file->told_until_day);
    codec_put_u16(out, (unsigned)file->member_count);
    for (size_t i = 0; i < file->member_count; i++) {
        write_member(out, &file->members[i]);
    }
    codec_put_u8(out, (unsigned)file->match_count);
    for (size_t i = 0; i < file->match_count; i++) {
        child_match_write(out, &file->matches[i]);
    }
    codec_put_u8(out, (unsigned)file->alias_count);
    for (size_t i = 0; i < file->alias_count; i++) {
        write_alias(out, &file->aliases[i]);
    }
    codec_put_u8(out, (unsigned)file->tie_count);
    for (size_t i = 0; i < file->tie_count; i++) {
        codec_put_u8(out, file->ties[i].kind);
        codec_put_bytes(out, file->ties[i].key.bytes, PSEUDONYM_KEY_BYTES);
    }
    codec_put_u8(out, (unsigned)file->family_count);
    for (size_t i = 0; i < file->family_count; i++) {
        codec_put_bytes(out, file->families[i].match.bytes, UUID_BYTES);
        codec_put_bytes(out, file->families[i].other.bytes, PSEUDONYM_KEY_BYTES);
    }
}

static size_t body_size(const struct child_file *file)
{
    size_t size = FIXED_SIZE + file->member_count * MEMBER_SIZE + file->match_count * MATCH_SIZE +
                  file->alias_count * ALIAS_SIZE + file->tie_count * TIE_SIZE +
                  file->family_count * FAMILY_SIZE;
    for (size_t i = 0; i < file->match_count; i++) {
        size += file->matches[i].told_count * sizeof(uint32_t);
    }
    return size;
}

void child_file_save(struct store_view *view, const struct child_file *file)
{
    size_t size = body_size(file);
    uint8_t *plain = arena_new(view->arena, size);
    if (plain == NULL) {
        view_fail(view, -ENOMEM);
        return;
    }
    uint8_t generation[GENERATION_SIZE];
    struct codec_writer body = {.data = plain, .capacity = size};
    struct row_key key = layout_child(&file->key, CHILD_FILE);
    struct epoch_row row = file_row(&key);
    write_body(&body, file);
    put_be32(generation, file->generation);
    epoch_row_seal(view, &row, generation, &body);
}

void child_alias_save(struct store_view *view, const struct child_alias *alias,
                      const struct child_key *target)
{
    uint8_t generation[GENERATION_SIZE];
    uint8_t plain[1 + PSEUDONYM_KEY_BYTES];
    struct codec_writer body = CODEC_WRITER(plain);
    struct row_key key = layout_child(&alias->key, CHILD_FILE);
    struct epoch_row row = file_row(&key);
    codec_put_u8(&body, BODY_ALIAS);
    codec_put_bytes(&body, target->bytes, PSEUDONYM_KEY_BYTES);
    put_be32(generation, alias->generation);
    epoch_row_seal(view, &row, generation, &body);
}

bool child_row_renew(struct store_view *view, const struct row_key *key, struct kv_bytes value)
{
    struct epoch_row row = file_row(key);
    return epoch_row_renew(view, &row, value);
}

void child_file_delete(struct store_view *view, const struct child_file *file)
{
    struct row_key row = layout_child(&file->key, CHILD_FILE);
    kv_delete(view->kv, KV_CHILD, row_key_bytes(&row));
    for (size_t i = 0; i < file->alias_count; i++) {
        row = layout_child(&file->aliases[i].key, CHILD_FILE);
        kv_delete(view->kv, KV_CHILD, row_key_bytes(&row));
    }
}

struct child_member *child_file_add(struct child_file *file, const struct child_member *member)
{
    struct child_member *added = &file->members[file->member_count++];
    *added = *member;
    nonce_make(added->secret, sizeof(added->secret));
    file->live_count++;
    file->kept_until_day = 0;
    file->told_until_day = 0;
    return added;
}

void child_file_remove(struct child_file *file, size_t index)
{
    file->live_count -= file->members[index].archived ? 0 : 1;
    file->member_count--;
    memmove(&file->members[index], &file->members[index + 1],
            (file->member_count - index) * sizeof(*file->members));
}

struct child_member *child_file_member(const struct child_file *file, const struct uuid *signal)
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

bool child_file_is_of(const struct child_file *file, const struct child_key *key,
                      uint32_t generation)
{
    if (memcmp(&file->key, key, sizeof(*key)) == 0) {
        return file->generation == generation;
    }
    for (size_t i = 0; i < file->alias_count; i++) {
        const struct child_alias *alias = &file->aliases[i];
        if (memcmp(&alias->key, key, sizeof(*key)) == 0) {
            return alias->generation == generation;
        }
    }
    return false;
}
