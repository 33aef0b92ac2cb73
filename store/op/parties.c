/* SPDX-License-Identifier: EUPL-1.2 */
/* What the operator does with parties: admits, changes, suspends, agrees, allows, mandates. */
#include <string.h>

#include "store/base/clock.h"
#include "store/operation.h"
#include "store/party/merge.h"
#include "store/party/parties.h"

static bool given(const char *text)
{
    return text != NULL && text[0] != '\0';
}

static int log_change(struct store_tx *tx, struct store_party_change *change, enum log_event event)
{
    struct log_note note = {.event = event};
    note_object_party(&note, change->number);
    return tx_log_op(tx, &change->op, &note);
}

/* Who is told of what stands out in the log. */
static void put_auditor(struct store_tx *tx, const struct party *party)
{
    struct row_key key = layout_auditor(party->number);
    if ((party->roles & PARTY_AUDITOR) != 0) {
        party_put_organisation(tx, &key, party->number);
    } else {
        kv_delete(tx->view.kv, KV_ORGANISATION, row_key_bytes(&key));
    }
}

static int add_party(struct store_tx *tx, struct store_party_change *change, struct party *none)
{
    uint32_t number;
    (void)none;
    int result = party_find(&tx->view, &change->oin, &number);
    if (result != STORE_NOT_FOUND) {
        return result == 0 ? STORE_EXISTS : result;
    }
    result = 0;
    if (change->own_municipality != 0) {
        result = party_of_municipality(&tx->view, change->own_municipality, &number);
        if (result != 0 || number != 0) {
            return result != 0 ? result : STORE_EXISTS;
        }
    }
    struct party party = {
        .number = ++tx->view.head.parties,
        .oin = change->oin,
        .name = change->name,
        .roles = change->roles,
        .contact = {change->name, "", change->contact_email, change->contact_phone},
        .municipality = change->own_municipality,
    };
    if (given(change->contact_name)) {
        party.contact.name = change->contact_name;
    }
    if (change->agreement.municipality != 0) {
        result = party_set_agreement(tx, &party, &change->agreement);
    }
    struct row_key key = layout_organisation(&party.oin);
    party_put_organisation(tx, &key, party.number);
    if (party.municipality != 0) {
        key = layout_municipality(party.municipality);
        party_put_organisation(tx, &key, party.number);
    }
    put_auditor(tx, &party);
    party_save(tx, &party);
    change->number = party.number;
    return result != 0 ? result : log_change(tx, change, LOG_PARTY_ADDED);
}

/* Which municipality it is from now on. */
static int set_municipality(struct store_tx *tx, struct party *party, uint16_t code)
{
    uint32_t number;
    int result = party_of_municipality(&tx->view, code, &number);
    if (result != 0 || number == party->number) {
        return result;
    }
    if (number != 0 || party->municipality != 0) {
        return STORE_EXISTS;
    }
    party->municipality = code;
    struct row_key key = layout_municipality(code);
    party_put_organisation(tx, &key, party->number);
    return 0;
}

static int change_party(struct store_tx *tx, struct store_party_change *change, struct party *party)
{
    bool known = party->municipality != 0 || change->own_municipality != 0;
    if ((change->roles & PARTY_MUNICIPALITY) != 0 && !known) {
        return STORE_NO_MUNICIPALITY;
    }
    if (change->own_municipality != 0) {
        int result = set_municipality(tx, party, change->own_municipality);
        if (result != 0) {
            return result;
        }
    }
    party->name = change->name != NULL ? change->name : party->name;
    party->roles = change->roles != 0 ? change->roles : party->roles;
    if (change->contact_name != NULL) {
        party->contact.name = change->contact_name;
    }
    if (change->contact_email != NULL) {
        party->contact.email = change->contact_email;
    }
    if (change->contact_phone != NULL) {
        party->contact.phone = change->contact_phone;
    }
    put_auditor(tx, party);
    party_save(tx, party);
    return log_change(tx, change, LOG_PARTY_CHANGED);
}

static int suspend_party(struct store_tx *tx, struct store_party_change *change,
                         struct party *party)
{
    party->suspended = true;
    party_save(tx, party);
    return log_change(tx, change, LOG_PARTY_SUSPENDED);
}

static int resume_party(struct store_tx *tx, struct store_party_change *change, struct party *party)
{
    party->suspended = false;
    party_save(tx, party);
    return log_change(tx, change, LOG_PARTY_RESUMED);
}

