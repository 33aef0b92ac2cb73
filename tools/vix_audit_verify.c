/* SPDX-License-Identifier: EUPL-1.2 */
/* `vix audit verify`: tells what audit_check() or audit_check_wind_down() found. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "tools/audit_check.h"
#include "tools/audit_commands.h"
#include "tools/audit_entry.h"
#include "tools/audit_file.h"
#include "tools/audit_wind_down.h"
#include "tools/session.h"

static void print_findings(const struct audit_report *report)
{
    for (size_t i = 0; i < report->finding_count && i < AUDIT_FINDINGS_MAXIMUM; i++) {
        const struct audit_finding *finding = &report->findings[i];
        if (finding->has_index) {
            printf("entry %" PRIu64 ": ", finding->index);
        }
        printf("%s\n", finding->what);
    }
    if (report->finding_count > AUDIT_FINDINGS_MAXIMUM) {
        printf("and %zu more\n", report->finding_count - AUDIT_FINDINGS_MAXIMUM);
    }
    printf("NOT verified: %zu finding%s in %" PRIu64 " entries\n", report->finding_count,
           report->finding_count == 1 ? "" : "s", report->entries);
}

static void print_good(const struct audit_report *report, const char *root,
                       const struct checkpoint_vkey *vkey)
{
    printf("verified: %" PRIu64 " entries", report->entries);
    if (report->first_index > 0) {
        printf(" (from entry %" PRIu64 ", tree of %" PRIu64 ")", report->first_index,
               report->checkpoint.size);
    }
    printf(", root %s, signed by %s", root, vkey->name);
    if (report->has_since) {
        printf(", consistent with the checkpoint of %" PRIu64, report->since_size);
    }
    putchar('\n');
    if (report->is_wind_down) {
        printf("This index was wound down at %s: its log has signed that all its keys and rows "
               "were destroyed.\n"
               "What is left are the leaves of the log's tree; its records are destroyed too.\n",
               report->wound_down_at);
    }
}

static int print_json(const struct audit_report *report, const char *root,
                      const struct checkpoint_vkey *vkey)
{
    CLEANUP(text_finish) struct text json = {0};
    text_add_format(&json, "{\"verified\":%s,\"entries\":%" PRIu64 ",\"firstIndex\":%" PRIu64,
                    report->finding_count == 0 ? "true" : "false", report->entries,
                    report->first_index);
    if (report->has_checkpoint) {
        text_add_format(&json, ",\"treeSize\":%" PRIu64, report->checkpoint.size);
        text_add_member(&json, "root", root);
    }
    text_add_member(&json, "log", vkey->name);
    if (report->is_wind_down && report->wound_down_at[0] != '\0') {
        text_add_member(&json, "woundDownAt", report->wound_down_at);
    }
    if (report->has_since) {
        text_add_format(&json, ",\"sinceSize\":%" PRIu64, report->since_size);
    }
    text_add_format(&json, ",\"findingCount\":%zu,\"findings\":[", report->finding_count);
    for (size_t i = 0; i < report->finding_count && i < AUDIT_FINDINGS_MAXIMUM; i++) {
        const struct audit_finding *finding = &report->findings[i];
        text_add_string(&json, i > 0 ? ",{" : "{");
        if (finding->has_index) {
            text_add_format(&json, "\"index\":%" PRIu64, finding->index);
        }
        text_add_member(&json, "finding", finding->what);
        text_close_object(&json);
    }
    text_add_string(&json, "]}");
    if (json.fault != 0) {
        return session_report_fault(json.fault);
    }
    puts(json.bytes);
    return VIX_DONE;
}

static int print_report(const struct invocation *invocation, const struct audit_report *report,
                        const struct checkpoint_vkey *vkey)
{
    char root[AUDIT_HASH_SIZE];
    audit_hash_format(&report->checkpoint.root, root);
    if (invocation->common[COMMON_JSON] != NULL) {
        int result = print_json(report, root, vkey);
        if (result != VIX_DONE) {
            return result;
        }
    } else if (report->finding_count > 0) {
        print_findings(report);
    } else {
        print_good(report, root, vkey);
    }
    return report->finding_count == 0 ? VIX_DONE : VIX_REFUSED;
}

static void report_freep(struct audit_report **report)
{
    free(*report);
}

int audit_verify_run(const struct invocation *invocation)
{
    const struct command *command = invocation->command;
    const char *path = invocation->operands[0];
    const char *since_path = options_value(invocation, "since");
    struct checkpoint_vkey vkey;
    if (checkpoint_vkey_parse(options_value(invocation, "key"), &vkey) != 0 ||
        vkey.type != CHECKPOINT_ED25519) {
        return options_complain(command, "--key is not the verifier key of a log");
    }
    CLEANUP(text_finish) struct text since = {0};
    int result = since_path != NULL ? audit_file_read(AT_FDCWD, since_path, &since) : 0;
    if (result != 0) {
        return options_complain(command, "--since %s: %s", since_path, strerror(-result));
    }
    CLEANUP(audit_descriptor_close)
    int directory = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (directory < 0) {
        return options_complain(command, "%s: %s", path, strerror(errno));
    }
    CLEANUP(report_freep) struct audit_report *report = calloc(1, sizeof(*report));
    if (report == NULL) {
        return session_report_fault(-ENOMEM);
    }
    const char *since_note = since_path != NULL ? since.bytes : NULL;
    result = audit_is_wind_down(directory)
                 ? audit_check_wind_down(directory, &vkey, since_note, report)
                 : audit_check(directory, &vkey, since_note, report);
    if (result == AUDIT_NEEDS_SINCE) {
        return options_complain(command,
                                "this export begins with entry %" PRIu64
                                ": give the checkpoint it continues with --since",
                                report->first_index);
    }
    return result != 0 ? session_report_fault(result) : print_report(invocation, report, &vkey);
}
