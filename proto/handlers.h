/* SPDX-License-Identifier: EUPL-1.2 */
/* What stands in the table of routes: tables of what comes in, and what is run. */
#ifndef PROTO_HANDLERS_H
#define PROTO_HANDLERS_H

#include "proto/cursor.h"
#include "proto/event.h"
#include "proto/exchange.h"
#include "proto/views.h"

typedef void handler(struct exchange *exchange);

/* api/signals.c */
extern const struct shape shape_signal_query, shape_signal_withdrawal, shape_signal_renewal;
handler signals_list, signals_get, signals_delete, signals_check_renew, signals_renew;

/* api/signal_post.c */
extern const struct shape shape_signal_post;
handler signals_check_post, signals_post;
/* The municipality under whose live agreement it is; 0 when it is not clear which. */
uint16_t signals_choose_municipality(const struct exchange *x, const struct text_input *given);
void signals_check_municipality(struct exchange *x, const struct text_input *given);
/* A birth date with which the child has reached the age limit is among the faults. */
void signals_check_age(struct exchange *x, int32_t birth_day, const char *pointer);

/* api/trial.c */
extern const struct shape shape_trial_request, shape_trial;
handler trial_check, trial_run;

/* api/professionals.c */
extern const struct shape shape_professional_path, shape_professional_new_path,
    shape_professional_query, shape_professional_put, shape_transfer, shape_transferred;
handler professionals_put, professionals_get, professionals_list, professionals_delete,
    professionals_transfer;

/* api/matches.c */
extern const struct shape shape_match_query, shape_contact_confirmation;
handler matches_list, matches_get, matches_confirm;

/* api/notices.c */
extern const struct shape shape_notice_query, shape_notice_page, shape_acknowledgement;
handler notices_list, notices_acknowledge;

/* api/pseudonyms.c */
extern const struct shape shape_pseudonym_key, shape_evaluation_request, shape_evaluation;
handler pseudonyms_key, pseudonyms_evaluate;

/* api/log.c */
extern const struct shape shape_log_query, shape_log_search, shape_proof_query, shape_proof;
handler log_list, log_check_search, log_search, log_prove;

/* api/page.c */
extern const struct shape shape_page_path;
handler page_get, page_get_file;

/* api/activities.c */
extern const struct shape shape_activities_request, shape_activity_list;
handler activities_check, activities_search;

/* api/tlog.c */
handler tlog_checkpoint, tlog_witnessed_checkpoint, tlog_tile, tlog_entries;

/* api/receipts.c */
handler receipts_get;

/* api/person_events.c */
extern const struct shape shape_person_event;
handler person_events_check, person_events_post;

/* api/rights.c */
extern const struct shape shape_access_request, shape_erasure_request, shape_erasure;
handler rights_check_access, rights_access, rights_check_erasure, rights_erase;

/* api/statistics.c */
extern const struct shape shape_statistics_query, shape_statistics;
handler statistics_get;

/* api/party.c */
handler party_self, openapi_get;

/* api/control.c */
extern const struct shape shape_status, shape_clock_advance, shape_clock;
handler control_status, control_reload, control_clock_advance;

/* api/control_long.c */
extern const struct shape shape_backup, shape_backup_made, shape_wind_down, shape_wound_down,
    shape_epoch_turned;
handler control_backup, control_wind_down, control_turn_epoch;

/* api/control_party.c */
extern const struct shape shape_party_add, shape_party_change, shape_party_query, shape_party_path,
    shape_party_permission, shape_agreement_path, shape_agreement_put, shape_mandate_path,
    shape_mandate_put, shape_party_merge;
handler control_party_check_add, control_party_add, control_party_list, control_party_get,
    control_party_change, control_party_suspend, control_party_resume, control_party_allow,
    control_party_deny, control_party_merge, control_agreement_put, control_agreement_end,
    control_mandate_put;

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

/* Of one thing by its UUID. */
extern const struct shape shape_uuid_path;
struct uuid path_uuid(const struct exchange *x);
/* Of an entry of the log, by its `index` or `logIndex`. False: what is there is none. */
extern const struct shape shape_index_path, shape_log_index_path;
bool path_index(const struct exchange *x, uint64_t *ret_index) MUST_CHECK;

/* A filter beside them: `values` are in the order of the status, from 1. */
#define STATUS_FIELD(type_, format_)                                                               \
    {                                                                                              \
        .name = "status", .type = FIELD_TEXT, .format = &format_,                                  \
        .offset = offsetof(type_, status), .description = "Only those of this status."             \
    }
/* As a bit; 0: all. */
unsigned paging_status(const struct text_input *status, const char *const *values);

/* Where a list in order of UUID goes on. */
struct paging_uuids {
    struct uuid after;
    struct uuid up_to;
};
/* From the cursor, or from the beginning. False: the exchange has ended. */
bool paging_read_uuids(struct exchange *exchange, enum cursor_kind kind,
                       const struct paging_input *paging,
                       struct paging_uuids *ret_place) MUST_CHECK;
/* What the store says of where a page ended. */
struct paging_end {
    bool more;
    struct uuid next;
    struct uuid last; /* the newest that there is */
};
/* Ends the list with the cursor of the next page, or none. Its upper bound is this page's, or that
 * of the present on the first. */
void paging_end_uuids(struct exchange *exchange, enum cursor_kind kind,
                      const struct paging_input *paging, const struct paging_uuids *place,
                      const struct paging_end *end);
void paging_refuse_cursor(struct exchange *exchange);
/* A page of the log: limit, and from a cursor where it goes on, in which direction, and the bound
 * that the first page had. `query` says beforehand where a first page begins. False: the exchange
 * has ended. */
bool paging_read_log(struct exchange *exchange, enum cursor_kind kind,
                     const struct paging_input *paging, struct log_query *query) MUST_CHECK;
/* The cursor of the page after; NULL: there is none. */
const char *paging_log_cursor(struct exchange *exchange, enum cursor_kind kind,
                              const struct log_query *query, const struct log_page *page);

#endif
