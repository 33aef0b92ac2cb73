/* SPDX-License-Identifier: EUPL-1.2 */
/*
 * Where the load goes. Unless it is said otherwise, nowhere but to this machine: a load generator
 * that is pointed at somebody else's index by mistake takes it down.
 */
#ifndef TOOLS_LOAD_TARGET_H
#define TOOLS_LOAD_TARGET_H

#include <netinet/in.h>
#include <stdbool.h>
#include <sys/socket.h>

#include "tools/load/vix_bench.h"

#define BENCH_HOST_SIZE 256

struct bench_target {
    char host[BENCH_HOST_SIZE]; /* without the brackets of an IPv6 address */
    char port[6];
    char authority[BENCH_HOST_SIZE + 8]; /* for the header Host */
    struct sockaddr_storage address;
    socklen_t address_length;
};

#define BENCH_TARGET_MALFORMED 1
/* `https://host[:port][/]`. The address is not looked up. 0 or BENCH_TARGET_MALFORMED. */
int bench_target_parse(const char *url, struct bench_target *ret_target) MUST_CHECK;

bool bench_address_is_loopback(const struct sockaddr *address);

/*
 * Looks the host up and takes the first of its addresses that something listens on. An enum
 * vix_exit, after saying what is wrong: VIX_USAGE where an address is not of this machine, unless
 * `allow_remote`; VIX_NOT_CONNECTED.
 */
int bench_target_resolve(struct bench_target *target, bool allow_remote) MUST_CHECK;

#endif
