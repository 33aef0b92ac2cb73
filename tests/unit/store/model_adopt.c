/* SPDX-License-Identifier: EUPL-1.2 */
/*
 * After each step: takes over ids and instants that the store has made, and the order of notices
 * within the step, and compares the files of the children that were touched, every new notice and
 * every new entry of the log.
 */
#include "tests/unit/store/model.h"

#include <stdio.h>
#include <stdlib.h>

#include "store/base/clock.h"
#include "store/child/matchrow.h"
#include "store/notice/notices.h"
#include "store/notice/row.h"
#include "store/snapshot.h"

/* ---- children ---- */

static void check_instant(int64_t actual, struct reference_when *expected)
{
    if (actual < expected->from || actual > expected->to) {
        fail_msg("something was at %lld, not between %lld and %lld", (long long)actual,
                 (long long)expected->from, (long long)expected->to);
    }
    *expected = (struct reference_when){actual, actual};
}

static void adopt_match(struct model *model, size_t number, const struct child_match *actual)
{
    struct reference_match *match = &model->reference.matches[number];
    size_t told = 0;
    if (!match->bound) {
        match->id = actual->id;
        match->bound = true;
    }
    assert_true(same_uuid(&match->id, &actual->id));
    assert_int_equal(actual->status, match->status);
    check_instant(actual->formed_at, &match->formed);
    if (match->status == MATCH_ENDED) {
        check_instant(actual->ended_at, &match->ended);
    }
    if (match->status == MATCH_OPEN) {
        assert_int_equal(actual->follow_up_due_day, match->follow_up_day);
    }
    for (int party = 0; party < REFERENCE_PARTIES; party++) {
        told += match->told[party] ? 1 : 0;
    }
    assert_int_equal(actual->told_count, told);
}

static void adopt_members(struct model *model, const struct child_file *file,
                          const struct reference_child *child)
{
    const struct reference *reference = &model->reference;
    size_t live = 0;
    assert_int_equal(file->member_count, child->members.count);
    for (size_t i = 0; i < file->member_count; i++) {
        const struct reference_signal *signal = &reference->signals[child->members.items[i]];
        const struct child_member *member = &file->members[i];
        assert_true(same_uuid(&member->signal, &signal->id));
        assert_int_equal(member->party, reference->parties[signal->party].number);
        assert_int_equal(member->archived, signal->state == REFERENCE_ARCHIVED);
        assert_int_equal(member->municipality, model_town_code(signal->town));
        live += signal->state == REFERENCE_LIVE ? 1 : 0;
    }
    assert_int_equal(file->live_count, live);
}

static void adopt_ties(struct model *model, const struct child_file *file,
                       const struct reference_child *child)
{
    assert_int_equal(file->tie_count, child->tie_count);
    for (size_t i = 0; i < file->tie_count; i++) {
        bool found = false;
        for (size_t j = 0; j < child->tie_count; j++) {
            found = found || memcmp(&file->ties[i].key, &model->ties[child->ties[j]].key,
                                    sizeof(file->ties[i].key)) == 0;
        }
        assert_true(found);
    }
}

static void adopt_child(struct model *model, struct store_view *view, size_t number)
{
    struct reference_child *child = &model->reference.children[number];
    CLEANUP(child_file_wipe) struct child_file file = {0};
    assert_int_equal(child_file_load(view, &model->numbers[child->numbers[0]].key, &file), 0);
    assert_memory_equal(&file.key, &model->numbers[child->numbers[0]].key, sizeof(file.key));
    assert_int_equal(file.alias_count, child->number_count - 1);
    assert_int_equal(file.residence, child->residence < 0 ? 0 : model_town_code(child->residence));
    assert_int_equal(file.kept_until_day, child->kept_until);
    assert_int_equal(file.told_until_day, child->told_until);
    adopt_members(model, &file, child);
    adopt_ties(model, &file, child);
    assert_int_equal(file.match_count, child->matches.count);
    for (size_t i = 0; i < file.match_count; i++) {
        adopt_match(model, child->matches.items[i], &file.matches[i]);
    }
}

