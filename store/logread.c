/* SPDX-License-Identifier: EUPL-1.2 */
/* Reading the access log: entries as an auditor is shown them, searches, proofs. */
#include <string.h>

#include "crypto/secret.h"
#include "store/clock.h"
#include "store/committer.h"
#include "store/logread.h"
#include "store/logrecord.h"
#include "store/snapshot.h"
#include "store/subjects.h"

#define LOOKED_MAXIMUM 5000 /* entries opened for one page */

static int load_actor(struct store_view *view, uint32_t number, struct log_actor *ret_actor)
{
    struct row_key key = layout_actor_number(number);
    struct codec_reader in;
    int result = view_open_row(view, KV_ACTOR, &key, &in, NULL);
    if (result == 0 && !log_actor_decode(&in, ret_actor)) {
        result = VIEW_DAMAGED;
    }
    return result == STORE_NOT_FOUND ? VIEW_DAMAGED : result;
}

static int open_record(struct store_view *view, uint64_t index, const uint8_t *sealed, size_t size,
                       struct log_row *row)
{
    uint8_t month_key[SEAL_KEY_BYTES];
    struct row_key key = layout_log(index);
    struct seal_place place = {KV_LOG, key.bytes, key.size};
    uint8_t *plain = arena_new(view->arena, size);
    struct log_record *record = arena_new(view->arena, sizeof(*record));
    if (plain == NULL || record == NULL) {
        return -ENOMEM;
    }
    int result = log_month_key(view, seal_key_id(sealed, size), false, month_key);
    if (result == 0) {
        commitment_derive_salts(month_key, index, &row->salts);
        result = seal_open(month_key, place, sealed, size, plain) != 0 ? VIEW_DAMAGED : 0;
    }
    secret_wipe(month_key, sizeof(month_key));
    if (result != 0) {
        return result == STORE_NOT_FOUND ? VIEW_DAMAGED : result;
    }
    struct codec_reader in = {.data = plain, .left = size - SEAL_OVERHEAD};
    if (!log_record_decode(&in, view->arena, record)) {
        return VIEW_DAMAGED;
    }
    record->index = index;
    row->record = record;
    return load_actor(view, record->actor_number, &record->actor);
}

int log_read_row(struct store_view *view, uint64_t index, struct log_row *ret_row)
{
    struct row_key key = layout_log(index);
    struct kv_bytes value;
    struct log_row row = {0};
    int result = kv_get(view->kv, KV_LOG, row_key_bytes(&key), &value);
    if (result != 0) {
        return result;
    }
    if (value.size < COMMITMENT_BYTES) {
        return VIEW_DAMAGED;
    }
    memcpy(row.commitment, value.data, COMMITMENT_BYTES);
    size_t size = value.size - COMMITMENT_BYTES;
    row.destroyed = size == 0;
    if (!row.destroyed) {
        result = size < SEAL_OVERHEAD
                     ? VIEW_DAMAGED
                     : open_record(view, index, (const uint8_t *)value.data + COMMITMENT_BYTES,
                                   size, &row);
    }
    if (result == 0) {
        *ret_row = row;
    }
    return result;
}

static int entry_from_row(struct store_view *view, uint64_t index, const struct log_row *row,
                          struct log_entry *ret_entry)
{
    struct log_entry entry = {.index = index, .destroyed = row->destroyed};
    memcpy(entry.commitment, row->commitment, COMMITMENT_BYTES);
    if (!row->destroyed) {
        char text[ACCESSLOG_PUBLIC_MAXIMUM];
        size_t size = log_record_render(row->record, &row->salts, text);
        entry.public_part = size == 0 ? NULL : arena_copy_text(view->arena, text, size);
        if (entry.public_part == NULL) {
            return size == 0 ? VIEW_DAMAGED : -ENOMEM;
        }
        entry.public_size = size;
        entry.logged_at = row->record->time;
        entry.event = row->record->note.event;
        entry.salts = row->salts;
        entry.has_subject = row->record->has_subject;
        memcpy(entry.subject, row->record->subject, sizeof(entry.subject));
    }
    *ret_entry = entry;
    return 0;
}

int store_get_log_entry(struct store_snapshot *snapshot, uint64_t index,
                        struct log_entry *ret_entry)
{
    struct log_row row;
    int result = log_read_row(&snapshot->view, index, &row);
    return result != 0 ? result : entry_from_row(&snapshot->view, index, &row, ret_entry);
}

/* ---- queries ---- */

struct log_reader {
    struct store_view *view;
    const struct log_query *query;
    bool by_subject; /* one of `subjects` is what to look for */
    struct subject_row subjects;
    struct log_entry *entries;
    struct log_page page;
    size_t *budget; /* entries that may still be opened */
};

static bool same_oin(const struct oin *a, const struct oin *b)
{
    return strcmp(a->text, b->text) == 0;
}

static bool is_subject(const struct log_reader *reader, const struct log_record *record)
{
    for (size_t i = 0; i < reader->subjects.count && record->has_subject; i++) {
        if (memcmp(record->subject, reader->subjects.ids[i], ACCESSLOG_SUBJECT_BYTES) == 0) {
            return true;
        }
    }
    return false;
}

