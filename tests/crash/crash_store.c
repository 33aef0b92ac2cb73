/* SPDX-License-Identifier: EUPL-1.2 */
/*
 * A store that is killed while it works: a child process signals, withdraws and acknowledges from
 * several threads, and tells of every answer it got through a pipe; it is killed at a random
 * moment. After each restart everything that was answered is there exactly once, nothing is there
 * that was not asked for, and the log verifies from its leaves to its signed root.
 *
 * Each thread works for a party of its own and says what it is about to do, so that of each party
 * at most one operation is in doubt.
 */
#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/unit/store/office.h"

#include "crypto/secret.h"
#include "store/base/layout.h"
#include "tests/unit/store/verify.h"

#define ROUNDS 20
#define PARTIES 4
#define CHILDREN 40
#define MESSAGES_MAXIMUM OFFICE_SCALE(900, 300) /* of a round */

enum step { STEP_POST = 1, STEP_END, STEP_RETRACT, STEP_ACKNOWLEDGE, STEP_SAW };

/* Well below PIPE_BUF, so a write is whole or is not there. */
struct message {
    uint8_t party;
    uint8_t step;
    bool answered; /* else: about to be asked */
    bool created;
    uint32_t child;
    uint64_t sequence; /* acknowledged up to, or of a notice that was seen */
    uint64_t log_index;
    struct uuid id; /* of the signal, or of a notice */
    struct uuid own;
};

struct known_signal {
    struct uuid id;
    uint32_t child;
    enum signal_status status; /* 0: erased */
};

struct known_notice {
    uint64_t sequence;
    struct uuid id;
    struct uuid own;
};

/* What the parent knows of a party. */
struct known {
    struct known_signal *signals;
    size_t count;
    struct known_notice *notices;
    size_t notice_count;
    uint64_t acknowledged;
    bool in_doubt;
    struct message doubt;
};

static struct office office;
static struct known known[PARTIES];
static struct checkpoint_vkey vkey;

static uint32_t number_of(unsigned party)
{
    return party + 1;
}

/* ---- the child process ---- */

struct worker {
    pthread_t thread;
    unsigned party;
    int pipe;
    uint64_t random;
    struct uuid own[4096];
    size_t count;
    uint64_t seen;
};

static uint32_t pick(uint64_t *random, uint32_t below)
{
    *random ^= *random << 13;
    *random ^= *random >> 7;
    *random ^= *random << 17;
    return (uint32_t)(*random >> 32) % below;
}

static void tell(const struct worker *worker, struct message *message, bool answered)
{
    message->party = (uint8_t)worker->party;
    message->answered = answered;
    if (write(worker->pipe, message, sizeof(*message)) != (ssize_t)sizeof(*message)) {
        _exit(3);
    }
}

static void run(struct worker *worker, struct store_op *op, struct message *message)
{
    op->party = number_of(worker->party);
    op->by = office_attribution(op->party);
    tell(worker, message, false);
    if (store_run(office.store, op) != 0) {
        _exit(4);
    }
    message->log_index = op->log_index;
}

static void post(struct worker *worker)
{
    struct store_signal_post op;
    struct message message = {.step = STEP_POST, .child = pick(&worker->random, CHILDREN)};
    char reference[16];
    office_fill_post(&office, &op, number_of(worker->party), "ann", message.child);
    snprintf(reference, sizeof(reference), "%" PRIu32, message.child);
    op.reference = reference;
    run(worker, &op.op, &message);
    message.id = op.signal.id;
    message.created = op.created;
    tell(worker, &message, true);
    if (op.created && worker->count < ARRAY_LENGTH(worker->own)) {
        worker->own[worker->count++] = op.signal.id;
    }
}

