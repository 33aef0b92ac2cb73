/* SPDX-License-Identifier: EUPL-1.2 */
/* Opening and closing: does what is on disk belong to these keys and this log? */
#include "store/store.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "crypto/secret.h"
#include "store/base/clock.h"
#include "store/committer.h"
#include "store/epoch/keymarks.h"
#include "store/epoch/winddown.h"
#include "store/kv/lmdb.h"
#include "store/log/end.h"
#include "store/party/opened.h"
#include "store/room.h"

#define FORMAT_NAME WINDDOWN_FORMAT_NAME
#define FORMAT_TEXT "verwijsindex-3"
#define READERS 1024

void store_policy_default(struct store_policy *ret_policy)
{
    *ret_policy = (struct store_policy){
        .active_years = 2,
        .archive_years = 5,
        .age_limit = 23,
        .follow_up_days = 14,
        .renewal_prompt_days = 30,
        .peek_minutes = 60,
        .statistics_minimum = 5,
        .log_years = 5,
        .registry_wait_days = 31,
        .family_parent = true,
        .access_requests_per_day = 50,
    };
}

static int check_format(struct store_view *view, bool *ret_is_new, char why[static STORE_WHY_SIZE])
{
    struct row_key key = layout_meta(FORMAT_NAME);
    struct kv_bytes value;
    int result = kv_get(view->kv, KV_META, row_key_bytes(&key), &value);
    *ret_is_new = result == KV_NOT_FOUND;
    if (result == 0 && winddown_is_mark(value)) {
        snprintf(why, STORE_WHY_SIZE, "the index was wound down: there is nothing to open");
        return STORE_STOPPED;
    }
    if (result == 0 &&
        (value.size != strlen(FORMAT_TEXT) || memcmp(value.data, FORMAT_TEXT, value.size) != 0)) {
        snprintf(why, STORE_WHY_SIZE, "the store has another format than %s", FORMAT_TEXT);
        return STORE_STOPPED;
    }
    return result == KV_NOT_FOUND ? 0 : result;
}

/* The first commit: format, an empty head, and the signed head of the empty log. */
static int make_empty(struct store *store)
{
    char note[CHECKPOINT_NOTE_MAXIMUM];
    struct merkle_hash root;
    struct store_view view = {
        .keys = store->keys, .policy = &store->policy, .arena = &store->arena};
    bool any;
    int result = kv_begin(store->kv, KV_WRITE, &view.kv);
    if (result == 0) {
        result = log_end_review(&view, &any);
    }
    if (result != 0) {
        kv_abort(view.kv);
        return result;
    }
    view.head.revision = 1;
    secret_random(view.head.match_secret, sizeof(view.head.match_secret));
    struct row_key key = layout_meta(FORMAT_NAME);
    kv_put(view.kv, KV_META, row_key_bytes(&key),
           (struct kv_bytes){FORMAT_TEXT, strlen(FORMAT_TEXT)});
    merkle_frontier_root(&store->frontier, &root);
    size_t size = checkpoint_sign(store->signer, 0, &root, note);
    key = layout_meta(COMMITTER_CHECKPOINT_NAME);
    kv_put(view.kv, KV_META, row_key_bytes(&key), (struct kv_bytes){note, size});
    view_write_head(&view);
    key_marks_write(&view);
    store->head = view.head;
    return kv_commit(view.kv);
}

/* What is new since the last start: keys, of which the marks are written, and the policy. */
static int note_changes(struct store *store, char why[static STORE_WHY_SIZE])
{
    struct store_view view = {
        .keys = store->keys, .policy = &store->policy, .arena = &store->arena};
    bool any = false;
    int result = kv_begin(store->kv, KV_WRITE, &view.kv);
    if (result != 0) {
        return result;
    }
    result = key_marks_find_new(&view, &any, why);
    if (result == 0) {
        result = log_end_review(&view, &any);
    }
    if (result != 0 || !any) {
        kv_abort(view.kv);
        return result;
    }
    key_marks_write(&view);
    return kv_commit(view.kv);
}

