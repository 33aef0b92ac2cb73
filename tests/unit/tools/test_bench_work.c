/* SPDX-License-Identifier: EUPL-1.2 */
/* What vix-bench asks, and what it makes of the answers. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/unit/tools/bench_support.h"
#include "tools/answer.h"
#include "tools/load/field.h"
#include "tools/load/operation.h"

#define SLOTS 3
static const char signal_id[] = "01890a5d-ac96-774b-bcce-b302099a8057";
static const char match_id[] = "2c5ea4c0-4067-41fe-8bad-9bdf1f3c0b2e";

/* ---- a load without an index ---- */

struct desk {
    struct bench_options options;
    struct bench_target target;
    struct bench_stock stock;
    struct bench_match_ids matches[SLOTS];
    struct bench_work work;
    struct bench_tally tally;
};

static struct desk *desk_new(const struct bench_operation *operation, enum bench_command command)
{
    struct desk *desk = calloc(1, sizeof(*desk));
    assert_non_null(desk);
    desk->options = (struct bench_options){.command = command,
                                           .scenario = command,
                                           .professional = "bench",
                                           .municipality = "0361",
                                           .birth_date = "2012-05-01",
                                           .path = "/v1/openapi.json",
                                           .limit = 20};
    strcpy(desk->target.authority, "localhost:8443");
    desk->stock.options = &desk->options;
    desk->stock.target = &desk->target;
    desk->stock.operation = operation;
    desk->stock.matches = desk->matches;
    bench_bsns_start(&desk->stock.bsns, 950000001);
    if (command == BENCH_MIXED || command == BENCH_POST) {
        assert_int_equal(bench_posts.make(&desk->stock), VIX_DONE);
    } else if (command == BENCH_GET) {
        assert_int_equal(bench_gets.make(&desk->stock), VIX_DONE);
    }
    assert_int_equal(bench_work_init(&desk->work, &desk->stock, SLOTS), 0);
    return desk;
}

static void desk_free(struct desk *desk)
{
    bench_work_finish(&desk->work);
    free(desk);
}

/* The body of a request whose Content-Length is right; "" for one without a body. */
static const char *check_request(const struct bench_request *request)
{
    char text[BENCH_REQUEST_BYTES + 1];
    memcpy(text, request->bytes, request->length);
    text[request->length] = '\0';
    assert_int_equal(strlen(text), request->length);
    assert_non_null(strstr(text, " HTTP/1.1\r\nHost: localhost:8443\r\n"));
    const char *end = strstr(text, "\r\n\r\n");
    assert_non_null(end);
    const char *length = strstr(text, "Content-Length: ");
    size_t body = request->length - (size_t)(end + 4 - text);
    assert_int_equal(body, length != NULL && length < end ? atol(length + 16) : 0);
    return request->bytes + (end + 4 - text);
}

static bool begins(const struct bench_request *request, const char *with)
{
    return request->length >= strlen(with) && memcmp(request->bytes, with, strlen(with)) == 0;
}

static void hear(struct desk *desk, const struct bench_self *self,
                 const struct bench_ticket *ticket, int status, const char *location,
                 const char *body)
{
    char bytes[1024];
    int head =
        snprintf(bytes, sizeof(bytes), "HTTP/1.1 %d x\r\n%s%s%sContent-Length: %zu\r\n\r\n", status,
                 location != NULL ? "Location: /v1/signals/" : "", location != NULL ? location : "",
                 location != NULL ? "\r\n" : "", strlen(body));
    struct bench_head parsed;
    assert_int_equal(bench_head_parse(bytes, (size_t)head, &parsed), 0);
    strcpy(bytes + head, body);
    struct bench_answer answer = {
        .head = &parsed, .bytes = bytes, .body = bytes + head, .body_length = parsed.body_length};
    bench_work_hear(&desk->work, self, ticket, &answer, &desk->tally);
    assert_int_equal(desk->work.fault, 0);
}

/* ---- each kind ---- */

static void test_posts(void **state)
{
    (void)state;
    struct desk *desk = desk_new(&bench_posts, BENCH_POST);
    struct bench_self self = {.identity = 5, .slot = 1};
    struct bench_ticket ticket;
    struct bench_request request;
    CLEANUP(answer_freep) struct answer *body = NULL;
    assert_int_equal(bench_work_ask(&desk->work, &self, &ticket, &request), 0);
    assert_true(begins(&request, "POST /v1/signals HTTP/1.1\r\n"));
    const char *json = check_request(&request);
    assert_int_equal(answer_parse(json, request.length - (size_t)(json - request.bytes), &body), 0);
    assert_string_equal(answer_string(answer_at(body, "bsn")), "950000012");
    assert_string_equal(answer_string(answer_at(body, "professional")), "bench");
    assert_string_equal(answer_string(answer_at(body, "municipality")), "0361");
    hear(desk, &self, &ticket, 201, signal_id, "{}");
    assert_int_equal(desk->work.acknowledged.count, 1);
    assert_int_equal(desk->work.acknowledged.items[0].identity, 5);
    char id[BENCH_ID_TEXT + 1];
    bench_id_write(&desk->work.acknowledged.items[0].id, id);
    assert_string_equal(id, signal_id);
    hear(desk, &self, &ticket, 503, NULL, "{}");
    assert_int_equal(desk->work.acknowledged.count, 1);
    desk_free(desk);
}

