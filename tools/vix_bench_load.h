/* SPDX-License-Identifier: EUPL-1.2 */
/* One load from beginning to end, and the preparation of an index for loads. */
#ifndef TOOLS_VIX_BENCH_LOAD_H
#define TOOLS_VIX_BENCH_LOAD_H

#include "tools/vix_bench_options.h"

/* An enum vix_exit. */
int bench_load(const struct bench_options *options) MUST_CHECK;
int bench_prepare(const struct bench_options *options) MUST_CHECK;

#endif
