/* SPDX-License-Identifier: EUPL-1.2 */
/* The access log as an auditor reads it. */
#include "crypto/bsn.h"
#include "crypto/checkpoint.h"
#include "proto/child.h"
#include "tests/unit/proto/fixture.h"

static size_t count_of(const json_t *page)
{
    assert_null(body_check_answer(page, &shape_log_entry_list));
    return json_array_size(json_object_get(page, "logEntries"));
}

static int64_t index_at(const json_t *page, size_t i)
{
    const json_t *entries = json_object_get(page, "logEntries");
    return json_integer_value(json_object_get(json_array_get(entries, i), "index"));
}

static void test_list(void **state)
{
    (void)state;
    uint64_t size = world_log_size(&world);
    json_t *page = world_get(&world, AUDITOR, "/v1/log-entries?limit=3", 200);
    assert_int_equal(count_of(page), 3);
    assert_int_equal(index_at(page, 0), size - 1);
    assert_int_equal(index_at(page, 2), size - 3);
    json_t *entry = world_last_entry(&world, 0);
    assert_string_equal(text_at(entry, "name"), "log-read");
    assert_int_equal(json_integer_value(json_object_get(entry, "verwijsindex.count")), 3);
    json_decref(entry);

    /* To the end, and what these readings have added does not stand in it. */
    size_t seen = 3;
    char target[512];
    for (bool more = true; more;) {
        snprintf(target, sizeof(target), "/v1/log-entries?limit=3&cursor=%s",
                 text_at(page, "next"));
        json_decref(page);
        page = world_get(&world, AUDITOR, target, 200);
        for (size_t i = 0; i < count_of(page); i++) {
            seen++;
            assert_int_equal(index_at(page, i), size - seen);
        }
        more = json_is_string(json_object_get(page, "next"));
    }
    json_decref(page);
    assert_int_equal(seen, size);

    page = world_get(&world, AUDITOR, "/v1/log-entries?fromIndex=1&limit=2", 200);
    assert_int_equal(count_of(page), 2);
    assert_int_equal(index_at(page, 0), 1);
    assert_int_equal(index_at(page, 1), 2);
    snprintf(target, sizeof(target), "/v1/log-entries?limit=2&cursor=%s", text_at(page, "next"));
    json_decref(page);
    page = world_get(&world, AUDITOR, target, 200);
    assert_int_equal(index_at(page, 0), 3);
    json_decref(page);
}

static void test_filters(void **state)
{
    (void)state;
    json_decref(world_signal(&world, SCHOOL, BSN_ONE, "p1", "a", 201));
    json_decref(world_get(&world, CARE, "/v1/log-entries", 403));
    json_t *page = world_get(&world, AUDITOR, "/v1/log-entries?event=signal-posted", 200);
    assert_int_equal(count_of(page), 1);
    assert_string_equal(text_at(page, "logEntries/0/record/name"), "signal-posted");
    json_decref(page);
    page = world_get(&world, AUDITOR, "/v1/log-entries?outcome=role-missing", 200);
    assert_int_equal(count_of(page), 1);
    json_decref(page);
    page = world_get(&world, AUDITOR,
                     "/v1/log-entries?outcome=done&event=signal-posted&party=" SCHOOL, 200);
    assert_int_equal(count_of(page), 1);
    json_decref(page);
    page = world_get(&world, AUDITOR, "/v1/log-entries?event=signal-posted&party=" CARE, 200);
    assert_int_equal(count_of(page), 0);
    json_decref(page);
    page = world_get(&world, AUDITOR, "/v1/log-entries?to=2001-01-01T00:00:00Z", 200);
    assert_int_equal(count_of(page), 0);
    json_decref(page);
    page =
        world_get(&world, AUDITOR, "/v1/log-entries?limit=1&from=2001-01-01T00:00:00+01:00", 200);
    assert_int_equal(count_of(page), 1);
    json_decref(page);
    static const struct {
        const char *target;
        const char *pointer;
    } cases[] = {
        {"/v1/log-entries?event=no-such", "#/event"},
        {"/v1/log-entries?outcome=no-such", "#/outcome"},
        {"/v1/log-entries?party=12", "#/party"},
        {"/v1/log-entries?from=yesterday", "#/from"},
        {"/v1/log-entries?cursor=AQQA", "#/cursor"},
        {"/v1/log-entries?subject=00", "#/subject"},
    };
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        json_t *json = world_get(&world, AUDITOR, cases[i].target, 400);
        assert_string_equal(text_at(json, "errors/0/pointer"), cases[i].pointer);
        json_decref(json);
    }
}

