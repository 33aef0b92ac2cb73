/* SPDX-License-Identifier: EUPL-1.2 */
#include "daemon/witness/witness.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "crypto/secret.h"
#include "daemon/log.h"
#include "daemon/witness/private.h"
#include "store/base/clock.h"

#define LOOK_MS 500 /* how often is looked whether the log has grown */
#define RETRY_MAXIMUM_MS (5 * CLOCK_MINUTE)
#define ATTEMPTS 2 /* the second with the size that the first answer told */

/* The slugs of what is worse than a failure: the log is not the one that the witness has seen. */
#define FORK_LARGER "log-rolled-back"
#define FORK_OTHER "log-forked"

/* ---- which head ---- */

/* The present head, when it is another than that of the round. */
static int read_head(struct witnesses *all)
{
    struct arena arena;
    struct store_snapshot *snapshot = NULL;
    const char *note = NULL;
    arena_init(&arena);
    int result = store_snapshot_open(all->store, &arena, &snapshot);
    if (result == 0) {
        uint64_t size = store_log_size(snapshot);
        if (size != all->round.size) {
            result = store_get_head(snapshot, &note);
        }
        if (note != NULL) {
            all->round.size = size;
            snprintf(all->round.note, sizeof(all->round.note), "%s", note);
            all->round_began = clock_uptime();
        }
        store_snapshot_close(snapshot);
    }
    arena_finish(&arena);
    return result;
}

/* Whoever comes first after a while looks for all. */
static void take_round(struct witnesses *all, struct witness_round *ret_round)
{
    int64_t now = clock_uptime();
    pthread_mutex_lock(&all->lock);
    bool is_time = all->round_began == 0 || now - all->round_began >= all->interval * CLOCK_SECOND;
    if (is_time && (all->looked_at == 0 || now - all->looked_at >= LOOK_MS)) {
        all->looked_at = now;
        int result = read_head(all);
        (void)result; /* the store has told, or is stopping; the next look is soon */
    }
    *ret_round = all->round;
    pthread_mutex_unlock(&all->lock);
}

/* The proof from an old size to the head of the round, and the size of the log now. */
static int prove(struct witnesses *all, uint64_t old_size, uint64_t size,
                 struct merkle_proof *ret_proof)
{
    struct arena arena;
    struct store_snapshot *snapshot = NULL;
    ret_proof->count = 0;
    if (old_size == 0 || old_size == size) {
        return 0;
    }
    arena_init(&arena);
    int result = store_snapshot_open(all->store, &arena, &snapshot);
    if (result == 0) {
        result = store_prove_consistency(snapshot, old_size, size, ret_proof);
        store_snapshot_close(snapshot);
    }
    arena_finish(&arena);
    return result;
}

static uint64_t log_size(struct witnesses *all)
{
    struct store_status status;
    store_get_status(all->store, &status);
    return status.log_size;
}

/* ---- how it went ---- */

static void succeed(struct witness *witness, uint64_t size)
{
    struct witness_report *report = &witness->report;
    pthread_mutex_lock(&witness->all->lock);
    bool is_news = !witness->has_succeeded || report->failure[0] != '\0';
    report->size = size;
    report->last_success_at = clock_now();
    report->failure[0] = '\0';
    report->forked = false;
    pthread_mutex_unlock(&witness->all->lock);
    witness->has_succeeded = true;
    witness->failures = 0;
    witness->next_try = 0;
    witness->was_ahead = false;
    if (is_news) {
        log_event(LOG_LEVEL_NOTICE, "witness", "name=%s state=cosigning size=%" PRIu64,
                  witness->settings->vkey.name, size);
    }
}

/* Twice as long each time, and not all at the same moment. */
static int64_t retry_delay(const struct witness *witness)
{
    uint32_t random;
    int64_t delay = witness->all->interval * CLOCK_SECOND;
    for (unsigned i = 1; i < witness->failures && delay < RETRY_MAXIMUM_MS; i++) {
        delay *= 2;
    }
    delay = delay < RETRY_MAXIMUM_MS ? delay : RETRY_MAXIMUM_MS;
    secret_random(&random, sizeof(random));
    return delay / 2 + random % (delay / 2 + 1);
}

