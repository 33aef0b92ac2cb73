/* SPDX-License-Identifier: EUPL-1.2 */
/* The access log as Logboek Dataverwerkingen's reading extension gives it. */
#include "tests/unit/proto/fixture.h"

#define PATH "/v1/processing-activities"
#define TRACE "0af7651916cd43dd8448eb211c80319c"
#define TRACE_UUID "0af76519-16cd-43dd-8448-eb211c80319c"
#define PARENT "b7ad6b7169203331"
#define ACTIVITY "https://verwijsindex.example/processing-activities/"

static json_t *search(const char *body)
{
    json_t *page = world_post(&world, AUDITOR, PATH, body, 200);
    assert_null(body_check_answer(page, &shape_activity_list));
    assert_true(strlen(text_at(page, "metadata/logbookId")) > 0);
    assert_true(strlen(text_at(page, "metadata/organizationName")) > 0);
    return page;
}

static size_t count_of(const json_t *page)
{
    return json_array_size(json_object_get(page, "processingActivities"));
}

static const json_t *item(const json_t *page, size_t i)
{
    return json_array_get(json_object_get(page, "processingActivities"), i);
}

static const char *attribute(const json_t *activity, const char *name)
{
    return json_string_value(json_object_get(json_object_get(activity, "attributes"), name));
}

static size_t found_by(const char *body)
{
    json_t *page = search(body);
    size_t count = count_of(page);
    json_decref(page);
    return count;
}

static void list_with_trace(void)
{
    struct ask ask = {.oin = SCHOOL,
                      .target = "/v1/signals",
                      .headers = {{"traceparent", "00-" TRACE "-" PARENT "-01"}}};
    struct reply reply;
    world_ask(&world, &ask, &reply);
    assert_int_equal(reply.status, 200);
    reply_free(&reply);
}

static void test_by_trace(void **state)
{
    (void)state;
    list_with_trace();
    json_t *page = search("{\"traceId\":\"" TRACE "\"}");
    assert_int_equal(count_of(page), 1);
    const json_t *activity = item(page, 0);
    assert_string_equal(text_at(activity, "traceId"), TRACE);
    assert_string_equal(text_at(activity, "parentSpanId"), PARENT);
    assert_int_equal(strlen(text_at(activity, "spanId")), 16);
    assert_string_equal(text_at(activity, "name"), "signals-listed");
    assert_string_equal(text_at(activity, "status"), "Ok");
    assert_string_equal(text_at(activity, "startTime"), text_at(activity, "endTime"));
    assert_string_equal(attribute(activity, "verwijsindex.party"), SCHOOL);
    assert_string_equal(attribute(activity, "dpl.core.processing_activity_id"),
                        ACTIVITY "signals-listed");
    assert_null(attribute(activity, "dpl.core.data_subject_id"));
    json_decref(page);
    /* It is told in the log, under the trace of whoever asks; as a UUID it is the same. */
    json_t *entry = world_last_entry(&world, 0);
    assert_string_equal(text_at(entry, "name"), "log-searched");
    assert_int_equal(json_integer_value(json_object_get(entry, "verwijsindex.count")), 1);
    json_decref(entry);
    assert_int_equal(found_by("{\"traceId\":\"" TRACE_UUID "\"}"), 1);
    assert_int_equal(found_by("{\"traceId\":\"0af7651916cd43dd8448eb211c803190\"}"), 0);
}

static void test_by_activity_and_time(void **state)
{
    (void)state;
    json_decref(world_signal(&world, SCHOOL, BSN_ONE, "p1", "a", 201));
    json_decref(world_signal(&world, SCHOOL, BSN_TWO, "p1", "b", 201));
    assert_int_equal(found_by("{\"processingActivityId\":\"" ACTIVITY "signal-posted\"}"), 2);
    assert_int_equal(
        found_by("{\"dpl.core.processing_activity_id\":\"" ACTIVITY "signal-posted\"}"), 2);
    assert_int_equal(found_by("{\"processingActivityId\":\"" ACTIVITY "no-such\"}"), 0);
    assert_int_equal(found_by("{\"processingActivityId\":\"https://other.example/signal-posted\"}"),
                     0);
    assert_int_equal(found_by("{\"processingActivityId\":\"" ACTIVITY "signal-posted\","
                              "\"startTime\":\"2001-01-01T00:00:00+01:00\"}"),
                     2);
    assert_int_equal(found_by("{\"processingActivityId\":\"" ACTIVITY "signal-posted\","
                              "\"endTime\":\"2001-01-01T00:00:00Z\"}"),
                     0);
}