static int add_agreement(struct store_tx *tx, struct store_party_change *change,
                         struct party *party)
{
    int result = party_set_agreement(tx, party, &change->agreement);
    if (result != 0) {
        return result;
    }
    party_save(tx, party);
    return log_change(tx, change, LOG_AGREEMENT_ADDED);
}

/* It ends yesterday, so that it is no longer live today; and with it, if it was the last, the
 * party's live signals, in slices. */
static int end_agreement(struct store_tx *tx, struct store_party_change *change,
                         struct party *party)
{
    int32_t today = calendar_dutch_day(tx->now);
    if (!party_has_agreement_with(party, change->agreement.municipality, today)) {
        return STORE_NOT_FOUND;
    }
    struct agreement ended = {change->agreement.municipality, today - 1};
    int result = party_set_agreement(tx, party, &ended);
    if (result != 0) {
        return result;
    }
    party_save(tx, party);
    return log_change(tx, change, LOG_AGREEMENT_ENDED);
}

static int allow_party(struct store_tx *tx, struct store_party_change *change, struct party *party)
{
    party->permissions |= change->permissions;
    party_save(tx, party);
    return log_change(tx, change, LOG_PERMISSION_CHANGED);
}

static int deny_party(struct store_tx *tx, struct store_party_change *change, struct party *party)
{
    party->permissions &= ~change->permissions;
    party_save(tx, party);
    return log_change(tx, change, LOG_PERMISSION_CHANGED);
}

/* A supplier may act for a party until a date; given again, the date is replaced. */
static int mandate_party(struct store_tx *tx, struct store_party_change *change,
                         struct party *supplier)
{
    uint32_t represented;
    uint8_t until[4];
    bool leaving;
    int result = party_find(&tx->view, &change->other, &represented);
    if (result == 0) {
        result = party_merge_is_leaving(&tx->view, represented, &leaving);
    }
    if (result != 0) {
        return result == STORE_NOT_FOUND ? STORE_UNKNOWN_PARTY : result;
    }
    if (leaving || (supplier->roles & PARTY_SUPPLIER) == 0) {
        return leaving ? STORE_IN_USE : STORE_NO_SUPPLIER;
    }
    struct row_key key = layout_party_u32(supplier->number, PARTY_MANDATE_HELD, represented);
    put_be32(until, (uint32_t)change->agreement.until_day);
    kv_put(tx->view.kv, KV_PARTY, row_key_bytes(&key), (struct kv_bytes){until, 4});
    party_save(tx, supplier); /* whoever relied on the old mandate reads again */
    return log_change(tx, change, LOG_MANDATE_ADDED);
}

typedef int party_action_function(struct store_tx *tx, struct store_party_change *change,
                                  struct party *party);

static int run_change(struct store_tx *tx, struct store_op *op)
{
    static party_action_function *const actions[] = {
        [PARTY_ADD] = add_party,
        [PARTY_CHANGE] = change_party,
        [PARTY_SUSPEND] = suspend_party,
        [PARTY_RESUME] = resume_party,
        [PARTY_AGREEMENT_ADD] = add_agreement,
        [PARTY_AGREEMENT_END] = end_agreement,
        [PARTY_ALLOW] = allow_party,
        [PARTY_DENY] = deny_party,
        [PARTY_MANDATE] = mandate_party,
    };
    struct store_party_change *change = CONTAINER_OF(op, struct store_party_change, op);
    struct party party;
    if (change->action < PARTY_ADD || change->action > PARTY_MANDATE) {
        return -EINVAL;
    }
    if (change->action != PARTY_ADD) {
        int result = party_find(&tx->view, &change->oin, &change->number);
        if (result == 0) {
            result = party_load(&tx->view, change->number, &party);
        }
        bool leaving = false;
        if (result == 0) {
            result = party_merge_is_leaving(&tx->view, change->number, &leaving);
        }
        if (result != 0 || leaving) {
            return result == STORE_NOT_FOUND ? STORE_UNKNOWN_PARTY
                   : result != 0             ? result
                                             : STORE_IN_USE;
        }
        tx_touch_party(tx, change->number);
    }
    return actions[change->action](tx, change, &party);
}

void store_party_change_init(struct store_party_change *op)
{
    *op = (struct store_party_change){0};
    /* Suspending must work when nothing else does, and parties are few. */
    operation_init(&op->op, LANE_SPARES, run_change);
}
