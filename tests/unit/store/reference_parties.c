/* SPDX-License-Identifier: EUPL-1.2 */
/* Parties, their professionals and inboxes, and the rights of the youth, in the reference. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "store/base/clock.h"
#include "tests/unit/store/reference.h"

#define NOTICES_DAYS 91 /* after the day of the acknowledgement, when they go */

/* ---- professionals ---- */

void reference_hire(struct reference *reference, int party, const char *id, const char *name)
{
    size_t found = reference_professional(reference, party, id);
    if (found == NONE) {
        found = reference->professional_count++;
        reference->professionals =
            reference_grow(reference->professionals, found, &reference->professional_capacity,
                           sizeof(*reference->professionals));
        reference->professionals[found] = (struct reference_professional){
            .party = party, .order = ++reference->arrivals, .hired = true};
        snprintf(reference->professionals[found].id, sizeof(reference->professionals[found].id),
                 "%s", id);
    }
    snprintf(reference->professionals[found].name, sizeof(reference->professionals[found].name),
             "%s", name);
    reference_log(reference, LOG_PROFESSIONAL_CHANGED, NONE, 0);
}

int reference_dismiss(struct reference *reference, int party, const char *id)
{
    size_t professional = reference_professional(reference, party, id);
    const struct reference_list *kept = &reference->parties[party].kept;
    if (professional == NONE) {
        return reference_refuse(reference, STORE_NOT_FOUND);
    }
    for (size_t i = 0; i < kept->count; i++) {
        if (reference->signals[kept->items[i]].professional == professional) {
            return reference_refuse(reference, STORE_IN_USE);
        }
    }
    reference->professionals[professional].hired = false;
    reference_log(reference, LOG_PROFESSIONAL_DELETED, NONE, 0);
    return 0;
}

static void move_signal(struct reference *reference, size_t number, size_t to,
                        struct reference_when when, struct reference_transfer *done)
{
    struct reference_signal *signal = &reference->signals[number];
    size_t met = reference_find_live(reference, signal->child, to);
    signal->professional = to;
    reference->children[signal->child].touched = true;
    reference_log(reference, LOG_SIGNAL_TRANSFERRED, number, 0);
    done->moved++;
    if (met != NONE) {
        reference_merge_signals(reference, number, met, when);
        done->merged++;
    }
    reference_left(reference, signal->child, true, when);
}

int reference_transfer(struct reference *reference, int party, const char *from, const char *to,
                       struct reference_when when, struct reference_transfer *ret_done)
{
    size_t leaver = reference_professional(reference, party, from);
    size_t colleague = reference_professional(reference, party, to);
    struct reference_list moving = {0};
    const struct reference_list *kept = &reference->parties[party].kept;
    *ret_done = (struct reference_transfer){0};
    if (leaver == NONE) {
        return reference_refuse(reference, STORE_NOT_FOUND);
    }
    if (colleague == NONE || colleague == leaver) {
        return reference_refuse(reference, STORE_UNKNOWN_PROFESSIONAL);
    }
    for (size_t i = 0; i < kept->count; i++) {
        const struct reference_signal *signal = &reference->signals[kept->items[i]];
        if (signal->professional == leaver && signal->state == REFERENCE_LIVE) {
            list_add(&moving, kept->items[i]);
        }
    }
    for (size_t i = 0; i < moving.count; i++) {
        move_signal(reference, moving.items[i], colleague, when, ret_done);
    }
    free(moving.items);
    reference_log(reference, LOG_SIGNALS_TRANSFERRED, NONE, 0);
    reference->entries[reference->entry_count - 1].repeats = true;
    return 0;
}

/* ---- inboxes ---- */

static void put_end(struct reference *reference, int party, int32_t day, uint64_t up_to)
{
    for (size_t i = 0; i < reference->end_count; i++) {
        if (reference->ends[i].party == party && reference->ends[i].day == day) {
            reference->ends[i].up_to = up_to;
            return;
        }
    }
    reference->ends = reference_grow(reference->ends, reference->end_count,
                                     &reference->end_capacity, sizeof(*reference->ends));
    reference->ends[reference->end_count++] = (struct reference_notices_end){party, day, up_to};
}

