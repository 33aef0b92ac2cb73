/* SPDX-License-Identifier: EUPL-1.2 */
/* Too much, too full, too late: what is refused cheaply, and what is read again. */
#include <errno.h>

#include "tests/unit/proto/fixture.h"

static int set_up_limited(void **state)
{
    (void)state;
    struct world_options options = {
        .limits = {.requests_per_minute = 5, .evaluations_per_minute = 3}};
    world_init_peopled(&world, &options);
    clock_advance(CLOCK_MINUTE - clock_now() % CLOCK_MINUTE); /* a new window */
    return 0;
}

static int set_up_small(void **state)
{
    (void)state;
    struct world_options options = {.queue_maximum = 4};
    world_init_peopled(&world, &options);
    return 0;
}

static void flush(void)
{
    uint64_t before = counts_waiting(world.api->counts);
    assert_true(before > 0);
    api_flush_counts(world.api, &world.mailbox);
    assert_int_equal(counts_waiting(world.api->counts), 0);
    world_pump_once(&world);
}

static struct reply get(const char *oin, const char *target)
{
    struct ask ask = {.oin = oin, .target = target};
    struct reply reply;
    world_ask(&world, &ask, &reply);
    return reply;
}

static void test_rate(void **state)
{
    (void)state;
    for (int i = 0; i < 5; i++) {
        struct reply reply = get(SCHOOL, "/v1/parties/self");
        char start[32];
        assert_int_equal(reply.status, 200);
        snprintf(start, sizeof(start), "\"requests\";r=%d;t=", 4 - i);
        assert_ptr_equal(strstr(reply_header(&reply, "RateLimit"), start),
                         reply_header(&reply, "RateLimit"));
        assert_string_equal(reply_header(&reply, "RateLimit-Policy"), "\"requests\";q=5;w=60");
        reply_free(&reply);
    }
    uint64_t before = world_log_size(&world);
    for (int i = 0; i < 3; i++) {
        struct reply reply = get(SCHOOL, "/v1/signals");
        assert_int_equal(reply.status, 429);
        assert_slug(reply.json, "rate-limited");
        assert_in_range(atoi(reply_header(&reply, "Retry-After")), 1, 60);
        reply_free(&reply);
    }
    struct reply other = get(CARE, "/v1/parties/self"); /* has a window of its own */
    assert_int_equal(other.status, 200);
    reply_free(&other);
    assert_int_equal(world_log_size(&world), before);
    flush();
    assert_int_equal(world_log_size(&world), before + 1);
    json_t *entry = world_last_entry(&world, 0);
    assert_string_equal(text_at(entry, "name"), "refusals-counted");
    assert_string_equal(text_at(entry, "verwijsindex.outcome"), "rate-limited");
    assert_string_equal(text_at(entry, "verwijsindex.party"), SCHOOL);
    assert_int_equal(json_integer_value(json_object_get(entry, "verwijsindex.count")), 3);
    json_decref(entry);

    clock_advance(CLOCK_MINUTE);
    struct reply again = get(SCHOOL, "/v1/parties/self");
    assert_int_equal(again.status, 200);
    reply_free(&again);
}

/* Strangers are refused with an entry each, so these are limited, too: all of them together. */
static void test_rate_of_strangers(void **state)
{
    (void)state;
    uint64_t before = world_log_size(&world);
    for (int i = 0; i < 20; i++) {
        struct reply reply = get(i % 2 == 0 ? STRANGER : "", "/v1/signals");
        assert_int_equal(reply.status, i < 5 ? 403 : 429);
        reply_free(&reply);
    }
    assert_int_equal(world_log_size(&world), before + 5);
    assert_int_equal(counts_waiting(world.api->counts), 7); /* those that gave an OIN */
    flush();
    json_t *entry = world_last_entry(&world, 0);
    assert_string_equal(text_at(entry, "verwijsindex.party"), STRANGER);
    assert_int_equal(json_integer_value(json_object_get(entry, "verwijsindex.count")), 7);
    json_decref(entry);
}

