/* SPDX-License-Identifier: EUPL-1.2 */
/* The small parts of vix-bench: numbers, answers' heads, addresses, /proc, what is remembered. */
#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/unit/tools/bench_support.h"
#include "tools/load/acknowledged.h"
#include "tools/load/bsn.h"
#include "tools/load/children.h"
#include "tools/load/head.h"
#include "tools/load/process.h"
#include "tools/load/target.h"

/* ---- BSNs ---- */

static bool is_bsn(uint32_t number)
{
    char digits[BSN_DIGITS];
    struct bsn bsn;
    bench_bsn_write(number, digits);
    return bsn_parse(digits, sizeof(digits), &bsn) == BSN_OK;
}

static void check_bsns(uint32_t from, uint32_t to)
{
    struct bench_bsns bsns;
    uint32_t taken = 0;
    bench_bsns_start(&bsns, from);
    for (uint32_t number = from; number < to; number++) {
        if (is_bsn(number)) {
            assert_int_equal(bench_bsns_take(&bsns, &taken), 0);
            assert_int_equal(taken, number);
        }
    }
    assert_true(bench_bsns_rest(&bsns) > taken);
}

static void test_bsns_are_all_there_are(void **state)
{
    (void)state;
    check_bsns(1, 20000);
    check_bsns(950000012, 950010000);
    check_bsns(950000013, 950010000);
    check_bsns(123456782, 123466782);
}

static void test_bsns_end(void **state)
{
    (void)state;
    struct bench_bsns bsns;
    uint32_t taken;
    bench_bsns_start(&bsns, 999999990);
    assert_int_equal(bench_bsns_take(&bsns, &taken), 0);
    assert_int_equal(taken, 999999990);
    assert_int_equal(bench_bsns_take(&bsns, &taken), BENCH_BSNS_EXHAUSTED);
    assert_int_equal(bench_bsns_take(&bsns, &taken), BENCH_BSNS_EXHAUSTED);
    assert_int_equal(taken, 999999990);
    bench_bsns_start(&bsns, 999999991);
    assert_int_equal(bench_bsns_take(&bsns, &taken), BENCH_BSNS_EXHAUSTED);
}

/* ---- heads ---- */

static void test_heads(void **state)
{
    (void)state;
    static const char created[] = "HTTP/1.1 201 Created\r\nContent-Type: application/json\r\n"
                                  "LOCATION:  /v1/signals/x \r\nContent-Length: 12\r\n\r\n";
    struct bench_head head;
    assert_int_equal(bench_head_parse(created, strlen(created), &head), 0);
    assert_int_equal(head.status, 201);
    assert_int_equal(head.body_length, 12);
    assert_false(head.closes);
    assert_false(head.problem);
    assert_int_equal(head.location_length, 13);
    assert_memory_equal(created + head.location, "/v1/signals/x", 13);

    static const char refused[] = "HTTP/1.1 429 \r\nconnection: Close\r\ncontent-length: 0\r\n"
                                  "content-type: application/problem+json; charset=utf-8\r\n\r\n";
    assert_int_equal(bench_head_parse(refused, strlen(refused), &head), 0);
    assert_int_equal(head.status, 429);
    assert_true(head.closes);
    assert_true(head.problem);
    assert_int_equal(head.location_length, 0);

    static const char nothing[] = "HTTP/1.1 204\r\n\r\n";
    assert_int_equal(bench_head_parse(nothing, strlen(nothing), &head), 0);
    assert_int_equal(head.body_length, 0);
}

static void test_bad_heads(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "",
        "\r\n",
        "HTTP/1.1 200 OK\r\n",
        "HTTP/1.1 200 OK\r\n\r\n",
        "HTTP/1.0 200 OK\r\nContent-Length: 1\r\n\r\n",
        "HTTP/1.1 20 OK\r\nContent-Length: 1\r\n\r\n",
        "HTTP/1.1 2000\r\nContent-Length: 1\r\n\r\n",
        "HTTP/1.1 100 Continue\r\nContent-Length: 0\r\n\r\n",
        "HTTP/1.1 200 OK\nContent-Length: 1\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: \r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 8388609\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 99999999999999999999999999\r\n\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nno colon\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 1\r\n: empty\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nx",
    };
    for (size_t i = 0; i < ARRAY_LENGTH(bad); i++) {
        struct bench_head head = {.status = -1};
        assert_int_equal(bench_head_parse(bad[i], strlen(bad[i]), &head), BENCH_HEAD_MALFORMED);
        assert_int_equal(head.status, -1);
    }
}

/* ---- where to ---- */