/* The roots of the complete subtrees that make up a tree of this size. */
static int rebuild_frontier(struct store_view *view, struct merkle_frontier *frontier)
{
    uint64_t size = view->head.log_size;
    frontier->size = size;
    for (unsigned level = 0; level <= MERKLE_LEVELS; level++) {
        if ((size >> level & 1) != 0) {
            uint64_t index = (size >> level) - 1;
            int result = log_read_node(view, level, index, &frontier->nodes[level]);
            if (result != 0) {
                return result;
            }
        }
    }
    return 0;
}

/* The stored checkpoint must be signed by our key, and be of the tree that is there. */
static int check_head(struct store *store, struct store_view *view, char why[static STORE_WHY_SIZE])
{
    struct row_key key = layout_meta(COMMITTER_CHECKPOINT_NAME);
    struct kv_bytes value;
    struct checkpoint checkpoint;
    struct merkle_hash root;
    uint64_t time;
    int result = kv_get(view->kv, KV_META, row_key_bytes(&key), &value);
    if (result != 0) {
        return result == KV_NOT_FOUND ? VIEW_DAMAGED : result;
    }
    if (checkpoint_open(value.data, value.size, &store->signer->vkey, &checkpoint, &time) != 0) {
        snprintf(why, STORE_WHY_SIZE,
                 "the log's head is not signed by the log key and origin of this configuration");
        return STORE_STOPPED;
    }
    result = rebuild_frontier(view, &store->frontier);
    if (result != 0) {
        return result;
    }
    merkle_frontier_root(&store->frontier, &root);
    if (checkpoint.size != view->head.log_size ||
        memcmp(&root, &checkpoint.root, sizeof(root)) != 0) {
        snprintf(why, STORE_WHY_SIZE,
                 "the log's tree of %" PRIu64 " entries does not have the root that was signed",
                 view->head.log_size);
        return STORE_STOPPED;
    }
    return 0;
}

/* Do the keys that seal, and those that say who a child is, belong to this store? */
static int check_keys(struct store_view *view, char why[static STORE_WHY_SIZE])
{
    uint8_t month_key[SEAL_KEY_BYTES];
    int result = key_marks_check(view, why);
    if (result != 0 || view->head.log_size == 0) {
        return result;
    }
    result = log_month_key(view, calendar_month_number(view->head.last_time), false, month_key);
    secret_wipe(month_key, sizeof(month_key));
    if (result == VIEW_DAMAGED) {
        snprintf(why, STORE_WHY_SIZE, "the store was sealed with other epoch keys than these");
        return STORE_STOPPED;
    }
    return result == STORE_NOT_FOUND ? VIEW_DAMAGED : result;
}

static int recover(struct store *store, char why[static STORE_WHY_SIZE])
{
    struct store_view view = {.keys = store->keys, .arena = &store->arena};
    bool is_new = false;
    int result = kv_begin(store->kv, KV_READ, &view.kv);
    if (result != 0) {
        return result;
    }
    merkle_frontier_init(&store->frontier);
    result = check_format(&view, &is_new, why);
    if (result == 0 && !is_new) {
        result = view_read_head(&view);
        if (result == 0) {
            result = check_head(store, &view, why);
        }
        if (result == 0) {
            result = check_keys(&view, why);
        }
        store->head = view.head;
    }
    kv_abort(view.kv);
    arena_finish(&store->arena);
    if (result == 0) {
        result = is_new ? make_empty(store) : note_changes(store, why);
    }
    return result > 0 && result != STORE_STOPPED ? -EIO : result;
}

static int allocate(const struct store_options *options, struct store **ret_store)
{
    struct store *store = calloc(1, sizeof(*store));
    if (store == NULL) {
        return -ENOMEM;
    }
    store->signer = secret_lock_new(sizeof(*store->signer));
    store->memory = secret_lock_new(sizeof(*store->memory));
    if (store->signer == NULL || store->memory == NULL || opened_new(&store->opened) != 0) {
        int result = -errno;
        secret_lock_free(store->signer);
        secret_lock_free(store->memory);
        free(store);
        return result;
    }
    pthread_condattr_t monotonic;
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_cond_init(&store->arrived, &monotonic);
    pthread_condattr_destroy(&monotonic);
    pthread_mutex_init(&store->lock, NULL);
    waiters_init(&store->waiters);
    arena_init(&store->arena);
    store->last = &store->first;
    atomic_store(&store->oldest_due, INT64_MAX);
    store->kv = options->engine;
    store->keys = options->keys;
    store->policy = options->policy;
    store->failed = options->failed;
    store->failed_context = options->context;
    store->queue_maximum =
        options->queue_maximum != 0 ? options->queue_maximum : COMMITTER_QUEUE_DEFAULT;
    *ret_store = store;
    return 0;
}

