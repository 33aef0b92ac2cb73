/* SPDX-License-Identifier: EUPL-1.2 */
/* Counts of a municipality's own, through the whole interface. */
#include "tests/unit/proto/fixture.h"

static json_t *counts(int year)
{
    char target[64];
    snprintf(target, sizeof(target), "/v1/statistics?year=%d", year);
    json_t *json = world_get(&world, MUNICIPALITY, target, 200);
    assert_null(body_check_answer(json, &shape_statistics));
    assert_entry("statistics-read", "done");
    return json;
}

/* -1: not told. */
static int cell(const json_t *json, const char *group, const char *name)
{
    const json_t *value = json_object_get(json_object_get(json, group), name);
    assert_non_null(value);
    return json_is_null(value) ? -1 : (int)json_integer_value(value);
}

static int this_year(void)
{
    return calendar_date_from_day(calendar_dutch_day(clock_now())).year;
}

/* `reason`: for which it is withdrawn at once; NULL: it is not. */
static void post(unsigned i, const char *reason)
{
    char professional[16];
    char target[128];
    snprintf(professional, sizeof(professional), "s%u", i);
    world_put_professional(&world, SCHOOL, professional);
    json_t *posted = world_signal(&world, SCHOOL, BSN_ONE, professional, "x", 201);
    if (reason != NULL) {
        snprintf(target, sizeof(target), "/v1/signals/%s?reason=%s", text_at(posted, "id"), reason);
        assert_null(world_send(&world, SCHOOL, HTTP_DELETE, target, NULL, 204));
    }
    json_decref(posted);
}

static void test_counts(void **state)
{
    (void)state;
    for (unsigned i = 0; i < 4; i++) {
        post(i, "ended");
    }
    json_t *json = counts(this_year());
    assert_int_equal(json_integer_value(json_object_get(json, "year")), this_year());
    assert_string_equal(text_at(json, "municipality"), "0361");
    assert_int_equal(json_integer_value(json_object_get(json, "suppressedBelow")), 5);
    assert_int_equal(cell(json, "signals", "made"), -1);
    assert_int_equal(cell(json, "ended", "withdrawn"), -1);
    assert_int_equal(cell(json, "ended", "total"), -1);
    json_decref(json);

    for (unsigned i = 4; i < 7; i++) {
        post(i, i < 6 ? "ended" : NULL);
    }
    json = counts(this_year());
    assert_int_equal(cell(json, "signals", "made"), 7);
    assert_int_equal(cell(json, "signals", "renewed"), -1);
    /* Six of six: that would tell of the others that there are none. */
    assert_int_equal(cell(json, "ended", "withdrawn"), -1);
    assert_int_equal(cell(json, "ended", "erased"), -1);
    assert_int_equal(cell(json, "ended", "total"), 6);
    assert_int_equal(cell(json, "matches", "child"), -1);
    assert_int_equal(cell(json, "matches", "total"), -1);
    assert_int_equal(cell(json, "followUp", "stalled"), -1);
    json_decref(json);
    for (unsigned i = 7; i < 12; i++) {
        post(i, "wrongful");
    }
    json = counts(this_year());
    assert_int_equal(cell(json, "ended", "withdrawn"), 6);
    assert_int_equal(cell(json, "ended", "retracted"), -1);
    assert_int_equal(cell(json, "ended", "expired"), -1);
    assert_int_equal(cell(json, "ended", "total"), 11);
    json_decref(json);
    json = counts(this_year() - 1); /* of another year there is nothing, and that is not told */
    assert_int_equal(cell(json, "signals", "made"), -1);
    json_decref(json);
}

static void test_faults(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "", "?year=", "?year=1999", "?year=10000", "?year=MMXXVI", "?year=2026&year=2026"};
    for (size_t i = 0; i < ARRAY_LENGTH(bad); i++) {
        char target[64];
        snprintf(target, sizeof(target), "/v1/statistics%s", bad[i]);
        json_t *json = world_get(&world, MUNICIPALITY, target, 400);
        assert_string_equal(text_at(json, "errors/0/pointer"), "#/year");
        json_decref(json);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_counts),
        TEST(test_faults),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
