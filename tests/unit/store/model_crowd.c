/* SPDX-License-Identifier: EUPL-1.2 */
/*
 * Many at once on one child: signalled, renewed, withdrawn, merged, erased. What comes of it must
 * be what comes of some order, and the log tells which: the reference takes them in that one.
 */
#include "tests/unit/store/model.h"

#include <stdio.h>
#include <stdlib.h>

#include "store/base/clock.h"

#define CROWD_MAXIMUM 12

enum crowd_kind { CROWD_POST, CROWD_WITHDRAW, CROWD_RENEW, CROWD_REPLACE, CROWD_ERASE, CROWD_MOVE };

struct crowd_member {
    enum crowd_kind kind;
    struct store_op *op;
    int party;
    int number;
    int other; /* number, or town */
    size_t signal;
    char reference[32];
    struct reference_post expected;
    union {
        struct store_signal_post post;
        struct store_signal_withdraw withdraw;
        struct store_signal_renew renew;
        struct store_person_event event;
        struct store_erasure erasure;
    };
};

static void fill_post(struct model *model, struct crowd_member *member)
{
    model_fill_post(model, &member->post, &member->expected, member->reference);
    member->expected.number = member->number;
    member->party = member->expected.party;
    member->post.child = model->numbers[member->number].key;
    member->post.element = model->numbers[member->number].element;
    member->op = &member->post.op;
}

/* A signal on the child, with its owner; NONE. */
static size_t pick_member(struct model *model, int number)
{
    size_t child = model->reference.number_child[number];
    if (child == NONE || model->reference.children[child].members.count == 0) {
        return NONE;
    }
    const struct reference_list *members = &model->reference.children[child].members;
    return members->items[model_pick(model, (uint32_t)members->count)];
}

static void fill_withdraw(struct model *model, struct crowd_member *member)
{
    store_signal_withdraw_init(&member->withdraw);
    member->withdraw.id = model->reference.signals[member->signal].id;
    member->withdraw.reason = model_pick(model, 2) == 0 ? WITHDRAW_WRONGFUL : WITHDRAW_ENDED;
    member->party = model->reference.signals[member->signal].party;
    member->op = &member->withdraw.op;
}

static void fill_renew(struct model *model, struct crowd_member *member)
{
    store_signal_renew_init(&member->renew);
    member->renew.id = model->reference.signals[member->signal].id;
    member->renew.birth_day = office_today() - 365 * 10;
    member->party = model->reference.signals[member->signal].party;
    member->op = &member->renew.op;
}

static void fill_event(struct model *model, struct crowd_member *member)
{
    store_person_event_init(&member->event);
    member->event.event = member->kind == CROWD_MOVE ? PERSON_MOVED : PERSON_REPLACED;
    member->event.child.key = model->numbers[member->number].key;
    member->event.child.element = model->numbers[member->number].element;
    member->event.evaluation_key = 1;
    member->party = model_pick_party(model, PARTY_REGISTRY);
    if (member->kind == CROWD_MOVE) {
        member->other = (int)model_pick(model, REFERENCE_TOWNS);
        member->event.municipality = model_town_code(member->other);
    } else {
        member->other = (int)model_pick(model, REFERENCE_NUMBERS);
        member->event.other.key = model->numbers[member->other].key;
        member->event.other.element = model->numbers[member->other].element;
    }
    member->op = &member->event.op;
}

static void fill_erasure(struct model *model, struct crowd_member *member)
{
    store_erasure_init(&member->erasure);
    member->party = model_pick_party(model, PARTY_MUNICIPALITY);
    member->erasure.child = model->numbers[member->number].key;
    member->erasure.archive_only = model_pick(model, 2) == 0;
    member->op = &member->erasure.op;
}

