/* SPDX-License-Identifier: EUPL-1.2 */
/* What becomes of a child's family matches when a signal comes or goes, or the child does. */
#include "store/child/families.h"

#include <string.h>

#include "store/child/familydesk.h"
#include "store/child/matchrow.h"

int families_joined(struct store_tx *tx, struct child_file *file, const struct uuid *newest,
                    bool quiet)
{
    struct family_desk desk = {.tx = tx, .own = file};
    struct family_review how = {
        .newest = newest, .may_form = true, .may_end = true, .quiet = quiet};
    int result = family_review_own(&desk, true, &how);
    family_desk_save(&desk);
    return result != 0 ? result : kv_fault(tx->view.kv);
}

int families_left(struct store_tx *tx, struct child_file *file, bool tell)
{
    struct family_desk desk = {.tx = tx, .own = file};
    struct family_review how = {.may_end = true, .quiet = !tell};
    int result = family_review_own(&desk, false, &how);
    family_desk_save(&desk);
    return result != 0 ? result : kv_fault(tx->view.kv);
}

static int retract_entry(struct family_desk *desk, const struct child_family *entry,
                         const struct uuid *signal, const struct uuid *ended_after)
{
    struct child_match match;
    struct child_file *other = NULL;
    int result = match_row_open_family(&desk->tx->view, entry, &match);
    if (result != 0) {
        return result == STORE_NOT_FOUND ? VIEW_DAMAGED : result;
    }
    if (match_is_later(&match.formed_by, ended_after) || !child_match_had(&match, signal)) {
        return 0;
    }
    result = family_desk_take(desk, &entry->other, &other);
    if (result != 0) {
        return result;
    }
    /* The other file first: the child's own may go together with the signal. */
    struct match_scope scope = family_scope(&match, other, desk->own);
    return match_retract_one(desk->tx, &scope, ended_after);
}

int families_retract(struct store_tx *tx, struct child_file *file, const struct uuid *signal,
                     const struct uuid *ended_after)
{
    struct family_desk desk = {.tx = tx, .own = file};
    int result = 0;
    for (size_t i = 0; i < file->family_count && result == 0; i++) {
        result = retract_entry(&desk, &file->families[i], signal, ended_after);
    }
    return result;
}

int families_forget(struct store_tx *tx, const struct child_file *file)
{
    CLEANUP(child_file_wipe) struct child_file going = *file;
    struct family_desk desk = {.tx = tx, .own = &going};
    int result = 0;
    while (going.family_count > 0 && result == 0) {
        struct child_match match;
        result = match_row_open_family(&tx->view, &going.families[0], &match);
        result = result == 0 ? family_drop(&desk, &going, 0, &match) : result;
    }
    for (size_t i = 0; i < file->tie_count && result == 0; i++) {
        result = tie_row_leave(&tx->view, &file->ties[i].key, file);
    }
    family_desk_save(&desk);
    if (result != 0) {
        return result == STORE_NOT_FOUND ? VIEW_DAMAGED : result;
    }
    return kv_fault(tx->view.kv);
}

int families_count_notices(struct store_tx *tx, struct child_file *file, uint64_t *ret_count)
{
    /* Open matches are between children who share a tie; those that ended tell of nobody. */
    CLEANUP(child_file_wipe) struct child_file by_ties = *file;
    struct family_desk desk = {.tx = tx, .own = &by_ties};
    struct family_siblings siblings = {0};
    uint64_t count = 0;
    by_ties.family_count = 0;
    int result = family_siblings_gather(&desk, true, &siblings);
    for (size_t i = 0; i < siblings.count && result == 0; i++) {
        size_t live = siblings.files[i]->live_count;
        count += live > 0 ? live + file->live_count + 1 : 0;
    }
    if (result == 0) {
        *ret_count = count;
    }
    return result;
}

int families_is_institution(struct store_view *view, const struct child_file *file, bool *ret_is)
{
    bool is = false;
    for (size_t i = 0; i < file->tie_count && !is; i++) {
        struct tie_row row;
        int result = tie_row_load(view, &file->ties[i].key, &row);
        if (result != 0) {
            return result == STORE_NOT_FOUND ? VIEW_DAMAGED : result;
        }
        is = row.institution;
    }
    *ret_is = is;
    return 0;
}
