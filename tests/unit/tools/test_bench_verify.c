/* SPDX-License-Identifier: EUPL-1.2 */
/* The comparison of what was acknowledged with what is listed, against a server that lists what a
 * test wants: by TLS, as several clients at a time. */
#include <arpa/inet.h>
#include <openssl/x509v3.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/unit/tools/bench_support.h"
#include "tools/client.h"
#include "tools/load/issue.h"
#include "tools/load/verify.h"

#define IDENTITIES 6 /* more than are read at a time */
#define LISTED_MAXIMUM 8
#define PAGE 2
#define CONNECTIONS_MAXIMUM 16

struct listed {
    const char *id;
    const char *status;
};

/* What each identity's list holds, up to an id that is NULL; `status` other than 200: refused. */
struct list {
    int status;
    struct listed signals[LISTED_MAXIMUM];
};

struct server {
    SSL_CTX *context;
    int listener;
    char url[64];
    const struct list *lists;
    pthread_t acceptor;
    struct peer {
        struct server *server;
        int fd;
        pthread_t thread;
    } peers[CONNECTIONS_MAXIMUM];
    size_t peer_count;
};

#define ID(n) "01890a5d-ac96-774b-bcce-b302099a805" #n

/* ---- the server ---- */

static bool read_head(SSL *ssl, char *text, size_t size)
{
    size_t length = 0;
    while (length < size - 1 && SSL_read(ssl, text + length, 1) == 1) {
        text[++length] = '\0';
        if (length >= 4 && memcmp(text + length - 4, "\r\n\r\n", 4) == 0) {
            return true;
        }
    }
    return false;
}

/* The n of bench_oin(n), less one. */
static size_t identity_of(SSL *ssl)
{
    char oin[32] = "";
    X509 *certificate = SSL_get1_peer_certificate(ssl);
    for (size_t i = 1; certificate != NULL && i <= IDENTITIES; i++) {
        char expected[BENCH_OIN_SIZE];
        bench_oin(i, expected);
        X509_NAME_get_text_by_NID(X509_get_subject_name(certificate), NID_serialNumber, oin,
                                  sizeof(oin));
        if (strcmp(oin, expected) == 0) {
            X509_free(certificate);
            return i - 1;
        }
    }
    X509_free(certificate);
    return IDENTITIES;
}

/* A page from the place that the cursor tells. */
static void write_page(SSL *ssl, const struct list *list, const char *head)
{
    char body[1024];
    char answer[2048];
    const char *cursor = strstr(head, "cursor=");
    size_t at = cursor != NULL ? strtoul(cursor + strlen("cursor="), NULL, 10) : 0;
    size_t used = (size_t)snprintf(body, sizeof(body), "{\"signals\":[");
    size_t end = at;
    for (; end < at + PAGE && list->signals[end].id != NULL; end++) {
        used += (size_t)snprintf(body + used, sizeof(body) - used,
                                 "%s{\"id\":\"%s\",\"status\":\"%s\"}", end > at ? "," : "",
                                 list->signals[end].id, list->signals[end].status);
    }
    bool more = list->signals[end].id != NULL;
    used += (size_t)snprintf(body + used, sizeof(body) - used, "],\"next\":");
    used += more ? (size_t)snprintf(body + used, sizeof(body) - used, "\"%zu\"}", end)
                 : (size_t)snprintf(body + used, sizeof(body) - used, "null}");
    int length = snprintf(answer, sizeof(answer),
                          "HTTP/1.1 %d Said\r\nContent-Type: application/json\r\n"
                          "Content-Length: %zu\r\n\r\n%s",
                          list->status, used, body);
    SSL_write(ssl, answer, length);
}

static void *serve(void *user)
{
    struct peer *peer = user;
    char head[2048];
    SSL *ssl = SSL_new(peer->server->context);
    if (ssl != NULL && SSL_set_fd(ssl, peer->fd) == 1 && SSL_accept(ssl) == 1) {
        size_t who = identity_of(ssl);
        while (who < IDENTITIES && read_head(ssl, head, sizeof(head)) &&
               strncmp(head, "GET /v1/signals?limit=500", 25) == 0) {
            write_page(ssl, &peer->server->lists[who], head);
        }
        SSL_shutdown(ssl);
    }
    SSL_free(ssl);
    close(peer->fd);
    return NULL;
}

