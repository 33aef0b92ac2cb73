/* SPDX-License-Identifier: EUPL-1.2 */
/* The reference's lists, and what can be asked of it. */
#include "tests/unit/store/reference.h"

#include <stdlib.h>
#include <string.h>

#include "store/base/clock.h"

/* ---- lists ---- */

void *reference_grow(void *items, size_t count, size_t *capacity, size_t size)
{
    if (count < *capacity) {
        return items;
    }
    *capacity = *capacity == 0 ? 16 : *capacity * 2;
    void *grown = realloc(items, *capacity * size);
    if (grown == NULL) {
        abort();
    }
    return grown;
}

void list_add(struct reference_list *list, size_t item)
{
    list->items = reference_grow(list->items, list->count, &list->capacity, sizeof(*list->items));
    list->items[list->count++] = item;
}

bool list_has(const struct reference_list *list, size_t item)
{
    for (size_t i = 0; i < list->count; i++) {
        if (list->items[i] == item) {
            return true;
        }
    }
    return false;
}

void list_remove(struct reference_list *list, size_t item)
{
    for (size_t i = 0; i < list->count; i++) {
        if (list->items[i] == item) {
            list->count--;
            memmove(&list->items[i], &list->items[i + 1], (list->count - i) * sizeof(*list->items));
            return;
        }
    }
    abort(); /* the reference contradicts itself */
}

static int compare_items(const void *left, const void *right)
{
    size_t a = *(const size_t *)left;
    size_t b = *(const size_t *)right;
    return a < b ? -1 : a > b;
}

void list_sort(struct reference_list *list)
{
    if (list->count > 0) {
        qsort(list->items, list->count, sizeof(*list->items), compare_items);
    }
}

/* ---- beginning and end ---- */

void reference_init(struct reference *reference, const struct store_policy *policy)
{
    *reference = (struct reference){.policy = *policy};
    for (int party = 0; party < REFERENCE_PARTIES; party++) {
        reference->parties[party].town = -1;
    }
    for (int town = 0; town < REFERENCE_TOWNS; town++) {
        reference->town_owner[town] = -1;
    }
    for (int number = 0; number < REFERENCE_NUMBERS; number++) {
        reference->number_child[number] = NONE;
        reference->number_person[number] = number;
    }
}

void reference_finish(struct reference *reference)
{
    for (int i = 0; i < REFERENCE_PARTIES; i++) {
        free(reference->parties[i].kept.items);
        free(reference->parties[i].notices);
    }
    for (size_t i = 0; i < reference->child_count; i++) {
        free(reference->children[i].members.items);
        free(reference->children[i].matches.items);
        free(reference->children[i].families.items);
    }
    for (size_t i = 0; i < reference->match_count; i++) {
        free(reference->matches[i].in.items);
    }
    free(reference->tombstones.items);
    free(reference->open_matches.items);
    free(reference->present.items);
    free(reference->children);
    free(reference->professionals);
    free(reference->signals);
    free(reference->matches);
    free(reference->ends);
    free(reference->years);
    free(reference->entries);
}

/* ---- questions ---- */

bool reference_has_agreement(const struct reference *reference, int party, int town, int32_t today)
{
    int32_t until = reference->parties[party].agreements[town].until;
    return until != 0 && until >= today;
}

bool reference_is_covered(const struct reference *reference, int party, int town, int32_t today)
{
    int owner = reference->town_owner[town];
    bool covered = reference_has_agreement(reference, party, town, today);
    for (int other = 0; owner >= 0 && other < REFERENCE_TOWNS; other++) {
        covered = covered || (reference->town_owner[other] == owner &&
                              reference_has_agreement(reference, party, other, today));
    }
    return covered;
}

int reference_town_today(const struct reference *reference, int town)
{
    int owner = reference->town_owner[town];
    return owner >= 0 ? reference->parties[owner].town : town;
}

size_t reference_professional(const struct reference *reference, int party, const char *id)
{
    for (size_t i = reference->professional_count; i-- > 0;) {
        const struct reference_professional *professional = &reference->professionals[i];
        if (professional->hired && professional->party == party &&
            strcmp(professional->id, id) == 0) {
            return i;
        }
    }
    return NONE;
}

size_t reference_live(const struct reference *reference, size_t child)
{
    const struct reference_list *members = &reference->children[child].members;
    size_t live = 0;
    for (size_t i = 0; i < members->count; i++) {
        live += reference->signals[members->items[i]].state == REFERENCE_LIVE ? 1 : 0;
    }
    return live;
}

struct reference_match *reference_open_match(const struct reference *reference, size_t child)
{
    const struct reference_list *matches = &reference->children[child].matches;
    for (size_t i = 0; i < matches->count; i++) {
        struct reference_match *match = &reference->matches[matches->items[i]];
        if (match->status != MATCH_ENDED) {
            return match;
        }
    }
    return NULL;
}

int reference_follow_up_of(const struct reference *reference, size_t signal)
{
    const struct reference_signal *about = &reference->signals[signal];
    int residence = reference->children[about->child].residence;
    if (residence >= 0 && reference->town_owner[residence] >= 0) {
        return reference->town_owner[residence];
    }
    return reference->town_owner[about->town];
}

void reference_in_scope(const struct reference *reference, const struct reference_match *match,
                        struct reference_list *ret_signals)
{
    for (int i = 0; i < (match->kind == MATCH_FAMILY ? 2 : 1); i++) {
        const struct reference_list *members = &reference->children[match->children[i]].members;
        for (size_t j = 0; j < members->count; j++) {
            if (reference->signals[members->items[j]].state == REFERENCE_LIVE) {
                list_add(ret_signals, members->items[j]);
            }
        }
    }
}

bool reference_concerns(const struct reference *reference, const struct reference_match *match,
                        int party)
{
    struct reference_list live = {0};
    bool concerns = false;
    reference_in_scope(reference, match, &live);
    for (size_t i = 0; i < live.count; i++) {
        concerns = concerns || reference_follow_up_of(reference, live.items[i]) == party;
    }
    free(live.items);
    return concerns;
}

size_t reference_child_now(const struct reference *reference, size_t child)
{
    while (reference->children[child].merged_into != NONE) {
        child = reference->children[child].merged_into;
    }
    return child;
}

bool reference_is_unknown(const struct reference *reference, const struct reference_notice *notice)
{
    /* That a match was retracted reaches a municipality even so. */
    bool outlives = notice->own == NONE && notice->type == NOTICE_MATCH_RETRACTED;
    return notice->gone ||
           (notice->child != NONE && !outlives &&
            reference->children[reference_child_now(reference, notice->child)].gone);
}

bool reference_is_gap(const struct reference *reference, const struct reference_notice *notice)
{
    bool answered = notice->type == NOTICE_RENEWAL_DUE &&
                    reference->signals[notice->own].reported_at > notice->when.to;
    return reference_is_unknown(reference, notice) || answered ||
           (notice->own != NONE && reference->signals[notice->own].state == REFERENCE_ERASED) ||
           (notice->other != NONE && reference->signals[notice->other].state == REFERENCE_ERASED);
}
