/* SPDX-License-Identifier: EUPL-1.2 */
#include "daemon/witness/option.h"

#include <arpa/inet.h>
#include <string.h>
#include <strings.h>

#define HOST_MAXIMUM 253
#define NAME_CHARACTERS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-"
#define PATH_CHARACTERS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~/"

static const char wanted[] =
    "must be a witness's verifier key (type 04), a space and a URL, as https://witness.example/w1";

static bool is_name(const char *host)
{
    return host[0] != '.' && host[0] != '-' && host[strspn(host, NAME_CHARACTERS)] == '\0';
}

/* What kind of host it is. False: none. */
static bool look_at_host(const char *host, struct config_witness *witness)
{
    struct in_addr four;
    struct in6_addr six;
    char bare[INET6_ADDRSTRLEN];
    size_t length = strlen(host);
    if (host[0] == '[') {
        if (length < 3 || length - 2 >= sizeof(bare) || host[length - 1] != ']') {
            return false;
        }
        memcpy(bare, host + 1, length - 2);
        bare[length - 2] = '\0';
        if (inet_pton(AF_INET6, bare, &six) != 1) {
            return false;
        }
        witness->is_near = IN6_IS_ADDR_LOOPBACK(&six);
        return true;
    }
    if (inet_pton(AF_INET, host, &four) == 1) {
        witness->is_near = ntohl(four.s_addr) >> 24 == IN_LOOPBACKNET;
        return true;
    }
    witness->has_name = true;
    witness->is_near = strcasecmp(host, "localhost") == 0;
    return is_name(host);
}

static bool parse_port(const char *text, size_t length, uint16_t *ret_port)
{
    unsigned port = 0;
    if (length == 0 || length > 5 || strspn(text, "0123456789") < length) {
        return false;
    }
    for (size_t i = 0; i < length; i++) {
        port = port * 10 + (unsigned)(text[i] - '0');
    }
    *ret_port = (uint16_t)port;
    return port > 0 && port <= UINT16_MAX;
}

/* Scheme, host, port and path, and nothing else: no user, query or fragment. */
static bool parse_url(const char *url, struct config_witness *witness)
{
    static const char https[] = "https://";
    static const char http[] = "http://";
    char host[HOST_MAXIMUM + 1];
    witness->secure = strncmp(url, https, sizeof(https) - 1) == 0;
    if (!witness->secure && strncmp(url, http, sizeof(http) - 1) != 0) {
        return false;
    }
    const char *authority = url + (witness->secure ? sizeof(https) : sizeof(http)) - 1;
    size_t length = strcspn(authority, "/");
    const char *path = authority + length;
    size_t host_length =
        authority[0] == '[' ? strcspn(authority, "]/") + 1 : strcspn(authority, ":/");
    if (host_length == 0 || host_length > length || host_length > HOST_MAXIMUM ||
        path[strspn(path, PATH_CHARACTERS)] != '\0') {
        return false;
    }
    memcpy(host, authority, host_length);
    host[host_length] = '\0';
    witness->port = witness->secure ? 443 : 80;
    bool has_port = host_length < length;
    if (has_port &&
        (authority[host_length] != ':' ||
         !parse_port(authority + host_length + 1, length - host_length - 1, &witness->port))) {
        return false;
    }
    return look_at_host(host, witness);
}

static bool has_name(const struct config *config, const char *name)
{
    for (size_t i = 0; i < config->witness_count; i++) {
        if (strcmp(config->witnesses[i].vkey.name, name) == 0) {
            return true;
        }
    }
    return false;
}

const char *witness_option_add(const char *value, struct config *config)
{
    struct config_witness witness = {0};
    char vkey[CHECKPOINT_VKEY_MAXIMUM];
    size_t length = strcspn(value, " \t");
    const char *url = value + length + strspn(value + length, " \t");
    if (length >= sizeof(vkey)) {
        return wanted;
    }
    memcpy(vkey, value, length);
    vkey[length] = '\0';
    if (checkpoint_vkey_parse(vkey, &witness.vkey) != CHECKPOINT_OK ||
        witness.vkey.type != CHECKPOINT_COSIGNATURE || !parse_url(url, &witness)) {
        return wanted;
    }
    if (has_name(config, witness.vkey.name)) {
        return "names a witness that was given before";
    }
    if (config->witness_count == CONFIG_WITNESSES_MAXIMUM) {
        return "is one more than the 8 that there can be";
    }
    size_t kept = strlen(url);
    while (kept > 0 && url[kept - 1] == '/') {
        kept--;
    }
    witness.url = arena_copy_text(&config->arena, url, kept);
    if (witness.url == NULL) {
        return "memory is used up";
    }
    config->witnesses[config->witness_count++] = witness;
    return NULL;
}
