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

/* The party whose certificate it is, or the one on whose behalf it asks. */
static bool is_own(const struct exchange *x, const struct log_entry *entry)
{
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
