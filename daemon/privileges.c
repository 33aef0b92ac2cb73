/* SPDX-License-Identifier: EUPL-1.2 */
#include "daemon/privileges.h"

#include <errno.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>

#include "daemon/log.h"

#define MEMLOCK_WANTED                                                                             \
    ((rlim_t)1 << 20)           /* bytes: every key a keyring can hold, with guard pages           \
                                 */
#define DESCRIPTORS_RESERVED 64 /* besides those of connections */

static int raise_limit(int resource, struct rlimit *ret_limit)
{
    if (getrlimit((__rlimit_resource_t)resource, ret_limit) != 0) {
        return -errno;
    }
    ret_limit->rlim_cur = ret_limit->rlim_max;
    return setrlimit((__rlimit_resource_t)resource, ret_limit) == 0 ? 0 : -errno;
}

int privileges_reduce(unsigned connections)
{
#ifndef VIX_SANITIZED
    const struct rlimit none = {0, 0};
    if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0 || setrlimit(RLIMIT_CORE, &none) != 0 ||
        prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) {
        return -errno;
    }
#endif
    struct rlimit limit;
    int result = raise_limit(RLIMIT_MEMLOCK, &limit);
    if (result != 0) {
        return result;
    }
    if (limit.rlim_cur < MEMLOCK_WANTED) {
        log_event(LOG_LEVEL_WARNING, "limit", "what=locked-memory bytes=%llu wanted=%llu",
                  (unsigned long long)limit.rlim_cur, (unsigned long long)MEMLOCK_WANTED);
    }
    result = raise_limit(RLIMIT_NOFILE, &limit);
    if (result == 0 && limit.rlim_cur < (rlim_t)connections + DESCRIPTORS_RESERVED) {
        log_event(LOG_LEVEL_WARNING, "limit", "what=descriptors allowed=%llu connections=%u",
                  (unsigned long long)limit.rlim_cur, connections);
    }
    return result;
}
