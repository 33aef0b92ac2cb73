/* SPDX-License-Identifier: EUPL-1.2 */
/* A scratch store for each test of a program. */
#ifndef TESTS_UNIT_STORE_SCRATCH_FIXTURE_H
#define TESTS_UNIT_STORE_SCRATCH_FIXTURE_H

#include "tests/unit/store/scratch.h"

static struct scratch scratch;

static inline int setup_scratch(void **state)
{
    (void)state;
    scratch_init(&scratch);
    scratch_open(&scratch, SCRATCH_MAP_BYTES);
    return 0;
}

static inline int teardown(void **state)
{
    (void)state;
    scratch_finish(&scratch);
    return 0;
}

#endif
