/* SPDX-License-Identifier: EUPL-1.2 */
/* The operator's face. */
#include <dirent.h>

#include "tests/unit/proto/fixture.h"

#define NEW "00000099000000005000"
#define PARTY "/control/parties/" NEW

static json_t *add(int status)
{
    return world_control(&world, HTTP_POST, "/control/parties",
                         "{\"oin\":\"" NEW "\",\"name\":\"Nieuw\",\"roles\":[\"reporter\","
                         "\"supplier\"],\"municipality\":\"0363\",\"agreementUntil\":"
                         "\"2099-12-31\",\"contactPhone\":\"020\"}",
                         status);
}

static void test_only_the_operator(void **state)
{
    (void)state;
    json_decref(world_get(&world, SCHOOL, "/control/status", 404));
    json_decref(world_control(&world, HTTP_GET, "/v1/signals", NULL, 404));
}

static void test_status(void **state)
{
    (void)state;
    json_t *status = world_control(&world, HTTP_GET, "/control/status", NULL, 200);
    assert_null(body_check_answer(status, &shape_status));
    assert_int_equal(json_integer_value(json_object_get(status, "logSize")),
                     world_log_size(&world));
    assert_true(json_is_true(json_object_get(status, "ready")));
    assert_string_equal(text_at(status, "logOrigin"), "verwijsindex.example/log");
    struct checkpoint_vkey vkey;
    assert_int_equal(checkpoint_vkey_parse(text_at(status, "logKey"), &vkey), 0);
    assert_int_equal(json_integer_value(json_object_get(json_object_get(status, "keys"), "record")),
                     1);
    json_decref(status);
}

static void test_add(void **state)
{
    (void)state;
    json_t *party = add(201);
    assert_null(body_check_answer(party, &shape_party));
    assert_string_equal(text_at(party, "oin"), NEW);
    assert_string_equal(text_at(party, "roles/1"), "supplier");
    assert_string_equal(text_at(party, "agreements/0/municipality"), "0363");
    assert_string_equal(text_at(party, "agreements/0/untilDate"), "2099-12-31");
    assert_string_equal(text_at(party, "contact/phone"), "020");
    assert_true(json_is_null(json_object_get(party, "municipality")));
    json_decref(party);
    json_t *entry = world_last_entry(&world, 0);
    assert_string_equal(text_at(entry, "name"), "party-added");
    assert_int_equal(json_integer_value(json_object_get(entry, "verwijsindex.operator_uid")), 1000);
    json_decref(entry);
    json_t *again = add(409);
    assert_slug(again, "conflict");
    assert_entry("request-refused", "conflict");
    json_decref(again);
}

static void test_add_without_agreement(void **state)
{
    (void)state;
    json_t *party =
        world_control(&world, HTTP_POST, "/control/parties",
                      "{\"oin\":\"" NEW "\",\"name\":\"N\",\"roles\":[\"auditor\"]}", 201);
    assert_int_equal(json_array_size(json_object_get(party, "agreements")), 0);
    json_decref(party);
    json_decref(world_get(&world, NEW, "/v1/log-entries", 200));
}

static void test_add_municipality(void **state)
{
    (void)state;
    json_t *party =
        world_control(&world, HTTP_POST, "/control/parties",
                      "{\"oin\":\"" NEW "\",\"name\":\"N\",\"roles\":[\"municipality\"],"
                      "\"municipality\":\"0363\"}",
                      201);
    assert_string_equal(text_at(party, "municipality"), "0363");
    json_decref(party);
}

static void test_add_faults(void **state)
{
    (void)state;
    static const struct {
        const char *body;
        const char *pointer;
    } cases[] = {
        {"{\"oin\":\"1\",\"name\":\"N\",\"roles\":[\"auditor\"]}", "#/oin"},
        {"{\"oin\":\"" NEW "\",\"name\":\"\",\"roles\":[\"auditor\"]}", "#/name"},
        {"{\"oin\":\"" NEW "\",\"name\":\"N\",\"roles\":[\"king\"]}", "#/roles/0"},
        {"{\"oin\":\"" NEW "\",\"name\":\"N\",\"roles\":[]}", "#/roles"},
        {"{\"oin\":\"" NEW "\",\"name\":\"N\",\"roles\":[\"municipality\"]}", "#/municipality"},
        {"{\"oin\":\"" NEW "\",\"name\":\"N\",\"roles\":[\"reporter\"],"
         "\"agreementUntil\":\"2099-01-01\"}",
         "#/municipality"},
        {"{\"oin\":\"" NEW "\",\"name\":\"N\",\"roles\":[\"reporter\"],"
         "\"municipality\":\"0363\",\"agreementUntil\":\"2099-13-01\"}",
         "#/agreementUntil"},
        {"{\"oin\":\"" NEW "\",\"name\":\"N\",\"roles\":[\"reporter\"],"
         "\"municipality\":\"0363\"}",
         "#/agreementUntil"},
    };
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        json_t *json = world_control(&world, HTTP_POST, "/control/parties", cases[i].body, 400);
        assert_string_equal(text_at(json, "errors/0/pointer"), cases[i].pointer);
        json_decref(json);
    }
}

