/* SPDX-License-Identifier: EUPL-1.2 */
/*
 * How what the store knows is written as JSON. Each writer stands beside the table of its fields,
 * which is what the OpenAPI document says of it.
 */
#ifndef PROTO_VIEWS_H
#define PROTO_VIEWS_H

#include "proto/shape.h"
#include "proto/writer.h"
#include "store/store.h"

extern const struct shape shape_signal;
extern const struct shape shape_signal_posted; /* with `match` */
extern const struct shape shape_signal_list;
extern const struct shape shape_professional;
extern const struct shape shape_professional_list;
extern const struct shape shape_match;
extern const struct shape shape_match_list;
extern const struct shape shape_organisation;
extern const struct shape shape_contact;
extern const struct shape shape_involved;
extern const struct shape shape_own_signal;
extern const struct shape shape_log_entry;
extern const struct shape shape_log_entry_list;
extern const struct shape shape_party_self;
extern const struct shape shape_party;
extern const struct shape shape_party_list;
extern const struct shape shape_problem;
extern const struct shape shape_fault;

extern const char *const view_roles[];           /* in the order of the bits; NULL-terminated */
extern const char *const view_permissions[];     /* likewise */
extern const char *const view_signal_statuses[]; /* [status - 1] */
extern const char *const view_match_statuses[];
extern const char *const view_match_kinds[];

/* `match` is written when `with_match`; then NULL is null. */
void view_signal(struct writer *writer, const struct signal *signal, bool with_match,
                 const struct match_view *match);
void view_professional(struct writer *writer, const struct professional *professional);
void view_match(struct writer *writer, const struct match_view *match);
/* The members `ownSignal` or `ownSignals`, and `involved`. */
void view_own_signal(struct writer *writer, const struct own_signal *own);
void view_involved(struct writer *writer, const struct match_view *match);
/* The members `organisation`; and with it `professional`. */
void view_organisation(struct writer *writer, const struct oin *oin, const char *name);
void view_involved_members(struct writer *writer, const struct involved *involved);
void view_log_entry(struct writer *writer, const struct log_entry *entry);

struct view_limits {
    unsigned requests_per_minute;
    unsigned evaluations_per_minute;
};
void view_party_self(struct writer *writer, const struct party *party,
                     const struct mandate *mandates, size_t mandate_count, int32_t today,
                     const struct view_limits *limits);
void view_party(struct writer *writer, const struct party *party, const struct mandate *mandates,
                size_t mandate_count, int32_t today);

/* Begins {"<plural>":[ and ends ],"next":…}. */
void view_begin_list(struct writer *writer, const char *plural);
void view_end_list(struct writer *writer, const char *next);

#endif
