/* SPDX-License-Identifier: EUPL-1.2 */
#include "store/log/find.h"

#include <string.h>

#define RUNS_MAXIMUM 4096 /* of one month: ids of a child, times kinds of entries */
/* Rows of a list that are read at once: a shorter one, as most children's are, needs no seeking. */
#define ROWS_AT_ONCE 64

/* ---- what is asked for ---- */

static void ask_lists(struct log_search *search, struct log_asked *asked)
{
    const struct log_query *query = search->query;
    const uint8_t *key = asked->key;
    if (query->has_trace) {
        asked->of[asked->count].count = 1;
        asked->of[asked->count++].lists[0] = log_list_trace(key, query->trace_id);
    }
    if (query->has_subject || query->has_subject_id) {
        for (size_t i = 0; i < search->subjects.count; i++) {
            asked->of[asked->count].lists[i] = log_list_subject(key, search->subjects.ids[i]);
        }
        asked->of[asked->count++].count = search->subjects.count;
    }
    if (query->party.text[0] != '\0') {
        asked->of[asked->count].count = 1;
        asked->of[asked->count++].lists[0] =
            query->professional != NULL
                ? log_list_professional(key, &query->party, query->professional)
                : log_list_party(key, &query->party);
    }
    if (asked->count == 0) {
        asked->of[0].count = 1;
        asked->of[0].lists[0] = log_list_all(key);
        asked->count = 1;
        asked->all = true;
    }
}

static void ask_kinds(const struct log_query *query, struct log_asked *asked)
{
    const enum log_event events[] = {query->event, query->other_event};
    const char *outcome = query->outcome != NULL ? query->outcome : "";
    uint8_t kind[LAYOUT_KIND_BYTES];
    for (size_t i = 0; i < ARRAY_LENGTH(events) && events[i] != 0; i++) {
        log_kind(asked->key, events[i], outcome, kind);
        if (i == 0 || memcmp(asked->events[0], kind, LOG_EVENT_TAG_BYTES) != 0) {
            memcpy(asked->events[asked->event_count++], kind, LOG_EVENT_TAG_BYTES);
        }
    }
    log_kind(asked->key, query->event, outcome, kind);
    asked->has_outcome = query->outcome != NULL;
    memcpy(asked->outcome, kind + LOG_EVENT_TAG_BYTES, LOG_EVENT_TAG_BYTES);
}

int log_ask(struct log_search *search, uint32_t month)
{
    struct log_asked *asked = &search->asked;
    if (asked->month == month && month != 0) {
        return 0;
    }
    int result = log_opener_find_key(&search->opener, month);
    if (result != 0 && result != STORE_NOT_FOUND) {
        return result;
    }
    *asked = (struct log_asked){.month = month, .empty = result == STORE_NOT_FOUND};
    if (!asked->empty) {
        log_tags_key(search->opener.month_key, asked->key);
        ask_lists(search, asked);
        ask_kinds(search->query, asked);
    }
    return 0;
}

static bool has_list(const struct log_asked *asked, size_t i, const struct log_tags *tags)
{
    for (size_t j = 0; j < asked->of[i].count; j++) {
        for (size_t k = 0; k < tags->count; k++) {
            if (memcmp(&asked->of[i].lists[j], &tags->lists[k], sizeof(tags->lists[k])) == 0) {
                return true;
            }
        }
    }
    return false;
}

static bool agrees_in_event(const struct log_asked *asked, const uint8_t *kind)
{
    for (size_t i = 0; i < asked->event_count; i++) {
        if (memcmp(asked->events[i], kind, LOG_EVENT_TAG_BYTES) == 0) {
            return true;
        }
    }
    return asked->event_count == 0;
}

static bool agrees_in_outcome(const struct log_asked *asked, const uint8_t *kind)
{
    return !asked->has_outcome ||
           memcmp(asked->outcome, kind + LOG_EVENT_TAG_BYTES, LOG_EVENT_TAG_BYTES) == 0;
}

bool log_asked_agrees(const struct log_asked *asked, const struct log_tags *tags)
{
    bool agrees =
        !asked->empty && agrees_in_event(asked, tags->kind) && agrees_in_outcome(asked, tags->kind);
    for (size_t i = 0; i < asked->count && agrees && !asked->all; i++) {
        agrees = has_list(asked, i, tags);
    }
    return agrees;
}

/* ---- runs ---- */

/* One kind of one list: in order by index. */
struct run {
    struct row_key kind; /* what its rows begin with */
    struct kv_range *range;
    size_t count; /* when all of it was read already */
    const uint64_t *indexes;
};

/* The runs of one kind that are cut with each other; none: the entry that is named. `at` is the
 * next index that may be in all of them, and is in those `agreed` ones that were asked last. */
