/* SPDX-License-Identifier: EUPL-1.2 */
/* Signals through the whole interface, on a real store. */
#include "tests/unit/proto/fixture.h"

static void test_post(void **state)
{
    (void)state;
    struct ask ask = {.oin = SCHOOL,
                      .method = HTTP_POST,
                      .target = "/v1/signals",
                      .body = "{\"bsn\":\"" BSN_ONE "\",\"professional\":\"p1\","
                              "\"birthDate\":\"2015-05-01\",\"reference\":\"dossier-17\"}"};
    struct reply reply;
    world_ask(&world, &ask, &reply);
    assert_int_equal(reply.status, 201);
    assert_null(body_check_answer(reply.json, &shape_signal_posted));
    assert_string_equal(text_at(reply.json, "status"), "active");
    assert_string_equal(text_at(reply.json, "municipality"), "0361");
    assert_string_equal(text_at(reply.json, "reference"), "dossier-17");
    assert_true(json_is_null(json_object_get(reply.json, "match")));
    char location[128];
    snprintf(location, sizeof(location), "/v1/signals/%s", text_at(reply.json, "id"));
    assert_string_equal(reply_header(&reply, "Location"), location);
    assert_non_null(reply_header(&reply, "Log-Index"));
    assert_false(json_holds(reply.json, BSN_ONE));
    reply_free(&reply);

    json_t *entry = world_last_entry(&world, 0);
    assert_string_equal(text_at(entry, "name"), "signal-posted");
    assert_string_equal(text_at(entry, "verwijsindex.party"), SCHOOL);
    assert_string_equal(text_at(entry, "verwijsindex.outcome"), "done");
    assert_true(json_is_true(json_object_get(entry, "subject")));
    json_decref(entry);
}

/* Posts `body` and returns the pointers of all faults, joined by spaces, in a static buffer. */
static const char *faults_of(const char *oin, const char *body)
{
    static char pointers[1024];
    json_t *json = world_post(&world, oin, "/v1/signals", body, 400);
    assert_string_equal(text_at(json, "type"),
                        "https://verwijsindex.example/problems/invalid-request");
    const json_t *errors = json_object_get(json, "errors");
    pointers[0] = '\0';
    for (size_t i = 0; i < json_array_size(errors); i++) {
        const json_t *error = json_array_get(errors, i);
        assert_true(strlen(text_at(error, "detail")) > 0);
        if (i > 0) {
            strcat(pointers, " ");
        }
        strcat(pointers, text_at(error, "pointer"));
    }
    json_decref(json);
    return pointers;
}

