/* SPDX-License-Identifier: EUPL-1.2 */
#include "store/epoch/turn.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "store/base/clock.h"
#include "store/committer.h"
#include "store/due/due.h"
#include "store/epoch/turn_walk.h"
#include "store/operation.h"

#define STATE_NAME "epoch"
#define STATE_VERSION 1
#define READERS_WAIT (30 * CLOCK_SECOND)
#define STATE_SIZE (1 + 4 + 4 + 4 + 8 + 8 + 8 + 1 + 1 + LAYOUT_KEY_SIZE)

/* ---- the row ---- */

static int read_state(struct store_view *view, struct epoch_state *ret_state)
{
    struct row_key key = layout_meta(STATE_NAME);
    struct epoch_state state = {0};
    struct kv_bytes value;
    int result = kv_get(view->kv, KV_META, row_key_bytes(&key), &value);
    if (result != 0) {
        return result;
    }
    struct codec_reader in = {.data = value.data, .left = value.size};
    unsigned version = codec_get_u8(&in);
    state.oldest = codec_get_u32(&in);
    state.month = codec_get_u32(&in);
    state.target = codec_get_u32(&in);
    state.began_at = codec_get_i64(&in);
    state.ended_at = codec_get_i64(&in);
    state.rows = codec_get_u64(&in);
    state.step = codec_get_u8(&in);
    state.position.size = codec_get_u8(&in);
    if (version != STATE_VERSION || state.position.size >= LAYOUT_KEY_SIZE) {
        return VIEW_DAMAGED;
    }
    codec_get_bytes(&in, state.position.bytes, state.position.size);
    if (!codec_done(&in)) {
        return VIEW_DAMAGED;
    }
    *ret_state = state;
    return 0;
}

static void write_state(struct store_view *view, const struct epoch_state *state)
{
    uint8_t buffer[STATE_SIZE];
    struct codec_writer out = CODEC_WRITER(buffer);
    struct row_key key = layout_meta(STATE_NAME);
    codec_put_u8(&out, STATE_VERSION);
    codec_put_u32(&out, state->oldest);
    codec_put_u32(&out, state->month);
    codec_put_u32(&out, state->target);
    codec_put_i64(&out, state->began_at);
    codec_put_i64(&out, state->ended_at);
    codec_put_u64(&out, state->rows);
    codec_put_u8(&out, state->step);
    codec_put_u8(&out, (unsigned)state->position.size);
    codec_put_bytes(&out, state->position.bytes, state->position.size);
    kv_put(view->kv, KV_META, row_key_bytes(&key), (struct kv_bytes){out.data, out.size});
}

/* ---- at the start ---- */

/* The first time: of one key everything is known, of more nothing. */
static int make_state(struct store *store, struct epoch_state *ret_state)
{
    struct store_view view = {.keys = store->keys, .arena = &store->arena};
    struct epoch_state state = {.month = calendar_month_number(clock_now())};
    state.oldest =
        keyring_epoch_others(store->keys) == 0 ? keyring_current(store->keys, KEYRING_EPOCH) : 0;
    int result = kv_begin(store->kv, KV_WRITE, &view.kv);
    if (result == 0) {
        write_state(&view, &state);
        result = kv_commit(view.kv);
    }
    if (result == 0) {
        *ret_state = state;
    }
    return result;
}

static void publish(struct store *store)
{
    struct turn *turn = &store->turn;
    atomic_store_explicit(&turn->walking, turn->phase != TURN_RESTS, memory_order_relaxed);
    atomic_store_explicit(&turn->ended_at, turn->state.ended_at, memory_order_relaxed);
}

