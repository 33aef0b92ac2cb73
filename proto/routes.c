/* SPDX-License-Identifier: EUPL-1.2 */
#include "proto/routes.h"

#include <stdio.h>
#include <string.h>

#include "proto/handlers.h"
#include "proto/pack.h"
#include "proto/page.h"
#include "proto/receipt.h"

#define JSON "application/json"
#define NOTE "text/plain; charset=utf-8"
#define BYTES "application/octet-stream"
#define SMALL_BODY 4096
#define LARGE_BODY 16384
#define ONE(status_, description_, shape_) .answers = {{status_, description_, shape_}}
#define NOTHING .answers = {{204, "Done.", NULL}}
#define EVERYBODY_TOLD (PARTY_REPORTER | PARTY_MUNICIPALITY)
#define EVERY_INBOX (EVERYBODY_TOLD | PARTY_AUDITOR)

static const struct route routes[] = {
    /* Signals */
    {API_PUBLIC, HTTP_POST, "/v1/signals", "postSignal", "signals",
     "Signal involvement with a child", ROUTE_AGREED, PARTY_REPORTER, .body = &shape_signal_post,
     .body_maximum = SMALL_BODY, .produces = JSON,
     .answers = {{201, "The signal was made.", &shape_signal_posted},
                 {200, "This professional had signalled this child already.",
                  &shape_signal_posted}},
     .conflicts = true, .check = signals_check_post, .run = signals_post},
    {API_PUBLIC, HTTP_GET, "/v1/signals", "listSignals", "signals", "One's own signals",
     ROUTE_AGREED, PARTY_REPORTER, .query = &shape_signal_query, .produces = JSON,
     ONE(200, "A page, oldest first.", &shape_signal_list), .run = signals_list},
    {API_PUBLIC, HTTP_POST, "/v1/signals/_count-notices", "countNotices", "signals",
     "How many notices it would send to signal all of these children", ROUTE_AGREED, PARTY_REPORTER,
     PARTY_QUIET, .body = &shape_trial_request, .body_maximum = LARGE_BODY, .produces = JSON,
     ONE(200, "Rounded.", &shape_trial), .check = trial_check, .run = trial_run},
    {API_PUBLIC, HTTP_GET, "/v1/signals/{id}", "getSignal", "signals", "One of one's own signals",
     ROUTE_AGREED, PARTY_REPORTER, .path = &shape_uuid_path, .produces = JSON,
     ONE(200, "The signal.", &shape_signal), .run = signals_get},
    {API_PUBLIC, HTTP_DELETE, "/v1/signals/{id}", "withdrawSignal", "signals", "Withdraw a signal",
     ROUTE_AGREED, PARTY_REPORTER, .path = &shape_uuid_path, .query = &shape_signal_withdrawal,
     NOTHING, .run = signals_delete},
    {API_PUBLIC, HTTP_POST, "/v1/signals/{id}/_renew", "renewSignal", "signals",
     "Report the involvement anew", ROUTE_AGREED, PARTY_REPORTER, .path = &shape_uuid_path,
     .body = &shape_signal_renewal, .body_maximum = SMALL_BODY, .produces = JSON,
     ONE(200, "The signal, with its new dates.", &shape_signal), .conflicts = true,
     .check = signals_check_renew, .run = signals_renew},
    /* Professionals */
    {API_PUBLIC, HTTP_GET, "/v1/professionals", "listProfessionals", "professionals",
     "One's own professionals", ROUTE_AGREED, PARTY_REPORTER, .query = &shape_professional_query,
     .produces = JSON,
     ONE(200, "A page, in the order in which they were added.", &shape_professional_list),
     .run = professionals_list},
    {API_PUBLIC, HTTP_PUT, "/v1/professionals/{id}", "putProfessional", "professionals",
     "Add or change a professional", ROUTE_AGREED, PARTY_REPORTER,
     .path = &shape_professional_new_path, .body = &shape_professional_put,
     .body_maximum = LARGE_BODY, .produces = JSON,
     .answers = {{201, "The professional was added.", &shape_professional},
                 {200, "The professional was changed.", &shape_professional}},
     .conflicts = true, .run = professionals_put},
    {API_PUBLIC, HTTP_GET, "/v1/professionals/{id}", "getProfessional", "professionals",
     "One professional", ROUTE_AGREED, PARTY_REPORTER, .path = &shape_professional_path,
     .produces = JSON, ONE(200, "The professional.", &shape_professional),
     .run = professionals_get},
    {API_PUBLIC, HTTP_DELETE, "/v1/professionals/{id}", "deleteProfessional", "professionals",
     "Delete a professional without signals", ROUTE_AGREED, PARTY_REPORTER,
     .path = &shape_professional_path, NOTHING, .conflicts = true, .run = professionals_delete},
    {API_PUBLIC, HTTP_POST, "/v1/professionals/{id}/_transfer", "transferSignals", "professionals",
     "Give all live signals of one who leaves to a colleague", ROUTE_AGREED, PARTY_REPORTER,
     .path = &shape_professional_path, .body = &shape_transfer, .body_maximum = SMALL_BODY,
     .produces = JSON, ONE(200, "How many.", &shape_transferred), .run = professionals_transfer},
    /* Matches */
    {API_PUBLIC, HTTP_GET, "/v1/matches", "listMatches", "matches", "The matches one is told of",
     ROUTE_AGREED, EVERYBODY_TOLD, .query = &shape_match_query, .produces = JSON,
     ONE(200, "A page.", &shape_match_list), .run = matches_list},
    {API_PUBLIC, HTTP_GET, "/v1/matches/{id}", "getMatch", "matches", "One match", ROUTE_AGREED,
     EVERYBODY_TOLD, .path = &shape_uuid_path, .produces = JSON,
     ONE(200, "The match.", &shape_match), .run = matches_get},
    {API_PUBLIC, HTTP_POST, "/v1/matches/{id}/_confirm-contact", "confirmContact", "matches",
     "Say that those involved have spoken to each other", ROUTE_AGREED, PARTY_REPORTER,
     .path = &shape_uuid_path, .body = &shape_contact_confirmation, .body_maximum = SMALL_BODY,
     .produces = JSON, ONE(200, "The match.", &shape_match), .conflicts = true,
     .run = matches_confirm},
    /* Notices */
    {API_PUBLIC, HTTP_GET, "/v1/notices", "listNotices", "notices",
     "The inbox, in order of sequence; can wait for something to come", ROUTE_AGREED, EVERY_INBOX,
     .query = &shape_notice_query, .produces = JSON,
     ONE(200, "Notices, or none.", &shape_notice_page), .run = notices_list},
    {API_PUBLIC, HTTP_POST, "/v1/notices/_acknowledge", "acknowledgeNotices", "notices",
     "Say what was received", ROUTE_AGREED, EVERY_INBOX, .body = &shape_acknowledgement,
     .body_maximum = SMALL_BODY, NOTHING, .run = notices_acknowledge},
    /* Blinded mode */
    {API_PUBLIC, HTTP_GET, "/v1/pseudonyms/key", "getPseudonymKey", "pseudonyms",
     "The public key to verify evaluations with", ROUTE_AGREED, PARTY_REPORTER, PARTY_BLINDED,
     .produces = JSON, ONE(200, "The key in use.", &shape_pseudonym_key), .run = pseudonyms_key},
    {API_PUBLIC, HTTP_POST, "/v1/pseudonyms/_evaluate", "evaluatePseudonyms", "pseudonyms",
     "Evaluate blinded elements (RFC 9497, ristretto255-SHA512, mode 1)", ROUTE_AGREED,
     PARTY_REPORTER, PARTY_BLINDED, .body = &shape_evaluation_request, .body_maximum = SMALL_BODY,
     .produces = JSON, ONE(200, "The evaluated elements and their proof.", &shape_evaluation),
     .run = pseudonyms_evaluate},
    /* The population register, which needs no agreement with anybody */
    {API_PUBLIC, HTTP_POST, "/v1/person-events", "postPersonEvent", "person-events",
     "Tell what has become of a person", ROUTE_CONNECTED, PARTY_REGISTRY,
     .body = &shape_person_event, .body_maximum = SMALL_BODY,
     .answers = {{204, "Taken note of, whether the person is known here or not.", NULL}},
     .check = person_events_check, .run = person_events_post},
    /* Municipalities */
    {API_PUBLIC, HTTP_POST, "/v1/access-requests", "requestAccess", "rights",
     "What is held on a youth under this municipality, or that nothing is", ROUTE_AGREED,
     PARTY_MUNICIPALITY, .body = &shape_access_request, .body_maximum = SMALL_BODY,
     .produces = JSON, .produces_too = PACK_TEXT_MEDIA,
     ONE(200, "The pack; as plain text it says the same.", &shape_pack),
     .check = rights_check_access, .run = rights_access},
    {API_PUBLIC, HTTP_POST, "/v1/erasures", "eraseYouth", "rights",
     "Erase what was signalled on a youth under this municipality", ROUTE_AGREED,
     PARTY_MUNICIPALITY, .body = &shape_erasure_request, .body_maximum = SMALL_BODY,
     .produces = JSON, ONE(200, "How many signals there were.", &shape_erasure),
     .check = rights_check_erasure, .run = rights_erase},
    {API_PUBLIC, HTTP_GET, "/v1/statistics", "getStatistics", "statistics",
     "Counts of one's own municipality", ROUTE_AGREED, PARTY_MUNICIPALITY,
     .query = &shape_statistics_query, .produces = JSON,
     ONE(200, "Of that year.", &shape_statistics), .run = statistics_get},
    /* The log */
    {API_PUBLIC, HTTP_GET, "/v1/log-entries", "listLogEntries", "log", "Read the access log",
     ROUTE_AGREED, PARTY_AUDITOR, .query = &shape_log_query, .produces = JSON,
     ONE(200, "A page.", &shape_log_entry_list), .run = log_list},
    {API_PUBLIC, HTTP_POST, "/v1/log-entries/_search", "searchLogEntries", "log",
     "Search the access log, by a child too", ROUTE_AGREED, PARTY_AUDITOR,
     .body = &shape_log_search, .body_maximum = SMALL_BODY, .produces = JSON,
     ONE(200, "A page, newest first.", &shape_log_entry_list), .check = log_check_search,
     .run = log_search},
    {API_PUBLIC, HTTP_GET, "/v1/log-entries/{index}/proof", "proveLogEntry", "log",
     "Prove that an entry is in the log", ROUTE_AGREED, PARTY_AUDITOR, .path = &shape_index_path,
     .query = &shape_proof_query, .produces = JSON, ONE(200, "The proof.", &shape_proof),
     .run = log_prove},
    {API_PUBLIC, HTTP_POST, "/v1/processing-activities", "listProcessingActivities", "log",
     "Read the access log as Logboek Dataverwerkingen's reading extension does", ROUTE_AGREED,
     PARTY_AUDITOR, .body = &shape_activities_request, .body_maximum = SMALL_BODY, .produces = JSON,
     ONE(200, "A page, newest first.", &shape_activity_list), .check = activities_check,
     .run = activities_search},
    {API_PUBLIC, HTTP_GET, "/v1/receipts/{logIndex}", "getReceipt", "log",
     "A file that proves an entry of one's own", ROUTE_CONNECTED, .path = &shape_log_index_path,
     .produces = RECEIPT_MEDIA, ONE(200, "A C2SP tlog-proof.", NULL), .run = receipts_get},
    {API_PUBLIC, HTTP_GET, "/tlog/checkpoint", "getCheckpoint", "log", "The signed head of the log",
     ROUTE_CONNECTED, .produces = NOTE, ONE(200, "A signed note.", NULL), .run = tlog_checkpoint},
    {API_PUBLIC, HTTP_GET, "/tlog/witnessed-checkpoint", "getWitnessedCheckpoint", "log",
     "The newest head that a witness has cosigned", ROUTE_CONNECTED, .produces = NOTE,
     ONE(200, "A signed note.", NULL), .run = tlog_witnessed_checkpoint},
    {API_PUBLIC, HTTP_GET, "/tlog/tile/entries/{+bundle}", "getEntryBundle", "log",
     "What stands in the leaves of the log", ROUTE_AGREED, PARTY_AUDITOR, .produces = BYTES,
     ONE(200, "At most 256 entries.", NULL), .run = tlog_entries},
    {API_PUBLIC, HTTP_GET, "/tlog/tile/{+tile}", "getTile", "log", "Hashes of the log's tree",
     ROUTE_CONNECTED, .produces = BYTES, ONE(200, "At most 256 hashes.", NULL), .run = tlog_tile},
    /* The auditor's page */
    {API_PUBLIC, HTTP_GET, "/audit/", "getAuditPage", "log", "The auditor's page", ROUTE_AGREED,
     PARTY_AUDITOR, .produces = PAGE_HTML, ONE(200, "The page.", NULL), .is_page = true,
     .run = page_get},
    {API_PUBLIC, HTTP_GET, "/audit/{file}", "getAuditFile", "log", "What the page is made of",
     ROUTE_AGREED, PARTY_AUDITOR, .path = &shape_page_path, ONE(200, "The file.", NULL),
     .run = page_get_file},
    /* Oneself */
    {API_PUBLIC, HTTP_GET, "/v1/parties/self", "getPartySelf", "parties",
     "What the index knows of the party that asks", ROUTE_AGREED, .produces = JSON,
     ONE(200, "The party.", &shape_party_self), .run = party_self},
    {API_PUBLIC, HTTP_GET, "/v1/openapi.json", "getOpenapi", "parties", "This document", ROUTE_OPEN,
     .produces = JSON, ONE(200, "This document.", NULL), .run = openapi_get},
    /* The operator */
    {API_CONTROL, HTTP_GET, "/control/status", "getStatus", "control", "How the daemon is",
     ROUTE_OPERATOR, .produces = JSON, ONE(200, "", &shape_status), .run = control_status},
    {API_CONTROL, HTTP_POST, "/control/_reload", "reload", "control", "Read certificates again",
     ROUTE_OPERATOR, NOTHING, .conflicts = true, .run = control_reload},
    {API_CONTROL, HTTP_POST, "/control/_backup", "backup", "control", "Make and verify a copy",
     ROUTE_OPERATOR, .body = &shape_backup, .body_maximum = LARGE_BODY, .produces = JSON,
     ONE(200, "", &shape_backup_made), .conflicts = true, .run = control_backup},
    {API_CONTROL, HTTP_POST, "/control/_turn-epoch", "turnEpoch", "control",
     "Replace the epoch key now", ROUTE_OPERATOR, .produces = JSON,
     ONE(200, "", &shape_epoch_turned), .conflicts = true, .run = control_turn_epoch},
    {API_CONTROL, HTTP_POST, "/control/_wind-down", "windDown", "control",
     "Destroy everything, and leave a signed statement", ROUTE_OPERATOR, .body = &shape_wind_down,
     .body_maximum = LARGE_BODY, .produces = JSON, ONE(200, "", &shape_wound_down),
     .conflicts = true, .run = control_wind_down},
    {API_CONTROL, HTTP_POST, "/control/parties", "addParty", "control", "Add a party",
     ROUTE_OPERATOR, .body = &shape_party_add, .body_maximum = LARGE_BODY, .produces = JSON,
     ONE(201, "", &shape_party), .conflicts = true, .check = control_party_check_add,
     .run = control_party_add},
    {API_CONTROL, HTTP_GET, "/control/parties", "listParties", "control", "All parties",
     ROUTE_OPERATOR, .query = &shape_party_query, .produces = JSON, ONE(200, "", &shape_party_list),
     .run = control_party_list},
    {API_CONTROL, HTTP_GET, "/control/parties/{oin}", "getParty", "control", "One party",
     ROUTE_OPERATOR, .path = &shape_party_path, .produces = JSON, ONE(200, "", &shape_party),
     .run = control_party_get},
    {API_CONTROL, HTTP_PUT, "/control/parties/{oin}", "changeParty", "control", "Change a party",
     ROUTE_OPERATOR, .path = &shape_party_path, .body = &shape_party_change,
     .body_maximum = LARGE_BODY, .produces = JSON, ONE(200, "", &shape_party),
     .run = control_party_change},
    {API_CONTROL, HTTP_POST, "/control/parties/{oin}/_suspend", "suspendParty", "control",
     "Suspend a party", ROUTE_OPERATOR, .path = &shape_party_path, .produces = JSON,
     ONE(200, "", &shape_party), .run = control_party_suspend},
    {API_CONTROL, HTTP_POST, "/control/parties/{oin}/_resume", "resumeParty", "control",
     "Resume a party", ROUTE_OPERATOR, .path = &shape_party_path, .produces = JSON,
     ONE(200, "", &shape_party), .run = control_party_resume},
    {API_CONTROL, HTTP_POST, "/control/parties/{oin}/_allow", "allowParty", "control",
     "Give a permission", ROUTE_OPERATOR, .path = &shape_party_path,
     .body = &shape_party_permission, .body_maximum = SMALL_BODY, .produces = JSON,
     ONE(200, "", &shape_party), .run = control_party_allow},
    {API_CONTROL, HTTP_POST, "/control/parties/{oin}/_deny", "denyParty", "control",
     "Take a permission away", ROUTE_OPERATOR, .path = &shape_party_path,
     .body = &shape_party_permission, .body_maximum = SMALL_BODY, .produces = JSON,
     ONE(200, "", &shape_party), .run = control_party_deny},
    {API_CONTROL, HTTP_POST, "/control/parties/{oin}/_merge", "mergeParty", "control",
     "Let one party go into another", ROUTE_OPERATOR, .path = &shape_party_path,
     .body = &shape_party_merge, .body_maximum = SMALL_BODY, .produces = JSON,
     ONE(200, "", &shape_party), .conflicts = true, .run = control_party_merge},
    {API_CONTROL, HTTP_PUT, "/control/parties/{oin}/agreements/{municipality}", "putAgreement",
     "control", "Make or prolong an agreement", ROUTE_OPERATOR, .path = &shape_agreement_path,
     .body = &shape_agreement_put, .body_maximum = SMALL_BODY, .produces = JSON,
     ONE(200, "", &shape_party), .conflicts = true, .run = control_agreement_put},
    {API_CONTROL, HTTP_DELETE, "/control/parties/{oin}/agreements/{municipality}", "endAgreement",
     "control", "End an agreement", ROUTE_OPERATOR, .path = &shape_agreement_path, .produces = JSON,
     ONE(200, "", &shape_party), .run = control_agreement_end},
    {API_CONTROL, HTTP_PUT, "/control/parties/{oin}/mandates/{represented}", "putMandate",
     "control", "Let a supplier act on behalf of a party", ROUTE_OPERATOR,
     .path = &shape_mandate_path, .body = &shape_mandate_put, .body_maximum = SMALL_BODY,
     .produces = JSON, ONE(200, "", &shape_party), .run = control_mandate_put},
#ifdef VIX_TEST_CLOCK
    {API_CONTROL, HTTP_POST, "/control/clock/_advance", "advanceClock", "control",
     "Move the clock of a test build", ROUTE_OPERATOR, .body = &shape_clock_advance,
     .body_maximum = SMALL_BODY, .produces = JSON, ONE(200, "", &shape_clock),
     .run = control_clock_advance},
#endif
};

