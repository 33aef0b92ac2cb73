/* SPDX-License-Identifier: EUPL-1.2 */
#include "store/base/clock.h"
#include "tests/fuzz/store/rows_exercise.h"

#define BATCHES_MAXIMUM 20 /* in which an operation in slices is run */

/* Once, or until it is done: as the committer does. */
static void run(const struct rows_input *input, struct store_op *op, uint32_t party)
{
    struct rows_tx rows;
    op->party = party;
    op->by = office_attribution(party);
    rows_begin(&rows);
    rows_put(&rows.tx.view, input);
    int result = op->run(&rows.tx, op);
    for (int batch = 0; batch < BATCHES_MAXIMUM && result == TX_AGAIN; batch++) {
        op->kept_logged = op->logged;
        op->kept_log_index = op->log_index;
        rows_next_batch(&rows);
        result = op->run(&rows.tx, op);
    }
    require(result < STORE_CONDITIONS || result == TX_AGAIN || result == TX_AFTER_TURN);
    rows_abort(&rows);
}

/* ---- signals ---- */

static void post(const struct rows_input *input, uint32_t party, const char *professional,
                 unsigned child)
{
    struct store_signal_post op;
    struct identity who = rows_identity(child);
    store_signal_post_init(&op);
    op.child = who.key;
    op.element = who.element;
    op.evaluation_key = 1;
    op.professional = professional;
    op.municipality = OFFICE_TOWN;
    op.birth_day = calendar_add_years(office_today(), -10);
    op.reference = "a reference";
    op.quiet = child == ROWS_WAITING;
    run(input, &op.op, party);
}

static void end_signal(const struct rows_input *input, uint32_t party, const struct uuid *id)
{
    struct store_signal_renew renew;
    struct store_signal_withdraw withdraw;
    store_signal_renew_init(&renew);
    renew.id = *id;
    renew.birth_day = calendar_add_years(office_today(), -10);
    run(input, &renew.op, party);
    for (int reason = WITHDRAW_ENDED; reason <= WITHDRAW_WRONGFUL; reason++) {
        store_signal_withdraw_init(&withdraw);
        withdraw.id = *id;
        withdraw.reason = (enum withdraw_reason)reason;
        run(input, &withdraw.op, party);
    }
}

static void operate_signals(const struct rows_input *input)
{
    const struct rows_office *rows = rows_office();
    post(input, rows->school, "ann", ROWS_CHILD);
    post(input, rows->school, "ann", ROWS_WAITING);
    post(input, rows->school, "eve", ROWS_SIBLING);
    post(input, rows->care, "bob", ROWS_SIBLING);
    post(input, rows->gone, "zoe", ROWS_REPLACED);
    end_signal(input, rows->school, &rows->signals[ROWS_BY_ANN]);
    end_signal(input, rows->care, &rows->signals[ROWS_BY_BOB]);
    end_signal(input, rows->care, &rows->signals[ROWS_ARCHIVED]);
    end_signal(input, rows->gone, &rows->signals[ROWS_BY_ZOE]);
    end_signal(input, rows->care, &rows->tombstone);
}

/* ---- professionals and inboxes ---- */

static void confirm(const struct rows_input *input, uint32_t party, const struct uuid *match,
                    const char *professional)
{
    struct store_confirm_contact op;
    store_confirm_contact_init(&op);
    op.match = *match;
    op.professional = professional;
    run(input, &op.op, party);
}

static void operate_professionals(const struct rows_input *input)
{
    const struct rows_office *rows = rows_office();
    struct store_acknowledge acknowledge;
    struct store_professional_delete del;
    struct store_professional_put put;
    struct store_transfer transfer;
    store_acknowledge_init(&acknowledge);
    acknowledge.up_to = 2;
    run(input, &acknowledge.op, rows->school);
    store_professional_delete_init(&del);
    del.id = "ann";
    run(input, &del.op, rows->school);
    store_professional_put_init(&put);
    put.id = "ann";
    run(input, &put.op, rows->school);
    store_transfer_init(&transfer);
    transfer.from = "ann";
    transfer.to = "eve";
    run(input, &transfer.op, rows->school);
    confirm(input, rows->school, &rows->match, "ann");
    confirm(input, rows->care, &rows->family, "bob");
}

