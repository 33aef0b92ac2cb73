/* SPDX-License-Identifier: EUPL-1.2 */
#include "store/child/familydesk.h"

#include <string.h>

#include "store/child/matchrow.h"
#include "store/party/statistics.h"

struct desk_file {
    struct desk_file *next;
    bool changed;
    struct child_file file;
};

/* ---- the files ---- */

static struct child_file *find_taken(const struct family_desk *desk, const struct child_key *key)
{
    if (tie_row_names(key, desk->own) ||
        (desk->merged != NULL && tie_row_names(key, desk->merged))) {
        return desk->own;
    }
    for (struct desk_file *taken = desk->taken; taken != NULL; taken = taken->next) {
        if (tie_row_names(key, &taken->file)) {
            return &taken->file;
        }
    }
    return NULL;
}

int family_desk_take(struct family_desk *desk, const struct child_key *key,
                     struct child_file **ret_file)
{
    struct child_file *found = find_taken(desk, key);
    if (found != NULL) {
        *ret_file = found;
        return 0;
    }
    struct desk_file *taken = arena_new(desk->tx->view.arena, sizeof(*taken));
    if (taken == NULL) {
        return -ENOMEM;
    }
    int result = child_file_load(&desk->tx->view, key, &taken->file);
    if (result != 0) {
        return result == STORE_NOT_FOUND ? VIEW_DAMAGED : result;
    }
    found = find_taken(desk, &taken->file.key);
    if (found == NULL) {
        taken->next = desk->taken;
        desk->taken = taken;
        found = &taken->file;
    }
    *ret_file = found;
    return 0;
}

void family_desk_touch(struct family_desk *desk, const struct child_file *file)
{
    for (struct desk_file *taken = desk->taken; taken != NULL; taken = taken->next) {
        taken->changed = taken->changed || &taken->file == file;
    }
}

void family_desk_save(struct family_desk *desk)
{
    for (struct desk_file *taken = desk->taken; taken != NULL; taken = taken->next) {
        if (taken->changed) {
            child_file_save(&desk->tx->view, &taken->file);
            taken->changed = false;
        }
    }
}

static int add_sibling(struct family_desk *desk, const struct child_key *key,
                       struct family_siblings *siblings)
{
    struct child_file *file = NULL;
    int result = family_desk_take(desk, key, &file);
    if (result != 0 || file == desk->own) {
        return result;
    }
    for (size_t i = 0; i < siblings->count; i++) {
        if (siblings->files[i] == file) {
            return 0;
        }
    }
    siblings->files[siblings->count++] = file;
    return 0;
}

static int add_tied(struct family_desk *desk, const struct child_tie *tie,
                    struct family_siblings *siblings)
{
    struct tie_row row;
    int result = tie_row_load(&desk->tx->view, &tie->key, &row);
    if (result != 0 || !family_tie_counts(&desk->tx->view, &row)) {
        return result == STORE_NOT_FOUND ? VIEW_DAMAGED : result;
    }
    for (size_t i = 0; i < row.listed_count && result == 0; i++) {
        result = add_sibling(desk, &row.listed[i], siblings);
    }
    return result;
}

int family_siblings_gather(struct family_desk *desk, bool by_ties,
                           struct family_siblings *ret_siblings)
{
    const struct child_file *own = desk->own;
    int result = 0;
    ret_siblings->count = 0;
    for (size_t i = 0; i < own->family_count && result == 0; i++) {
        result = add_sibling(desk, &own->families[i].other, ret_siblings);
    }
    for (size_t i = 0; by_ties && i < own->tie_count && result == 0; i++) {
        result = add_tied(desk, &own->ties[i], ret_siblings);
    }
    return result;
}

/* ---- what makes a match ---- */

static bool is_enabled(const struct store_policy *policy, enum tie_kind kind)
{
    return kind == TIE_PARENT ? policy->family_parent : policy->family_address;
}

bool family_tie_counts(const struct store_view *view, const struct tie_row *row)
{
    return is_enabled(view->policy, row->kind) && !row->institution && !tie_row_is_crowded(row);
}

static bool has_tie(const struct child_file *file, const struct child_key *tie)
{
    for (size_t i = 0; i < file->tie_count; i++) {
        if (memcmp(&file->ties[i].key, tie, sizeof(*tie)) == 0) {
            return true;
        }
    }
    return false;
}

static int share_tie(struct store_view *view, const struct child_file *one,
                     const struct child_file *two, bool *ret_share)
{
    *ret_share = false;
    for (size_t i = 0; i < one->tie_count && !*ret_share; i++) {
        struct tie_row row;
        if (!has_tie(two, &one->ties[i].key)) {
            continue;
        }
        int result = tie_row_load(view, &one->ties[i].key, &row);
        if (result != 0) {
            return result == STORE_NOT_FOUND ? VIEW_DAMAGED : result;
        }
        *ret_share = family_tie_counts(view, &row);
    }
    return 0;
}

/* One professional with both children knows of both. */
static bool has_two_professionals(const struct match_scope *scope)
{
    const struct child_member *first = NULL;
    struct match_walk walk = {0};
    while (match_walk_next(scope, &walk)) {
        const struct child_member *member = walk.member;
        if (member->archived) {
            continue;
        }
        if (first != NULL &&
            (member->party != first->party || member->professional != first->professional)) {
            return true;
        }
        first = member;
    }
    return false;
}

struct match_scope family_scope(struct child_match *match, struct child_file *first,
                                struct child_file *second)
{
    return (struct match_scope){
        .kind = MATCH_FAMILY, .match = match, .file_count = 2, .files = {first, second}};
}

/* ---- the entries of both files ---- */

