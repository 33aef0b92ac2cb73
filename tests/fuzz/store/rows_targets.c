/* SPDX-License-Identifier: EUPL-1.2 */
#include "tests/fuzz/store/rows_targets.h"

#include "store/base/clock.h"
#include "store/child/file.h"
#include "store/child/matchplace.h"
#include "store/notice/row.h"
#include "store/party/parties.h"

#define REVISION 8
#define GENERATION 4
#define SIGNAL_PREFIX (CHILD_REF_BYTES + 4 + 1)
#define NOTICE_PREFIX 1
#define COMMITMENT_PREFIX COMMITMENT_BYTES

static struct rows_target targets[96];
static size_t target_count;

static struct kv_bytes get(struct store_view *view, enum kv_table table, const struct row_key *key)
{
    struct kv_bytes value;
    require(kv_get(view->kv, table, row_key_bytes(key), &value) == 0);
    return value;
}

static void add_bare(struct store_view *view, enum kv_table table, struct row_key key)
{
    struct kv_bytes value = get(view, table, &key);
    require(target_count < ARRAY_LENGTH(targets) && value.size <= ROWS_OWN_MAXIMUM);
    struct rows_target *target = &targets[target_count++];
    *target = (struct rows_target){.table = table, .key = key, .own_size = value.size};
    memcpy(target->own, value.data, value.size);
}

/* Both as its own plain content and as a whole value. */
static void add_sealed(struct store_view *view, enum kv_table table, struct row_key key,
                       size_t clear_size, const uint8_t *secret)
{
    struct kv_bytes value = get(view, table, &key);
    require(target_count < ARRAY_LENGTH(targets) && clear_size <= ROWS_CLEAR_MAXIMUM &&
            value.size >= clear_size + SEAL_OVERHEAD && value.size <= ROWS_OWN_MAXIMUM);
    struct rows_target *target = &targets[target_count++];
    const uint8_t *sealed = (const uint8_t *)value.data + clear_size;
    size_t size = value.size - clear_size;
    struct seal_place place = {(uint8_t)table, key.bytes, key.size};
    *target = (struct rows_target){.table = table,
                                   .key = key,
                                   .sealed = true,
                                   .clear_size = clear_size,
                                   .key_id = seal_key_id(sealed, size),
                                   .own_size = size - SEAL_OVERHEAD};
    memcpy(target->clear, value.data, clear_size);
    memcpy(target->secret, secret, sizeof(target->secret));
    require(seal_open(secret, place, sealed, size, target->own) == 0);
    add_bare(view, table, key);
}

static void add_record(struct store_view *view, enum kv_table table, struct row_key key)
{
    add_sealed(view, table, key, REVISION, keyring_find(view->keys, KEYRING_RECORD, 1));
}

static const uint8_t *epoch_key(struct store_view *view)
{
    return keyring_find(view->keys, KEYRING_EPOCH, 1);
}

static void add_epoch(struct store_view *view, unsigned child, enum child_row kind, size_t clear)
{
    struct child_key who = rows_identity(child).key;
    add_sealed(view, KV_CHILD, layout_child(&who, kind), REVISION + clear, epoch_key(view));
}

/* Sealed under the secret of a signal. */
static void add_derived(struct store_view *view, enum kv_table table, struct row_key key,
                        size_t clear_size, const uint8_t *seed)
{
    uint8_t secret[SEAL_KEY_BYTES];
    seal_derive_key(seed, secret);
    add_sealed(view, table, key, clear_size, secret);
}

static void load_file(struct store_view *view, unsigned child, struct child_file *ret_file)
{
    struct child_key who = rows_identity(child).key;
    require(child_file_load(view, &who, ret_file) == 0);
}

static const uint8_t *secret_of(const struct child_file *file, const struct uuid *signal)
{
    const struct child_member *member = child_file_member(file, signal);
    require(member != NULL);
    return member->secret;
}

/* The first notice of an inbox. */
static void add_notice(struct store_view *view, uint32_t party)
{
    add_sealed(view, KV_PARTY, layout_notice(party, 1), NOTICE_PREFIX, epoch_key(view));
}

