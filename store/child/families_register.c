/* SPDX-License-Identifier: EUPL-1.2 */
/* What the population register tells of a family: relations, and two numbers that are one child. */
#include <string.h>

#include "store/child/families.h"
#include "store/child/familydesk.h"
#include "store/child/matchrow.h"
#include "store/notice/notices.h"

static const struct family_review by_register = {
    .by_register = true, .may_form = true, .may_end = true};

static size_t find_tie(const struct child_file *file, const struct child_key *key)
{
    size_t at = 0;
    while (at < file->tie_count && memcmp(&file->ties[at].key, key, sizeof(*key)) != 0) {
        at++;
    }
    return at;
}

static void remove_tie(struct child_file *file, size_t at)
{
    file->tie_count--;
    memmove(&file->ties[at], &file->ties[at + 1], (file->tie_count - at) * sizeof(file->ties[0]));
}

/* ---- relations ---- */

static bool is_named(const struct family_relation *relations, size_t count,
                     const struct child_key *key)
{
    for (size_t i = 0; i < count; i++) {
        if (memcmp(&relations[i].who.key, key, sizeof(*key)) == 0) {
            return true;
        }
    }
    return false;
}

static int lose_ties(struct store_tx *tx, struct child_file *file,
                     const struct family_relation *relations, size_t count)
{
    size_t at = 0;
    while (at < file->tie_count) {
        if (is_named(relations, count, &file->ties[at].key)) {
            at++;
            continue;
        }
        int result = tie_row_leave(&tx->view, &file->ties[at].key, file);
        if (result != 0) {
            return result;
        }
        remove_tie(file, at);
    }
    return 0;
}

/* The tie counts now, or counts no more, for the other children too. */
static int review_others(struct family_desk *desk, const struct tie_row *before)
{
    struct child_file *others[FAMILY_CHILDREN_MAXIMUM];
    size_t count = 0;
    int result = 0;
    for (size_t i = 0; i < before->listed_count && result == 0; i++) {
        result = family_desk_take(desk, &before->listed[i], &others[count]);
        count += result == 0 && others[count] != desk->own ? 1 : 0;
    }
    for (size_t i = 0; i < count; i++) {
        for (size_t j = i + 1; j < count && result == 0; j++) {
            result = family_review_pair(desk, others[i], others[j], &by_register);
        }
    }
    return result;
}

static int gain_tie(struct family_desk *desk, uint32_t evaluation_key,
                    const struct family_relation *relation)
{
    struct store_view *view = &desk->tx->view;
    struct child_file *file = desk->own;
    const struct child_key *key = &relation->who.key;
    struct tie_row before;
    int result = tie_row_load(view, key, &before);
    if (result == STORE_NOT_FOUND) {
        before = (struct tie_row){.kind = relation->kind,
                                  .evaluation_key = evaluation_key,
                                  .element = relation->who.element};
    } else if (result != 0 || before.kind != relation->kind) {
        return result != 0 ? result : VIEW_DAMAGED;
    }
    struct tie_row row = before;
    row.institution = relation->kind == TIE_ADDRESS && relation->institution;
    if (find_tie(file, key) == file->tie_count) {
        tie_row_add(&row, &file->key);
        file->ties[file->tie_count++] = (struct child_tie){relation->kind, *key};
    }
    tie_row_save(view, key, &row);
    bool changed = family_tie_counts(view, &before) != family_tie_counts(view, &row);
    return changed ? review_others(desk, &before) : 0;
}

int families_relate(struct store_tx *tx, struct child_file *file, uint32_t evaluation_key,
                    const struct family_relation *relations, size_t count)
{
    struct family_desk desk = {.tx = tx, .own = file};
    if (count > CHILDFILE_TIES_MAXIMUM) {
        return -E2BIG;
    }
    int result = lose_ties(tx, file, relations, count);
    for (size_t i = 0; i < count && result == 0; i++) {
        /* Told twice, it is one relation still: the second time it is there already. */
        result = gain_tie(&desk, evaluation_key, &relations[i]);
    }
    if (result == 0) {
        result = family_review_own(&desk, true, &by_register);
    }
    family_desk_save(&desk);
    return result != 0 ? result : kv_fault(tx->view.kv);
}

