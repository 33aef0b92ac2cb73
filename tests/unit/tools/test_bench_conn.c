/* SPDX-License-Identifier: EUPL-1.2 */
/* Certificates of vix-bench, and its connections, against a server that plays by a script. */
#include <arpa/inet.h>
#include <openssl/x509v3.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/unit/tools/bench_support.h"
#include "tools/load/conn.h"
#include "tools/load/issue.h"

#define OIN_SCHOOL "00000099000000010000"
#define PATIENCE 20 /* seconds until a test gives up waiting for an event */

static const char request[] = "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n";

/* ---- a directory with one identity ---- */

static void make_identity(const struct bench_place *place, char directory[static 96],
                          struct bench_identities *identities)
{
    CLEANUP(bench_issuer_freep) struct bench_issuer *issuer = NULL;
    snprintf(directory, 96, "%s/identities", place->directory);
    mkdir(directory, 0700);
    assert_int_equal(bench_issuer_open(place->directory, &issuer), VIX_DONE);
    assert_int_equal(bench_issue(issuer, directory, "one", OIN_SCHOOL, "School"), VIX_DONE);
    assert_int_equal(bench_identities_load(directory, identities), VIX_DONE);
    assert_int_equal(identities->count, 1);
}

static void test_certificates(void **state)
{
    const struct bench_place *place = *state;
    CLEANUP(bench_identities_finish) struct bench_identities identities = {0};
    CLEANUP(bench_identities_finish) struct bench_identities again = {0};
    char directory[96];
    make_identity(place, directory, &identities);
    X509 *certificate = identities.items[0].certificate;
    assert_int_equal(X509_verify(certificate, place->authority_key), 1);
    assert_int_equal(X509_check_issued(place->authority, certificate), X509_V_OK);
    assert_int_equal(X509_check_purpose(certificate, X509_PURPOSE_SSL_SERVER, 0), 0);

    char oin[32] = "";
    X509_NAME_get_text_by_NID(X509_get_subject_name(certificate), NID_serialNumber, oin,
                              sizeof(oin));
    assert_string_equal(oin, OIN_SCHOOL);
    bench_oin(1, oin);
    assert_string_equal(oin, OIN_SCHOOL);

    struct stat status;
    assert_int_equal(stat(identities.items[0].key_path, &status), 0);
    assert_int_equal(status.st_mode & 0777, 0600);

    /* A second time it is left as it is. */
    make_identity(place, directory, &again);
    assert_int_equal(X509_cmp(again.items[0].certificate, certificate), 0);
}

static void test_an_authority_is_no_identity(void **state)
{
    const struct bench_place *place = *state;
    struct bench_identities identities = {0};
    assert_int_equal(bench_identities_load(place->directory, &identities), VIX_REFUSED);
    assert_int_equal(bench_identities_load("/nonexistent", &identities), VIX_REFUSED);
    assert_int_equal(identities.count, 0);
}

/* ---- the server: answers each request of one connection with the next line of its script ---- */

struct server {
    SSL_CTX *context;
    int listener;
    const char *const *script; /* ends with NULL, and then the connection is closed */
    bool bytewise;             /* each byte in a TLS record of its own */
    bool abrupt;               /* closed without a close_notify */
    pthread_t thread;
};

static bool read_request(SSL *ssl)
{
    char text[512];
    size_t length = 0;
    while (length < sizeof(text) - 1) {
        int got = SSL_read(ssl, text + length, 1);
        if (got != 1) {
            return false;
        }
        text[++length] = '\0';
        if (length >= 4 && memcmp(text + length - 4, "\r\n\r\n", 4) == 0) {
            return true;
        }
    }
    return false;
}

