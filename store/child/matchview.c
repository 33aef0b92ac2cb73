/* SPDX-License-Identifier: EUPL-1.2 */
/* Matches as a party may see them: who is involved and how to reach them, and nothing else. */
#include <stdlib.h>
#include <string.h>

#include "store/base/clock.h"
#include "store/child/matches.h"
#include "store/child/signals.h"
#include "store/notice/notices.h"
#include "store/party/parties.h"
#include "store/snapshot.h"

void match_view_identify(const struct uuid *id, enum match_kind kind, struct match_view *view)
{
    view->id = *id;
    view->kind = kind;
    match_key_format(id->bytes, view->key);
}

int match_involved_one(struct store_view *view, uint32_t party_number, uint32_t number,
                       struct involved *ret_involved)
{
    struct party party;
    struct professional professional;
    struct involved involved;
    int result = party_load(view, party_number, &party);
    if (result != 0) {
        return result == STORE_NOT_FOUND ? VIEW_DAMAGED : result;
    }
    involved.oin = party.oin;
    involved.organisation = party.name;
    result = professional_load(view, party_number, number, &professional);
    if (result == STORE_NOT_FOUND) {
        involved.contact = party.contact; /* the professional has left */
        result = 0;
    } else if (result == 0) {
        involved.contact = professional.contact;
        result = view_note_professional(view, party_number, number);
    }
    if (result == 0) {
        *ret_involved = involved;
    }
    return result;
}

static int compare_involved(const void *left, const void *right)
{
    const struct involved *a = left;
    const struct involved *b = right;
    int order = strcmp(a->oin.text, b->oin.text);
    return order != 0 ? order : strcmp(a->contact.name, b->contact.name);
}

static size_t live_count(const struct match_scope *scope)
{
    size_t count = 0;
    for (size_t i = 0; i < scope->file_count; i++) {
        count += scope->files[i]->live_count;
    }
    return count;
}

static bool same_professional(const struct child_member *a, const struct child_member *b)
{
    return a->party == b->party && a->professional == b->professional;
}

/* Whether the same professional was met earlier in the walk, with another child of the family. */
static bool met_before(const struct match_scope *scope, const struct child_member *member)
{
    struct match_walk walk = {0};
    while (match_walk_next(scope, &walk) && walk.member != member) {
        if (!walk.member->archived && same_professional(walk.member, member)) {
            return true;
        }
    }
    return false;
}

static const struct child_member *find_member(const struct match_scope *scope,
                                              const struct uuid *signal)
{
    for (size_t i = 0; i < scope->file_count && signal != NULL; i++) {
        const struct child_member *member = child_file_member(scope->files[i], signal);
        if (member != NULL) {
            return member;
        }
    }
    return NULL;
}

