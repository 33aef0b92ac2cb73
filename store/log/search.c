/* SPDX-License-Identifier: EUPL-1.2 */
/* A page of the log: what is asked for of the entries between two bounds. */
#include <string.h>

#include "crypto/secret.h"
#include "store/log/find.h"
#include "store/log/tail.h"
#include "store/snapshot.h"

/*
 * What a page looks at, besides the entries that it shows: entries that are not shown, places of
 * lists, and blocks of what is not in the indexes yet. Each is a few reads at most. Where that ends
 * a page it is short, and has a next one.
 */
#define LOOKED_MAXIMUM 1000

static bool same_oin(const struct oin *a, const struct oin *b)
{
    return strcmp(a->text, b->text) == 0;
}

static bool is_filtered(const struct log_query *query)
{
    return query->has_subject || query->has_subject_id || query->party.text[0] != '\0' ||
           query->event != 0 || query->outcome != NULL || query->has_trace;
}

static bool is_subject(const struct log_search *search, const struct log_record *record)
{
    for (size_t i = 0; i < search->subjects.count && record->has_subject; i++) {
        if (memcmp(record->subject, search->subjects.ids[i], ACCESSLOG_SUBJECT_BYTES) == 0) {
            return true;
        }
    }
    return false;
}

static bool is_traced(const struct log_query *query, const struct log_row *row)
{
    uint8_t trace[LOGRECORD_TRACE_BYTES];
    log_record_trace(row->record, &row->salts, trace);
    return memcmp(trace, query->trace_id, sizeof(trace)) == 0;
}

static bool is_professional(const struct log_query *query, const struct log_record *record)
{
    return record->note.professional != NULL &&
           strcmp(record->note.professional, query->professional) == 0;
}

static bool is_wanted(const struct log_search *search, const struct log_row *row)
{
    const struct log_query *query = search->query;
    if (row->destroyed) {
        return !is_filtered(query);
    }
    const struct log_record *record = row->record;
    return record->time >= query->from && record->time < query->to &&
           (query->event == 0 || record->note.event == query->event ||
            (query->other_event != 0 && record->note.event == query->other_event)) &&
           (query->outcome == NULL || strcmp(record->note.outcome, query->outcome) == 0) &&
           (query->party.text[0] == '\0' || same_oin(&record->actor.party, &query->party) ||
            same_oin(&record->actor.on_behalf_of, &query->party)) &&
           (query->professional == NULL || is_professional(query, record)) &&
           (!query->has_trace || is_traced(query, row)) &&
           ((!query->has_subject && !query->has_subject_id) || is_subject(search, record));
}

bool log_search_spend(struct log_search *search, uint64_t index)
{
    if (search->page.count == search->query->limit || *search->budget == 0) {
        search->page.more = true;
        search->page.next = index;
        search->ended = true;
        return false;
    }
    (*search->budget)--;
    return true;
}

void log_search_charge(struct log_search *search)
{
    *search->budget -= *search->budget > 0 ? 1 : 0;
}

int log_search_look(struct log_search *search, uint64_t index)
{
    struct log_row row;
    int result = log_opener_read(&search->opener, index, &row);
    if (result == 0 && is_wanted(search, &row)) {
        result =
            log_entry_from_row(search->view, index, &row, &search->entries[search->page.count]);
        search->page.count += result == 0 ? 1 : 0;
    }
    return result;
}

/* The i-th entry of [from, to) in the order of the search. */
static uint64_t nth(const struct log_search *search, uint64_t from, uint64_t to, uint64_t i)
{
    return search->query->oldest_first ? from + i : to - 1 - i;
}

/* Every entry of [from, to). */
static int scan(struct log_search *search, uint64_t from, uint64_t to)
{
    int result = 0;
    for (uint64_t i = 0; i < to - from && result == 0; i++) {
        uint64_t index = nth(search, from, to, i);
        if (!log_search_spend(search, index)) {
            break;
        }
        result = log_search_look(search, index);
    }
    return result;
}

static int may_be_wanted(struct log_search *search, const struct log_tail_block *block,
                         uint64_t index, bool *ret_may)
{
    struct log_tags tags;
    int result = log_ask(search, block->month);
    log_tail_entry(block, (size_t)(index - block->first), &tags);
    *ret_may = index == search->named || log_asked_agrees(&search->asked, &tags);
    return result;
}

/* The entries of [from, to) that are not in the indexes yet: by their blocks, but for those of this
 * transaction that are in none. */
