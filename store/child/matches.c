/* SPDX-License-Identifier: EUPL-1.2 */
#include "store/child/matches.h"

#include <string.h>

#include "store/base/clock.h"
#include "store/child/families.h"
#include "store/child/matchplace.h"
#include "store/child/matchrow.h"
#include "store/notice/notices.h"
#include "store/party/parties.h"
#include "store/party/statistics.h"

struct match_scope match_scope_of_child(struct child_file *file, struct child_match *match)
{
    return (struct match_scope){
        .kind = MATCH_CHILD, .match = match, .file_count = 1, .files = {file}};
}

bool match_walk_next(const struct match_scope *scope, struct match_walk *walk)
{
    while (walk->file < scope->file_count) {
        walk->of = scope->files[walk->file];
        if (walk->next < walk->of->member_count) {
            walk->member = &walk->of->members[walk->next++];
            return true;
        }
        walk->file++;
        walk->next = 0;
    }
    return false;
}

static struct row_key follow_up_key(const struct store_view *view, const struct child_match *match)
{
    struct match_place place = match_place_of_id(view, &match->id);
    return layout_due_follow_up(calendar_dutch_midnight(match->follow_up_due_day), &place);
}

void match_drop_follow_up(struct store_tx *tx, const struct child_match *match)
{
    struct row_key key = follow_up_key(&tx->view, match);
    kv_delete(tx->view.kv, KV_DUE, row_key_bytes(&key));
}

/* The term within which those involved should have spoken to each other begins now. */
static void start_follow_up(struct store_tx *tx, struct child_match *match)
{
    match->follow_up_due_day = calendar_dutch_day(tx->now) + tx->view.policy->follow_up_days;
    struct row_key key = follow_up_key(&tx->view, match);
    kv_put(tx->view.kv, KV_DUE, row_key_bytes(&key), (struct kv_bytes){"", 0});
}

int match_make(struct store_tx *tx, struct child_match *ret_match)
{
    struct child_match match = {
        .status = MATCH_OPEN, .formed_at = tx->now, .formed_by = tx->view.head.last_signal};
    int result = match_id_make(tx, &match.id);
    if (result == 0) {
        start_follow_up(tx, &match);
        tx->view.head.matches++;
        *ret_match = match;
    }
    return result;
}

void match_drop(struct store_tx *tx, const struct child_match *match)
{
    match_row_delete(tx, &match->id);
    for (size_t i = 0; i < match->told_count; i++) {
        struct row_key key = layout_party_uuid(match->told[i], PARTY_MATCH_TOLD, &match->id);
        kv_delete(tx->view.kv, KV_PARTY, row_key_bytes(&key));
    }
    if (match->status != MATCH_ENDED) {
        match_drop_follow_up(tx, match);
        tx->view.head.matches--;
    }
}

/* ---- telling ---- */

static bool was_told(const struct child_match *match, uint32_t party)
{
    for (size_t i = 0; i < match->told_count; i++) {
        if (match->told[i] == party) {
            return true;
        }
    }
    return false;
}

bool match_show_municipality(struct store_tx *tx, struct child_match *match, uint32_t party)
{
    if (was_told(match, party)) {
        return true;
    }
    if (match->told_count == CHILDFILE_TOLD_MAXIMUM) {
        return false;
    }
    match->told[match->told_count++] = party;
    struct row_key key = layout_party_uuid(party, PARTY_MATCH_TOLD, &match->id);
    uint8_t instant[8];
    put_be64(instant, (uint64_t)tx->now);
    kv_put(tx->view.kv, KV_PARTY, row_key_bytes(&key), (struct kv_bytes){instant, 8});
    return true;
}

/* Tells the municipality whose follow-up a signal is, once for each match. */
static int tell_municipality(struct store_tx *tx, const struct match_scope *scope,
                             const struct child_file *file, const struct child_member *member,
                             bool quiet)
{
    struct child_match *match = scope->match;
    uint32_t party;
    int result = party_of_follow_up(&tx->view, file->residence, member->municipality, &party);
    if (result != 0 || party == 0 || was_told(match, party) ||
        !match_show_municipality(tx, match, party)) {
        return result;
    }
    struct notice_draft draft = {
        .type = NOTICE_MATCH_FORMED, .match = &match->id, .kind = scope->kind};
    return quiet ? 0 : notice_send(tx, file, party, &draft, NULL);
}

