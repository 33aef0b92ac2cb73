/* SPDX-License-Identifier: EUPL-1.2 */
/* Professionals, and blinded mode. */
#include "tests/unit/proto/fixture.h"

static void test_put_and_get(void **state)
{
    (void)state;
    struct ask ask = {.oin = SCHOOL,
                      .method = HTTP_PUT,
                      .target = "/v1/professionals/j.de-Vries_1",
                      .body = "{\"name\":\"J. de Vries \xe2\x98\xba\",\"function\":\"IB'er\","
                              "\"email\":\"j@school.nl\",\"phone\":\"06\"}"};
    struct reply reply;
    world_ask(&world, &ask, &reply);
    assert_int_equal(reply.status, 201);
    assert_string_equal(reply_header(&reply, "Location"), "/v1/professionals/j.de-Vries_1");
    assert_null(body_check_answer(reply.json, &shape_professional));
    reply_free(&reply);
    assert_entry("professional-changed", "done");
    world_ask(&world, &ask, &reply);
    assert_int_equal(reply.status, 200);
    assert_null(reply_header(&reply, "Location"));
    uint64_t before = world_log_size(&world);
    json_t *got = world_get(&world, SCHOOL, ask.target, 200);
    assert_true(json_equal(got, reply.json));
    assert_int_equal(world_log_size(&world), before); /* one's own: no entry */
    json_decref(got);
    reply_free(&reply);
    json_decref(world_get(&world, CARE, ask.target, 404));
}

static void test_put_only_a_name(void **state)
{
    (void)state;
    json_t *json =
        world_send(&world, SCHOOL, HTTP_PUT, "/v1/professionals/x", "{\"name\":\"N\"}", 201);
    assert_true(json_is_null(json_object_get(json, "phone")));
    json_decref(json);
}

static void test_put_faults(void **state)
{
    (void)state;
    static char long_name[600];
    memcpy(long_name, "{\"name\":\"", 9);
    memset(long_name + 9, 'a', MODEL_NAME_MAXIMUM + 1);
    strcpy(long_name + 9 + MODEL_NAME_MAXIMUM + 1, "\"}");
    static const struct {
        const char *target;
        const char *body;
        const char *pointer;
    } cases[] = {
        {"/v1/professionals/a%20b", "{\"name\":\"N\"}", "#/id"},
        {"/v1/professionals/a%2Fb", "{\"name\":\"N\"}", "#/id"},
        {"/v1/professionals/%GG", "{\"name\":\"N\"}", "#/id"},
        {"/v1/professionals/" BSN_ONE, "{\"name\":\"N\"}", "#/id"},
        {"/v1/professionals/012345672", "{\"name\":\"N\"}", "#/id"},
        {"/v1/professionals/12345672", "{\"name\":\"N\"}", "#/id"}, /* its zero left out */
        {"/v1/professionals/%395%30000012", "{\"name\":\"N\"}", "#/id"},
        {"/v1/professionals/a", "{}", "#/name"},
        {"/v1/professionals/a", "{\"name\":\"\"}", "#/name"},
        {"/v1/professionals/a", long_name, "#/name"},
        {"/v1/professionals/a", "{\"name\":\"N\",\"email\":\"nowhere\"}", "#/email"},
        {"/v1/professionals/a", "{\"name\":\"N\",\"phone\":\"1\\n2\"}", "#/phone"},
        {"/v1/professionals/a", "{\"name\":\"N\",\"id\":\"a\"}", "#/id"},
    };
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        json_t *json = world_send(&world, SCHOOL, HTTP_PUT, cases[i].target, cases[i].body, 400);
        assert_string_equal(text_at(json, "errors/0/pointer"), cases[i].pointer);
        assert_false(json_holds(json, BSN_ONE));
        json_decref(json);
    }
    /* Digits that are no BSN are a name like any other. */
    world_put_professional(&world, SCHOOL, "950000013");
    world_put_professional(&world, SCHOOL, "9500000120");
    json_decref(world_get(&world, SCHOOL, "/v1/professionals/" BSN_ONE, 404));
    json_decref(world_send(&world, SCHOOL, HTTP_DELETE, "/v1/professionals/" BSN_ONE, NULL, 404));
}

