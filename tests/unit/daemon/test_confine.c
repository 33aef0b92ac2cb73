/* SPDX-License-Identifier: EUPL-1.2 */
/*
 * What is left to a confined process, tried in a child each. Folders of data are open to it
 * wherever they are, so the trial is in a system folder that everybody can write in.
 */
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <linux/landlock.h>
#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "crypto/keyring.h"
#include "crypto/secret.h"
#include "daemon/privileges.h"

#define SYSTEM_FOLDER "/dev/shm"
#define PATH_SIZE 256

static char folder[PATH_SIZE];
static char keys[PATH_SIZE];
static char epochs[PATH_SIZE];

static void join(const char *directory, const char *name, char path[PATH_SIZE])
{
    assert_in_range(snprintf(path, PATH_SIZE, "%s/%s", directory, name), 1, PATH_SIZE - 1);
}

static bool can_confine(void)
{
#ifdef VIX_SANITIZED
    return false;
#else
    return syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION) > 0 &&
           access(SYSTEM_FOLDER, W_OK | X_OK) == 0;
#endif
}

static int setup(void **state)
{
    char why[KEYRING_WHY_SIZE];
    char old[PATH_SIZE];
    char new[PATH_SIZE];
    (void)state;
    if (!can_confine()) {
        return 0;
    }
    strcpy(folder, SYSTEM_FOLDER "/vix-confine-XXXXXX");
    assert_non_null(mkdtemp(folder));
    join(folder, "keys", keys);
    join(folder, "epochs", epochs);
    assert_int_equal(keyring_create(keys, why), 0);
    assert_int_equal(mkdir(epochs, 0700), 0);
    join(keys, "epoch-1.key", old);
    join(epochs, "epoch-1.key", new);
    assert_int_equal(rename(old, new), 0);
    return 0;
}

static int remove_one(const char *path, const struct stat *status, int kind, struct FTW *place)
{
    (void)status;
    (void)kind;
    (void)place;
    return remove(path);
}

static int teardown(void **state)
{
    (void)state;
    if (folder[0] != '\0') {
        assert_int_equal(nftw(folder, remove_one, 8, FTW_DEPTH | FTW_PHYS), 0);
        folder[0] = '\0';
    }
    return 0;
}

static bool is_refused(const char *directory, const char *name, int flags)
{
    char path[PATH_SIZE];
    join(directory, name, path);
    int fd = open(path, flags, 0600);
    int error = errno;
    if (fd >= 0) {
        close(fd);
    }
    return fd < 0 && error == EACCES;
}

/* The child's exit status says which step went wrong; 0: none. */
#define EXPECT(condition)                                                                          \
    do {                                                                                           \
        if (!(condition)) {                                                                        \
            fprintf(stderr, "%d: %s\n", __LINE__, #condition);                                     \
            _exit(1);                                                                              \
        }                                                                                          \
    } while (0)

static void expect_child_done(pid_t child)
{
    int status;
    assert_true(child > 0);
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 0);
}

static struct keyring *confine(const char *keys_directory, const char *epoch_directory,
                               bool can_turn)
{
    char why[KEYRING_WHY_SIZE];
    struct keyring *ring = NULL;
    const struct privileges_paths paths = {
        .epoch_keys = can_turn ? epoch_directory : NULL,
        .store = "/var/lib/verwijsindex",
        .socket = "/run/verwijsindex/control.sock",
    };
    EXPECT(keyring_load(keys_directory, epoch_directory, &ring, why) == 0);
    EXPECT(privileges_confine(&paths) == 0);
    return ring;
}

static void test_a_turn_while_confined(void **state)
{
    (void)state;
    if (!can_confine()) {
        skip();
    }
    pid_t child = fork();
    if (child == 0) {
        char why[KEYRING_WHY_SIZE] = "";
        uint32_t id = 0;
        struct keyring *ring = confine(keys, epochs, true);
        EXPECT(keyring_epoch_begin(ring, &id, why) == 0 && id == 2);
        EXPECT(keyring_epoch_retire(ring, 2, why) == 0);
        EXPECT(keyring_epoch_begin(ring, &id, why) == 0 && id == 3);
        EXPECT(keyring_epoch_retire(ring, 3, why) == 0);
        /* Not even epoch keys can be read any more, and nothing can be done to the others. */
        EXPECT(is_refused(epochs, "epoch-3.key", O_RDONLY));
        EXPECT(is_refused(keys, "record-1.key", O_RDONLY));
        EXPECT(is_refused(keys, "record-1.key", O_WRONLY));
        EXPECT(is_refused(keys, "record-2.key", O_WRONLY | O_CREAT));
        EXPECT(is_refused(keys, ".", O_RDONLY | O_DIRECTORY));
        _exit(0);
    }
    expect_child_done(child);
    struct keyring *ring = NULL;
    char why[KEYRING_WHY_SIZE];
    assert_int_equal(keyring_load(keys, epochs, &ring, why), 0);
    assert_int_equal(keyring_current(ring, KEYRING_EPOCH), 3);
    assert_int_equal(keyring_epoch_others(ring), 0);
    keyring_free(ring);
}

