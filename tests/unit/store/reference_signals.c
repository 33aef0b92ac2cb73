/* SPDX-License-Identifier: EUPL-1.2 */
/* Signals, in the reference: how one comes, goes on and ends. */
#include <stdio.h>

#include "store/base/clock.h"
#include "tests/unit/store/reference.h"

#define TOMBSTONE_DAYS 30

static int32_t earlier(int32_t a, int32_t b)
{
    return a < b ? a : b;
}

int reference_refuse(struct reference *reference, int condition)
{
    reference_log(reference, LOG_REQUEST_REFUSED, NONE, 0);
    return condition;
}

/* ---- children ---- */

size_t reference_make_child(struct reference *reference, int number)
{
    size_t child = reference->child_count++;
    reference->children = reference_grow(reference->children, child, &reference->child_capacity,
                                         sizeof(*reference->children));
    reference->children[child] = (struct reference_child){
        .touched = true,
        .merged_into = NONE,
        .number_count = 1,
        .numbers = {number},
        .residence = -1,
    };
    reference->number_child[number] = child;
    list_add(&reference->present, child);
    return child;
}

void reference_forget_child(struct reference *reference, size_t child)
{
    struct reference_child *gone = &reference->children[child];
    reference_forget_matches(reference, child);
    for (size_t i = 0; i < gone->number_count; i++) {
        reference->number_child[gone->numbers[i]] = NONE;
    }
    gone->gone = true;
    gone->touched = true;
    list_remove(&reference->present, child);
}

/* ---- a signal comes ---- */

static void set_terms(const struct reference *reference, struct reference_signal *signal,
                      int32_t birth_day, int64_t at)
{
    const struct store_policy *policy = &reference->policy;
    int32_t today = calendar_dutch_day(at);
    int32_t grown_up = calendar_add_years(birth_day, policy->age_limit);
    signal->reported_at = at;
    signal->removal_day = earlier(calendar_add_years(today, policy->active_years), grown_up);
    signal->erasure_day =
        earlier(calendar_add_years(today, policy->active_years + policy->archive_years), grown_up);
    signal->prompted = false;
}

/* Who was involved before: told to the newcomer alone. */
static void tell_of_archive(struct reference *reference, size_t newcomer,
                            struct reference_when when)
{
    const struct reference_signal *signal = &reference->signals[newcomer];
    const struct reference_list *members = &reference->children[signal->child].members;
    for (size_t i = 0; i < members->count; i++) {
        const struct reference_signal *other = &reference->signals[members->items[i]];
        if (other->state == REFERENCE_ARCHIVED && other->professional != signal->professional) {
            struct reference_notice notice = {
                .type = NOTICE_ARCHIVED_INVOLVEMENT,
                .match = NONE,
                .own = newcomer,
                .other = members->items[i],
                .child = signal->child,
                .when = when,
            };
            reference_tell(reference, signal->party, &notice);
        }
    }
}

static size_t add_signal(struct reference *reference, const struct reference_post *post,
                         size_t professional, size_t child)
{
    size_t number = reference->signal_count++;
    reference->signals = reference_grow(reference->signals, number, &reference->signal_capacity,
                                        sizeof(*reference->signals));
    struct reference_signal *signal = &reference->signals[number];
    *signal = (struct reference_signal){
        .state = REFERENCE_LIVE,
        .party = post->party,
        .professional = professional,
        .child = child,
        .town = post->town,
    };
    list_add(&reference->parties[post->party].kept, number);
    list_add(&reference->children[child].members, number);
    reference->children[child].kept_until = 0;
    reference->children[child].told_until = 0;
    reference->children[child].touched = true;
    return number;
}

size_t reference_find_live(const struct reference *reference, size_t child, size_t professional)
{
    const struct reference_list *members = &reference->children[child].members;
    for (size_t i = 0; i < members->count; i++) {
        const struct reference_signal *signal = &reference->signals[members->items[i]];
        if (signal->state == REFERENCE_LIVE && signal->professional == professional) {
            return members->items[i];
        }
    }
    return NONE;
}

int reference_post(struct reference *reference, struct reference_post *post, const struct uuid *id,
                   int64_t at)
{
    size_t professional = reference_professional(reference, post->party, post->professional);
    size_t child = reference->number_child[post->number];
    if (!reference_has_agreement(reference, post->party, post->town, calendar_dutch_day(at))) {
        return reference_refuse(reference, STORE_NO_AGREEMENT);
    }
    if (professional == NONE) {
        return reference_refuse(reference, STORE_UNKNOWN_PROFESSIONAL);
    }
    child = child == NONE ? reference_make_child(reference, post->number) : child;
    post->signal = reference_find_live(reference, child, professional);
    post->created = post->signal == NONE;
    if (!post->created) {
        reference_log(reference, LOG_SIGNAL_REPEATED, post->signal, 0);
        return 0;
    }
    post->signal = add_signal(reference, post, professional, child);
    struct reference_signal *signal = &reference->signals[post->signal];
    struct reference_when when = {at, at};
    set_terms(reference, signal, post->birth_day, at);
    signal->id = *id;
    signal->came_at = uuid_instant(id);
    snprintf(signal->reference, sizeof(signal->reference), "%s", post->reference);
    reference_count(reference, post->town, STATISTIC_MADE, at);
    if (!post->quiet) {
        tell_of_archive(reference, post->signal, when);
    }
    reference_joined(reference, post->signal, post->quiet, when);
    reference_log(reference, LOG_SIGNAL_POSTED, post->signal, 0);
    return 0;
}