static void test_faults(void **state)
{
    (void)state;
#define REST "\"professional\":\"p1\",\"birthDate\":\"2015-05-01\""
    static const struct {
        const char *body;
        const char *pointers;
    } cases[] = {
        {"{\"bsn\":\"950000013\"," REST "}", "#/bsn"},
        {"{\"bsn\":\"000000000\"," REST "}", "#/bsn"},
        {"{\"bsn\":\"9500000\"," REST "}", "#/bsn"},
        {"{\"bsn\":\"9500000120\"," REST "}", "#/bsn"},
        {"{\"bsn\":\"95000001a\"," REST "}", "#/bsn"},
        {"{\"bsn\":950000012," REST "}", "#/bsn"},
        {"{\"bsn\":null," REST "}", "#/bsn"},
        {"{" REST "}", "#/bsn"},
        {"{\"bsn\":\"950000012\",\"professional\":\"p1\"}", "#/birthDate"},
        {"{\"bsn\":\"950000012\",\"birthDate\":\"2015-05-01\"}", "#/professional"},
        {"{\"bsn\":\"950000012\",\"professional\":\"nobody\",\"birthDate\":\"2015-05-01\"}",
         "#/professional"},
        {"{\"bsn\":\"950000012\",\"professional\":\"a b\",\"birthDate\":\"2015-02-29\"}",
         "#/professional #/birthDate"},
        {"{\"bsn\":\"950000012\",\"professional\":\"p1\",\"birthDate\":\"2099-01-01\"}",
         "#/birthDate"},
        {"{\"bsn\":\"950000012\",\"professional\":\"p1\",\"birthDate\":\"1990-01-01\"}",
         "#/birthDate"},
        {"{\"bsn\":\"950000012\",\"municipality\":\"0362\"," REST "}", "#/municipality"},
        {"{\"bsn\":\"950000012\",\"municipality\":\"361\"," REST "}", "#/municipality"},
        {"{\"bsn\":\"950000012\",\"reference\":\"a\\u0007b\"," REST "}", "#/reference"},
        {"{\"bsn\":\"950000012\",\"reference\":\"" /* 65 characters */
         "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\"," REST "}",
         "#/reference"},
        {"{\"bsn\":\"950000012\",\"reference\":\"950000012\"," REST "}", "#/reference"},
        {"{\"bsn\":\"950000012\",\"reference\":\"12345672\"," REST "}", "#/reference"},
        {"{\"bsn\":\"950000012\",\"quiet\":\"yes\"," REST "}", "#/quiet"},
        {"{\"person\":{}," REST "}", "#/person/familyName #/person/birthDate #/person/sex"},
        {"{\"person\":7," REST "}", "#/person"},
        {"{\"bsn\":\"950000012\",\"person\":{\"familyName\":\"'-\",\"birthDate\":\"2015-5-1\","
         "\"sex\":\"Z\",\"bsn\":\"950000012\"}," REST "}",
         "#/person/familyName #/person/birthDate #/person/sex #/person/bsn #/person"},
        {"{\"person\":{\"familyName\":\"Berg\",\"birthDate\":\"2015-05-02\",\"sex\":\"V\"}," REST
         "}",
         "#/birthDate"},
        {"{\"person\":{\"familyName\":\"Berg\",\"birthDate\":\"2099-05-02\",\"sex\":\"V\"},"
         "\"professional\":\"p1\"}",
         "#/person/birthDate"},
        {"{\"person\":{\"familyName\":\"Berg\",\"birthDate\":\"1999-05-02\",\"sex\":\"V\"},"
         "\"professional\":\"p1\"}",
         "#/person/birthDate"},
        {"{\"bsn\":\"950000012\",\"keyId\":1," REST "}", "#/keyId"},
        {"{\"bsn\":\"950000012\",\"950000012\":1," REST "}", "#"},
        {"{\"bsn\":\"950000012\",\"bsn\":\"950000012\"," REST "}", "#"},
        {"{\"element\":\"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\",\"keyId\":1," REST "}",
         "#/element"},
        {"{\"element\":\"__________________________________________8\",\"keyId\":1," REST "}",
         "#/element"},
        {"{\"element\":\"4vVyfQ\"," REST "}", "#/element #/keyId"},
        {"{\"element\":\"4vVyfQ\",\"bsn\":\"950000012\",\"keyId\":9," REST "}",
         "#/element #/element #/keyId"},
        {"[]", "#"},
        {"{\"bsn\":\"950000012\"", "#"},
        {"{\"bsn\":\"\xff\xfe\"," REST "}", "#"},
        {"[[[[[[[[[[[[]]]]]]]]]]]]", "#"},
        {"{\"bsn\":\"95000\\u00000012\"," REST "}", "#"},
    };
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        uint64_t before = world_log_size(&world);
        const char *pointers = faults_of(SCHOOL, cases[i].body);
        if (strcmp(pointers, cases[i].pointers) != 0) {
            print_error("%s\n", cases[i].body);
        }
        assert_string_equal(pointers, cases[i].pointers);
        /* The refusal is in the log before the answer, and that is all there is in it. */
        assert_int_equal(world_log_size(&world), before + 1);
        json_t *entry = world_last_entry(&world, 0);
        assert_string_equal(text_at(entry, "name"), "request-refused");
        assert_string_equal(text_at(entry, "verwijsindex.outcome"), "invalid-request");
        assert_false(json_holds(entry, BSN_ONE));
        json_decref(entry);
    }
}

