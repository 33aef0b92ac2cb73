/* SPDX-License-Identifier: EUPL-1.2 */
/* The life of a signal through the whole interface: without number, quiet, renewed, handed over,
 * followed up. */
#include "tests/unit/proto/fixture.h"

#define NAMED(name_)                                                                               \
    "\"person\":{\"familyName\":\"" name_ "\",\"birthDate\":\"2015-05-01\",\"sex\":\"V\"}"

static json_t *post_named(const char *oin, const char *person, int status)
{
    char body[512];
    snprintf(body, sizeof(body), "{%s,\"professional\":\"p1\"}", person);
    return world_post(&world, oin, "/v1/signals", body, status);
}

static const json_t *errors_of(const json_t *problem)
{
    assert_slug(problem, "invalid-request");
    return json_object_get(problem, "errors");
}

/* ---- a youth without BSN ---- */

static void test_person(void **state)
{
    (void)state;
    json_decref(post_named(SCHOOL, NAMED("van der Bérg"), 201));
    json_t *second = post_named(CARE, NAMED("VAN DER BERG"), 201);
    assert_true(json_is_object(json_object_get(second, "match")));
    assert_false(json_holds(second, "BERG"));
    json_decref(second);
    json_t *other = post_named(SCHOOL, NAMED("Dijk"), 201);
    assert_true(json_is_null(json_object_get(other, "match")));
    json_decref(other);
    json_t *entry = world_last_entry(&world, 0);
    assert_false(json_holds(entry, "Dijk"));
    json_decref(entry);
}

/* ---- quiet ---- */

static void test_quiet(void **state)
{
    (void)state;
    static const char body[] = "{\"bsn\":\"" BSN_ONE "\",\"professional\":\"p1\","
                               "\"birthDate\":\"2015-05-01\",\"quiet\":true}";
    json_t *refused = world_post(&world, CARE, "/v1/signals", body, 403);
    assert_slug(refused, "not-permitted");
    assert_entry("request-refused", "not-permitted");
    json_decref(refused);
    json_decref(world_signal(&world, SCHOOL, BSN_ONE, "p1", "a", 201));
    world_allow(&world, CARE, PARTY_QUIET);
    json_t *posted = world_post(&world, CARE, "/v1/signals", body, 201);
    assert_true(json_is_object(json_object_get(posted, "match")));
    json_decref(posted);
    static const char *const inboxes[] = {SCHOOL, CARE, MUNICIPALITY};
    for (size_t i = 0; i < ARRAY_LENGTH(inboxes); i++) {
        json_t *page = world_get(&world, inboxes[i], "/v1/notices", 200);
        assert_int_equal(json_array_size(json_object_get(page, "notices")), 0);
        json_decref(page);
    }
}

/* ---- renewal ---- */

static json_t *renew(const char *oin, const char *id, const char *birth_date, int status)
{
    char target[128];
    char body[64];
    snprintf(target, sizeof(target), "/v1/signals/%s/_renew", id);
    snprintf(body, sizeof(body), "{\"birthDate\":\"%s\"}", birth_date);
    return world_post(&world, oin, target, body, status);
}

static void test_renew(void **state)
{
    (void)state;
    json_t *posted = world_signal(&world, SCHOOL, BSN_ONE, "p1", "a", 201);
    const char *id = text_at(posted, "id");
    world_advance(&world, 300 * CLOCK_DAY);
    json_t *renewed = renew(SCHOOL, id, "2015-05-01", 200);
    assert_null(body_check_answer(renewed, &shape_signal));
    assert_string_equal(text_at(renewed, "id"), id);
    assert_string_equal(text_at(renewed, "reference"), "a");
    assert_string_equal(text_at(renewed, "professional"), "p1");
    assert_true(strcmp(text_at(renewed, "reportedAt"), text_at(posted, "reportedAt")) > 0);
    assert_true(strcmp(text_at(renewed, "removalDate"), text_at(posted, "removalDate")) > 0);
    assert_entry("signal-renewed", "done");
    json_decref(renewed);

    json_decref(renew(CARE, id, "2015-05-01", 404));
    json_decref(renew(SCHOOL, "x", "2015-05-01", 404));
    static const char *const bad[] = {"2099-01-01", "1990-01-01", "2015-02-30", ""};
    for (size_t i = 0; i < ARRAY_LENGTH(bad); i++) {
        json_t *refused = renew(SCHOOL, id, bad[i], 400);
        assert_int_equal(json_array_size(errors_of(refused)), 1);
        assert_string_equal(text_at(refused, "errors/0/pointer"), "#/birthDate");
        json_decref(refused);
    }
    char target[128];
    snprintf(target, sizeof(target), "/v1/signals/%s?reason=ended", id);
    assert_null(world_send(&world, SCHOOL, HTTP_DELETE, target, NULL, 204));
    json_t *refused = renew(SCHOOL, id, "2015-05-01", 409);
    assert_slug(refused, "conflict");
    assert_entry("request-refused", "conflict");
    json_decref(refused);
    json_decref(posted);
}

