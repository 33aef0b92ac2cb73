/* SPDX-License-Identifier: EUPL-1.2 */
#include "daemon/config.h"

#include <arpa/inet.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "crypto/cosignature.h"
#include "crypto/secret.h"

#define PATH "/etc/verwijsindex/vixd.conf"
#define REQUIRED                                                                                   \
    "[server]\ncertificate = server.crt\nprivate_key = server.key\nclient_ca = ca.crt\n"           \
    "[operator]\noin = 00000001123456789000\n"

struct fixture {
    struct config config;
    struct config_faults faults;
    int result;
};

static void parse(struct fixture *fixture, const char *text)
{
    memset(fixture, 0, sizeof(*fixture));
    fixture->result = config_parse(text, strlen(text), PATH, &fixture->config, &fixture->faults);
}

static void finish(struct fixture *fixture)
{
    config_finish(&fixture->config);
    config_faults_finish(&fixture->faults);
}

/* The text has exactly this fault and no other. */
static void expect_fault(const char *text, const char *fault)
{
    struct fixture fixture;
    parse(&fixture, text);
    if (fixture.result != CONFIG_FAULTY || fixture.faults.count != 1 ||
        strcmp(fixture.faults.lines[0], fault) != 0) {
        print_error("%s\n-> %d, %zu faults: %s\n", text, fixture.result, fixture.faults.count,
                    fixture.faults.count > 0 ? fixture.faults.lines[0] : "-");
    }
    assert_int_equal(fixture.result, CONFIG_FAULTY);
    assert_int_equal(fixture.faults.count, 1);
    assert_string_equal(fixture.faults.lines[0], fault);
    finish(&fixture);
}

static void assert_address(const struct config_address *address, int family, const char *host,
                           uint16_t port)
{
    char text[INET6_ADDRSTRLEN];
    const struct sockaddr_in *four = (const struct sockaddr_in *)(const void *)&address->address;
    const struct sockaddr_in6 *six = (const struct sockaddr_in6 *)(const void *)&address->address;
    assert_int_equal(address->address.ss_family, family);
    const void *bytes = family == AF_INET ? (const void *)&four->sin_addr : &six->sin6_addr;
    assert_non_null(inet_ntop(family, bytes, text, sizeof(text)));
    assert_string_equal(text, host);
    assert_int_equal(ntohs(family == AF_INET ? four->sin_port : six->sin6_port), port);
    assert_int_equal(address->size, family == AF_INET ? sizeof(*four) : sizeof(*six));
}

static void test_defaults(void **state)
{
    (void)state;
    struct fixture fixture;
    parse(&fixture, REQUIRED);
    assert_int_equal(fixture.result, 0);
    const struct config *config = &fixture.config;
    assert_address(&config->listen, AF_INET, "127.0.0.1", 8443);
    assert_address(&config->management, AF_INET, "127.0.0.1", 9443);
    assert_string_equal(config->certificate, "/etc/verwijsindex/server.crt");
    assert_null(config->client_crl);
    assert_int_equal(config->workers, 0);
    assert_string_equal(config->control_socket, "/run/verwijsindex/control.sock");
    assert_string_equal(config->store_path, "/var/lib/verwijsindex");
    assert_int_equal(config->map_bytes, UINT64_C(64) << 30);
    assert_null(config->keys_directory);
    assert_null(config->epoch_directory);
    assert_string_equal(config->operator_oin.text, "00000001123456789000");
    assert_string_equal(config->log_origin, "verwijsindex.example/log");
    assert_int_equal(config->requests_per_minute, 6000);
    assert_int_equal(config->evaluations_per_minute, 600);
    assert_int_equal(config->connections, 10000);
    /* The terms of the law are the same here as where no configuration is read. */
    struct store_policy policy;
    store_policy_default(&policy);
    assert_int_equal(config->policy.active_years, policy.active_years);
    assert_int_equal(config->policy.archive_years, policy.archive_years);
    assert_int_equal(config->policy.age_limit, policy.age_limit);
    assert_int_equal(config->policy.follow_up_days, policy.follow_up_days);
    assert_int_equal(config->policy.renewal_prompt_days, policy.renewal_prompt_days);
    assert_int_equal(config->policy.notify_departure, policy.notify_departure);
    assert_int_equal(config->policy.peek_minutes, policy.peek_minutes);
    assert_int_equal(config->policy.statistics_minimum, policy.statistics_minimum);
    assert_int_equal(config->policy.log_years, policy.log_years);
    assert_int_equal(config->policy.registry_wait_days, policy.registry_wait_days);
    assert_int_equal(config->policy.family_parent, policy.family_parent);
    assert_int_equal(config->policy.family_address, policy.family_address);
    assert_int_equal(config->policy.access_requests_per_day, policy.access_requests_per_day);
    assert_int_equal(config->policy.registry_wait_days, 31);
    assert_true(config->policy.family_parent);
    assert_false(config->policy.family_address);
    assert_int_equal(config->policy.access_requests_per_day, 50);
    finish(&fixture);
}

