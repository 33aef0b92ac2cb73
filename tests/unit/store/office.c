/* SPDX-License-Identifier: EUPL-1.2 */
#include "tests/unit/store/office.h"

#include <sched.h>
#include <stdio.h>
#include <stdlib.h>

#include "crypto/secret.h"
#include "store/base/clock.h"
#include "store/kv/lmdb.h"
#include "store/tx.h"

/* ---- opening ---- */

struct keyring *office_make_keys(uint8_t seed)
{
    struct keyring *keys = NULL;
    assert_int_equal(secret_init(), 0);
    assert_int_equal(keyring_new(&keys), 0);
    for (int purpose = 0; purpose < KEYRING_PURPOSES; purpose++) {
        uint8_t key[KEYRING_KEY_BYTES];
        memset(key, seed + purpose, sizeof(key));
        key[KEYRING_KEY_BYTES - 1] = 1; /* below the group's order */
        assert_int_equal(keyring_add(keys, (enum keyring_purpose)purpose, 1, key), 0);
    }
    return keys;
}

static void note_failure(void *context, const char *what)
{
    struct office *office = context;
    (void)what;
    atomic_fetch_add(&office->failures, 1);
}

struct store_options office_options(struct office *office)
{
    struct kv_lmdb_options lmdb = {.directory = office->scratch.directory,
                                   .map_bytes = office->map_bytes};
    struct store_options options = {
        .keys = office->keys,
        .log_origin = OFFICE_ORIGIN,
        .queue_maximum = office->queue_maximum,
        .failed = note_failure,
        .context = office,
    };
    if (!office->has_policy) {
        store_policy_default(&office->policy);
    }
    options.policy = office->policy;
    assert_int_equal(kv_lmdb_open(&lmdb, &office->kv), 0);
    if (office->faulty) {
        assert_int_equal(kv_faulty_wrap(office->kv, &office->kv), 0);
        kv_faulty_set(office->kv, &office->from_start);
    }
    options.engine = office->kv;
    return options;
}

static void open_store(struct office *office)
{
    char why[STORE_WHY_SIZE];
    struct store_options options = office_options(office);
    int result = store_open(&options, &office->store, why);
    if (result != 0) {
        fail_msg("the store does not open: %d %s", result, why);
    }
}

/* The first office of a program opens at the same instant whenever it runs: what a test counts may
 * depend on how many days a month has. VIX_TEST_DATE (YYYY-MM-DD) tries another day. */
static void begin_on_the_day_of_tests(void)
{
#ifdef VIX_TEST_CLOCK
    static bool begun;
    const char *date = getenv("VIX_TEST_DATE");
    int32_t day;
    date = date != NULL ? date : "2026-11-22";
    if (!begun) {
        begun = true;
        assert_int_equal(calendar_parse_date(date, strlen(date), &day), 0);
        clock_advance(calendar_dutch_midnight(day) + CLOCK_DAY / 2 - clock_now());
    }
#endif
}

void office_open(struct office *office)
{
    begin_on_the_day_of_tests();
    scratch_init(&office->scratch);
    office->keys = office->keys == NULL ? office_make_keys(10) : office->keys;
    office->map_bytes = office->map_bytes == 0 ? OFFICE_MAP_BYTES : office->map_bytes;
    arena_init(&office->arena);
    open_store(office);
}

void office_forget(struct office *office)
{
    store_snapshot_close(office->snapshot);
    office->snapshot = NULL;
    arena_finish(&office->arena);
}

void office_close(struct office *office)
{
    office_forget(office);
    store_close(office->store);
    office->store = NULL;
    office->kv = NULL;
}

void office_reopen(struct office *office)
{
    office_close(office);
    open_store(office);
}

void office_finish(struct office *office)
{
    office_close(office);
    keyring_free(office->keys);
    scratch_finish(&office->scratch);
}

/* ---- time ---- */

void office_advance(int64_t milliseconds)
{
#ifdef VIX_TEST_CLOCK
    clock_advance(milliseconds);
#else
    (void)milliseconds;
    skip();
#endif
}

void office_advance_days(int days)
{
    office_advance(days * CLOCK_DAY);
}

int32_t office_today(void)
{
    return calendar_dutch_day(clock_now());
}

static int64_t next_due(struct office *office)
{
    struct arena arena;
    struct store_view view = {.arena = &arena};
    int64_t instant = 0;
    arena_init(&arena);
    assert_int_equal(kv_begin(office->kv, KV_READ, &view.kv), 0);
    assert_int_equal(due_next(&view, &instant), 0);
    kv_abort(view.kv);
    arena_finish(&arena);
    return instant;
}