static void withdraw(struct worker *worker)
{
    struct store_signal_withdraw op;
    struct message message = {.step = pick(&worker->random, 2) == 0 ? STEP_END : STEP_RETRACT};
    if (worker->count == 0) {
        return;
    }
    message.id = worker->own[pick(&worker->random, (uint32_t)worker->count)];
    store_signal_withdraw_init(&op);
    op.id = message.id;
    op.reason = message.step == STEP_END ? WITHDRAW_ENDED : WITHDRAW_WRONGFUL;
    run(worker, &op.op, &message);
    tell(worker, &message, true);
}

/* Reads on in the inbox, and acknowledges what was read. */
static void receive(struct worker *worker)
{
    struct arena arena;
    struct store_snapshot *snapshot = NULL;
    struct notice_page page;
    arena_init(&arena);
    if (store_snapshot_open(office.store, &arena, &snapshot) != 0 ||
        store_read_notices(snapshot, number_of(worker->party), worker->seen, 20, &page) != 0) {
        _exit(5);
    }
    for (size_t i = 0; i < page.count; i++) {
        struct message saw = {.step = STEP_SAW,
                              .sequence = page.notices[i].sequence,
                              .id = page.notices[i].id,
                              .own = page.notices[i].own.id};
        /* What is told of an archived signal goes with that, whose owner is another worker. */
        if (page.notices[i].type != NOTICE_ARCHIVED_INVOLVEMENT) {
            tell(worker, &saw, true);
        }
    }
    store_snapshot_close(snapshot);
    struct store_acknowledge op;
    struct message message = {.step = STEP_ACKNOWLEDGE, .sequence = page.next};
    arena_finish(&arena);
    if (page.next > worker->seen) {
        store_acknowledge_init(&op);
        op.up_to = page.next;
        run(worker, &op.op, &message);
        message.log_index = op.op.logged ? op.op.log_index : UINT64_MAX;
        tell(worker, &message, true);
        worker->seen = page.next;
    }
}

static void *work(void *context)
{
    struct worker *worker = context;
    for (;;) {
        uint32_t what = pick(&worker->random, 10);
        if (what < 5) {
            post(worker);
        } else if (what < 8) {
            withdraw(worker);
        } else {
            receive(worker);
        }
    }
    return NULL;
}

/* Works until it is killed. */
static void run_child(int pipe, const uint64_t *seeds)
{
    static struct worker workers[PARTIES];
    office_reopen(&office);
    for (unsigned i = 0; i < PARTIES; i++) {
        workers[i] = (struct worker){.party = i, .pipe = pipe, .random = seeds[i] | 1};
        workers[i].seen = known[i].acknowledged;
        for (size_t j = 0; j < known[i].count && workers[i].count < 2000; j++) {
            if (known[i].signals[j].status != 0) {
                workers[i].own[workers[i].count++] = known[i].signals[j].id;
            }
        }
        if (pthread_create(&workers[i].thread, NULL, work, &workers[i]) != 0) {
            _exit(6);
        }
    }
    for (;;) {
        pause();
    }
}

/* ---- what the parent learns ---- */

static struct known_signal *find_signal(struct known *party, const struct uuid *id)
{
    for (size_t i = 0; i < party->count; i++) {
        if (same_uuid(&party->signals[i].id, id)) {
            return &party->signals[i];
        }
    }
    return NULL;
}

static void learn_signal(struct known *party, const struct uuid *id, uint32_t child,
                         enum signal_status status)
{
    assert_null(find_signal(party, id));
    party->signals = realloc(party->signals, (party->count + 1) * sizeof(*party->signals));
    assert_non_null(party->signals);
    party->signals[party->count++] = (struct known_signal){*id, child, status};
}

static void learn_notice(struct known *party, const struct message *message)
{
    party->notices = realloc(party->notices, (party->notice_count + 1) * sizeof(*party->notices));
    assert_non_null(party->notices);
    party->notices[party->notice_count++] =
        (struct known_notice){message->sequence, message->id, message->own};
}

