/* SPDX-License-Identifier: EUPL-1.2 */
/* A professional reports involvement with a child. */
#include <errno.h>
#include <string.h>

#include "proto/handlers.h"
#include "proto/who.h"
#include "store/base/clock.h"

#define FIELDS(table) .fields = table, .count = ARRAY_LENGTH(table)

struct signal_post {
    struct who_input who;
    struct text_input professional;
    struct text_input birth_date;
    struct text_input municipality;
    struct text_input reference;
    struct boolean_input quiet;
};
static const struct field post_fields[] = {
    WHO_BSN_FIELD(struct signal_post),
    {.name = "element",
     .type = FIELD_TEXT,
     .secret = true,
     .format = &format_element,
     .offset = offsetof(struct signal_post, who.element),
     .description = "In blinded mode: the unblinded element, in place of `bsn`."},
    WHO_KEY_ID_FIELD(offsetof(struct signal_post, who.key_id)),
    WHO_PERSON_FIELD(struct signal_post),
    {.name = "professional",
     .type = FIELD_TEXT,
     .required = true,
     .format = &format_professional_id,
     .offset = offsetof(struct signal_post, professional)},
    {.name = "birthDate",
     .type = FIELD_TEXT,
     .format = &format_date,
     .offset = offsetof(struct signal_post, birth_date),
     .description = "Not kept: the dates of removal and erasure are reckoned from it. Required, "
                    "but with `person`, which has it."},
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
    {.name = "quiet",
     .type = FIELD_BOOLEAN,
     .offset = offsetof(struct signal_post, quiet),
     .description = "Forms matches and sends no notices; needs the permission quiet."},
};
const struct shape shape_signal_post = {
    .name = "SignalRequest", FIELDS(post_fields), .size = sizeof(struct signal_post)};

/* ---- checks ---- */

void signals_check_age(struct exchange *x, int32_t birth_day, const char *pointer)
{
    if (calendar_add_years(birth_day, x->options.api->options.policy.age_limit) <= x->today) {
        faults_add(&x->faults, pointer, "The child is older than the index is for.");
    }
}

uint16_t signals_choose_municipality(const struct exchange *x, const struct text_input *given)
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

void signals_check_municipality(struct exchange *x, const struct text_input *given)
{
    bool faulty = given->given && given->text == NULL; /* among the faults already */
    if (!faulty && signals_choose_municipality(x, given) == 0) {
        faults_add(&x->faults, "#/municipality",
                   given->given ? "The party has no live agreement with this municipality."
                                : "The party has several agreements: name the municipality.");
    }
}

void signals_check_post(struct exchange *x)
{
    const struct signal_post *in = x->body;
    int32_t birth_day;
    who_check(x, &in->who, true);
    if (who_check_birth_date(x, &in->who, &in->birth_date, &birth_day) == 0) {
        signals_check_age(x, birth_day, who_birth_date_pointer(&in->birth_date));
    }
    signals_check_municipality(x, &in->municipality);
}

/* ---- the answer ---- */

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

/* ---- posting ---- */

static const char *refuse_permission(const struct exchange *x, const struct signal_post *in)
{
    if (in->who.element.given && (x->party.permissions & PARTY_BLINDED) == 0) {
        return "The party may not use blinded mode.";
    }
    if (in->quiet.value && (x->party.permissions & PARTY_QUIET) == 0) {
        return "The party may not signal quietly.";
    }
    return NULL;
}

void signals_post(struct exchange *x)
{
    const struct signal_post *in = x->body;
    struct store_signal_post *post = &x->work.signal_post;
    CLEANUP(who_wipe) struct identity child = {0};
    const char *refusal = refuse_permission(x, in);
    if (refusal != NULL) {
        exchange_refuse(x, "not-permitted", refusal);
        return;
    }
    store_signal_post_init(post);
    if (who_find(x, &in->who, &child) != 0 ||
        who_read_birth_date(&in->who, &in->birth_date, &post->birth_day) != 0) {
        exchange_fail(x);
        return;
    }
    post->child = child.key;
    post->element = child.element;
    post->evaluation_key = keyring_current(x->options.api->options.keys, KEYRING_EVALUATION);
    post->professional = in->professional.text;
    post->municipality = signals_choose_municipality(x, &in->municipality);
    post->reference = in->reference.text != NULL ? in->reference.text : "";
    post->quiet = in->quiet.value;
    static const struct exchange_condition conditions[] = {
        {STORE_UNKNOWN_PROFESSIONAL, "#/professional", "The party has no professional of this id."},
        {STORE_TOO_MANY, NULL, "There are too many live signals on this child already."},
        {STORE_NO_AGREEMENT, NULL, "The agreement with this municipality has ended."},
        {0},
    };
    exchange_submit(x, posted, conditions);
}
