/* SPDX-License-Identifier: EUPL-1.2 */
/*
 * What happens in the reference when its time has come: always the earliest term of all, until
 * none is left. What ends at one instant does so in the order of the kinds below, then by id, or by
 * party and town.
 */
#include <string.h>

#include "store/base/clock.h"
#include "tests/unit/store/reference.h"

enum term_kind {
    TERM_REMOVAL,
    TERM_ERASURE,
    TERM_TOMBSTONE,
    TERM_AGREEMENT,
    TERM_PROMPT,
    TERM_FOLLOW_UP,
    TERM_NOTICES,
    TERM_REGISTRY,
};

struct term {
    int64_t instant;
    enum term_kind kind;
    uint32_t party; /* its number */
    const struct uuid *id;
    size_t about; /* signal, match, child, or place in `ends`; party of an agreement */
    int town;
};

static bool is_before(const struct term *a, const struct term *b)
{
    if (a->instant != b->instant) {
        return a->instant < b->instant;
    }
    if (a->kind != b->kind) {
        return a->kind < b->kind;
    }
    if (a->id != NULL && b->id != NULL) {
        return memcmp(a->id, b->id, sizeof(*a->id)) < 0;
    }
    return a->party != b->party ? a->party < b->party : a->town < b->town;
}

static void consider(struct term *first, const struct term *term)
{
    if (is_before(term, first)) {
        *first = *term;
    }
}

/* When it is erased. Only the month of it stands in the open; so who comes when both month and day
 * have passed does it at the first of the month. */
static int64_t erasure_instant(const struct reference *reference,
                               const struct reference_signal *signal, struct reference_when when)
{
    struct calendar_date date = calendar_date_from_day(signal->erasure_day);
    int64_t instant = calendar_dutch_midnight(signal->erasure_day);
    date.day = 1;
    int64_t month = calendar_dutch_midnight(calendar_day_from_date(date));
    bool is_new = month > reference->settled || signal->ended.from == when.from;
    return instant <= when.to && is_new ? month : instant;
}

static void consider_signal(const struct reference *reference, size_t number,
                            struct reference_when when, struct term *first)
{
    const struct reference_signal *signal = &reference->signals[number];
    bool archives = signal->state == REFERENCE_LIVE && signal->removal_day < signal->erasure_day;
    struct term term = {
        .kind = TERM_ERASURE,
        .instant = erasure_instant(reference, signal, when),
        .party = reference->parties[signal->party].number,
        .id = &signal->id,
        .about = number,
    };
    if (archives && signal->prompted) {
        term.kind = TERM_REMOVAL;
        term.instant = calendar_dutch_midnight(signal->removal_day);
    } else if (archives) {
        term.kind = TERM_PROMPT;
        term.instant =
            calendar_dutch_midnight(signal->removal_day - reference->policy.renewal_prompt_days);
    }
    consider(first, &term);
}

static void consider_party(const struct reference *reference, int party, struct reference_when when,
                           struct term *first)
{
    const struct reference_party *about = &reference->parties[party];
    struct term term = {.party = about->number, .about = (size_t)party};
    for (size_t i = 0; i < about->kept.count; i++) {
        consider_signal(reference, about->kept.items[i], when, first);
    }
    for (int town = 0; town < REFERENCE_TOWNS; town++) {
        if (about->agreements[town].ends) {
            term.kind = TERM_AGREEMENT;
            term.instant = calendar_dutch_midnight(about->agreements[town].until + 1);
            term.town = town;
            consider(first, &term);
        }
    }
}

static void consider_rest(const struct reference *reference, struct term *first)
{
    for (size_t i = 0; i < reference->tombstones.count; i++) {
        const struct reference_signal *signal = &reference->signals[reference->tombstones.items[i]];
        struct term term = {.kind = TERM_TOMBSTONE,
                            .instant = signal->tombstone_until,
                            .about = reference->tombstones.items[i]};
        consider(first, &term);
    }
    for (size_t i = 0; i < reference->open_matches.count; i++) {
        const struct reference_match *match = &reference->matches[reference->open_matches.items[i]];
        struct term term = {.kind = TERM_FOLLOW_UP,
                            .instant = calendar_dutch_midnight(match->follow_up_day),
                            .about = reference->open_matches.items[i]};
        if (match->status == MATCH_OPEN) {
            consider(first, &term);
        }
    }
    for (size_t i = 0; i < reference->end_count; i++) {
        struct term term = {.kind = TERM_NOTICES,
                            .instant = calendar_dutch_midnight(reference->ends[i].day),
                            .about = i};
        consider(first, &term);
    }
    for (size_t i = 0; i < reference->present.count; i++) {
        const struct reference_child *child = &reference->children[reference->present.items[i]];
        struct term term = {.kind = TERM_REGISTRY,
                            .instant = calendar_dutch_midnight(child->kept_until),
                            .about = reference->present.items[i]};
        if (child->kept_until != 0) {
            consider(first, &term);
        }
        if (child->told_until != 0) {
            term.instant = calendar_dutch_midnight(child->told_until);
            consider(first, &term);
        }
    }
}

/* ---- what each does ---- */

static void prompt(struct reference *reference, const struct term *term, struct reference_when when)
{
    reference->signals[term->about].prompted = true;
    reference_tell_own(reference, NOTICE_RENEWAL_DUE, NONE, term->about, when);
}

