/* SPDX-License-Identifier: EUPL-1.2 */
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "proto/http.h"
#include "proto/problem.h"
#include "store/store.h"

static void test_table(void **state)
{
    (void)state;
    for (size_t i = 0; i < problem_count(); i++) {
        const struct problem *problem = problem_at(i);
        assert_ptr_equal(problem_find(problem->slug), problem); /* no slug stands there twice */
        assert_in_range(problem->status, 400, 599);
        assert_string_not_equal(http_status_text(problem->status), "Unknown");
        assert_true(strlen(problem->title) > 0 && strlen(problem->detail) > 0);
        assert_true(strlen(problem->slug) < ACCESSLOG_OUTCOME_MAXIMUM);
        assert_int_equal(strspn(problem->slug, "abcdefghijklmnopqrstuvwxyz-"),
                         strlen(problem->slug));
        bool cheap = problem->status == 429 || problem->status == 503 || problem->status == 507;
        assert_int_equal(problem->record == PROBLEM_COUNTED, cheap);
    }
    assert_int_equal(problem_find("no-such-thing")->status, 500);
}

/* The slugs that clients depend on, and their status. */
static void test_contract(void **state)
{
    (void)state;
    static const struct {
        const char *slug;
        int status;
    } known[] = {
        {"certificate-required", 401},
        {"unknown-party", 403},
        {"party-suspended", 403},
        {"agreement-ended", 403},
        {"role-missing", 403},
        {"not-permitted", 403},
        {"mandate-missing", 403},
        {"invalid-request", 400},
        {"not-found", 404},
        {"conflict", 409},
        {"method-not-allowed", 405},
        {"not-acceptable", 406},
        {"unsupported-media-type", 415},
        {"payload-too-large", 413},
        {"rate-limited", 429},
        {"overloaded", 503},
        {"storage-full", 507},
        {"internal-error", 500},
    };
    for (size_t i = 0; i < ARRAY_LENGTH(known); i++) {
        const struct problem *problem = problem_find(known[i].slug);
        assert_string_equal(problem->slug, known[i].slug);
        assert_int_equal(problem->status, known[i].status);
    }
}

static void test_conditions(void **state)
{
    (void)state;
    for (int condition = 1; condition < STORE_CONDITIONS; condition++) {
        assert_int_not_equal(problem_from_condition(condition)->status, 500);
    }
    assert_int_equal(problem_from_condition(0)->status, 500);
    assert_int_equal(problem_from_condition(-5)->status, 500);
    assert_int_equal(problem_from_condition(STORE_CONDITIONS)->status, 500);
}

static void test_document(void **state)
{
    (void)state;
    struct arena arena;
    struct writer writer;
    struct faults faults = {0};
    size_t size;
    arena_init(&arena);
    writer_init(&writer, &arena);
    problem_write(&writer, problem_find("not-found"), NULL, &faults);
    assert_string_equal(writer_finish(&writer, &size),
                        "{\"type\":\"https://verwijsindex.example/problems/not-found\","
                        "\"title\":\"Not found\",\"status\":404,"
                        "\"detail\":\"There is nothing here.\"}");
    faults_add(&faults, "#/a", "One.");
    faults_add(&faults, "#/b", "Two.");
    writer_init(&writer, &arena);
    problem_write(&writer, problem_find("invalid-request"), "Wrong.", &faults);
    assert_string_equal(writer_finish(&writer, &size),
                        "{\"type\":\"https://verwijsindex.example/problems/invalid-request\","
                        "\"title\":\"Invalid request\",\"status\":400,\"detail\":\"Wrong.\","
                        "\"errors\":[{\"detail\":\"One.\",\"pointer\":\"#/a\"},"
                        "{\"detail\":\"Two.\",\"pointer\":\"#/b\"}]}");
    arena_finish(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_table),
        cmocka_unit_test(test_contract),
        cmocka_unit_test(test_conditions),
        cmocka_unit_test(test_document),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