static void learn(const struct message *message)
{
    struct known *party = &known[message->party];
    struct known_signal *signal = find_signal(party, &message->id);
    if (!message->answered) {
        party->in_doubt = true;
        party->doubt = *message;
        return;
    }
    switch ((enum step)message->step) {
    case STEP_POST:
        if (message->created) {
            learn_signal(party, &message->id, message->child, SIGNAL_ACTIVE);
        } else {
            assert_non_null(signal);
            assert_int_equal(signal->status, SIGNAL_ACTIVE);
        }
        break;
    case STEP_END:
        assert_non_null(signal);
        signal->status = signal->status == SIGNAL_ACTIVE ? SIGNAL_ARCHIVED : signal->status;
        break;
    case STEP_RETRACT:
        assert_non_null(signal);
        signal->status = (enum signal_status)0;
        break;
    case STEP_ACKNOWLEDGE:
        party->acknowledged = message->sequence;
        break;
    case STEP_SAW:
        learn_notice(party, message);
        return;
    }
    party->in_doubt = false;
}

/* ---- what must be there ---- */

static bool doubted(const struct known *party, enum step step, const struct uuid *id)
{
    return party->in_doubt && party->doubt.step == step &&
           (id == NULL || same_uuid(&party->doubt.id, id));
}

/* Every signal that was answered is there once; one more at most, that was asked for. */
static void check_signals(unsigned number)
{
    struct known *party = &known[number];
    struct signal_page page = office_signals(&office, number_of(number), 0);
    size_t extra = 0;
    size_t found = 0;
    for (size_t i = 0; i < page.count; i++) {
        const struct signal *signal = &page.signals[i];
        struct known_signal *expected = find_signal(party, &signal->id);
        assert_true(i == 0 || memcmp(&page.signals[i - 1].id, &signal->id, UUID_BYTES) < 0);
        if (expected == NULL) {
            assert_true(doubted(party, STEP_POST, NULL));
            assert_int_equal(++extra, 1);
            learn_signal(party, &signal->id, party->doubt.child, SIGNAL_ACTIVE);
            expected = &party->signals[party->count - 1];
        }
        if (signal->status != expected->status) {
            assert_int_equal(signal->status, SIGNAL_ARCHIVED);
            assert_true(doubted(party, STEP_END, &signal->id));
            expected->status = SIGNAL_ARCHIVED;
        }
        assert_int_equal(strtoul(signal->reference, NULL, 10), expected->child);
        found++;
    }
    for (size_t i = 0; i < party->count; i++) {
        struct signal signal;
        if (party->signals[i].status == 0) {
            continue;
        }
        if (store_get_signal(office.snapshot, number_of(number), &party->signals[i].id, &signal) !=
            0) {
            assert_true(doubted(party, STEP_RETRACT, &party->signals[i].id));
            party->signals[i].status = (enum signal_status)0;
        } else {
            found--;
        }
    }
    assert_int_equal(found, 0);
}

static void check_inbox(unsigned number)
{
    struct known *party = &known[number];
    struct inbox_state inbox = office_inbox_state(&office, number_of(number));
    if (inbox.acknowledged != party->acknowledged) {
        assert_true(doubted(party, STEP_ACKNOWLEDGE, NULL));
        assert_true(inbox.acknowledged > party->acknowledged &&
                    inbox.acknowledged <= party->doubt.sequence);
        party->acknowledged = inbox.acknowledged;
    }
    for (size_t i = 0; i < party->notice_count; i++) {
        const struct known_notice *saw = &party->notices[i];
        const struct known_signal *own = find_signal(party, &saw->own);
        struct notice_page page;
        assert_true(saw->sequence <= inbox.head);
        /* It was in a snapshot, so it was durable: it is there for as long as its signal is. */
        assert_int_equal(store_read_notices(office_look(&office), number_of(number),
                                            saw->sequence - 1, 1, &page),
                         0);
        bool there = page.count == 1 && page.notices[0].sequence == saw->sequence;
        assert_int_equal(there, own != NULL && own->status != 0);
        assert_true(!there || (same_uuid(&page.notices[0].id, &saw->id) &&
                               same_uuid(&page.notices[0].own.id, &saw->own)));
    }
}

