/* SPDX-License-Identifier: EUPL-1.2 */
/* All that a party can see of the index, and bare rows, held to the reference. */
#include "tests/unit/store/model.h"

#include <stdlib.h>

#include "store/base/clock.h"
#include "store/base/layout.h"
#include "store/child/file.h"
#include "store/snapshot.h"

/* ---- who is involved ---- */

static bool is_first_of_its_own(const struct reference *reference,
                                const struct reference_list *live, size_t at)
{
    for (size_t i = 0; i < at; i++) {
        if (reference->signals[live->items[i]].professional ==
            reference->signals[live->items[at]].professional) {
            return false;
        }
    }
    return true;
}

/* Everyone live in the match, each professional once, but for the one behind `except`. */
void model_compare_involved(const struct model *model, const struct involved *involved,
                            size_t count, const struct reference_match *match, size_t except)
{
    const struct reference *reference = &model->reference;
    struct reference_list live = {0};
    size_t expected = 0;
    reference_in_scope(reference, match, &live);
    for (size_t i = 0; i < live.count; i++) {
        const struct reference_signal *signal = &reference->signals[live.items[i]];
        if (!is_first_of_its_own(reference, &live, i) ||
            (except != NONE && signal->professional == reference->signals[except].professional)) {
            continue;
        }
        const struct involved *found =
            involved_named(involved, count, reference->professionals[signal->professional].name);
        if (found == NULL) {
            fail_msg("%s is not among the involved",
                     reference->professionals[signal->professional].name);
        }
        assert_string_equal(found->oin.text,
                            office_oin(reference->parties[signal->party].number).text);
        expected++;
    }
    assert_int_equal(count, expected);
    free(live.items);
}

/* ---- signals ---- */

static void compare_signal(const struct model *model, const struct signal *signal, size_t number)
{
    const struct reference_signal *expected = &model->reference.signals[number];
    assert_true(same_uuid(&signal->id, &expected->id));
    assert_int_equal(signal->status,
                     expected->state == REFERENCE_LIVE ? SIGNAL_ACTIVE : SIGNAL_ARCHIVED);
    assert_true(signal->reported_at == expected->reported_at);
    assert_int_equal(signal->removal_day, expected->removal_day);
    assert_int_equal(signal->erasure_day, expected->erasure_day);
    assert_in_range(signal->ended_at, expected->ended.from, expected->ended.to);
    assert_int_equal(signal->municipality,
                     model_town_code(reference_town_today(&model->reference, expected->town)));
    assert_string_equal(signal->professional,
                        model->reference.professionals[expected->professional].id);
}

static void compare_signals(struct model *model, int party)
{
    const struct reference_list *kept = &model->reference.parties[party].kept;
    struct signal_page page = office_signals(&model->office, model_number_of(model, party), 0);
    assert_int_equal(page.count, kept->count);
    for (size_t i = 0; i < page.count; i++) {
        compare_signal(model, &page.signals[i], kept->items[i]);
        assert_string_equal(page.signals[i].reference,
                            model->reference.signals[kept->items[i]].reference);
    }
}

/* ---- matches ---- */

/* The match as the party must see it. */
static void compare_match(const struct model *model, int party, const struct reference_match *match,
                          const struct match_view *view)
{
    const struct reference *reference = &model->reference;
    struct reference_list live = {0};
    struct reference_when notified = {INT64_MAX, INT64_MAX};
    size_t own = 0;
    size_t only = NONE; /* a signal of the only professional whom it has in it */
    reference_in_scope(reference, match, &live);
    for (size_t i = 0; i < live.count; i++) {
        const struct reference_signal *signal = &reference->signals[live.items[i]];
        if (signal->party != party || !list_has(&match->in, live.items[i])) {
            continue;
        }
        bool found = false;
        for (size_t j = 0; j < view->own_count; j++) {
            found = found || (same_uuid(&view->own[j].id, &signal->id) &&
                              strcmp(view->own[j].reference, signal->reference) == 0);
        }
        assert_true(found);
        int64_t formed_at = match->formed.from;
        int64_t told = signal->came_at > formed_at ? signal->came_at : formed_at;
        notified.from = told < notified.from ? told : notified.from;
        bool same = own == 0 ||
                    (only != NONE && signal->professional == reference->signals[only].professional);
        only = same ? live.items[i] : NONE;
        own++;
    }
    free(live.items);
    notified.to = notified.from;
    notified = own > 0 ? notified : match->told_when[party];
    assert_int_equal(view->own_count, own);
    assert_int_equal(view->kind, match->kind);
    assert_int_equal(view->status, match->status);
    assert_in_range(view->notified_at, notified.from, notified.to);
    if (match->status == MATCH_ENDED) {
        assert_int_equal(view->involved_count, 0);
        assert_int_equal(view->follow_up_due_day, 0);
        return;
    }
    /* From when this party was told; later, when a newcomer has made the match open again. */
    int32_t term = calendar_dutch_day(view->notified_at) + reference->policy.follow_up_days;
    assert_int_equal(view->follow_up_due_day,
                     term > match->follow_up_day ? term : match->follow_up_day);
    model_compare_involved(model, view->involved, view->involved_count, match, only);
}

