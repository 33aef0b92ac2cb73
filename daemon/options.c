/* SPDX-License-Identifier: EUPL-1.2 */
#include "daemon/options.h"

#include <arpa/inet.h>
#include <inttypes.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/witness/option.h"

static const char no_memory[] = "memory is used up";

struct option_kind {
    const char *(*set)(const struct option *option, const char *value, const char *directory,
                       struct config *config, void *field);
};

static const char *set_text(const struct option *option, const char *value, const char *directory,
                            struct config *config, void *field)
{
    (void)option;
    (void)directory;
    const char *copy = arena_copy_text(&config->arena, value, strlen(value));
    if (copy == NULL) {
        return no_memory;
    }
    *(const char **)field = copy;
    return NULL;
}

static const char *set_path(const struct option *option, const char *value, const char *directory,
                            struct config *config, void *field)
{
    if (value[0] == '/') {
        return set_text(option, value, directory, config, field);
    }
    const char *path = arena_print(&config->arena, "%s/%s", directory, value);
    if (path == NULL) {
        return no_memory;
    }
    *(const char **)field = path;
    return NULL;
}

/* Digits only: strtoull() would take signs, white space and other bases. */
static bool parse_number(const char *text, size_t length, uint64_t *ret_number)
{
    uint64_t number = 0;
    if (length == 0 || length > 19) {
        return false;
    }
    for (size_t i = 0; i < length; i++) {
        if (text[i] < '0' || text[i] > '9') {
            return false;
        }
        number = number * 10 + (uint64_t)(text[i] - '0');
    }
    *ret_number = number;
    return true;
}

static const char *out_of_bounds(const struct option *option, struct config *config)
{
    const char *text = arena_print(&config->arena, "must be a number from %" PRIu64 " to %" PRIu64,
                                   option->least, option->most);
    return text != NULL ? text : no_memory;
}

static const char *set_number(const struct option *option, const char *value, const char *directory,
                              struct config *config, void *field)
{
    (void)directory;
    uint64_t number;
    if (!parse_number(value, strlen(value), &number) || number < option->least ||
        number > option->most) {
        return out_of_bounds(option, config);
    }
    *(unsigned *)field = (unsigned)number; /* an int has the same size, and most fits it */
    return NULL;
}

/* Bytes, or with K, M, G, T for powers of 1024. */
static const char *set_size(const struct option *option, const char *value, const char *directory,
                            struct config *config, void *field)
{
    (void)directory;
    static const char units[] = "KMGT";
    size_t length = strlen(value);
    unsigned shift = 0;
    if (length > 0) {
        const char *unit = strchr(units, value[length - 1]);
        if (unit != NULL && *unit != '\0') {
            shift = 10 * (unsigned)(unit - units + 1);
            length--;
        }
    }
    uint64_t number;
    if (!parse_number(value, length, &number) || number > UINT64_MAX >> shift ||
        number << shift < option->least || number << shift > option->most) {
        const char *text = arena_print(
            &config->arena, "must be a size such as 512M or 64G, from %" PRIu64 "M to %" PRIu64 "G",
            option->least >> 20, option->most >> 30);
        return text != NULL ? text : no_memory;
    }
    *(uint64_t *)field = number << shift;
    return NULL;
}

static const char *set_flag(const struct option *option, const char *value, const char *directory,
                            struct config *config, void *field)
{
    (void)option;
    (void)directory;
    (void)config;
    if (strcmp(value, "yes") != 0 && strcmp(value, "no") != 0) {
        return "must be yes or no";
    }
    *(bool *)field = value[0] == 'y';
    return NULL;
}

static const char *set_family_match(const struct option *option, const char *value,
                                    const char *directory, struct config *config, void *field)
{
    static const struct {
        const char *name;
        bool parent;
        bool address;
    } choices[] = {
        {"no", false, false},
        {"parent", true, false},
        {"address", false, true},
        {"both", true, true},
    };
    (void)option;
    (void)directory;
    (void)config;
    for (size_t i = 0; i < ARRAY_LENGTH(choices); i++) {
        if (strcmp(value, choices[i].name) == 0) {
            struct store_policy *policy = field;
            policy->family_parent = choices[i].parent;
            policy->family_address = choices[i].address;
            return NULL;
        }
    }
    return "must be no, parent, address or both";
}

