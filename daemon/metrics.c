/* SPDX-License-Identifier: EUPL-1.2 */
#include "daemon/metrics.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "store/base/clock.h"

#define PREFIX "verwijsindex_"

/* In the order in which they are printed; lines of one name stand together. */
static const struct {
    enum metric metric;
    const char *name;
    const char *labels;
    const char *help; /* NULL: as the line before */
} counters[] = {
    {METRIC_CONNECTIONS_ACCEPTED, "connections_accepted_total", "", "Connections accepted."},
    {METRIC_CONNECTIONS_REFUSED, "connections_refused_total", "",
     "Connections closed at once: over the limit, or a peer that may not."},
    {METRIC_ACCEPT_PAUSED_DESCRIPTORS, "accept_pauses_total", "{reason=\"descriptors\"}",
     "How often accepting was paused."},
    {METRIC_ACCEPT_PAUSED_HANDSHAKES, "accept_pauses_total", "{reason=\"handshakes\"}", NULL},
    {METRIC_TLS_HANDSHAKES, "tls_handshakes_total", "", "TLS handshakes that succeeded."},
    {METRIC_TLS_FAILED_TIMEOUT, "tls_failures_total", "{reason=\"timeout\"}",
     "TLS handshakes that failed."},
    {METRIC_TLS_FAILED_EVICTED, "tls_failures_total", "{reason=\"evicted\"}", NULL},
    {METRIC_TLS_FAILED_CLOSED, "tls_failures_total", "{reason=\"closed\"}", NULL},
    {METRIC_TLS_FAILED_PROTOCOL, "tls_failures_total", "{reason=\"protocol\"}", NULL},
    {METRIC_TLS_FAILED_EXPIRED, "tls_failures_total", "{reason=\"expired\"}", NULL},
    {METRIC_TLS_FAILED_REVOKED, "tls_failures_total", "{reason=\"revoked\"}", NULL},
    {METRIC_TLS_FAILED_UNKNOWN_CA, "tls_failures_total", "{reason=\"unknown-ca\"}", NULL},
    {METRIC_TLS_FAILED_CRL, "tls_failures_total", "{reason=\"crl\"}", NULL},
    {METRIC_TLS_FAILED_WEAK_KEY, "tls_failures_total", "{reason=\"weak-key\"}", NULL},
    {METRIC_TLS_FAILED_CERTIFICATE, "tls_failures_total", "{reason=\"certificate\"}", NULL},
    {METRIC_TLS_INVALIDATED, "tls_invalidated_total", "",
     "Open connections closed because their certificate is not valid any more."},
    {METRIC_DEADLINE_HEAD, "deadlines_missed_total", "{phase=\"head\"}",
     "Connections that were too slow."},
    {METRIC_DEADLINE_BODY, "deadlines_missed_total", "{phase=\"body\"}", NULL},
    {METRIC_DEADLINE_IDLE, "deadlines_missed_total", "{phase=\"idle\"}", NULL},
    {METRIC_DEADLINE_WRITE, "deadlines_missed_total", "{phase=\"write\"}", NULL},
    {METRIC_INTERNAL_ERRORS, "internal_errors_total", "",
     "Answers of status 500: each has a line in the log."},
    {METRIC_RELOADS, "reloads_total", "{result=\"done\"}", "Reloads of certificates and CRL."},
    {METRIC_RELOADS_FAILED, "reloads_total", "{result=\"refused\"}", NULL},
};
_Static_assert(ARRAY_LENGTH(counters) == METRICS, "every counter is printed");

#define STORE_FIELD(field) offsetof(struct store_status, field)
static const struct {
    size_t offset; /* of a uint64_t */
    const char *name;
    const char *type;
    const char *help;
} store_values[] = {
    {STORE_FIELD(log_size), "log_entries", "gauge", "Entries in the access log."},
    {STORE_FIELD(unindexed), "log_unindexed_entries", "gauge", "Entries not indexed yet."},
    {STORE_FIELD(revision), "store_commits_total", "counter", "Commits since the store began."},
    {STORE_FIELD(queue_depth), "store_queue_operations", "gauge", "Operations waiting."},
    {STORE_FIELD(operations), "store_operations_total", "counter", "Operations since start."},
    {STORE_FIELD(batches), "store_batches_total", "counter", "Batches since start."},
    {STORE_FIELD(aborted_batches), "store_aborted_batches_total", "counter",
     "Batches run again one by one."},
    {STORE_FIELD(shed), "store_shed_total", "counter",
     "Operations not begun: too many waiting, no room, or stopping."},
    {STORE_FIELD(used_bytes), "store_used_bytes", "gauge", "Bytes of the map in use."},
    {STORE_FIELD(free_bytes), "store_free_bytes", "gauge", "Bytes left."},
    {STORE_FIELD(map_bytes), "store_map_bytes", "gauge", "Size of the map."},
    {STORE_FIELD(signals), "signals_live", "gauge", "Signals, live and archived."},
    {STORE_FIELD(matches), "matches_open", "gauge", "Open matches."},
    {STORE_FIELD(due_rows), "due_rows_total", "counter", "Terms worked off since start."},
};

/* Upper bounds in microseconds. */
static const uint64_t bounds[METRIC_BUCKETS - 1] = {500,   1000,   2500,   5000,    10000,   25000,
                                                    50000, 100000, 250000, 1000000, 10000000};
static const char *const bound_texts[METRIC_BUCKETS] = {"0.0005", "0.001", "0.0025", "0.005",
                                                        "0.01",   "0.025", "0.05",   "0.1",
                                                        "0.25",   "1",     "10",     "+Inf"};

