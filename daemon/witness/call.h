/* SPDX-License-Identifier: EUPL-1.2 */
/*
 * One witness over HTTP: a POST, and its answer. Redirects are never followed, proxies never used,
 * TLS below 1.2 and certificates that do not verify refused; the whole of it has a deadline, and
 * the answer a bound. The only file of daemon/ that sees libcurl. A caller belongs to one thread.
 */
#ifndef DAEMON_WITNESS_CALL_H
#define DAEMON_WITNESS_CALL_H

#include <stdatomic.h>

#include "daemon/witness/talk.h"

/* Tests that have a witness never answer need not wait so long. */
#ifdef VIX_TEST_CLOCK
#define WITNESS_CALL_SECONDS 3
#else
#define WITNESS_CALL_SECONDS 10
#endif
#define WITNESS_CALL_CONNECT_SECONDS 5
#define WITNESS_CALL_WHY_SIZE 256

/* Once, before there is a caller, and after the last. 0 or -EIO. */
int witness_call_start(void) MUST_CHECK;
void witness_call_stop(void);

/* Where libcurl looks for the CAs of the system; NULL when it does not say. Static. */
const char *witness_call_system_ca(void);

struct witness_caller;
/* Texts must outlive it. `stopping` breaks off what is under way. 0 or -ENOMEM. */
int witness_caller_new(const char *url, const char *ca, const atomic_bool *stopping,
                       struct witness_caller **ret_caller) MUST_CHECK;
void witness_caller_free(struct witness_caller *caller); /* NULL is allowed */

/* NULL, or what kept the answer away, a static slug; then `why` has it in libcurl's words. */
const char *witness_caller_post(struct witness_caller *caller, const char *body, size_t size,
                                struct witness_reply *ret_reply,
                                char why[static WITNESS_CALL_WHY_SIZE]) MUST_CHECK;

#endif
