/* SPDX-License-Identifier: EUPL-1.2 */
/* Access and erasure, through the whole interface. */
#include "tests/unit/proto/fixture.h"

#include "proto/pack.h"

#define OTHER_MUNICIPALITY "00000001003333330000"
#define OTHER_SCHOOL "00000007000000BB0000"
#define CASE "\"caseReference\":\"zaak-1\""
#define ASK_ONE                                                                                    \
    "{\"bsn\":\"" BSN_ONE "\",\"birthDate\":\"2005-05-01\",\"requestedBy\":\"youth\"," CASE "}"

static json_t *access_of(const char *oin, const char *body)
{
    json_t *pack = world_post(&world, oin, "/v1/access-requests", body, 200);
    assert_null(body_check_answer(pack, &shape_pack));
    assert_false(json_holds(pack, BSN_ONE));
    return pack;
}

static size_t count_at(const json_t *json, const char *name)
{
    return json_array_size(json_object_get(json, name));
}

static bool is_true(const json_t *json, const char *name)
{
    return json_is_true(json_object_get(json, name));
}

/* Another municipality, with a school of its own. */
static void add_others(void)
{
    world_add_party(&world, OTHER_MUNICIPALITY, "Gemeente Elders", PARTY_MUNICIPALITY, 363);
    world_add_party(&world, OTHER_SCHOOL, "School Elders", PARTY_REPORTER, 363);
    world_put_professional(&world, OTHER_SCHOOL, "p1");
}

/* ---- access ---- */

static void test_nothing_held(void **state)
{
    (void)state;
    uint64_t before = world_log_size(&world);
    json_t *pack = access_of(MUNICIPALITY, ASK_ONE);
    assert_false(is_true(pack, "held"));
    assert_int_equal(count_at(pack, "signals"), 0);
    assert_int_equal(count_at(pack, "matches"), 0);
    assert_int_equal(count_at(pack, "told"), 0);
    assert_true(is_true(pack, "toldComplete"));
    assert_int_equal(json_integer_value(json_object_get(pack, "logIndex")), before);
    assert_non_null(strstr(text_at(pack, "statement"), "nothing"));
    assert_memory_equal(text_at(pack, "receipt"), "c2sp.org/tlog-proof@v1\n", 23);
    json_decref(pack);
    assert_int_equal(world_log_size(&world), before + 1);
    json_t *entry = world_last_entry(&world, 0);
    assert_string_equal(text_at(entry, "name"), "access-requested");
    assert_string_equal(text_at(entry, "verwijsindex.case_reference"), "zaak-1");
    assert_null(json_object_get(entry, "verwijsindex.count"));
    json_decref(entry);

    json_t *page = world_get(&world, AUDITOR, "/v1/notices", 200);
    assert_string_equal(text_at(page, "notices/0/type"), "nl.verwijsindex.access-requested.v1");
    assert_string_equal(text_at(page, "notices/0/data/organisation/oin"), MUNICIPALITY);
    json_decref(page);
}

static bool tells(const json_t *pack, const char *event, const char *oin)
{
    const json_t *told = json_object_get(pack, "told");
    for (size_t i = 0; i < json_array_size(told); i++) {
        const json_t *item = json_array_get(told, i);
        const json_t *organisation = json_object_get(item, "organisation");
        const char *found = json_string_value(json_object_get(organisation, "oin"));
        if (strcmp(text_at(item, "event"), event) == 0 &&
            (oin == NULL ? found == NULL : found != NULL && strcmp(found, oin) == 0)) {
            return true;
        }
    }
    return false;
}