/* ---- the register ---- */

static void tell(const struct rows_input *input, enum person_event event, unsigned child,
                 unsigned other)
{
    struct store_person_event op;
    store_person_event_init(&op);
    op.event = event;
    op.evaluation_key = 1;
    op.child = rows_identity(child);
    op.other = rows_identity(other);
    op.municipality = OFFICE_TOWN;
    op.parent_count = 1;
    op.parents[0] = rows_identity(101);
    op.has_address = true;
    op.institution = child == ROWS_SIBLING;
    op.address = rows_identity(201);
    run(input, &op.op, 0);
}

static void operate_register(const struct rows_input *input)
{
    for (unsigned child = ROWS_CHILD; child <= ROWS_WAITING; child++) {
        tell(input, PERSON_DIED, child, child);
        tell(input, PERSON_MOVED, child, child);
        tell(input, PERSON_RELATIONS, child, child);
    }
    tell(input, PERSON_REPLACED, ROWS_CHILD, ROWS_SIBLING);
    tell(input, PERSON_REPLACED, ROWS_SIBLING, ROWS_REPLACED);
    tell(input, PERSON_REPLACED, ROWS_CHILD, ROWS_GONE);
    tell(input, PERSON_ASSIGNED, ROWS_WAITING, ROWS_CHILD);
}

/* ---- rights ---- */

static void operate_rights(const struct rows_input *input)
{
    static struct child_key children[STORE_TRIAL_MINIMUM];
    const struct rows_office *rows = rows_office();
    struct store_access_request request;
    struct store_erasure erasure;
    struct store_trial trial;
    for (unsigned child = ROWS_CHILD; child <= ROWS_SIBLING; child++) {
        store_access_request_init(&request);
        request.child = rows_identity(child).key;
        request.case_reference = "case 2";
        run(input, &request.op, rows->town);
        for (int archive_only = 0; archive_only < 2; archive_only++) {
            store_erasure_init(&erasure);
            erasure.child = rows_identity(child).key;
            erasure.archive_only = archive_only != 0;
            erasure.ground = "an objection";
            erasure.case_reference = "case 3";
            run(input, &erasure.op, rows->town);
        }
    }
    for (unsigned i = 0; i < ARRAY_LENGTH(children); i++) {
        children[i] = rows_identity(i + 1).key;
    }
    store_trial_init(&trial);
    trial.count = ARRAY_LENGTH(children);
    trial.children = children;
    trial.municipality = OFFICE_TOWN;
    run(input, &trial.op, rows->school);
}

/* ---- the operator ---- */

static void merge_parties(const struct rows_input *input, uint32_t from, uint32_t into)
{
    struct store_party_merge op;
    store_party_merge_init(&op);
    op.from = office_oin(from);
    op.into = office_oin(into);
    run(input, &op.op, 0);
}

static void operate_parties(const struct rows_input *input)
{
    const struct rows_office *rows = rows_office();
    struct store_party_change change;
    struct store_epoch_turn turn;
    office_change(&change, rows->school, PARTY_AGREEMENT_END);
    change.agreement.municipality = OFFICE_TOWN;
    run(input, &change.op, 0);
    merge_parties(input, rows->gone, rows->care);
    merge_parties(input, rows->school, rows->gone);
    merge_parties(input, rows->next, rows->town);
    store_epoch_turn_init(&turn);
    run(input, &turn.op, 0);
    turn.begun = true;
    run(input, &turn.op, 0);
}

void rows_operate(const struct rows_input *input)
{
    operate_signals(input);
    operate_professionals(input);
    operate_register(input);
    operate_rights(input);
    operate_parties(input);
}