struct cut {
    size_t count;
    struct run runs[LOG_FIND_ASKED];
    size_t next; /* the run to ask next */
    size_t agreed;
    uint64_t at;
    bool ended;
};

struct finding {
    struct log_search *search;
    uint64_t from;
    uint64_t to;
    size_t count;
    size_t capacity;
    struct cut *cuts;
};

static void close_cuts(struct finding *finding)
{
    for (size_t i = 0; i < finding->count; i++) {
        for (size_t j = 0; j < finding->cuts[i].count; j++) {
            kv_range_close(finding->cuts[i].runs[j].range);
        }
    }
}

static bool goes_up(const struct finding *finding)
{
    return finding->search->query->oldest_first;
}

/* The next index of a run that is read on; KV_END. */
static int read_on(struct run *run, uint64_t *ret_at)
{
    struct kv_bytes key;
    struct kv_bytes value;
    int result = kv_range_next(run->range, &key, &value);
    if (result == 0 && key.size != LAYOUT_INDEX_ROW_SIZE) {
        result = VIEW_DAMAGED;
    }
    if (result == 0) {
        *ret_at = layout_index_of_row(key);
    }
    return result;
}

/* The same of a run that was read already. */
static int look_up(const struct finding *finding, const struct run *run, uint64_t place,
                   uint64_t *ret_at)
{
    bool up = goes_up(finding);
    for (size_t i = 0; i < run->count; i++) {
        uint64_t index = run->indexes[up ? i : run->count - 1 - i];
        if (up ? index >= place : index <= place) {
            *ret_at = index;
            return index >= finding->from && index < finding->to ? 0 : KV_END;
        }
    }
    return KV_END;
}

/* The first index of a run from a place on, in the order of the search; KV_END. */
static int seek(const struct finding *finding, struct run *run, uint64_t place, uint64_t *ret_at)
{
    bool up = goes_up(finding);
    if (run->indexes != NULL) {
        return look_up(finding, run, place, ret_at);
    }
    struct row_key low = layout_index_row(&run->kind, up ? place : finding->from);
    struct row_key high = layout_index_row(&run->kind, up ? finding->to : place + 1);
    kv_range_close(TAKE_PTR(run->range));
    int result = kv_range_open(finding->search->view->kv, KV_LOG_INDEX, row_key_bytes(&low),
                               row_key_bytes(&high), up ? KV_UP : KV_DOWN, &run->range);
    return result != 0 ? result : read_on(run, ret_at);
}

/* Takes what asking a run has given. */
static int take(struct cut *cut, int result, uint64_t at)
{
    if (result == KV_END) {
        cut->ended = true;
        return 0;
    }
    cut->agreed = result == 0 && at == cut->at ? cut->agreed + 1 : 1;
    cut->at = at;
    cut->next = (cut->next + 1) % cut->count;
    return result;
}

static struct cut *new_cut(struct finding *finding)
{
    if (finding->count == finding->capacity) {
        size_t capacity = finding->capacity == 0 ? 32 : finding->capacity * 2;
        struct cut *grown = capacity > RUNS_MAXIMUM ? NULL
                                                    : arena_new(finding->search->view->arena,
                                                                capacity * sizeof(*grown));
        if (grown == NULL) {
            return NULL;
        }
        if (finding->count > 0) {
            memcpy(grown, finding->cuts, finding->count * sizeof(*grown));
        }
        finding->cuts = grown;
        finding->capacity = capacity;
    }
    finding->cuts[finding->count] = (struct cut){0};
    return &finding->cuts[finding->count++];
}

/* Some rows of one kind of the first list: all that there are, or not read yet. */
struct part {
    size_t count;
    const uint64_t *indexes; /* NULL: not read */
};

/* Adds the cut of one kind over these lists, at the first place of its first run. */
static int add_cut(struct finding *finding, const struct log_list *const lists[],
                   const uint8_t *kind, const struct part *part)
{
    const struct log_asked *asked = &finding->search->asked;
    struct cut *cut = new_cut(finding);
    uint64_t at = 0;
    if (cut == NULL) {
        return -ENOMEM;
    }
    cut->count = asked->count;
    for (size_t i = 0; i < asked->count; i++) {
        struct row_key of_list = layout_index_list(asked->month, lists[i]->bytes);
        cut->runs[i].kind = layout_index_kind(&of_list, kind);
    }
    cut->runs[0].count = part->count;
    cut->runs[0].indexes = part->indexes;
    uint64_t place = goes_up(finding) ? finding->from : finding->to - 1;
    int result = seek(finding, &cut->runs[0], place, &at);
    return take(cut, result, at);
}

