/* SPDX-License-Identifier: EUPL-1.2 */
#include "tools/load/field.h"

#include "tools/load/work.h"

#define BURST_PHASES 3
static const char *const burst_phases[BURST_PHASES] = {"quiet", "burst", "after"};

size_t bench_field_phases(const struct bench_options *options,
                          struct bench_phase phases[static BENCH_PHASES_MAXIMUM])
{
    if (options->command != BENCH_BURST) {
        return 0;
    }
    uint64_t quiet_rate = (uint64_t)options->quiet_rate;
    uint64_t quiet_seconds = (uint64_t)options->quiet_seconds;
    phases[0] = (struct bench_phase){quiet_rate, quiet_seconds};
    phases[1] = (struct bench_phase){(uint64_t)options->rate, (uint64_t)options->seconds};
    phases[2] = (struct bench_phase){quiet_rate, quiet_seconds};
    return BURST_PHASES;
}

const char *const *bench_field_parts(const struct bench_field *field, size_t *ret_count)
{
    if (field->options->command == BENCH_BURST) {
        *ret_count = BURST_PHASES;
        return burst_phases;
    }
    return bench_stock_parts(field->stock, ret_count);
}

void bench_field_init(struct bench_field *field)
{
    pthread_mutex_init(&field->lock, NULL);
    pthread_cond_init(&field->changed, NULL);
}

void bench_field_finish(struct bench_field *field)
{
    pthread_mutex_destroy(&field->lock);
    pthread_cond_destroy(&field->changed);
}

void bench_field_wait(struct bench_field *field, size_t loops)
{
    pthread_mutex_lock(&field->lock);
    while (field->arrived < loops) {
        pthread_cond_wait(&field->changed, &field->lock);
    }
    pthread_mutex_unlock(&field->lock);
}

void bench_field_begin(struct bench_field *field, int64_t start)
{
    pthread_mutex_lock(&field->lock);
    field->start = start;
    field->begun = true;
    pthread_cond_broadcast(&field->changed);
    pthread_mutex_unlock(&field->lock);
}

bool bench_field_arrive(struct bench_field *field)
{
    pthread_mutex_lock(&field->lock);
    field->arrived++;
    pthread_cond_broadcast(&field->changed);
    while (!field->begun) {
        pthread_cond_wait(&field->changed, &field->lock);
    }
    bool begins = field->start != 0;
    pthread_mutex_unlock(&field->lock);
    return begins;
}
