/* SPDX-License-Identifier: EUPL-1.2 */
/* Notices and matches, and waiting for them. */
#include "tests/unit/proto/fixture.h"

static json_t *inbox(const char *oin, const char *query)
{
    char target[128];
    snprintf(target, sizeof(target), "/v1/notices%s", query);
    json_t *page = world_get(&world, oin, target, 200);
    assert_null(body_check_answer(page, &shape_notice_page));
    return page;
}

static size_t count_at(const json_t *json, const char *name)
{
    return json_array_size(json_object_get(json, name));
}

static void make_match(void)
{
    json_decref(world_signal(&world, SCHOOL, BSN_ONE, "p1", "school-1", 201));
    json_decref(world_signal(&world, CARE, BSN_ONE, "p1", "care-1", 201));
}

static void test_everybody_is_told(void **state)
{
    (void)state;
    make_match();
    json_t *page = inbox(SCHOOL, "");
    assert_int_equal(count_at(page, "notices"), 1);
    assert_int_equal(json_integer_value(json_object_get(page, "next")), 1);
    assert_string_equal(text_at(page, "notices/0/specversion"), "1.0");
    assert_string_equal(text_at(page, "notices/0/type"), "nl.verwijsindex.match-formed.v1");
    assert_string_equal(text_at(page, "notices/0/source"),
                        "urn:nld:oin:" OPERATOR_OIN ":systeem:verwijsindex");
    assert_string_equal(text_at(page, "notices/0/sequence"), "1");
    assert_string_equal(text_at(page, "notices/0/data/ownSignal/reference"), "school-1");
    assert_true(json_holds(page, "Jeugdhulp Noord"));
    assert_false(json_holds(page, "care-1"));
    assert_false(json_holds(page, BSN_ONE));
    assert_entry("notice-offered", "done");
    json_decref(page);

    page = inbox(MUNICIPALITY, "");
    assert_int_equal(count_at(page, "notices"), 1);
    assert_false(json_holds(page, "ownSignal"));
    assert_false(json_holds(page, "school-1"));
    assert_true(json_holds(page, "De Regenboog"));
    json_decref(page);
}

static void test_third_joins(void **state)
{
    (void)state;
    make_match();
    world_put_professional(&world, SCHOOL, "p2");
    json_decref(world_signal(&world, SCHOOL, BSN_ONE, "p2", "school-2", 201));
    json_t *page = inbox(CARE, "");
    assert_int_equal(count_at(page, "notices"), 2);
    assert_string_equal(text_at(page, "notices/1/type"), "nl.verwijsindex.match-joined.v1");
    json_decref(page);
    page = inbox(SCHOOL, "");
    assert_int_equal(count_at(page, "notices"), 3);
    json_decref(page);
}

static void test_empty_poll_is_no_entry(void **state)
{
    (void)state;
    uint64_t before = world_log_size(&world);
    json_t *page = inbox(SCHOOL, "");
    assert_int_equal(count_at(page, "notices"), 0);
    assert_int_equal(json_integer_value(json_object_get(page, "next")), 0);
    json_decref(page);
    page = inbox(SCHOOL, "?after=7");
    assert_int_equal(json_integer_value(json_object_get(page, "next")), 7);
    json_decref(page);
    assert_int_equal(world_log_size(&world), before);
}