int match_involved(struct store_view *view, const struct match_scope *scope,
                   const struct uuid *except, const struct involved **ret_involved,
                   size_t *ret_count)
{
    const struct child_member *self = find_member(scope, except);
    struct involved *involved = arena_new(view->arena, (live_count(scope) + 1) * sizeof(*involved));
    struct match_walk walk = {0};
    size_t count = 0;
    if (involved == NULL) {
        return -ENOMEM;
    }
    while (match_walk_next(scope, &walk)) {
        const struct child_member *member = walk.member;
        if (member->archived || (self != NULL && same_professional(member, self)) ||
            (scope->kind == MATCH_FAMILY && met_before(scope, member))) {
            continue;
        }
        int result =
            match_involved_one(view, member->party, member->professional, &involved[count]);
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

/* Of the match of one child: a family's notices are not followed one by one. */
int match_unread(struct store_view *view, const struct match_scope *scope,
                 const struct unread **ret_unread, size_t *ret_count)
{
    struct unread *unread = arena_new(view->arena, (live_count(scope) + 1) * sizeof(*unread));
    struct match_walk walk = {0};
    size_t count = 0;
    if (unread == NULL) {
        return -ENOMEM;
    }
    while (match_walk_next(scope, &walk)) {
        const struct child_member *member = walk.member;
        bool is_unread = false;
        int result = member->archived ? 0
                                      : notice_is_unread(view, walk.of, member, &scope->match->id,
                                                         &is_unread, &unread[count].since);
        if (result == 0 && is_unread) {
            result =
                match_involved_one(view, member->party, member->professional, &unread[count++].who);
        }
        if (result != 0) {
            return result;
        }
    }
    *ret_unread = unread;
    *ret_count = count;
    return 0;
}

/* A party's own signal in this match, and the instant at which it was told by it. */
static int fill_own_signal(struct store_view *view, const struct match_scope *scope,
                           const struct match_walk *walk, struct match_view *built,
                           struct own_signal *own)
{
    const struct child_member *member = walk->member;
    struct signal_row row;
    struct signal signal;
    int result = signal_row_open(view, walk->of, member->party, &member->signal, &row);
    if (result == 0) {
        result = signal_from_row(view, member->party, &member->signal, &row, &signal);
    }
    if (result != 0) {
        return result == STORE_NOT_FOUND ? VIEW_DAMAGED : result;
    }
    *own = (struct own_signal){member->signal, signal.reference, signal.professional};
    int64_t formed_at = scope->match->formed_at;
    int64_t came_at = uuid_instant(&member->signal);
    int64_t told = came_at > formed_at ? came_at : formed_at;
    built->notified_at = told < built->notified_at ? told : built->notified_at;
    return 0;
}

static int fill_own_signals(struct store_view *view, const struct match_scope *scope,
                            uint32_t party, struct match_view *built)
{
    struct own_signal *own = arena_new(view->arena, (live_count(scope) + 1) * sizeof(*own));
    struct match_walk walk = {0};
    int result = 0;
    if (own == NULL) {
        return -ENOMEM;
    }
    built->own = own;
    built->notified_at = INT64_MAX;
    while (result == 0 && match_walk_next(scope, &walk)) {
        if (walk.member->party == party && !walk.member->archived &&
            child_match_had(scope->match, &walk.member->signal)) {
            result = fill_own_signal(view, scope, &walk, built, &own[built->own_count++]);
        }
    }
    return result;
}

int match_concerns(struct store_view *view, const struct match_scope *scope, uint32_t municipality,
                   bool *ret_concerns)
{
    struct match_walk walk = {0};
    *ret_concerns = false;
    while (!*ret_concerns && match_walk_next(scope, &walk)) {
        uint32_t party;
        if (walk.member->archived) {
            continue;
        }
        int result =
            party_of_follow_up(view, walk.of->residence, walk.member->municipality, &party);
        if (result != 0) {
            return result;
        }
        *ret_concerns = party != 0 && party == municipality;
    }
    return 0;
}

/* A municipality was told when its row was written; it sees what is its to follow up, and what
 * has ended. */
static int municipality_notified(struct store_view *view, const struct match_scope *scope,
                                 uint32_t party, struct match_view *built)
{
    struct row_key key = layout_party_uuid(party, PARTY_MATCH_TOLD, &scope->match->id);
    struct kv_bytes value;
    bool concerns = scope->match->status == MATCH_ENDED;
    int result = concerns ? 0 : match_concerns(view, scope, party, &concerns);
    if (result != 0 || !concerns) {
        return result != 0 ? result : STORE_NOT_FOUND;
    }
    result = kv_get(view->kv, KV_PARTY, row_key_bytes(&key), &value);
    if (result == 0 && value.size != 8) {
        result = VIEW_DAMAGED;
    }
    if (result == 0) {
        built->notified_at = (int64_t)get_be64(value.data);
    }
    return result;
}

/* Whether the party's own signals in the match are all of one professional. */
static bool is_of_one(const struct match_scope *scope, const struct match_view *built)
{
    bool of_one = built->own_count > 0;
    for (size_t i = 1; i < built->own_count && of_one; i++) {
        const struct child_member *first = find_member(scope, &built->own[0].id);
        const struct child_member *next = find_member(scope, &built->own[i].id);
        of_one = first != NULL && next != NULL && same_professional(first, next);
    }
    return of_one;
}

/* Counted from when this party was told: the match's own date would tell a newcomer when the others
 * signalled. A newcomer who made it open again set a later one, of which everyone was told. */
static int32_t follow_up_shown(const struct store_view *view, const struct child_match *match,
                               int64_t notified_at)
{
    int32_t own = calendar_dutch_day(notified_at) + view->policy->follow_up_days;
    return own > match->follow_up_due_day ? own : match->follow_up_due_day;
}

int match_view_build(struct store_view *view, const struct match_scope *scope,
                     const struct party *party, struct match_view *ret_view)
{
    struct match_view built = {.status = scope->match->status};
    match_view_identify(&scope->match->id, scope->kind, &built);
    int result = fill_own_signals(view, scope, party->number, &built);
    if (result == 0 && built.own_count == 0) {
        result = municipality_notified(view, scope, party->number, &built);
    }
    if (result == 0 && scope->match->status != MATCH_ENDED) {
        built.follow_up_due_day = follow_up_shown(view, scope->match, built.notified_at);
        /* With one professional of its own, everyone else; with more, each of its own is another
         * to the other one. */
        result = match_involved(view, scope, is_of_one(scope, &built) ? &built.own[0].id : NULL,
                                &built.involved, &built.involved_count);
    }
    if (result == 0) {
        *ret_view = built;
    }
    return result;
}
