/* SPDX-License-Identifier: EUPL-1.2 */
/* What the steps of the model test have in common: chance, time, running. */
#include "tests/unit/store/model.h"

#include <stdlib.h>

#include "store/base/clock.h"

const char *const model_names[MODEL_NAMES] = {"ann", "bob", "cleo", "dirk"};

/* xorshift64*: the same everywhere, so that a seed is worth something. */
uint32_t model_pick(struct model *model, uint32_t below)
{
    model->random ^= model->random >> 12;
    model->random ^= model->random << 25;
    model->random ^= model->random >> 27;
    return (uint32_t)((model->random * UINT64_C(2685821657736338717)) >> 33) % below;
}

uint32_t model_number_of(const struct model *model, int party)
{
    return model->reference.parties[party].number;
}

uint16_t model_town_code(int town)
{
    return (uint16_t)(REFERENCE_FIRST_TOWN + town);
}

int model_pick_party(struct model *model, unsigned roles)
{
    int party;
    do {
        party = (int)model_pick(model, REFERENCE_PARTIES);
    } while ((model->reference.parties[party].roles & roles) != roles);
    return party;
}

struct reference_when model_run(struct model *model, struct store_op *op, int party)
{
    struct reference_when when = {.from = clock_now()};
    int result = office_run(&model->office, op, party < 0 ? 0 : model_number_of(model, party));
    if (result < 0) {
        fail_msg("an operation met a fault: %d", result);
    }
    when.to = clock_now();
    return when;
}

void model_check(const char *what, int result, int expected)
{
    if (result != expected) {
        fail_msg("%s: %d, where the reference says %d", what, result, expected);
    }
}

/* ---- time ---- */

/* A signal that is kept, by what an entry of the log says of it; NONE. */
static size_t find_signal(const struct model *model, const struct log_entry *entry)
{
    const struct reference *reference = &model->reference;
    static const char before[] = "\"signal:";
    const char *object = strstr(entry->public_part, before);
    struct uuid id;
    assert_non_null(object);
    assert_int_equal(uuid_parse(object + strlen(before), UUID_TEXT_SIZE - 1, &id), 0);
    for (int party = 0; party < REFERENCE_PARTIES; party++) {
        const struct reference_list *kept = &reference->parties[party].kept;
        for (size_t i = 0; i < kept->count; i++) {
            if (same_uuid(&reference->signals[kept->items[i]].id, &id)) {
                return kept->items[i];
            }
        }
    }
    return NONE;
}

void model_settle(struct model *model, int64_t from)
{
    struct reference_list archived = {0};
    struct log_query query = office_any_entry();
    struct log_page page;
    office_forget(&model->office); /* what it would keep could fill the store */
    office_settle(&model->office);
    struct reference_when when = {from, clock_now()};
    query.start = model->log_seen;
    query.event = LOG_SIGNAL_ARCHIVED;
    assert_int_equal(store_read_log(office_look(&model->office), &query, &page), 0);
    for (size_t i = 0; i < page.count; i++) {
        size_t signal = find_signal(model, &page.entries[i]);
        if (signal != NONE) {
            list_add(&archived, signal);
        }
    }
    reference_settle(&model->reference, &archived, when);
    free(archived.items);
}

#define NEAR CLOCK_MINUTE

/* The end of the time within which a withdrawal is a peek is no row, but a term all the same. */
static bool is_clear_of_peeks(const struct reference *reference, int party, int64_t instant)
{
    const struct reference_list *kept = &reference->parties[party].kept;
    for (size_t i = 0; i < kept->count; i++) {
        const struct reference_signal *signal = &reference->signals[kept->items[i]];
        int64_t ends = signal->reported_at + reference->policy.peek_minutes * CLOCK_MINUTE;
        if (signal->state == REFERENCE_LIVE && ends > instant - NEAR && ends < instant + NEAR) {
            return false;
        }
    }
    return true;
}

/* How far to move on so that no term ends while an operation runs: the reference could not tell on
 * which side of it that was. */
static int64_t away_from_edges(const struct reference *reference, int64_t instant)
{
    bool clear = false;
    while (!clear) {
        int64_t midnight = calendar_dutch_midnight(calendar_dutch_day(instant + NEAR));
        clear = midnight <= instant - NEAR;
        for (size_t i = 0; i < reference->tombstones.count && clear; i++) {
            int64_t until = reference->signals[reference->tombstones.items[i]].tombstone_until;
            clear = until <= instant - NEAR || until >= instant + NEAR;
        }
        for (int party = 0; party < REFERENCE_PARTIES && clear; party++) {
            clear = is_clear_of_peeks(reference, party, instant);
        }
        instant += clear ? 0 : 3 * NEAR;
    }
    return instant;
}

void model_advance_to(struct model *model, int64_t instant)
{
    int64_t target = away_from_edges(&model->reference, instant);
    office_advance(target - clock_now());
    model_settle(model, target);
}

void model_step_over_edges(struct model *model)
{
    int64_t now = clock_now();
    if (away_from_edges(&model->reference, now) != now) {
        model_advance_to(model, now);
    }
}

/* Minutes, days, seldom years: then the daemon was down, and has much to catch up with. */
bool model_pass_time(struct model *model)
{
    uint32_t kind = model_pick(model, 100);
    int64_t now = clock_now();
    int64_t step = (1 + (int64_t)model_pick(model, 300)) * CLOCK_MINUTE;
    if (kind >= 97) {
        step = (100 + (int64_t)model_pick(model, 900)) * CLOCK_DAY;
    } else if (kind >= 50) {
        step = (1 + (int64_t)model_pick(model, 30)) * CLOCK_DAY;
    }
    model_advance_to(model, now + step);
    return true;
}

/* ---- picking ---- */

size_t model_pick_signal(struct model *model, int party)
{
    const struct reference *reference = &model->reference;
    const struct reference_list *kept = &reference->parties[party].kept;
    if (kept->count > 0 && model_pick(model, 10) != 0) {
        return kept->items[model_pick(model, (uint32_t)kept->count)];
    }
    if (reference->tombstones.count > 0 && model_pick(model, 3) == 0) {
        return reference->tombstones
            .items[model_pick(model, (uint32_t)reference->tombstones.count)];
    }
    return reference->signal_count == 0 ? NONE
                                        : model_pick(model, (uint32_t)reference->signal_count);
}

size_t model_pick_match(struct model *model, int party)
{
    const struct reference *reference = &model->reference;
    const struct reference_list *open = &reference->open_matches;
    for (int tries = 0; tries < 8 && open->count > 0; tries++) {
        size_t match = open->items[model_pick(model, (uint32_t)open->count)];
        if (reference_sees(reference, &reference->matches[match], party)) {
            return match;
        }
    }
    return reference->match_count == 0 ? NONE : model_pick(model, (uint32_t)reference->match_count);
}
