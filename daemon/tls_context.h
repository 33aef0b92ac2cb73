/* SPDX-License-Identifier: EUPL-1.2 */
/* Makes one SSL_CTX from files. Private to tls.c. */
#ifndef DAEMON_TLS_CONTEXT_H
#define DAEMON_TLS_CONTEXT_H

#include "daemon/tls.h"

/* 0, TLS_REFUSED with `why`, or -ENOMEM. */
int tls_context_new(const struct tls_options *options, SSL_CTX **ret_context,
                    struct tls_state *ret_state, char why[static TLS_WHY_SIZE]) MUST_CHECK;

/* Seconds since 1970; for an absent time, one that never comes. */
time_t tls_context_time(const ASN1_TIME *time);

#endif
