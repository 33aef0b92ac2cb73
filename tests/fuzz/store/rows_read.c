/* SPDX-License-Identifier: EUPL-1.2 */
#include "store/base/clock.h"
#include "store/snapshot.h"
#include "tests/fuzz/store/rows_exercise.h"

static volatile size_t touched;

/* An answer, none, or a fault. */
static bool answered(int result)
{
    require(result <= 0 || result == STORE_NOT_FOUND);
    return result == 0;
}

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

static void touch_involved(const struct involved *involved)
{
    touch(involved->oin.text);
    touch(involved->organisation);
    touch_contact(&involved->contact);
}

static void touch_match(const struct match_view *view)
{
    require(view->kind == MATCH_CHILD || view->kind == MATCH_FAMILY);
    touch(view->key);
    for (size_t i = 0; i < view->involved_count; i++) {
        touch_involved(&view->involved[i]);
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

static void read_parties(struct store_snapshot *snapshot)
{
    const struct rows_office *rows = rows_office();
    struct party party;
    struct oin oin = office_oin(rows->school);
    const struct party *parties;
    const struct professional *list;
    const struct mandate *mandates;
    struct mandate mandate;
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
    if (answered(store_get_professional(snapshot, rows->school, "ann", &professional))) {
        touch(professional.id);
        touch_contact(&professional.contact);
    }
    (void)answered(store_list_professionals(snapshot, rows->school, 0, 100, &list, &count));
    if (answered(store_list_mandates(snapshot, rows->care, &mandates, &count)) && count > 0) {
        touch(mandates[count - 1].name);
    }
    (void)answered(store_get_mandate(snapshot, rows->care, rows->school, &mandate));
}

static void read_matches(struct store_snapshot *snapshot, uint32_t party)
{
    const struct rows_office *rows = rows_office();
    const struct uuid *ids[] = {&rows->match, &rows->family};
    struct match_query query = {.status = 1u << MATCH_OPEN, .limit = 10};
    struct match_page page;
    struct match_view view;
    memset(&query.up_to, 0xff, sizeof(query.up_to));
    for (size_t i = 0; i < ARRAY_LENGTH(ids); i++) {
        if (answered(store_get_match(snapshot, party, ids[i], &view))) {
            require(view.status >= MATCH_OPEN && view.status <= MATCH_ENDED);
            touch_match(&view);
        }
    }
    if (answered(store_list_matches(snapshot, party, &query, &page))) {
        require(page.count <= query.limit);
        for (size_t i = 0; i < page.count; i++) {
            touch_match(&page.matches[i]);
        }
    }
}

static void read_signals(struct store_snapshot *snapshot, uint32_t party)
{
    struct signal signal;
    struct signal_query query = {.status = 1u << SIGNAL_ACTIVE, .reference = "x", .limit = 10};
    struct signal_page page;
    memset(&query.up_to, 0xff, sizeof(query.up_to));
    for (size_t i = 0; i < ROWS_SIGNALS; i++) {
        if (answered(store_get_signal(snapshot, party, &rows_office()->signals[i], &signal))) {
            touch_signal(&signal);
        }
    }
    (void)answered(store_list_signals(snapshot, party, &query, &page));
    query.reference = NULL;
    query.status = 0;
    if (answered(store_list_signals(snapshot, party, &query, &page))) {
        require(page.count <= query.limit);
        for (size_t i = 0; i < page.count; i++) {
            touch_signal(&page.signals[i]);
        }
    }
}

static void touch_notice(const struct notice *notice)
{
    require(notice->type >= NOTICE_MATCH_FORMED && notice->type < NOTICE_TYPES);
    if (notice->has_own) {
        touch(notice->own.reference);
        touch(notice->own.professional);
    }
    if (notice->has_match) {
        touch_match(&notice->match);
    }
    for (size_t i = 0; i < notice->unread_count; i++) {
        touch_involved(&notice->unread[i].who);
    }
    touch(notice->actor.text);
    if (notice->actor.text[0] != '\0') {
        touch(notice->actor_name);
    }
}

static void read_notices(struct store_snapshot *snapshot, uint32_t party)
{
    struct inbox_state inbox;
    struct notice_page page;
    (void)answered(store_get_inbox(snapshot, party, &inbox));
    if (answered(store_read_notices(snapshot, party, 0, 10, &page))) {
        require(page.count <= 10);
        for (size_t i = 0; i < page.count; i++) {
            touch_notice(&page.notices[i]);
        }
    }
}

static void read_pack(struct store_snapshot *snapshot, uint32_t party, unsigned child)
{
    struct child_key key = rows_identity(child).key;
    struct access_pack pack;
    if (!answered(store_read_pack(snapshot, party, &key, &pack))) {
        return;
    }
    for (size_t i = 0; i < pack.signal_count; i++) {
        touch_signal(&pack.signals[i].signal);
        touch_involved(&pack.signals[i].by);
    }
    for (size_t i = 0; i < pack.match_count; i++) {
        require(pack.matches[i].kind == MATCH_CHILD || pack.matches[i].kind == MATCH_FAMILY);
    }
}

static void read_rights(struct store_snapshot *snapshot)
{
    const struct rows_office *rows = rows_office();
    struct statistics statistics;
    int year = calendar_date_from_day(office_today()).year;
    for (unsigned child = ROWS_CHILD; child <= ROWS_WAITING; child++) {
        read_pack(snapshot, rows->town, child);
        read_pack(snapshot, rows->next, child);
    }
    (void)answered(store_get_statistics(snapshot, OFFICE_TOWN, year, &statistics));
    (void)answered(store_get_statistics(snapshot, ROWS_NEXT_TOWN, year, &statistics));
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
        query.subject = rows_identity(ROWS_CHILD).key;
        query.party = office_oin(i == 1 ? rows_office()->school : 0);
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

void rows_read(const struct rows_input *input)
{
    struct rows_tx rows;
    rows_begin(&rows);
    rows_put(&rows.tx.view, input);
    struct store_snapshot snapshot = {.view = rows.tx.view};
    snapshot.view.note_seen = true;
    (void)answered(view_read_head(&snapshot.view));
    read_parties(&snapshot);
    for (uint32_t party = rows_office()->school; party <= rows_office()->auditor; party++) {
        read_signals(&snapshot, party);
        read_matches(&snapshot, party);
        read_notices(&snapshot, party);
    }
    read_rights(&snapshot);
    read_log(&snapshot);
    rows_abort(&rows);
}
