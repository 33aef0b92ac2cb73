/* SPDX-License-Identifier: EUPL-1.2 */
/*
 * Rows of a real store whose content is anything: the input, sealed as the row's own content is, or
 * bare. Whatever stands there, reading gives an answer or a fault, and so does every operation;
 * nothing crashes, hangs or reads what is not there. The first byte says which row; with its
 * highest bit set, what follows are changes of the content that is there: place (2) || byte.
 *
 * The row is put in a transaction that is never committed, and read through it.
 */
#include <stdio.h>
#include <stdlib.h>

#include "tests/unit/store/office.h"

#include "store/childfile.h"
#include "store/clock.h"
#include "store/committer.h"
#include "store/parties.h"
#include "store/snapshot.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum kind { BARE, RECORD, CHILD_BODY, DATA, LOG_RECORD };

struct target {
    enum kind kind;
    enum kv_table table;
    struct row_key key;
    size_t prefix;    /* of the row as it is, kept before what is sealed */
    uint8_t own[512]; /* its content as it is */
    size_t own_size;
};

static struct office office;
static struct office_child child;
static uint32_t school;
static uint32_t care;
static uint32_t town;
static struct uuid signals[2];
static struct uuid match;
static struct target targets[64];
static size_t target_count;

static void require(bool holds)
{
    if (!holds) {
        abort();
    }
}

/* Both as its own plain content, sealed, and as a whole value. */
static void add_target(enum kind kind, enum kv_table table, struct row_key key, size_t prefix)
{
    require(target_count + 2 <= ARRAY_LENGTH(targets));
    targets[target_count++] =
        (struct target){.kind = kind, .table = table, .key = key, .prefix = prefix};
    if (kind != BARE) {
        targets[target_count++] = (struct target){.kind = BARE, .table = table, .key = key};
    }
}

static void list_targets(void)
{
    uint32_t month = calendar_month_number(clock_now());
    struct oin oin = office_oin(school);
    add_target(CHILD_BODY, KV_CHILD, layout_child(&child.key, CHILD_FILE), 12);
    add_target(DATA, KV_PARTY, layout_party_uuid(school, PARTY_SIGNAL, &signals[0]), 37);
    add_target(DATA, KV_PARTY, layout_party_u64(school, PARTY_NOTICE, 1), 36);
    add_target(DATA, KV_PARTY, layout_party_u64(town, PARTY_NOTICE, 1), 36);
    add_target(RECORD, KV_PARTY, layout_party(school, PARTY_PROFILE), 8);
    add_target(RECORD, KV_PARTY, layout_party_u32(school, PARTY_PROFESSIONAL, 1), 8);
    add_target(RECORD, KV_ACTOR, layout_actor_number(1), 8);
    add_target(RECORD, KV_CHILD, layout_child(&child.key, CHILD_SUBJECT), 8);
    add_target(LOG_RECORD, KV_LOG, layout_log(2), 32);
    add_target(BARE, KV_META, layout_meta("head"), 0);
    add_target(BARE, KV_META, layout_meta("checkpoint"), 0);
    add_target(BARE, KV_META, layout_month(month), 0);
    add_target(BARE, KV_PARTY, layout_party(school, PARTY_COUNTERS), 0);
    add_target(BARE, KV_PARTY,
               professional_id_key(&(struct store_view){.keys = office.keys}, school, "ann"), 0);
    add_target(BARE, KV_PARTY, layout_party_u32(school, PARTY_MANDATE_HELD, care), 0);
    add_target(BARE, KV_PARTY, layout_party_uuid(town, PARTY_MATCH_TOLD, &match), 0);
    add_target(BARE, KV_ORGANISATION, layout_organisation(&oin), 0);
    add_target(BARE, KV_MATCH, layout_match(&match), 0);
    add_target(BARE, KV_DUE, layout_due_sweep(1, school), 0);
}

static void begin(struct store_tx *tx, struct tx_memory *memory, struct arena *arena)
{
    struct store *store = office.store;
    arena_init(arena);
    *memory = (struct tx_memory){0};
    *tx = (struct store_tx){
        .view = {.keys = office.keys, .policy = &store->policy, .arena = arena},
        .frontier = store->frontier,
        .memory = memory,
        .now = clock_now(),
    };
    require(kv_begin(office.kv, KV_WRITE, &tx->view.kv) == 0);
    require(view_read_head(&tx->view) == 0);
}

static void end(struct store_tx *tx)
{
    kv_abort(tx->view.kv);
    arena_finish(tx->view.arena);
}