/* Those who are live on one child are in one match together, and know each other. */
static void check_matches(void)
{
    static struct uuid match[CHILDREN];
    size_t live[CHILDREN] = {0};
    size_t seen[CHILDREN] = {0};
    uint64_t open = 0;
    for (unsigned party = 0; party < PARTIES; party++) {
        for (size_t i = 0; i < known[party].count; i++) {
            live[known[party].signals[i].child] +=
                known[party].signals[i].status == SIGNAL_ACTIVE ? 1 : 0;
        }
    }
    for (unsigned party = 0; party < PARTIES; party++) {
        struct match_page page = office_matches(&office, number_of(party), 1u << MATCH_OPEN);
        for (size_t i = 0; i < page.count; i++) {
            unsigned long child = strtoul(page.matches[i].own[0].reference, NULL, 10);
            assert_true(child < CHILDREN);
            assert_int_equal(page.matches[i].own_count, 1);
            assert_int_equal(page.matches[i].involved_count, live[child] - 1);
            assert_true(seen[child] == 0 || same_uuid(&match[child], &page.matches[i].id));
            match[child] = page.matches[i].id;
            seen[child]++;
        }
    }
    for (unsigned child = 0; child < CHILDREN; child++) {
        assert_int_equal(seen[child], live[child] >= 2 ? live[child] : 0);
        open += live[child] >= 2 ? 1 : 0;
    }
    assert_true(office_status(&office).matches == open);
}

static int compare_ids(const void *left, const void *right)
{
    return memcmp(left, right, sizeof(struct uuid));
}

/* The signals that entries of one event are about, sorted. */
static size_t logged_signals(enum log_event event, struct uuid **ret_ids)
{
    struct log_query query = office_any_entry();
    struct log_page page;
    struct uuid *ids = NULL;
    size_t count = 0;
    query.event = event;
    query.limit = MODEL_PAGE_MAXIMUM;
    do {
        assert_int_equal(store_read_log(office_look(&office), &query, &page), 0);
        ids = realloc(ids, (count + page.count + 1) * sizeof(*ids));
        assert_non_null(ids);
        for (size_t i = 0; i < page.count; i++) {
            const char *object = strstr(page.entries[i].public_part, "\"signal:");
            assert_non_null(object);
            assert_int_equal(uuid_parse(object + 8, UUID_TEXT_SIZE - 1, &ids[count++]), 0);
        }
        query.start = page.next;
    } while (page.more);
    qsort(ids, count, sizeof(*ids), compare_ids);
    *ret_ids = ids;
    return count;
}

/* A signal has one entry that says it was posted, and whatever was posted and not retracted is a
 * signal: no change without its entry, no entry without its change. */
static void check_log(void)
{
    struct uuid *posted = NULL;
    struct uuid *retracted = NULL;
    size_t posts = logged_signals(LOG_SIGNAL_POSTED, &posted);
    size_t retractions = logged_signals(LOG_SIGNAL_RETRACTED, &retracted);
    size_t alive = 0;
    size_t kept = 0;
    for (size_t i = 0; i < posts; i++) {
        assert_true(i == 0 || !same_uuid(&posted[i - 1], &posted[i]));
        alive += bsearch(&posted[i], retracted, retractions, sizeof(*posted), compare_ids) == NULL
                     ? 1
                     : 0;
    }
    for (unsigned party = 0; party < PARTIES; party++) {
        for (size_t i = 0; i < known[party].count; i++) {
            const struct known_signal *signal = &known[party].signals[i];
            assert_non_null(bsearch(&signal->id, posted, posts, sizeof(*posted), compare_ids));
            bool gone =
                bsearch(&signal->id, retracted, retractions, sizeof(*posted), compare_ids) != NULL;
            assert_int_equal(gone, signal->status == 0);
            kept += gone ? 0 : 1;
        }
    }
    assert_int_equal(alive, kept);
    assert_true(office_status(&office).signals == kept);
    verify_log(office.store, &vkey);
    free(posted);
    free(retracted);
}

