/* SPDX-License-Identifier: EUPL-1.2 */
/* Matches as a party may see them: who is involved and how to reach them, and nothing else. */
#include <stdlib.h>
#include <string.h>

#include "store/clock.h"
#include "store/matches.h"
#include "store/parties.h"
#include "store/signals.h"
#include "store/snapshot.h"

void match_view_identify(const struct uuid *id, struct match_view *view)
{
    view->id = *id;
    view->kind = MATCH_CHILD;
    match_key_format(id->bytes, view->key);
}

static int fill_involved(struct store_view *view, const struct child_member *member,
                         struct involved *involved)
{
    struct party party;
    struct professional professional;
    int result = party_load(view, member->party, &party);
    if (result != 0) {
        return result == STORE_NOT_FOUND ? VIEW_DAMAGED : result;
    }
    involved->oin = party.oin;
    involved->organisation = party.name;
    result = professional_load(view, member->party, member->professional, &professional);
    if (result == STORE_NOT_FOUND) {
        involved->contact = party.contact; /* the professional has left */
        return 0;
    }
    if (result != 0) {
        return result;
    }
    involved->contact = professional.contact;
    return view_note_professional(view, member->party, member->professional);
}

static int compare_involved(const void *left, const void *right)
{
    const struct involved *a = left;
    const struct involved *b = right;
    int order = strcmp(a->oin.text, b->oin.text);
    return order != 0 ? order : strcmp(a->contact.name, b->contact.name);
}

int match_involved(struct store_view *view, const struct child_file *file,
                   const struct uuid *except, const struct involved **ret_involved,
                   size_t *ret_count)
{
    struct involved *involved = arena_new(view->arena, (file->live_count + 1) * sizeof(*involved));
    size_t count = 0;
    if (involved == NULL) {
        return -ENOMEM;
    }
    for (size_t i = 0; i < file->member_count; i++) {
        const struct child_member *member = &file->members[i];
        if (member->archived ||
            (except != NULL && memcmp(&member->signal, except, sizeof(*except)) == 0)) {
            continue;
        }
        int result = fill_involved(view, member, &involved[count]);
        if (result != 0) {
            return result;
        }
        count++;
    }
    qsort(involved, count, sizeof(*involved), compare_involved);
    *ret_involved = involved;
    *ret_count = count;
    return 0;
}

/* The party's own signals in this match, and the instant at which it was told. */
static int fill_own_signals(struct store_view *view, struct child_file *file,
                            const struct child_match *match, uint32_t party,
                            struct match_view *ret_view)
{
    struct own_signal *own = arena_new(view->arena, (file->live_count + 1) * sizeof(*own));
    if (own == NULL) {
        return -ENOMEM;
    }
    ret_view->own = own;
    ret_view->notified_at = INT64_MAX;
    for (size_t i = 0; i < file->member_count; i++) {
        const struct child_member *member = &file->members[i];
        struct signal_row row;
        struct signal signal;
        if (member->party != party || member->archived ||
            !child_match_had(match, &member->signal)) {
            continue;
        }
        int result = signal_row_open(view, file, party, &member->signal, &row);
        if (result == 0) {
            result = signal_from_row(view, party, &member->signal, &row, &signal);
        }
        if (result != 0) {
            return result == STORE_NOT_FOUND ? VIEW_DAMAGED : result;
        }
        own[ret_view->own_count++] =
            (struct own_signal){member->signal, signal.reference, signal.professional};
        int64_t told = row.reported_at > match->formed_at ? row.reported_at : match->formed_at;
        ret_view->notified_at = told < ret_view->notified_at ? told : ret_view->notified_at;
    }
    return 0;
}

bool match_concerns(const struct child_file *file, const struct party *municipality)
{
    for (size_t i = 0; i < file->member_count; i++) {
        if (!file->members[i].archived && municipality->municipality != 0 &&
            file->members[i].municipality == municipality->municipality) {
            return true;
        }
    }
    return false;
}

/* A municipality was told when its row was written. */
static int municipality_notified(struct store_view *view, uint32_t party,
                                 struct match_view *ret_view)
{
    struct row_key key = layout_party_uuid(party, PARTY_MATCH_TOLD, &ret_view->id);
    struct kv_bytes value;
    int result = kv_get(view->kv, KV_PARTY, row_key_bytes(&key), &value);
    if (result == 0 && value.size != 8) {
        result = VIEW_DAMAGED;
    }
    if (result == 0) {
        ret_view->notified_at = (int64_t)get_be64(value.data);
    }
    return result;
}

