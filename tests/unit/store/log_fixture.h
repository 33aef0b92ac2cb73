/* SPDX-License-Identifier: EUPL-1.2 */
/* An office for each test of a program, and what its log is held to. */
#ifndef TESTS_UNIT_STORE_LOG_FIXTURE_H
#define TESTS_UNIT_STORE_LOG_FIXTURE_H

#include "tests/unit/store/office_fixture.h"

static struct checkpoint_vkey vkey;

static inline int setup_log(void **state)
{
    setup_office(state);
    vkey = verify_key(office.keys, OFFICE_ORIGIN);
    return 0;
}

#endif
