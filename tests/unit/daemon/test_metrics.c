/* SPDX-License-Identifier: EUPL-1.2 */
#include "daemon/metrics.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static char *print(struct metrics *metrics, const struct store_status *status)
{
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);
    assert_non_null(out);
    assert_int_equal(metrics_print(metrics, status, out), 0);
    assert_int_equal(fclose(out), 0);
    assert_non_null(text);
    return text;
}

static void assert_line(const char *text, const char *line)
{
    char wanted[256];
    snprintf(wanted, sizeof(wanted), "\n%s\n", line);
    if (strstr(text, wanted) == NULL) {
        print_error("%s is missing\n", line);
    }
    assert_non_null(strstr(text, wanted));
}

static void test_requests(void **state)
{
    (void)state;
    struct metrics *metrics = calloc(1, sizeof(*metrics));
    assert_non_null(metrics);
    metrics_count_request(metrics, "/v1/signals", 201, 400);
    metrics_count_request(metrics, "/v1/signals", 200, 500);
    metrics_count_request(metrics, "/v1/signals", 503, 501);
    metrics_count_request(metrics, "/v1/signals/{id}", 404, 20000000);
    metrics_count_request(metrics, "-", 999, 0); /* no such class */
    char *text = print(metrics, NULL);
    assert_line(text, "verwijsindex_requests_total{route=\"/v1/signals\",status=\"2xx\"} 2");
    assert_line(text, "verwijsindex_requests_total{route=\"/v1/signals\",status=\"5xx\"} 1");
    assert_line(text, "verwijsindex_requests_total{route=\"/v1/signals/{id}\",status=\"4xx\"} 1");
    assert_null(strstr(text, "route=\"-\""));
    assert_line(text, "verwijsindex_request_duration_seconds_bucket{le=\"0.0005\"} 3");
    assert_line(text, "verwijsindex_request_duration_seconds_bucket{le=\"0.001\"} 4");
    assert_line(text, "verwijsindex_request_duration_seconds_bucket{le=\"10\"} 4");
    assert_line(text, "verwijsindex_request_duration_seconds_bucket{le=\"+Inf\"} 5");
    assert_line(text, "verwijsindex_request_duration_seconds_sum 20.001401");
    assert_line(text, "verwijsindex_request_duration_seconds_count 5");
    free(text);
    free(metrics);
}

static void test_counters_and_store(void **state)
{
    (void)state;
    struct metrics *metrics = calloc(1, sizeof(*metrics));
    assert_non_null(metrics);
    for (int metric = 0; metric < METRICS; metric++) {
        for (int i = 0; i <= metric; i++) {
            metrics_count(metrics, (enum metric)metric);
        }
    }
    const struct store_status status = {
        .log_size = 11,
        .queue_depth = 12,
        .due_rows = 13,
        .due_lag = 14999,
        .epoch = 15,
        .epoch_turning = true,
        .epoch_turned_at = INT64_C(1795359600123),
        .failed = true,
    };
    char *text = print(metrics, &status);
    assert_line(text, "# TYPE verwijsindex_tls_failures_total counter");
    assert_line(text, "verwijsindex_tls_failures_total{reason=\"timeout\"} 6");
    assert_line(text, "verwijsindex_tls_failures_total{reason=\"revoked\"} 11");
    assert_line(text, "verwijsindex_tls_failures_total{reason=\"evicted\"} 7");
    assert_line(text, "verwijsindex_internal_errors_total 21");
    assert_line(text, "verwijsindex_reloads_total{result=\"refused\"} 23");
    assert_line(text, "verwijsindex_log_entries 11");
    assert_line(text, "verwijsindex_store_queue_operations 12");
    assert_line(text, "verwijsindex_store_failed_state 1");
    assert_line(text, "verwijsindex_due_rows_total 13");
    assert_line(text, "verwijsindex_due_lag_seconds 14");
    assert_line(text, "verwijsindex_epoch_key 15");
    assert_line(text, "verwijsindex_epoch_turning 1");
    assert_line(text, "verwijsindex_epoch_turned_seconds 1795359600");
    /* A name is announced once, before its values. */
    const char *announced = strstr(text, "# TYPE verwijsindex_tls_failures_total ");
    assert_null(strstr(announced + 1, "# TYPE verwijsindex_tls_failures_total "));
    free(text);
    free(metrics);
}

static void test_routes_are_bounded(void **state)
{
    (void)state;
    static char routes[METRIC_ROUTES_MAXIMUM + 10][16];
    struct metrics *metrics = calloc(1, sizeof(*metrics));
    assert_non_null(metrics);
    for (size_t i = 0; i < ARRAY_LENGTH(routes); i++) {
        snprintf(routes[i], sizeof(routes[i]), "/r%zu", i);
        metrics_count_request(metrics, routes[i], 200, 1);
    }
    char *text = print(metrics, NULL);
    assert_line(text, "verwijsindex_requests_total{route=\"/r0\",status=\"2xx\"} 1");
    assert_line(text, "verwijsindex_requests_total{route=\"/r95\",status=\"2xx\"} 1");
    assert_line(text, "verwijsindex_requests_total{route=\"other\",status=\"2xx\"} 10");
    free(text);
    free(metrics);
}

#define THREADS 4
#define COUNTS 20000

/* Texts that are equal but not the same share a slot. */
static const char copies[THREADS][2][8] = {
    {"/v1/a", "/v1/b"}, {"/v1/a", "/v1/b"}, {"/v1/a", "/v1/b"}, {"/v1/a", "/v1/b"}};

struct counter {
    struct metrics *metrics;
    size_t number;
};

static void *count_many(void *user)
{
    const struct counter *counter = user;
    for (int i = 0; i < COUNTS; i++) {
        metrics_count_request(counter->metrics, copies[counter->number][i % 2], 200, 10);
    }
    return NULL;
}

static void test_many_threads(void **state)
{
    (void)state;
    struct metrics *metrics = calloc(1, sizeof(*metrics));
    pthread_t threads[THREADS];
    struct counter counters[THREADS];
    assert_non_null(metrics);
    for (size_t i = 0; i < THREADS; i++) {
        counters[i] = (struct counter){.metrics = metrics, .number = i};
        assert_int_equal(pthread_create(&threads[i], NULL, count_many, &counters[i]), 0);
    }
    for (size_t i = 0; i < THREADS; i++) {
        pthread_join(threads[i], NULL);
    }
    char *text = print(metrics, NULL);
    char line[128];
    snprintf(line, sizeof(line), "verwijsindex_requests_total{route=\"/v1/a\",status=\"2xx\"} %d",
             THREADS * COUNTS / 2);
    assert_line(text, line);
    snprintf(line, sizeof(line), "verwijsindex_request_duration_seconds_count %d",
             THREADS * COUNTS);
    assert_line(text, line);
    free(text);
    free(metrics);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_requests),
        cmocka_unit_test(test_counters_and_store),
        cmocka_unit_test(test_routes_are_bounded),
        cmocka_unit_test(test_many_threads),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