/* One kind of one list of the first that is asked for, with every list of the others. */
static int add_kind(struct finding *finding, const struct log_list *first, const uint8_t *kind,
                    const struct part *part)
{
    const struct log_asked *asked = &finding->search->asked;
    size_t several = 0; /* of those behind the first, only a child has more than one */
    for (size_t i = 1; i < asked->count; i++) {
        several = asked->of[i].count > 1 ? i : several;
    }
    size_t count = several > 0 ? asked->of[several].count : 1;
    int result = 0;
    for (size_t j = 0; j < count && result == 0; j++) {
        const struct log_list *lists[LOG_FIND_ASKED] = {first};
        for (size_t i = 1; i < asked->count; i++) {
            lists[i] = &asked->of[i].lists[i == several ? j : 0];
        }
        result = add_cut(finding, lists, kind, part);
    }
    return result;
}

/* ---- kinds ---- */

/* The first kind of a list from a key on. */
static int next_kind(struct store_view *view, const struct row_key *from,
                     const struct row_key *list, uint8_t ret_kind[static LAYOUT_KIND_BYTES])
{
    struct row_key end = layout_after_prefix(list);
    CLEANUP(kv_range_closep) struct kv_range *range = NULL;
    struct kv_bytes key;
    struct kv_bytes value;
    int result = kv_range_open(view->kv, KV_LOG_INDEX, row_key_bytes(from), row_key_bytes(&end),
                               KV_UP, &range);
    if (result == 0) {
        result = kv_range_next(range, &key, &value);
    }
    if (result == 0 && key.size != LAYOUT_INDEX_ROW_SIZE) {
        result = VIEW_DAMAGED;
    }
    if (result == 0) {
        memcpy(ret_kind, (const uint8_t *)key.data + LAYOUT_INDEX_KIND_AT, LAYOUT_KIND_BYTES);
    }
    return result;
}

/* The first rows of a list. */
struct rows {
    size_t count;
    uint8_t kinds[ROWS_AT_ONCE][LAYOUT_KIND_BYTES];
    uint64_t indexes[ROWS_AT_ONCE];
};

static int read_row(struct kv_range *range, struct rows *rows)
{
    struct kv_bytes key;
    struct kv_bytes value;
    int result = kv_range_next(range, &key, &value);
    if (result == 0 && key.size != LAYOUT_INDEX_ROW_SIZE) {
        result = VIEW_DAMAGED;
    }
    if (result == 0 && rows->count < ROWS_AT_ONCE) {
        memcpy(rows->kinds[rows->count], (const uint8_t *)key.data + LAYOUT_INDEX_KIND_AT,
               LAYOUT_KIND_BYTES);
        rows->indexes[rows->count] = layout_index_of_row(key);
    }
    rows->count += result == 0 ? 1 : 0;
    return result;
}

/* Reads a list, or one event in it; more rows than fit when it is longer. */
static int read_rows(struct store_view *view, const struct row_key *list, struct rows *rows)
{
    CLEANUP(kv_range_closep) struct kv_range *range = NULL;
    int result = view_range_prefix(view, KV_LOG_INDEX, list, &range);
    while (result == 0 && rows->count <= ROWS_AT_ONCE) {
        result = read_row(range, rows);
    }
    return result == KV_END ? 0 : result;
}

/* The kinds of a list that was read whole: one after the other, in order. */
static int add_rows(struct finding *finding, const struct log_list *list, const struct rows *rows)
{
    int result = 0;
    size_t end;
    for (size_t i = 0; i < rows->count && result == 0; i = end) {
        for (end = i + 1;
             end < rows->count && memcmp(rows->kinds[i], rows->kinds[end], LAYOUT_KIND_BYTES) == 0;
             end++) {
        }
        if (agrees_in_outcome(&finding->search->asked, rows->kinds[i])) {
            struct part part = {.count = end - i, .indexes = rows->indexes + i};
            result = add_kind(finding, list, rows->kinds[i], &part);
        }
    }
    return result;
}

/* The kinds of a longer list. */
static int seek_kinds(struct finding *finding, const struct log_list *list,
                      const struct row_key *all)
{
    static const struct part none;
    struct log_search *search = finding->search;
    struct row_key of_list = layout_index_list(search->asked.month, list->bytes);
    struct row_key from = *all;
    for (;;) {
        uint8_t kind[LAYOUT_KIND_BYTES];
        int result = next_kind(search->view, &from, all, kind);
        if (result == 0 && agrees_in_outcome(&search->asked, kind)) {
            result = add_kind(finding, list, kind, &none);
        }
        if (result != 0) {
            return result == KV_END ? 0 : result;
        }
        struct row_key of_kind = layout_index_kind(&of_list, kind);
        from = layout_after_prefix(&of_kind);
        if (from.size <= of_list.size) {
            return 0; /* it was the last that there can be */
        }
    }
}