static void test_acknowledge(void **state)
{
    (void)state;
    make_match();
    json_t *refused = world_post(&world, SCHOOL, "/v1/notices/_acknowledge", "{\"upTo\":2}", 400);
    assert_string_equal(text_at(refused, "errors/0/pointer"), "#/upTo");
    assert_entry("request-refused", "invalid-request");
    json_decref(refused);
    assert_null(world_post(&world, SCHOOL, "/v1/notices/_acknowledge", "{\"upTo\":1}", 204));
    assert_entry("notice-acknowledged", "done");
    json_t *page = inbox(SCHOOL, "");
    assert_int_equal(count_at(page, "notices"), 0);
    assert_int_equal(json_integer_value(json_object_get(page, "next")), 1);
    json_decref(page);
    assert_null(world_post(&world, SCHOOL, "/v1/notices/_acknowledge", "{\"upTo\":0}", 204));
    /* Acknowledged ones can be read again. */
    page = inbox(SCHOOL, "?after=0");
    assert_int_equal(count_at(page, "notices"), 1);
    json_decref(page);
    static const char *const bad[] = {"{\"upTo\":-1}", "{\"upTo\":1.5}", "{\"upTo\":\"1\"}", "{}"};
    for (size_t i = 0; i < ARRAY_LENGTH(bad); i++) {
        json_decref(world_post(&world, SCHOOL, "/v1/notices/_acknowledge", bad[i], 400));
    }
}

static void test_pages(void **state)
{
    (void)state;
    make_match();
    world_put_professional(&world, CARE, "p2");
    json_decref(world_signal(&world, CARE, BSN_ONE, "p2", "care-2", 201));
    json_t *page = inbox(SCHOOL, "?limit=1");
    assert_int_equal(count_at(page, "notices"), 1);
    assert_int_equal(json_integer_value(json_object_get(page, "next")), 1);
    json_decref(page);
    page = inbox(SCHOOL, "?limit=1&after=1");
    assert_int_equal(count_at(page, "notices"), 1);
    assert_int_equal(json_integer_value(json_object_get(page, "next")), 2);
    json_decref(page);
    json_decref(world_get(&world, SCHOOL, "/v1/notices?wait=61", 400));
    json_decref(world_get(&world, SCHOOL, "/v1/notices?after=-1", 400));
    json_decref(world_get(&world, SCHOOL, "/v1/notices?cursor=abc", 400));
}

/* ---- waiting ---- */

static const struct ask waiting = {.oin = SCHOOL, .target = "/v1/notices?wait=30"};

static void test_wait_until_it_comes(void **state)
{
    (void)state;
    json_decref(world_signal(&world, SCHOOL, BSN_ONE, "p1", "school-1", 201));
    struct reply reply;
    world_begin(&world, &waiting, &reply);
    assert_false(reply.finished);
    assert_true(exchange_wait_deadline(reply.exchange) > clock_now());
    assert_true(exchange_wait_deadline(reply.exchange) <= clock_now() + 30 * CLOCK_SECOND);
    json_decref(world_signal(&world, CARE, BSN_ONE, "p1", "care-1", 201));
    world_wait(&world, &reply);
    assert_int_equal(reply.status, 200);
    assert_int_equal(count_at(reply.json, "notices"), 1);
    reply_free(&reply);
}

static void test_wait_with_something_there(void **state)
{
    (void)state;
    make_match();
    struct reply reply;
    world_ask(&world, &waiting, &reply);
    assert_int_equal(count_at(reply.json, "notices"), 1);
    reply_free(&reply);
}

static void test_wait_in_vain(void **state)
{
    (void)state;
    uint64_t before = world_log_size(&world);
    struct reply reply;
    world_begin(&world, &waiting, &reply);
    assert_false(reply.finished);
    exchange_wake(reply.exchange);
    assert_true(reply.finished);
    world_wait(&world, &reply);
    assert_int_equal(reply.status, 200);
    assert_int_equal(count_at(reply.json, "notices"), 0);
    assert_int_equal(world_log_size(&world), before);
    reply_free(&reply);
}

static void test_wait_without_waiting_needs_no_timer(void **state)
{
    (void)state;
    struct ask ask = {.oin = SCHOOL, .target = "/v1/notices?wait=0"};
    struct reply reply;
    world_ask(&world, &ask, &reply);
    assert_int_equal(exchange_wait_deadline(reply.exchange), 0);
    reply_free(&reply);
}