/* ---- two numbers become one child ---- */

static int move_tie(struct store_tx *tx, struct child_file *file, const struct child_file *from,
                    const struct child_tie *tie)
{
    struct tie_row row;
    int result = tie_row_load(&tx->view, &tie->key, &row);
    if (result == 0) {
        bool crowded = tie_row_is_crowded(&row);
        result = tie_row_remove(&row, from);
        bool has = find_tie(file, &tie->key) < file->tie_count;
        if (result == 0 && !has && file->tie_count < CHILDFILE_TIES_MAXIMUM) {
            tie_row_add(&row, &file->key);
            file->ties[file->tie_count++] = *tie;
        }
        row.listed_count = crowded ? 0 : row.listed_count;
    }
    if (result == 0) {
        tie_row_save(&tx->view, &tie->key, &row);
    }
    return result == STORE_NOT_FOUND ? VIEW_DAMAGED : result;
}

/* `before` and `from`, as they were, have become the desk's own file. */
struct joining {
    struct family_desk *desk;
    const struct child_file *before;
    const struct child_file *from;
};

static bool had_live(const struct child_file *file, const struct child_member *professional)
{
    for (size_t i = 0; i < file->member_count; i++) {
        const struct child_member *member = &file->members[i];
        if (!member->archived && member->party == professional->party &&
            member->professional == professional->professional) {
            return true;
        }
    }
    return false;
}

/* What he was told of the match went with his signal, of which there were two. */
static int tell_again(struct store_tx *tx, const struct match_scope *scope,
                      const struct child_file *file, const struct child_member *member)
{
    struct notice_draft draft = {.type = NOTICE_MATCH_FORMED,
                                 .match = &scope->match->id,
                                 .kind = MATCH_FAMILY,
                                 .own = member};
    return notice_send(tx, file, member->party, &draft, NULL);
}

/* A match goes on, in which the signals of `stays` were; everyone is told if others have come. */
static int announce_grown(const struct joining *joining, const struct match_scope *scope,
                          const struct child_file *stays)
{
    struct store_tx *tx = joining->desk->tx;
    const struct child_file *file = joining->desk->own;
    struct uuid *signals = arena_new(tx->view.arena, (file->member_count + 1) * sizeof(*signals));
    struct match_newcomers newcomers = {.signals = signals};
    int result = 0;
    if (signals == NULL) {
        return -ENOMEM;
    }
    for (size_t i = 0; i < file->member_count; i++) {
        const struct child_member *member = &file->members[i];
        if (!member->archived && !had_live(stays, member)) {
            signals[newcomers.count++] = member->signal;
        }
    }
    if (newcomers.count > 0) {
        return match_announce(tx, scope, &newcomers, false);
    }
    for (size_t i = 0; i < file->member_count && result == 0; i++) {
        const struct child_member *member = &file->members[i];
        if (!member->archived && child_file_member(stays, &member->signal) == NULL) {
            result = tell_again(tx, scope, file, member);
        }
    }
    return result;
}

/*
 * Who was in a match is told by the order of ids, which says nothing of two files with signals:
 * then those that have ended go, and those that go on take the merge as their beginning.
 */
static bool both_had_signals(const struct joining *joining)
{
    return joining->before->member_count > 0 && joining->from->member_count > 0;
}

static int go_on(const struct joining *joining, struct child_match *match,
                 const struct child_family *entry, struct child_file *other,
                 const struct child_file *stays)
{
    struct family_desk *desk = joining->desk;
    struct match_scope scope = family_scope(match, other, desk->own);
    int result = 0;
    if (both_had_signals(joining)) {
        match->formed_by = desk->tx->view.head.last_signal;
        match->formed_at = desk->tx->now;
    }
    if (match->status != MATCH_ENDED) {
        result = announce_grown(joining, &scope, stays);
    }
    match_row_put_family(desk->tx, match, entry, &desk->own->key);
    return result;
}

