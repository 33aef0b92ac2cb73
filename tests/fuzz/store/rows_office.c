/* SPDX-License-Identifier: EUPL-1.2 */
#include "tests/fuzz/store/rows_office.h"

#include "store/base/clock.h"
#include "store/committer.h"
#include "store/party/merge.h"
#include "store/party/parties.h"
#include "store/party/transfer.h"

#define PARENT 101 /* numbers that are no child's */
#define OTHER_PARENT 102
#define HOME 201
#define INSTITUTION 202

static struct rows_office rows;

/* ---- the set-up ---- */

static void close_office(void)
{
    office_finish(&rows.office);
}

static void admit_parties(void)
{
    struct office *office = &rows.office;
    struct store_party_change mandate;
    rows.school = office_reporter(office);
    rows.care = office_admit(office, PARTY_REPORTER | PARTY_SUPPLIER, OFFICE_TOWN);
    rows.town = office_municipality(office, OFFICE_TOWN);
    rows.next = office_municipality(office, ROWS_NEXT_TOWN);
    rows.gone = office_reporter(office);
    rows.auditor = office_admit(office, PARTY_AUDITOR, 0);
    office_hire(office, rows.school, "ann");
    office_hire(office, rows.school, "eve");
    office_hire(office, rows.care, "bob");
    office_hire(office, rows.gone, "zoe");
    office_change(&mandate, rows.care, PARTY_MANDATE);
    mandate.other = office_oin(rows.school);
    mandate.agreement.until_day = office_today() + 3650;
    require(office_run(office, &mandate.op, 0) == 0);
}

static void tell_relations(void)
{
    struct office *office = &rows.office;
    struct registrar_relations family = {.parent_count = 1, .parents = {PARENT}, .address = HOME};
    struct registrar_relations waiting = {
        .parent_count = 1, .parents = {OTHER_PARENT}, .address = INSTITUTION, .institution = true};
    require(registrar_related(office, ROWS_CHILD, &family) == 0);
    family.address = 0;
    require(registrar_related(office, ROWS_SIBLING, &family) == 0);
    require(registrar_related(office, ROWS_WAITING, &waiting) == 0);
}

static void post_signals(void)
{
    struct office *office = &rows.office;
    rows.signals[ROWS_BY_ANN] = office_post(office, rows.school, "ann", ROWS_CHILD);
    rows.signals[ROWS_BY_BOB] = office_post(office, rows.care, "bob", ROWS_CHILD);
    rows.signals[ROWS_BY_EVE] = office_post(office, rows.school, "eve", ROWS_REPLACED);
    require(registrar_replaced(office, ROWS_REPLACED, ROWS_CHILD) == 0);
    rows.signals[ROWS_ARCHIVED] = office_post(office, rows.care, "bob", ROWS_SIBLING);
    require(office_withdraw(office, rows.care, &rows.signals[ROWS_ARCHIVED], WITHDRAW_ENDED) == 0);
    rows.signals[ROWS_BY_ZOE] = office_post(office, rows.gone, "zoe", ROWS_SIBLING);
    rows.tombstone = office_post(office, rows.care, "bob", ROWS_GONE);
    require(office_withdraw(office, rows.care, &rows.tombstone, WITHDRAW_WRONGFUL) == 0);
}

static void ask_for_access(void)
{
    struct store_access_request request;
    store_access_request_init(&request);
    request.child = rows_identity(ROWS_CHILD).key;
    request.case_reference = "case 1";
    require(office_run(&rows.office, &request.op, rows.town) == 0);
}

/* The matches that have not ended. */
static void find_matches(void)
{
    const unsigned open = 1u << MATCH_OPEN;
    struct match_page page = office_matches(&rows.office, rows.school, open);
    for (size_t i = 0; i < page.count; i++) {
        *(page.matches[i].kind == MATCH_FAMILY ? &rows.family : &rows.match) = page.matches[i].id;
    }
    require(page.count == 2);
    office_forget(&rows.office);
}

static void open_office(void)
{
    struct office *office = &rows.office;
    uint8_t epoch[KEYRING_KEY_BYTES];
    memset(epoch, 0x77, sizeof(epoch));
    store_policy_default(&office->policy);
    office->policy.notify_departure = true;
    office->policy.family_address = true;
    office->has_policy = true;
    office_open(office);
    atexit(close_office);
    admit_parties();
    tell_relations();
    post_signals();
    require(registrar_moved(office, ROWS_CHILD, ROWS_NEXT_TOWN) == 0);
    ask_for_access();
    require(office_acknowledge(office, rows.school, 1) == 0);
    find_matches();
    office_settle(office);
    office_index(office);
    committer_stop(office->store);
    atomic_store(&office->store->turn.closing, false); /* a turn can still be asked for */
    require(keyring_add(office->keys, KEYRING_EPOCH, 2, epoch) == 0);
}

