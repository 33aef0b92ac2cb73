/* SPDX-License-Identifier: EUPL-1.2 */
#include "tests/unit/store/reference.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "store/clock.h"

/* ---- lists ---- */

/* Room for one more of `size` bytes each. */
static void *grow(void *items, size_t count, size_t *capacity, size_t size)
{
    if (count < *capacity) {
        return items;
    }
    *capacity = *capacity == 0 ? 64 : *capacity * 2;
    void *grown = realloc(items, *capacity * size);
    if (grown == NULL) {
        abort();
    }
    return grown;
}

static void list_add(struct reference_list *list, size_t item)
{
    list->items = grow(list->items, list->count, &list->capacity, sizeof(*list->items));
    list->items[list->count++] = item;
}

static void list_remove(struct reference_list *list, size_t item)
{
    for (size_t i = 0; i < list->count; i++) {
        if (list->items[i] == item) {
            list->count--;
            memmove(&list->items[i], &list->items[i + 1], (list->count - i) * sizeof(*list->items));
            return;
        }
    }
    abort(); /* the reference contradicts itself */
}

void reference_finish(struct reference *reference)
{
    for (int i = 0; i < REFERENCE_PARTIES; i++) {
        free(reference->parties[i].kept.items);
        free(reference->parties[i].notices);
    }
    for (int i = 0; i < REFERENCE_CHILDREN; i++) {
        free(reference->children[i].members.items);
        free(reference->children[i].matches.items);
    }
    free(reference->tombstones.items);
    free(reference->signals);
    free(reference->matches);
}

/* ---- questions ---- */

bool reference_has_agreement(const struct reference_party *party, int32_t today)
{
    for (int town = 0; town < REFERENCE_TOWNS; town++) {
        if (party->until[town] != 0 && party->until[town] >= today) {
            return true;
        }
    }
    return false;
}

size_t reference_live(const struct reference *reference, int child)
{
    const struct reference_list *members = &reference->children[child].members;
    size_t live = 0;
    for (size_t i = 0; i < members->count; i++) {
        live += reference->signals[members->items[i]].state == REFERENCE_LIVE ? 1 : 0;
    }
    return live;
}

struct reference_match *reference_open_match(const struct reference *reference, int child)
{
    const struct reference_list *matches = &reference->children[child].matches;
    for (size_t i = 0; i < matches->count; i++) {
        struct reference_match *match = &reference->matches[matches->items[i]];
        if (!match->ended) {
            return match;
        }
    }
    return NULL;
}

bool reference_was_in(const struct reference_match *match, size_t signal)
{
    return !match->ended || signal < match->signals_at_end;
}

bool reference_concerns(const struct reference *reference, const struct reference_match *match,
                        int party)
{
    const struct reference_list *members = &reference->children[match->child].members;
    int town = reference->parties[party].town;
    if (!match->told[party] || match->ended) {
        return match->told[party];
    }
    for (size_t i = 0; i < members->count; i++) {
        const struct reference_signal *signal = &reference->signals[members->items[i]];
        if (signal->state == REFERENCE_LIVE &&
            signal->municipality == town + REFERENCE_FIRST_TOWN) {
            return true;
        }
    }
    return false;
}

bool reference_is_gap(const struct reference *reference, const struct reference_notice *notice)
{
    return reference->children[notice->child].generation != notice->generation ||
           (notice->has_own && reference->signals[notice->own].state == REFERENCE_ERASED);
}

/* ---- notices ---- */

static void tell(struct reference *reference, int party, enum notice_type type, size_t match,
                 const size_t *own, int64_t from, int64_t to)
{
    struct reference_party *to_whom = &reference->parties[party];
    int child = reference->matches[match].child;
    to_whom->notices = grow(to_whom->notices, to_whom->notice_count, &to_whom->notice_capacity,
                            sizeof(*to_whom->notices));
    to_whom->notices[to_whom->notice_count++] = (struct reference_notice){
        .type = type,
        .match = match,
        .has_own = own != NULL,
        .own = own != NULL ? *own : 0,
        .child = child,
        .generation = reference->children[child].generation,
        .from = from,
        .to = to,
    };
}

/* ---- posting ---- */

static int32_t earlier(int32_t a, int32_t b)
{
    return a < b ? a : b;
}

