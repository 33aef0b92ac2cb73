/* SPDX-License-Identifier: EUPL-1.2 */
/* What those involved do between a report and its end: renew it, and say that they have spoken. */
#include <stdio.h>

#include "store/base/clock.h"
#include "store/child/matches.h"
#include "store/child/signals.h"
#include "store/operation.h"
#include "store/party/parties.h"
#include "store/party/statistics.h"

/* ---- renewal (7.1.4.5) ---- */

/* The signal as it is from now on. The row's texts do not outlive the transaction. */
static int answer_renewed(struct store_tx *tx, struct store_signal_renew *renew,
                          const struct signal_row *row)
{
    int result = signal_from_row(&tx->view, renew->op.party, &renew->id, row, &renew->signal);
    if (result == 0) {
        snprintf(renew->kept_reference, sizeof(renew->kept_reference), "%s", row->reference);
        snprintf(renew->kept_professional, sizeof(renew->kept_professional), "%s",
                 renew->signal.professional);
        renew->signal.reference = renew->kept_reference;
        renew->signal.professional = renew->kept_professional;
    }
    return result;
}

/* What stands in the way of a fresh report is in the way of a renewal too. */
static int check_renewal(struct store_tx *tx, const struct store_signal_renew *renew,
                         const struct signal_row *row)
{
    int32_t today = calendar_dutch_day(tx->now);
    struct party party;
    bool covered = false;
    if (row->status != SIGNAL_ACTIVE) {
        return STORE_ENDED;
    }
    if (calendar_add_years(renew->birth_day, tx->view.policy->age_limit) <= today) {
        return STORE_TOO_OLD;
    }
    int result = party_load(&tx->view, renew->op.party, &party);
    if (result != 0) {
        return result == STORE_NOT_FOUND ? VIEW_DAMAGED : result;
    }
    result = party_is_covered(&tx->view, &party, row->municipality, today, &covered);
    return result != 0 || covered ? result : STORE_NO_AGREEMENT;
}

static int run_renew(struct store_tx *tx, struct store_op *op)
{
    struct store_signal_renew *renew = CONTAINER_OF(op, struct store_signal_renew, op);
    struct log_note note = {.event = LOG_SIGNAL_RENEWED};
    struct signal_row row;
    CLEANUP(child_file_wipe) struct child_file file = {0};
    int result = signal_row_load(&tx->view, op->party, &renew->id, &row, &file);
    if (result == 0) {
        result = check_renewal(tx, renew, &row);
    }
    if (result != 0) {
        return result;
    }
    signal_due_delete(tx, &row, op->party, &renew->id);
    signal_set_terms(tx, renew->birth_day, &row);
    signal_due_put(tx, &row, op->party, &renew->id);
    signal_row_save(tx, child_file_member(&file, &renew->id), &row);
    child_file_save(&tx->view, &file); /* whoever relied on the old dates reads again */
    result = statistics_count(tx, row.municipality, STATISTIC_RENEWED);
    if (result == 0) {
        result = answer_renewed(tx, renew, &row);
    }
    if (result != 0) {
        return result;
    }
    note.professional = renew->kept_professional;
    note_subject(&note, &file.key);
    note_object_uuid(&note, LOG_OBJECT_SIGNAL, &renew->id);
    return tx_log_op(tx, op, &note);
}

void store_signal_renew_init(struct store_signal_renew *op)
{
    *op = (struct store_signal_renew){0};
    operation_init(&op->op, LANE_GROWS, run_renew);
}

/* ---- contact (7.1.3.2) ---- */

/* Whether the party has a live signal in the match; of one professional, or, 0, of any. */
static bool is_in(const struct match_scope *scope, uint32_t party, uint32_t professional)
{
    struct match_walk walk = {0};
    while (match_walk_next(scope, &walk)) {
        const struct child_member *member = walk.member;
        if (member->party == party && !member->archived &&
            (professional == 0 || member->professional == professional) &&
            child_match_had(scope->match, &member->signal)) {
            return true;
        }
    }
    return false;
}

/* Whether the party may know of the match at all: by a signal of its own, or as a municipality. */
static int check_visible(struct store_tx *tx, const struct match_scope *scope, uint32_t number)
{
    struct party party;
    struct match_view unused;
    if (is_in(scope, number, 0)) {
        return 0;
    }
    int result = party_load(&tx->view, number, &party);
    return result != 0 ? result : match_view_build(&tx->view, scope, &party, &unused);
}

static int check_contact(struct store_tx *tx, const struct store_confirm_contact *confirm,
                         const struct match_scope *scope)
{
    uint32_t professional;
    int result = check_visible(tx, scope, confirm->op.party);
    if (result != 0) {
        return result;
    }
    if (scope->match->status == MATCH_ENDED) {
        return STORE_ENDED;
    }
    result = professional_find(&tx->view, confirm->op.party, confirm->professional, &professional);
    if (result == 0 && !is_in(scope, confirm->op.party, professional)) {
        result = STORE_NOT_FOUND;
    }
    return result == STORE_NOT_FOUND ? STORE_UNKNOWN_PROFESSIONAL : result;
}

/* The term of the follow-up goes with it: a newcomer to the match begins another. */
static int set_contacted(struct store_tx *tx, struct match_found *found)
{
    struct child_match *match = found->scope.match;
    match->status = MATCH_CONTACTED;
    match_drop_follow_up(tx, match);
    match_found_save(tx, found);
    return statistics_count_scope(tx, &found->scope, STATISTIC_CONTACTED);
}

static int run_confirm(struct store_tx *tx, struct store_op *op)
{
    struct store_confirm_contact *confirm = CONTAINER_OF(op, struct store_confirm_contact, op);
    CLEANUP(match_found_wipe) struct match_found found = {0};
    int result = match_find(&tx->view, &confirm->match, &found);
    if (result == 0) {
        result = check_contact(tx, confirm, &found.scope);
    }
    if (result == 0 && found.scope.match->status != MATCH_CONTACTED) {
        result = set_contacted(tx, &found);
    }
    for (size_t i = 0; i < found.scope.file_count && result == 0; i++) {
        struct log_note note = {.event = LOG_CONTACT_CONFIRMED,
                                .professional = confirm->professional};
        note_subject(&note, &found.scope.files[i]->key);
        note_object_uuid(&note, LOG_OBJECT_MATCH, &confirm->match);
        result = tx_log_op(tx, op, &note);
    }
    return result;
}

void store_confirm_contact_init(struct store_confirm_contact *op)
{
    *op = (struct store_confirm_contact){.professional = ""};
    operation_init(&op->op, LANE_GROWS, run_confirm);
}
