/* SPDX-License-Identifier: EUPL-1.2 */
#include "tests/unit/store/moves.h"

#include <errno.h>
#include <semaphore.h>

void moves_post(struct office *office, uint32_t party, const char *professional, unsigned first,
                unsigned count)
{
    struct store_signal_post *ops = test_calloc(count, sizeof(*ops));
    struct crowd crowd;
    crowd_init(&crowd);
    for (unsigned i = 0; i < count; i++) {
        office_fill_post(office, &ops[i], party, professional, first + i);
        assert_int_equal(crowd_submit(&crowd, office->store, &ops[i].op), 0);
    }
    crowd_finish(&crowd);
    for (unsigned i = 0; i < count; i++) {
        assert_int_equal(ops[i].op.result, 0);
    }
    test_free(ops);
}

static struct kv_faulty_plan crash_at(uint64_t commit, bool happens)
{
    return (struct kv_faulty_plan){
        .fail_commit_at = commit, .commit_result = -EIO, .commit_happens = happens};
}

bool moves_run_crashing(struct office *office, struct store_op *op, uint32_t party, uint64_t commit,
                        bool happens)
{
    struct kv_faulty_plan plan = crash_at(commit, happens);
    kv_faulty_set(office->kv, &plan);
    int result = office_run(office, op, party);
    if (result == 0) {
        return true;
    }
    assert_int_equal(result, STORE_STOPPED);
    office_reopen(office);
    return false;
}

uint64_t moves_crash_everywhere(bool (*run)(uint64_t commit, bool happens))
{
    for (uint64_t commit = 1;; commit++) {
        bool before = run(commit, false);
        bool after = run(commit, true);
        if (before && after) {
            return commit;
        }
    }
}

void moves_crash_until(struct office *office, struct store_op *op, uint32_t party,
                       bool (*has_ended)(void))
{
    unsigned crashes = 0;
    assert_false(moves_run_crashing(office, op, party, 1, true));
    do {
        struct store_note_op note;
        /* Whose commit is the first, that of what is due or that of the note, may be either. */
        office->from_start = crash_at(1, crashes++ % 2 == 1);
        office_reopen(office);
        store_note_init(&note);
        assert_int_equal(office_run(office, &note.op, 0), STORE_STOPPED);
    } while (!has_ended());
    assert_true(crashes > 1);
    office->from_start = (struct kv_faulty_plan){0};
    office_reopen(office);
}

static struct {
    struct crowd crowd;
    struct store_note_op op;
    sem_t held;
    sem_t go;
} holding;

static void wait_in_commit(void *context)
{
    (void)context;
    sem_post(&holding.held);
    sem_wait(&holding.go);
}

void moves_hold(struct office *office)
{
    struct kv_faulty_plan plan = {.before_commit = wait_in_commit};
    sem_init(&holding.held, 0, 0);
    sem_init(&holding.go, 0, 0);
    crowd_init(&holding.crowd);
    store_note_init(&holding.op);
    office_index(office); /* else a quiet moment may be held in place of the note */
    kv_faulty_set(office->kv, &plan);
    assert_int_equal(crowd_submit(&holding.crowd, office->store, &holding.op.op), 0);
    sem_wait(&holding.held);
}

void moves_release(struct office *office)
{
    struct kv_faulty_plan none = {0};
    kv_faulty_set(office->kv, &none);
    sem_post(&holding.go);
    crowd_finish(&holding.crowd);
    sem_destroy(&holding.held);
    sem_destroy(&holding.go);
}

static struct {
    sem_t event; /* the committer stands before a commit, or the operation has ended */
    sem_t go;
} watching;

static void wait_for_watcher(void *context)
{
    (void)context;
    sem_post(&watching.event);
    sem_wait(&watching.go);
}

static void tell_watcher(void *context)
{
    (void)context;
    sem_post(&watching.event);
}

int moves_run_watched(struct office *office, struct store_op *op, void (*look)(void))
{
    struct kv_faulty_plan plan = {.before_commit = wait_for_watcher};
    struct kv_faulty_plan none = {0};
    struct mailbox box;
    sem_init(&watching.event, 0, 0);
    sem_init(&watching.go, 0, 0);
    mailbox_init(&box, tell_watcher, NULL);
    kv_faulty_set(office->kv, &plan);
    op->mailbox = &box;
    assert_int_equal(store_submit(office->store, op), STORE_OK);
    sem_wait(&watching.event);
    while (mailbox_take(&box) == NULL) {
        look();
        sem_post(&watching.go);
        sem_wait(&watching.event);
    }
    kv_faulty_set(office->kv, &none);
    sem_post(&watching.go); /* it may stand before another commit already */
    mailbox_destroy(&box);
    return op->result;
}