static void fill(struct model *model, struct crowd_member *member, int number)
{
    static const enum crowd_kind kinds[] = {
        CROWD_POST,     CROWD_POST,  CROWD_POST,    CROWD_POST,  CROWD_WITHDRAW, CROWD_WITHDRAW,
        CROWD_WITHDRAW, CROWD_RENEW, CROWD_REPLACE, CROWD_ERASE, CROWD_MOVE};
    *member = (struct crowd_member){.number = number};
    member->kind = kinds[model_pick(model, ARRAY_LENGTH(kinds))];
    member->signal = pick_member(model, number);
    bool needs_signal = member->kind == CROWD_WITHDRAW || member->kind == CROWD_RENEW;
    if (needs_signal && member->signal == NONE) {
        member->kind = CROWD_POST;
    }
    switch (member->kind) {
    case CROWD_POST:
        fill_post(model, member);
        break;
    case CROWD_WITHDRAW:
        fill_withdraw(model, member);
        break;
    case CROWD_RENEW:
        fill_renew(model, member);
        break;
    case CROWD_REPLACE:
    case CROWD_MOVE:
        fill_event(model, member);
        break;
    case CROWD_ERASE:
        fill_erasure(model, member);
        break;
    }
}

/* What the reference says of one, in its turn. */
static int expect(struct model *model, struct crowd_member *member, struct reference_when when)
{
    struct reference *reference = &model->reference;
    uint32_t erased = 0;
    int result = 0;
    switch (member->kind) {
    case CROWD_POST: {
        const struct store_signal_post *post = &member->post;
        bool made = post->op.result == 0 && post->created;
        result = reference_post(reference, &member->expected, &post->signal.id,
                                made ? post->signal.reported_at : when.to);
        if (result == 0 && post->op.result == 0) {
            model_posted(model, post, &member->expected);
        }
        break;
    }
    case CROWD_WITHDRAW:
        result = reference_withdraw(reference, member->party, member->signal,
                                    member->withdraw.reason == WITHDRAW_WRONGFUL,
                                    model_is_flagged(model, member->op), when);
        break;
    case CROWD_RENEW:
        result =
            reference_renew(reference, member->party, member->signal, member->renew.birth_day,
                            member->op->result == 0 ? member->renew.signal.reported_at : when.to);
        break;
    case CROWD_REPLACE:
        result = reference_replaced(reference, member->number, member->other, false, when);
        break;
    case CROWD_MOVE:
        reference_moved(reference, member->number, member->other, when);
        break;
    case CROWD_ERASE:
        result = reference_erasure(reference, member->party, member->number,
                                   member->erasure.archive_only, &erased, when);
        assert_int_equal(member->erasure.erased, erased);
        break;
    }
    return result;
}

static int compare_members(const void *left, const void *right)
{
    const struct crowd_member *const *a = left;
    const struct crowd_member *const *b = right;
    return (*a)->op->log_index < (*b)->op->log_index ? -1
                                                     : (*a)->op->log_index > (*b)->op->log_index;
}

bool model_crowd(struct model *model)
{
    struct crowd_member members[CROWD_MAXIMUM];
    struct crowd_member *order[CROWD_MAXIMUM];
    struct crowd crowd;
    int number = (int)model_pick(model, REFERENCE_NUMBERS);
    size_t count = 2 + model_pick(model, CROWD_MAXIMUM - 1);
    struct reference_when when = {.from = clock_now()};
    crowd_init(&crowd);
    for (size_t i = 0; i < count; i++) {
        order[i] = &members[i];
        fill(model, &members[i], number);
    }
    for (size_t i = 0; i < count; i++) {
        struct store_op *op = members[i].op;
        op->party = model_number_of(model, members[i].party);
        op->by = office_attribution(op->party);
        model_check("submit", crowd_submit(&crowd, model->office.store, op), STORE_OK);
    }
    crowd_finish(&crowd);
    when.to = clock_now();
    for (size_t i = 0; i < count; i++) {
        assert_true(members[i].op->logged);
    }
    qsort(order, count, sizeof(order[0]), compare_members);
    for (size_t i = 0; i < count; i++) {
        model_check("one of a crowd", order[i]->op->result, expect(model, order[i], when));
    }
    return true;
}