static void test_targets(void **state)
{
    (void)state;
    static const struct {
        const char *url;
        const char *host;
        const char *port;
        const char *authority;
    } good[] = {
        {"https://localhost:8443", "localhost", "8443", "localhost:8443"},
        {"https://localhost/", "localhost", "443", "localhost"},
        {"https://[::1]:8443/", "::1", "8443", "[::1]:8443"},
        {"https://[::1]", "::1", "443", "[::1]"},
    };
    static const char *const bad[] = {
        "http://localhost",
        "localhost",
        "https://",
        "https://localhost/v1",
        "https://:8443",
        "https://localhost:",
        "https://localhost:0",
        "https://localhost:65536",
        "https://localhost:84x",
        "https://[::1",
        "https://[::1]x",
        "https://user@localhost",
        "https://local host",
        "https://a\r\nb",
        "https://localhost:8443:1",
    };
    struct bench_target target;
    for (size_t i = 0; i < ARRAY_LENGTH(good); i++) {
        assert_int_equal(bench_target_parse(good[i].url, &target), 0);
        assert_string_equal(target.host, good[i].host);
        assert_string_equal(target.port, good[i].port);
        assert_string_equal(target.authority, good[i].authority);
    }
    for (size_t i = 0; i < ARRAY_LENGTH(bad); i++) {
        assert_int_equal(bench_target_parse(bad[i], &target), BENCH_TARGET_MALFORMED);
    }
}

static void test_loopback(void **state)
{
    (void)state;
    static const struct {
        const char *address;
        bool loopback;
    } cases[] = {
        {"127.0.0.1", true}, {"127.255.3.4", true}, {"128.0.0.1", false},
        {"0.0.0.0", false},  {"192.0.2.1", false},  {"10.0.0.1", false},
    };
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        struct sockaddr_in in = {.sin_family = AF_INET};
        assert_int_equal(inet_pton(AF_INET, cases[i].address, &in.sin_addr), 1);
        assert_int_equal(bench_address_is_loopback((const struct sockaddr *)(const void *)&in),
                         cases[i].loopback);
    }
    struct sockaddr_in6 in6 = {.sin6_family = AF_INET6, .sin6_addr = IN6ADDR_LOOPBACK_INIT};
    assert_true(bench_address_is_loopback((const struct sockaddr *)(const void *)&in6));
    in6.sin6_addr = (struct in6_addr)IN6ADDR_ANY_INIT;
    assert_false(bench_address_is_loopback((const struct sockaddr *)(const void *)&in6));
}

static void test_other_machines_are_spared(void **state)
{
    (void)state;
    struct bench_target target;
    assert_int_equal(bench_target_parse("https://192.0.2.1:8443", &target), 0);
    assert_int_equal(bench_target_resolve(&target, false), VIX_USAGE);
}

/* ---- /proc ---- */

static void test_proc(void **state)
{
    (void)state;
    uint64_t a = 0;
    uint64_t b = 0;
    assert_true(
        bench_parse_stat("42 (a) b (c)) S 1 42 42 0 -1 4194560 9 0 0 0 120 34 5 6 20 0 3 0", &a));
    assert_int_equal(a, 154);
    assert_false(bench_parse_stat("42 (vixd) S 1 42", &a));
    assert_false(bench_parse_stat("nothing", &a));
    assert_true(bench_parse_status("Name:\tvixd\nVmHWM:\t  9 kB\nVmRSS:\t   2048 kB\n"
                                   "RssAnon:\t    1024 kB\nRssFile:\t 1024 kB\n",
                                   &a, &b));
    assert_int_equal(a, 2048 * 1024);
    assert_int_equal(b, 1024 * 1024);
    assert_false(bench_parse_status("Name:\tvixd\nVmRSS:\t   2048 kB\n", &a, &b));
    assert_true(bench_parse_machine("cpu  1 2 3 1000 500 6 7 8 9 10\ncpu0 1", &a, &b));
    assert_int_equal(a, 1 + 2 + 3 + 6 + 7 + 8);
    assert_int_equal(b, 1500);
    assert_false(bench_parse_machine("cpu 1 2", &a, &b));
}

static void test_own_cost(void **state)
{
    (void)state;
    struct bench_cost cost;
    bench_cost_take(getpid(), &cost);
    assert_true(cost.has_server);
    assert_true(cost.resident >= cost.anonymous && cost.anonymous > 0);
    assert_true(cost.machine_busy > 0);
    bench_cost_take(0, &cost);
    assert_false(cost.has_server);
}

/* ---- what is remembered ---- */

static void test_children(void **state)
{
    (void)state;
    struct bench_children children;
    uint32_t place;
    uint32_t who = 0;
    assert_int_equal(bench_children_init(&children, 3), 0);
    for (size_t i = 0; i < 3; i++) {
        assert_int_equal(bench_children_take(&children, i, &place, &who), BENCH_CHILDREN_NONE);
    }
    assert_int_equal(bench_children_add(&children, 70, 0), 0);
    assert_int_equal(bench_children_add(&children, 71, 0), 0);
    assert_int_equal(bench_children_take(&children, 0, &place, &who), BENCH_CHILDREN_NONE);
    assert_int_equal(bench_children_take(&children, 1, &place, &who), 0);
    assert_int_equal(who, 70);
    bench_children_put_back(&children, place, 1);
    assert_int_equal(bench_children_take(&children, 1, &place, &who), 0);
    assert_int_equal(who, 71);
    bench_children_signalled(&children, place, 1);
    assert_int_equal(bench_children_take(&children, 2, &place, &who), 0);
    assert_int_equal(who, 71);
    bench_children_signalled(&children, place, 2); /* by all three now */
    for (size_t i = 0; i < 3; i++) {
        bool waits = i == 1;
        assert_int_equal(bench_children_take(&children, i, &place, &who),
                         waits ? 0 : BENCH_CHILDREN_NONE);
    }
    assert_int_equal(who, 70);
    bench_children_finish(&children);
}