static void test_an_acknowledgement_of_nothing_is_a_fault(void **state)
{
    (void)state;
    struct desk *desk = desk_new(&bench_posts, BENCH_POST);
    struct bench_self self = {0};
    struct bench_ticket ticket = {0};
    static const char bytes[] = "HTTP/1.1 201 x\r\nContent-Length: 2\r\n\r\n{}";
    struct bench_head head;
    assert_int_equal(bench_head_parse(bytes, strlen(bytes) - 2, &head), 0);
    struct bench_answer answer = {
        .head = &head, .bytes = bytes, .body = bytes + strlen(bytes) - 2, .body_length = 2};
    bench_work_hear(&desk->work, &self, &ticket, &answer, &desk->tally);
    assert_true(desk->work.fault < 0);
    struct bench_request request;
    assert_int_equal(bench_work_ask(&desk->work, &self, &ticket, &request), desk->work.fault);
    desk_free(desk);
}

static void test_gets_and_polls(void **state)
{
    (void)state;
    struct bench_self self = {0};
    struct bench_ticket ticket;
    struct bench_request request;
    struct desk *desk = desk_new(&bench_gets, BENCH_GET);
    assert_int_equal(bench_work_ask(&desk->work, &self, &ticket, &request), 0);
    assert_true(begins(&request, "GET /v1/openapi.json HTTP/1.1\r\n"));
    check_request(&request);
    desk_free(desk);

    desk = desk_new(&bench_polls, BENCH_POLL);
    int64_t heads[1] = {42};
    desk->stock.heads = heads;
    assert_int_equal(bench_work_ask(&desk->work, &self, &ticket, &request), 0);
    assert_true(begins(&request, "GET /v1/notices?limit=20&after=42 HTTP/1.1\r\n"));
    hear(desk, &self, &ticket, 200, NULL, "{\"notices\":[],\"next\":42}");
    assert_int_equal(desk->tally.empty, 1);
    hear(desk, &self, &ticket, 200, NULL, "{\"notices\":[{}],\"next\":43}");
    assert_int_equal(desk->tally.empty, 1);
    desk_free(desk);
}

static void test_match_reads(void **state)
{
    (void)state;
    struct desk *desk = desk_new(&bench_match_reads, BENCH_MATCH);
    struct bench_self self = {.identity = 2};
    struct bench_ticket ticket;
    struct bench_request request;
    char line[96];
    assert_true(bench_id_parse(match_id, BENCH_ID_TEXT, &desk->matches[2].ids[0]));
    desk->matches[2].count = 1;
    snprintf(line, sizeof(line), "GET /v1/matches/%s HTTP/1.1\r\n", match_id);
    assert_int_equal(bench_work_ask(&desk->work, &self, &ticket, &request), 0);
    assert_true(begins(&request, line));
    self.identity = 1; /* has none */
    assert_int_equal(bench_work_ask(&desk->work, &self, &ticket, &request), 0);
    assert_true(begins(&request, "GET /v1/matches HTTP/1.1\r\n"));
    desk_free(desk);
}

/* ---- a day ---- */

enum asked { POLLS, ACKNOWLEDGES, POSTS, MATCHES, WITHDRAWALS, CHANGES, ASKED };
static const char *const lines[ASKED] = {
    "GET /v1/notices?limit=20 ", "POST /v1/notices/_acknowledge ",
    "POST /v1/signals ",         "GET /v1/matches/",
    "DELETE /v1/signals/",       "PUT /v1/professionals/bench "};

static enum asked what_is_asked(const struct bench_request *request)
{
    for (size_t i = 0; i < ASKED; i++) {
        if (begins(request, lines[i])) {
            return (enum asked)i;
        }
    }
    fail();
    return ASKED;
}

static void answer_as_an_index(struct desk *desk, const struct bench_self *self,
                               const struct bench_ticket *ticket, enum asked asked, unsigned turn)
{
    char body[256];
    char id[BENCH_ID_TEXT + 1];
    snprintf(id, sizeof(id), "01890a5d-ac96-774b-bcce-%012x", turn);
    if (asked == POSTS) {
        snprintf(body, sizeof(body), "{\"id\":\"%s\",\"match\":{\"id\":\"%s\"}}", id, match_id);
        hear(desk, self, ticket, 201, id, body);
    } else if (asked == POLLS) {
        hear(desk, self, ticket, 200, NULL, "{\"notices\":[{\"next\":1}],\"next\":7}");
    } else {
        hear(desk, self, ticket, asked == WITHDRAWALS ? 204 : 200, NULL,
             asked == WITHDRAWALS ? "" : "{}");
    }
}