/* The plain content of a row as it stands in the store; none where there is no such row. */
static int open_row(struct store_view *view, const struct target *target, struct kv_bytes value,
                    struct codec_reader *ret_reader)
{
    const uint8_t *sealed = (const uint8_t *)value.data + target->prefix;
    size_t size = value.size - target->prefix;
    uint32_t month = calendar_month_number(view->head.last_time);
    struct seal_place place = {(uint8_t)target->table, target->key.bytes, target->key.size};
    struct child_file file = {0};
    uint8_t month_key[SEAL_KEY_BYTES];
    uint8_t *plain = arena_new(view->arena, size);
    require(plain != NULL);
    switch (target->kind) {
    case BARE:
        break;
    case RECORD:
        return view_open_row(view, target->table, &target->key, ret_reader, NULL);
    case CHILD_BODY:
        sealed += SEAL_KEY_BYTES + SEAL_OVERHEAD;
        size -= SEAL_KEY_BYTES + SEAL_OVERHEAD;
        /* fall through */
    case DATA:
        require(child_file_load(view, &child.key, &file) == 0);
        return child_file_open_value(&file, view->arena, target->table, &target->key, sealed, size,
                                     ret_reader);
    case LOG_RECORD:
        require(log_month_key(view, month, false, month_key) == 0);
        *ret_reader = (struct codec_reader){.data = plain, .left = size - SEAL_OVERHEAD};
        return seal_open(month_key, place, sealed, size, plain);
    }
    *ret_reader = (struct codec_reader){.data = value.data, .left = value.size};
    return 0;
}

static void remember_contents(void)
{
    for (size_t i = 0; i < target_count; i++) {
        struct store_tx tx;
        struct tx_memory memory;
        struct arena arena;
        struct kv_bytes value;
        struct codec_reader in;
        begin(&tx, &memory, &arena);
        int result = kv_get(tx.view.kv, targets[i].table, row_key_bytes(&targets[i].key), &value);
        if (result == 0) {
            require(open_row(&tx.view, &targets[i], value, &in) == 0);
            require(in.left <= sizeof(targets[i].own));
            memcpy(targets[i].own, in.data, in.left);
            targets[i].own_size = in.left;
        }
        end(&tx);
    }
}

static void close_office(void)
{
    office_finish(&office);
}

static void open_office(void)
{
    office_open(&office);
    atexit(close_office);
    child = office_child(&office, 1);
    school = office_reporter(&office);
    care = office_reporter(&office);
    town = office_municipality(&office, OFFICE_TOWN);
    office_hire(&office, school, "ann");
    office_hire(&office, care, "bob");
    signals[0] = office_post(&office, school, "ann", 1);
    signals[1] = office_post(&office, care, "bob", 1);
    match = office_inbox(&office, school, 0).notices[0].match.id;
    office_forget(&office);
    list_targets();
    remember_contents();
}

/* ---- putting the input in its place ---- */

static void put_sealed(struct store_view *view, const struct target *target, const uint8_t *data,
                       size_t size)
{
    static uint8_t value[2 * KV_VALUE_MAXIMUM];
    static uint8_t plain[KV_VALUE_MAXIMUM];
    struct kv_bytes own;
    struct codec_writer body = {.data = plain, .capacity = sizeof(plain)};
    struct child_file file = {0};
    uint8_t month_key[SEAL_KEY_BYTES];
    uint32_t month = calendar_month_number(view->head.last_time);
    size_t prefix = target->prefix;
    require(kv_get(view->kv, target->table, row_key_bytes(&target->key), &own) == 0);
    require(own.size >= prefix);
    memcpy(value, own.data, prefix);
    codec_put_bytes(&body, data, size);
    switch (target->kind) {
    case BARE:
        break;
    case RECORD:
        view_seal_row(view, target->table, &target->key, &body);
        return;
    case CHILD_BODY: /* after the wrapped key comes the body */
        memcpy(value, own.data, prefix + SEAL_KEY_BYTES + SEAL_OVERHEAD);
        prefix += SEAL_KEY_BYTES + SEAL_OVERHEAD;
        /* fall through */
    case DATA:
        require(child_file_load(view, &child.key, &file) == 0);
        child_file_seal_value(&file, target->table, &target->key, &body, value + prefix);
        break;
    case LOG_RECORD: {
        struct seal_place place = {KV_LOG, target->key.bytes, target->key.size};
        require(log_month_key(view, month, false, month_key) == 0);
        seal_close(month, month_key, place, plain, body.size, value + prefix);
        break;
    }
    }
    kv_put(view->kv, target->table, row_key_bytes(&target->key),
           (struct kv_bytes){value, prefix + body.size + SEAL_OVERHEAD});
}

