/* SPDX-License-Identifier: EUPL-1.2 */
/* Signals: a professional reports involvement with a child, and ends that. */
#include <errno.h>
#include <string.h>

#include "crypto/secret.h"
#include "proto/child.h"
#include "proto/handlers.h"
#include "store/clock.h"

#define FIELDS(table) .fields = table, .count = ARRAY_LENGTH(table)

/* ---- what comes in ---- */

struct signal_path {
    struct text_input id;
};
static const struct field path_fields[] = {
    {.name = "id",
     .type = FIELD_TEXT,
     .required = true,
     .format = &format_uuid,
     .offset = offsetof(struct signal_path, id),
     .description = "Of the signal."},
};
const struct shape shape_signal_path = {FIELDS(path_fields), .size = sizeof(struct signal_path)};

struct signal_post {
    struct text_input bsn;
    struct text_input element;
    struct integer_input key_id;
    struct text_input professional;
    struct text_input birth_date;
    struct text_input municipality;
    struct text_input reference;
};
static const struct field post_fields[] = {
    {.name = "bsn",
     .type = FIELD_TEXT,
     .secret = true,
     .format = &format_bsn,
     .offset = offsetof(struct signal_post, bsn),
     .description = "Eight or nine digits; a leading zero may be left out. Either this or "
                    "`element`."},
    {.name = "element",
     .type = FIELD_TEXT,
     .secret = true,
     .format = &format_element,
     .offset = offsetof(struct signal_post, element),
     .description = "In blinded mode: the unblinded element."},
    {.name = "keyId",
     .type = FIELD_INTEGER,
     .minimum = 1,
     .maximum = UINT32_MAX,
     .offset = offsetof(struct signal_post, key_id),
     .description = "With `element`: the key it was evaluated under."},
    {.name = "professional",
     .type = FIELD_TEXT,
     .required = true,
     .format = &format_professional_id,
     .offset = offsetof(struct signal_post, professional)},
    {.name = "birthDate",
     .type = FIELD_TEXT,
     .required = true,
     .format = &format_date,
     .offset = offsetof(struct signal_post, birth_date),
     .description = "Not kept: the dates of removal and erasure are reckoned from it."},
    {.name = "municipality",
     .type = FIELD_TEXT,
     .format = &format_municipality,
     .offset = offsetof(struct signal_post, municipality),
     .description = "Under whose agreement it is made (CBS code); may be left out by a party with "
                    "one live agreement."},
    {.name = "reference",
     .type = FIELD_TEXT,
     .minimum = 1,
     .maximum = MODEL_REFERENCE_MAXIMUM,
     .format = &format_reference,
     .offset = offsetof(struct signal_post, reference),
     .description = "The party's own; nobody else ever sees it. May not be a BSN (eight or nine "
                    "digits that pass its test)."},
};
const struct shape shape_signal_post = {
    .name = "SignalRequest", FIELDS(post_fields), .size = sizeof(struct signal_post)};

