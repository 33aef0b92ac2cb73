/* SPDX-License-Identifier: EUPL-1.2 */
#include "daemon/stream.h"

#include <errno.h>
#include <event2/buffer.h>
#include <openssl/err.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "authority.h"

#define LARGE ((size_t)4 << 20) /* bytes: more than any socket takes at once */

struct fixture {
    struct event_base *base;
    struct stream stream;
    int peer;
    short told; /* by events */
};

static void on_ready(evutil_socket_t fd, short what, void *user)
{
    (void)fd;
    ((struct fixture *)user)->told |= what;
}

static void setup(struct fixture *fixture, SSL *ssl)
{
    int ends[2];
    *fixture = (struct fixture){.base = event_base_new()};
    assert_non_null(fixture->base);
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, ends), 0);
    fixture->peer = ends[1];
    assert_int_equal(stream_open(&fixture->stream, fixture->base, ends[0], ssl, on_ready, fixture),
                     0);
}

static void teardown(struct fixture *fixture)
{
    stream_close(&fixture->stream);
    stream_close(&fixture->stream); /* one that is closed may be closed */
    close(fixture->peer);
    event_base_free(fixture->base);
    ERR_clear_error();
}

/* What events tell now. */
static short look(struct fixture *fixture)
{
    fixture->told = 0;
    assert_true(event_base_loop(fixture->base, EVLOOP_NONBLOCK | EVLOOP_ONCE) >= 0);
    return fixture->told;
}

static void expect_input(struct fixture *fixture, const char *text)
{
    char bytes[64];
    size_t size = 0;
    assert_int_equal(stream_read(&fixture->stream, bytes, sizeof(bytes), &size), STREAM_OK);
    assert_int_equal(size, strlen(text));
    assert_memory_equal(bytes, text, size);
}

static void expect_nothing(struct fixture *fixture, enum stream_result result)
{
    char bytes[64];
    size_t size = 0;
    assert_int_equal(stream_read(&fixture->stream, bytes, sizeof(bytes), &size), result);
    assert_int_equal(size, 0);
}

static void test_plain(void **state)
{
    (void)state;
    struct fixture fixture;
    char bytes[8];
    setup(&fixture, NULL);
    expect_nothing(&fixture, STREAM_WAIT);
    assert_int_equal(look(&fixture), 0);
    assert_int_equal(write(fixture.peer, "abc", 3), 3);
    assert_int_equal(look(&fixture), EV_READ);
    expect_input(&fixture, "abc");
    assert_false(stream_has_more(&fixture.stream));
    assert_null(stream_idle_tls(&fixture.stream));
    assert_int_equal(evbuffer_add(fixture.stream.out, "xy", 2), 0);
    assert_int_equal(stream_flush(&fixture.stream), STREAM_OK);
    assert_int_equal(read(fixture.peer, bytes, sizeof(bytes)), 2);
    shutdown(fixture.peer, SHUT_WR);
    expect_nothing(&fixture, STREAM_OVER);
    teardown(&fixture);
}

static void test_paused(void **state)
{
    (void)state;
    struct fixture fixture;
    setup(&fixture, NULL);
    assert_int_equal(write(fixture.peer, "abc", 3), 3);
    stream_pause(&fixture.stream, true);
    assert_int_equal(look(&fixture), 0);
    stream_pause(&fixture.stream, false);
    assert_int_equal(look(&fixture), EV_READ);
    teardown(&fixture);
}

/* What the socket does not take waits, and an event tells when there is room. */
static void send_much(struct fixture *fixture, size_t (*receive)(void *user), void *user)
{
    char *bytes = calloc(1, LARGE);
    assert_non_null(bytes);
    assert_int_equal(evbuffer_add(fixture->stream.out, bytes, LARGE), 0);
    free(bytes);
    enum stream_result result = STREAM_WAIT;
    size_t received = 0;
    while (look(fixture) == EV_WRITE || result == STREAM_WAIT) {
        result = stream_flush(&fixture->stream);
        assert_true(result == STREAM_OK || result == STREAM_WAIT);
        if (result == STREAM_WAIT && look(fixture) == 0) {
            assert_null(stream_idle_tls(&fixture->stream));
            received += receive(user);
        }
    }
    assert_int_equal(evbuffer_get_length(fixture->stream.out), 0);
    for (size_t more = receive(user); more > 0; more = receive(user)) {
        received += more;
    }
    assert_int_equal(received, LARGE);
}

static size_t receive_plain(void *user)
{
    static char bytes[1 << 16];
    struct fixture *fixture = user;
    ssize_t size = read(fixture->peer, bytes, sizeof(bytes));
    assert_true(size > 0 || (size < 0 && errno == EAGAIN));
    return size > 0 ? (size_t)size : 0;
}