static const char *set_oin(const struct option *option, const char *value, const char *directory,
                           struct config *config, void *field)
{
    (void)option;
    (void)directory;
    (void)config;
    if (oin_parse(value, strlen(value), (struct oin *)field) != 0) {
        return "must be an OIN: eight digits, then twelve digits or capitals";
    }
    return NULL;
}

/* What a C2SP note and a verifier key can carry as a name: no white space, no plus sign. */
static const char *set_origin(const struct option *option, const char *value, const char *directory,
                              struct config *config, void *field)
{
    for (const char *at = value; *at != '\0'; at++) {
        if (*at <= ' ' || *at == '+' || *at == 0x7f) {
            return "must be a name without white space and plus signs";
        }
    }
    return set_text(option, value, directory, config, field);
}

static bool parse_host(const char *host, uint16_t port, struct config_address *address)
{
    struct sockaddr_in *four = (struct sockaddr_in *)(void *)&address->address;
    struct sockaddr_in6 *six = (struct sockaddr_in6 *)(void *)&address->address;
    size_t length = strlen(host);
    if (inet_pton(AF_INET, host, &four->sin_addr) == 1) {
        four->sin_family = AF_INET;
        four->sin_port = htons(port);
        address->size = sizeof(*four);
        return true;
    }
    char bare[INET6_ADDRSTRLEN];
    if (length < 3 || length - 2 >= sizeof(bare) || host[0] != '[' || host[length - 1] != ']') {
        return false;
    }
    memcpy(bare, host + 1, length - 2);
    bare[length - 2] = '\0';
    if (inet_pton(AF_INET6, bare, &six->sin6_addr) != 1) {
        return false;
    }
    six->sin6_family = AF_INET6;
    six->sin6_port = htons(port);
    address->size = sizeof(*six);
    return true;
}

static const char *set_address(const struct option *option, const char *value,
                               const char *directory, struct config *config, void *field)
{
    (void)option;
    (void)directory;
    static const char wanted[] = "must be an address and a port, as 127.0.0.1:8443 or [::1]:8443";
    struct config_address address = {0};
    const char *colon = strrchr(value, ':');
    uint64_t port;
    if (colon == NULL || !parse_number(colon + 1, strlen(colon + 1), &port) || port > UINT16_MAX) {
        return wanted;
    }
    const char *host = arena_copy_text(&config->arena, value, (size_t)(colon - value));
    address.text = arena_copy_text(&config->arena, value, strlen(value));
    if (host == NULL || address.text == NULL) {
        return no_memory;
    }
    if (!parse_host(host, (uint16_t)port, &address)) {
        return wanted;
    }
    *(struct config_address *)field = address;
    return NULL;
}

static const char *set_witness(const struct option *option, const char *value,
                               const char *directory, struct config *config, void *field)
{
    (void)option;
    (void)directory;
    (void)field;
    return witness_option_add(value, config);
}

static const struct option_kind text_kind = {set_text};
static const struct option_kind path_kind = {set_path};
static const struct option_kind number_kind = {set_number};
static const struct option_kind size_kind = {set_size};
static const struct option_kind flag_kind = {set_flag};
static const struct option_kind family_kind = {set_family_match};
static const struct option_kind oin_kind = {set_oin};
static const struct option_kind origin_kind = {set_origin};
static const struct option_kind address_kind = {set_address};
static const struct option_kind witness_kind = {set_witness};

#define OPTION(section, name, kind, field, ...)                                                    \
    {                                                                                              \
        section, name, &kind, offsetof(struct config, field), __VA_ARGS__                          \
    }
#define MEBIBYTE (UINT64_C(1) << 20)
#define TEBIBYTE (UINT64_C(1) << 40)

