/* SPDX-License-Identifier: EUPL-1.2 */
/* The access log, for auditors; each of these readings is an entry in it. */
#include <errno.h>
#include <string.h>

#include "crypto/secret.h"
#include "proto/handlers.h"
#include "proto/who.h"
#include "store/base/clock.h"

#define FIELDS(table) .fields = table, .count = ARRAY_LENGTH(table)
#define INDEX_MAXIMUM INT64_C(999999999999999999)
#define OUTCOME_DONE "done"

/* ---- what comes in ---- */

struct filter_input {
    struct text_input from;
    struct text_input to;
    struct text_input party;
    struct text_input event;
    struct text_input outcome;
    struct text_input trace_id;
};

#define FILTER_FIELD(type_, name_, member_, format_, description_)                                 \
    {                                                                                              \
        .name = name_, .type = FIELD_TEXT, .format = &format_,                                     \
        .offset = offsetof(type_, filter.member_), .description = description_                     \
    }
#define FILTER_FIELDS(type_)                                                                       \
    FILTER_FIELD(type_, "from", from, format_timestamp, "Logged at this time or later."),          \
        FILTER_FIELD(type_, "to", to, format_timestamp, "Logged before this time."),               \
        FILTER_FIELD(type_, "party", party, format_oin,                                            \
                     "OIN of the acting or the represented party."),                               \
        FILTER_FIELD(type_, "event", event, format_event, "The record's `name`."),                 \
        FILTER_FIELD(type_, "outcome", outcome, format_outcome,                                    \
                     "`done`, or the last part of a problem type."),                               \
        FILTER_FIELD(type_, "traceId", trace_id, format_trace_id, "The record's `trace_id`.")

struct log_list_query {
    struct paging_input paging;
    struct filter_input filter;
    struct integer_input from_index;
};
static const struct field list_fields[] = {
    FILTER_FIELDS(struct log_list_query),
    {.name = "fromIndex",
     .type = FIELD_INTEGER,
     .maximum = INDEX_MAXIMUM,
     .offset = offsetof(struct log_list_query, from_index),
     .description = "Oldest first, from this index on; without it, newest first."},
    PAGING_FIELDS(struct log_list_query),
};
const struct shape shape_log_query = {FIELDS(list_fields), .size = sizeof(struct log_list_query)};

struct log_search_request {
    struct who_input who;
    struct filter_input filter;
    struct text_input professional;
    struct text_input case_reference;
    struct paging_input paging;
};
static const struct field search_fields[] = {
    WHO_BSN_FIELD(struct log_search_request),
    {.name = "element",
     .type = FIELD_TEXT,
     .secret = true,
     .format = &format_element,
     .offset = offsetof(struct log_search_request, who.element),
     .description = "In place of `bsn`, with its `keyId`: an element of blinded mode."},
    WHO_KEY_ID_FIELD(offsetof(struct log_search_request, who.key_id)),
    WHO_PERSON_FIELD(struct log_search_request),
    FILTER_FIELDS(struct log_search_request),
    {.name = "professional",
     .type = FIELD_TEXT,
     .format = &format_professional_id,
     .offset = offsetof(struct log_search_request, professional),
     .description = "With `party`: its own id of a professional."},
    {.name = "caseReference",
     .type = FIELD_TEXT,
     .required = true,
     .minimum = 1,
     .maximum = MODEL_REFERENCE_MAXIMUM,
     .format = &format_reference,
     .offset = offsetof(struct log_search_request, case_reference),
     .description = "Why it is asked; stands in the log. May not be a BSN."},
    PAGING_FIELDS(struct log_search_request),
};
const struct shape shape_log_search = {
    .name = "LogSearch",
    FIELDS(search_fields),
    .size = sizeof(struct log_search_request),
    .description = "Entries that meet all that is given; at least one thing besides the case "
                   "reference."};

