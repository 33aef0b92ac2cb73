/* SPDX-License-Identifier: EUPL-1.2 */
#include "tools/load/children.h"

#include <errno.h>
#include <stdlib.h>

#define FIRST_CAPACITY 1024

struct bench_child {
    uint32_t who;
    uint32_t next; /* in its queue; 0: none; else place + 1 */
    uint32_t signals;
};

int bench_children_init(struct bench_children *children, size_t identities)
{
    struct bench_child_queue *queues = calloc(identities, sizeof(*queues));
    if (queues == NULL) {
        return -ENOMEM;
    }
    *children = (struct bench_children){.queues = queues, .identities = identities};
    return 0;
}

void bench_children_finish(struct bench_children *children)
{
    free(children->children);
    free(children->queues);
    *children = (struct bench_children){0};
}

static int make_room(struct bench_children *children)
{
    if (children->count < children->capacity) {
        return 0;
    }
    if (children->count >= BENCH_REQUESTS_MAXIMUM) {
        return BENCH_CHILDREN_FULL;
    }
    size_t capacity = children->capacity > 0 ? children->capacity * 2 : FIRST_CAPACITY;
    struct bench_child *more = reallocarray(children->children, capacity, sizeof(*more));
    if (more == NULL) {
        return -ENOMEM;
    }
    children->children = more;
    children->capacity = capacity;
    return 0;
}

static void enqueue(struct bench_children *children, uint32_t place, size_t identity)
{
    struct bench_child_queue *queue = &children->queues[identity];
    children->children[place].next = 0;
    if (queue->first == 0) {
        queue->first = place + 1;
    } else {
        children->children[queue->last - 1].next = place + 1;
    }
    queue->last = place + 1;
}

int bench_children_add(struct bench_children *children, uint32_t who, size_t identity)
{
    int result = make_room(children);
    if (result == 0) {
        uint32_t place = (uint32_t)children->count++;
        children->children[place] = (struct bench_child){.who = who};
        bench_children_signalled(children, place, identity);
    }
    return result;
}

int bench_children_take(struct bench_children *children, size_t identity, uint32_t *ret_place,
                        uint32_t *ret_who)
{
    struct bench_child_queue *queue = &children->queues[identity];
    if (queue->first == 0) {
        return BENCH_CHILDREN_NONE;
    }
    uint32_t place = queue->first - 1;
    queue->first = children->children[place].next;
    *ret_place = place;
    *ret_who = children->children[place].who;
    return 0;
}

void bench_children_signalled(struct bench_children *children, uint32_t place, size_t identity)
{
    struct bench_child *child = &children->children[place];
    child->signals++;
    if (child->signals < children->identities && child->signals < BENCH_SIGNALS_PER_CHILD) {
        enqueue(children, place, (identity + 1) % children->identities);
    }
}

void bench_children_put_back(struct bench_children *children, uint32_t place, size_t identity)
{
    enqueue(children, place, identity);
}
