/* SPDX-License-Identifier: EUPL-1.2 */
#include "keyplace.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "crypto/keyring.h"
#include "crypto/secret.h"

static void test_created_ring_loads(void **state)
{
    const struct place *place = *state;
    struct keyring *keyring = place_load(place);
    struct stat status;
    const uint8_t *seen[KEYRING_PURPOSES];

    assert_int_equal(stat(place->keys, &status), 0);
    assert_int_equal(status.st_mode & 07777, 0700);
    for (unsigned i = 0; i < KEYRING_PURPOSES; i++) {
        enum keyring_purpose purpose = (enum keyring_purpose)i;
        char name[64];
        char path[PATH_SIZE];
        snprintf(name, sizeof(name), "%s-1.key", keyring_purpose_name(purpose));
        place_path(place, name, path);
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
    struct keyring *keyring = place_load(place);
    size_t length = place_read(place, "epoch-1.key", text, sizeof(text) - 1);
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
    place_read(place, "log-1.key", before, sizeof(before));
    assert_int_equal(keyring_create(place->keys, why), KEYRING_REFUSED);
    assert_non_null(strstr(why, place->keys));
    place_read(place, "log-1.key", after, sizeof(after));
    assert_memory_equal(before, after, sizeof(after));

    place_path(place, "no/such/folder", path);
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
    struct keyring *a = place_load(place);
    struct keyring *b = place_load(&other);
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
        place_path(place, name, path);
        assert_int_equal(chmod(path, 0400), 0);
    }
    assert_int_equal(chmod(place->keys, 0500), 0);
    struct keyring *keyring = place_load(place);
    assert_int_equal(keyring_current(keyring, KEYRING_LOG), 1);
    keyring_free(keyring);
    assert_int_equal(chmod(place->keys, 0700), 0);
}

static void test_every_open_mode_is_refused(void **state)
{
    const struct place *place = *state;
    char path[PATH_SIZE];
    place_path(place, "record-1.key", path);
    for (mode_t bit = 1; bit <= 040; bit <<= 1) {
        assert_int_equal(chmod(path, 0600 | bit), 0);
        place_assert_refused(place, "record-1.key must be closed to group and others");
        assert_int_equal(chmod(path, 0600), 0);
        assert_int_equal(chmod(place->keys, 0700 | bit), 0);
        place_assert_refused(place, "keys must be closed to group and others");
        assert_int_equal(chmod(place->keys, 0700), 0);
    }
    keyring_free(place_load(place));
}

static void test_other_owners_are_refused(void **state)
{
    const struct place *place = *state;
    char path[PATH_SIZE];
    if (geteuid() != 0) {
        skip(); /* only root can give a file away */
    }
    place_path(place, "record-1.key", path);
    assert_int_equal(chown(path, 12345, (gid_t)-1), 0);
    place_assert_refused(place, "record-1.key belongs to another user");
    assert_int_equal(chown(path, 0, (gid_t)-1), 0);
    assert_int_equal(chown(place->keys, 12345, (gid_t)-1), 0);
    place_assert_refused(place, "keys belongs to another user");
}

static void test_missing(void **state)
{
    const struct place *place = *state;
    struct place other = *place;
    char path[PATH_SIZE];
    strcat(other.keys, "2");
    place_assert_refused(&other, "No such file or directory");
    place_path(place, "log-1.key", other.keys);
    place_assert_refused(&other, "Not a directory");
    for (unsigned i = 0; i < KEYRING_PURPOSES; i++) {
        char name[64];
        char text[256] = "";
        snprintf(name, sizeof(name), "%s-1.key", keyring_purpose_name((enum keyring_purpose)i));
        place_read(place, name, text, sizeof(text) - 1);
        place_path(place, name, path);
        assert_int_equal(unlink(path), 0);
        place_assert_refused(place, "has no key");
        place_write(place, name, text);
    }
    keyring_free(place_load(place));
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
        place_write(place, names[i], "verwijsindex-key-1 record 2 " SOME_KEY "\n");
        place_assert_refused(place, "is not named");
        place_path(place, names[i], path);
        assert_int_equal(unlink(path), 0);
    }
    place_write(place, ".record-2.key.swp", "passed over");
    keyring_free(place_load(place));
}

