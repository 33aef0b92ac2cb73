/* SPDX-License-Identifier: EUPL-1.2 */
/* What the operator does with parties: admits, changes, suspends, agrees, allows, mandates. */
#include <string.h>

#include "store/clock.h"
#include "store/operation.h"
#include "store/parties.h"

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

static void put_due(struct store_tx *tx, const struct row_key *key)
{
    kv_put(tx->view.kv, KV_DUE, row_key_bytes(key), (struct kv_bytes){"", 0});
}

/* The instant at which an agreement has ended: the midnight after its last day. */
static struct row_key agreement_due(uint32_t party, const struct agreement *agreement)
{
    return layout_due_agreement(calendar_dutch_midnight(agreement->until_day + 1), party,
                                agreement->municipality);
}

/* Adds, prolongs or shortens. The party's list is in the arena with room for one more. */
static int set_agreement(struct store_tx *tx, struct party *party,
                         const struct agreement *agreement)
{
    struct agreement *list =
        arena_new(tx->view.arena, (party->agreement_count + 1) * sizeof(*list));
    size_t count = 0;
    if (list == NULL) {
        return -ENOMEM;
    }
    for (size_t i = 0; i < party->agreement_count; i++) {
        if (party->agreements[i].municipality != agreement->municipality) {
            list[count++] = party->agreements[i];
        } else {
            struct row_key old = agreement_due(party->number, &party->agreements[i]);
            kv_delete(tx->view.kv, KV_DUE, row_key_bytes(&old));
        }
    }
    if (count >= MODEL_AGREEMENTS_MAXIMUM) {
        return STORE_TOO_MANY;
    }
    list[count++] = *agreement;
    party->agreements = list;
    party->agreement_count = count;
    struct row_key due = agreement_due(party->number, agreement);
    put_due(tx, &due);
    return 0;
}

static void put_organisation(struct store_tx *tx, const struct row_key *key, uint32_t number)
{
    uint8_t value[4];
    put_be32(value, number);
    kv_put(tx->view.kv, KV_ORGANISATION, row_key_bytes(key), (struct kv_bytes){value, 4});
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
        result = set_agreement(tx, &party, &change->agreement);
    }
    struct row_key key = layout_organisation(&party.oin);
    put_organisation(tx, &key, party.number);
    if (party.municipality != 0) {
        key = layout_municipality(party.municipality);
        put_organisation(tx, &key, party.number);
    }
    party_save(tx, &party);
    change->number = party.number;
    return result != 0 ? result : log_change(tx, change, LOG_PARTY_ADDED);
}

static int change_party(struct store_tx *tx, struct store_party_change *change, struct party *party)
{
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
    int result = set_agreement(tx, party, &change->agreement);
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
    int result = set_agreement(tx, party, &ended);
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
    int result = party_find(&tx->view, &change->other, &represented);
    if (result != 0) {
        return result == STORE_NOT_FOUND ? STORE_UNKNOWN_PARTY : result;
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
        if (result != 0) {
            return result == STORE_NOT_FOUND ? STORE_UNKNOWN_PARTY : result;
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