static int prepare_signer(struct store *store, const struct store_options *options,
                          char why[static STORE_WHY_SIZE])
{
    const uint8_t *seed =
        keyring_find(options->keys, KEYRING_LOG, keyring_current(options->keys, KEYRING_LOG));
    if (seed == NULL || checkpoint_signer_init(store->signer, options->log_origin, seed) != 0) {
        snprintf(why, STORE_WHY_SIZE, "no log key, or the log origin is no proper name");
        return STORE_STOPPED;
    }
    return 0;
}

static int open_engine(struct store *store, const struct store_options *options)
{
    if (store->kv != NULL) {
        return 0;
    }
    struct kv_lmdb_options lmdb = {
        .directory = options->path, .map_bytes = options->map_bytes, .readers = READERS};
    return kv_lmdb_open(&lmdb, &store->kv);
}

int store_open(const struct store_options *options, struct store **ret_store,
               char why[static STORE_WHY_SIZE])
{
    struct store *store = NULL;
    why[0] = '\0';
    int result = allocate(options, &store);
    if (result != 0) {
        kv_close(options->engine);
        return result;
    }
    result = prepare_signer(store, options, why);
    if (result == 0) {
        result = open_engine(store, options);
    }
    if (result == 0) {
        result = recover(store, why);
    }
    if (result == 0) {
        result = turn_recover(store, why);
    }
    if (result == 0) {
        result = room_begin(store);
    }
    if (result == 0) {
        committer_publish(store);
        result = committer_start(store);
    }
    if (result != 0) {
        store_close(store);
        return result;
    }
    *ret_store = store;
    return 0;
}

void store_close(struct store *store)
{
    if (store == NULL) {
        return;
    }
    waiters_close(&store->waiters);
    committer_stop(store);
    kv_close(store->kv);
    waiters_destroy(&store->waiters);
    opened_free(store->opened);
    arena_finish(&store->arena);
    pthread_cond_destroy(&store->arrived);
    pthread_mutex_destroy(&store->lock);
    secret_lock_free(store->signer);
    secret_lock_free(store->memory);
    free(store);
}

static uint64_t load(atomic_uint_least64_t *counter)
{
    return atomic_load_explicit(counter, memory_order_relaxed);
}

/* By how much the oldest row that is due is late. */
static int64_t due_lag(struct store *store)
{
    int64_t oldest = atomic_load_explicit(&store->oldest_due, memory_order_relaxed);
    int64_t now = clock_now();
    return oldest < now ? now - oldest : 0;
}

void store_get_status(struct store *store, struct store_status *ret_status)
{
    struct store_status status = {
        .revision = load(&store->revision),
        .log_size = load(&store->log_size),
        .operations = load(&store->operations),
        .batches = load(&store->batches),
        .aborted_batches = load(&store->aborted),
        .shed = load(&store->shed),
        .set_aside = load(&store->set_aside),
        .signals = load(&store->signals),
        .matches = load(&store->matches),
        .due_rows = load(&store->due_rows),
        .due_lag = due_lag(store),
        .epoch = keyring_current(store->keys, KEYRING_EPOCH),
        .epoch_turning = atomic_load(&store->turn.walking),
        .epoch_overdue = atomic_load(&store->turn.overdue),
        .epoch_turned_at = atomic_load(&store->turn.ended_at),
    };
    uint64_t indexed = load(&store->indexed);
    status.unindexed = status.log_size > indexed ? status.log_size - indexed : 0;
    struct kv_room room;
    if (kv_measure_room(store->kv, &room) == 0) {
        status.used_bytes = room.used_bytes;
        status.free_bytes = room.free_bytes;
        status.map_bytes = room.map_bytes;
    }
    pthread_mutex_lock(&store->lock);
    status.queue_depth = store->depth;
    status.failed = store->dead;
    pthread_mutex_unlock(&store->lock);
    *ret_status = status;
}