static void add_signal(struct store_view *view, uint32_t party, const struct child_file *file,
                       const struct uuid *signal)
{
    add_derived(view, KV_PARTY, layout_party_uuid(party, PARTY_SIGNAL, signal), SIGNAL_PREFIX,
                secret_of(file, signal));
}

static struct row_key match_row_key(const struct store_view *view, const struct uuid *id)
{
    struct match_place place = match_place_of_id(view, id);
    return layout_match(&place);
}

/* The first row of a kind in the due table that is not under way. */
static struct row_key find_due(struct store_view *view, enum due_kind kind)
{
    struct row_key from = layout_due(ROWS_UNDER_WAY + 1, 0);
    struct kv_range *range = NULL;
    struct kv_bytes key;
    struct kv_bytes value;
    struct row_key found = {0};
    require(kv_range_open(view->kv, KV_DUE, row_key_bytes(&from), (struct kv_bytes){NULL, 0}, KV_UP,
                          &range) == 0);
    do {
        require(kv_range_next(range, &key, &value) == 0);
    } while (((const uint8_t *)key.data)[8] != kind);
    found.size = key.size;
    memcpy(found.bytes, key.data, key.size);
    kv_range_close(range);
    return found;
}

static void list_sealed(struct store_view *view, const struct child_file *file)
{
    const struct rows_office *rows = rows_office();
    uint8_t month_key[SEAL_KEY_BYTES];
    uint32_t month = calendar_month_number(view->head.last_time);
    require(log_month_key(view, month, false, month_key) == 0);
    add_epoch(view, ROWS_CHILD, CHILD_FILE, GENERATION);
    add_signal(view, rows->school, file, &rows->signals[ROWS_BY_ANN]);
    add_notice(view, rows->school);
    add_notice(view, rows->town);
    add_record(view, KV_PARTY, layout_party(rows->school, PARTY_PROFILE));
    add_record(view, KV_PARTY, layout_party_u32(rows->school, PARTY_PROFESSIONAL, 1));
    add_record(view, KV_ACTOR, layout_actor_number(1));
    add_epoch(view, ROWS_CHILD, CHILD_SUBJECT, 0);
    add_sealed(view, KV_LOG, layout_log(2), COMMITMENT_PREFIX, month_key);
}

static void list_bare(struct store_view *view)
{
    const struct rows_office *rows = rows_office();
    struct oin oin = office_oin(rows->school);
    add_bare(view, KV_META, layout_meta("head"));
    add_bare(view, KV_META, layout_meta("checkpoint"));
    add_bare(view, KV_META, layout_month(calendar_month_number(view->head.last_time)));
    add_bare(view, KV_PARTY, layout_party(rows->school, PARTY_COUNTERS));
    add_bare(view, KV_PARTY, professional_id_key(view, rows->school, "ann"));
    add_bare(view, KV_PARTY, layout_party_u32(rows->care, PARTY_MANDATE_HELD, rows->school));
    add_bare(view, KV_PARTY, layout_party_uuid(rows->town, PARTY_MATCH_TOLD, &rows->match));
    add_bare(view, KV_ORGANISATION, layout_organisation(&oin));
    add_bare(view, KV_MATCH, match_row_key(view, &rows->match));
    add_bare(view, KV_DUE, layout_due_sweep(ROWS_UNDER_WAY, rows->school, ROWS_NEXT_TOWN));
}

/* The other child of the family, and what the register has told. */
static void list_family(struct store_view *view, const struct child_file *file)
{
    const struct rows_office *rows = rows_office();
    CLEANUP(child_file_wipe) struct child_file sibling = {0};
    load_file(view, ROWS_SIBLING, &sibling);
    require(file->tie_count == 2 && file->alias_count == 1);
    add_epoch(view, ROWS_SIBLING, CHILD_FILE, GENERATION);
    add_epoch(view, ROWS_REPLACED, CHILD_FILE, GENERATION);
    for (size_t i = 0; i < file->tie_count; i++) {
        add_sealed(view, KV_CHILD, layout_child(&file->ties[i].key, CHILD_TIE), REVISION,
                   epoch_key(view));
    }
    add_epoch(view, ROWS_WAITING, CHILD_FILE, GENERATION);
    add_sealed(view, KV_MATCH, match_row_key(view, &rows->family), REVISION, epoch_key(view));
    add_signal(view, rows->care, &sibling, &rows->signals[ROWS_ARCHIVED]);
    add_signal(view, rows->gone, &sibling, &rows->signals[ROWS_BY_ZOE]);
    add_notice(view, rows->gone);
    add_sealed(view, KV_PARTY, layout_notice(rows->auditor, 1), 1,
               keyring_find(view->keys, KEYRING_RECORD, 1));
}

