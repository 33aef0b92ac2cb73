/* SPDX-License-Identifier: EUPL-1.2 */
/*
 * A real index and the reference beside it, and random steps that both take. After each step all
 * that it has touched is compared; now and then the whole world. One thread.
 */
#ifndef TESTS_UNIT_STORE_MODEL_H
#define TESTS_UNIT_STORE_MODEL_H

#include "tests/unit/store/office.h"
#include "tests/unit/store/reference.h"

#define MODEL_NAMES 4 /* of professionals, in each party */
#define MODEL_PAGE 150

struct model {
    struct office office;
    struct reference reference;
    uint64_t random;
    struct office_child numbers[REFERENCE_NUMBERS];
    struct office_child ties[REFERENCE_PARENTS + REFERENCE_ADDRESSES];
    uint32_t parties; /* numbers given out */
    unsigned names;   /* given to professionals, each once */
    unsigned references;
    uint64_t log_seen; /* entries that have been held to the reference */
    unsigned faults;   /* told to the engine */
    size_t done[64];   /* of each kind of step, those that were not refused */
};

extern const char *const model_names[MODEL_NAMES];

/* ---- helpers (model.c) ---- */
uint32_t model_pick(struct model *model, uint32_t below);
uint32_t model_number_of(const struct model *model, int party);
uint16_t model_town_code(int town);
/* One with all of the roles; there always is one. */
int model_pick_party(struct model *model, unsigned roles);
/* Runs an operation for a party; -1: for the operator. Fails unless the result is as expected. */
struct reference_when model_run(struct model *model, struct store_op *op, int party);
void model_check(const char *what, int result, int expected);
/* Works off what is due since `from`. */
void model_settle(struct model *model, int64_t from);
/* Moves on until no term ends within a minute. */
void model_step_over_edges(struct model *model);
void model_advance_to(struct model *model, int64_t instant);
/* A signal of the party that it still has, mostly; else any; NONE. */
size_t model_pick_signal(struct model *model, int party);
/* A match that is kept, mostly one that the party is in; NONE. */
size_t model_pick_match(struct model *model, int party);

/* ---- steps ---- */
typedef bool model_step(struct model *model); /* false: refused, or there was nothing to do */
model_step model_post, model_withdraw, model_renew, model_confirm, model_look, model_offer;
model_step model_hire, model_dismiss, model_agree, model_suspend, model_acknowledge, model_transfer,
    model_merge_parties, model_turn, model_reopen, model_fail_batch;
model_step model_die, model_move, model_relate, model_replace;
model_step model_access, model_erase, model_try;
model_step model_crowd;
model_step model_pass_time;

/* A random post, and what the reference needs to know of it. `reference` has room for 32. */
void model_fill_post(struct model *model, struct store_signal_post *op,
                     struct reference_post *expected, char *reference);
/* Compares what a post has answered. */
void model_posted(struct model *model, const struct store_signal_post *op,
                  const struct reference_post *expected);

/* Whether the store has taken this withdrawal for a peek. */
bool model_is_flagged(struct model *model, const struct store_op *op);

/* A new party takes a place. */
void model_admit(struct model *model, int party, unsigned roles, int town);

/* ---- comparing ---- */
/* Takes over what the store has made in this step, and compares what it has touched. */
void model_adopt(struct model *model);
void model_compare_party(struct model *model, int party);
void model_compare_notices(struct model *model, int party, uint64_t after, size_t count);
void model_compare_notice(struct model *model, int party, const struct notice *notice,
                          const struct reference_notice *expected);
void model_compare_pack(struct model *model, int party, int number);
void model_compare_involved(const struct model *model, const struct involved *involved,
                            size_t count, const struct reference_match *match, size_t except);
/* Everything; `whole`: all notices too. */
void model_compare(struct model *model, bool whole);

#endif
