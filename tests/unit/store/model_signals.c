/* SPDX-License-Identifier: EUPL-1.2 */
/* Steps of reporters: signals, matches, what they look at. */
#include "tests/unit/store/model.h"

#include <stdio.h>

#include "store/base/clock.h"

/* Of somebody between five and twenty-three, seldom just older. */
static int32_t pick_birth_day(struct model *model)
{
    return office_today() - 365 * (5 + (int32_t)model_pick(model, 17)) -
           (int32_t)model_pick(model, 2 * 365);
}

void model_fill_post(struct model *model, struct store_signal_post *op,
                     struct reference_post *expected, char *reference)
{
    *expected = (struct reference_post){
        .party = model_pick_party(model, PARTY_REPORTER),
        .professional = model_names[model_pick(model, MODEL_NAMES)],
        .number = (int)model_pick(model, REFERENCE_NUMBERS),
        .town = (int)model_pick(model, REFERENCE_TOWNS),
        .birth_day = pick_birth_day(model),
        .quiet = model_pick(model, 8) == 0,
        .reference = reference,
    };
    /* Mostly one that will be taken. */
    for (int tries = 0; tries < 6; tries++) {
        bool good = reference_has_agreement(&model->reference, expected->party, expected->town,
                                            office_today()) &&
                    reference_professional(&model->reference, expected->party,
                                           expected->professional) != NONE;
        if (!good) {
            expected->professional = model_names[model_pick(model, MODEL_NAMES)];
            expected->town = (int)model_pick(model, REFERENCE_TOWNS);
        }
    }
    store_signal_post_init(op);
    reference[0] = '\0';
    if (model_pick(model, 4) != 0) {
        snprintf(reference, 32, "case %u", ++model->references);
    }
    op->child = model->numbers[expected->number].key;
    op->element = model->numbers[expected->number].element;
    op->evaluation_key = 1;
    op->professional = expected->professional;
    op->municipality = model_town_code(expected->town);
    op->birth_day = expected->birth_day;
    op->quiet = expected->quiet;
    op->reference = reference;
}

/* What a post has answered, beside its result. */
void model_posted(struct model *model, const struct store_signal_post *op,
                  const struct reference_post *expected)
{
    const struct reference_signal *signal = &model->reference.signals[expected->signal];
    const struct reference_match *match = reference_open_match(&model->reference, signal->child);
    assert_int_equal(op->created, expected->created);
    assert_true(same_uuid(&op->signal.id, &signal->id));
    assert_string_equal(op->signal.reference, signal->reference);
    assert_int_equal(op->signal.removal_day, signal->removal_day);
    assert_int_equal(op->signal.erasure_day, signal->erasure_day);
    assert_true(op->signal.reported_at == signal->reported_at);
    assert_int_equal(op->signal.municipality, model_town_code(signal->town));
    assert_int_equal(op->matched, match != NULL);
    assert_true(match == NULL || !match->bound || same_uuid(&match->id, &op->match));
}

bool model_post(struct model *model)
{
    struct store_signal_post op;
    struct reference_post expected;
    char reference[32];
    model_fill_post(model, &op, &expected, reference);
    struct reference_when when = model_run(model, &op.op, expected.party);
    bool made = op.op.result == 0 && op.created;
    model_check("post", op.op.result,
                reference_post(&model->reference, &expected, &op.signal.id,
                               made ? op.signal.reported_at : when.to));
    if (op.op.result == 0) {
        assert_in_range(op.signal.reported_at, made ? when.from : 0, when.to);
        model_posted(model, &op, &expected);
    }
    return made;
}

bool model_is_flagged(struct model *model, const struct store_op *op)
{
    struct log_entry entry;
    return op->logged &&
           store_get_log_entry(office_look(&model->office), op->log_index + 1, &entry) == 0 &&
           entry.event == LOG_PEEK_SUSPECTED;
}

bool model_withdraw(struct model *model)
{
    struct store_signal_withdraw op;
    int party = model_pick_party(model, PARTY_REPORTER);
    size_t signal = model_pick_signal(model, party);
    bool wrongful = model_pick(model, 2) == 0;
    if (signal == NONE) {
        return false;
    }
    store_signal_withdraw_init(&op);
    op.id = model->reference.signals[signal].id;
    op.reason = wrongful ? WITHDRAW_WRONGFUL : WITHDRAW_ENDED;
    struct reference_when when = model_run(model, &op.op, party);
    model_check("withdraw", op.op.result,
                reference_withdraw(&model->reference, party, signal, wrongful,
                                   model_is_flagged(model, &op.op), when));
    return op.op.result == 0;
}

