/* SPDX-License-Identifier: EUPL-1.2 */
/* An office in which a number is replaced: two reporters with professionals, and a municipality. */
#ifndef TESTS_UNIT_STORE_MERGE_FIXTURE_H
#define TESTS_UNIT_STORE_MERGE_FIXTURE_H

#include "tests/unit/store/registrar.h"
#include "tests/unit/store/verify.h"

#define OTHER_TOWN 362
#define OLD 1
#define NEW 2

static struct office office;
static struct checkpoint_vkey vkey;
static uint32_t school;
static uint32_t care;
static uint32_t town;

static inline int setup_with(bool faulty)
{
    static const char *const staff[] = {"ann", "amy", "art"};
    office = (struct office){.faulty = faulty};
    office_open(&office);
    vkey = verify_key(office.keys, OFFICE_ORIGIN);
    school = office_reporter(&office);
    care = office_reporter(&office);
    town = office_municipality(&office, OFFICE_TOWN);
    for (size_t i = 0; i < 3; i++) {
        office_hire(&office, school, staff[i]);
    }
    office_hire(&office, care, "bob");
    office_hire(&office, care, "ben");
    return 0;
}

static inline int setup(void **state)
{
    (void)state;
    return setup_with(false);
}

static inline int setup_faulty(void **state)
{
    (void)state;
    return setup_with(true);
}

static inline int teardown(void **state)
{
    (void)state;
    verify_log(office.store, &vkey);
    office_finish(&office);
    return 0;
}

static inline size_t live_matches(uint32_t party)
{
    return office_matches(&office, party, 1u << MATCH_OPEN).count;
}

static inline void assert_matched(uint32_t party, const struct uuid *match,
                                  const char *const *names, size_t count)
{
    struct match_view view;
    assert_int_equal(office_see_match(&office, party, match, &view), 0);
    assert_int_equal(view.status, MATCH_OPEN);
    assert_involved(view.involved, view.involved_count, names, count);
}

#endif
