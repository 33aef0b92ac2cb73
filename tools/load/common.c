/* SPDX-License-Identifier: EUPL-1.2 */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "tools/load/vix_bench.h"

int64_t bench_now(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * BENCH_SECOND + now.tv_nsec;
}

int bench_complain(int result, const char *format, ...)
{
    va_list arguments;
    fputs("vix-bench: ", stderr);
    va_start(arguments, format);
    vfprintf(stderr, format, arguments);
    va_end(arguments);
    fputc('\n', stderr);
    return result;
}

int bench_report_fault(int fault)
{
    return bench_complain(VIX_REFUSED, "%s", strerror(-fault));
}
