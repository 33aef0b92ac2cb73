/* SPDX-License-Identifier: EUPL-1.2 */
/*
 * Counters for the operator, in Prometheus' text format 0.0.4. Lock-free; any thread. Labels have
 * few values: routes by their templates, never a party, let alone a child.
 */
#ifndef DAEMON_METRICS_H
#define DAEMON_METRICS_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>

#include "store/store.h"

enum metric {
    METRIC_CONNECTIONS_ACCEPTED,
    METRIC_CONNECTIONS_REFUSED,
    METRIC_ACCEPT_PAUSED_DESCRIPTORS,
    METRIC_ACCEPT_PAUSED_HANDSHAKES,
    METRIC_TLS_HANDSHAKES,
    METRIC_TLS_FAILED_TIMEOUT,
    METRIC_TLS_FAILED_EVICTED,
    METRIC_TLS_FAILED_CLOSED,
    METRIC_TLS_FAILED_PROTOCOL,
    METRIC_TLS_FAILED_EXPIRED,
    METRIC_TLS_FAILED_REVOKED,
    METRIC_TLS_FAILED_UNKNOWN_CA,
    METRIC_TLS_FAILED_CRL,
    METRIC_TLS_FAILED_WEAK_KEY,
    METRIC_TLS_FAILED_CERTIFICATE,
    METRIC_TLS_INVALIDATED,
    METRIC_DEADLINE_HEAD,
    METRIC_DEADLINE_BODY,
    METRIC_DEADLINE_IDLE,
    METRIC_DEADLINE_WRITE,
    METRIC_INTERNAL_ERRORS,
    METRIC_RELOADS,
    METRIC_RELOADS_FAILED,
    METRICS,
};

#define METRIC_ROUTES_MAXIMUM 96 /* routes beyond are counted as "other" */
#define METRIC_CLASSES 5         /* 1xx to 5xx */
#define METRIC_BUCKETS 12        /* of durations; the last has no upper bound */

struct metric_route {
    _Atomic(const char *) template; /* a static text; NULL: free */
    atomic_ullong classes[METRIC_CLASSES];
};

struct metrics {
    atomic_ullong counters[METRICS];
    atomic_int connections;          /* open now, all listeners */
    atomic_int handshakes;           /* under way now */
    atomic_llong certificate_expiry; /* seconds since 1970; 0: unknown */
    atomic_llong crl_expiry;         /* 0: no CRL */
    struct metric_route routes[METRIC_ROUTES_MAXIMUM + 1];
    atomic_ullong duration_buckets[METRIC_BUCKETS];
    atomic_ullong duration_microseconds;
};

static inline void metrics_count(struct metrics *metrics, enum metric metric)
{
    atomic_fetch_add_explicit(&metrics->counters[metric], 1, memory_order_relaxed);
}

/* `route` is a static text. */
void metrics_count_request(struct metrics *metrics, const char *route, int status,
                           uint64_t microseconds);

/* Writes everything; `status` may be NULL where there is no store. 0 or -EIO. */
int metrics_print(struct metrics *metrics, const struct store_status *status, FILE *out) MUST_CHECK;

#endif