void office_settle(struct office *office)
{
    while (next_due(office) <= clock_now()) {
        struct store_note_op op;
        store_note_init(&op);
        assert_int_equal(office_run(office, &op.op, 0), 0); /* with it, a slice of what is due */
    }
}

void office_go_to(struct office *office, int32_t day)
{
    office_advance(calendar_dutch_midnight(day) + CLOCK_MINUTE - clock_now());
    office_settle(office);
}

void office_index(struct office *office)
{
    while (office_status(office).unindexed > 0) {
        sched_yield();
    }
}

void office_rest(struct office *office)
{
    office_settle(office);
    office_index(office);
}

/* ---- who takes part ---- */

struct oin office_oin(uint32_t party)
{
    struct oin oin = {""};
    if (party != 0) {
        snprintf(oin.text, sizeof(oin.text), "00000099%012u", party);
    }
    return oin;
}

struct attribution office_attribution(uint32_t party)
{
    struct attribution by = {.party = office_oin(party), .operation = "testOperation"};
    by.is_operator = party == 0;
    by.has_certificate = party != 0;
    memset(by.certificate, (int)party, sizeof(by.certificate));
    return by;
}

void office_change(struct store_party_change *op, uint32_t party, enum party_action action)
{
    store_party_change_init(op);
    op->action = action;
    op->oin = office_oin(party);
}

static uint32_t admit(struct office *office, unsigned roles, uint16_t agreement, uint16_t own)
{
    struct store_party_change op;
    char name[64];
    uint32_t next = 0;
    const struct party *parties;
    size_t count;
    do { /* parties are numbered in the order in which they come */
        struct store_snapshot *snapshot = office_look(office);
        assert_int_equal(store_list_parties(snapshot, next, MODEL_PAGE_MAXIMUM, &parties, &count),
                         0);
        next = count > 0 ? parties[count - 1].number : next;
    } while (count > 0);
    next++;
    office_forget(office);
    office_change(&op, next, PARTY_ADD);
    snprintf(name, sizeof(name), "Party %u", next);
    op.name = name;
    op.roles = roles;
    op.own_municipality = own;
    op.agreement = (struct agreement){agreement, office_today() + 3650};
    assert_int_equal(office_run(office, &op.op, 0), 0);
    assert_int_equal(op.number, next);
    return op.number;
}

uint32_t office_admit(struct office *office, unsigned roles, uint16_t agreement)
{
    return admit(office, roles, agreement, 0);
}

uint32_t office_reporter(struct office *office)
{
    return admit(office, PARTY_REPORTER, OFFICE_TOWN, 0);
}

uint32_t office_municipality(struct office *office, uint16_t code)
{
    return admit(office, PARTY_MUNICIPALITY, 0, code);
}

void office_hire(struct office *office, uint32_t party, const char *id)
{
    struct store_professional_put op;
    char name[128];
    char email[128];
    char phone[32];
    snprintf(name, sizeof(name), "%s of %u", id, party);
    snprintf(email, sizeof(email), "%s@%u.example", id, party);
    snprintf(phone, sizeof(phone), "020-%u", party);
    store_professional_put_init(&op);
    op.id = id;
    op.contact = (struct contact){name, "worker", email, phone};
    assert_int_equal(office_run(office, &op.op, party), 0);
}

int office_dismiss(struct office *office, uint32_t party, const char *id)
{
    struct store_professional_delete op;
    store_professional_delete_init(&op);
    op.id = id;
    return office_run(office, &op.op, party);
}

/* ---- signals ---- */

/* The n-th of a series of valid numbers. */
static struct bsn bsn_number(unsigned n)
{
    struct bsn bsn;
    char text[16];
    for (unsigned eight = 95000000 + 2 * n;; eight++) {
        unsigned sum = 0;
        for (unsigned weight = 2, rest = eight; weight <= 9; weight++, rest /= 10) {
            sum += weight * (rest % 10);
        }
        if (sum % 11 < 10) {
            snprintf(text, sizeof(text), "%u%u", eight, sum % 11);
            assert_int_equal(bsn_parse(text, BSN_DIGITS, &bsn), 0);
            return bsn;
        }
    }
}