/* The slot of a route: slots are only ever taken, in order, so a reader needs no lock. */
static struct metric_route *find_route(struct metrics *metrics, const char *route)
{
    for (size_t i = 0; i < METRIC_ROUTES_MAXIMUM; i++) {
        struct metric_route *slot = &metrics->routes[i];
        const char *present = atomic_load(&slot->template);
        if (present == NULL && atomic_compare_exchange_strong(&slot->template, &present, route)) {
            return slot;
        }
        if (present == route || strcmp(present, route) == 0) {
            return slot;
        }
    }
    return &metrics->routes[METRIC_ROUTES_MAXIMUM];
}

void metrics_count_request(struct metrics *metrics, const char *route, int status,
                           uint64_t microseconds)
{
    int class = status / 100 - 1;
    if (class >= 0 && class < METRIC_CLASSES) {
        struct metric_route *slot = find_route(metrics, route);
        atomic_fetch_add_explicit(&slot->classes[class], 1, memory_order_relaxed);
    }
    size_t bucket = 0;
    while (bucket < METRIC_BUCKETS - 1 && microseconds > bounds[bucket]) {
        bucket++;
    }
    atomic_fetch_add_explicit(&metrics->duration_buckets[bucket], 1, memory_order_relaxed);
    atomic_fetch_add_explicit(&metrics->duration_microseconds, microseconds, memory_order_relaxed);
}

static void print_head(FILE *out, const char *name, const char *type, const char *help)
{
    fprintf(out, "# HELP " PREFIX "%s %s\n# TYPE " PREFIX "%s %s\n", name, help, name, type);
}

static void print_gauge(FILE *out, const char *name, const char *help, int64_t value)
{
    print_head(out, name, "gauge", help);
    fprintf(out, PREFIX "%s %" PRId64 "\n", name, value);
}

static void print_counters(struct metrics *metrics, FILE *out)
{
    for (size_t i = 0; i < ARRAY_LENGTH(counters); i++) {
        if (counters[i].help != NULL) {
            print_head(out, counters[i].name, "counter", counters[i].help);
        }
        fprintf(out, PREFIX "%s%s %llu\n", counters[i].name, counters[i].labels,
                atomic_load(&metrics->counters[counters[i].metric]));
    }
}

static void print_requests(struct metrics *metrics, FILE *out)
{
    print_head(out, "requests_total", "counter", "Requests answered, by route and status.");
    for (size_t i = 0; i <= METRIC_ROUTES_MAXIMUM; i++) {
        struct metric_route *slot = &metrics->routes[i];
        const char *route = atomic_load(&slot->template);
        if (route == NULL && i < METRIC_ROUTES_MAXIMUM) {
            continue;
        }
        for (int class = 0; class < METRIC_CLASSES; class ++) {
            unsigned long long count = atomic_load(&slot->classes[class]);
            if (count > 0) {
                fprintf(out, PREFIX "requests_total{route=\"%s\",status=\"%dxx\"} %llu\n",
                        route != NULL ? route : "other", class + 1, count);
            }
        }
    }
}

static void print_durations(struct metrics *metrics, FILE *out)
{
    print_head(out, "request_duration_seconds", "histogram",
               "From the first byte of a request to its answer.");
    unsigned long long total = 0;
    for (size_t i = 0; i < METRIC_BUCKETS; i++) {
        total += atomic_load(&metrics->duration_buckets[i]);
        fprintf(out, PREFIX "request_duration_seconds_bucket{le=\"%s\"} %llu\n", bound_texts[i],
                total);
    }
    unsigned long long microseconds = atomic_load(&metrics->duration_microseconds);
    fprintf(out,
            PREFIX "request_duration_seconds_sum %llu.%06llu\n" PREFIX
                   "request_duration_seconds_count %llu\n",
            microseconds / 1000000, microseconds % 1000000, total);
}

static void print_store(const struct store_status *status, FILE *out)
{
    for (size_t i = 0; i < ARRAY_LENGTH(store_values); i++) {
        uint64_t value;
        memcpy(&value, (const char *)status + store_values[i].offset, sizeof(value));
        print_head(out, store_values[i].name, store_values[i].type, store_values[i].help);
        fprintf(out, PREFIX "%s %" PRIu64 "\n", store_values[i].name, value);
    }
    print_gauge(out, "store_failed_state", "1 after a commit of unknown outcome.", status->failed);
    print_gauge(out, "due_lag_seconds", "By how much the oldest row that is due is late.",
                status->due_lag / CLOCK_SECOND);
    print_gauge(out, "epoch_key", "Number of the current epoch key.", status->epoch);
    print_gauge(out, "epoch_turning", "1 while the epoch key is being turned.",
                status->epoch_turning);
    print_gauge(out, "epoch_overdue", "1 while a turn of the epoch key is due and cannot be made.",
                status->epoch_overdue);
    print_gauge(out, "epoch_turned_seconds",
                "When the last turn of the epoch key ended (Unix time; 0: there was none).",
                status->epoch_turned_at / CLOCK_SECOND);
}

int metrics_print(struct metrics *metrics, const struct store_status *status, FILE *out)
{
    print_counters(metrics, out);
    print_requests(metrics, out);
    print_durations(metrics, out);
    print_gauge(out, "open_connections", "Connections open now.",
                atomic_load(&metrics->connections));
    print_gauge(out, "pending_handshakes", "TLS handshakes under way.",
                atomic_load(&metrics->handshakes));
    print_gauge(out, "certificate_expiry_seconds",
                "When the server's certificate ends (Unix time).",
                atomic_load(&metrics->certificate_expiry));
    print_gauge(out, "crl_expiry_seconds",
                "When the CRL ends and everyone is refused (Unix time; 0: none).",
                atomic_load(&metrics->crl_expiry));
    if (status != NULL) {
        print_store(status, out);
    }
    return ferror(out) == 0 && fflush(out) == 0 ? 0 : -EIO;
}
