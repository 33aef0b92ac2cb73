/* SPDX-License-Identifier: EUPL-1.2 */
/* Children, and the order in which they are signalled. */
#include <stdlib.h>
#include <string.h>

#include "crypto/secret.h"
#include "tests/bench/store/feed.h"

/* How many of a hundred children get so many signals: 1.8 on average, seven pairs of professionals
 * who meet in ten signals, one child in twelve with four or more. */
static const unsigned country[] = {50, 28, 14, 6, 2};
#define COUNTRY_AGAIN 0.45 /* the share of signals that are not a child's first */

void bs_plan_open(struct bs_plan *plan, const struct bs_index *index,
                  const struct bs_options *options, size_t depth)
{
    struct store_status status;
    store_get_status(index->store, &status);
    *plan = (struct bs_plan){
        .index = index,
        .random = options->seed * UINT64_C(0x9e3779b97f4a7c15) + status.signals,
        /* No child has less than one signal. */
        .next = options->first != UINT64_MAX ? options->first : status.signals,
        .by_bsn = options->bsn_from != 0,
        .overlap = options->overlap,
        .fan_out = options->fan_out,
        .depth = depth,
        .capacity = depth + 4096,
    };
    if (plan->by_bsn) {
        bench_bsns_start(&plan->bsns, (uint32_t)options->bsn_from);
    }
    if (plan->fan_out > index->reporter_count || plan->fan_out > BS_SIGNALS_PER_CHILD) {
        bs_die("--fan-out is more than there are professionals, or than %d", BS_SIGNALS_PER_CHILD);
    }
    plan->waiting = bs_new(plan->capacity, sizeof(*plan->waiting));
}

void bs_plan_close(struct bs_plan *plan)
{
    free(plan->waiting);
    free(plan->made);
}

static double chance(struct bs_plan *plan)
{
    return (double)(bs_random(&plan->random) >> 11) / (double)(UINT64_C(1) << 53);
}

static void find_element(struct bs_plan *plan, struct oprf_element *ret_element)
{
    const struct keyring *keys = plan->index->keys;
    uint32_t id = keyring_current(keys, KEYRING_EVALUATION);
    if (plan->by_bsn) {
        struct oprf_scalar key;
        struct bsn bsn;
        char digits[BSN_DIGITS];
        uint32_t number;
        bs_need(bench_bsns_take(&plan->bsns, &number), "there are no more BSNs");
        bench_bsn_write(number, digits);
        bs_need(bsn_parse(digits, sizeof(digits), &bsn), "a BSN");
        memcpy(key.bytes, keyring_find(keys, KEYRING_EVALUATION, id), sizeof(key.bytes));
        bs_need(pseudonym_from_bsn(&key, &bsn, ret_element), "an evaluation");
        secret_wipe(&key, sizeof(key));
    } else {
        uint8_t input[16] = "bench";
        put_be64(input + 8, plan->next);
        bs_need(oprf_hash_to_group(OPRF_VERIFIABLE, input, sizeof(input), ret_element),
                "an element");
    }
}

static void make_child(struct bs_plan *plan, struct bs_child *ret_child)
{
    const struct keyring *keys = plan->index->keys;
    uint32_t id = keyring_current(keys, KEYRING_INDEX);
    struct bs_child child = {.reporter = (uint32_t)(bs_random(&plan->random) >> 33)};
    child.reporter %= (uint32_t)plan->index->reporter_count;
    find_element(plan, &child.element);
    pseudonym_child_key(keyring_find(keys, KEYRING_INDEX, id), &child.element, &child.key);
    plan->next++;
    if (plan->fan_out > 0) {
        child.left = (uint32_t)plan->fan_out;
    } else if (plan->overlap >= 0) {
        child.left = BS_SIGNALS_PER_CHILD;
    } else {
        unsigned at = (unsigned)(chance(plan) * 100);
        while (at >= country[child.left]) {
            at -= country[child.left++];
        }
        child.left++;
    }
    if (child.left > plan->index->reporter_count) {
        child.left = (uint32_t)plan->index->reporter_count;
    }
    *ret_child = child;
}

void bs_plan_make(struct bs_plan *plan, size_t count)
{
    free(plan->made);
    plan->made = bs_new(count, sizeof(*plan->made));
    plan->made_count = count;
    plan->made_used = 0;
    for (size_t i = 0; i < count; i++) {
        make_child(plan, &plan->made[i]);
    }
}

static bool is_again(struct bs_plan *plan)
{
    double share = plan->overlap >= 0 ? plan->overlap : COUNTRY_AGAIN;
    return plan->count > plan->depth && chance(plan) < share;
}

bool bs_plan_next(struct bs_plan *plan, struct bs_child *ret_child)
{
    struct bs_child child;
    if (is_again(plan)) {
        child = plan->waiting[plan->first];
        plan->first = (plan->first + 1) % plan->capacity;
        plan->count--;
    } else if (plan->made == NULL) {
        make_child(plan, &child);
    } else if (plan->made_used < plan->made_count) {
        child = plan->made[plan->made_used++];
    } else {
        return false;
    }
    *ret_child = child;
    child.signals++;
    child.left--;
    if (child.left > 0 && plan->count < plan->capacity) {
        plan->waiting[(plan->first + plan->count++) % plan->capacity] = child;
    }
    return true;
}