size_t routes_count(void)
{
    return ARRAY_LENGTH(routes);
}

const struct route *routes_at(size_t i)
{
    return &routes[i];
}

/* What is left of the path from segment `i` on. */
static size_t length_of_rest(const struct target *target, size_t i)
{
    size_t last = target->segment_count - 1;
    const char *end = target->segments[last].text + target->segments[last].length;
    return (size_t)(end - target->segments[i].text);
}

/* Whether the template is the target's path; notes where its variables are. Of templates that both
 * are, such as "/a/_b" and "/a/{id}", the first in the table counts. */
static bool matches(const char *template, const struct target *target, struct route_match *match)
{
    size_t variable = 0;
    const char *at = template;
    for (size_t i = 0; i < target->segment_count; i++) {
        const char *text = target->segments[i].text;
        size_t length = target->segments[i].length;
        if (*at != '/') {
            return false;
        }
        at++;
        size_t size = strcspn(at, "/");
        if (*at == '{') {
            if (length == 0) {
                return false;
            }
            bool rest = at[1] == '+';
            match->variables[variable] = text;
            match->lengths[variable++] = rest ? length_of_rest(target, i) : length;
            if (rest) {
                return true;
            }
        } else if (size != length || memcmp(at, text, size) != 0) {
            return false;
        }
        at += size;
    }
    return *at == '\0';
}

static void allow(struct route_match *match, enum http_method method)
{
    size_t length = strlen(match->allow);
    snprintf(match->allow + length, sizeof(match->allow) - length, "%s%s%s", length > 0 ? ", " : "",
             http_method_name(method), method == HTTP_GET ? ", HEAD" : "");
}

void routes_match(enum api_face face, enum http_method method, const struct target *target,
                  struct route_match *ret_match)
{
    *ret_match = (struct route_match){0};
    for (size_t i = 0; i < ARRAY_LENGTH(routes); i++) {
        const struct route *route = &routes[i];
        const char *found = ret_match->template;
        if (route->face != face || (found != NULL && strcmp(found, route->template) != 0) ||
            !matches(route->template, target, ret_match)) {
            continue;
        }
        ret_match->template = route->template;
        allow(ret_match, route->method);
        if (route->method == method || (route->method == HTTP_GET && method == HTTP_HEAD)) {
            ret_match->route = route;
        }
    }
}
