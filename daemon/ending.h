/* SPDX-License-Identifier: EUPL-1.2 */
/* What is done with an index that was wound down, when the daemon ends or is started again. Main
 * thread; the store is not open. */
#ifndef DAEMON_ENDING_H
#define DAEMON_ENDING_H

#include "daemon/config.h"

/* Finishes what the mark in the store asks for (store/store_end.h), and says in the log what was
 * destroyed, or what is left and why. All keys but the epoch's are the operator's to destroy, from
 * where this process may not write. True: nothing is left. */
bool ending_finish(const struct config *config);

#endif
