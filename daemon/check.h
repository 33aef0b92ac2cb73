/* SPDX-License-Identifier: EUPL-1.2 */
/* Whether the daemon could run as configured. Main thread. */
#ifndef DAEMON_CHECK_H
#define DAEMON_CHECK_H

#include "crypto/keyring.h"
#include "daemon/config.h"
#include "daemon/tls.h"

/* The configuration, and that the places it names can be used. As config_read(). */
int check_configuration(const char *path, struct config *config,
                        struct config_faults *faults) MUST_CHECK;

/* Beyond that, for --check: keys, certificates and CRL are read; what has expired is a fault. 0,
 * CONFIG_FAULTY, or a fault of the machine. */
int check_files(const struct config *config, struct config_faults *faults) MUST_CHECK;

/* Which folder holds the keys, and which the epoch keys. */
const char *check_keys_directory(const struct config *config);
const char *check_epoch_directory(const struct config *config);
/* Whether the epoch key can be turned; that it cannot is logged. */
bool check_epoch_turn(const struct keyring *keys);
struct tls_options check_tls_options(const struct config *config);

/* Certificates and CRL as the operator should hear of them: what has ended, and what soon will.
 * Ended ones are added to `faults` unless it is NULL; all is logged. */
void check_expiry(const struct tls_state *state, struct config_faults *faults);

/* Logs every fault, a line each. */
void check_log_faults(const struct config_faults *faults);

#endif
