/* SPDX-License-Identifier: EUPL-1.2 */
/* Matches of one child and of two of a family, in the reference. */
#include <stdlib.h>

#include "store/base/clock.h"
#include "tests/unit/store/reference.h"

static int scope_size(const struct reference_match *match)
{
    return match->kind == MATCH_FAMILY ? 2 : 1;
}

static struct reference_list *kept_on(struct reference *reference, enum match_kind kind,
                                      size_t child)
{
    struct reference_child *on = &reference->children[child];
    on->touched = true;
    return kind == MATCH_FAMILY ? &on->families : &on->matches;
}

void reference_drop_match(struct reference *reference, size_t number)
{
    struct reference_match *match = &reference->matches[number];
    for (int i = 0; i < scope_size(match); i++) {
        list_remove(kept_on(reference, match->kind, match->children[i]), number);
    }
    if (match->status != MATCH_ENDED) {
        list_remove(&reference->open_matches, number);
    }
    match->forgotten = true;
}

bool reference_make_place(struct reference *reference, enum match_kind kind, size_t child)
{
    const struct reference_list *kept = kept_on(reference, kind, child);
    size_t limit = kind == MATCH_FAMILY ? REFERENCE_FAMILIES_KEPT : REFERENCE_MATCHES_KEPT;
    size_t first = NONE;
    if (kept->count < limit) {
        return true;
    }
    for (size_t i = 0; i < kept->count; i++) {
        const struct reference_match *match = &reference->matches[kept->items[i]];
        if (match->status == MATCH_ENDED &&
            (first == NONE || match->ended.from < reference->matches[first].ended.from)) {
            first = kept->items[i];
        }
    }
    if (first != NONE) {
        reference_drop_match(reference, first);
    }
    return first != NONE;
}

static size_t make_match(struct reference *reference, enum match_kind kind, size_t one, size_t two,
                         struct reference_when when)
{
    struct reference_list live = {0};
    if (!reference_make_place(reference, kind, one) ||
        (kind == MATCH_FAMILY && !reference_make_place(reference, kind, two))) {
        return NONE;
    }
    reference->matches = reference_grow(reference->matches, reference->match_count,
                                        &reference->match_capacity, sizeof(*reference->matches));
    struct reference_match *match = &reference->matches[reference->match_count];
    *match = (struct reference_match){
        .kind = kind,
        .children = {one, two},
        .status = MATCH_OPEN,
        .formed = when,
        .follow_up_day = calendar_dutch_day(when.to) + reference->policy.follow_up_days,
    };
    for (int i = 0; i < scope_size(match); i++) {
        list_add(kept_on(reference, kind, match->children[i]), reference->match_count);
    }
    list_add(&reference->open_matches, reference->match_count);
    reference_in_scope(reference, match, &live);
    reference_count_match(reference, &live,
                          kind == MATCH_FAMILY ? STATISTIC_FAMILY_MATCHES : STATISTIC_CHILD_MATCHES,
                          when.to);
    free(live.items);
    return reference->match_count++;
}

/* Those whose follow-up it is and who have not been told of it. */
static void tell_municipalities(struct reference *reference, size_t number,
                                const struct reference_list *live, bool quiet,
                                struct reference_when when)
{
    struct reference_match *match = &reference->matches[number];
    for (size_t i = 0; i < live->count; i++) {
        int party = reference_follow_up_of(reference, live->items[i]);
        if (party >= 0 && !match->told[party]) {
            match->told[party] = true;
            match->told_when[party] = when;
            if (!quiet) {
                reference_tell_municipality(reference, party, NOTICE_MATCH_FORMED, number, when);
            }
        }
    }
}

void reference_announce(struct reference *reference, size_t number,
                        const struct reference_list *newcomers, bool quiet,
                        struct reference_when when)
{
    struct reference_match *match = &reference->matches[number];
    struct reference_list live = {0};
    for (int i = 0; i < scope_size(match); i++) {
        reference->children[match->children[i]].touched = true;
    }
    if (newcomers->count > 0 && match->status == MATCH_CONTACTED) {
        match->status = MATCH_OPEN;
        match->follow_up_day = calendar_dutch_day(when.to) + reference->policy.follow_up_days;
    }
    reference_in_scope(reference, match, &live);
    for (size_t i = 0; i < live.count; i++) {
        bool is_new = newcomers->count == 0 || list_has(newcomers, live.items[i]);
        if (!list_has(&match->in, live.items[i])) {
            list_add(&match->in, live.items[i]);
        }
        if (!quiet) {
            reference_tell_own(reference, is_new ? NOTICE_MATCH_FORMED : NOTICE_MATCH_JOINED,
                               number, live.items[i], when);
        }
    }
    tell_municipalities(reference, number, &live, quiet, when);
    free(live.items);
}

