/* SPDX-License-Identifier: EUPL-1.2 */
/* Entries as they come in years of use: many parties and children, one in fifteen a refusal. */
#include <sched.h>
#include <stdio.h>
#include <unistd.h>

#include "crypto/secret.h"
#include "store/base/clock.h"
#include "tests/bench/bench.h"

#define WAVE_OPS 256  /* submitted together */
#define OP_ENTRIES 16 /* of one party, one after the other */
#define SETTLE_USECONDS 20000

static const struct {
    enum log_event event;
    uint32_t share; /* of a thousand */
} shares[] = {
    {LOG_NOTICE_OFFERED, 250}, {LOG_NOTICE_ACKNOWLEDGED, 200}, {LOG_MATCH_READ, 200},
    {LOG_SIGNAL_POSTED, 120},  {LOG_SIGNAL_READ, 80},          {LOG_SIGNAL_WITHDRAWN, 50},
    {LOG_SIGNAL_RENEWED, 30},  {LOG_REQUEST_REFUSED, 67},      {LOG_PEEK_SUSPECTED, 3},
};

struct child_key bench_child(uint32_t number)
{
    struct child_key key;
    for (uint32_t i = 0; i < sizeof(key.bytes) / 4; i++) {
        put_be32(key.bytes + (size_t)i * 4, (number + 1) * UINT32_C(2654435761) + i * 40503);
    }
    return key;
}

/* A few parties do most. */
uint32_t bench_pick_party(void)
{
    uint32_t below = 1 + bench_pick(BENCH_PARTIES);
    return 100 + bench_pick(below);
}

void bench_professional(uint32_t number, char out[static 16])
{
    snprintf(out, 16, "worker-%u", number);
}

static enum log_event pick_event(void)
{
    uint32_t at = bench_pick(1000);
    size_t i = 0;
    while (i < ARRAY_LENGTH(shares) - 1 && at >= shares[i].share) {
        at -= shares[i++].share;
    }
    return shares[i].event;
}

struct wave {
    struct store_note_op ops[WAVE_OPS];
    struct log_note notes[WAVE_OPS][OP_ENTRIES];
    char professionals[WAVE_OPS][OP_ENTRIES][16];
};

static void fill_op(struct wave *wave, size_t op)
{
    static const char *const refusals[] = {"not-found", "not-found", "not-found", "invalid-request",
                                           "role-missing"};
    struct store_note_op *it = &wave->ops[op];
    store_note_init(it);
    it->count = OP_ENTRIES;
    it->notes = wave->notes[op];
    it->op.by = office_attribution(bench_pick_party());
    it->op.by.traced = bench_pick(3) == 0;
    for (size_t i = 0; i < sizeof(it->op.by.trace_id); i++) {
        it->op.by.trace_id[i] = (uint8_t)bench_pick(256);
    }
    for (size_t i = 0; i < OP_ENTRIES; i++) {
        struct log_note *note = &wave->notes[op][i];
        bench_professional(bench_pick(BENCH_PROFESSIONALS), wave->professionals[op][i]);
        *note = (struct log_note){.event = pick_event(), .object_kind = LOG_OBJECT_SIGNAL};
        bool refused = note->event == LOG_REQUEST_REFUSED;
        note->outcome = refused ? refusals[bench_pick(ARRAY_LENGTH(refusals))] : NULL;
        note->professional = wave->professionals[op][i];
        note->has_subject = !refused;
        note->subject = bench_child(bench_pick(BENCH_CHILDREN));
        put_be32(note->object, bench_pick(UINT32_MAX));
    }
}

void bench_fill(struct office *office, uint64_t entries, double days)
{
    struct wave *wave = test_calloc(1, sizeof(*wave));
    uint64_t size = office_status(office).log_size;
    uint64_t waves = entries > size ? (entries - size) / (WAVE_OPS * OP_ENTRIES) + 1 : 0;
    for (uint64_t i = 0; i < waves; i++) {
        struct crowd crowd;
        crowd_init(&crowd);
        for (size_t op = 0; op < WAVE_OPS; op++) {
            fill_op(wave, op);
            assert_int_equal(crowd_submit(&crowd, office->store, &wave->ops[op].op), 0);
        }
        crowd_finish(&crowd);
        office_advance((int64_t)(days * (double)CLOCK_DAY / (double)waves));
    }
    test_free(wave);
}

void bench_settle(struct office *office)
{
    struct store_status status;
    office_forget(office);
    do {
        usleep(SETTLE_USECONDS);
        status = office_status(office);
    } while (status.unindexed > 0 || status.epoch_turning || status.due_lag > 0);
}