struct signal_list_query {
    struct paging_input paging;
    struct text_input status;
    struct text_input reference;
};
static const struct format format_status = {.values = view_signal_statuses};
static const struct field list_fields[] = {
    {.name = "status",
     .type = FIELD_TEXT,
     .format = &format_status,
     .offset = offsetof(struct signal_list_query, status),
     .description = "Only signals of this status."},
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

/* ---- posting ---- */

static void check_identity(struct exchange *x, const struct signal_post *in)
{
    if (in->bsn.given && in->element.given) {
        faults_add(&x->faults, "#/element", "Either `bsn` or `element`, not both.");
    } else if (!in->bsn.given && !in->element.given) {
        faults_add(&x->faults, "#/bsn", "Either `bsn` or `element` is required.");
    }
    if (in->element.given && !in->key_id.given) {
        faults_add(&x->faults, "#/keyId", "With `element` this is required.");
    }
    if (!in->element.given && in->key_id.given) {
        faults_add(&x->faults, "#/keyId", "This goes with `element` only.");
    }
    uint32_t current = keyring_current(x->options.api->options.keys, KEYRING_EVALUATION);
    if (in->key_id.valid && in->key_id.value != current) {
        faults_add(&x->faults, "#/keyId", "This key is not in use.");
    }
}

static void check_birth_date(struct exchange *x, const struct signal_post *in)
{
    int32_t day;
    if (in->birth_date.text == NULL ||
        calendar_parse_date(in->birth_date.text, in->birth_date.length, &day) != 0) {
        return;
    }
    int age_limit = x->options.api->options.policy.age_limit;
    if (day > x->today) {
        faults_add(&x->faults, "#/birthDate", "This date lies in the future.");
    } else if (calendar_add_years(day, age_limit) <= x->today) {
        faults_add(&x->faults, "#/birthDate", "The child is older than the index is for.");
    }
}

/* The municipality under whose live agreement it is; 0 when it is not clear which. */
static uint16_t choose_municipality(const struct exchange *x, const struct text_input *given)
{
    uint16_t wanted = 0;
    uint16_t chosen = 0;
    size_t live = 0;
    if (given->text != NULL && municipality_parse(given->text, given->length, &wanted) != 0) {
        return 0;
    }
    for (size_t i = 0; i < x->party.agreement_count; i++) {
        const struct agreement *agreement = &x->party.agreements[i];
        if (caller_agreement_lives(agreement, x->today) &&
            (wanted == 0 || agreement->municipality == wanted)) {
            chosen = agreement->municipality;
            live++;
        }
    }
    return live == 1 ? chosen : 0;
}

void signals_check_post(struct exchange *x)
{
    const struct signal_post *in = x->body;
    check_identity(x, in);
    check_birth_date(x, in);
    if (in->municipality.text == NULL && in->municipality.given) {
        return;
    }
    if (choose_municipality(x, &in->municipality) == 0) {
        faults_add(&x->faults, "#/municipality",
                   in->municipality.given
                       ? "The party has no live agreement with this municipality."
                       : "The party has several agreements: name the municipality.");
    }
}

static const struct exchange_condition post_conditions[] = {
    {STORE_UNKNOWN_PROFESSIONAL, "#/professional", "The party has no professional of this id."},
    {STORE_TOO_MANY, NULL, "There are too many live signals on this child already."},
    {STORE_NO_AGREEMENT, NULL, "The agreement with this municipality has ended."},
    {0},
};

static void write_posted(struct exchange *x, const struct match_view *match)
{
    const struct store_signal_post *post = x->job;
    view_signal(exchange_begin_json(x), &post->signal, true, match);
    if (!exchange_set_json(x, post->created ? 201 : 200)) {
        return;
    }
    if (post->created) {
        char id[UUID_TEXT_SIZE];
        uuid_format(&post->signal.id, id);
        const char *location = arena_print(&x->scratch, "/v1/signals/%s", id);
        http_response_header(&x->response, "Location", location != NULL ? location : "");
    }
}

/* The signal has been made and is in the log, so this is a success whatever comes of the match; the
 * notice of it comes anyway. */
static void answer_without_match(struct exchange *x)
{
    x->response = (struct http_response){0};
    write_posted(x, NULL);
    exchange_finish(x);
}

/* 0; a condition of the store when there is none to be shown, be it that who asked may not see it
 * any more; or a fault. */
static int read_match(struct exchange *x, const struct store_signal_post *post,
                      struct match_view *ret_match)
{
    const char *slug = NULL;
    int r = exchange_ask_again(x, &slug);
    if (r == 0 && (slug != NULL || x->party.number != post->op.party)) {
        r = STORE_NOT_FOUND;
    }
    return r != 0 ? r : store_get_match(x->snapshot, post->op.party, &post->match, ret_match);
}

/* What the answer shows of others is read after the commit, and logged like any other reading. */
static void show_posted(struct exchange *x)
{
    struct store_signal_post *post = x->job;
    struct match_view match;
    x->response = (struct http_response){0};
    int r = read_match(x, post, &match);
    struct log_note *note = exchange_new_memory(x, sizeof(*note));
    if (r < 0 || note == NULL) {
        exchange_fail(x);
        return;
    }
    if (r != 0) {
        answer_without_match(x);
        return;
    }
    write_posted(x, &match);
    if (x->finished) {
        return;
    }
    *note = (struct log_note){.event = LOG_MATCH_READ,
                              .object_kind = LOG_OBJECT_MATCH,
                              .professional = post->professional};
    memcpy(note->object, match.id.bytes, sizeof(match.id.bytes));
    exchange_disclose(x, note, 1);
}

static void posted(struct exchange *x)
{
    struct store_signal_post *post = exchange_new_memory(x, sizeof(*post));
    if (post == NULL) {
        exchange_fail(x);
        return;
    }
    *post = x->work.signal_post;
    post->signal.reference = post->kept_reference;
    x->job = post;
    if (!post->matched) {
        answer_without_match(x);
        return;
    }
    x->again = show_posted;
    x->otherwise = answer_without_match;
    x->attempts = 0;
    show_posted(x);
}

void signals_post(struct exchange *x)
{
    const struct signal_post *in = x->body;
    const struct keyring *keys = x->options.api->options.keys;
    struct store_signal_post *post = &x->work.signal_post;
    if (in->element.given && (x->party.permissions & PARTY_BLINDED) == 0) {
        exchange_refuse(x, "not-permitted", "The party may not use blinded mode.");
        return;
    }
    store_signal_post_init(post);
    int r = in->bsn.text != NULL
                ? child_from_bsn(keys, &in->bsn, &post->element, &post->child)
                : child_from_element(keys, &in->element, &post->element, &post->child);
    r = r != 0 ? r
               : calendar_parse_date(in->birth_date.text, in->birth_date.length, &post->birth_day);
    if (r != 0) {
        exchange_fail(x);
        return;
    }
    post->evaluation_key = keyring_current(keys, KEYRING_EVALUATION);
    post->professional = in->professional.text;
    post->municipality = choose_municipality(x, &in->municipality);
    post->reference = in->reference.text != NULL ? in->reference.text : "";
    exchange_submit(x, posted, post_conditions);
}

/* ---- reading ---- */

void signals_list(struct exchange *x)
{
    const struct signal_list_query *in = x->query;
    struct paging_uuids place;
    if (!paging_read_uuids(x, CURSOR_SIGNALS, &in->paging, &place)) {
        return;
    }
    int status =
        in->status.text != NULL ? format_find_value(view_signal_statuses, in->status.text) : -1;
    struct signal_query query = {
        .status = status >= 0 ? 1u << (status + 1) : 0,
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
    struct paging_uuids next = {.after = page.next,
                                .up_to = paging_bound(&in->paging, &place, &page.last)};
    view_end_list(writer, paging_next_uuids(x, CURSOR_SIGNALS, page.more, &next));
    if (!exchange_set_json(x, 200)) {
        return;
    }
    *note = (struct log_note){.event = LOG_SIGNALS_LISTED, .count = (uint32_t)page.count};
    exchange_disclose(x, note, 1);
}

static struct uuid path_id(const struct exchange *x)
{
    const struct signal_path *in = x->path;
    struct uuid id = {0};
    return uuid_parse(in->id.text, in->id.length, &id) == 0 ? id : (struct uuid){0};
}

void signals_get(struct exchange *x)
{
    struct uuid id = path_id(x);
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

void signals_delete(struct exchange *x)
{
    const struct withdrawal_query *in = x->query;
    struct store_signal_withdraw *withdraw = &x->work.signal_withdraw;
    store_signal_withdraw_init(withdraw);
    withdraw->id = path_id(x);
    withdraw->reason =
        strcmp(in->reason.text, reasons[0]) == 0 ? WITHDRAW_ENDED : WITHDRAW_WRONGFUL;
    exchange_submit(x, exchange_finish_empty, NULL);
}
