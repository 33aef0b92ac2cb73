/* SPDX-License-Identifier: EUPL-1.2 */
/*
 * What the process gives up, so that a fault in it is worth less. Main thread, before any other
 * thread is started, as most of it is inherited per thread. Builds with sanitizers leave out what
 * breaks these.
 */
#ifndef DAEMON_PRIVILEGES_H
#define DAEMON_PRIVILEGES_H

#include <stdbool.h>

#include "crypto/basics.h"

/*
 * To be called before a key is read: no core file, no tracing by others, no new privileges, as
 * much locked memory and as many descriptors as are allowed. Says in the log what is too little
 * for `connections`. 0 or a fault.
 */
int privileges_reduce(unsigned connections) MUST_CHECK;

#define PRIVILEGES_PATHS_MAXIMUM 16
#define PRIVILEGES_PORTS_MAXIMUM 16

/*
 * To be called when everything is bound: from here on nothing can be executed, no port bound and
 * none connected to but those named, and of the file system only data can be reached: the folders
 * named, and whatever is not the system's (a backup is written where the operator says). Landlock;
 * where the kernel has none, or less of it, that is logged and life goes on. 0 or a fault.
 */
struct privileges_paths {
    size_t read_count;
    const char *read[PRIVILEGES_PATHS_MAXIMUM]; /* files whose folders are read again on reload */
    const char *epoch_keys; /* folder in which keys come and go, but are not read; NULL: none */
    const char *store;
    const char *socket; /* of the operator: removed at the end */
    size_t connect_count;
    uint16_t connect[PRIVILEGES_PORTS_MAXIMUM]; /* TCP */
    bool resolves; /* names of hosts: what the C library reads for it can be read */
};
int privileges_confine(const struct privileges_paths *paths) MUST_CHECK;

#endif
