/* SPDX-License-Identifier: EUPL-1.2 */
#include "daemon/tls.h"

#include <openssl/err.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "authority.h"

#define SCHOOL "0000000700000AV00000"

enum file { SERVER, KEY, CA, CRL, FILES };
static const char *const names[FILES] = {"server.pem", "server.key", "ca.pem", "crl.pem"};

struct fixture {
    char directory[32];
    char paths[FILES][64];
    struct authority authority;
    struct credential server;
    struct tls_options options;
    struct tls *tls;
};

static void setup(struct fixture *fixture, bool crl)
{
    memset(fixture, 0, sizeof(*fixture));
    strcpy(fixture->directory, "/tmp/vix-tls-XXXXXX");
    assert_non_null(mkdtemp(fixture->directory));
    for (size_t i = 0; i < FILES; i++) {
        snprintf(fixture->paths[i], sizeof(fixture->paths[i]), "%s/%s", fixture->directory,
                 names[i]);
    }
    authority_make(&fixture->authority, "Test CA");
    const struct request request = {.host = "localhost"};
    identity_make(&fixture->server, &fixture->authority, &request);
    write_certificate(fixture->server.certificate, fixture->paths[SERVER]);
    write_key(fixture->server.key, fixture->paths[KEY]);
    write_certificate(fixture->authority.certificate, fixture->paths[CA]);
    authority_write_crl(&fixture->authority, NULL, 3600, fixture->paths[CRL]);
    fixture->options = (struct tls_options){
        .certificate = fixture->paths[SERVER],
        .private_key = fixture->paths[KEY],
        .client_ca = fixture->paths[CA],
        .client_crl = crl ? fixture->paths[CRL] : NULL,
    };
}

static void begin(struct fixture *fixture)
{
    char why[TLS_WHY_SIZE] = "";
    int result = tls_new(&fixture->options, &fixture->tls, why);
    if (result != 0) {
        print_error("%s\n", why);
    }
    assert_int_equal(result, 0);
}

static void teardown(struct fixture *fixture)
{
    tls_free(fixture->tls);
    identity_finish(&fixture->server);
    authority_finish(&fixture->authority);
    for (size_t i = 0; i < FILES; i++) {
        unlink(fixture->paths[i]);
    }
    rmdir(fixture->directory);
    ERR_clear_error();
}

/* Both ends of a connection, in memory. */
struct pair {
    SSL_CTX *context;
    SSL *client;
    SSL *server;
};

static void pair_make(struct pair *pair, struct fixture *fixture, const struct credential *identity,
                      int version)
{
    pair->context = SSL_CTX_new(TLS_client_method());
    assert_non_null(pair->context);
    SSL_CTX_set_security_level(pair->context, 0);
    SSL_CTX_set_min_proto_version(pair->context, version);
    SSL_CTX_set_max_proto_version(pair->context, version);
    if (identity != NULL) {
        assert_int_equal(SSL_CTX_use_certificate(pair->context, identity->certificate), 1);
        assert_int_equal(SSL_CTX_use_PrivateKey(pair->context, identity->key), 1);
    }
    BIO *near, *far;
    assert_int_equal(BIO_new_bio_pair(&near, 0, &far, 0), 1);
    pair->client = SSL_new(pair->context);
    pair->server = tls_new_connection(fixture->tls);
    assert_true(pair->client != NULL && pair->server != NULL);
    SSL_set_bio(pair->client, near, near);
    SSL_set_bio(pair->server, far, far);
    SSL_set_connect_state(pair->client);
    SSL_set_accept_state(pair->server);
}

static void pair_finish(struct pair *pair)
{
    SSL_free(pair->client);
    SSL_free(pair->server);
    SSL_CTX_free(pair->context);
    ERR_clear_error();
}

/* Whether the server is content with the client; turns are taken until nothing changes. */
static bool shake_hands(struct pair *pair)
{
    int server = 0;
    for (int turn = 0; turn < 10 && server != 1; turn++) {
        SSL_do_handshake(pair->client);
        server = SSL_do_handshake(pair->server);
        if (server != 1 && SSL_get_error(pair->server, server) != SSL_ERROR_WANT_READ) {
            return false;
        }
    }
    return server == 1;
}

