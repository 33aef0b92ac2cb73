/* SPDX-License-Identifier: EUPL-1.2 */
/*
 * Single requests beside the load, through the client of `vix`: what is prepared before the clock
 * starts and what is checked after. They wait where the index says that it is asked too much.
 */
#ifndef TOOLS_LOAD_CALL_H
#define TOOLS_LOAD_CALL_H

#include "tools/answer.h"
#include "tools/client.h"
#include "tools/load/identity.h"
#include "tools/load/options.h"

struct bench_caller {
    struct client *client;
    const char *name; /* whose requests these are, for complaints */
    int64_t give_up;  /* when waiting for a limit ends; ns */
    bool never_waits; /* a limit that is used up is BENCH_CALL_LIMITED at once */
};

#define BENCH_CALL_LIMITED (-1) /* no enum vix_exit */

/* As an identity; `ca` may be NULL. An enum vix_exit. */
int bench_caller_open(struct bench_caller *caller, const struct bench_options *options,
                      const struct bench_identity *identity) MUST_CHECK;
int bench_caller_open_control(struct bench_caller *caller, const char *socket) MUST_CHECK;
void bench_caller_close(struct bench_caller *caller); /* for CLEANUP too */

/* `accepted`: a status that is as good as 2xx; 0: none. `ret_answer` may be NULL. */
struct bench_call {
    const char *method;
    const char *path;
    const struct text *body; /* NULL: none */
    int accepted;
};
int bench_caller_call(struct bench_caller *caller, const struct bench_call *call,
                      struct answer **ret_answer) MUST_CHECK;

#endif