int reference_acknowledge(struct reference *reference, int party, uint64_t up_to,
                          struct reference_when when)
{
    struct reference_party *reader = &reference->parties[party];
    if (up_to > reader->notice_count) {
        return reference_refuse(reference, STORE_BEYOND_HEAD);
    }
    if (up_to <= reader->acknowledged) {
        return 0;
    }
    while (reader->acknowledged < up_to) {
        const struct reference_notice *notice = &reader->notices[reader->acknowledged++];
        if (!reference_is_unknown(reference, notice)) {
            reference_log(reference, LOG_NOTICE_ACKNOWLEDGED, NONE, 0);
            reference->entries[reference->entry_count - 1].notice = reader->acknowledged;
            reference->entries[reference->entry_count - 1].optional =
                reference_is_gap(reference, notice);
        }
    }
    put_end(reference, party, calendar_dutch_day(when.to) + NOTICES_DAYS, up_to);
    return 0;
}

/* ---- agreements ---- */

int reference_change_agreement(struct reference *reference, int party, int town, bool ends,
                               int32_t until, int32_t today)
{
    struct reference_agreement *agreement = &reference->parties[party].agreements[town];
    if (ends && !reference_has_agreement(reference, party, town, today)) {
        return reference_refuse(reference, STORE_NOT_FOUND);
    }
    agreement->until = ends ? today - 1 : until;
    agreement->ends = true;
    reference_log(reference, ends ? LOG_AGREEMENT_ENDED : LOG_AGREEMENT_ADDED, NONE, 0);
    return 0;
}

/* ---- follow-up ---- */

bool reference_sees(const struct reference *reference, const struct reference_match *match,
                    int party)
{
    struct reference_list live = {0};
    bool sees = false;
    if (match->forgotten) {
        return false;
    }
    reference_in_scope(reference, match, &live);
    for (size_t i = 0; i < live.count; i++) {
        sees = sees || (reference->signals[live.items[i]].party == party &&
                        list_has(&match->in, live.items[i]));
    }
    free(live.items);
    return sees || (match->told[party] &&
                    (match->status == MATCH_ENDED || reference_concerns(reference, match, party)));
}

static bool is_in(const struct reference *reference, const struct reference_match *match,
                  size_t professional)
{
    struct reference_list live = {0};
    bool in = false;
    reference_in_scope(reference, match, &live);
    for (size_t i = 0; i < live.count; i++) {
        in = in || reference->signals[live.items[i]].professional == professional;
    }
    free(live.items);
    return in;
}

int reference_confirm(struct reference *reference, int party, size_t number, const char *id,
                      int64_t now)
{
    struct reference_match *match = &reference->matches[number];
    size_t professional = reference_professional(reference, party, id);
    if (!reference_sees(reference, match, party)) {
        return reference_refuse(reference, STORE_NOT_FOUND);
    }
    if (match->status == MATCH_ENDED) {
        return reference_refuse(reference, STORE_ENDED);
    }
    if (professional == NONE || !is_in(reference, match, professional)) {
        return reference_refuse(reference, STORE_UNKNOWN_PROFESSIONAL);
    }
    if (match->status != MATCH_CONTACTED) {
        struct reference_list live = {0};
        reference_in_scope(reference, match, &live);
        reference_count_match(reference, &live, STATISTIC_CONTACTED, now);
        free(live.items);
    }
    match->status = MATCH_CONTACTED;
    for (int i = 0; i < (match->kind == MATCH_FAMILY ? 2 : 1); i++) {
        reference->children[match->children[i]].touched = true;
        reference_log(reference, LOG_CONTACT_CONFIRMED, NONE, 0);
    }
    return 0;
}

void reference_look(struct reference *reference, int party, size_t child, int64_t now)
{
    struct reference_child *shown = &reference->children[reference_child_now(reference, child)];
    shown->looked_at[party] = now;
    reference->person_looked_at[reference->number_person[shown->numbers[0]]][party] = now;
}

/* ---- rights ---- */