static void *accept_all(void *user)
{
    struct server *server = user;
    int fd;
    while (server->peer_count < CONNECTIONS_MAXIMUM &&
           (fd = accept(server->listener, NULL, NULL)) >= 0) {
        struct peer *peer = &server->peers[server->peer_count];
        *peer = (struct peer){.server = server, .fd = fd};
        if (pthread_create(&peer->thread, NULL, serve, peer) != 0) {
            close(fd);
            break;
        }
        server->peer_count++;
    }
    return NULL;
}

static void start(struct server *server, const struct bench_place *place, const struct list *lists)
{
    *server = (struct server){.lists = lists};
    X509 *certificate;
    EVP_PKEY *key;
    bench_place_certify_server(place, &certificate, &key);
    server->context = SSL_CTX_new(TLS_server_method());
    assert_non_null(server->context);
    assert_int_equal(SSL_CTX_use_certificate(server->context, certificate), 1);
    assert_int_equal(SSL_CTX_use_PrivateKey(server->context, key), 1);
    assert_int_equal(SSL_CTX_load_verify_locations(server->context, place->authority_path, NULL),
                     1);
    SSL_CTX_set_verify(server->context, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, NULL);
    SSL_CTX_set_session_cache_mode(server->context, SSL_SESS_CACHE_OFF);
    X509_free(certificate);
    EVP_PKEY_free(key);

    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_addr = {.s_addr = htonl(INADDR_LOOPBACK)}};
    socklen_t length = sizeof(address);
    server->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_true(server->listener >= 0);
    assert_int_equal(bind(server->listener, (struct sockaddr *)&address, sizeof(address)), 0);
    assert_int_equal(listen(server->listener, CONNECTIONS_MAXIMUM), 0);
    assert_int_equal(getsockname(server->listener, (struct sockaddr *)&address, &length), 0);
    snprintf(server->url, sizeof(server->url), "https://localhost:%d", ntohs(address.sin_port));
    assert_int_equal(pthread_create(&server->acceptor, NULL, accept_all, server), 0);
}

static void stop(struct server *server)
{
    shutdown(server->listener, SHUT_RDWR);
    pthread_join(server->acceptor, NULL);
    for (size_t i = 0; i < server->peer_count; i++) {
        pthread_join(server->peers[i].thread, NULL);
    }
    close(server->listener);
    SSL_CTX_free(server->context);
}

/* ---- the tests ---- */

static void make_identities(const struct bench_place *place, struct bench_identities *identities)
{
    CLEANUP(bench_issuer_freep) struct bench_issuer *issuer = NULL;
    char directory[96];
    snprintf(directory, sizeof(directory), "%s/identities", place->directory);
    mkdir(directory, 0700);
    assert_int_equal(bench_issuer_open(place->directory, &issuer), VIX_DONE);
    for (size_t i = 1; i <= IDENTITIES; i++) {
        char name[16];
        char oin[BENCH_OIN_SIZE];
        snprintf(name, sizeof(name), "n%zu", i);
        bench_oin(i, oin);
        assert_int_equal(bench_issue(issuer, directory, name, oin, "School"), VIX_DONE);
    }
    assert_int_equal(bench_identities_load(directory, identities), VIX_DONE);
    assert_int_equal(identities->count, IDENTITIES);
}

static void acknowledge(struct bench_acknowledged *list, size_t identity, const char *text)
{
    struct bench_id id;
    assert_true(bench_id_parse(text, strlen(text), &id));
    assert_int_equal(bench_acknowledged_add(list, &id, identity), 0);
}

/* What the verification of `list` comes to where the index lists `lists`. */
static int verify(const struct bench_place *place, const struct list *lists,
                  struct bench_acknowledged *list, struct bench_verdict *verdict)
{
    CLEANUP(bench_identities_finish) struct bench_identities identities = {0};
    struct server server;
    make_identities(place, &identities);
    start(&server, place, lists);
    struct bench_options options = {
        .url = server.url, .ca = place->authority_path, .verify_seconds = 0};
    int result = bench_verify(&options, &identities, list, verdict);
    stop(&server);
    return result;
}