int match_tell_municipalities(struct store_tx *tx, const struct match_scope *scope, bool quiet)
{
    struct match_walk walk = {0};
    const struct child_file *of = NULL; /* of whom the last one was, and where: mostly the same */
    uint16_t municipality = 0;
    int result = 0;
    while (result == 0 && match_walk_next(scope, &walk)) {
        if (!walk.member->archived &&
            (walk.of != of || walk.member->municipality != municipality)) {
            of = walk.of;
            municipality = walk.member->municipality;
            result = tell_municipality(tx, scope, walk.of, walk.member, quiet);
        }
    }
    return result;
}

static int tell_member(struct store_tx *tx, const struct match_scope *scope,
                       struct match_walk *walk, enum notice_type type)
{
    struct notice_draft draft = {
        .type = type, .match = &scope->match->id, .kind = scope->kind, .own = walk->member};
    uint64_t sequence;
    int result = notice_send(tx, walk->of, walk->member->party, &draft, &sequence);
    if (result == 0 && scope->kind == MATCH_CHILD && type != NOTICE_MATCH_RETRACTED) {
        walk->member->notice = sequence;
    }
    return result;
}

static bool is_newcomer(const struct match_newcomers *newcomers, const struct uuid *signal)
{
    for (size_t i = 0; i < newcomers->count; i++) {
        if (memcmp(&newcomers->signals[i], signal, sizeof(*signal)) == 0) {
            return true;
        }
    }
    return newcomers->count == 0;
}

int match_announce(struct store_tx *tx, const struct match_scope *scope,
                   const struct match_newcomers *newcomers, bool quiet)
{
    struct match_walk walk = {0};
    int result = 0;
    if (newcomers->count > 0 && scope->match->status == MATCH_CONTACTED) {
        scope->match->status = MATCH_OPEN;
        start_follow_up(tx, scope->match);
    }
    while (!quiet && result == 0 && match_walk_next(scope, &walk)) {
        if (!walk.member->archived) {
            bool is_new = is_newcomer(newcomers, &walk.member->signal);
            result =
                tell_member(tx, scope, &walk, is_new ? NOTICE_MATCH_FORMED : NOTICE_MATCH_JOINED);
        }
    }
    return result != 0 ? result : match_tell_municipalities(tx, scope, quiet);
}

/* The municipalities that were told of the match before. Who has lost its last signal goes, and
 * what is told of its match then knows no child. */
static int tell_told(struct store_tx *tx, const struct match_scope *scope, enum notice_type type)
{
    struct notice_draft draft = {.type = type, .match = &scope->match->id, .kind = scope->kind};
    const struct child_file *file = scope->files[0]->member_count > 0 ? scope->files[0] : NULL;
    int result = 0;
    for (size_t i = 0; i < scope->match->told_count && result == 0; i++) {
        result = notice_send(tx, file, scope->match->told[i], &draft, NULL);
    }
    return result;
}

/* Everyone who is left in it, and the municipalities that were told of it. */
static int tell_end(struct store_tx *tx, const struct match_scope *scope)
{
    struct match_walk walk = {0};
    int result = 0;
    while (result == 0 && match_walk_next(scope, &walk)) {
        if (!walk.member->archived) {
            result = tell_member(tx, scope, &walk, NOTICE_MATCH_ENDED);
        }
    }
    return result != 0 ? result : tell_told(tx, scope, NOTICE_MATCH_ENDED);
}

int match_end(struct store_tx *tx, const struct match_scope *scope, bool tell)
{
    struct child_match *match = scope->match;
    match_drop_follow_up(tx, match);
    match->status = MATCH_ENDED;
    match->ended_at = tx->now;
    match->ended_after = tx->view.head.last_signal;
    tx->view.head.matches--;
    return tell && tx->view.policy->notify_departure ? tell_end(tx, scope) : 0;
}

