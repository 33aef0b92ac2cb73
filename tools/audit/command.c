/* SPDX-License-Identifier: EUPL-1.2 */
/* `vix audit`: the table of its commands. */
#include "tools/audit/commands.h"
#include "tools/audit/format.h"
#include "tools/bsn_file.h"

#define LOG_KEY_OPTION                                                                             \
    {                                                                                              \
        "key", "VKEY", "the log's verifier key, as vix keygen printed it", true, NULL              \
    }
#define WITNESS_OPTION                                                                             \
    {                                                                                              \
        "witness", "VKEY", "the verifier key of a witness; may be repeated", false, NULL           \
    }

const struct command audit_commands[] = {
    {
        .words = "audit search",
        .operands = "",
        .face = COMMAND_PUBLIC,
        .summary = "find log entries: on a child, by a party, of a kind, in a time",
        .details = BSN_FILE_DETAILS
        "\nEntries must be all that is asked for, and come newest first: the newest 100, or\n"
        "as many as --limit says; with --all they are paged through, up to 100,000.\n"
        "Each page is itself an entry in the log, with its case reference.",
        .options = {BSN_FILE_OPTION(false),
                    BSN_REFUSED_OPTION,
                    {"party", "OIN", "who acted, or for whom it was done", false, NULL},
                    {"professional", "ID", "of that party", false, NULL},
                    {"event", "NAME", "what was done, as in signal-posted", false, NULL},
                    {"outcome", "NAME", "done, or what it was refused with", false, NULL},
                    {"from", "TIME", "at that time or later, as in 2026-11-22T10:00:00Z", false,
                     NULL},
                    {"to", "TIME", "before that time", false, NULL},
                    {"trace-id", "ID", "of a W3C trace, 32 hexadecimal digits", false, NULL},
                    {"case-reference", "TEXT", "the case for which it is needed", true, NULL},
                    {"limit", "N", "so many at most, 1 to 500", false, NULL},
                    {"all", NULL, "all of them", false, NULL}},
        .run = audit_search_run,
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
            "follows from it. What was copied is held against the checkpoint before it is done.\n"
            "With --format the entries are also written in a form for other programs, made of the\n"
            "copy; of one that is complete already, without asking the index (nor --url):\n"
            "  ldv   records.jsonl: Logboek Dataverwerkingen 1.0, a record on each line\n"
            "  otlp  traces.jsonl: OpenTelemetry, a body of OTLP/HTTP's /v1/traces on each line\n"
            "  csv   records.csv: a table (RFC 4180) in which no cell is taken for a formula",
        .options = {{"out", "DIR", "where to", true, NULL},
                    {"since", "FILE", "an earlier checkpoint", false, NULL},
                    {"format", "FORMAT", AUDIT_FORMAT_NAMES, false, NULL}},
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
            "added to after that checkpoint, with --witness that this witness has cosigned a head\n"
            "of this tree. Records that are said to be destroyed are counted. Of a\n"
            "directory that vix wind-down left, the signed statement is checked, and that the\n"
            "tree of the leaves has the root it signs.\n"
            "Exit status 0: all is well; 1: it is not, and what is wrong is told.",
        .options = {LOG_KEY_OPTION,
                    {"since", "FILE", "an earlier checkpoint", false, NULL},
                    WITNESS_OPTION},
        .run = audit_verify_run,
    },
    {
        .words = "audit verify-receipt",
        .operands = "FILE",
        .operand_minimum = 1,
        .operand_maximum = 1,
        .face = COMMAND_LOCAL,
        .summary = "check a receipt, offline, or against the log of today",
        .details =
            "Needs nothing but the file and the log's verifier key: checks that the receipt's\n"
            "checkpoint is signed by the log, that the record in it stands in the signed tree,\n"
            "and with --witness that this witness has cosigned that tree. Tells what is proven.\n"
            "With --url it is also held against the index's checkpoint of today, by hash tiles\n"
            "that every party may fetch: the log still holds it, or it is a FORK. For that the\n"
            "certificate and key of any party are needed; VIX_CERT, VIX_KEY and VIX_CA give\n"
            "defaults.\n"
            "Exit status 0: it is proven; 1: it is not, and which check failed is told; 3: it is,\n"
            "but could not be held against the log of today.",
        .options = {LOG_KEY_OPTION,
                    WITNESS_OPTION,
                    {"url", "URL", "the index, to hold it against today's log", false, NULL},
                    {"cert", "FILE", "certificate of a party (PEM)", false, NULL},
                    {"client-key", "FILE", "its private key (PEM)", false, NULL},
                    {"ca", "FILE", "the authority that the server must be certified by", false,
                     NULL}},
        .run = audit_verify_receipt_run,
    },
    {0},
};