int reference_post(struct reference *reference, int party, int professional, int child, int town,
                   int32_t birth_day, int32_t today, bool *ret_created, size_t *ret_signal)
{
    struct reference_party *poster = &reference->parties[party];
    const struct reference_list *members = &reference->children[child].members;
    int32_t grown_up = calendar_add_years(birth_day, 23);
    reference->log_size++; /* done or refused */
    if (poster->until[town] == 0 || poster->until[town] < today) {
        return STORE_NO_AGREEMENT;
    }
    if (!poster->hired[professional]) {
        return STORE_UNKNOWN_PROFESSIONAL;
    }
    for (size_t i = 0; i < members->count; i++) {
        const struct reference_signal *signal = &reference->signals[members->items[i]];
        if (signal->state == REFERENCE_LIVE && signal->party == party &&
            signal->professional == professional) {
            *ret_created = false;
            *ret_signal = members->items[i];
            return 0;
        }
    }
    reference->signals = grow(reference->signals, reference->signal_count,
                              &reference->signal_capacity, sizeof(*reference->signals));
    struct reference_signal *signal = &reference->signals[reference->signal_count];
    *signal = (struct reference_signal){
        .state = REFERENCE_LIVE,
        .party = party,
        .professional = professional,
        .child = child,
        .municipality = (uint16_t)(REFERENCE_FIRST_TOWN + town),
        .removal_day = earlier(calendar_add_years(today, 2), grown_up),
        .erasure_day = earlier(calendar_add_years(today, 7), grown_up),
    };
    snprintf(signal->reference, sizeof(signal->reference), "%d/%zu", child,
             reference->signal_count);
    *ret_created = true;
    *ret_signal = reference->signal_count++;
    list_add(&poster->kept, *ret_signal);
    list_add(&reference->children[child].members, *ret_signal);
    return 0;
}

static void form_match(struct reference *reference, int child, const struct uuid *id, int64_t now)
{
    struct reference_list *kept = &reference->children[child].matches;
    if (kept->count == REFERENCE_MATCHES_KEPT) {
        reference->matches[kept->items[0]].forgotten = true;
        list_remove(kept, kept->items[0]);
    }
    reference->matches = grow(reference->matches, reference->match_count,
                              &reference->match_capacity, sizeof(*reference->matches));
    reference->matches[reference->match_count] =
        (struct reference_match){.id = *id, .child = child, .formed_at = now};
    list_add(kept, reference->match_count++);
}

void reference_posted(struct reference *reference, size_t signal,
                      const struct store_signal_post *answer)
{
    struct reference_signal *posted = &reference->signals[signal];
    const struct reference_list *members = &reference->children[posted->child].members;
    int64_t now = answer->signal.reported_at;
    posted->id = answer->signal.id;
    posted->reported_at = now;
    if (reference_live(reference, posted->child) < 2) {
        return;
    }
    bool formed = reference_open_match(reference, posted->child) == NULL;
    if (formed) {
        form_match(reference, posted->child, &answer->match, now);
    }
    struct reference_match *match = reference_open_match(reference, posted->child);
    size_t number = (size_t)(match - reference->matches);
    for (size_t i = 0; i < members->count; i++) {
        size_t item = members->items[i];
        if (reference->signals[item].state == REFERENCE_LIVE) {
            bool joined = !formed && item != signal;
            tell(reference, reference->signals[item].party,
                 joined ? NOTICE_MATCH_JOINED : NOTICE_MATCH_FORMED, number, &item, now, now);
        }
    }
    for (size_t i = 0; i < members->count; i++) {
        const struct reference_signal *member = &reference->signals[members->items[i]];
        for (int party = 0; party < REFERENCE_PARTIES; party++) {
            bool its_own =
                reference->parties[party].town >= 0 &&
                reference->parties[party].town + REFERENCE_FIRST_TOWN == member->municipality;
            if (its_own && member->state == REFERENCE_LIVE && !match->told[party]) {
                match->told[party] = true;
                match->told_at[party] = now;
                tell(reference, party, NOTICE_MATCH_FORMED, number, NULL, now, now);
            }
        }
    }
}

/* ---- ending ---- */

static void end_match_if_alone(struct reference *reference, int child)
{
    struct reference_match *match = reference_open_match(reference, child);
    if (match != NULL && reference_live(reference, child) < 2) {
        match->ended = true;
        match->signals_at_end = reference->signal_count;
    }
}

static void archive(struct reference *reference, size_t number, int64_t from, int64_t to)
{
    struct reference_signal *signal = &reference->signals[number];
    signal->state = REFERENCE_ARCHIVED;
    signal->ended_from = from;
    signal->ended_to = to;
    signal->signals_at_end = reference->signal_count;
    signal->erasure_day =
        earlier(signal->erasure_day, calendar_add_years(calendar_dutch_day(to), 5));
    end_match_if_alone(reference, signal->child);
}