static const struct option options[] = {
    OPTION("server", "listen", address_kind, listen, .fallback = "127.0.0.1:8443"),
    OPTION("server", "certificate", path_kind, certificate, .required = true),
    OPTION("server", "private_key", path_kind, private_key, .required = true),
    OPTION("server", "client_ca", path_kind, client_ca, .required = true),
    OPTION("server", "client_crl", path_kind, client_crl, .fallback = NULL),
    OPTION("server", "workers", number_kind, workers, 0, 256, "0"),
    OPTION("management", "listen", address_kind, management, .fallback = "127.0.0.1:9443"),
    OPTION("control", "socket", path_kind, control_socket,
           .fallback = "/run/verwijsindex/control.sock"),
    OPTION("store", "path", path_kind, store_path, .fallback = "/var/lib/verwijsindex"),
    OPTION("store", "map_size", size_kind, map_bytes, MEBIBYTE, 64 * TEBIBYTE, "64G"),
    OPTION("keys", "directory", path_kind, keys_directory, .fallback = NULL),
    OPTION("keys", "epoch_directory", path_kind, epoch_directory, .fallback = NULL),
    OPTION("operator", "oin", oin_kind, operator_oin, .required = true),
    OPTION("operator", "name", text_kind, operator_name, .fallback = "Verwijsindex"),
    OPTION("operator", "log_origin", origin_kind, log_origin,
           .fallback = "verwijsindex.example/log"),
    OPTION("limits", "requests_per_minute", number_kind, requests_per_minute, 1, 100000000, "6000"),
    OPTION("limits", "evaluations_per_minute", number_kind, evaluations_per_minute, 1, 100000000,
           "600"),
    OPTION("limits", "connections", number_kind, connections, 1, 1000000, "10000"),
    OPTION("limits", "access_requests_per_day", number_kind, policy.access_requests_per_day, 1,
           10000, "50"),
    OPTION("log", "witness", witness_kind, witnesses, .repeatable = true),
    OPTION("log", "witness_interval", number_kind, witness_interval, 1, 3600, "5"),
    OPTION("log", "witness_ca", path_kind, witness_ca, .fallback = NULL),
    OPTION("policy", "active_years", number_kind, policy.active_years, 1, 23, "2"),
    OPTION("policy", "archive_years", number_kind, policy.archive_years, 0, 23, "5"),
    OPTION("policy", "age_limit", number_kind, policy.age_limit, 1, 30, "23"),
    OPTION("policy", "follow_up_days", number_kind, policy.follow_up_days, 1, 366, "14"),
    OPTION("policy", "renewal_prompt_days", number_kind, policy.renewal_prompt_days, 0, 366, "30"),
    OPTION("policy", "notify_departure", flag_kind, policy.notify_departure, .fallback = "no"),
    OPTION("policy", "family_match", family_kind, policy, .fallback = "parent"),
    OPTION("policy", "peek_minutes", number_kind, policy.peek_minutes, 0, 10080, "60"),
    OPTION("policy", "statistics_minimum", number_kind, policy.statistics_minimum, 1, 1000, "5"),
    OPTION("policy", "log_years", number_kind, policy.log_years, 1, 100, "5"),
    OPTION("policy", "registry_wait_days", number_kind, policy.registry_wait_days, 0, 366, "31"),
};

size_t option_count(void)
{
    return ARRAY_LENGTH(options);
}

const struct option *option_at(size_t i)
{
    return &options[i];
}

const struct option *option_find(const char *section, const char *name)
{
    for (size_t i = 0; i < ARRAY_LENGTH(options); i++) {
        if (strcmp(options[i].section, section) == 0 && strcmp(options[i].name, name) == 0) {
            return &options[i];
        }
    }
    return NULL;
}

bool option_section_exists(const char *section)
{
    for (size_t i = 0; i < ARRAY_LENGTH(options); i++) {
        if (strcmp(options[i].section, section) == 0) {
            return true;
        }
    }
    return false;
}

const char *option_set(const struct option *option, const char *value, const char *directory,
                       struct config *config)
{
    return option->kind->set(option, value, directory, config, (char *)config + option->offset);
}