/* Every kind that there is of a list, or of one event in it. */
static int add_kinds(struct finding *finding, const struct log_list *list, const uint8_t *event)
{
    struct log_search *search = finding->search;
    struct rows *rows = arena_new(search->view->arena, sizeof(*rows));
    struct row_key all = layout_index_list(search->asked.month, list->bytes);
    if (rows == NULL) {
        return -ENOMEM;
    }
    if (event != NULL) {
        memcpy(all.bytes + all.size, event, LOG_EVENT_TAG_BYTES);
        all.size += LOG_EVENT_TAG_BYTES;
    }
    int result = read_rows(search->view, &all, rows);
    if (result != 0) {
        return result;
    }
    return rows->count <= ROWS_AT_ONCE ? add_rows(finding, list, rows)
                                       : seek_kinds(finding, list, &all);
}

static int add_list(struct finding *finding, const struct log_list *list)
{
    static const struct part none;
    const struct log_asked *asked = &finding->search->asked;
    int result = asked->event_count == 0 ? add_kinds(finding, list, NULL) : 0;
    for (size_t i = 0; i < asked->event_count && result == 0; i++) {
        uint8_t kind[LAYOUT_KIND_BYTES];
        memcpy(kind, asked->events[i], LOG_EVENT_TAG_BYTES);
        memcpy(kind + LOG_EVENT_TAG_BYTES, asked->outcome, LOG_EVENT_TAG_BYTES);
        result = asked->has_outcome ? add_kind(finding, list, kind, &none)
                                    : add_kinds(finding, list, asked->events[i]);
    }
    return result;
}

static int add_named(struct finding *finding, uint32_t month)
{
    struct log_search *search = finding->search;
    struct log_row row;
    uint32_t its;
    bool destroyed;
    if (search->named < finding->from || search->named >= finding->to) {
        return 0;
    }
    int result = log_month_of(search->view, search->named, &its, &destroyed);
    if (result != 0 || its != month || destroyed) {
        return result;
    }
    result = log_opener_read(&search->opener, search->named, &row);
    if (result != 0 || row.record->traced) {
        return result; /* one with a caller's trace id is in that one's list */
    }
    struct cut *cut = new_cut(finding);
    if (cut == NULL) {
        return -ENOMEM;
    }
    cut->at = search->named;
    return 0;
}

/* ---- steps ---- */

/* The cut whose place comes next; NULL when all have ended. */
static struct cut *next_cut(struct finding *finding)
{
    struct cut *best = NULL;
    for (size_t i = 0; i < finding->count; i++) {
        struct cut *cut = &finding->cuts[i];
        if (!cut->ended &&
            (best == NULL || (goes_up(finding) ? cut->at < best->at : cut->at > best->at))) {
            best = cut;
        }
    }
    return best;
}

/* Moves behind the place where it is. */
static int move_on(struct finding *finding, struct cut *cut)
{
    bool up = goes_up(finding);
    uint64_t at = 0;
    if (cut->count == 0 || cut->at == (up ? finding->to - 1 : finding->from)) {
        cut->ended = true;
        return 0;
    }
    struct run *run = &cut->runs[cut->next];
    int result = cut->count == 1 && run->range != NULL
                     ? read_on(run, &at)
                     : seek(finding, run, up ? cut->at + 1 : cut->at - 1, &at);
    return take(cut, result, at);
}

/* Leaves an entry that was looked at. The cuts of a child's other ids may stand there as well,
 * where for them it is only the first place that all may agree on: a page that ended before one of
 * them would begin the next page with the same entry. */
static int leave(struct finding *finding, struct cut *shown)
{
    uint64_t index = shown->at;
    int result = move_on(finding, shown);
    for (size_t i = 0; i < finding->count && result == 0; i++) {
        struct cut *cut = &finding->cuts[i];
        if (!cut->ended && cut->at == index) {
            log_search_charge(finding->search);
            result = move_on(finding, cut);
        }
    }
    return result;
}

static int step(struct finding *finding, struct cut *cut)
{
    if (cut->agreed < cut->count) {
        uint64_t at = 0;
        int result = seek(finding, &cut->runs[cut->next], cut->at, &at);
        return take(cut, result, at);
    }
    int result = log_search_look(finding->search, cut->at);
    return result != 0 ? result : leave(finding, cut);
}

int log_find_in_month(struct log_search *search, uint32_t month, uint64_t from, uint64_t to)
{
    CLEANUP(close_cuts) struct finding finding = {.search = search, .from = from, .to = to};
    int result = log_ask(search, month);
    if (result != 0 || search->asked.empty) {
        return result;
    }
    for (size_t i = 0; i < search->asked.of[0].count && result == 0; i++) {
        result = add_list(&finding, &search->asked.of[0].lists[i]);
    }
    if (result == 0) {
        result = add_named(&finding, month);
    }
    while (result == 0) {
        struct cut *cut = next_cut(&finding);
        if (cut == NULL || !log_search_spend(search, cut->at)) {
            break;
        }
        result = step(&finding, cut);
    }
    return result;
}
