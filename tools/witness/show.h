/* SPDX-License-Identifier: EUPL-1.2 */
/* What the folder of a witness tells: the commands `vix witness show` and `vix witness check`. */
#ifndef TOOLS_WITNESS_SHOW_H
#define TOOLS_WITNESS_SHOW_H

#include "crypto/checkpoint.h"
#include "tools/options.h"

int witness_show(const struct invocation *invocation);
int witness_check(const struct invocation *invocation);

/* For all of its commands. The sentence on standard error; VIX_REFUSED. */
int witness_report(const char *why);
void witness_signer_wipe(struct checkpoint_signer *signer); /* for CLEANUP */

#endif