static void test_delete(void **state)
{
    (void)state;
    json_t *posted = world_signal(&world, SCHOOL, BSN_ONE, "p1", "a", 201);
    json_t *refused = world_send(&world, SCHOOL, HTTP_DELETE, "/v1/professionals/p1", NULL, 409);
    assert_slug(refused, "conflict");
    assert_entry("request-refused", "conflict");
    json_decref(refused);
    char target[128];
    snprintf(target, sizeof(target), "/v1/signals/%s?reason=wrongful", text_at(posted, "id"));
    assert_null(world_send(&world, SCHOOL, HTTP_DELETE, target, NULL, 204));
    assert_null(world_send(&world, SCHOOL, HTTP_DELETE, "/v1/professionals/p1", NULL, 204));
    json_decref(world_send(&world, SCHOOL, HTTP_DELETE, "/v1/professionals/p1", NULL, 404));
    json_decref(posted);
}

static void test_list(void **state)
{
    (void)state;
    static const char *const ids[] = {"g", "c", "e", "a"};
    for (size_t i = 0; i < ARRAY_LENGTH(ids); i++) {
        world_put_professional(&world, SCHOOL, ids[i]);
    }
    char target[512] = "/v1/professionals?limit=2";
    char seen[64] = "";
    for (bool more = true; more;) {
        json_t *page = world_get(&world, SCHOOL, target, 200);
        assert_null(body_check_answer(page, &shape_professional_list));
        const json_t *items = json_object_get(page, "professionals");
        for (size_t i = 0; i < json_array_size(items); i++) {
            strcat(seen, text_at(json_array_get(items, i), "id"));
        }
        if (strcmp(seen, "p1g") == 0) {
            world_put_professional(&world, SCHOOL, "d"); /* not in this list any more */
            world_put_professional(&world, SCHOOL, "z");
        }
        more = json_is_string(json_object_get(page, "next"));
        if (more) {
            snprintf(target, sizeof(target), "/v1/professionals?limit=2&cursor=%s",
                     text_at(page, "next"));
        }
        json_decref(page);
    }
    assert_string_equal(seen, "p1gcea"); /* as they were added */
    json_decref(world_get(&world, SCHOOL, "/v1/professionals?cursor=AQM", 400));
}

/* The last of the list, and the one at which it goes on, may go while it is paged. */
static void test_list_after_a_deletion(void **state)
{
    (void)state;
    static const char *const ids[] = {"c", "b", "a"};
    char target[512];
    for (size_t i = 0; i < ARRAY_LENGTH(ids); i++) {
        world_put_professional(&world, SCHOOL, ids[i]);
    }
    json_t *page = world_get(&world, SCHOOL, "/v1/professionals?limit=2", 200);
    assert_null(world_send(&world, SCHOOL, HTTP_DELETE, "/v1/professionals/c", NULL, 204));
    assert_null(world_send(&world, SCHOOL, HTTP_DELETE, "/v1/professionals/a", NULL, 204));
    world_put_professional(&world, SCHOOL, "z");
    snprintf(target, sizeof(target), "/v1/professionals?limit=2&cursor=%s", text_at(page, "next"));
    json_t *rest = world_get(&world, SCHOOL, target, 200);
    const json_t *items = json_object_get(rest, "professionals");
    assert_int_equal(json_array_size(items), 1);
    assert_string_equal(text_at(json_array_get(items, 0), "id"), "b");
    assert_true(json_is_null(json_object_get(rest, "next")));
    json_decref(page);
    json_decref(rest);
}

/* ---- blinded mode ---- */

static void test_key(void **state)
{
    (void)state;
    world_act(&world, SCHOOL, PARTY_ALLOW);
    json_t *key = world_get(&world, SCHOOL, "/v1/pseudonyms/key", 200);
    assert_null(body_check_answer(key, &shape_pseudonym_key));
    assert_string_equal(text_at(key, "suite"), "ristretto255-SHA512");
    assert_string_equal(text_at(key, "inputPrefix"), "NL:BSN:");
    assert_int_equal(json_integer_value(json_object_get(key, "mode")), 1);
    json_decref(key);
}