static void list_under_way(struct store_view *view)
{
    const struct rows_office *rows = rows_office();
    const int year = calendar_date_from_day(office_today()).year;
    add_bare(view, KV_META, layout_meta("epoch"));
    add_bare(view, KV_META, layout_meta("party-merge"));
    add_bare(view, KV_META, layout_statistics(OFFICE_TOWN, year));
    add_bare(view, KV_ORGANISATION, layout_municipality(OFFICE_TOWN));
    add_bare(view, KV_ORGANISATION, layout_auditor(rows->auditor));
    add_bare(view, KV_PARTY, layout_party_u32(rows->school, PARTY_TRANSFER, 1));
    add_bare(view, KV_PARTY, layout_party_u32(rows->gone, PARTY_MOVED, 1));
    add_bare(view, KV_PARTY, layout_party_uuid(rows->care, PARTY_TOMBSTONE, &rows->tombstone));
    add_bare(view, KV_DUE, layout_due_party(ROWS_UNDER_WAY, DUE_NOTICES_END, rows->school));
    add_bare(view, KV_DUE, find_due(view, DUE_REGISTRY_END));
    add_bare(view, KV_DUE, layout_due_transfer(ROWS_UNDER_WAY, rows->school, 1, 2));
    add_bare(view, KV_DUE, layout_due_merge(ROWS_UNDER_WAY, rows->gone, rows->care));
    add_bare(view, KV_DUE, layout_due(ROWS_UNDER_WAY, DUE_EPOCH_TURN));
    add_bare(view, KV_DUE, find_due(view, DUE_RENEWAL_PROMPT));
    add_bare(view, KV_DUE, find_due(view, DUE_FOLLOW_UP));
    add_sealed(view, KV_MATCH, match_row_key(view, &rows->match), REVISION, epoch_key(view));
}

static void list_of_log(struct store_view *view)
{
    add_bare(view, KV_META, layout_log_gone(0));
    add_bare(view, KV_META, layout_log_tail(0));
}

/* The order is that of the corpus: only add at the end. */
static void list_targets(void)
{
    struct rows_tx rows;
    CLEANUP(child_file_wipe) struct child_file file = {0};
    rows_begin(&rows);
    rows_put_under_way(&rows.tx);
    load_file(&rows.tx.view, ROWS_CHILD, &file);
    list_sealed(&rows.tx.view, &file);
    list_bare(&rows.tx.view);
    list_family(&rows.tx.view, &file);
    list_under_way(&rows.tx.view);
    list_of_log(&rows.tx.view);
    rows_abort(&rows);
}

const struct rows_target *rows_target(unsigned number)
{
    (void)rows_office();
    if (target_count == 0) {
        list_targets();
    }
    return &targets[number % target_count];
}

void rows_put(struct store_view *view, const struct rows_input *input)
{
    static uint8_t value[ROWS_CLEAR_MAXIMUM + KV_VALUE_MAXIMUM];
    const struct rows_target *target = input->target;
    struct seal_place place = {(uint8_t)target->table, target->key.bytes, target->key.size};
    struct kv_bytes whole = {input->data, input->size};
    if (target->sealed) {
        memcpy(value, target->clear, target->clear_size);
        seal_close(target->key_id, target->secret, place, input->data, input->size,
                   value + target->clear_size);
        whole = (struct kv_bytes){value, target->clear_size + input->size + SEAL_OVERHEAD};
    }
    kv_put(view->kv, target->table, row_key_bytes(&target->key), whole);
    require(kv_fault(view->kv) == 0);
}
