/* SPDX-License-Identifier: EUPL-1.2 */
/*
 * The rights of the youth (Jeugdwet 7.1.2.2(3), 7.1.5), by way of a municipality: to be shown what
 * is held, and to have it erased. And the dry run of a quiet loading, which is watched alike.
 */
#include "store/base/clock.h"
#include "store/child/families.h"
#include "store/child/matches.h"
#include "store/child/pack.h"
#include "store/child/signals.h"
#include "store/notice/notices.h"
#include "store/operation.h"
#include "store/party/parties.h"
#include "store/party/statistics.h"

static int load_party(struct store_tx *tx, const struct store_op *op, struct party *ret_party)
{
    int result = party_load(&tx->view, op->party, ret_party);
    return result == STORE_NOT_FOUND ? STORE_UNKNOWN_PARTY : result;
}

/* ---- access ---- */

/* One more of today's, as far as the policy lets it. */
static int count_request(struct store_tx *tx, uint32_t party)
{
    struct party_counters counters;
    int32_t today = calendar_dutch_day(tx->now);
    int result = counters_load(&tx->view, party, &counters);
    if (result != 0) {
        return result;
    }
    if (counters.access_day != today) {
        counters.access_day = today;
        counters.access_count = 0;
    }
    if (counters.access_count >= (uint32_t)tx->view.policy->access_requests_per_day) {
        return STORE_TOO_OFTEN;
    }
    counters.access_count++;
    counters_save(tx, party, &counters);
    return 0;
}

static int count_held(struct store_tx *tx, const struct child_file *file, uint32_t municipality,
                      uint32_t *ret_held)
{
    bool has_registry_data = false;
    uint32_t held = 0;
    int result = pack_has_registry_data(&tx->view, municipality, file, &has_registry_data);
    held += has_registry_data ? 1 : 0;
    for (size_t i = 0; i < file->member_count && result == 0; i++) {
        bool is_under;
        result = pack_is_under(&tx->view, municipality, &file->members[i], &is_under);
        held += result == 0 && is_under ? 1 : 0;
    }
    *ret_held = held;
    return result;
}

static int run_access(struct store_tx *tx, struct store_op *op)
{
    struct store_access_request *access = CONTAINER_OF(op, struct store_access_request, op);
    struct log_note note = {.event = LOG_ACCESS_REQUESTED,
                            .case_reference = access->case_reference};
    struct party party;
    CLEANUP(child_file_wipe) struct child_file file = {.key = access->child};
    int result = load_party(tx, op, &party);
    if (result == 0) {
        result = child_file_load(&tx->view, &access->child, &file);
        result = result == STORE_NOT_FOUND ? 0 : result;
    }
    if (result == 0) {
        result = count_held(tx, &file, op->party, &access->held);
    }
    if (result == 0) {
        result = count_request(tx, op->party);
    }
    if (result != 0) {
        return result;
    }
    note.count = access->held;
    note_subject(&note, &file.key);
    result = tx_log_op(tx, op, &note);
    return result != 0
               ? result
               : notice_send_auditors(tx, NOTICE_ACCESS_REQUESTED, op->log_index, &party.oin);
}

void store_access_request_init(struct store_access_request *op)
{
    *op = (struct store_access_request){.case_reference = ""};
    operation_init(&op->op, LANE_SPARES, run_access);
}

/* ---- erasure ---- */

static int erase_member(struct store_tx *tx, const struct store_op *op, struct child_file *file,
                        const struct child_member *member)
{
    struct log_note note = {.event = LOG_SIGNAL_ERASED};
    struct signal_row row;
    const struct uuid id = member->signal;
    uint64_t index;
    int result = signal_row_open(&tx->view, file, member->party, &id, &row);
    if (result != 0) {
        return result == STORE_NOT_FOUND ? VIEW_DAMAGED : result;
    }
    signal_take_out(tx, file, &id, &row, true);
    note_subject(&note, &file->key);
    note_object_uuid(&note, LOG_OBJECT_SIGNAL, &id);
    result = statistics_count_erased(tx, row.municipality, row.status);
    return result != 0 ? result : tx_log(tx, &op->by, &note, &index);
}

/* All that were made under the municipality, or those of them in the archive. */
static int erase_members(struct store_tx *tx, struct store_erasure *erasure,
                         struct child_file *file)
{
    size_t i = 0;
    erasure->erased = 0;
    while (i < file->member_count) {
        const struct child_member *member = &file->members[i];
        bool goes = member->archived || !erasure->archive_only;
        int result = goes ? pack_is_under(&tx->view, erasure->op.party, member, &goes) : 0;
        if (result == 0 && goes) {
            result = erase_member(tx, &erasure->op, file, member);
            erasure->erased++;
        } else {
            i++;
        }
        if (result != 0) {
            return result;
        }
    }
    return 0;
}

/* Nobody is told: who signalled finds that it is gone. */
static int erase_from(struct store_tx *tx, struct store_erasure *erasure, struct child_file *file)
{
    size_t live = file->live_count;
    int result = erase_members(tx, erasure, file);
    if (result != 0 || erasure->erased == 0) {
        return result;
    }
    if (file->member_count == 0) {
        result = match_forget(tx, file);
        child_file_delete(&tx->view, file);
        return result;
    }
    result = file->live_count < live ? match_left(tx, file, false) : 0;
    child_file_save(&tx->view, file);
    return result;
}