static void test_evaluations(void **state)
{
    (void)state;
    struct oprf_element element;
    struct oprf_scalar scalar;
    char text[64];
    char body[256];
    oprf_random_scalar(&scalar);
    assert_int_equal(oprf_public_key(&scalar, &element), 0);
    secret_to_base64url(element.bytes, sizeof(element.bytes), text);
    snprintf(body, sizeof(body), "{\"elements\":[\"%s\",\"%s\"]}", text, text);
    world_act(&world, SCHOOL, PARTY_ALLOW);
    struct ask ask = {
        .oin = SCHOOL, .method = HTTP_POST, .target = "/v1/pseudonyms/_evaluate", .body = body};
    struct reply reply;
    world_ask(&world, &ask, &reply);
    assert_int_equal(reply.status, 200);
    assert_string_equal(reply_header(&reply, "RateLimit-Policy"),
                        "\"requests\";q=5;w=60, \"evaluations\";q=3;w=60");
    reply_free(&reply);
    uint64_t before = world_log_size(&world);
    world_ask(&world, &ask, &reply);
    assert_int_equal(reply.status, 429);
    assert_int_equal(world_log_size(&world), before);
    reply_free(&reply);
    snprintf(body, sizeof(body), "{\"elements\":[\"%s\"]}", text);
    world_ask(&world, &ask, &reply); /* one is left */
    assert_int_equal(reply.status, 200);
    reply_free(&reply);
}

static const struct ask posting = {.oin = SCHOOL,
                                   .method = HTTP_POST,
                                   .target = "/v1/signals",
                                   .body = "{\"bsn\":\"" BSN_ONE "\",\"professional\":\"p1\","
                                           "\"birthDate\":\"2015-05-01\"}"};

/* Fills the queue while the committer is held; returns how many requests wait. The first one is
 * for the committer to be held with: else it might take what fills the queue at any moment. */
static size_t fill_queue(struct reply *replies, size_t maximum)
{
    const struct ask ask = {.oin = CARE, .target = "/v1/signals"};
    world_hold(&world);
    world_begin(&world, &ask, &replies[0]);
    world_await_hold(&world);
    for (size_t i = 1; i < maximum; i++) {
        world_begin(&world, &ask, &replies[i]);
        if (replies[i].finished) {
            world_wait(&world, &replies[i]);
            assert_int_equal(replies[i].status, 503);
            assert_non_null(reply_header(&replies[i], "Retry-After"));
            reply_free(&replies[i]);
            return i;
        }
    }
    fail_msg("the queue has no bound");
    return 0;
}

static void test_overload(void **state)
{
    (void)state;
    static struct reply replies[1024];
    size_t waiting = fill_queue(replies, ARRAY_LENGTH(replies));
    /* What cannot be logged is refused, be it a refusal. */
    static const char *const targets[] = {"/v1/signals", "/v1/nothing", "/v1/signals/x"};
    for (size_t i = 0; i < ARRAY_LENGTH(targets); i++) {
        struct reply reply = get(SCHOOL, targets[i]);
        assert_int_equal(reply.status, 503);
        assert_slug(reply.json, "overloaded");
        assert_string_equal(reply_header(&reply, "Retry-After"), "1");
        reply_free(&reply);
    }
    world_let_go(&world);
    for (size_t i = 0; i < waiting; i++) {
        world_wait(&world, &replies[i]);
        assert_int_equal(replies[i].status, 200);
        reply_free(&replies[i]);
    }
    assert_int_equal(counts_waiting(world.api->counts), ARRAY_LENGTH(targets) + 1);
    api_flush_counts(world.api, &world.mailbox);
    assert_int_equal(counts_waiting(world.api->counts), 0);
    world_put_professional(&world, SCHOOL, "after"); /* is committed after the counts */
    json_t *page = world_get(&world, SCHOOL, "/v1/parties/self", 200);
    json_decref(page);
    page = world_get(&world, AUDITOR, "/v1/log-entries?event=refusals-counted", 200);
    assert_int_equal(json_array_size(json_object_get(page, "logEntries")), 2);
    json_decref(page);
}

/* Counts that cannot be handed over are not lost. */
static void test_counts_are_kept(void **state)
{
    (void)state;
    static struct reply replies[1024];
    size_t waiting = fill_queue(replies, ARRAY_LENGTH(replies));
    uint64_t before = counts_waiting(world.api->counts);
    assert_int_equal(before, 1);
    api_flush_counts(world.api, &world.mailbox);
    assert_int_equal(counts_waiting(world.api->counts), before);
    world_let_go(&world);
    for (size_t i = 0; i < waiting; i++) {
        world_wait(&world, &replies[i]);
        reply_free(&replies[i]);
    }
    flush();
}

