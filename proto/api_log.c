/* SPDX-License-Identifier: EUPL-1.2 */
/* The access log, for auditors; each of these readings is an entry in it. */
#include <errno.h>
#include <string.h>

#include "crypto/secret.h"
#include "proto/child.h"
#include "proto/handlers.h"
#include "store/clock.h"

#define FIELDS(table) .fields = table, .count = ARRAY_LENGTH(table)
#define INDEX_MAXIMUM INT64_C(999999999999999999)
#define INDEX_DIGITS 18
#define OUTCOME_DONE "done"

/* ---- what comes in ---- */

struct log_list_query {
    struct paging_input paging;
    struct text_input from;
    struct text_input to;
    struct text_input party;
    struct text_input event;
    struct text_input outcome;
    struct integer_input from_index;
};
static const struct field list_fields[] = {
    {.name = "from",
     .type = FIELD_TEXT,
     .format = &format_timestamp,
     .offset = offsetof(struct log_list_query, from),
     .description = "Logged at this time or later."},
    {.name = "to",
     .type = FIELD_TEXT,
     .format = &format_timestamp,
     .offset = offsetof(struct log_list_query, to),
     .description = "Logged before this time."},
    {.name = "party",
     .type = FIELD_TEXT,
     .format = &format_oin,
     .offset = offsetof(struct log_list_query, party),
     .description = "OIN of the acting or the represented party."},
    {.name = "event",
     .type = FIELD_TEXT,
     .format = &format_event,
     .offset = offsetof(struct log_list_query, event),
     .description = "The record's `name`."},
    {.name = "outcome",
     .type = FIELD_TEXT,
     .format = &format_outcome,
     .offset = offsetof(struct log_list_query, outcome),
     .description = "`done`, or the last part of a problem type."},
    {.name = "fromIndex",
     .type = FIELD_INTEGER,
     .maximum = INDEX_MAXIMUM,
     .offset = offsetof(struct log_list_query, from_index),
     .description = "Oldest first, from this index on; without it, newest first."},
    PAGING_FIELDS(struct log_list_query),
};
const struct shape shape_log_query = {FIELDS(list_fields), .size = sizeof(struct log_list_query)};

struct log_search_request {
    struct text_input bsn;
    struct text_input case_reference;
    struct paging_input paging;
};
static const struct field search_fields[] = {
    {.name = "bsn",
     .type = FIELD_TEXT,
     .required = true,
     .secret = true,
     .format = &format_bsn,
     .offset = offsetof(struct log_search_request, bsn)},
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
    .name = "LogSearch", FIELDS(search_fields), .size = sizeof(struct log_search_request)};

struct log_path {
    struct text_input index;
};
static const struct format format_index = {.pattern = "^[0-9]+$"};
static const struct field path_fields[] = {
    {.name = "index",
     .type = FIELD_TEXT,
     .required = true,
     .minimum = 1,
     .maximum = INDEX_DIGITS,
     .format = &format_index,
     .offset = offsetof(struct log_path, index),
     .description = "Of the entry, from 0."},
};
const struct shape shape_log_path = {FIELDS(path_fields), .size = sizeof(struct log_path)};

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

#define CURSOR_SIZE 17 /* next, bound, direction */

static bool read_cursor(struct exchange *x, const struct paging_input *paging,
                        struct log_query *query)
{
    uint8_t payload[CURSOR_SIZE];
    size_t size;
    query->limit = paging_limit(paging);
    if (paging->cursor.text == NULL) {
        query->bound = store_log_size(x->snapshot);
        return true;
    }
    if (cursor_decode(CURSOR_LOG, paging->cursor.text, paging->cursor.length, CURSOR_SIZE,
                      CURSOR_SIZE, payload, &size) != 0 ||
        payload[16] > 1) {
        paging_refuse_cursor(x);
        return false;
    }
    query->start = get_be64(payload);
    query->bound = get_be64(payload + 8);
    query->oldest_first = payload[16] == 1;
    return true;
}

static const char *next_cursor(struct exchange *x, const struct log_query *query,
                               const struct log_page *page)
{
    uint8_t payload[CURSOR_SIZE];
    put_be64(payload, page->next);
    put_be64(payload + 8, query->bound);
    payload[16] = query->oldest_first;
    return page->more ? cursor_encode(&x->scratch, CURSOR_LOG, payload, sizeof(payload)) : NULL;
}

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
    view_end_list(writer, next_cursor(x, query, &page));
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

void log_list(struct exchange *x)
{
    const struct log_list_query *in = x->query;
    struct log_query query = {.start = UINT64_MAX, .from = INT64_MIN, .to = INT64_MAX};
    if (in->from_index.valid) {
        query.oldest_first = true;
        query.start = (uint64_t)in->from_index.value;
    }
    if (!read_cursor(x, &in->paging, &query)) {
        return;
    }
    if (parse_bound(&in->from, &query.from) != 0 || parse_bound(&in->to, &query.to) != 0 ||
        (in->party.text != NULL &&
         oin_parse(in->party.text, in->party.length, &query.party) != 0)) {
        exchange_fail(x); /* the tables of fields have let through what they should not */
        return;
    }
    query.event = in->event.text != NULL ? accesslog_event_from_name(in->event.text) : 0;
    query.outcome = in->outcome.text;
    if (query.outcome != NULL && strcmp(query.outcome, OUTCOME_DONE) == 0) {
        query.outcome = "";
    }
    struct log_note note = {.event = LOG_LOG_READ};
    show_page(x, &query, &note);
}

void log_search(struct exchange *x)
{
    const struct log_search_request *in = x->body;
    struct log_query query = {
        .start = UINT64_MAX, .from = INT64_MIN, .to = INT64_MAX, .has_subject = true};
    struct oprf_element element;
    if (!read_cursor(x, &in->paging, &query)) {
        return;
    }
    if (child_from_bsn(x->options.api->options.keys, &in->bsn, &element, &query.subject) != 0) {
        exchange_fail(x);
        return;
    }
    secret_wipe(&element, sizeof(element));
    struct log_note note = {
        .event = LOG_LOG_SEARCHED,
        .has_subject = true,
        .subject = query.subject,
        .case_reference = in->case_reference.text,
    };
    show_page(x, &query, &note);
    secret_wipe(&query.subject, sizeof(query.subject));
    secret_wipe(&note.subject, sizeof(note.subject));
}

/* ---- proofs ---- */

static bool parse_index(const struct text_input *in, uint64_t *ret_index)
{
    uint64_t index = 0;
    for (size_t i = 0; i < in->length; i++) {
        if (in->text[i] < '0' || in->text[i] > '9') {
            return false;
        }
        index = index * 10 + (uint64_t)(in->text[i] - '0');
    }
    *ret_index = index;
    return in->length == 1 || in->text[0] != '0';
}

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
    const struct log_path *path = x->path;
    const struct proof_query *in = x->query;
    uint64_t present = store_log_size(x->snapshot);
    uint64_t index;
    if (!parse_index(&path->index, &index) || index >= present) {
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

/* For every party, or the holder of a receipt could not see that the log was forked. */
void log_checkpoint(struct exchange *x)
{
    const char *note;
    int r = store_get_checkpoint(x->snapshot, &note);
    if (r != 0) {
        exchange_refuse_result(x, r);
        return;
    }
    exchange_set_text(x, 200, "text/plain; charset=utf-8", note, strlen(note));
    exchange_finish(x);
}
