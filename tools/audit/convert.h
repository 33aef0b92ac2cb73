/* SPDX-License-Identifier: EUPL-1.2 */
/* Makes another form of an exported log out of its native one, offline. */
#ifndef TOOLS_AUDIT_CONVERT_H
#define TOOLS_AUDIT_CONVERT_H

#include "tools/audit/format.h"
#include "tools/progress_count.h"

#define AUDIT_CONVERT_MALFORMED 1 /* a line of the native form is no entry */
/*
 * In `directory`, a descriptor. The file appears whole or not at all: what broke off is begun anew.
 * The same entries always give the same bytes. 0, AUDIT_CONVERT_MALFORMED or a fault.
 */
int audit_convert(int directory, const struct audit_format *format, const char *origin,
                  struct progress_count *progress) MUST_CHECK;

#endif