struct office_child office_child(const struct office *office, unsigned number)
{
    struct office_child child;
    struct oprf_scalar scalar;
    struct bsn bsn = bsn_number(number);
    memcpy(scalar.bytes, keyring_find(office->keys, KEYRING_EVALUATION, 1), sizeof(scalar.bytes));
    assert_int_equal(pseudonym_from_bsn(&scalar, &bsn, &child.element), 0);
    pseudonym_child_key(keyring_find(office->keys, KEYRING_INDEX, 1), &child.element, &child.key);
    return child;
}

void office_fill_post(const struct office *office, struct store_signal_post *op, uint32_t party,
                      const char *professional, unsigned child)
{
    struct office_child who = office_child(office, child);
    store_signal_post_init(op);
    op->child = who.key;
    op->element = who.element;
    op->evaluation_key = 1;
    op->professional = professional;
    op->municipality = OFFICE_TOWN;
    op->birth_day = calendar_add_years(office_today(), -10);
    op->op.party = party;
    op->op.by = office_attribution(party);
}

int office_try_post(struct office *office, struct store_signal_post *op, uint32_t party,
                    const char *professional, unsigned child)
{
    char reference[128];
    office_fill_post(office, op, party, professional, child);
    snprintf(reference, sizeof(reference), "%s/%u", professional, child);
    op->reference = reference;
    int result = office_run(office, &op->op, party);
    op->reference = NULL; /* does not outlive this call */
    return result;
}

struct uuid office_post(struct office *office, uint32_t party, const char *professional,
                        unsigned child)
{
    struct store_signal_post op;
    assert_int_equal(office_try_post(office, &op, party, professional, child), 0);
    assert_true(op.created);
    return op.signal.id;
}

int office_withdraw(struct office *office, uint32_t party, const struct uuid *id,
                    enum withdraw_reason reason)
{
    struct store_signal_withdraw op;
    store_signal_withdraw_init(&op);
    op.id = *id;
    op.reason = reason;
    return office_run(office, &op.op, party);
}

int office_acknowledge(struct office *office, uint32_t party, uint64_t up_to)
{
    struct store_acknowledge op;
    store_acknowledge_init(&op);
    op.up_to = up_to;
    return office_run(office, &op.op, party);
}

int office_run(struct office *office, struct store_op *op, uint32_t party)
{
    op->party = party;
    op->by = office_attribution(party);
    return store_run(office->store, op);
}

uint64_t office_note(struct office *office, uint32_t party, const struct log_note *note)
{
    struct store_note_op op;
    store_note_init(&op);
    op.count = 1;
    op.notes = note;
    assert_int_equal(office_run(office, &op.op, party), 0);
    assert_true(op.op.logged);
    return op.op.log_index;
}

/* ---- reading ---- */

struct store_snapshot *office_look(struct office *office)
{
    office_forget(office);
    assert_int_equal(store_snapshot_open(office->store, &office->arena, &office->snapshot), 0);
    return office->snapshot;
}

struct notice_page office_inbox(struct office *office, uint32_t party, uint64_t after)
{
    struct notice_page page;
    assert_int_equal(store_read_notices(office_look(office), party, after, 5000, &page), 0);
    assert_false(page.more);
    return page;
}

const struct notice *office_last_notice(struct office *office, uint32_t party)
{
    struct notice_page page = office_inbox(office, party, 0);
    assert_true(page.count > 0);
    return &page.notices[page.count - 1];
}

size_t office_count_notices(struct office *office, uint32_t party, enum notice_type type)
{
    struct notice_page page = office_inbox(office, party, 0);
    size_t count = 0;
    for (size_t i = 0; i < page.count; i++) {
        count += page.notices[i].type == type ? 1 : 0;
    }
    return count;
}

struct inbox_state office_inbox_state(struct office *office, uint32_t party)
{
    struct inbox_state state;
    assert_int_equal(store_get_inbox(office_look(office), party, &state), 0);
    return state;
}

int office_see_match(struct office *office, uint32_t party, const struct uuid *id,
                     struct match_view *ret_match)
{
    return store_get_match(office_look(office), party, id, ret_match);
}

int office_see_signal(struct office *office, uint32_t party, const struct uuid *id,
                      struct signal *ret_signal)
{
    return store_get_signal(office_look(office), party, id, ret_signal);
}

struct match_page office_matches(struct office *office, uint32_t party, unsigned status)
{
    struct match_query query = {.status = status, .limit = 1900};
    struct match_page page;
    memset(&query.up_to, 0xff, sizeof(query.up_to));
    assert_int_equal(store_list_matches(office_look(office), party, &query, &page), 0);
    assert_false(page.more);
    return page;
}