static void compare_kept(const struct model *model, int party, const struct match_page *page,
                         const struct reference_list *kept, size_t child, size_t *ret_seen)
{
    for (size_t i = 0; i < kept->count; i++) {
        const struct reference_match *match = &model->reference.matches[kept->items[i]];
        const struct match_view *view = NULL;
        if (match->children[0] != child) {
            continue; /* met with the other one of the family */
        }
        for (size_t j = 0; j < page->count; j++) {
            if (same_uuid(&page->matches[j].id, &match->id)) {
                assert_null(view); /* once */
                view = &page->matches[j];
            }
        }
        bool sees = reference_sees(&model->reference, match, party);
        if (sees != (view != NULL)) {
            fail_msg("party %d %s a match of children %zu and %zu that it %s", party,
                     sees ? "does not see" : "sees", match->children[0], match->children[1],
                     sees ? "should" : "should not");
        }
        if (sees) {
            compare_match(model, party, match, view);
            ++*ret_seen;
        }
    }
}

static void compare_matches(struct model *model, int party)
{
    struct match_page page = office_matches(&model->office, model_number_of(model, party), 0);
    const struct reference *reference = &model->reference;
    size_t seen = 0;
    for (size_t i = 0; i < reference->present.count; i++) {
        size_t child = reference->present.items[i];
        compare_kept(model, party, &page, &reference->children[child].matches, child, &seen);
        compare_kept(model, party, &page, &reference->children[child].families, child, &seen);
    }
    assert_int_equal(page.count, seen);
}

/* ---- notices ---- */

/* Who of a match of one child has not acknowledged the newest notice of it. */
static void compare_unread(const struct model *model, const struct notice *notice, size_t number)
{
    const struct reference *reference = &model->reference;
    const struct reference_match *match = &reference->matches[number];
    struct reference_list live = {0};
    size_t expected = 0;
    if (match->kind == MATCH_CHILD) {
        reference_in_scope(reference, match, &live);
    }
    for (size_t i = 0; i < live.count; i++) {
        const struct reference_signal *signal = &reference->signals[live.items[i]];
        const struct reference_party *party = &reference->parties[signal->party];
        const char *name = reference->professionals[signal->professional].name;
        bool found = false;
        if (signal->notice == 0 || signal->notice <= party->acknowledged ||
            party->notices[signal->notice - 1].match != number) {
            continue;
        }
        const struct reference_when *when = &party->notices[signal->notice - 1].when;
        for (size_t j = 0; j < notice->unread_count; j++) {
            found = found ||
                    (strcmp(notice->unread[j].who.contact.name, name) == 0 &&
                     notice->unread[j].since >= when->from && notice->unread[j].since <= when->to);
        }
        assert_true(found);
        expected++;
    }
    assert_int_equal(notice->unread_count, expected);
    free(live.items);
}

static void compare_auditors(struct model *model, const struct notice *notice,
                             const struct reference_notice *expected)
{
    static const enum log_event events[NOTICE_TYPES] = {
        [NOTICE_PEEK_SUSPECTED] = LOG_PEEK_SUSPECTED,
        [NOTICE_ACCESS_REQUESTED] = LOG_ACCESS_REQUESTED,
        [NOTICE_NOTICES_COUNTED] = LOG_NOTICES_COUNTED,
    };
    struct log_entry entry;
    assert_false(notice->has_own || notice->has_match);
    assert_string_equal(notice->actor.text, expected->actor.text);
    assert_int_equal(store_get_log_entry(model->office.snapshot, notice->log_index, &entry), 0);
    assert_true(entry.destroyed || entry.event == events[notice->type]);
}

