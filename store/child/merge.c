/* SPDX-License-Identifier: EUPL-1.2 */
#include "store/child/merge.h"

#include <stdlib.h>
#include <string.h>

#include "store/child/families.h"
#include "store/child/matches.h"
#include "store/child/matchrow.h"
#include "store/child/signals.h"
#include "store/log/subjects.h"
#include "store/notice/notices.h"
#include "store/operation.h"

const struct child_member *merge_find_live(const struct child_file *file, uint32_t party,
                                           uint32_t professional)
{
    for (size_t i = 0; i < file->member_count; i++) {
        const struct child_member *member = &file->members[i];
        if (!member->archived && member->party == party && member->professional == professional) {
            return member;
        }
    }
    return NULL;
}

/* ---- two signals of one professional ---- */

struct merging {
    const struct child_member *member;
    struct signal_row row;
};

static int open_merging(struct store_tx *tx, const struct child_file *file, const struct uuid *id,
                        struct merging *merging)
{
    merging->member = child_file_member(file, id);
    if (merging->member == NULL) {
        return VIEW_DAMAGED;
    }
    int result = signal_row_open(&tx->view, file, merging->member->party, id, &merging->row);
    return result == STORE_NOT_FOUND ? VIEW_DAMAGED : result;
}

static bool is_first_kept(const struct merging *first, const struct merging *second)
{
    if (first->row.removal_day != second->row.removal_day) {
        return first->row.removal_day > second->row.removal_day;
    }
    return memcmp(&first->member->signal, &second->member->signal, sizeof(struct uuid)) < 0;
}

int merge_signals(struct store_tx *tx, const struct attribution *by, struct child_file *file,
                  const struct uuid *one, const struct uuid *other, struct uuid *ret_kept)
{
    struct log_note note = {.event = LOG_SIGNAL_MERGED};
    struct merging kept;
    struct merging gone;
    uint64_t index;
    int result = open_merging(tx, file, one, &kept);
    if (result == 0) {
        result = open_merging(tx, file, other, &gone);
    }
    if (result != 0) {
        return result;
    }
    if (!is_first_kept(&kept, &gone)) {
        struct merging first = kept;
        kept = gone;
        gone = first;
    }
    if (kept.row.reference[0] == '\0' && gone.row.reference[0] != '\0') {
        kept.row.reference = gone.row.reference;
        signal_row_save(tx, kept.member, &kept.row);
    }
    *ret_kept = kept.member->signal;
    const struct uuid gone_id = gone.member->signal;
    signal_take_out(tx, file, &gone_id, &gone.row, true);
    note_subject(&note, &file->key);
    note_object_uuid(&note, LOG_OBJECT_SIGNAL, &gone_id);
    return tx_log(tx, by, &note, &index);
}

/* ---- two numbers of one child ---- */

int merge_check_files(struct store_tx *tx, const struct child_file *file,
                      const struct child_file *from)
{
    bool too_many = file->alias_count + from->alias_count + 1 > CHILDFILE_ALIASES_MAXIMUM ||
                    file->live_count + from->live_count > CHILDFILE_MEMBERS_MAXIMUM;
    return too_many ? STORE_TOO_MANY : subjects_check_merge(tx, &file->key, &from->key);
}

static int compare_members(const void *left, const void *right)
{
    const struct child_member *a = left;
    const struct child_member *b = right;
    return memcmp(&a->signal, &b->signal, sizeof(a->signal));
}

/* Every member of both, by age; then one of two signals of the same professional, and no more than
 * there is room for. */
static int merge_members(struct store_tx *tx, const struct attribution *by, struct child_file *file,
                         const struct child_file *before, const struct child_file *from)
{
    int result = child_file_reserve(&tx->view, file, from->member_count + 1);
    if (result != 0 || from->member_count == 0) {
        return result;
    }
    memcpy(&file->members[file->member_count], from->members,
           from->member_count * sizeof(*from->members));
    file->member_count += from->member_count;
    file->live_count += from->live_count;
    qsort(file->members, file->member_count, sizeof(*file->members), compare_members);
    for (size_t i = 0; i < from->member_count && result == 0; i++) {
        const struct child_member *member = &from->members[i];
        const struct child_member *twin =
            merge_find_live(before, member->party, member->professional);
        struct uuid kept;
        if (!member->archived && twin != NULL) {
            result = merge_signals(tx, by, file, &twin->signal, &member->signal, &kept);
        }
    }
    while (result == 0 && file->member_count > CHILDFILE_MEMBERS_MAXIMUM) {
        result = signal_make_room(tx, file);
    }
    return result;
}

/* The open match of a file that is not to change. */
static const struct child_match *open_match(const struct child_file *file)
{
    const struct child_match *last =
        file->match_count == 0 ? NULL : &file->matches[file->match_count - 1];
    return last == NULL || last->status == MATCH_ENDED ? NULL : last;
}

/* Of two open matches the older stays. */
static bool is_match_of_from_kept(const struct child_file *file, const struct child_file *from)
{
    const struct child_match *own = open_match(file);
    const struct child_match *other = open_match(from);
    return other != NULL && (own == NULL || other->formed_at < own->formed_at);
}

static void drop_but(struct store_tx *tx, const struct child_file *file,
                     const struct child_match *kept)
{
    for (size_t i = 0; i < file->match_count; i++) {
        if (&file->matches[i] != kept) {
            match_drop(tx, &file->matches[i]);
        }
    }
}

/*
 * Who was in a match that has ended is told by the order of ids, which says nothing of two files
 * with signals: such matches go. The one that stays takes the merge as its beginning, for whoever
 * had left one of the files before it has never met those of the other.
 */