int turn_recover(struct store *store, char why[static STORE_WHY_SIZE])
{
    struct store_view view = {.keys = store->keys, .arena = &store->arena};
    struct epoch_state *state = &store->turn.state;
    int result = kv_begin(store->kv, KV_READ, &view.kv);
    if (result != 0) {
        return result;
    }
    result = read_state(&view, state);
    kv_abort(view.kv);
    if (result == KV_NOT_FOUND) {
        result = make_state(store, state);
    }
    if (result != 0) {
        return result < 0 ? result : -EIO;
    }
    if (state->oldest != 0 && keyring_find(store->keys, KEYRING_EPOCH, state->oldest) == NULL) {
        snprintf(why, STORE_WHY_SIZE,
                 "the store was sealed with other epoch keys than these: epoch-%" PRIu32
                 " is not there",
                 state->oldest);
        return STORE_STOPPED;
    }
    store->turn.phase = state->target != 0 ? TURN_BEGUN : TURN_RESTS;
    publish(store);
    return 0;
}

/* ---- the keys, outside of any transaction ---- */

static void retire(struct store *store)
{
    char why[KEYRING_WHY_SIZE];
    struct turn *turn = &store->turn;
    uint32_t current = keyring_current(store->keys, KEYRING_EPOCH);
    if (keyring_epoch_retire(store->keys, current, why) != KEYRING_OK) {
        turn->outcome = STORE_IN_USE;
        turn->not_before = clock_now() + CLOCK_DAY;
        atomic_store(&turn->overdue, true);
        return;
    }
    turn->outcome = 0;
    turn->not_before = 0;
    atomic_store(&turn->overdue, false);
    /* Whoever reads from now on does not meet the old key; who does so already still may. */
    atomic_fetch_xor(&store->reader_side, 1);
}

/* Whether a snapshot from before the end of the last turn is still open. */
static bool is_read(struct store *store)
{
    return atomic_load(&store->readers[atomic_load(&store->reader_side) ^ 1]) != 0;
}

static void begin_key(struct store *store, int64_t now)
{
    char why[KEYRING_WHY_SIZE];
    struct turn *turn = &store->turn;
    uint32_t id;
    /* To begin wipes the keys of the last turn, which such a snapshot may be using: they are short,
     * so it is waited for; one that was forgotten must not hold up the operator for ever. */
    bool blocked = is_read(store);
    if (blocked && (turn->blocked_at == 0 || now < turn->blocked_at + READERS_WAIT)) {
        turn->blocked_at = turn->blocked_at == 0 ? now : turn->blocked_at;
        return;
    }
    turn->blocked_at = 0;
    turn->wanted = false;
    if (blocked || keyring_epoch_begin(store->keys, &id, why) != KEYRING_OK) {
        turn->outcome = STORE_IN_USE;
        turn->not_before = now + CLOCK_DAY;
        atomic_store(&turn->overdue, true);
        return;
    }
    atomic_store(&turn->overdue, false);
    turn->phase = TURN_BEGUN;
}

/* A clock that was put back by more than a month had been wrong. */
static bool month_has_passed(const struct turn *turn, int64_t now)
{
    uint32_t month = calendar_month_number(now);
    return month > turn->state.month || month + 1 < turn->state.month;
}

static bool is_put_off(const struct turn *turn, int64_t now)
{
    return !turn->wanted && now < turn->not_before && turn->not_before - now <= CLOCK_DAY;
}

void turn_look(struct store *store)
{
    struct turn *turn = &store->turn;
    int64_t now = clock_now();
    if (turn->phase != TURN_RESTS && turn->wanted) {
        turn->wanted = false; /* whoever asks while there is one has asked for that */
        turn->phase = atomic_load(&turn->overdue) ? TURN_BEGUN : turn->phase; /* on with it, now */
        atomic_store(&turn->overdue, false);
    }
    if (turn->phase != TURN_RESTS || is_put_off(turn, now)) {
        return;
    }
    if (keyring_epoch_others(store->keys) == 0) {
        if (turn->wanted || month_has_passed(turn, now)) {
            begin_key(store, now);
        }
    } else if (turn->state.oldest == keyring_current(store->keys, KEYRING_EPOCH)) {
        turn->wanted = false;
        retire(store);
    } else {
        turn->phase = TURN_BEGUN; /* one that was interrupted, or a key that somebody put there */
    }
    publish(store);
}

/* ---- the walk ---- */

bool turn_has_begun(const struct turn *turn)
{
    return turn->phase == TURN_BEGUN;
}