#define WITNESS_KEY "witness.example.nl/w1+6719db7a+BIE5dw6ofRdfVqNUZsNMfszLjYqRtO43ol32D1uPybOU"
#define LOG_KEY                                                                                    \
    "verwijsindex.example.nl/auditlog+2e004c99+AYqI4910CfGV/VLbLTy6XXLKZwm/HZQSG/N0iAG0D29c"

static void test_witnesses(void **state)
{
    (void)state;
    static const struct {
        const char *url;
        const char *kept;
        uint16_t port;
        bool secure;
        bool is_near;
        bool has_name;
    } good[] = {
        {"https://w.example", "https://w.example", 443, true, false, true},
        {"https://w.example:8443/w1/", "https://w.example:8443/w1", 8443, true, false, true},
        {"http://127.3.2.1:80", "http://127.3.2.1:80", 80, false, true, false},
        {"http://192.0.2.1/", "http://192.0.2.1", 80, false, false, false},
        {"http://[::1]:65535/a/b", "http://[::1]:65535/a/b", 65535, false, true, false},
        {"https://[2001:db8::1]", "https://[2001:db8::1]", 443, true, false, false},
        {"http://localhost", "http://localhost", 80, false, true, true},
    };
    char text[1024];
    for (size_t i = 0; i < ARRAY_LENGTH(good); i++) {
        struct fixture fixture;
        snprintf(text, sizeof(text), REQUIRED "[log]\nwitness = %s %s\n", WITNESS_KEY, good[i].url);
        parse(&fixture, text);
        assert_int_equal(fixture.result, 0);
        assert_int_equal(fixture.config.witness_count, 1);
        const struct config_witness *witness = &fixture.config.witnesses[0];
        assert_string_equal(witness->url, good[i].kept);
        assert_string_equal(witness->vkey.name, "witness.example.nl/w1");
        assert_int_equal(witness->port, good[i].port);
        assert_int_equal(witness->secure, good[i].secure);
        assert_int_equal(witness->is_near, good[i].is_near);
        assert_int_equal(witness->has_name, good[i].has_name);
        finish(&fixture);
    }
    static const char *const bad[] = {
        WITNESS_KEY,
        "https://w.example",
        LOG_KEY " https://w.example",
        WITNESS_KEY " w.example",
        WITNESS_KEY " https://",
        WITNESS_KEY " https:///w",
        WITNESS_KEY " https://w.example:",
        WITNESS_KEY " https://w.example:65536",
        WITNESS_KEY " https://w.example:+1",
        WITNESS_KEY " https://w.example:80x",
        WITNESS_KEY " https://a@w.example",
        WITNESS_KEY " https://w.example#x",
        WITNESS_KEY " https://w.example?x=1",
        WITNESS_KEY " https://[::1",
        WITNESS_KEY " https://[]",
        WITNESS_KEY " https://[1.2.3.4]",
        WITNESS_KEY " https://w_1.example",
        WITNESS_KEY " https://w.example https://v.example",
        WITNESS_KEY " file:///etc/passwd",
    };
    for (size_t i = 0; i < ARRAY_LENGTH(bad); i++) {
        snprintf(text, sizeof(text), REQUIRED "[log]\nwitness=%s\n", bad[i]);
        expect_fault(text, PATH ":8: [log] witness must be a witness's verifier key (type 04), a "
                                "space and a URL, as https://witness.example/w1");
    }
    expect_fault(REQUIRED "[log]\nwitness=" WITNESS_KEY " https://a.example\nwitness=" WITNESS_KEY
                          " https://b.example\n",
                 PATH ":9: [log] witness names a witness that was given before");
    expect_fault(REQUIRED "[log]\nwitness_interval=0\n",
                 PATH ":8: [log] witness_interval must be a number from 1 to 3600");
}

