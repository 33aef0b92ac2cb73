/* SPDX-License-Identifier: EUPL-1.2 */
/* What the population register tells, in the reference. */
#include <stdlib.h>
#include <string.h>

#include "store/base/clock.h"
#include "tests/unit/store/reference.h"

static struct reference_child *child_at(struct reference *reference, size_t child)
{
    reference->children[child].touched = true;
    return &reference->children[child];
}

/* Without a signal it stays until the day, or longer. */
static void keep_until(struct reference_child *child, int32_t day)
{
    if (child->members.count == 0 && child->kept_until < day) {
        child->kept_until = day;
    }
}

/* So do its residence and ties. */
static void keep_told(struct reference_child *child, int32_t day)
{
    keep_until(child, day);
    if (child->members.count == 0 && child->told_until < day) {
        child->told_until = day;
    }
}

static bool is_kept(const struct reference *reference, size_t child)
{
    return reference->policy.registry_wait_days > 0 ||
           (child != NONE && reference->children[child].members.count > 0);
}

static int32_t wait_day(const struct reference *reference, struct reference_when when)
{
    return calendar_dutch_day(when.to) + reference->policy.registry_wait_days;
}

/* ---- death ---- */

void reference_died(struct reference *reference, int number, struct reference_when when)
{
    size_t child = reference->number_child[number];
    reference_log(reference, LOG_PERSON_DIED, NONE, 0);
    if (child == NONE) {
        return;
    }
    reference_forget_matches(reference, child);
    while (reference->children[child].members.count > 0) {
        size_t signal = reference->children[child].members.items[0];
        reference_count_erased(reference, signal, when.to);
        reference_take_out(reference, signal, when);
        reference_log(reference, LOG_SIGNAL_ERASED, signal, 0);
    }
    reference_forget_child(reference, child);
}

/* ---- a move ---- */

/* `party` -1: the new home has not joined, and the follow-up is that of the signals again. */
static void tell_new_home(struct reference *reference, size_t number, int party,
                          struct reference_when when)
{
    struct reference_match *match = &reference->matches[number];
    if (match->status == MATCH_ENDED) {
        return;
    }
    if (party < 0) {
        reference_tell_municipalities(reference, number, when);
        return;
    }
    if (!match->told[party]) {
        match->told[party] = true;
        match->told_when[party] = when;
    }
    reference_tell_municipality(reference, party, NOTICE_YOUTH_MOVED, number, when);
}

void reference_moved(struct reference *reference, int number, int town, struct reference_when when)
{
    size_t child = reference->number_child[number];
    int party = reference->town_owner[town];
    reference_log(reference, LOG_PERSON_MOVED, NONE, 0);
    if (!is_kept(reference, child)) {
        return;
    }
    child = child == NONE ? reference_make_child(reference, number) : child;
    struct reference_child *moved = child_at(reference, child);
    keep_told(moved, wait_day(reference, when));
    if (moved->residence == town) {
        return;
    }
    moved->residence = town;
    for (size_t i = 0; i < moved->members.count; i++) {
        size_t signal = moved->members.items[i];
        if (reference->signals[signal].state == REFERENCE_LIVE) {
            reference_tell_own(reference, NOTICE_YOUTH_MOVED, NONE, signal, when);
        }
    }
    for (size_t i = 0; i < moved->matches.count; i++) {
        tell_new_home(reference, moved->matches.items[i], party, when);
    }
    for (size_t i = 0; i < moved->families.count; i++) {
        tell_new_home(reference, moved->families.items[i], party, when);
    }
}

/* ---- relations ---- */

static bool has_tie(const int *ties, size_t count, int tie)
{
    for (size_t i = 0; i < count; i++) {
        if (ties[i] == tie) {
            return true;
        }
    }
    return false;
}

/* Those that go on stay in their order: which of too many goes along in a merge depends on it. */
static void state_ties(struct reference_child *child, const int *ties, size_t count)
{
    size_t kept = 0;
    for (size_t i = 0; i < child->tie_count; i++) {
        if (has_tie(ties, count, child->ties[i])) {
            child->ties[kept++] = child->ties[i];
        }
    }
    for (size_t i = 0; i < count; i++) {
        if (!has_tie(child->ties, kept, ties[i])) {
            child->ties[kept++] = ties[i];
        }
    }
    child->tie_count = kept;
}

