/* SPDX-License-Identifier: EUPL-1.2 */
/* What the reference tells, logs and counts. */
#include "store/base/clock.h"
#include "tests/unit/store/office.h"
#include "tests/unit/store/reference.h"

void reference_log(struct reference *reference, enum log_event event, size_t signal, uint32_t count)
{
    reference->entries = reference_grow(reference->entries, reference->entry_count,
                                        &reference->entry_capacity, sizeof(*reference->entries));
    reference->entries[reference->entry_count++] =
        (struct reference_entry){.event = event, .signal = signal, .count = count};
    reference->log_size++;
}

void reference_count(struct reference *reference, int town, enum statistic what, int64_t now)
{
    int year = calendar_date_from_day(calendar_dutch_day(now)).year;
    size_t at = reference->year_count;
    for (size_t i = reference->year_count; i-- > 0;) {
        if (reference->years[i].town == town && reference->years[i].year == year) {
            at = i;
            break;
        }
    }
    if (at == reference->year_count) {
        reference->years = reference_grow(reference->years, reference->year_count,
                                          &reference->year_capacity, sizeof(*reference->years));
        reference->years[reference->year_count++] =
            (struct reference_year){.town = town, .year = year};
    }
    reference->years[at].counts.counts[what]++;
}

void reference_count_erased(struct reference *reference, size_t number, int64_t now)
{
    const struct reference_signal *signal = &reference->signals[number];
    if (signal->state == REFERENCE_LIVE) {
        reference_count(reference, signal->town, STATISTIC_ERASED, now);
    }
}

void reference_count_match(struct reference *reference, const struct reference_list *live,
                           enum statistic what, int64_t now)
{
    bool counted[REFERENCE_TOWNS] = {false};
    for (size_t i = 0; i < live->count; i++) {
        int town = reference->signals[live->items[i]].town;
        if (!counted[town]) {
            reference_count(reference, town, what, now);
        }
        counted[town] = true;
    }
}

struct reference_notice *reference_tell(struct reference *reference, int party,
                                        const struct reference_notice *notice)
{
    struct reference_party *whom = &reference->parties[party];
    whom->notices = reference_grow(whom->notices, whom->notice_count, &whom->notice_capacity,
                                   sizeof(*whom->notices));
    struct reference_notice *told = &whom->notices[whom->notice_count++];
    *told = *notice;
    return told;
}

void reference_tell_own(struct reference *reference, enum notice_type type, size_t match,
                        size_t own, struct reference_when when)
{
    const struct reference_signal *signal = &reference->signals[own];
    struct reference_notice notice = {
        .type = type,
        .match = match,
        .own = own,
        .other = NONE,
        .child = signal->child,
        .when = when,
    };
    reference_tell(reference, signal->party, &notice);
}

void reference_tell_municipality(struct reference *reference, int party, enum notice_type type,
                                 size_t match, struct reference_when when)
{
    struct reference_notice notice = {
        .type = type,
        .match = match,
        .own = NONE,
        .other = NONE,
        .child = reference->matches[match].children[0],
        .when = when,
    };
    reference_tell(reference, party, &notice);
}

void reference_tell_auditors(struct reference *reference, enum notice_type type, int actor,
                             struct reference_when when)
{
    struct reference_notice notice = {
        .type = type,
        .match = NONE,
        .own = NONE,
        .other = NONE,
        .child = NONE,
        .actor = office_oin(reference->parties[actor].number),
        .when = when,
    };
    for (int party = 0; party < REFERENCE_PARTIES; party++) {
        if ((reference->parties[party].roles & PARTY_AUDITOR) != 0) {
            reference_tell(reference, party, &notice);
        }
    }
}