static int scan_tail(struct log_search *search, uint64_t from, uint64_t to)
{
    struct log_tail_block block = {.count = 0};
    int result = 0;
    for (uint64_t i = 0; i < to - from && result == 0 && !search->ended; i++) {
        uint64_t index = nth(search, from, to, i);
        bool may = true;
        if (index - block.first >= block.count) {
            if (!log_search_spend(search, index)) {
                break;
            }
            result = log_tail_find(search->view, index, &block);
            block.count = result == 0 ? block.count : 0;
        }
        if (result == 0) {
            result = may_be_wanted(search, &block, index, &may);
        }
        if ((result == 0 && may) || result == STORE_NOT_FOUND) {
            result = log_search_spend(search, index) ? log_search_look(search, index) : 0;
        }
    }
    return result;
}

/* The entries of [from, to) that are in the indexes, month by month. */
static int scan_index(struct log_search *search, uint64_t from, uint64_t to)
{
    bool up = search->query->oldest_first;
    uint32_t first;
    uint32_t last;
    bool destroyed;
    if (from >= to) {
        return 0;
    }
    int result = log_month_of(search->view, from, &first, &destroyed);
    if (result == 0) {
        result = log_month_of(search->view, to - 1, &last, &destroyed);
    }
    if (result == 0 && last < first) {
        result = VIEW_DAMAGED;
    }
    for (uint32_t i = 0; result == 0 && !search->ended && i <= last - first; i++) {
        result = log_find_in_month(search, up ? first + i : last - i, from, to);
    }
    return result;
}

static int scan_lists(struct log_search *search, uint64_t from, uint64_t to)
{
    uint64_t mark = search->view->head.indexed;
    mark = mark < from ? from : mark > to ? to : mark;
    bool up = search->query->oldest_first;
    int result = up ? scan_index(search, from, mark) : scan_tail(search, mark, to);
    if (result == 0 && !search->ended) {
        result = up ? scan_tail(search, mark, to) : scan_index(search, from, mark);
    }
    return result;
}

/* The bounds [from, to) that the query leaves. */
static int find_bounds(struct log_search *search, uint64_t *ret_from, uint64_t *ret_to)
{
    const struct log_query *query = search->query;
    uint64_t size = search->view->head.log_size;
    uint64_t from = 0;
    uint64_t to = query->bound < size ? query->bound : size;
    int result = 0;
    if (query->from != INT64_MIN) {
        result = log_first_from(&search->opener, query->from, true, &from);
    }
    if (result == 0 && query->to != INT64_MAX) {
        uint64_t end;
        result = log_first_from(&search->opener, query->to, false, &end);
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

static int run(struct log_search *search)
{
    const struct log_query *query = search->query;
    uint64_t from;
    uint64_t to;
    int result = find_bounds(search, &from, &to);
    if (result != 0 || from >= to) {
        return result;
    }
    return is_filtered(query) ? scan_lists(search, from, to) : scan(search, from, to);
}

static void wipe(struct log_search *search)
{
    log_opener_wipe(&search->opener);
    secret_wipe(&search->asked, sizeof(search->asked));
    secret_wipe(&search->subjects, sizeof(search->subjects));
}

int log_read_page(struct store_view *view, const struct log_query *query, size_t *budget,
                  struct log_page *ret_page)
{
    CLEANUP(wipe)
    struct log_search search = {
        .view = view, .query = query, .budget = budget, .opener = {.view = view}};
    search.named = query->has_trace ? log_record_trace_entry(query->trace_id) : UINT64_MAX;
    search.entries = arena_new(view->arena, (query->limit + 1) * sizeof(*search.entries));
    if (search.entries == NULL) {
        return -ENOMEM;
    }
    search.page.entries = search.entries;
    if (query->has_subject_id) {
        search.subjects.count = 1;
        memcpy(search.subjects.ids[0], query->subject_id, sizeof(query->subject_id));
    }
    int result = query->has_subject ? subject_row_load(view, &query->subject, &search.subjects) : 0;
    if (result == 0) {
        result = run(&search);
    } else if (result == STORE_NOT_FOUND) {
        result = 0; /* the log has never heard of this child */
    }
    if (result == 0) {
        *ret_page = search.page;
    }
    return result;
}

int store_read_log(struct store_snapshot *snapshot, const struct log_query *query,
                   struct log_page *ret_page)
{
    size_t budget = query->limit + LOOKED_MAXIMUM;
    return log_read_page(&snapshot->view, query, &budget, ret_page);
}
