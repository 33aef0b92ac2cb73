/* SPDX-License-Identifier: EUPL-1.2 */
/*
 * The configuration: one INI file, one table of options (options.c). Nothing is silently ignored
 * or corrected; all faults of a file are listed at once, each with the file's name and the line.
 * Read once at start by the main thread, immutable after.
 */
#ifndef DAEMON_CONFIG_H
#define DAEMON_CONFIG_H

#include <netinet/in.h>
#include <sys/socket.h>

#include "crypto/checkpoint.h"
#include "store/base/arena.h"
#include "store/store.h"

#define CONFIG_FILE_MAXIMUM ((size_t)64 << 10) /* bytes */
#define CONFIG_FAULTS_MAXIMUM 64
#define CONFIG_LINE_MAXIMUM                                                                        \
    198 /* characters: inih, as Debian builds it, has 200 bytes for a line */

#define CONFIG_FAULTY 1

/* Where to listen; port 0: one that is free. */
struct config_address {
    const char *text; /* as configured */
    struct sockaddr_storage address;
    socklen_t size;
};

#define CONFIG_WITNESSES_MAXIMUM 8
#define CONFIG_RESOLVER_PORT 53

/* A witness to whom heads of the log go. */
struct config_witness {
    struct checkpoint_vkey vkey; /* of type CHECKPOINT_COSIGNATURE; names differ */
    const char *url;             /* without a slash at its end */
    uint16_t port;
    bool secure;   /* https */
    bool is_near;  /* its host is a loopback address, or localhost */
    bool has_name; /* its host is to be resolved */
};

/* Texts are NULL when not given and without a default; paths are ready to open. */
struct config {
    struct config_address listen;
    const char *certificate;
    const char *private_key;
    const char *client_ca;
    const char *client_crl; /* NULL: no revocation check */
    unsigned workers;       /* 0: one per core */
    struct config_address management;
    const char *control_socket;
    const char *store_path;
    uint64_t map_bytes;
    const char *keys_directory;  /* NULL: $CREDENTIALS_DIRECTORY, or CONFIG_KEYS_DIRECTORY */
    const char *epoch_directory; /* NULL: where the other keys are */
    struct oin operator_oin;
    const char *operator_name;
    const char *log_origin;
    unsigned requests_per_minute;
    unsigned evaluations_per_minute;
    unsigned connections;
    struct store_policy policy;
    size_t witness_count;
    struct config_witness witnesses[CONFIG_WITNESSES_MAXIMUM];
    unsigned witness_interval; /* seconds */
    const char *witness_ca;    /* NULL: the system's */
    struct arena arena;        /* holds the texts */
};
#define CONFIG_KEYS_DIRECTORY "/etc/verwijsindex/keys"

/* What is wrong, in sentences that begin with file and line. Zeroed before use. */
struct config_faults {
    struct arena arena;
    size_t count; /* what comes beyond CONFIG_FAULTS_MAXIMUM is counted, not kept */
    const char *lines[CONFIG_FAULTS_MAXIMUM];
};
void config_faults_add(struct config_faults *faults, const char *format, ...) PRINTF_LIKE(2, 3);
void config_faults_finish(struct config_faults *faults);

/* 0, CONFIG_FAULTY with at least one fault added, or -ENOMEM. The configuration is to be finished
 * in every case. */
int config_read(const char *path, struct config *config, struct config_faults *faults) MUST_CHECK;

/* The same for a text that is said to be the file at `path`. */
int config_parse(const char *text, size_t size, const char *path, struct config *config,
                 struct config_faults *faults) MUST_CHECK;

void config_finish(struct config *config);

#endif
