/* SPDX-License-Identifier: EUPL-1.2 */
#include "store/base/clock.h"

#include <stdatomic.h>
#include <time.h>

#ifdef VIX_TEST_CLOCK
static _Atomic int64_t advanced;

void clock_advance(int64_t milliseconds)
{
    atomic_fetch_add(&advanced, milliseconds);
}
#endif

int64_t clock_now(void)
{
    struct timespec now = {0};
    (void)clock_gettime(CLOCK_REALTIME, &now);
    int64_t instant = (int64_t)now.tv_sec * CLOCK_SECOND + now.tv_nsec / 1000000;
#ifdef VIX_TEST_CLOCK
    instant += atomic_load(&advanced);
#endif
    return instant;
}

int64_t clock_uptime(void)
{
    struct timespec now = clock_uptime_in(0);
    return (int64_t)now.tv_sec * CLOCK_SECOND + now.tv_nsec / 1000000;
}

struct timespec clock_uptime_in(int64_t milliseconds)
{
    struct timespec then = {0};
    (void)clock_gettime(CLOCK_MONOTONIC, &then);
    then.tv_nsec += milliseconds % CLOCK_SECOND * 1000000;
    then.tv_sec += milliseconds / CLOCK_SECOND + then.tv_nsec / 1000000000;
    then.tv_nsec %= 1000000000;
    return then;
}