void reference_relations(struct reference *reference, int number,
                         const struct reference_relations *relations, struct reference_when when)
{
    size_t child = reference->number_child[number];
    size_t count = is_kept(reference, child) ? relations->tie_count : 0;
    reference_log(reference, LOG_RELATIONS_CHANGED, NONE, 0);
    if (child == NONE && count == 0) {
        return;
    }
    child = child == NONE ? reference_make_child(reference, number) : child;
    state_ties(child_at(reference, child), relations->ties, count);
    for (size_t i = 0; i < count; i++) {
        if (relations->ties[i] >= REFERENCE_PARENTS) {
            reference->institution[relations->ties[i] - REFERENCE_PARENTS] = relations->institution;
        }
    }
    reference_review_families(reference, true, when);
    if (is_kept(reference, child)) {
        keep_told(&reference->children[child], wait_day(reference, when));
    }
}

/* ---- two numbers become one child ---- */

size_t reference_lesser(const struct reference *reference, size_t one, size_t other)
{
    int32_t of_one = reference->signals[one].removal_day;
    int32_t of_other = reference->signals[other].removal_day;
    if (of_one != of_other) {
        return of_one < of_other ? one : other;
    }
    return one < other ? other : one; /* of two alike the older stays */
}

void reference_merge_signals(struct reference *reference, size_t one, size_t other,
                             struct reference_when when)
{
    size_t gone = reference_lesser(reference, one, other);
    struct reference_signal *kept = &reference->signals[gone == one ? other : one];
    if (kept->reference[0] == '\0') {
        memcpy(kept->reference, reference->signals[gone].reference, sizeof(kept->reference));
    }
    reference_take_out(reference, gone, when);
    reference_log(reference, LOG_SIGNAL_MERGED, gone, 0);
}

static void copy_list(const struct reference_list *list, struct reference_list *ret_copy)
{
    for (size_t i = 0; i < list->count; i++) {
        list_add(ret_copy, list->items[i]);
    }
}

/* The two as they were before. */
struct merger {
    size_t into;
    size_t from;
    struct reference_list own;      /* members of the one that stays */
    struct reference_list other;    /* of the one that goes into it */
    struct reference_list own_by;   /* who were live in the one */
    struct reference_list other_by; /* and in the other */
};

static bool both_had_signals(const struct merger *merger)
{
    return merger->own.count > 0 && merger->other.count > 0;
}

static size_t find_live_among(const struct reference *reference, const struct reference_list *among,
                              size_t professional)
{
    for (size_t i = 0; i < among->count; i++) {
        const struct reference_signal *signal = &reference->signals[among->items[i]];
        if (signal->state == REFERENCE_LIVE && signal->professional == professional) {
            return among->items[i];
        }
    }
    return NONE;
}

static void merge_members(struct reference *reference, const struct merger *merger,
                          struct reference_when when)
{
    struct reference_list *members = &child_at(reference, merger->into)->members;
    reference->children[merger->from].members.count = 0;
    for (size_t i = 0; i < merger->other.count; i++) {
        reference->signals[merger->other.items[i]].child = merger->into;
        list_add(members, merger->other.items[i]);
    }
    list_sort(members);
    for (size_t i = 0; i < merger->other.count; i++) {
        size_t signal = merger->other.items[i];
        size_t twin =
            find_live_among(reference, &merger->own, reference->signals[signal].professional);
        if (reference->signals[signal].state == REFERENCE_LIVE && twin != NONE) {
            reference_merge_signals(reference, twin, signal, when);
        }
    }
}

/* Of two open matches the older stays; what has ended goes, for it could not be told any more
 * whose it was. Returns the one that is open now; NONE. */
static size_t merge_matches(struct reference *reference, const struct merger *merger,
                            const struct reference_match *own, const struct reference_match *other)
{
    struct reference_list all = {0};
    const struct reference_match *kept =
        own == NULL || (other != NULL && other->formed.from < own->formed.from) ? other : own;
    size_t stays = kept == NULL ? NONE : (size_t)(kept - reference->matches);
    copy_list(&reference->children[merger->into].matches, &all);
    copy_list(&reference->children[merger->from].matches, &all);
    for (size_t i = 0; i < all.count; i++) {
        struct reference_match *match = &reference->matches[all.items[i]];
        if (both_had_signals(merger) && all.items[i] != stays) {
            reference_drop_match(reference, all.items[i]);
        } else if (match->children[0] == merger->from) {
            list_remove(&reference->children[merger->from].matches, all.items[i]);
            list_add(&reference->children[merger->into].matches, all.items[i]);
            match->children[0] = merger->into;
        }
    }
    free(all.items);
    return stays;
}

/* Whoever was not in the match that stays is told of it; and so is who was, with a signal that went
 * in the merge. */