static void test_oin(void **state)
{
    (void)state;
    static const struct {
        struct request request;
        const char *oin; /* NULL: none */
    } cases[] = {
        {{.serial_number = SCHOOL}, SCHOOL},
        {{.serial_number = "00000003876543210204"}, "00000003876543210204"},
        {{.serial_number = SCHOOL, .serial_number_type = V_ASN1_UTF8STRING}, SCHOOL},
        {{.serial_number = NULL}, NULL},
        {{.serial_number = "0000000700000av00000", .serial_number_type = V_ASN1_UTF8STRING}, NULL},
        {{.serial_number = "1"}, NULL},
        {{.serial_number = SCHOOL "0"}, NULL},
        {{.serial_number = SCHOOL, .serial_number_size = 19}, NULL},
        {{.serial_number = SCHOOL "\0evil",
          .serial_number_size = 25,
          .serial_number_type = V_ASN1_UTF8STRING},
         NULL},
        {{.serial_number = SCHOOL, .second_serial_number = SCHOOL}, NULL},
        {{.serial_number = SCHOOL, .second_serial_number = "00000003876543210204"}, NULL},
        {{.serial_number = SCHOOL, .serial_number_type = V_ASN1_T61STRING}, NULL},
        {{.serial_number = "0\0A0\0",
          .serial_number_size = 4,
          .serial_number_type = V_ASN1_BMPSTRING},
         NULL},
    };
    struct authority authority;
    authority_make(&authority, "Test CA");
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        struct credential identity;
        struct oin oin = {"untouched"};
        identity_make(&identity, &authority, &cases[i].request);
        bool found = tls_read_oin(identity.certificate, &oin);
        if (found != (cases[i].oin != NULL)) {
            print_error("case %zu\n", i);
        }
        assert_int_equal(found, cases[i].oin != NULL);
        assert_string_equal(oin.text, found ? cases[i].oin : "untouched");
        identity_finish(&identity);
    }
    authority_finish(&authority);
}

static void test_identity(void **state)
{
    (void)state;
    struct fixture fixture;
    setup(&fixture, true);
    begin(&fixture);
    static const struct request requests[] = {
        {.serial_number = SCHOOL},
        {.serial_number = "nonsense"},
        {.serial_number = SCHOOL, .rsa_bits = 2048},
    };
    for (size_t i = 0; i < ARRAY_LENGTH(requests); i++) {
        for (int version = TLS1_2_VERSION; version <= TLS1_3_VERSION; version++) {
            struct credential identity;
            struct pair pair;
            struct tls_peer peer;
            uint8_t expected[32];
            identity_make(&identity, &fixture.authority, &requests[i]);
            pair_make(&pair, &fixture, &identity, version);
            assert_true(shake_hands(&pair));
            assert_int_equal(tls_identify(fixture.tls, pair.server, &peer), 0);
            assert_int_equal(peer.kind, CALLER_CERTIFICATE);
            assert_string_equal(peer.oin.text, i == 1 ? "" : SCHOOL);
            assert_int_equal(X509_digest(identity.certificate, EVP_sha256(), expected, NULL), 1);
            assert_memory_equal(peer.fingerprint, expected, sizeof(expected));
            assert_true(tls_is_current(fixture.tls, pair.server, &peer));
            assert_int_equal(SSL_version(pair.server), version);
            pair_finish(&pair);
            identity_finish(&identity);
        }
    }
    teardown(&fixture);
}

static void test_nobody(void **state)
{
    (void)state;
    struct fixture fixture;
    struct pair pair;
    struct tls_peer peer;
    setup(&fixture, true);
    begin(&fixture);
    pair_make(&pair, &fixture, NULL, TLS1_3_VERSION);
    assert_true(shake_hands(&pair));
    assert_int_equal(tls_identify(fixture.tls, pair.server, &peer), 0);
    assert_int_equal(peer.kind, CALLER_NOBODY);
    assert_string_equal(peer.oin.text, "");
    char why[TLS_WHY_SIZE];
    assert_int_equal(tls_reload(fixture.tls, why), 0);
    assert_true(tls_is_current(fixture.tls, pair.server, &peer));
    pair_finish(&pair);
    teardown(&fixture);
}

static void expect_failure(struct fixture *fixture, const struct credential *identity,
                           enum metric metric)
{
    for (int version = TLS1_2_VERSION; version <= TLS1_3_VERSION; version++) {
        struct pair pair;
        pair_make(&pair, fixture, identity, version);
        assert_false(shake_hands(&pair));
        assert_int_equal(tls_failure(pair.server, false), metric);
        pair_finish(&pair);
    }
}