/* As many as there can be, and one more. */
static void test_many_witnesses(void **state)
{
    (void)state;
    char text[4096] = REQUIRED "[log]\nwitness_ca=ca.pem\n";
    for (unsigned i = 0; i <= CONFIG_WITNESSES_MAXIMUM; i++) {
        struct checkpoint_signer signer;
        const uint8_t seed[CHECKPOINT_SEED_BYTES] = {(uint8_t)i};
        char name[16];
        char vkey[CHECKPOINT_VKEY_MAXIMUM];
        snprintf(name, sizeof(name), "w%u", i);
        assert_int_equal(cosignature_signer_init(&signer, name, seed), 0);
        checkpoint_vkey_format(&signer.vkey, vkey);
        struct fixture fixture;
        parse(&fixture, text);
        assert_int_equal(fixture.result, 0);
        assert_int_equal(fixture.config.witness_count, i);
        assert_int_equal(fixture.config.witness_interval, 5);
        assert_string_equal(fixture.config.witness_ca, "/etc/verwijsindex/ca.pem");
        finish(&fixture);
        snprintf(text + strlen(text), sizeof(text) - strlen(text),
                 "witness=%s https://w%u.example\n", vkey, i);
    }
    expect_fault(text, PATH ":17: [log] witness is one more than the 8 that there can be");
}

static void test_every_option(void **state)
{
    (void)state;
    struct fixture fixture;
    parse(&fixture, "# comment\n"
                    "[server]\nlisten=[::1]:443\ncertificate=/a/server.crt ; comment\n"
                    "private_key=b/server.key\nclient_ca=ca.crt\nclient_crl=../crl.pem\nworkers=3\n"
                    "[management]\r\nlisten=0.0.0.0:0\r\n"
                    "[control]\nsocket=c.sock\n"
                    "[store]\npath=store\nmap_size=512M\n"
                    "[keys]\ndirectory=keys\nepoch_directory=/var/lib/epochs\n"
                    "[operator]\noin=0000000700000AV00000\nname=Stichting Index\n"
                    "log_origin=index.example/2026\n"
                    "[limits]\nrequests_per_minute=1\nevaluations_per_minute=2\nconnections=3\n"
                    "access_requests_per_day=4\n"
                    "[policy]\nactive_years=1\narchive_years=4\nage_limit=18\nfollow_up_days=7\n"
                    "renewal_prompt_days=10\nnotify_departure=yes\nfamily_match=both\n"
                    "peek_minutes=5\nstatistics_minimum=11\nlog_years=7\nregistry_wait_days=0");
    assert_int_equal(fixture.result, 0);
    const struct config *config = &fixture.config;
    assert_address(&config->listen, AF_INET6, "::1", 443);
    assert_string_equal(config->listen.text, "[::1]:443");
    assert_string_equal(config->certificate, "/a/server.crt");
    assert_string_equal(config->private_key, "/etc/verwijsindex/b/server.key");
    assert_string_equal(config->client_ca, "/etc/verwijsindex/ca.crt");
    assert_string_equal(config->client_crl, "/etc/verwijsindex/../crl.pem");
    assert_int_equal(config->workers, 3);
    assert_address(&config->management, AF_INET, "0.0.0.0", 0);
    assert_string_equal(config->control_socket, "/etc/verwijsindex/c.sock");
    assert_string_equal(config->store_path, "/etc/verwijsindex/store");
    assert_int_equal(config->map_bytes, UINT64_C(512) << 20);
    assert_string_equal(config->keys_directory, "/etc/verwijsindex/keys");
    assert_string_equal(config->epoch_directory, "/var/lib/epochs");
    assert_string_equal(config->operator_oin.text, "0000000700000AV00000");
    assert_string_equal(config->operator_name, "Stichting Index");
    assert_string_equal(config->log_origin, "index.example/2026");
    assert_int_equal(config->requests_per_minute, 1);
    assert_int_equal(config->evaluations_per_minute, 2);
    assert_int_equal(config->connections, 3);
    assert_int_equal(config->policy.active_years, 1);
    assert_int_equal(config->policy.archive_years, 4);
    assert_int_equal(config->policy.age_limit, 18);
    assert_int_equal(config->policy.follow_up_days, 7);
    assert_int_equal(config->policy.renewal_prompt_days, 10);
    assert_true(config->policy.notify_departure);
    assert_true(config->policy.family_parent);
    assert_true(config->policy.family_address);
    assert_int_equal(config->policy.peek_minutes, 5);
    assert_int_equal(config->policy.statistics_minimum, 11);
    assert_int_equal(config->policy.log_years, 7);
    assert_int_equal(config->policy.registry_wait_days, 0);
    assert_int_equal(config->policy.access_requests_per_day, 4);
    finish(&fixture);
}

