/* SPDX-License-Identifier: EUPL-1.2 */
/* Steps of coordinators and of the operator. */
#include "tests/unit/store/model.h"

#include <errno.h>
#include <stdio.h>

#include "store/base/clock.h"

/* ---- professionals ---- */

bool model_hire(struct model *model)
{
    struct store_professional_put op;
    int party = model_pick_party(model, 0);
    char name[64];
    store_professional_put_init(&op);
    op.id = model_names[model_pick(model, MODEL_NAMES)];
    snprintf(name, sizeof(name), "%s the %u.", op.id, ++model->names);
    op.contact = (struct contact){name, "", "", ""};
    bool known = reference_professional(&model->reference, party, op.id) != NONE;
    model_run(model, &op.op, party);
    model_check("put", op.op.result, 0);
    assert_int_equal(op.created, !known);
    reference_hire(&model->reference, party, op.id, name);
    return true;
}

bool model_dismiss(struct model *model)
{
    struct store_professional_delete op;
    int party = model_pick_party(model, 0);
    store_professional_delete_init(&op);
    op.id = model_names[model_pick(model, MODEL_NAMES)];
    model_run(model, &op.op, party);
    model_check("delete", op.op.result, reference_dismiss(&model->reference, party, op.id));
    return op.op.result == 0;
}

bool model_transfer(struct model *model)
{
    struct store_transfer op;
    struct reference_transfer done;
    int party = model_pick_party(model, PARTY_REPORTER);
    store_transfer_init(&op);
    op.from = model_names[model_pick(model, MODEL_NAMES)];
    op.to = model_names[model_pick(model, MODEL_NAMES)];
    struct reference_when when = model_run(model, &op.op, party);
    model_check("transfer", op.op.result,
                reference_transfer(&model->reference, party, op.from, op.to, when, &done));
    if (op.op.result == 0) {
        assert_int_equal(op.moved, done.moved);
        assert_int_equal(op.merged, done.merged);
    }
    return op.op.result == 0 && done.moved > 0;
}

/* ---- inboxes ---- */

bool model_acknowledge(struct model *model)
{
    struct store_acknowledge op;
    int party = model_pick_party(model, 0);
    const struct reference_party *reader = &model->reference.parties[party];
    store_acknowledge_init(&op);
    op.up_to = model_pick(model, (uint32_t)reader->notice_count + 2);
    struct reference_when when = model_run(model, &op.op, party);
    model_check("acknowledge", op.op.result,
                reference_acknowledge(&model->reference, party, op.up_to, when));
    return op.op.result == 0;
}

/* ---- the operator ---- */

bool model_agree(struct model *model)
{
    struct store_party_change op;
    int party = model_pick_party(model, 0);
    int town = (int)model_pick(model, REFERENCE_TOWNS);
    bool ends = model_pick(model, 8) == 0;
    int64_t from = clock_now();
    office_change(&op, model_number_of(model, party),
                  ends ? PARTY_AGREEMENT_END : PARTY_AGREEMENT_ADD);
    op.agreement.municipality = model_town_code(town);
    op.agreement.until_day = office_today() + (int)model_pick(model, 1500) - 20;
    model_run(model, &op.op, -1);
    model_check("agreement", op.op.result,
                reference_change_agreement(&model->reference, party, town, ends,
                                           op.agreement.until_day, office_today()));
    model_settle(model, from);
    return op.op.result == 0;
}

bool model_suspend(struct model *model)
{
    struct store_party_change op;
    int party = model_pick_party(model, 0);
    bool *suspended = &model->reference.parties[party].suspended;
    *suspended = !*suspended;
    office_change(&op, model_number_of(model, party), *suspended ? PARTY_SUSPEND : PARTY_RESUME);
    model_run(model, &op.op, -1);
    model_check("suspend", op.op.result, 0);
    reference_log(&model->reference, *suspended ? LOG_PARTY_SUSPENDED : LOG_PARTY_RESUMED, NONE, 0);
    return true;
}

/* A new party in the place of one that is not there, or no more. */
void model_admit(struct model *model, int party, unsigned roles, int town)
{
    struct store_party_change op;
    struct reference_party *about = &model->reference.parties[party];
    about->number = ++model->parties;
    about->roles = roles;
    about->town = town;
    if (town >= 0) {
        model->reference.town_owner[town] = party;
    }
    office_change(&op, about->number, PARTY_ADD);
    op.name = "party";
    op.roles = roles;
    op.own_municipality = town < 0 ? 0 : model_town_code(town);
    model_run(model, &op.op, -1);
    model_check("admit", op.op.result, 0);
    assert_int_equal(op.number, about->number);
    reference_log(&model->reference, LOG_PARTY_ADDED, NONE, 0);
}

bool model_turn(struct model *model)
{
    struct store_epoch_turn op;
    uint32_t before = keyring_current(model->office.keys, KEYRING_EPOCH);
    store_epoch_turn_init(&op);
    office_forget(&model->office); /* a reader may still need the key that would go */
    model_run(model, &op.op, -1);
    model_check("turn", op.op.result, 0);
    assert_in_range(op.epoch, before, before + 1); /* it may have joined one of that month */
    assert_int_equal(keyring_current(model->office.keys, KEYRING_EPOCH), op.epoch);
    reference_log(&model->reference, LOG_EPOCH_TURNED, NONE, 0);
    return true;
}

static void tick(void *context)
{
    (void)context;
    office_advance(1);
}

/* The next batch fails at one of its writes, and is run again, one by one: every other time each
 * in a millisecond of its own, which is seldom so by itself, and never twice in the same way. */
bool model_fail_batch(struct model *model)
{
    static const int faults[] = {-EIO, -ENOMEM, KV_FULL};
    static const struct kv_faulty_plan nothing;
    struct kv_faulty_plan plan = {
        .fail_put_at = 1 + model_pick(model, 12),
        .put_result = faults[model_pick(model, ARRAY_LENGTH(faults))],
        .before_commit = model->faults % 2 == 0 ? tick : NULL,
    };
    model->faults++;
    kv_faulty_set(model->office.kv, &plan);
    bool done = model_crowd(model);
    kv_faulty_set(model->office.kv, &nothing);
    return done;
}

bool model_reopen(struct model *model)
{
    office_reopen(&model->office);
    return true;
}

/* Two parties of reporters, seldom two municipalities; another takes the place of the one that is
 * gone. */
bool model_merge_parties(struct model *model)
{
    struct store_party_merge op;
    struct reference *reference = &model->reference;
    bool towns = model_pick(model, 4) == 0;
    int from = model_pick_party(model, towns ? PARTY_MUNICIPALITY : PARTY_REPORTER);
    int into = model_pick_party(model, PARTY_REPORTER);
    if (!towns && reference->parties[from].town >= 0) {
        return false;
    }
    store_party_merge_init(&op);
    op.from = office_oin(reference->parties[from].number);
    op.into = office_oin(reference->parties[into].number);
    struct reference_when when = model_run(model, &op.op, -1);
    model_check("merge parties", op.op.result, from == into ? STORE_EXISTS : 0);
    if (from == into) {
        reference_log(reference, LOG_REQUEST_REFUSED, NONE, 0);
        return false;
    }
    assert_int_equal(op.number, reference->parties[into].number);
    int64_t began = when.from;
    office_forget(&model->office);
    office_settle(&model->office);
    when.to = clock_now();
    reference_merge_party(reference, from, into, when);
    model_settle(model, began);
    model_admit(model, from, PARTY_REPORTER, -1);
    return true;
}