static bool wanted(const struct log_reader *reader, const struct log_row *row)
{
    const struct log_query *query = reader->query;
    if (row->destroyed) {
        return !reader->by_subject && query->party.text[0] == '\0' && query->event == 0 &&
               query->outcome == NULL;
    }
    const struct log_record *record = row->record;
    return record->time >= query->from && record->time < query->to &&
           (query->event == 0 || record->note.event == query->event ||
            (query->other_event != 0 && record->note.event == query->other_event)) &&
           (query->outcome == NULL || strcmp(record->note.outcome, query->outcome) == 0) &&
           (query->party.text[0] == '\0' || same_oin(&record->actor.party, &query->party) ||
            same_oin(&record->actor.on_behalf_of, &query->party)) &&
           (!reader->by_subject || is_subject(reader, record));
}

/* Looks at one entry; true when the page is full, or enough was looked at. */
static int look_at(struct log_reader *reader, uint64_t index, bool *ret_enough)
{
    struct log_row row;
    if (reader->page.count == reader->query->limit || *reader->budget == 0) {
        reader->page.more = true;
        reader->page.next = index;
        *ret_enough = true;
        return 0;
    }
    (*reader->budget)--;
    int result = log_read_row(reader->view, index, &row);
    if (result == 0 && wanted(reader, &row)) {
        result = entry_from_row(reader->view, index, &row, &reader->entries[reader->page.count]);
        reader->page.count += result == 0 ? 1 : 0;
    }
    return result == STORE_NOT_FOUND ? VIEW_DAMAGED : result;
}

/* Looks at every entry of [from, to), in the order of the query. */
static int scan(struct log_reader *reader, uint64_t from, uint64_t to, bool *ret_enough)
{
    bool up = reader->query->oldest_first;
    int result = 0;
    for (uint64_t i = from; i < to && result == 0 && !*ret_enough; i++) {
        result = look_at(reader, up ? i : to - 1 - (i - from), ret_enough);
    }
    return result;
}

/* Runs of the index that are read together: one of a party, or one for each id of a child. */
struct index_runs {
    size_t count;
    struct kv_range *ranges[SUBJECTS_MAXIMUM];
    bool ended[SUBJECTS_MAXIMUM];
    uint64_t heads[SUBJECTS_MAXIMUM];
};

static void close_runs(struct index_runs *runs)
{
    for (size_t i = 0; i < runs->count; i++) {
        kv_range_close(runs->ranges[i]);
    }
}

static int advance_run(struct index_runs *runs, size_t i)
{
    struct kv_bytes key;
    struct kv_bytes value;
    int result = kv_range_next(runs->ranges[i], &key, &value);
    runs->ended[i] = result == KV_END;
    if (result == 0) {
        runs->heads[i] = get_be64((const uint8_t *)key.data + key.size - 8);
    }
    return result == KV_END ? 0 : result;
}

static int open_runs(struct log_reader *reader, uint64_t from, uint64_t to, struct index_runs *runs)
{
    const struct log_query *query = reader->query;
    size_t count = reader->by_subject ? reader->subjects.count : 1;
    int result = 0;
    for (size_t i = 0; i < count && result == 0; i++) {
        const uint8_t *subject = reader->subjects.ids[i];
        struct row_key first = reader->by_subject ? layout_log_by_subject(subject, from)
                                                  : layout_log_by_party(&query->party, from);
        struct row_key last = reader->by_subject ? layout_log_by_subject(subject, to)
                                                 : layout_log_by_party(&query->party, to);
        result = kv_range_open(reader->view->kv, KV_LOG_INDEX, row_key_bytes(&first),
                               row_key_bytes(&last), query->oldest_first ? KV_UP : KV_DOWN,
                               &runs->ranges[i]);
        if (result == 0) {
            runs->count++;
            result = advance_run(runs, i);
        }
    }
    return result;
}

/* The run whose head comes next; the number of runs when all have ended. */
static size_t next_run(const struct index_runs *runs, bool up)
{
    size_t best = runs->count;
    for (size_t i = 0; i < runs->count; i++) {
        if (!runs->ended[i] &&
            (best == runs->count || (runs->heads[i] < runs->heads[best]) == up)) {
            best = i;
        }
    }
    return best;
}

/* Looks at the indexed entries of [from, to): by subject, or by party. */
static int scan_index(struct log_reader *reader, uint64_t from, uint64_t to, bool *ret_enough)
{
    CLEANUP(close_runs) struct index_runs runs = {0};
    int result = open_runs(reader, from, to, &runs);
    while (result == 0 && !*ret_enough) {
        size_t i = next_run(&runs, reader->query->oldest_first);
        if (i == runs.count) {
            break;
        }
        result = look_at(reader, runs.heads[i], ret_enough);
        if (result == 0) {
            result = advance_run(&runs, i);
        }
    }
    return result;
}