/* The n-th family match of a child with another: each pair has at most one open, and what has ended
 * did so in order. */
static size_t find_family(const struct model *model, size_t child, const struct child_match *actual,
                          size_t other)
{
    const struct reference *reference = &model->reference;
    const struct reference_list *kept = &reference->children[child].families;
    for (size_t i = 0; i < kept->count; i++) {
        const struct reference_match *match = &reference->matches[kept->items[i]];
        if (match->bound && same_uuid(&match->id, &actual->id)) {
            return kept->items[i];
        }
    }
    for (size_t i = 0; i < kept->count; i++) {
        const struct reference_match *match = &reference->matches[kept->items[i]];
        bool same_pair = match->children[0] == other || match->children[1] == other;
        if (!match->bound && same_pair && match->status == actual->status &&
            actual->formed_at >= match->formed.from && actual->formed_at <= match->formed.to) {
            return kept->items[i];
        }
    }
    return NONE;
}

static size_t child_of_key(const struct model *model, const struct child_key *key)
{
    for (int number = 0; number < REFERENCE_NUMBERS; number++) {
        if (memcmp(key, &model->numbers[number].key, sizeof(*key)) == 0) {
            return model->reference.number_child[number];
        }
    }
    return NONE;
}

static void adopt_families(struct model *model, struct store_view *view, size_t number)
{
    const struct reference_child *child = &model->reference.children[number];
    CLEANUP(child_file_wipe) struct child_file file = {0};
    assert_int_equal(child_file_load(view, &model->numbers[child->numbers[0]].key, &file), 0);
    if (file.family_count != child->families.count) {
        fail_msg("child %zu has %zu family matches, where the reference has %zu", number,
                 file.family_count, child->families.count);
    }
    for (size_t i = 0; i < file.family_count; i++) {
        struct child_match actual;
        size_t other = child_of_key(model, &file.families[i].other);
        assert_true(other != NONE);
        assert_int_equal(match_row_open_family(view, &file.families[i], &actual), 0);
        size_t match = find_family(model, number, &actual, other);
        if (match == NONE) {
            fail_msg("a family match of children %zu and %zu that the reference does not know",
                     number, other);
        }
        adopt_match(model, match, &actual);
    }
}

static void adopt_children(struct model *model)
{
    struct reference *reference = &model->reference;
    struct store_view *view = &model->office.snapshot->view;
    for (size_t i = 0; i < reference->present.count; i++) {
        if (reference->children[reference->present.items[i]].touched) {
            adopt_child(model, view, reference->present.items[i]);
        }
    }
    for (size_t i = 0; i < reference->present.count; i++) {
        struct reference_child *child = &reference->children[reference->present.items[i]];
        if (child->touched) {
            adopt_families(model, view, reference->present.items[i]);
        }
        child->touched = false;
    }
}

/* ---- notices ---- */

/* Which archived signal a notice tells of, which it does not show. */
static struct uuid told_of(struct model *model, uint32_t party, uint64_t sequence)
{
    struct store_view *view = &model->office.snapshot->view;
    struct row_key key = layout_notice(party, sequence);
    CLEANUP(child_file_wipe) struct child_file file = {0};
    struct notice_row row;
    struct kv_bytes value;
    assert_int_equal(kv_get(view->kv, KV_PARTY, row_key_bytes(&key), &value), 0);
    assert_int_equal(notice_row_read(view, &key, value, &row), 0);
    assert_int_equal(child_file_load(view, &row.child, &file), 0);
    assert_true(notice_row_is_live(&row, &file));
    return row.body.other;
}

