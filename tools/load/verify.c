/* SPDX-License-Identifier: EUPL-1.2 */
#include "tools/load/verify.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <string.h>

#include "tools/load/call.h"
#include "tools/text.h"

#define PAGES_MAXIMUM 100000 /* of one identity; 500 signals each */
#define LIST "/v1/signals?limit=500"
#define READERS 4

struct share { /* what one identity is to find */
    struct bench_acknowledgement *items;
    size_t count;
};

static int see_page(const struct answer *page, const struct share *share)
{
    const struct answer *signals = answer_at(page, "signals");
    if (!answer_is_list(signals)) {
        return bench_complain(VIX_REFUSED, "a page of signals holds none");
    }
    for (size_t i = 0; i < answer_count(signals); i++) {
        struct bench_id id;
        const struct answer *signal = answer_item(signals, i);
        const char *text = answer_string(answer_at(signal, "id"));
        const char *status = answer_string(answer_at(signal, "status"));
        if (text == NULL || status == NULL || !bench_id_parse(text, strlen(text), &id)) {
            return bench_complain(VIX_REFUSED, "a listed signal has no id or status");
        }
        bench_acknowledged_see(share->items, share->count, &id, strcmp(status, "active") == 0);
    }
    return VIX_DONE;
}

/* `path` is that of a page, and becomes that of the next; empty after the last. */
static int read_page(struct bench_caller *caller, struct text *path, const struct share *share)
{
    CLEANUP(answer_freep) struct answer *page = NULL;
    if (path->fault != 0) {
        return bench_report_fault(path->fault);
    }
    int result =
        bench_caller_call(caller, &(struct bench_call){"GET", path->bytes, NULL, 0}, &page);
    result = result == VIX_DONE ? see_page(page, share) : result;
    text_clear(path);
    const char *next = answer_string(answer_at(page, "next"));
    if (result == VIX_DONE && next != NULL) {
        text_add_string(path, LIST);
        text_add_query(path, "cursor", next);
    }
    return result;
}

static int read_list(const struct bench_options *options, const struct bench_identity *identity,
                     const struct share *share, int64_t give_up)
{
    CLEANUP(bench_caller_close) struct bench_caller caller = {0};
    CLEANUP(text_finish) struct text path = {0};
    int result = bench_caller_open(&caller, options, identity);
    caller.give_up = give_up;
    text_add_string(&path, LIST);
    for (int page = 0; page < PAGES_MAXIMUM && result == VIX_DONE; page++) {
        result = read_page(&caller, &path, share);
        if (path.length == 0) {
            return result;
        }
    }
    return result != VIX_DONE ? result
                              : bench_complain(VIX_REFUSED, "%s: the list of signals has no end",
                                               identity->certificate_path);
}

/* ---- several identities at a time: a list is long, and a page waits for the log's commit ---- */

struct reading {
    const struct bench_options *options;
    const struct bench_identities *identities;
    const struct bench_acknowledged *list; /* each reader changes the items of its identities */
    int64_t give_up;
    atomic_size_t next; /* identity */
    atomic_int result;  /* the first that is not VIX_DONE ends all */
};

static void *run_reader(void *user)
{
    struct reading *reading = user;
    while (atomic_load(&reading->result) == VIX_DONE) {
        size_t i = atomic_fetch_add(&reading->next, 1);
        if (i >= reading->identities->count) {
            break;
        }
        struct share share;
        share.items = bench_acknowledged_of(reading->list, i, &share.count);
        int result = share.count == 0 ? VIX_DONE
                                      : read_list(reading->options, &reading->identities->items[i],
                                                  &share, reading->give_up);
        int before = VIX_DONE;
        if (result != VIX_DONE) {
            atomic_compare_exchange_strong(&reading->result, &before, result);
        }
    }
    return NULL;
}

static int read_all(struct reading *reading)
{
    pthread_t readers[READERS];
    size_t started = 0;
    int error = 0;
    while (started < READERS && error == 0) {
        error = pthread_create(&readers[started], NULL, run_reader, reading);
        started += error == 0 ? 1 : 0;
    }
    for (size_t i = 0; i < started; i++) {
        pthread_join(readers[i], NULL);
    }
    return started > 0 ? atomic_load(&reading->result) : bench_report_fault(-error);
}

static void judge(const struct bench_acknowledged *list, struct bench_verdict *verdict)
{
    for (size_t i = 0; i < list->count; i++) {
        verdict->found += list->items[i].seen > 0 ? 1 : 0;
        verdict->missing += list->items[i].seen == 0 ? 1 : 0;
        verdict->doubled += list->items[i].seen > 1 ? 1 : 0;
        verdict->withdrawn += list->items[i].withdrawn ? 1 : 0;
        verdict->undead += list->items[i].withdrawn && list->items[i].live ? 1 : 0;
    }
}

int bench_verify(const struct bench_options *options, const struct bench_identities *identities,
                 struct bench_acknowledged *list, struct bench_verdict *ret_verdict)
{
    int64_t begun = bench_now();
    struct bench_verdict verdict = {0};
    bench_acknowledged_sort(list);
    verdict.acknowledged = list->count;
    struct reading reading = {.options = options,
                              .identities = identities,
                              .list = list,
                              .give_up = begun + options->verify_seconds * BENCH_SECOND};
    int result = read_all(&reading);
    verdict.complete = result == VIX_DONE;
    verdict.took = bench_now() - begun;
    judge(list, &verdict);
    *ret_verdict = verdict;
    if (result == VIX_DONE && verdict.missing + verdict.doubled + verdict.undead > 0) {
        result =
            bench_complain(VIX_REFUSED,
                           "%llu acknowledged signals are missing, %llu are listed twice, %llu "
                           "were withdrawn and are live",
                           (unsigned long long)verdict.missing, (unsigned long long)verdict.doubled,
                           (unsigned long long)verdict.undead);
    }
    return result;
}
