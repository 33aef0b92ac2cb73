/* SPDX-License-Identifier: EUPL-1.2 */
/* What vix-bench counts and tells, and what it can be asked for. */
#include <stdlib.h>
#include <string.h>

#include "tests/unit/tools/bench_support.h"
#include "tools/answer.h"
#include "tools/load/options.h"
#include "tools/load/report.h"
#include "tools/load/tally.h"

/* ---- what is counted, and told ---- */

static void test_slugs(void **state)
{
    (void)state;
    static const char problem[] =
        "{\"type\":\"https://verwijsindex.example/problems/rate-limited\",\"status\":429}";
    static const char *const bad[] = {"",
                                      "{}",
                                      "{\"type\":\"",
                                      "{\"type\":\"a/\"}",
                                      "{\"type\":\"a/b\\u0000\"}",
                                      "{\"type\":\"a/<b>\"}"};
    size_t length;
    const char *slug = bench_problem_slug(problem, strlen(problem), &length);
    assert_int_equal(length, strlen("rate-limited"));
    assert_memory_equal(slug, "rate-limited", length);
    for (size_t i = 0; i < ARRAY_LENGTH(bad); i++) {
        assert_null(bench_problem_slug(bad[i], strlen(bad[i]), &length));
        assert_int_equal(length, 0);
    }
}

static void test_outcomes_are_bounded(void **state)
{
    (void)state;
    struct bench_tally *tally = calloc(1, sizeof(*tally));
    assert_non_null(tally);
    uint64_t counted = 0;
    for (int status = 200; status < 600; status++) {
        bench_tally_count(tally, status, "slug", 4, 2);
    }
    bench_tally_count(tally, 200, "slug", 4, 1);
    assert_int_equal(tally->outcome_count, BENCH_OUTCOMES_MAXIMUM);
    assert_int_equal(tally->outcomes[0].count, 3);
    for (size_t i = 0; i < tally->outcome_count; i++) {
        counted += tally->outcomes[i].count;
    }
    assert_int_equal(counted, 801);
    assert_int_equal(tally->outcomes[BENCH_OUTCOMES_MAXIMUM - 1].status, 0);
    free(tally);
}

static int64_t number_at(const struct answer *report, const char *path)
{
    int64_t number = -1;
    assert_true(answer_integer(answer_at(report, path), &number));
    return number;
}

static void test_report(void **state)
{
    (void)state;
    struct bench_tally *tally = calloc(1, sizeof(*tally));
    assert_non_null(tally);
    struct bench_options options = {.command = BENCH_POST, .connections = 3, .threads = 1};
    struct bench_verdict verdict = {.acknowledged = 9, .found = 8, .missing = 1};
    for (int i = 1; i <= 100; i++) {
        bench_histogram_add(&tally->latency, i * 1000);
    }
    tally->answered = 101;
    tally->successful = 100;
    tally->failures[BENCH_LOST] = 4;
    bench_tally_count(tally, 201, "", 0, 100);
    bench_tally_count(tally, 503, "overloaded", 10, 1);
    tally->parts[0].asked = 7;
    static const char *const parts[] = {"quiet", "burst"};
    struct bench_report report = {.options = &options,
                                  .tally = tally,
                                  .measured = BENCH_SECOND,
                                  .verdict = &verdict,
                                  .parts = parts,
                                  .part_count = 2};
    CLEANUP(text_finish) struct text json = {0};
    CLEANUP(answer_freep) struct answer *told = NULL;
    bench_report_json(&json, &report);
    assert_int_equal(json.fault, 0);
    assert_int_equal(answer_parse(json.bytes, json.length, &told), 0);
    assert_string_equal(answer_string(answer_at(told, "load/loop")), "closed");
    assert_int_equal(number_at(told, "requests/answered"), 101);
    assert_int_equal(number_at(told, "requests/lost"), 4);
    assert_int_equal(number_at(told, "verified/missing"), 1);
    assert_int_equal(number_at(told, "latencyMilliseconds/count"), 100);
    const struct answer *outcomes = answer_at(told, "requests/outcomes");
    assert_int_equal(answer_count(outcomes), 2);
    assert_int_equal(number_at(answer_item(outcomes, 1), "status"), 503);
    assert_string_equal(answer_string(answer_at(answer_item(outcomes, 1), "problem")),
                        "overloaded");
    assert_null(answer_at(told, "server"));
    assert_non_null(strstr(json.bytes, "\"perSecond\":100.000"));
    assert_non_null(strstr(json.bytes, "\"p50\":0.050"));
    assert_non_null(strstr(json.bytes, "\"correctedForCoordinatedOmission\":false"));
    const struct answer *distribution = answer_at(told, "latencyDistribution");
    assert_true(answer_count(distribution) > 10);
    assert_int_equal(answer_count(answer_item(distribution, 0)), 2);
    assert_int_equal(number_at(told, "parts/quiet/asked"), 7);
    assert_null(answer_at(told, "parts/after"));
    free(tally);
}