static bool is_under(const struct reference *reference, int party, size_t signal)
{
    return reference->town_owner[reference->signals[signal].town] == party;
}

/* What the register told is shown where the youth lives, and where there is a signal. */
bool reference_shows_registry(const struct reference *reference, int party, size_t child)
{
    const struct reference_child *about = &reference->children[child];
    bool shown = about->residence >= 0 && reference->town_owner[about->residence] == party;
    bool anything = about->residence >= 0 || about->tie_count > 0 || about->number_count > 1 ||
                    about->kept_until != 0;
    for (size_t i = 0; i < about->members.count; i++) {
        shown = shown || is_under(reference, party, about->members.items[i]);
    }
    return shown && anything;
}

int reference_access(struct reference *reference, int party, int number, uint32_t *ret_held,
                     struct reference_when when)
{
    struct reference_party *asker = &reference->parties[party];
    size_t child = reference->number_child[number];
    int32_t today = calendar_dutch_day(when.to);
    asker->access_count = asker->access_day == today ? asker->access_count : 0;
    asker->access_day = today;
    if (asker->access_count >= (unsigned)reference->policy.access_requests_per_day) {
        return reference_refuse(reference, STORE_TOO_OFTEN);
    }
    asker->access_count++;
    *ret_held = 0;
    if (child != NONE) {
        const struct reference_child *about = &reference->children[child];
        for (size_t i = 0; i < about->members.count; i++) {
            *ret_held += is_under(reference, party, about->members.items[i]) ? 1 : 0;
        }
        *ret_held += reference_shows_registry(reference, party, child) ? 1 : 0;
    }
    reference_log(reference, LOG_ACCESS_REQUESTED, NONE, *ret_held);
    reference_tell_auditors(reference, NOTICE_ACCESS_REQUESTED, party, when);
    return 0;
}

int reference_erasure(struct reference *reference, int party, int number, bool archive_only,
                      uint32_t *ret_erased, struct reference_when when)
{
    size_t child = reference->number_child[number];
    struct reference_list going = {0};
    bool live = false;
    *ret_erased = 0;
    for (size_t i = 0; child != NONE && i < reference->children[child].members.count; i++) {
        size_t signal = reference->children[child].members.items[i];
        bool archived = reference->signals[signal].state == REFERENCE_ARCHIVED;
        if (is_under(reference, party, signal) && (archived || !archive_only)) {
            list_add(&going, signal);
            live = live || !archived;
        }
    }
    for (size_t i = 0; i < going.count; i++) {
        reference_count_erased(reference, going.items[i], when.to);
        reference_take_out(reference, going.items[i], when);
        reference_log(reference, LOG_SIGNAL_ERASED, going.items[i], 0);
        ++*ret_erased;
    }
    if (going.count > 0 && reference->children[child].members.count == 0) {
        reference_forget_child(reference, child);
    } else if (live) {
        reference_left(reference, child, false, when);
    }
    free(going.items);
    reference_log(reference, LOG_ERASURE_MADE, NONE, *ret_erased);
    return 0;
}

/* Everyone on either child, and the newcomer; the municipalities are left out. */
static uint64_t count_families(const struct reference *reference, size_t child)
{
    uint64_t notices = 0;
    for (size_t i = 0; i < reference->present.count; i++) {
        size_t other = reference->present.items[i];
        size_t live = reference_live(reference, other);
        if (other != child && live > 0 && reference_share_tie(reference, child, other)) {
            notices += live + reference_live(reference, child) + 1;
        }
    }
    return notices;
}