bool model_renew(struct model *model)
{
    struct store_signal_renew op;
    int party = model_pick_party(model, PARTY_REPORTER);
    size_t signal = model_pick_signal(model, party);
    if (signal == NONE) {
        return false;
    }
    store_signal_renew_init(&op);
    op.id = model->reference.signals[signal].id;
    op.birth_day = pick_birth_day(model);
    struct reference_when when = model_run(model, &op.op, party);
    int64_t at = op.op.result == 0 ? op.signal.reported_at : when.to;
    model_check("renew", op.op.result,
                reference_renew(&model->reference, party, signal, op.birth_day, at));
    if (op.op.result == 0) {
        const struct reference_signal *renewed = &model->reference.signals[signal];
        assert_in_range(at, when.from, when.to);
        assert_true(same_uuid(&op.signal.id, &renewed->id));
        assert_int_equal(op.signal.removal_day, renewed->removal_day);
        assert_int_equal(op.signal.erasure_day, renewed->erasure_day);
        assert_string_equal(op.signal.reference, renewed->reference);
    }
    return op.op.result == 0;
}

bool model_confirm(struct model *model)
{
    struct store_confirm_contact op;
    int party = model_pick_party(model, 0);
    size_t match = model_pick_match(model, party);
    if (match == NONE || !model->reference.matches[match].bound) {
        return false;
    }
    store_confirm_contact_init(&op);
    op.match = model->reference.matches[match].id;
    op.professional = model_names[model_pick(model, MODEL_NAMES)];
    const struct reference_list *in = &model->reference.matches[match].in;
    for (size_t i = 0; i < in->count && model_pick(model, 4) != 0; i++) {
        const struct reference_signal *signal = &model->reference.signals[in->items[i]];
        if (signal->party == party) {
            op.professional = model->reference.professionals[signal->professional].id;
        }
    }
    struct reference_when when = model_run(model, &op.op, party);
    model_check("confirm", op.op.result,
                reference_confirm(&model->reference, party, match, op.professional, when.to));
    return op.op.result == 0;
}

/* ---- looking: what a party was shown is in the log ---- */

static void log_shown(struct model *model, int party, const struct log_note *note)
{
    struct store_note_op op;
    store_note_init(&op);
    op.count = 1;
    op.notes = note;
    struct store_snapshot *snapshot = model->office.snapshot;
    store_op_rely(&op.op, snapshot);
    model_run(model, &op.op, party);
    model_check("show", op.op.result, 0);
}

bool model_look(struct model *model)
{
    int party = model_pick_party(model, 0);
    size_t number = model_pick_match(model, party);
    struct log_note note = {.event = LOG_MATCH_READ, .object_kind = LOG_OBJECT_MATCH};
    struct match_view view;
    if (number == NONE || !model->reference.matches[number].bound) {
        return false;
    }
    const struct reference_match *match = &model->reference.matches[number];
    int result = office_see_match(&model->office, model_number_of(model, party), &match->id, &view);
    model_check("look", result,
                reference_sees(&model->reference, match, party) ? 0 : STORE_NOT_FOUND);
    if (result != 0) {
        return false;
    }
    memcpy(note.object, match->id.bytes, UUID_BYTES);
    log_shown(model, party, &note);
    for (int i = 0; i < (match->kind == MATCH_FAMILY ? 2 : 1); i++) {
        reference_look(&model->reference, party, match->children[i], clock_now());
        reference_log(&model->reference, LOG_MATCH_READ, NONE, 0);
    }
    return true;
}

bool model_offer(struct model *model)
{
    int party = model_pick_party(model, 0);
    const struct reference_party *reader = &model->reference.parties[party];
    struct log_note note = {.event = LOG_NOTICE_OFFERED, .object_kind = LOG_OBJECT_NOTICE};
    struct notice_page page;
    if (reader->notice_count == 0) {
        return false;
    }
    uint64_t after =
        reader->notice_count - 1 -
        model_pick(model, reader->notice_count > 20 ? 20 : (uint32_t)reader->notice_count);
    assert_int_equal(
        store_read_notices(office_look(&model->office), reader->number, after, 1, &page), 0);
    if (page.count == 0) {
        return false;
    }
    uint64_t sequence = page.notices[0].sequence;
    for (int i = 0; i < 8; i++) {
        note.object[i] = (uint8_t)(sequence >> (56 - 8 * i));
    }
    log_shown(model, party, &note);
    reference_log(&model->reference, LOG_NOTICE_OFFERED, NONE, 0);
    if (reader->notices[sequence - 1].child != NONE) {
        reference_look(&model->reference, party, reader->notices[sequence - 1].child, clock_now());
    }
    return true;
}
