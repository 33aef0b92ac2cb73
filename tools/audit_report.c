/* SPDX-License-Identifier: EUPL-1.2 */
#include "tools/audit_report.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* `about` is the entry, or NULL. */
static void PRINTF_LIKE(3, 0) add_finding(struct audit_report *report, const uint64_t *about,
                                          const char *format, va_list arguments)
{
    size_t position = report->finding_count++;
    if (position < AUDIT_FINDINGS_MAXIMUM) {
        struct audit_finding *finding = &report->findings[position];
        finding->has_index = about != NULL;
        finding->index = about != NULL ? *about : 0;
        vsnprintf(finding->what, sizeof(finding->what), format, arguments);
    }
}

void audit_find(struct audit_report *report, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    add_finding(report, NULL, format, arguments);
    va_end(arguments);
}

void audit_find_in_entry(struct audit_report *report, uint64_t index, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    add_finding(report, &index, format, arguments);
    va_end(arguments);
}

bool audit_open_note(struct audit_report *report, const char *which, const char *note,
                     const struct checkpoint_vkey *vkey, struct checkpoint *ret_checkpoint)
{
    static const char *const reasons[] = {
        [CHECKPOINT_MALFORMED] = "is not a signed checkpoint of this key's log",
        [CHECKPOINT_NOT_SIGNED] = "is not signed with this key",
        [CHECKPOINT_BAD_SIGNATURE] = "was changed, or its signature was: the signature is wrong",
    };
    uint64_t time = 0;
    int result = checkpoint_open(note, strlen(note), vkey, ret_checkpoint, &time);
    if (result != CHECKPOINT_OK) {
        audit_find(report, "the %s %s", which, reasons[result]);
    }
    return result == CHECKPOINT_OK;
}