static void test_body_is_required(void **state)
{
    (void)state;
    struct ask ask = {.oin = SCHOOL, .method = HTTP_POST, .target = "/v1/signals"};
    struct reply reply;
    world_ask(&world, &ask, &reply);
    assert_int_equal(reply.status, 400);
    reply_free(&reply);
}

static void test_same_professional_again(void **state)
{
    (void)state;
    json_t *first = world_signal(&world, SCHOOL, BSN_ONE, "p1", "first", 201);
    json_t *again = world_signal(&world, SCHOOL, BSN_ONE, "p1", "second", 200);
    assert_string_equal(text_at(first, "id"), text_at(again, "id"));
    assert_string_equal(text_at(again, "reference"), "first");
    assert_true(json_is_null(json_object_get(again, "match")));
    json_decref(first);
    json_decref(again);
}

static void test_two_parties_match(void **state)
{
    (void)state;
    json_t *first = world_signal(&world, SCHOOL, BSN_ONE, "p1", "school-1", 201);
    json_t *second = world_signal(&world, CARE, BSN_ONE, "p1", "care-1", 201);
    assert_null(body_check_answer(second, &shape_signal_posted));
    assert_string_equal(text_at(second, "match/kind"), "child");
    assert_true(json_holds(second, "De Regenboog"));
    assert_true(json_holds(second, "p1@example.nl"));
    assert_false(json_holds(second, "school-1"));
    assert_false(json_holds(second, text_at(first, "id")));
    json_t *entry = world_last_entry(&world, 0);
    assert_string_equal(text_at(entry, "name"), "match-read");
    assert_string_equal(text_at(entry, "verwijsindex.party"), CARE);
    json_decref(entry);
    json_decref(first);
    json_decref(second);
}

/* Eight digits without the leading zero are the same child. */
static void test_leading_zero(void **state)
{
    (void)state;
    json_decref(world_signal(&world, SCHOOL, "010000008", "p1", "a", 201));
    json_t *second = world_signal(&world, CARE, "10000008", "p1", "b", 201);
    assert_true(json_is_object(json_object_get(second, "match")));
    json_decref(second);
}

static void test_read(void **state)
{
    (void)state;
    json_t *posted = world_signal(&world, SCHOOL, BSN_ONE, "p1", "a", 201);
    char target[128];
    snprintf(target, sizeof(target), "/v1/signals/%s", text_at(posted, "id"));
    json_t *got = world_get(&world, SCHOOL, target, 200);
    assert_null(body_check_answer(got, &shape_signal));
    assert_string_equal(text_at(got, "id"), text_at(posted, "id"));
    json_t *entry = world_last_entry(&world, 0);
    assert_string_equal(text_at(entry, "name"), "signal-read");
    json_decref(entry);
    json_decref(got);
    json_decref(posted);
}

struct picture {
    char *body;
    char headers[2048];
    char *entry;
};

/* All of an answer that a client can see, but for numbers that count. */
static struct picture look(const char *oin, const char *target, enum http_method method)
{
    struct picture picture = {0};
    struct ask ask = {.oin = oin, .target = target, .method = method};
    struct reply reply;
    world_ask(&world, &ask, &reply);
    assert_int_equal(reply.status, 404);
    picture.body = json_dumps(reply.json, 0);
    for (size_t i = 0; i < reply.response->header_count; i++) {
        const struct http_header *header = &reply.response->headers[i];
        bool counts =
            strcmp(header->name, "Log-Index") == 0 || strcmp(header->name, "RateLimit") == 0;
        size_t length = strlen(picture.headers);
        snprintf(picture.headers + length, sizeof(picture.headers) - length, "%s: %s\n",
                 header->name, counts ? "n" : header->value);
    }
    reply_free(&reply);
    json_t *entry = world_last_entry(&world, 0);
    json_object_del(entry, "verwijsindex.index");
    json_object_del(entry, "trace_id");
    picture.entry = json_dumps(entry, JSON_SORT_KEYS);
    json_decref(entry);
    return picture;
}

