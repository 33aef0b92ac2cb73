/* SPDX-License-Identifier: EUPL-1.2 */
/* `witness=<verifier key> <url>` of the configuration. */
#ifndef DAEMON_WITNESS_OPTION_H
#define DAEMON_WITNESS_OPTION_H

#include "daemon/config.h"

/* Adds one to the configuration. NULL, or what the value should have been. */
const char *witness_option_add(const char *value, struct config *config) MUST_CHECK;

#endif