/* What a post on this child by somebody new of the party would send. */
static uint64_t count_trial(const struct reference *reference, int party, int town, size_t child)
{
    const struct reference_child *about = &reference->children[child];
    const struct reference_match *open = reference_open_match(reference, child);
    bool told[REFERENCE_PARTIES] = {false};
    size_t live = reference_live(reference, child);
    uint64_t notices = live > 0 ? live + 1 : 0;
    int home = about->residence >= 0 ? reference->town_owner[about->residence] : -1;
    home = home >= 0 ? home : reference->town_owner[town];
    if (open != NULL) {
        memcpy(told, open->told, sizeof(told));
    }
    for (size_t i = 0; i < about->members.count; i++) {
        const struct reference_signal *signal = &reference->signals[about->members.items[i]];
        int follows = reference_follow_up_of(reference, about->members.items[i]);
        if (signal->state == REFERENCE_ARCHIVED) {
            notices += signal->party != party ? 1 : 0;
        } else if (follows >= 0 && !told[follows]) {
            told[follows] = true;
            notices++;
        }
    }
    return notices + (live > 0 && home >= 0 && !told[home] ? 1 : 0) +
           count_families(reference, child);
}

static bool is_known_to_others(const struct reference *reference, int party, size_t child)
{
    const struct reference_list *members = &reference->children[child].members;
    bool known = false;
    for (size_t i = 0; i < members->count; i++) {
        known = known || reference->signals[members->items[i]].party != party;
    }
    return known;
}

int reference_trial(struct reference *reference, int party, int town, size_t count,
                    uint64_t *ret_notices, size_t *ret_known, struct reference_when when)
{
    *ret_notices = 0;
    *ret_known = 0;
    if (!reference_has_agreement(reference, party, town, calendar_dutch_day(when.to))) {
        return reference_refuse(reference, STORE_NO_AGREEMENT);
    }
    for (size_t number = 0; number < count; number++) {
        size_t child = number < REFERENCE_NUMBERS ? reference->number_child[number] : NONE;
        *ret_notices += child != NONE ? count_trial(reference, party, town, child) : 0;
        *ret_known += child != NONE && is_known_to_others(reference, party, child) ? 1 : 0;
        reference_log(reference, LOG_NOTICES_COUNTED, NONE, 0);
    }
    reference_tell_auditors(reference, NOTICE_NOTICES_COUNTED, party, when);
    return 0;
}

/* ---- two parties become one ---- */

/* The one who came first of those that a party has; NONE. */
static size_t first_professional(const struct reference *reference, int party)
{
    size_t first = NONE;
    for (size_t i = 0; i < reference->professional_count; i++) {
        const struct reference_professional *professional = &reference->professionals[i];
        if (professional->hired && professional->party == party &&
            (first == NONE || professional->order < reference->professionals[first].order)) {
            first = i;
        }
    }
    return first;
}

/* Whose id is somebody else's already gets another. */
static void move_professionals(struct reference *reference, int from, int into)
{
    size_t moves;
    while ((moves = first_professional(reference, from)) != NONE) {
        struct reference_professional *professional = &reference->professionals[moves];
        char id[sizeof(professional->id)];
        snprintf(id, sizeof(id), "%s", professional->id);
        for (int n = 2; reference_professional(reference, into, id) != NONE; n++) {
            snprintf(id, sizeof(id), "%.20s.%d", professional->id, n);
        }
        if (strcmp(id, professional->id) != 0) {
            memcpy(professional->id, id, sizeof(id));
            reference_log(reference, LOG_PROFESSIONAL_CHANGED, NONE, 0);
        }
        professional->party = into;
        professional->order = ++reference->arrivals;
    }
}

static void move_signals(struct reference *reference, int from, int into,
                         struct reference_when when)
{
    const struct reference_list *gone = &reference->parties[from].kept;
    struct reference_list *kept = &reference->parties[into].kept;
    for (size_t i = 0; i < gone->count; i++) {
        list_add(kept, gone->items[i]);
        reference->children[reference->signals[gone->items[i]].child].touched = true;
    }
    list_sort(kept);
    for (size_t i = 0; i < reference->signal_count; i++) {
        struct reference_signal *signal = &reference->signals[i];
        if (signal->party == from && signal->tombstone_until != 0) {
            signal->tombstone_until = when.to + 30 * CLOCK_DAY; /* its term begins anew */
        }
        signal->party = signal->party == from ? into : signal->party;
    }
}

