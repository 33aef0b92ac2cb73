/* SPDX-License-Identifier: EUPL-1.2 */
/* What the population register tells, through the whole interface. */
#include "tests/unit/proto/fixture.h"

#define BSN_THREE "950000036"
#define BSN_PARENT "950000048"

static int set_up_with_registry(void **state)
{
    int result = set_up(state);
    world_add_party(&world, REGISTRY, "Bevolking", PARTY_REGISTRY, 0);
    return result;
}
#undef TEST
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up_with_registry, tear_down)

static void tell(const char *body)
{
    assert_null(world_post(&world, REGISTRY, "/v1/person-events", body, 204));
}

static json_t *signal_of(const char *oin, const char *bsn)
{
    return world_signal(&world, oin, bsn, "p1", "x", 201);
}

static bool is_matched(const json_t *posted)
{
    return json_is_object(json_object_get(posted, "match"));
}

/* ---- what comes of it ---- */

static void test_died(void **state)
{
    (void)state;
    json_t *posted = signal_of(SCHOOL, BSN_ONE);
    tell("{\"type\":\"died\",\"bsn\":\"" BSN_ONE "\"}");
    char target[128];
    snprintf(target, sizeof(target), "/v1/signals/%s", text_at(posted, "id"));
    json_decref(world_get(&world, SCHOOL, target, 404));
    json_decref(posted);
}

static void test_moved(void **state)
{
    (void)state;
    json_decref(signal_of(SCHOOL, BSN_ONE));
    tell("{\"type\":\"moved\",\"bsn\":\"" BSN_ONE "\",\"municipality\":\"0363\"}");
    json_t *page = world_get(&world, SCHOOL, "/v1/notices", 200);
    assert_null(body_check_answer(page, &shape_notice_page));
    assert_string_equal(text_at(page, "notices/0/type"), "nl.verwijsindex.youth-moved.v1");
    assert_string_equal(text_at(page, "notices/0/data/municipality"), "0363");
    assert_string_equal(text_at(page, "notices/0/data/ownSignal/reference"), "x");
    json_decref(page);
}

static void test_replaced(void **state)
{
    (void)state;
    json_decref(signal_of(SCHOOL, BSN_ONE));
    tell("{\"type\":\"bsn-replaced\",\"bsn\":\"" BSN_ONE "\",\"replacedBy\":\"" BSN_TWO "\"}");
    json_t *posted = signal_of(CARE, BSN_TWO);
    assert_true(is_matched(posted));
    json_decref(posted);
}

static void test_assigned(void **state)
{
    (void)state;
#define PERSON "\"person\":{\"familyName\":\"de Boer\",\"birthDate\":\"2015-05-01\",\"sex\":\"m\"}"
    json_decref(
        world_post(&world, SCHOOL, "/v1/signals", "{" PERSON ",\"professional\":\"p1\"}", 201));
    tell("{\"type\":\"bsn-assigned\"," PERSON ",\"bsn\":\"" BSN_ONE "\"}");
    json_t *posted = signal_of(CARE, BSN_ONE);
    assert_true(is_matched(posted));
    json_decref(posted);
}

/* Two children of one parent: a family match, which shows everybody and never who is on whom. */
static void test_family(void **state)
{
    (void)state;
    tell("{\"type\":\"relations\",\"bsn\":\"" BSN_ONE "\",\"parents\":[\"" BSN_PARENT "\"]}");
    tell("{\"type\":\"relations\",\"bsn\":\"" BSN_TWO "\",\"parents\":[\"" BSN_PARENT "\"],"
         "\"address\":\"Dorpsstraat 1\",\"institution\":false}");
    json_decref(signal_of(SCHOOL, BSN_ONE));
    json_decref(signal_of(CARE, BSN_TWO));
    uint64_t before = world_log_size(&world);
    json_t *page = world_get(&world, SCHOOL, "/v1/notices", 200);
    assert_null(body_check_answer(page, &shape_notice_page));
    assert_string_equal(text_at(page, "notices/0/data/kind"), "family");
    assert_true(json_holds(page, "Jeugdhulp Noord"));
    assert_false(json_holds(page, BSN_PARENT));
    /* The offering is an entry, and so is the showing of the match: one on each child. */
    assert_int_equal(world_log_size(&world), before + 3);
    assert_entry("match-read", "done");
    json_t *first = world_last_entry(&world, 1);
    assert_string_equal(text_at(first, "name"), "match-read");
    json_decref(first);
    json_decref(page);

    page = world_get(&world, SCHOOL, "/v1/matches", 200);
    assert_null(body_check_answer(page, &shape_match_list));
    assert_string_equal(text_at(page, "matches/0/kind"), "family");
    json_decref(page);
    /* What is stated is all there is: the parent is not there any more. */
    tell("{\"type\":\"relations\",\"bsn\":\"" BSN_ONE "\"}");
    page = world_get(&world, SCHOOL, "/v1/matches?status=open", 200);
    assert_int_equal(json_array_size(json_object_get(page, "matches")), 0);
    json_decref(page);
}