static void picture_free(struct picture *picture)
{
    secret_free(picture->body);
    secret_free(picture->entry);
}

static void assert_alike(const char *oin, const char *target, const char *other,
                         enum http_method method)
{
    struct picture a = look(oin, target, method);
    struct picture b = look(oin, other, method);
    assert_string_equal(a.body, b.body);
    assert_string_equal(a.headers, b.headers);
    assert_string_equal(a.entry, b.entry);
    picture_free(&a);
    picture_free(&b);
}

/* Another party's signal, none, and no id at all are the same to whoever asks. */
static void test_others_signal_is_none(void **state)
{
    (void)state;
    json_t *posted = world_signal(&world, SCHOOL, BSN_ONE, "p1", "a", 201);
    char own[128];
    char deleted[160];
    snprintf(own, sizeof(own), "/v1/signals/%s", text_at(posted, "id"));
    snprintf(deleted, sizeof(deleted), "%s?reason=ended", own);
    const char *none = "/v1/signals/01890000-0000-7000-8000-000000000000";
    const char *none_deleted = "/v1/signals/01890000-0000-7000-8000-000000000000?reason=ended";
    assert_alike(CARE, own, none, HTTP_GET);
    assert_alike(CARE, own, "/v1/signals/nonsense", HTTP_GET);
    assert_alike(CARE, own, "/v1/signals/%zz", HTTP_GET);
    assert_alike(CARE, deleted, none_deleted, HTTP_DELETE);
    assert_alike(CARE, deleted, "/v1/signals/x?reason=ended", HTTP_DELETE);
    json_decref(world_get(&world, SCHOOL, own, 200));
    json_decref(posted);
}

static void test_withdraw(void **state)
{
    (void)state;
    json_t *posted = world_signal(&world, SCHOOL, BSN_ONE, "p1", "a", 201);
    char target[128];
    char reasoned[160];
    snprintf(target, sizeof(target), "/v1/signals/%s", text_at(posted, "id"));
    json_t *refused = world_send(&world, SCHOOL, HTTP_DELETE, target, NULL, 400);
    assert_string_equal(text_at(refused, "errors/0/pointer"), "#/reason");
    json_decref(refused);
    snprintf(reasoned, sizeof(reasoned), "%s?reason=whatever", target);
    json_decref(world_send(&world, SCHOOL, HTTP_DELETE, reasoned, NULL, 400));

    snprintf(reasoned, sizeof(reasoned), "%s?reason=wrongful", target);
    struct ask ask = {.oin = SCHOOL, .method = HTTP_DELETE, .target = reasoned};
    struct reply reply;
    world_ask(&world, &ask, &reply);
    assert_int_equal(reply.status, 204);
    assert_int_equal(reply.response->body_size, 0);
    assert_non_null(reply_header(&reply, "Log-Index"));
    reply_free(&reply);
    assert_null(world_send(&world, SCHOOL, HTTP_DELETE, reasoned, NULL, 204));
    json_decref(world_get(&world, SCHOOL, target, 404));
    json_decref(posted);
}

