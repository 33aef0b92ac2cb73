/* SPDX-License-Identifier: EUPL-1.2 */
/* An office for each test of a program. Those that begin with more than an empty one set up more,
 * and tear down the same. */
#ifndef TESTS_UNIT_STORE_OFFICE_FIXTURE_H
#define TESTS_UNIT_STORE_OFFICE_FIXTURE_H

#include "tests/unit/store/office.h"
#include "tests/unit/store/verify.h"

static struct office office;

static inline int setup_office(void **state)
{
    (void)state;
    office = (struct office){0};
    office_open(&office);
    return 0;
}

static inline int teardown(void **state)
{
    (void)state;
    office_finish(&office);
    return 0;
}

/* Where no test damages the log, it holds at the end of each. */
static inline int teardown_verified(void **state)
{
    struct checkpoint_vkey key = verify_key(office.keys, OFFICE_ORIGIN);
    verify_log(office.store, &key);
    return teardown(state);
}

#endif