static void *serve(void *user)
{
    struct server *server = user;
    int fd = accept(server->listener, NULL, NULL);
    SSL *ssl = SSL_new(server->context);
    if (fd >= 0 && ssl != NULL && SSL_set_fd(ssl, fd) == 1 && SSL_accept(ssl) == 1) {
        for (const char *const *line = server->script; *line != NULL && read_request(ssl); line++) {
            size_t length = strlen(*line);
            size_t step = server->bytewise ? 1 : length;
            for (size_t at = 0; at < length; at += step) {
                SSL_write(ssl, *line + at, (int)step);
            }
        }
        if (!server->abrupt) {
            SSL_shutdown(ssl);
        }
    }
    SSL_free(ssl);
    close(fd);
    return NULL;
}

static void server_start(struct server *server, const struct bench_place *place,
                         struct bench_target *target)
{
    X509 *certificate;
    EVP_PKEY *key;
    bench_place_certify_server(place, &certificate, &key);
    server->context = SSL_CTX_new(TLS_server_method());
    assert_non_null(server->context);
    assert_int_equal(SSL_CTX_use_certificate(server->context, certificate), 1);
    assert_int_equal(SSL_CTX_use_PrivateKey(server->context, key), 1);
    assert_int_equal(SSL_CTX_load_verify_file(server->context, place->authority_path), 1);
    SSL_CTX_set_verify(server->context, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, NULL);
    X509_free(certificate);
    EVP_PKEY_free(key);

    struct sockaddr_in address = {.sin_family = AF_INET};
    socklen_t length = sizeof(address);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    server->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_true(server->listener >= 0);
    assert_int_equal(bind(server->listener, (struct sockaddr *)&address, length), 0);
    assert_int_equal(listen(server->listener, 4), 0);
    assert_int_equal(getsockname(server->listener, (struct sockaddr *)&address, &length), 0);
    *target = (struct bench_target){.host = "localhost", .address_length = length};
    memcpy(&target->address, &address, length);
    assert_int_equal(pthread_create(&server->thread, NULL, serve, server), 0);
}

static void server_stop(struct server *server)
{
    pthread_join(server->thread, NULL);
    close(server->listener);
    SSL_CTX_free(server->context);
}

/* ---- the client: asks as often as it gets answers, and notes all that happens ---- */

struct client {
    struct bench_conn conn;
    struct event_base *base;
    unsigned opened;
    unsigned answered;
    unsigned failed;
    int statuses[8];
    char last_body[64];
    enum bench_failure failure;
};

static void note_opened(struct bench_conn *conn)
{
    struct client *client = CONTAINER_OF(conn, struct client, conn);
    client->opened++;
    assert_int_equal(bench_conn_send(conn, request, strlen(request)), 0);
}

static void note_answered(struct bench_conn *conn, const struct bench_answer *answer)
{
    struct client *client = CONTAINER_OF(conn, struct client, conn);
    assert_true(client->answered < ARRAY_LENGTH(client->statuses));
    client->statuses[client->answered++] = answer->head->status;
    snprintf(client->last_body, sizeof(client->last_body), "%.*s", (int)answer->body_length,
             answer->body);
    if (conn->state == BENCH_CONN_IDLE) {
        assert_int_equal(bench_conn_send(conn, request, strlen(request)), 0);
    } else {
        event_base_loopbreak(client->base);
    }
}

static void note_failed(struct bench_conn *conn, enum bench_conn_state was,
                        enum bench_failure failure)
{
    struct client *client = CONTAINER_OF(conn, struct client, conn);
    (void)was;
    client->failed++;
    client->failure = failure;
    event_base_loopbreak(client->base);
}