/* ---- the match of one child ---- */

/* Drops the oldest ended match when there is no place for a new one. */
static void make_place(struct store_tx *tx, struct child_file *file)
{
    if (file->match_count < CHILDFILE_MATCHES_MAXIMUM) {
        return;
    }
    match_drop(tx, &file->matches[0]);
    file->match_count--;
    memmove(&file->matches[0], &file->matches[1], file->match_count * sizeof(file->matches[0]));
}

static int form_match(struct store_tx *tx, struct child_file *file)
{
    make_place(tx, file);
    struct child_match *match = &file->matches[file->match_count];
    int result = match_make(tx, match);
    if (result == 0) {
        file->match_count++;
        match_row_put_child(tx, &match->id, &file->key);
        struct match_scope scope = match_scope_of_child(file, match);
        result = statistics_count_scope(tx, &scope, STATISTIC_CHILD_MATCHES);
    }
    return result;
}

int match_arrived(struct store_tx *tx, struct child_file *file,
                  const struct match_newcomers *newcomers, bool quiet)
{
    static const struct match_newcomers all;
    if (file->live_count < 2) {
        return 0;
    }
    bool formed = child_file_open_match(file) == NULL;
    int result = formed ? form_match(tx, file) : 0;
    if (result != 0) {
        return result;
    }
    struct match_scope scope = match_scope_of_child(file, child_file_open_match(file));
    return match_announce(tx, &scope, formed ? &all : newcomers, quiet);
}

int match_joined(struct store_tx *tx, struct child_file *file, bool quiet)
{
    struct uuid newest = file->members[file->member_count - 1].signal;
    struct match_newcomers newcomers = {1, &newest};
    int result = match_arrived(tx, file, &newcomers, quiet);
    return result != 0 ? result : families_joined(tx, file, &newest, quiet);
}

int match_left(struct store_tx *tx, struct child_file *file, bool tell)
{
    struct child_match *match = child_file_open_match(file);
    int result = 0;
    if (match != NULL && file->live_count < 2) {
        struct match_scope scope = match_scope_of_child(file, match);
        result = match_end(tx, &scope, tell);
    }
    return result != 0 ? result : families_left(tx, file, tell);
}

int match_forget(struct store_tx *tx, const struct child_file *file)
{
    for (size_t i = 0; i < file->match_count; i++) {
        match_drop(tx, &file->matches[i]);
    }
    int result = families_forget(tx, file);
    return result != 0 ? result : kv_fault(tx->view.kv);
}

/* ---- retraction ---- */

bool match_is_later(const struct uuid *signal, const struct uuid *ended_after)
{
    return ended_after != NULL && memcmp(signal, ended_after, sizeof(*signal)) > 0;
}

int match_retract_one(struct store_tx *tx, const struct match_scope *scope,
                      const struct uuid *ended_after)
{
    const struct child_match *match = scope->match;
    struct match_walk walk = {0};
    int result = 0;
    while (result == 0 && match_walk_next(scope, &walk)) {
        const struct child_member *member = walk.member;
        bool met = !match_is_later(&member->signal, ended_after);
        if (!member->archived && met && child_match_had(match, &member->signal)) {
            result = tell_member(tx, scope, &walk, NOTICE_MATCH_RETRACTED);
        }
    }
    return result != 0 ? result : tell_told(tx, scope, NOTICE_MATCH_RETRACTED);
}

int match_retract(struct store_tx *tx, struct child_file *file, const struct uuid *signal,
                  const struct uuid *ended_after)
{
    int result = 0;
    for (size_t i = 0; i < file->match_count && result == 0; i++) {
        struct child_match *match = &file->matches[i];
        if (!match_is_later(&match->formed_by, ended_after) && child_match_had(match, signal)) {
            struct match_scope scope = match_scope_of_child(file, match);
            result = match_retract_one(tx, &scope, ended_after);
        }
    }
    return result != 0 ? result : families_retract(tx, file, signal, ended_after);
}