/* What has not been acknowledged, and can still be read. */
static void move_inbox(struct reference *reference, int from, int into)
{
    struct reference_party *gone = &reference->parties[from];
    bool dropped = false;
    for (size_t i = 0; i < gone->notice_count; i++) {
        const struct reference_notice *notice = &gone->notices[i];
        bool erased =
            notice->own != NONE && reference->signals[notice->own].state == REFERENCE_ERASED;
        bool moves = i >= gone->acknowledged && !erased && notice->child != NONE &&
                     !reference_is_unknown(reference, notice);
        dropped = dropped || (i < gone->acknowledged && !notice->gone);
        if (moves) {
            reference_tell(reference, into, notice);
        }
        if (notice->own != NONE && reference->signals[notice->own].notice == i + 1) {
            reference->signals[notice->own].notice =
                moves ? reference->parties[into].notice_count : 0;
        }
    }
    if (dropped) {
        reference_log(reference, LOG_NOTICES_REMOVED, NONE, 0);
        reference->entries[reference->entry_count - 1].repeats = true;
        reference->entries[reference->entry_count - 1].optional = true;
    }
}

static void take_agreement(struct reference *reference, int party, int town, int32_t until)
{
    struct reference_agreement *own = &reference->parties[party].agreements[town];
    if (until != 0 && (own->until == 0 || own->until < until)) {
        *own = (struct reference_agreement){.until = until, .ends = true};
    }
}

/* It is another municipality from now on, with its agreements and all that it was told of. */
static void move_towns(struct reference *reference, int from, int into)
{
    struct reference_party *gone = &reference->parties[from];
    struct reference_party *left = &reference->parties[into];
    for (int town = 0; town < REFERENCE_TOWNS; town++) {
        reference->town_owner[town] =
            reference->town_owner[town] == from ? into : reference->town_owner[town];
    }
    for (size_t i = 0; i < reference->match_count; i++) {
        struct reference_match *match = &reference->matches[i];
        if (match->told[from] &&
            (!match->told[into] || match->told_when[from].to < match->told_when[into].to)) {
            match->told_when[into] = match->told_when[from];
        }
        match->told[into] = match->told[into] || match->told[from];
        match->told[from] = false;
    }
    for (int party = 0; gone->town >= 0 && left->town >= 0 && party < REFERENCE_PARTIES; party++) {
        struct reference_agreement *old = &reference->parties[party].agreements[gone->town];
        if (party != from && old->until != 0) {
            take_agreement(reference, party, left->town, old->until);
            *old = (struct reference_agreement){0};
            reference_log(reference, LOG_PARTY_CHANGED, NONE, 0);
        }
    }
    left->town = left->town >= 0 ? left->town : gone->town;
}

void reference_merge_party(struct reference *reference, int from, int into,
                           struct reference_when when)
{
    struct reference_party *gone = &reference->parties[from];
    for (int town = 0; town < REFERENCE_TOWNS; town++) {
        if (reference_has_agreement(reference, from, town, calendar_dutch_day(when.to))) {
            take_agreement(reference, into, town, gone->agreements[town].until);
        }
    }
    move_professionals(reference, from, into);
    move_signals(reference, from, into, when);
    move_inbox(reference, from, into);
    move_towns(reference, from, into);
    reference->parties[into].roles |= gone->roles;
    for (int town = 0; town < REFERENCE_TOWNS; town++) {
        int32_t until = reference->parties[into].agreements[town].until;
        reference->parties[into].sweeps =
            reference->parties[into].sweeps || (until != 0 && until < calendar_dutch_day(when.to));
    }
    for (int person = 0; person < REFERENCE_NUMBERS; person++) {
        reference->person_looked_at[person][from] = 0;
    }
    for (size_t i = 0; i < reference->child_count; i++) {
        reference->children[i].looked_at[from] = 0;
    }
    for (size_t i = reference->end_count; i-- > 0;) {
        if (reference->ends[i].party == from) {
            reference->ends[i] = reference->ends[--reference->end_count];
        }
    }
    reference->parties_merged = true;
    free(gone->kept.items);
    free(gone->notices);
    *gone = (struct reference_party){.town = -1};
    reference_log(reference, LOG_PARTY_MERGED, NONE, 0);
    reference->entries[reference->entry_count - 1].repeats = true;
}
