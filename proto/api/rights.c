/* SPDX-License-Identifier: EUPL-1.2 */
/*
 * The rights of the youth (Jeugdwet 7.1.2.2(3), 7.1.5), which a municipality carries out: access
 * to all that is held under it, and erasure.
 */
#include <errno.h>
#include <string.h>

#include "crypto/secret.h"
#include "proto/handlers.h"
#include "proto/pack.h"
#include "proto/receipt.h"
#include "proto/who.h"
#include "store/base/clock.h"

#define FIELDS(table) .fields = table, .count = ARRAY_LENGTH(table)
#define GROUND_MAXIMUM 100

/* Ages from which the youth asks together with, and without, the legal representative. */
#define AGE_TOGETHER 12
#define AGE_ALONE 16

/* A case may be told to auditors: its name may not be a number. */
#define CASE_REFERENCE_FIELD(type_)                                                                \
    {                                                                                              \
        .name = "caseReference", .type = FIELD_TEXT, .required = true, .minimum = 1,               \
        .maximum = MODEL_REFERENCE_MAXIMUM, .format = &format_reference,                           \
        .offset = offsetof(type_, case_reference),                                                 \
        .description = "Stands in the log. May not be a BSN."                                      \
    }

/* ---- access: what comes in ---- */

struct access_input {
    struct who_input who;
    struct text_input birth_date;
    struct text_input requested_by;
    struct text_input case_reference;
};
static const char *const requesters[] = {"youth", "representative", "both", NULL};
static const struct format format_requester = {.values = requesters};
static const struct field access_fields[] = {
    WHO_BSN_FIELD(struct access_input),
    WHO_PERSON_FIELD(struct access_input),
    {.name = "birthDate",
     .type = FIELD_TEXT,
     .format = &format_date,
     .offset = offsetof(struct access_input, birth_date),
     .description = "Not kept: says who may ask. Required, but with `person`, which has it."},
    {.name = "requestedBy",
     .type = FIELD_TEXT,
     .required = true,
     .format = &format_requester,
     .offset = offsetof(struct access_input, requested_by),
     .description = "Under 12 the representative, from 12 to 15 both, from 16 the youth."},
    CASE_REFERENCE_FIELD(struct access_input),
};
const struct shape shape_access_request = {
    .name = "AccessRequest", FIELDS(access_fields), .size = sizeof(struct access_input)};

static const char *find_requester(int32_t birth_day, int32_t today)
{
    if (calendar_add_years(birth_day, AGE_ALONE) <= today) {
        return requesters[0];
    }
    return calendar_add_years(birth_day, AGE_TOGETHER) <= today ? requesters[2] : requesters[1];
}

void rights_check_access(struct exchange *x)
{
    const struct access_input *in = x->body;
    int32_t birth_day;
    who_check(x, &in->who, false);
    if (who_check_birth_date(x, &in->who, &in->birth_date, &birth_day) == 0 &&
        in->requested_by.text != NULL &&
        strcmp(in->requested_by.text, find_requester(birth_day, x->today)) != 0) {
        faults_add(&x->faults, "#/requestedBy",
                   "Under 12 the representative asks, from 12 to 15 both, from 16 the youth.");
    }
}

/* ---- access: what comes out ---- */

/* What is read before the request is logged, and what was logged. */
struct access_job {
    struct child_key child;
    struct access_pack access;
    uint64_t log_index;
    bool held;
};

static int read_rest(struct exchange *x, const struct access_job *job, struct pack *pack)
{
    struct log_entry entry;
    size_t size;
    int r = receipt_make(x->snapshot, &x->scratch, job->log_index, &pack->receipt, &size);
    r = r != 0 ? r : store_get_log_entry(x->snapshot, job->log_index, &entry);
    if (r != 0) {
        return r;
    }
    pack->requested_at = entry.logged_at;
    pack->told.complete = true;
    if (!job->held) {
        return 0;
    }
    pack->access = job->access;
    if (job->access.signal_count == 0 && !job->access.registry_data) {
        /* What was not there cannot be relied upon: it has come in between. */
        r = store_read_pack(x->snapshot, x->party.number, &job->child, &pack->access);
    }
    return r != 0 ? r
                  : told_read(x->options.api->options.store, &x->scratch, &x->party, &job->child,
                              &pack->access, &pack->told);
}

static void answer(struct exchange *x, const struct pack *pack)
{
    if (x->produced == x->match.route->produces) {
        pack_write_json(exchange_begin_json(x), pack);
        exchange_finish_json(x, 200);
        return;
    }
    const char *text;
    size_t size;
    if (pack_write_text(&x->scratch, pack, &text, &size) != 0) {
        exchange_fail(x);
        return;
    }
    exchange_set_text(x, 200, PACK_TEXT_MEDIA, text, size);
    exchange_finish(x);
}