static void test_pack(void **state)
{
    (void)state;
    add_others();
    json_decref(world_signal(&world, SCHOOL, BSN_ONE, "p1", "secret-1", 201));
    json_decref(world_signal(&world, CARE, BSN_ONE, "p1", "secret-2", 201));
    json_decref(world_signal(&world, OTHER_SCHOOL, BSN_ONE, "p1", "secret-3", 201));
    json_decref(world_signal(&world, SCHOOL, BSN_TWO, "p1", "another child", 201));
    json_decref(world_get(&world, SCHOOL, "/v1/notices", 200));
    json_decref(world_get(&world, OTHER_SCHOOL, "/v1/notices", 200));

    json_t *pack = access_of(MUNICIPALITY, ASK_ONE);
    assert_true(is_true(pack, "held"));
    assert_int_equal(count_at(pack, "signals"), 2);
    assert_int_equal(count_at(pack, "matches"), 1);
    assert_string_equal(text_at(pack, "signals/0/professional/email"), "p1@example.nl");
    assert_string_equal(text_at(pack, "matches/0/kind"), "child");
    assert_true(tells(pack, "signal-posted", SCHOOL));
    assert_true(tells(pack, "signal-posted", CARE));
    assert_true(tells(pack, "notice-offered", SCHOOL));
    assert_true(tells(pack, "access-requested", MUNICIPALITY));
    /* Nothing of the other municipality, and nothing that is a party's own. */
    assert_false(json_holds(pack, "Elders"));
    assert_false(json_holds(pack, "secret"));
    json_t *entry = world_last_entry(&world, 0);
    assert_int_equal(json_integer_value(json_object_get(entry, "verwijsindex.count")), 2);
    json_decref(entry);
    json_decref(pack);

    pack = access_of(OTHER_MUNICIPALITY, ASK_ONE);
    assert_int_equal(count_at(pack, "signals"), 1);
    assert_true(tells(pack, "signal-posted", OTHER_SCHOOL));
    assert_false(tells(pack, "signal-posted", SCHOOL));
    assert_false(tells(pack, "access-requested", MUNICIPALITY));
    json_decref(pack);
}

/* Who connects for another is not the one who is involved. */
static void test_supplier(void **state)
{
    (void)state;
    struct store_party_change change;
    store_party_change_init(&change);
    change.action = PARTY_MANDATE;
    strcpy(change.other.text, SCHOOL);
    change.agreement.until_day = calendar_dutch_day(clock_now()) + 10;
    world_change(&world, &change, SUPPLIER);
    struct ask ask = {.oin = SUPPLIER,
                      .method = HTTP_POST,
                      .target = "/v1/signals",
                      .body = "{\"bsn\":\"" BSN_ONE "\",\"professional\":\"p1\","
                              "\"birthDate\":\"2015-05-01\"}",
                      .headers = {{"content-type", "application/json"}, {"on-behalf-of", SCHOOL}}};
    struct reply reply;
    world_ask(&world, &ask, &reply);
    assert_int_equal(reply.status, 201);
    reply_free(&reply);
    json_t *pack = access_of(MUNICIPALITY, ASK_ONE);
    assert_true(tells(pack, "signal-posted", SCHOOL));
    assert_false(json_holds(pack, SUPPLIER));
    json_decref(pack);
}

/* More than one page of the log. */
static void test_much_is_told(void **state)
{
    (void)state;
    enum { READS = 1050 };
    json_t *posted = world_signal(&world, SCHOOL, BSN_ONE, "p1", "a", 201);
    char target[128];
    snprintf(target, sizeof(target), "/v1/signals/%s", text_at(posted, "id"));
    for (unsigned i = 0; i < READS; i++) {
        json_decref(world_get(&world, SCHOOL, target, 200));
    }
    json_t *pack = access_of(MUNICIPALITY, ASK_ONE);
    assert_true(is_true(pack, "toldComplete"));
    assert_int_equal(count_at(pack, "told"), 1 + READS + 1);
    assert_string_equal(text_at(pack, "told/0/event"), "signal-posted");
    assert_string_equal(text_at(pack, "told/1051/event"), "access-requested");
    json_decref(pack);
    json_decref(posted);
}

