/* SPDX-License-Identifier: EUPL-1.2 */
/* `vix audit search`: finds entries of the log by who, what, whom and when. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "tools/audit/commands.h"
#include "tools/bsn_file.h"
#include "tools/session.h"

#define LIMIT_DEFAULT 100
#define LIMIT_MAXIMUM 500
#define ALL_MAXIMUM 100000 /* rows of --all: beyond that, export */

static const struct print_column columns[] = {
    {"ENTRY", "index", PRINT_PLAIN},
    {"TIME", "record/end_time", PRINT_MILLISECONDS},
    {"EVENT", "record/name", PRINT_PLAIN},
    {"OUTCOME", "record/attributes/verwijsindex.outcome", PRINT_PLAIN},
    {"OPERATION", "record/attributes/verwijsindex.operation", PRINT_PLAIN},
    {"PARTY", "record/attributes/verwijsindex.party", PRINT_PLAIN},
    {"ON BEHALF OF", "record/attributes/verwijsindex.on_behalf_of", PRINT_PLAIN},
    {"PROFESSIONAL", "record/attributes/verwijsindex.professional", PRINT_PLAIN},
    {"OPERATOR", "record/attributes/verwijsindex.operator_uid", PRINT_PLAIN},
    {"OBJECT", "record/attributes/verwijsindex.object", PRINT_PLAIN},
    {"COUNT", "record/attributes/verwijsindex.count", PRINT_PLAIN},
    {"CASE REFERENCE", "record/attributes/verwijsindex.case_reference", PRINT_PLAIN},
    {0},
};

/* Options that are members of the request as they stand. */
static const char *const members[][2] = {
    {"party", "party"},      {"professional", "professional"},
    {"event", "event"},      {"outcome", "outcome"},
    {"from", "from"},        {"to", "to"},
    {"traceId", "trace-id"},
};

static int read_maximum(const struct invocation *invocation, size_t *ret_maximum)
{
    const char *text = options_value(invocation, "limit");
    bool is_all = options_value(invocation, "all") != NULL;
    unsigned long limit = LIMIT_DEFAULT;
    if (text != NULL && is_all) {
        return options_complain(invocation->command, "--limit and --all exclude each other");
    }
    if (text != NULL) {
        char *end = NULL;
        errno = 0;
        limit = strtoul(text, &end, 10);
        if (text[0] < '0' || text[0] > '9' || *end != '\0' || errno != 0 || limit == 0 ||
            limit > LIMIT_MAXIMUM) {
            return options_complain(invocation->command, "--limit must be 1 to %d", LIMIT_MAXIMUM);
        }
    }
    *ret_maximum = is_all ? ALL_MAXIMUM : limit;
    return VIX_DONE;
}

static bool has_filter(const struct invocation *invocation)
{
    bool found = options_value(invocation, "bsn-file") != NULL;
    for (size_t i = 0; i < ARRAY_LENGTH(members); i++) {
        found = found || options_value(invocation, members[i][1]) != NULL;
    }
    return found;
}

/* The request without its closing brace. */
static int make_body(const struct invocation *invocation, struct text *body)
{
    CLEANUP(bsn_text_wipe) struct bsn_text bsn = {0};
    const char *file = options_value(invocation, "bsn-file");
    if (!has_filter(invocation)) {
        return options_complain(invocation->command, "say what to search for; for the whole log "
                                                     "there is: vix audit export");
    }
    if (options_value(invocation, "professional") != NULL &&
        options_value(invocation, "party") == NULL) {
        return options_complain(invocation->command,
                                "--professional needs --party: their ids are the party's own");
    }
    int result = file != NULL ? bsn_file_read(invocation->command, "bsn-file", file, &bsn) : 0;
    if (result != VIX_DONE) {
        return result;
    }
    text_open_object(body);
    text_add_member(body, "bsn", file != NULL ? bsn.digits : NULL);
    for (size_t i = 0; i < ARRAY_LENGTH(members); i++) {
        text_add_member(body, members[i][0], options_value(invocation, members[i][1]));
    }
    text_add_member(body, "caseReference", options_value(invocation, "case-reference"));
    return body->fault != 0 ? session_report_fault(body->fault) : VIX_DONE;
}

int audit_search_run(const struct invocation *invocation)
{
    CLEANUP(session_close) struct session session = {0};
    CLEANUP(text_finish) struct text body = {0};
    struct session_list list = {"/v1/log-entries/_search", "logEntries", columns, &body, 0};
    int result = read_maximum(invocation, &list.maximum);
    result = result != VIX_DONE ? result : session_open(invocation, &session);
    result = result != VIX_DONE ? result : make_body(invocation, &body);
    return result != VIX_DONE ? result : session_print_list(&session, &list);
}