static void put_input(struct store_view *view, const struct target *target, const uint8_t *data,
                      size_t size)
{
    if (target->kind == BARE) {
        kv_put(view->kv, target->table, row_key_bytes(&target->key), (struct kv_bytes){data, size});
    } else {
        put_sealed(view, target, data, size);
    }
    require(kv_fault(view->kv) == 0);
}

/* ---- reading ---- */

static volatile size_t touched;

static void touch(const char *text)
{
    touched += strlen(text);
}

static void touch_contact(const struct contact *contact)
{
    touch(contact->name);
    touch(contact->function);
    touch(contact->email);
    touch(contact->phone);
}

static void touch_match(const struct match_view *view)
{
    require(view->status >= MATCH_OPEN && view->status <= MATCH_ENDED);
    for (size_t i = 0; i < view->involved_count; i++) {
        touch(view->involved[i].organisation);
        touch_contact(&view->involved[i].contact);
    }
    for (size_t i = 0; i < view->own_count; i++) {
        touch(view->own[i].reference);
        touch(view->own[i].professional);
    }
}

static void touch_signal(const struct signal *signal)
{
    require(signal->status == SIGNAL_ACTIVE || signal->status == SIGNAL_ARCHIVED);
    touch(signal->reference);
    touch(signal->professional);
}

/* An answer, none, or a fault. */
static bool answered(int result)
{
    require(result <= 0 || result == STORE_NOT_FOUND);
    return result == 0;
}

static void read_parties(struct store_snapshot *snapshot)
{
    struct party party;
    struct oin oin = office_oin(school);
    const struct party *parties;
    const struct professional *list;
    const struct mandate *mandates;
    struct professional professional;
    size_t count;
    if (answered(store_find_party(snapshot, &oin, &party))) {
        touch(party.name);
        touch_contact(&party.contact);
        for (size_t i = 0; i < party.agreement_count; i++) {
            touched += party.agreements[i].municipality;
        }
    }
    if (answered(store_list_parties(snapshot, 0, 100, &parties, &count))) {
        require(count <= 100);
    }
    if (answered(store_get_professional(snapshot, school, "ann", &professional))) {
        touch(professional.id);
        touch_contact(&professional.contact);
    }
    (void)answered(store_list_professionals(snapshot, school, 0, 100, &list, &count));
    (void)answered(store_list_mandates(snapshot, school, &mandates, &count));
}

static void read_signals(struct store_snapshot *snapshot)
{
    struct signal signal;
    struct signal_query query = {.status = 1u << SIGNAL_ACTIVE, .reference = "x", .limit = 10};
    struct signal_page page;
    struct match_query match_query = {.status = 1u << MATCH_OPEN, .limit = 10};
    struct match_page matches;
    struct match_view view;
    memset(&query.up_to, 0xff, sizeof(query.up_to));
    memset(&match_query.up_to, 0xff, sizeof(match_query.up_to));
    for (uint32_t party = school; party <= town; party++) {
        for (int i = 0; i < 2; i++) {
            if (answered(store_get_signal(snapshot, party, &signals[i], &signal))) {
                touch_signal(&signal);
            }
        }
        (void)answered(store_list_signals(snapshot, party, &query, &page));
        if (answered(store_get_match(snapshot, party, &match, &view))) {
            touch_match(&view);
        }
        if (answered(store_list_matches(snapshot, party, &match_query, &matches))) {
            for (size_t i = 0; i < matches.count; i++) {
                touch_match(&matches.matches[i]);
            }
        }
    }
}

static void read_notices(struct store_snapshot *snapshot)
{
    struct inbox_state inbox;
    struct notice_page page;
    for (uint32_t party = school; party <= town; party++) {
        (void)answered(store_get_inbox(snapshot, party, &inbox));
        if (answered(store_read_notices(snapshot, party, 0, 10, &page))) {
            for (size_t i = 0; i < page.count; i++) {
                require(page.notices[i].type >= NOTICE_MATCH_FORMED &&
                        page.notices[i].type <= NOTICE_MATCH_RETRACTED);
                touch_match(&(struct match_view){
                    .status = MATCH_OPEN,
                    .involved_count = page.notices[i].match.involved_count,
                    .involved = page.notices[i].match.involved,
                });
            }
        }
    }
}

