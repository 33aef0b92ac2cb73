/* SPDX-License-Identifier: EUPL-1.2 */
/* Notices as their party is shown them: everything in them is as it is at the time of reading. */
#include <string.h>

#include "store/child/matches.h"
#include "store/child/signals.h"
#include "store/notice/notices.h"
#include "store/notice/row.h"
#include "store/party/parties.h"
#include "store/snapshot.h"

/* An id that is the same at every reading, and tells nothing: a hash, spelt as a UUID version 8. */
static void notice_id(uint32_t party, uint64_t sequence, const uint8_t *match, struct uuid *ret_id)
{
    uint8_t name[6 + 4 + 8 + UUID_BYTES] = "notice";
    struct merkle_hash hash;
    put_be32(name + 6, party);
    put_be64(name + 10, sequence);
    memcpy(name + 18, match, UUID_BYTES);
    merkle_leaf(name, sizeof(name), &hash);
    memcpy(ret_id->bytes, hash.bytes, UUID_BYTES);
    ret_id->bytes[6] = (uint8_t)((ret_id->bytes[6] & 0x0f) | 0x80);
    ret_id->bytes[8] = (uint8_t)((ret_id->bytes[8] & 0x3f) | 0x80);
}

/* What a notice is about, while it is being read. */
struct notice_reading {
    struct store_view *view;
    uint32_t party;
    struct child_file *file;
    const struct notice_body *body;
    struct notice *notice;
};

static int fill_from_scope(const struct notice_reading *reading, const struct match_scope *scope,
                           const struct uuid *own)
{
    struct notice *notice = reading->notice;
    bool concerns = own != NULL;
    int result = 0;
    if (own == NULL && scope->match->status != MATCH_ENDED) {
        result = match_concerns(reading->view, scope, reading->party, &concerns);
    }
    if (result == 0 && concerns) {
        result = match_involved(reading->view, scope, own, &notice->match.involved,
                                &notice->match.involved_count);
    }
    if (result == 0 && concerns && notice->type == NOTICE_FOLLOW_UP_STALLED) {
        result = match_unread(reading->view, scope, &notice->unread, &notice->unread_count);
    }
    return result;
}

/* Who is in the match: that of the child, mostly, or else one of the family. */
static int fill_involved(const struct notice_reading *reading, const struct uuid *own)
{
    struct child_match *match = NULL;
    for (size_t i = 0; i < reading->file->match_count; i++) {
        if (memcmp(&reading->file->matches[i].id, &reading->body->match, UUID_BYTES) == 0) {
            match = &reading->file->matches[i];
        }
    }
    if (match != NULL) {
        struct match_scope scope = match_scope_of_child(reading->file, match);
        return fill_from_scope(reading, &scope, own);
    }
    CLEANUP(match_found_wipe) struct match_found found = {0};
    int result = match_find(reading->view, &reading->body->match, &found);
    if (result != 0) {
        return result == STORE_NOT_FOUND ? 0 : result;
    }
    return found.match.status == MATCH_ENDED ? 0 : fill_from_scope(reading, &found.scope, own);
}

/* The archived signal that a newcomer is told of; gone, there is nothing to tell. Who is no
 * newcomer any more, having withdrawn, is not told who it was. */
static int fill_archived(const struct notice_reading *reading, bool is_active)
{
    const struct child_member *member = child_file_member(reading->file, &reading->body->other);
    if (member == NULL || !is_active) {
        return member == NULL ? STORE_NOT_FOUND : 0;
    }
    struct involved *involved = arena_new(reading->view->arena, sizeof(*involved));
    if (involved == NULL) {
        return -ENOMEM;
    }
    reading->notice->match.involved = involved;
    reading->notice->match.involved_count = 1;
    return match_involved_one(reading->view, member->party, member->professional, involved);
}

static bool tells_who(enum notice_type type)
{
    return type == NOTICE_MATCH_FORMED || type == NOTICE_MATCH_JOINED ||
           type == NOTICE_FOLLOW_UP_STALLED || type == NOTICE_YOUTH_MOVED;
}

/* Who else is involved, and the reader's own signal, both as they are now. */
static int fill_own(const struct notice_reading *reading, const struct uuid *own)
{
    struct notice *notice = reading->notice;
    struct signal_row row;
    struct signal signal;
    int result = signal_row_open(reading->view, reading->file, reading->party, own, &row);
    if (result == 0) {
        result = signal_from_row(reading->view, reading->party, own, &row, &signal);
    }
    if (result != 0) {
        return result; /* an erased signal's notices are gaps */
    }
    notice->has_own = true;
    notice->own = (struct own_signal){*own, signal.reference, signal.professional};
    if (notice->type == NOTICE_RENEWAL_DUE) {
        if (row.reported_at > notice->logged_at) {
            return STORE_NOT_FOUND; /* it has been renewed since: there is nothing to prompt */
        }
        notice->removal_day = row.removal_day;
    }
    if (notice->type == NOTICE_ARCHIVED_INVOLVEMENT) {
        return fill_archived(reading, row.status == SIGNAL_ACTIVE);
    }
    if (row.status != SIGNAL_ACTIVE) {
        notice->municipality = 0; /* who is involved no more is told nothing more */
        return 0;
    }
    return notice->has_match && tells_who(notice->type) ? fill_involved(reading, own) : 0;
}

