/* SPDX-License-Identifier: EUPL-1.2 */
#include "support.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "crypto/keyring.h"
#include "crypto/secret.h"

#define PATH_SIZE 512
#define SOME_KEY "AQIDBAUGBwgJCgsMDQ4PEBESExQVFhcYGRobHB0eHwA" /* 01 02 03 ... 1f 00 */

/* A folder for each test, in which `keys` is a ring as keyring_create() makes it. */
struct place {
    char folder[PATH_SIZE];
    char keys[PATH_SIZE];
};

static void remove_tree(const char *path)
{
    DIR *listing = opendir(path);
    if (listing != NULL) {
        for (const struct dirent *entry; (entry = readdir(listing)) != NULL;) {
            char inner[PATH_SIZE];
            if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0) {
                continue;
            }
            assert_in_range(snprintf(inner, sizeof(inner), "%s/%s", path, entry->d_name), 1,
                            sizeof(inner) - 1);
            if (unlink(inner) != 0) {
                remove_tree(inner);
            }
        }
        closedir(listing);
    }
    rmdir(path);
}

static int setup(void **state)
{
    struct place *place = calloc(1, sizeof(*place));
    char why[KEYRING_WHY_SIZE];
    const char *temporary = getenv("TMPDIR");
    assert_non_null(place);
    snprintf(place->folder, sizeof(place->folder), "%s/keyring-XXXXXX",
             temporary != NULL ? temporary : "/tmp");
    assert_non_null(mkdtemp(place->folder));
    assert_in_range(snprintf(place->keys, sizeof(place->keys), "%s/keys", place->folder), 1,
                    sizeof(place->keys) - 1);
    assert_int_equal(keyring_create(place->keys, why), KEYRING_OK);
    *state = place;
    return 0;
}

static int teardown(void **state)
{
    struct place *place = *state;
    remove_tree(place->folder);
    free(place);
    return 0;
}

static void path_of(const struct place *place, const char *name, char path[PATH_SIZE])
{
    assert_in_range(snprintf(path, PATH_SIZE, "%s/%s", place->keys, name), 1, PATH_SIZE - 1);
}

static void write_file(const struct place *place, const char *name, const char *text)
{
    char path[PATH_SIZE];
    path_of(place, name, path);
    unlink(path);
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL, 0600);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, text, strlen(text)), strlen(text));
    close(fd);
}

static size_t read_file(const struct place *place, const char *name, char *text, size_t size)
{
    char path[PATH_SIZE];
    path_of(place, name, path);
    int fd = open(path, O_RDONLY);
    assert_true(fd >= 0);
    ssize_t got = read(fd, text, size);
    assert_true(got >= 0);
    close(fd);
    return (size_t)got;
}

static void assert_refused(const struct place *place, const char *because)
{
    char why[KEYRING_WHY_SIZE] = "";
    struct keyring *keyring = NULL;
    assert_int_equal(keyring_load(place->keys, &keyring, why), KEYRING_REFUSED);
    assert_null(keyring);
    if (strstr(why, because) == NULL) {
        fail_msg("\"%s\" does not say \"%s\"", why, because);
    }
    assert_non_null(strstr(why, place->keys));
    assert_null(strstr(why, SOME_KEY));
}

static struct keyring *load(const struct place *place)
{
    char why[KEYRING_WHY_SIZE] = "";
    struct keyring *keyring = NULL;
    if (keyring_load(place->keys, &keyring, why) != KEYRING_OK) {
        fail_msg("%s", why);
    }
    return keyring;
}

static void test_created_ring_loads(void **state)
{
    const struct place *place = *state;
    struct keyring *keyring = load(place);
    struct stat status;
    const uint8_t *seen[KEYRING_PURPOSES];

    assert_int_equal(stat(place->keys, &status), 0);
    assert_int_equal(status.st_mode & 07777, 0700);
    for (unsigned i = 0; i < KEYRING_PURPOSES; i++) {
        enum keyring_purpose purpose = (enum keyring_purpose)i;
        char name[64];
        char path[PATH_SIZE];
        snprintf(name, sizeof(name), "%s-1.key", keyring_purpose_name(purpose));
        path_of(place, name, path);
        assert_int_equal(stat(path, &status), 0);
        assert_int_equal(status.st_mode & 07777, 0600);
        assert_int_equal(keyring_current(keyring, purpose), 1);
        seen[i] = keyring_find(keyring, purpose, 1);
        assert_non_null(seen[i]);
        for (unsigned j = 0; j < i; j++) {
            assert_memory_not_equal(seen[i], seen[j], KEYRING_KEY_BYTES);
        }
    }
    struct oprf_scalar scalar;
    memcpy(scalar.bytes, seen[KEYRING_EVALUATION], sizeof(scalar.bytes));
    assert_int_equal(oprf_check_scalar(&scalar), OPRF_OK);
    keyring_free(keyring);
}