/* What a client does: blind, have evaluated, verify, unblind. */
static void test_evaluate(void **state)
{
    (void)state;
    static const char *const numbers[] = {BSN_ONE, BSN_TWO};
    struct oprf_scalar blinds[2];
    struct oprf_element blinded[2];
    struct oprf_element evaluated[2];
    struct oprf_element public_key;
    uint8_t proof[OPRF_PROOF_BYTES];
    char texts[2][64];
    char body[256];
    world_act(&world, SCHOOL, PARTY_ALLOW);
    for (size_t i = 0; i < 2; i++) {
        struct bsn bsn;
        uint8_t input[PSEUDONYM_BSN_INPUT_BYTES];
        assert_int_equal(bsn_parse(numbers[i], 9, &bsn), 0);
        pseudonym_bsn_input(&bsn, input);
        oprf_random_scalar(&blinds[i]);
        assert_int_equal(oprf_blind(OPRF_VERIFIABLE, input, sizeof(input), &blinds[i], &blinded[i]),
                         0);
        secret_to_base64url(blinded[i].bytes, sizeof(blinded[i].bytes), texts[i]);
    }
    snprintf(body, sizeof(body), "{\"elements\":[\"%s\",\"%s\"]}", texts[0], texts[1]);
    json_t *answer = world_post(&world, SCHOOL, "/v1/pseudonyms/_evaluate", body, 200);
    assert_null(body_check_answer(answer, &shape_evaluation));
    json_t *entry = world_last_entry(&world, 0);
    assert_string_equal(text_at(entry, "name"), "pseudonyms-evaluated");
    assert_int_equal(json_integer_value(json_object_get(entry, "verwijsindex.count")), 2);
    json_decref(entry);

    json_t *key = world_get(&world, SCHOOL, "/v1/pseudonyms/key", 200);
    const char *text = text_at(key, "publicKey");
    assert_int_equal(secret_from_base64url(text, strlen(text), public_key.bytes, 32), 0);
    text = text_at(answer, "proof");
    assert_int_equal(secret_from_base64url(text, strlen(text), proof, sizeof(proof)), 0);
    for (size_t i = 0; i < 2; i++) {
        text = text_at(answer, i == 0 ? "elements/0" : "elements/1");
        assert_int_equal(secret_from_base64url(text, strlen(text), evaluated[i].bytes, 32), 0);
    }
    assert_int_equal(oprf_verify(&public_key, blinded, evaluated, 2, proof), 0);
    json_decref(key);
    json_decref(answer);

    struct oprf_element element;
    assert_int_equal(oprf_unblind(&blinds[0], &evaluated[0], &element), 0);
    secret_to_base64url(element.bytes, sizeof(element.bytes), texts[0]);
    snprintf(body, sizeof(body),
             "{\"element\":\"%s\",\"keyId\":1,\"professional\":\"p1\","
             "\"birthDate\":\"2015-05-01\"}",
             texts[0]);
    json_decref(world_post(&world, SCHOOL, "/v1/signals", body, 201));
    json_t *other = world_signal(&world, CARE, BSN_ONE, "p1", "b", 201);
    assert_true(json_is_object(json_object_get(other, "match")));
    json_decref(other);
}

static void test_evaluate_faults(void **state)
{
    (void)state;
    world_act(&world, SCHOOL, PARTY_ALLOW);
    static char many[65 * 48 + 64];
    strcpy(many, "{\"elements\":[\"x\"");
    for (size_t i = 0; i < 64; i++) {
        strcat(many, ",\"x\"");
    }
    strcat(many, "]}");
    static const struct {
        const char *body;
        const char *pointer;
    } cases[] = {
        {"{}", "#/elements"},
        {"{\"elements\":[]}", "#/elements"},
        {"{\"elements\":\"x\"}", "#/elements"},
        {"{\"elements\":[1]}", "#/elements/0"},
        {"{\"elements\":[\"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\"]}", "#/elements/0"},
        {many, "#/elements"},
    };
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        json_t *json = world_post(&world, SCHOOL, "/v1/pseudonyms/_evaluate", cases[i].body, 400);
        assert_string_equal(text_at(json, "errors/0/pointer"), cases[i].pointer);
        json_decref(json);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_put_and_get),
        TEST(test_put_only_a_name),
        TEST(test_put_faults),
        TEST(test_delete),
        TEST(test_list),
        TEST(test_list_after_a_deletion),
        TEST(test_key),
        TEST(test_evaluate),
        TEST(test_evaluate_faults),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