static void test_family_match(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        bool parent;
        bool address;
    } choices[] = {
        {"no", false, false},
        {"parent", true, false},
        {"address", false, true},
        {"both", true, true},
    };
    for (size_t i = 0; i < ARRAY_LENGTH(choices); i++) {
        char text[512];
        snprintf(text, sizeof(text), "%s[policy]\nfamily_match=%s\n", REQUIRED, choices[i].text);
        struct fixture fixture;
        parse(&fixture, text);
        assert_int_equal(fixture.result, 0);
        assert_int_equal(fixture.config.policy.family_parent, choices[i].parent);
        assert_int_equal(fixture.config.policy.family_address, choices[i].address);
        assert_int_equal(fixture.config.policy.log_years, 5); /* the rest is as it was */
        finish(&fixture);
    }
}

static void test_sizes(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        uint64_t bytes;
    } sizes[] = {
        {"1048576", 1 << 20},      {"1024K", 1 << 20},        {"1M", 1 << 20},
        {"3G", UINT64_C(3) << 30}, {"2T", UINT64_C(2) << 40}, {"64T", UINT64_C(64) << 40},
    };
    for (size_t i = 0; i < ARRAY_LENGTH(sizes); i++) {
        char text[512];
        snprintf(text, sizeof(text), "%s[store]\nmap_size=%s\n", REQUIRED, sizes[i].text);
        struct fixture fixture;
        parse(&fixture, text);
        assert_int_equal(fixture.result, 0);
        assert_int_equal(fixture.config.map_bytes, sizes[i].bytes);
        finish(&fixture);
    }
    static const char *const wrong[] = {"1048575",
                                        "65T",
                                        "1g",
                                        "1GB",
                                        "-1G",
                                        "1.5G",
                                        "G",
                                        "1 G",
                                        "0x100000",
                                        "18014398509481984K",
                                        "99999999999999999999"};
    for (size_t i = 0; i < ARRAY_LENGTH(wrong); i++) {
        char text[512];
        snprintf(text, sizeof(text), "%s[store]\nmap_size=%s\n", REQUIRED, wrong[i]);
        expect_fault(text, PATH ":8: [store] map_size must be a size such as 512M or 64G, from 1M "
                                "to 65536G");
    }
}

static void test_wrong_values(void **state)
{
    (void)state;
    static const char address[] = "must be an address and a port, as 127.0.0.1:8443 or [::1]:8443";
    static const char oin[] = "must be an OIN: eight digits, then twelve digits or capitals";
    static const char origin[] = "must be a name without white space and plus signs";
    static const struct {
        const char *section;
        const char *name;
        const char *value;
        const char *wrong;
    } cases[] = {
        {"server", "listen", "8443", address},
        {"server", "listen", "localhost:8443", address},
        {"server", "listen", "127.0.0.1:", address},
        {"server", "listen", "127.0.0.1:65536", address},
        {"server", "listen", "127.0.0.1:+1", address},
        {"server", "listen", "::1:8443", address},
        {"server", "listen", "[]:8443", address},
        {"server", "listen", "[::1:8443", address},
        {"server", "listen", "[127.0.0.1]:8443", address},
        {"server", "listen", "[1111:2222:3333:4444:5555:6666:7777:8888:9999:aaaa]:1", address},
        {"management", "listen", "127.0.0.1", address},
        {"server", "workers", "257", "must be a number from 0 to 256"},
        {"server", "workers", "-1", "must be a number from 0 to 256"},
        {"server", "workers", "two", "must be a number from 0 to 256"},
        {"server", "workers", "99999999999999999999", "must be a number from 0 to 256"},
        {"limits", "connections", "0", "must be a number from 1 to 1000000"},
        {"limits", "requests_per_minute", "0", "must be a number from 1 to 100000000"},
        {"limits", "evaluations_per_minute", "1e3", "must be a number from 1 to 100000000"},
        {"policy", "active_years", "0", "must be a number from 1 to 23"},
        {"policy", "archive_years", "24", "must be a number from 0 to 23"},
        {"policy", "age_limit", "31", "must be a number from 1 to 30"},
        {"policy", "follow_up_days", "0", "must be a number from 1 to 366"},
        {"policy", "renewal_prompt_days", "367", "must be a number from 0 to 366"},
        {"policy", "notify_departure", "true", "must be yes or no"},
        {"policy", "family_match", "yes", "must be no, parent, address or both"},
        {"policy", "family_match", "parent,address", "must be no, parent, address or both"},
        {"policy", "registry_wait_days", "367", "must be a number from 0 to 366"},
        {"policy", "registry_wait_days", "-1", "must be a number from 0 to 366"},
        {"limits", "access_requests_per_day", "0", "must be a number from 1 to 10000"},
        {"limits", "access_requests_per_day", "10001", "must be a number from 1 to 10000"},
        {"policy", "peek_minutes", "10081", "must be a number from 0 to 10080"},
        {"policy", "statistics_minimum", "0", "must be a number from 1 to 1000"},
        {"policy", "log_years", "101", "must be a number from 1 to 100"},
        {"operator", "log_origin", "a b", origin},
        {"operator", "log_origin", "a+b", origin},
    };
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        char text[512], fault[512];
        snprintf(text, sizeof(text), "%s[%s]\n%s = %s\n", REQUIRED, cases[i].section, cases[i].name,
                 cases[i].value);
        snprintf(fault, sizeof(fault), PATH ":8: [%s] %s %s", cases[i].section, cases[i].name,
                 cases[i].wrong);
        expect_fault(text, fault);
    }
    static const char *const oins[] = {"1", "0000000112345678900", "000000011234567890000",
                                       "0000000112345678900a", "0000000A123456789000"};
    for (size_t i = 0; i < ARRAY_LENGTH(oins); i++) {
        char text[512], fault[512];
        snprintf(text, sizeof(text),
                 "[server]\ncertificate=a\nprivate_key=b\nclient_ca=c\n[operator]\noin=%s\n",
                 oins[i]);
        snprintf(fault, sizeof(fault), PATH ":6: [operator] oin %s", oin);
        expect_fault(text, fault);
    }
}