struct rows_office *rows_office(void)
{
    if (rows.office.store == NULL) {
        open_office();
    }
    return &rows;
}

struct identity rows_identity(unsigned child)
{
    static struct identity known[256]; /* they take a while */
    static const struct identity unknown;
    require(child < ARRAY_LENGTH(known));
    if (memcmp(&known[child], &unknown, sizeof(unknown)) == 0) {
        struct office_child who = office_child(&rows.office, child);
        known[child] = (struct identity){who.key, who.element};
    }
    return known[child];
}

/* ---- transactions ---- */

void rows_begin(struct rows_tx *state)
{
    struct store *store = rows.office.store;
    arena_init(&state->arena);
    memset(&state->memory, 0, sizeof(state->memory));
    state->tx = (struct store_tx){
        .view = {.keys = rows.office.keys, .policy = &store->policy, .arena = &state->arena},
        .frontier = store->frontier,
        .memory = &state->memory,
        .now = clock_now(),
        .epoch = store->turn.state,
        .turn = &store->turn,
    };
    state->tx.view.head = store->head;
    require(kv_begin(rows.office.kv, KV_WRITE, &state->tx.view.kv) == 0);
    rows_next_batch(state);
}

void rows_abort(struct rows_tx *state)
{
    kv_abort(state->tx.view.kv);
    arena_finish(&state->arena);
}

void rows_next_batch(struct rows_tx *state)
{
    state->tx.view.head.revision++;
    state->tx.epoch_sliced = false;
}

static void put_due(struct store_tx *tx, struct row_key key, const void *value, size_t size)
{
    kv_put(tx->view.kv, KV_DUE, row_key_bytes(&key), (struct kv_bytes){value, size});
}

static void put_merge(struct store_tx *tx)
{
    struct party_merge merge = {.from = rows.gone,
                                .into = rows.care,
                                .oin = office_oin(rows.gone),
                                .phase = PARTY_MERGE_TRANSFERS};
    struct row_key key = layout_party_u32(rows.gone, PARTY_MOVED, 1);
    uint8_t mapped[4] = {0, 0, 0, 1};
    party_merge_save(tx, &merge);
    put_due(tx, layout_due_merge(ROWS_UNDER_WAY, rows.gone, rows.care), "", 0);
    kv_put(tx->view.kv, KV_PARTY, row_key_bytes(&key), (struct kv_bytes){mapped, sizeof(mapped)});
}

/* The end of the month's records that has begun, and a block of what is not in the log's lists. */
static void put_of_log(struct store_tx *tx)
{
    uint32_t month = calendar_month_number(tx->view.head.last_time);
    struct row_key gone = layout_log_gone(0);
    struct row_key tail = layout_log_tail(0);
    uint8_t end[4 + 8 + 8] = {0}; /* month, end, and none of it done */
    uint8_t block[4 + LAYOUT_LIST_BYTES + 1 + LAYOUT_KIND_BYTES + LAYOUT_LIST_BYTES] = {0};
    put_be32(end, month);
    put_be64(end + 4, tx->view.head.log_size);
    put_be32(block, month);
    block[4 + LAYOUT_LIST_BYTES] = 1; /* lists of its only entry */
    kv_put(tx->view.kv, KV_META, row_key_bytes(&gone), (struct kv_bytes){end, sizeof(end)});
    kv_put(tx->view.kv, KV_META, row_key_bytes(&tail), (struct kv_bytes){block, sizeof(block)});
}

void rows_put_under_way(struct store_tx *tx)
{
    static const struct uuid beginning;
    struct transfer transfer = {
        .party = rows.school, .from = 1, .to = 2, .state = TRANSFER_RUNNING};
    uint8_t up_to[8] = {0, 0, 0, 0, 0, 0, 0, 2};
    transfer_save(tx, &transfer);
    transfer_put_due(tx, &transfer, ROWS_UNDER_WAY);
    put_merge(tx);
    put_of_log(tx);
    put_due(tx, layout_due(ROWS_UNDER_WAY, DUE_EPOCH_TURN), "", 0);
    put_due(tx, layout_due_party(ROWS_UNDER_WAY, DUE_NOTICES_END, rows.school), up_to,
            sizeof(up_to));
    put_due(tx, layout_due_sweep(ROWS_UNDER_WAY, rows.school, ROWS_NEXT_TOWN), beginning.bytes,
            UUID_BYTES);
    tx->epoch.target = keyring_current(rows.office.keys, KEYRING_EPOCH);
    tx->epoch.step = 0;
    tx->epoch.position.size = 0;
}