static void test_a_day(void **state)
{
    (void)state;
    struct desk *desk = desk_new(&bench_days, BENCH_MIXED);
    unsigned counts[ASKED] = {0};
    for (unsigned turn = 0; turn < 5000; turn++) {
        struct bench_self self = {.identity = turn % SLOTS, .slot = turn % SLOTS};
        struct bench_ticket ticket;
        struct bench_request request;
        assert_int_equal(bench_work_ask(&desk->work, &self, &ticket, &request), 0);
        const char *body = check_request(&request);
        enum asked asked = what_is_asked(&request);
        if (asked == ACKNOWLEDGES) {
            assert_memory_equal(body, "{\"upTo\":7}", strlen("{\"upTo\":7}"));
        }
        size_t parts;
        const char *const *names = bench_stock_parts(&desk->stock, &parts);
        assert_true(ticket.part < parts && names[ticket.part] != NULL);
        counts[asked]++;
        answer_as_an_index(desk, &self, &ticket, asked, turn);
    }
    for (size_t i = 0; i < ASKED; i++) {
        assert_true(counts[i] > 10);
        struct bench_ticket ticket = {.part = (uint8_t)i};
        assert_true(bench_work_accepts(&desk->work, &ticket, 204));
        assert_int_equal(bench_work_accepts(&desk->work, &ticket, 404), i == MATCHES);
        assert_false(bench_work_accepts(&desk->work, &ticket, 503));
    }
    assert_true(counts[POLLS] > counts[POSTS] && counts[POSTS] > counts[CHANGES]);
    assert_int_equal(desk->work.acknowledged.count, counts[POSTS]);
    unsigned withdrawn = 0;
    for (size_t i = 0; i < desk->work.acknowledged.count; i++) {
        withdrawn += desk->work.acknowledged.items[i].withdrawn ? 1 : 0;
    }
    assert_int_equal(withdrawn, counts[WITHDRAWALS]); /* none of them twice */
    desk_free(desk);
}

/* ---- drawing, and phases ---- */

static void test_children_are_drawn(void **state)
{
    (void)state;
    struct bench_bsns rising;
    struct bench_bsns drawn;
    uint32_t all[20];
    unsigned seen[20] = {0};
    bench_bsns_start(&rising, 950000012);
    for (size_t i = 0; i < ARRAY_LENGTH(all); i++) {
        assert_int_equal(bench_bsns_take(&rising, &all[i]), 0);
    }
    assert_int_equal(bench_bsns_start_drawing(&drawn, 950000012, ARRAY_LENGTH(all), 7), 0);
    for (int i = 0; i < 2000; i++) {
        uint32_t one;
        size_t at = 0;
        assert_int_equal(bench_bsns_take(&drawn, &one), 0);
        while (at < ARRAY_LENGTH(all) && all[at] != one) {
            at++;
        }
        assert_true(at < ARRAY_LENGTH(all));
        seen[at]++;
    }
    for (size_t i = 0; i < ARRAY_LENGTH(seen); i++) {
        assert_true(seen[i] > 30);
    }
    assert_int_equal(bench_bsns_start_drawing(&drawn, 999999000, 1000, 7), BENCH_BSNS_EXHAUSTED);
}

static void test_known_and_new_children(void **state)
{
    (void)state;
    struct desk *desk = desk_new(&bench_posts, BENCH_POST);
    struct bench_stock *stock = &desk->stock;
    unsigned known_count = 0;
    uint32_t behind;
    uint32_t last = 0;
    desk->options.children = 100;
    desk->options.overlap = 0.45;
    assert_int_equal(bench_bsns_start_drawing(&stock->known, 950000000, 100, 3), 0);
    behind = bench_bsns_behind(&stock->known);
    bench_bsns_start(&stock->bsns, behind);
    for (int i = 0; i < 1000; i++) {
        uint32_t bsn;
        bool known;
        assert_int_equal(bench_stock_draw(stock, &bsn, &known), 0);
        assert_true(known ? bsn < behind : bsn >= behind && bsn > last);
        last = known ? last : bsn;
        known_count += known ? 1 : 0;
    }
    assert_int_equal(known_count, 450);
    desk_free(desk);
}

static void test_phases_of_a_burst(void **state)
{
    (void)state;
    struct bench_options options = {
        .command = BENCH_BURST, .rate = 300, .seconds = 60, .quiet_rate = 5, .quiet_seconds = 15};
    struct bench_phase phases[BENCH_PHASES_MAXIMUM];
    assert_int_equal(bench_field_phases(&options, phases), 3);
    assert_int_equal(phases[0].rate, 5);
    assert_int_equal(phases[1].rate, 300);
    assert_int_equal(phases[1].seconds, 60);
    assert_int_equal(phases[2].seconds, 15);
    options.command = BENCH_POST;
    assert_int_equal(bench_field_phases(&options, phases), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_posts),
        cmocka_unit_test(test_an_acknowledgement_of_nothing_is_a_fault),
        cmocka_unit_test(test_gets_and_polls),
        cmocka_unit_test(test_match_reads),
        cmocka_unit_test(test_a_day),
        cmocka_unit_test(test_children_are_drawn),
        cmocka_unit_test(test_known_and_new_children),
        cmocka_unit_test(test_phases_of_a_burst),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
