/* SPDX-License-Identifier: EUPL-1.2 */
/*
 * What a dishonest operator can do to the log of a stopped index, with all of its keys: for the
 * tests that show who notices.
 *
 *   forge STORE KEYS ORIGIN EDIT INDEX --keep|--commit|--sign
 *
 *   change INDEX    the record says another event
 *   drop INDEX      the entry was never there
 *   swap INDEX      the entry and the next one in the other order
 *   insert INDEX    an entry more, made to look as old as its neighbour
 *   cut INDEX       it and all after it were never there
 *
 *   --keep          no commitment is touched: rows and tree stay as they were where they can
 *   --commit        commitments are made anew; the tree and the signed head stay
 *   --sign          the whole tree is made anew and signed with the log's own key; what
 *                   witnesses said of the old one is forgotten
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "crypto/secret.h"
#include "store/base/clock.h"
#include "store/committer.h"
#include "store/kv/lmdb.h"
#include "store/log/cosign.h"
#include "store/log/record.h"

#define ENTRIES_MAXIMUM 100000
#define MAP_BYTES (UINT64_C(1) << 30)

enum thoroughness { KEEP, COMMIT, SIGN };

struct entry {
    struct log_row row;
    bool is_new; /* has no commitment yet */
};

struct forgery {
    struct store_view view;
    struct arena arena;
    struct keyring *keys;
    struct checkpoint_signer signer;
    enum thoroughness thoroughness;
    size_t count;
    struct entry entries[ENTRIES_MAXIMUM];
    struct merkle_frontier frontier;
};

static struct forgery forgery;

static void fail(const char *what)
{
    fprintf(stderr, "forge: %s\n", what);
    exit(1);
}

static void must(int result, const char *what)
{
    if (result != 0) {
        fail(what);
    }
}

/* ---- the store, opened behind its back ---- */

static struct kv *open_store(const char *directory)
{
    struct kv_lmdb_options options = {.directory = directory, .map_bytes = MAP_BYTES};
    struct kv *kv;
    must(kv_lmdb_open(&options, &kv), "the store cannot be opened");
    return kv;
}

static void load_keys(const char *directory, const char *origin)
{
    char why[KEYRING_WHY_SIZE];
    must(keyring_load(directory, NULL, &forgery.keys, why), "no keys");
    const uint8_t *seed =
        keyring_find(forgery.keys, KEYRING_LOG, keyring_current(forgery.keys, KEYRING_LOG));
    must(seed == NULL || checkpoint_signer_init(&forgery.signer, origin, seed) != 0, "no signer");
}

static void load_entries(void)
{
    must(view_read_head(&forgery.view), "no head");
    forgery.count = forgery.view.head.log_size;
    if (forgery.count >= ENTRIES_MAXIMUM) {
        fail("too many entries");
    }
    for (size_t i = 0; i < forgery.count; i++) {
        must(log_read_row(&forgery.view, i, &forgery.entries[i].row), "an entry cannot be read");
    }
}

/* ---- edits ---- */

static void do_change(size_t at)
{
    struct log_record *record = forgery.entries[at].row.record;
    record->note.event =
        record->note.event == LOG_SIGNAL_READ ? LOG_SIGNALS_LISTED : LOG_SIGNAL_READ;
}

static void do_drop(size_t at)
{
    memmove(&forgery.entries[at], &forgery.entries[at + 1],
            (forgery.count - at - 1) * sizeof(forgery.entries[0]));
    forgery.count--;
}

static void do_swap(size_t at)
{
    struct log_record *a = forgery.entries[at].row.record;
    struct log_record *b = forgery.entries[at + 1].row.record;
    struct entry first = forgery.entries[at];
    int64_t time = a->time; /* each takes the other's place and time */
    a->time = b->time;
    b->time = time;
    forgery.entries[at] = forgery.entries[at + 1];
    forgery.entries[at + 1] = first;
}

static void do_insert(size_t at)
{
    struct log_record *copy = arena_new(&forgery.arena, sizeof(*copy));
    must(copy == NULL, "memory is used up");
    *copy = *forgery.entries[at].row.record;
    memmove(&forgery.entries[at + 1], &forgery.entries[at],
            (forgery.count - at) * sizeof(forgery.entries[0]));
    forgery.entries[at].row.record = copy;
    forgery.entries[at].is_new = true;
    forgery.count++;
}

static void do_cut(size_t at)
{
    forgery.count = at;
}

static const struct edit {
    const char *name;
    void (*make)(size_t at);
    size_t behind; /* entries that there must be after it */
} edits[] = {
    {"change", do_change, 0}, {"drop", do_drop, 0}, {"swap", do_swap, 1},
    {"insert", do_insert, 0}, {"cut", do_cut, 0},
};

/* ---- and back ---- */

static void put_node(void *context, unsigned level, uint64_t index, const struct merkle_hash *hash)
{
    (void)context;
    if (level == 0 || level % 8 != 0 || forgery.thoroughness != SIGN) {
        return;
    }
    struct row_key key = layout_node(level, index);
    kv_put(forgery.view.kv, KV_NODE, row_key_bytes(&key),
           (struct kv_bytes){hash->bytes, sizeof(hash->bytes)});
}