static void test_search(void **state)
{
    (void)state;
    json_decref(world_signal(&world, SCHOOL, BSN_ONE, "p1", "a", 201));
    json_decref(world_signal(&world, SCHOOL, BSN_TWO, "p1", "b", 201));
    json_t *page = world_post(&world, AUDITOR, "/v1/log-entries/_search",
                              "{\"bsn\":\"" BSN_ONE "\",\"caseReference\":\"zaak-1\"}", 200);
    assert_int_equal(count_of(page), 1);
    assert_string_equal(text_at(page, "logEntries/0/record/name"), "signal-posted");
    assert_false(json_holds(page, BSN_ONE));
    json_decref(page);
    json_t *entry = world_last_entry(&world, 0);
    assert_string_equal(text_at(entry, "name"), "log-searched");
    assert_string_equal(text_at(entry, "verwijsindex.case_reference"), "zaak-1");
    assert_true(json_is_true(json_object_get(entry, "subject")));
    json_decref(entry);
    /* A search is something that was logged about the child, too. */
    page = world_post(&world, AUDITOR, "/v1/log-entries/_search",
                      "{\"bsn\":\"" BSN_ONE "\",\"caseReference\":\"zaak-2\",\"limit\":1}", 200);
    assert_int_equal(count_of(page), 1);
    assert_string_equal(text_at(page, "logEntries/0/record/name"), "log-searched");
    json_decref(page);
    json_t *refused =
        world_post(&world, AUDITOR, "/v1/log-entries/_search", "{\"bsn\":\"" BSN_ONE "\"}", 400);
    assert_string_equal(text_at(refused, "errors/0/pointer"), "#/caseReference");
    json_decref(refused);
}

#define SEARCH(filters) "{\"caseReference\":\"zaak-1\"," filters "}"

static size_t count_found(const char *body)
{
    json_t *page = world_post(&world, AUDITOR, "/v1/log-entries/_search", body, 200);
    size_t count = count_of(page);
    json_decref(page);
    return count;
}

static void test_search_by_all(void **state)
{
    (void)state;
    char body[1024];
    json_decref(world_signal(&world, SCHOOL, BSN_ONE, "p1", "a", 201));
    json_decref(world_signal(&world, SCHOOL, BSN_TWO, "p1", "b", 201));
    json_decref(world_get(&world, CARE, "/v1/log-entries", 403));
    json_t *page = world_get(&world, AUDITOR, "/v1/log-entries?event=signal-posted&limit=1", 200);
    snprintf(body, sizeof(body), SEARCH("\"traceId\":\"%s\""),
             text_at(page, "logEntries/0/record/trace_id"));
    assert_int_equal(count_found(body), 1);
    snprintf(body, sizeof(body), "/v1/log-entries?traceId=%s&outcome=done",
             text_at(page, "logEntries/0/record/trace_id"));
    json_decref(page);
    page = world_get(&world, AUDITOR, body, 200);
    assert_int_equal(count_of(page), 1);
    json_decref(page);

    static const struct {
        const char *body;
        size_t found;
    } cases[] = {
        {SEARCH("\"party\":\"" SCHOOL "\",\"professional\":\"p1\",\"event\":\"signal-posted\""), 2},
        {SEARCH("\"party\":\"" SCHOOL "\",\"professional\":\"p2\",\"event\":\"signal-posted\""), 0},
        {SEARCH("\"party\":\"" CARE "\",\"professional\":\"p1\",\"event\":\"signal-posted\""), 0},
        {SEARCH("\"bsn\":\"" BSN_ONE "\",\"party\":\"" SCHOOL "\",\"professional\":\"p1\""), 1},
        {SEARCH("\"bsn\":\"" BSN_ONE "\",\"party\":\"" CARE "\""), 0},
        {SEARCH("\"outcome\":\"role-missing\",\"party\":\"" CARE "\""), 1},
        {SEARCH("\"outcome\":\"role-missing\",\"party\":\"" SCHOOL "\""), 0},
        {SEARCH("\"event\":\"signal-posted\",\"from\":\"2001-01-01T00:00:00Z\""), 2},
        {SEARCH("\"event\":\"signal-posted\",\"to\":\"2001-01-01T00:00:00Z\""), 0},
        {SEARCH("\"traceId\":\"0af7651916cd43dd8448eb211c80319c\""), 0},
        {SEARCH(
             "\"person\":{\"familyName\":\"Nobody\",\"birthDate\":\"2012-05-01\",\"sex\":\"X\"}"),
         0},
    };
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        size_t found = count_found(cases[i].body);
        if (found != cases[i].found) {
            fail_msg("%s: %zu", cases[i].body, found);
        }
    }
    /* Without a child the entry of the search is on none. */
    json_t *entry = world_last_entry(&world, 1);
    assert_string_equal(text_at(entry, "name"), "log-searched");
    assert_false(json_is_true(json_object_get(entry, "subject")));
    json_decref(entry);
}

