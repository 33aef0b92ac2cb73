/* SPDX-License-Identifier: EUPL-1.2 */
/*
 * What a load cost, from /proc: the CPU seconds of the server, of this generator and of the whole
 * machine, and the server's memory. The machine's share tells how much others took meanwhile,
 * without which a figure of a shared machine says little.
 */
#ifndef TOOLS_LOAD_PROCESS_H
#define TOOLS_LOAD_PROCESS_H

#include <stdbool.h>
#include <sys/types.h>

#include "crypto/basics.h"

struct bench_cost {
    int64_t at;          /* ns, CLOCK_MONOTONIC */
    double server;       /* CPU seconds, user and system; of --pid */
    double own;          /* of this process */
    double machine_busy; /* of all processors together */
    double machine_idle;
    bool has_server;
    uint64_t resident; /* bytes; all of it, and without what is mapped from files */
    uint64_t anonymous;
};

/* What cannot be read stays zero; `pid` 0: no server is looked at. */
void bench_cost_take(pid_t pid, struct bench_cost *ret_cost);

/* The parsers, for tests. False when the text is not what it should be. */
bool bench_parse_stat(const char *text, uint64_t *ret_ticks); /* /proc/PID/stat: utime + stime */
bool bench_parse_status(const char *text, uint64_t *ret_resident, uint64_t *ret_anonymous);
bool bench_parse_machine(const char *text, uint64_t *ret_busy, uint64_t *ret_idle); /* /proc/stat */

#endif
