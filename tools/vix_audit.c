/* SPDX-License-Identifier: EUPL-1.2 */
/* `vix audit`: the table of its commands, and the search. */
#include "tools/audit_commands.h"
#include "tools/bsn_file.h"
#include "tools/session.h"

static int run_search(const struct invocation *invocation)
{
    static const struct print_column columns[] = {
        {"ENTRY", "index", PRINT_PLAIN},
        {"TIME", "record/end_time", PRINT_MILLISECONDS},
        {"EVENT", "record/name", PRINT_PLAIN},
        {"PARTY", "record/attributes/verwijsindex.party", PRINT_PLAIN},
        {"ON BEHALF OF", "record/attributes/verwijsindex.on_behalf_of", PRINT_PLAIN},
        {"PROFESSIONAL", "record/attributes/verwijsindex.professional", PRINT_PLAIN},
        {"OBJECT", "record/attributes/verwijsindex.object", PRINT_PLAIN},
        {"OUTCOME", "record/attributes/verwijsindex.outcome", PRINT_PLAIN},
        {0},
    };
    CLEANUP(session_close) struct session session = {0};
    CLEANUP(bsn_text_wipe) struct bsn_text bsn = {0};
    CLEANUP(text_finish) struct text body = {0};
    int result = session_open(invocation, &session);
    if (result == VIX_DONE) {
        result = bsn_file_read(invocation->command, "bsn-file",
                               options_value(invocation, "bsn-file"), &bsn);
    }
    if (result != VIX_DONE) {
        return result;
    }
    text_open_object(&body);
    text_add_member(&body, "bsn", bsn.digits);
    text_add_member(&body, "caseReference", options_value(invocation, "case-reference"));
    if (body.fault != 0) {
        return session_report_fault(body.fault);
    }
    return session_print_list(
        &session, &(struct session_list){"/v1/log-entries/_search", "logEntries", columns, &body});
}

const struct command audit_commands[] = {
    {
        .words = "audit search",
        .operands = "",
        .face = COMMAND_PUBLIC,
        .summary = "find all log entries on one child",
        .details = BSN_FILE_DETAILS "\nThe search itself is logged, with its case reference.",
        .options = {BSN_FILE_OPTION(true),
                    BSN_REFUSED_OPTION,
                    {"case-reference", "TEXT", "the case for which it is needed", true, NULL}},
        .run = run_search,
    },
    {
        .words = "audit export",
        .operands = "",
        .face = COMMAND_PUBLIC,
        .summary = "copy the log, to be checked offline",
        .details =
            "DIR gets the signed checkpoint and every entry below it. It is made, closed to\n"
            "others. An export that broke off is taken up again by the same command. With\n"
            "--since only what came after an earlier checkpoint is copied, and the proof that it\n"
            "follows from it.",
        .options = {{"out", "DIR", "where to", true, NULL},
                    {"since", "FILE", "an earlier checkpoint", false, NULL}},
        .run = audit_export_run,
    },
    {
        .words = "audit verify",
        .operands = "DIR",
        .operand_minimum = 1,
        .operand_maximum = 1,
        .face = COMMAND_LOCAL,
        .summary = "check an exported log, offline",
        .details =
            "Checks the checkpoint's signature, every record against its commitment, that no\n"
            "entry is missing or out of order, that times never go backwards, and that the tree\n"
            "of all entries has the signed root. With --since also that the log has only been\n"
            "added to after that checkpoint. Of a directory that vix wind-down left, the signed\n"
            "statement is checked, and that the tree of the leaves has the root it signs.\n"
            "Exit status 0: all is well; 1: it is not, and what is wrong is told.",
        .options = {{"key", "VKEY", "the log's verifier key, as vix keygen printed it", true, NULL},
                    {"since", "FILE", "an earlier checkpoint", false, NULL}},
        .run = audit_verify_run,
    },
    {0},
};
