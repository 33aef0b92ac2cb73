/* SPDX-License-Identifier: EUPL-1.2 */
/*
 * Who outside has seen the log: after a commit that made it grow, at most once every so many
 * seconds, its head goes to every witness of the configuration, and what comes back is verified and
 * kept (store_cosign_op). A thread for each witness, so that one that is slow, down or lying keeps
 * nobody else waiting; all get the same head, so that their lines add up. One that fails is asked
 * less and less often, up to every five minutes.
 *
 * A witness that holds a head to which this log does not lead has seen another log under this name:
 * this one was rolled back, or rewritten, or the witness lies. That is told and never mended here.
 */
#ifndef DAEMON_WITNESS_WITNESS_H
#define DAEMON_WITNESS_WITNESS_H

#include <stdio.h>

#include "daemon/config.h"
#include "daemon/privileges.h"
#include "proto/api.h"

struct witnesses;

/* Starts the threads. `config` and `store` must outlive them. With no witness in the configuration
 * there is nothing to start. 0 or a fault. */
int witnesses_start(const struct config *config, struct store *store,
                    struct witnesses **ret_witnesses) MUST_CHECK;
/* Breaks off what is under way, and waits for the threads. NULL is allowed. */
void witnesses_stop(struct witnesses *witnesses);

/* What a confined process needs for them: the ports, and what resolving and certificates take. */
void witnesses_prepare(const struct config *config, struct privileges_paths *paths);

/* For the operator; any thread. NULL is allowed. */
size_t witnesses_list(struct witnesses *witnesses,
                      struct api_witness ret_witnesses[API_WITNESSES_MAXIMUM]);
void witnesses_print_metrics(struct witnesses *witnesses, FILE *out);

/* Logs which witnesses are spoken to without TLS; for --check reads the file of CAs too. */
void witnesses_warn(const struct config *config);
void witnesses_check(const struct config *config, struct config_faults *faults);

#endif
