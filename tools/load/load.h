/* SPDX-License-Identifier: EUPL-1.2 */
/* One load from beginning to end, and the preparation of an index for loads. */
#ifndef TOOLS_LOAD_LOAD_H
#define TOOLS_LOAD_LOAD_H

#include "tools/load/options.h"

/* An enum vix_exit. */
int bench_load(const struct bench_options *options) MUST_CHECK;
int bench_prepare(const struct bench_options *options) MUST_CHECK;

#endif