static void test_file_is_one_line_of_the_documented_form(void **state)
{
    const struct place *place = *state;
    char text[256] = "";
    uint8_t key[KEYRING_KEY_BYTES];
    struct keyring *keyring = load(place);
    size_t length = read_file(place, "epoch-1.key", text, sizeof(text) - 1);
    static const char head[] = "verwijsindex-key-1 epoch 1 ";
    assert_int_equal(length, sizeof(head) - 1 + 43 + 1);
    assert_memory_equal(text, head, sizeof(head) - 1);
    assert_int_equal(text[length - 1], '\n');
    assert_int_equal(secret_from_base64url(text + sizeof(head) - 1, 43, key, sizeof(key)), 0);
    assert_memory_equal(key, keyring_find(keyring, KEYRING_EPOCH, 1), sizeof(key));
    keyring_free(keyring);
}

static void test_create_never_overwrites(void **state)
{
    const struct place *place = *state;
    char why[KEYRING_WHY_SIZE] = "";
    char before[256] = "";
    char after[256] = "";
    char path[PATH_SIZE];
    read_file(place, "log-1.key", before, sizeof(before));
    assert_int_equal(keyring_create(place->keys, why), KEYRING_REFUSED);
    assert_non_null(strstr(why, place->keys));
    read_file(place, "log-1.key", after, sizeof(after));
    assert_memory_equal(before, after, sizeof(after));

    path_of(place, "no/such/folder", path);
    assert_int_equal(keyring_create(path, why), KEYRING_REFUSED);
    assert_in_range(snprintf(path, sizeof(path), "%s/empty", place->folder), 1, sizeof(path) - 1);
    assert_int_equal(mkdir(path, 0700), 0);
    assert_int_equal(keyring_create(path, why), KEYRING_REFUSED);
}

static void test_rings_differ(void **state)
{
    const struct place *place = *state;
    struct place other = *place;
    char why[KEYRING_WHY_SIZE];
    strcat(other.keys, "2");
    assert_int_equal(keyring_create(other.keys, why), KEYRING_OK);
    struct keyring *a = load(place);
    struct keyring *b = load(&other);
    for (unsigned i = 0; i < KEYRING_PURPOSES; i++) {
        assert_memory_not_equal(keyring_find(a, (enum keyring_purpose)i, 1),
                                keyring_find(b, (enum keyring_purpose)i, 1), KEYRING_KEY_BYTES);
    }
    keyring_free(a);
    keyring_free(b);
}

/* systemd gives credentials in a directory of mode 0500, in files of mode 0400. */
static void test_modes_of_credentials(void **state)
{
    const struct place *place = *state;
    for (unsigned i = 0; i < KEYRING_PURPOSES; i++) {
        char name[64];
        char path[PATH_SIZE];
        snprintf(name, sizeof(name), "%s-1.key", keyring_purpose_name((enum keyring_purpose)i));
        path_of(place, name, path);
        assert_int_equal(chmod(path, 0400), 0);
    }
    assert_int_equal(chmod(place->keys, 0500), 0);
    struct keyring *keyring = load(place);
    assert_int_equal(keyring_current(keyring, KEYRING_LOG), 1);
    keyring_free(keyring);
    assert_int_equal(chmod(place->keys, 0700), 0);
}

static void test_every_open_mode_is_refused(void **state)
{
    const struct place *place = *state;
    char path[PATH_SIZE];
    path_of(place, "record-1.key", path);
    for (mode_t bit = 1; bit <= 040; bit <<= 1) {
        assert_int_equal(chmod(path, 0600 | bit), 0);
        assert_refused(place, "record-1.key must be closed to group and others");
        assert_int_equal(chmod(path, 0600), 0);
        assert_int_equal(chmod(place->keys, 0700 | bit), 0);
        assert_refused(place, "keys must be closed to group and others");
        assert_int_equal(chmod(place->keys, 0700), 0);
    }
    keyring_free(load(place));
}