int match_view_build(struct store_view *view, struct child_file *file,
                     const struct child_match *match, const struct party *party,
                     struct match_view *ret_view)
{
    struct match_view built = {.status = match->status};
    match_view_identify(&match->id, &built);
    int result = fill_own_signals(view, file, match, party->number, &built);
    if (result == 0 && built.own_count == 0) {
        result = match->status == MATCH_ENDED || match_concerns(file, party)
                     ? municipality_notified(view, party->number, &built)
                     : STORE_NOT_FOUND;
    }
    if (result == 0 && match->status != MATCH_ENDED) {
        /* Counted from when this party was told: the match's own date would tell a newcomer when
         * the others signalled. */
        built.follow_up_due_day =
            calendar_dutch_day(built.notified_at) + view->policy->follow_up_days;
        /* With one signal of its own, everyone else; with more, each of its own is another to
         * the other one. */
        result = match_involved(view, file, built.own_count == 1 ? &built.own[0].id : NULL,
                                &built.involved, &built.involved_count);
    }
    if (result == 0) {
        *ret_view = built;
    }
    return result;
}

static int load_match(struct store_view *view, const struct uuid *id, const struct party *party,
                      struct match_view *ret_match)
{
    struct child_key child;
    CLEANUP(child_file_wipe) struct child_file file = {0};
    int result = match_child(view, id, &child);
    if (result == 0) {
        result = child_file_load(view, &child, &file);
    }
    if (result != 0) {
        return result;
    }
    for (size_t i = 0; i < file.match_count; i++) {
        if (memcmp(&file.matches[i].id, id, sizeof(*id)) == 0) {
            return match_view_build(view, &file, &file.matches[i], party, ret_match);
        }
    }
    return STORE_NOT_FOUND;
}

int store_get_match(struct store_snapshot *snapshot, uint32_t party, const struct uuid *id,
                    struct match_view *ret_match)
{
    struct party reader;
    int result = party_load(&snapshot->view, party, &reader);
    return result != 0 ? result : load_match(&snapshot->view, id, &reader, ret_match);
}

#define LIST_LOOKED_MAXIMUM 2000 /* rows looked at for one page */

struct match_lister {
    struct store_view *view;
    const struct party *party;
    const struct match_query *query;
    bool has_signals;
    size_t looked;
    struct match_page page;
    struct match_view *matches;
};

static int list_one(struct match_lister *lister, struct child_file *file,
                    const struct child_match *match)
{
    struct match_view *at = &lister->matches[lister->page.count];
    unsigned status = lister->query->status;
    if (status != 0 && (status & 1u << match->status) == 0) {
        return 0;
    }
    int result = match_view_build(lister->view, file, match, lister->party, at);
    lister->page.count += result == 0 ? 1 : 0;
    return result == STORE_NOT_FOUND ? 0 : result;
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
    for (size_t i = 0; i < file.member_count; i++) {
        const struct child_member *member = &file.members[i];
        if (!member->archived && member->party == lister->party->number &&
            memcmp(&member->signal, signal, sizeof(*signal)) < 0) {
            return result;
        }
    }
    for (size_t i = 0; i < file.match_count && result == 0; i++) {
        result = list_one(lister, &file, &file.matches[i]);
    }
    return result;
}

/* A match that the party was told of as a municipality; one in which it has a live signal of its
 * own stands among those already. */
static int list_by_told(struct match_lister *lister, const struct uuid *id, struct kv_bytes told)
{
    struct child_key child;
    CLEANUP(child_file_wipe) struct child_file file = {0};
    if (told.size != 8) {
        return VIEW_DAMAGED;
    }
    if ((int64_t)get_be64(told.data) > uuid_instant(&lister->query->up_to)) {
        return 0; /* told after the paging began */
    }
    int result = match_child(lister->view, id, &child);
    if (result == 0) {
        result = child_file_load(lister->view, &child, &file);
    }
    for (size_t i = 0; i < file.member_count && result == 0; i++) {
        const struct child_member *member = &file.members[i];
        if (lister->has_signals && !member->archived && member->party == lister->party->number) {
            return 0;
        }
    }
    for (size_t i = 0; i < file.match_count && result == 0; i++) {
        if (memcmp(&file.matches[i].id, id, sizeof(*id)) == 0) {
            result = list_one(lister, &file, &file.matches[i]);
        }
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
    lister.matches = arena_new(view->arena, (query->limit + CHILDFILE_MATCHES_MAXIMUM) *
                                                sizeof(struct match_view));
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