static void test_wrong_structure(void **state)
{
    (void)state;
    expect_fault(REQUIRED "[sever]\n", PATH ":7: unknown section [sever]");
    expect_fault(REQUIRED "[sever]\nlisten=1.2.3.4:5\n", PATH ":7: unknown section [sever]");
    expect_fault(REQUIRED "[ server ]\n", PATH ":7: unknown section [ server ]");
    expect_fault(REQUIRED "[lot]\nwitness=https://w.example/\n", PATH ":7: unknown section [lot]");
    expect_fault(REQUIRED "[server]\nport=1\n", PATH ":8: unknown option port in section [server]");
    expect_fault(REQUIRED "[server]\nListen=127.0.0.1:1\n",
                 PATH ":8: unknown option Listen in section [server]");
    expect_fault(REQUIRED "[server]\nwitness=\n",
                 PATH ":8: unknown option witness in section [server]");
    expect_fault("listen=127.0.0.1:1\n" REQUIRED,
                 PATH ":1: listen stands before the first section");
    expect_fault(REQUIRED "[server]\nlisten\n", PATH ":8: neither [section] nor name = value");
    expect_fault(REQUIRED "[server\n", PATH ":7: neither [section] nor name = value");
    expect_fault(REQUIRED "[server]\nworkers=1\nworkers=1\n",
                 PATH ":9: [server] workers was given before, on line 8");
    expect_fault(REQUIRED "[server]\nclient_ca=other.crt\n",
                 PATH ":8: [server] client_ca was given before, on line 4");
    /* A line that begins with white space goes on with the value above it: refused, not joined. */
    expect_fault(REQUIRED "[server]\nworkers=1\n 2\n",
                 PATH ":9: [server] workers was given before, on line 8");
    expect_fault("[server]\ncertificate=a\nprivate_key=b\n[operator]\noin=00000001123456789000\n",
                 PATH ": [server] client_ca is missing");
    expect_fault("[server]\ncertificate=a\nprivate_key=b\nclient_ca=\n"
                 "[operator]\noin=00000001123456789000\n",
                 PATH ": [server] client_ca is missing");
    expect_fault("[server]\ncertificate=a\nprivate_key=b\nclient_ca=c\n",
                 PATH ": [operator] oin is missing");
}