/* Suspension ends the waiting, and is what is answered. */
static void test_wait_until_suspended(void **state)
{
    (void)state;
    struct reply reply;
    world_begin(&world, &waiting, &reply);
    world_act(&world, SCHOOL, PARTY_SUSPEND);
    world_wait(&world, &reply);
    assert_int_equal(reply.status, 403);
    assert_slug(reply.json, "party-suspended");
    reply_free(&reply);
}

/* Who waits for another is heard of, too. */
static void test_wait_until_the_supplier_is_suspended(void **state)
{
    (void)state;
    static const struct ask acting = {
        .oin = SUPPLIER, .target = "/v1/notices?wait=30", .headers = {{"on-behalf-of", SCHOOL}}};
    struct store_party_change change;
    store_party_change_init(&change);
    change.action = PARTY_MANDATE;
    strcpy(change.other.text, SCHOOL);
    change.agreement.until_day = calendar_dutch_day(clock_now()) + 10;
    world_change(&world, &change, SUPPLIER);
    struct reply reply;
    struct reply more;
    world_begin(&world, &acting, &reply);
    world_begin(&world, &acting, &more);
    assert_false(reply.finished);
    world_act(&world, SCHOOL, PARTY_ALLOW); /* either wakes it; it waits on */
    world_pump_once(&world);
    assert_false(reply.finished);
    exchange_abandon(more.exchange);
    world_act(&world, SUPPLIER, PARTY_SUSPEND);
    world_wait(&world, &reply);
    assert_int_equal(reply.status, 403);
    assert_slug(reply.json, "party-suspended");
    assert_false(more.finished);
    reply_free(&reply);
}

/* More wait for others than have a place of their own as the supplier: they wait all the same. */
static void test_supplier_waits_for_many(void **state)
{
    (void)state;
    static const char *const represented[] = {SCHOOL, CARE};
    static struct reply replies[STORE_WAITERS_MAXIMUM + 10];
    for (size_t i = 0; i < ARRAY_LENGTH(represented); i++) {
        struct store_party_change change;
        store_party_change_init(&change);
        change.action = PARTY_MANDATE;
        strcpy(change.other.text, represented[i]);
        change.agreement.until_day = calendar_dutch_day(clock_now()) + 10;
        world_change(&world, &change, SUPPLIER);
    }
    for (size_t i = 0; i < ARRAY_LENGTH(replies); i++) {
        struct ask acting = {.oin = SUPPLIER,
                             .target = "/v1/notices?wait=30",
                             .headers = {{"on-behalf-of", represented[i % 2]}}};
        world_begin(&world, &acting, &replies[i]);
        assert_false(replies[i].finished);
    }
    make_match();
    for (size_t i = 0; i < ARRAY_LENGTH(replies); i++) {
        world_wait(&world, &replies[i]);
        assert_int_equal(replies[i].status, 200);
        assert_int_equal(count_at(replies[i].json, "notices"), 1);
        reply_free(&replies[i]);
    }
}

static void test_wait_until_drained(void **state)
{
    (void)state;
    struct reply reply;
    world_begin(&world, &waiting, &reply);
    api_drain(world.api);
    world_wait(&world, &reply);
    assert_int_equal(reply.status, 200);
    reply_free(&reply);
    world_ask(&world, &waiting, &reply); /* and from now on nobody waits */
    assert_int_equal(reply.status, 200);
    reply_free(&reply);
}

/* Another change of the party's wakes the waiter, who waits on. */
static void test_wait_on(void **state)
{
    (void)state;
    struct reply reply;
    world_begin(&world, &waiting, &reply);
    int64_t deadline = exchange_wait_deadline(reply.exchange);
    world_act(&world, SCHOOL, PARTY_ALLOW);
    world_pump_once(&world);
    assert_false(reply.finished);
    assert_int_equal(exchange_wait_deadline(reply.exchange), deadline);
    make_match();
    world_wait(&world, &reply);
    assert_int_equal(count_at(reply.json, "notices"), 1);
    reply_free(&reply);
}

