/* SPDX-License-Identifier: EUPL-1.2 */
/* `vix audit verify`: tells what audit_check() or audit_check_wind_down() found. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "tools/audit/check.h"
#include "tools/audit/commands.h"
#include "tools/audit/entry.h"
#include "tools/audit/file.h"
#include "tools/audit/steps.h"
#include "tools/audit/wind_down.h"
#include "tools/session.h"

static bool has_early_witness(const struct audit_report *report)
{
    for (size_t i = 0; i < report->cosignature_count; i++) {
        if (report->cosignatures[i].is_before) {
            return true;
        }
    }
    return false;
}

/* One line for each part that a log has: what was checked of it, and what came of that. */
static void list_parts(const struct audit_report *report, struct audit_steps *steps)
{
    static const struct {
        const char *name;
        const char *good;
        const char *bad;
        const char *not_checked;
    } parts[AUDIT_PARTS] = {
        [AUDIT_PART_HEAD] = {"signature", "the head is signed with the log's key",
                             "the head is not signed with the log's key", "there is no head"},
        [AUDIT_PART_COMPLETE] = {"entries", "every entry below the head is there, once, in order",
                                 "entries are missing, double or out of order", ""},
        [AUDIT_PART_RECORDS] = {"records", "every record fits the commitment in its leaf",
                                "records were changed, or destroyed out of order",
                                "no record is there"},
        [AUDIT_PART_TIMES] = {"times", "times never go backwards", "times go backwards",
                              "no record is there"},
        [AUDIT_PART_TREE] = {"tree", "the tree of all entries has the signed root",
                             "the tree of these entries is not the signed one",
                             "a tree with gaps has no root"},
        [AUDIT_PART_SINCE] = {"since",
                              "the log has only been added to since the earlier checkpoint",
                              "the log was not only added to since the earlier checkpoint",
                              "without --since it does not show whether the past was rewritten"},
        [AUDIT_PART_WITNESSES] = {"witnesses", "what witnesses have seen is the beginning of this",
                                  "what witnesses have seen is not this log, or is not there",
                                  "no --witness was given"},
    };
    /* Of what is said to be destroyed, neither its record nor its time could be looked at. */
    char kept[96];
    snprintf(kept, sizeof(kept),
             ": %" PRIu64 " of %" PRIu64 ", the others are said to be destroyed",
             report->entries - report->destroyed, report->entries);
    for (size_t i = 0; i < AUDIT_PARTS; i++) {
        enum audit_state state = report->parts[i];
        bool is_partial = report->destroyed > 0 && state == AUDIT_GOOD &&
                          (i == AUDIT_PART_RECORDS || i == AUDIT_PART_TIMES);
        bool is_early = i == AUDIT_PART_WITNESSES && has_early_witness(report);
        audit_steps_add(steps, state, parts[i].name, "%s%s",
                        state == AUDIT_GOOD  ? parts[i].good
                        : state == AUDIT_BAD ? parts[i].bad
                        : is_early           ? "what a witness has seen ends before this begins"
                                             : parts[i].not_checked,
                        is_partial ? kept : "");
    }
    for (size_t i = 0; i < report->cosignature_count; i++) {
        CLEANUP(text_finish) struct text time = {0};
        const struct audit_cosignature *one = &report->cosignatures[i];
        instant_add_seconds(&time, one->time);
        audit_steps_add(steps,
                        one->is_before ? AUDIT_NOT_CHECKED : report->parts[AUDIT_PART_WITNESSES],
                        "witness", "%s has cosigned the tree of %" PRIu64 " entries, at %s",
                        one->name, one->size, time.bytes != NULL ? time.bytes : "no known time");
    }
    if (report->unseen > 0) {
        CLEANUP(text_finish) struct text time = {0};
        instant_add_seconds(&time, report->unseen_since);
        audit_steps_add(steps, AUDIT_NOT_CHECKED, "unseen",
                        "%" PRIu64 " entr%s, since %s, %s seen by no given witness", report->unseen,
                        report->unseen > 1 ? "ies" : "y",
                        time.bytes != NULL ? time.bytes : "no known time",
                        report->unseen > 1 ? "were" : "was");
    }
}

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

/* A record can be said to be destroyed that never came to its term: how old those are that are
 * there still is for a person to look at. */
static void print_destroyed(const struct audit_report *report)
{
    CLEANUP(text_finish) struct text oldest = {0};
    if (report->destroyed == 0) {
        return;
    }
    printf("%" PRIu64 " entries, %" PRIu64 " of them said to be destroyed after their term",
           report->entries, report->destroyed);
    if (report->has_oldest && instant_add(&oldest, report->oldest)) {
        printf("; the oldest record that is there is of %s", oldest.bytes);
    }
    putchar('\n');
    if (report->destroyed_unsaid > 0) {
        printf("of %" PRIu64 " of the destroyed no entry records-destroyed says that they were\n",
               report->destroyed_unsaid);
    }
}