static void test_full(void **state)
{
    (void)state;
    struct kv_faulty_plan plan = {.free_bytes = 1};
    kv_faulty_set(world.engine, &plan);
    /* The room is measured before a batch. */
    struct reply reply;
    do {
        world_ask(&world, &posting, &reply);
        bool refused = reply.status == 507;
        if (refused) {
            assert_slug(reply.json, "storage-full");
        }
        reply_free(&reply);
        if (refused) {
            break;
        }
    } while (true);
    assert_true(counts_waiting(world.api->counts) > 0);
    plan.free_bytes = 0;
    kv_faulty_set(world.engine, &plan);
}

/* Nothing that was erased meanwhile is answered: what is logged is re-checked, and read again. */
static void test_stale_is_read_again(void **state)
{
    (void)state;
    json_t *posted = world_signal(&world, SCHOOL, BSN_ONE, "p1", "a", 201);
    json_decref(world_signal(&world, CARE, BSN_ONE, "p1", "b", 201));
    char target[128];
    snprintf(target, sizeof(target), "/v1/signals/%s?reason=wrongful", text_at(posted, "id"));
    const struct ask withdraw = {.oin = SCHOOL, .method = HTTP_DELETE, .target = target};
    const struct ask read = {.oin = CARE, .target = "/v1/matches"};
    struct reply withdrawn;
    struct reply matches;
    world_hold(&world);
    world_begin(&world, &withdraw, &withdrawn);
    world_begin(&world, &read, &matches); /* its snapshot still shows the match */
    assert_false(withdrawn.finished);
    assert_false(matches.finished);
    world_let_go(&world);
    world_wait(&world, &withdrawn);
    world_wait(&world, &matches);
    assert_int_equal(withdrawn.status, 204);
    assert_int_equal(matches.status, 200);
    assert_false(json_holds(matches.json, "De Regenboog"));
    assert_string_equal(text_at(matches.json, "matches/0/status"), "ended");
    reply_free(&withdrawn);
    reply_free(&matches);
    json_decref(posted);
    /* One when it signalled, and one for what was answered: none for what was not. */
    json_t *page = world_get(&world, AUDITOR, "/v1/log-entries?event=match-read&party=" CARE, 200);
    assert_int_equal(json_array_size(json_object_get(page, "logEntries")), 2);
    json_decref(page);
}

/* Whoever is suspended meanwhile is refused, though the snapshot still let him in. */
static void test_stale_party_is_refused(void **state)
{
    (void)state;
    struct reply suspended;
    struct reply posted;
    const struct ask suspend = {
        .is_operator = true, .method = HTTP_POST, .target = "/control/parties/" SCHOOL "/_suspend"};
    world_hold(&world);
    world_begin(&world, &suspend, &suspended);
    world_begin(&world, &posting, &posted);
    world_let_go(&world);
    world_wait(&world, &suspended);
    world_wait(&world, &posted);
    assert_int_equal(suspended.status, 200);
    assert_int_equal(posted.status, 403);
    assert_slug(posted.json, "party-suspended");
    reply_free(&suspended);
    reply_free(&posted);
}

/* An outcome that is not known is never called a success. */
static void test_failed_commit(void **state)
{
    (void)state;
    struct kv_faulty_plan plan = {.fail_commit_at = 1, .commit_result = -EIO};
    kv_faulty_set(world.engine, &plan);
    struct reply reply;
    world_ask(&world, &posting, &reply);
    assert_in_range(reply.status, 500, 503);
    reply_free(&reply);
    world_ask(&world, &posting, &reply);
    assert_in_range(reply.status, 500, 503);
    reply_free(&reply);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_rate, set_up_limited, tear_down),
        cmocka_unit_test_setup_teardown(test_rate_of_strangers, set_up_limited, tear_down),
        cmocka_unit_test_setup_teardown(test_evaluations, set_up_limited, tear_down),
        cmocka_unit_test_setup_teardown(test_overload, set_up_small, tear_down),
        cmocka_unit_test_setup_teardown(test_counts_are_kept, set_up_small, tear_down),
        TEST(test_full),
        TEST(test_stale_is_read_again),
        TEST(test_stale_party_is_refused),
        TEST(test_failed_commit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