static bool could_be(const struct model *model, const struct notice *notice,
                     const struct uuid *other, const struct reference_notice *expected)
{
    const struct reference *reference = &model->reference;
    if (notice->type != expected->type || notice->has_own != (expected->own != NONE) ||
        notice->has_match != (expected->match != NONE) || notice->logged_at < expected->when.from ||
        notice->logged_at > expected->when.to) {
        return false;
    }
    if (expected->match != NONE) {
        const struct reference_match *match = &reference->matches[expected->match];
        if (notice->match.kind != match->kind) {
            return false;
        }
        if (match->bound ? !same_uuid(&match->id, &notice->match.id) : !match->forgotten) {
            return false;
        }
    }
    if (expected->own != NONE &&
        !same_uuid(&reference->signals[expected->own].id, &notice->own.id)) {
        return false;
    }
    return expected->other == NONE || same_uuid(&reference->signals[expected->other].id, other);
}

/* A match that came and went within the step has an id that nobody can know. */
static bool is_known(const struct model *model, const struct reference_notice *notice)
{
    return notice->match == NONE || model->reference.matches[notice->match].bound;
}

/* Behind which of the two of a family a municipality's notice stands: it goes with that one. */
static void adopt_notice_child(struct model *model, int party, uint64_t sequence,
                               struct reference_notice *notice)
{
    struct reference *reference = &model->reference;
    struct child_key key;
    bool has_child;
    if (notice->own != NONE || notice->match == NONE ||
        reference->matches[notice->match].kind != MATCH_FAMILY) {
        return;
    }
    const struct reference_match *match = &reference->matches[notice->match];
    int found = notice_child(&model->office.snapshot->view, reference->parties[party].number,
                             sequence, &has_child, &key);
    if (found == 0 && has_child) {
        notice->child = child_of_key(model, &key);
        assert_true(notice->child != NONE);
    } else if (found == 0) {
        assert_int_equal(notice->type, NOTICE_MATCH_RETRACTED);
    } else if (!reference->children[reference_child_now(reference, match->children[0])].gone) {
        notice->child = match->children[1];
    }
}

/* Which of two that a notice could be it rather is: the one of which there is no doubt; the one
 * that can be read; else the one whose time ends first: the other may still be a later notice. */
static bool is_likelier(const struct model *model, const struct reference_notice *one,
                        const struct reference_notice *other)
{
    bool known = is_known(model, one);
    bool gap = reference_is_gap(&model->reference, one);
    if (known != is_known(model, other)) {
        return known;
    }
    if (gap != reference_is_gap(&model->reference, other)) {
        return !gap;
    }
    return one->when.to < other->when.to;
}

/* Which of those that have not been placed a notice is; their number when it is none of them. */
static size_t find_notice(const struct model *model, const struct reference_party *reader,
                          const bool *placed, const struct notice *notice, const struct uuid *other)
{
    size_t found = reader->notice_count;
    for (size_t at = reader->notices_settled; at < reader->notice_count; at++) {
        const struct reference_notice *expected = &reader->notices[at];
        if (!placed[at] && could_be(model, notice, other, expected) &&
            (found == reader->notice_count ||
             is_likelier(model, expected, &reader->notices[found]))) {
            found = at;
        }
    }
    return found;
}

static void swap_notices(struct reference_notice *one, struct reference_notice *other)
{
    struct reference_notice kept = *one;
    *one = *other;
    *other = kept;
}

static void place_notice(struct model *model, int party, bool *placed, const struct notice *notice)
{
    struct reference_party *reader = &model->reference.parties[party];
    struct uuid other = {{0}};
    assert_in_range(notice->sequence, reader->notices_settled + 1, reader->notice_count);
    if (notice->type == NOTICE_ARCHIVED_INVOLVEMENT) {
        other = told_of(model, reader->number, notice->sequence);
    }
    size_t at = find_notice(model, reader, placed, notice, &other);
    if (at == reader->notice_count) {
        fail_msg("notice %llu of party %d, of type %d, that the reference does not know",
                 (unsigned long long)notice->sequence, party, (int)notice->type);
    }
    swap_notices(&reader->notices[at], &reader->notices[notice->sequence - 1]);
    if (placed[notice->sequence - 1]) {
        fail_msg("a notice stands twice");
    }
    placed[notice->sequence - 1] = true;
}