/* Said when it begins and when it becomes something else, not each time. */
static void fail(struct witness *witness, const char *failure, const char *why)
{
    struct witness_report *report = &witness->report;
    bool forked = strcmp(failure, FORK_LARGER) == 0 || strcmp(failure, FORK_OTHER) == 0;
    if (atomic_load(&witness->all->stopping)) {
        return;
    }
    pthread_mutex_lock(&witness->all->lock);
    bool is_news = strcmp(report->failure, failure) != 0;
    snprintf(report->failure, sizeof(report->failure), "%s", failure);
    report->failures++;
    report->forked = forked;
    pthread_mutex_unlock(&witness->all->lock);
    witness->failures++;
    witness->next_try = clock_uptime() + retry_delay(witness);
    if (is_news) {
        log_event(forked ? LOG_LEVEL_ERROR : LOG_LEVEL_WARNING, "witness", "name=%s failure=%s %s",
                  witness->settings->vkey.name, failure, why);
    }
}

/* ---- one head to one witness ---- */

static void keep(struct witness *witness, const struct witness_round *round, const char *line)
{
    struct store_cosign_op op;
    store_cosign_init(&op);
    op.head = round->note;
    op.line = line;
    int result = store_run(witness->all->store, &op.op);
    witness->known = true;
    witness->size = round->size;
    if (result == 0 || result == STORE_STALE) {
        witness->cosigned = round->size;
        succeed(witness, round->size);
    } else {
        fail(witness, "not-kept", "the store did not take the cosignature");
    }
}

/* The witness tells of another size than it was asked from. True: try once more from it. */
static bool meet_size(struct witness *witness, const struct witness_round *round, uint64_t asked,
                      uint64_t size)
{
    char why[WITNESS_CALL_WHY_SIZE];
    uint64_t present = log_size(witness->all);
    if (size == asked && size != round->size) {
        fail(witness, "malformed-answer", "it tells the size that it was asked from");
        return false;
    }
    if (size == asked) {
        fail(witness, FORK_OTHER, "it has cosigned another root of this size than this log has");
        return false;
    }
    if (size > present) {
        snprintf(why, sizeof(why),
                 "it has cosigned %" PRIu64 " entries and this log has %" PRIu64
                 ": an older copy was put back, or it lies",
                 size, present);
        fail(witness, FORK_LARGER, why);
        return false;
    }
    witness->known = true;
    witness->size = size;
    if (size <= round->size) {
        return true;
    }
    /* Somebody else has shown it a newer head than this: the next round will do. */
    if (witness->was_ahead) {
        fail(witness, "always-ahead", "it says each time that it has seen a newer head");
    }
    witness->was_ahead = true;
    return false;
}

/* True: once more, from the size that it told. */
static bool ask(struct witness *witness, const struct witness_round *round, bool is_last)
{
    char body[WITNESS_TALK_REQUEST_SIZE];
    char why[WITNESS_CALL_WHY_SIZE] = "";
    struct merkle_proof proof;
    struct witness_reply reply;
    struct witness_meaning meaning;
    uint64_t old_size = witness->known ? witness->size : 0;
    int result = prove(witness->all, old_size, round->size, &proof);
    size_t size = result == 0 ? witness_talk_write(old_size, &proof, round->note, body) : 0;
    if (size == 0) {
        fail(witness, "no-proof", "the store gives no proof");
        return false;
    }
    const char *failure = witness_caller_post(witness->caller, body, size, &reply, why);
    if (failure != NULL) {
        fail(witness, failure, why);
        return false;
    }
    witness_talk_read(&reply, round->note, &witness->settings->vkey, &meaning);
    switch (meaning.verdict) {
    case WITNESS_COSIGNED:
        keep(witness, round, meaning.line);
        return false;
    case WITNESS_HAS_SIZE:
        if (!is_last || meaning.size == old_size || meaning.size > round->size) {
            return meet_size(witness, round, old_size, meaning.size);
        }
        fail(witness, "size-changes", "it tells another size each time");
        return false;
    case WITNESS_INCONSISTENT:
        witness->known = false;
        fail(witness, FORK_OTHER, "it does not see this head follow from the last it cosigned");
        return false;
    case WITNESS_FAILED:
        snprintf(why, sizeof(why), "status=%ld", reply.status);
        fail(witness, meaning.failure, why);
        return false;
    }
    return false;
}

