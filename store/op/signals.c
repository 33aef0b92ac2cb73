/* SPDX-License-Identifier: EUPL-1.2 */
/* Reporting a signal, and withdrawing it: the main job. */
#include <stdio.h>
#include <string.h>

#include "store/base/clock.h"
#include "store/child/matches.h"
#include "store/child/signals.h"
#include "store/log/peek.h"
#include "store/notice/notices.h"
#include "store/operation.h"
#include "store/party/parties.h"
#include "store/party/statistics.h"

/* The live signal of the same professional on this child, if there is one. */
static const struct child_member *existing(const struct child_file *file, uint32_t party,
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

/* The signal as it is kept. The row's texts do not outlive the transaction. */
static void answer_signal(struct store_signal_post *post, const struct uuid *id,
                          const struct signal_row *row)
{
    snprintf(post->kept_reference, sizeof(post->kept_reference), "%s", row->reference);
    post->signal = (struct signal){
        .id = *id,
        .status = row->status,
        .reported_at = row->reported_at,
        .removal_day = row->removal_day,
        .erasure_day = row->erasure_day,
        .municipality = row->municipality,
        .professional = post->professional,
        .reference = post->kept_reference,
    };
}

static void answer_match(struct store_signal_post *post, struct child_file *file)
{
    const struct child_match *match = child_file_open_match(file);
    post->matched = match != NULL;
    if (match != NULL) {
        post->match = match->id;
    }
}

/* The same professional again: nothing changes, the existing signal is the answer. */
static int answer_existing(struct store_tx *tx, struct store_signal_post *post,
                           struct child_file *file, const struct child_member *member)
{
    struct signal_row row;
    struct log_note note = {.event = LOG_SIGNAL_REPEATED, .professional = post->professional};
    int result = signal_row_open(&tx->view, file, post->op.party, &member->signal, &row);
    if (result != 0) {
        return result == STORE_NOT_FOUND ? VIEW_DAMAGED : result;
    }
    post->created = false;
    answer_signal(post, &member->signal, &row);
    answer_match(post, file);
    note_subject(&note, &file->key);
    note_object_uuid(&note, LOG_OBJECT_SIGNAL, &member->signal);
    return tx_log_op(tx, &post->op, &note);
}

/* The newcomer, and nobody else, is told once of each signal that was here before, but for his own
 * (7.1.4.6). */
static int tell_archived(struct store_tx *tx, const struct child_file *file,
                         const struct child_member *newcomer)
{
    int result = 0;
    for (size_t i = 0; i < file->member_count && result == 0; i++) {
        const struct child_member *member = &file->members[i];
        struct notice_draft draft = {
            .type = NOTICE_ARCHIVED_INVOLVEMENT, .own = newcomer, .other = &member->signal};
        if (member->archived &&
            (member->party != newcomer->party || member->professional != newcomer->professional)) {
            result = notice_send(tx, file, newcomer->party, &draft, NULL);
        }
    }
    return result;
}

static int write_signal(struct store_tx *tx, struct store_signal_post *post,
                        struct child_file *file, uint32_t professional)
{
    struct signal_row row = {
        .child = file->key,
        .professional = professional,
        .status = SIGNAL_ACTIVE,
        .municipality = post->municipality,
        .reference = post->reference,
    };
    signal_set_terms(tx, post->birth_day, &row);
    uuid_make_ordered(tx->now, &tx->view.head.last_signal);
    const struct uuid id = tx->view.head.last_signal;
    struct child_member member = {
        .party = post->op.party,
        .professional = professional,
        .signal = id,
        .municipality = post->municipality,
    };
    signal_row_save(tx, child_file_add(file, &member), &row);
    signal_due_put(tx, &row, post->op.party, &id);
    tx->view.head.signals++;
    post->created = true;
    int result = statistics_count(tx, post->municipality, STATISTIC_MADE);
    if (result != 0) {
        return result;
    }
    answer_signal(post, &id, &row);
    result = match_joined(tx, file, post->quiet);
    return result != 0 || post->quiet ? result
                                      : tell_archived(tx, file, child_file_member(file, &id));
}

static int post_new(struct store_tx *tx, struct store_signal_post *post, struct child_file *file,
                    uint32_t professional)
{
    struct log_note note = {.event = LOG_SIGNAL_POSTED, .professional = post->professional};
    int result = write_signal(tx, post, file, professional);
    if (result != 0) {
        return result;
    }
    child_file_save(&tx->view, file);
    answer_match(post, file);
    note_subject(&note, &file->key);
    note_object_uuid(&note, LOG_OBJECT_SIGNAL, &post->signal.id);
    return tx_log_op(tx, &post->op, &note);
}

static int run_post(struct store_tx *tx, struct store_op *op)
{
    struct store_signal_post *post = CONTAINER_OF(op, struct store_signal_post, op);
    CLEANUP(child_file_wipe) struct child_file file = {0};
    uint32_t professional;
    struct party party;
    int result = party_load(&tx->view, op->party, &party);
    if (result != 0) {
        return result == STORE_NOT_FOUND ? STORE_UNKNOWN_PARTY : result;
    }
    if (!party_has_agreement_with(&party, post->municipality, calendar_dutch_day(tx->now))) {
        return STORE_NO_AGREEMENT;
    }
    result = professional_find(&tx->view, op->party, post->professional, &professional);
    if (result != 0) {
        return result == STORE_NOT_FOUND ? STORE_UNKNOWN_PROFESSIONAL : result;
    }
    result = child_file_load(&tx->view, &post->child, &file);
    if (result == STORE_NOT_FOUND) {
        result =
            child_file_create(&tx->view, &post->child, &post->element, post->evaluation_key, &file);
    }
    if (result != 0) {
        return result;
    }
    const struct child_member *member = existing(&file, op->party, professional);
    if (member != NULL) {
        return answer_existing(tx, post, &file, member);
    }
    if (file.live_count >= MODEL_LIVE_SIGNALS_MAXIMUM) {
        return STORE_TOO_MANY;
    }
    result = file.member_count < CHILDFILE_MEMBERS_MAXIMUM ? 0 : signal_make_room(tx, &file);
    if (result != 0) {
        return result;
    }
    return post_new(tx, post, &file, professional);
}

void store_signal_post_init(struct store_signal_post *op)
{
    *op = (struct store_signal_post){.professional = "", .reference = ""};
    operation_init(&op->op, LANE_GROWS, run_post);
}

/* Erased less than thirty days ago: the answer is still that it is gone. */
static int check_tombstone(struct store_tx *tx, const struct store_signal_withdraw *withdraw)
{
    struct row_key key = layout_party_uuid(withdraw->op.party, PARTY_TOMBSTONE, &withdraw->id);
    struct kv_bytes value;
    return kv_get(tx->view.kv, KV_PARTY, row_key_bytes(&key), &value);
}

static int run_withdraw(struct store_tx *tx, struct store_op *op)
{
    struct store_signal_withdraw *withdraw = CONTAINER_OF(op, struct store_signal_withdraw, op);
    bool wrongful = withdraw->reason == WITHDRAW_WRONGFUL;
    struct log_note note = {.event = wrongful ? LOG_SIGNAL_RETRACTED : LOG_SIGNAL_WITHDRAWN};
    struct signal_row row;
    CLEANUP(child_file_wipe) struct child_file file = {0};
    note_object_uuid(&note, LOG_OBJECT_SIGNAL, &withdraw->id);
    int result = signal_row_load(&tx->view, op->party, &withdraw->id, &row, &file);
    if (result == STORE_NOT_FOUND) {
        result = check_tombstone(tx, withdraw);
        return result != 0 ? result : tx_log_op(tx, op, &note);
    }
    if (result != 0) {
        return result;
    }
    result = wrongful ? signal_erase(tx, op->party, &withdraw->id, true, true)
                      : signal_archive(tx, op->party, &withdraw->id);
    if (result == 0 && row.status == SIGNAL_ACTIVE) {
        result = statistics_count(tx, row.municipality,
                                  wrongful ? STATISTIC_RETRACTED : STATISTIC_WITHDRAWN);
    }
    if (result != 0) {
        return result;
    }
    note_subject(&note, &file.key);
    result = tx_log_op(tx, op, &note);
    bool active = row.status == SIGNAL_ACTIVE;
    return result != 0 || !active ? result : peek_detect(tx, op, &file, &withdraw->id);
}

void store_signal_withdraw_init(struct store_signal_withdraw *op)
{
    *op = (struct store_signal_withdraw){0};
    operation_init(&op->op, LANE_SPARES, run_withdraw);
}