/* Two processors for ten seconds, of which 4 CPU seconds are the server's and 2 the generator's. */
static void test_costs(void **state)
{
    (void)state;
    struct bench_tally *tally = calloc(1, sizeof(*tally));
    assert_non_null(tally);
    struct bench_options options = {
        .command = BENCH_GET, .path = "/x", .rate = 500, .connections = 1, .threads = 1};
    struct bench_report report = {
        .options = &options,
        .tally = tally,
        .measured = 10 * BENCH_SECOND,
        .before = {.server = 1, .own = 1, .machine_busy = 100, .machine_idle = 50},
        .after = {.server = 5, .own = 3, .machine_busy = 115, .machine_idle = 55},
    };
    tally->answered = 1000;
    tally->successful = 800;
    /* The server is unknown: its time counts as others'. */
    struct bench_derived derived = bench_report_derive(&report);
    assert_true(derived.server == 0 && derived.server_each == 0);
    assert_true(derived.throughput == 80 && derived.own == 2);
    assert_true(derived.others == 13.0 / 20);

    report.before.has_server = report.after.has_server = true;
    report.after.anonymous = 4096;
    derived = bench_report_derive(&report);
    assert_true(derived.server == 4 && derived.server_each == 4000);
    assert_true(derived.others == 9.0 / 20);

    CLEANUP(text_finish) struct text json = {0};
    CLEANUP(answer_freep) struct answer *told = NULL;
    bench_report_json(&json, &report);
    assert_int_equal(json.fault, 0);
    assert_int_equal(answer_parse(json.bytes, json.length, &told), 0);
    assert_string_equal(answer_string(answer_at(told, "load/loop")), "open");
    assert_string_equal(answer_string(answer_at(told, "load/path")), "/x");
    assert_int_equal(number_at(told, "server/anonymousBytes"), 4096);
    assert_non_null(strstr(json.bytes, "\"correctedForCoordinatedOmission\":true"));
    assert_non_null(strstr(json.bytes, "\"cpuMicrosecondsPerRequest\":4000.000"));
    assert_non_null(strstr(json.bytes, "\"generatorCpuSeconds\":2.000"));
    assert_non_null(strstr(json.bytes, "\"othersShare\":0.450"));
    assert_null(answer_at(told, "verified"));

    /* Clocks that tick apart make no share below nothing, and no time no rate. */
    report.after.machine_busy = 105;
    report.measured = 0;
    tally->answered = 0;
    derived = bench_report_derive(&report);
    assert_true(derived.others == 0 && derived.throughput == 0 && derived.server_each == 0);
    free(tally);
}

/* ---- options ---- */

#define WORDS_MAXIMUM 16
#define GIVEN(...) ((const char *const[]){"vix-bench", __VA_ARGS__, NULL})
#define LOAD "--url", "https://localhost", "--identities", "d"

static int parse(const char *const *words, struct bench_options *options)
{
    char *argv[WORDS_MAXIMUM + 1] = {NULL};
    int argc = 0;
    for (; words[argc] != NULL; argc++) {
        assert_true(argc < WORDS_MAXIMUM);
        memcpy(&argv[argc], &words[argc], sizeof(argv[argc]));
    }
    return bench_options_parse(argc, argv, options);
}

