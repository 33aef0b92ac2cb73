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

/* When the next request of this loop is due, in the open loop. */
static int64_t next_due(const struct bench_plan *plan)
{
    const struct bench_plan_settings *settings = &plan->settings;
    uint64_t number = plan->taken * settings->loops + settings->loop;
    uint64_t whole = number / settings->rate;
    uint64_t rest = number % settings->rate;
    return settings->start + (int64_t)whole * BENCH_SECOND +
           (int64_t)(rest * (uint64_t)BENCH_SECOND / settings->rate);
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
    int64_t when = plan->settings.rate > 0 ? next_due(plan) : now < start ? start : now;
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
    if (plan->settings.rate == 0 || plan->stopped || plan->measured >= plan->quota) {
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