/* ---- somebody leaves ---- */

static void test_transfer(void **state)
{
    (void)state;
    world_put_professional(&world, SCHOOL, "p2");
    json_decref(world_signal(&world, SCHOOL, BSN_ONE, "p1", "one", 201));
    json_decref(world_signal(&world, SCHOOL, BSN_TWO, "p1", "two", 201));
    json_decref(world_signal(&world, SCHOOL, BSN_TWO, "p2", "twice", 201));
    static const char target[] = "/v1/professionals/p1/_transfer";
    json_t *moved = world_post(&world, SCHOOL, target, "{\"to\":\"p2\"}", 200);
    assert_null(body_check_answer(moved, &shape_transferred));
    assert_int_equal(json_integer_value(json_object_get(moved, "moved")), 2);
    assert_int_equal(json_integer_value(json_object_get(moved, "merged")), 1);
    json_decref(moved);
    json_t *page = world_get(&world, SCHOOL, "/v1/signals?status=active", 200);
    assert_int_equal(json_array_size(json_object_get(page, "signals")), 2);
    assert_string_equal(text_at(page, "signals/0/professional"), "p2");
    assert_string_equal(text_at(page, "signals/1/professional"), "p2");
    json_decref(page);

    static const char *const bad[] = {"{\"to\":\"nobody\"}", "{\"to\":\"p1\"}", "{\"to\":\"a b\"}",
                                      "{}"};
    for (size_t i = 0; i < ARRAY_LENGTH(bad); i++) {
        json_t *refused = world_post(&world, SCHOOL, target, bad[i], 400);
        assert_string_equal(text_at(refused, "errors/0/pointer"), "#/to");
        json_decref(refused);
    }
    json_decref(
        world_post(&world, SCHOOL, "/v1/professionals/nobody/_transfer", "{\"to\":\"p2\"}", 404));
    /* Another party's professional is none. */
    json_decref(world_post(&world, CARE, "/v1/professionals/p2/_transfer", "{\"to\":\"p1\"}", 404));
}

/* ---- follow-up ---- */

static json_t *confirm(const char *oin, const char *match, const char *professional, int status)
{
    char target[128];
    char body[128];
    snprintf(target, sizeof(target), "/v1/matches/%s/_confirm-contact", match);
    snprintf(body, sizeof(body), "{\"professional\":\"%s\"}", professional);
    return world_post(&world, oin, target, body, status);
}

static void test_confirm(void **state)
{
    (void)state;
    world_put_professional(&world, CARE, "p2");
    json_decref(world_signal(&world, SCHOOL, BSN_ONE, "p1", "a", 201));
    json_t *posted = world_signal(&world, CARE, BSN_ONE, "p1", "b", 201);
    const char *match = text_at(posted, "match/id");
    uint64_t before = world_log_size(&world);
    json_t *confirmed = confirm(CARE, match, "p1", 200);
    assert_null(body_check_answer(confirmed, &shape_match));
    assert_string_equal(text_at(confirmed, "status"), "contacted");
    assert_string_equal(text_at(confirmed, "id"), match);
    assert_entry("match-read", "done");
    assert_int_equal(world_log_size(&world), before + 2);
    json_decref(confirmed);
    json_decref(confirm(SCHOOL, match, "p1", 200)); /* repeating, by another side */

    json_t *refused = confirm(CARE, match, "p2", 400); /* not in it */
    assert_string_equal(text_at(refused, "errors/0/pointer"), "#/professional");
    json_decref(refused);
    json_decref(confirm(CARE, "018f0000-0000-4000-8000-000000000000", "p1", 404));
    json_decref(confirm(CARE, "x", "p1", 404));
    json_decref(confirm(MUNICIPALITY, match, "p1", 403));
    char target[128];
    snprintf(target, sizeof(target), "/v1/signals/%s?reason=ended", text_at(posted, "id"));
    assert_null(world_send(&world, CARE, HTTP_DELETE, target, NULL, 204));
    refused = confirm(SCHOOL, match, "p1", 409); /* one is left: it has ended */
    assert_slug(refused, "conflict");
    json_decref(refused);
    json_decref(posted);
}

/* ---- the dry run ---- */