static void merge_matches(struct store_tx *tx, struct child_file *file,
                          const struct child_file *before, const struct child_file *from)
{
    const struct child_file *stays =
        is_match_of_from_kept(before, from) || before->member_count == 0 ? from : before;
    if (from->member_count == 0) {
        return;
    }
    if (before->member_count > 0) {
        const struct child_match *kept = open_match(stays);
        drop_but(tx, before, kept);
        drop_but(tx, from, kept);
        file->match_count = kept == NULL ? 0 : 1;
        uuid_make_ordered(tx->now, &tx->view.head.last_signal);
        if (kept != NULL) {
            file->matches[0] = *kept;
            file->matches[0].formed_by = tx->view.head.last_signal;
            /* Its own date would tell those of one number when the others had signalled. */
            file->matches[0].formed_at = tx->now;
        }
    } else {
        memcpy(file->matches, from->matches, sizeof(file->matches));
        file->match_count = from->match_count;
    }
    for (size_t i = 0; i < file->match_count && stays == from; i++) {
        match_row_put_child(tx, &file->matches[i].id, &file->key);
    }
}

/* ---- who is told ---- */

struct arrivals {
    struct match_newcomers newcomers; /* professionals who were not in the match that stays */
    struct match_newcomers moved;     /* who were, with a signal that has gone */
};

static int find_arrivals(struct store_tx *tx, const struct child_file *file,
                         const struct child_file *stays, struct arrivals *ret_arrivals)
{
    struct uuid *newcomers = arena_new(tx->view.arena, (file->live_count + 1) * sizeof(*newcomers));
    struct uuid *moved = arena_new(tx->view.arena, (file->live_count + 1) * sizeof(*moved));
    struct arrivals arrivals = {{0, newcomers}, {0, moved}};
    if (newcomers == NULL || moved == NULL) {
        return -ENOMEM;
    }
    for (size_t i = 0; i < file->member_count; i++) {
        const struct child_member *member = &file->members[i];
        if (member->archived || child_file_member(stays, &member->signal) != NULL) {
            continue;
        }
        if (merge_find_live(stays, member->party, member->professional) != NULL) {
            moved[arrivals.moved.count++] = member->signal;
        } else {
            newcomers[arrivals.newcomers.count++] = member->signal;
        }
    }
    *ret_arrivals = arrivals;
    return 0;
}

/* What they were told of their match went with the signal that it was about. */
static int tell_moved(struct store_tx *tx, const struct child_file *file,
                      const struct child_match *match, const struct match_newcomers *moved)
{
    int result = 0;
    for (size_t i = 0; i < moved->count && result == 0; i++) {
        struct child_member *member = child_file_member(file, &moved->signals[i]);
        struct notice_draft draft = {
            .type = NOTICE_MATCH_FORMED, .match = &match->id, .kind = MATCH_CHILD, .own = member};
        result = member == NULL ? VIEW_DAMAGED
                                : notice_send(tx, file, member->party, &draft, &member->notice);
    }
    return result;
}

static int tell(struct store_tx *tx, struct child_file *file, const struct child_file *before,
                const struct child_file *from)
{
    struct child_match *match = child_file_open_match(file);
    struct arrivals arrivals;
    int result =
        find_arrivals(tx, file, is_match_of_from_kept(before, from) ? from : before, &arrivals);
    if (result == 0 && before->member_count > 0 && from->member_count > 0) {
        result = match == NULL || arrivals.newcomers.count > 0
                     ? match_arrived(tx, file, &arrivals.newcomers, false)
                     : tell_moved(tx, file, match, &arrivals.moved);
    }
    match = child_file_open_match(file);
    if (result == 0 && match != NULL) {
        /* The register may have told of the residence under the other number only. */
        struct match_scope scope = match_scope_of_child(file, match);
        result = match_tell_municipalities(tx, &scope, false);
    }
    return result;
}

/* ---- numbers ---- */

/* The log knows both histories under each of the numbers; every older one leads here in one step.
 */
static int merge_numbers(struct store_tx *tx, struct child_file *file,
                         const struct child_file *from)
{
    struct child_alias *last = &file->aliases[file->alias_count++];
    *last = (struct child_alias){.key = from->key,
                                 .generation = from->generation,
                                 .evaluation_key = from->evaluation_key,
                                 .element = from->element};
    for (size_t i = 0; i < from->alias_count; i++) {
        file->aliases[file->alias_count++] = from->aliases[i];
    }
    /* First with `from`: then the file's own has what every other number is to have. */
    int result = subjects_merge(tx, &file->key, &from->key);
    for (size_t i = 0; i < file->alias_count && result == 0; i++) {
        child_alias_save(&tx->view, &file->aliases[i], &file->key);
        result = subjects_merge(tx, &file->key, &file->aliases[i].key);
    }
    return result;
}

/* With a signal there is no such day. */
static int32_t later_of(const struct child_file *file, int32_t one, int32_t other)
{
    int32_t later = one > other ? one : other;
    return file->member_count > 0 ? 0 : later;
}

int merge_files(struct store_tx *tx, const struct attribution *by, struct child_file *file,
                const struct child_file *from)
{
    CLEANUP(child_file_wipe) struct child_file before = *file;
    int result = merge_numbers(tx, file, from);
    if (result == 0) {
        result = merge_members(tx, by, file, &before, from);
    }
    if (result != 0) {
        return result;
    }
    file->residence = file->residence != 0 ? file->residence : from->residence;
    file->kept_until_day = later_of(file, file->kept_until_day, from->kept_until_day);
    file->told_until_day = later_of(file, file->told_until_day, from->told_until_day);
    merge_matches(tx, file, &before, from);
    result = tell(tx, file, &before, from);
    return result != 0 ? result : families_merge(tx, file, &before, from);
}
