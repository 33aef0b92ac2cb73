/* SPDX-License-Identifier: EUPL-1.2 */
/*
 * What the population register tells (Jeugdwet 7.1.2.3(1)d-g; domain rules 6, 12, 13, 14). It never
 * learns whether a child is known: each event is answered alike, and logged with its subject.
 */
#include <string.h>

#include "store/base/clock.h"
#include "store/child/families.h"
#include "store/child/matches.h"
#include "store/child/merge.h"
#include "store/child/registry.h"
#include "store/child/signals.h"
#include "store/notice/notices.h"
#include "store/operation.h"
#include "store/party/parties.h"
#include "store/party/statistics.h"

static int load_or_create(struct store_tx *tx, const struct store_person_event *event,
                          const struct identity *who, struct child_file *ret_file, bool *ret_known)
{
    int result = child_file_load(&tx->view, &who->key, ret_file);
    *ret_known = result == 0;
    return result != STORE_NOT_FOUND ? result
                                     : child_file_create(&tx->view, &who->key, &who->element,
                                                         event->evaluation_key, ret_file);
}

static int log_event(struct store_tx *tx, struct store_person_event *event, enum log_event what,
                     const struct child_key *child)
{
    struct log_note note = {.event = what};
    note_subject(&note, child);
    return tx_log_op(tx, &event->op, &note);
}

/* Whether what the register says of this child may be kept: without a signal only for a term. */
static bool is_kept(const struct store_tx *tx, const struct child_file *file)
{
    return file->member_count > 0 || tx->view.policy->registry_wait_days > 0;
}

static void keep_waiting(struct store_tx *tx, struct child_file *file)
{
    registry_keep_told(tx, file, calendar_dutch_day(tx->now) + tx->view.policy->registry_wait_days);
}

/* ---- death ---- */

static int erase_member(struct store_tx *tx, struct store_person_event *event,
                        struct child_file *file, const struct child_member *member)
{
    struct log_note note = {.event = LOG_SIGNAL_ERASED};
    struct signal_row row;
    const struct uuid id = member->signal;
    int result = signal_row_open(&tx->view, file, member->party, &id, &row);
    if (result != 0) {
        return result == STORE_NOT_FOUND ? VIEW_DAMAGED : result;
    }
    signal_take_out(tx, file, &id, &row, true);
    note_subject(&note, &file->key);
    note_object_uuid(&note, LOG_OBJECT_SIGNAL, &id);
    result = statistics_count_erased(tx, row.municipality, row.status);
    return result != 0 ? result : tx_log_op(tx, &event->op, &note);
}

/* Erased at once, live or archived; nobody is told. */
static int run_died(struct store_tx *tx, struct store_person_event *event)
{
    CLEANUP(child_file_wipe) struct child_file file = {0};
    int known = child_file_load(&tx->view, &event->child.key, &file);
    if (known != 0 && known != STORE_NOT_FOUND) {
        return known;
    }
    int result = log_event(tx, event, LOG_PERSON_DIED, &event->child.key);
    if (result != 0 || known == STORE_NOT_FOUND) {
        return result;
    }
    result = match_forget(tx, &file);
    while (result == 0 && file.member_count > 0) {
        result = erase_member(tx, event, &file, &file.members[file.member_count - 1]);
    }
    child_file_delete(&tx->view, &file);
    return result;
}

/* ---- a move ---- */

static int tell_reporters(struct store_tx *tx, const struct child_file *file)
{
    int result = 0;
    for (size_t i = 0; i < file->member_count && result == 0; i++) {
        const struct child_member *member = &file->members[i];
        struct notice_draft draft = {.type = NOTICE_YOUTH_MOVED, .own = member};
        if (!member->archived) {
            result = notice_send(tx, file, member->party, &draft, NULL);
        }
    }
    return result;
}

/* The follow-up of an open match is the new municipality's from now on. */
static int tell_new_home(struct store_tx *tx, const struct child_file *file, uint32_t party,
                         struct child_match *match, enum match_kind kind)
{
    struct notice_draft draft = {.type = NOTICE_YOUTH_MOVED, .match = &match->id, .kind = kind};
    return match_show_municipality(tx, match, party) ? notice_send(tx, file, party, &draft, NULL)
                                                     : 0;
}

/* The open matches with other children: `new_home` is told of the move, or, 0, whoever has not been
 * told of them yet. */
static int tell_of_families(struct store_tx *tx, const struct child_file *file, uint32_t new_home)
{
    int result = 0;
    for (size_t i = 0; i < file->family_count && result == 0; i++) {
        CLEANUP(match_found_wipe) struct match_found found = {0};
        result = match_find(&tx->view, &file->families[i].match, &found);
        if (result == 0 && found.scope.match->status != MATCH_ENDED) {
            result = new_home != 0
                         ? tell_new_home(tx, file, new_home, found.scope.match, MATCH_FAMILY)
                         : match_tell_municipalities(tx, &found.scope, false);
            match_found_save(tx, &found);
        }
        result = result == STORE_NOT_FOUND ? VIEW_DAMAGED : result;
    }
    return result;
}

/* Everyone who reported the child, and the municipality whose follow-up it now is (domain rule 14).
 */
