/* SPDX-License-Identifier: EUPL-1.2 */
#include "tools/load/field.h"

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
