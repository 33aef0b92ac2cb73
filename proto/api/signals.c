/* SPDX-License-Identifier: EUPL-1.2 */
/* One's own signals: read, withdrawn, renewed. */
#include <errno.h>
#include <string.h>

#include "proto/handlers.h"
#include "store/base/clock.h"

#define FIELDS(table) .fields = table, .count = ARRAY_LENGTH(table)

/* ---- what comes in ---- */

struct signal_list_query {
    struct paging_input paging;
    struct text_input status;
    struct text_input reference;
};
static const struct format format_status = {.values = view_signal_statuses};
static const struct field list_fields[] = {
    STATUS_FIELD(struct signal_list_query, format_status),
    {.name = "reference",
     .type = FIELD_TEXT,
     .minimum = 1,
     .maximum = MODEL_REFERENCE_MAXIMUM,
     .format = &format_text,
     .offset = offsetof(struct signal_list_query, reference),
     .description = "Only signals with this reference of one's own."},
    PAGING_FIELDS(struct signal_list_query),
};
const struct shape shape_signal_query = {FIELDS(list_fields),
                                         .size = sizeof(struct signal_list_query)};

struct withdrawal_query {
    struct text_input reason;
};
static const char *const reasons[] = {"ended", "wrongful", NULL};
static const struct format format_reason = {.values = reasons};
static const struct field withdrawal_fields[] = {
    {.name = "reason",
     .type = FIELD_TEXT,
     .required = true,
     .format = &format_reason,
     .offset = offsetof(struct withdrawal_query, reason),
     .description = "`ended` keeps it in the archive; `wrongful` erases it and retracts its "
                    "notices."},
};
const struct shape shape_signal_withdrawal = {FIELDS(withdrawal_fields),
                                              .size = sizeof(struct withdrawal_query)};

struct renewal {
    struct text_input birth_date;
};
static const struct field renewal_fields[] = {
    {.name = "birthDate",
     .type = FIELD_TEXT,
     .required = true,
     .format = &format_date,
     .offset = offsetof(struct renewal, birth_date),
     .description = "Not kept, as when it was posted."},
};
const struct shape shape_signal_renewal = {
    .name = "SignalRenewal", FIELDS(renewal_fields), .size = sizeof(struct renewal)};

/* ---- reading ---- */

void signals_list(struct exchange *x)
{
    const struct signal_list_query *in = x->query;
    struct paging_uuids place;
    if (!paging_read_uuids(x, CURSOR_SIGNALS, &in->paging, &place)) {
        return;
    }
    struct signal_query query = {
        .status = paging_status(&in->status, view_signal_statuses),
        .reference = in->reference.text,
        .after = place.after,
        .up_to = place.up_to,
        .limit = paging_limit(&in->paging),
    };
    struct signal_page page;
    struct log_note *note = exchange_new_memory(x, sizeof(*note));
    int r = store_list_signals(x->snapshot, x->party.number, &query, &page);
    if (r != 0 || note == NULL) {
        exchange_refuse_result(x, note == NULL ? -ENOMEM : r);
        return;
    }
    struct writer *writer = exchange_begin_json(x);
    view_begin_list(writer, "signals");
    for (size_t i = 0; i < page.count; i++) {
        view_signal(writer, &page.signals[i], false, NULL);
    }
    struct paging_end end = {page.more, page.next, page.last};
    paging_end_uuids(x, CURSOR_SIGNALS, &in->paging, &place, &end);
    if (!exchange_set_json(x, 200)) {
        return;
    }
    *note = (struct log_note){.event = LOG_SIGNALS_LISTED, .count = (uint32_t)page.count};
    exchange_disclose(x, note, 1);
}

void signals_get(struct exchange *x)
{
    struct uuid id = path_uuid(x);
    struct signal signal;
    struct log_note *note = exchange_new_memory(x, sizeof(*note));
    int r = store_get_signal(x->snapshot, x->party.number, &id, &signal);
    if (r != 0 || note == NULL) {
        exchange_refuse_result(x, note == NULL ? -ENOMEM : r);
        return;
    }
    view_signal(exchange_begin_json(x), &signal, false, NULL);
    if (!exchange_set_json(x, 200)) {
        return;
    }
    *note = (struct log_note){.event = LOG_SIGNAL_READ,
                              .object_kind = LOG_OBJECT_SIGNAL,
                              .professional = signal.professional};
    memcpy(note->object, id.bytes, sizeof(id.bytes));
    exchange_disclose(x, note, 1);
}

/* ---- the end, or a new beginning ---- */

void signals_delete(struct exchange *x)
{
    const struct withdrawal_query *in = x->query;
    struct store_signal_withdraw *withdraw = &x->work.signal_withdraw;
    store_signal_withdraw_init(withdraw);
    withdraw->id = path_uuid(x);
    withdraw->reason =
        strcmp(in->reason.text, reasons[0]) == 0 ? WITHDRAW_ENDED : WITHDRAW_WRONGFUL;
    exchange_submit(x, exchange_finish_empty, NULL);
}

void signals_check_renew(struct exchange *x)
{
    const struct renewal *in = x->body;
    int32_t day;
    if (in->birth_date.text == NULL ||
        calendar_parse_date(in->birth_date.text, in->birth_date.length, &day) != 0) {
        return; /* among the faults */
    }
    if (day > x->today) {
        faults_add(&x->faults, "#/birthDate", "This date lies in the future.");
    } else {
        signals_check_age(x, day, "#/birthDate");
    }
}

static void renewed(struct exchange *x)
{
    view_signal(exchange_begin_json(x), &x->work.signal_renew.signal, false, NULL);
    exchange_finish_json(x, 200);
}

void signals_renew(struct exchange *x)
{
    const struct renewal *in = x->body;
    struct store_signal_renew *renew = &x->work.signal_renew;
    store_signal_renew_init(renew);
    renew->id = path_uuid(x);
    if (calendar_parse_date(in->birth_date.text, in->birth_date.length, &renew->birth_day) != 0) {
        exchange_fail(x); /* the table of fields has let through what it should not */
        return;
    }
    static const struct exchange_condition conditions[] = {
        {STORE_ENDED, NULL, "The signal is in the archive: post a new one."},
        {STORE_TOO_OLD, "#/birthDate", "The child is older than the index is for."},
        {0},
    };
    exchange_submit(x, renewed, conditions);
}