static int read_child_notice(struct store_view *view, uint32_t party, const struct notice_row *row,
                             struct notice *notice)
{
    static const struct uuid none;
    CLEANUP(child_file_wipe) struct child_file file = {0};
    const struct notice_body *body = &row->body;
    bool outlives = notice_row_outlives(row);
    int result = outlives ? 0 : child_file_load(view, &row->child, &file);
    if (result == 0 && !outlives && !notice_row_is_live(row, &file)) {
        result = STORE_NOT_FOUND;
    }
    if (result != 0) {
        return result;
    }
    struct notice_reading reading = {view, party, &file, body, notice};
    notice->type = body->type;
    notice->logged_at = body->logged_at;
    notice->has_match = memcmp(&body->match, &none, sizeof(none)) != 0;
    if (notice->has_match) {
        match_view_identify(&body->match, body->kind, &notice->match);
    }
    if (body->type == NOTICE_YOUTH_MOVED) {
        notice->municipality = file.residence;
    }
    if (row->has_own) {
        return fill_own(&reading, &row->own);
    }
    return notice->has_match && tells_who(body->type) ? fill_involved(&reading, NULL) : 0;
}

static int read_auditor_notice(struct store_view *view, const struct row_key *key,
                               struct kv_bytes value, struct notice *notice)
{
    struct auditor_notice about;
    struct party party;
    uint32_t number;
    int result = notice_row_open_auditor(view, key, value, &about);
    if (result != 0) {
        return result;
    }
    notice->type = about.type;
    notice->logged_at = about.logged_at;
    notice->log_index = about.log_index;
    notice->actor = about.actor;
    notice->actor_name = "";
    result = party_find(view, &about.actor, &number);
    if (result == 0) {
        result = party_load(view, number, &party);
    }
    if (result == 0) {
        notice->actor_name = party.name;
    }
    return result == STORE_NOT_FOUND ? 0 : result;
}

/* What outlives its child is not about one any more, or about the next of that number. */
static void note_offered(struct store_view *view, uint64_t sequence, const struct notice_row *row)
{
    if (row->has_child && !notice_row_outlives(row)) {
        view->offered->notices[view->offered->count++] =
            (struct offered_notice){sequence, row->child};
    }
}

/* 0, STORE_NOT_FOUND for a gap, or a fault. */
static int read_notice(struct store_view *view, uint32_t party, uint64_t sequence,
                       const struct row_key *key, struct kv_bytes value, struct notice *ret_notice)
{
    struct notice notice = {.sequence = sequence};
    struct notice_row row;
    int result = notice_row_read(view, key, value, &row);
    if (result == 0) {
        result = notice_row_is_auditors(&row) ? read_auditor_notice(view, key, value, &notice)
                                              : read_child_notice(view, party, &row, &notice);
    }
    if (result == 0) {
        note_offered(view, sequence, &row);
        notice_id(party, sequence, notice.match.id.bytes, &notice.id);
        *ret_notice = notice;
    }
    return result;
}

int store_get_inbox(struct store_snapshot *snapshot, uint32_t party, struct inbox_state *ret_state)
{
    struct party_counters counters;
    int result = counters_load(&snapshot->view, party, &counters);
    if (result == 0) {
        *ret_state = (struct inbox_state){counters.inbox_head, counters.acknowledged};
    }
    return result;
}

#define GAPS_MAXIMUM 5000 /* rows of erased children passed over in one reading */

int store_read_notices(struct store_snapshot *snapshot, uint32_t party, uint64_t after,
                       size_t limit, struct notice_page *ret_page)
{
    struct store_view *view = &snapshot->view;
    struct notice_page page = {.next = after};
    struct notice *notices = arena_new(view->arena, (limit + 1) * sizeof(*notices));
    view->offered =
        arena_new(view->arena, sizeof(*view->offered) + limit * sizeof(view->offered->notices[0]));
    if (notices == NULL || view->offered == NULL) {
        return -ENOMEM;
    }
    view->offered->party = party;
    CLEANUP(kv_range_closep) struct kv_range *range = NULL;
    int result = notice_row_range(view, party, after, &range);
    for (size_t looked = 0; result == 0; looked++) {
        struct kv_bytes key;
        struct kv_bytes value;
        result = kv_range_next(range, &key, &value);
        if (result != 0) {
            break;
        }
        if (page.count == limit || looked == GAPS_MAXIMUM || (looked > 0 && view_is_heavy(view))) {
            page.more = true;
            break;
        }
        uint64_t sequence = layout_notice_sequence(key);
        struct row_key row = layout_notice(party, sequence);
        result = read_notice(view, party, sequence, &row, value, &notices[page.count]);
        page.count += result == 0 ? 1 : 0;
        result = result == STORE_NOT_FOUND ? 0 : result;
        page.next = sequence;
    }
    if (result != 0 && result != KV_END) {
        return result;
    }
    if (page.count == 0 && !page.more) {
        page.next = after; /* nothing but gaps */
    }
    page.notices = notices;
    *ret_page = page;
    return 0;
}