static void test_list(void **state)
{
    (void)state;
    char target[512] = "/v1/signals?limit=2";
    for (unsigned i = 0; i < 5; i++) {
        char professional[16];
        char reference[16];
        snprintf(professional, sizeof(professional), "q%u", i);
        snprintf(reference, sizeof(reference), "r%u", i);
        world_put_professional(&world, SCHOOL, professional);
        json_decref(world_signal(&world, SCHOOL, BSN_ONE, professional, reference, 201));
    }
    unsigned seen = 0;
    for (bool more = true; more;) {
        json_t *page = world_get(&world, SCHOOL, target, 200);
        assert_null(body_check_answer(page, &shape_signal_list));
        const json_t *signals = json_object_get(page, "signals");
        for (size_t i = 0; i < json_array_size(signals); i++) {
            char expected[16];
            snprintf(expected, sizeof(expected), "r%u", seen++);
            assert_string_equal(text_at(json_array_get(signals, i), "reference"), expected);
        }
        /* What comes in meanwhile is not in this list, which goes by the millisecond. */
        if (seen == 2) {
            world_advance(&world, 2);
            world_put_professional(&world, SCHOOL, "late");
            json_decref(world_signal(&world, SCHOOL, BSN_ONE, "late", "late", 201));
        }
        more = json_is_string(json_object_get(page, "next"));
        if (more) {
            snprintf(target, sizeof(target), "/v1/signals?limit=2&cursor=%s",
                     text_at(page, "next"));
        }
        json_decref(page);
    }
    assert_int_equal(seen, 5);

    json_t *page = world_get(&world, SCHOOL, "/v1/signals?reference=r3&status=active", 200);
    assert_int_equal(json_array_size(json_object_get(page, "signals")), 1);
    json_decref(page);
    page = world_get(&world, SCHOOL, "/v1/signals?status=archived", 200);
    assert_int_equal(json_array_size(json_object_get(page, "signals")), 0);
    json_decref(page);
    json_t *entry = world_last_entry(&world, 0);
    assert_string_equal(text_at(entry, "name"), "signals-listed");
    json_decref(entry);
}

static void test_list_faults(void **state)
{
    (void)state;
    static const struct {
        const char *target;
        const char *pointer;
    } cases[] = {
        {"/v1/signals?limit=0", "#/limit"},
        {"/v1/signals?limit=501", "#/limit"},
        {"/v1/signals?limit=-1", "#/limit"},
        {"/v1/signals?limit=9999999999999999999999", "#/limit"},
        {"/v1/signals?cursor=nonsense", "#/cursor"},
        {"/v1/signals?cursor=%21", "#/cursor"},
        {"/v1/signals?status=gone", "#/status"},
        {"/v1/signals?status=active&status=active", "#/status"},
        {"/v1/signals?bsn=950000012", "#/bsn"},
        {"/v1/signals?950000012", "#"},
        {"/v1/signals?reference=%", "#/reference"},
        {"/v1/signals?reference=%00", "#/reference"},
        {"/v1/signals?reference=%ff", "#/reference"},
    };
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        json_t *json = world_get(&world, SCHOOL, cases[i].target, 400);
        assert_string_equal(text_at(json, "errors/0/pointer"), cases[i].pointer);
        assert_false(json_holds(json, BSN_ONE));
        json_decref(json);
    }
}

static void test_municipality_must_be_named(void **state)
{
    (void)state;
    struct store_party_change change;
    store_party_change_init(&change);
    change.action = PARTY_AGREEMENT_ADD;
    change.agreement = (struct agreement){363, calendar_dutch_day(clock_now()) + 10};
    world_change(&world, &change, SCHOOL);
    assert_string_equal(faults_of(SCHOOL, "{\"bsn\":\"" BSN_ONE "\"," REST "}"), "#/municipality");
    json_t *posted =
        world_post(&world, SCHOOL, "/v1/signals",
                   "{\"bsn\":\"" BSN_ONE "\",\"municipality\":\"0363\"," REST "}", 201);
    assert_string_equal(text_at(posted, "municipality"), "0363");
    json_decref(posted);
    /* An agreement that has ended does not count, neither way. */
    world_advance(&world, 12 * CLOCK_DAY);
    assert_string_equal(
        faults_of(SCHOOL, "{\"bsn\":\"" BSN_ONE "\",\"municipality\":\"0363\"," REST "}"),
        "#/municipality");
    json_decref(world_signal(&world, SCHOOL, BSN_TWO, "p1", "x", 201));
}

