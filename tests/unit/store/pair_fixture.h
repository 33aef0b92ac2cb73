/* SPDX-License-Identifier: EUPL-1.2 */
/* An office for each test of a program, with the two reporters that a match needs. */
#ifndef TESTS_UNIT_STORE_PAIR_FIXTURE_H
#define TESTS_UNIT_STORE_PAIR_FIXTURE_H

#include "tests/unit/store/office_fixture.h"

static uint32_t school; /* ann works there */
static uint32_t care;   /* and bob there */

static inline void open_pair(bool faulty)
{
    office = (struct office){.faulty = faulty};
    office_open(&office);
    school = office_reporter(&office);
    care = office_reporter(&office);
    office_hire(&office, school, "ann");
    office_hire(&office, care, "bob");
}

static inline int setup_pair(void **state)
{
    (void)state;
    open_pair(false);
    return 0;
}

/* And eve, a colleague of ann. */
static inline int setup_trio(void **state)
{
    setup_pair(state);
    office_hire(&office, school, "eve");
    return 0;
}

#endif