/* `count` numbers that pass the elfproef, of the range for tests, quoted and with commas. */
static void list_numbers(char *out, size_t size, unsigned count)
{
    size_t length = 0;
    for (unsigned number = 950000000; count > 0; number++) {
        char text[16];
        snprintf(text, sizeof(text), "%u", number);
        if (format_bsn.check(text, strlen(text)) == NULL) {
            length += (size_t)snprintf(out + length, size - length, "%s\"%s\"",
                                       length > 0 ? "," : "", text);
            count--;
        }
    }
}

/* Some of those numbers are signalled by somebody else. */
static void signal_some(unsigned from, unsigned to)
{
    char number[16];
    for (unsigned i = 0, text = 950000000; i < to; text++) {
        snprintf(number, sizeof(number), "%u", text);
        if (format_bsn.check(number, strlen(number)) != NULL) {
            continue;
        }
        if (i++ >= from) {
            json_decref(world_signal(&world, SCHOOL, number, "p1", "a", 201));
        }
    }
}

static json_t *count_notices(const char *numbers, const char *rest, int status)
{
    static char body[10240];
    snprintf(body, sizeof(body), "{\"bsns\":[%s]%s}", numbers, rest);
    return world_post(&world, CARE, "/v1/signals/_count-notices", body, status);
}

static void test_count_notices(void **state)
{
    (void)state;
    static char numbers[4096];
    list_numbers(numbers, sizeof(numbers), 100);
    json_t *refused = count_notices(numbers, "", 403);
    assert_slug(refused, "not-permitted");
    json_decref(refused);
    world_allow(&world, CARE, PARTY_QUIET);
    json_t *counted = count_notices(numbers, "", 200);
    assert_null(body_check_answer(counted, &shape_trial));
    assert_int_equal(json_integer_value(json_object_get(counted, "signals")), 100);
    assert_int_equal(json_integer_value(json_object_get(counted, "notices")), 0);
    json_decref(counted);
    assert_entry("notices-counted", "done");
    json_t *entry = world_last_entry(&world, 0);
    assert_true(json_is_true(json_object_get(entry, "subject")));
    json_decref(entry);

    /* Nine children, each with one live signal: three notices each, and too few to tell. */
    signal_some(0, 9);
    counted = count_notices(numbers, ",\"municipality\":\"0361\"", 200);
    assert_int_equal(json_integer_value(json_object_get(counted, "notices")), 0);
    json_decref(counted);

    json_t *page = world_get(&world, AUDITOR, "/v1/notices", 200);
    assert_null(body_check_answer(page, &shape_notice_page));
    assert_int_equal(json_array_size(json_object_get(page, "notices")), 2);
    assert_string_equal(text_at(page, "notices/0/type"), "nl.verwijsindex.notices-counted.v1");
    assert_string_equal(text_at(page, "notices/0/data/organisation/oin"), CARE);
    assert_true(json_is_integer(json_object_get(
        json_object_get(json_array_get(json_object_get(page, "notices"), 0), "data"), "logIndex")));
    json_decref(page);
    assert_null(world_post(&world, AUDITOR, "/v1/notices/_acknowledge", "{\"upTo\":2}", 204));
}

static json_int_t notices_of(const char *numbers)
{
    json_t *counted = count_notices(numbers, "", 200);
    json_int_t notices = json_integer_value(json_object_get(counted, "notices"));
    json_decref(counted);
    return notices;
}

/* Three notices for each of those who are known: told in tens, and of one set the same. */
static void test_count_is_blurred(void **state)
{
    (void)state;
    static char numbers[4096];
    static char turned[4096];
    world_allow(&world, CARE, PARTY_QUIET);
    list_numbers(numbers, sizeof(numbers), 100);
    char *first_end = strchr(numbers, ',');
    snprintf(turned, sizeof(turned), "%s,%.*s", first_end + 1, (int)(first_end - numbers), numbers);
    signal_some(0, 9);
    assert_true(notices_of(numbers) == 0);
    for (unsigned known = 10; known <= 14; known++) {
        signal_some(known - 1, known);
        json_int_t notices = notices_of(numbers);
        assert_true(notices % 10 == 0);
        assert_true(notices < known * 3 + 10 && notices > known * 3 - 10);
        assert_true(notices_of(turned) == notices && notices_of(numbers) == notices);
    }
    /* Their own signals make them known to nobody else. */
    json_t *refused = world_post(&world, SCHOOL, "/v1/signals/_count-notices", "{}", 403);
    assert_slug(refused, "not-permitted");
    json_decref(refused);
    world_allow(&world, SCHOOL, PARTY_QUIET);
    static char body[10240];
    snprintf(body, sizeof(body), "{\"bsns\":[%s]}", numbers);
    json_t *counted = world_post(&world, SCHOOL, "/v1/signals/_count-notices", body, 200);
    assert_int_equal(json_integer_value(json_object_get(counted, "notices")), 0);
    json_decref(counted);
}

