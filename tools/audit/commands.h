/* SPDX-License-Identifier: EUPL-1.2 */
/* The commands of `vix audit` that have a file of their own. */
#ifndef TOOLS_AUDIT_COMMANDS_H
#define TOOLS_AUDIT_COMMANDS_H

#include "tools/options.h"

int audit_export_run(const struct invocation *invocation);
int audit_search_run(const struct invocation *invocation);
int audit_verify_run(const struct invocation *invocation);
int audit_verify_receipt_run(const struct invocation *invocation);

#endif