/* What cannot be read is in its place too: its row still says of which signal it is, and one of a
 * signal that is there goes along when parties merge. */
static void place_gap(struct model *model, int party, bool *placed, uint64_t sequence)
{
    struct reference *reference = &model->reference;
    struct reference_party *reader = &reference->parties[party];
    struct store_view *view = &model->office.snapshot->view;
    struct row_key key = layout_notice(reader->number, sequence);
    struct notice_row row;
    struct kv_bytes value;
    int result = kv_get(view->kv, KV_PARTY, row_key_bytes(&key), &value);
    if (result == KV_NOT_FOUND) {
        return; /* a turn has deleted it */
    }
    assert_int_equal(result, 0);
    assert_int_equal(notice_row_read(view, &key, value, &row), 0);
    for (size_t at = reader->notices_settled; at < reader->notice_count; at++) {
        struct reference_notice *expected = &reader->notices[at];
        bool same = row.has_own ? expected->own != NONE &&
                                      same_uuid(&reference->signals[expected->own].id, &row.own)
                                : expected->own == NONE;
        if (!placed[at] && same && reference_is_gap(reference, expected)) {
            swap_notices(expected, &reader->notices[sequence - 1]);
            placed[sequence - 1] = true;
            return;
        }
    }
    if (row.has_own) {
        fail_msg("notice %llu of party %d is there, and the reference does not know it",
                 (unsigned long long)sequence, party);
    }
}

/* Puts the reference's new notices in the store's order: within a step it is of no matter. */
static void order_notices(struct model *model, int party)
{
    struct reference_party *reader = &model->reference.parties[party];
    size_t first = reader->notices_settled;
    bool *placed = calloc(reader->notice_count + 1, sizeof(*placed));
    struct notice_page page = {.next = first};
    assert_non_null(placed);
    do { /* a page ends where it has become much to keep */
        assert_int_equal(store_read_notices(office_look(&model->office), reader->number, page.next,
                                            reader->notice_count - first, &page),
                         0);
        for (size_t i = 0; i < page.count; i++) {
            place_notice(model, party, placed, &page.notices[i]);
        }
    } while (page.more);
    for (size_t at = first; at < reader->notice_count; at++) {
        if (!placed[at]) {
            place_gap(model, party, placed, at + 1);
        }
    }
    for (size_t at = first; at < reader->notice_count; at++) {
        adopt_notice_child(model, party, at + 1, &reader->notices[at]);
        if (!placed[at] && !reference_is_gap(&model->reference, &reader->notices[at])) {
            fail_msg("party %d was not told: type %d", party, (int)reader->notices[at].type);
        }
    }
    free(placed);
}

/* The newest one about its child's match is what a signal's owner has read or not. */
static void note_newest(struct model *model, int party)
{
    struct reference *reference = &model->reference;
    const struct reference_party *reader = &reference->parties[party];
    for (size_t at = reader->notices_settled; at < reader->notice_count; at++) {
        const struct reference_notice *notice = &reader->notices[at];
        if (notice->own != NONE && notice->match != NONE &&
            reference->matches[notice->match].kind == MATCH_CHILD &&
            notice->type != NOTICE_MATCH_RETRACTED) {
            reference->signals[notice->own].notice = at + 1;
        }
    }
}

