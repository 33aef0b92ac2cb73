/* SPDX-License-Identifier: EUPL-1.2 */
/* privileges_confine(): Landlock by its system calls, as the C library has no functions for it. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <linux/landlock.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "daemon/log.h"
#include "daemon/privileges.h"

#ifdef VIX_SANITIZED

int privileges_confine(const struct privileges_paths *paths)
{
    (void)paths;
    log_event(LOG_LEVEL_WARNING, "confine", "result=left-out reason=sanitizers");
    return 0;
}

#else

/* Rights by the version of the interface that brought them; headers may be older than kernels. */
#define RIGHTS_1 ((UINT64_C(1) << 13) - 1)
#define RIGHT_REFER (UINT64_C(1) << 13)
#define RIGHT_TRUNCATE (UINT64_C(1) << 14)
#define RIGHT_DEVICE_CONTROL (UINT64_C(1) << 15)
#define NETWORK_BIND (UINT64_C(1) << 0)
#define NETWORK_CONNECT (UINT64_C(1) << 1)

static const uint64_t rights_of_version[] = {
    0,
    RIGHTS_1,
    RIGHTS_1 | RIGHT_REFER,
    RIGHTS_1 | RIGHT_REFER | RIGHT_TRUNCATE,
    RIGHTS_1 | RIGHT_REFER | RIGHT_TRUNCATE,
    RIGHTS_1 | RIGHT_REFER | RIGHT_TRUNCATE | RIGHT_DEVICE_CONTROL,
};
#define NETWORK_VERSION 4
#define RULE_PORT 2 /* of LANDLOCK_RULE_..., for struct port_rule */
struct port_rule {
    uint64_t allowed_access;
    uint64_t port;
};

#define READING (LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR)
#define KEEPING                                                                                    \
    (READING | LANDLOCK_ACCESS_FS_WRITE_FILE | LANDLOCK_ACCESS_FS_REMOVE_DIR |                     \
     LANDLOCK_ACCESS_FS_REMOVE_FILE | LANDLOCK_ACCESS_FS_MAKE_DIR | LANDLOCK_ACCESS_FS_MAKE_REG |  \
     RIGHT_TRUNCATE)

/* What a turn of the epoch key takes; other keys that may be beside it cannot be read. */
#define TURNING                                                                                    \
    (LANDLOCK_ACCESS_FS_READ_DIR | LANDLOCK_ACCESS_FS_WRITE_FILE | LANDLOCK_ACCESS_FS_MAKE_REG |   \
     LANDLOCK_ACCESS_FS_REMOVE_FILE)

/* Of the root folder: what the system is made of. */
static const char *const system_folders[] = {"bin",   "boot",  "dev",    "etc",  "lib",
                                             "lib32", "lib64", "libx32", "proc", "run",
                                             "sbin",  "sys",   "usr"};

/* What resolving a name reads: single files, as keys may lie beside them in the same folder, and
 * the modules that the name service names. */
static const char *const resolver_files[] = {"/etc/resolv.conf",   "/etc/hosts",
                                             "/etc/nsswitch.conf", "/etc/host.conf",
                                             "/etc/gai.conf",      "/etc/services"};
static const char *const resolver_folders[] = {"/lib", "/lib64", "/usr/lib",
                                               "/run/systemd/resolve"};

struct confinement {
    int ruleset;
    uint64_t handled;
    bool network; /* connecting is handled */
};

struct ruleset_attributes {
    uint64_t handled_fs;
    uint64_t handled_network;
};

static void closep(int *fd)
{
    if (*fd >= 0) {
        close(*fd);
    }
}

/* What is not there needs no rule. */
static int allow_any(const struct confinement *confinement, const char *path, int flags,
                     uint64_t rights)
{
    CLEANUP(closep) int fd = open(path, O_PATH | O_CLOEXEC | flags);
    if (fd < 0) {
        return errno == ENOENT || errno == ENOTDIR || errno == EACCES ? 0 : -errno;
    }
    struct landlock_path_beneath_attr rule = {
        .allowed_access = rights & confinement->handled,
        .parent_fd = fd,
    };
    long result =
        syscall(SYS_landlock_add_rule, confinement->ruleset, LANDLOCK_RULE_PATH_BENEATH, &rule, 0);
    return result == 0 ? 0 : -errno;
}

static int allow(const struct confinement *confinement, const char *folder, uint64_t rights)
{
    return allow_any(confinement, folder, O_DIRECTORY, rights);
}

static int allow_resolving(const struct confinement *confinement)
{
    int result = 0;
    for (size_t i = 0; result == 0 && i < ARRAY_LENGTH(resolver_files); i++) {
        result = allow_any(confinement, resolver_files[i], 0, LANDLOCK_ACCESS_FS_READ_FILE);
    }
    for (size_t i = 0; result == 0 && i < ARRAY_LENGTH(resolver_folders); i++) {
        result = allow(confinement, resolver_folders[i], READING);
    }
    return result;
}