static void test_long_line(void **state)
{
    (void)state;
    char text[1024];
    char fault[256];
    for (int over = 0; over < 2; over++) {
        snprintf(text, sizeof(text), "%s[operator]\nname=%0*d\n", REQUIRED,
                 CONFIG_LINE_MAXIMUM - 5 + over, 0);
        if (over == 0) {
            struct fixture fixture;
            parse(&fixture, text);
            assert_int_equal(fixture.result, 0);
            assert_int_equal(strlen(fixture.config.operator_name), CONFIG_LINE_MAXIMUM - 5);
            finish(&fixture);
        } else {
            snprintf(fault, sizeof(fault), PATH ":8: the line is longer than %d characters",
                     CONFIG_LINE_MAXIMUM);
            expect_fault(text, fault);
        }
    }
}

static void test_all_faults_at_once(void **state)
{
    (void)state;
    struct fixture fixture;
    parse(&fixture, "[server]\nlisten=x\nworkers=y\n[what]\n[limits]\nfoo=1\n");
    assert_int_equal(fixture.result, CONFIG_FAULTY);
    static const char *const expected[] = {
        PATH ":2: [server] listen must be an address and a port, as 127.0.0.1:8443 or [::1]:8443",
        PATH ":3: [server] workers must be a number from 0 to 256",
        PATH ":4: unknown section [what]",
        PATH ":6: unknown option foo in section [limits]",
        PATH ": [server] certificate is missing",
        PATH ": [server] private_key is missing",
        PATH ": [server] client_ca is missing",
        PATH ": [operator] oin is missing",
    };
    assert_int_equal(fixture.faults.count, ARRAY_LENGTH(expected));
    for (size_t i = 0; i < ARRAY_LENGTH(expected); i++) {
        assert_string_equal(fixture.faults.lines[i], expected[i]);
    }
    finish(&fixture);
}

static void test_faults_are_bounded(void **state)
{
    (void)state;
    char text[16384] = "[server]\n";
    for (size_t i = 0; i < 2 * CONFIG_FAULTS_MAXIMUM; i++) {
        strcat(text, "unknown=1\n");
    }
    struct fixture fixture;
    parse(&fixture, text);
    assert_int_equal(fixture.result, CONFIG_FAULTY);
    assert_true(fixture.faults.count > 2 * CONFIG_FAULTS_MAXIMUM);
    finish(&fixture);
}

static void test_nul(void **state)
{
    (void)state;
    static const char text[] = REQUIRED "[server]\nworkers=1\0\n";
    struct config config;
    struct config_faults faults = {0};
    assert_int_equal(config_parse(text, sizeof(text) - 1, PATH, &config, &faults), CONFIG_FAULTY);
    assert_string_equal(faults.lines[0], PATH ": not a text: it holds a NUL byte");
    config_finish(&config);
    config_faults_finish(&faults);
}

static void test_files(void **state)
{
    (void)state;
    char directory[] = "/tmp/vix-config-XXXXXX";
    assert_non_null(mkdtemp(directory));
    char path[64];
    snprintf(path, sizeof(path), "%s/vixd.conf", directory);
    struct config config;
    struct config_faults faults = {0};
    assert_int_equal(config_read(path, &config, &faults), CONFIG_FAULTY); /* absent */
    assert_non_null(strstr(faults.lines[0], "cannot be read: No such file"));
    config_faults_finish(&faults);
    assert_int_equal(config_read(directory, &config, &faults), CONFIG_FAULTY); /* a directory */
    config_faults_finish(&faults);

    FILE *file = fopen(path, "w");
    assert_non_null(file);
    assert_true(fputs(REQUIRED, file) >= 0);
    assert_int_equal(fclose(file), 0);
    assert_int_equal(config_read(path, &config, &faults), 0);
    assert_int_equal(strncmp(config.certificate, directory, strlen(directory)), 0);
    config_finish(&config);

    assert_int_equal(truncate(path, (off_t)CONFIG_FILE_MAXIMUM + 1), 0);
    assert_int_equal(config_read(path, &config, &faults), CONFIG_FAULTY); /* too large */
    config_finish(&config);
    config_faults_finish(&faults);
    unlink(path);
    rmdir(directory);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_defaults),
        cmocka_unit_test(test_witnesses),
        cmocka_unit_test(test_many_witnesses),
        cmocka_unit_test(test_every_option),
        cmocka_unit_test(test_family_match),
        cmocka_unit_test(test_sizes),
        cmocka_unit_test(test_wrong_values),
        cmocka_unit_test(test_wrong_structure),
        cmocka_unit_test(test_long_line),
        cmocka_unit_test(test_all_faults_at_once),
        cmocka_unit_test(test_faults_are_bounded),
        cmocka_unit_test(test_nul),
        cmocka_unit_test(test_files),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
