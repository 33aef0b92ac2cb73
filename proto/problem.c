/* SPDX-License-Identifier: EUPL-1.2 */
#include "proto/problem.h"

#include <string.h>

#include "store/store.h"

static const struct problem problems[] = {
    {"internal-error", 500, "Internal error",
     "Something went wrong here; the operator has been told.", PROBLEM_METRIC},
    {"certificate-required", 401, "A client certificate is required",
     "Connect with a certificate that this index trusts.", PROBLEM_METRIC},
    {"unknown-party", 403, "Unknown party",
     "The certificate holds no OIN, or one that is not connected to this index.", PROBLEM_LOGGED},
    {"party-suspended", 403, "Party suspended", "The operator has suspended this party.",
     PROBLEM_LOGGED},
    {"agreement-ended", 403, "No live agreement",
     "The party has no live agreement with a municipality.", PROBLEM_LOGGED},
    {"role-missing", 403, "Role missing", "The party does not have the role that this asks for.",
     PROBLEM_LOGGED},
    {"mandate-missing", 403, "Mandate missing",
     "There is no live mandate to act on behalf of that party.", PROBLEM_LOGGED},
    {"not-permitted", 403, "Not permitted", "The party has not been given this permission.",
     PROBLEM_LOGGED},
    {"invalid-request", 400, "Invalid request", "The request is not as it should be.",
     PROBLEM_LOGGED},
    {"not-found", 404, "Not found", "There is nothing here.", PROBLEM_LOGGED},
    {"conflict", 409, "Conflict", "This cannot be done in the present state.", PROBLEM_LOGGED},
    {"method-not-allowed", 405, "Method not allowed", "See the header Allow.", PROBLEM_LOGGED},
    {"not-acceptable", 406, "Not acceptable", "None of the accepted media types can be given here.",
     PROBLEM_LOGGED},
    {"unsupported-media-type", 415, "Unsupported media type",
     "Send application/json, in UTF-8, without a content coding.", PROBLEM_LOGGED},
    {"payload-too-large", 413, "Payload too large", "The body is larger than is accepted here.",
     PROBLEM_LOGGED},
    {"rate-limited", 429, "Too many requests",
     "The limit of this minute is used up; see the header Retry-After.", PROBLEM_COUNTED},
    {"overloaded", 503, "Overloaded", "Try again; see the header Retry-After.", PROBLEM_COUNTED},
    {"storage-full", 507, "Storage full", "There is no room to store this.", PROBLEM_COUNTED},
    /* What only the transport meets. */
    {"request-timeout", 408, "Request timeout", "The request did not arrive in time.",
     PROBLEM_LOGGED},
    {"length-required", 411, "Length required", "A body needs a Content-Length.", PROBLEM_LOGGED},
    {"expectation-failed", 417, "Expectation failed", "The header Expect cannot be met.",
     PROBLEM_LOGGED},
    {"head-too-large", 431, "Request head too large", "The request's head is too large.",
     PROBLEM_LOGGED},
    {"not-implemented", 501, "Not implemented", "This transfer coding is not understood.",
     PROBLEM_LOGGED},
    {"version-not-supported", 505, "HTTP version not supported", "Use HTTP/1.1.", PROBLEM_LOGGED},
};

const struct problem *problem_find(const char *slug)
{
    for (size_t i = 0; i < ARRAY_LENGTH(problems); i++) {
        if (strcmp(problems[i].slug, slug) == 0) {
            return &problems[i];
        }
    }
    return &problems[0];
}

size_t problem_count(void)
{
    return ARRAY_LENGTH(problems);
}

const struct problem *problem_at(size_t i)
{
    return &problems[i];
}

const struct problem *problem_from_condition(int condition)
{
    static const char *const slugs[STORE_CONDITIONS] = {
        [STORE_NOT_FOUND] = "not-found",
        [STORE_STALE] = "overloaded",
        [STORE_OVERLOADED] = "overloaded",
        [STORE_FULL] = "storage-full",
        [STORE_STOPPED] = "overloaded",
        [STORE_EXISTS] = "conflict",
        [STORE_UNKNOWN_PROFESSIONAL] = "invalid-request",
        [STORE_IN_USE] = "conflict",
        [STORE_TOO_MANY] = "conflict",
        [STORE_BEYOND_HEAD] = "invalid-request",
        [STORE_UNKNOWN_PARTY] = "not-found",
        [STORE_NO_AGREEMENT] = "agreement-ended",
        [STORE_ENDED] = "conflict",
        [STORE_TOO_OLD] = "invalid-request",
        [STORE_TOO_OFTEN] = "rate-limited",
        [STORE_NO_MUNICIPALITY] = "invalid-request",
        [STORE_NO_SUPPLIER] = "invalid-request",
    };
    if (condition <= 0 || condition >= STORE_CONDITIONS || slugs[condition] == NULL) {
        return &problems[0];
    }
    return problem_find(slugs[condition]);
}

void faults_add(struct faults *faults, const char *pointer, const char *detail)
{
    if (faults->count < FAULTS_MAXIMUM) {
        faults->items[faults->count++] = (struct fault){.detail = detail, .pointer = pointer};
    }
}

void problem_write(struct writer *writer, const struct problem *problem, const char *detail,
                   const struct faults *faults)
{
    char type[sizeof(PROBLEM_TYPE_PREFIX) + 64];
    size_t prefix = sizeof(PROBLEM_TYPE_PREFIX) - 1;
    size_t length = strlen(problem->slug);
    memcpy(type, PROBLEM_TYPE_PREFIX, prefix);
    memcpy(type + prefix, problem->slug, length + 1);

    writer_begin_object(writer);
    writer_member_text(writer, "type", type);
    writer_member_text(writer, "title", problem->title);
    writer_member_integer(writer, "status", problem->status);
    writer_member_text(writer, "detail", detail != NULL ? detail : problem->detail);
    if (faults != NULL && faults->count > 0) {
        writer_name(writer, "errors");
        writer_begin_list(writer);
        for (size_t i = 0; i < faults->count; i++) {
            writer_begin_object(writer);
            writer_member_text(writer, "detail", faults->items[i].detail);
            writer_member_text(writer, "pointer", faults->items[i].pointer);
            writer_end_object(writer);
        }
        writer_end_list(writer);
    }
    writer_end_object(writer);
}
