/* SPDX-License-Identifier: EUPL-1.2 */
/*
 * Family matches held to the bare rule, at random: signals come and go, relations change, numbers
 * are replaced, and after each step every pair of children is a match just when the rule says so.
 */
#include "tests/unit/store/household.h"

#include <stdio.h>

static struct office office;
static uint32_t town;
static uint32_t parties[3];
static const char *const names[3] = {"ann", "bob", "cleo"};

static int setup(void **state)
{
    (void)state;
    office = (struct office){0};
    household_open(&office, HOUSEHOLD_PARENT | HOUSEHOLD_ADDRESS | HOUSEHOLD_DEPARTURE);
    town = office_municipality(&office, OFFICE_TOWN);
    for (int i = 0; i < 3; i++) {
        parties[i] = office_reporter(&office);
        office_hire(&office, parties[i], names[i]);
    }
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    office_finish(&office);
    return 0;
}

static bool matched(unsigned one, unsigned other)
{
    struct uuid match;
    return household_matched(&office, one, other, &match);
}

enum {
    CHILDREN = 8,
    PARENTS = 3,
    ADDRESSES = 2, /* with the parents, no more than the ties of one child */
    TIES = PARENTS + ADDRESSES,
    STEPS = OFFICE_SCALE(1500, 300),
};

/* The rule as the law has it, and nothing of how it is kept. */
struct bare_child {
    unsigned is;   /* the number that took its place; itself */
    unsigned ties; /* bits: parents, then addresses */
    bool live[3];
    struct uuid signals[3];
};
static struct bare_child bare[CHILDREN];
static unsigned bare_institutions; /* bits, as ties */

static bool bare_rule(unsigned one, unsigned other)
{
    const struct bare_child *a = &bare[one];
    const struct bare_child *b = &bare[other];
    unsigned involved = 0;
    bool with[2] = {false, false};
    for (int i = 0; i < 3; i++) {
        involved += a->live[i] || b->live[i] ? 1 : 0;
        with[0] = with[0] || a->live[i];
        with[1] = with[1] || b->live[i];
    }
    return (a->ties & b->ties & ~bare_institutions) != 0 && with[0] && with[1] && involved >= 2;
}

static unsigned random_state;
static unsigned some(unsigned below)
{
    random_state = random_state * 1103515245u + 12345u;
    return (random_state >> 16) % below;
}

static void relate_at_random(unsigned child)
{
    char relations[64] = "";
    size_t size = 0;
    unsigned ties = some(1u << TIES) & some(1u << TIES);
    for (unsigned i = 0; i < TIES; i++) {
        if ((ties & 1u << i) == 0) {
            continue;
        }
        bool institution = i >= PARENTS && some(3) == 0;
        bare_institutions = (bare_institutions & ~(1u << i)) | (institution ? 1u << i : 0);
        size += (size_t)snprintf(relations + size, sizeof(relations) - size, "%c%u%s ",
                                 i < PARENTS ? 'p' : 'a', i + 1, institution ? "!" : "");
    }
    bare[bare[child].is].ties = ties;
    household_relate(&office, child, relations);
}

/* With a child's last signal goes what was known of it, and that it had other numbers. */
static void forget_unknown(unsigned child)
{
    if (household_is_known(&office, child)) {
        return;
    }
    for (unsigned i = 0; i < CHILDREN; i++) {
        if (bare[i].is == child) {
            bare[i] = (struct bare_child){.is = i};
        }
    }
}

static void signal_at_random(unsigned child)
{
    struct bare_child *kept = &bare[bare[child].is];
    int who = (int)some(3);
    enum withdraw_reason reason = some(4) != 0 ? WITHDRAW_WRONGFUL : WITHDRAW_ENDED;
    if (!kept->live[who]) {
        kept->signals[who] = office_post(&office, parties[who], names[who], child);
        kept->live[who] = true;
        return;
    }
    assert_int_equal(office_withdraw(&office, parties[who], &kept->signals[who], reason), 0);
    kept->live[who] = false;
    forget_unknown(bare[child].is);
}

/* Of two signals of one professional the older one stays, as both have the same term. */
static void merge_at_random(unsigned child, unsigned with)
{
    unsigned from = bare[child].is;
    unsigned into = bare[with].is;
    household_merge(&office, with, child);
    if (from == into) {
        return;
    }
    for (int who = 0; who < 3; who++) {
        struct uuid *signal = &bare[into].signals[who];
        bool other =
            bare[from].live[who] && (!bare[into].live[who] ||
                                     memcmp(&bare[from].signals[who], signal, sizeof(*signal)) < 0);
        *signal = other ? bare[from].signals[who] : *signal;
        bare[into].live[who] = bare[into].live[who] || other;
    }
    bare[into].ties |= bare[from].ties;
    for (unsigned i = 0; i < CHILDREN; i++) {
        bare[i].is = bare[i].is == from ? into : bare[i].is;
    }
    bare[from] = (struct bare_child){.is = into};
}

static void check_bare_rule(int step)
{
    for (unsigned one = 0; one < CHILDREN; one++) {
        for (unsigned other = one + 1; other < CHILDREN; other++) {
            if (bare[one].is == one && bare[other].is == other &&
                matched(one, other) != bare_rule(one, other)) {
                fail_msg("step %d: children %u and %u: %d", step, one, other, matched(one, other));
            }
        }
    }
    household_check(&office, CHILDREN);
}

static void test_held_to_the_bare_rule(void **state)
{
    (void)state;
    random_state = 20261122;
    for (unsigned i = 0; i < CHILDREN; i++) {
        bare[i] = (struct bare_child){.is = i};
    }
    for (int step = 0; step < STEPS; step++) {
        unsigned child = some(CHILDREN);
        unsigned what = some(60);
        if (what == 0) {
            merge_at_random(child, some(CHILDREN));
        } else if (what < 20) {
            relate_at_random(child);
        } else {
            signal_at_random(child);
        }
        check_bare_rule(step);
    }
    assert_true(office_inbox_state(&office, town).head > 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_held_to_the_bare_rule, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
