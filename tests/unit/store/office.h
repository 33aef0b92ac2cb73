/* SPDX-License-Identifier: EUPL-1.2 */
/*
 * A whole index in a scratch directory, for one test: keys, a store on LMDB with its committer, and
 * words to run it with. A fault of the machine fails the test. Used by one thread, but for the
 * crowd.
 */
#ifndef TESTS_UNIT_STORE_OFFICE_H
#define TESTS_UNIT_STORE_OFFICE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <string.h>

#include <cmocka.h>

#include "store/kv/faulty.h"
#include "store/store.h"
#include "tests/unit/store/scratch.h"

#define OFFICE_MAP_BYTES ((uint64_t)1 << 30)
#define OFFICE_ORIGIN "test.example/log"

/* Sanitized builds run several times slower: tests that repeat do so less often. */
#ifdef VIX_SANITIZED
#define OFFICE_SCALE(plain, sanitized) (sanitized)
#else
#define OFFICE_SCALE(plain, sanitized) (plain)
#endif

struct office {
    struct scratch scratch; /* the directory */
    struct keyring *keys;
    struct kv *kv;                    /* the store's own engine, to look at bare rows */
    bool faulty;                      /* `kv` can be told to fail */
    struct kv_faulty_plan from_start; /* what it is told whenever it is opened */
    size_t queue_maximum;
    uint64_t map_bytes;
    bool has_policy; /* else it is given the default */
    struct store_policy policy;
    struct store *store;
    struct arena arena; /* what was read since the last look */
    struct store_snapshot *snapshot;
    atomic_int failures; /* how often the store said that a commit had an unknown outcome */
};

/* Opens an empty index. The structure may be zero but for what is wished otherwise. */
void office_open(struct office *office);
void office_finish(struct office *office);
/* The same index again: closed, and opened from what is on disk. */
void office_reopen(struct office *office);
void office_close(struct office *office);
/* The office's own engine and options, for a test that opens by itself. */
struct store_options office_options(struct office *office);

struct keyring *office_make_keys(uint8_t seed);

/* ---- time: skips the test in a build without the test clock ---- */
void office_advance(int64_t milliseconds);
void office_advance_days(int days);
int32_t office_today(void);
/* Goes to a minute into a Dutch day, and settles. */
void office_go_to(struct office *office, int32_t day);
/* Until everything that is due has been worked off. */
void office_settle(struct office *office);
/* Until the log's indexes cover the whole log. */
void office_index(struct office *office);
/* Both: what is committed after this was asked for. */
void office_rest(struct office *office);

/* ---- who takes part ---- */
struct oin office_oin(uint32_t party);
struct attribution office_attribution(uint32_t party);
#define OFFICE_TOWN 361
uint32_t office_admit(struct office *office, unsigned roles, uint16_t agreement);
uint32_t office_reporter(struct office *office); /* in OFFICE_TOWN, for ten years */
uint32_t office_municipality(struct office *office, uint16_t code);
/* Fills in an operator's change of a party; run it with office_run(). */
void office_change(struct store_party_change *op, uint32_t party, enum party_action action);
/* Name "<id> of <party>", e-mail "<id>@<party>.example", telephone "020-<party>". */
void office_hire(struct office *office, uint32_t party, const char *id);
int office_dismiss(struct office *office, uint32_t party, const char *id);

/* ---- signals ---- */
struct office_child {
    struct oprf_element element;
    struct child_key key;
};
struct office_child office_child(const struct office *office, unsigned number);
void office_fill_post(const struct office *office, struct store_signal_post *op, uint32_t party,
                      const char *professional, unsigned child);
/* Posts; the reference is "<professional>/<child>". Returns the result. */
int office_try_post(struct office *office, struct store_signal_post *op, uint32_t party,
                    const char *professional, unsigned child);
/* Posts a new signal and returns its id. */
struct uuid office_post(struct office *office, uint32_t party, const char *professional,
                        unsigned child);
int office_withdraw(struct office *office, uint32_t party, const struct uuid *id,
                    enum withdraw_reason reason);
int office_acknowledge(struct office *office, uint32_t party, uint64_t up_to);
/* Fills in who asks, and runs. */
int office_run(struct office *office, struct store_op *op, uint32_t party);
/* One entry in the log, made by a party. Returns its index. */
uint64_t office_note(struct office *office, uint32_t party, const struct log_note *note);

/* ---- reading: all of it lives until the next look ---- */
struct store_snapshot *office_look(struct office *office);
/* Lets go of it: an open snapshot keeps all pages that were freed since. */
void office_forget(struct office *office);
/* Every notice after `after`. */
struct notice_page office_inbox(struct office *office, uint32_t party, uint64_t after);
/* The newest one: there must be one. */
const struct notice *office_last_notice(struct office *office, uint32_t party);
size_t office_count_notices(struct office *office, uint32_t party, enum notice_type type);
struct inbox_state office_inbox_state(struct office *office, uint32_t party);
/* Each is a STORE_ condition. */
int office_see_match(struct office *office, uint32_t party, const struct uuid *id,
                     struct match_view *ret_match);
int office_see_signal(struct office *office, uint32_t party, const struct uuid *id,
                      struct signal *ret_signal);
struct match_page office_matches(struct office *office, uint32_t party, unsigned status);
struct signal_page office_signals(struct office *office, uint32_t party, unsigned status);
/* All that agree, oldest first. */
struct log_page office_log(struct office *office, const struct log_query *query);
struct log_query office_any_entry(void);
size_t office_count_events(struct office *office, enum log_event event);
struct store_status office_status(struct office *office);
/* Rows of a party of one kind, as they stand in the store. */
size_t office_count_rows(struct office *office, uint32_t party, int kind);

bool same_uuid(const struct uuid *a, const struct uuid *b);
/* The involved one whose professional is called so; NULL. */
const struct involved *involved_named(const struct involved *involved, size_t count,
                                      const char *name);
void assert_involved(const struct involved *involved, size_t count, const char *const *names,
                     size_t expected);

/* ---- many at once ---- */
struct crowd {
    struct mailbox box;
    pthread_mutex_t lock;
    pthread_cond_t arrived;
    size_t wakes; /* one for each time that the box went from empty to not empty */
    size_t takes; /* one for each time that it was emptied; the wake for one may come after it */
    size_t pending;
};
void crowd_init(struct crowd *crowd);
void crowd_finish(struct crowd *crowd); /* waits for all */
/* Returns what store_submit() does. */
int crowd_submit(struct crowd *crowd, struct store *store, struct store_op *op);
/* Takes in what has been answered by now. */
void crowd_collect(struct crowd *crowd);
/* Until everything submitted has been answered; results are in the operations. */
void crowd_wait(struct crowd *crowd);

#endif