static void test_other_owners_are_refused(void **state)
{
    const struct place *place = *state;
    char path[PATH_SIZE];
    if (geteuid() != 0) {
        skip(); /* only root can give a file away */
    }
    path_of(place, "record-1.key", path);
    assert_int_equal(chown(path, 12345, (gid_t)-1), 0);
    assert_refused(place, "record-1.key belongs to another user");
    assert_int_equal(chown(path, 0, (gid_t)-1), 0);
    assert_int_equal(chown(place->keys, 12345, (gid_t)-1), 0);
    assert_refused(place, "keys belongs to another user");
}

static void test_missing(void **state)
{
    const struct place *place = *state;
    struct place other = *place;
    char path[PATH_SIZE];
    strcat(other.keys, "2");
    assert_refused(&other, "No such file or directory");
    path_of(place, "log-1.key", other.keys);
    assert_refused(&other, "Not a directory");
    for (unsigned i = 0; i < KEYRING_PURPOSES; i++) {
        char name[64];
        char text[256] = "";
        snprintf(name, sizeof(name), "%s-1.key", keyring_purpose_name((enum keyring_purpose)i));
        read_file(place, name, text, sizeof(text) - 1);
        path_of(place, name, path);
        assert_int_equal(unlink(path), 0);
        assert_refused(place, "has no key");
        write_file(place, name, text);
    }
    keyring_free(load(place));
}

static void test_names_that_are_refused(void **state)
{
    const struct place *place = *state;
    static const char *const names[] = {
        "readme",        "record.key",    "record-.key",   "record-0.key",     "record-01.key",
        "record-2.KEY",  "Record-2.key",  "record-2.key~", "record-2",         "records-2.key",
        "record--2.key", "record-2a.key", "record-+2.key", "record-2.key.bak", "log-4294967296.key",
        "other-1.key",   "-1.key",        "1.key",         "record-2 .key",
    };
    for (size_t i = 0; i < ARRAY_LENGTH(names); i++) {
        char path[PATH_SIZE];
        write_file(place, names[i], "verwijsindex-key-1 record 2 " SOME_KEY "\n");
        assert_refused(place, "is not named");
        path_of(place, names[i], path);
        assert_int_equal(unlink(path), 0);
    }
    write_file(place, ".record-2.key.swp", "passed over");
    keyring_free(load(place));
}

static void test_what_is_no_file(void **state)
{
    const struct place *place = *state;
    char path[PATH_SIZE];
    char target[PATH_SIZE];
    path_of(place, "record-2.key", path);

    path_of(place, "record-1.key", target);
    assert_int_equal(symlink(target, path), 0);
    assert_refused(place, "record-2.key: Too many levels of symbolic links");
    assert_int_equal(unlink(path), 0);

    assert_int_equal(mkdir(path, 0700), 0);
    assert_refused(place, "record-2.key is not a regular file");
    assert_int_equal(rmdir(path), 0);

    /* opening it for reading would wait for a writer that never comes */
    assert_int_equal(mkfifo(path, 0600), 0);
    assert_refused(place, "record-2.key is not a regular file");
}