static int run_erasure(struct store_tx *tx, struct store_op *op)
{
    struct store_erasure *erasure = CONTAINER_OF(op, struct store_erasure, op);
    struct log_note note = {.event = LOG_ERASURE_MADE,
                            .case_reference = erasure->case_reference,
                            .ground = erasure->ground};
    struct party party;
    CLEANUP(child_file_wipe) struct child_file file = {.key = erasure->child};
    int result = load_party(tx, op, &party);
    if (result == 0) {
        result = child_file_load(&tx->view, &erasure->child, &file);
        result = result == STORE_NOT_FOUND ? 0 : result;
    }
    if (result == 0) {
        result = erase_from(tx, erasure, &file);
    }
    if (result != 0) {
        return result;
    }
    note.count = erasure->erased;
    note_subject(&note, &file.key);
    return tx_log_op(tx, op, &note);
}

void store_erasure_init(struct store_erasure *op)
{
    *op = (struct store_erasure){.ground = "", .case_reference = ""};
    operation_init(&op->op, LANE_SPARES, run_erasure);
}

/* ---- the dry run ---- */

static bool add_told(uint32_t *told, size_t *count, uint32_t party)
{
    for (size_t i = 0; i < *count; i++) {
        if (told[i] == party) {
            return false;
        }
    }
    if (party == 0 || *count == CHILDFILE_TOLD_MAXIMUM) {
        return false;
    }
    told[(*count)++] = party;
    return true;
}

/* The municipalities that a match has not told yet, and would with this newcomer. */
static int count_municipalities(struct store_view *view, struct child_file *file,
                                uint16_t municipality, uint64_t *notices)
{
    uint32_t told[CHILDFILE_TOLD_MAXIMUM];
    size_t count = 0;
    const struct child_match *match = child_file_open_match(file);
    for (size_t i = 0; match != NULL && i < match->told_count; i++) {
        told[count++] = match->told[i];
    }
    for (size_t i = 0; i <= file->member_count; i++) {
        bool newcomer = i == file->member_count;
        uint32_t party;
        if (!newcomer && file->members[i].archived) {
            continue;
        }
        int result = party_of_follow_up(
            view, file->residence, newcomer ? municipality : file->members[i].municipality, &party);
        if (result != 0) {
            return result;
        }
        *notices += add_told(told, &count, party) ? 1 : 0;
    }
    return 0;
}

/* What a post by somebody new of this party would send. */
static int count_notices(struct store_tx *tx, struct store_trial *trial,
                         const struct child_key *child)
{
    /* What is read of one child goes before the next: a file can be large. */
    struct arena arena;
    struct store_tx reading = *tx;
    struct store_view *view = &reading.view;
    CLEANUP(child_file_wipe) struct child_file file = {0};
    uint64_t of_families = 0;
    arena_init(&arena);
    view->arena = &arena;
    int result = child_file_load(view, child, &file);
    if (result == 0 && file.live_count > 0) {
        trial->notices += file.live_count + 1;
        result = count_municipalities(view, &file, trial->municipality, &trial->notices);
    }
    if (result == 0) {
        result = families_count_notices(&reading, &file, &of_families);
    }
    trial->notices += of_families;
    bool is_known = false;
    for (size_t i = 0; i < file.member_count && result == 0; i++) {
        const struct child_member *member = &file.members[i];
        bool is_anothers = member->party != trial->op.party;
        trial->notices += member->archived && is_anothers ? 1 : 0;
        is_known = is_known || is_anothers;
    }
    trial->known += is_known ? 1 : 0;
    arena_finish(&arena);
    return result == STORE_NOT_FOUND ? 0 : result;
}

static int run_trial(struct store_tx *tx, struct store_op *op)
{
    struct store_trial *trial = CONTAINER_OF(op, struct store_trial, op);
    struct party party;
    int result = load_party(tx, op, &party);
    if (result == 0 && (trial->count < STORE_TRIAL_MINIMUM || trial->count > STORE_TRIAL_MAXIMUM)) {
        result = -EINVAL;
    }
    if (result == 0 &&
        !party_has_agreement_with(&party, trial->municipality, calendar_dutch_day(tx->now))) {
        result = STORE_NO_AGREEMENT;
    }
    trial->notices = 0;
    trial->known = 0;
    for (size_t i = 0; i < trial->count && result == 0; i++) {
        struct log_note note = {.event = LOG_NOTICES_COUNTED};
        note_subject(&note, &trial->children[i]);
        result = count_notices(tx, trial, &trial->children[i]);
        if (result == 0) {
            result = tx_log_op(tx, op, &note);
        }
    }
    return result != 0
               ? result
               : notice_send_auditors(tx, NOTICE_NOTICES_COUNTED, op->log_index, &party.oin);
}

void store_trial_init(struct store_trial *op)
{
    *op = (struct store_trial){0};
    operation_init(&op->op, LANE_SPARES, run_trial);
}