static void test_what_is_no_file(void **state)
{
    const struct place *place = *state;
    char path[PATH_SIZE];
    char target[PATH_SIZE];
    place_path(place, "record-2.key", path);

    place_path(place, "record-1.key", target);
    assert_int_equal(symlink(target, path), 0);
    place_assert_refused(place, "record-2.key: Too many levels of symbolic links");
    assert_int_equal(unlink(path), 0);

    assert_int_equal(mkdir(path, 0700), 0);
    place_assert_refused(place, "record-2.key is not a regular file");
    assert_int_equal(rmdir(path), 0);

    /* opening it for reading would wait for a writer that never comes */
    assert_int_equal(mkfifo(path, 0600), 0);
    place_assert_refused(place, "record-2.key is not a regular file");
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
        place_write(place, "record-2.key", malformed[i]);
        place_assert_refused(place, "record-2.key is not one line");
    }
    place_write(place, "record-2.key", "verwijsindex-key-1 record 3 " SOME_KEY "\n");
    place_assert_refused(place, "another purpose or id than its name says");
    place_write(place, "record-2.key", "verwijsindex-key-1 epoch 2 " SOME_KEY "\n");
    place_assert_refused(place, "another purpose or id than its name says");

    place_write(place, "record-2.key", "verwijsindex-key-1 record 2 " SOME_KEY "\n");
    keyring_free(place_load(place));
    place_write(place, "record-2.key", "verwijsindex-key-1 record 2 " SOME_KEY);
    keyring_free(place_load(place));
}

static void test_sizes_that_are_refused(void **state)
{
    const struct place *place = *state;
    char text[5000];
    static const size_t sizes[] = {129, 130, 4096, sizeof(text) - 1};
    for (size_t i = 0; i < ARRAY_LENGTH(sizes); i++) {
        memset(text, 'A', sizeof(text));
        text[sizes[i]] = '\0';
        place_write(place, "record-2.key", text);
        place_assert_refused(place, "record-2.key is too large for a key");
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
        place_write(place, "evaluation-2.key", text);
        place_assert_refused(place, "cannot be a key of this purpose");
    }
    /* one, the smallest scalar */
    place_write(place, "evaluation-2.key",
                "verwijsindex-key-1 evaluation 2 AQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\n");
    struct keyring *keyring = place_load(place);
    assert_int_equal(keyring_current(keyring, KEYRING_EVALUATION), 2);
    keyring_free(keyring);

    place_write(place, "epoch-2.key",
                "verwijsindex-key-1 epoch 2 AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\n");
    place_assert_refused(place, "cannot be a key of this purpose");
}

static void test_one_key_in_two_files_is_refused(void **state)
{
    const struct place *place = *state;
    place_write(place, "record-2.key", "verwijsindex-key-1 record 2 " SOME_KEY "\n");
    place_write(place, "epoch-7.key", "verwijsindex-key-1 epoch 7 " SOME_KEY "\n");
    place_assert_refused(place, "holds the same key as another file");
}

/* Writes keys until there are `most` of that purpose, which load; then one more, which does not. */
static void fill(const struct place *place, enum keyring_purpose purpose, unsigned most,
                 const char *because)
{
    for (unsigned id = 2; id <= most + 1; id++) {
        uint8_t key[KEYRING_KEY_BYTES] = {(uint8_t)purpose};
        char base64[SECRET_BASE64URL_SIZE(KEYRING_KEY_BYTES)];
        char name[64];
        char text[128];
        put_be32(key + 4, id);
        secret_to_base64url(key, sizeof(key), base64);
        snprintf(name, sizeof(name), "%s-%u.key", keyring_purpose_name(purpose), id);
        snprintf(text, sizeof(text), "verwijsindex-key-1 %s %u %s\n", keyring_purpose_name(purpose),
                 id, base64);
        if (id == most + 1) {
            struct keyring *keyring = place_load(place);
            assert_int_equal(keyring_current(keyring, purpose), most);
            keyring_free(keyring);
        }
        place_write(place, name, text);
    }
    place_assert_refused(place, because);
}

static void test_too_many_keys(void **state)
{
    fill(*state, KEYRING_RECORD, KEYRING_KEYS_MAXIMUM - 3, "holds more than 256 keys");
}

static void test_too_many_epoch_keys(void **state)
{
    fill(*state, KEYRING_EPOCH, KEYRING_EPOCHS_MAXIMUM, "holds more than 8 keys of epochs");
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
    for (uint32_t id = 1; id <= KEYRING_KEYS_MAXIMUM - 4; id++) {
        assert_int_equal(keyring_add(keyring, KEYRING_LOG, id, a), KEYRING_OK);
    }
    assert_int_equal(keyring_add(keyring, KEYRING_LOG, 1000, a), KEYRING_REFUSED);
    assert_string_equal(keyring_purpose_name(KEYRING_PURPOSES), "unknown");
    keyring_freep(&keyring);
    keyring_free(NULL);
}

int main(void)
{
#define WITH_PLACE(test) cmocka_unit_test_setup_teardown(test, place_setup, place_teardown)
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
        WITH_PLACE(test_too_many_epoch_keys),
        cmocka_unit_test(test_find_and_current),
    };
    return cmocka_run_group_tests_name("keyring", tests, support_init, NULL);
}