int reference_renew(struct reference *reference, int party, size_t number, int32_t birth_day,
                    int64_t at)
{
    struct reference_signal *signal = &reference->signals[number];
    if (signal->party != party || signal->state == REFERENCE_ERASED) {
        return reference_refuse(reference, STORE_NOT_FOUND);
    }
    if (signal->state == REFERENCE_ARCHIVED) {
        return reference_refuse(reference, STORE_ENDED);
    }
    if (calendar_add_years(birth_day, reference->policy.age_limit) <= calendar_dutch_day(at)) {
        return reference_refuse(reference, STORE_TOO_OLD);
    }
    if (!reference_is_covered(reference, party, signal->town, calendar_dutch_day(at))) {
        return reference_refuse(reference, STORE_NO_AGREEMENT);
    }
    set_terms(reference, signal, birth_day, at);
    reference_count(reference, signal->town, STATISTIC_RENEWED, at);
    reference_log(reference, LOG_SIGNAL_RENEWED, number, 0);
    return 0;
}

/* ---- a signal ends ---- */

void reference_archive(struct reference *reference, size_t number, struct reference_when when)
{
    struct reference_signal *signal = &reference->signals[number];
    int32_t kept_until =
        calendar_add_years(calendar_dutch_day(when.to), reference->policy.archive_years);
    signal->state = REFERENCE_ARCHIVED;
    signal->ended = when;
    signal->signals_at_end = reference->signal_count;
    signal->erasure_day = earlier(signal->erasure_day, kept_until);
    reference->children[signal->child].touched = true;
    reference_left(reference, signal->child, true, when);
}

void reference_take_out(struct reference *reference, size_t number, struct reference_when when)
{
    struct reference_signal *signal = &reference->signals[number];
    signal->state = REFERENCE_ERASED;
    signal->tombstone_until = when.to + TOMBSTONE_DAYS * CLOCK_DAY;
    list_add(&reference->tombstones, number);
    list_remove(&reference->parties[signal->party].kept, number);
    list_remove(&reference->children[signal->child].members, number);
    reference->children[signal->child].touched = true;
}

void reference_erase(struct reference *reference, size_t number, struct reference_when when)
{
    size_t child = reference->signals[number].child;
    reference_take_out(reference, number, when);
    reference_left(reference, child, false, when);
    if (reference->children[child].members.count == 0) {
        reference_forget_child(reference, child);
    }
}

/* Signalled, looked, withdrew. */
static bool is_peek(const struct reference *reference, const struct reference_signal *signal,
                    bool flagged, int64_t now)
{
    const struct reference_child *child = &reference->children[signal->child];
    int person = reference->number_person[child->numbers[0]];
    int64_t since = uuid_instant(&signal->id); /* a renewal is no new beginning */
    bool looked = child->looked_at[signal->party] >= since;
    bool perhaps = reference->person_looked_at[person][signal->party] >= since;
    return signal->state == REFERENCE_LIVE && (looked || (perhaps && flagged)) &&
           now - since <= reference->policy.peek_minutes * CLOCK_MINUTE;
}

int reference_withdraw(struct reference *reference, int party, size_t number, bool wrongful,
                       bool flagged, struct reference_when when)
{
    struct reference_signal *signal = &reference->signals[number];
    enum reference_state before = signal->state;
    if (signal->party != party || (before == REFERENCE_ERASED && signal->tombstone_until == 0)) {
        return reference_refuse(reference, STORE_NOT_FOUND);
    }
    reference_log(reference, wrongful ? LOG_SIGNAL_RETRACTED : LOG_SIGNAL_WITHDRAWN, number, 0);
    if (before == REFERENCE_ERASED) {
        return 0;
    }
    if (is_peek(reference, signal, flagged, when.to)) {
        reference_log(reference, LOG_PEEK_SUSPECTED, number, 0);
        reference_tell_auditors(reference, NOTICE_PEEK_SUSPECTED, party, when);
    }
    if (before == REFERENCE_LIVE) {
        reference_count(reference, signal->town,
                        wrongful ? STATISTIC_RETRACTED : STATISTIC_WITHDRAWN, when.to);
    }
    if (wrongful) {
        reference_retract(reference, number, when);
        reference_erase(reference, number, when);
    } else if (before == REFERENCE_LIVE) {
        reference_archive(reference, number, when);
    }
    return 0;
}