struct proof_query {
    struct integer_input tree_size;
};
static const struct field proof_query_fields[] = {
    {.name = "treeSize",
     .type = FIELD_INTEGER,
     .minimum = 1,
     .maximum = INDEX_MAXIMUM,
     .offset = offsetof(struct proof_query, tree_size),
     .description = "In the tree of so many entries; when left out, in the present one."},
};
const struct shape shape_proof_query = {FIELDS(proof_query_fields),
                                        .size = sizeof(struct proof_query)};

static const struct field proof_fields[] = {
    {.name = "index", .type = FIELD_INTEGER, .required = true},
    {.name = "treeSize", .type = FIELD_INTEGER, .required = true},
    {.name = "leafHash", .type = FIELD_TEXT, .required = true, .format = &format_base64},
    {.name = "proof",
     .type = FIELD_TEXTS,
     .required = true,
     .format = &format_base64,
     .description = "Inclusion proof, RFC 6962 section 2.1.1."},
    {.name = "checkpoint",
     .type = FIELD_TEXT,
     .required = true,
     .nullable = true,
     .description = "The signed head (C2SP tlog-checkpoint) when it is of this tree."},
};
const struct shape shape_proof = {.name = "LogProof", FIELDS(proof_fields)};

/* ---- lists ---- */

/* `note` says what was asked; how many were shown is added here. */
static void show_page(struct exchange *x, const struct log_query *query,
                      const struct log_note *described)
{
    struct log_page page;
    struct log_note *note = exchange_new_memory(x, sizeof(*note));
    int r = store_read_log(x->snapshot, query, &page);
    if (r != 0 || note == NULL) {
        exchange_refuse_result(x, note == NULL ? -ENOMEM : r);
        return;
    }
    struct writer *writer = exchange_begin_json(x);
    view_begin_list(writer, "logEntries");
    for (size_t i = 0; i < page.count; i++) {
        view_log_entry(writer, &page.entries[i]);
    }
    view_end_list(writer, paging_log_cursor(x, CURSOR_LOG, query, &page));
    if (!exchange_set_json(x, 200)) {
        return;
    }
    *note = *described;
    note->count = (uint32_t)page.count;
    exchange_disclose(x, note, 1);
}

static int parse_bound(const struct text_input *in, int64_t *instant)
{
    return in->text != NULL ? calendar_parse_timestamp(in->text, in->length, instant) : 0;
}

/* What passed the checks of the fields can be read, or these let through what they should not. */
static int read_filter(const struct filter_input *in, struct log_query *query)
{
    int r = parse_bound(&in->from, &query->from);
    if (r == 0) {
        r = parse_bound(&in->to, &query->to);
    }
    if (r == 0 && in->party.text != NULL) {
        r = oin_parse(in->party.text, in->party.length, &query->party);
    }
    if (r == 0 && in->trace_id.text != NULL) {
        query->has_trace = true;
        r = secret_from_hex(in->trace_id.text, in->trace_id.length, query->trace_id,
                            sizeof(query->trace_id));
    }
    query->event = in->event.text != NULL ? accesslog_event_from_name(in->event.text) : 0;
    query->outcome = in->outcome.text;
    if (query->outcome != NULL && strcmp(query->outcome, OUTCOME_DONE) == 0) {
        query->outcome = "";
    }
    return r;
}

void log_list(struct exchange *x)
{
    const struct log_list_query *in = x->query;
    struct log_query query = {.start = UINT64_MAX, .from = INT64_MIN, .to = INT64_MAX};
    if (in->from_index.valid) {
        query.oldest_first = true;
        query.start = (uint64_t)in->from_index.value;
    }
    if (!paging_read_log(x, CURSOR_LOG, &in->paging, &query)) {
        return;
    }
    if (read_filter(&in->filter, &query) != 0) {
        exchange_fail(x);
        return;
    }
    struct log_note note = {.event = LOG_LOG_READ};
    show_page(x, &query, &note);
}

static bool names_child(const struct who_input *who)
{
    return who->bsn.given || who->element.given || who->person.object.given;
}

