/* SPDX-License-Identifier: EUPL-1.2 */
/* What stands in the table of routes: tables of what comes in, and what is run. */
#ifndef PROTO_HANDLERS_H
#define PROTO_HANDLERS_H

#include "proto/cursor.h"
#include "proto/event.h"
#include "proto/exchange.h"
#include "proto/views.h"

typedef void handler(struct exchange *exchange);

/* api_signals.c */
extern const struct shape shape_signal_path, shape_signal_post, shape_signal_query,
    shape_signal_withdrawal;
handler signals_check_post, signals_post, signals_list, signals_get, signals_delete;

/* api_professionals.c */
extern const struct shape shape_professional_path, shape_professional_new_path,
    shape_professional_query, shape_professional_put;
handler professionals_put, professionals_get, professionals_list, professionals_delete;

/* api_matches.c */
extern const struct shape shape_match_path, shape_match_query;
handler matches_list, matches_get;

/* api_notices.c */
extern const struct shape shape_notice_query, shape_notice_page, shape_acknowledgement;
handler notices_list, notices_acknowledge;

/* api_pseudonyms.c */
extern const struct shape shape_pseudonym_key, shape_evaluation_request, shape_evaluation;
handler pseudonyms_key, pseudonyms_evaluate;

/* api_log.c */
extern const struct shape shape_log_query, shape_log_search, shape_log_path, shape_proof_query,
    shape_proof;
handler log_list, log_search, log_prove, log_checkpoint;

/* api_party.c */
handler party_self, openapi_get;

/* api_control.c */
extern const struct shape shape_status, shape_backup, shape_backup_made, shape_clock_advance,
    shape_clock;
handler control_status, control_reload, control_backup, control_clock_advance;

/* api_control_party.c */
extern const struct shape shape_party_add, shape_party_change, shape_party_query, shape_party_path,
    shape_party_permission, shape_agreement_path, shape_agreement_put, shape_mandate_path,
    shape_mandate_put;
handler control_party_check_add, control_party_add, control_party_list, control_party_get,
    control_party_change, control_party_suspend, control_party_resume, control_party_allow,
    control_party_deny, control_agreement_put, control_agreement_end, control_mandate_put;

/*
 * Paging, common to all lists (paging.c): the parameters `cursor` and `limit`, and for lists in
 * order of id where they go on.
 */
struct paging_input {
    struct text_input cursor;
    struct integer_input limit;
};
#define PAGING_FIELDS(type_)                                                                       \
    {.name = "cursor",                                                                             \
     .type = FIELD_TEXT,                                                                           \
     .minimum = 1,                                                                                 \
     .maximum = CURSOR_TEXT_MAXIMUM,                                                               \
     .format = &format_cursor,                                                                     \
     .offset = offsetof(type_, paging.cursor),                                                     \
     .description = "The `next` of the page before."},                                             \
    {                                                                                              \
        .name = "limit", .type = FIELD_INTEGER, .minimum = 1, .maximum = MODEL_PAGE_MAXIMUM,       \
        .offset = offsetof(type_, paging.limit),                                                   \
        .description = "At most so many; 100 when left out."                                       \
    }

size_t paging_limit(const struct paging_input *paging);

/* Where a list in order of UUID goes on. */
struct paging_uuids {
    struct uuid after;
    struct uuid up_to;
};
/* From the cursor, or from the beginning. False: the exchange has ended. */
bool paging_read_uuids(struct exchange *exchange, enum cursor_kind kind,
                       const struct paging_input *paging,
                       struct paging_uuids *ret_place) MUST_CHECK;
/* The upper bound of the pages that follow: the cursor's, or on the first page the present; `last`
 * is the store's own. */
struct uuid paging_bound(const struct paging_input *paging, const struct paging_uuids *place,
                         const struct uuid *last);
/* The cursor of the next page, or NULL at the end. */
const char *paging_next_uuids(struct exchange *exchange, enum cursor_kind kind, bool more,
                              const struct paging_uuids *next);
void paging_refuse_cursor(struct exchange *exchange);

#endif
