/* SPDX-License-Identifier: EUPL-1.2 */
/*
 * Receipts, for whoever acted and whoever was acted for: what one has done, or was told, can be
 * proved without the index later on. On whom it was is not in a receipt.
 */
#include <string.h>

#include "proto/handlers.h"
#include "proto/receipt.h"

static bool is_party(const struct oin *of_entry, const struct oin *asking)
{
    return asking->text[0] != '\0' && strcmp(of_entry->text, asking->text) == 0;
}

/*
 * What a party itself said or was told. What followed from it bears its name in the log too, and is
 * not for it to know: what became of others' signals by an event of the register, which must not
 * tell it whether a child is known, or that somebody was seen to peek.
 */
static const bool is_said_or_told[LOG_EVENTS] = {
    [LOG_SIGNAL_POSTED] = true,        [LOG_SIGNAL_REPEATED] = true,
    [LOG_SIGNAL_WITHDRAWN] = true,     [LOG_SIGNAL_RETRACTED] = true,
    [LOG_SIGNAL_READ] = true,          [LOG_SIGNALS_LISTED] = true,
    [LOG_SIGNAL_RENEWED] = true,       [LOG_SIGNAL_TRANSFERRED] = true,
    [LOG_SIGNALS_TRANSFERRED] = true,  [LOG_PROFESSIONAL_CHANGED] = true,
    [LOG_PROFESSIONAL_DELETED] = true, [LOG_MATCH_READ] = true,
    [LOG_CONTACT_CONFIRMED] = true,    [LOG_NOTICE_OFFERED] = true,
    [LOG_NOTICE_ACKNOWLEDGED] = true,  [LOG_PSEUDONYMS_EVALUATED] = true,
    [LOG_NOTICES_COUNTED] = true,      [LOG_LOG_READ] = true,
    [LOG_LOG_SEARCHED] = true,         [LOG_LOG_PROVED] = true,
    [LOG_REQUEST_REFUSED] = true,      [LOG_REFUSALS_COUNTED] = true,
    [LOG_PERSON_DIED] = true,          [LOG_PERSON_MOVED] = true,
    [LOG_BSN_REPLACED] = true,         [LOG_BSN_ASSIGNED] = true,
    [LOG_RELATIONS_CHANGED] = true,    [LOG_ACCESS_REQUESTED] = true,
    [LOG_ERASURE_MADE] = true,         [LOG_STATISTICS_READ] = true,
};

/* The party whose certificate it is, or the one on whose behalf it asks. */
static bool is_own(const struct exchange *x, const struct log_entry *entry)
{
    if (!is_said_or_told[entry->event]) {
        return false;
    }
    const struct oin *asking[] = {&x->by.party, &x->by.on_behalf_of};
    for (size_t i = 0; i < ARRAY_LENGTH(asking); i++) {
        if (is_party(&entry->party, asking[i]) || is_party(&entry->on_behalf_of, asking[i])) {
            return true;
        }
    }
    return false;
}

/* False: the exchange has ended. Somebody else's entry is as one that does not exist. */
static bool find_entry(struct exchange *x, uint64_t *ret_index)
{
    struct log_entry entry;
    uint64_t index;
    int r =
        path_index(x, &index) ? store_get_log_entry(x->snapshot, index, &entry) : STORE_NOT_FOUND;
    if (r == 0 && entry.destroyed) {
        exchange_refuse(x, "not-found",
                        "The record was destroyed when the term for keeping it had ended "
                        "(log_years); its place in the tree is still there.");
        return false;
    }
    if (r == 0 && !is_own(x, &entry)) {
        r = STORE_NOT_FOUND;
    }
    if (r != 0) {
        exchange_refuse_result(x, r);
        return false;
    }
    *ret_index = index;
    return true;
}

void receipts_get(struct exchange *x)
{
    const char *text;
    size_t size;
    uint64_t index = 0;
    if (!find_entry(x, &index)) {
        return;
    }
    const char *disposition = arena_print(&x->scratch, "attachment; filename=\"%llu.tlog-proof\"",
                                          (unsigned long long)index);
    struct log_note *note = exchange_new_memory(x, sizeof(*note));
    if (disposition == NULL || note == NULL) {
        exchange_fail(x);
        return;
    }
    int r = receipt_make(x->snapshot, &x->scratch, index, &text, &size);
    if (r != 0) {
        exchange_refuse_result(x, r);
        return;
    }
    exchange_set_text(x, 200, RECEIPT_MEDIA, text, size);
    http_response_header(&x->response, "Content-Disposition", disposition);
    *note = (struct log_note){.event = LOG_LOG_PROVED, .object_kind = LOG_OBJECT_ENTRY};
    put_be64(note->object, index);
    exchange_disclose(x, note, 1);
}