void reference_tell_municipalities(struct reference *reference, size_t number,
                                   struct reference_when when)
{
    struct reference_list live = {0};
    reference_in_scope(reference, &reference->matches[number], &live);
    tell_municipalities(reference, number, &live, false, when);
    free(live.items);
}

static void end_match(struct reference *reference, size_t number, bool tell,
                      struct reference_when when)
{
    struct reference_match *match = &reference->matches[number];
    struct reference_list live = {0};
    match->status = MATCH_ENDED;
    match->ended = when;
    list_remove(&reference->open_matches, number);
    for (int i = 0; i < scope_size(match); i++) {
        reference->children[match->children[i]].touched = true;
    }
    if (tell && reference->policy.notify_departure) {
        reference_in_scope(reference, match, &live);
        for (size_t i = 0; i < live.count; i++) {
            reference_tell_own(reference, NOTICE_MATCH_ENDED, number, live.items[i], when);
        }
        for (int party = 0; party < REFERENCE_PARTIES; party++) {
            if (match->told[party]) {
                reference_tell_municipality(reference, party, NOTICE_MATCH_ENDED, number, when);
            }
        }
        free(live.items);
    }
}

/* ---- families ---- */

static bool tie_counts(const struct reference *reference, int tie)
{
    if (tie < REFERENCE_PARENTS) {
        return reference->policy.family_parent;
    }
    return reference->policy.family_address && !reference->institution[tie - REFERENCE_PARENTS];
}

bool reference_share_tie(const struct reference *reference, size_t one, size_t two)
{
    const struct reference_child *a = &reference->children[one];
    const struct reference_child *b = &reference->children[two];
    for (size_t i = 0; i < a->tie_count; i++) {
        for (size_t j = 0; j < b->tie_count; j++) {
            if (a->ties[i] == b->ties[j] && tie_counts(reference, a->ties[i])) {
                return true;
            }
        }
    }
    return false;
}

static bool is_family_match(const struct reference *reference, size_t one, size_t two)
{
    struct reference_match pair = {.kind = MATCH_FAMILY, .children = {one, two}};
    struct reference_list live = {0};
    bool two_professionals = false;
    if (!reference_share_tie(reference, one, two) || reference_live(reference, one) == 0 ||
        reference_live(reference, two) == 0) {
        return false;
    }
    reference_in_scope(reference, &pair, &live);
    for (size_t i = 1; i < live.count; i++) {
        two_professionals = two_professionals || reference->signals[live.items[i]].professional !=
                                                     reference->signals[live.items[0]].professional;
    }
    free(live.items);
    return two_professionals;
}

size_t reference_family_match(const struct reference *reference, size_t one, size_t two)
{
    const struct reference_list *kept = &reference->children[one].families;
    for (size_t i = 0; i < kept->count; i++) {
        const struct reference_match *match = &reference->matches[kept->items[i]];
        if (match->status != MATCH_ENDED &&
            (match->children[0] == two || match->children[1] == two)) {
            return kept->items[i];
        }
    }
    return NONE;
}

/* Holds two children to the rule. `newest`: a signal that has come; NONE. */
static void review_pair(struct reference *reference, size_t one, size_t two, size_t newest,
                        bool quiet, bool may_end, struct reference_when when)
{
    static const struct reference_list nobody;
    struct reference_list newcomers = {0};
    bool holds = is_family_match(reference, one, two);
    size_t match = reference_family_match(reference, one, two);
    if (match != NONE && !holds) {
        if (!may_end) {
            return;
        }
        end_match(reference, match, !quiet, when);
    } else if (match != NONE && newest != NONE) {
        list_add(&newcomers, newest);
        reference_announce(reference, match, &newcomers, quiet, when);
        free(newcomers.items);
    } else if (match == NONE && holds) {
        match = make_match(reference, MATCH_FAMILY, one, two, when);
        if (match != NONE) {
            reference_announce(reference, match, &nobody, quiet, when);
        }
    }
}

void reference_review_families(struct reference *reference, bool may_end,
                               struct reference_when when)
{
    const struct reference_list *present = &reference->present;
    for (size_t i = 0; i < present->count; i++) {
        for (size_t j = i + 1; j < present->count; j++) {
            review_pair(reference, present->items[i], present->items[j], NONE, false, may_end,
                        when);
        }
    }
}