static bool tells_who(enum notice_type type)
{
    return type == NOTICE_MATCH_FORMED || type == NOTICE_MATCH_JOINED ||
           type == NOTICE_FOLLOW_UP_STALLED || type == NOTICE_YOUTH_MOVED;
}

static void compare_told(struct model *model, int party, const struct notice *notice,
                         const struct reference_notice *expected)
{
    const struct reference *reference = &model->reference;
    const struct reference_match *match = &reference->matches[expected->match];
    bool shows = tells_who(expected->type);
    assert_true(!match->bound || same_uuid(&notice->match.id, &match->id));
    assert_int_equal(notice->match.kind, match->kind);
    if (expected->own != NONE) {
        shows = shows && reference->signals[expected->own].state == REFERENCE_LIVE &&
                (match->kind == MATCH_CHILD || match->status != MATCH_ENDED);
    } else {
        shows =
            shows && match->status != MATCH_ENDED && reference_concerns(reference, match, party);
    }
    if (shows && !match->forgotten) {
        model_compare_involved(model, notice->match.involved, notice->match.involved_count, match,
                               expected->own);
    } else {
        assert_int_equal(notice->match.involved_count, 0);
    }
    if (shows && !match->forgotten && expected->type == NOTICE_FOLLOW_UP_STALLED) {
        compare_unread(model, notice, expected->match);
    } else {
        assert_int_equal(notice->unread_count, 0);
    }
}

void model_compare_notice(struct model *model, int party, const struct notice *notice,
                          const struct reference_notice *expected)
{
    const struct reference *reference = &model->reference;
    assert_int_equal(notice->type, expected->type);
    assert_in_range(notice->logged_at, expected->when.from, expected->when.to);
    assert_int_equal(notice->has_own, expected->own != NONE);
    assert_int_equal(notice->has_match, expected->match != NONE);
    if (expected->child == NONE) {
        compare_auditors(model, notice, expected);
        return;
    }
    const struct reference_child *child =
        &reference->children[reference_child_now(reference, expected->child)];
    bool ended = expected->own != NONE &&
                 reference->signals[expected->own].state != REFERENCE_LIVE; /* shows nothing more */
    bool moved = expected->type == NOTICE_YOUTH_MOVED && child->residence >= 0 && !ended;
    assert_int_equal(notice->municipality, moved ? model_town_code(child->residence) : 0);
    if (expected->own != NONE) {
        const struct reference_signal *own = &reference->signals[expected->own];
        assert_true(same_uuid(&notice->own.id, &own->id));
        assert_string_equal(notice->own.reference, own->reference);
        assert_string_equal(notice->own.professional,
                            reference->professionals[own->professional].id);
        assert_int_equal(notice->removal_day,
                         expected->type == NOTICE_RENEWAL_DUE ? own->removal_day : 0);
    }
    if (expected->other != NONE && ended) {
        assert_int_equal(notice->match.involved_count, 0);
    } else if (expected->other != NONE) {
        const struct reference_signal *other = &reference->signals[expected->other];
        assert_int_equal(notice->match.involved_count, 1);
        assert_string_equal(notice->match.involved[0].contact.name,
                            reference->professionals[other->professional].name);
    }
    if (expected->match != NONE) {
        compare_told(model, party, notice, expected);
    }
}

/* A stretch of the inbox; in the snapshot that is open. */
/* What a page shows of the notices after one, up to another. */
static void compare_page(struct model *model, int party, const struct notice_page *page,
                         uint64_t after, uint64_t up_to)
{
    const struct reference_party *reader = &model->reference.parties[party];
    size_t seen = 0;
    for (uint64_t sequence = after + 1; sequence <= up_to; sequence++) {
        const struct reference_notice *expected = &reader->notices[sequence - 1];
        if (reference_is_gap(&model->reference, expected)) {
            if (seen < page->count && page->notices[seen].sequence <= sequence) {
                fail_msg("party %d reads notice %llu, which should be gone", party,
                         (unsigned long long)sequence);
            }
            continue;
        }
        if (seen == page->count || page->notices[seen].sequence != sequence) {
            fail_msg("party %d does not read notice %llu", party, (unsigned long long)sequence);
        }
        model_compare_notice(model, party, &page->notices[seen++], expected);
    }
}