static void add_destroyed(const struct audit_report *report, struct text *json)
{
    CLEANUP(text_finish) struct text oldest = {0};
    text_add_number_member(json, "destroyed", (int64_t)report->destroyed);
    text_add_number_member(json, "destroyedLater", (int64_t)report->destroyed_later);
    text_add_number_member(json, "destroyedUnsaid", (int64_t)report->destroyed_unsaid);
    if (report->has_oldest && instant_add(&oldest, report->oldest)) {
        text_add_member(json, "oldestRecordAt", oldest.bytes);
    }
}

static void add_unseen(const struct audit_report *report, struct text *json)
{
    CLEANUP(text_finish) struct text since = {0};
    text_add_number_member(json, "unseen", (int64_t)report->unseen);
    if (instant_add_seconds(&since, report->unseen_since)) {
        text_add_member(json, "unseenSince", since.bytes);
    }
}

static void add_findings(const struct audit_report *report, struct text *json)
{
    text_add_number_member(json, "findingCount", (int64_t)report->finding_count);
    text_open_list_member(json, "findings");
    for (size_t i = 0; i < report->finding_count && i < AUDIT_FINDINGS_MAXIMUM; i++) {
        const struct audit_finding *finding = &report->findings[i];
        text_add_string(json, i > 0 ? ",{" : "{");
        if (finding->has_index) {
            text_add_number_member(json, "index", (int64_t)finding->index);
        }
        text_add_member(json, "finding", finding->what);
        text_close_object(json);
    }
    text_close_list(json);
}

static int print_json(const struct audit_report *report, const struct audit_steps *steps,
                      const char *root, const struct checkpoint_vkey *vkey)
{
    CLEANUP(text_finish) struct text json = {0};
    text_add_format(&json, "{\"verified\":%s", report->finding_count == 0 ? "true" : "false");
    text_add_number_member(&json, "entries", (int64_t)report->entries);
    text_add_number_member(&json, "firstIndex", (int64_t)report->first_index);
    add_destroyed(report, &json);
    if (report->has_checkpoint) {
        text_add_number_member(&json, "treeSize", (int64_t)report->checkpoint.size);
        text_add_member(&json, "root", root);
    }
    text_add_member(&json, "log", vkey->name);
    if (report->is_wind_down && report->wound_down_at[0] != '\0') {
        text_add_member(&json, "woundDownAt", report->wound_down_at);
    }
    if (report->has_since) {
        text_add_number_member(&json, "sinceSize", (int64_t)report->since_size);
    }
    audit_steps_add_member(steps, &json);
    text_open_list_member(&json, "witnesses");
    for (size_t i = 0; i < report->cosignature_count; i++) {
        text_add_string(&json, i > 0 ? "," : "");
        audit_cosignature_add(&report->cosignatures[i], &json);
    }
    text_close_list(&json);
    if (report->unseen > 0) {
        add_unseen(report, &json);
    }
    add_findings(report, &json);
    text_close_object(&json);
    if (json.fault != 0) {
        return session_report_fault(json.fault);
    }
    puts(json.bytes);
    return VIX_DONE;
}

static int print_report(const struct invocation *invocation, const struct audit_report *report,
                        const struct checkpoint_vkey *vkey)
{
    struct audit_steps steps = {0};
    char root[AUDIT_HASH_SIZE];
    audit_hash_format(&report->checkpoint.root, root);
    list_parts(report, &steps);
    if (invocation->common[COMMON_JSON] != NULL) {
        int result = print_json(report, &steps, root, vkey);
        if (result != VIX_DONE) {
            return result;
        }
    } else {
        audit_steps_print(stdout, &steps);
        print_destroyed(report);
        if (report->finding_count > 0) {
            print_findings(report);
        } else {
            print_good(report, root, vkey);
        }
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
    struct audit_witnesses witnesses;
    CLEANUP(text_finish) struct text since = {0};
    int result = audit_log_key_read(invocation, &vkey);
    result = result != 0 ? result : audit_witnesses_read(invocation, &witnesses);
    if (result != 0) {
        return result;
    }
    result = since_path != NULL ? audit_file_read(AT_FDCWD, since_path, &since) : 0;
    if (result != 0) {
        return options_complain(command, "--since %s: %s", since_path, audit_file_explain(result));
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
    if (audit_is_wind_down(directory) && witnesses.count > 0) {
        return options_complain(command, "what is left of an index has no cosignatures");
    }
    const struct audit_trust trust = {.log = &vkey, .witnesses = &witnesses};
    result = audit_is_wind_down(directory)
                 ? audit_check_wind_down(directory, &vkey, since.bytes, report)
                 : audit_check(directory, &trust, since.bytes, report);
    if (result == AUDIT_NEEDS_SINCE) {
        return options_complain(command,
                                "this export begins with entry %" PRIu64
                                ": give the checkpoint it continues with --since",
                                report->first_index);
    }
    if (result != 0 && report->unreadable != NULL) {
        return options_complain(command, "%s/%s: %s", path, report->unreadable,
                                audit_file_explain(result));
    }
    return result != 0 ? session_report_fault(result) : print_report(invocation, report, &vkey);
}