int family_find_open(struct family_desk *desk, const struct child_file *one,
                     const struct child_file *two, size_t *ret_index, struct child_match *ret_match)
{
    for (size_t i = 0; i < one->family_count; i++) {
        struct child_file *other = NULL;
        int result = family_desk_take(desk, &one->families[i].other, &other);
        if (result == 0 && other != two) {
            continue;
        }
        if (result == 0) {
            result = match_row_open_family(&desk->tx->view, &one->families[i], ret_match);
        }
        if (result != 0) {
            return result == STORE_NOT_FOUND ? VIEW_DAMAGED : result;
        }
        if (ret_match->status != MATCH_ENDED) {
            *ret_index = i;
            return 0;
        }
    }
    *ret_index = one->family_count;
    return 0;
}

void family_remove_entry(struct child_file *file, const struct uuid *match)
{
    for (size_t i = 0; i < file->family_count; i++) {
        if (memcmp(&file->families[i].match, match, sizeof(*match)) == 0) {
            file->family_count--;
            memmove(&file->families[i], &file->families[i + 1],
                    (file->family_count - i) * sizeof(file->families[0]));
            return;
        }
    }
}

int family_drop(struct family_desk *desk, struct child_file *file, size_t index,
                const struct child_match *match)
{
    struct child_file *other = NULL;
    int result = family_desk_take(desk, &file->families[index].other, &other);
    if (result != 0) {
        return result;
    }
    match_drop(desk->tx, match);
    family_remove_entry(file, &match->id);
    family_remove_entry(other, &match->id);
    family_desk_touch(desk, file);
    family_desk_touch(desk, other);
    return 0;
}

int family_make_place(struct family_desk *desk, struct child_file *file, bool *ret_has_place)
{
    struct child_match oldest = {.ended_at = INT64_MAX};
    size_t at = file->family_count;
    *ret_has_place = file->family_count < CHILDFILE_FAMILIES_MAXIMUM;
    if (*ret_has_place) {
        return 0;
    }
    for (size_t i = 0; i < file->family_count; i++) {
        struct child_match match;
        int result = match_row_open_family(&desk->tx->view, &file->families[i], &match);
        if (result != 0) {
            return result == STORE_NOT_FOUND ? VIEW_DAMAGED : result;
        }
        if (match.status == MATCH_ENDED && match.ended_at < oldest.ended_at) {
            oldest = match;
            at = i;
        }
    }
    if (at == file->family_count) {
        return 0;
    }
    *ret_has_place = true;
    return family_drop(desk, file, at, &oldest);
}

/* ---- how a match begins, grows and ends ---- */

static void add_entries(struct family_desk *desk, struct child_file *one, struct child_file *two,
                        const struct uuid *match)
{
    struct child_family entry = {.match = *match, .other = two->key};
    one->families[one->family_count++] = entry;
    entry.other = one->key;
    two->families[two->family_count++] = entry;
    family_desk_touch(desk, one);
    family_desk_touch(desk, two);
}

static int form(struct family_desk *desk, struct child_file *one, struct child_file *two,
                const struct family_review *how)
{
    struct store_tx *tx = desk->tx;
    struct match_newcomers all = {0};
    struct child_match match;
    bool has_place;
    int result = family_make_place(desk, one, &has_place);
    if (result == 0 && has_place) {
        result = family_make_place(desk, two, &has_place);
    }
    if (result != 0 || !has_place) {
        return result;
    }
    if (how->by_register) {
        /* The event takes the place of a signal in their order: what had ended before it was never
         * in this match, though no signal has come in between. */
        uuid_make_ordered(tx->now, &tx->view.head.last_signal);
    }
    result = match_make(tx, &match);
    if (result != 0) {
        return result;
    }
    add_entries(desk, one, two, &match.id);
    struct match_scope scope = family_scope(&match, two, one);
    result = statistics_count_scope(tx, &scope, STATISTIC_FAMILY_MATCHES);
    if (result == 0) {
        result = match_announce(tx, &scope, &all, how->quiet);
    }
    match_row_put_family(tx, &match, &one->families[one->family_count - 1], &one->key);
    return result;
}

static int join_or_end(struct family_desk *desk, const struct child_file *one, size_t index,
                       const struct match_scope *scope, bool holds, const struct family_review *how)
{
    int result = 0;
    if (holds && how->newest != NULL) {
        struct match_newcomers newcomers = {1, how->newest};
        result = match_announce(desk->tx, scope, &newcomers, how->quiet);
    } else if (!holds && how->may_end) {
        result = match_end(desk->tx, scope, !how->quiet);
    } else {
        return 0;
    }
    match_row_put_family(desk->tx, scope->match, &one->families[index], &one->key);
    return result;
}

int family_review_pair(struct family_desk *desk, struct child_file *one, struct child_file *two,
                       const struct family_review *how)
{
    struct child_match match;
    /* The other file first: what is told to a municipality must outlive a file that goes. */
    struct match_scope scope = family_scope(&match, two, one);
    size_t index;
    bool holds = one->live_count > 0 && two->live_count > 0 && has_two_professionals(&scope);
    int result = holds ? share_tie(&desk->tx->view, one, two, &holds) : 0;
    if (result == 0) {
        result = family_find_open(desk, one, two, &index, &match);
    }
    if (result != 0) {
        return result;
    }
    if (index < one->family_count) {
        return join_or_end(desk, one, index, &scope, holds, how);
    }
    return holds && how->may_form ? form(desk, one, two, how) : 0;
}

int family_review_own(struct family_desk *desk, bool by_ties, const struct family_review *how)
{
    struct family_siblings siblings;
    int result = family_siblings_gather(desk, by_ties, &siblings);
    for (size_t i = 0; i < siblings.count && result == 0; i++) {
        result = family_review_pair(desk, desk->own, siblings.files[i], how);
    }
    return result;
}
