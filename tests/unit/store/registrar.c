/* SPDX-License-Identifier: EUPL-1.2 */
#include "tests/unit/store/registrar.h"

#include <stdio.h>

static struct identity identity_of(const struct office *office, unsigned number)
{
    struct office_child child = office_child(office, number);
    return (struct identity){child.key, child.element};
}

void registrar_fill(const struct office *office, struct store_person_event *op,
                    enum person_event event, unsigned child, unsigned other)
{
    store_person_event_init(op);
    op->event = event;
    op->evaluation_key = 1;
    op->child = identity_of(office, child);
    op->other = identity_of(office, other);
}

int registrar_died(struct office *office, unsigned child)
{
    struct store_person_event op;
    registrar_fill(office, &op, PERSON_DIED, child, child);
    return office_run(office, &op.op, 0);
}

int registrar_moved(struct office *office, unsigned child, uint16_t municipality)
{
    struct store_person_event op;
    registrar_fill(office, &op, PERSON_MOVED, child, child);
    op.municipality = municipality;
    return office_run(office, &op.op, 0);
}

int registrar_replaced(struct office *office, unsigned from, unsigned into)
{
    struct store_person_event op;
    registrar_fill(office, &op, PERSON_REPLACED, from, into);
    return office_run(office, &op.op, 0);
}

int registrar_assigned(struct office *office, unsigned from, unsigned into)
{
    struct store_person_event op;
    registrar_fill(office, &op, PERSON_ASSIGNED, from, into);
    return office_run(office, &op.op, 0);
}

int registrar_related(struct office *office, unsigned child,
                      const struct registrar_relations *relations)
{
    struct store_person_event op;
    registrar_fill(office, &op, PERSON_RELATIONS, child, child);
    op.parent_count = relations->parent_count;
    for (size_t i = 0; i < relations->parent_count; i++) {
        op.parents[i] = identity_of(office, relations->parents[i]);
    }
    op.has_address = relations->address != 0;
    op.institution = relations->institution;
    if (op.has_address) {
        op.address = identity_of(office, relations->address);
    }
    return office_run(office, &op.op, 0);
}

void registrar_reopen(struct office *office, int wait_days)
{
    char why[STORE_WHY_SIZE];
    office_close(office);
    struct store_options options = office_options(office);
    options.policy.registry_wait_days = wait_days;
    assert_int_equal(store_open(&options, &office->store, why), 0);
}

void registrar_turn(struct office *office)
{
    struct store_epoch_turn op;
    office_forget(office); /* a turn waits for snapshots from before the last one */
    store_epoch_turn_init(&op);
    assert_int_equal(office_run(office, &op.op, 0), 0);
}

/* ---- many professionals ---- */

static void name_of(unsigned i, char name[static 32])
{
    snprintf(name, 32, "worker-%03u", i);
}

void registrar_hire_staff(struct office *office, uint32_t party, unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        char name[32];
        name_of(i, name);
        office_hire(office, party, name);
    }
}

struct staff {
    char names[REGISTRAR_STAFF_MAXIMUM][32];
    struct store_signal_post posts[REGISTRAR_STAFF_MAXIMUM];
    struct store_signal_withdraw ends[REGISTRAR_STAFF_MAXIMUM];
};

void registrar_staff_signals(struct office *office, uint32_t party, unsigned count, unsigned child,
                             bool stay)
{
    struct staff *staff = test_calloc(1, sizeof(*staff));
    struct crowd crowd;
    assert_true(count <= REGISTRAR_STAFF_MAXIMUM);
    crowd_init(&crowd);
    for (unsigned i = 0; i < count; i++) {
        name_of(i, staff->names[i]);
        office_fill_post(office, &staff->posts[i], party, staff->names[i], child);
        assert_int_equal(crowd_submit(&crowd, office->store, &staff->posts[i].op), 0);
    }
    crowd_wait(&crowd);
    for (unsigned i = 0; i < count && !stay; i++) {
        struct store_signal_withdraw *end = &staff->ends[i];
        store_signal_withdraw_init(end);
        end->id = staff->posts[i].signal.id;
        end->reason = WITHDRAW_ENDED;
        end->op.party = party;
        end->op.by = office_attribution(party);
        assert_int_equal(crowd_submit(&crowd, office->store, &end->op), 0);
    }
    crowd_finish(&crowd);
    for (unsigned i = 0; i < count; i++) {
        assert_int_equal(staff->posts[i].op.result, 0);
        assert_int_equal(staff->ends[i].op.result, 0);
    }
    test_free(staff);
}

