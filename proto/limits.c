/* SPDX-License-Identifier: EUPL-1.2 */
#include "proto/limits.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "store/base/clock.h"

#define WINDOW (LIMITS_WINDOW_SECONDS * CLOCK_SECOND)
#define FIRST_CAPACITY 64

struct window {
    int64_t number; /* since 1970 */
    unsigned used[LIMIT_KINDS];
};

struct limits {
    pthread_mutex_t lock;
    unsigned quotas[LIMIT_KINDS];
    struct window *windows; /* by party number, which are dense */
    size_t capacity;
};

int limits_new(const unsigned quotas[static LIMIT_KINDS], struct limits **ret_limits)
{
    struct limits *limits = calloc(1, sizeof(*limits));
    if (limits == NULL) {
        return -ENOMEM;
    }
    pthread_mutex_init(&limits->lock, NULL);
    memcpy(limits->quotas, quotas, sizeof(limits->quotas));
    *ret_limits = limits;
    return 0;
}

void limits_free(struct limits *limits)
{
    if (limits == NULL) {
        return;
    }
    pthread_mutex_destroy(&limits->lock);
    free(limits->windows);
    free(limits);
}

static int grow(struct limits *limits, size_t needed)
{
    size_t capacity = limits->capacity > 0 ? limits->capacity : FIRST_CAPACITY;
    while (capacity < needed) {
        capacity *= 2;
    }
    struct window *windows = realloc(limits->windows, capacity * sizeof(*windows));
    if (windows == NULL) {
        return -ENOMEM;
    }
    memset(windows + limits->capacity, 0, (capacity - limits->capacity) * sizeof(*windows));
    limits->windows = windows;
    limits->capacity = capacity;
    return 0;
}

int limits_take(struct limits *limits, uint32_t party, enum limit_kind kind, unsigned amount,
                int64_t now, struct limit_state *ret_state)
{
    size_t i = party < LIMITS_PARTIES_MAXIMUM ? party : 0;
    pthread_mutex_lock(&limits->lock);
    int r = i < limits->capacity ? 0 : grow(limits, i + 1);
    if (r == 0) {
        struct window *window = &limits->windows[i];
        int64_t number = now / WINDOW;
        if (window->number != number) {
            *window = (struct window){.number = number};
        }
        unsigned quota = limits->quotas[kind];
        unsigned left = quota - window->used[kind];
        if (amount > left) {
            r = LIMITS_EXCEEDED;
        } else {
            window->used[kind] += amount;
            left -= amount;
        }
        int64_t rest = (number + 1) * WINDOW - now;
        *ret_state = (struct limit_state){
            .quota = quota,
            .remaining = left,
            .reset_seconds = (unsigned)((rest + CLOCK_SECOND - 1) / CLOCK_SECOND),
        };
    }
    pthread_mutex_unlock(&limits->lock);
    return r;
}