void turn_start(struct store_tx *tx)
{
    struct epoch_state *state = &tx->epoch;
    uint32_t current = keyring_current(tx->view.keys, KEYRING_EPOCH);
    if (state->target != current) {
        state->target = current;
        state->month = calendar_month_number(clock_now());
        state->began_at = tx->now;
        state->rows = 0;
        state->step = 0;
        state->position.size = 0;
    }
    write_state(&tx->view, state);
    struct row_key key =
        layout_due(state->began_at < tx->now ? state->began_at : tx->now, DUE_EPOCH_TURN);
    kv_put(tx->view.kv, KV_DUE, row_key_bytes(&key), (struct kv_bytes){"", 0});
    tx->epoch_started = true;
}

static int log_turned(struct store_tx *tx)
{
    const struct store_op *asked = tx->turn->waiting;
    uint64_t rows = tx->epoch.rows;
    struct log_note note = {.event = LOG_EPOCH_TURNED,
                            .count = rows < UINT32_MAX ? (uint32_t)rows : UINT32_MAX};
    uint64_t index;
    return tx_log(tx, asked != NULL ? &asked->by : &due_by_itself, &note, &index);
}

int due_epoch_turn(struct store_tx *tx, struct due_row *row)
{
    struct epoch_state *state = &tx->epoch;
    bool end = false;
    if (state->target == 0) {
        return 0; /* put there by a start in the middle of a turn that has ended since */
    }
    if (tx->epoch_sliced) {
        due_put_back(tx, row, "", 0);
        return 0;
    }
    tx->epoch_sliced = true;
    int result = turn_walk(tx, &end);
    if (result == 0 && end) {
        state->oldest = state->target;
        state->target = 0;
        state->ended_at = tx->now;
        state->position.size = 0;
        result = log_turned(tx);
    }
    if (result == 0) {
        write_state(&tx->view, state);
    }
    if (result == 0 && !end) {
        due_put_back(tx, row, "", 0);
    }
    return result;
}

void turn_committed(struct store *store, const struct store_tx *tx)
{
    struct turn *turn = &store->turn;
    turn->state = tx->epoch;
    if (tx->epoch_started) {
        turn->phase = TURN_WALKS;
    }
    if (turn->phase == TURN_WALKS && tx->epoch.target == 0) {
        turn->phase = TURN_RESTS;
        retire(store);
    }
    publish(store);
}

void turn_put_off(struct store *store)
{
    store->turn.outcome = VIEW_DAMAGED;
    atomic_store(&store->turn.overdue, true);
}

/* ---- the operator's ---- */

void turn_wait(struct turn *turn, struct store_op *op)
{
    op->next = turn->waiting;
    turn->waiting = op;
}

struct store_op *turn_release(struct turn *turn)
{
    bool under_way = turn->wanted || (turn->phase != TURN_RESTS && !atomic_load(&turn->overdue));
    if (turn->waiting == NULL || (under_way && !atomic_load(&turn->closing))) {
        return NULL;
    }
    for (struct store_op *op = turn->waiting; op != NULL; op = op->next) {
        CONTAINER_OF(op, struct store_epoch_turn, op)->begun = true;
    }
    return TAKE_PTR(turn->waiting);
}

void turn_close(struct turn *turn)
{
    atomic_store(&turn->closing, true);
}

static int run_turn(struct store_tx *tx, struct store_op *op)
{
    struct store_epoch_turn *wanted = CONTAINER_OF(op, struct store_epoch_turn, op);
    struct turn *turn = tx->turn;
    if (atomic_load(&turn->closing)) {
        return STORE_STOPPED;
    }
    if (!wanted->begun) {
        turn->wanted = true;
        return TX_AFTER_TURN;
    }
    if (turn->outcome == 0) {
        wanted->epoch = tx->epoch.oldest;
        wanted->rows = tx->epoch.rows;
    }
    return turn->outcome;
}

void store_epoch_turn_init(struct store_epoch_turn *op)
{
    *op = (struct store_epoch_turn){0};
    operation_init(&op->op, LANE_SPARES, run_turn);
}