struct signal_page office_signals(struct office *office, uint32_t party, unsigned status)
{
    struct signal_query query = {.status = status, .limit = 1900};
    struct signal_page page;
    memset(&query.up_to, 0xff, sizeof(query.up_to));
    assert_int_equal(store_list_signals(office_look(office), party, &query, &page), 0);
    assert_false(page.more);
    return page;
}

struct log_query office_any_entry(void)
{
    return (struct log_query){
        .oldest_first = true,
        .bound = UINT64_MAX,
        .from = INT64_MIN,
        .to = INT64_MAX,
        .limit = 4900,
    };
}

struct log_page office_log(struct office *office, const struct log_query *query)
{
    struct log_page page;
    assert_int_equal(store_read_log(office_look(office), query, &page), 0);
    assert_false(page.more);
    return page;
}

size_t office_count_events(struct office *office, enum log_event event)
{
    struct log_query query = office_any_entry();
    query.event = event;
    return office_log(office, &query).count;
}

struct store_status office_status(struct office *office)
{
    struct store_status status;
    store_get_status(office->store, &status);
    return status;
}

size_t office_count_rows(struct office *office, uint32_t party, int kind)
{
    struct arena arena;
    struct store_view view = {.arena = &arena};
    struct row_key prefix = layout_party(party, (enum party_row)kind);
    struct kv_range *range = NULL;
    struct kv_bytes key;
    struct kv_bytes value;
    size_t count = 0;
    int result;
    arena_init(&arena);
    assert_int_equal(kv_begin(office->kv, KV_READ, &view.kv), 0);
    assert_int_equal(view_range_prefix(&view, KV_PARTY, &prefix, &range), 0);
    while ((result = kv_range_next(range, &key, &value)) == 0) {
        count++;
    }
    assert_int_equal(result, KV_END);
    kv_range_close(range);
    kv_abort(view.kv);
    return count;
}

bool same_uuid(const struct uuid *a, const struct uuid *b)
{
    return memcmp(a, b, sizeof(*a)) == 0;
}

const struct involved *involved_named(const struct involved *involved, size_t count,
                                      const char *name)
{
    for (size_t i = 0; i < count; i++) {
        if (strcmp(involved[i].contact.name, name) == 0) {
            return &involved[i];
        }
    }
    return NULL;
}

void assert_involved(const struct involved *involved, size_t count, const char *const *names,
                     size_t expected)
{
    assert_int_equal(count, expected);
    for (size_t i = 0; i < expected; i++) {
        if (involved_named(involved, count, names[i]) == NULL) {
            fail_msg("%s is not among the involved", names[i]);
        }
    }
}

/* ---- many at once ---- */

static void wake_crowd(void *context)
{
    struct crowd *crowd = context;
    pthread_mutex_lock(&crowd->lock);
    crowd->wakes++;
    pthread_cond_signal(&crowd->arrived);
    pthread_mutex_unlock(&crowd->lock);
}

static void note_delivery(struct mail *mail)
{
    (void)mail; /* the result stands in the operation */
}

static void wait_for_wakes(struct crowd *crowd, size_t count)
{
    pthread_mutex_lock(&crowd->lock);
    while (crowd->wakes < count) {
        pthread_cond_wait(&crowd->arrived, &crowd->lock);
    }
    pthread_mutex_unlock(&crowd->lock);
}

void crowd_init(struct crowd *crowd)
{
    *crowd = (struct crowd){0};
    pthread_mutex_init(&crowd->lock, NULL);
    pthread_cond_init(&crowd->arrived, NULL);
    mailbox_init(&crowd->box, wake_crowd, crowd);
}

void crowd_finish(struct crowd *crowd)
{
    crowd_wait(crowd);
    wait_for_wakes(crowd, crowd->takes); /* none is still on its way into what is taken down here */
    mailbox_destroy(&crowd->box);
    pthread_cond_destroy(&crowd->arrived);
    pthread_mutex_destroy(&crowd->lock);
}

int crowd_submit(struct crowd *crowd, struct store *store, struct store_op *op)
{
    op->mailbox = &crowd->box;
    op->mail.deliver = note_delivery;
    int result = store_submit(store, op);
    crowd->pending += result == STORE_OK ? 1 : 0;
    return result;
}

void crowd_collect(struct crowd *crowd)
{
    size_t count = mailbox_deliver(&crowd->box);
    crowd->takes += count > 0 ? 1 : 0;
    crowd->pending -= count;
}

void crowd_wait(struct crowd *crowd)
{
    while (crowd->pending > 0) {
        wait_for_wakes(crowd, crowd->takes + 1);
        crowd_collect(crowd);
    }
}