static void deal(struct witness *witness, const struct witness_round *round)
{
    for (int attempt = 1; attempt <= ATTEMPTS; attempt++) {
        if (!ask(witness, round, attempt == ATTEMPTS)) {
            return;
        }
    }
}

/* False when it is time to end. */
static bool wait_a_while(struct witnesses *all)
{
    struct timespec until = clock_uptime_in(LOOK_MS);
    pthread_mutex_lock(&all->lock);
    while (!atomic_load(&all->stopping) &&
           pthread_cond_timedwait(&all->stopped, &all->lock, &until) == 0) {
    }
    pthread_mutex_unlock(&all->lock);
    return !atomic_load(&all->stopping);
}

static void *witness_main(void *context)
{
    struct witness *witness = context;
    struct witness_round *round = malloc(sizeof(*round));
    while (round != NULL && wait_a_while(witness->all)) {
        if (clock_uptime() < witness->next_try) {
            continue;
        }
        take_round(witness->all, round);
        bool is_ahead = witness->was_ahead && round->size < witness->size;
        if (round->size > witness->cosigned && !is_ahead) {
            deal(witness, round);
        }
    }
    free(round);
    return NULL;
}

/* ---- all of them ---- */

/* What the store holds of an earlier run is where the report begins. A line that is not there, or
 * not of this witness's key, is none: the newest head is kept with the lines that it has got. */
static void report_stored(struct witness *witness)
{
    struct arena arena;
    struct store_snapshot *snapshot = NULL;
    struct checkpoint head;
    uint64_t seconds;
    const char *note;
    arena_init(&arena);
    if (store_snapshot_open(witness->all->store, &arena, &snapshot) == 0) {
        if (store_get_witnessed_checkpoint(snapshot, &note) == 0 &&
            checkpoint_open(note, strlen(note), &witness->settings->vkey, &head, &seconds) == 0 &&
            seconds <= INT64_MAX / CLOCK_SECOND) {
            witness->report.size = head.size;
            witness->report.last_success_at = (int64_t)seconds * CLOCK_SECOND;
        }
        store_snapshot_close(snapshot);
    }
    arena_finish(&arena);
}

static int start_one(struct witnesses *all, const struct config *config, size_t number)
{
    struct witness *witness = &all->each[number];
    *witness = (struct witness){.all = all, .settings = &config->witnesses[number]};
    all->count = number + 1;
    report_stored(witness);
    int result = witness_caller_new(witness->settings->url, config->witness_ca, &all->stopping,
                                    &witness->caller);
    if (result == 0) {
        result = -pthread_create(&witness->thread, NULL, witness_main, witness);
        witness->has_thread = result == 0;
    }
    return result;
}

int witnesses_start(const struct config *config, struct store *store,
                    struct witnesses **ret_witnesses)
{
    if (config->witness_count == 0) {
        *ret_witnesses = NULL;
        return 0;
    }
    struct witnesses *all = calloc(1, sizeof(*all));
    if (all == NULL) {
        return -ENOMEM;
    }
    int result = witness_call_start();
    if (result != 0) {
        free(all);
        return result;
    }
    pthread_condattr_t monotonic;
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_cond_init(&all->stopped, &monotonic);
    pthread_condattr_destroy(&monotonic);
    pthread_mutex_init(&all->lock, NULL);
    all->store = store;
    all->interval = config->witness_interval;
    for (size_t i = 0; result == 0 && i < config->witness_count; i++) {
        pthread_mutex_lock(&all->lock);
        result = start_one(all, config, i);
        pthread_mutex_unlock(&all->lock);
    }
    if (result != 0) {
        witnesses_stop(all);
        return result;
    }
    *ret_witnesses = all;
    return 0;
}

void witnesses_stop(struct witnesses *witnesses)
{
    if (witnesses == NULL) {
        return;
    }
    pthread_mutex_lock(&witnesses->lock);
    atomic_store(&witnesses->stopping, true);
    pthread_cond_broadcast(&witnesses->stopped);
    pthread_mutex_unlock(&witnesses->lock);
    for (size_t i = 0; i < witnesses->count; i++) {
        if (witnesses->each[i].has_thread) {
            pthread_join(witnesses->each[i].thread, NULL);
        }
        witness_caller_free(witnesses->each[i].caller);
    }
    witness_call_stop();
    pthread_cond_destroy(&witnesses->stopped);
    pthread_mutex_destroy(&witnesses->lock);
    free(witnesses);
}