void model_compare_notices(struct model *model, int party, uint64_t after, size_t count)
{
    const struct reference_party *reader = &model->reference.parties[party];
    struct notice_page page;
    uint64_t end = after + count < reader->notice_count ? after + count : reader->notice_count;
    while (after < end) { /* a page ends where it has become much to keep */
        assert_int_equal(store_read_notices(office_look(&model->office), reader->number, after,
                                            end - after, &page),
                         0);
        uint64_t up_to = page.more && page.next < end ? page.next : end;
        compare_page(model, party, &page, after, up_to);
        after = up_to;
    }
}

/* ---- packs ---- */

static void compare_pack_signals(const struct model *model, const struct access_pack *pack,
                                 const struct reference_child *child, int party)
{
    const struct reference *reference = &model->reference;
    size_t expected = 0;
    for (size_t i = 0; child != NULL && i < child->members.count; i++) {
        const struct reference_signal *signal = &reference->signals[child->members.items[i]];
        if (reference->town_owner[signal->town] != party) {
            continue;
        }
        assert_true(expected < pack->signal_count);
        const struct pack_signal *shown = &pack->signals[expected++];
        compare_signal(model, &shown->signal, child->members.items[i]);
        assert_string_equal(shown->signal.reference, "");
        assert_string_equal(shown->by.contact.name,
                            reference->professionals[signal->professional].name);
    }
    assert_int_equal(pack->signal_count, expected);
}

static bool is_in_pack(const struct reference *reference, const struct reference_child *child,
                       const struct reference_match *match, int party)
{
    for (size_t i = 0; i < child->members.count; i++) {
        size_t signal = child->members.items[i];
        if (reference->town_owner[reference->signals[signal].town] == party &&
            list_has(&match->in, signal)) {
            return true;
        }
    }
    return false;
}

static void compare_pack_matches(const struct model *model, const struct access_pack *pack,
                                 const struct reference_child *child, int party)
{
    const struct reference *reference = &model->reference;
    const struct reference_list *kept[] = {&child->matches, &child->families};
    size_t expected = 0;
    for (size_t kind = 0; kind < 2; kind++) {
        for (size_t i = 0; i < kept[kind]->count; i++) {
            const struct reference_match *match = &reference->matches[kept[kind]->items[i]];
            bool found = false;
            if (!is_in_pack(reference, child, match, party)) {
                continue;
            }
            for (size_t j = 0; j < pack->match_count; j++) {
                found = found || (pack->matches[j].kind == match->kind &&
                                  pack->matches[j].status == match->status &&
                                  pack->matches[j].formed_at == match->formed.from &&
                                  pack->matches[j].ended_at == match->ended.from);
            }
            assert_true(found);
            expected++;
        }
    }
    assert_int_equal(pack->match_count, expected);
}

void model_compare_pack(struct model *model, int party, int number)
{
    const struct reference *reference = &model->reference;
    size_t at = reference->number_child[number];
    const struct reference_child *child = at == NONE ? NULL : &reference->children[at];
    struct access_pack pack;
    size_t parents = 0;
    size_t addresses = 0;
    bool institution = false;
    assert_int_equal(store_read_pack(office_look(&model->office), model_number_of(model, party),
                                     &model->numbers[number].key, &pack),
                     0);
    compare_pack_signals(model, &pack, child, party);
    if (child == NULL) {
        assert_int_equal(pack.match_count, 0);
        assert_false(pack.registry_data);
        return;
    }
    compare_pack_matches(model, &pack, child, party);
    bool shown = reference_shows_registry(reference, party, at);
    for (size_t i = 0; shown && i < child->tie_count; i++) {
        bool is_parent = child->ties[i] < REFERENCE_PARENTS;
        parents += is_parent ? 1 : 0;
        addresses += is_parent ? 0 : 1;
        institution = institution ||
                      (!is_parent && reference->institution[child->ties[i] - REFERENCE_PARENTS]);
    }
    assert_int_equal(pack.registry_data, shown);
    assert_int_equal(pack.residence,
                     !shown || child->residence < 0 ? 0 : model_town_code(child->residence));
    assert_int_equal(pack.parents, parents);
    assert_int_equal(pack.has_address, addresses > 0);
    assert_int_equal(pack.is_institution, institution);
    assert_int_equal(pack.former_numbers, shown ? child->number_count - 1 : 0);
}

