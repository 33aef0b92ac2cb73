/* SPDX-License-Identifier: EUPL-1.2 */
/*
 * Random operations on a real store, held to the reference: what each has touched at once, and
 * everything that can be seen after every so many. VIX_MODEL_OPERATIONS says how many,
 * VIX_MODEL_SEED repeats a run.
 *
 * A run is a row of worlds, each with a seed and a policy of its own: a run that begins with the
 * seed of a world begins with that world.
 */
#include "tests/unit/store/model.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "crypto/secret.h"
#include "store/base/clock.h"
#include "tests/unit/store/verify.h"

#define OPERATIONS OFFICE_SCALE(50000, 10000)
#define WORLD 5000 /* operations in one */
#define COMPARE_EVERY 100
#define FIRST_DAY ((struct calendar_date){2030, 1, 1})

static const struct {
    const char *name;
    uint32_t weight;
    model_step *run;
} steps[] = {
    {"post", 280, model_post},
    {"withdraw", 95, model_withdraw},
    {"renew", 40, model_renew},
    {"confirm", 45, model_confirm},
    {"look", 40, model_look},
    {"offer", 40, model_offer},
    {"hire", 50, model_hire},
    {"dismiss", 25, model_dismiss},
    {"transfer", 60, model_transfer},
    {"agree", 60, model_agree},
    {"suspend", 8, model_suspend},
    {"acknowledge", 60, model_acknowledge},
    {"pass time", 70, model_pass_time},
    {"die", 5, model_die},
    {"move", 30, model_move},
    {"relate", 40, model_relate},
    {"replace", 15, model_replace},
    {"access", 25, model_access},
    {"erase", 10, model_erase},
    {"try", 5, model_try},
    {"crowd", 30, model_crowd},
    {"merge parties", 3, model_merge_parties},
    {"turn", 2, model_turn},
    {"reopen", 2, model_reopen},
    {"fail", 3, model_fail_batch},
};
#define STEPS ARRAY_LENGTH(steps)

static struct model model;
static struct {
    uint64_t seed;
    unsigned long step;
    const char *name;
} at;

/* Told on failure, so that a failing run can be repeated from its world. */
static void say_where(void)
{
    if (at.name != NULL) {
        print_message("failed in the world of VIX_MODEL_SEED=%" PRIu64 " at its step %lu, %s\n",
                      at.seed, at.step, at.name);
    }
}

/* ---- a world ---- */

static struct store_policy choose_policy(void)
{
    struct store_policy policy;
    uint32_t families = model_pick(&model, 4);
    store_policy_default(&policy);
    policy.family_parent = families == 0 || families == 2;
    policy.family_address = families == 1 || families == 2;
    policy.notify_departure = model_pick(&model, 2) == 0;
    policy.registry_wait_days = (int)model_pick(&model, 3) * 31;
    policy.access_requests_per_day = 3;
    return policy;
}

static void populate(void)
{
    static const struct {
        unsigned roles;
        int town;
    } kinds[REFERENCE_PARTIES] = {
        {PARTY_REPORTER, -1},    {PARTY_REPORTER, -1},
        {PARTY_REPORTER, -1},    {PARTY_REPORTER, -1},
        {PARTY_REPORTER, -1},    {PARTY_MUNICIPALITY, 0},
        {PARTY_MUNICIPALITY, 1}, {PARTY_MUNICIPALITY | PARTY_REPORTER, 2},
        {PARTY_REGISTRY, -1},    {PARTY_AUDITOR, -1},
    };
    for (unsigned i = 0; i < REFERENCE_NUMBERS; i++) {
        model.numbers[i] = office_child(&model.office, i);
    }
    for (unsigned i = 0; i < ARRAY_LENGTH(model.ties); i++) {
        model.ties[i] = office_child(&model.office, 100 + i);
    }
    for (int party = 0; party < REFERENCE_PARTIES; party++) {
        model_admit(&model, party, kinds[party].roles, kinds[party].town);
    }
    for (int i = 0; i < 60; i++) {
        model_hire(&model);
        model_agree(&model);
        model_adopt(&model);
    }
}

static void run_one(void)
{
    uint32_t total = 0;
    size_t kind = 0;
    for (size_t i = 0; i < STEPS; i++) {
        total += steps[i].weight;
    }
    uint32_t chosen = model_pick(&model, total);
    while (chosen >= steps[kind].weight) {
        chosen -= steps[kind++].weight;
    }
    at.name = steps[kind].name;
    model_step_over_edges(&model);
    model.done[kind] += steps[kind].run(&model) ? 1 : 0;
    office_advance(2); /* no two operations in one millisecond */
    model_adopt(&model);
}

static void run_world(unsigned long operations)
{
    size_t done[STEPS] = {0};
    at.seed = model.random;
    at.step = 0;
    at.name = "beginning";
    memcpy(done, model.done, sizeof(done));
    uint64_t random = model.random;
    model = (struct model){.random = random};
    memcpy(model.done, done, sizeof(done));
    model.office.policy = choose_policy();
    model.office.has_policy = true;
    model.office.faulty = true;
    reference_init(&model.reference, &model.office.policy);
    /* Each world begins on the same day, so that its seed says what happens in it. */
    office_advance(calendar_dutch_midnight(calendar_day_from_date(FIRST_DAY)) + CLOCK_DAY / 2 -
                   clock_now());
    office_open(&model.office);
    populate();
    for (at.step = 1; at.step <= operations; at.step++) {
        run_one();
        if (at.step % COMPARE_EVERY == 0) {
            model_step_over_edges(&model);
            model_compare(&model, false);
        }
    }
    model_step_over_edges(&model);
    model_compare(&model, true);
    struct checkpoint_vkey vkey = verify_key(model.office.keys, OFFICE_ORIGIN);
    uint64_t verified = verify_log(model.office.store, &vkey);
    model_adopt(&model); /* a month's turn may have come to its end since the last time */
    assert_in_range(verified, 1, model.log_seen);
    reference_finish(&model.reference);
    office_finish(&model.office);
    at.name = NULL;
}

static void test_the_store_is_as_the_reference(void **state)
{
    (void)state;
    const char *given = getenv("VIX_MODEL_SEED");
    const char *count = getenv("VIX_MODEL_OPERATIONS");
    unsigned long left = count != NULL ? strtoul(count, NULL, 10) : OPERATIONS;
    /* A million syncs would take hours, and a crash is not among the things that happen here. */
    if (access("/dev/shm", W_OK) == 0) {
        assert_int_equal(setenv("TMPDIR", "/dev/shm", 0), 0);
    }
    assert_int_equal(secret_init(), 0);
    secret_random(&model.random, sizeof(model.random));
    if (given != NULL) {
        model.random = strtoull(given, NULL, 10);
    }
    model.random = model.random == 0 ? 1 : model.random;
    print_message("VIX_MODEL_SEED=%" PRIu64 " VIX_MODEL_OPERATIONS=%lu\n", model.random, left);
    while (left > 0) {
        unsigned long operations = left < WORLD ? left : WORLD;
        run_world(operations);
        left -= operations;
    }
    for (size_t i = 0; i < STEPS; i++) {
        print_message("%s: %zu  ", steps[i].name, model.done[i]);
    }
    print_message("\n");
}

static int tear_down(void **state)
{
    (void)state;
    say_where();
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(test_the_store_is_as_the_reference, tear_down)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