/* ---- a signal comes, goes, was wrongful ---- */

static void arrive(struct reference *reference, size_t child,
                   const struct reference_list *newcomers, bool quiet, struct reference_when when)
{
    static const struct reference_list nobody;
    const struct reference_match *open = reference_open_match(reference, child);
    if (reference_live(reference, child) < 2) {
        return;
    }
    if (open != NULL) {
        reference_announce(reference, (size_t)(open - reference->matches), newcomers, quiet, when);
        return;
    }
    size_t match = make_match(reference, MATCH_CHILD, child, NONE, when);
    reference_announce(reference, match, &nobody, quiet, when);
}

void reference_arrived(struct reference *reference, size_t child,
                       const struct reference_list *newcomers, struct reference_when when)
{
    arrive(reference, child, newcomers, false, when);
}

void reference_joined(struct reference *reference, size_t signal, bool quiet,
                      struct reference_when when)
{
    struct reference_list newcomers = {0};
    size_t child = reference->signals[signal].child;
    list_add(&newcomers, signal);
    arrive(reference, child, &newcomers, quiet, when);
    free(newcomers.items);
    for (size_t i = 0; i < reference->present.count; i++) {
        if (reference->present.items[i] != child) {
            review_pair(reference, child, reference->present.items[i], signal, quiet, true, when);
        }
    }
}

void reference_left(struct reference *reference, size_t child, bool tell,
                    struct reference_when when)
{
    const struct reference_match *open = reference_open_match(reference, child);
    const struct reference_list *families = &reference->children[child].families;
    if (open != NULL && reference_live(reference, child) < 2) {
        end_match(reference, (size_t)(open - reference->matches), tell, when);
    }
    for (size_t i = 0; i < families->count; i++) {
        const struct reference_match *match = &reference->matches[families->items[i]];
        if (match->status != MATCH_ENDED &&
            !is_family_match(reference, match->children[0], match->children[1])) {
            end_match(reference, families->items[i], tell, when);
        }
    }
}

/* In each match that it was in, everyone live who met it. */
static void retract_in(struct reference *reference, const struct reference_list *matches,
                       size_t number, struct reference_when when)
{
    const struct reference_signal *signal = &reference->signals[number];
    for (size_t i = 0; i < matches->count; i++) {
        const struct reference_match *match = &reference->matches[matches->items[i]];
        struct reference_list live = {0};
        if (!list_has(&match->in, number)) {
            continue;
        }
        reference_in_scope(reference, match, &live);
        for (size_t j = 0; j < live.count; j++) {
            size_t other = live.items[j];
            bool met = signal->state == REFERENCE_LIVE || other < signal->signals_at_end;
            if (other != number && met && list_has(&match->in, other)) {
                reference_tell_own(reference, NOTICE_MATCH_RETRACTED, matches->items[i], other,
                                   when);
            }
        }
        for (int party = 0; party < REFERENCE_PARTIES; party++) {
            if (match->told[party]) {
                reference_tell_municipality(reference, party, NOTICE_MATCH_RETRACTED,
                                            matches->items[i], when);
            }
        }
        free(live.items);
    }
}

void reference_retract(struct reference *reference, size_t signal, struct reference_when when)
{
    const struct reference_child *child = &reference->children[reference->signals[signal].child];
    retract_in(reference, &child->matches, signal, when);
    retract_in(reference, &child->families, signal, when);
}

void reference_forget_matches(struct reference *reference, size_t child)
{
    const struct reference_child *gone = &reference->children[child];
    while (gone->matches.count > 0) {
        reference_drop_match(reference, gone->matches.items[0]);
    }
    while (gone->families.count > 0) {
        reference_drop_match(reference, gone->families.items[0]);
    }
}

/* ---- follow-up ---- */

void reference_stall(struct reference *reference, size_t number, struct reference_when when)
{
    struct reference_match *match = &reference->matches[number];
    struct reference_list live = {0};
    match->status = MATCH_STALLED;
    for (int party = 0; party < REFERENCE_PARTIES; party++) {
        if (match->told[party] && reference_concerns(reference, match, party)) {
            reference_tell_municipality(reference, party, NOTICE_FOLLOW_UP_STALLED, number, when);
        }
    }
    for (int i = 0; i < scope_size(match); i++) {
        reference->children[match->children[i]].touched = true;
        reference_log(reference, LOG_MATCH_STALLED, NONE, 0);
    }
    reference_in_scope(reference, match, &live);
    reference_count_match(reference, &live, STATISTIC_STALLED, when.to);
    free(live.items);
}