static void test_list(void **state)
{
    (void)state;
    char target[512] = "/control/parties?limit=2";
    size_t seen = 0;
    for (bool more = true; more;) {
        json_t *page = world_control(&world, HTTP_GET, target, NULL, 200);
        assert_null(body_check_answer(page, &shape_party_list));
        seen += json_array_size(json_object_get(page, "parties"));
        if (seen == 2) {
            json_decref(add(201));
        }
        more = json_is_string(json_object_get(page, "next"));
        if (more) {
            snprintf(target, sizeof(target), "/control/parties?limit=2&cursor=%s",
                     text_at(page, "next"));
        }
        json_decref(page);
    }
    assert_int_equal(seen, 5);
    assert_entry("operator-read", "done");
}

static void test_change(void **state)
{
    (void)state;
    json_decref(add(201));
    json_t *party =
        world_control(&world, HTTP_PUT, PARTY, "{\"contactEmail\":\"info@nieuw.nl\"}", 200);
    assert_string_equal(text_at(party, "name"), "Nieuw");
    assert_string_equal(text_at(party, "contact/phone"), "020");
    assert_string_equal(text_at(party, "contact/email"), "info@nieuw.nl");
    json_decref(party);
    party =
        world_control(&world, HTTP_PUT, PARTY, "{\"name\":\"Ander\",\"roles\":[\"auditor\"]}", 200);
    assert_string_equal(text_at(party, "name"), "Ander");
    assert_string_equal(text_at(party, "roles/0"), "auditor");
    json_decref(party);
    party = world_control(&world, HTTP_GET, PARTY, NULL, 200);
    assert_string_equal(text_at(party, "name"), "Ander");
    json_decref(party);
    json_decref(world_control(&world, HTTP_PUT, "/control/parties/" STRANGER, "{}", 404));
    json_decref(world_control(&world, HTTP_GET, "/control/parties/" STRANGER, NULL, 404));
    json_decref(world_control(&world, HTTP_GET, "/control/parties/x", NULL, 404));
}

static void test_suspend_and_allow(void **state)
{
    (void)state;
    json_decref(add(201));
    json_t *party = world_control(&world, HTTP_POST, PARTY "/_suspend", NULL, 200);
    assert_true(json_is_true(json_object_get(party, "suspended")));
    json_decref(party);
    party = world_control(&world, HTTP_POST, PARTY "/_resume", "{}", 200);
    assert_true(json_is_false(json_object_get(party, "suspended")));
    json_decref(party);
    json_decref(world_control(&world, HTTP_POST, PARTY "/_resume", "{\"x\":1}", 400));
    party = world_control(&world, HTTP_POST, PARTY "/_allow", "{\"permission\":\"quiet\"}", 200);
    assert_string_equal(text_at(party, "permissions/0"), "quiet");
    json_decref(party);
    party = world_control(&world, HTTP_POST, PARTY "/_deny", "{\"permission\":\"quiet\"}", 200);
    assert_int_equal(json_array_size(json_object_get(party, "permissions")), 0);
    json_decref(party);
    json_decref(world_control(&world, HTTP_POST, PARTY "/_allow", "{\"permission\":\"all\"}", 400));
}