static void adopt_notices(struct model *model)
{
    for (int party = 0; party < REFERENCE_PARTIES; party++) {
        struct reference_party *reader = &model->reference.parties[party];
        struct inbox_state inbox;
        assert_int_equal(store_get_inbox(model->office.snapshot, reader->number, &inbox), 0);
        if (inbox.head != reader->notice_count) {
            fail_msg("party %d was told %llu times, where the reference says %zu", party,
                     (unsigned long long)inbox.head, reader->notice_count);
        }
        assert_true(inbox.acknowledged == reader->acknowledged);
        if (reader->notice_count > reader->notices_settled) {
            order_notices(model, party);
            note_newest(model, party);
            model_compare_notices(model, party, reader->notices_settled,
                                  reader->notice_count - reader->notices_settled);
            reader->notices_settled = reader->notice_count;
        }
    }
}

/* ---- the log ---- */

static bool is_entry(const struct model *model, const struct log_entry *actual,
                     const struct reference_entry *expected)
{
    char text[64];
    if (actual->event != expected->event) {
        return false;
    }
    if (expected->signal != NONE) {
        uuid_format(&model->reference.signals[expected->signal].id, text);
        if (strstr(actual->public_part, text) == NULL) {
            return false;
        }
    }
    snprintf(text, sizeof(text), "\"notice:%llu\"", (unsigned long long)expected->notice);
    if (expected->notice != 0 && strstr(actual->public_part, text) == NULL) {
        return false;
    }
    snprintf(text, sizeof(text), "\"party:%u\"", expected->party);
    if (expected->party != 0 && strstr(actual->public_part, text) == NULL) {
        return false;
    }
    snprintf(text, sizeof(text), "\"verwijsindex.count\":%u", expected->count);
    return expected->count == 0 || strstr(actual->public_part, text) != NULL;
}

/* Finds the entry that was expected; first among those that there must be. */
static bool find_entry(const struct model *model, bool *found, const struct log_entry *actual,
                       bool optional)
{
    const struct reference *reference = &model->reference;
    for (size_t i = 0; i < reference->entry_count; i++) {
        if (!found[i] && reference->entries[i].optional == optional &&
            is_entry(model, actual, &reference->entries[i])) {
            found[i] = true;
            return true;
        }
    }
    return false;
}

static void hold_entry(const struct model *model, bool *found, const struct log_entry *actual)
{
    const struct reference *reference = &model->reference;
    /* Once a month by themselves. */
    bool known = actual->event == LOG_EPOCH_TURNED || actual->event == LOG_RECORDS_DESTROYED;
    if (find_entry(model, found, actual, false) || find_entry(model, found, actual, true)) {
        return;
    }
    for (size_t i = 0; i < reference->entry_count && !known; i++) {
        known = reference->entries[i].repeats && reference->entries[i].event == actual->event;
    }
    if (!known) {
        fail_msg("entry %llu, %s, that the reference does not have",
                 (unsigned long long)actual->index, accesslog_event_name(actual->event));
    }
}

static void adopt_log(struct model *model)
{
    struct reference *reference = &model->reference;
    struct log_query query = office_any_entry();
    struct log_page page;
    bool *found = calloc(reference->entry_count + 1, sizeof(*found));
    assert_non_null(found);
    query.start = model->log_seen;
    do {
        assert_int_equal(store_read_log(model->office.snapshot, &query, &page), 0);
        for (size_t i = 0; i < page.count; i++) {
            assert_true(page.entries[i].index == model->log_seen);
            hold_entry(model, found, &page.entries[i]);
            model->log_seen++;
        }
        query.start = model->log_seen;
    } while (page.more);
    assert_true(model->log_seen == store_log_size(model->office.snapshot));
    for (size_t i = 0; i < reference->entry_count; i++) {
        if (!found[i] && !reference->entries[i].optional) {
            fail_msg("%s was not logged", accesslog_event_name(reference->entries[i].event));
        }
    }
    reference->entry_count = 0;
    free(found);
}

void model_adopt(struct model *model)
{
    office_look(&model->office);
    adopt_children(model);
    adopt_notices(model);
    adopt_log(model);
}