static void test_options(void **state)
{
    (void)state;
    struct bench_options options;
    assert_int_equal(parse(GIVEN("post", LOAD), &options), 0);
    assert_int_equal(options.command, BENCH_POST);
    assert_int_equal(options.seconds, 10);
    assert_int_equal(options.connections, 64);
    assert_int_equal(parse(GIVEN("post", LOAD, "--requests=5", "--overlap", "0.25"), &options), 0);
    assert_int_equal(options.seconds, 0);
    assert_int_equal(options.requests, 5);
    assert_true(options.overlap == 0.25);
    assert_int_equal(parse(GIVEN("poll", LOAD, "--empty", "--json"), &options), 0);
    assert_true(options.empty && options.json && !options.allow_remote);
    assert_int_equal(options.scenario, BENCH_POLL);
    assert_int_equal(parse(GIVEN("get", "/v1/openapi.json", LOAD), &options), 0);
    assert_string_equal(options.path, "/v1/openapi.json");
    assert_int_equal(parse(GIVEN("burst", LOAD), &options), 0);
    assert_int_equal(options.rate, 300);
    assert_int_equal(options.seconds, 60);
    assert_int_equal(parse(GIVEN("ramp", LOAD, "--of", "poll"), &options), 0);
    assert_int_equal(options.scenario, BENCH_POLL);
    assert_int_equal(options.rate, 100);
    assert_int_equal(parse(GIVEN("prepare", "--help"), &options), 0);
    assert_true(options.help);
    assert_int_equal(parse(GIVEN("--version"), &options), 0);
    assert_true(options.version);
}

static void test_bad_options(void **state)
{
    (void)state;
    const char *const *const bad[] = {
        GIVEN("shout"),
        GIVEN("post"),
        GIVEN("post", "--url", "u"),
        GIVEN("post", LOAD, "word"),
        GIVEN("post", LOAD, "--empty"),
        GIVEN("poll", LOAD, "--overlap", "0.5"),
        GIVEN("post", LOAD, "--overlap", "1.5"),
        GIVEN("post", LOAD, "--overlap", "nan"),
        GIVEN("post", LOAD, "--overlap", "0.5x"),
        GIVEN("post", LOAD, "--connections", "0"),
        GIVEN("post", LOAD, "--connections", "10001"),
        GIVEN("post", LOAD, "--connections", "1", "--threads", "2"),
        GIVEN("post", LOAD, "--rate", "-1"),
        GIVEN("post", LOAD, "--seconds"),
        GIVEN("post", LOAD, "--municipality", "361"),
        GIVEN("post", LOAD, "--professional", "a\"b"),
        GIVEN("post", LOAD, "--birth-date", "1 May"),
        GIVEN("post", LOAD, "--ca", ""),
        GIVEN("get", LOAD),
        GIVEN("get", "v1", LOAD),
        GIVEN("get", "/v1 /x", LOAD),
        GIVEN("get", "/", LOAD, "word"),
        GIVEN("ramp", LOAD, "--of", "prepare"),
        GIVEN("ramp", LOAD, "--of", "burst"),
        GIVEN("ramp", LOAD, "--requests", "5"),
        GIVEN("poll", LOAD, "--children", "5"),
        GIVEN("prepare", "--url", "u", "--control", "s", "--pki", "d", "--parties", "3"),
    };
    for (size_t i = 0; i < ARRAY_LENGTH(bad); i++) {
        struct bench_options options;
        assert_int_equal(parse(bad[i], &options), VIX_USAGE);
    }
    struct bench_options options;
    assert_int_equal(parse((const char *const[]){"vix-bench", NULL}, &options), VIX_USAGE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_slugs),   cmocka_unit_test(test_outcomes_are_bounded),
        cmocka_unit_test(test_report),  cmocka_unit_test(test_costs),
        cmocka_unit_test(test_options), cmocka_unit_test(test_bad_options),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