/* ---- parties ---- */

static void compare_profile(const struct model *model, int party)
{
    const struct reference *reference = &model->reference;
    const struct reference_party *expected = &reference->parties[party];
    struct store_snapshot *snapshot = model->office.snapshot;
    const struct professional *list;
    struct party seen;
    size_t count;
    size_t hired = 0;
    assert_int_equal(store_get_party(snapshot, expected->number, &seen), 0);
    assert_int_equal(seen.suspended, expected->suspended);
    assert_int_equal(seen.roles, expected->roles);
    for (size_t i = 0; i < seen.agreement_count; i++) {
        int town = seen.agreements[i].municipality - REFERENCE_FIRST_TOWN;
        assert_in_range(town, 0, REFERENCE_TOWNS - 1);
        assert_int_equal(seen.agreements[i].until_day, expected->agreements[town].until);
    }
    assert_int_equal(store_list_professionals(snapshot, expected->number, 0, 100, &list, &count),
                     0);
    for (size_t i = 0; i < count; i++) {
        size_t found = reference_professional(reference, party, list[i].id);
        assert_true(found != NONE);
        assert_string_equal(list[i].contact.name, reference->professionals[found].name);
    }
    for (size_t i = 0; i < reference->professional_count; i++) {
        const struct reference_professional *professional = &reference->professionals[i];
        hired += professional->hired && professional->party == party ? 1 : 0;
    }
    assert_int_equal(count, hired);
}

void model_compare_party(struct model *model, int party)
{
    office_look(&model->office);
    compare_profile(model, party);
    compare_signals(model, party);
    compare_matches(model, party);
}

/* What was counted of a town, and of those that have become part of it. */
static uint64_t count_of(const struct reference *reference, const struct reference_year *of,
                         int what)
{
    int owner = reference->town_owner[of->town];
    uint64_t count = 0;
    for (size_t i = 0; i < reference->year_count; i++) {
        const struct reference_year *year = &reference->years[i];
        bool same =
            year->town == of->town || (owner >= 0 && reference->town_owner[year->town] == owner);
        count += same && year->year == of->year ? year->counts.counts[what] : 0;
    }
    return count;
}

static void compare_statistics(const struct model *model)
{
    const struct reference *reference = &model->reference;
    size_t from = reference->year_count > 40 ? reference->year_count - 40 : 0;
    for (size_t i = from; i < reference->year_count; i++) {
        const struct reference_year *expected = &reference->years[i];
        struct statistics seen;
        assert_int_equal(store_get_statistics(model->office.snapshot,
                                              model_town_code(expected->town), expected->year,
                                              &seen),
                         0);
        for (int what = 0; what < STATISTICS; what++) {
            uint64_t count = count_of(reference, expected, what);
            if (seen.counts[what] != count) {
                fail_msg("statistic %d of town %d in %d: %llu, where the reference says %llu", what,
                         expected->town, expected->year, (unsigned long long)seen.counts[what],
                         (unsigned long long)count);
            }
        }
    }
}

/* ---- bare rows: nothing is left behind ---- */

struct row_counts {
    size_t all;
    size_t by_kind[256]; /* by one byte of the key */
};

static struct row_counts count_rows(struct model *model, enum kv_table table, size_t kind_at)
{
    struct kv_txn *txn = NULL;
    struct kv_range *range = NULL;
    struct kv_bytes key;
    struct kv_bytes value;
    struct row_counts counts = {0};
    assert_int_equal(kv_begin(model->office.kv, KV_READ, &txn), 0);
    assert_int_equal(
        kv_range_open(txn, table, (struct kv_bytes){"", 1}, (struct kv_bytes){0}, KV_UP, &range),
        0);
    while (kv_range_next(range, &key, &value) == 0) {
        counts.all++;
        if (kind_at < key.size) {
            counts.by_kind[((const uint8_t *)key.data)[kind_at]]++;
        }
    }
    kv_range_close(range);
    kv_abort(txn);
    return counts;
}