static void test_waiters_are_capped(void **state)
{
    (void)state;
    static struct reply replies[STORE_WAITERS_MAXIMUM];
    for (size_t i = 0; i < ARRAY_LENGTH(replies); i++) {
        world_begin(&world, &waiting, &replies[i]);
        assert_false(replies[i].finished);
    }
    struct reply one_more;
    world_ask(&world, &waiting, &one_more);
    assert_int_equal(one_more.status, 429);
    assert_non_null(reply_header(&one_more, "Retry-After"));
    reply_free(&one_more);
    make_match();
    for (size_t i = 0; i < ARRAY_LENGTH(replies); i++) {
        world_wait(&world, &replies[i]);
        assert_int_equal(replies[i].status, 200);
        reply_free(&replies[i]);
    }
}

static void test_wait_and_leave(void **state)
{
    (void)state;
    struct reply reply;
    world_begin(&world, &waiting, &reply);
    exchange_abandon(reply.exchange);
    assert_false(reply.finished);
    /* The same while a mail is on its way. */
    world_begin(&world, &waiting, &reply);
    json_decref(world_signal(&world, CARE, BSN_ONE, "p1", "a", 201));
    world_act(&world, SCHOOL, PARTY_ALLOW);
    exchange_abandon(reply.exchange);
    world_pump_once(&world);
    assert_false(reply.finished);
}

static void test_leave_during_commit(void **state)
{
    (void)state;
    struct ask ask = {.oin = SCHOOL,
                      .method = HTTP_POST,
                      .target = "/v1/signals",
                      .body = "{\"bsn\":\"" BSN_ONE "\",\"professional\":\"p1\","
                              "\"birthDate\":\"2015-05-01\"}"};
    struct reply reply;
    world_begin(&world, &ask, &reply);
    exchange_abandon(reply.exchange);
    world_put_professional(&world, SCHOOL, "later"); /* is committed after it */
    json_t *page = world_get(&world, SCHOOL, "/v1/signals", 200);
    assert_false(reply.finished);
    assert_int_equal(count_at(page, "signals"), 1);
    json_decref(page);
}

/* ---- matches ---- */

static void test_matches(void **state)
{
    (void)state;
    make_match();
    json_t *page = world_get(&world, SCHOOL, "/v1/matches", 200);
    assert_null(body_check_answer(page, &shape_match_list));
    assert_int_equal(count_at(page, "matches"), 1);
    assert_string_equal(text_at(page, "matches/0/status"), "open");
    assert_string_equal(text_at(page, "matches/0/ownSignals/0/reference"), "school-1");
    assert_false(json_holds(page, "care-1"));
    assert_entry("match-read", "done");

    char target[128];
    snprintf(target, sizeof(target), "/v1/matches/%s", text_at(page, "matches/0/id"));
    json_t *one = world_get(&world, SCHOOL, target, 200);
    assert_true(json_equal(one, json_array_get(json_object_get(page, "matches"), 0)));
    json_decref(one);
    one = world_get(&world, MUNICIPALITY, target, 200);
    assert_null(body_check_answer(one, &shape_match));
    assert_null(json_object_get(one, "ownSignals"));
    json_decref(one);
    json_decref(page);

    /* Contact data is as it is now. */
    json_decref(world_send(&world, CARE, HTTP_PUT, "/v1/professionals/p1",
                           "{\"name\":\"New name\",\"phone\":\"123\"}", 200));
    one = world_get(&world, SCHOOL, target, 200);
    assert_true(json_holds(one, "New name"));
    assert_false(json_holds(one, "p1@example.nl"));
    json_decref(one);

    json_decref(world_get(&world, SCHOOL, "/v1/matches/nonsense", 404));
    world_add_party(&world, STRANGER, "Ander", PARTY_REPORTER, 361);
    json_t *none = world_get(&world, STRANGER, target, 404);
    json_t *other = world_get(&world, SCHOOL, "/v1/matches/nonsense", 404);
    assert_true(json_equal(none, other));
    json_decref(none);
    json_decref(other);
    page = world_get(&world, SCHOOL, "/v1/matches?status=ended", 200);
    assert_int_equal(count_at(page, "matches"), 0);
    json_decref(page);
}