/* ---- the register learns nothing ---- */

struct answer {
    int status;
    char headers[1024];
};

static struct answer answer_to(const char *body)
{
    struct answer answer = {0};
    struct ask ask = {
        .oin = REGISTRY, .method = HTTP_POST, .target = "/v1/person-events", .body = body};
    struct reply reply;
    world_ask(&world, &ask, &reply);
    answer.status = reply.status;
    for (size_t i = 0; i < reply.response->header_count; i++) {
        const struct http_header *header = &reply.response->headers[i];
        bool counts =
            strcmp(header->name, "Log-Index") == 0 || strcmp(header->name, "RateLimit") == 0;
        size_t length = strlen(answer.headers);
        snprintf(answer.headers + length, sizeof(answer.headers) - length, "%s: %s\n", header->name,
                 counts ? "n" : header->value);
    }
    assert_int_equal(reply.response->body_size, 0);
    reply_free(&reply);
    return answer;
}

static void test_known_or_not(void **state)
{
    (void)state;
    static const struct {
        const char *before; /* the number */
        const char *after;
    } events[] = {
        {"{\"type\":\"moved\",\"municipality\":\"0361\",\"bsn\":\"", "\"}"},
        {"{\"type\":\"relations\",\"bsn\":\"", "\",\"parents\":[]}"},
        {"{\"type\":\"bsn-replaced\",\"bsn\":\"" BSN_THREE "\",\"replacedBy\":\"", "\"}"},
        {"{\"type\":\"died\",\"bsn\":\"", "\"}"},
    };
    json_decref(signal_of(SCHOOL, BSN_ONE));
    for (size_t i = 0; i < ARRAY_LENGTH(events); i++) {
        char body[256];
        snprintf(body, sizeof(body), "%s%s%s", events[i].before, BSN_ONE, events[i].after);
        struct answer known = answer_to(body);
        snprintf(body, sizeof(body), "%s%s%s", events[i].before, BSN_TWO, events[i].after);
        struct answer unknown = answer_to(body);
        assert_int_equal(known.status, 204);
        assert_int_equal(unknown.status, 204);
        assert_string_equal(known.headers, unknown.headers);
    }
}

/* More numbers of one child than can be kept: that there is such a child is not told either. */
static void test_too_many_numbers(void **state)
{
    (void)state;
    json_decref(signal_of(SCHOOL, BSN_ONE));
    unsigned done = 0;
    for (unsigned number = 950000100; done < 20; number++) {
        char text[16];
        char body[128];
        snprintf(text, sizeof(text), "%u", number);
        if (format_bsn.check(text, strlen(text)) != NULL) {
            continue;
        }
        snprintf(body, sizeof(body),
                 "{\"type\":\"bsn-replaced\",\"bsn\":\"%s\",\"replacedBy\":\"" BSN_ONE "\"}", text);
        tell(body);
        done++;
    }
    assert_entry("request-refused", "conflict");
}

/* ---- faults ---- */