/* In place of a number, an element with its key. */
static void test_search_by_element(void **state)
{
    (void)state;
    char body[512];
    char text[64];
    struct bsn bsn;
    struct oprf_scalar key;
    struct oprf_element element;
    uint32_t id;
    json_decref(world_signal(&world, SCHOOL, BSN_ONE, "p1", "a", 201));
    assert_int_equal(bsn_parse(BSN_ONE, strlen(BSN_ONE), &bsn), 0);
    assert_int_equal(child_find_evaluation_key(world.keys, &id, &key), 0);
    assert_int_equal(pseudonym_from_bsn(&key, &bsn, &element), 0);
    secret_to_base64url(element.bytes, sizeof(element.bytes), text);
    snprintf(body, sizeof(body), SEARCH("\"element\":\"%s\",\"keyId\":%u"), text, id);
    assert_int_equal(count_found(body), 1);
    snprintf(body, sizeof(body), SEARCH("\"element\":\"%s\",\"keyId\":%u"), text, id + 1);
    json_t *refused = world_post(&world, AUDITOR, "/v1/log-entries/_search", body, 400);
    assert_string_equal(text_at(refused, "errors/0/pointer"), "#/keyId");
    json_decref(refused);
}

/* All that is wrong is said at once. */
static void test_search_faults(void **state)
{
    (void)state;
    static const struct {
        const char *body;
        const char *pointers[4];
    } cases[] = {
        {"{\"caseReference\":\"zaak-1\"}", {"#"}},
        {"{\"caseReference\":\"zaak-1\",\"limit\":3}", {"#"}},
        {SEARCH("\"professional\":\"p1\""), {"#/professional"}},
        {SEARCH("\"keyId\":1"), {"#/keyId", "#"}},
        {SEARCH("\"bsn\":\"" BSN_ONE "\",\"element\":\"x\""),
         {"#/element", "#/element", "#/keyId"}},
        {SEARCH("\"traceId\":\"0AF7651916CD43DD8448EB211C80319C\",\"event\":\"no\","
                "\"party\":\"1\",\"professional\":\"a b\""),
         {"#/traceId", "#/event", "#/party", "#/professional"}},
        {"{\"bsn\":\"950000013\",\"from\":\"x\"}", {"#/bsn", "#/from", "#/caseReference"}},
    };
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        json_t *json = world_post(&world, AUDITOR, "/v1/log-entries/_search", cases[i].body, 400);
        const json_t *errors = json_object_get(json, "errors");
        size_t count = 0;
        while (count < 4 && cases[i].pointers[count] != NULL) {
            count++;
        }
        if (json_array_size(errors) != count) {
            fail_msg("%s: %s", cases[i].body, json_dumps(errors, 0));
        }
        for (size_t j = 0; j < count; j++) {
            bool found = false;
            for (size_t k = 0; k < count; k++) {
                const char *pointer = text_at(json_array_get(errors, k), "pointer");
                found = found || strcmp(pointer, cases[i].pointers[j]) == 0;
            }
            if (!found) {
                fail_msg("%s: not %s", cases[i].body, cases[i].pointers[j]);
            }
        }
        json_decref(json);
    }
}