/* Of a party that has gone into another they stay, and find nothing when their time comes. */
static void compare_terms(const struct reference *reference, size_t actual, size_t expected)
{
    if (reference->parties_merged) {
        assert_true(actual >= expected);
    } else {
        assert_int_equal(actual, expected);
    }
}

static void compare_due(struct model *model, size_t signals)
{
    const struct reference *reference = &model->reference;
    struct row_counts due = count_rows(model, KV_DUE, 8);
    size_t agreements = 0;
    size_t open = 0;
    for (int party = 0; party < REFERENCE_PARTIES; party++) {
        for (int town = 0; town < REFERENCE_TOWNS; town++) {
            agreements += reference->parties[party].agreements[town].ends ? 1 : 0;
        }
    }
    for (size_t i = 0; i < reference->open_matches.count; i++) {
        open += reference->matches[reference->open_matches.items[i]].status == MATCH_OPEN ? 1 : 0;
    }
    assert_int_equal(due.by_kind[DUE_SIGNAL_REMOVAL] + due.by_kind[DUE_SIGNAL_ERASURE] +
                         due.by_kind[DUE_RENEWAL_PROMPT],
                     signals);
    assert_int_equal(due.by_kind[DUE_PARTY_SWEEP], 0);
    assert_int_equal(due.by_kind[DUE_FOLLOW_UP], open);
    compare_terms(reference, due.by_kind[DUE_TOMBSTONE_END], reference->tombstones.count);
    compare_terms(reference, due.by_kind[DUE_AGREEMENT_END], agreements);
    compare_terms(reference, due.by_kind[DUE_NOTICES_END], reference->end_count);
}

static void compare_rows(struct model *model)
{
    const struct reference *reference = &model->reference;
    struct row_counts children = count_rows(model, KV_CHILD, sizeof(struct child_key));
    size_t signals = 0;
    size_t files = 0;
    size_t matches = 0;
    size_t families = 0;
    unsigned tied = 0;
    for (int party = 0; party < REFERENCE_PARTIES; party++) {
        signals += reference->parties[party].kept.count;
    }
    for (size_t i = 0; i < reference->present.count; i++) {
        const struct reference_child *child = &reference->children[reference->present.items[i]];
        files += child->number_count;
        matches += child->matches.count;
        families += child->families.count;
        for (size_t j = 0; j < child->tie_count; j++) {
            tied |= 1u << child->ties[j];
        }
    }
    struct store_status status = office_status(&model->office);
    assert_true(status.signals == signals);
    assert_true(status.matches == reference->open_matches.count);
    /* A fault in the middle of own work can put that off for a day. */
    assert_true(status.set_aside == 0 || model->faults > 0);
    assert_int_equal(children.by_kind[CHILD_FILE], files);
    assert_int_equal(children.by_kind[CHILD_TIE], __builtin_popcount(tied));
    assert_int_equal(count_rows(model, KV_MATCH, 0).all, matches + families / 2);
    compare_due(model, signals);
}

/* Which numbers the index knows. */
static void compare_numbers(struct model *model)
{
    for (int number = 0; number < REFERENCE_NUMBERS; number++) {
        CLEANUP(child_file_wipe) struct child_file file = {0};
        size_t child = model->reference.number_child[number];
        int result =
            child_file_load(&model->office.snapshot->view, &model->numbers[number].key, &file);
        assert_int_equal(result, child == NONE ? STORE_NOT_FOUND : 0);
    }
}

void model_compare(struct model *model, bool whole)
{
    for (int party = 0; party < REFERENCE_PARTIES; party++) {
        size_t head = model->reference.parties[party].notice_count;
        model_compare_party(model, party);
        model_compare_notices(model, party, head > MODEL_PAGE ? head - MODEL_PAGE : 0, MODEL_PAGE);
        model_compare_notices(model, party, model_pick(model, (uint32_t)head + 1), MODEL_PAGE / 3);
        for (size_t at = 0; whole && at < head; at += MODEL_PAGE) {
            model_compare_notices(model, party, at, MODEL_PAGE);
        }
    }
    office_look(&model->office);
    compare_statistics(model);
    compare_numbers(model);
    compare_rows(model);
    for (size_t i = 0; i < model->reference.child_count; i++) {
        model->reference.children[i].touched = !model->reference.children[i].gone;
    }
    model_adopt(model);
}