static void test_faults(void **state)
{
    (void)state;
    static const struct {
        const char *body;
        const char *pointers;
    } cases[] = {
        {"{}", "#/type"},
        {"{\"type\":\"born\",\"bsn\":\"" BSN_ONE "\"}", "#/type"},
        {"{\"type\":\"died\"}", "#/bsn"},
        {"{\"type\":\"died\",\"bsn\":\"950000013\"}", "#/bsn"},
        {"{\"type\":\"died\",\"bsn\":\"" BSN_ONE "\"," PERSON "}", "#/person"},
        {"{\"type\":\"died\",\"bsn\":\"" BSN_ONE "\",\"municipality\":\"0361\","
         "\"replacedBy\":\"" BSN_TWO "\",\"parents\":[],\"address\":\"a 1\",\"institution\":true}",
         "#/municipality #/replacedBy #/parents #/address #/institution"},
        {"{\"type\":\"moved\",\"bsn\":\"" BSN_ONE "\"}", "#/municipality"},
        {"{\"type\":\"moved\",\"municipality\":\"361\"}", "#/municipality #/bsn"},
        {"{\"type\":\"bsn-replaced\"}", "#/bsn #/replacedBy"},
        {"{\"type\":\"bsn-replaced\"," PERSON ",\"replacedBy\":\"" BSN_TWO "\"}", "#/bsn #/person"},
        {"{\"type\":\"bsn-replaced\",\"bsn\":\"010000008\",\"replacedBy\":\"10000008\"}",
         "#/replacedBy"},
        {"{\"type\":\"bsn-assigned\",\"bsn\":\"" BSN_ONE "\"}", "#/person"},
        {"{\"type\":\"bsn-assigned\"," PERSON "}", "#/bsn"},
        {"{\"type\":\"bsn-assigned\",\"bsn\":\"" BSN_ONE "\",\"person\":{\"familyName\":\"a\","
         "\"birthDate\":\"2999-01-01\",\"sex\":\"m\"}}",
         "#/person/birthDate"},
        {"{\"type\":\"relations\",\"bsn\":\"" BSN_ONE "\",\"parents\":[\"" BSN_TWO
         "\",\"950000013\",\"" BSN_TWO "\",\"" BSN_ONE "\"],\"address\":\"-\","
         "\"institution\":\"no\"}",
         "#/parents/1 #/address #/institution #/parents/2 #/parents/3"},
        {"{\"type\":\"relations\",\"bsn\":\"" BSN_ONE "\",\"parents\":[\"" BSN_ONE "\",\"" BSN_ONE
         "\",\"" BSN_ONE "\",\"" BSN_ONE "\",\"" BSN_ONE "\"]}",
         "#/parents"},
        {"{\"type\":\"relations\",\"bsn\":\"" BSN_ONE "\",\"element\":\"x\"}", "#/element"},
    };
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        char found[256] = "";
        json_t *json = world_post(&world, REGISTRY, "/v1/person-events", cases[i].body, 400);
        const json_t *errors = json_object_get(json, "errors");
        for (size_t j = 0; j < json_array_size(errors); j++) {
            size_t length = strlen(found);
            snprintf(found + length, sizeof(found) - length, "%s%s", j > 0 ? " " : "",
                     text_at(json_array_get(errors, j), "pointer"));
        }
        if (strcmp(found, cases[i].pointers) != 0) {
            print_error("%s\n", cases[i].body);
        }
        assert_string_equal(found, cases[i].pointers);
        assert_false(json_holds(json, "9500000"));
        assert_entry("request-refused", "invalid-request");
        json_decref(json);
    }
}

/* The register needs no agreement with anybody, and nobody else may speak for it. */
static void test_who(void **state)
{
    (void)state;
    static const char body[] = "{\"type\":\"died\",\"bsn\":\"" BSN_ONE "\"}";
    json_t *json = world_post(&world, MUNICIPALITY, "/v1/person-events", body, 403);
    assert_slug(json, "role-missing");
    json_decref(json);
    struct store_party_change change;
    store_party_change_init(&change);
    change.action = PARTY_AGREEMENT_ADD;
    change.agreement = (struct agreement){361, calendar_dutch_day(clock_now()) - 1};
    world_change(&world, &change, REGISTRY);
    tell(body);
    json_decref(world_get(&world, REGISTRY, "/v1/parties/self", 403)); /* it has ended */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_died),
        TEST(test_moved),
        TEST(test_replaced),
        TEST(test_assigned),
        TEST(test_family),
        TEST(test_known_or_not),
        TEST(test_too_many_numbers),
        TEST(test_faults),
        TEST(test_who),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
