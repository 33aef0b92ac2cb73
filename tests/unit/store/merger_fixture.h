/* SPDX-License-Identifier: EUPL-1.2 */
/* An office whose schools can merge, for each test of a program. */
#ifndef TESTS_UNIT_STORE_MERGER_FIXTURE_H
#define TESTS_UNIT_STORE_MERGER_FIXTURE_H

#include "tests/unit/store/merger.h"
#include "tests/unit/store/office_fixture.h"

static struct merger_schools schools;

static inline int setup_schools(void **state)
{
    (void)state;
    merger_open(&office, &schools);
    return 0;
}

#endif