/* A signal that comes between the reading and the logging of the request is in both. */
static void test_what_comes_in_between(void **state)
{
    (void)state;
    struct ask ask = {
        .oin = MUNICIPALITY, .method = HTTP_POST, .target = "/v1/access-requests", .body = ASK_ONE};
    struct ask post = {.oin = SCHOOL,
                       .method = HTTP_POST,
                       .target = "/v1/signals",
                       .body = "{\"bsn\":\"" BSN_ONE "\",\"professional\":\"p1\","
                               "\"birthDate\":\"2015-05-01\"}"};
    struct reply posted;
    struct reply asked;
    world_hold(&world);
    world_begin(&world, &post, &posted);
    world_begin(&world, &ask, &asked);
    world_let_go(&world);
    world_wait(&world, &posted);
    world_wait(&world, &asked);
    assert_int_equal(posted.status, 201);
    assert_int_equal(asked.status, 200);
    assert_true(is_true(asked.json, "held"));
    assert_int_equal(count_at(asked.json, "signals"), 1);
    reply_free(&posted);
    reply_free(&asked);
}

/* An agreement that has ended counts: the signals of that time are in the archive. And what the
 * index did to them of its own accord is told, what it did to others is not. */
static void test_archive(void **state)
{
    (void)state;
    add_others();
    json_decref(world_signal(&world, OTHER_SCHOOL, BSN_ONE, "p1", "x", 201));
    json_decref(world_signal(&world, SCHOOL, BSN_ONE, "p1", "x", 201));
    world_act(&world, SCHOOL, PARTY_AGREEMENT_END);
    world_advance(&world, 740 * CLOCK_DAY);
    json_t *pack = NULL;
    for (bool archived = false; !archived;) { /* the store works off what is due in its own time */
        json_decref(pack);
        pack = access_of(MUNICIPALITY, ASK_ONE);
        archived = strcmp(text_at(pack, "signals/0/status"), "archived") == 0;
    }
    assert_int_equal(count_at(pack, "signals"), 1);
    assert_true(json_is_string(
        json_object_get(json_array_get(json_object_get(pack, "signals"), 0), "endedAt")));
    assert_true(tells(pack, "signal-posted", SCHOOL));
    size_t archivings = 0;
    const json_t *told = json_object_get(pack, "told");
    for (size_t i = 0; i < json_array_size(told); i++) {
        archivings +=
            strcmp(text_at(json_array_get(told, i), "event"), "signal-archived") == 0 ? 1 : 0;
    }
    assert_int_equal(archivings, 1);
    assert_false(json_holds(pack, "Elders"));
    json_decref(pack);
}

static void test_text(void **state)
{
    (void)state;
    json_decref(world_signal(&world, SCHOOL, BSN_ONE, "p1", "a", 201));
    json_decref(world_signal(&world, CARE, BSN_ONE, "p1", "b", 201));
    struct ask ask = {.oin = MUNICIPALITY,
                      .method = HTTP_POST,
                      .target = "/v1/access-requests",
                      .body = ASK_ONE,
                      .headers = {{"content-type", "application/json"}, {"accept", "text/plain"}}};
    struct reply reply;
    world_ask(&world, &ask, &reply);
    assert_int_equal(reply.status, 200);
    assert_string_equal(reply.response->content_type, "text/plain; charset=utf-8");
    const char *text = reply.response->body;
    assert_int_equal(strlen(text), reply.response->body_size);
    static const char *const lines[] = {
        "Inzage in de verwijsindex\nGemeente: Gemeente Alkmaar (0361)\n",
        "worden 2 signalen over deze jeugdige bewaard.\n",
        "  Organisatie: De Regenboog (OIN " SCHOOL ")\n  Professional: Name of p1\n",
        "\nMatch 1\n  Soort: over deze jeugdige\n",
        ": signaal gemaakt: Jeugdhulp Noord\n",
        ": inzage gevraagd: Gemeente Alkmaar\n",
        "\nc2sp.org/tlog-proof@v1\nextra ",
    };
    for (size_t i = 0; i < ARRAY_LENGTH(lines); i++) {
        if (strstr(text, lines[i]) == NULL) {
            print_error("%s\n", text);
        }
        assert_non_null(strstr(text, lines[i]));
    }
    assert_null(strstr(text, BSN_ONE));
    reply_free(&reply);

    ask.headers[1].value = "text/html";
    world_ask(&world, &ask, &reply);
    assert_int_equal(reply.status, 406);
    reply_free(&reply);
}

/* ---- who may ask ---- */