static void test_refused_certificates(void **state)
{
    (void)state;
    static const struct {
        struct request request;
        bool by_other;
        enum metric metric;
    } cases[] = {
        {{.serial_number = SCHOOL, .ends = -60}, false, METRIC_TLS_FAILED_EXPIRED},
        {{.serial_number = SCHOOL, .begins = 3600}, false, METRIC_TLS_FAILED_EXPIRED},
        {{.serial_number = SCHOOL}, true, METRIC_TLS_FAILED_UNKNOWN_CA},
        {{.serial_number = SCHOOL, .rsa_bits = 1024}, false, METRIC_TLS_FAILED_WEAK_KEY},
        {{.serial_number = SCHOOL, .host = "localhost"}, false, METRIC_TLS_FAILED_CERTIFICATE},
    };
    struct fixture fixture;
    struct authority other;
    setup(&fixture, true);
    begin(&fixture);
    authority_make(&other, "Other CA");
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        struct credential identity;
        identity_make(&identity, cases[i].by_other ? &other : &fixture.authority,
                      &cases[i].request);
        expect_failure(&fixture, &identity, cases[i].metric);
        identity_finish(&identity);
    }
    authority_finish(&other);
    teardown(&fixture);
}

static void test_revocation(void **state)
{
    (void)state;
    static const struct request request = {.serial_number = SCHOOL};
    struct fixture fixture;
    struct credential leaver, stayer;
    struct pair left, stayed;
    struct tls_peer left_peer, stayed_peer;
    char why[TLS_WHY_SIZE];
    setup(&fixture, true);
    begin(&fixture);
    identity_make(&leaver, &fixture.authority, &request);
    identity_make(&stayer, &fixture.authority, &request);
    pair_make(&left, &fixture, &leaver, TLS1_3_VERSION);
    pair_make(&stayed, &fixture, &stayer, TLS1_2_VERSION);
    assert_true(shake_hands(&left));
    assert_int_equal(tls_identify(fixture.tls, left.server, &left_peer), 0);

    authority_write_crl(&fixture.authority, leaver.certificate, 3600, fixture.paths[CRL]);
    assert_true(tls_is_current(fixture.tls, left.server, &left_peer)); /* not read yet */
    uint64_t generation = tls_generation(fixture.tls);
    assert_int_equal(tls_reload(fixture.tls, why), 0);
    assert_int_equal(tls_generation(fixture.tls), generation + 1);
    assert_false(tls_is_current(fixture.tls, left.server, &left_peer));
    expect_failure(&fixture, &leaver, METRIC_TLS_FAILED_REVOKED);
    /* The other one began its handshake before the reload and ended it after. */
    assert_true(shake_hands(&stayed));
    assert_int_equal(tls_identify(fixture.tls, stayed.server, &stayed_peer), 0);
    assert_int_equal(stayed_peer.generation, generation + 1);
    assert_true(tls_is_current(fixture.tls, stayed.server, &stayed_peer));

    /* An expired list refuses everyone, and so does a missing one. */
    authority_write_crl(&fixture.authority, NULL, -3600, fixture.paths[CRL]);
    assert_int_equal(tls_reload(fixture.tls, why), 0);
    expect_failure(&fixture, &stayer, METRIC_TLS_FAILED_CRL);
    assert_false(tls_is_current(fixture.tls, stayed.server, &stayed_peer));
    unlink(fixture.paths[CRL]);
    assert_int_equal(tls_reload(fixture.tls, why), 0);
    expect_failure(&fixture, &stayer, METRIC_TLS_FAILED_CRL);
    struct tls_state now;
    tls_get_state(fixture.tls, &now);
    assert_true(now.crl_configured && !now.crl_loaded);

    pair_finish(&left);
    pair_finish(&stayed);
    identity_finish(&leaver);
    identity_finish(&stayer);
    teardown(&fixture);
}

/* A handshake that ends after a reload is held against the new list. */
static void test_revoked_while_shaking_hands(void **state)
{
    (void)state;
    static const struct request request = {.serial_number = SCHOOL};
    struct fixture fixture;
    struct credential identity;
    struct pair pair;
    struct tls_peer peer;
    char why[TLS_WHY_SIZE];
    setup(&fixture, true);
    begin(&fixture);
    identity_make(&identity, &fixture.authority, &request);
    pair_make(&pair, &fixture, &identity, TLS1_3_VERSION);
    authority_write_crl(&fixture.authority, identity.certificate, 3600, fixture.paths[CRL]);
    assert_int_equal(tls_reload(fixture.tls, why), 0);
    assert_true(shake_hands(&pair)); /* under the context it began with */
    assert_int_equal(tls_identify(fixture.tls, pair.server, &peer), TLS_REFUSED);
    pair_finish(&pair);
    identity_finish(&identity);
    teardown(&fixture);
}