static void test_count_faults(void **state)
{
    (void)state;
    static char numbers[4096];
    static char more[8192];
    world_allow(&world, CARE, PARTY_QUIET);
    list_numbers(numbers, sizeof(numbers), 99);
    json_t *refused = count_notices(numbers, "", 400);
    assert_string_equal(text_at(refused, "errors/0/pointer"), "#/bsns");
    json_decref(refused);
    list_numbers(numbers, sizeof(numbers), 257);
    json_decref(count_notices(numbers, "", 400));

    /* All that is wrong, by its place, and without repeating any of it. */
    list_numbers(numbers, sizeof(numbers), 98);
    snprintf(more, sizeof(more), "\"950000013\",%s,\"950000012\"", numbers);
    refused = count_notices(more, ",\"keyId\":1,\"municipality\":\"0362\"", 400);
    assert_int_equal(json_array_size(errors_of(refused)), 4);
    assert_string_equal(text_at(refused, "errors/0/pointer"), "#/bsns/0");
    assert_string_equal(text_at(refused, "errors/1/pointer"), "#/keyId");
    assert_string_equal(text_at(refused, "errors/2/pointer"), "#/bsns/99");
    assert_string_equal(text_at(refused, "errors/3/pointer"), "#/municipality");
    assert_false(json_holds(refused, "9500000"));
    json_decref(refused);

    /* With and without its leading zero it is one number. */
    list_numbers(numbers, sizeof(numbers), 98);
    snprintf(more, sizeof(more), "\"010000008\",\"10000008\",%s", numbers);
    refused = count_notices(more, "", 400);
    assert_string_equal(text_at(refused, "errors/0/pointer"), "#/bsns/1");
    json_decref(refused);
    json_decref(world_post(&world, CARE, "/v1/signals/_count-notices", "{}", 400));
}

static int set_up_tight(void **state)
{
    (void)state;
    struct world_options options = {
        .limits = {.requests_per_minute = 1000, .evaluations_per_minute = 150}};
    world_init_peopled(&world, &options);
    clock_advance(CLOCK_MINUTE - clock_now() % CLOCK_MINUTE); /* a new window */
    return 0;
}

/* Each number counts. */
static void test_count_is_limited(void **state)
{
    (void)state;
    static char numbers[4096];
    world_allow(&world, CARE, PARTY_QUIET);
    list_numbers(numbers, sizeof(numbers), 100);
    json_decref(count_notices(numbers, "", 200));
    json_t *refused = count_notices(numbers, "", 429);
    assert_slug(refused, "rate-limited");
    json_decref(refused);
}

/* In blinded mode the elements stand for the numbers: the same children are found. */
static void test_count_by_elements(void **state)
{
    (void)state;
    static char body[16384];
    size_t length = (size_t)snprintf(body, sizeof(body), "{\"elements\":[");
    struct oprf_scalar key = {0};
    memcpy(key.bytes, keyring_find(world.keys, KEYRING_EVALUATION, 1), sizeof(key.bytes));
    unsigned count = 0;
    for (unsigned number = 950000000; count < 100; number++) {
        char text[64];
        struct bsn bsn;
        struct oprf_element element;
        snprintf(text, sizeof(text), "%u", number);
        if (bsn_parse(text, strlen(text), &bsn) != 0) {
            continue;
        }
        assert_int_equal(pseudonym_from_bsn(&key, &bsn, &element), 0);
        secret_to_base64url(element.bytes, sizeof(element.bytes), text);
        length += (size_t)snprintf(body + length, sizeof(body) - length, "%s\"%s\"",
                                   count++ > 0 ? "," : "", text);
    }
    snprintf(body + length, sizeof(body) - length, "],\"keyId\":1}");
    static char numbers[4096];
    list_numbers(numbers, sizeof(numbers), 100);
    signal_some(0, 11);
    static const char target[] = "/v1/signals/_count-notices";
    world_allow(&world, CARE, PARTY_QUIET);
    json_decref(world_post(&world, CARE, target, body, 403)); /* not in blinded mode */
    world_allow(&world, CARE, PARTY_BLINDED);
    json_t *counted = world_post(&world, CARE, target, body, 200);
    json_int_t notices = json_integer_value(json_object_get(counted, "notices"));
    assert_true(notices > 20 && notices == notices_of(numbers));
    json_decref(counted);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_person),
        TEST(test_quiet),
        TEST(test_renew),
        TEST(test_transfer),
        TEST(test_confirm),
        TEST(test_count_notices),
        TEST(test_count_is_blurred),
        TEST(test_count_faults),
        cmocka_unit_test_setup_teardown(test_count_is_limited, set_up_tight, tear_down),
        TEST(test_count_by_elements),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