/* In one folder with the others: these can still not be read. */
static void test_a_turn_in_the_folder_of_all_keys(void **state)
{
    char old[PATH_SIZE];
    char new[PATH_SIZE];
    (void)state;
    if (!can_confine()) {
        skip();
    }
    join(epochs, "epoch-1.key", old);
    join(keys, "epoch-1.key", new);
    assert_int_equal(rename(old, new), 0);
    pid_t child = fork();
    if (child == 0) {
        char why[KEYRING_WHY_SIZE] = "";
        uint32_t id = 0;
        struct keyring *ring = confine(keys, keys, true);
        EXPECT(keyring_epoch_begin(ring, &id, why) == 0 && id == 2);
        EXPECT(keyring_epoch_retire(ring, 2, why) == 0);
        EXPECT(is_refused(keys, "evaluation-1.key", O_RDONLY));
        _exit(0);
    }
    expect_child_done(child);
}

static void test_where_no_turn_can_be_made_nothing_can_be_written(void **state)
{
    (void)state;
    if (!can_confine()) {
        skip();
    }
    pid_t child = fork();
    if (child == 0) {
        char why[KEYRING_WHY_SIZE] = "";
        uint32_t id = 0;
        struct keyring *ring = confine(keys, epochs, false);
        EXPECT(keyring_epoch_begin(ring, &id, why) == KEYRING_REFUSED);
        EXPECT(strstr(why, "Permission denied") != NULL);
        EXPECT(keyring_current(ring, KEYRING_EPOCH) == 1);
        _exit(0);
    }
    expect_child_done(child);
}

/* A listener on some port of this machine. */
static int listen_somewhere(struct sockaddr_in *address)
{
    socklen_t size = sizeof(*address);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    *address =
        (struct sockaddr_in){.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    assert_true(fd >= 0);
    assert_int_equal(bind(fd, (const struct sockaddr *)address, size), 0);
    assert_int_equal(listen(fd, 4), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)address, &size), 0);
    return fd;
}

/* 0, or the errno. */
static int try_connect(const struct sockaddr_in *address)
{
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    int result = connect(fd, (const struct sockaddr *)address, sizeof(*address));
    int error = result == 0 ? 0 : errno;
    close(fd);
    return error;
}

#define NETWORK_VERSION 4 /* of Landlock: from here on it knows ports */

static void test_only_ports_of_witnesses_are_connected_to(void **state)
{
    struct sockaddr_in witness;
    struct sockaddr_in other;
    (void)state;
    if (!can_confine() || syscall(SYS_landlock_create_ruleset, NULL, 0,
                                  LANDLOCK_CREATE_RULESET_VERSION) < NETWORK_VERSION) {
        skip();
    }
    int first = listen_somewhere(&witness);
    int second = listen_somewhere(&other);
    for (int with_witness = 0; with_witness < 2; with_witness++) {
        pid_t child = fork();
        if (child == 0) {
            const struct privileges_paths paths = {
                .store = "/var/lib/verwijsindex",
                .socket = "/run/verwijsindex/control.sock",
                .connect_count = (size_t)with_witness,
                .connect = {ntohs(witness.sin_port)},
            };
            EXPECT(try_connect(&witness) == 0 && try_connect(&other) == 0);
            EXPECT(privileges_confine(&paths) == 0);
            EXPECT(try_connect(&witness) == (with_witness ? 0 : EACCES));
            EXPECT(try_connect(&other) == EACCES);
            _exit(0);
        }
        expect_child_done(child);
    }
    close(first);
    close(second);
}

/* What resolving a name takes can be read, and not the folder that it lies in. */
static void test_names_are_resolved_while_confined(void **state)
{
    (void)state;
    if (!can_confine() || access("/etc/hosts", R_OK) != 0 || access("/etc/group", R_OK) != 0) {
        skip();
    }
    for (int resolves = 0; resolves < 2; resolves++) {
        pid_t child = fork();
        if (child == 0) {
            const struct privileges_paths paths = {
                .store = "/var/lib/verwijsindex",
                .socket = "/run/verwijsindex/control.sock",
                .resolves = resolves != 0,
            };
            EXPECT(privileges_confine(&paths) == 0);
            EXPECT(is_refused("/etc", "hosts", O_RDONLY) == !resolves);
            EXPECT(is_refused("/etc", "group", O_RDONLY));
            EXPECT(is_refused("/etc", "hosts", O_WRONLY));
            _exit(0);
        }
        expect_child_done(child);
    }
}

static int start_library(void **state)
{
    (void)state;
    return secret_init();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_a_turn_while_confined, setup, teardown),
        cmocka_unit_test_setup_teardown(test_a_turn_in_the_folder_of_all_keys, setup, teardown),
        cmocka_unit_test_setup_teardown(test_where_no_turn_can_be_made_nothing_can_be_written,
                                        setup, teardown),
        cmocka_unit_test(test_only_ports_of_witnesses_are_connected_to),
        cmocka_unit_test(test_names_are_resolved_while_confined),
    };
    return cmocka_run_group_tests(tests, start_library, NULL);
}