static void read_log(struct store_snapshot *snapshot)
{
    struct log_query query = {
        .start = UINT64_MAX, .bound = UINT64_MAX, .to = INT64_MAX, .limit = 20};
    struct log_page page;
    struct log_entry entry;
    struct merkle_proof proof;
    const char *note;
    for (int i = 0; i < 4; i++) {
        query.oldest_first = i % 2 != 0;
        query.start = query.oldest_first ? 0 : UINT64_MAX;
        query.has_subject = i / 2 != 0;
        query.subject = child.key;
        query.party = i == 1 ? office_oin(school) : office_oin(0);
        if (answered(store_read_log(snapshot, &query, &page))) {
            require(page.count <= query.limit);
        }
    }
    if (answered(store_get_log_entry(snapshot, 2, &entry)) && !entry.destroyed) {
        touch(entry.public_part);
    }
    (void)answered(store_prove_entry(snapshot, 2, 5, &proof));
    (void)answered(store_prove_consistency(snapshot, 2, 5, &proof));
    if (answered(store_get_checkpoint(snapshot, &note))) {
        touch(note);
    }
}

static void read_everything(const struct target *target, const uint8_t *data, size_t size)
{
    struct store_tx tx;
    struct tx_memory memory;
    struct arena arena;
    begin(&tx, &memory, &arena);
    put_input(&tx.view, target, data, size);
    struct store_snapshot snapshot = {.view = tx.view};
    snapshot.view.note_seen = true;
    (void)answered(view_read_head(&snapshot.view));
    read_parties(&snapshot);
    read_signals(&snapshot);
    read_notices(&snapshot);
    read_log(&snapshot);
    end(&tx);
}

/* ---- writing ---- */

static void run_op(const struct target *target, const uint8_t *data, size_t size,
                   struct store_op *op, uint32_t party)
{
    struct store_tx tx;
    struct tx_memory memory;
    struct arena arena;
    op->party = party;
    op->by = office_attribution(party);
    begin(&tx, &memory, &arena);
    put_input(&tx.view, target, data, size);
    int result = op->run(&tx, op);
    require(result < STORE_CONDITIONS || result == TX_AGAIN);
    end(&tx);
}

static void run_signals(const struct target *target, const uint8_t *data, size_t size)
{
    struct store_signal_post post;
    struct store_signal_withdraw withdraw;
    for (uint32_t party = school; party <= care; party++) {
        store_signal_post_init(&post);
        post.child = child.key;
        post.element = child.element;
        post.professional = "ann";
        post.municipality = OFFICE_TOWN;
        post.birth_day = 15000;
        run_op(target, data, size, &post.op, party);
        for (int reason = WITHDRAW_ENDED; reason <= WITHDRAW_WRONGFUL; reason++) {
            store_signal_withdraw_init(&withdraw);
            withdraw.id = signals[party - school];
            withdraw.reason = (enum withdraw_reason)reason;
            run_op(target, data, size, &withdraw.op, party);
        }
    }
}

static void run_others(const struct target *target, const uint8_t *data, size_t size)
{
    struct store_acknowledge acknowledge;
    struct store_professional_delete del;
    struct store_professional_put put;
    struct store_party_change change;
    store_acknowledge_init(&acknowledge);
    acknowledge.up_to = 1;
    run_op(target, data, size, &acknowledge.op, school);
    store_professional_delete_init(&del);
    del.id = "ann";
    run_op(target, data, size, &del.op, school);
    store_professional_put_init(&put);
    put.id = "ann";
    run_op(target, data, size, &put.op, school);
    office_change(&change, school, PARTY_AGREEMENT_END);
    change.agreement.municipality = OFFICE_TOWN;
    run_op(target, data, size, &change.op, school);
}

static void run_own_work(const struct target *target, const uint8_t *data, size_t size)
{
    struct store_tx tx;
    struct tx_memory memory;
    struct arena arena;
    bool more;
    for (int which = 0; which < 2; which++) {
        begin(&tx, &memory, &arena);
        put_input(&tx.view, target, data, size);
        tx.now += 9 * 366 * CLOCK_DAY; /* everything is due */
        tx.view.head.indexed = 0;
        int result = which == 0 ? due_run_some(&tx, 20, &more) : log_index_some(&tx, 20);
        require(result <= 0);
        end(&tx);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (office.store == NULL) {
        open_office();
    }
    if (size == 0 || size > 60000) {
        return 0;
    }
    const struct target *target = &targets[(data[0] & 0x7f) % target_count];
    uint8_t changed[sizeof(target->own)];
    const uint8_t *content = data + 1;
    size_t content_size = size - 1;
    if ((data[0] & 0x80) != 0) {
        memcpy(changed, target->own, sizeof(changed));
        for (size_t i = 0; i + 3 <= content_size && target->own_size > 0; i += 3) {
            changed[get_be16(content + i) % target->own_size] = content[i + 2];
        }
        content = changed;
        content_size = target->own_size;
    }
    read_everything(target, content, content_size);
    run_signals(target, content, content_size);
    run_others(target, content, content_size);
    run_own_work(target, content, content_size);
    return 0;
}