static void test_all_is_found(void **state)
{
    static const struct list lists[IDENTITIES] = {
        {200, {{ID(0), "active"}, {ID(1), "active"}, {ID(2), "archived"}}},
        {200, {{ID(3), "active"}}},
        {200, {{ID(1), "active"}, {ID(2), "active"}, {ID(4), "active"}, {ID(5), "active"}}},
        {200, {{ID(6), "active"}}},
        {200, {{ID(7), "active"}}},
        {404, {{NULL, NULL}}}, /* to whom nothing was acknowledged is not asked */
    };
    CLEANUP(bench_acknowledged_finish) struct bench_acknowledged list = {0};
    struct bench_verdict verdict;
    acknowledge(&list, 4, ID(7));
    acknowledge(&list, 0, ID(2));
    acknowledge(&list, 0, ID(0));
    acknowledge(&list, 0, ID(0)); /* once with 201, once with 200 */
    acknowledge(&list, 1, ID(3));
    acknowledge(&list, 2, ID(5)); /* on the second page; the others are of an earlier load */
    acknowledge(&list, 3, ID(6));
    list.items[1].withdrawn = true;
    assert_int_equal(verify(*state, lists, &list, &verdict), VIX_DONE);
    assert_true(verdict.complete);
    assert_int_equal(verdict.acknowledged, 6);
    assert_int_equal(verdict.found, 6);
    assert_int_equal(verdict.withdrawn, 1);
    assert_int_equal(verdict.missing + verdict.doubled + verdict.undead, 0);
}

static void test_what_is_amiss_is_found(void **state)
{
    static const struct list lists[IDENTITIES] = {
        {200, {{ID(0), "active"}, {ID(1), "active"}, {ID(0), "active"}}},
        {200, {{ID(3), "active"}}},
        {200, {{ID(2), "active"}}},
        {200, {{NULL, NULL}}},
    };
    CLEANUP(bench_acknowledged_finish) struct bench_acknowledged list = {0};
    struct bench_verdict verdict;
    acknowledge(&list, 0, ID(0)); /* twice */
    acknowledge(&list, 0, ID(1));
    acknowledge(&list, 1, ID(3)); /* was withdrawn */
    acknowledge(&list, 1, ID(2)); /* is there, but another's */
    acknowledge(&list, 3, ID(4)); /* nowhere */
    list.items[2].withdrawn = true;
    assert_int_equal(verify(*state, lists, &list, &verdict), VIX_REFUSED);
    assert_true(verdict.complete);
    assert_int_equal(verdict.acknowledged, 5);
    assert_int_equal(verdict.found, 3);
    assert_int_equal(verdict.missing, 2);
    assert_int_equal(verdict.doubled, 1);
    assert_int_equal(verdict.undead, 1);
}

static void test_a_list_that_cannot_be_read(void **state)
{
    static const int statuses[] = {404, 429, 503};
    for (size_t i = 0; i < ARRAY_LENGTH(statuses); i++) {
        struct list lists[IDENTITIES] = {
            {200, {{ID(0), "active"}}},
            {statuses[i], {{ID(1), "active"}}},
        };
        CLEANUP(bench_acknowledged_finish) struct bench_acknowledged list = {0};
        struct bench_verdict verdict;
        acknowledge(&list, 0, ID(0));
        acknowledge(&list, 1, ID(1));
        assert_int_equal(verify(*state, lists, &list, &verdict), VIX_REFUSED);
        assert_false(verdict.complete);
    }
}

static void test_nothing_was_acknowledged(void **state)
{
    static const struct list lists[IDENTITIES] = {{404, {{NULL, NULL}}}};
    struct bench_acknowledged list = {0};
    struct bench_verdict verdict;
    assert_int_equal(verify(*state, lists, &list, &verdict), VIX_DONE);
    assert_true(verdict.complete);
    assert_int_equal(verdict.acknowledged + verdict.found + verdict.missing, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_all_is_found),
        cmocka_unit_test(test_what_is_amiss_is_found),
        cmocka_unit_test(test_a_list_that_cannot_be_read),
        cmocka_unit_test(test_nothing_was_acknowledged),
    };
    signal(SIGPIPE, SIG_IGN);
    if (client_global_init() != 0) {
        return 1;
    }
    return cmocka_run_group_tests(tests, bench_place_make, bench_place_remove);
}