/* A date of birth on which somebody is so old today, and so many days more. */
static void born(int years, int days, char out[static CLOCK_DATE_SIZE])
{
    int32_t day = calendar_dutch_day(clock_now());
    calendar_format_date(calendar_add_years(day, -years) + days, out);
}

static void test_ages(void **state)
{
    (void)state;
    static const struct {
        int years;
        int days; /* younger */
        const char *by;
    } cases[] = {{11, 0, "representative"}, {12, 1, "representative"}, {12, 0, "both"},
                 {15, 0, "both"},           {16, 1, "both"},           {16, 0, "youth"},
                 {30, 0, "youth"}};
    static const char *const requesters[] = {"youth", "representative", "both"};
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        for (size_t j = 0; j < ARRAY_LENGTH(requesters); j++) {
            char date[CLOCK_DATE_SIZE];
            char body[256];
            born(cases[i].years, cases[i].days, date);
            snprintf(body, sizeof(body),
                     "{\"bsn\":\"" BSN_ONE "\",\"birthDate\":\"%s\",\"requestedBy\":\"%s\"," CASE
                     "}",
                     date, requesters[j]);
            bool may = strcmp(requesters[j], cases[i].by) == 0;
            json_t *json =
                world_post(&world, MUNICIPALITY, "/v1/access-requests", body, may ? 200 : 400);
            if (!may) {
                assert_string_equal(text_at(json, "errors/0/pointer"), "#/requestedBy");
            }
            json_decref(json);
        }
    }
}

static void expect_faults(const char *target, const char *body, const char *pointers)
{
    char found[256] = "";
    json_t *json = world_post(&world, MUNICIPALITY, target, body, 400);
    const json_t *errors = json_object_get(json, "errors");
    for (size_t j = 0; j < json_array_size(errors); j++) {
        size_t length = strlen(found);
        snprintf(found + length, sizeof(found) - length, "%s%s", j > 0 ? " " : "",
                 text_at(json_array_get(errors, j), "pointer"));
    }
    if (strcmp(found, pointers) != 0) {
        print_error("%s\n", body);
    }
    assert_string_equal(found, pointers);
    assert_false(json_holds(json, "9500000"));
    json_decref(json);
}

static void test_access_faults(void **state)
{
    (void)state;
    static const struct {
        const char *body;
        const char *pointers;
    } cases[] = {
        {"{}", "#/requestedBy #/caseReference #/bsn #/birthDate"},
        {"{\"bsn\":\"950000013\",\"birthDate\":\"2999-01-01\",\"requestedBy\":\"me\","
         "\"caseReference\":\"\"}",
         "#/bsn #/requestedBy #/caseReference #/birthDate"},
        {"{\"bsn\":\"" BSN_ONE "\",\"birthDate\":\"2005-05-01\",\"requestedBy\":\"youth\","
         "\"caseReference\":\"" BSN_TWO "\"}",
         "#/caseReference"},
        {"{\"person\":{\"familyName\":\"Berg\",\"birthDate\":\"2005-05-01\",\"sex\":\"v\"},"
         "\"requestedBy\":\"both\"," CASE "}",
         "#/requestedBy"},
    };
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        expect_faults("/v1/access-requests", cases[i].body, cases[i].pointers);
    }
    json_decref(access_of(MUNICIPALITY,
                          "{\"person\":{\"familyName\":\"Berg\",\"birthDate\":\"2005-05-01\","
                          "\"sex\":\"v\"},\"requestedBy\":\"youth\"," CASE "}"));
    json_t *refused = world_post(&world, SCHOOL, "/v1/access-requests", ASK_ONE, 403);
    assert_slug(refused, "role-missing");
    json_decref(refused);
}

static int set_up_sparing(void **state)
{
    (void)state;
    struct world_options options = {.access_requests_per_day = 2};
    world_init_peopled(&world, &options);
    return 0;
}