static void test_much_plain(void **state)
{
    (void)state;
    struct fixture fixture;
    setup(&fixture, NULL);
    send_much(&fixture, receive_plain, &fixture);
    teardown(&fixture);
}

static void test_broken(void **state)
{
    (void)state;
    struct fixture fixture;
    setup(&fixture, NULL);
    shutdown(fixture.stream.fd, SHUT_WR);
    assert_int_equal(evbuffer_add(fixture.stream.out, "xy", 2), 0);
    assert_int_equal(stream_flush(&fixture.stream), STREAM_OVER);
    teardown(&fixture);
}

/* ---- TLS ---- */

struct secured {
    struct fixture fixture;
    struct authority authority;
    struct credential server;
    SSL_CTX *contexts[2];
    SSL *client;
};

static void setup_secured(struct secured *secured)
{
    const struct request request = {.host = "localhost"};
    *secured = (struct secured){
        .contexts = {SSL_CTX_new(TLS_server_method()), SSL_CTX_new(TLS_client_method())}};
    assert_true(secured->contexts[0] != NULL && secured->contexts[1] != NULL);
    authority_make(&secured->authority, "Test CA");
    identity_make(&secured->server, &secured->authority, &request);
    SSL_CTX_set_read_ahead(secured->contexts[0], 1);
    SSL_CTX_set_num_tickets(secured->contexts[0], 0);
    SSL_CTX_set_mode(secured->contexts[0],
                     SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
    assert_int_equal(SSL_CTX_use_certificate(secured->contexts[0], secured->server.certificate), 1);
    assert_int_equal(SSL_CTX_use_PrivateKey(secured->contexts[0], secured->server.key), 1);
    setup(&secured->fixture, SSL_new(secured->contexts[0]));
    secured->client = SSL_new(secured->contexts[1]);
    assert_non_null(secured->client);
    assert_int_equal(SSL_set_fd(secured->client, secured->fixture.peer), 1);
    enum stream_result server = STREAM_WAIT;
    for (int turn = 0; turn < 4 && server == STREAM_WAIT; turn++) {
        SSL_connect(secured->client);
        server = stream_shake_hands(&secured->fixture.stream);
    }
    assert_int_equal(server, STREAM_OK);
}

static void teardown_secured(struct secured *secured)
{
    SSL_free(secured->client);
    teardown(&secured->fixture);
    SSL_CTX_free(secured->contexts[0]);
    SSL_CTX_free(secured->contexts[1]);
    identity_finish(&secured->server);
    authority_finish(&secured->authority);
}

/* Two records that came together: no event tells of the second. */
static void test_records_that_come_together(void **state)
{
    (void)state;
    struct secured secured;
    setup_secured(&secured);
    assert_int_equal(SSL_write(secured.client, "first", 5), 5);
    assert_int_equal(SSL_write(secured.client, "second", 6), 6);
    assert_int_equal(look(&secured.fixture), EV_READ);
    expect_input(&secured.fixture, "first");
    assert_int_equal(look(&secured.fixture), 0);
    assert_true(stream_has_more(&secured.fixture.stream));
    expect_input(&secured.fixture, "second");
    assert_false(stream_has_more(&secured.fixture.stream));
    expect_nothing(&secured.fixture, STREAM_WAIT);
    teardown_secured(&secured);
}

static size_t receive_secured(void *user)
{
    static char bytes[1 << 16];
    struct secured *secured = user;
    int size = SSL_read(secured->client, bytes, sizeof(bytes));
    assert_true(size > 0 || SSL_get_error(secured->client, size) == SSL_ERROR_WANT_READ);
    return size > 0 ? (size_t)size : 0;
}

static void test_much_secured(void **state)
{
    (void)state;
    struct secured secured;
    setup_secured(&secured);
    assert_ptr_equal(stream_idle_tls(&secured.fixture.stream), secured.fixture.stream.ssl);
    send_much(&secured.fixture, receive_secured, &secured);
    assert_ptr_equal(stream_idle_tls(&secured.fixture.stream), secured.fixture.stream.ssl);
    teardown_secured(&secured);
}

static void test_goodbye(void **state)
{
    (void)state;
    struct secured secured;
    char byte;
    setup_secured(&secured);
    int fd = stream_part(&secured.fixture.stream);
    assert_true(fd >= 0);
    int result = SSL_read(secured.client, &byte, 1);
    assert_int_equal(SSL_get_error(secured.client, result), SSL_ERROR_ZERO_RETURN);
    assert_int_equal(write(fd, "x", 1), 1); /* it is open still */
    close(fd);
    teardown_secured(&secured);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_plain),
        cmocka_unit_test(test_paused),
        cmocka_unit_test(test_much_plain),
        cmocka_unit_test(test_broken),
        cmocka_unit_test(test_records_that_come_together),
        cmocka_unit_test(test_much_secured),
        cmocka_unit_test(test_goodbye),
    };
    signal(SIGPIPE, SIG_IGN);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