void log_check_search(struct exchange *x)
{
    const struct log_search_request *in = x->body;
    const struct filter_input *filter = &in->filter;
    if (names_child(&in->who)) {
        who_check(x, &in->who, true);
        who_check_person(x, &in->who);
    } else {
        who_check_key(x, false, &in->who.key_id);
    }
    if (in->professional.given && !filter->party.given) {
        faults_add(&x->faults, "#/professional", "This goes with `party` only: it is its own id.");
    }
    if (!names_child(&in->who) && !in->professional.given && !filter->party.given &&
        !filter->event.given && !filter->outcome.given && !filter->from.given &&
        !filter->to.given && !filter->trace_id.given) {
        faults_add(&x->faults, "#", "Give at least one thing to search by.");
    }
}

void log_search(struct exchange *x)
{
    const struct log_search_request *in = x->body;
    struct log_query query = {.start = UINT64_MAX, .from = INT64_MIN, .to = INT64_MAX};
    CLEANUP(who_wipe) struct identity child = {0};
    if (!paging_read_log(x, CURSOR_LOG, &in->paging, &query)) {
        return;
    }
    query.has_subject = names_child(&in->who);
    query.professional = in->professional.text;
    if (read_filter(&in->filter, &query) != 0 ||
        (query.has_subject && who_find(x, &in->who, &child) != 0)) {
        exchange_fail(x);
        return;
    }
    query.subject = child.key;
    struct log_note note = {
        .event = LOG_LOG_SEARCHED,
        .has_subject = query.has_subject,
        .subject = child.key,
        .case_reference = in->case_reference.text,
    };
    show_page(x, &query, &note);
    secret_wipe(&query.subject, sizeof(query.subject));
    secret_wipe(&note.subject, sizeof(note.subject));
}

/* ---- proofs ---- */

static void write_proof(struct exchange *x, uint64_t index, uint64_t size,
                        const struct log_entry *entry, const struct merkle_proof *proof,
                        const char *checkpoint)
{
    struct merkle_hash leaf;
    merkle_leaf(entry->commitment, sizeof(entry->commitment), &leaf);
    struct writer *writer = exchange_begin_json(x);
    writer_begin_object(writer);
    writer_member_unsigned(writer, "index", index);
    writer_member_unsigned(writer, "treeSize", size);
    writer_name(writer, "leafHash");
    writer_base64(writer, leaf.bytes, sizeof(leaf.bytes));
    writer_name(writer, "proof");
    writer_begin_list(writer);
    for (size_t i = 0; i < proof->count; i++) {
        writer_base64(writer, proof->hashes[i].bytes, sizeof(proof->hashes[i].bytes));
    }
    writer_end_list(writer);
    writer_member_text(writer, "checkpoint", checkpoint);
    writer_end_object(writer);
}

void log_prove(struct exchange *x)
{
    const struct proof_query *in = x->query;
    uint64_t present = store_log_size(x->snapshot);
    uint64_t index;
    if (!path_index(x, &index) || index >= present) {
        exchange_refuse(x, "not-found", NULL);
        return;
    }
    uint64_t size = in->tree_size.valid ? (uint64_t)in->tree_size.value : present;
    if (size > present || size <= index) {
        exchange_refuse_fault(x, "#/treeSize", "There is no such tree, or not with this entry.");
        return;
    }
    struct log_entry entry;
    struct log_note *note = exchange_new_memory(x, sizeof(*note));
    struct merkle_proof *proof = exchange_new_memory(x, sizeof(*proof));
    const char *checkpoint = NULL;
    int r = note != NULL && proof != NULL ? 0 : -ENOMEM;
    r = r != 0 ? r : store_get_log_entry(x->snapshot, index, &entry);
    r = r != 0 ? r : store_prove_entry(x->snapshot, index, size, proof);
    if (r == 0 && size == present) {
        r = store_get_checkpoint(x->snapshot, &checkpoint);
    }
    if (r != 0) {
        exchange_refuse_result(x, r);
        return;
    }
    write_proof(x, index, size, &entry, proof, checkpoint);
    if (!exchange_set_json(x, 200)) {
        return;
    }
    *note = (struct log_note){.event = LOG_LOG_PROVED, .object_kind = LOG_OBJECT_ENTRY};
    put_be64(note->object, index);
    exchange_disclose(x, note, 1);
}