static void tell_of_merger(struct reference *reference, const struct merger *merger, size_t stays,
                           const struct reference_list *met, const struct reference_list *met_by,
                           struct reference_when when)
{
    struct reference_list newcomers = {0};
    struct reference_list moved = {0};
    const struct reference_list *members = &reference->children[merger->into].members;
    for (size_t i = 0; i < members->count; i++) {
        const struct reference_signal *signal = &reference->signals[members->items[i]];
        if (signal->state == REFERENCE_LIVE && !list_has(met, members->items[i])) {
            list_add(list_has(met_by, signal->professional) ? &moved : &newcomers,
                     members->items[i]);
        }
    }
    if (stays == NONE) {
        reference_arrived(reference, merger->into, &newcomers, when);
    } else {
        struct reference_match *match = &reference->matches[stays];
        match->in.count = 0; /* who had left before never met those who came */
        match->formed = when;
        reference_in_scope(reference, match, &match->in);
        for (size_t i = 0; i < moved.count && newcomers.count == 0; i++) {
            reference_tell_own(reference, NOTICE_MATCH_FORMED, stays, moved.items[i], when);
        }
        if (newcomers.count > 0) {
            reference_announce(reference, stays, &newcomers, false, when);
        }
    }
    free(newcomers.items);
    free(moved.items);
}

/* A family match goes on, in which the signals of one of the two were: whoever comes with the other
 * is told, and so is who was in it with a signal that went. */
static void go_on(struct reference *reference, const struct merger *merger, size_t number,
                  const struct reference_list *met, const struct reference_list *met_by,
                  struct reference_when when)
{
    struct reference_match *match = &reference->matches[number];
    struct reference_list newcomers = {0};
    const struct reference_list *members = &reference->children[merger->into].members;
    if (match->status == MATCH_ENDED) {
        return;
    }
    if (both_had_signals(merger)) {
        match->in.count = 0; /* who had left before never met those who came */
        match->formed = when;
        reference_in_scope(reference, match, &match->in);
    }
    for (size_t i = 0; i < members->count; i++) {
        const struct reference_signal *signal = &reference->signals[members->items[i]];
        if (signal->state == REFERENCE_LIVE && !list_has(met_by, signal->professional)) {
            list_add(&newcomers, members->items[i]);
        }
    }
    if (newcomers.count > 0) {
        reference_announce(reference, number, &newcomers, false, when);
    }
    for (size_t i = 0; newcomers.count == 0 && i < members->count; i++) {
        size_t signal = members->items[i];
        if (reference->signals[signal].state == REFERENCE_LIVE && !list_has(met, signal)) {
            reference_tell_own(reference, NOTICE_MATCH_FORMED, number, signal, when);
        }
    }
    free(newcomers.items);
}

static void move_family(struct reference *reference, const struct merger *merger, size_t number,
                        struct reference_when when)
{
    struct reference_match *match = &reference->matches[number];
    int here = match->children[0] == merger->from ? 0 : 1;
    size_t other = match->children[1 - here];
    bool ended = match->status == MATCH_ENDED;
    bool goes = ended ? both_had_signals(merger)
                      : reference_family_match(reference, merger->into, other) != NONE;
    if (goes || !reference_make_place(reference, MATCH_FAMILY, merger->into)) {
        reference_drop_match(reference, number);
        return;
    }
    list_remove(&reference->children[merger->from].families, number);
    list_add(&reference->children[merger->into].families, number);
    match->children[here] = merger->into;
    reference->children[other].touched = true;
    go_on(reference, merger, number, &merger->other, &merger->other_by, when);
}

static void merge_families(struct reference *reference, const struct merger *merger,
                           struct reference_when when)
{
    struct reference_list own = {0};
    struct reference_list other = {0};
    copy_list(&reference->children[merger->into].families, &own);
    copy_list(&reference->children[merger->from].families, &other);
    for (size_t i = 0; i < own.count; i++) {
        const struct reference_match *match = &reference->matches[own.items[i]];
        bool between = match->children[0] == merger->from || match->children[1] == merger->from;
        if (between || (match->status == MATCH_ENDED && both_had_signals(merger))) {
            reference_drop_match(reference, own.items[i]);
        } else {
            go_on(reference, merger, own.items[i], &merger->own, &merger->own_by, when);
        }
    }
    for (size_t i = 0; i < other.count; i++) {
        if (!reference->matches[other.items[i]].forgotten) {
            move_family(reference, merger, other.items[i], when);
        }
    }
    free(own.items);
    free(other.items);
}