/* A record whose term has ended is shown as destroyed, and is still proven. */
static void test_destroyed(void **state)
{
    (void)state;
    char target[200];
    json_decref(world_signal(&world, SCHOOL, BSN_ONE, "p1", "a", 201));
    world_advance(&world, (int64_t)(5 * 366 + 40) * CLOCK_DAY);
    json_t *page;
    bool destroyed = false;
    while (!destroyed) { /* each reading is a batch, with a slice of what is due */
        page = world_get(&world, AUDITOR, "/v1/log-entries?fromIndex=0&limit=1", 200);
        count_of(page);
        destroyed = json_is_true(
            json_object_get(json_array_get(json_object_get(page, "logEntries"), 0), "destroyed"));
        json_decref(page);
    }
    page = world_get(&world, AUDITOR, "/v1/log-entries?event=records-destroyed", 200);
    assert_int_equal(count_of(page), 1);
    assert_string_equal(text_at(page, "logEntries/0/record/attributes/verwijsindex.object"),
                        "entry:0");
    const json_t *record =
        json_object_get(json_array_get(json_object_get(page, "logEntries"), 0), "record");
    const json_t *count =
        json_object_get(json_object_get(record, "attributes"), "verwijsindex.count");
    snprintf(target, sizeof(target), "/v1/log-entries/%lld/proof", json_integer_value(count) - 1);
    json_decref(page);
    page = world_get(&world, AUDITOR, target, 200);
    assert_null(body_check_answer(page, &shape_proof));
    json_decref(page);
    assert_int_equal(count_found(SEARCH("\"bsn\":\"" BSN_ONE "\",\"event\":\"signal-posted\"")), 0);
}

static struct merkle_hash hash_of(const char *base64)
{
    char text[64];
    struct merkle_hash hash;
    snprintf(text, sizeof(text), "%s", base64);
    assert_int_equal(strlen(text), 44);
    text[43] = '\0';
    for (char *at = text; *at != '\0'; at++) {
        *at = *at == '+' ? '-' : *at == '/' ? '_' : *at;
    }
    assert_int_equal(secret_from_base64url(text, 43, hash.bytes, sizeof(hash.bytes)), 0);
    return hash;
}

static void test_proof(void **state)
{
    (void)state;
    json_t *proof = world_get(&world, AUDITOR, "/v1/log-entries/2/proof", 200);
    assert_null(body_check_answer(proof, &shape_proof));
    assert_entry("log-proved", "done");
    struct checkpoint checkpoint;
    const char *note = text_at(proof, "checkpoint");
    assert_int_equal(checkpoint_parse(note, strlen(note), &checkpoint), 0);
    int64_t size = json_integer_value(json_object_get(proof, "treeSize"));
    assert_int_equal(checkpoint.size, size);
    struct merkle_proof path = {0};
    const json_t *hashes = json_object_get(proof, "proof");
    for (size_t i = 0; i < json_array_size(hashes); i++) {
        path.hashes[path.count++] = hash_of(json_string_value(json_array_get(hashes, i)));
    }
    struct merkle_hash leaf = hash_of(text_at(proof, "leafHash"));
    assert_true(merkle_verify_inclusion(&leaf, 2, checkpoint.size, &path, &checkpoint.root));
    json_decref(proof);

    proof = world_get(&world, AUDITOR, "/v1/log-entries/2/proof?treeSize=3", 200);
    assert_true(json_is_null(json_object_get(proof, "checkpoint")));
    json_decref(proof);
    json_decref(world_get(&world, AUDITOR, "/v1/log-entries/2/proof?treeSize=2", 400));
    json_decref(world_get(&world, AUDITOR, "/v1/log-entries/2/proof?treeSize=100000", 400));
    json_decref(world_get(&world, AUDITOR, "/v1/log-entries/100000/proof", 404));
    json_decref(world_get(&world, AUDITOR, "/v1/log-entries/x/proof", 404));
    json_decref(world_get(&world, AUDITOR, "/v1/log-entries/-1/proof", 404));
    json_decref(world_get(&world, AUDITOR, "/v1/log-entries/9999999999999999999999/proof", 404));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_list),
        TEST(test_filters),
        TEST(test_search),
        TEST(test_search_by_all),
        TEST(test_search_by_element),
        TEST(test_search_faults),
        TEST(test_destroyed),
        TEST(test_proof),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
