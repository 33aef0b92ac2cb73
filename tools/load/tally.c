/* SPDX-License-Identifier: EUPL-1.2 */
#include "tools/load/tally.h"

#include <stdbool.h>
#include <string.h>

static struct bench_outcome *find_outcome(struct bench_tally *tally, int status, const char *slug,
                                          size_t length)
{
    for (size_t i = 0; i < tally->outcome_count; i++) {
        struct bench_outcome *outcome = &tally->outcomes[i];
        if (outcome->status == status && strlen(outcome->slug) == length &&
            memcmp(outcome->slug, slug, length) == 0) {
            return outcome;
        }
    }
    if (tally->outcome_count == BENCH_OUTCOMES_MAXIMUM) {
        return NULL;
    }
    struct bench_outcome *outcome = &tally->outcomes[tally->outcome_count++];
    *outcome = (struct bench_outcome){.status = status};
    memcpy(outcome->slug, slug, length);
    return outcome;
}

void bench_tally_count(struct bench_tally *tally, int status, const char *slug, size_t length,
                       uint64_t count)
{
    length = length < BENCH_SLUG_SIZE ? length : BENCH_SLUG_SIZE - 1;
    struct bench_outcome *outcome = find_outcome(tally, status, slug, length);
    if (outcome == NULL) {
        outcome = &tally->outcomes[BENCH_OUTCOMES_MAXIMUM - 1];
        outcome->status = 0;
        outcome->slug[0] = '\0';
    }
    outcome->count += count;
}

void bench_tally_add_answer(struct bench_tally *tally, const struct bench_head *head,
                            const char *body, bool successful, int64_t latency)
{
    size_t length = 0;
    const char *slug = head->problem ? bench_problem_slug(body, head->body_length, &length) : NULL;
    tally->answered++;
    tally->body_bytes += head->body_length;
    bench_tally_count(tally, head->status, slug != NULL ? slug : "", length, 1);
    if (successful) {
        tally->successful++;
        bench_histogram_add(&tally->latency, latency);
    }
}

void bench_tally_add_part(struct bench_tally *tally, size_t part, bool successful, int64_t latency)
{
    struct bench_part *it = &tally->parts[part];
    it->asked++;
    it->successful += successful ? 1 : 0;
    if (latency >= 0) {
        bench_histogram_add(&it->latency, latency);
    }
}

void bench_tally_merge(struct bench_tally *into, const struct bench_tally *from)
{
    into->answered += from->answered;
    into->successful += from->successful;
    into->unsent += from->unsent;
    into->repeated += from->repeated;
    into->empty += from->empty;
    into->warm_up += from->warm_up;
    into->body_bytes += from->body_bytes;
    into->reconnected += from->reconnected;
    into->last = from->last > into->last ? from->last : into->last;
    for (size_t i = 0; i < BENCH_FAILURES; i++) {
        into->failures[i] += from->failures[i];
    }
    for (size_t i = 0; i < from->outcome_count; i++) {
        const struct bench_outcome *outcome = &from->outcomes[i];
        bench_tally_count(into, outcome->status, outcome->slug, strlen(outcome->slug),
                          outcome->count);
    }
    bench_histogram_merge(&into->latency, &from->latency);
    bench_histogram_merge(&into->delay, &from->delay);
    bench_histogram_merge(&into->handshake, &from->handshake);
    for (size_t i = 0; i < BENCH_PARTS_MAXIMUM; i++) {
        into->parts[i].asked += from->parts[i].asked;
        into->parts[i].successful += from->parts[i].successful;
        bench_histogram_merge(&into->parts[i].latency, &from->parts[i].latency);
    }
}

const char *bench_failure_name(enum bench_failure failure)
{
    static const char *const names[BENCH_FAILURES] = {
        [BENCH_TIMED_OUT] = "timed out",
        [BENCH_LOST] = "connection lost",
        [BENCH_MALFORMED] = "malformed answer",
    };
    return names[failure];
}

/* It is printed, and goes into JSON as it is. */
static bool is_slug(const char *slug, size_t length)
{
    for (size_t i = 0; i < length; i++) {
        if (!(slug[i] >= 'a' && slug[i] <= 'z') && !(slug[i] >= '0' && slug[i] <= '9') &&
            slug[i] != '-') {
            return false;
        }
    }
    return length > 0;
}

const char *bench_problem_slug(const char *body, size_t size, size_t *ret_length)
{
    static const char member[] = "\"type\":\"";
    *ret_length = 0;
    const char *type = size > 0 ? memmem(body, size, member, sizeof(member) - 1) : NULL;
    if (type == NULL) {
        return NULL;
    }
    type += sizeof(member) - 1;
    const char *end = memchr(type, '"', size - (size_t)(type - body));
    if (end == NULL) {
        return NULL;
    }
    const char *slash = memrchr(type, '/', (size_t)(end - type));
    const char *slug = slash != NULL ? slash + 1 : type;
    if (!is_slug(slug, (size_t)(end - slug))) {
        return NULL;
    }
    *ret_length = (size_t)(end - slug);
    return slug;
}