/* The entry that an answer named says what was answered. */
static void check_entry(const struct message *message)
{
    static const enum log_event events[] = {
        [STEP_END] = LOG_SIGNAL_WITHDRAWN,
        [STEP_RETRACT] = LOG_SIGNAL_RETRACTED,
        [STEP_ACKNOWLEDGE] = LOG_NOTICE_ACKNOWLEDGED,
    };
    enum log_event event = message->step == STEP_POST
                               ? (message->created ? LOG_SIGNAL_POSTED : LOG_SIGNAL_REPEATED)
                               : events[message->step];
    struct log_entry entry;
    struct oin oin = office_oin(number_of(message->party));
    assert_int_equal(store_get_log_entry(office_look(&office), message->log_index, &entry), 0);
    assert_int_equal(entry.event, event);
    assert_non_null(strstr(entry.public_part, oin.text));
    if (message->step != STEP_ACKNOWLEDGE) {
        char id[UUID_TEXT_SIZE];
        uuid_format(&message->id, id);
        assert_non_null(strstr(entry.public_part, id));
    }
}

/* ---- rounds ---- */

/* Reads what the child tells, kills it after some of it, and reads the rest. */
static size_t run_round(struct message *messages, uint32_t kill_after)
{
    int ends[2];
    uint64_t seeds[PARTIES];
    size_t count = 0;
    ssize_t got;
    int status;
    secret_random(seeds, sizeof(seeds));
    assert_int_equal(pipe(ends), 0);
    office_close(&office);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        close(ends[0]);
        run_child(ends[1], seeds);
    }
    close(ends[1]);
    struct message message;
    while ((got = read(ends[0], &message, sizeof(message))) == (ssize_t)sizeof(message)) {
        assert_true(count < 20u * MESSAGES_MAXIMUM);
        messages[count++] = message;
        learn(&message);
        if (count == kill_after) {
            assert_int_equal(kill(child, SIGKILL), 0);
        }
    }
    assert_int_equal(got, 0);
    close(ends[0]);
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
    return count;
}

static void test_killed_at_any_moment(void **state)
{
    (void)state;
    struct message *messages = calloc(20u * MESSAGES_MAXIMUM, sizeof(*messages));
    uint64_t random;
    size_t answered = 0;
    secret_random(&random, sizeof(random));
    random |= 1;
    print_message("random %" PRIu64 "\n", random);
    assert_non_null(messages);
    for (int round = 0; round < ROUNDS; round++) {
        size_t count = run_round(messages, 1 + pick(&random, MESSAGES_MAXIMUM));
        office_reopen(&office);
        for (unsigned party = 0; party < PARTIES; party++) {
            check_signals(party);
            check_inbox(party);
            known[party].in_doubt = false;
        }
        check_matches();
        check_log();
        for (size_t i = 0; i < count; i++) {
            if (messages[i].answered && messages[i].step != STEP_SAW &&
                messages[i].log_index != UINT64_MAX) {
                check_entry(&messages[i]);
                answered++;
            }
        }
    }
    print_message("%zu answers in %d rounds, log of %" PRIu64 "\n", answered, ROUNDS,
                  office_status(&office).log_size);
    free(messages);
}

static int setup(void **state)
{
    (void)state;
    office = (struct office){0};
    office_open(&office);
    vkey = verify_key(office.keys, OFFICE_ORIGIN);
    for (unsigned party = 0; party < PARTIES; party++) {
        assert_int_equal(office_reporter(&office), number_of(party));
        office_hire(&office, number_of(party), "ann");
    }
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    for (unsigned party = 0; party < PARTIES; party++) {
        free(known[party].signals);
        free(known[party].notices);
    }
    office_finish(&office);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_killed_at_any_moment, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