static void merge_facts(struct reference *reference, const struct merger *merger)
{
    struct reference_child *into = child_at(reference, merger->into);
    struct reference_child *from = child_at(reference, merger->from);
    for (size_t i = 0; i < from->number_count; i++) {
        into->numbers[into->number_count++] = from->numbers[i];
        reference->number_child[from->numbers[i]] = merger->into;
    }
    into->residence = into->residence >= 0 ? into->residence : from->residence;
    into->kept_until = from->kept_until > into->kept_until ? from->kept_until : into->kept_until;
    into->kept_until = into->members.count > 0 ? 0 : into->kept_until;
    into->told_until = from->told_until > into->told_until ? from->told_until : into->told_until;
    into->told_until = into->members.count > 0 ? 0 : into->told_until;
    for (size_t i = 0; i < from->tie_count; i++) {
        if (!has_tie(into->ties, into->tie_count, from->ties[i]) &&
            into->tie_count < REFERENCE_TIES) {
            into->ties[into->tie_count++] = from->ties[i];
        }
    }
    for (int party = 0; party < REFERENCE_PARTIES; party++) {
        into->looked_at[party] = from->looked_at[party] > into->looked_at[party]
                                     ? from->looked_at[party]
                                     : into->looked_at[party];
    }
    from->merged_into = merger->into;
    list_remove(&reference->present, merger->from);
}

static void list_professionals(const struct reference *reference,
                               const struct reference_list *signals, struct reference_list *ret_by)
{
    for (size_t i = 0; i < signals->count; i++) {
        if (reference->signals[signals->items[i]].state == REFERENCE_LIVE) {
            list_add(ret_by, reference->signals[signals->items[i]].professional);
        }
    }
}

/* What has come of it in families, and who is to follow all of it up. */
static void review_merger(struct reference *reference, const struct merger *merger,
                          struct reference_when when)
{
    const struct reference_match *open = reference_open_match(reference, merger->into);
    if (open != NULL) {
        reference_tell_municipalities(reference, (size_t)(open - reference->matches), when);
    }
    merge_families(reference, merger, when);
    reference_review_families(reference, true, when);
    const struct reference_list *families = &reference->children[merger->into].families;
    for (size_t i = 0; i < families->count; i++) {
        if (reference->matches[families->items[i]].status != MATCH_ENDED) {
            reference_tell_municipalities(reference, families->items[i], when);
        }
    }
}

static void merge_children(struct reference *reference, struct merger *merger,
                           struct reference_when when)
{
    const struct reference_match *own = reference_open_match(reference, merger->into);
    const struct reference_match *other = reference_open_match(reference, merger->from);
    bool others_stay = other != NULL && (own == NULL || other->formed.from < own->formed.from);
    copy_list(&reference->children[merger->into].members, &merger->own);
    copy_list(&reference->children[merger->from].members, &merger->other);
    list_professionals(reference, &merger->own, &merger->own_by);
    list_professionals(reference, &merger->other, &merger->other_by);
    merge_members(reference, merger, when);
    size_t stays = merge_matches(reference, merger, own, other);
    merge_facts(reference, merger);
    if (both_had_signals(merger)) {
        tell_of_merger(reference, merger, stays, others_stay ? &merger->other : &merger->own,
                       others_stay ? &merger->other_by : &merger->own_by, when);
    }
    review_merger(reference, merger, when);
    free(merger->own.items);
    free(merger->other.items);
    free(merger->own_by.items);
    free(merger->other_by.items);
}

static size_t count_aliases(const struct reference *reference, size_t child)
{
    return child == NONE ? 0 : reference->children[child].number_count - 1;
}

static void join_persons(struct reference *reference, int number, int by)
{
    int from = reference->number_person[number];
    int into = reference->number_person[by];
    for (int i = 0; i < REFERENCE_NUMBERS; i++) {
        reference->number_person[i] =
            reference->number_person[i] == from ? into : reference->number_person[i];
    }
    for (int party = 0; party < REFERENCE_PARTIES; party++) {
        int64_t looked_at = reference->person_looked_at[from][party];
        reference->person_looked_at[into][party] =
            looked_at > reference->person_looked_at[into][party]
                ? looked_at
                : reference->person_looked_at[into][party];
    }
}

int reference_replaced(struct reference *reference, int number, int by, bool assigned,
                       struct reference_when when)
{
    enum log_event event = assigned ? LOG_BSN_ASSIGNED : LOG_BSN_REPLACED;
    struct merger merger = {.into = reference->number_child[by],
                            .from = reference->number_child[number]};
    if (number == by || (merger.into != NONE && merger.into == merger.from)) {
        reference_log(reference, event, NONE, 0);
        return 0;
    }
    if (count_aliases(reference, merger.into) + count_aliases(reference, merger.from) + 1 >
        REFERENCE_ALIASES) {
        return reference_refuse(reference, STORE_TOO_MANY);
    }
    reference_log(reference, event, NONE, 0);
    join_persons(reference, number, by);
    merger.into = merger.into == NONE ? reference_make_child(reference, by) : merger.into;
    merger.from = merger.from == NONE ? reference_make_child(reference, number) : merger.from;
    merge_children(reference, &merger, when);
    keep_until(&reference->children[merger.into],
               calendar_add_years(calendar_dutch_day(when.to), reference->policy.age_limit));
    return 0;
}