/* Plays the script until the connection is closed by either side. */
static void play(const struct bench_place *place, struct server *server, struct client *client)
{
    static const struct bench_conn_events events = {note_opened, note_answered, note_failed};
    CLEANUP(bench_identities_finish) struct bench_identities identities = {0};
    CLEANUP(bench_tls_freep) SSL_CTX *context = NULL;
    struct bench_target target;
    char directory[96];
    make_identity(place, directory, &identities);
    server_start(server, place, &target);
    assert_int_equal(bench_tls_new(place->authority_path, &context), VIX_DONE);
    *client = (struct client){.base = event_base_new()};
    struct bench_conn_settings settings = {
        .base = client->base,
        .answer = evbuffer_new(),
        .context = context,
        .target = &target,
        .events = &events,
    };
    bench_conn_init(&client->conn, &settings, &identities.items[0]);
    assert_int_equal(bench_conn_open(&client->conn), 0);
    assert_int_equal(event_base_loopexit(client->base, &(struct timeval){.tv_sec = PATIENCE}), 0);
    event_base_dispatch(client->base);
    bench_conn_close(&client->conn);
    evbuffer_free(settings.answer);
    event_base_free(client->base);
    server_stop(server);
}

#define ANSWER(body, length) "HTTP/1.1 200 OK\r\nContent-Length: " length "\r\n\r\n" body

static void test_answers(void **state)
{
    static const char *const script[] = {
        ANSWER("one", "3"), "HTTP/1.1 204 No Content\r\n\r\n", ANSWER("three", "5"),
        "HTTP/1.1 503 x\r\nConnection: close\r\nContent-Length: 4\r\n\r\nlast", NULL};
    struct server server = {.script = script};
    struct client client;
    play(*state, &server, &client);
    assert_int_equal(client.opened, 1);
    assert_int_equal(client.answered, 4);
    assert_int_equal(client.failed, 0);
    assert_int_equal(client.statuses[0], 200);
    assert_int_equal(client.statuses[1], 204);
    assert_int_equal(client.statuses[3], 503);
    assert_string_equal(client.last_body, "last");
    assert_int_equal(client.conn.state, BENCH_CONN_CLOSED);
    assert_true(client.conn.opened_in > 0);
}

static void test_answers_byte_by_byte(void **state)
{
    static const char *const script[] = {ANSWER("one", "3"), ANSWER("", "0"), ANSWER("33333", "5"),
                                         NULL};
    struct server server = {.script = script, .bytewise = true};
    struct client client;
    play(*state, &server, &client);
    assert_int_equal(client.answered, 3);
    assert_string_equal(client.last_body, "33333");
    assert_int_equal(client.failed, 1); /* the fourth request found it closed */
    assert_int_equal(client.failure, BENCH_LOST);
}

static void test_lost_connections(void **state)
{
    static const char *const scripts[][3] = {
        {NULL}, {ANSWER("on", "3"), NULL}, {"HTTP/1.1 200 OK\r\n", NULL}};
    for (size_t i = 0; i < 2 * ARRAY_LENGTH(scripts); i++) {
        struct server server = {.script = scripts[i / 2], .abrupt = i % 2 == 1};
        struct client client;
        play(*state, &server, &client);
        assert_int_equal(client.answered, 0);
        assert_int_equal(client.failed, 1);
        assert_int_equal(client.failure, BENCH_LOST);
    }
}

static void test_malformed_answers(void **state)
{
    static const char *const scripts[][2] = {
        {ANSWER("four", "3"), NULL},
        {"HTTP/1.1 200 OK\r\n\r\n", NULL},
        {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", NULL},
        {"SSH-2.0\r\n\r\n", NULL},
    };
    for (size_t i = 0; i < ARRAY_LENGTH(scripts); i++) {
        struct server server = {.script = scripts[i]};
        struct client client;
        play(*state, &server, &client);
        assert_int_equal(client.answered, 0);
        assert_int_equal(client.failed, 1);
        assert_int_equal(client.failure, BENCH_MALFORMED);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_certificates),     cmocka_unit_test(test_an_authority_is_no_identity),
        cmocka_unit_test(test_answers),          cmocka_unit_test(test_answers_byte_by_byte),
        cmocka_unit_test(test_lost_connections), cmocka_unit_test(test_malformed_answers),
    };
    signal(SIGPIPE, SIG_IGN);
    return cmocka_run_group_tests(tests, bench_place_make, bench_place_remove);
}
