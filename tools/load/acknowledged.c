/* SPDX-License-Identifier: EUPL-1.2 */
#include "tools/load/acknowledged.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "crypto/secret.h"

#define FIRST_CAPACITY 1024
#define HEX_DIGITS (BENCH_ID_BYTES * 2)

bool bench_id_parse(const char *text, size_t length, struct bench_id *ret_id)
{
    char hex[HEX_DIGITS];
    size_t digits = 0;
    if (length != BENCH_ID_TEXT) {
        return false;
    }
    for (size_t i = 0; i < length; i++) {
        if (i == 8 || i == 13 || i == 18 || i == 23) {
            if (text[i] != '-') {
                return false;
            }
        } else {
            hex[digits++] = text[i];
        }
    }
    return secret_from_hex(hex, digits, ret_id->bytes, sizeof(ret_id->bytes)) == 0;
}

void bench_id_write(const struct bench_id *id, char out[static BENCH_ID_TEXT + 1])
{
    static const char digits[] = "0123456789abcdef";
    size_t at = 0;
    for (size_t i = 0; i < BENCH_ID_BYTES; i++) {
        if (i == 4 || i == 6 || i == 8 || i == 10) {
            out[at++] = '-';
        }
        out[at++] = digits[id->bytes[i] >> 4];
        out[at++] = digits[id->bytes[i] & 15];
    }
    out[at] = '\0';
}

static int make_room(struct bench_acknowledged *list, size_t more)
{
    if (more > BENCH_REQUESTS_MAXIMUM - list->count) {
        return BENCH_ACKNOWLEDGED_FULL;
    }
    size_t capacity = list->capacity > 0 ? list->capacity : FIRST_CAPACITY;
    while (capacity < list->count + more) {
        capacity *= 2;
    }
    if (capacity > list->capacity) {
        struct bench_acknowledgement *items = reallocarray(list->items, capacity, sizeof(*items));
        if (items == NULL) {
            return -ENOMEM;
        }
        list->items = items;
        list->capacity = capacity;
    }
    return 0;
}

int bench_acknowledged_add(struct bench_acknowledged *list, const struct bench_id *id,
                           size_t identity)
{
    int result = make_room(list, 1);
    if (result == 0) {
        list->items[list->count++] =
            (struct bench_acknowledgement){.id = *id, .identity = (uint32_t)identity};
    }
    return result;
}

int bench_acknowledged_merge(struct bench_acknowledged *into, struct bench_acknowledged *from)
{
    if (from->count == 0) {
        return 0;
    }
    int result = make_room(into, from->count);
    if (result == 0) {
        memcpy(into->items + into->count, from->items, from->count * sizeof(*from->items));
        into->count += from->count;
        bench_acknowledged_finish(from);
    }
    return result;
}

void bench_acknowledged_finish(struct bench_acknowledged *list)
{
    free(list->items);
    *list = (struct bench_acknowledged){0};
}

static int compare_ids(const void *left, const void *right)
{
    const struct bench_acknowledgement *a = left;
    const struct bench_acknowledgement *b = right;
    return memcmp(&a->id, &b->id, sizeof(a->id));
}

static int compare(const void *left, const void *right)
{
    const struct bench_acknowledgement *a = left;
    const struct bench_acknowledgement *b = right;
    return a->identity != b->identity ? (a->identity < b->identity ? -1 : 1)
                                      : compare_ids(left, right);
}

void bench_acknowledged_sort(struct bench_acknowledged *list)
{
    size_t kept = 0;
    if (list->count == 0) {
        return;
    }
    qsort(list->items, list->count, sizeof(*list->items), compare);
    for (size_t i = 1; i < list->count; i++) {
        if (compare(&list->items[kept], &list->items[i]) != 0) {
            list->items[++kept] = list->items[i];
        } else {
            list->items[kept].withdrawn = list->items[kept].withdrawn || list->items[i].withdrawn;
        }
    }
    list->count = kept + 1;
}

/* The place of the first item of that identity or a later one. */
static size_t find_identity(const struct bench_acknowledged *list, size_t identity)
{
    size_t low = 0;
    size_t high = list->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (list->items[middle].identity < identity) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

struct bench_acknowledgement *bench_acknowledged_of(const struct bench_acknowledged *list,
                                                    size_t identity, size_t *ret_count)
{
    size_t first = find_identity(list, identity);
    *ret_count = find_identity(list, identity + 1) - first;
    return *ret_count > 0 ? list->items + first : NULL;
}

void bench_acknowledged_see(struct bench_acknowledgement *items, size_t count,
                            const struct bench_id *id, bool live)
{
    struct bench_acknowledgement wanted = {.id = *id};
    struct bench_acknowledgement *found =
        count > 0 ? bsearch(&wanted, items, count, sizeof(*items), compare_ids) : NULL;
    if (found != NULL) {
        found->seen++;
        found->live = found->live || live;
    }
}