static int move_home(struct store_tx *tx, struct child_file *file, uint16_t municipality)
{
    struct child_match *match = child_file_open_match(file);
    uint32_t party;
    file->residence = municipality;
    int result = tell_reporters(tx, file);
    if (result == 0) {
        result = party_of_municipality(&tx->view, municipality, &party);
    }
    if (result == 0 && match != NULL) {
        struct match_scope scope = match_scope_of_child(file, match);
        /* One that has not joined leaves the follow-up to those of the signals. */
        result = party != 0 ? tell_new_home(tx, file, party, match, MATCH_CHILD)
                            : match_tell_municipalities(tx, &scope, false);
    }
    child_file_save(&tx->view, file);
    return result == 0 ? tell_of_families(tx, file, party) : result;
}

static int run_moved(struct store_tx *tx, struct store_person_event *event)
{
    CLEANUP(child_file_wipe) struct child_file file = {0};
    bool known;
    int result = load_or_create(tx, event, &event->child, &file, &known);
    if (result == 0) {
        result = log_event(tx, event, LOG_PERSON_MOVED, &event->child.key);
    }
    if (result != 0 || !is_kept(tx, &file)) {
        return result;
    }
    keep_waiting(tx, &file);
    if (file.residence != event->municipality) {
        return move_home(tx, &file, event->municipality);
    }
    child_file_save(&tx->view, &file);
    return 0;
}

/* ---- relations ---- */

static size_t list_relations(const struct store_person_event *event,
                             struct family_relation relations[static CHILDFILE_TIES_MAXIMUM])
{
    size_t count = 0;
    for (size_t i = 0; i < event->parent_count; i++) {
        relations[count++] = (struct family_relation){.kind = TIE_PARENT, .who = event->parents[i]};
    }
    if (event->has_address) {
        relations[count++] = (struct family_relation){
            .kind = TIE_ADDRESS, .who = event->address, .institution = event->institution};
    }
    return count;
}

/* All there are: what is not among them has ended. */
static int run_relations(struct store_tx *tx, struct store_person_event *event)
{
    CLEANUP(child_file_wipe) struct child_file file = {0};
    struct family_relation relations[CHILDFILE_TIES_MAXIMUM];
    bool known;
    if (event->parent_count > STORE_PARENTS_MAXIMUM) {
        return -E2BIG;
    }
    int result = load_or_create(tx, event, &event->child, &file, &known);
    if (result == 0) {
        result = log_event(tx, event, LOG_RELATIONS_CHANGED, &event->child.key);
    }
    size_t count = result == 0 && is_kept(tx, &file) ? list_relations(event, relations) : 0;
    if (result != 0 || (!known && count == 0)) {
        return result;
    }
    result = families_relate(tx, &file, event->evaluation_key, relations, count);
    if (is_kept(tx, &file)) {
        keep_waiting(tx, &file);
    }
    child_file_save(&tx->view, &file);
    return result;
}

/* ---- a number that takes the place of another ---- */

/* Numbers wait for as long as anybody can be reported under them. */
static void keep_numbers(struct store_tx *tx, struct child_file *file)
{
    int32_t today = calendar_dutch_day(tx->now);
    registry_keep_until(tx, file, calendar_add_years(today, tx->view.policy->age_limit));
}

static int run_replaced(struct store_tx *tx, struct store_person_event *event)
{
    CLEANUP(child_file_wipe) struct child_file file = {0};
    CLEANUP(child_file_wipe) struct child_file from = {0};
    enum log_event what = event->event == PERSON_ASSIGNED ? LOG_BSN_ASSIGNED : LOG_BSN_REPLACED;
    bool known;
    int result = load_or_create(tx, event, &event->other, &file, &known);
    if (result == 0) {
        result = load_or_create(tx, event, &event->child, &from, &known);
    }
    if (result != 0) {
        return result;
    }
    if (memcmp(&file.key, &from.key, sizeof(file.key)) == 0) {
        return log_event(tx, event, what, &file.key); /* it has been told before */
    }
    result = merge_check_files(tx, &file, &from);
    if (result == 0) {
        result = log_event(tx, event, what, &file.key);
    }
    if (result == 0) {
        result = merge_files(tx, &event->op.by, &file, &from);
    }
    if (result != 0) {
        return result;
    }
    keep_numbers(tx, &file);
    child_file_save(&tx->view, &file);
    /* The residence may have been told under one of the numbers only. */
    return tell_of_families(tx, &file, 0);
}

static int run_event(struct store_tx *tx, struct store_op *op)
{
    static int (*const functions[])(struct store_tx *, struct store_person_event *) = {
        [PERSON_DIED] = run_died,           [PERSON_MOVED] = run_moved,
        [PERSON_REPLACED] = run_replaced,   [PERSON_ASSIGNED] = run_replaced,
        [PERSON_RELATIONS] = run_relations,
    };
    struct store_person_event *event = CONTAINER_OF(op, struct store_person_event, op);
    if ((size_t)event->event >= ARRAY_LENGTH(functions) || functions[event->event] == NULL) {
        return -EINVAL;
    }
    return functions[event->event](tx, event);
}

void store_person_event_init(struct store_person_event *op)
{
    *op = (struct store_person_event){0};
    operation_init(&op->op, LANE_SPARES, run_event);
}
