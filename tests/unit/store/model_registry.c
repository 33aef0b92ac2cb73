/* SPDX-License-Identifier: EUPL-1.2 */
/* Steps of the population register, and those by which a youth is served. */
#include "tests/unit/store/model.h"

#include "store/base/clock.h"

/* ---- the register ---- */

static struct identity identity_of(const struct office_child *who)
{
    return (struct identity){.key = who->key, .element = who->element};
}

static int begin_event(struct model *model, struct store_person_event *op, enum person_event event)
{
    int number = (int)model_pick(model, REFERENCE_NUMBERS);
    store_person_event_init(op);
    op->event = event;
    op->child = identity_of(&model->numbers[number]);
    op->evaluation_key = 1;
    return number;
}

static int pick_registry(struct model *model)
{
    return model_pick_party(model, PARTY_REGISTRY);
}

bool model_die(struct model *model)
{
    struct store_person_event op;
    int number = begin_event(model, &op, PERSON_DIED);
    struct reference_when when = model_run(model, &op.op, pick_registry(model));
    model_check("died", op.op.result, 0);
    reference_died(&model->reference, number, when);
    return true;
}

bool model_move(struct model *model)
{
    struct store_person_event op;
    int number = begin_event(model, &op, PERSON_MOVED);
    int town = (int)model_pick(model, REFERENCE_TOWNS);
    op.municipality = model_town_code(town);
    struct reference_when when = model_run(model, &op.op, pick_registry(model));
    model_check("moved", op.op.result, 0);
    reference_moved(&model->reference, number, town, when);
    return true;
}

bool model_relate(struct model *model)
{
    struct store_person_event op;
    struct reference_relations relations = {.institution = model_pick(model, 4) == 0};
    int number = begin_event(model, &op, PERSON_RELATIONS);
    int parent = (int)model_pick(model, REFERENCE_PARENTS);
    for (uint32_t left = model_pick(model, 3); left > 0; left--) {
        op.parents[op.parent_count++] = identity_of(&model->ties[parent]);
        relations.ties[relations.tie_count++] = parent;
        parent = (parent + 1) % REFERENCE_PARENTS;
    }
    op.has_address = model_pick(model, 3) != 0;
    if (op.has_address) {
        int address = REFERENCE_PARENTS + (int)model_pick(model, REFERENCE_ADDRESSES);
        op.address = identity_of(&model->ties[address]);
        op.institution = relations.institution;
        relations.ties[relations.tie_count++] = address;
    }
    struct reference_when when = model_run(model, &op.op, pick_registry(model));
    model_check("relations", op.op.result, 0);
    reference_relations(&model->reference, number, &relations, when);
    return true;
}

bool model_replace(struct model *model)
{
    struct store_person_event op;
    bool assigned = model_pick(model, 3) == 0;
    int number = begin_event(model, &op, assigned ? PERSON_ASSIGNED : PERSON_REPLACED);
    int by = (int)model_pick(model, REFERENCE_NUMBERS);
    op.other = identity_of(&model->numbers[by]);
    struct reference_when when = model_run(model, &op.op, pick_registry(model));
    model_check("replaced", op.op.result,
                reference_replaced(&model->reference, number, by, assigned, when));
    return op.op.result == 0;
}

/* ---- the youth ---- */

bool model_access(struct model *model)
{
    struct store_access_request op;
    int party = model_pick_party(model, PARTY_MUNICIPALITY);
    int number = (int)model_pick(model, REFERENCE_NUMBERS);
    uint32_t held = 0;
    store_access_request_init(&op);
    op.child = model->numbers[number].key;
    op.case_reference = "asked";
    struct reference_when when = model_run(model, &op.op, party);
    model_check("access", op.op.result,
                reference_access(&model->reference, party, number, &held, when));
    if (op.op.result != 0) {
        return false;
    }
    assert_int_equal(op.held, held);
    model_compare_pack(model, party, number);
    return true;
}

bool model_erase(struct model *model)
{
    struct store_erasure op;
    int party = model_pick_party(model, PARTY_MUNICIPALITY);
    int number = (int)model_pick(model, REFERENCE_NUMBERS);
    uint32_t erased = 0;
    store_erasure_init(&op);
    op.child = model->numbers[number].key;
    op.archive_only = model_pick(model, 2) == 0;
    op.ground = "upheld";
    op.case_reference = "asked";
    struct reference_when when = model_run(model, &op.op, party);
    model_check(
        "erasure", op.op.result,
        reference_erasure(&model->reference, party, number, op.archive_only, &erased, when));
    assert_int_equal(op.erased, erased);
    return erased > 0;
}

/* A hundred children: those of the model, and others of whom nobody knows. */
bool model_try(struct model *model)
{
    struct store_trial op;
    struct child_key children[STORE_TRIAL_MINIMUM] = {0};
    int party = model_pick_party(model, PARTY_REPORTER);
    int town = (int)model_pick(model, REFERENCE_TOWNS);
    uint64_t notices = 0;
    size_t known = 0;
    store_trial_init(&op);
    for (size_t i = 0; i < STORE_TRIAL_MINIMUM; i++) {
        memset(&children[i], (int)i, sizeof(children[i]));
        if (i < REFERENCE_NUMBERS) {
            children[i] = model->numbers[i].key;
        }
    }
    op.count = STORE_TRIAL_MINIMUM;
    op.children = children;
    op.municipality = model_town_code(town);
    struct reference_when when = model_run(model, &op.op, party);
    model_check("trial", op.op.result,
                reference_trial(&model->reference, party, town, STORE_TRIAL_MINIMUM, &notices,
                                &known, when));
    assert_int_equal(op.notices, notices);
    assert_int_equal(op.known, known);
    return op.op.result == 0;
}