static void retract(struct reference *reference, size_t number, int64_t from, int64_t to)
{
    const struct reference_signal *signal = &reference->signals[number];
    const struct reference_child *child = &reference->children[signal->child];
    for (size_t i = 0; i < child->matches.count; i++) {
        size_t which = child->matches.items[i];
        const struct reference_match *match = &reference->matches[which];
        bool ended_before = signal->ended_to != 0 && signal->ended_to < match->formed_at;
        if (ended_before || !reference_was_in(match, number)) {
            continue;
        }
        for (size_t j = 0; j < child->members.count; j++) {
            size_t other = child->members.items[j];
            bool met = signal->state == REFERENCE_LIVE || other < signal->signals_at_end;
            if (other != number && reference->signals[other].state == REFERENCE_LIVE && met &&
                reference_was_in(match, other)) {
                tell(reference, reference->signals[other].party, NOTICE_MATCH_RETRACTED, which,
                     &other, from, to);
            }
        }
        for (int party = 0; party < REFERENCE_PARTIES; party++) {
            if (match->told[party]) {
                tell(reference, party, NOTICE_MATCH_RETRACTED, which, NULL, from, to);
            }
        }
    }
}

static void erase(struct reference *reference, size_t number, int64_t now)
{
    struct reference_signal *signal = &reference->signals[number];
    struct reference_child *child = &reference->children[signal->child];
    signal->state = REFERENCE_ERASED;
    signal->tombstone_until = now + 30 * CLOCK_DAY;
    list_add(&reference->tombstones, number);
    list_remove(&reference->parties[signal->party].kept, number);
    list_remove(&child->members, number);
    end_match_if_alone(reference, signal->child);
    if (child->members.count == 0) {
        for (size_t i = 0; i < child->matches.count; i++) {
            reference->matches[child->matches.items[i]].forgotten = true;
        }
        child->matches.count = 0;
        child->generation++;
    }
}

int reference_withdraw(struct reference *reference, int party, size_t number, bool wrongful,
                       int64_t from, int64_t to)
{
    struct reference_signal *signal = &reference->signals[number];
    reference->log_size++;
    if (signal->party != party ||
        (signal->state == REFERENCE_ERASED && signal->tombstone_until == 0)) {
        return STORE_NOT_FOUND;
    }
    if (signal->state == REFERENCE_ERASED) {
        return 0;
    }
    if (wrongful) {
        retract(reference, number, from, to);
        erase(reference, number, to);
    } else if (signal->state == REFERENCE_LIVE) {
        archive(reference, number, from, to);
    }
    return 0;
}

void reference_settle(struct reference *reference, int64_t from, int64_t to)
{
    int32_t today = calendar_dutch_day(to);
    for (int party = 0; party < REFERENCE_PARTIES; party++) {
        struct reference_list *kept = &reference->parties[party].kept;
        for (size_t i = kept->count; i-- > 0;) {
            size_t number = kept->items[i];
            struct reference_signal *signal = &reference->signals[number];
            bool live = signal->state == REFERENCE_LIVE;
            if (live && signal->removal_day <= today && signal->removal_day < signal->erasure_day) {
                archive(reference, number, from, to);
                reference->log_size++;
            }
            if (signal->erasure_day <= today) {
                erase(reference, number, to);
                reference->log_size++;
            }
        }
        if (reference_has_agreement(&reference->parties[party], today)) {
            continue;
        }
        for (size_t i = 0; i < kept->count; i++) {
            if (reference->signals[kept->items[i]].state == REFERENCE_LIVE) {
                archive(reference, kept->items[i], from, to);
                reference->log_size++;
            }
        }
    }
    for (size_t i = reference->tombstones.count; i-- > 0;) {
        size_t number = reference->tombstones.items[i];
        if (reference->signals[number].tombstone_until <= to) {
            reference->signals[number].tombstone_until = 0;
            list_remove(&reference->tombstones, number);
        }
    }
}

/* ---- the rest ---- */

int reference_dismiss(struct reference *reference, int party, int professional)
{
    struct reference_party *employer = &reference->parties[party];
    reference->log_size++;
    if (!employer->hired[professional]) {
        return STORE_NOT_FOUND;
    }
    for (size_t i = 0; i < employer->kept.count; i++) {
        if (reference->signals[employer->kept.items[i]].professional == professional) {
            return STORE_IN_USE;
        }
    }
    employer->hired[professional] = false;
    return 0;
}

int reference_acknowledge(struct reference *reference, int party, uint64_t up_to)
{
    struct reference_party *reader = &reference->parties[party];
    if (up_to > reader->notice_count) {
        reference->log_size++;
        return STORE_BEYOND_HEAD;
    }
    while (reader->acknowledged < up_to) {
        const struct reference_notice *notice = &reader->notices[reader->acknowledged++];
        bool known = reference->children[notice->child].generation == notice->generation;
        reference->log_size += known ? 1 : 0;
    }
    return 0;
}
