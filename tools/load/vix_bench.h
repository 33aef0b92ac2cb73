/* SPDX-License-Identifier: EUPL-1.2 */
/*
 * What the parts of `vix-bench`, the load generator, have in common.
 *
 * One loop per thread (vix_bench_loop) owns its connections (vix_bench_conn), asks its plan
 * (vix_bench_plan) when to send, its work (vix_bench_work) what to send, and adds what came of it
 * to its tally (vix_bench_tally). When all loops are done their tallies are merged, what was
 * acknowledged is looked for in the index (vix_bench_verify), and all of it is told
 * (vix_bench_report).
 *
 * The BSNs are generated, in sequence: they are nobody's by intent, and are not treated as secret.
 */
#ifndef TOOLS_LOAD_VIX_BENCH_H
#define TOOLS_LOAD_VIX_BENCH_H

#include "crypto/basics.h"
#include "tools/command.h"

#define BENCH_SECOND INT64_C(1000000000) /* times are in nanoseconds of CLOCK_MONOTONIC */

#define BENCH_CONNECTIONS_MAXIMUM 10000
#define BENCH_IDENTITIES_MAXIMUM 4096
#define BENCH_THREADS_MAXIMUM 16
#define BENCH_SECONDS_MAXIMUM 3600
#define BENCH_RATE_MAXIMUM 1000000
#define BENCH_REQUESTS_MAXIMUM 10000000 /* and so of remembered ids: 24 bytes each */
#define BENCH_REQUEST_BYTES 1024
#define BENCH_PROFESSIONAL_MAXIMUM 64

int64_t bench_now(void);

/* `vix-bench: <text>` on stderr; returns `result`, an enum vix_exit. */
int bench_complain(int result, const char *format, ...) PRINTF_LIKE(2, 3);
/* The same for a fault of the machine, -errno; returns VIX_REFUSED. */
int bench_report_fault(int fault);

#endif