static void test_agreements_and_mandates(void **state)
{
    (void)state;
    json_decref(add(201));
    json_t *party = world_control(&world, HTTP_PUT, PARTY "/agreements/0361",
                                  "{\"untilDate\":\"2098-01-01\"}", 200);
    assert_int_equal(json_array_size(json_object_get(party, "agreements")), 2);
    json_decref(party);
    party = world_control(&world, HTTP_DELETE, PARTY "/agreements/0361", NULL, 200);
    json_decref(party);
    json_decref(world_control(&world, HTTP_PUT, PARTY "/agreements/61",
                              "{\"untilDate\":\"2098-01-01\"}", 400));
    party = world_control(&world, HTTP_PUT, PARTY "/mandates/" SCHOOL,
                          "{\"untilDate\":\"2098-01-01\"}", 200);
    assert_string_equal(text_at(party, "mandates/0/oin"), SCHOOL);
    assert_string_equal(text_at(party, "mandates/0/untilDate"), "2098-01-01");
    json_decref(party);
    json_decref(world_control(&world, HTTP_PUT, PARTY "/mandates/" STRANGER,
                              "{\"untilDate\":\"2098-01-01\"}", 404));
}

static int reload_result;
static int reload(void *context, char why[static STORE_WHY_SIZE])
{
    assert_ptr_equal(context, &world);
    if (reload_result != 0) {
        snprintf(why, STORE_WHY_SIZE, "the revocation list has expired");
    }
    return reload_result;
}

static int set_up_reloading(void **state)
{
    (void)state;
    struct world_options options = {.reload = reload};
    world_init(&world, &options);
    return 0;
}

static void test_reload(void **state)
{
    (void)state;
    reload_result = 0;
    assert_null(world_control(&world, HTTP_POST, "/control/_reload", NULL, 204));
    reload_result = 1;
    json_t *refused = world_control(&world, HTTP_POST, "/control/_reload", NULL, 409);
    assert_string_equal(text_at(refused, "detail"), "the revocation list has expired");
    json_decref(refused);
}

static void test_backup(void **state)
{
    (void)state;
    char body[256];
    json_decref(world_signal(&world, SCHOOL, BSN_ONE, "p1", "a", 201));
    snprintf(body, sizeof(body), "{\"directory\":\"%s/copy\"}", world.directory);
    json_t *made = world_control(&world, HTTP_POST, "/control/_backup", body, 200);
    assert_null(body_check_answer(made, &shape_backup_made));
    assert_entry("backup-made", "done");
    json_decref(made);
    json_t *refused = world_control(&world, HTTP_POST, "/control/_backup", body, 409);
    assert_slug(refused, "conflict");
    json_decref(refused);
    json_decref(
        world_control(&world, HTTP_POST, "/control/_backup", "{\"directory\":\"copy\"}", 400));
}

/* Whoever asked has left: the copy is made, and logged, all the same. */
static void test_backup_and_leave(void **state)
{
    (void)state;
    char body[256];
    snprintf(body, sizeof(body), "{\"directory\":\"%s/copy\"}", world.directory);
    struct ask ask = {
        .is_operator = true, .method = HTTP_POST, .target = "/control/_backup", .body = body};
    struct reply reply;
    uint64_t before = world_log_size(&world);
    world_begin(&world, &ask, &reply);
    exchange_abandon(reply.exchange);
    while (world_log_size(&world) == before) {
        world_pump_once(&world);
    }
    assert_entry("backup-made", "done");
    world_put_professional(&world, SCHOOL, "later"); /* the last of it is delivered */
    assert_false(reply.finished);
}

#ifdef VIX_TEST_CLOCK
static void test_clock(void **state)
{
    (void)state;
    int64_t before = clock_now();
    json_t *now =
        world_control(&world, HTTP_POST, "/control/clock/_advance", "{\"seconds\":86400}", 200);
    assert_null(body_check_answer(now, &shape_clock));
    assert_true(clock_now() >= before + CLOCK_DAY);
    assert_entry("clock-advanced", "done");
    json_decref(now);
    json_decref(
        world_control(&world, HTTP_POST, "/control/clock/_advance", "{\"seconds\":-1}", 400));
}
#endif

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_only_the_operator),
        TEST(test_status),
        TEST(test_add),
        TEST(test_add_without_agreement),
        TEST(test_add_municipality),
        TEST(test_add_faults),
        TEST(test_list),
        TEST(test_change),
        TEST(test_suspend_and_allow),
        TEST(test_agreements_and_mandates),
        cmocka_unit_test_setup_teardown(test_reload, set_up_reloading, tear_down),
        TEST(test_backup),
        TEST(test_backup_and_leave),
#ifdef VIX_TEST_CLOCK
        TEST(test_clock),
#endif
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