static void test_element(void **state)
{
    (void)state;
    struct oprf_scalar key = {0};
    struct bsn bsn;
    struct oprf_element element;
    memcpy(key.bytes, keyring_find(world.keys, KEYRING_EVALUATION, 1), sizeof(key.bytes));
    assert_int_equal(bsn_parse(BSN_ONE, strlen(BSN_ONE), &bsn), 0);
    assert_int_equal(pseudonym_from_bsn(&key, &bsn, &element), 0);
    char text[64];
    char body[256];
    secret_to_base64url(element.bytes, sizeof(element.bytes), text);
    snprintf(body, sizeof(body), "{\"element\":\"%s\",\"keyId\":1," REST "}", text);

    json_t *refused = world_post(&world, SCHOOL, "/v1/signals", body, 403);
    assert_string_equal(text_at(refused, "type"),
                        "https://verwijsindex.example/problems/not-permitted");
    json_decref(refused);
    world_act(&world, SCHOOL, PARTY_ALLOW);
    json_t *posted = world_post(&world, SCHOOL, "/v1/signals", body, 201);
    assert_false(json_holds(posted, text));
    json_decref(posted);
    /* The same child as in direct mode. */
    json_t *other = world_signal(&world, CARE, BSN_ONE, "p1", "b", 201);
    assert_true(json_is_object(json_object_get(other, "match")));
    json_decref(other);
}

static void test_too_many(void **state)
{
    (void)state;
    for (unsigned i = 0; i <= MODEL_LIVE_SIGNALS_MAXIMUM; i++) {
        char professional[16];
        snprintf(professional, sizeof(professional), "n%u", i);
        world_put_professional(&world, SCHOOL, professional);
        int status = i < MODEL_LIVE_SIGNALS_MAXIMUM ? 201 : 409;
        json_t *json = world_signal(&world, SCHOOL, BSN_ONE, professional, "x", status);
        json_decref(json);
    }
    json_t *entry = world_last_entry(&world, 0);
    assert_string_equal(text_at(entry, "verwijsindex.outcome"), "conflict");
    json_decref(entry);
}

/* What a list does not show of others: when they did something. */
static void test_cursor_tells_no_time_of_others(void **state)
{
    (void)state;
    json_decref(world_signal(&world, SCHOOL, BSN_ONE, "p1", "a", 201));
    json_decref(world_signal(&world, SCHOOL, BSN_TWO, "p1", "b", 201));
    json_decref(world_signal(&world, CARE, BSN_ONE, "p1", "c", 201));
    world_advance(&world, CLOCK_DAY);
    int64_t asked_at = clock_now();
    json_t *page = world_get(&world, SCHOOL, "/v1/signals?limit=1", 200);
    const char *text = text_at(page, "next");
    struct paging_uuids place;
    size_t size;
    assert_int_equal(cursor_decode(CURSOR_SIGNALS, text, strlen(text), sizeof(place), sizeof(place),
                                   &place, &size),
                     0);
    uint64_t bound = (uint64_t)get_be16(place.up_to.bytes) << 32 | get_be32(place.up_to.bytes + 2);
    assert_in_range(bound, asked_at - 1, clock_now());
    json_decref(page);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_post),
        TEST(test_faults),
        TEST(test_body_is_required),
        TEST(test_same_professional_again),
        TEST(test_two_parties_match),
        TEST(test_leading_zero),
        TEST(test_read),
        TEST(test_others_signal_is_none),
        TEST(test_withdraw),
        TEST(test_list),
        TEST(test_list_faults),
        TEST(test_municipality_must_be_named),
        TEST(test_element),
        TEST(test_too_many),
        TEST(test_cursor_tells_no_time_of_others),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
