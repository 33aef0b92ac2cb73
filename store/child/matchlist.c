/* SPDX-License-Identifier: EUPL-1.2 */
/* Finding matches for a party: one by its id, or all, by its signals and by what it was told. */
#include <string.h>

#include "store/child/matches.h"
#include "store/child/signals.h"
#include "store/party/parties.h"
#include "store/snapshot.h"

static int load_match(struct store_view *view, const struct uuid *id, const struct party *party,
                      struct match_view *ret_match)
{
    CLEANUP(match_found_wipe) struct match_found found = {0};
    int result = match_find(view, id, &found);
    return result != 0 ? result : match_view_build(view, &found.scope, party, ret_match);
}

int store_get_match(struct store_snapshot *snapshot, uint32_t party, const struct uuid *id,
                    struct match_view *ret_match)
{
    struct party reader;
    int result = party_load(&snapshot->view, party, &reader);
    return result != 0 ? result : load_match(&snapshot->view, id, &reader, ret_match);
}

#define LIST_LOOKED_MAXIMUM 2000 /* rows looked at for one page */
#define LIST_AT_ONCE (CHILDFILE_MATCHES_MAXIMUM + CHILDFILE_FAMILIES_MAXIMUM) /* of one child */

struct match_lister {
    struct store_view *view;
    const struct party *party;
    const struct match_query *query;
    bool has_signals;
    size_t looked;
    struct match_page page;
    struct match_view *matches;
};

static int list_one(struct match_lister *lister, const struct match_scope *scope)
{
    struct match_view *at = &lister->matches[lister->page.count];
    unsigned status = lister->query->status;
    if (status != 0 && (status & 1u << scope->match->status) == 0) {
        return 0;
    }
    int result = match_view_build(lister->view, scope, lister->party, at);
    lister->page.count += result == 0 ? 1 : 0;
    return result == STORE_NOT_FOUND ? 0 : result;
}

/* Whether a live own signal in the scope came before this one: its match has been listed by that.
 */
static bool is_listed(const struct match_lister *lister, const struct match_scope *scope,
                      const struct uuid *signal)
{
    struct match_walk walk = {0};
    while (match_walk_next(scope, &walk)) {
        const struct child_member *member = walk.member;
        if (!member->archived && member->party == lister->party->number &&
            (signal == NULL || memcmp(&member->signal, signal, sizeof(*signal)) < 0)) {
            return true;
        }
    }
    return false;
}

static int list_family(struct match_lister *lister, const struct uuid *match,
                       const struct uuid *signal)
{
    CLEANUP(match_found_wipe) struct match_found found = {0};
    int result = match_find(lister->view, match, &found);
    if (result != 0 || is_listed(lister, &found.scope, signal)) {
        return result == STORE_NOT_FOUND ? VIEW_DAMAGED : result;
    }
    return list_one(lister, &found.scope);
}

/* The matches of the child behind an own signal, if it is the first own signal on that child: a
 * match with two own signals is listed once. */
static int list_by_signal(struct match_lister *lister, const struct uuid *signal)
{
    struct signal_row row;
    CLEANUP(child_file_wipe) struct child_file file = {0};
    int result = signal_row_peek(lister->view, lister->party->number, signal, &row);
    if (result != 0 || row.status != SIGNAL_ACTIVE) {
        return result == STORE_NOT_FOUND ? 0 : result;
    }
    result = child_file_load(lister->view, &row.child, &file);
    struct match_scope scope = match_scope_of_child(&file, NULL);
    if (result != 0 || is_listed(lister, &scope, signal)) {
        return result;
    }
    for (size_t i = 0; i < file.match_count && result == 0; i++) {
        scope.match = &file.matches[i];
        result = list_one(lister, &scope);
    }
    for (size_t i = 0; i < file.family_count && result == 0; i++) {
        result = list_family(lister, &file.families[i].match, signal);
    }
    return result;
}

/* A match that the party was told of as a municipality; one in which it has a live signal of its
 * own stands among those already. */
static int list_by_told(struct match_lister *lister, const struct uuid *id, struct kv_bytes told)
{
    CLEANUP(match_found_wipe) struct match_found found = {0};
    if (told.size != 8) {
        return VIEW_DAMAGED;
    }
    if ((int64_t)get_be64(told.data) > uuid_instant(&lister->query->up_to)) {
        return 0; /* told after the paging began */
    }
    int result = match_find(lister->view, id, &found);
    if (result == 0 && !(lister->has_signals && is_listed(lister, &found.scope, NULL))) {
        result = list_one(lister, &found.scope);
    }
    return result == STORE_NOT_FOUND ? 0 : result;
}

/* Walks one kind of the party's rows: its signals, or what it was told as a municipality. */
static int list_rows(struct match_lister *lister, enum party_row kind, const struct uuid *after)
{
    struct store_view *view = lister->view;
    struct row_key from = layout_party_uuid(lister->party->number, kind, after);
    struct row_key whole = layout_party(lister->party->number, kind);
    struct row_key to = layout_after_prefix(&whole);
    CLEANUP(kv_range_closep) struct kv_range *range = NULL;
    int result =
        kv_range_open(view->kv, KV_PARTY, row_key_bytes(&from), row_key_bytes(&to), KV_UP, &range);
    for (; result == 0; lister->looked++) {
        struct kv_bytes key;
        struct kv_bytes value;
        struct uuid id;
        result = kv_range_next(range, &key, &value);
        if (result != 0) {
            break;
        }
        memcpy(id.bytes, (const uint8_t *)key.data + 5, UUID_BYTES);
        if (memcmp(&id, after, sizeof(id)) == 0) {
            continue;
        }
        if (kind == PARTY_SIGNAL && memcmp(&id, &lister->query->up_to, sizeof(id)) > 0) {
            break;
        }
        if (lister->page.count >= lister->query->limit || lister->looked >= LIST_LOOKED_MAXIMUM ||
            (lister->looked > 0 && view_is_heavy(view))) {
            lister->page.more = true;
            break;
        }
        result =
            kind == PARTY_SIGNAL ? list_by_signal(lister, &id) : list_by_told(lister, &id, value);
        lister->page.next = id;
    }
    return result == KV_END ? 0 : result;
}

int store_list_matches(struct store_snapshot *snapshot, uint32_t party,
                       const struct match_query *query, struct match_page *ret_page)
{
    static const struct uuid beginning;
    struct store_view *view = &snapshot->view;
    struct party reader;
    int result = party_load(view, party, &reader);
    if (result != 0) {
        return result;
    }
    struct match_lister lister = {.view = view, .party = &reader, .query = query};
    lister.has_signals = (reader.roles & PARTY_REPORTER) != 0;
    lister.matches =
        arena_new(view->arena, (query->limit + LIST_AT_ONCE) * sizeof(struct match_view));
    if (lister.matches == NULL) {
        return -ENOMEM;
    }
    lister.page.matches = lister.matches;
    lister.page.next = query->after;
    view_upper_bound(view, &lister.page.last);
    /* First by own signals (ordered ids), then what it was told (random ids): the id to go on
     * after says in which of the two the last page ended. */
    bool in_told = uuid_is_random(&query->after);
    if (lister.has_signals && !in_told) {
        result = list_rows(&lister, PARTY_SIGNAL, &query->after);
    }
    if (result == 0 && !lister.page.more && (reader.roles & PARTY_MUNICIPALITY) != 0) {
        result = list_rows(&lister, PARTY_MATCH_TOLD, in_told ? &query->after : &beginning);
    }
    if (result == 0) {
        *ret_page = lister.page;
    }
    return result;
}