/* ---- rows ---- */

typedef void row_visitor(void *context, enum kv_table table, struct kv_bytes key,
                         struct kv_bytes value);

static void visit(struct office *office, enum kv_table table, row_visitor *visitor, void *context)
{
    static const uint8_t lowest[1] = {0};
    struct kv_txn *txn = NULL;
    struct kv_range *range = NULL;
    struct kv_bytes key;
    struct kv_bytes value;
    int result;
    assert_int_equal(kv_begin(office->kv, KV_READ, &txn), 0);
    assert_int_equal(kv_range_open(txn, table, (struct kv_bytes){lowest, 1}, (struct kv_bytes){0},
                                   KV_UP, &range),
                     0);
    while ((result = kv_range_next(range, &key, &value)) == 0) {
        visitor(context, table, key, value);
    }
    assert_int_equal(result, KV_END);
    kv_range_close(range);
    kv_abort(txn);
}

struct row_counter {
    size_t at;     /* the byte of the key that says the kind, from its end if `from_end` */
    bool from_end; /* counted back from the last */
    int kind;      /* 0: any */
    size_t rows;
};

static void count_row(void *context, enum kv_table table, struct kv_bytes key,
                      struct kv_bytes value)
{
    struct row_counter *counter = context;
    (void)table;
    (void)value;
    assert_true(key.size > counter->at);
    size_t at = counter->from_end ? key.size - 1 - counter->at : counter->at;
    counter->rows += counter->kind == 0 || ((const uint8_t *)key.data)[at] == counter->kind ? 1 : 0;
}

size_t registrar_count_rows(struct office *office, enum kv_table table)
{
    struct row_counter counter = {0};
    visit(office, table, count_row, &counter);
    return counter.rows;
}

size_t registrar_count_children(struct office *office, enum child_row kind)
{
    struct row_counter counter = {.from_end = true, .kind = (int)kind};
    visit(office, KV_CHILD, count_row, &counter);
    return counter.rows;
}

size_t registrar_count_due(struct office *office, enum due_kind kind)
{
    struct row_counter counter = {.at = 8, .kind = (int)kind};
    visit(office, KV_DUE, count_row, &counter);
    return counter.rows;
}

static void add_bytes(uint64_t *digest, struct kv_bytes bytes)
{
    const uint8_t *data = bytes.data;
    for (size_t i = 0; i < bytes.size; i++) {
        *digest = (*digest ^ data[i]) * UINT64_C(0x100000001b3); /* FNV-1a */
    }
    *digest = (*digest ^ bytes.size) * UINT64_C(0x100000001b3);
}

static void digest_row(void *context, enum kv_table table, struct kv_bytes key,
                       struct kv_bytes value)
{
    (void)table;
    add_bytes(context, key);
    add_bytes(context, value);
}

uint64_t registrar_digest(struct office *office)
{
    static const enum kv_table tables[] = {KV_CHILD, KV_PARTY, KV_ORGANISATION,
                                           KV_MATCH, KV_DUE,   KV_LOG};
    uint64_t digest = UINT64_C(0xcbf29ce484222325);
    for (size_t i = 0; i < sizeof(tables) / sizeof(tables[0]); i++) {
        visit(office, tables[i], digest_row, &digest);
    }
    return digest;
}

/* ---- reading ---- */

size_t registrar_count_log(struct office *office, unsigned child, enum log_event event)
{
    struct log_query query = office_any_entry();
    query.has_subject = true;
    query.subject = office_child(office, child).key;
    query.event = event;
    return office_log(office, &query).count;
}

uint64_t registrar_head(struct office *office, uint32_t party)
{
    return office_inbox_state(office, party).head;
}