/* The request is in the log, with how much is held, so the answer needs no entry of its own. */
static void show_access(struct exchange *x)
{
    struct access_job *job = x->job;
    const char *slug = NULL;
    int r = exchange_ask_again(x, &slug);
    if (r == 0 && slug != NULL) {
        exchange_refuse(x, slug, NULL);
        return;
    }
    struct pack pack = {.log_index = job->log_index, .municipality = &x->party, .held = job->held};
    r = r != 0 ? r : read_rest(x, job, &pack);
    secret_wipe(&job->child, sizeof(job->child));
    if (r != 0) {
        exchange_refuse_result(x, r);
        return;
    }
    answer(x, &pack);
}

static void access_logged(struct exchange *x)
{
    struct access_job *job = x->job;
    job->log_index = x->work.access_request.op.log_index;
    job->held = x->work.access_request.held > 0;
    show_access(x);
}

/*
 * What is held is read first, and logging the request relies on it: the entry and the pack say the
 * same. Who was told what is read after, so that the request itself is in it.
 */
void rights_access(struct exchange *x)
{
    const struct access_input *in = x->body;
    struct store_access_request *request = &x->work.access_request;
    CLEANUP(who_wipe) struct identity child = {0};
    struct access_job *job = exchange_new_memory(x, sizeof(*job));
    if (job == NULL || who_find(x, &in->who, &child) != 0) {
        exchange_fail(x);
        return;
    }
    job->child = child.key;
    int r = store_read_pack(x->snapshot, x->party.number, &child.key, &job->access);
    if (r != 0) {
        exchange_refuse_result(x, r);
        return;
    }
    x->job = job;
    store_access_request_init(request);
    request->child = child.key;
    request->case_reference = in->case_reference.text;
    static const struct exchange_condition conditions[] = {
        {STORE_TOO_OFTEN, NULL,
         "The access requests of this day are used up; see the header Retry-After."},
        {0},
    };
    exchange_submit(x, access_logged, conditions);
}

/* ---- erasure ---- */

struct erasure_input {
    struct who_input who;
    struct text_input scope;
    struct text_input ground;
    struct text_input case_reference;
};
static const char *const scopes[] = {"archive", "all", NULL};
static const struct format format_scope = {.values = scopes};
static const struct field erasure_fields[] = {
    WHO_BSN_FIELD(struct erasure_input),
    WHO_PERSON_FIELD(struct erasure_input),
    {.name = "scope",
     .type = FIELD_TEXT,
     .required = true,
     .format = &format_scope,
     .offset = offsetof(struct erasure_input, scope),
     .description = "What has ended, or everything; of signals made under this municipality."},
    {.name = "ground",
     .type = FIELD_TEXT,
     .required = true,
     .minimum = 1,
     .maximum = GROUND_MAXIMUM,
     .format = &format_ground,
     .offset = offsetof(struct erasure_input, ground),
     .description = "Stands in the log. No BSN may stand in it."},
    CASE_REFERENCE_FIELD(struct erasure_input),
};
const struct shape shape_erasure_request = {
    .name = "ErasureRequest", FIELDS(erasure_fields), .size = sizeof(struct erasure_input)};

static const struct field erased_fields[] = {
    {.name = "erasedSignals", .type = FIELD_INTEGER, .required = true},
};
const struct shape shape_erasure = {.name = "Erasure", FIELDS(erased_fields)};

void rights_check_erasure(struct exchange *x)
{
    const struct erasure_input *in = x->body;
    who_check(x, &in->who, false);
    who_check_person(x, &in->who);
}

static void erased(struct exchange *x)
{
    struct writer *writer = exchange_begin_json(x);
    writer_begin_object(writer);
    writer_member_unsigned(writer, "erasedSignals", x->work.erasure.erased);
    writer_end_object(writer);
    exchange_finish_json(x, 200);
}

void rights_erase(struct exchange *x)
{
    const struct erasure_input *in = x->body;
    struct store_erasure *erasure = &x->work.erasure;
    CLEANUP(who_wipe) struct identity child = {0};
    if (who_find(x, &in->who, &child) != 0) {
        exchange_fail(x);
        return;
    }
    store_erasure_init(erasure);
    erasure->child = child.key;
    erasure->archive_only = strcmp(in->scope.text, scopes[0]) == 0;
    erasure->ground = in->ground.text;
    erasure->case_reference = in->case_reference.text;
    exchange_submit(x, erased, NULL);
}