/* The index covers what is below the watermark, and the tail is looked through. */
static int scan_indexed(struct log_reader *reader, uint64_t from, uint64_t to)
{
    uint64_t mark = reader->view->head.indexed;
    mark = mark < from ? from : mark > to ? to : mark;
    bool enough = false;
    bool up = reader->query->oldest_first;
    int result = up ? scan_index(reader, from, mark, &enough) : scan(reader, mark, to, &enough);
    if (result == 0 && !enough) {
        result = up ? scan(reader, mark, to, &enough) : scan_index(reader, from, mark, &enough);
    }
    return result;
}

static int time_of(struct store_view *view, uint64_t index, int64_t *ret_time)
{
    struct log_row row;
    int result = log_read_row(view, index, &row);
    if (result == 0) {
        *ret_time = row.destroyed ? INT64_MIN : row.record->time;
    }
    return result == STORE_NOT_FOUND ? VIEW_DAMAGED : result;
}

/* The first entry at or after an instant: times never go backwards. */
static int first_from(struct store_view *view, int64_t instant, uint64_t *ret_index)
{
    uint64_t low = 0;
    uint64_t high = view->head.log_size;
    while (low < high) {
        uint64_t middle = low + (high - low) / 2;
        int64_t time;
        int result = time_of(view, middle, &time);
        if (result != 0) {
            return result;
        }
        if (time < instant) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    *ret_index = low;
    return 0;
}

/* The bounds [from, to) that the query leaves. */
static int find_bounds(struct store_view *view, const struct log_query *query, uint64_t *ret_from,
                       uint64_t *ret_to)
{
    uint64_t from = 0;
    uint64_t to = query->bound < view->head.log_size ? query->bound : view->head.log_size;
    int result = 0;
    if (query->from != INT64_MIN) {
        result = first_from(view, query->from, &from);
    }
    if (result == 0 && query->to != INT64_MAX) {
        uint64_t end;
        result = first_from(view, query->to, &end);
        to = result == 0 && end < to ? end : to;
    }
    if (query->oldest_first) {
        from = query->start != UINT64_MAX && query->start > from ? query->start : from;
    } else if (query->start < to) {
        to = query->start + 1;
    }
    *ret_from = from;
    *ret_to = to;
    return result;
}

static int find_subject(struct log_reader *reader)
{
    reader->by_subject = true;
    return subject_row_load(reader->view, &reader->query->subject, &reader->subjects);
}

int log_read_page(struct store_view *view, const struct log_query *query, size_t *budget,
                  struct log_page *ret_page)
{
    struct log_reader reader = {.view = view, .query = query, .budget = budget};
    uint64_t from;
    uint64_t to;
    bool enough = false;
    reader.entries = arena_new(reader.view->arena, (query->limit + 1) * sizeof(*reader.entries));
    if (reader.entries == NULL) {
        return -ENOMEM;
    }
    reader.page.entries = reader.entries;
    int result = query->has_subject ? find_subject(&reader) : 0;
    if (result == STORE_NOT_FOUND) {
        *ret_page = reader.page; /* the log has never heard of this child */
        return 0;
    }
    if (result == 0) {
        result = find_bounds(reader.view, query, &from, &to);
    }
    if (result == 0 && from < to) {
        result = reader.by_subject || query->party.text[0] != '\0'
                     ? scan_indexed(&reader, from, to)
                     : scan(&reader, from, to, &enough);
    }
    if (result == 0) {
        *ret_page = reader.page;
    }
    return result;
}

int store_read_log(struct store_snapshot *snapshot, const struct log_query *query,
                   struct log_page *ret_page)
{
    size_t budget = LOOKED_MAXIMUM;
    return log_read_page(&snapshot->view, query, &budget, ret_page);
}

/* ---- the tree ---- */

int store_get_checkpoint(struct store_snapshot *snapshot, const char **ret_note)
{
    struct row_key key = layout_meta(COMMITTER_CHECKPOINT_NAME);
    struct kv_bytes value;
    int result = kv_get(snapshot->view.kv, KV_META, row_key_bytes(&key), &value);
    if (result != 0) {
        return result;
    }
    const char *note = arena_copy_text(snapshot->view.arena, value.data, value.size);
    if (note == NULL) {
        return -ENOMEM;
    }
    *ret_note = note;
    return 0;
}

int store_prove_entry(struct store_snapshot *snapshot, uint64_t index, uint64_t size,
                      struct merkle_proof *ret_proof)
{
    if (size > snapshot->view.head.log_size) {
        return STORE_NOT_FOUND;
    }
    int result = merkle_prove_inclusion(index, size, log_read_node, &snapshot->view, ret_proof);
    return result == MERKLE_OUT_OF_RANGE ? STORE_NOT_FOUND : result;
}

int store_prove_consistency(struct store_snapshot *snapshot, uint64_t old_size, uint64_t size,
                            struct merkle_proof *ret_proof)
{
    if (size > snapshot->view.head.log_size) {
        return STORE_NOT_FOUND;
    }
    int result =
        merkle_prove_consistency(old_size, size, log_read_node, &snapshot->view, ret_proof);
    return result == MERKLE_OUT_OF_RANGE ? STORE_NOT_FOUND : result;
}

uint64_t store_log_size(const struct store_snapshot *snapshot)
{
    return snapshot->view.head.log_size;
}