static void test_a_child_has_at_most_so_many(void **state)
{
    (void)state;
    struct bench_children children;
    size_t signals = 1;
    uint32_t place;
    uint32_t who;
    assert_int_equal(bench_children_init(&children, 1000), 0);
    assert_int_equal(bench_children_add(&children, 1, 0), 0);
    while (bench_children_take(&children, signals, &place, &who) == 0) {
        bench_children_signalled(&children, place, signals);
        signals++;
    }
    assert_int_equal(signals, BENCH_SIGNALS_PER_CHILD);
    bench_children_finish(&children);
}

static struct bench_id make_id(unsigned number)
{
    struct bench_id id = {0};
    put_be32(id.bytes, number * 2654435761u);
    return id;
}

static void test_acknowledged(void **state)
{
    (void)state;
    CLEANUP(bench_acknowledged_finish) struct bench_acknowledged list = {0};
    CLEANUP(bench_acknowledged_finish) struct bench_acknowledged other = {0};
    for (unsigned i = 0; i < 5000; i++) {
        struct bench_id id = make_id(i);
        assert_int_equal(bench_acknowledged_add(i % 2 == 0 ? &list : &other, &id, i % 5), 0);
    }
    struct bench_id again = make_id(7);
    assert_int_equal(bench_acknowledged_add(&list, &again, 7 % 5), 0);
    assert_int_equal(bench_acknowledged_merge(&list, &other), 0);
    assert_int_equal(other.count, 0);
    list.items[list.count - 1].withdrawn = true;
    bench_acknowledged_sort(&list);
    assert_int_equal(list.count, 5000);

    size_t count;
    for (unsigned i = 0; i < 5000; i++) {
        struct bench_id id = make_id(i);
        struct bench_acknowledgement *items = bench_acknowledged_of(&list, i % 5, &count);
        assert_int_equal(count, 1000);
        if (i != 3) {
            bench_acknowledged_see(items, count, &id, i == 5);
        }
        if (i == 4) {
            bench_acknowledged_see(items, count, &id, false);
        }
        /* Another identity's list has no such id. */
        items = bench_acknowledged_of(&list, (i + 1) % 5, &count);
        bench_acknowledged_see(items, count, &id, true);
    }
    unsigned missing = 0;
    unsigned doubled = 0;
    unsigned live = 0;
    unsigned withdrawn = 0;
    for (size_t i = 0; i < list.count; i++) {
        live += list.items[i].live ? 1 : 0;
        withdrawn += list.items[i].withdrawn ? 1 : 0;
        missing += list.items[i].seen == 0 ? 1 : 0;
        doubled += list.items[i].seen == 2 ? 1 : 0;
        assert_true(list.items[i].seen <= 2);
    }
    assert_int_equal(missing, 1);
    assert_int_equal(doubled, 1);
    assert_int_equal(live, 1);
    assert_int_equal(withdrawn, 1); /* known of one of the two entries that were one */
    assert_null(bench_acknowledged_of(&list, 5, &count));
    assert_int_equal(count, 0);
}

static void test_ids(void **state)
{
    (void)state;
    static const char good[] = "01890a5d-ac96-774b-bcce-b302099a8057";
    static const char *const bad[] = {
        "",
        "01890a5d-ac96-774b-bcce-b302099a805",
        "01890a5d-ac96-774b-bcce-b302099a80571",
        "01890a5dxac96-774b-bcce-b302099a8057",
        "01890a5d-ac96-774b-bcce-b302099a805g",
        "01890a5da-c96-774b-bcce-b302099a8057",
    };
    struct bench_id id;
    assert_true(bench_id_parse(good, strlen(good), &id));
    assert_int_equal(id.bytes[0], 0x01);
    assert_int_equal(id.bytes[6], 0x77);
    assert_int_equal(id.bytes[15], 0x57);
    for (size_t i = 0; i < ARRAY_LENGTH(bad); i++) {
        assert_false(bench_id_parse(bad[i], strlen(bad[i]), &id));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_bsns_are_all_there_are),
        cmocka_unit_test(test_bsns_end),
        cmocka_unit_test(test_heads),
        cmocka_unit_test(test_bad_heads),
        cmocka_unit_test(test_targets),
        cmocka_unit_test(test_loopback),
        cmocka_unit_test(test_other_machines_are_spared),
        cmocka_unit_test(test_proc),
        cmocka_unit_test(test_own_cost),
        cmocka_unit_test(test_children),
        cmocka_unit_test(test_a_child_has_at_most_so_many),
        cmocka_unit_test(test_acknowledged),
        cmocka_unit_test(test_ids),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
