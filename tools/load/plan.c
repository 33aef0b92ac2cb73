/* SPDX-License-Identifier: EUPL-1.2 */
#include "tools/load/plan.h"

#include "tools/load/vix_bench.h"

static int64_t measured_from(const struct bench_plan *plan)
{
    return plan->settings.start + plan->settings.warm_up;
}

static int64_t plan_end(const struct bench_plan *plan)
{
    return measured_from(plan) + plan->settings.length;
}

/* From the start, with the warm-up in the first; ns. */
static int64_t phase_length(const struct bench_plan_settings *settings, size_t phase)
{
    return (int64_t)settings->phases[phase].seconds * BENCH_SECOND +
           (phase == 0 ? settings->warm_up : 0);
}

static int64_t time_of(uint64_t number, uint64_t rate)
{
    uint64_t whole = number / rate;
    uint64_t rest = number % rate;
    return (int64_t)whole * BENCH_SECOND + (int64_t)(rest * (uint64_t)BENCH_SECOND / rate);
}

/* When the next request of this loop is due, in the open loop. */
static int64_t next_due(const struct bench_plan *plan)
{
    const struct bench_plan_settings *settings = &plan->settings;
    uint64_t number = plan->taken * settings->loops + settings->loop;
    int64_t from = settings->start;
    if (settings->phase_count == 0) {
        return from + time_of(number, settings->rate);
    }
    size_t i = 0;
    for (; i + 1 < settings->phase_count; i++) {
        int64_t length = phase_length(settings, i);
        /* Lengths are whole seconds, so each phase holds a whole number of requests. */
        uint64_t here = settings->phases[i].rate * (uint64_t)(length / BENCH_SECOND);
        if (number < here) {
            break;
        }
        number -= here;
        from += length;
    }
    return from + time_of(number, settings->phases[i].rate);
}

bool bench_plan_is_open(const struct bench_plan *plan)
{
    return plan->settings.rate > 0 || plan->settings.phase_count > 0;
}

size_t bench_plan_phase(const struct bench_plan *plan, int64_t when)
{
    const struct bench_plan_settings *settings = &plan->settings;
    int64_t from = settings->start;
    size_t i = 0;
    for (; i + 1 < settings->phase_count; i++) {
        from += phase_length(settings, i);
        if (when < from) {
            break;
        }
    }
    return i;
}

void bench_plan_start(struct bench_plan *plan, const struct bench_plan_settings *settings)
{
    uint64_t quota = UINT64_MAX;
    if (settings->requests > 0) {
        quota = settings->requests / settings->loops;
        quota += settings->loop < settings->requests % settings->loops ? 1 : 0;
    }
    *plan = (struct bench_plan){.settings = *settings, .quota = quota};
}

bool bench_plan_is_measured(const struct bench_plan *plan, int64_t when)
{
    return when >= measured_from(plan);
}

bool bench_plan_is_over(const struct bench_plan *plan, int64_t now)
{
    return plan->stopped || plan->measured >= plan->quota || now >= plan_end(plan);
}

void bench_plan_stop(struct bench_plan *plan)
{
    plan->stopped = true;
}

static void take(struct bench_plan *plan, int64_t when)
{
    plan->taken++;
    plan->measured += bench_plan_is_measured(plan, when) ? 1 : 0;
}

enum bench_plan_answer bench_plan_next(struct bench_plan *plan, int64_t now, int64_t *ret_when)
{
    if (bench_plan_is_over(plan, now)) {
        return BENCH_PLAN_OVER;
    }
    int64_t start = plan->settings.start;
    int64_t when = bench_plan_is_open(plan) ? next_due(plan) : now < start ? start : now;
    if (when >= plan_end(plan)) {
        return BENCH_PLAN_OVER;
    }
    *ret_when = when;
    if (when > now) {
        return BENCH_PLAN_WAIT;
    }
    take(plan, when);
    return BENCH_PLAN_SEND;
}

bool bench_plan_take_unsent(struct bench_plan *plan, int64_t now, int64_t *ret_when)
{
    if (!bench_plan_is_open(plan) || plan->stopped || plan->measured >= plan->quota) {
        return false;
    }
    int64_t when = next_due(plan);
    if (when >= plan_end(plan) || when > now) {
        return false;
    }
    take(plan, when);
    *ret_when = when;
    return true;
}