static void test_match_pages(void **state)
{
    (void)state;
    static const char *const children[] = {"950000012", "950000024", "950000036"};
    for (size_t i = 0; i < ARRAY_LENGTH(children); i++) {
        json_decref(world_signal(&world, SCHOOL, children[i], "p1", "s", 201));
        json_decref(world_signal(&world, CARE, children[i], "p1", "c", 201));
    }
    for (size_t party = 0; party < 2; party++) {
        const char *oin = party == 0 ? SCHOOL : MUNICIPALITY;
        char target[512] = "/v1/matches?limit=1";
        size_t seen = 0;
        for (bool more = true; more;) {
            json_t *page = world_get(&world, oin, target, 200);
            seen += count_at(page, "matches");
            more = json_is_string(json_object_get(page, "next"));
            if (more) {
                snprintf(target, sizeof(target), "/v1/matches?limit=1&cursor=%s",
                         text_at(page, "next"));
            }
            json_decref(page);
        }
        assert_int_equal(seen, ARRAY_LENGTH(children));
    }
    /* A cursor of another list is none of this one. */
    json_t *page = world_get(&world, SCHOOL, "/v1/signals?limit=1", 200);
    char target[512];
    snprintf(target, sizeof(target), "/v1/matches?cursor=%s", text_at(page, "next"));
    json_decref(world_get(&world, SCHOOL, target, 400));
    json_decref(page);
}

static void test_retraction(void **state)
{
    (void)state;
    make_match();
    json_t *page = world_get(&world, CARE, "/v1/signals", 200);
    char target[160];
    snprintf(target, sizeof(target), "/v1/signals/%s?reason=wrongful",
             text_at(page, "signals/0/id"));
    json_decref(page);
    assert_null(world_send(&world, CARE, HTTP_DELETE, target, NULL, 204));
    page = inbox(SCHOOL, "?after=1");
    assert_int_equal(count_at(page, "notices"), 1);
    assert_string_equal(text_at(page, "notices/0/type"), "nl.verwijsindex.match-retracted.v1");
    assert_false(json_holds(page, "Jeugdhulp Noord"));
    json_decref(page);
}

static void test_head_is_like_get(void **state)
{
    (void)state;
    make_match();
    uint64_t before = world_log_size(&world);
    struct ask ask = {.oin = SCHOOL, .method = HTTP_HEAD, .target = "/v1/matches"};
    struct reply reply;
    world_ask(&world, &ask, &reply);
    assert_int_equal(reply.status, 200);
    assert_int_equal(world_log_size(&world), before + 1);
    reply_free(&reply);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_everybody_is_told),
        TEST(test_third_joins),
        TEST(test_empty_poll_is_no_entry),
        TEST(test_acknowledge),
        TEST(test_pages),
        TEST(test_wait_until_it_comes),
        TEST(test_wait_with_something_there),
        TEST(test_wait_in_vain),
        TEST(test_wait_without_waiting_needs_no_timer),
        TEST(test_wait_until_suspended),
        TEST(test_wait_until_the_supplier_is_suspended),
        TEST(test_supplier_waits_for_many),
        TEST(test_wait_until_drained),
        TEST(test_wait_on),
        TEST(test_waiters_are_capped),
        TEST(test_wait_and_leave),
        TEST(test_leave_during_commit),
        TEST(test_matches),
        TEST(test_match_pages),
        TEST(test_retraction),
        TEST(test_head_is_like_get),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