static void remove_signal(struct reference *reference, const struct term *term,
                          struct reference_when when)
{
    reference_archive(reference, term->about, when);
    reference_tell_own(reference, NOTICE_SIGNAL_REMOVED, NONE, term->about, when);
    reference_count(reference, reference->signals[term->about].town, STATISTIC_EXPIRED, when.to);
    reference_log(reference, LOG_SIGNAL_ARCHIVED, term->about, 0);
}

static void erase_signal(struct reference *reference, const struct term *term,
                         struct reference_when when)
{
    reference_count_erased(reference, term->about, when.to);
    reference_erase(reference, term->about, when);
    reference_log(reference, LOG_SIGNAL_ERASED, term->about, 0);
}

static void end_tombstone(struct reference *reference, const struct term *term,
                          struct reference_when when)
{
    (void)when;
    reference->signals[term->about].tombstone_until = 0;
    list_remove(&reference->tombstones, term->about);
}

static void end_agreement(struct reference *reference, const struct term *term,
                          struct reference_when when)
{
    struct reference_party *party = &reference->parties[term->about];
    party->agreements[term->town].ends = false;
    party->sweeps =
        party->sweeps || !reference_has_agreement(reference, (int)term->about, term->town,
                                                  calendar_dutch_day(when.to));
}

/* A live signal that no agreement carries any more. */
static bool is_swept(const struct reference *reference, size_t number, int64_t now)
{
    const struct reference_signal *signal = &reference->signals[number];
    return signal->state == REFERENCE_LIVE && reference->parties[signal->party].sweeps &&
           !reference_is_covered(reference, signal->party, signal->town, calendar_dutch_day(now));
}

static void sweep(struct reference *reference, const struct reference_list *archived,
                  struct reference_when when)
{
    for (size_t i = 0; i < archived->count; i++) {
        if (is_swept(reference, archived->items[i], when.to)) {
            reference_archive(reference, archived->items[i], when);
            reference_count(reference, reference->signals[archived->items[i]].town,
                            STATISTIC_EXPIRED, when.to);
            reference_log(reference, LOG_SIGNAL_ARCHIVED, archived->items[i], 0);
        }
    }
    for (int party = 0; party < REFERENCE_PARTIES; party++) {
        const struct reference_list *kept = &reference->parties[party].kept;
        for (size_t i = 0; i < kept->count; i++) {
            if (is_swept(reference, kept->items[i], when.to)) {
                reference_log(reference, LOG_SIGNAL_ARCHIVED, kept->items[i], 0); /* is missed */
            }
        }
        reference->parties[party].sweeps = false;
    }
}

static void follow_up(struct reference *reference, const struct term *term,
                      struct reference_when when)
{
    reference_stall(reference, term->about, when);
}

static void end_notices(struct reference *reference, const struct term *term,
                        struct reference_when when)
{
    struct reference_notices_end end = reference->ends[term->about];
    struct reference_party *party = &reference->parties[end.party];
    uint32_t gone = 0;
    uint32_t perhaps = 0;
    (void)when;
    reference->ends[term->about] = reference->ends[--reference->end_count];
    for (uint64_t i = party->notices_gone; i < end.up_to; i++) {
        gone += reference_is_gap(reference, &party->notices[i]) ? 0 : 1;
        perhaps += party->notices[i].gone ? 0 : 1;
        party->notices[i].gone = true;
    }
    party->notices_gone = end.up_to > party->notices_gone ? end.up_to : party->notices_gone;
    if (perhaps > 0) {
        reference_log(reference, LOG_NOTICES_REMOVED, NONE, 0);
        struct reference_entry *entry = &reference->entries[reference->entry_count - 1];
        entry->party = party->number;
        entry->repeats = true; /* in slices */
        entry->optional = gone == 0;
    }
}

/* Nobody has signalled: what the register told goes, the numbers last. */
static void end_registry(struct reference *reference, const struct term *term,
                         struct reference_when when)
{
    struct reference_child *child = &reference->children[term->about];
    bool goes = calendar_dutch_midnight(child->kept_until) <= when.to;
    if (goes || child->residence >= 0 || child->tie_count > 0) {
        reference_log(reference, LOG_REGISTRY_DATA_ERASED, NONE, 0);
    }
    if (goes) {
        reference_forget_child(reference, term->about);
        return;
    }
    child->residence = -1;
    child->tie_count = 0;
    child->told_until = 0;
    child->touched = true;
}

void reference_settle(struct reference *reference, const struct reference_list *archived,
                      struct reference_when when)
{
    static void (*const ends[])(struct reference *, const struct term *, struct reference_when) = {
        [TERM_REMOVAL] = remove_signal,   [TERM_ERASURE] = erase_signal,
        [TERM_TOMBSTONE] = end_tombstone, [TERM_AGREEMENT] = end_agreement,
        [TERM_PROMPT] = prompt,           [TERM_FOLLOW_UP] = follow_up,
        [TERM_NOTICES] = end_notices,     [TERM_REGISTRY] = end_registry,
    };
    for (;;) {
        struct term first = {.instant = INT64_MAX};
        for (int party = 0; party < REFERENCE_PARTIES; party++) {
            consider_party(reference, party, when, &first);
        }
        consider_rest(reference, &first);
        if (first.instant > when.to) {
            break;
        }
        ends[first.kind](reference, &first, when);
    }
    sweep(reference, archived, when);
    reference->settled = when.to;
}