static void test_content_that_is_refused(void **state)
{
    const struct place *place = *state;
    static const char *const malformed[] = {
        "",
        "\n",
        "verwijsindex-key-1",
        "verwijsindex-key-1 record 2",
        "verwijsindex-key-1 record 2 \n",
        "verwijsindex-key-2 record 2 " SOME_KEY "\n",
        " verwijsindex-key-1 record 2 " SOME_KEY "\n",
        "verwijsindex-key-1  record 2 " SOME_KEY "\n",
        "verwijsindex-key-1 record 02 " SOME_KEY "\n",
        "verwijsindex-key-1 record 0 " SOME_KEY "\n",
        "verwijsindex-key-1 record 4294967296 " SOME_KEY "\n",
        "verwijsindex-key-1 record -2 " SOME_KEY "\n",
        "verwijsindex-key-1 other 2 " SOME_KEY "\n",
        "verwijsindex-key-1 record 2 " SOME_KEY "=\n",
        "verwijsindex-key-1 record 2 " SOME_KEY " \n",
        "verwijsindex-key-1 record 2 " SOME_KEY "\r\n",
        "verwijsindex-key-1 record 2 " SOME_KEY "\n\n",
        "verwijsindex-key-1 record 2 " SOME_KEY "\n# a comment\n",
        "verwijsindex-key-1 record 2 AQIDBAUGBwgJCgsMDQ4PEBESExQVFhcYGRobHB0eHw\n",
        "verwijsindex-key-1 record 2 AQIDBAUGBwgJCgsMDQ4PEBESExQVFhcYGRobHB0eHwB\n",
        "verwijsindex-key-1 record 2 AQIDBAUGBwgJCgsMDQ4PEBESExQVFhcYGRobHB0e+wA\n",
    };
    for (size_t i = 0; i < ARRAY_LENGTH(malformed); i++) {
        write_file(place, "record-2.key", malformed[i]);
        assert_refused(place, "record-2.key is not one line");
    }
    write_file(place, "record-2.key", "verwijsindex-key-1 record 3 " SOME_KEY "\n");
    assert_refused(place, "another purpose or id than its name says");
    write_file(place, "record-2.key", "verwijsindex-key-1 epoch 2 " SOME_KEY "\n");
    assert_refused(place, "another purpose or id than its name says");

    write_file(place, "record-2.key", "verwijsindex-key-1 record 2 " SOME_KEY "\n");
    keyring_free(load(place));
    write_file(place, "record-2.key", "verwijsindex-key-1 record 2 " SOME_KEY);
    keyring_free(load(place));
}

static void test_sizes_that_are_refused(void **state)
{
    const struct place *place = *state;
    char text[5000];
    static const size_t sizes[] = {129, 130, 4096, sizeof(text) - 1};
    for (size_t i = 0; i < ARRAY_LENGTH(sizes); i++) {
        memset(text, 'A', sizeof(text));
        text[sizes[i]] = '\0';
        write_file(place, "record-2.key", text);
        assert_refused(place, "record-2.key is too large for a key");
    }
}

static void test_keys_that_cannot_be_used(void **state)
{
    const struct place *place = *state;
    /* zero; the order of the group; a scalar with the top bit set */
    static const char *const scalars[] = {
        "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
        "7dP1XBpjEljWnPei3vneFAAAAAAAAAAAAAAAAAAAABA",
        "AQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAIA",
    };
    for (size_t i = 0; i < ARRAY_LENGTH(scalars); i++) {
        char text[128];
        snprintf(text, sizeof(text), "verwijsindex-key-1 evaluation 2 %s\n", scalars[i]);
        write_file(place, "evaluation-2.key", text);
        assert_refused(place, "cannot be a key of this purpose");
    }
    /* one, the smallest scalar */
    write_file(place, "evaluation-2.key",
               "verwijsindex-key-1 evaluation 2 AQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\n");
    struct keyring *keyring = load(place);
    assert_int_equal(keyring_current(keyring, KEYRING_EVALUATION), 2);
    keyring_free(keyring);

    write_file(place, "epoch-2.key",
               "verwijsindex-key-1 epoch 2 AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\n");
    assert_refused(place, "cannot be a key of this purpose");
}

static void test_one_key_in_two_files_is_refused(void **state)
{
    const struct place *place = *state;
    write_file(place, "record-2.key", "verwijsindex-key-1 record 2 " SOME_KEY "\n");
    write_file(place, "epoch-7.key", "verwijsindex-key-1 epoch 7 " SOME_KEY "\n");
    assert_refused(place, "holds the same key as another file");
}

static void test_too_many_keys(void **state)
{
    const struct place *place = *state;
    for (unsigned id = 2; id <= KEYRING_KEYS_MAXIMUM - KEYRING_PURPOSES + 2; id++) {
        uint8_t key[KEYRING_KEY_BYTES] = {0};
        char base64[SECRET_BASE64URL_SIZE(KEYRING_KEY_BYTES)];
        char name[64];
        char text[128];
        put_be32(key, id);
        secret_to_base64url(key, sizeof(key), base64);
        snprintf(name, sizeof(name), "epoch-%u.key", id);
        snprintf(text, sizeof(text), "verwijsindex-key-1 epoch %u %s\n", id, base64);
        if (id == KEYRING_KEYS_MAXIMUM - KEYRING_PURPOSES + 2) {
            struct keyring *keyring = load(place);
            assert_int_equal(keyring_current(keyring, KEYRING_EPOCH), id - 1);
            keyring_free(keyring);
        }
        write_file(place, name, text);
    }
    assert_refused(place, "holds more than 256 keys");
}