/* What was valid when it was looked at is looked at again once its time has passed. */
static void test_expiry_of_an_open_connection(void **state)
{
    (void)state;
    static const struct request request = {.serial_number = SCHOOL};
    struct fixture fixture;
    struct credential identity;
    struct pair pair;
    struct tls_peer peer;
    setup(&fixture, true);
    begin(&fixture);
    identity_make(&identity, &fixture.authority, &request);
    pair_make(&pair, &fixture, &identity, TLS1_3_VERSION);
    assert_true(shake_hands(&pair));
    assert_int_equal(tls_identify(fixture.tls, pair.server, &peer), 0);
    /* The list ends before the certificate does. */
    assert_true(peer.valid_until > time(NULL) && peer.valid_until <= time(NULL) + 3600);
    peer.valid_until = time(NULL) - 1;
    assert_true(tls_is_current(fixture.tls, pair.server, &peer));
    assert_true(peer.valid_until > time(NULL));
    pair_finish(&pair);
    identity_finish(&identity);
    teardown(&fixture);
}

static void expect_refused(struct fixture *fixture, const char *words)
{
    char why[TLS_WHY_SIZE] = "";
    struct tls *tls = NULL;
    assert_int_equal(tls_new(&fixture->options, &tls, why), TLS_REFUSED);
    assert_null(tls);
    if (strstr(why, words) == NULL) {
        print_error("%s\n", why);
    }
    assert_non_null(strstr(why, words));
}

static void test_files(void **state)
{
    (void)state;
    struct fixture fixture;
    setup(&fixture, true);
    write_text("nonsense", fixture.paths[CRL]);
    expect_refused(&fixture, "crl.pem: not a certificate revocation list");
    authority_write_crl(&fixture.authority, NULL, 3600, fixture.paths[CRL]);
    write_text("", fixture.paths[CA]);
    expect_refused(&fixture, "ca.pem: not certificates of CAs");
    write_certificate(fixture.authority.certificate, fixture.paths[CA]);
    write_key(fixture.authority.key, fixture.paths[KEY]);
    expect_refused(&fixture, "server.key: not a usable private key");
    unlink(fixture.paths[KEY]);
    expect_refused(&fixture, "server.key: not a usable private key");
    write_text("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
               fixture.paths[SERVER]);
    expect_refused(&fixture, "server.pem: not a usable certificate");
    teardown(&fixture);
}

static void test_a_refused_reload_changes_nothing(void **state)
{
    (void)state;
    struct fixture fixture;
    struct pair pair;
    char why[TLS_WHY_SIZE];
    setup(&fixture, false);
    begin(&fixture);
    uint64_t generation = tls_generation(fixture.tls);
    unlink(fixture.paths[SERVER]);
    assert_int_equal(tls_reload(fixture.tls, why), TLS_REFUSED);
    assert_int_equal(tls_generation(fixture.tls), generation);
    pair_make(&pair, &fixture, NULL, TLS1_3_VERSION);
    assert_true(shake_hands(&pair));
    pair_finish(&pair);
    teardown(&fixture);
}

static void test_nothing_to_resume(void **state)
{
    (void)state;
    struct fixture fixture;
    setup(&fixture, true);
    begin(&fixture);
    SSL *ssl = tls_new_connection(fixture.tls);
    assert_non_null(ssl);
    SSL_CTX *context = SSL_get_SSL_CTX(ssl);
    assert_int_equal(SSL_CTX_get_session_cache_mode(context), SSL_SESS_CACHE_OFF);
    assert_int_equal(SSL_get_num_tickets(ssl), 0);
    const uint64_t wanted = SSL_OP_NO_TICKET | SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION |
                            SSL_OP_CLEANSE_PLAINTEXT;
    assert_true((SSL_get_options(ssl) & wanted) == wanted);
    STACK_OF(SSL_CIPHER) *ciphers = SSL_get_ciphers(ssl);
    assert_int_equal(sk_SSL_CIPHER_num(ciphers), 9);
    for (int i = 0; i < sk_SSL_CIPHER_num(ciphers); i++) {
        assert_true(SSL_CIPHER_is_aead(sk_SSL_CIPHER_value(ciphers, i)));
    }
    SSL_free(ssl);
    teardown(&fixture);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_oin),
        cmocka_unit_test(test_identity),
        cmocka_unit_test(test_nobody),
        cmocka_unit_test(test_refused_certificates),
        cmocka_unit_test(test_revocation),
        cmocka_unit_test(test_revoked_while_shaking_hands),
        cmocka_unit_test(test_expiry_of_an_open_connection),
        cmocka_unit_test(test_files),
        cmocka_unit_test(test_a_refused_reload_changes_nothing),
        cmocka_unit_test(test_nothing_to_resume),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
