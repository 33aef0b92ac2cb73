/* SPDX-License-Identifier: EUPL-1.2 */
/* Between a signal and the match in its answer: what may change meanwhile. */
#include "tests/unit/proto/fixture.h"

static const char signal_body[] = "{\"bsn\":\"" BSN_ONE "\",\"professional\":\"p1\","
                                  "\"birthDate\":\"2015-05-01\"}";

static void mandate_supplier(void)
{
    struct store_party_change change;
    store_party_change_init(&change);
    change.action = PARTY_MANDATE;
    strcpy(change.other.text, SCHOOL);
    change.agreement.until_day = calendar_dutch_day(clock_now()) + 10;
    world_change(&world, &change, SUPPLIER);
}

/* Posts a signal that makes a match, for SCHOOL, and has `act` done once it has been made and
 * before the match is read. */
static void post_and_act(const char *oin, void (*act)(void), struct reply *ret_reply)
{
    struct ask ask = {.oin = oin,
                      .method = HTTP_POST,
                      .target = "/v1/signals",
                      .body = signal_body,
                      .headers = {{"on-behalf-of", SCHOOL}}};
    json_decref(world_signal(&world, CARE, BSN_ONE, "p1", "b", 201));
    mandate_supplier();
    world_settle(&world);
    world_begin(&world, &ask, ret_reply);
    world_await_mail(&world);
    act();
    world_wait(&world, ret_reply);
    assert_int_equal(ret_reply->status, 201);
    assert_non_null(reply_header(ret_reply, "Location"));
    assert_non_null(reply_header(ret_reply, "Log-Index"));
    assert_null(body_check_answer(ret_reply->json, &shape_signal_posted));
}

static void do_nothing(void)
{
}

static void suspend_supplier(void)
{
    world_act(&world, SUPPLIER, PARTY_SUSPEND);
}

static void suspend_school(void)
{
    world_act(&world, SCHOOL, PARTY_SUSPEND);
}

static void end_agreement(void)
{
    world_act(&world, SCHOOL, PARTY_AGREEMENT_END);
}

static void end_mandate(void)
{
    struct store_party_change change;
    store_party_change_init(&change);
    change.action = PARTY_MANDATE;
    strcpy(change.other.text, SCHOOL);
    change.agreement.until_day = calendar_dutch_day(clock_now()) - 1;
    world_change(&world, &change, SUPPLIER);
}

static size_t count_entries(const char *query)
{
    char target[256];
    snprintf(target, sizeof(target), "/v1/log-entries?%s", query);
    json_t *page = world_get(&world, AUDITOR, target, 200);
    size_t count = json_array_size(json_object_get(page, "logEntries"));
    json_decref(page);
    return count;
}

static void test_match_is_shown_to_who_may_see_it(void **state)
{
    (void)state;
    struct reply reply;
    post_and_act(SUPPLIER, do_nothing, &reply);
    assert_true(json_is_object(json_object_get(reply.json, "match")));
    assert_int_equal(count_entries("event=match-read&party=" SUPPLIER), 1);
    reply_free(&reply);
}

static void match_is_kept_from(const char *oin, void (*act)(void))
{
    struct reply reply;
    post_and_act(oin, act, &reply);
    assert_true(json_is_null(json_object_get(reply.json, "match")));
    assert_false(json_holds(reply.json, "Jeugdhulp Noord"));
    reply_free(&reply);
    assert_int_equal(count_entries("event=signal-posted"), 2);
    assert_int_equal(count_entries("event=match-read"), 0);
}

static void test_match_is_kept_from_a_suspended_supplier(void **state)
{
    (void)state;
    match_is_kept_from(SUPPLIER, suspend_supplier);
}

static void test_match_is_kept_without_a_mandate(void **state)
{
    (void)state;
    match_is_kept_from(SUPPLIER, end_mandate);
}

static void test_match_is_kept_without_an_agreement(void **state)
{
    (void)state;
    match_is_kept_from(SUPPLIER, end_agreement);
}

static void test_match_is_kept_from_the_suspended(void **state)
{
    (void)state;
    match_is_kept_from(SCHOOL, suspend_school);
}

#define CHANGES_MAXIMUM 200
static struct reply changes[CHANGES_MAXIMUM];

/* What the match shows changes again and again, each time before it can be logged that it is shown:
 * the signal is there all the same, and so is its notice. */
static void test_match_that_never_holds_still(void **state)
{
    (void)state;
    static const struct ask change = {.oin = CARE,
                                      .method = HTTP_PUT,
                                      .target = "/v1/professionals/p1",
                                      .body = "{\"name\":\"A\"}"};
    static const struct ask other = {.oin = CARE,
                                     .method = HTTP_PUT,
                                     .target = "/v1/professionals/p1",
                                     .body = "{\"name\":\"B\"}"};
    static const struct ask post = {
        .oin = SCHOOL, .method = HTTP_POST, .target = "/v1/signals", .body = signal_body};
    json_decref(world_signal(&world, CARE, BSN_ONE, "p1", "b", 201));
    struct reply posted;
    size_t count = 0;
    world_settle(&world);
    world_begin(&world, &post, &posted);
    while (!posted.finished) {
        assert_true(count < CHANGES_MAXIMUM);
        world_await_mail(&world);
        world_hold(&world);
        world_begin(&world, count % 2 == 0 ? &change : &other, &changes[count]);
        count++;
        world_pump_once(&world); /* what is read now is old before it is logged */
        world_let_go(&world);
    }
    assert_true(count >= EXCHANGE_ATTEMPTS_MAXIMUM);
    for (size_t i = 0; i < count; i++) {
        world_wait(&world, &changes[i]);
        assert_int_equal(changes[i].status, 200);
        reply_free(&changes[i]);
    }
    world_wait(&world, &posted);
    assert_int_equal(posted.status, 201);
    assert_true(json_is_null(json_object_get(posted.json, "match")));
    assert_non_null(reply_header(&posted, "Location"));
    assert_non_null(reply_header(&posted, "Log-Index"));
    reply_free(&posted);
    assert_int_equal(count_entries("event=match-read"), 0);
    json_t *page = world_get(&world, SCHOOL, "/v1/notices", 200);
    assert_int_equal(json_array_size(json_object_get(page, "notices")), 1);
    json_decref(page);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_match_is_shown_to_who_may_see_it),
        TEST(test_match_is_kept_from_a_suspended_supplier),
        TEST(test_match_is_kept_without_a_mandate),
        TEST(test_match_is_kept_without_an_agreement),
        TEST(test_match_is_kept_from_the_suspended),
        TEST(test_match_that_never_holds_still),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
