/* SPDX-License-Identifier: EUPL-1.2 */
/*
 * The dry run of a quiet loading: how many notices it would send to post signals on all of these
 * children aloud. So many at once, and the answer blurred (proto/suppress.h), so that it cannot be
 * used to look one child up; each of them is an entry in the log, and auditors are told.
 */
#include <errno.h>
#include <string.h>

#include "crypto/bsn.h"
#include "crypto/secret.h"
#include "proto/handlers.h"
#include "proto/suppress.h"
#include "proto/who.h"

#define FIELDS(table) .fields = table, .count = ARRAY_LENGTH(table)
#define ELEMENT_CHARACTERS 43

struct trial_request {
    struct texts_input bsns;
    struct texts_input elements;
    struct integer_input key_id;
    struct text_input municipality;
};
static const struct field request_fields[] = {
    {.name = "bsns",
     .type = FIELD_TEXTS,
     .secret = true,
     .minimum = STORE_TRIAL_MINIMUM,
     .maximum = STORE_TRIAL_MAXIMUM,
     .item_maximum = BSN_DIGITS,
     .format = &format_bsn,
     .offset = offsetof(struct trial_request, bsns),
     .description = "All different. Either this or `elements`."},
    {.name = "elements",
     .type = FIELD_TEXTS,
     .secret = true,
     .minimum = STORE_TRIAL_MINIMUM,
     .maximum = STORE_TRIAL_MAXIMUM,
     .item_maximum = ELEMENT_CHARACTERS,
     .format = &format_element,
     .offset = offsetof(struct trial_request, elements),
     .description = "In blinded mode: unblinded elements, all different."},
    WHO_KEY_ID_FIELD(offsetof(struct trial_request, key_id)),
    {.name = "municipality",
     .type = FIELD_TEXT,
     .format = &format_municipality,
     .offset = offsetof(struct trial_request, municipality),
     .description = "As in a signal."},
};
const struct shape shape_trial_request = {
    .name = "NoticeCountRequest", FIELDS(request_fields), .size = sizeof(struct trial_request)};

static const struct field trial_fields[] = {
    {.name = "signals",
     .type = FIELD_INTEGER,
     .required = true,
     .description = "As many as asked."},
    {.name = "notices",
     .type = FIELD_INTEGER,
     .required = true,
     .description = "That would be sent, in tens: rounded up or down as the index chooses for "
                    "this set of children, party and day, right on average. 0 where fewer than "
                    "10 of the children have a signal, live or archived, of another party."},
};
const struct shape shape_trial = {.name = "NoticeCount", FIELDS(trial_fields)};

/* ---- checks ---- */

/* Whether two spell the same child: a number with and without its leading zero does. */
static bool is_same(const struct text_input *a, const struct text_input *b)
{
    const struct text_input *longer = a->length > b->length ? a : b;
    const struct text_input *shorter = longer == a ? b : a;
    size_t zeros = longer->length - shorter->length;
    return (zeros == 0 || (zeros == 1 && longer->text[0] == '0')) &&
           memcmp(longer->text + zeros, shorter->text, shorter->length) == 0;
}

static void check_distinct(struct exchange *x, const struct texts_input *list, const char *name)
{
    for (size_t i = 1; i < list->seen_count; i++) {
        const struct text_input *item = &list->seen[i];
        for (size_t j = 0; item->text != NULL && j < i; j++) {
            if (list->seen[j].text != NULL && is_same(item, &list->seen[j])) {
                const char *pointer = arena_print(&x->scratch, "#/%s/%zu", name, i);
                faults_add(&x->faults, pointer != NULL ? pointer : "#",
                           "This stands in the list already.");
                break;
            }
        }
    }
}

void trial_check(struct exchange *x)
{
    const struct trial_request *in = x->body;
    if (in->bsns.given && in->elements.given) {
        faults_add(&x->faults, "#/elements", "Either `bsns` or `elements`, not both.");
    } else if (!in->bsns.given && !in->elements.given) {
        faults_add(&x->faults, "#/bsns", "Either `bsns` or `elements` is required.");
    }
    who_check_key(x, in->elements.given, &in->key_id);
    check_distinct(x, &in->bsns, "bsns");
    check_distinct(x, &in->elements, "elements");
    signals_check_municipality(x, &in->municipality);
}

/* ---- running ---- */

static int find_children(const struct exchange *x, const struct trial_request *in,
                         struct child_key *children)
{
    bool blinded = in->elements.items != NULL;
    const struct texts_input *list = blinded ? &in->elements : &in->bsns;
    int r = 0;
    for (size_t i = 0; r == 0 && i < list->count; i++) {
        CLEANUP(who_wipe) struct identity found = {0};
        struct who_input who = {0};
        *(blinded ? &who.element : &who.bsn) = list->items[i];
        r = who_find(x, &who, &found);
        children[i] = found.key;
    }
    return r;
}

static uint64_t blur(const struct exchange *x, const struct store_trial *trial)
{
    const struct keyring *keys = x->options.api->options.keys;
    const struct suppress_question question = {.party = x->party.number,
                                               .day = x->today,
                                               .count = trial->count,
                                               .children = trial->children,
                                               .known = trial->known};
    return suppress_blurred(keyring_find(keys, KEYRING_INDEX, keyring_current(keys, KEYRING_INDEX)),
                            &question, trial->notices);
}

static void counted(struct exchange *x)
{
    const struct store_trial *trial = &x->work.trial;
    struct writer *writer = exchange_begin_json(x);
    writer_begin_object(writer);
    writer_member_unsigned(writer, "signals", trial->count);
    writer_member_unsigned(writer, "notices", blur(x, trial));
    writer_end_object(writer);
    exchange_finish_json(x, 200);
}

void trial_run(struct exchange *x)
{
    const struct trial_request *in = x->body;
    struct store_trial *trial = &x->work.trial;
    size_t count = in->bsns.count + in->elements.count;
    if (in->elements.given && (x->party.permissions & PARTY_BLINDED) == 0) {
        exchange_refuse(x, "not-permitted", "The party may not use blinded mode.");
        return;
    }
    if (!caller_take_evaluations(x, (unsigned)count)) {
        return;
    }
    struct child_key *children = exchange_new_memory(x, count * sizeof(*children));
    if (children == NULL || find_children(x, in, children) != 0) {
        exchange_fail(x);
        return;
    }
    suppress_sort(children, count);
    store_trial_init(trial);
    trial->count = count;
    trial->children = children;
    trial->municipality = signals_choose_municipality(x, &in->municipality);
    static const struct exchange_condition conditions[] = {
        {STORE_NO_AGREEMENT, NULL, "The agreement with this municipality has ended."},
        {0},
    };
    exchange_submit(x, counted, conditions);
}