/* A match that `file` had; one between the two is none any more. */
static int keep_match(const struct joining *joining, size_t *index)
{
    struct family_desk *desk = joining->desk;
    struct child_file *file = desk->own;
    struct child_family *entry = &file->families[*index];
    struct child_match match;
    struct child_file *other = NULL;
    int result = match_row_open_family(&desk->tx->view, entry, &match);
    if (result == 0) {
        result = family_desk_take(desk, &entry->other, &other);
    }
    if (result != 0) {
        return result;
    }
    if (other == file || (match.status == MATCH_ENDED && both_had_signals(joining))) {
        return family_drop(desk, file, *index, &match);
    }
    (*index)++;
    return go_on(joining, &match, entry, other, joining->before);
}

/* The other child's entry of a match leads to `file` from now on. */
static void lead_here(struct family_desk *desk, struct child_file *other, const struct uuid *match)
{
    for (size_t i = 0; i < other->family_count; i++) {
        if (memcmp(&other->families[i].match, match, sizeof(*match)) == 0) {
            other->families[i].other = desk->own->key;
        }
    }
    family_desk_touch(desk, other);
}

/* Whether a match of `from` becomes the file's: not when it has an open one with that child. */
static int find_place(const struct joining *joining, const struct child_file *other,
                      const struct child_match *match, bool *ret_moves)
{
    struct family_desk *desk = joining->desk;
    struct child_match open;
    size_t index;
    *ret_moves = false;
    if (match->status == MATCH_ENDED && both_had_signals(joining)) {
        return 0;
    }
    int result = family_find_open(desk, desk->own, other, &index, &open);
    if (result != 0 || (match->status != MATCH_ENDED && index < desk->own->family_count)) {
        return result;
    }
    return family_make_place(desk, desk->own, ret_moves);
}

static int move_match(const struct joining *joining, const struct child_family *entry)
{
    struct family_desk *desk = joining->desk;
    struct child_file *file = desk->own;
    struct child_match match;
    struct child_file *other = NULL;
    bool moves;
    int result = family_desk_take(desk, &entry->other, &other);
    if (result != 0 || other == file) {
        return result; /* that between the two has gone already */
    }
    result = match_row_open_family(&desk->tx->view, entry, &match);
    if (result == 0) {
        result = find_place(joining, other, &match, &moves);
    }
    if (result != 0) {
        return result;
    }
    if (!moves) {
        match_drop(desk->tx, &match);
        family_remove_entry(other, &match.id);
        family_desk_touch(desk, other);
        return 0;
    }
    struct child_family *moved = &file->families[file->family_count++];
    *moved = *entry;
    moved->other = other->key;
    lead_here(desk, other, &match.id);
    return go_on(joining, &match, moved, other, joining->from);
}

int families_merge(struct store_tx *tx, struct child_file *file, const struct child_file *before,
                   const struct child_file *from)
{
    struct family_desk desk = {.tx = tx, .own = file, .merged = from};
    struct joining joining = {&desk, before, from};
    int result = 0;
    uuid_make_ordered(tx->now, &tx->view.head.last_signal);
    for (size_t i = 0; i < from->tie_count && result == 0; i++) {
        result = move_tie(tx, file, from, &from->ties[i]);
    }
    for (size_t i = 0; i < file->family_count && result == 0;) {
        result = keep_match(&joining, &i);
    }
    for (size_t i = 0; i < from->family_count && result == 0; i++) {
        result = move_match(&joining, &from->families[i]);
    }
    if (result == 0) {
        result = family_review_own(&desk, true, &by_register);
    }
    family_desk_save(&desk);
    if (result != 0) {
        return result == STORE_NOT_FOUND ? VIEW_DAMAGED : result;
    }
    return kv_fault(tx->view.kv);
}
