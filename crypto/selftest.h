/* SPDX-License-Identifier: EUPL-1.2 */
/*
 * Known-answer tests of every primitive, run at each start: a library that computes something
 * else than the published values would make one child two, or a proof worthless.
 */
#ifndef CRYPTO_SELFTEST_H
#define CRYPTO_SELFTEST_H

#include "crypto/basics.h"

/* NULL when all is well, else the name of the first primitive that failed. About 2 ms. */
const char *selftest_run(void) MUST_CHECK;

#endif