static void commit_to(struct log_row *row, const uint8_t *month_key)
{
    char public_part[ACCESSLOG_PUBLIC_MAXIMUM];
    commitment_derive_salts(month_key, row->record->index, &row->salts);
    size_t size = log_record_render(row->record, &row->salts, public_part);
    if (size == 0) {
        fail("a record cannot be spelt");
    }
    log_record_commit(row->record, &row->salts, public_part, size, row->commitment);
}

static void write_entry(size_t index)
{
    struct entry *entry = &forgery.entries[index];
    struct log_row *row = &entry->row;
    uint8_t buffer[LOGRECORD_SIZE];
    uint8_t value[COMMITMENT_BYTES + LOGRECORD_SIZE + SEAL_OVERHEAD];
    uint8_t month_key[SEAL_KEY_BYTES];
    struct codec_writer plain = CODEC_WRITER(buffer);
    struct row_key key = layout_log(index);
    struct merkle_hash leaf;
    uint32_t month = calendar_month_number(row->record->time);
    must(log_month_key(&forgery.view, month, false, month_key), "no key of the month");
    row->record->index = index;
    if (forgery.thoroughness != KEEP || entry->is_new) {
        commit_to(row, month_key);
    }
    log_record_encode(row->record, &plain);
    memcpy(value, row->commitment, COMMITMENT_BYTES);
    seal_close(month, month_key, (struct seal_place){KV_LOG, key.bytes, key.size}, plain.data,
               plain.size, value + COMMITMENT_BYTES);
    kv_put(forgery.view.kv, KV_LOG, row_key_bytes(&key),
           (struct kv_bytes){value, COMMITMENT_BYTES + plain.size + SEAL_OVERHEAD});
    merkle_leaf(row->commitment, COMMITMENT_BYTES, &leaf);
    merkle_frontier_append(&forgery.frontier, &leaf, put_node, NULL);
    secret_wipe(month_key, sizeof(month_key));
}

static void write_head(void)
{
    char note[CHECKPOINT_NOTE_MAXIMUM];
    struct merkle_hash root;
    struct row_key key = layout_meta(COMMITTER_CHECKPOINT_NAME);
    merkle_frontier_root(&forgery.frontier, &root);
    size_t size = checkpoint_sign(&forgery.signer, forgery.count, &root, note);
    kv_put(forgery.view.kv, KV_META, row_key_bytes(&key), (struct kv_bytes){note, size});
    key = layout_meta(COSIGN_ROW_NAME);
    kv_delete(forgery.view.kv, KV_META, row_key_bytes(&key));
}

static void write_back(void)
{
    uint64_t before = forgery.view.head.log_size;
    for (size_t i = 0; i < forgery.count; i++) {
        write_entry(i);
    }
    for (uint64_t i = forgery.count; i < before; i++) {
        struct row_key key = layout_log(i);
        kv_delete(forgery.view.kv, KV_LOG, row_key_bytes(&key));
    }
    forgery.view.head.log_size = forgery.count;
    if (forgery.view.head.indexed > forgery.count) {
        forgery.view.head.indexed = forgery.count;
    }
    if (forgery.thoroughness == SIGN) {
        write_head();
    }
    view_write_head(&forgery.view);
    must(kv_commit(TAKE_PTR(forgery.view.kv)), "the forgery cannot be written");
}

static enum thoroughness read_thoroughness(const char *text)
{
    static const char *const names[] = {"--keep", "--commit", "--sign"};
    for (size_t i = 0; i < ARRAY_LENGTH(names); i++) {
        if (strcmp(text, names[i]) == 0) {
            return (enum thoroughness)i;
        }
    }
    fail("how thorough? --keep, --commit or --sign");
    return KEEP;
}

static const struct edit *find_edit(const char *name)
{
    for (size_t i = 0; i < ARRAY_LENGTH(edits); i++) {
        if (strcmp(name, edits[i].name) == 0) {
            return &edits[i];
        }
    }
    fail("no such edit");
    return NULL;
}

int main(int argc, char **argv)
{
    if (argc != 7) {
        fail("usage: forge STORE KEYS ORIGIN EDIT INDEX --keep|--commit|--sign");
    }
    const struct edit *edit = find_edit(argv[4]);
    size_t at = strtoul(argv[5], NULL, 10);
    forgery.thoroughness = read_thoroughness(argv[6]);
    must(secret_init(), "no cryptography");
    load_keys(argv[2], argv[3]);
    struct kv *kv = open_store(argv[1]);
    arena_init(&forgery.arena);
    merkle_frontier_init(&forgery.frontier);
    forgery.view = (struct store_view){.keys = forgery.keys, .arena = &forgery.arena};
    must(kv_begin(kv, KV_WRITE, &forgery.view.kv), "no transaction");
    load_entries();
    if (at + edit->behind >= forgery.count) {
        fail("there is no such entry");
    }
    edit->make(at);
    write_back();
    arena_finish(&forgery.arena);
    kv_close(kv);
    keyring_free(forgery.keys);
    printf("%zu entries\n", forgery.count);
    return 0;
}