static void test_daily_cap(void **state)
{
    (void)state;
    json_decref(access_of(MUNICIPALITY, ASK_ONE));
    json_decref(access_of(MUNICIPALITY, ASK_ONE));
    struct ask ask = {
        .oin = MUNICIPALITY, .method = HTTP_POST, .target = "/v1/access-requests", .body = ASK_ONE};
    struct reply reply;
    world_ask(&world, &ask, &reply);
    assert_int_equal(reply.status, 429);
    assert_slug(reply.json, "rate-limited");
    assert_non_null(strstr(text_at(reply.json, "detail"), "day"));
    int64_t now = clock_now();
    int64_t left = (calendar_dutch_midnight(calendar_dutch_day(now) + 1) - now) / CLOCK_SECOND;
    int64_t told = atoll(reply_header(&reply, "Retry-After"));
    assert_in_range(told, left, left + 60);
    reply_free(&reply);
    assert_entry("request-refused", "rate-limited");
    world_advance(&world, CLOCK_DAY);
    json_decref(access_of(MUNICIPALITY, ASK_ONE));
}

/* ---- erasure ---- */

static json_t *erase(const char *oin, const char *scope, int status)
{
    char body[256];
    snprintf(body, sizeof(body),
             "{\"bsn\":\"" BSN_ONE "\",\"scope\":\"%s\",\"ground\":\"bezwaar\"," CASE "}", scope);
    return world_post(&world, oin, "/v1/erasures", body, status);
}

static void test_erasure(void **state)
{
    (void)state;
    add_others();
    json_t *first = world_signal(&world, SCHOOL, BSN_ONE, "p1", "a", 201);
    json_decref(world_signal(&world, CARE, BSN_ONE, "p1", "b", 201));
    json_decref(world_signal(&world, OTHER_SCHOOL, BSN_ONE, "p1", "c", 201));
    char target[128];
    snprintf(target, sizeof(target), "/v1/signals/%s?reason=ended", text_at(first, "id"));
    assert_null(world_send(&world, SCHOOL, HTTP_DELETE, target, NULL, 204));
    json_decref(first);

    json_t *made = erase(MUNICIPALITY, "archive", 200);
    assert_null(body_check_answer(made, &shape_erasure));
    assert_int_equal(json_integer_value(json_object_get(made, "erasedSignals")), 1);
    json_decref(made);
    assert_entry("erasure-made", "done");
    made = erase(MUNICIPALITY, "all", 200);
    assert_int_equal(json_integer_value(json_object_get(made, "erasedSignals")), 1);
    json_decref(made);
    made = erase(MUNICIPALITY, "all", 200); /* there is nothing left */
    assert_int_equal(json_integer_value(json_object_get(made, "erasedSignals")), 0);
    json_decref(made);
    json_t *pack = access_of(OTHER_MUNICIPALITY, ASK_ONE); /* what is another's is still there */
    assert_int_equal(count_at(pack, "signals"), 1);
    json_decref(pack);
    json_decref(erase(SCHOOL, "all", 403));
}

static void test_erasure_faults(void **state)
{
    (void)state;
    static const struct {
        const char *body;
        const char *pointers;
    } cases[] = {
        {"{}", "#/scope #/ground #/caseReference #/bsn"},
        {"{\"bsn\":\"" BSN_ONE "\",\"scope\":\"some\",\"ground\":\"over 950000012\"," CASE "}",
         "#/scope #/ground"},
        {"{\"bsn\":\"" BSN_ONE "\",\"scope\":\"all\",\"ground\":\"x\","
         "\"caseReference\":\"" BSN_TWO "\"}",
         "#/caseReference"},
        {"{\"bsn\":\"" BSN_ONE
         "\",\"scope\":\"all\",\"ground\":\"x\",\"birthDate\":\"2015-05-01\"," CASE "}",
         "#/birthDate"},
    };
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        expect_faults("/v1/erasures", cases[i].body, cases[i].pointers);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_nothing_held),
        TEST(test_pack),
        TEST(test_supplier),
        TEST(test_much_is_told),
        TEST(test_what_comes_in_between),
        TEST(test_archive),
        TEST(test_text),
        TEST(test_ages),
        TEST(test_access_faults),
        cmocka_unit_test_setup_teardown(test_daily_cap, set_up_sparing, tear_down),
        TEST(test_erasure),
        TEST(test_erasure_faults),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