static int allow_ports(const struct confinement *confinement, const struct privileges_paths *paths)
{
    for (size_t i = 0; confinement->network && i < paths->connect_count; i++) {
        struct port_rule rule = {NETWORK_CONNECT, paths->connect[i]};
        if (syscall(SYS_landlock_add_rule, confinement->ruleset, RULE_PORT, &rule, 0) != 0) {
            return -errno;
        }
    }
    return 0;
}

static int allow_folder_of(const struct confinement *confinement, const char *path, uint64_t rights)
{
    char copy[PATH_MAX];
    if (strlen(path) >= sizeof(copy)) {
        return -ENAMETOOLONG;
    }
    strcpy(copy, path);
    return allow(confinement, dirname(copy), rights);
}

/* The folder of a file, and that of the file it is a link to, where a next one will come. */
static int allow_reading(const struct confinement *confinement, const char *path)
{
    char target[PATH_MAX];
    if (path == NULL) {
        return 0;
    }
    int result = allow_folder_of(confinement, path, READING);
    if (result == 0 && realpath(path, target) != NULL) {
        result = allow_folder_of(confinement, target, READING);
    }
    return result;
}

static bool is_system_folder(const char *name)
{
    for (size_t i = 0; i < ARRAY_LENGTH(system_folders); i++) {
        if (strcmp(name, system_folders[i]) == 0) {
            return true;
        }
    }
    return false;
}

static void closedirp(DIR **directory)
{
    if (*directory != NULL) {
        closedir(*directory);
    }
}

static int allow_data_folders(const struct confinement *confinement)
{
    CLEANUP(closedirp) DIR *root = opendir("/");
    if (root == NULL) {
        return -errno;
    }
    int result = 0;
    for (struct dirent *entry; result == 0 && (entry = readdir(root)) != NULL;) {
        char path[sizeof(entry->d_name) + 2];
        if (entry->d_name[0] == '.' || is_system_folder(entry->d_name)) {
            continue;
        }
        snprintf(path, sizeof(path), "/%s", entry->d_name);
        result = allow(confinement, path, KEEPING);
    }
    return result;
}

static int allow_all(const struct confinement *confinement, const struct privileges_paths *paths)
{
    int result = allow_data_folders(confinement);
    for (size_t i = 0; result == 0 && i < paths->read_count; i++) {
        result = allow_reading(confinement, paths->read[i]);
    }
    if (result == 0) {
        result = allow_folder_of(confinement, paths->store, KEEPING);
    }
    if (result == 0) {
        result = allow(confinement, paths->store, KEEPING);
    }
    if (result == 0 && paths->epoch_keys != NULL) {
        result = allow(confinement, paths->epoch_keys, TURNING);
    }
    return result != 0
               ? result
               : allow_folder_of(confinement, paths->socket, LANDLOCK_ACCESS_FS_REMOVE_FILE);
}

int privileges_confine(const struct privileges_paths *paths)
{
    long version = syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION);
    if (version <= 0) {
        log_event(LOG_LEVEL_WARNING, "confine", "result=left-out reason=no-landlock");
        return 0;
    }
    size_t known = (size_t)version < ARRAY_LENGTH(rights_of_version)
                       ? (size_t)version
                       : ARRAY_LENGTH(rights_of_version) - 1;
    struct ruleset_attributes attributes = {
        .handled_fs = rights_of_version[known],
        .handled_network = version >= NETWORK_VERSION ? NETWORK_BIND | NETWORK_CONNECT : 0,
    };
    size_t size = version >= NETWORK_VERSION ? sizeof(attributes) : sizeof(attributes.handled_fs);
    CLEANUP(closep)
    int ruleset = (int)syscall(SYS_landlock_create_ruleset, &attributes, size, 0);
    if (ruleset < 0) {
        return -errno;
    }
    struct confinement confinement = {.ruleset = ruleset,
                                      .handled = attributes.handled_fs,
                                      .network = attributes.handled_network != 0};
    int result = allow_all(&confinement, paths);
    if (result == 0) {
        result = allow_ports(&confinement, paths);
    }
    if (result == 0 && paths->resolves) {
        result = allow_resolving(&confinement);
    }
    if (result == 0 && (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 ||
                        syscall(SYS_landlock_restrict_self, ruleset, 0) != 0)) {
        result = -errno;
    }
    if (result == 0) {
        log_event(LOG_LEVEL_INFO, "confine", "result=done landlock=%ld", version);
    }
    return result;
}

#endif