static void test_by_subject(void **state)
{
    (void)state;
    char body[256];
    json_decref(world_signal(&world, SCHOOL, BSN_ONE, "p1", "a", 201));
    json_decref(world_signal(&world, SCHOOL, BSN_ONE, "p1", "a", 200));
    json_decref(world_signal(&world, SCHOOL, BSN_TWO, "p1", "b", 201));
    json_t *page = search("{\"processingActivityId\":\"" ACTIVITY "signal-repeated\"}");
    const char *subject = attribute(item(page, 0), "dpl.core.data_subject_id");
    assert_int_equal(strlen(subject), 32);
    snprintf(body, sizeof(body), "{\"dataSubjectId\":\"%s\",\"caseReference\":\"zaak-1\"}",
             subject);
    json_decref(page);
    page = search(body);
    assert_int_equal(count_of(page), 2);
    assert_string_equal(text_at(item(page, 0), "name"), "signal-repeated");
    assert_string_equal(text_at(item(page, 1), "name"), "signal-posted");
    assert_false(json_holds(page, BSN_ONE));
    json_decref(page);
    json_t *entry = world_last_entry(&world, 0);
    assert_string_equal(text_at(entry, "name"), "log-searched");
    assert_string_equal(text_at(entry, "verwijsindex.case_reference"), "zaak-1");
    assert_true(json_is_true(json_object_get(entry, "subject")));
    json_decref(entry);
    /* So that it is found with the child, by number as well. */
    page = world_post(&world, AUDITOR, "/v1/log-entries/_search",
                      "{\"bsn\":\"" BSN_ONE "\",\"caseReference\":\"zaak-2\"}", 200);
    assert_int_equal(json_array_size(json_object_get(page, "logEntries")), 3);
    assert_string_equal(text_at(page, "logEntries/0/record/name"), "log-searched");
    json_decref(page);
    /* All that is asked for must hold. */
    snprintf(body + strlen(body) - 1, sizeof(body) - strlen(body) + 1,
             ",\"processingActivityId\":\"" ACTIVITY "signal-posted\"}");
    assert_int_equal(found_by(body), 1);
    /* Of nobody. */
    assert_int_equal(found_by("{\"dataSubjectId\":\"000102030405060708090a0b0c0d0e0f\"}"), 0);
    entry = world_last_entry(&world, 0);
    assert_false(json_is_true(json_object_get(entry, "subject")));
    json_decref(entry);
}

static void test_pages_are_stable(void **state)
{
    (void)state;
    char body[512];
    for (unsigned i = 0; i < 7; i++) {
        list_with_trace();
    }
    json_t *page = search("{\"traceId\":\"" TRACE "\",\"limit\":3}");
    size_t seen = count_of(page);
    assert_int_equal(seen, 3);
    while (json_is_string(json_object_get(page, "next"))) {
        list_with_trace();
        snprintf(body, sizeof(body), "{\"traceId\":\"" TRACE "\",\"limit\":3,\"cursor\":\"%s\"}",
                 text_at(page, "next"));
        json_decref(page);
        page = search(body);
        seen += count_of(page);
    }
    json_decref(page);
    assert_int_equal(seen, 7);
}

static void test_what_is_refused(void **state)
{
    (void)state;
    static const struct {
        const char *body;
        const char *pointer;
    } cases[] = {
        {"{}", "#"},
        {"{\"startTime\":\"2026-01-01T00:00:00Z\",\"caseReference\":\"z\"}", "#"},
        {"{\"traceId\":\"12\"}", "#/traceId"},
        {"{\"traceId\":\"0AF7651916CD43DD8448EB211C80319C\"}", "#/traceId"},
        {"{\"traceId\":\"0af76519-16cd-43dd-8448eb211c80319c-\"}", "#/traceId"},
        {"{\"dataSubjectId\":\"" BSN_ONE "\"}", "#/dataSubjectId"},
        {"{\"processingActivityId\":\"\"}", "#/processingActivityId"},
        {"{\"processingActivityId\":\"a\",\"dpl.core.processing_activity_id\":\"a\"}",
         "#/dpl.core.processing_activity_id"},
        {"{\"traceId\":\"" TRACE "\",\"startTime\":\"yesterday\"}", "#/startTime"},
        {"{\"traceId\":\"" TRACE "\",\"caseReference\":\"" BSN_ONE "\"}", "#/caseReference"},
        {"{\"traceId\":\"" TRACE "\",\"cursor\":\"AQQA\"}", "#/cursor"},
        {"{\"traceId\":\"" TRACE "\",\"limit\":501}", "#/limit"},
    };
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        json_t *problem = world_post(&world, AUDITOR, PATH, cases[i].body, 400);
        assert_slug(problem, "invalid-request");
        assert_string_equal(text_at(problem, "errors/0/pointer"), cases[i].pointer);
        json_decref(problem);
    }
    json_t *problem = world_post(&world, SCHOOL, PATH, "{\"traceId\":\"" TRACE "\"}", 403);
    assert_slug(problem, "role-missing");
    json_decref(problem);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_by_trace),         TEST(test_by_activity_and_time), TEST(test_by_subject),
        TEST(test_pages_are_stable), TEST(test_what_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
