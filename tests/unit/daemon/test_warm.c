/* SPDX-License-Identifier: EUPL-1.2 */
#include "daemon/warm.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define MAXIMUM 2
#define CONNECTIONS 3
#define SECOND 1000000

struct fixture {
    SSL_CTX *context;
    SSL *ssl[CONNECTIONS];
    struct warm warm[CONNECTIONS];
    struct warm_list list;
};

static void setup(struct fixture *fixture)
{
    *fixture =
        (struct fixture){.context = SSL_CTX_new(TLS_server_method()), .list = {.maximum = MAXIMUM}};
    assert_non_null(fixture->context);
    SSL_CTX_set_mode(fixture->context, SSL_MODE_RELEASE_BUFFERS);
    for (size_t i = 0; i < CONNECTIONS; i++) {
        fixture->ssl[i] = SSL_new(fixture->context);
        assert_non_null(fixture->ssl[i]);
    }
}

static void teardown(struct fixture *fixture)
{
    for (size_t i = 0; i < CONNECTIONS; i++) {
        warm_leave(&fixture->list, &fixture->warm[i]);
        SSL_free(fixture->ssl[i]);
    }
    assert_int_equal(fixture->list.count, 0);
    assert_true(fixture->list.first == NULL && fixture->list.last == NULL);
    SSL_CTX_free(fixture->context);
}

static void use(struct fixture *fixture, size_t i, uint64_t now)
{
    warm_use(&fixture->list, &fixture->warm[i], fixture->ssl[i], now);
}

/* The list and OpenSSL must agree. */
static bool is_warm(const struct fixture *fixture, size_t i)
{
    bool keeps = (SSL_get_mode(fixture->ssl[i]) & SSL_MODE_RELEASE_BUFFERS) == 0;
    assert_int_equal(keeps, fixture->warm[i].ssl != NULL);
    return keeps;
}

static void test_the_busiest_keep_their_buffers(void **state)
{
    (void)state;
    struct fixture fixture;
    setup(&fixture);
    use(&fixture, 0, 1);
    use(&fixture, 1, 2);
    use(&fixture, 2, SECOND);
    assert_true(is_warm(&fixture, 0) && is_warm(&fixture, 1));
    assert_false(is_warm(&fixture, 2)); /* the others are busy, too */
    use(&fixture, 0, SECOND + 1);
    use(&fixture, 2, SECOND + 2); /* the second has not been used for a second */
    assert_true(is_warm(&fixture, 0) && is_warm(&fixture, 2));
    assert_false(is_warm(&fixture, 1));
    assert_int_equal(fixture.list.count, MAXIMUM);
    assert_ptr_equal(fixture.list.first, &fixture.warm[2]);
    assert_ptr_equal(fixture.list.last, &fixture.warm[0]);
    teardown(&fixture);
}

static void test_who_leaves_makes_room(void **state)
{
    (void)state;
    struct fixture fixture;
    setup(&fixture);
    use(&fixture, 0, 1);
    use(&fixture, 1, 1);
    warm_leave(&fixture.list, &fixture.warm[1]);
    warm_leave(&fixture.list, &fixture.warm[1]);
    assert_false(is_warm(&fixture, 1));
    assert_int_equal(fixture.list.count, 1);
    use(&fixture, 2, 2);
    assert_true(is_warm(&fixture, 0) && is_warm(&fixture, 2));
    teardown(&fixture);
}

static void test_none_may(void **state)
{
    (void)state;
    struct fixture fixture;
    setup(&fixture);
    fixture.list.maximum = 0;
    use(&fixture, 0, 5 * SECOND);
    assert_false(is_warm(&fixture, 0));
    teardown(&fixture);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_busiest_keep_their_buffers),
        cmocka_unit_test(test_who_leaves_makes_room),
        cmocka_unit_test(test_none_may),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