static void test_find_and_current(void **state)
{
    (void)state;
    struct keyring *keyring = NULL;
    const uint8_t a[KEYRING_KEY_BYTES] = {1};
    const uint8_t b[KEYRING_KEY_BYTES] = {2};
    const uint8_t zero[KEYRING_KEY_BYTES] = {0};
    uint8_t unusable[KEYRING_KEY_BYTES];
    memset(unusable, 0xff, sizeof(unusable));
    assert_int_equal(keyring_new(&keyring), 0);
    assert_int_equal(keyring_current(keyring, KEYRING_RECORD), 0);
    assert_null(keyring_find(keyring, KEYRING_RECORD, 1));

    assert_int_equal(keyring_add(keyring, KEYRING_RECORD, 9, a), KEYRING_OK);
    assert_int_equal(keyring_add(keyring, KEYRING_RECORD, UINT32_MAX, b), KEYRING_OK);
    assert_int_equal(keyring_add(keyring, KEYRING_RECORD, 3, unusable), KEYRING_OK);
    assert_int_equal(keyring_add(keyring, KEYRING_EPOCH, 9, b), KEYRING_OK);
    assert_int_equal(keyring_current(keyring, KEYRING_RECORD), UINT32_MAX);
    assert_int_equal(keyring_current(keyring, KEYRING_EPOCH), 9);
    assert_memory_equal(keyring_find(keyring, KEYRING_RECORD, 9), a, sizeof(a));
    assert_memory_equal(keyring_find(keyring, KEYRING_EPOCH, 9), b, sizeof(b));
    assert_null(keyring_find(keyring, KEYRING_LOG, 9));

    assert_int_equal(keyring_add(keyring, KEYRING_RECORD, 9, b), KEYRING_REFUSED);
    assert_memory_equal(keyring_find(keyring, KEYRING_RECORD, 9), a, sizeof(a));
    assert_int_equal(keyring_add(keyring, KEYRING_RECORD, 0, a), KEYRING_REFUSED);
    assert_int_equal(keyring_add(keyring, KEYRING_RECORD, 4, zero), KEYRING_REFUSED);
    assert_int_equal(keyring_add(keyring, KEYRING_PURPOSES, 1, a), KEYRING_REFUSED);
    assert_int_equal(keyring_add(keyring, KEYRING_EVALUATION, 1, unusable), KEYRING_REFUSED);
    assert_int_equal(keyring_add(keyring, KEYRING_EVALUATION, 1, a), KEYRING_OK);
    for (uint32_t id = 1; id <= KEYRING_KEYS_MAXIMUM - 5; id++) {
        assert_int_equal(keyring_add(keyring, KEYRING_LOG, id, a), KEYRING_OK);
    }
    assert_int_equal(keyring_add(keyring, KEYRING_LOG, 1000, a), KEYRING_REFUSED);
    assert_string_equal(keyring_purpose_name(KEYRING_PURPOSES), "unknown");
    keyring_freep(&keyring);
    keyring_free(NULL);
}

int main(void)
{
#define WITH_PLACE(test) cmocka_unit_test_setup_teardown(test, setup, teardown)
    const struct CMUnitTest tests[] = {
        WITH_PLACE(test_created_ring_loads),
        WITH_PLACE(test_file_is_one_line_of_the_documented_form),
        WITH_PLACE(test_create_never_overwrites),
        WITH_PLACE(test_rings_differ),
        WITH_PLACE(test_modes_of_credentials),
        WITH_PLACE(test_every_open_mode_is_refused),
        WITH_PLACE(test_other_owners_are_refused),
        WITH_PLACE(test_missing),
        WITH_PLACE(test_names_that_are_refused),
        WITH_PLACE(test_what_is_no_file),
        WITH_PLACE(test_content_that_is_refused),
        WITH_PLACE(test_sizes_that_are_refused),
        WITH_PLACE(test_keys_that_cannot_be_used),
        WITH_PLACE(test_one_key_in_two_files_is_refused),
        WITH_PLACE(test_too_many_keys),
        cmocka_unit_test(test_find_and_current),
    };
    return cmocka_run_group_tests_name("keyring", tests, support_init, NULL);
}
