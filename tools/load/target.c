/* SPDX-License-Identifier: EUPL-1.2 */
#include "tools/load/target.h"

#include <errno.h>
#include <netdb.h>
#include <string.h>
#include <unistd.h>

#include "tools/duration.h"

#define SCHEME "https://"
#define DEFAULT_PORT "443"
#define CONNECT_SECONDS 5

static bool copy_part(char *out, size_t size, const char *from, size_t length)
{
    if (length == 0 || length >= size) {
        return false;
    }
    memcpy(out, from, length);
    out[length] = '\0';
    return true;
}

/* Only what may stand in a host's name or address: it goes into a header as it is. */
static bool is_host(const char *host)
{
    static const char allowed[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789.:-";
    return strspn(host, allowed) == strlen(host);
}

int bench_target_parse(const char *url, struct bench_target *ret_target)
{
    struct bench_target target = {.port = DEFAULT_PORT};
    size_t scheme = sizeof(SCHEME) - 1;
    if (strncmp(url, SCHEME, scheme) != 0) {
        return BENCH_TARGET_MALFORMED;
    }
    const char *authority = url + scheme;
    size_t length = strcspn(authority, "/");
    if (authority[length] == '/' && authority[length + 1] != '\0') {
        return BENCH_TARGET_MALFORMED;
    }
    bool bracketed = authority[0] == '[';
    const char *host = authority + (bracketed ? 1 : 0);
    size_t host_length = strcspn(host, bracketed ? "]/" : ":/");
    const char *after = host + host_length;
    if (bracketed && *after++ != ']') {
        return BENCH_TARGET_MALFORMED;
    }
    if (!copy_part(target.host, sizeof(target.host), host, host_length) ||
        !copy_part(target.authority, sizeof(target.authority), authority, length) ||
        !is_host(target.host)) {
        return BENCH_TARGET_MALFORMED;
    }
    int64_t port;
    if (*after == ':' && (!copy_part(target.port, sizeof(target.port), after + 1,
                                     (size_t)(authority + length - after - 1)) ||
                          number_parse(target.port, UINT16_MAX, &port) != 0 || port == 0)) {
        return BENCH_TARGET_MALFORMED;
    }
    if (*after != ':' && after != authority + length) {
        return BENCH_TARGET_MALFORMED;
    }
    *ret_target = target;
    return 0;
}

bool bench_address_is_loopback(const struct sockaddr *address)
{
    struct sockaddr_in in;
    struct sockaddr_in6 in6;
    switch (address->sa_family) {
    case AF_INET:
        memcpy(&in, address, sizeof(in));
        return (ntohl(in.sin_addr.s_addr) >> 24) == IN_LOOPBACKNET;
    case AF_INET6:
        memcpy(&in6, address, sizeof(in6));
        return IN6_IS_ADDR_LOOPBACK(&in6.sin6_addr);
    default:
        return false;
    }
}

static void free_list(struct addrinfo **list)
{
    if (*list != NULL) {
        freeaddrinfo(*list);
    }
}

static bool something_listens(const struct addrinfo *found)
{
    int fd = socket(found->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0) {
        return false;
    }
    struct timeval patience = {.tv_sec = CONNECT_SECONDS};
    bool listens = setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience)) == 0 &&
                   connect(fd, found->ai_addr, found->ai_addrlen) == 0;
    int error = errno;
    close(fd);
    errno = error;
    return listens;
}

int bench_target_resolve(struct bench_target *target, bool allow_remote)
{
    CLEANUP(free_list) struct addrinfo *list = NULL;
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_NUMERICSERV};
    int result = getaddrinfo(target->host, target->port, &hints, &list);
    if (result != 0) {
        return bench_complain(VIX_NOT_CONNECTED, "%s: %s", target->host, gai_strerror(result));
    }
    for (const struct addrinfo *found = list; found != NULL; found = found->ai_next) {
        if (!allow_remote && !bench_address_is_loopback(found->ai_addr)) {
            return bench_complain(VIX_USAGE,
                                  "%s is not this machine; --allow-remote if it may be "
                                  "put under load",
                                  target->host);
        }
    }
    for (const struct addrinfo *found = list; found != NULL; found = found->ai_next) {
        if (found->ai_addrlen <= sizeof(target->address) && something_listens(found)) {
            memcpy(&target->address, found->ai_addr, found->ai_addrlen);
            target->address_length = found->ai_addrlen;
            return VIX_DONE;
        }
    }
    return bench_complain(VIX_NOT_CONNECTED, "%s port %s: %s", target->host, target->port,
                          strerror(errno));
}
