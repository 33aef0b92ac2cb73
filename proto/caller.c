/* SPDX-License-Identifier: EUPL-1.2 */
/*
 * Who asks, and whether it may: certificate, party, mandate, limit, agreement, role, permission.
 * Every refusal has its own slug.
 */
#include <string.h>

#include "proto/exchange.h"
#include "store/base/clock.h"

bool caller_agreement_lives(const struct agreement *agreement, int32_t today)
{
    return agreement->until_day >= today;
}

/* Takes a request from the window once, however often it is attempted. */
static int take_request(struct exchange *x, const char **ret_slug)
{
    if (x->limited[LIMIT_REQUESTS]) {
        return 0;
    }
    uint32_t number = x->known ? x->party.number : 0;
    int r = limits_take(x->options.api->limits, number, LIMIT_REQUESTS, 1, x->now,
                        &x->limits[LIMIT_REQUESTS]);
    if (r < 0) {
        return r;
    }
    x->limited[LIMIT_REQUESTS] = true;
    if (r == LIMITS_EXCEEDED) {
        *ret_slug = "rate-limited";
    }
    return 0;
}

bool caller_take_evaluations(struct exchange *x, unsigned amount)
{
    if (x->limited[LIMIT_EVALUATIONS]) {
        return true;
    }
    int r = limits_take(x->options.api->limits, x->party.number, LIMIT_EVALUATIONS, amount, x->now,
                        &x->limits[LIMIT_EVALUATIONS]);
    if (r < 0) {
        exchange_fail(x);
        return false;
    }
    x->limited[LIMIT_EVALUATIONS] = true;
    if (r == LIMITS_EXCEEDED) {
        exchange_refuse(x, "rate-limited", "The evaluations of this minute are used up.");
        return false;
    }
    return true;
}

/* Makes x->party the one on whose behalf it is asked. Both must be live, and so must the
 * mandate; which of them is not is nobody's business. */
static int represent(struct exchange *x, const char *text, const char **ret_slug)
{
    static const char refusal[] = "mandate-missing";
    struct oin oin;
    if (oin_parse(text, strlen(text), &oin) != 0) {
        faults_add(&x->faults, "#/On-Behalf-Of", "The header On-Behalf-Of must be an OIN.");
        *ret_slug = "invalid-request";
        return 0;
    }
    if (strcmp(oin.text, x->by.party.text) == 0) {
        return 0;
    }
    x->by.on_behalf_of = oin;
    struct party represented;
    int r = store_find_party(x->snapshot, &oin, &represented);
    if (r != 0) {
        *ret_slug = refusal;
        return r < 0 ? r : 0;
    }
    struct mandate mandate;
    r = store_get_mandate(x->snapshot, x->party.number, represented.number, &mandate);
    if (r < 0) {
        return r;
    }
    if (r != 0 || mandate.until_day < x->today || represented.suspended ||
        (x->party.roles & PARTY_SUPPLIER) == 0) {
        *ret_slug = refusal;
        return 0;
    }
    x->party = represented;
    return 0;
}

static const char *find_on_behalf_of(struct exchange *x, const char **ret_slug)
{
    const char *value = NULL;
    for (size_t i = 0; i < x->request.header_count; i++) {
        if (http_is_named(&x->request.headers[i], "on-behalf-of")) {
            if (value != NULL) {
                faults_add(&x->faults, "#/On-Behalf-Of",
                           "The header On-Behalf-Of may stand here once.");
                *ret_slug = "invalid-request";
            }
            value = x->request.headers[i].value;
        }
    }
    return value;
}

static int identify_party(struct exchange *x, const char **ret_slug)
{
    int r = x->by.party.text[0] != '\0' ? store_find_party(x->snapshot, &x->by.party, &x->party)
                                        : STORE_NOT_FOUND;
    if (r < 0) {
        return r;
    }
    x->known = r == 0;
    x->connected = x->known ? x->party.number : 0;
    const char *slug = NULL;
    const char *on_behalf_of = NULL;
    if (!x->known) {
        slug = "unknown-party";
    } else if (x->party.suspended) {
        slug = "party-suspended";
    } else {
        on_behalf_of = find_on_behalf_of(x, &slug);
    }
    if (slug == NULL && on_behalf_of != NULL) {
        r = represent(x, on_behalf_of, &slug);
        if (r < 0) {
            return r;
        }
    }
    const char *limit_slug = NULL;
    r = take_request(x, &limit_slug);
    if (r == 0 && (limit_slug != NULL || slug != NULL)) {
        *ret_slug = limit_slug != NULL ? limit_slug : slug;
    }
    return r;
}

int caller_identify(struct exchange *x, const char **ret_slug)
{
    const struct caller *caller = &x->options.caller;
    x->by = (struct attribution){0};
    x->by.operation = x->match.route != NULL ? x->match.route->operation : NULL;
    x->known = false;
    (void)negotiate_trace(&x->request, &x->by);
    if (x->options.face == API_CONTROL) {
        if (caller->kind != CALLER_OPERATOR) {
            *ret_slug = "certificate-required";
            return 0;
        }
        x->by.is_operator = true;
        x->by.operator_uid = caller->uid;
        return 0;
    }
    if (caller->kind != CALLER_CERTIFICATE) {
        if (x->match.route == NULL || x->match.route->standing != ROUTE_OPEN) {
            *ret_slug = "certificate-required";
        }
        return 0;
    }
    x->by.party = caller->oin;
    x->by.has_certificate = true;
    memcpy(x->by.certificate, caller->fingerprint, sizeof(x->by.certificate));
    return identify_party(x, ret_slug);
}

/*
 * Who reports, or acts for a child in another way, does so under an agreement (Jeugdwet 7.1.1.2).
 * A party that only audits or supplies may have none, but if it has some, one must be live.
 */
static bool has_standing(const struct exchange *x)
{
    for (size_t i = 0; i < x->party.agreement_count; i++) {
        if (caller_agreement_lives(&x->party.agreements[i], x->today)) {
            return true;
        }
    }
    return x->party.agreement_count == 0 && (x->party.roles & PARTY_REPORTER) == 0;
}

const char *caller_refuse_route(const struct exchange *x, const struct route *route)
{
    if (route->standing == ROUTE_OPEN || route->standing == ROUTE_OPERATOR) {
        return NULL;
    }
    if (route->standing == ROUTE_AGREED && !has_standing(x)) {
        return "agreement-ended";
    }
    unsigned roles = x->party.roles;
    if (x->party.municipality == 0) {
        roles &= ~(unsigned)PARTY_MUNICIPALITY; /* it is not known of which */
    }
    if (route->roles != 0 && (roles & route->roles) == 0) {
        return "role-missing";
    }
    if ((x->party.permissions & route->permission) != route->permission) {
        return "not-permitted";
    }
    return NULL;
}
