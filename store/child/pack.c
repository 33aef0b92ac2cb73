/* SPDX-License-Identifier: EUPL-1.2 */
#include "store/child/pack.h"

#include "store/child/families.h"
#include "store/child/matches.h"
#include "store/child/matchrow.h"
#include "store/child/signals.h"
#include "store/party/parties.h"
#include "store/snapshot.h"

/* Whether a code is the municipality's: its own, or one that has become part of it. */
static int is_code_of(struct store_view *view, uint32_t municipality, uint16_t code, bool *ret_is)
{
    uint32_t party;
    int result = party_of_municipality(view, code, &party);
    if (result == 0) {
        *ret_is = party != 0 && party == municipality;
    }
    return result;
}

int pack_is_under(struct store_view *view, uint32_t municipality, const struct child_member *member,
                  bool *ret_is)
{
    return is_code_of(view, municipality, member->municipality, ret_is);
}

static bool has_registry_data(const struct child_file *file)
{
    return file->residence != 0 || file->tie_count > 0 || file->alias_count > 0 ||
           file->kept_until_day != 0;
}

int pack_has_registry_data(struct store_view *view, uint32_t municipality,
                           const struct child_file *file, bool *ret_has)
{
    bool is_shown = false;
    int result = 0;
    if (!has_registry_data(file)) {
        *ret_has = false;
        return 0;
    }
    if (file->residence != 0) {
        result = is_code_of(view, municipality, file->residence, &is_shown);
    }
    for (size_t i = 0; i < file->member_count && result == 0 && !is_shown; i++) {
        result = pack_is_under(view, municipality, &file->members[i], &is_shown);
    }
    if (result == 0) {
        *ret_has = is_shown;
    }
    return result;
}

/* A pack being put together. */
struct packer {
    struct store_view *view;
    uint32_t municipality;
    const struct child_file *file;
    struct access_pack pack;
    struct pack_signal *signals;
    struct uuid *ended_after; /* of each signal: the newest of the index when it ended */
    struct pack_match *matches;
};

static int add_signal(struct packer *packer, const struct child_member *member)
{
    struct pack_signal *signal = &packer->signals[packer->pack.signal_count];
    struct signal_row row;
    int result = signal_row_open(packer->view, packer->file, member->party, &member->signal, &row);
    if (result == 0) {
        result =
            signal_from_row(packer->view, member->party, &member->signal, &row, &signal->signal);
    }
    if (result == 0) {
        result = match_involved_one(packer->view, member->party, member->professional, &signal->by);
    }
    if (result == 0) {
        signal->signal.reference = ""; /* the party's own, and shown to that party alone */
        packer->ended_after[packer->pack.signal_count++] = row.ended_after;
    }
    return result == STORE_NOT_FOUND ? VIEW_DAMAGED : result;
}

static int add_signals(struct packer *packer)
{
    int result = 0;
    for (size_t i = 0; i < packer->file->member_count && result == 0; i++) {
        const struct child_member *member = &packer->file->members[i];
        bool is_under;
        result = pack_is_under(packer->view, packer->municipality, member, &is_under);
        if (result == 0 && is_under) {
            result = add_signal(packer, member);
        }
    }
    return result;
}

/* Adds a match in which one of the pack's signals is, or was before it ended. */
static void add_match(struct packer *packer, enum match_kind kind, const struct child_match *match)
{
    for (size_t i = 0; i < packer->pack.signal_count; i++) {
        const struct signal *signal = &packer->signals[i].signal;
        const struct uuid *ended_after =
            signal->status == SIGNAL_ARCHIVED ? &packer->ended_after[i] : NULL;
        if (child_match_had(match, &signal->id) &&
            !match_is_later(&match->formed_by, ended_after)) {
            packer->matches[packer->pack.match_count++] =
                (struct pack_match){kind, match->status, match->formed_at, match->ended_at};
            return;
        }
    }
}

static int add_matches(struct packer *packer)
{
    const struct child_file *file = packer->file;
    int result = 0;
    for (size_t i = 0; i < file->match_count; i++) {
        add_match(packer, MATCH_CHILD, &file->matches[i]);
    }
    for (size_t i = 0; i < file->family_count && result == 0; i++) {
        struct child_match match;
        result = match_row_open_family(packer->view, &file->families[i], &match);
        if (result == 0) {
            add_match(packer, MATCH_FAMILY, &match);
        }
    }
    return result == STORE_NOT_FOUND ? VIEW_DAMAGED : result;
}

static int add_registry_data(struct packer *packer)
{
    const struct child_file *file = packer->file;
    struct access_pack *pack = &packer->pack;
    int result =
        pack_has_registry_data(packer->view, packer->municipality, file, &pack->registry_data);
    if (result != 0 || !pack->registry_data) {
        return result;
    }
    pack->residence = file->residence;
    pack->former_numbers = file->alias_count;
    for (size_t i = 0; i < file->tie_count; i++) {
        pack->parents += file->ties[i].kind == TIE_PARENT ? 1 : 0;
        pack->has_address = pack->has_address || file->ties[i].kind == TIE_ADDRESS;
    }
    return families_is_institution(packer->view, file, &pack->is_institution);
}

int store_read_pack(struct store_snapshot *snapshot, uint32_t municipality_party,
                    const struct child_key *child, struct access_pack *ret_pack)
{
    struct store_view *view = &snapshot->view;
    CLEANUP(child_file_wipe) struct child_file file = {0};
    struct packer packer = {.view = view, .municipality = municipality_party, .file = &file};
    int result = child_file_load(view, child, &file);
    if (result == STORE_NOT_FOUND) {
        *ret_pack = packer.pack;
        return 0;
    }
    if (result != 0) {
        return result;
    }
    size_t matches = file.match_count + file.family_count;
    packer.signals = arena_new(view->arena, (file.member_count + 1) * sizeof(*packer.signals));
    packer.ended_after =
        arena_new(view->arena, (file.member_count + 1) * sizeof(*packer.ended_after));
    packer.matches = arena_new(view->arena, (matches + 1) * sizeof(*packer.matches));
    if (packer.signals == NULL || packer.ended_after == NULL || packer.matches == NULL) {
        return -ENOMEM;
    }
    packer.pack.signals = packer.signals;
    packer.pack.matches = packer.matches;
    result = add_signals(&packer);
    if (result == 0) {
        result = add_matches(&packer);
    }
    if (result == 0) {
        result = add_registry_data(&packer);
    }
    if (result == 0) {
        *ret_pack = packer.pack;
    }
    return result;
}
