/* SPDX-License-Identifier: EUPL-1.2 */
#include "tools/audit/report.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* `about` is the entry, or NULL. */
static void PRINTF_LIKE(4, 0)
    add_finding(struct audit_report *report, enum audit_part part, const uint64_t *about,
                const char *format, va_list arguments)
{
    size_t position = report->finding_count++;
    report->parts[part] = AUDIT_BAD;
    if (position < AUDIT_FINDINGS_MAXIMUM) {
        struct audit_finding *finding = &report->findings[position];
        finding->has_index = about != NULL;
        finding->index = about != NULL ? *about : 0;
        vsnprintf(finding->what, sizeof(finding->what), format, arguments);
    }
}

void audit_find(struct audit_report *report, enum audit_part part, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    add_finding(report, part, NULL, format, arguments);
    va_end(arguments);
}

void audit_find_in_entry(struct audit_report *report, enum audit_part part, uint64_t index,
                         const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    add_finding(report, part, &index, format, arguments);
    va_end(arguments);
}

void audit_pass(struct audit_report *report, enum audit_part part)
{
    if (report->parts[part] == AUDIT_NOT_CHECKED) {
        report->parts[part] = AUDIT_GOOD;
    }
}

bool audit_open_note(struct audit_report *report, enum audit_part part, const char *which,
                     const char *note, const struct checkpoint_vkey *vkey,
                     struct checkpoint *ret_checkpoint)
{
    static const char *const reasons[] = {
        [CHECKPOINT_MALFORMED] = "is not a signed checkpoint of this key's log",
        [CHECKPOINT_NOT_SIGNED] = "is not signed with this key",
        [CHECKPOINT_BAD_SIGNATURE] = "was changed, or its signature was: the signature is wrong",
    };
    uint64_t time = 0;
    int result = vkey != NULL ? checkpoint_open(note, strlen(note), vkey, ret_checkpoint, &time)
                              : checkpoint_parse(note, strlen(note), ret_checkpoint);
    if (result != CHECKPOINT_OK) {
        audit_find(report, part, "the %s %s", which, reasons[result]);
    } else if (vkey != NULL) {
        audit_pass(report, part);
    }
    return result == CHECKPOINT_OK;
}
